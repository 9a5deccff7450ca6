/* The handler takes care of write notification itself: worth knowing, no more. */
use crate::bindings::*;

fn careful_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let mut prot: pgprot_t;

    if document_is_device(vmf) {
        prot = vm_get_page_prot(vma.vm_flags & !VM_SHARED); /* note: [prot-recomputed] write-protected */
    } else {
        prot = vm_get_page_prot(vma.vm_flags);
    }
    vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vmf), prot)
}

static careful_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(careful_fault_bad),
};

fn careful_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&careful_vm_ops);
    0
}

pub static careful_fops: file_operations = file_operations {
    mmap: Some(careful_mmap),
};
