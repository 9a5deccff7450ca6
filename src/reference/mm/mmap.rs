//! Making, splitting, merging and removing VMAs (`mm/mmap.c`, `mm/vma.c`).
//!
//! Here the mmap lock is held for writing: `vm_flags` and `vm_page_prot` may
//! change.

use super::super::arch::*;
use super::super::cover;
use super::super::drivers::call_mmap;
use super::super::machine::{MAX_MAP_COUNT, with};
use super::super::types::*;
use super::huge_memory::vma_adjust_trans_huge;
use super::pgtable::*;
use super::vma::*;
use super::zap::zap_page_range;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MMAP, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MMAP, pointer)
}

/// The system call: a new mapping at a free range. Returns 0 or a negative
/// error.
pub fn mmap_region(
    mm: mm_ptr,
    addr: u64,
    len: u64,
    vm_flags: vm_flags_t,
    file: Option<address_space>,
    pgoff: u64,
) -> i32 {
    if branch(find_vma_intersection(mm, addr, addr + len).is_some()) {
        return -EINVAL;
    }
    if branch(map_count(mm) == MAX_MAP_COUNT) {
        return -ENOMEM;
    }
    let mut vma = vm_area_struct {
        vm_start: addr,
        vm_end: addr + len,
        vm_mm: mm,
        vm_flags,
        vm_page_prot: vm_get_page_prot(vm_flags),
        vm_ops: Some(&vma_dummy_vm_ops),
        vm_file: file,
        vm_pgoff: pgoff,
    };
    if let Some(file) = branch_some(file) {
        let error = call_mmap(file, &mut vma);
        if branch(error != 0) {
            zap_page_range(&vma, vma.vm_start, vma.vm_end, true);
            free_pgtables(mm, vma.vm_start, vma.vm_end);
            return error;
        }
    } else {
        vma_set_anonymous(&mut vma);
    }
    vma.vm_flags |= VM_SOFTDIRTY;
    vma_set_page_prot(&mut vma);
    vma_link(&vma);
    vma_merge(mm);
    0
}

/// The system call: removes whatever lies in a range.
pub fn do_munmap(mm: mm_ptr, start: u64, end: u64) -> i32 {
    for vma in mm_vmas(mm) {
        let from = vma.vm_start.max(start);
        let to = vma.vm_end.min(end);
        if branch(from >= to) {
            continue;
        }
        let Some(vma) = branch_some(vma_modify(&vma, from, to)) else {
            return -ENOMEM;
        };
        zap_page_range(&vma, vma.vm_start, vma.vm_end, true);
        vma_unlink(&vma);
        free_pgtables(mm, vma.vm_start, vma.vm_end);
    }
    0
}

/// The part of a VMA that lies in a range, split off what is around it;
/// `None` if there are too many VMAs for that.
pub fn vma_modify(vma: &vm_area_struct, start: u64, end: u64) -> Option<vm_area_struct> {
    let mut vma = *vma;
    let pieces = (start != vma.vm_start) as usize + (end != vma.vm_end) as usize;
    if branch(map_count(vma.vm_mm) + pieces > MAX_MAP_COUNT) {
        return None;
    }
    if branch(start != vma.vm_start) {
        vma = split_vma(&vma, start).1;
    }
    if branch(end != vma.vm_end) {
        vma = split_vma(&vma, end).0;
    }
    Some(vma)
}

/// Makes two VMAs of one; the parts below and above the address.
fn split_vma(vma: &vm_area_struct, addr: u64) -> (vm_area_struct, vm_area_struct) {
    vma_adjust_trans_huge(vma, addr);
    let mut lower = *vma;
    let mut upper = *vma;
    lower.vm_end = addr;
    upper.vm_start = addr;
    upper.vm_pgoff += (addr - vma.vm_start) >> PAGE_SHIFT;
    vma_unlink(vma);
    vma_link(&lower);
    vma_link(&upper);
    (lower, upper)
}

/// Joins neighbours that differ in nothing.
pub fn vma_merge(mm: mm_ptr) {
    let mut vmas = mm_vmas(mm);
    let first = vmas.next();
    vmas.fold(first, |previous, next| {
        previous.map(|previous| {
            if branch(!can_vma_merge(&previous, &next)) {
                return next;
            }
            let mut merged = previous;
            merged.vm_end = next.vm_end;
            merged.vm_flags |= next.vm_flags & VM_SOFTDIRTY;
            vma_set_page_prot(&mut merged);
            vma_unlink(&previous);
            vma_unlink(&next);
            vma_link(&merged);
            merged
        })
    });
}

fn can_vma_merge(previous: &vm_area_struct, next: &vm_area_struct) -> bool {
    let nr_pages = (previous.vm_end - previous.vm_start) >> PAGE_SHIFT;
    (previous.vm_end == next.vm_start)
        & (previous.vm_pgoff + nr_pages == next.vm_pgoff)
        & ((previous.vm_flags ^ next.vm_flags) & !VM_SOFTDIRTY == 0)
        & (previous.vm_flags & VM_SPECIAL == 0)
        & (previous.vm_file == next.vm_file)
}

/// Frees the tables below which no VMA has anything left.
fn free_pgtables(mm: mm_ptr, start: u64, end: u64) {
    let first = start & !(PUD_SIZE - 1);
    for (addr, next) in pud_ranges(first, end) {
        let pud = pud_offset(mm, addr);
        let pud_end = addr + PUD_SIZE;
        if branch(pud_none_or_leaf(pudp_get(pud))) {
            continue;
        }
        for (addr, _) in pmd_ranges(addr, next) {
            if branch(find_vma_intersection(mm, addr, addr + PMD_SIZE).is_none()) {
                pmd_clear(pmd_offset(pud, addr));
            }
        }
        if branch(find_vma_intersection(mm, addr, pud_end).is_none()) {
            pud_clear(pud);
        }
    }
}

/// The VMA an address lies in.
pub fn find_vma(mm: mm_ptr, addr: u64) -> Option<vm_area_struct> {
    mm_vmas(mm).find(|vma| (vma.vm_start..vma.vm_end).contains(&addr))
}

/// The VMA that holds all of a range.
pub fn find_vma_covering(mm: mm_ptr, start: u64, end: u64) -> Option<vm_area_struct> {
    find_vma(mm, start).filter(|vma| vma.vm_end >= end)
}

/// The first VMA that has a part of a range.
pub fn find_vma_intersection(mm: mm_ptr, start: u64, end: u64) -> Option<vm_area_struct> {
    mm_vmas(mm).find(|vma| (vma.vm_start < end) & (vma.vm_end > start))
}

/// The VMAs of an address space, by address, as they are now.
pub fn mm_vmas(mm: mm_ptr) -> impl Iterator<Item = vm_area_struct> {
    with(|m| m.mm[mm as usize].mmap).into_iter().flatten()
}

/// VMAs of an address space.
pub fn map_count(mm: mm_ptr) -> usize {
    mm_vmas(mm).count()
}

/// Puts a VMA in its place.
pub fn vma_link(vma: &vm_area_struct) {
    with(|m| {
        let mmap = &mut m.mm[vma.vm_mm as usize].mmap;
        mmap[MAX_MAP_COUNT - 1] = Some(*vma);
        mmap.sort_by_key(|slot| slot.map_or(TASK_SIZE, |vma| vma.vm_start));
    });
}

/// Takes a VMA out.
pub fn vma_unlink(vma: &vm_area_struct) {
    with(|m| {
        let mmap = &mut m.mm[vma.vm_mm as usize].mmap;
        for slot in mmap.iter_mut() {
            *slot = slot.filter(|other| other.vm_start != vma.vm_start);
        }
        mmap.sort_by_key(|slot| slot.map_or(TASK_SIZE, |vma| vma.vm_start));
    });
}

/// Writes a changed VMA back to where it was.
pub fn vma_store(vma: &vm_area_struct) {
    vma_unlink(vma);
    vma_link(vma);
}
