/* A helper makes it: that is where it has to be put right. */
use crate::bindings::*;

fn object_prot_bad(vma: &mut vm_area_struct, object: &mut ()) -> pgprot_t {
    let prot = vm_get_page_prot(vma.vm_flags); /* warning: [prot-recomputed] `object_prot_bad` makes */

    if document_is_device(object) { pgprot_noncached(prot) } else { pgprot_writecombine(prot) }
}

fn object_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = object_prot_bad(vmf.vma, vmf.vma.vm_private_data);

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
