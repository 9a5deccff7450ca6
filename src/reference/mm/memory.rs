//! The fault path from the top (`mm/memory.c`).

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::anon::{do_anonymous_page, do_huge_pmd_anonymous_page};
use super::cow::{do_wp_page, wp_huge_pmd, wp_huge_pud};
use super::do_fault::do_fault;
use super::numa::{do_huge_pmd_numa_page, do_numa_page};
use super::pgtable::*;
use super::swap::do_swap_page;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MEMORY, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MEMORY, pointer)
}

/// Handles a fault at an address of a VMA; the mmap lock is held for reading.
/// Whether the VMA permits the access is for the caller to find out.
pub fn handle_mm_fault(vma: &vm_area_struct, address: u64, flags: u32) -> vm_fault_t {
    __handle_mm_fault(vma, address & !(PAGE_SIZE - 1), flags)
}

fn __handle_mm_fault(vma: &vm_area_struct, address: u64, flags: u32) -> vm_fault_t {
    let pud = pud_offset(vma.vm_mm, address);
    let mut vmf = vm_fault {
        vma,
        address,
        flags,
        pgoff: linear_page_index(vma, address),
        pud,
        pmd: pmd_offset(pud, address),
        orig_pud: pudp_get(pud),
        orig_pmd: pmd_t(0),
        pte: None,
        orig_pte: pte_t(0),
        page: None,
        cow_page: None,
    };
    let write = flags & FAULT_FLAG_WRITE != 0;

    if branch(pud_none(vmf.orig_pud)) && branch(thp_vma_allowable(vma, address, PUD_SIZE)) {
        let ret = create_huge_pud(&mut vmf);
        if branch(ret & VM_FAULT_FALLBACK == 0) {
            return ret;
        }
    } else if branch(pud_leaf(vmf.orig_pud)) {
        if branch(write) && branch(!pud_write(vmf.orig_pud)) {
            let ret = wp_huge_pud(&mut vmf);
            if branch(ret & VM_FAULT_FALLBACK == 0) {
                return ret;
            }
        } else {
            huge_pud_set_accessed(&vmf, write);
            return 0;
        }
    }

    vmf.pmd = pmd_alloc(pud, address);
    vmf.orig_pmd = pmdp_get(vmf.pmd);
    if branch(pmd_none(vmf.orig_pmd)) && branch(thp_vma_allowable(vma, address, PMD_SIZE)) {
        let ret = create_huge_pmd(&mut vmf);
        if branch(ret & VM_FAULT_FALLBACK == 0) {
            return ret;
        }
    } else if branch(pmd_leaf(vmf.orig_pmd)) {
        if branch(pmd_protnone(vmf.orig_pmd)) && branch(vma_is_accessible(vma)) {
            return do_huge_pmd_numa_page(&mut vmf);
        }
        if branch(write) && branch(!pmd_write(vmf.orig_pmd)) {
            let ret = wp_huge_pmd(&mut vmf);
            if branch(ret & VM_FAULT_FALLBACK == 0) {
                return ret;
            }
        } else {
            huge_pmd_set_accessed(&vmf, write);
            return 0;
        }
    }

    handle_pte_fault(&mut vmf)
}

fn create_huge_pud(vmf: &mut vm_fault) -> vm_fault_t {
    // There are no anonymous pages of this size.
    if branch(vma_is_anonymous(vmf.vma)) {
        return VM_FAULT_FALLBACK;
    }
    if let Some(huge_fault) = branch_some(vma_ops(vmf.vma).huge_fault) {
        return huge_fault(vmf, PUD_SHIFT - PAGE_SHIFT);
    }
    VM_FAULT_FALLBACK
}

fn create_huge_pmd(vmf: &mut vm_fault) -> vm_fault_t {
    if branch(vma_is_anonymous(vmf.vma)) {
        return do_huge_pmd_anonymous_page(vmf);
    }
    if let Some(huge_fault) = branch_some(vma_ops(vmf.vma).huge_fault) {
        return huge_fault(vmf, PMD_SHIFT - PAGE_SHIFT);
    }
    VM_FAULT_FALLBACK
}

fn huge_pud_set_accessed(vmf: &vm_fault, write: bool) {
    let mut entry = pud_mkyoung(vmf.orig_pud);
    if branch(write) {
        entry = pud_mkdirty(entry);
    }
    set_pud_at(vmf.vma.vm_mm, vmf.address, vmf.pud, entry);
}

fn huge_pmd_set_accessed(vmf: &vm_fault, write: bool) {
    let mut entry = pmd_mkyoung(vmf.orig_pmd);
    if branch(write) {
        entry = pmd_mkdirty(entry);
    }
    set_pmd_at(vmf.vma.vm_mm, vmf.address, vmf.pmd, entry);
}

fn handle_pte_fault(vmf: &mut vm_fault) -> vm_fault_t {
    if branch(!pmd_none(pmdp_get(vmf.pmd))) {
        let pte = pte_offset_map(vmf.pmd, vmf.address);
        vmf.orig_pte = ptep_get(pte);
        if branch(!pte_none(vmf.orig_pte)) {
            vmf.pte = Some(pte);
        }
    }

    let Some(pte) = branch_some(vmf.pte) else {
        return do_pte_missing(vmf);
    };
    if branch(!pte_present(vmf.orig_pte)) {
        return do_swap_page(vmf, pte);
    }
    if branch(pte_protnone(vmf.orig_pte)) && branch(vma_is_accessible(vmf.vma)) {
        return do_numa_page(vmf, pte);
    }

    let mut entry = vmf.orig_pte;
    if branch(vmf.flags & FAULT_FLAG_WRITE != 0) {
        if branch(!pte_write(entry)) {
            return do_wp_page(vmf, pte);
        }
        entry = pte_mkdirty(entry);
    }
    set_pte_at(vmf.vma.vm_mm, vmf.address, pte, pte_mkyoung(entry));
    0
}

fn do_pte_missing(vmf: &mut vm_fault) -> vm_fault_t {
    if branch(vma_is_anonymous(vmf.vma)) {
        return do_anonymous_page(vmf);
    }
    do_fault(vmf)
}
