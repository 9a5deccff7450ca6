/* The page was just allocated: it has no attribute of its own. */
/* --- file: mm/copy.rs */
use crate::bindings::*;

fn copy_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, address);

    set_pte_at(vma.vm_mm, address, ptep, mk_pte(page, vma.vm_page_prot));
}

pub fn copy_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        copy_ok(vma, address, ptep);
    }
}
