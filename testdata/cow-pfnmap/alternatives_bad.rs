/* Only one configuration refuses. */
use crate::bindings::*;

fn either_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf)) /* error: [cow-pfnmap] may be private and writable */
}

static either_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(either_fault_bad),
};

fn either_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    #[cfg(CONFIG_DOCUMENT_STRICT)]
    {
        if is_cow_mapping(vma.vm_flags) {
            return -EINVAL;
        }
    }
    vm_flags_set(vma, VM_IO | VM_PFNMAP);
    vma.vm_ops = Some(&either_vm_ops);
    0
}

pub static either_fops: file_operations = file_operations {
    mmap: Some(either_mmap),
};
