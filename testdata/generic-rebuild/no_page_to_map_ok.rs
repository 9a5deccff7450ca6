/*
 * Handlers that have both, a page and overrides, and do not let the core map the page: they say
 * VM_FAULT_NOPAGE or fail, take the page back, or insert with the default protection.
 */
use crate::bindings::*;

fn nopage_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);

    vmf.page = Some(document_page(vma.vm_private_data, vmf.pgoff));
    vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vmf.page), prot);
    if document_wait(vma.vm_private_data) != 0 {
        return VM_FAULT_SIGBUS;
    }
    VM_FAULT_NOPAGE
}

fn taken_back_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);

    vmf.page = Some(document_page(vma.vm_private_data, vmf.pgoff));
    let ret = vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vmf.page), prot);
    vmf.page = None;
    ret
}

fn default_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;

    vmf_insert_pfn_prot(vma, vmf.address ^ PAGE_SIZE, document_pfn(vmf), vma.vm_page_prot);
    vmf.page = Some(document_page(vma.vm_private_data, vmf.pgoff));
    0
}

/* The page belongs to a VMA of which nothing was inserted. */
fn page_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    vmf.page = Some(document_page(vmf.vma.vm_private_data, vmf.pgoff));
    0
}

static nopage_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(nopage_fault_ok),
};
static taken_back_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(taken_back_fault_ok),
};
static default_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(default_fault_ok),
};
static page_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(page_fault_ok),
};

fn buffer_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    match vma.vm_pgoff {
        0 => vma.vm_ops = Some(&nopage_vm_ops),
        1 => vma.vm_ops = Some(&taken_back_vm_ops),
        2 => vma.vm_ops = Some(&default_vm_ops),
        _ => vma.vm_ops = Some(&page_vm_ops),
    }
    0
}

pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap),
};
