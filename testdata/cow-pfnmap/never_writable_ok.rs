/* Never writable: not copied on write, and not refused by the insertion. */
use crate::bindings::*;

fn readonly_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf))
}

static readonly_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(readonly_fault),
};

fn readonly_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE != 0 {
        return -EACCES;
    }
    vm_flags_clear(vma, VM_MAYWRITE);
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&readonly_vm_ops);
    0
}

pub static readonly_fops: file_operations = file_operations {
    mmap: Some(readonly_mmap),
};
