/* An insertion API that makes a second entry of the page in the first. */
/* --- file: mm/memory.rs */
use crate::bindings::*;

pub fn vmf_insert_pfn_prot(vma: &vm_area_struct, addr: usize, pfn: usize, prot: pgprot_t) -> vm_fault_t {
    insert_bad(vma, addr, pfn, prot)
}

fn insert_bad(vma: &vm_area_struct, addr: usize, pfn: usize, prot: pgprot_t) -> vm_fault_t {
    let pte = get_locked_pte(vma.vm_mm, addr);
    let entry = pte_mkspecial(pfn_pte(pfn, prot));

    set_pte_at(vma.vm_mm, addr, pte, mk_pte(pfn_to_page(pte_pfn(entry)), vma.vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
    VM_FAULT_NOPAGE
}
