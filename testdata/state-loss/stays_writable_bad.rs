/*
 * A page in migration keeps the right to be written while its soft-dirty bit is cleared: it comes back
 * with it, and the next write is missed.
 */
/* --- file: mm/soft_dirty.rs */
use crate::bindings::*;

pub fn clear_soft_dirty_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let pte = ptep_get(ptep);

    if pte_present(pte) {
        set_pte_at(vma.vm_mm, address, ptep, pte_clear_soft_dirty(pte_wrprotect(pte)));
    } else if is_swap_pte(pte) {
        set_pte_at(vma.vm_mm, address, ptep, pte_swp_clear_soft_dirty(pte)); /* note: [state-loss] stays writable */
    }
}
