/* Linux 7: the flags are a type of their own, and the function has another name. */
/* --- file: Makefile */
VERSION = 7
PATCHLEVEL = 0
SUBLEVEL = 0
/* --- file: drivers/object.rs */
use crate::bindings::*;

fn object_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = vma_flags_to_page_prot(vmf.vma.vm_flags); /* warning: [prot-recomputed] */

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), prot)
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
