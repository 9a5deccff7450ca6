/* The insertion that takes a protection BUGs just the same. */
use crate::bindings::*;

fn prot_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    /* error: [cow-pfnmap] may be private and writable */
    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), pgprot_writecombine(vmf.vma.vm_page_prot))
}

static prot_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(prot_fault_bad),
};

fn prot_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&prot_vm_ops);
    0
}

pub static prot_fops: file_operations = file_operations {
    mmap: Some(prot_mmap),
};
