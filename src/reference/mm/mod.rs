//! The generic code: core mm, one file for each subject.
//!
//! Reading order for the fault path: [`memory`] (`handle_mm_fault`), then
//! [`do_fault`], [`anon`], [`cow`], [`insert`]. What may come later and stumble
//! over an override: [`mprotect`], [`huge_memory`] (the split), [`numa`],
//! [`migrate`], [`swap`], [`fork`], [`mremap`], [`userfaultfd`],
//! [`soft_dirty`], [`writeback`], [`madvise`]. What all of them use: [`vma`],
//! [`pgtable`], [`page`], [`rmap`], [`zap`], and [`mmap`] for VMAs that come and
//! go.
//!
//! Nothing outside [`insert`] and the drivers makes an entry for a driver's
//! memory; everything else changes entries with `pte_modify()` and its kin, or
//! makes new ones from `vma->vm_page_prot` behind a guard that turns such
//! VMAs away.

pub mod anon;
pub mod cow;
pub mod do_fault;
pub mod fork;
pub mod huge_memory;
pub mod insert;
pub mod madvise;
pub mod memory;
pub mod migrate;
pub mod mmap;
pub mod mprotect;
pub mod mremap;
pub mod numa;
pub mod page;
pub mod pgtable;
pub mod rmap;
pub mod soft_dirty;
pub mod swap;
pub mod userfaultfd;
pub mod vma;
pub mod writeback;
pub mod zap;
