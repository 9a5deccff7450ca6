/* Nothing between mmap() and the insertion asks what kind of mapping it is. */
use crate::bindings::*;

fn frame_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf)) /* error: [cow-pfnmap] may be private and writable */
}

static frame_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(frame_fault_bad),
};

fn frame_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&frame_vm_ops);
    0
}

pub static frame_fops: file_operations = file_operations {
    mmap: Some(frame_mmap),
};
