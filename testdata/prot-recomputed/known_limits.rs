/* What the rule does not see. */
use crate::bindings::*;

struct document_object {
    prot: pgprot_t,
}

/* The protection was made anew earlier, and kept in an object. */
pub fn FN_prepare_bad(object: &mut document_object, vma: &mut vm_area_struct) {
    object.prot = vm_get_page_prot(vma.vm_flags);
}

fn FN_kept_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let object = vmf.vma.vm_private_data;

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), object.prot)
}

static kept_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(FN_kept_fault_bad),
};

fn kept_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_ops = Some(&kept_vm_ops);
    0
}

pub static kept_fops: file_operations = file_operations {
    mmap: Some(kept_mmap),
};
