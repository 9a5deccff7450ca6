/* A function makes the entry. */
/* --- file: mm/through_maker_bad.rs */
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

fn make_entry(vma: &mut vm_area_struct, page: Option<&mut page>) -> pte_t {
    if vma.vm_ops.is_some() {
        return pte_t { pte: 0 };
    }
    pte_mkdirty(mk_pte(page, vma.vm_page_prot))
}

pub fn replace_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>) {
    ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, make_entry(vma, page)); /* error: [state-loss] uffd-wp */
}
