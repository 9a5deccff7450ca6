/* A scanner hints at every mapping, and the fault that follows makes the entry anew. */
/* --- file: mm/numa.rs */
use crate::bindings::*;

fn hint(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    set_pte_at(vma.vm_mm, address, ptep, pte_modify(ptep_get(ptep), PAGE_NONE));
}

pub fn scan(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        hint(vma, address, ptep);
    }
}

fn numa_fault_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    if !pte_protnone(old) || vma.vm_flags & (VM_READ | VM_WRITE | VM_EXEC) == 0 {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

pub fn fault(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        numa_fault_bad(vma, address, ptep);
    }
}
