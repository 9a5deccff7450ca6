/* Where a new VMA has no operations, a mapping made by remap_pfn_range() can look anonymous. */
/* --- file: Makefile */
VERSION = 4
PATCHLEVEL = 4
SUBLEVEL = 0
/* --- file: mm/mmap.rs */
use crate::bindings::*;

pub fn mmap_region(file: &mut file, mm: &mut mm_struct, flags: usize) -> usize {
    let vma: &mut vm_area_struct = document_vma(mm);

    vma.vm_mm = mm;
    vma.vm_flags = flags;
    vma.vm_page_prot = vm_get_page_prot(flags);
    document_call_mmap(file, vma)
}
/* --- file: mm/split.rs */
use crate::bindings::*;

fn split_bad(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    if vma.vm_ops.is_some() {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot)); /* warning: [generic-rebuild] rebuilds an entry */
}

pub fn split_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        split_bad(vma, address, ptep);
    }
}
