//! Swapping out and in (`mm/rmap.c`, `mm/memory.c`).
//!
//! There is no swap cache: a page that comes back is a new one, exclusive to
//! the process that touched it. Its entry is made from `vma->vm_page_prot`,
//! which is right since only anonymous pages are swapped.

use super::super::arch::*;
use super::super::cover;
use super::super::machine::{NR_SWAP, with};
use super::super::types::*;
use super::cow::do_wp_page;
use super::huge_memory::__split_huge_pmd;
use super::migrate::is_migration_entry;
use super::page::*;
use super::pgtable::*;
use super::rmap::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::SWAP, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::SWAP, pointer)
}

/// Swap entries of the one swap file.
const SWP_FILE: u64 = 0;

/// A fault on an entry that maps nothing: swap or migration.
pub fn do_swap_page(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    let vma = vmf.vma;
    if branch(is_migration_entry(vmf.orig_pte)) {
        // The kernel sleeps until migration is over.
        return VM_FAULT_RETRY;
    }
    let Some(page) = branch_some(alloc_page()) else {
        return VM_FAULT_OOM;
    };
    // The slot may be freed, so the page is the only place of its content.
    copy_user_highpage(page, 0);
    set_page_dirty(page);

    let mut pte = mk_pte(page, vma.vm_page_prot);
    if branch(pte_swp_soft_dirty(vmf.orig_pte)) {
        pte = pte_mksoft_dirty(pte);
    }
    if branch(pte_swp_uffd_wp(vmf.orig_pte)) {
        pte = pte_mkuffd_wp(pte);
    }
    if branch(vma.vm_flags & VM_WRITE != 0)
        && branch(!userfaultfd_pte_wp(vma, pte))
        && branch(!pte_needs_soft_dirty_wp(vma, pte))
    {
        pte = pte_mkwrite(pte);
        if branch(vmf.flags & FAULT_FLAG_WRITE != 0) {
            pte = pte_mkdirty(pte);
        }
    }
    folio_add_new_anon_rmap(page, vma, vmf.address);
    set_pte_at(vma.vm_mm, vmf.address, ptep, pte);
    free_swap(vmf.orig_pte);

    if branch(vmf.flags & FAULT_FLAG_WRITE != 0) && branch(!pte_write(pte)) {
        vmf.orig_pte = pte;
        return do_wp_page(vmf, ptep);
    }
    0
}

/// Reclaim: replaces every entry of an anonymous page by a swap entry and frees
/// the page. Does nothing when the swap file is full.
pub fn swap_out(page: page_ptr) {
    let slot = with(|m| (1..NR_SWAP).find(|slot| m.swap_map[*slot] == 0));
    let Some(slot) = branch_some(slot) else {
        return;
    };
    rmap_walk(page, slot as u64, try_to_unmap_one);
}

fn try_to_unmap_one(page: page_ptr, vma: &vm_area_struct, address: u64, slot: u64) {
    if let Some(mapped_by::Pmd(pmd)) = branch_some(page_vma_mapped_walk(page, vma, address)) {
        __split_huge_pmd(vma, pmd, address);
    }
    let Some(mapped_by::Pte(ptep)) = branch_some(page_vma_mapped_walk(page, vma, address)) else {
        return;
    };
    let pteval = ptep_get_and_clear(vma.vm_mm, address, ptep);
    // Given up by MADV_FREE and not written since: there is nothing to save.
    if branch(!pte_dirty(pteval)) && branch(!PageDirty(page)) {
        folio_remove_rmap(page);
        put_page(page);
        return;
    }
    let mut swp_pte = swp_entry_to_pte(SWP_FILE, slot);
    if branch(PageAnonExclusive(page)) {
        swp_pte = pte_swp_mkexclusive(swp_pte);
    }
    if branch(pte_soft_dirty(pteval)) {
        swp_pte = pte_swp_mksoft_dirty(swp_pte);
    }
    if branch(pte_uffd_wp(pteval)) {
        swp_pte = pte_swp_mkuffd_wp(swp_pte);
    }
    swap_duplicate(swp_pte);
    set_pte_at(vma.vm_mm, address, ptep, swp_pte);
    folio_remove_rmap(page);
    put_page(page);
}

/// One more entry refers to a swap slot.
pub fn swap_duplicate(pte: pte_t) {
    with(|m| m.swap_map[swp_offset(pte) as usize] += 1);
}

/// One entry less refers to a swap slot.
pub fn free_swap(pte: pte_t) {
    with(|m| m.swap_map[swp_offset(pte) as usize] -= 1);
}
