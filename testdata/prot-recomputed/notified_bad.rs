/* The mapping asks to be told of writes, and its entries are writable at once. */
use crate::bindings::*;

fn notified_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = vm_get_page_prot(vmf.vma.vm_flags); /* error: [prot-recomputed] write-protected */

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), prot)
}

fn notified_write(vmf: &mut vm_fault) -> vm_fault_t {
    0
}

static notified_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(notified_fault_bad),
    pfn_mkwrite: Some(notified_write),
};

fn notified_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&notified_vm_ops);
    0
}

pub static notified_fops: file_operations = file_operations {
    mmap: Some(notified_mmap),
};
