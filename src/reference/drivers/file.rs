//! An ordinary file with a page cache (`mm/filemap.c`).

use super::super::machine::*;
use super::super::mm::page::*;
use super::super::mm::writeback::write_cache_page;
use super::super::mm::zap::unmap_mapping_range;
use super::super::types::*;

/// The operations of a mapping of the file.
pub static generic_file_vm_ops: vm_operations_struct = vm_operations_struct {
    name: "file",
    fault: Some(filemap_fault),
    huge_fault: None,
    page_mkwrite: Some(filemap_page_mkwrite),
    pfn_mkwrite: None,
};

/// The operations of the file.
pub static generic_file_fops: file_operations = file_operations {
    mmap: generic_file_mmap,
};

/// Sets up a mapping of the file.
fn generic_file_mmap(_file: address_space, vma: &mut vm_area_struct) -> i32 {
    vma.vm_ops = Some(&generic_file_vm_ops);
    0
}

/// Returns the page, read from disk if need be: core mm maps it.
fn filemap_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let index = vmf.pgoff as usize;
    if index >= FILE_PAGES {
        return VM_FAULT_SIGBUS;
    }
    let cached = with(|m| m.i_pages[index]);
    if cached != 0 && cached == with(|m| m.migrate_from) {
        // The page is locked; the fault is tried again.
        return VM_FAULT_RETRY;
    }
    if cached != 0 {
        vmf.page = Some(page_ptr(cached));
        return 0;
    }
    let Some(page) = alloc_page() else {
        return VM_FAULT_OOM;
    };
    with(|m| {
        m.i_pages[index] = page.0;
        m.mem_map[page.0 as usize].index = index as u8;
    });
    vmf.page = Some(page);
    0
}

/// The disk is full: only the first page of the file has a block to write to.
fn filemap_page_mkwrite(vmf: &mut vm_fault) -> vm_fault_t {
    if vmf.pgoff != 0 {
        return VM_FAULT_SIGBUS;
    }
    vmf.page.iter().for_each(|page| set_page_dirty(*page));
    0
}

/// A page of the file has moved.
pub fn filemap_migrate_folio(old: page_ptr, new: page_ptr) {
    with(|m| {
        for pfn in m.i_pages.iter_mut().filter(|pfn| **pfn == old.0) {
            *pfn = new.0;
        }
    });
}

/// The page frame of a page of the file, if it is in the page cache.
pub fn page_cache_pfn(index: u64) -> Option<u64> {
    let pfn = with(|m| m.i_pages.get(index as usize).copied());
    pfn.filter(|pfn| *pfn != 0).map(u64::from)
}

/// Saves what was written to the file. A page in migration is locked and waits.
pub fn writepages() {
    for pfn in with(|m| m.i_pages) {
        if pfn != 0 && pfn != with(|m| m.migrate_from) {
            write_cache_page(page_ptr(pfn));
        }
    }
}

/// Someone else changed the file: mappings must look again, private copies
/// stay (`invalidate_inode_pages2`). The pages themselves are kept here.
pub fn invalidate() {
    unmap_mapping_range(address_space::File, false);
}
