/* Both callers have a guard, each one of its own. */
/* --- file: mm/remake.rs */
use crate::bindings::*;

fn remake_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot));
}

pub fn scan(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    if let Some(vma) = find_vma(mm, address)
        && vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP) == 0
    {
        remake_ok(vma, address, ptep);
    }
}

pub fn scan_anonymous(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let Some(vma) = find_vma(mm, address) else {
        return;
    };
    if vma.vm_ops.is_some() {
        return;
    }
    remake_ok(vma, address, ptep);
}
