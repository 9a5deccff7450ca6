//! Faults in mappings that have operations (`mm/memory.c`).
//!
//! A new entry is made from `vma->vm_page_prot` only for a page `->fault`
//! returned. A handler that inserts its own entries returns
//! `VM_FAULT_NOPAGE` and no page.

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::cow::do_page_mkwrite;
use super::page::*;
use super::pgtable::*;
use super::rmap::*;
use super::vma::vma_ops;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::DO_FAULT, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::DO_FAULT, pointer)
}

/// Codes after which there is no page to map.
const NO_PAGE: vm_fault_t = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY;

/// A fault where nothing is mapped yet: read, private write, or shared write.
pub fn do_fault(vmf: &mut vm_fault) -> vm_fault_t {
    if branch(vma_ops(vmf.vma).fault.is_none()) {
        return VM_FAULT_SIGBUS;
    }
    if branch(vmf.flags & FAULT_FLAG_WRITE == 0) {
        return do_read_fault(vmf);
    }
    if branch(vmf.vma.vm_flags & VM_SHARED == 0) {
        return do_cow_fault(vmf);
    }
    do_shared_fault(vmf)
}

fn do_read_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let ret = __do_fault(vmf);
    if branch(ret & NO_PAGE != 0) {
        return ret;
    }
    finish_fault(vmf)
}

/// A write to a private mapping: the page is copied before it is ever mapped.
fn do_cow_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let Some(cow_page) = branch_some(alloc_page()) else {
        return VM_FAULT_OOM;
    };
    let ret = __do_fault(vmf);
    if branch(ret & NO_PAGE != 0) {
        free_page(cow_page);
        return ret;
    }
    vmf.page
        .iter()
        .for_each(|page| copy_user_highpage(cow_page, page_to_pfn(*page)));
    vmf.cow_page = Some(cow_page);
    finish_fault(vmf)
}

fn do_shared_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let ret = __do_fault(vmf);
    if branch(ret & NO_PAGE != 0) {
        return ret;
    }
    let ret = do_page_mkwrite(vmf);
    if branch(ret & VM_FAULT_ERROR != 0) {
        return ret;
    }
    finish_fault(vmf)
}

fn __do_fault(vmf: &mut vm_fault) -> vm_fault_t {
    vma_ops(vmf.vma)
        .fault
        .map_or(VM_FAULT_SIGBUS, |fault| fault(vmf))
}

fn finish_fault(vmf: &mut vm_fault) -> vm_fault_t {
    // A handler that returned none of NO_PAGE has set the page.
    let page = vmf.cow_page.or(vmf.page);
    let ptep = pte_alloc_map(vmf.pmd, vmf.address);
    page.iter().for_each(|page| set_pte_range(vmf, *page, ptep));
    0
}

/// Maps a page the way every default entry of the VMA is made.
fn set_pte_range(vmf: &vm_fault, page: page_ptr, ptep: pte_ptr) {
    let vma = vmf.vma;
    let write = vmf.flags & FAULT_FLAG_WRITE != 0;

    let mut entry = mk_pte(page, vma.vm_page_prot);
    if branch(write) {
        entry = maybe_mkwrite(pte_mkdirty(entry), vma);
    }
    if branch(write) && branch(vma.vm_flags & VM_SHARED == 0) {
        folio_add_new_anon_rmap(page, vma, vmf.address);
    } else {
        folio_add_file_rmap_pte(page);
    }
    set_pte_at(vma.vm_mm, vmf.address, ptep, entry);
}
