/* The new entry has the protection of the old one. */
/* --- file: mm/remake.rs */
use crate::bindings::*;

fn remake_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    set_pte_at(vma.vm_mm, address, ptep, pfn_pte(pte_pfn(old), pte_pgprot(old)));
}

pub fn remake_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        remake_ok(vma, address, ptep);
    }
}
