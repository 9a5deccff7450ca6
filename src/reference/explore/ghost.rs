//! What user space has done and is entitled to: kept beside the model's kernel,
//! which never reads it, for the invariant to compare with.

use super::super::arch::{current, is_swap_pte, pte_present, pte_special, swp_offset};
use super::super::machine::*;
use super::super::mm::migrate::is_migration_entry;
use super::super::types::*;
use super::op::{Op, Range};

/// Written memory may go only where someone gave it up.
pub fn note_losses(op: Op, had: [u16; NR_MM], have: [u16; NR_MM]) {
    let given_up = matches!(
        op,
        Op::Munmap(..)
            | Op::Mremap(..)
            | Op::Dontneed(..)
            | Op::Free(..)
            | Op::Exit(..)
            | Op::BoMove(..)
            | Op::Revoke
    );
    if given_up {
        return;
    }
    with(|m| {
        for mm in 0..NR_MM {
            m.ghost.lost[mm] |= had[mm] & !have[mm];
        }
        if let Op::Fork(parent) = op {
            // The child has all that the parent has.
            let (parent, child) = (usize::from(parent), usize::from(1 - parent));
            m.ghost.lost[child] |= had[parent] & !have[child];
        }
    });
}

/// The pages that hold what was written to private memory: mapped, in swap or in
/// migration.
pub fn content() -> [u16; NR_MM] {
    with(|m| {
        let mut content = [0; NR_MM];
        let swapped = m.swap_map != [0; NR_SWAP];
        if !swapped && !m.mem_map.iter().any(|frame| frame.flags & PG_written != 0) {
            return content;
        }
        for mm in ALL_MMS
            .into_iter()
            .filter(|mm| m.mm[usize::from(*mm)].in_use)
        {
            for at in 0..NR_VPAGES {
                let Some(leaf) = m.find_leaf(mm, (at as u64) << PAGE_SHIFT) else {
                    continue;
                };
                let pte = pte_t(leaf.val);
                let written = PG_anon | PG_written;
                let written = |pfn: u64| m.mem_map[pfn as usize].flags & written == written;
                let holds = if pte_present(pte) {
                    !pte_special(pte) && written(leaf.pfn)
                } else {
                    !is_migration_entry(pte) || written(swp_offset(pte))
                };
                content[usize::from(mm)] |= u16::from(holds) << at;
            }
        }
        content
    })
}

/// `MADV_FREE`: the process has no claim to the content any more. A page that
/// another process maps too is still that one's.
pub fn give_up(mm: mm_ptr, range: Range) {
    with(|m| {
        for addr in (range.start()..range.end()).step_by(PAGE_SIZE as usize) {
            if let Some(leaf) = m.find_leaf(mm, addr)
                && m.mem_map[leaf.pfn as usize].mapcount == 1
            {
                m.mem_map[leaf.pfn as usize].flags &= !PG_written;
            }
        }
    });
}

/// Notes what was write-protected through userfaultfd, or released.
pub fn protect_ghost(mm: mm_ptr, start: u64, end: u64, protect: bool) {
    with(|m| {
        for addr in (start..end).step_by(PAGE_SIZE as usize) {
            let bit = 1 << (addr >> PAGE_SHIFT);
            if protect {
                m.ghost.uffd_wp[mm as usize] |= bit;
            } else {
                m.ghost.uffd_wp[mm as usize] &= !bit;
            }
        }
    });
}

/// What was noted of an entry ends with it: a page that was removed has nothing
/// left that could be lost.
pub fn settle_ghost() {
    with(|m| {
        let in_use = [m.mm[0].in_use, m.mm[1].in_use];
        for mm in ALL_MMS.into_iter().filter(|mm| in_use[usize::from(*mm)]) {
            let (mut there, mut raw, mut registered) = (0u16, 0u16, 0u16);
            for at in 0..NR_VPAGES {
                let Some(leaf) = m.find_leaf(mm, (at as u64) << PAGE_SHIFT) else {
                    continue;
                };
                let pte = pte_t(leaf.val);
                if pte_present(pte) || is_swap_pte(pte) {
                    there |= 1 << at;
                }
                if pte_present(pte) && pte_special(pte) {
                    raw |= 1 << at;
                }
            }
            for vma in m.mm[mm as usize].mmap.iter().flatten() {
                if vma.vm_flags & VM_UFFD_WP != 0 {
                    for at in vma.vm_start >> PAGE_SHIFT..vma.vm_end >> PAGE_SHIFT {
                        registered |= 1 << at;
                    }
                }
            }
            let mm = mm as usize;
            m.ghost.raw_written[mm] &= raw;
            m.ghost.soft_dirty[mm] &= if current().has_soft_dirty() { there } else { 0 };
            m.ghost.uffd_wp[mm] &= there & registered;
        }
    });
}
