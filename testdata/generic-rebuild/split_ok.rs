/* The same, after mappings with operations have been turned away. */
/* --- file: mm/split.rs */
use crate::bindings::*;

fn vma_is_anonymous(vma: &mut vm_area_struct) -> bool {
    vma.vm_ops.is_none()
}

fn split_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    if !vma_is_anonymous(vma) {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot));
}

pub fn split_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        split_ok(vma, address, ptep);
    }
}
/* --- file: drivers/gpu/first.rs */
use crate::bindings::*;

fn first_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = pgprot_writecombine(vma.vm_page_prot);

    vmf_insert_pfn_prot(vma, vmf.address, document_pfn(vma.vm_private_data), prot)
}

static first_vm_ops: vm_operations_struct = vm_operations_struct {
    fault: Some(first_fault),
};

fn first_mmap(file: &mut file, vma: &mut vm_area_struct) -> i32 {
    if is_cow_mapping(vma.vm_flags) {
        return -EINVAL;
    }
    vm_flags_set(vma, VM_PFNMAP);
    vma.vm_ops = Some(&first_vm_ops);
    0
}

static first_fops: file_operations = file_operations {
    mmap: Some(first_mmap),
};
