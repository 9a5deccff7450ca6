/* What is taken out elsewhere is moved, not replaced. */
/* --- file: mm/other_slot_ok.rs */
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

pub fn move_page(vma: &mut vm_area_struct, address: usize, from: &mut pte_t, to: &mut pte_t, page: Option<&mut page>) {
    if vma.vm_ops.is_some() {
        return;
    }
    ptep_clear_flush(vma, address, from);
    set_pte_at(vma.vm_mm, address, to, mk_pte(page, vma.vm_page_prot));
}
