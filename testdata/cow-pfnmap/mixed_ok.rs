/* VM_MIXEDMAP: a page is copied, a frame number is not, and nothing BUGs. */
use crate::bindings::*;

fn mixed_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_mixed(vmf.vma, vmf.address, document_pfn(vmf))
}

static mixed_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(mixed_fault),
};

fn mixed_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&mixed_vm_ops);
    0
}

pub static mixed_fops: file_operations = file_operations {
    mmap: Some(mixed_mmap),
};
