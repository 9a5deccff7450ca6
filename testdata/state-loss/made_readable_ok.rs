/* The right to write goes with the bit, in the function itself and in one that it calls. */
/* --- file: mm/soft_dirty.rs */
use crate::bindings::*;

fn wrprotect_absent(pte: pte_t) -> pte_t {
    let entry = pte_to_swp_entry(pte);

    if is_writable_migration_entry(entry) {
        return swp_entry_to_pte(make_readable_migration_entry(swp_offset(entry)));
    }
    pte
}

pub fn clear_soft_dirty_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let mut pte = ptep_get(ptep);

    if pte_present(pte) {
        pte = pte_clear_soft_dirty(pte_wrprotect(pte));
    } else if is_swap_pte(pte) {
        pte = wrprotect_absent(pte);
        pte = pte_swp_clear_soft_dirty(pte);
    }
    set_pte_at(vma.vm_mm, address, ptep, pte);
}

pub fn only_cleared_ok(pte: pte_t) -> pte_t {
    pte_swp_clear_soft_dirty(pte)
}
