//! First faults in anonymous memory (`mm/memory.c`, `mm/huge_memory.c`).
//!
//! New entries come from `vma->vm_page_prot`: the guard is that the VMA is
//! anonymous, and no override mapping is (it has a fault handler, hence
//! `vm_ops`).

use super::super::arch::*;
use super::super::cover;
use super::super::machine::ZERO_PFN;
use super::super::types::*;
use super::page::*;
use super::pgtable::*;
use super::rmap::folio_add_new_anon_rmap;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::ANON, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::ANON, pointer)
}

/// Maps the zero page for reading, a new page for writing.
pub fn do_anonymous_page(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let ptep = pte_alloc_map(vmf.pmd, vmf.address);

    if branch(vmf.flags & FAULT_FLAG_WRITE == 0) {
        let entry = pte_mkspecial(pfn_pte(ZERO_PFN, vma.vm_page_prot));
        set_pte_at(vma.vm_mm, vmf.address, ptep, entry);
        return 0;
    }

    let Some(page) = branch_some(alloc_page()) else {
        return VM_FAULT_OOM;
    };
    let mut entry = mk_pte(page, vma.vm_page_prot);
    entry = maybe_mkwrite(pte_mkdirty(entry), vma);
    folio_add_new_anon_rmap(page, vma, vmf.address);
    set_pte_at(vma.vm_mm, vmf.address, ptep, entry);
    0
}

/// Maps a new huge page. There is no huge zero page in the model, so reads
/// get one too.
pub fn do_huge_pmd_anonymous_page(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let haddr = vmf.address & !(PMD_SIZE - 1);

    let Some(page) = branch_some(alloc_hugepage_vma()) else {
        return VM_FAULT_FALLBACK;
    };
    let mut entry = mk_huge_pmd(page, vma.vm_page_prot);
    entry = maybe_pmd_mkwrite(pmd_mkdirty(entry), vma);
    for n in 0..HPAGE_PMD_NR {
        folio_add_new_anon_rmap(nth_page(page, n), vma, haddr + n * PAGE_SIZE);
    }
    set_pmd_at(vma.vm_mm, haddr, vmf.pmd, entry);
    0
}
