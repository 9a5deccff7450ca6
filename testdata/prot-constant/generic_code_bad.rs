/* Core mm does not know whose mapping it is given. */
/* --- file: mm/fixed.rs */
use crate::bindings::*;

fn fixed_bad(vma: &vm_area_struct, addr: usize, ptep: &mut pte_t, page: &mut page) {
    set_pte_at(vma.vm_mm, addr, ptep, mk_pte(page, PAGE_SHARED)); /* error: [prot-constant] for any mapping */
}

fn readable_ok(vma: &vm_area_struct, addr: usize, ptep: &mut pte_t, page: &mut page) {
    set_pte_at(vma.vm_mm, addr, ptep, mk_pte(page, PAGE_READONLY));
}

pub fn fixed(vma: &vm_area_struct, addr: usize, ptep: &mut pte_t, page: &mut page) {
    fixed_bad(vma, addr, ptep, page);
    readable_ok(vma, addr, ptep, page);
}
