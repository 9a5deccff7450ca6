/* A copy in another address space: the function that installs it is not given the old entry. */
/* --- file: mm/copied_bad.rs */
use crate::bindings::*;

fn pte_mkuffd_wp(pte: pte_t) -> pte_t {
    let mut pte = pte;
    pte.pte |= 0x400;
    pte
}

fn pte_uffd_wp(pte: pte_t) -> i32 {
    pte.pte & 0x400
}

fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    let mut pte = pte;
    pte.pte |= 0x800;
    pte
}

fn install_copy_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, page: Option<&mut page>) {
    set_pte_at(vma.vm_mm, address, ptep, pte_mkdirty(mk_pte(page, vma.vm_page_prot))); /* error: [state-loss] copies an entry by making a new one */
}

pub fn copy_entry(vma: &mut vm_area_struct, address: usize, dst: &mut pte_t, src: &mut pte_t, page: Option<&mut page>) {
    let entry = ptep_get(src);

    if vma.vm_ops.is_some() {
        return;
    }
    if let Some(page) = page {
        install_copy_bad(vma, address, dst, page);
    } else {
        set_pte_at(vma.vm_mm, address, dst, entry);
    }
}
