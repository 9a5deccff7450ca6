/* The old entry is changed, not made anew. */
/* --- file: mm/modified_ok.rs */
use crate::bindings::*;

fn pte_mkuffd_wp(pte: pte_t) -> pte_t {
    let mut pte = pte;
    pte.pte |= 0x400;
    pte
}

fn pte_uffd_wp(pte: pte_t) -> i32 {
    pte.pte & 0x400
}

fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    let mut pte = pte;
    pte.pte |= 0x800;
    pte
}

pub fn protect(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let mut old: pte_t;

    if vma.vm_ops.is_some() {
        return;
    }
    old = ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, pte_modify(old, vma.vm_page_prot));
}
