/* The fault handler starts from the flags instead of the VMA's protection. */
use crate::bindings::*;

fn object_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = vm_get_page_prot(vma.vm_flags); /* warning: [prot-recomputed] that may be write-protected */

    vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vmf), pgprot_writecombine(prot))
}

static object_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(object_fault_bad),
};

fn object_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&object_vm_ops);
    0
}

pub static object_fops: file_operations = file_operations {
    mmap: Some(object_mmap),
};
