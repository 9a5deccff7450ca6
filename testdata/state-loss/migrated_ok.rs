/* The page has moved, and its entry comes back as it was; another slot is none of its business. */
/* --- file: mm/migrate.rs */
use crate::bindings::*;

fn pte_mkuffd_wp(mut pte: pte_t) -> pte_t {
    pte.pte |= 0x400;
    pte
}

fn pte_mksoft_dirty(mut pte: pte_t) -> pte_t {
    pte.pte |= 0x800;
    pte
}

pub fn remove_migration_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: &mut page) {
    let old = ptep_get(ptep);
    let entry = pte_to_swp_entry(old);

    if vma.vm_ops.is_some() {
        return;
    }
    let mut pte = mk_pte(page, vma.vm_page_prot);
    if pte_swp_soft_dirty(old) {
        pte = pte_mksoft_dirty(pte);
    }
    if is_writable_migration_entry(entry) {
        pte = pte_mkwrite(pte, vma);
    } else if pte_swp_uffd_wp(old) {
        pte = pte_mkuffd_wp(pte);
    }
    set_pte_at(vma.vm_mm, address, ptep, pte);
}

pub fn fill_other_ok(vma: &mut vm_area_struct, address: usize, from: &mut pte_t, to: &mut pte_t, page: &mut page) -> i32 {
    let old = ptep_get(from);
    let entry = pte_to_swp_entry(old);

    if vma.vm_ops.is_some() || is_writable_migration_entry(entry) {
        return -EINVAL;
    }
    set_pte_at(vma.vm_mm, address, to, mk_pte(page, vma.vm_page_prot));
    0
}
