//! Device registers, mapped uncached from `mmap` itself. There is no fault
//! handler: entries that are gone stay gone.

use super::super::arch::*;
use super::super::machine::{DOORBELL_PAGES, DOORBELL_PFN};
use super::super::mm::insert::remap_pfn_range;
use super::super::mm::vma::is_cow_mapping;
use super::super::mm::zap::unmap_mapping_range;
use super::super::types::*;

/// The operations of the doorbells' file. Their mappings keep the operations
/// every VMA is born with.
pub static doorbell_fops: file_operations = file_operations {
    mmap: doorbell_mmap,
};

/// Maps each doorbell on its own, as their pages need not be neighbours.
fn doorbell_mmap(_file: address_space, vma: &mut vm_area_struct) -> i32 {
    let nr_pages = (vma.vm_end - vma.vm_start) >> PAGE_SHIFT;
    if vma.vm_pgoff + nr_pages > DOORBELL_PAGES {
        return -EINVAL;
    }
    vma.vm_page_prot = pgprot_noncached(vma.vm_page_prot);
    let pgoff = vma.vm_pgoff;
    for n in 0..nr_pages {
        let addr = vma.vm_start + n * PAGE_SIZE;
        let error = io_remap_pfn_range(vma, addr, DOORBELL_PFN + pgoff + n, PAGE_SIZE);
        if error != 0 {
            return error;
        }
    }
    0
}

/// Decrypts what it installs, and not the VMA: on x86 these entries are
/// overrides (`include/linux/mm.h`).
fn io_remap_pfn_range(vma: &mut vm_area_struct, addr: u64, pfn: u64, size: u64) -> i32 {
    let prot = pgprot_decrypted(vma.vm_page_prot);
    remap_pfn_range(vma, addr, pfn, size, prot)
}

/// `remap_pfn_range` has made the offset of a private mapping the pfn itself.
pub fn pfn(vma: &vm_area_struct, index: u64) -> u64 {
    if is_cow_mapping(vma.vm_flags) {
        index
    } else {
        DOORBELL_PFN + index
    }
}

/// The device goes away: nobody may ring any more.
pub fn revoke() {
    unmap_mapping_range(address_space::Doorbell, true);
}
