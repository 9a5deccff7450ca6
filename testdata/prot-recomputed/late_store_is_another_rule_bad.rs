/* A store in a fault handler is reported once, by the rule for late stores. */
use crate::bindings::*;

fn storing_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let mut vma = vmf.vma;

    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags); /* error: [late-prot-write] */
    vmf_insert_pfn(vma, vmf.address, document_pfn(vmf))
}

static storing_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(storing_fault_bad),
};

fn storing_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&storing_vm_ops);
    0
}

pub static storing_fops: file_operations = file_operations {
    mmap: Some(storing_mmap),
};
