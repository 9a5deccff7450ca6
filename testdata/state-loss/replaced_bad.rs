/* The page is exchanged, and the entry with it. */
/* --- file: mm/replaced_bad.rs */
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
    let mut entry: pte_t;

    if vma.vm_ops.is_some() {
        return;
    }
    entry = mk_pte(page, vma.vm_page_prot);
    ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, entry); /* error: [state-loss] leaves its uffd-wp and soft-dirty state behind */
}
