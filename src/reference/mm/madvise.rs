//! Giving memory up (`mm/madvise.c`).

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::huge_memory::__split_huge_pmd;
use super::mmap::find_vma_covering;
use super::page::*;
use super::pgtable::*;
use super::vma::vma_is_anonymous;
use super::zap::zap_page_range;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MADVISE, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MADVISE, pointer)
}

/// `MADV_DONTNEED` for a range inside one VMA: removes what is mapped. Returns 0
/// or a negative error.
pub fn madvise_dontneed(mm: mm_ptr, start: u64, end: u64) -> i32 {
    let Some(vma) = branch_some(find_vma_covering(mm, start, end)) else {
        return -ENOMEM;
    };
    if branch(vma.vm_flags & VM_PFNMAP != 0) {
        return -EINVAL;
    }
    zap_page_range(&vma, start, end, true);
    0
}

/// `MADV_FREE` for a range inside one VMA: reclaim may drop the pages instead of
/// swapping them out, until they are written again.
pub fn madvise_free(mm: mm_ptr, start: u64, end: u64) -> i32 {
    let Some(vma) = branch_some(find_vma_covering(mm, start, end)) else {
        return -ENOMEM;
    };
    if branch(!vma_is_anonymous(&vma)) {
        return -EINVAL;
    }
    for (addr, next) in pmd_ranges(start, end) {
        madvise_free_pmd(&vma, addr, next);
    }
    0
}

fn madvise_free_pmd(vma: &vm_area_struct, addr: u64, next: u64) {
    let pud = pud_offset(vma.vm_mm, addr);
    if branch(pud_none(pudp_get(pud))) {
        return;
    }
    let pmd = pmd_offset(pud, addr);
    if branch(pmd_leaf(pmdp_get(pmd))) {
        if branch(next - addr == PMD_SIZE) {
            madvise_free_huge_pmd(vma, pmd, addr);
            return;
        }
        __split_huge_pmd(vma, pmd, addr);
    }
    if branch(pmd_none(pmdp_get(pmd))) {
        return;
    }
    for addr in page_addresses(addr, next) {
        madvise_free_pte(vma, pte_offset_map(pmd, addr), addr);
    }
}

fn madvise_free_huge_pmd(vma: &vm_area_struct, pmdp: pmd_ptr, addr: u64) {
    let pmd = pmdp_get(pmdp);
    let page = pfn_to_page(pmd_pfn(pmd));
    let shared = (0..HPAGE_PMD_NR).any(|n| page_mapcount(nth_page(page, n)) > 1);
    if branch(shared) {
        return;
    }
    for n in 0..HPAGE_PMD_NR {
        ClearPageDirty(nth_page(page, n));
    }
    set_pmd_at(vma.vm_mm, addr, pmdp, pmd_mkold(pmd_mkclean(pmd)));
}

/// One step of the kernel's `madvise_free_pte_range`.
fn madvise_free_pte(vma: &vm_area_struct, ptep: pte_ptr, addr: u64) {
    let pte = ptep_get(ptep);
    if branch(!pte_present(pte)) {
        return;
    }
    let Some(page) = branch_some(vm_normal_page(vma, addr, pte)) else {
        return;
    };
    if branch(page_mapcount(page) > 1) {
        return;
    }
    ClearPageDirty(page);
    set_pte_at(vma.vm_mm, addr, ptep, pte_mkold(pte_mkclean(pte)));
}
