/* The same guard holds where a new VMA is given operations before the driver sees it. */
/* --- file: mm/mmap.rs */
use crate::bindings::*;

static vma_dummy_vm_ops: vm_operations_struct = vm_operations_struct {};

pub fn vma_init(vma: &mut vm_area_struct, mm: &mut mm_struct) -> Option<&mut vm_area_struct> {
    vma.vm_mm = mm;
    vma.vm_ops = Some(&vma_dummy_vm_ops);
    vma
}
/* --- file: mm/split.rs */
use crate::bindings::*;

fn split_ok(vma: &mut vm_area_struct, address: usize, ptep: &mut pte_t) {
    let old = ptep_get(ptep);

    if vma.vm_ops.is_some() {
        return;
    }
    set_pte_at(vma.vm_mm, address, ptep, mk_pte(pte_page(old), vma.vm_page_prot));
}

pub fn split_range(mm: &mut mm_struct, address: usize, ptep: &mut pte_t) {
    let vma = find_vma(mm, address);

    if let Some(vma) = vma {
        split_ok(vma, address, ptep);
    }
}
