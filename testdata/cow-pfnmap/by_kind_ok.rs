/* Shared mappings get frame numbers, private ones pages: as it should be. */
use crate::bindings::*;

fn kind_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;

    if vma.vm_flags & VM_MIXEDMAP != 0 {
        return vmf_insert_mixed(vma, vmf.address, document_pfn(vmf));
    }
    vmf_insert_pfn(vma, vmf.address, document_pfn(vmf))
}

static kind_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(kind_fault_ok),
};

fn kind_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_ops = Some(&kind_vm_ops);
    if is_cow_mapping(vma.vm_flags) {
        vm_flags_set(vma, VM_MIXEDMAP);
    } else {
        vm_flags_set(vma, VM_PFNMAP);
    }
    0
}

pub static kind_fops: file_operations = file_operations {
    mmap: Some(kind_mmap),
};
