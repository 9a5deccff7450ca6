//! Copying an address space (`kernel/fork.c`, `mm/memory.c`).
//!
//! Entries are copied as they are, with permissions taken away: no protection
//! is computed anew, so overrides are copied along.

use super::super::arch::*;
use super::super::cover;
use super::super::machine::with;
use super::super::types::*;
use super::migrate::*;
use super::mmap::*;
use super::page::*;
use super::pgtable::*;
use super::rmap::folio_dup_rmap;
use super::swap::swap_duplicate;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::FORK, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::FORK, pointer)
}

/// Gives a child a copy of the parent's address space.
pub fn dup_mmap(parent: mm_ptr, child: mm_ptr) {
    with(|m| m.mm[child as usize].in_use = true);
    for src_vma in mm_vmas(parent) {
        let mut dst_vma = src_vma;
        dst_vma.vm_mm = child;
        // The child's faults are not the userfaultfd's business.
        dst_vma.vm_flags &= !VM_UFFD_WP;
        vma_link(&dst_vma);
        copy_page_range(&dst_vma, &src_vma);
    }
}

/// Copies the entries, unless faults can bring them back.
fn copy_page_range(dst_vma: &vm_area_struct, src_vma: &vm_area_struct) {
    if branch(!vma_needs_copy(src_vma)) {
        return;
    }
    for (addr, next) in pud_ranges(src_vma.vm_start, src_vma.vm_end) {
        copy_pud(dst_vma, src_vma, addr, next);
    }
}

/// Raw entries have no page cache to come back from, anonymous pages neither.
fn vma_needs_copy(src_vma: &vm_area_struct) -> bool {
    if branch(src_vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP) != 0) {
        return true;
    }
    // The kernel asks whether the VMA has an anon_vma.
    is_cow_mapping(src_vma.vm_flags)
}

fn copy_pud(dst_vma: &vm_area_struct, src_vma: &vm_area_struct, addr: u64, next: u64) {
    let src_pud = pud_offset(src_vma.vm_mm, addr);
    let pude = pudp_get(src_pud);
    if branch(pud_none(pude)) {
        return;
    }
    let dst_pud = pud_offset(dst_vma.vm_mm, addr);
    if branch(pud_leaf(pude)) {
        copy_huge_pud(dst_vma, dst_pud, pude, addr);
        return;
    }
    for (addr, next) in pmd_ranges(addr, next) {
        copy_pmd(dst_vma, src_vma, src_pud, dst_pud, addr, next);
    }
}

fn copy_pmd(
    dst_vma: &vm_area_struct,
    src_vma: &vm_area_struct,
    src_pud: pud_ptr,
    dst_pud: pud_ptr,
    addr: u64,
    next: u64,
) {
    let src_pmd = pmd_offset(src_pud, addr);
    let pmde = pmdp_get(src_pmd);
    if branch(pmd_none(pmde)) {
        return;
    }
    let dst_pmd = pmd_alloc(dst_pud, addr);
    if branch(pmd_leaf(pmde)) {
        copy_huge_pmd(dst_vma, src_vma, src_pmd, dst_pmd, addr);
        return;
    }
    for addr in page_addresses(addr, next) {
        copy_pte(dst_vma, src_vma, src_pmd, dst_pmd, addr);
    }
}

fn copy_huge_pud(dst_vma: &vm_area_struct, dst_pud: pud_ptr, pud: pud_t, addr: u64) {
    // A private leaf of this size is never writable, so there is nothing to
    // write-protect.
    set_pud_at(dst_vma.vm_mm, addr, dst_pud, pud_mkold(pud));
}

fn copy_huge_pmd(
    dst_vma: &vm_area_struct,
    src_vma: &vm_area_struct,
    src_pmd: pmd_ptr,
    dst_pmd: pmd_ptr,
    addr: u64,
) {
    let pmd = pmdp_get(src_pmd);
    let Some(first) = branch_some(vm_normal_page_pmd(src_vma, addr, pmd)) else {
        set_pmd_at(dst_vma.vm_mm, addr, dst_pmd, pmd_mkold(pmd));
        return;
    };
    for n in 0..HPAGE_PMD_NR {
        folio_dup_rmap(nth_page(first, n));
    }
    set_pmd_at(src_vma.vm_mm, addr, src_pmd, pmd_wrprotect(pmd));
    let pmd = pmd_mkold(pmd_clear_uffd_wp(pmd_wrprotect(pmd)));
    set_pmd_at(dst_vma.vm_mm, addr, dst_pmd, pmd);
}

/// One step of the kernel's `copy_pte_range`.
fn copy_pte(
    dst_vma: &vm_area_struct,
    src_vma: &vm_area_struct,
    src_pmd: pmd_ptr,
    dst_pmd: pmd_ptr,
    addr: u64,
) {
    let src_pte = pte_offset_map(src_pmd, addr);
    let pte = ptep_get(src_pte);
    if branch(pte_none(pte)) {
        return;
    }
    let dst_pte = pte_alloc_map(dst_pmd, addr);
    if branch(!pte_present(pte)) {
        copy_nonpresent_pte(dst_vma, src_vma, dst_pte, src_pte, addr);
        return;
    }
    copy_present_pte(dst_vma, src_vma, dst_pte, src_pte, addr);
}

fn copy_nonpresent_pte(
    dst_vma: &vm_area_struct,
    src_vma: &vm_area_struct,
    dst_pte: pte_ptr,
    src_pte: pte_ptr,
    addr: u64,
) {
    let orig_pte = ptep_get(src_pte);
    let mut pte = orig_pte;
    if branch(is_migration_entry(orig_pte)) {
        if branch(!is_readable_migration_entry(orig_pte)) {
            // Shared mappings whose pages can migrate are not copied at all.
            pte = swp_entry_to_pte(SWP_MIGRATION_READ, swp_offset(orig_pte));
            if branch(pte_swp_soft_dirty(orig_pte)) {
                pte = pte_swp_mksoft_dirty(pte);
            }
            if branch(pte_swp_uffd_wp(orig_pte)) {
                pte = pte_swp_mkuffd_wp(pte);
            }
            set_pte_at(src_vma.vm_mm, addr, src_pte, pte);
        }
    } else {
        swap_duplicate(orig_pte);
        if branch(pte_swp_exclusive(orig_pte)) {
            pte = pte_swp_clear_exclusive(orig_pte);
            set_pte_at(src_vma.vm_mm, addr, src_pte, pte);
        }
    }
    set_pte_at(dst_vma.vm_mm, addr, dst_pte, pte_swp_clear_uffd_wp(pte));
}

fn copy_present_pte(
    dst_vma: &vm_area_struct,
    src_vma: &vm_area_struct,
    dst_pte: pte_ptr,
    src_pte: pte_ptr,
    addr: u64,
) {
    let mut pte = ptep_get(src_pte);
    if let Some(page) = branch_some(vm_normal_page(src_vma, addr, pte)) {
        folio_dup_rmap(page);
    }
    if branch(is_cow_mapping(src_vma.vm_flags)) && branch(pte_write(pte)) {
        pte = pte_wrprotect(pte);
        set_pte_at(src_vma.vm_mm, addr, src_pte, pte);
    }
    if branch(src_vma.vm_flags & VM_SHARED != 0) {
        pte = pte_mkclean(pte);
    }
    let pte = pte_clear_uffd_wp(pte_mkold(pte));
    set_pte_at(dst_vma.vm_mm, addr, dst_pte, pte);
}
