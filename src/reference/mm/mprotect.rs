//! Changing protections (`mm/mprotect.c`).
//!
//! Entries are changed with `pte_modify()` and its kin only: permissions come
//! from the new protection, attribute bits stay with the entry. So an override
//! survives, as long as those helpers keep their promise.

use super::super::arch::*;
use super::super::cover;
use super::super::faults::{CONFIG_FAULT_UNGUARDED_NUMA, is_injected};
use super::super::types::*;
use super::huge_memory::*;
use super::migrate::*;
use super::mmap::*;
use super::page::*;
use super::pgtable::*;
use super::vma::*;

#[track_caller]
#[inline(always)]
fn branch(condition: bool) -> bool {
    cover::branch(cover::MPROTECT, condition)
}

#[track_caller]
#[inline(always)]
fn branch_some<T>(pointer: Option<T>) -> Option<T> {
    cover::branch_some(cover::MPROTECT, pointer)
}

/// Why protections change (`include/linux/mm.h`).
pub const MM_CP_TRY_CHANGE_WRITABLE: u32 = 1 << 0;
/// To provoke NUMA hinting faults.
pub const MM_CP_PROT_NUMA: u32 = 1 << 1;
/// To write-protect for userfaultfd.
pub const MM_CP_UFFD_WP: u32 = 1 << 2;
/// To release what userfaultfd protected.
pub const MM_CP_UFFD_WP_RESOLVE: u32 = 1 << 3;

/// The system call: new access rights for a range inside one VMA. Returns 0 or
/// a negative error.
pub fn do_mprotect(mm: mm_ptr, start: u64, end: u64, prot: vm_flags_t) -> i32 {
    let Some(vma) = branch_some(find_vma_covering(mm, start, end)) else {
        return -ENOMEM;
    };
    let newflags = (vma.vm_flags & !VM_ACCESS_FLAGS) | prot;
    // The flags that permit an access right lie four bits above it.
    if branch(newflags & !(newflags >> 4) & VM_ACCESS_FLAGS != 0) {
        return -EACCES;
    }
    mprotect_fixup(&vma, start, end, newflags)
}

fn mprotect_fixup(vma: &vm_area_struct, start: u64, end: u64, newflags: vm_flags_t) -> i32 {
    if branch(newflags == vma.vm_flags) {
        return 0;
    }
    let Some(mut vma) = branch_some(vma_modify(vma, start, end)) else {
        return -ENOMEM;
    };
    vma.vm_flags = newflags;
    let mut mm_cp_flags = 0;
    vma_set_page_prot(&mut vma);
    if branch(vma_wants_manual_pte_write_upgrade(&vma)) {
        mm_cp_flags |= MM_CP_TRY_CHANGE_WRITABLE;
    }
    vma_store(&vma);
    change_protection(&vma, start, end, mm_cp_flags);
    vma_merge(vma.vm_mm);
    0
}

/// Changes the entries of a range to the VMA's protection, or as the flags say.
pub fn change_protection(vma: &vm_area_struct, start: u64, end: u64, cp_flags: u32) {
    let mut newprot = vma.vm_page_prot;
    if branch(cp_flags & MM_CP_PROT_NUMA != 0) {
        newprot = PAGE_NONE();
    }
    for (addr, next) in pud_ranges(start, end) {
        change_pud(vma, addr, next, newprot, cp_flags);
    }
}

fn change_pud(vma: &vm_area_struct, addr: u64, next: u64, newprot: pgprot_t, cp_flags: u32) {
    let pud = pud_offset(vma.vm_mm, addr);
    let pude = pudp_get(pud);
    if branch(pud_none(pude)) {
        return;
    }
    if branch(pud_leaf(pude)) {
        if branch(next - addr != PUD_SIZE) {
            __split_huge_pud(vma, pud, addr);
        } else {
            change_huge_pud(vma, pud, addr, newprot);
        }
        return;
    }
    for (addr, next) in pmd_ranges(addr, next) {
        change_pmd(vma, pud, addr, next, newprot, cp_flags);
    }
}

fn change_pmd(
    vma: &vm_area_struct,
    pud: pud_ptr,
    addr: u64,
    next: u64,
    newprot: pgprot_t,
    cp_flags: u32,
) {
    let pmd = pmd_offset(pud, addr);
    if branch(pmd_leaf(pmdp_get(pmd))) {
        if branch(next - addr == PMD_SIZE) {
            change_huge_pmd(vma, pmd, addr, newprot, cp_flags);
            return;
        }
        __split_huge_pmd(vma, pmd, addr);
    }
    if branch(pmd_none(pmdp_get(pmd))) {
        return;
    }
    for addr in page_addresses(addr, next) {
        change_pte(vma, pmd, addr, newprot, cp_flags);
    }
}

/// One step of the kernel's `change_pte_range`.
fn change_pte(vma: &vm_area_struct, pmd: pmd_ptr, addr: u64, newprot: pgprot_t, cp_flags: u32) {
    let ptep = pte_offset_map(pmd, addr);
    let oldpte = ptep_get(ptep);
    if branch(pte_present(oldpte)) {
        change_present_pte(vma, addr, ptep, newprot, cp_flags);
    } else if branch(is_swap_pte(oldpte)) {
        change_swap_pte(vma, addr, ptep, cp_flags);
    }
}

fn change_present_pte(
    vma: &vm_area_struct,
    addr: u64,
    ptep: pte_ptr,
    newprot: pgprot_t,
    cp_flags: u32,
) {
    let oldpte = ptep_get(ptep);
    if branch(cp_flags & MM_CP_PROT_NUMA != 0) {
        if branch(pte_protnone(oldpte)) {
            return;
        }
        let mut page = vm_normal_page(vma, addr, oldpte);
        if is_injected(CONFIG_FAULT_UNGUARDED_NUMA) {
            page = pfn_to_online_page(pte_pfn(oldpte));
        }
        let Some(page) = branch_some(page) else {
            return;
        };
        // A page several processes share may be needed where it is.
        if branch(is_cow_mapping(vma.vm_flags)) && branch(page_mapcount(page) > 1) {
            return;
        }
    }

    let mut ptent = pte_modify(oldpte, newprot);
    if branch(cp_flags & MM_CP_UFFD_WP != 0) {
        ptent = pte_mkuffd_wp(ptent);
    } else if branch(cp_flags & MM_CP_UFFD_WP_RESOLVE != 0) {
        ptent = pte_clear_uffd_wp(ptent);
    }
    if branch(cp_flags & MM_CP_TRY_CHANGE_WRITABLE != 0)
        && branch(can_change_pte_writable(vma, addr, ptent))
    {
        ptent = pte_mkwrite(ptent);
    }
    set_pte_at(vma.vm_mm, addr, ptep, ptent);
}

fn change_swap_pte(vma: &vm_area_struct, addr: u64, ptep: pte_ptr, cp_flags: u32) {
    let oldpte = ptep_get(ptep);
    let mut newpte = wrprotect_migration_entry(oldpte);
    if branch(cp_flags & MM_CP_UFFD_WP != 0) {
        newpte = pte_swp_mkuffd_wp(newpte);
    } else if branch(cp_flags & MM_CP_UFFD_WP_RESOLVE != 0) {
        newpte = pte_swp_clear_uffd_wp(newpte);
    }
    set_pte_at(vma.vm_mm, addr, ptep, newpte);
}

/// Whether an entry of a writable VMA that lost write permission may have it
/// back without a fault.
pub fn can_change_pte_writable(vma: &vm_area_struct, addr: u64, pte: pte_t) -> bool {
    if branch(pte_needs_soft_dirty_wp(vma, pte)) {
        return false;
    }
    if branch(userfaultfd_pte_wp(vma, pte)) {
        return false;
    }
    if branch(vma.vm_flags & VM_SHARED == 0) {
        let Some(page) = branch_some(vm_normal_page(vma, addr, pte)) else {
            return false;
        };
        return PageAnon(page) & PageAnonExclusive(page);
    }
    // A dirty entry of a shared mapping has had its write fault.
    pte_dirty(pte)
}
