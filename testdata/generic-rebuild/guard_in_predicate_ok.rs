/* The guard is in the body of a predicate, and its result comes back through a local. */
/* --- file: mm/remake.rs */
use crate::bindings::*;

fn can_be_remade(vma: &vm_area_struct) -> bool {
    match vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP) {
        0 => true,
        _ => false,
    }
}

fn remake_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) -> i32 {
    let old = ptep_get(ptep);
    let can = can_be_remade(vma);

    if can {
        set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot));
    }
    0
}

pub fn remake_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    if let Some(vma) = find_vma(mm, address) {
        remake_ok(vma, address, ptep);
    }
}
