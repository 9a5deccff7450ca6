//! The insertion APIs: how drivers make entries for their memory
//! (`mm/memory.c`, `mm/huge_memory.c`).
//!
//! These make overrides: the protection comes from the caller and, on x86,
//! from the memory type table. What they enforce is all that is certain of an
//! override mapping: it is exactly one of `VM_PFNMAP` and `VM_MIXEDMAP`, never
//! both `VM_PFNMAP` and copy-on-write (unless mapped as a whole by
//! `remap_pfn_range`), and its raw entries are special.
//!
//! The check of `pfn_modify_allowed()` is not modelled: it concerns
//! processors with the L1TF defect, which have no encryption bit.

use super::super::arch::memtype::{track_pfn_insert, track_pfn_remap};
use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_DROPPED_PROTECTION, is_injected};
use super::super::machine::{BUG_ON, ZERO_PFN, pfn_valid};
use super::super::types::*;
use super::pgtable::*;
use super::vma::is_cow_mapping;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::INSERT, condition)
}

/// Inserts a raw entry with the default protection of the VMA.
pub fn vmf_insert_pfn(vma: &vm_area_struct, addr: u64, pfn: u64) -> vm_fault_t {
    vmf_insert_pfn_prot(vma, addr, pfn, vma.vm_page_prot)
}

/// Inserts a raw entry with a protection of the caller's: an override if its
/// attributes differ from those of `vma->vm_page_prot`.
pub fn vmf_insert_pfn_prot(
    vma: &vm_area_struct,
    addr: u64,
    pfn: u64,
    pgprot: pgprot_t,
) -> vm_fault_t {
    let mut pgprot = pgprot;
    check_insertion(vma);
    BUG_ON(
        (vma.vm_flags & VM_MIXEDMAP != 0) & pfn_valid(pfn),
        "vmf_insert_pfn_prot: a VM_MIXEDMAP VMA and a pfn with a struct page",
    );
    if branch(addr < vma.vm_start) || branch(addr >= vma.vm_end) {
        return VM_FAULT_SIGBUS;
    }
    track_pfn_insert(vma, &mut pgprot, pfn);
    insert_pfn(vma, addr, pfn, pgprot)
}

/// Inserts a raw entry into a `VM_MIXEDMAP` VMA; the pfn may have a struct
/// page (until Linux 6.3).
pub fn vmf_insert_mixed_prot(
    vma: &vm_area_struct,
    addr: u64,
    pfn: u64,
    pgprot: pgprot_t,
) -> vm_fault_t {
    let mut pgprot = pgprot;
    BUG_ON(
        !vm_mixed_ok(vma, pfn),
        "vmf_insert_mixed_prot: not a VM_MIXEDMAP VMA",
    );
    if branch(addr < vma.vm_start) || branch(addr >= vma.vm_end) {
        return VM_FAULT_SIGBUS;
    }
    track_pfn_insert(vma, &mut pgprot, pfn);
    insert_pfn(vma, addr, pfn, pgprot)
}

fn vm_mixed_ok(vma: &vm_area_struct, pfn: u64) -> bool {
    (vma.vm_flags & VM_MIXEDMAP != 0) | (pfn == ZERO_PFN)
}

/// What `vmf_insert_pfn_prot` and the huge insertions have in common.
fn check_insertion(vma: &vm_area_struct) {
    let kind = vma.vm_flags & (VM_PFNMAP | VM_MIXEDMAP);
    BUG_ON(
        kind == 0,
        "insertion into a VMA that is neither VM_PFNMAP nor VM_MIXEDMAP",
    );
    BUG_ON(
        kind == VM_PFNMAP | VM_MIXEDMAP,
        "insertion into a VMA that is both VM_PFNMAP and VM_MIXEDMAP",
    );
    BUG_ON(
        (vma.vm_flags & VM_PFNMAP != 0) & is_cow_mapping(vma.vm_flags),
        "insertion into a VM_PFNMAP VMA that is copy-on-write",
    );
}

/// The originals return `VM_FAULT_SIGBUS` for an address outside the VMA; the
/// address is that of the fault here, and a leaf that sticks out is a bug.
fn check_huge_insertion(vma: &vm_area_struct, addr: u64, size: u64) {
    BUG_ON(
        (addr < vma.vm_start) | (addr + size > vma.vm_end),
        "huge insertion: the leaf does not lie in the VMA",
    );
}

fn insert_pfn(vma: &vm_area_struct, addr: u64, pfn: u64, prot: pgprot_t) -> vm_fault_t {
    let mut prot = prot;
    if is_injected(CONFIG_FAULT_DROPPED_PROTECTION) {
        prot = vma.vm_page_prot;
    }
    let ptep = get_locked_pte(vma.vm_mm, addr);
    if branch(!pte_none(ptep_get(ptep))) {
        return VM_FAULT_NOPAGE;
    }
    let entry = pte_mkspecial(pfn_pte(pfn, prot));
    set_pte_at(vma.vm_mm, addr, ptep, entry);
    VM_FAULT_NOPAGE
}

/// Inserts a raw PMD leaf (`_prot` from 5.6 to 6.3).
pub fn vmf_insert_pfn_pmd_prot(
    vmf: &vm_fault,
    pfn: u64,
    pgprot: pgprot_t,
    write: bool,
) -> vm_fault_t {
    let vma = vmf.vma;
    let mut pgprot = pgprot;
    let addr = vmf.address & !(PMD_SIZE - 1);
    check_insertion(vma);
    check_huge_insertion(vma, addr, PMD_SIZE);
    track_pfn_insert(vma, &mut pgprot, pfn);
    insert_pfn_pmd(vma, addr, vmf.pmd, pfn, pgprot, write);
    VM_FAULT_NOPAGE
}

fn insert_pfn_pmd(
    vma: &vm_area_struct,
    addr: u64,
    pmd: pmd_ptr,
    pfn: u64,
    prot: pgprot_t,
    write: bool,
) {
    let mut prot = prot;
    if is_injected(CONFIG_FAULT_DROPPED_PROTECTION) {
        prot = vma.vm_page_prot;
    }
    let old = pmdp_get(pmd);
    BUG_ON(
        !pmd_none(old) & (pmd_pfn(old) != pfn),
        "insert_pfn_pmd: something else is mapped already",
    );
    let mut entry = old;
    if branch(pmd_none(old)) {
        entry = pmd_mkspecial(pmd_mkhuge(pfn_pmd(pfn, prot)));
    }
    if branch(write) {
        entry = maybe_pmd_mkwrite(pmd_mkdirty(pmd_mkyoung(entry)), vma);
    }
    set_pmd_at(vma.vm_mm, addr, pmd, entry);
}

/// Inserts a raw PUD leaf (`_prot` from 5.6 to 6.3).
pub fn vmf_insert_pfn_pud_prot(
    vmf: &vm_fault,
    pfn: u64,
    pgprot: pgprot_t,
    write: bool,
) -> vm_fault_t {
    let vma = vmf.vma;
    let mut pgprot = pgprot;
    let addr = vmf.address & !(PUD_SIZE - 1);
    check_insertion(vma);
    check_huge_insertion(vma, addr, PUD_SIZE);
    track_pfn_insert(vma, &mut pgprot, pfn);
    insert_pfn_pud(vma, addr, vmf.pud, pfn, pgprot, write);
    VM_FAULT_NOPAGE
}

fn insert_pfn_pud(
    vma: &vm_area_struct,
    addr: u64,
    pud: pud_ptr,
    pfn: u64,
    prot: pgprot_t,
    write: bool,
) {
    let mut prot = prot;
    if is_injected(CONFIG_FAULT_DROPPED_PROTECTION) {
        prot = vma.vm_page_prot;
    }
    let old = pudp_get(pud);
    BUG_ON(
        !pud_none(old) & (pud_pfn(old) != pfn),
        "insert_pfn_pud: something else is mapped already",
    );
    let mut entry = old;
    if branch(pud_none(old)) {
        entry = pud_mkspecial(pud_mkhuge(pfn_pud(pfn, prot)));
    }
    if branch(write) {
        entry = maybe_pud_mkwrite(pud_mkdirty(pud_mkyoung(entry)), vma);
    }
    set_pud_at(vma.vm_mm, addr, pud, entry);
}

/// Maps a range of pfns at once, from the driver's `mmap`. Returns 0 or a
/// negative error.
///
/// Copy-on-write is permitted for the whole VMA only: the kernel can then tell
/// raw entries from copies by `vma->vm_pgoff` where there is no special bit.
pub fn remap_pfn_range(
    vma: &mut vm_area_struct,
    addr: u64,
    pfn: u64,
    size: u64,
    prot: pgprot_t,
) -> i32 {
    let mut prot = prot;
    let end = addr + size;
    track_pfn_remap(vma, &mut prot, pfn);
    if branch(is_cow_mapping(vma.vm_flags)) {
        if branch((addr != vma.vm_start) | (end != vma.vm_end)) {
            return -EINVAL;
        }
        vma.vm_pgoff = pfn;
    }
    vma.vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
    for addr in page_addresses(addr, end) {
        let pfn = pfn + ((addr + size - end) >> PAGE_SHIFT);
        remap_pte(vma, addr, pfn, prot);
    }
    0
}

fn remap_pte(vma: &vm_area_struct, addr: u64, pfn: u64, prot: pgprot_t) {
    let ptep = get_locked_pte(vma.vm_mm, addr);
    BUG_ON(
        !pte_none(ptep_get(ptep)),
        "remap_pfn_range: something is mapped already",
    );
    set_pte_at(vma.vm_mm, addr, ptep, pte_mkspecial(pfn_pte(pfn, prot)));
}
