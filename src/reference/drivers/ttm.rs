//! A TTM-like driver: a buffer object that moves between system and device
//! memory while it is mapped (`drivers/gpu/drm/ttm/ttm_bo_vm.c`, as it was
//! from Linux 5.6 on).
//!
//! A move takes all entries away; the next fault inserts new ones with the
//! caching and encryption mode of the new place. `vma->vm_page_prot` cannot
//! follow, since the fault handler holds the mmap lock for reading only: what it
//! inserts are overrides.

use super::super::arch::cache_mode;
use super::super::arch::memtype::set_memory_type;
use super::super::arch::*;
use super::super::faults::*;
use super::super::machine::*;
use super::super::mm::insert::*;
use super::super::mm::pgtable::pfn_to_page;
use super::super::mm::vma::{is_cow_mapping, linear_page_index};
use super::super::mm::zap::unmap_mapping_range;
use super::super::types::*;

/// System memory, cached.
pub const TTM_PL_SYSTEM: u8 = 0;
/// The same pages, write-combined and visible to the device.
pub const TTM_PL_TT: u8 = 1;
/// Device memory, write-combined and never encrypted.
pub const TTM_PL_VRAM: u8 = 2;

/// The operations of a mapping of the buffer.
pub static ttm_bo_vm_ops: vm_operations_struct = vm_operations_struct {
    name: "TTM",
    fault: Some(ttm_bo_vm_fault),
    huge_fault: Some(ttm_bo_vm_huge_fault),
    page_mkwrite: None,
    pfn_mkwrite: None,
};

/// For drivers that want to hear of writes, as vmwgfx does.
pub static ttm_tracked_vm_ops: vm_operations_struct = vm_operations_struct {
    name: "TTM, tracked",
    fault: Some(ttm_bo_vm_fault),
    huge_fault: Some(ttm_tracked_huge_fault),
    page_mkwrite: None,
    pfn_mkwrite: Some(ttm_tracked_pfn_mkwrite),
};

/// The operations of the buffer's file.
pub static ttm_bo_fops: file_operations = file_operations { mmap: ttm_bo_mmap };

/// The same for a driver that tracks writes.
pub static ttm_tracked_fops: file_operations = file_operations {
    mmap: ttm_tracked_mmap,
};

/// [`ttm_bo_mmap`] for a driver that tracks writes.
fn ttm_tracked_mmap(file: address_space, vma: &mut vm_area_struct) -> i32 {
    let error = ttm_bo_mmap(file, vma);
    vma.vm_ops = Some(&ttm_tracked_vm_ops);
    error
}

/// Sets up a mapping of the buffer: `VM_PFNMAP` if shared, `VM_MIXEDMAP` if private.
fn ttm_bo_mmap(_file: address_space, vma: &mut vm_area_struct) -> i32 {
    let nr_pages = (vma.vm_end - vma.vm_start) >> PAGE_SHIFT;
    if vma.vm_pgoff + nr_pages > BO_PAGES {
        return -EINVAL;
    }
    vma.vm_ops = Some(&ttm_bo_vm_ops);
    // VM_PFNMAP is for shared mappings only: it does not go with copy-on-write.
    // A private mapping is not VM_IO, so that debuggers can see its copies.
    if is_cow_mapping(vma.vm_flags) && !is_injected(CONFIG_FAULT_COW_PFNMAP) {
        vma.vm_flags |= VM_MIXEDMAP;
    } else {
        vma.vm_flags |= VM_PFNMAP | VM_IO;
    }
    vma.vm_flags |= VM_DONTEXPAND | VM_DONTDUMP;
    0
}

/// The first page frame of the buffer where it lies now, plus an offset.
pub fn ttm_bo_pfn(pgoff: u64) -> u64 {
    match with(|m| m.bo_resource) {
        TTM_PL_VRAM => BO_VRAM_PFN + pgoff,
        _ => BO_SYSTEM_PFN + pgoff,
    }
}

/// The protection entries must have where the buffer lies now: the caching mode
/// of the place, and decrypted in device memory.
fn ttm_io_prot(prot: pgprot_t) -> pgprot_t {
    match with(|m| m.bo_resource) {
        TTM_PL_SYSTEM => prot,
        TTM_PL_TT => pgprot_writecombine(prot),
        _ => pgprot_decrypted(pgprot_writecombine(prot)),
    }
}

/// Inserts entries for the faulting page and its neighbour, as far as they lie
/// in the VMA; returns no page.
fn ttm_bo_vm_fault(vmf: &mut vm_fault) -> vm_fault_t {
    let vma = vmf.vma;
    let prot = ttm_io_prot(vma.vm_page_prot);

    // The insertion refuses a neighbour outside of the VMA, which does no harm.
    let neighbour = vmf.address ^ PAGE_SIZE;
    let pgoff = vmf
        .pgoff
        .wrapping_add(neighbour.wrapping_sub(vmf.address) >> PAGE_SHIFT);
    ttm_insert(vma, neighbour, pgoff & (BO_PAGES - 1), prot);

    if is_injected(CONFIG_FAULT_RETURN_PAGE_AFTER_OVERRIDE) && returns_page(vmf) {
        return 0;
    }
    ttm_insert(vma, vmf.address, vmf.pgoff, prot)
}

fn ttm_insert(vma: &vm_area_struct, address: u64, pgoff: u64, prot: pgprot_t) -> vm_fault_t {
    let pfn = ttm_bo_pfn(pgoff);
    if vma.vm_flags & VM_MIXEDMAP != 0 {
        return vmf_insert_mixed_prot(vma, address, pfn, prot);
    }
    vmf_insert_pfn_prot(vma, address, pfn, prot)
}

/// The mistake of `CONFIG_FAULT_RETURN_PAGE_AFTER_OVERRIDE`: system pages have
/// a struct page, so why not let core mm map the one that is wanted now.
fn returns_page(vmf: &mut vm_fault) -> bool {
    if with(|m| m.bo_resource) != TTM_PL_TT {
        return false;
    }
    vmf.page = Some(pfn_to_page(ttm_bo_pfn(vmf.pgoff)));
    true
}

/// Inserts one leaf for all of an aligned range. Only device memory is
/// contiguous, and a private page that is written must be copied alone.
fn ttm_bo_vm_huge_fault(vmf: &mut vm_fault, order: u32) -> vm_fault_t {
    let vma = vmf.vma;
    let write = vmf.flags & FAULT_FLAG_WRITE != 0;
    if with(|m| m.bo_resource) != TTM_PL_VRAM {
        return VM_FAULT_FALLBACK;
    }
    if write && is_cow_mapping(vma.vm_flags) {
        return VM_FAULT_FALLBACK;
    }
    let haddr = vmf.address & !((PAGE_SIZE << order) - 1);
    let pfn = ttm_bo_pfn(linear_page_index(vma, haddr));
    let prot = ttm_io_prot(vma.vm_page_prot);
    if order == PUD_SHIFT - PAGE_SHIFT {
        return vmf_insert_pfn_pud_prot(vmf, pfn, prot, write);
    }
    vmf_insert_pfn_pmd_prot(vmf, pfn, prot, write)
}

/// Writes to the second half of the buffer are tracked page by page.
fn ttm_tracked_huge_fault(vmf: &mut vm_fault, order: u32) -> vm_fault_t {
    if vmf.flags & FAULT_FLAG_WRITE != 0 && vmf.pgoff >= BO_PAGES / 2 {
        return VM_FAULT_FALLBACK;
    }
    ttm_bo_vm_huge_fault(vmf, order)
}

fn ttm_tracked_pfn_mkwrite(_vmf: &mut vm_fault) -> vm_fault_t {
    0
}

/// Moves the buffer: entries are taken away first, private copies with them.
pub fn ttm_bo_move(resource: u8) {
    unmap_mapping_range(address_space::BufferObject, true);
    unmap_mapping_range(address_space::TrackedBuffer, true);
    let mode = match resource {
        TTM_PL_TT => cache_mode::WriteCombined,
        _ => cache_mode::WriteBack,
    };
    set_memory_type(BO_SYSTEM_PFN, BO_PAGES, mode);
    with(|m| m.bo_resource = resource);
}
