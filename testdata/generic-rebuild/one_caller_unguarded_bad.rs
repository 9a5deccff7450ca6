/* One caller has the guard, the other one does not. */
/* --- file: mm/remake.rs */
use crate::bindings::*;

fn remake_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

pub fn scan(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if vma.is_some() && vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP) == 0 {
        remake_bad(vma, address, ptep);
    }
}

pub fn scan_all(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        remake_bad(vma, address, ptep);
    }
}
