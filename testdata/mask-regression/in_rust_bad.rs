/* An architecture written in Rust: what is not in the mask is gone, and what is not taken from the new
 * protection stays. */
/* --- file: arch/toy.rs */
use crate::types::*;

const VALID: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const CACHE: u64 = 3 << 4;
const UNCACHED: u64 = 1 << 4;
const DIRTY: u64 = 1 << 6;
const ACCESSED: u64 = 1 << 7;
const PFN: u64 = !((1 << PAGE_SHIFT) - 1);

pub const PAGE_NONE: u64 = 0;
pub const PAGE_READONLY: u64 = VALID;
pub const PAGE_SHARED: u64 = VALID | WRITE;

pub fn pgprot_noncached(prot: pgprot_t) -> pgprot_t {
    pgprot_t((prot.0 & !CACHE) | UNCACHED)
}

pub fn pfn_pte(pfn: u64, prot: pgprot_t) -> pte_t {
    pte_t((pfn << PAGE_SHIFT) | prot.0)
}

pub fn pfn_pmd(pfn: u64, prot: pgprot_t) -> pmd_t {
    pmd_t(pfn_pte(pfn, prot).0)
}

pub fn pte_mkdirty(pte: pte_t) -> pte_t {
    pte_t(pte.0 | DIRTY)
}

pub fn pte_dirty(pte: pte_t) -> bool {
    pte.0 & DIRTY != 0
}

pub fn pmd_write(pmd: pmd_t) -> bool {
    pmd.0 & WRITE != 0
}

fn keep(old: u64, new: u64, kept: u64) -> u64 {
    let mut all = kept;
    all |= ACCESSED;
    if new & VALID == 0 {
        return (old & all) | new;
    }
    (old & all) | (new & !all)
}

pub fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t { /* error: [mask-regression] drops the dirty bit DIRTY */
    pte_t(keep(old.0, newprot.0, PFN | CACHE))
}

pub fn pmd_modify(old: pmd_t, newprot: pgprot_t) -> pmd_t { /* error: [mask-regression] leaves an entry writable */
    pmd_t(keep(old.0, newprot.0, PFN | CACHE | DIRTY | WRITE))
}
/* --- file: types.rs */
pub const PAGE_SHIFT: u32 = 12;

pub struct pgprot_t(pub u64);
pub struct pte_t(pub u64);
pub struct pmd_t(pub u64);
