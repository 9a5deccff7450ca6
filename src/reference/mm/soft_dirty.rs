//! Soft-dirty tracking (`fs/proc/task_mmu.c`): user space asks which pages were
//! written since it last asked.

use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_LOST_SOFT_DIRTY, is_injected};
use super::super::types::*;
use super::huge_memory::__split_huge_pud;
use super::migrate::wrprotect_migration_entry;
use super::mmap::*;
use super::pgtable::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::SOFT_DIRTY, condition)
}

/// Writing 4 to `/proc/pid/clear_refs`: forgets all writes so far.
pub fn clear_refs_write(mm: mm_ptr) {
    for mut vma in mm_vmas(mm) {
        if branch(vma.vm_flags & VM_SOFTDIRTY != 0) {
            vma.vm_flags &= !VM_SOFTDIRTY;
            vma_set_page_prot(&mut vma);
            vma_store(&vma);
        }
        // Raw mappings are not tracked page by page.
        if branch(vma.vm_flags & VM_PFNMAP != 0) {
            continue;
        }
        for (addr, next) in pud_ranges(vma.vm_start, vma.vm_end) {
            clear_refs_pud(&vma, addr, next);
        }
    }
    vma_merge(mm);
}

fn clear_refs_pud(vma: &vm_area_struct, addr: u64, next: u64) {
    let pud = pud_offset(vma.vm_mm, addr);
    if branch(pud_leaf(pudp_get(pud))) {
        // The page walk has no callback for leaves of this size.
        __split_huge_pud(vma, pud, addr);
    }
    if branch(pud_none(pudp_get(pud))) {
        return;
    }
    for (addr, next) in pmd_ranges(addr, next) {
        let pmd = pmd_offset(pud, addr);
        if branch(pmd_leaf(pmdp_get(pmd))) {
            clear_soft_dirty_pmd(vma, addr, pmd);
        } else if branch(!pmd_none(pmdp_get(pmd))) {
            for addr in page_addresses(addr, next) {
                clear_soft_dirty(vma, addr, pte_offset_map(pmd, addr));
            }
        }
    }
}

fn clear_soft_dirty_pmd(vma: &vm_area_struct, addr: u64, pmdp: pmd_ptr) {
    let pmd = pmd_clear_soft_dirty(pmd_wrprotect(pmdp_get(pmdp)));
    set_pmd_at(vma.vm_mm, addr, pmdp, pmd);
}

fn clear_soft_dirty(vma: &vm_area_struct, addr: u64, ptep: pte_ptr) {
    let ptent = ptep_get(ptep);
    if branch(pte_present(ptent)) {
        let ptent = pte_clear_soft_dirty(pte_wrprotect(ptent));
        set_pte_at(vma.vm_mm, addr, ptep, ptent);
    } else if branch(is_swap_pte(ptent)) {
        let mut ptent = pte_swp_clear_soft_dirty(ptent);
        // A page in migration must not come back writable, or the next write
        // is missed. Linux 6.12 does not see to it.
        if !is_injected(CONFIG_FAULT_LOST_SOFT_DIRTY) {
            ptent = wrprotect_migration_entry(ptent);
        }
        set_pte_at(vma.vm_mm, addr, ptep, ptent);
    }
}
