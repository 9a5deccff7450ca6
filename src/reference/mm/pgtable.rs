//! Walking, filling and reading page tables.
//!
//! The tables of an address space are three arrays (`mm_struct::{pud, pmd,
//! pte}`); which array slots exist follows from the entries above them. There
//! is one processor and no concurrency, so neither locks nor re-checks under
//! them are modelled, and neither are TLBs: what the tables say takes effect at
//! once.

use super::super::arch::*;
use super::super::cover;
use super::super::machine::with;
use super::super::types::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::PGTABLE, condition)
}

/// The next PMD boundary, or the end.
pub fn pmd_addr_end(addr: u64, end: u64) -> u64 {
    ((addr + PMD_SIZE) & !(PMD_SIZE - 1)).min(end)
}

/// The next PUD boundary, or the end.
pub fn pud_addr_end(addr: u64, end: u64) -> u64 {
    ((addr + PUD_SIZE) & !(PUD_SIZE - 1)).min(end)
}

/// The pieces of a range that lie below one PUD entry each, as start and end.
pub fn pud_ranges(start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
    std::iter::successors(Some(start), move |addr| Some(pud_addr_end(*addr, end)))
        .take_while(move |addr| *addr < end)
        .map(move |addr| (addr, pud_addr_end(addr, end)))
}

/// The pieces of a range that lie below one PMD entry each, as start and end.
pub fn pmd_ranges(start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
    std::iter::successors(Some(start), move |addr| Some(pmd_addr_end(*addr, end)))
        .take_while(move |addr| *addr < end)
        .map(move |addr| (addr, pmd_addr_end(addr, end)))
}

/// The addresses of the pages of a range.
pub fn page_addresses(start: u64, end: u64) -> impl Iterator<Item = u64> {
    (start..end).step_by(PAGE_SIZE as usize)
}

/// The PUD entry for an address.
pub fn pud_offset(mm: mm_ptr, addr: u64) -> pud_ptr {
    pud_ptr {
        mm,
        index: (addr >> PUD_SHIFT) as u8,
    }
}

/// The PMD entry for an address, below a PUD entry.
pub fn pmd_offset(pud: pud_ptr, addr: u64) -> pmd_ptr {
    pmd_ptr {
        mm: pud.mm,
        index: (addr >> PMD_SHIFT) as u8,
    }
}

/// The PTE for an address, below a PMD entry.
pub fn pte_offset_map(pmd: pmd_ptr, addr: u64) -> pte_ptr {
    pte_ptr {
        mm: pmd.mm,
        index: (addr >> PAGE_SHIFT) as u8,
    }
}

/// The PMD table below a PUD entry that is no leaf.
pub fn pmd_alloc(pud: pud_ptr, addr: u64) -> pmd_ptr {
    if branch(pud_none(pudp_get(pud))) {
        set_pud(pud, pud_table());
    }
    pmd_offset(pud, addr)
}

/// The PTE table below a PMD entry that is no leaf.
pub fn pte_alloc_map(pmd: pmd_ptr, addr: u64) -> pte_ptr {
    if branch(pmd_none(pmdp_get(pmd))) {
        set_pmd(pmd, pmd_table());
    }
    pte_offset_map(pmd, addr)
}

/// The PTE for an address, with the tables above it.
pub fn get_locked_pte(mm: mm_ptr, addr: u64) -> pte_ptr {
    let pmd = pmd_alloc(pud_offset(mm, addr), addr);
    pte_alloc_map(pmd, addr)
}

/// Whether there is no PMD table to look into.
pub fn pud_none_or_leaf(pud: pud_t) -> bool {
    pud_none(pud) | pud_leaf(pud)
}

/// Reads a PUD entry.
pub fn pudp_get(pudp: pud_ptr) -> pud_t {
    with(|m| m.mm[pudp.mm as usize].pud[pudp.index as usize])
}

/// Reads a PMD entry.
pub fn pmdp_get(pmdp: pmd_ptr) -> pmd_t {
    with(|m| m.mm[pmdp.mm as usize].pmd[pmdp.index as usize])
}

/// Reads a PTE.
pub fn ptep_get(ptep: pte_ptr) -> pte_t {
    with(|m| m.mm[ptep.mm as usize].pte[ptep.index as usize])
}

fn set_pud(pudp: pud_ptr, pud: pud_t) {
    with(|m| m.mm[pudp.mm as usize].pud[pudp.index as usize] = pud);
}

fn set_pmd(pmdp: pmd_ptr, pmd: pmd_t) {
    with(|m| m.mm[pmdp.mm as usize].pmd[pmdp.index as usize] = pmd);
}

/// Installs a PUD leaf.
pub fn set_pud_at(_mm: mm_ptr, _addr: u64, pudp: pud_ptr, pud: pud_t) {
    set_pud(pudp, pud);
}

/// Installs a PMD leaf.
pub fn set_pmd_at(_mm: mm_ptr, _addr: u64, pmdp: pmd_ptr, pmd: pmd_t) {
    set_pmd(pmdp, pmd);
}

/// Installs a PTE.
pub fn set_pte_at(_mm: mm_ptr, _addr: u64, ptep: pte_ptr, pte: pte_t) {
    with(|m| m.mm[ptep.mm as usize].pte[ptep.index as usize] = pte);
}

/// Makes a PMD entry point to an empty PTE table.
pub fn pmd_populate(_mm: mm_ptr, pmdp: pmd_ptr) {
    set_pmd(pmdp, pmd_table());
}

/// Removes a PUD entry.
pub fn pud_clear(pudp: pud_ptr) {
    set_pud(pudp, pud_t(0));
}

/// Removes a PMD entry.
pub fn pmd_clear(pmdp: pmd_ptr) {
    set_pmd(pmdp, pmd_t(0));
}

/// Removes a PTE.
pub fn pte_clear(mm: mm_ptr, addr: u64, ptep: pte_ptr) {
    with(|m| m.forget_raw_writes(mm, addr, PAGE_SIZE));
    set_pte_at(mm, addr, ptep, pte_t(0));
}

/// Removes a PTE and returns it.
pub fn ptep_get_and_clear(mm: mm_ptr, addr: u64, ptep: pte_ptr) -> pte_t {
    let pte = ptep_get(ptep);
    pte_clear(mm, addr, ptep);
    pte
}

/// Removes a PMD leaf and returns it.
pub fn pmdp_huge_get_and_clear(mm: mm_ptr, addr: u64, pmdp: pmd_ptr) -> pmd_t {
    with(|m| m.forget_raw_writes(mm, addr, PMD_SIZE));
    let pmd = pmdp_get(pmdp);
    pmd_clear(pmdp);
    pmd
}

/// Removes a PUD leaf and returns it.
pub fn pudp_huge_get_and_clear(mm: mm_ptr, addr: u64, pudp: pud_ptr) -> pud_t {
    with(|m| m.forget_raw_writes(mm, addr, PUD_SIZE));
    let pud = pudp_get(pudp);
    pud_clear(pudp);
    pud
}

/// The struct page of a page frame that has one.
pub fn pfn_to_page(pfn: u64) -> page_ptr {
    page_ptr(pfn as u8)
}

/// The page frame of a struct page.
pub fn page_to_pfn(page: page_ptr) -> u64 {
    u64::from(page.0)
}

/// A PTE for a page.
pub fn mk_pte(page: page_ptr, pgprot: pgprot_t) -> pte_t {
    pfn_pte(page_to_pfn(page), pgprot)
}

/// A PMD leaf for a huge page.
pub fn mk_huge_pmd(page: page_ptr, pgprot: pgprot_t) -> pmd_t {
    pmd_mkhuge(pfn_pmd(page_to_pfn(page), pgprot))
}

/// Write permission is given only where the VMA has it; `ptrace` may write
/// elsewhere too (`include/linux/mm.h`).
pub fn maybe_mkwrite(pte: pte_t, vma: &vm_area_struct) -> pte_t {
    if branch(vma.vm_flags & VM_WRITE != 0) {
        return pte_mkwrite(pte);
    }
    pte
}

/// [`maybe_mkwrite`] for a PMD leaf.
pub fn maybe_pmd_mkwrite(pmd: pmd_t, vma: &vm_area_struct) -> pmd_t {
    if branch(vma.vm_flags & VM_WRITE != 0) {
        return pmd_mkwrite(pmd);
    }
    pmd
}

/// [`maybe_mkwrite`] for a PUD leaf.
pub fn maybe_pud_mkwrite(pud: pud_t, _vma: &vm_area_struct) -> pud_t {
    // Only a write fault in a shared mapping comes here, so that the VMA
    // always allows it.
    pud_mkwrite(pud)
}

/// The page an entry maps, if core mm may touch it.
///
/// A special entry has none: this is what hides raw entries, overrides among
/// them, from everything that works on pages (`mm/memory.c`).
pub fn vm_normal_page(_vma: &vm_area_struct, _addr: u64, pte: pte_t) -> Option<page_ptr> {
    if branch(pte_special(pte)) {
        return None;
    }
    Some(pfn_to_page(pte_pfn(pte)))
}

/// [`vm_normal_page`] for a PMD leaf.
pub fn vm_normal_page_pmd(_vma: &vm_area_struct, _addr: u64, pmd: pmd_t) -> Option<page_ptr> {
    if branch(pmd_special(pmd)) {
        return None;
    }
    Some(pfn_to_page(pmd_pfn(pmd)))
}
