//! Moving a mapping (`mm/mremap.c`): entries go to another address unchanged.

use super::super::arch::*;
use super::super::cover;
use super::super::machine::MAX_MAP_COUNT;
use super::super::types::*;
use super::huge_memory::*;
use super::mmap::*;
use super::pgtable::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MREMAP, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MREMAP, pointer)
}

/// The system call, for a move of one whole VMA to a free range of the same
/// size. Returns 0 or a negative error.
pub fn move_vma(mm: mm_ptr, old_addr: u64, new_addr: u64) -> i32 {
    let Some(vma) = branch_some(find_vma(mm, old_addr)) else {
        return -EINVAL;
    };
    let len = vma.vm_end - vma.vm_start;
    if branch(vma.vm_start != old_addr) || branch(new_addr + len > TASK_SIZE) {
        return -EINVAL;
    }
    if branch(find_vma_intersection(mm, new_addr, new_addr + len).is_some()) {
        return -EINVAL;
    }

    if branch(map_count(mm) == MAX_MAP_COUNT) {
        return -ENOMEM;
    }
    let mut new_vma = vma;
    new_vma.vm_start = new_addr;
    new_vma.vm_end = new_addr + len;
    // A userfaultfd that did not ask to hear of moves loses the range.
    new_vma.vm_flags &= !VM_UFFD_WP;
    new_vma.vm_flags |= VM_SOFTDIRTY;
    vma_link(&new_vma);
    move_page_tables(&vma, &new_vma);
    do_munmap(mm, vma.vm_start, vma.vm_end);
    vma_merge(mm);
    0
}

fn move_page_tables(vma: &vm_area_struct, new_vma: &vm_area_struct) {
    for (addr, next) in pud_ranges(vma.vm_start, vma.vm_end) {
        let new_addr = addr - vma.vm_start + new_vma.vm_start;
        let old_pud = pud_offset(vma.vm_mm, addr);
        let pude = pudp_get(old_pud);
        if branch(pud_none(pude)) {
            continue;
        }
        if branch(pud_leaf(pude)) {
            move_huge_pud(vma, old_pud, addr, new_addr);
            continue;
        }
        for (addr, next) in pmd_ranges(addr, next) {
            let new_addr = addr - vma.vm_start + new_vma.vm_start;
            move_pmd(vma, old_pud, addr, next, new_addr);
        }
    }
}

/// Moves a leaf if it fits at the new address, else leaves it to the fault
/// handler to make another.
fn move_huge_pud(vma: &vm_area_struct, old_pud: pud_ptr, addr: u64, new_addr: u64) {
    let pud = pudp_huge_get_and_clear(vma.vm_mm, addr, old_pud);
    let new_pud = pud_offset(vma.vm_mm, new_addr);
    if branch(is_aligned_pair(addr, new_addr, PUD_SIZE)) {
        set_pud_at(vma.vm_mm, new_addr, new_pud, pud_mksoft_dirty(pud));
    }
}

fn move_pmd(vma: &vm_area_struct, old_pud: pud_ptr, addr: u64, next: u64, new_addr: u64) {
    let old_pmd = pmd_offset(old_pud, addr);
    if branch(pmd_leaf(pmdp_get(old_pmd))) {
        if branch(is_aligned_pair(addr, new_addr, PMD_SIZE)) {
            move_huge_pmd(vma, old_pmd, addr, new_addr);
            return;
        }
        __split_huge_pmd(vma, old_pmd, addr);
    }
    if branch(pmd_none(pmdp_get(old_pmd))) {
        return;
    }
    for old_addr in page_addresses(addr, next) {
        move_pte(vma, old_pmd, old_addr, new_addr + (old_addr - addr));
    }
}

fn move_huge_pmd(vma: &vm_area_struct, old_pmd: pmd_ptr, addr: u64, new_addr: u64) {
    let new_pmd = pmd_alloc(pud_offset(vma.vm_mm, new_addr), new_addr);
    let pmd = pmdp_huge_get_and_clear(vma.vm_mm, addr, old_pmd);
    set_pmd_at(
        vma.vm_mm,
        new_addr,
        new_pmd,
        pmd_clear_uffd_wp(pmd_mksoft_dirty(pmd)),
    );
}

/// One step of the kernel's `move_ptes`.
fn move_pte(vma: &vm_area_struct, old_pmd: pmd_ptr, old_addr: u64, new_addr: u64) {
    let old_ptep = pte_offset_map(old_pmd, old_addr);
    let pte = ptep_get_and_clear(vma.vm_mm, old_addr, old_ptep);
    if branch(pte_none(pte)) {
        return;
    }
    let pte = clear_uffd_wp_pte(move_soft_dirty_pte(pte));
    let new_ptep = get_locked_pte(vma.vm_mm, new_addr);
    set_pte_at(vma.vm_mm, new_addr, new_ptep, pte);
}

/// The page has moved under user space's feet: that counts as written.
fn move_soft_dirty_pte(pte: pte_t) -> pte_t {
    if branch(pte_present(pte)) {
        return pte_mksoft_dirty(pte);
    }
    pte_swp_mksoft_dirty(pte)
}

/// The VMA at the new address is not registered with userfaultfd.
fn clear_uffd_wp_pte(pte: pte_t) -> pte_t {
    if branch(pte_present(pte)) {
        return pte_clear_uffd_wp(pte);
    }
    pte_swp_clear_uffd_wp(pte)
}

fn is_aligned_pair(addr: u64, new_addr: u64, size: u64) -> bool {
    addr.is_multiple_of(size) & new_addr.is_multiple_of(size)
}
