/* The mmap operation refuses. */
use crate::bindings::*;

fn refused_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

static refused_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(refused_fault),
};

fn refused_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if is_cow_mapping(vma.vm_flags) {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&refused_vm_ops);
    0
}

pub static refused_fops: file_operations = file_operations {
    mmap: Some(refused_mmap),
};
