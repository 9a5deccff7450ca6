//! Taking huge leaves apart, and changing them (`mm/huge_memory.c`).

use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_REBUILD_IN_SPLIT, is_injected};
use super::super::types::*;
use super::mprotect::*;
use super::page::*;
use super::pgtable::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::HUGE_MEMORY, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::HUGE_MEMORY, pointer)
}

/// Replaces a PMD leaf by a table of PTEs.
///
/// The PTEs are made from `vma->vm_page_prot`. The guard is the first test: a
/// leaf of a mapping that has operations is removed instead, and the pages
/// come back through the fault handler, which knows their attributes.
fn __split_huge_pmd_locked(vma: &vm_area_struct, pmd: pmd_ptr, haddr: u64) {
    let old_pmd = pmdp_huge_get_and_clear(vma.vm_mm, haddr, pmd);

    if branch(!vma_is_anonymous(vma)) && !is_injected(CONFIG_FAULT_REBUILD_IN_SPLIT) {
        return;
    }

    let page = pfn_to_page(pmd_pfn(old_pmd));
    let write = pmd_write(old_pmd);
    let young = pmd_young(old_pmd);
    let dirty = pmd_dirty(old_pmd);
    let soft_dirty = pmd_soft_dirty(old_pmd);
    let uffd_wp = pmd_uffd_wp(old_pmd);

    pmd_populate(vma.vm_mm, pmd);
    for n in 0..HPAGE_PMD_NR {
        let addr = haddr + n * PAGE_SIZE;
        let mut entry = mk_pte(nth_page(page, n), vma.vm_page_prot);
        if branch(write) {
            entry = pte_mkwrite(entry);
        }
        if branch(!young) {
            entry = pte_mkold(entry);
        }
        if branch(dirty) {
            entry = pte_mkdirty(entry);
        }
        if branch(soft_dirty) {
            entry = pte_mksoft_dirty(entry);
        } else {
            entry = pte_clear_soft_dirty(entry);
        }
        if branch(uffd_wp) {
            entry = pte_mkuffd_wp(entry);
        }
        set_pte_at(vma.vm_mm, addr, pte_offset_map(pmd, addr), entry);
    }
}

/// Splits the PMD leaf an address lies in.
pub fn __split_huge_pmd(vma: &vm_area_struct, pmd: pmd_ptr, address: u64) {
    __split_huge_pmd_locked(vma, pmd, address & !(PMD_SIZE - 1));
}

/// Removes the PUD leaf an address lies in: only mappings with operations have
/// them.
pub fn __split_huge_pud(vma: &vm_area_struct, pud: pud_ptr, address: u64) {
    pudp_huge_get_and_clear(vma.vm_mm, address & !(PUD_SIZE - 1), pud);
}

/// Splits the PMD leaf an address lies in, if it does lie in one.
pub fn split_huge_pmd_address(vma: &vm_area_struct, address: u64) {
    let pud = pud_offset(vma.vm_mm, address);
    if branch(pud_none_or_leaf(pudp_get(pud))) {
        return;
    }
    let pmd = pmd_offset(pud, address);
    if branch(pmd_leaf(pmdp_get(pmd))) {
        __split_huge_pmd(vma, pmd, address);
    }
}

/// A VMA is about to end or begin at an address: no PMD leaf may straddle it.
pub fn vma_adjust_trans_huge(vma: &vm_area_struct, address: u64) {
    if branch(!address.is_multiple_of(PMD_SIZE)) {
        split_huge_pmd_address(vma, address);
    }
}

/// Changes the protection of a PMD leaf that lies in the range as a whole.
pub fn change_huge_pmd(
    vma: &vm_area_struct,
    pmd: pmd_ptr,
    addr: u64,
    newprot: pgprot_t,
    cp_flags: u32,
) {
    let oldpmd = pmdp_get(pmd);
    if branch(cp_flags & MM_CP_PROT_NUMA != 0) && branch(pmd_protnone(oldpmd)) {
        return;
    }
    let mut entry = pmd_modify(oldpmd, newprot);
    if branch(cp_flags & MM_CP_UFFD_WP != 0) {
        entry = pmd_mkuffd_wp(entry);
    } else if branch(cp_flags & MM_CP_UFFD_WP_RESOLVE != 0) {
        entry = pmd_clear_uffd_wp(entry);
    }
    if branch(cp_flags & MM_CP_TRY_CHANGE_WRITABLE != 0)
        && branch(can_change_pmd_writable(vma, addr, entry))
    {
        entry = pmd_mkwrite(entry);
    }
    set_pmd_at(vma.vm_mm, addr, pmd, entry);
}

/// Changes the protection of a PUD leaf that lies in the range as a whole.
pub fn change_huge_pud(vma: &vm_area_struct, pud: pud_ptr, addr: u64, newprot: pgprot_t) {
    let oldpud = pudp_get(pud);
    set_pud_at(vma.vm_mm, addr, pud, pud_modify(oldpud, newprot));
}

/// [`can_change_pte_writable`] for a PMD leaf.
pub fn can_change_pmd_writable(vma: &vm_area_struct, addr: u64, pmd: pmd_t) -> bool {
    if branch(pmd_needs_soft_dirty_wp(vma, pmd)) {
        return false;
    }
    if branch(userfaultfd_huge_pmd_wp(vma, pmd)) {
        return false;
    }
    if branch(vma.vm_flags & VM_SHARED == 0) {
        let Some(page) = branch_some(vm_normal_page_pmd(vma, addr, pmd)) else {
            return false;
        };
        return PageAnon(page) & PageAnonExclusive(page);
    }
    pmd_dirty(pmd)
}
