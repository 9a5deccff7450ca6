/*
 * Where it inserted an override, the handler says that there is no page to map. It returns one only
 * where it inserted nothing: ordinary memory, for which the default protection is right.
 */
/* --- file: drivers/buffer.rs */
use crate::bindings::*;

fn buffer_fault_ok(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);
    let pfn = document_pfn(vma.vm_private_data);

    if document_is_device(vma.vm_private_data) != 0 {
        vmf_insert_pfn_prot(vma, vmf.address ^ PAGE_SIZE, pfn ^ 1, prot);
        return vmf_insert_pfn_prot(vma, vmf.address, pfn, prot);
    }
    vmf.page = document_page(vma.vm_private_data, vmf.pgoff);
    if vmf.page.is_none() {
        return VM_FAULT_SIGBUS;
    }
    VM_FAULT_LOCKED
}

static buffer_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(buffer_fault_ok),
};

fn buffer_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    vm_flags_set(vma, VM_MIXEDMAP);
    vma.vm_private_data = file.private_data;
    vma.vm_ops = Some(&buffer_vm_ops);
    0
}

pub static buffer_fops: file_operations = file_operations {
    mmap: Some(buffer_mmap),
};
/* --- file: mm/memory.rs */
use crate::bindings::*;

fn __do_fault(vmf: &mut vm_fault) -> vm_fault_t {
    (vmf.vma.vm_ops.fault)(vmf)
}

fn set_pte_range(vmf: &mut vm_fault, page: &page, ptep: &mut pte_t) {
    let vma = vmf.vma;

    set_pte_at(vma.vm_mm, vmf.address, ptep, mk_pte(page, vma.vm_page_prot));
}

fn do_read_fault(vmf: &mut vm_fault, ptep: &mut pte_t) -> vm_fault_t {
    let ret = __do_fault(vmf);

    if ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY) != 0 {
        return ret;
    }
    set_pte_range(vmf, vmf.page, ptep);
    ret
}

pub fn handle_mm_fault(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) -> vm_fault_t {
    let vma = find_vma(mm, address);

    match vma {
        Some(vma) if vma.vm_ops.is_some() => {
            let mut vmf = vm_fault { vma, address };
            do_read_fault(&mut vmf, ptep)
        }
        _ => VM_FAULT_SIGBUS,
    }
}
