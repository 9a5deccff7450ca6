//! The drivers and the file system: what the generic code knows only through
//! `vm_ops`.

pub mod doorbell;
pub mod file;
pub mod shared_page;
pub mod ttm;

use super::arch::{pgprot_decrypted, pgprot_noncached};
use super::types::*;

/// The operations of a file; the kernel's `file->f_op`.
pub fn f_op(file: address_space) -> &'static file_operations {
    match file {
        address_space::BufferObject => &ttm::ttm_bo_fops,
        address_space::TrackedBuffer => &ttm::ttm_tracked_fops,
        address_space::SharedPage => &shared_page::shared_page_fops,
        address_space::Doorbell => &doorbell::doorbell_fops,
        address_space::File => &file::generic_file_fops,
    }
}

/// Calls the `mmap` operation of a file (`include/linux/fs.h`).
pub fn call_mmap(file: address_space, vma: &mut vm_area_struct) -> i32 {
    (f_op(file).mmap)(file, vma)
}

/// The default protection of a VMA with the attributes its driver chose in
/// `mmap`: what the invariant compares `vma->vm_page_prot` with.
pub fn chosen_prot(mapping: Option<address_space>, prot: pgprot_t) -> pgprot_t {
    match mapping {
        Some(address_space::SharedPage) => pgprot_decrypted(prot),
        Some(address_space::Doorbell) => pgprot_noncached(prot),
        _ => prot,
    }
}

/// Whether the mapper would let a raw page be written.
pub fn may_become_writable(mapping: Option<address_space>, index: u64) -> bool {
    mapping != Some(address_space::SharedPage) || index == 0
}

/// The page frame a page of a mapping lies in now, if it is in memory: what
/// the invariant compares raw entries and pages of the file with.
pub fn current_pfn(mapping: address_space, vma: &vm_area_struct, index: u64) -> Option<u64> {
    match mapping {
        address_space::BufferObject | address_space::TrackedBuffer => Some(ttm::ttm_bo_pfn(index)),
        address_space::SharedPage => Some(shared_page::pfn(index)),
        address_space::Doorbell => Some(doorbell::pfn(vma, index)),
        address_space::File => file::page_cache_pfn(index),
    }
}
