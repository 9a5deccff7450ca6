//! Write-back (`mm/page-writeback.c`, `mm/rmap.c`): before a page of a file is
//! saved, its entries become clean and read-only, so that the next write is
//! noticed.

use super::super::arch::*;
use super::super::cover;
use super::super::types::*;
use super::page::*;
use super::pgtable::*;
use super::rmap::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::WRITEBACK, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::WRITEBACK, pointer)
}

/// Saves a page of the file, if it is dirty.
pub fn write_cache_page(page: page_ptr) {
    folio_mkclean(page);
    if branch(PageDirty(page)) {
        ClearPageDirty(page);
        end_page_writeback(page);
    }
}

/// Cleans every shared entry of a page; a dirty one makes the page dirty.
fn folio_mkclean(page: page_ptr) {
    rmap_walk(page, 0, page_mkclean_one);
}

fn page_mkclean_one(page: page_ptr, vma: &vm_area_struct, address: u64, _arg: u64) {
    if branch(vma.vm_flags & VM_SHARED == 0) {
        return;
    }
    let Some(mapped_by::Pte(ptep)) = branch_some(page_vma_mapped_walk(page, vma, address)) else {
        return;
    };
    let entry = ptep_get(ptep);
    if branch(!pte_dirty(entry)) && branch(!pte_write(entry)) {
        return;
    }
    set_page_dirty(page);
    set_pte_at(vma.vm_mm, address, ptep, pte_mkclean(pte_wrprotect(entry)));
}
