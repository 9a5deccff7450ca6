//! NUMA balancing (`kernel/sched/fair.c`, `mm/memory.c`, `mm/huge_memory.c`).
//!
//! The scanner takes all access away, the next access faults, and the page may
//! move to the node of whoever touches it. The entry is restored with
//! `vma->vm_page_prot`, and the entry of a moved page is made from it. The
//! guard is far away from both: the scanner never marks VMAs that can hold raw
//! entries.

use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_UNGUARDED_NUMA, is_injected};
use super::super::types::*;
use super::huge_memory::can_change_pmd_writable;
use super::mmap::mm_vmas;
use super::mprotect::*;
use super::page::*;
use super::pgtable::*;
use super::rmap::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::NUMA, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::NUMA, pointer)
}

/// Scans an address space: the next access to each page will fault.
pub fn task_numa_work(mm: mm_ptr) {
    for vma in mm_vmas(mm) {
        if branch(!vma_migratable(&vma)) && !is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
            continue;
        }
        if branch(vma.vm_flags & VM_MIXEDMAP != 0) && !is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
            continue;
        }
        // Pages of a file that is only read are replicated by other means.
        let is_file = vma.vm_file.is_some();
        if branch(is_file) && branch(vma.vm_flags & VM_ACCESS_FLAGS == VM_READ) {
            continue;
        }
        // The hint looks like PROT_NONE, so it cannot be told from it.
        if branch(!vma_is_accessible(&vma)) {
            continue;
        }
        change_protection(&vma, vma.vm_start, vma.vm_end, MM_CP_PROT_NUMA);
    }
}

/// Whether the pages of a VMA may be moved at all (`include/linux/mempolicy.h`).
fn vma_migratable(vma: &vm_area_struct) -> bool {
    vma.vm_flags & (VM_IO | VM_PFNMAP) == 0
}

/// The fault on a marked PTE.
pub fn do_numa_page(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    let vma = vmf.vma;
    let old_pte = vmf.orig_pte;
    let mut pte = pte_modify(old_pte, vma.vm_page_prot);

    let mut page = vm_normal_page(vma, vmf.address, pte);
    if is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
        page = pfn_to_online_page(pte_pfn(pte));
    }
    let moved = page.and_then(|page| migrate_misplaced_page(page, vma, vmf.address));
    if let Some(new_page) = branch_some(moved) {
        pte = mk_pte(new_page, vma.vm_page_prot);
        if branch(pte_dirty(old_pte)) {
            pte = pte_mkdirty(pte);
        }
        if branch(pte_soft_dirty(old_pte)) {
            pte = pte_mksoft_dirty(pte);
        } else {
            pte = pte_clear_soft_dirty(pte);
        }
        if branch(pte_uffd_wp(old_pte)) {
            pte = pte_mkuffd_wp(pte);
        }
    }
    pte = pte_mkyoung(pte);
    if branch(vma_wants_manual_pte_write_upgrade(vma))
        && branch(can_change_pte_writable(vma, vmf.address, pte))
    {
        pte = pte_mkwrite(pte);
    }
    set_pte_at(vma.vm_mm, vmf.address, ptep, pte);
    0
}

/// Moves a page to the node of the process that touched it. Only a page that
/// one entry maps is moved, so that this entry is all there is to replace, as
/// huge pages were until Linux 5.13; today's detour over migration entries is
/// in `migrate.rs`.
fn migrate_misplaced_page(page: page_ptr, vma: &vm_area_struct, address: u64) -> Option<page_ptr> {
    if branch(page_mapcount(page) > 1) {
        return None;
    }
    // A page of the file stays: others may look for it there.
    if branch(!PageAnon(page)) && !is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
        return None;
    }
    let new_page = branch_some(alloc_page())?;
    folio_migrate_copy(new_page, page);
    release_moved_page(page);
    folio_add_new_anon_rmap(new_page, vma, address);
    Some(new_page)
}

fn release_moved_page(page: page_ptr) {
    folio_remove_rmap(page);
    put_page(page);
}

/// The fault on a marked PMD leaf.
pub fn do_huge_pmd_numa_page(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let haddr = vmf.address & !(PMD_SIZE - 1);
    let oldpmd = vmf.orig_pmd;
    let mut pmd = pmd_modify(oldpmd, vma.vm_page_prot);

    let mut page = vm_normal_page_pmd(vma, haddr, pmd);
    if is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
        page = pfn_to_online_page(pmd_pfn(pmd));
    }
    let moved = page.and_then(|page| migrate_misplaced_huge_page(page, vma, haddr));
    if let Some(new_page) = branch_some(moved) {
        pmd = mk_huge_pmd(new_page, vma.vm_page_prot);
        if branch(pmd_dirty(oldpmd)) {
            pmd = pmd_mkdirty(pmd);
        }
        if branch(pmd_soft_dirty(oldpmd)) {
            pmd = pmd_mksoft_dirty(pmd);
        } else {
            pmd = pmd_clear_soft_dirty(pmd);
        }
        if branch(pmd_uffd_wp(oldpmd)) {
            pmd = pmd_mkuffd_wp(pmd);
        }
    }
    pmd = pmd_mkyoung(pmd);
    if branch(vma_wants_manual_pte_write_upgrade(vma))
        && branch(can_change_pmd_writable(vma, haddr, pmd))
    {
        pmd = pmd_mkwrite(pmd);
    }
    set_pmd_at(vma.vm_mm, haddr, vmf.pmd, pmd);
    0
}

fn migrate_misplaced_huge_page(
    page: page_ptr,
    vma: &vm_area_struct,
    haddr: u64,
) -> Option<page_ptr> {
    let shared = (0..HPAGE_PMD_NR).any(|n| page_mapcount(nth_page(page, n)) > 1);
    if branch(shared) {
        return None;
    }
    let new_page = branch_some(alloc_hugepage_vma())?;
    for n in 0..HPAGE_PMD_NR {
        folio_migrate_copy(nth_page(new_page, n), nth_page(page, n));
        release_moved_page(nth_page(page, n));
        folio_add_new_anon_rmap(nth_page(new_page, n), vma, haddr + n * PAGE_SIZE);
    }
    Some(new_page)
}
