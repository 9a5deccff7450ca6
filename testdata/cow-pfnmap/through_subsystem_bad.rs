/* A subsystem makes the mapping; the driver's own operation would have to refuse. */
use crate::bindings::*;

struct document_funcs {
    mmap: Option<fn(&mut document_object, &mut vm_area_struct) -> i32>,
    vm_ops: &'static vm_operations_struct,
}
struct document_object {
    funcs: &'static document_funcs,
}

fn document_insert(vmf: &mut vm_fault) {
    vmf_insert_pfn(vmf.vma, vmf.address, document_pfn(vmf));
}

fn driver_fault_bad(vmf: &mut vm_fault) -> vm_fault_t {
    document_insert(vmf); /* error: [cow-pfnmap] `driver_fault_bad` inserts frame numbers */
    0x100
}

static driver_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(driver_fault_bad),
};

fn driver_object_mmap(object: &mut document_object, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND);
    0
}

pub static driver_funcs: document_funcs = document_funcs {
    mmap: Some(driver_object_mmap),
    vm_ops: &driver_vm_ops,
};

fn subsystem_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    let object: &mut document_object = file.private_data;

    vma.vm_ops = object.funcs.vm_ops;
    (object.funcs.mmap)(object, vma)
}

pub static subsystem_fops: file_operations = file_operations {
    mmap: Some(subsystem_mmap),
};
