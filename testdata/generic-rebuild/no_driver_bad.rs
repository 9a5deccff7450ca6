/* No driver of this tree makes overrides, and the APIs let one do so: a warning. */
/* --- file: mm/remake.rs */
use crate::bindings::*;

fn remake_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

pub fn remake_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        remake_bad(vma, address, ptep);
    }
}
