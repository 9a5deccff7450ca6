//! arm64 with 4 KiB pages, hardware access flag and dirty state (FEAT_HAFDBS).
//!
//! Bit places: Linux `arch/arm64/include/asm/pgtable-hwdef.h` and
//! `pgtable-prot.h`; Arm ARM DDI 0487, D8.3 (VMSAv8-64 descriptor formats).
//! Encryption is not an attribute of an entry here.

use super::cache_mode;
use crate::reference::faults::{CONFIG_FAULT_LOSSY_PTE_MODIFY, is_injected};
use crate::reference::types::*;

const PTE_VALID: u64 = 1 << 0;
/// Set in a PTE and in an entry that points to a table, clear in a block.
const PTE_TABLE_BIT: u64 = 1 << 1;
const PTE_USER: u64 = 1 << 6;
const PTE_RDONLY: u64 = 1 << 7;
const PTE_SHARED: u64 = 3 << 8;
const PTE_AF: u64 = 1 << 10;
const PTE_NG: u64 = 1 << 11;
/// While `PTE_VALID` is clear: the fields are those of a mapped page.
const PTE_PRESENT_INVALID: u64 = PTE_NG;
const PTE_GP: u64 = 1 << 50;
/// The hardware's dirty bit modifier: a write clears `PTE_RDONLY`.
const PTE_WRITE: u64 = 1 << 51;
const PTE_PXN: u64 = 1 << 53;
const PTE_UXN: u64 = 1 << 54;
/// Dirty as the kernel recorded it, beside what the hardware did.
const PTE_DIRTY: u64 = 1 << 55;
const PTE_SPECIAL: u64 = 1 << 56;
const PTE_UFFD_WP: u64 = 1 << 58;

const PTE_SWP_EXCLUSIVE: u64 = 1 << 2;
const PTE_SWP_UFFD_WP: u64 = 1 << 3;

const PTE_ADDR_LOW: u64 = ((1 << 48) - 1) & !(PAGE_SIZE - 1);

const PTE_ATTRINDX_MASK: u64 = 7 << 2;
const MT_NORMAL: u64 = 0;
const MT_NORMAL_NC: u64 = 2;
const MT_DEVICE_nGnRnE: u64 = 3;

const _PAGE_DEFAULT: u64 =
    PTE_VALID | PTE_TABLE_BIT | PTE_AF | PTE_SHARED | pte_attrindx(MT_NORMAL);
const _PAGE_READONLY: u64 = _PAGE_DEFAULT | PTE_USER | PTE_RDONLY | PTE_NG | PTE_PXN | PTE_UXN;
/// Clean by default, hence read-only together with the dirty bit modifier.
const _PAGE_SHARED: u64 = _PAGE_READONLY | PTE_WRITE;
const PAGE_NONE: u64 =
    (_PAGE_DEFAULT & !PTE_VALID) | PTE_PRESENT_INVALID | PTE_RDONLY | PTE_NG | PTE_PXN | PTE_UXN;

const fn pte_attrindx(index: u64) -> u64 {
    index << 2
}

/// Unlike Linux since the memory tagging extension came in, the memory type is
/// not among the bits taken from the new protection: this model's helpers keep
/// attribute bits. The lossy variant is what Linux 6.12 has.
pub fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t {
    let mut mask = PTE_USER
        | PTE_PXN
        | PTE_UXN
        | PTE_RDONLY
        | PTE_PRESENT_INVALID
        | PTE_VALID
        | PTE_WRITE
        | PTE_GP;
    if is_injected(CONFIG_FAULT_LOSSY_PTE_MODIFY) {
        mask |= PTE_ATTRINDX_MASK;
    }
    let mut old = old;
    if pte_hw_dirty(old) {
        old = pte_t(old.0 | PTE_DIRTY);
    }
    let new = pte_t((old.0 & !mask) | (newprot.0 & mask));
    if pte_sw_dirty(new) {
        return pte_mkdirty(new);
    }
    new
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
        return pgprot_t(_PAGE_SHARED);
    }
    pgprot_t(_PAGE_READONLY)
}

/// `pgprot_noncached()` and `pgprot_writecombine()`; write-back is normal
/// memory.
pub fn pgprot_cachemode(prot: pgprot_t, mode: cache_mode) -> pgprot_t {
    let index = match mode {
        cache_mode::WriteBack => MT_NORMAL,
        cache_mode::WriteCombined => MT_NORMAL_NC,
        cache_mode::Uncached => MT_DEVICE_nGnRnE,
    };
    pgprot_t((prot.0 & !PTE_ATTRINDX_MASK) | pte_attrindx(index))
}

pub fn pgprot_decrypted(prot: pgprot_t) -> pgprot_t {
    prot
}

/// The memory type has the same place at every level.
pub fn attribute_mask(_huge: bool) -> u64 {
    PTE_ATTRINDX_MASK
}

pub fn describe_attributes(prot: pgprot_t) -> String {
    let text = match (prot.0 & PTE_ATTRINDX_MASK) >> 2 {
        MT_NORMAL => "Normal write-back",
        MT_NORMAL_NC => "Normal non-cacheable",
        MT_DEVICE_nGnRnE => "Device-nGnRnE",
        _ => "another memory type",
    };
    text.to_string()
}

pub fn pfn_pte(pfn: u64, prot: pgprot_t) -> pte_t {
    pte_t(((pfn << PAGE_SHIFT) & PTE_ADDR_LOW) | prot.0)
}

pub fn pte_pfn(pte: pte_t) -> u64 {
    (pte.0 & PTE_ADDR_LOW) >> PAGE_SHIFT
}

pub fn pfn_pmd(pfn: u64, prot: pgprot_t) -> pmd_t {
    pmd_t(pfn_pte(pfn, prot).0)
}

pub fn pmd_pfn(pmd: pmd_t) -> u64 {
    pte_pfn(pte_t(pmd.0))
}

pub fn pmd_mkhuge(pmd: pmd_t) -> pmd_t {
    pmd_t(pmd.0 & !PTE_TABLE_BIT)
}

pub fn pmd_leaf(pmd: pmd_t) -> bool {
    pmd.0 != 0 && pmd.0 & PTE_TABLE_BIT == 0
}

/// The value of an entry that points to a lower table; the table itself is
/// implied by the place of the entry.
pub fn table_entry() -> u64 {
    PTE_VALID | PTE_TABLE_BIT
}

pub fn pte_present(pte: pte_t) -> bool {
    pte.0 & PTE_VALID != 0 || pte_protnone(pte)
}

pub fn pte_protnone(pte: pte_t) -> bool {
    pte.0 & (PTE_VALID | PTE_PRESENT_INVALID) == PTE_PRESENT_INVALID
}

pub fn pte_write(pte: pte_t) -> bool {
    pte.0 & PTE_WRITE != 0
}

pub fn pte_mkwrite(pte: pte_t) -> pte_t {
    let pte = pte_t(pte.0 | PTE_WRITE);
    if pte_sw_dirty(pte) {
        return pte_t(pte.0 & !PTE_RDONLY);
    }
    pte
}

pub fn pte_wrprotect(pte: pte_t) -> pte_t {
    let mut pte = pte;
    if pte_hw_dirty(pte) {
        pte = pte_t(pte.0 | PTE_DIRTY);
    }
    pte_t((pte.0 & !PTE_WRITE) | PTE_RDONLY)
}

fn pte_hw_dirty(pte: pte_t) -> bool {
    pte_write(pte) && pte.0 & PTE_RDONLY == 0
}

fn pte_sw_dirty(pte: pte_t) -> bool {
    pte.0 & PTE_DIRTY != 0
}

pub fn pte_dirty(pte: pte_t) -> bool {
    pte_sw_dirty(pte) || pte_hw_dirty(pte)
}

pub fn pte_mkdirty(pte: pte_t) -> pte_t {
    let pte = pte_t(pte.0 | PTE_DIRTY);
    if pte_write(pte) {
        return pte_t(pte.0 & !PTE_RDONLY);
    }
    pte
}

pub fn pte_mkclean(pte: pte_t) -> pte_t {
    pte_t((pte.0 & !PTE_DIRTY) | PTE_RDONLY)
}

pub fn pte_young(pte: pte_t) -> bool {
    pte.0 & PTE_AF != 0
}

pub fn pte_mkyoung(pte: pte_t) -> pte_t {
    pte_t(pte.0 | PTE_AF)
}

pub fn pte_mkold(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !PTE_AF)
}

pub fn pte_special(pte: pte_t) -> bool {
    pte.0 & PTE_SPECIAL != 0
}

pub fn pte_mkspecial(pte: pte_t) -> pte_t {
    pte_t(pte.0 | PTE_SPECIAL)
}

/// arm64 has no soft-dirty bit.
pub fn pte_soft_dirty(_pte: pte_t) -> bool {
    false
}

pub fn pte_mksoft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_uffd_wp(pte: pte_t) -> bool {
    pte.0 & PTE_UFFD_WP != 0
}

/// Also takes write permission away, as every user wants.
pub fn pte_mkuffd_wp(pte: pte_t) -> pte_t {
    pte_wrprotect(pte_t(pte.0 | PTE_UFFD_WP))
}

pub fn pte_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !PTE_UFFD_WP)
}

pub fn swp_entry_to_pte(swp_type: u64, offset: u64) -> pte_t {
    pte_t((swp_type << 6) | (offset << 12))
}

pub fn swp_type(pte: pte_t) -> u64 {
    (pte.0 >> 6) & 31
}

pub fn swp_offset(pte: pte_t) -> u64 {
    (pte.0 >> 12) & ((1 << 50) - 1)
}

/// arm64 has no soft-dirty bit in swap entries either.
pub fn pte_swp_soft_dirty(_pte: pte_t) -> bool {
    false
}

pub fn pte_swp_mksoft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_swp_clear_soft_dirty(pte: pte_t) -> pte_t {
    pte
}

pub fn pte_swp_uffd_wp(pte: pte_t) -> bool {
    pte.0 & PTE_SWP_UFFD_WP != 0
}

pub fn pte_swp_mkuffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 | PTE_SWP_UFFD_WP)
}

pub fn pte_swp_clear_uffd_wp(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !PTE_SWP_UFFD_WP)
}

pub fn pte_swp_exclusive(pte: pte_t) -> bool {
    pte.0 & PTE_SWP_EXCLUSIVE != 0
}

pub fn pte_swp_mkexclusive(pte: pte_t) -> pte_t {
    pte_t(pte.0 | PTE_SWP_EXCLUSIVE)
}

pub fn pte_swp_clear_exclusive(pte: pte_t) -> pte_t {
    pte_t(pte.0 & !PTE_SWP_EXCLUSIVE)
}

/// Whether the processor, in user mode, may use this leaf. With hardware
/// management of the dirty state, a writable clean entry does not fault.
pub fn hw_allows(val: u64, write: bool) -> bool {
    if val & (PTE_VALID | PTE_USER) != PTE_VALID | PTE_USER {
        return false;
    }
    !write || val & PTE_RDONLY == 0 || val & PTE_WRITE != 0
}

/// The processor sets the access flag, and clears read-only on a write.
pub fn hw_set_access(val: u64, write: bool) -> u64 {
    if write {
        (val | PTE_AF) & !PTE_RDONLY
    } else {
        val | PTE_AF
    }
}
