/* Asked on one way only: a copy that is made without a write is forgotten. */
/* --- file: mm/asked_on_one_way_bad.rs */
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

pub fn copy_page_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>, unshare: i32) {
    let old = ptep_get(ptep);

    if vma.vm_ops.is_some() {
        return;
    }
    if unshare == 0 && pte_uffd_wp(old) {
        return;
    }
    ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, pte_mkdirty(mk_pte(page, vma.vm_page_prot))); /* error: [state-loss] leaves its uffd-wp state behind */
}
