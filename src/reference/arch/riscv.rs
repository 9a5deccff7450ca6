//! riscv64 with Svpbmt memory types and Svade: the processor faults where an
//! accessed or dirty bit would have to be set, and the kernel sets it.
//!
//! Bit places: Linux `arch/riscv/include/asm/pgtable-bits.h` and
//! `pgtable-64.h`; RISC-V privileged specification, chapters "Svpbmt" and
//! "Svade". Encryption is not an attribute of an entry here, and Linux 6.12
//! has neither soft-dirty nor userfaultfd write protection on riscv.

use super::cache_mode;
use crate::reference::faults::{CONFIG_FAULT_LOSSY_PTE_MODIFY, is_injected};
use crate::reference::types::*;

const _PAGE_PRESENT: u64 = 1 << 0;
const _PAGE_READ: u64 = 1 << 1;
const _PAGE_WRITE: u64 = 1 << 2;
const _PAGE_EXEC: u64 = 1 << 3;
const _PAGE_USER: u64 = 1 << 4;
const _PAGE_GLOBAL: u64 = 1 << 5;
const _PAGE_ACCESSED: u64 = 1 << 6;
const _PAGE_DIRTY: u64 = 1 << 7;
const _PAGE_SPECIAL: u64 = 1 << 8;
/// Only while `_PAGE_PRESENT` is clear.
const _PAGE_PROT_NONE: u64 = _PAGE_GLOBAL;
const _PAGE_SWP_EXCLUSIVE: u64 = _PAGE_ACCESSED;

const _PAGE_PFN_SHIFT: u32 = 10;
const _PAGE_PFN_MASK: u64 = ((1 << 54) - 1) & !((1 << _PAGE_PFN_SHIFT) - 1);

const _PAGE_NOCACHE: u64 = 1 << 61;
const _PAGE_IO: u64 = 1 << 62;
const _PAGE_MTMASK: u64 = _PAGE_NOCACHE | _PAGE_IO;

/// The bits a change of protection replaces. Linux 6.12 counts the memory type
/// among them, which is the lossy variant here; this model's helpers keep
/// attribute bits.
const _PAGE_REPLACED: u64 =
    _PAGE_PRESENT | _PAGE_READ | _PAGE_WRITE | _PAGE_EXEC | _PAGE_USER | _PAGE_GLOBAL;

const _PAGE_BASE: u64 = _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_USER;
const PAGE_NONE: u64 = _PAGE_PROT_NONE | _PAGE_READ;
const PAGE_READ: u64 = _PAGE_BASE | _PAGE_READ;
const PAGE_SHARED: u64 = _PAGE_BASE | _PAGE_READ | _PAGE_WRITE;

pub fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t {
    let mut replaced = _PAGE_REPLACED;
    if is_injected(CONFIG_FAULT_LOSSY_PTE_MODIFY) {
        replaced |= _PAGE_MTMASK;
    }
    pte_t((old.0 & !replaced) | (newprot.0 & replaced))
}

pub fn pmd_modify(old: pmd_t, newprot: pgprot_t) -> pmd_t {
    pmd_t(pte_modify(pte_t(old.0), newprot).0)
}

/// The generic one of `include/linux/pgtable.h`: it recognises the
/// attributes it must keep by trying them on.
pub fn pgprot_modify(oldprot: pgprot_t, newprot: pgprot_t) -> pgprot_t {
    if oldprot == pgprot_cachemode(oldprot, cache_mode::Uncached) {
        return pgprot_cachemode(newprot, cache_mode::Uncached);
    }
    if oldprot == pgprot_cachemode(oldprot, cache_mode::WriteCombined) {
        return pgprot_cachemode(newprot, cache_mode::WriteCombined);
    }
    newprot
}

pub fn vm_get_page_prot(vm_flags: vm_flags_t) -> pgprot_t {
    if vm_flags & (VM_READ | VM_WRITE) == 0 {
        return pgprot_t(PAGE_NONE);
    }
    if vm_flags & VM_WRITE != 0 && vm_flags & VM_SHARED != 0 {
        return pgprot_t(PAGE_SHARED);
    }
    pgprot_t(PAGE_READ)
}

/// `pgprot_noncached()` and `pgprot_writecombine()`; write-back leaves the type
/// to the physical memory attributes.
pub fn pgprot_cachemode(prot: pgprot_t, mode: cache_mode) -> pgprot_t {
    let bits = match mode {
        cache_mode::WriteBack => 0,
        cache_mode::WriteCombined => _PAGE_NOCACHE,
        cache_mode::Uncached => _PAGE_IO,
    };
    pgprot_t((prot.0 & !_PAGE_MTMASK) | bits)
}

pub fn pgprot_decrypted(prot: pgprot_t) -> pgprot_t {
    prot
}

/// The memory type has the same place at every level.
pub fn attribute_mask(_huge: bool) -> u64 {
    _PAGE_MTMASK
}

pub fn describe_attributes(prot: pgprot_t) -> String {
    let text = match prot.0 & _PAGE_MTMASK {
        0 => "PMA (main memory)",
        _PAGE_NOCACHE => "NC (non-cacheable)",
        _PAGE_IO => "IO (strongly ordered)",
        _ => "reserved memory type",
    };
    text.to_string()
}

pub fn pfn_pte(pfn: u64, prot: pgprot_t) -> pte_t {
    pte_t(((pfn << _PAGE_PFN_SHIFT) & _PAGE_PFN_MASK) | prot.0)
}

pub fn pte_pfn(pte: pte_t) -> u64 {
    (pte.0 & _PAGE_PFN_MASK) >> _PAGE_PFN_SHIFT
}

pub fn pfn_pmd(pfn: u64, prot: pgprot_t) -> pmd_t {
    pmd_t(pfn_pte(pfn, prot).0)
}

pub fn pmd_pfn(pmd: pmd_t) -> u64 {
    pte_pfn(pte_t(pmd.0))
}

/// A leaf needs no mark: any of read, write, execute makes one.
pub fn pmd_mkhuge(pmd: pmd_t) -> pmd_t {
    pmd
}

pub fn pmd_leaf(pmd: pmd_t) -> bool {
    pmd.0 & (_PAGE_READ | _PAGE_WRITE | _PAGE_EXEC) != 0
}

/// The value of an entry that points to a lower table; the table itself is
/// implied by the place of the entry.
pub fn table_entry() -> u64 {
    _PAGE_PRESENT
}

pub fn pte_present(pte: pte_t) -> bool {
    pte.0 & (_PAGE_PRESENT | _PAGE_PROT_NONE) != 0
}

pub fn pte_protnone(pte: pte_t) -> bool {
    pte.0 & (_PAGE_PRESENT | _PAGE_PROT_NONE) == _PAGE_PROT_NONE
}

pub fn pte_write(pte: pte_t) -> bool {
    pte.0 & _PAGE_WRITE != 0
}

pub fn pte_mkwrite(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_WRITE)
}

pub fn pte_wrprotect(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !_PAGE_WRITE)
}

pub fn pte_dirty(pte: pte_t) -> bool {
    pte.0 & _PAGE_DIRTY != 0
}

pub fn pte_mkdirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 | _PAGE_DIRTY)
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

pub fn pte_soft_dirty(_pte: pte_t) -> bool {
    false
}

pub fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_uffd_wp(_pte: pte_t) -> bool {
    false
}

pub fn pte_mkuffd_wp(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte
}

pub fn swp_entry_to_pte(swp_type: u64, offset: u64) -> pte_t {
    pte_t((swp_type << 7) | (offset << 12))
}

pub fn swp_type(pte: pte_t) -> u64 {
    (pte.0 >> 7) & 31
}

pub fn swp_offset(pte: pte_t) -> u64 {
    pte.0 >> 12
}

pub fn pte_swp_soft_dirty(_pte: pte_t) -> bool {
    false
}

pub fn pte_swp_mksoft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_swp_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_swp_uffd_wp(_pte: pte_t) -> bool {
    false
}

pub fn pte_swp_mkuffd_wp(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_swp_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte
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
    let mut needed = _PAGE_PRESENT | _PAGE_USER | _PAGE_READ | _PAGE_ACCESSED;
    if write {
        needed |= _PAGE_WRITE | _PAGE_DIRTY;
    }
    val & needed == needed
}

/// With Svade there is nothing left for the processor to set.
pub fn hw_set_access(val: u64, _write: bool) -> u64 {
    val
}
