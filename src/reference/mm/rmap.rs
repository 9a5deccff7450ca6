//! Reverse mapping: from a page to the entries that map it.
//!
//! Special entries are not counted here and not looked for; a page that is
//! mapped by such entries only has no rmap, and whatever starts from a page
//! cannot reach them.

use super::super::arch::*;
use super::super::cover;
use super::super::machine::*;
use super::super::types::*;
use super::mmap::mm_vmas;
use super::page::*;
use super::pgtable::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::RMAP, condition)
}

/// What is done for every place a page may be mapped at.
pub type rmap_one = fn(page_ptr, &vm_area_struct, u64, u64);

/// Calls `rmap_one(page, vma, address, arg)` for every place the page may be
/// mapped at (`mm/rmap.c`). Which VMAs those are depends on the page alone.
pub fn rmap_walk(page: page_ptr, arg: u64, rmap_one: rmap_one) {
    let index = with(|m| u64::from(m.mem_map[page.0 as usize].index));
    for mm in ALL_MMS {
        for vma in mm_vmas(mm) {
            if branch(!vma_may_map(&vma, page)) {
                continue;
            }
            let nr_pages = (vma.vm_end - vma.vm_start) >> PAGE_SHIFT;
            if branch(index < vma.vm_pgoff) || branch(index >= vma.vm_pgoff + nr_pages) {
                continue;
            }
            let address = vma.vm_start + ((index - vma.vm_pgoff) << PAGE_SHIFT);
            rmap_one(page, &vma, address, arg);
        }
    }
}

/// Anonymous pages are found in private VMAs, pages of the file in its VMAs.
fn vma_may_map(vma: &vm_area_struct, page: page_ptr) -> bool {
    if branch(PageAnon(page)) {
        return vma.vm_flags & VM_SHARED == 0;
    }
    vma.vm_file == Some(address_space::File)
}

/// A leaf that maps the page wanted.
#[derive(Clone, Copy)]
pub enum mapped_by {
    /// A single page.
    Pte(pte_ptr),
    /// A huge page.
    Pmd(pmd_ptr),
}

/// The PTE or PMD leaf that maps a page at an address, if there is one
/// (`mm/page_vma_mapped.c`). A special entry is not one, whatever its pfn.
pub fn page_vma_mapped_walk(page: page_ptr, vma: &vm_area_struct, addr: u64) -> Option<mapped_by> {
    let pud = pud_offset(vma.vm_mm, addr);
    if branch(pud_none_or_leaf(pudp_get(pud))) {
        return None;
    }
    let pmd = pmd_offset(pud, addr);
    let pmde = pmdp_get(pmd);
    if branch(pmd_none(pmde)) {
        return None;
    }
    if branch(pmd_leaf(pmde)) {
        let first = vm_normal_page_pmd(vma, addr, pmde);
        let offset = (addr & (PMD_SIZE - 1)) >> PAGE_SHIFT;
        if branch(first.map(|first| nth_page(first, offset)) == Some(page)) {
            return Some(mapped_by::Pmd(pmd));
        }
        return None;
    }
    let ptep = pte_offset_map(pmd, addr);
    let pte = ptep_get(ptep);
    if branch(!pte_present(pte)) {
        return None;
    }
    if branch(vm_normal_page(vma, addr, pte) == Some(page)) {
        return Some(mapped_by::Pte(ptep));
    }
    None
}

/// A new anonymous page: exclusive to the process.
pub fn folio_add_new_anon_rmap(page: page_ptr, vma: &vm_area_struct, addr: u64) {
    let index = linear_page_index(vma, addr) as u8;
    with(|m| {
        let frame = &mut m.mem_map[page.0 as usize];
        frame.flags |= PG_anon | PG_anon_exclusive;
        frame.index = index;
        frame.mapcount += 1;
    });
}

/// An anonymous page that comes back: exclusive only if it was.
pub fn folio_add_anon_rmap_pte(page: page_ptr, exclusive: bool) {
    if branch(exclusive) {
        SetPageAnonExclusive(page);
    }
    folio_add_rmap(page);
}

/// A page of a file.
pub fn folio_add_file_rmap_pte(page: page_ptr) {
    folio_add_rmap(page);
}

/// A second process maps the page.
pub fn folio_dup_rmap(page: page_ptr) {
    ClearPageAnonExclusive(page);
    folio_add_rmap(page);
}

fn folio_add_rmap(page: page_ptr) {
    with(|m| m.mem_map[page.0 as usize].mapcount += 1);
}

/// One mapping less. The zero page is not counted, being mapped by special
/// entries.
pub fn folio_remove_rmap(page: page_ptr) {
    with(|m| {
        let frame = &mut m.mem_map[page.0 as usize];
        // A count that falls below zero shows up in the invariant.
        frame.mapcount = frame.mapcount.wrapping_sub(1);
    });
}
