/*
 * Two kinds of buffers share the helper that inserts and the one that finds the page. Only one of
 * them inserts with a protection of its own; what the other returns is mapped as its neighbours are.
 */
use crate::bindings::*;

fn insert_neighbours(vmf: &mut vm_fault, prot: pgprot_t) {
    let pfn = document_pfn(vmf.vma.vm_private_data);

    for i in 1..4 {
        if vmf_insert_pfn_prot(vmf.vma, vmf.address + i * PAGE_SIZE, pfn + i, prot) != VM_FAULT_NOPAGE {
            break;
        }
    }
}

fn leave_page_bad(vmf: &mut vm_fault) -> i32 {
    vmf.page = document_page(vmf.vma.vm_private_data, vmf.pgoff); /* error: [generic-rebuild] device_fault() returns a page */
    if vmf.page.is_some() { 0 } else { -EINVAL }
}

fn device_fault(vmf: &mut vm_fault) -> vm_fault_t {
    insert_neighbours(vmf, pgprot_noncached(vmf.vma.vm_page_prot));
    if leave_page_bad(vmf) != 0 {
        return VM_FAULT_SIGBUS;
    }
    VM_FAULT_LOCKED
}

fn system_fault(vmf: &mut vm_fault) -> vm_fault_t {
    insert_neighbours(vmf, vmf.vma.vm_page_prot);
    if leave_page_bad(vmf) != 0 {
        return VM_FAULT_SIGBUS;
    }
    VM_FAULT_LOCKED
}

static device_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(device_fault),
};

static system_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(system_fault),
};

fn buffer_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    if document_is_device(file.private_data) != 0 {
        vma.vm_ops = Some(&device_vm_ops);
    } else {
        vma.vm_ops = Some(&system_vm_ops);
    }
    0
}

pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap),
};
