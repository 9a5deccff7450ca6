/* Before userfaultfd could write-protect, there was soft-dirty only. */
/* --- file: mm/linux_5_7_bad.rs */
use crate::bindings::*;

fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    let mut pte = pte;
    pte.pte |= 0x800;
    pte
}

pub fn exchange_page_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>) {
    if vma.vm_ops.is_some() {
        return;
    }
    ptep_clear_flush(vma, address, ptep);
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(page, vma.vm_page_prot)); /* note: [state-loss] soft-dirty */
}
