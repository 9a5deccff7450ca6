/* Core mm makes the default of a new VMA; entries of a kernel test belong to nobody. */
/* --- file: mm/create.rs */
use crate::bindings::*;

pub fn create_mapping(mm: &mut mm_struct, flags: usize) -> Option<&mut vm_area_struct> {
    let mut vma = vm_area_alloc(mm);

    vma.vm_flags = flags;
    vma.vm_page_prot = vm_get_page_prot(vma.vm_flags);
    vma
}

pub fn entry_test(pfn: usize, flags: usize) -> i32 {
    let prot = vm_get_page_prot(flags);
    let entry = pfn_pte(pfn, prot);

    entry.pte == 0
}
