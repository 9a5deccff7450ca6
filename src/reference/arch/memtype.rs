//! The memory type table of x86 and what the insertion APIs do with it
//! (`arch/x86/mm/pat/memtype.c`). The other architectures have none.
//!
//! What the table says about a frame overrides the caching mode of the
//! protection handed in, in a local copy: the VMA does not learn of it. So even
//! a mapping whose driver asked for nothing can hold overrides.

use super::super::machine::with;
use super::*;

/// The protection for a pfn about to be inserted by a fault handler.
pub fn track_pfn_insert(_vma: &vm_area_struct, prot: &mut pgprot_t, pfn: u64) {
    if current() == Arch::X86_64 {
        *prot = pgprot_cachemode(*prot, lookup_memtype(pfn));
    }
}

/// The protection for pfns about to be mapped by `remap_pfn_range`: what other
/// mappings of the range already use wins over what is asked for.
pub fn track_pfn_remap(vma: &vm_area_struct, prot: &mut pgprot_t, pfn: u64) {
    track_pfn_insert(vma, prot, pfn);
}

fn lookup_memtype(pfn: u64) -> cache_mode {
    with(|m| m.mem_map[pfn as usize].mode.cache)
}

/// Changes the caching mode of memory, as `set_pages_array_wc` and
/// `set_pages_array_wb` do on every architecture in effect.
pub fn set_memory_type(pfn: u64, nr_pages: u64, mode: cache_mode) {
    with(|m| {
        for pfn in pfn..pfn + nr_pages {
            m.mem_map[pfn as usize].mode.cache = mode;
        }
    });
}
