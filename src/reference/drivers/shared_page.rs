//! A device that shares memory with its driver: on x86 the pages are decrypted,
//! and `vma->vm_page_prot` says so from the start, so there is no override.
//! The driver wants to hear of the first write.

use super::super::arch::*;
use super::super::machine::{SHARED_PAGE_PFN, SHARED_PAGES};
use super::super::mm::insert::vmf_insert_pfn;
use super::super::mm::vma::is_cow_mapping;
use super::super::types::*;

/// The operations of a mapping of the shared memory.
pub static shared_page_vm_ops: vm_operations_struct = vm_operations_struct {
    name: "shared page",
    fault: Some(shared_page_fault),
    huge_fault: None,
    page_mkwrite: None,
    pfn_mkwrite: Some(shared_page_pfn_mkwrite),
};

/// The operations of the shared memory's file.
pub static shared_page_fops: file_operations = file_operations {
    mmap: shared_page_mmap,
};

/// Sets up a mapping of the shared memory; refuses copy-on-write.
fn shared_page_mmap(_file: address_space, vma: &mut vm_area_struct) -> i32 {
    if is_cow_mapping(vma.vm_flags) {
        return -EINVAL;
    }
    vma.vm_flags |= VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP;
    vma.vm_page_prot = pgprot_decrypted(vma.vm_page_prot);
    vma.vm_ops = Some(&shared_page_vm_ops);
    0
}

/// The page frame of a page of the shared memory.
pub fn pfn(index: u64) -> u64 {
    SHARED_PAGE_PFN + index
}

fn shared_page_fault(vmf: &mut vm_fault) -> vm_fault_t {
    if vmf.pgoff >= SHARED_PAGES {
        return VM_FAULT_SIGBUS;
    }
    vmf_insert_pfn(vmf.vma, vmf.address, pfn(vmf.pgoff))
}

/// The second page is the device's to write.
fn shared_page_pfn_mkwrite(vmf: &mut vm_fault) -> vm_fault_t {
    if vmf.pgoff != 0 {
        return VM_FAULT_SIGBUS;
    }
    0
}
