/* Linux 4.4: another name, and the VMA beside the fault. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 1
/* --- file: drivers/old.rs */
use crate::bindings::*;

fn old_fault_bad(vma: &mut vm_area_struct, vmf: &mut vm_fault) -> i32 {
    vm_insert_pfn(vma, vmf.address, document_pfn(vma)) /* error: [cow-pfnmap] BUGs */
}

static old_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(old_fault_bad),
};

fn old_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_flags |= VM_IO | VM_PFNMAP;
    vma.vm_ops = Some(&old_vm_ops);
    0
}

pub static old_fops: file_operations = file_operations {
    mmap: Some(old_mmap),
};
