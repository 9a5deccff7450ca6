/* What the rule does not see: get_unmapped_area() may refuse before, and this one does not. */
use crate::bindings::*;

fn FN_area_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

fn document_area(file: &mut file, address: usize) -> usize {
    address
}

static area_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(FN_area_fault_bad),
};

fn area_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&area_vm_ops);
    0
}

pub static area_fops: file_operations = file_operations {
    mmap: Some(area_mmap),
    get_unmapped_area: Some(document_area),
};
