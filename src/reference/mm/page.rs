//! Pages: the allocator, and what a struct page says.
//!
//! A folio is modelled as its single pages: a huge page is two neighbours that
//! are allocated together and may be freed apart.

use super::super::cover;
use super::super::machine::*;
use super::super::types::*;
use super::pgtable::pfn_to_page;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::PAGE, condition)
}

/// A free page, the lowest there is; `None` when memory is exhausted.
pub fn alloc_page() -> Option<page_ptr> {
    with(|m| {
        let free = |pfn: &u64| m.mem_map[*pfn as usize].flags == 0;
        let pfn = (POOL_START..HUGE_POOL_START).find(free);
        pfn.map(|pfn| {
            m.mem_map[pfn as usize] = ALLOCATED;
            pfn_to_page(pfn)
        })
    })
}

/// A free pair of pages aligned for a PMD leaf.
pub fn alloc_hugepage_vma() -> Option<page_ptr> {
    with(|m| {
        let free = |pfn: usize| m.mem_map[pfn].flags == 0;
        let mut pairs = (HUGE_POOL_START..POOL_END).step_by(HPAGE_PMD_NR as usize);
        let pfn = pairs.find(|pfn| free(*pfn as usize) & free(*pfn as usize + 1));
        pfn.map(|pfn| {
            m.mem_map[pfn as usize] = ALLOCATED;
            m.mem_map[pfn as usize + 1] = ALLOCATED;
            pfn_to_page(pfn)
        })
    })
}

const ALLOCATED: frame = frame {
    flags: PG_allocated,
    mapcount: 0,
    index: 0,
    mode: frame_mode::DEFAULT,
};

/// Returns a page to the allocator, with all that was known of it.
pub fn free_page(page: page_ptr) {
    with(|m| {
        m.mem_map[page.0 as usize] = frame {
            flags: 0,
            ..ALLOCATED
        }
    });
}

/// Drops the reference a mapping held: an anonymous page nobody maps is free,
/// unless migration has isolated it.
pub fn put_page(page: page_ptr) {
    let unused = with(|m| {
        let frame = &m.mem_map[page.0 as usize];
        let is_pool = (POOL_START..POOL_END).contains(&u64::from(page.0));
        is_pool & (frame.flags & PG_anon != 0) & (frame.mapcount == 0) & (m.migrate_from != page.0)
    });
    if branch(unused) {
        free_page(page);
    }
}

/// The page after this one in a huge page.
pub fn nth_page(page: page_ptr, n: u64) -> page_ptr {
    page_ptr(page.0 + n as u8)
}

/// How many normal leaves map the page.
pub fn page_mapcount(page: page_ptr) -> u8 {
    with(|m| m.mem_map[page.0 as usize].mapcount)
}

fn flag(page: page_ptr, flag: u8) -> bool {
    with(|m| m.mem_map[page.0 as usize].flags & flag != 0)
}

fn set_flag(page: page_ptr, flag: u8) {
    with(|m| m.mem_map[page.0 as usize].flags |= flag);
}

fn clear_flag(page: page_ptr, flag: u8) {
    with(|m| m.mem_map[page.0 as usize].flags &= !flag);
}

/// Whether the page belongs to processes, not to a file.
pub fn PageAnon(page: page_ptr) -> bool {
    flag(page, PG_anon)
}

/// Whether the one process that maps the page may write it.
pub fn PageAnonExclusive(page: page_ptr) -> bool {
    flag(page, PG_anon_exclusive)
}

/// The page belongs to one process alone.
pub fn SetPageAnonExclusive(page: page_ptr) {
    set_flag(page, PG_anon_exclusive);
}

/// The page is shared from now on.
pub fn ClearPageAnonExclusive(page: page_ptr) {
    clear_flag(page, PG_anon_exclusive);
}

/// Whether the page differs from its copy in swap or in the file.
pub fn PageDirty(page: page_ptr) -> bool {
    flag(page, PG_dirty)
}

/// The page differs from its copy from now on.
pub fn set_page_dirty(page: page_ptr) {
    set_flag(page, PG_dirty);
}

/// The page no longer differs from its copy.
pub fn ClearPageDirty(page: page_ptr) {
    clear_flag(page, PG_dirty);
}

/// The content has been saved: what user space wrote so far is safe.
pub fn end_page_writeback(page: page_ptr) {
    clear_flag(page, PG_written);
}

/// Fills a new page with the content of a frame, which need not have a struct
/// page: the content must not be lost from here on.
pub fn copy_user_highpage(to: page_ptr, _from_pfn: u64) {
    set_flag(to, PG_written);
}

/// Moves content and state to another page (`folio_migrate_copy`).
pub fn folio_migrate_copy(to: page_ptr, from: page_ptr) {
    with(|m| {
        let old = m.mem_map[from.0 as usize];
        let new = &mut m.mem_map[to.0 as usize];
        new.index = old.index;
        new.flags = old.flags & !PG_anon_exclusive;
    });
}

/// The struct page behind a pfn, if it has one, whoever it belongs to.
pub fn pfn_to_online_page(pfn: u64) -> Option<page_ptr> {
    Some(page_ptr(pfn as u8)).filter(|_| pfn_valid(pfn))
}
