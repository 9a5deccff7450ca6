/* Mappings without operations: nobody has stored a mode, and nobody waits for the first write. */
/* --- file: mm/anonymous.rs */
use crate::bindings::*;

fn vma_is_anonymous(vma: &mut vm_area_struct) -> bool {
    vma.vm_ops.is_none()
}

fn make_ok(vma: &vm_area_struct, addr: usize, ptep: &mut pte_t, page: &mut page) {
    if !vma_is_anonymous(vma) {
        return;
    }
    set_pte_at(vma.vm_mm, addr, ptep, mk_pte(page, vm_get_page_prot(vma.vm_flags)));
}

pub fn make_entry(mm: &mut mm_struct, addr: usize, ptep: &mut pte_t, page: &mut page) {
    let vma = find_vma(mm, addr);

    if let Some(vma) = vma {
        make_ok(vma, addr, ptep, page);
    }
}
