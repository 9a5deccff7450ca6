//! What user space does to memory: an access goes through the page tables, and
//! faults where they do not allow it (`arch/*/mm/fault.c`).

use super::arch::*;
use super::machine::*;
use super::mm::memory::handle_mm_fault;
use super::mm::mmap::find_vma;
use super::mm::page::*;
use super::mm::pgtable::*;
use super::mm::vma::*;
use super::types::*;

/// How an access ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// The access went through.
    Done,
    /// `VM_FAULT_SIGBUS`, `VM_FAULT_SIGSEGV` or `VM_FAULT_OOM`.
    Signal(vm_fault_t),
    /// Waits for another party: userfaultfd, or the end of a migration.
    Blocked,
}

/// Faults one access may need before it goes through; the longest way is from a
/// huge leaf over the split, the single page and its copy to the dirty bit.
const MAX_FAULTS: usize = 6;

/// A process reads or writes a page.
pub fn access(mm: mm_ptr, addr: u64, write: bool) -> Access {
    for _ in 0..MAX_FAULTS {
        if let Some(leaf) = find_leaf(mm, addr)
            && hw_allows(leaf.val, write)
        {
            store_leaf(mm, addr, leaf.level, hw_set_access(leaf.val, write));
            if write {
                note_write(mm, addr, leaf);
            }
            return Access::Done;
        }
        let Some(vma) = find_vma(mm, addr) else {
            return Access::Signal(VM_FAULT_SIGSEGV);
        };
        if access_error(&vma, write) {
            return Access::Signal(VM_FAULT_SIGSEGV);
        }
        let flags = if write { FAULT_FLAG_WRITE } else { 0 };
        let ret = handle_mm_fault(&vma, addr, flags);
        if ret & VM_FAULT_ERROR != 0 {
            return Access::Signal(ret & VM_FAULT_ERROR);
        }
        if ret & VM_FAULT_RETRY != 0 {
            return Access::Blocked;
        }
    }
    BUG_ON(
        true,
        "a fault is handled again and again, and the access never succeeds",
    );
    Access::Blocked
}

fn access_error(vma: &vm_area_struct, write: bool) -> bool {
    let needed = if write { VM_WRITE } else { VM_READ | VM_WRITE };
    vma.vm_flags & needed == 0
}

/// A debugger writes to another process's page (`ptrace`): with `FOLL_FORCE`
/// also where the process itself may not, as long as it hits a private copy
/// (`mm/gup.c`).
pub fn access_remote_vm(mm: mm_ptr, addr: u64) -> Access {
    let Some(vma) = find_vma(mm, addr) else {
        return Access::Signal(VM_FAULT_SIGSEGV);
    };
    let may_force = vma.vm_flags & VM_WRITE != 0 || is_cow_mapping(vma.vm_flags);
    if vma.vm_flags & (VM_IO | VM_PFNMAP) != 0 || !may_force {
        return Access::Signal(VM_FAULT_SIGSEGV);
    }
    for _ in 0..MAX_FAULTS {
        if let Some(leaf) = find_leaf(mm, addr)
            && can_follow_write(&vma, leaf)
        {
            set_page_dirty(pfn_to_page(leaf.pfn));
            note_write(mm, addr, leaf);
            return Access::Done;
        }
        let ret = handle_mm_fault(&vma, addr, FAULT_FLAG_WRITE);
        if ret & VM_FAULT_ERROR != 0 {
            return Access::Signal(ret & VM_FAULT_ERROR);
        }
        if ret & VM_FAULT_RETRY != 0 {
            return Access::Blocked;
        }
    }
    BUG_ON(true, "a forced write faults again and again");
    Access::Blocked
}

/// `can_follow_write_pte`: a read-only entry will do if it maps an exclusive
/// anonymous page that no one tracks.
fn can_follow_write(vma: &vm_area_struct, leaf: leaf) -> bool {
    let pte = pte_t(leaf.val);
    if !pte_present(pte) || pte_special(pte) || (pte_protnone(pte) && vma_is_accessible(vma)) {
        return false;
    }
    if pte_write(pte) {
        return true;
    }
    let page = pfn_to_page(leaf.pfn);
    let soft_dirty_wp =
        current().has_soft_dirty() && vma.vm_flags & VM_SOFTDIRTY == 0 && !pte_soft_dirty(pte);
    let uffd_wp = userfaultfd_wp(vma) && pte_uffd_wp(pte);
    PageAnon(page) && PageAnonExclusive(page) && !soft_dirty_wp && !uffd_wp
}

/// Records what the write means to user space, for the invariant.
fn note_write(mm: mm_ptr, addr: u64, leaf: leaf) {
    let page = 1 << (addr >> PAGE_SHIFT);
    with(|m| {
        m.ghost.soft_dirty[mm as usize] |= page;
        if pte_special(pte_t(leaf.val)) {
            m.ghost.raw_written[mm as usize] |= page;
        } else {
            m.mem_map[leaf.pfn as usize].flags |= PG_written;
        }
    });
}

/// The level of a leaf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum level {
    /// One page.
    Pte,
    /// Two pages.
    Pmd,
    /// Four pages.
    Pud,
}

/// What a page table walk ends at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct leaf {
    /// Where in the page table it lies.
    pub level: level,
    /// The entry; zero is not a leaf.
    pub val: u64,
    /// The page frame of the page asked for, if the entry is present.
    pub pfn: u64,
}

/// The entry an address is mapped by, or a swap or migration entry.
pub fn find_leaf(mm: mm_ptr, addr: u64) -> Option<leaf> {
    with(|m| m.find_leaf(mm, addr))
}

fn store_leaf(mm: mm_ptr, addr: u64, level: level, val: u64) {
    let pud = pud_offset(mm, addr);
    let pmd = pmd_offset(pud, addr);
    match level {
        level::Pud => set_pud_at(mm, addr, pud, pud_t(val)),
        level::Pmd => set_pmd_at(mm, addr, pmd, pmd_t(val)),
        level::Pte => set_pte_at(mm, addr, pte_offset_map(pmd, addr), pte_t(val)),
    }
}

impl machine {
    /// [`find_leaf`] in a state that need not be loaded.
    pub fn find_leaf(&self, mm: mm_ptr, addr: u64) -> Option<leaf> {
        let mm = &self.mm[mm as usize];
        let pud = mm.pud[(addr >> PUD_SHIFT) as usize];
        if pud_none(pud) {
            return None;
        }
        if pud_leaf(pud) {
            let pfn = pud_pfn(pud) + ((addr & (PUD_SIZE - 1)) >> PAGE_SHIFT);
            return Some(leaf {
                level: level::Pud,
                val: pud.0,
                pfn,
            });
        }
        let pmd = mm.pmd[(addr >> PMD_SHIFT) as usize];
        if pmd_none(pmd) {
            return None;
        }
        if pmd_leaf(pmd) {
            let pfn = pmd_pfn(pmd) + ((addr & (PMD_SIZE - 1)) >> PAGE_SHIFT);
            return Some(leaf {
                level: level::Pmd,
                val: pmd.0,
                pfn,
            });
        }
        let pte = mm.pte[(addr >> PAGE_SHIFT) as usize];
        if pte_none(pte) {
            return None;
        }
        let pfn = if pte_present(pte) { pte_pfn(pte) } else { 0 };
        Some(leaf {
            level: level::Pte,
            val: pte.0,
            pfn,
        })
    }
}
