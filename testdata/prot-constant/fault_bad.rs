/* What a fault handler may insert depends on the mmap operations that install its table. */
use crate::bindings::*;

fn open_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), PAGE_SHARED) /* error: [prot-constant] `open_fault_bad` maps */
}

static open_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(open_fault_bad),
};

fn open_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vma.vm_ops = Some(&open_vm_ops);
    0
}

fn guarded_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn_prot(vmf.vma, vmf.address, document_pfn(vmf), PAGE_SHARED)
}

static guarded_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(guarded_fault_ok),
};

fn guarded_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if vma.vm_flags & VM_SHARED == 0 || vma.vm_flags & VM_WRITE == 0 {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_PFNMAP | VM_IO);
    vma.vm_ops = Some(&guarded_vm_ops);
    0
}

pub static open_fops: file_operations = file_operations {
    mmap: Some(open_mmap),
};
pub static guarded_fops: file_operations = file_operations {
    mmap: Some(guarded_mmap),
};
