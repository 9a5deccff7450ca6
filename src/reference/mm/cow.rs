//! Write faults on entries that are there but read-only (`mm/memory.c`,
//! `mm/huge_memory.c`).
//!
//! The copy of a private page is the one place where an entry of an override
//! mapping is made from `vma->vm_page_prot`: the stated exception, since what
//! is mapped is no longer the driver's memory but an anonymous page.

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::huge_memory::{__split_huge_pmd, __split_huge_pud};
use super::page::*;
use super::pgtable::*;
use super::rmap::*;
use super::userfaultfd::handle_userfault;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::COW, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::COW, pointer)
}

/// A write to a read-only PTE: reuses the page, tells the mapper, or copies.
pub fn do_wp_page(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    let vma = vmf.vma;
    if branch(userfaultfd_pte_wp(vma, vmf.orig_pte)) {
        return handle_userfault();
    }

    vmf.page = vm_normal_page(vma, vmf.address, vmf.orig_pte);
    if branch(vma.vm_flags & (VM_SHARED | VM_MAYSHARE) != 0) {
        if branch(vmf.page.is_none()) {
            return wp_pfn_shared(vmf, ptep);
        }
        return wp_page_shared(vmf, ptep);
    }

    if let Some(page) = branch_some(vmf.page)
        && branch(PageAnon(page))
        && (branch(PageAnonExclusive(page)) || branch(wp_can_reuse_anon_folio(page)))
    {
        SetPageAnonExclusive(page);
        wp_page_reuse(vmf, ptep);
        return 0;
    }
    wp_page_copy(vmf, ptep)
}

/// The last process that maps a page need not copy it.
fn wp_can_reuse_anon_folio(page: page_ptr) -> bool {
    page_mapcount(page) == 1
}

/// The entry stays what it is and becomes writable.
fn wp_page_reuse(vmf: &vm_fault, ptep: pte_ptr) {
    let entry = pte_mkyoung(vmf.orig_pte);
    let entry = maybe_mkwrite(pte_mkdirty(entry), vmf.vma);
    set_pte_at(vmf.vma.vm_mm, vmf.address, ptep, entry);
}

/// A raw entry of a shared mapping: the driver may want to know.
fn wp_pfn_shared(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    if let Some(pfn_mkwrite) = branch_some(vma_ops(vmf.vma).pfn_mkwrite) {
        let ret = pfn_mkwrite(vmf);
        if branch(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE) != 0) {
            return ret;
        }
    }
    wp_page_reuse(vmf, ptep);
    0
}

/// A page of a shared mapping: whoever keeps it is told before the write.
fn wp_page_shared(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    let ret = do_page_mkwrite(vmf);
    if branch(ret & VM_FAULT_ERROR != 0) {
        return ret;
    }
    wp_page_reuse(vmf, ptep);
    0
}

/// Tells the file system that a page is about to be written.
pub fn do_page_mkwrite(vmf: &mut vm_fault) -> vm_fault_t {
    vma_ops(vmf.vma)
        .page_mkwrite
        .map_or(0, |page_mkwrite| page_mkwrite(vmf))
}

/// Replaces what is mapped by a private copy. The source may be a raw entry:
/// then the content is read through the user's address.
fn wp_page_copy(vmf: &mut vm_fault, ptep: pte_ptr) -> vm_fault_t {
    let vma = vmf.vma;
    let Some(new_page) = branch_some(alloc_page()) else {
        return VM_FAULT_OOM;
    };
    copy_user_highpage(new_page, pte_pfn(vmf.orig_pte));

    let entry = mk_pte(new_page, vma.vm_page_prot);
    let entry = maybe_mkwrite(pte_mkdirty(entry), vma);
    folio_add_new_anon_rmap(new_page, vma, vmf.address);
    set_pte_at(vma.vm_mm, vmf.address, ptep, entry);
    if let Some(old_page) = branch_some(vmf.page) {
        folio_remove_rmap(old_page);
        put_page(old_page);
    }
    0
}

/// A write to a read-only PMD leaf.
pub fn wp_huge_pmd(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    if branch(vma_is_anonymous(vma)) {
        if branch(userfaultfd_huge_pmd_wp(vma, vmf.orig_pmd)) {
            return handle_userfault();
        }
        return do_huge_pmd_wp_page(vmf);
    }
    if branch(vma.vm_flags & (VM_SHARED | VM_MAYSHARE) != 0) {
        let huge_fault = vma_ops(vma).huge_fault;
        let order = PMD_SHIFT - PAGE_SHIFT;
        let ret = huge_fault.map_or(VM_FAULT_FALLBACK, |huge_fault| huge_fault(vmf, order));
        if branch(ret & VM_FAULT_FALLBACK == 0) {
            return ret;
        }
    }
    // Private: copied page by page once the huge entry is gone.
    __split_huge_pmd(vma, vmf.pmd, vmf.address);
    VM_FAULT_FALLBACK
}

fn do_huge_pmd_wp_page(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let haddr = vmf.address & !(PMD_SIZE - 1);
    let page = pfn_to_page(pmd_pfn(vmf.orig_pmd));
    let shared = (0..HPAGE_PMD_NR).any(|n| {
        let page = nth_page(page, n);
        !PageAnonExclusive(page) & (page_mapcount(page) > 1)
    });
    if branch(shared) {
        __split_huge_pmd(vma, vmf.pmd, vmf.address);
        return VM_FAULT_FALLBACK;
    }
    for n in 0..HPAGE_PMD_NR {
        SetPageAnonExclusive(nth_page(page, n));
    }
    let entry = pmd_mkyoung(vmf.orig_pmd);
    let entry = maybe_pmd_mkwrite(pmd_mkdirty(entry), vma);
    set_pmd_at(vma.vm_mm, haddr, vmf.pmd, entry);
    0
}

/// A write to a read-only PUD leaf.
pub fn wp_huge_pud(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    if branch(vma.vm_flags & (VM_SHARED | VM_MAYSHARE) != 0) {
        let huge_fault = vma_ops(vma).huge_fault;
        let order = PUD_SHIFT - PAGE_SHIFT;
        let ret = huge_fault.map_or(VM_FAULT_FALLBACK, |huge_fault| huge_fault(vmf, order));
        if branch(ret & VM_FAULT_FALLBACK == 0) {
            return ret;
        }
    }
    __split_huge_pud(vma, vmf.pud, vmf.address);
    VM_FAULT_FALLBACK
}
