/* The handler starts from what the VMA has. */
use crate::bindings::*;

fn object_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = pgprot_writecombine(vmf.vma.vm_page_prot);

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), prot)
}

static object_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(object_fault),
};

fn object_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&object_vm_ops);
    0
}

pub static object_fops: file_operations = file_operations {
    mmap: Some(object_mmap),
};
