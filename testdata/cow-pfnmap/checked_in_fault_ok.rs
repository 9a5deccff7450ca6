/* The handler itself turns such mappings away. */
use crate::bindings::*;

fn checking_fault(vmf: &mut vm_fault) -> vm_fault_t {
    if is_cow_mapping(vmf.vma.vm_flags) {
        return 2;
    }
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

static checking_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(checking_fault),
};

fn checking_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&checking_vm_ops);
    0
}

pub static checking_fops: file_operations = file_operations {
    mmap: Some(checking_mmap),
};
