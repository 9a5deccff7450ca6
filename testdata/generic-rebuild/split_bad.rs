/* A huge entry is split into small ones, whatever the mapping is. The tree has a driver that suffers. */
/* --- file: mm/split.rs */
use crate::bindings::*;

fn split_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot)); /* error: [generic-rebuild] rebuilds an entry from vm_page_prot */
}

pub fn split_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        split_bad(vma, address, ptep);
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
