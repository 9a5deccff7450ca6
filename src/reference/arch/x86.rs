//! x86-64 with PAT and AMD's encryption bit.
//!
//! Bit places: Linux `arch/x86/include/asm/pgtable_types.h`; AMD64 APM volume 2,
//! 5.3 (entries), 7.8 (PAT) and 7.10.2 (the C-bit). The C-bit's place is
//! found by CPUID 8000_001F; 51 is what current parts report.

use super::cache_mode;
use crate::reference::faults::{CONFIG_FAULT_LOSSY_PTE_MODIFY, is_injected};
use crate::reference::types::*;

const _PAGE_PRESENT: u64 = 1 << 0;
const _PAGE_RW: u64 = 1 << 1;
const _PAGE_USER: u64 = 1 << 2;
const _PAGE_PWT: u64 = 1 << 3;
const _PAGE_PCD: u64 = 1 << 4;
const _PAGE_ACCESSED: u64 = 1 << 5;
const _PAGE_DIRTY: u64 = 1 << 6;
/// Makes a PMD or PUD entry a leaf.
const _PAGE_PSE: u64 = 1 << 7;
/// The third PAT index bit of a PTE; it shares its place with `_PAGE_PSE`.
const _PAGE_PAT: u64 = 1 << 7;
/// The third PAT index bit of a PMD or PUD leaf.
const _PAGE_PAT_LARGE: u64 = 1 << 12;
/// Only while `_PAGE_PRESENT` is clear; the place of the global bit.
const _PAGE_PROTNONE: u64 = 1 << 8;
const _PAGE_SPECIAL: u64 = 1 << 9;
const _PAGE_UFFD_WP: u64 = 1 << 10;
const _PAGE_SOFT_DIRTY: u64 = 1 << 11;
const _PAGE_DEVMAP: u64 = 1 << 58;
const _PAGE_ENC: u64 = 1 << 51;
const _PAGE_NX: u64 = 1 << 63;

const _PAGE_SWP_SOFT_DIRTY: u64 = _PAGE_RW;
const _PAGE_SWP_UFFD_WP: u64 = _PAGE_USER;
const _PAGE_SWP_EXCLUSIVE: u64 = _PAGE_PWT;

const PTE_PFN_MASK: u64 = ((1 << 51) - 1) & !(PAGE_SIZE - 1);
/// Of a PMD or PUD leaf: bit 12 is `_PAGE_PAT_LARGE` there.
const PHYSICAL_PMD_PAGE_MASK: u64 = PTE_PFN_MASK & !_PAGE_PAT_LARGE;

const _PAGE_CACHE_MASK: u64 = _PAGE_PWT | _PAGE_PCD | _PAGE_PAT;
const _PAGE_LARGE_CACHE_MASK: u64 = _PAGE_PWT | _PAGE_PCD | _PAGE_PAT_LARGE;

const _COMMON_PAGE_CHG_MASK: u64 = PTE_PFN_MASK
    | _PAGE_PCD
    | _PAGE_PWT
    | _PAGE_SPECIAL
    | _PAGE_ACCESSED
    | _PAGE_DIRTY
    | _PAGE_SOFT_DIRTY
    | _PAGE_DEVMAP
    | _PAGE_ENC
    | _PAGE_UFFD_WP;
/// The bits a change of protection keeps in a PTE.
const _PAGE_CHG_MASK: u64 = _COMMON_PAGE_CHG_MASK | _PAGE_PAT;
/// The bits a change of protection keeps in a PMD or PUD leaf.
const _HPAGE_CHG_MASK: u64 = _COMMON_PAGE_CHG_MASK | _PAGE_PSE | _PAGE_PAT_LARGE;

const PAGE_NONE: u64 = _PAGE_PROTNONE | _PAGE_ACCESSED;
const PAGE_READONLY: u64 = _PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX;
const PAGE_SHARED: u64 = PAGE_READONLY | _PAGE_RW;

/// Takes the caching mode and the encryption bit from the new protection
/// instead of the old entry. This is what x86 did to the encryption bit before
/// it joined `_PAGE_CHG_MASK`.
fn chg_mask(mask: u64, cache_mask: u64) -> u64 {
    if is_injected(CONFIG_FAULT_LOSSY_PTE_MODIFY) {
        return mask & !(cache_mask | _PAGE_ENC);
    }
    mask
}

pub fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t {
    let mask = chg_mask(_PAGE_CHG_MASK, _PAGE_CACHE_MASK);
    let val = (old.0 & mask) | (newprot.0 & !mask);
    pte_t(flip_protnone_guard(old.0, val, PTE_PFN_MASK))
}

pub fn pmd_modify(old: pmd_t, newprot: pgprot_t) -> pmd_t {
    let mask = chg_mask(_HPAGE_CHG_MASK, _PAGE_LARGE_CACHE_MASK);
    let val = (old.0 & mask) | (newprot.0 & !mask);
    pmd_t(flip_protnone_guard(old.0, val, PHYSICAL_PMD_PAGE_MASK))
}

pub fn pgprot_modify(oldprot: pgprot_t, newprot: pgprot_t) -> pgprot_t {
    pgprot_t((oldprot.0 & _PAGE_CHG_MASK) | (newprot.0 & !_PAGE_CHG_MASK))
}

/// `protection_map` after `add_encrypt_protection_map()`: every default is
/// encrypted.
pub fn vm_get_page_prot(vm_flags: vm_flags_t) -> pgprot_t {
    let access = vm_flags & (VM_READ | VM_WRITE | VM_SHARED);
    let prot = if access & (VM_READ | VM_WRITE) == 0 {
        PAGE_NONE
    } else if access & VM_WRITE != 0 && access & VM_SHARED != 0 {
        PAGE_SHARED
    } else {
        PAGE_READONLY
    };
    pgprot_t(prot | _PAGE_ENC)
}

/// `cachemode2protval()`: the PAT entries Linux programs (`pat_bp_init`).
fn cachemode2protval(mode: cache_mode) -> u64 {
    match mode {
        cache_mode::WriteBack => 0,
        cache_mode::WriteCombined => _PAGE_PWT,
        cache_mode::Uncached => _PAGE_PCD,
    }
}

pub fn pgprot_cachemode(prot: pgprot_t, mode: cache_mode) -> pgprot_t {
    pgprot_t((prot.0 & !_PAGE_CACHE_MASK) | cachemode2protval(mode))
}

pub fn pgprot_decrypted(prot: pgprot_t) -> pgprot_t {
    pgprot_t(prot.0 & !_PAGE_ENC)
}

/// Every attribute bit of a PTE (`huge` false) or of a larger leaf.
pub fn attribute_mask(huge: bool) -> u64 {
    if huge {
        _PAGE_LARGE_CACHE_MASK | _PAGE_ENC
    } else {
        _PAGE_CACHE_MASK | _PAGE_ENC
    }
}

pub fn describe_attributes(prot: pgprot_t) -> String {
    let val = prot.0;
    let cache = match val & (_PAGE_PWT | _PAGE_PCD) {
        0 => "write-back",
        _PAGE_PWT => "write-combined",
        _PAGE_PCD => "uncached",
        _ => "strongly uncached",
    };
    let enc = if val & _PAGE_ENC != 0 {
        "encrypted"
    } else {
        "decrypted"
    };
    format!("{cache}, {enc}")
}

/// A non-present entry that maps a page keeps its pfn inverted, so that
/// speculation finds no cached line behind it (`pgtable-invert.h`).
fn __pte_needs_invert(val: u64) -> bool {
    val != 0 && val & _PAGE_PRESENT == 0
}

fn protnone_mask(val: u64) -> u64 {
    if __pte_needs_invert(val) { u64::MAX } else { 0 }
}

fn flip_protnone_guard(oldval: u64, val: u64, mask: u64) -> u64 {
    if __pte_needs_invert(oldval) != __pte_needs_invert(val) {
        return (val & !mask) | (!val & mask);
    }
    val
}

pub fn pfn_pte(pfn: u64, prot: pgprot_t) -> pte_t {
    let pfn = (pfn << PAGE_SHIFT) ^ protnone_mask(prot.0);
    pte_t((pfn & PTE_PFN_MASK) | prot.0)
}

pub fn pte_pfn(pte: pte_t) -> u64 {
    ((pte.0 ^ protnone_mask(pte.0)) & PTE_PFN_MASK) >> PAGE_SHIFT
}

pub fn pfn_pmd(pfn: u64, prot: pgprot_t) -> pmd_t {
    let pfn = (pfn << PAGE_SHIFT) ^ protnone_mask(prot.0);
    pmd_t((pfn & PHYSICAL_PMD_PAGE_MASK) | prot.0)
}

pub fn pmd_pfn(pmd: pmd_t) -> u64 {
    ((pmd.0 ^ protnone_mask(pmd.0)) & PHYSICAL_PMD_PAGE_MASK) >> PAGE_SHIFT
}

pub fn pmd_mkhuge(pmd: pmd_t) -> pmd_t {
    pmd_t(pmd.0 | _PAGE_PSE)
}

pub fn pmd_leaf(pmd: pmd_t) -> bool {
    pmd.0 & _PAGE_PSE != 0
}

/// The value of an entry that points to a lower table; the table itself is
/// implied by the place of the entry.
pub fn table_entry() -> u64 {
    _PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY
}

pub fn pte_present(pte: pte_t) -> bool {
    pte.0 & (_PAGE_PRESENT | _PAGE_PROTNONE) != 0
}

pub fn pte_protnone(pte: pte_t) -> bool {
    pte.0 & (_PAGE_PRESENT | _PAGE_PROTNONE) == _PAGE_PROTNONE
}

pub fn pte_write(pte: pte_t) -> bool {
    pte.0 & _PAGE_RW != 0
}

pub fn pte_mkwrite(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_RW)
}

pub fn pte_wrprotect(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_RW)
}

pub fn pte_dirty(pte: pte_t) -> bool {
    pte.0 & _PAGE_DIRTY != 0
}

pub fn pte_mkdirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
}

pub fn pte_mkclean(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_DIRTY)
}

pub fn pte_young(pte: pte_t) -> bool {
    pte.0 & _PAGE_ACCESSED != 0
}

pub fn pte_mkyoung(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_ACCESSED)
}

pub fn pte_mkold(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_ACCESSED)
}

pub fn pte_special(pte: pte_t) -> bool {
    pte.0 & _PAGE_SPECIAL != 0
}

pub fn pte_mkspecial(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_SPECIAL)
}

pub fn pte_soft_dirty(pte: pte_t) -> bool {
    pte.0 & _PAGE_SOFT_DIRTY != 0
}

pub fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_SOFT_DIRTY)
}

pub fn pte_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_SOFT_DIRTY)
}

pub fn pte_uffd_wp(pte: pte_t) -> bool {
    pte.0 & _PAGE_UFFD_WP != 0
}

/// Also takes write permission away, as every user wants.
pub fn pte_mkuffd_wp(pte: pte_t) -> pte_t {
    pte_wrprotect(pte_t(pte.0 | _PAGE_UFFD_WP))
}

pub fn pte_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_UFFD_WP)
}

/// The offset is kept inverted, so that a swap entry points to no memory
/// (`pgtable_64.h`).
pub fn swp_entry_to_pte(swp_type: u64, offset: u64) -> pte_t {
    pte_t((!offset << 14 >> 5) | (swp_type << 59))
}

pub fn swp_type(pte: pte_t) -> u64 {
    pte.0 >> 59
}

pub fn swp_offset(pte: pte_t) -> u64 {
    !pte.0 << 5 >> 14
}

pub fn pte_swp_soft_dirty(pte: pte_t) -> bool {
    pte.0 & _PAGE_SWP_SOFT_DIRTY != 0
}

pub fn pte_swp_mksoft_dirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_SWP_SOFT_DIRTY)
}

pub fn pte_swp_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_SWP_SOFT_DIRTY)
}

pub fn pte_swp_uffd_wp(pte: pte_t) -> bool {
    pte.0 & _PAGE_SWP_UFFD_WP != 0
}

pub fn pte_swp_mkuffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_SWP_UFFD_WP)
}

pub fn pte_swp_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_SWP_UFFD_WP)
}

pub fn pte_swp_exclusive(pte: pte_t) -> bool {
    pte.0 & _PAGE_SWP_EXCLUSIVE != 0
}

pub fn pte_swp_mkexclusive(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_SWP_EXCLUSIVE)
}

pub fn pte_swp_clear_exclusive(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_SWP_EXCLUSIVE)
}

/// Whether the processor, in user mode, may use this leaf.
pub fn hw_allows(val: u64, write: bool) -> bool {
    let needed = if write {
        _PAGE_PRESENT | _PAGE_USER | _PAGE_RW
    } else {
        _PAGE_PRESENT | _PAGE_USER
    };
    val & needed == needed
}

/// The processor sets the accessed and dirty bits itself.
pub fn hw_set_access(val: u64, write: bool) -> u64 {
    if write {
        val | _PAGE_ACCESSED | _PAGE_DIRTY
    } else {
        val | _PAGE_ACCESSED
    }
}
