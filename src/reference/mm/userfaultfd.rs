//! Write protection for user space (`fs/userfaultfd.c`, `mm/userfaultfd.c`).

use super::super::cover;
use super::super::types::*;
use super::mmap::*;
use super::mprotect::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::USERFAULTFD, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::USERFAULTFD, pointer)
}

/// Registers a VMA for write protection. Returns 0 or a negative error.
pub fn userfaultfd_register(mm: mm_ptr, start: u64) -> i32 {
    let Some(mut vma) = branch_some(find_vma(mm, start)) else {
        return -EINVAL;
    };
    if branch(!vma_can_userfault(&vma)) {
        return -EINVAL;
    }
    vma.vm_flags |= VM_UFFD_WP;
    vma_store(&vma);
    0
}

/// The guard that keeps override mappings out: memory with operations of its
/// own cannot be registered. (The kernel also takes shmem and hugetlbfs, which
/// are not modelled.)
fn vma_can_userfault(vma: &vm_area_struct) -> bool {
    vma_is_anonymous(vma)
}

/// Releases every entry of a VMA and ends its registration.
pub fn userfaultfd_unregister(mm: mm_ptr, start: u64) -> i32 {
    let Some(mut vma) = branch_some(find_vma(mm, start)) else {
        return -EINVAL;
    };
    if branch(!userfaultfd_wp(&vma)) {
        return -EINVAL;
    }
    uffd_wp_range(&vma, vma.vm_start, vma.vm_end, false);
    vma.vm_flags &= !VM_UFFD_WP;
    vma_store(&vma);
    vma_merge(mm);
    0
}

/// The ioctl: write-protects a range of a registered VMA, or releases it.
pub fn mwriteprotect_range(mm: mm_ptr, start: u64, end: u64, enable_wp: bool) -> i32 {
    let Some(vma) = branch_some(find_vma_covering(mm, start, end)) else {
        return -EINVAL;
    };
    if branch(!userfaultfd_wp(&vma)) {
        return -EINVAL;
    }
    uffd_wp_range(&vma, start, end, enable_wp);
    0
}

fn uffd_wp_range(vma: &vm_area_struct, start: u64, end: u64, enable_wp: bool) {
    let mut mm_cp_flags = MM_CP_UFFD_WP;
    if branch(!enable_wp) {
        mm_cp_flags = MM_CP_UFFD_WP_RESOLVE;
    }
    if branch(!enable_wp) && branch(vma_wants_manual_pte_write_upgrade(vma)) {
        mm_cp_flags |= MM_CP_TRY_CHANGE_WRITABLE;
    }
    change_protection(vma, start, end, mm_cp_flags);
}

/// Tells user space of a write. The access does not complete until the range is
/// released.
pub fn handle_userfault() -> vm_fault_t {
    VM_FAULT_RETRY
}
