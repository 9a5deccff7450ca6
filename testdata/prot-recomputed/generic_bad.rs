/* Generic code changes entries of whatever mapping it is given. */
/* --- file: mm/protect.rs */
use crate::bindings::*;

fn change_entries(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t, prot: pgprot_t) {
    if vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP) != 0 {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, pte_modify(ptep_get(ptep), prot));
}

pub fn protect_range_bad(vma: &mut vm_area_struct, ptep: &mut pte_t, protect: i32) {
    let mut prot: pgprot_t;

    if protect != 0 {
        prot = vm_get_page_prot(vma.vm_flags & !VM_WRITE); /* error: [prot-recomputed] puts it into entries of any mapping */
    } else {
        prot = vm_get_page_prot(vma.vm_flags);
    }
    change_entries(vma, vma.vm_start, ptep, prot);
}
