//! Questions core mm asks of a VMA, and its default protection.

use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_DEFAULT_DRIFT, is_injected};
use super::super::types::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::VMA, condition)
}

/// Computes `vma->vm_page_prot` anew after the flags changed, keeping the
/// attributes the driver put there (`mm/mmap.c`). Needs the mmap lock for
/// writing: the fault path cannot do this.
pub fn vma_set_page_prot(vma: &mut vm_area_struct) {
    let mut vm_page_prot = vm_pgprot_modify(vma.vm_page_prot, vma.vm_flags);
    if branch(vma_wants_writenotify(vma, vm_page_prot)) {
        // As for a private mapping: the first write through an entry faults.
        vm_page_prot = vm_pgprot_modify(vm_page_prot, vma.vm_flags & !VM_SHARED);
    }
    vma.vm_page_prot = vm_page_prot;
}

fn vm_pgprot_modify(oldprot: pgprot_t, vm_flags: vm_flags_t) -> pgprot_t {
    if is_injected(CONFIG_FAULT_DEFAULT_DRIFT) {
        return vm_get_page_prot(vm_flags);
    }
    pgprot_modify(oldprot, vm_get_page_prot(vm_flags))
}

/// Whether the first write through an entry of a shared mapping must fault
/// although the VMA is writable (`mm/mmap.c`).
pub fn vma_wants_writenotify(vma: &vm_area_struct, vm_page_prot: pgprot_t) -> bool {
    // A private mapping, or one that cannot be written, faults anyway.
    if branch(vma.vm_flags & (VM_WRITE | VM_SHARED) != VM_WRITE | VM_SHARED) {
        return false;
    }
    if branch(vma_has_mkwrite(vma)) {
        return true;
    }
    // A protection that the flags alone do not give is the driver's own.
    if branch(vm_page_prot != vm_pgprot_modify(vm_page_prot, vma.vm_flags)) {
        return false;
    }
    // The kernel goes on to ask for userfaultfd, which takes private memory
    // only here, and for a file that is written back but has no page_mkwrite,
    // which the model does not have.
    branch(vma_soft_dirty_enabled(vma))
}

/// Whether the mapper wants to know of first writes.
fn vma_has_mkwrite(vma: &vm_area_struct) -> bool {
    let ops = vma_ops(vma);
    ops.page_mkwrite.is_some() | ops.pfn_mkwrite.is_some()
}

/// Whether writes to this VMA are tracked page by page (`mm/internal.h`).
pub fn vma_soft_dirty_enabled(vma: &vm_area_struct) -> bool {
    if branch(!current().has_soft_dirty()) {
        return false;
    }
    vma.vm_flags & VM_SOFTDIRTY == 0
}

/// Whether an entry must stay read-only so that the next write is tracked.
pub fn pte_needs_soft_dirty_wp(vma: &vm_area_struct, pte: pte_t) -> bool {
    branch(vma_soft_dirty_enabled(vma)) && !pte_soft_dirty(pte)
}

/// [`pte_needs_soft_dirty_wp`] for a PMD leaf.
pub fn pmd_needs_soft_dirty_wp(vma: &vm_area_struct, pmd: pmd_t) -> bool {
    branch(vma_soft_dirty_enabled(vma)) && !pmd_soft_dirty(pmd)
}

/// Whether entries that lost write permission may get it back without a fault
/// (`mm/mprotect.c`).
pub fn vma_wants_manual_pte_write_upgrade(vma: &vm_area_struct) -> bool {
    if branch(vma.vm_flags & VM_SHARED != 0) {
        return vma_wants_writenotify(vma, vma.vm_page_prot);
    }
    vma.vm_flags & VM_WRITE != 0
}

/// No operations: the pages are the process's own (`include/linux/mm.h`).
pub fn vma_is_anonymous(vma: &vm_area_struct) -> bool {
    vma.vm_ops.is_none()
}

/// The operations of a VMA; an anonymous one has none.
pub fn vma_ops(vma: &vm_area_struct) -> &'static vm_operations_struct {
    vma.vm_ops.unwrap_or(&NO_OPERATIONS)
}

/// What every VMA is born with (`mm/init-mm.c`): since Linux 4.18, one whose
/// driver sets no operations does not count as anonymous.
pub static vma_dummy_vm_ops: vm_operations_struct = vm_operations_struct {
    name: "dummy",
    fault: None,
    huge_fault: None,
    page_mkwrite: None,
    pfn_mkwrite: None,
};

/// Makes a new VMA anonymous (`include/linux/mm.h`).
pub fn vma_set_anonymous(vma: &mut vm_area_struct) {
    vma.vm_ops = None;
}

static NO_OPERATIONS: vm_operations_struct = vm_operations_struct {
    name: "none",
    fault: None,
    huge_fault: None,
    page_mkwrite: None,
    pfn_mkwrite: None,
};

/// A mapping whose written pages become private copies (`include/linux/mm.h`).
pub fn is_cow_mapping(vm_flags: vm_flags_t) -> bool {
    vm_flags & (VM_SHARED | VM_MAYWRITE) == VM_MAYWRITE
}

/// Whether the VMA allows any access.
pub fn vma_is_accessible(vma: &vm_area_struct) -> bool {
    vma.vm_flags & VM_ACCESS_FLAGS != 0
}

/// Whether the VMA is registered for write protection.
pub fn userfaultfd_wp(vma: &vm_area_struct) -> bool {
    vma.vm_flags & VM_UFFD_WP != 0
}

/// Whether userfaultfd wants to hear of the next write through a PTE.
pub fn userfaultfd_pte_wp(vma: &vm_area_struct, pte: pte_t) -> bool {
    branch(userfaultfd_wp(vma)) && pte_uffd_wp(pte)
}

/// [`userfaultfd_pte_wp`] for a PMD leaf.
pub fn userfaultfd_huge_pmd_wp(vma: &vm_area_struct, pmd: pmd_t) -> bool {
    branch(userfaultfd_wp(vma)) && pmd_uffd_wp(pmd)
}

/// The offset of an address in what the VMA maps, in pages.
pub fn linear_page_index(vma: &vm_area_struct, addr: u64) -> u64 {
    ((addr - vma.vm_start) >> PAGE_SHIFT) + vma.vm_pgoff
}

/// Whether a fault may use a leaf of this size: the VMA must cover all of it,
/// and what is mapped must be aligned like the address
/// (`thp_vma_allowable_order`, `mm/huge_memory.c`).
pub fn thp_vma_allowable(vma: &vm_area_struct, addr: u64, size: u64) -> bool {
    let haddr = addr & !(size - 1);
    if branch(vma.vm_flags & VM_NOHUGEPAGE != 0) {
        return false;
    }
    if branch(haddr < vma.vm_start) || branch(haddr + size > vma.vm_end) {
        return false;
    }
    // Anonymous memory has no alignment of its own.
    branch(vma_is_anonymous(vma)) || linear_page_index(vma, haddr).is_multiple_of(size / PAGE_SIZE)
}
