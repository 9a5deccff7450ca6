//! Removing entries (`mm/memory.c`).

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::huge_memory::*;
use super::migrate::is_migration_entry;
use super::mmap::*;
use super::page::*;
use super::pgtable::*;
use super::rmap::folio_remove_rmap;
use super::swap::free_swap;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::ZAP, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::ZAP, pointer)
}

/// Removes every entry of what a mapping maps, in every process; with
/// `even_cows` private copies as well. This is how a driver takes its memory
/// away from user space before it moves it.
pub fn unmap_mapping_range(mapping: address_space, even_cows: bool) {
    for mm in ALL_MMS {
        for vma in mm_vmas(mm) {
            if branch(vma.vm_file == Some(mapping)) {
                zap_page_range(&vma, vma.vm_start, vma.vm_end, even_cows);
            }
        }
    }
}

/// Removes the entries of a range; with `even_cows` private copies as well.
pub fn zap_page_range(vma: &vm_area_struct, start: u64, end: u64, even_cows: bool) {
    for (addr, next) in pud_ranges(start, end) {
        zap_pud(vma, addr, next, even_cows);
    }
}

fn zap_pud(vma: &vm_area_struct, addr: u64, next: u64, even_cows: bool) {
    let pud = pud_offset(vma.vm_mm, addr);
    let pude = pudp_get(pud);
    if branch(pud_none(pude)) {
        return;
    }
    if branch(pud_leaf(pude)) {
        if branch(next - addr != PUD_SIZE) {
            __split_huge_pud(vma, pud, addr);
        } else {
            pudp_huge_get_and_clear(vma.vm_mm, addr, pud);
        }
        return;
    }
    for (addr, next) in pmd_ranges(addr, next) {
        zap_pmd(vma, pud, addr, next, even_cows);
    }
}

fn zap_pmd(vma: &vm_area_struct, pud: pud_ptr, addr: u64, next: u64, even_cows: bool) {
    let pmd = pmd_offset(pud, addr);
    if branch(pmd_leaf(pmdp_get(pmd))) {
        if branch(next - addr == PMD_SIZE) {
            zap_huge_pmd(vma, pmd, addr);
            return;
        }
        __split_huge_pmd(vma, pmd, addr);
    }
    if branch(pmd_none(pmdp_get(pmd))) {
        return;
    }
    for addr in page_addresses(addr, next) {
        zap_pte(vma, pmd, addr, even_cows);
    }
}

fn zap_huge_pmd(vma: &vm_area_struct, pmd: pmd_ptr, addr: u64) {
    let orig_pmd = pmdp_huge_get_and_clear(vma.vm_mm, addr, pmd);
    let Some(first) = branch_some(vm_normal_page_pmd(vma, addr, orig_pmd)) else {
        return;
    };
    for n in 0..HPAGE_PMD_NR {
        folio_remove_rmap(nth_page(first, n));
        put_page(nth_page(first, n));
    }
}

/// One step of the kernel's `zap_pte_range`.
fn zap_pte(vma: &vm_area_struct, pmd: pmd_ptr, addr: u64, even_cows: bool) {
    let ptep = pte_offset_map(pmd, addr);
    let ptent = ptep_get(ptep);
    if branch(pte_none(ptent)) {
        return;
    }
    if branch(pte_present(ptent)) {
        let page = vm_normal_page(vma, addr, ptent);
        if branch(!should_zap_page(page, even_cows)) {
            return;
        }
        pte_clear(vma.vm_mm, addr, ptep);
        if let Some(page) = branch_some(page) {
            if branch(!PageAnon(page)) && branch(pte_dirty(ptent)) {
                set_page_dirty(page);
            }
            folio_remove_rmap(page);
            put_page(page);
        }
        return;
    }
    if branch(is_migration_entry(ptent)) {
        let page = pfn_to_page(swp_offset(ptent));
        if branch(!should_zap_page(Some(page), even_cows)) {
            return;
        }
    } else {
        if branch(!even_cows) {
            return;
        }
        free_swap(ptent);
    }
    pte_clear(vma.vm_mm, addr, ptep);
}

/// Private copies stay when only what the file has is taken away.
fn should_zap_page(page: Option<page_ptr>, even_cows: bool) -> bool {
    if branch(even_cows) {
        return true;
    }
    page.is_none_or(|page| !PageAnon(page))
}
