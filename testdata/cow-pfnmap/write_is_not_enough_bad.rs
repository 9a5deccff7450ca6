/* VM_WRITE says what is allowed now; a private mapping may become writable later. */
use crate::bindings::*;

fn read_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf)) /* error: [cow-pfnmap] may be private and writable */
}

static read_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(read_fault_bad),
};

fn read_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_WRITE != 0 {
        return -EACCES;
    }
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&read_vm_ops);
    0
}

pub static read_fops: file_operations = file_operations {
    mmap: Some(read_mmap),
};
