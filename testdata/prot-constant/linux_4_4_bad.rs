/* Linux 4.4: the fault handler is given the VMA, vm_insert_pfn_prot() is the new interface. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 1
/* --- file: drivers/old.rs */
use crate::bindings::*;

fn old_fault_bad(vma: &mut vm_area_struct, vmf: &mut vm_fault) -> i32 {
    vm_insert_pfn_prot(vma, vmf.address, document_pfn(vma.vm_private_data), PAGE_SHARED); /* error: [prot-constant] `old_fault_bad` maps */
    0
}

static old_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(old_fault_bad),
};

fn old_mmap_bad(filp: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_flags |= VM_IO | VM_MIXEDMAP;
    vma.vm_ops = Some(&old_vm_ops);
    io_remap_pfn_range(vma, vma.vm_start, document_pfn(filp), PAGE_SIZE, PAGE_SHARED) /* error: [prot-constant] `old_mmap_bad` maps */
}

pub static old_fops: file_operations = file_operations {
    mmap: Some(old_mmap_bad),
};
