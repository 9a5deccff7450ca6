/* Only shared mappings are let through. */
use crate::bindings::*;

fn shared_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

static shared_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(shared_fault),
};

fn shared_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_SHARED == 0 {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&shared_vm_ops);
    0
}

pub static shared_fops: file_operations = file_operations {
    mmap: Some(shared_mmap),
};
