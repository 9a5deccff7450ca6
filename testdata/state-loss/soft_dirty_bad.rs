/* Soft-dirty alone: nothing is let through. */
/* --- file: mm/soft_dirty_bad.rs */
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

pub fn exchange_page_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>) {
    let old = ptep_get(ptep);
    let mut entry: pte_t;

    if vma.vm_ops.is_some() {
        return;
    }
    entry = mk_pte(page, vma.vm_page_prot);
    if pte_uffd_wp(old) {
        entry = pte_mkuffd_wp(entry);
    }
    ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, entry); /* note: [state-loss] leaves its soft-dirty state behind */
}
