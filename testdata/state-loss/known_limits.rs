/* What the rule does not see: whoever takes the entry out is another function. */
/* --- file: mm/known_limits.rs */
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

pub fn FN_take_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    ptep_clear_flush(vma, address, ptep);
}

pub fn FN_in_two_steps_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>) {
    if vma.vm_ops.is_some() {
        return;
    }
    FN_take_bad(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(page, vma.vm_page_prot));
}
