/* What mmap stored is left out. */
use crate::bindings::*;

fn device_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    let prot = vm_get_page_prot(vmf.vma.vm_flags); /* error: [prot-recomputed] loses the caching mode that mmap stored */

    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), prot)
}

static device_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(device_fault_bad),
};

fn device_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_page_prot = pgprot_noncached(vma.vm_page_prot);
    vma.vm_ops = Some(&device_vm_ops);
    0
}

pub static device_fops: file_operations = file_operations {
    mmap: Some(device_mmap),
};
