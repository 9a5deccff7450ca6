//! Page migration (`mm/rmap.c`, `mm/migrate.c`): entries give way to migration
//! entries while a page is copied, and come back for the new page.
//!
//! The new entry is made from `vma->vm_page_prot`. The guard is the way here:
//! the places are found by rmap, and a raw entry has none.

use super::super::arch::*;
use super::super::cover;
use super::super::drivers::file::filemap_migrate_folio;
use super::super::faults::{CONFIG_FAULT_LOST_UFFD_WP, is_injected};
use super::super::machine::with;
use super::super::types::*;
use super::huge_memory::__split_huge_pmd;
use super::page::*;
use super::pgtable::*;
use super::rmap::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MIGRATE, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MIGRATE, pointer)
}

/// Kinds of non-present entries above the swap files'
/// (`include/linux/swap.h`; the numbers depend on the configuration).
pub const SWP_MIGRATION_READ: u64 = 27;
/// Was read-only, of an exclusive anonymous page.
pub const SWP_MIGRATION_READ_EXCLUSIVE: u64 = 28;
/// Was writable.
pub const SWP_MIGRATION_WRITE: u64 = 29;

/// Whether the page of a swap entry is being migrated.
pub fn is_migration_entry(pte: pte_t) -> bool {
    (SWP_MIGRATION_READ..=SWP_MIGRATION_WRITE).contains(&swp_type(pte))
}

/// Whether the entry comes back writable.
pub fn is_writable_migration_entry(pte: pte_t) -> bool {
    swp_type(pte) == SWP_MIGRATION_WRITE
}

/// Whether the entry comes back read-only, of a page that is not exclusive.
pub fn is_readable_migration_entry(pte: pte_t) -> bool {
    swp_type(pte) == SWP_MIGRATION_READ
}

/// A writable migration entry made read-only: what a write protection does to a
/// page in migration. Other entries stay as they are.
pub fn wrprotect_migration_entry(pte: pte_t) -> pte_t {
    if branch(!is_writable_migration_entry(pte)) {
        return pte;
    }
    let mut entry = SWP_MIGRATION_READ;
    if branch(PageAnon(pfn_to_page(swp_offset(pte)))) {
        entry = SWP_MIGRATION_READ_EXCLUSIVE;
    }
    let mut newpte = swp_entry_to_pte(entry, swp_offset(pte));
    if branch(pte_swp_soft_dirty(pte)) {
        newpte = pte_swp_mksoft_dirty(newpte);
    }
    newpte
}

/// First half: isolates a page and replaces its entries. One page at a time is
/// in migration.
pub fn migrate_folio_unmap(page: page_ptr) {
    let Some(new_page) = branch_some(alloc_page()) else {
        return;
    };
    with(|m| {
        m.migrate_from = page.0;
        m.migrate_to = new_page.0;
    });
    rmap_walk(page, 0, try_to_migrate_one);
}

fn try_to_migrate_one(page: page_ptr, vma: &vm_area_struct, address: u64, _arg: u64) {
    if let Some(mapped_by::Pmd(pmd)) = branch_some(page_vma_mapped_walk(page, vma, address)) {
        __split_huge_pmd(vma, pmd, address);
    }
    let Some(mapped_by::Pte(ptep)) = branch_some(page_vma_mapped_walk(page, vma, address)) else {
        return;
    };
    let pteval = ptep_get_and_clear(vma.vm_mm, address, ptep);
    if branch(pte_dirty(pteval)) {
        set_page_dirty(page);
    }

    let mut entry = SWP_MIGRATION_READ;
    if branch(pte_write(pteval)) {
        entry = SWP_MIGRATION_WRITE;
    } else if branch(PageAnonExclusive(page)) {
        entry = SWP_MIGRATION_READ_EXCLUSIVE;
    }
    let mut swp_pte = swp_entry_to_pte(entry, page_to_pfn(page));
    if branch(pte_soft_dirty(pteval)) {
        swp_pte = pte_swp_mksoft_dirty(swp_pte);
    }
    if branch(pte_uffd_wp(pteval)) {
        swp_pte = pte_swp_mkuffd_wp(swp_pte);
    }
    set_pte_at(vma.vm_mm, address, ptep, swp_pte);
    folio_remove_rmap(page);
}

/// Second half: moves the content and brings the entries back.
pub fn migrate_folio_move() {
    let (page, new_page) = with(|m| (page_ptr(m.migrate_from), page_ptr(m.migrate_to)));
    folio_migrate_copy(new_page, page);
    rmap_walk(new_page, page_to_pfn(page), remove_migration_pte);
    filemap_migrate_folio(page, new_page);
    with(|m| {
        m.migrate_from = 0;
        m.migrate_to = 0;
    });
    free_page(page);
    put_page(new_page);
}

fn remove_migration_pte(new_page: page_ptr, vma: &vm_area_struct, address: u64, old_pfn: u64) {
    let Some(ptep) = branch_some(migration_pte(vma, address, old_pfn)) else {
        return;
    };
    let old_pte = ptep_get(ptep);
    let mut pte = mk_pte(new_page, vma.vm_page_prot);
    if branch(pte_swp_soft_dirty(old_pte)) {
        pte = pte_mksoft_dirty(pte);
    } else {
        pte = pte_clear_soft_dirty(pte);
    }
    if branch(is_writable_migration_entry(old_pte)) {
        pte = pte_mkwrite(pte);
    } else if branch(pte_swp_uffd_wp(old_pte)) && !is_injected(CONFIG_FAULT_LOST_UFFD_WP) {
        pte = pte_mkuffd_wp(pte);
    }
    if branch(PageAnon(new_page)) {
        folio_add_anon_rmap_pte(new_page, !is_readable_migration_entry(old_pte));
    } else {
        folio_add_file_rmap_pte(new_page);
    }
    set_pte_at(vma.vm_mm, address, ptep, pte);
}

/// The migration entry of a pfn at an address, if there is one.
fn migration_pte(vma: &vm_area_struct, address: u64, old_pfn: u64) -> Option<pte_ptr> {
    let pud = pud_offset(vma.vm_mm, address);
    if branch(pud_none_or_leaf(pudp_get(pud))) {
        return None;
    }
    let pmd = pmd_offset(pud, address);
    if branch(pmd_none(pmdp_get(pmd))) || branch(pmd_leaf(pmdp_get(pmd))) {
        return None;
    }
    let ptep = pte_offset_map(pmd, address);
    let pte = ptep_get(ptep);
    if branch(!is_swap_pte(pte)) || branch(!is_migration_entry(pte)) {
        return None;
    }
    Some(ptep).filter(|_| swp_offset(pte) == old_pfn)
}
