//! A short name for a state, the same for states that differ in names only.
//!
//! Three things are interchangeable: the two processes, the single pages (and
//! the pairs) the allocator hands out, and the slots of the swap file. A key
//! is made as if pages and slots were numbered in the order in which the page
//! tables mention them, and is the smaller of the two the processes give.

use super::super::arch::*;
use super::super::machine::*;
use super::super::mm::migrate::is_migration_entry;
use super::super::types::*;

/// The key of a state. Two different states share one with a probability of
/// about 2⁻⁶⁴ for each pair.
pub fn key(m: &machine, symmetry: bool) -> u64 {
    let only_second = !m.mm[0].in_use && m.mm[1].in_use;
    let both = m.mm[0].in_use && m.mm[1].in_use;
    if !symmetry {
        return Renaming::identity().key(m, [0, 1]);
    }
    if both {
        let one = Renaming::by_appearance().key(m, [0, 1]);
        let other = Renaming::by_appearance().key(m, [1, 0]);
        return one.min(other);
    }
    let order = if only_second { [1, 0] } else { [0, 1] };
    Renaming::by_appearance().key(m, order)
}

const POOL: usize = POOL_START as usize;
const HUGE_POOL: usize = HUGE_POOL_START as usize;

/// New numbers for pages and swap slots, given out as they turn up; 0 is not
/// yet given.
struct Renaming {
    pages: [u8; NR_FRAMES],
    next_page: u8,
    next_pair: u8,
    slots: [u8; NR_SWAP],
    next_slot: u8,
    hash: u64,
}

impl Renaming {
    fn by_appearance() -> Renaming {
        Renaming {
            pages: [0; NR_FRAMES],
            next_page: POOL_START as u8,
            next_pair: HUGE_POOL_START as u8,
            slots: [0; NR_SWAP],
            next_slot: 1,
            hash: 0x9e37_79b9_7f4a_7c15,
        }
    }

    fn identity() -> Renaming {
        let mut renaming = Renaming::by_appearance();
        for pfn in 0..NR_FRAMES {
            renaming.pages[pfn] = pfn as u8;
        }
        for slot in 0..NR_SWAP {
            renaming.slots[slot] = slot as u8;
        }
        renaming
    }

    fn key(mut self, m: &machine, order: [usize; NR_MM]) -> u64 {
        for mm in order {
            self.add_mm(&m.mm[mm]);
            let ghost = m.ghost;
            for bits in [
                ghost.raw_written,
                ghost.soft_dirty,
                ghost.uffd_wp,
                ghost.lost,
            ] {
                self.add(u64::from(bits[mm]));
            }
        }
        let mut rest = u64::from(m.bo_resource) << 1 | u64::from(m.bug.is_some());
        for pfn in m.i_pages.into_iter().chain([m.migrate_from, m.migrate_to]) {
            rest = rest << 8 | u64::from(self.page(pfn));
        }
        self.add(rest);
        self.add_frames(m);
        self.hash
    }

    fn add_mm(&mut self, mm: &mm_struct) {
        self.add(u64::from(mm.in_use));
        for vma in mm.mmap.iter().flatten() {
            let place = vma.vm_start >> PAGE_SHIFT << 24
                | vma.vm_end >> PAGE_SHIFT << 16
                | vma.vm_pgoff << 8
                | vma.vm_file.map_or(0, |file| file as u64);
            self.add(place << 32 | u64::from(vma.vm_flags));
            self.add(vma.vm_page_prot.0);
        }
        for pud in mm.pud {
            self.add(pud.0);
        }
        for pmd in mm.pmd {
            let renamed = if pmd_leaf(pmd) {
                self.leaf(pmd.0, pmd_pfn(pmd))
            } else {
                pmd.0
            };
            self.add(renamed);
        }
        for pte in mm.pte {
            let renamed = self.pte(pte);
            self.add(renamed);
        }
    }

    fn pte(&mut self, pte: pte_t) -> u64 {
        if pte_none(pte) {
            return 0;
        }
        if pte_present(pte) {
            return self.leaf(pte.0, pte_pfn(pte));
        }
        let offset = swp_offset(pte);
        let renamed = if is_migration_entry(pte) {
            u64::from(self.page(offset as u8))
        } else {
            u64::from(self.slot(offset as usize))
        };
        let kind = swp_type(pte);
        pte.0 ^ swp_entry_to_pte(kind, offset).0 ^ swp_entry_to_pte(kind, renamed).0
    }

    /// A present entry with its pfn renamed, whichever way the pfn is stored.
    fn leaf(&mut self, val: u64, pfn: u64) -> u64 {
        let renamed = u64::from(self.page(pfn as u8));
        let none = pgprot_t(0);
        val ^ pfn_bits(pfn, none) ^ pfn_bits(renamed, none)
    }

    fn page(&mut self, pfn: u8) -> u8 {
        let at = usize::from(pfn);
        if !(POOL_START..POOL_END).contains(&u64::from(pfn)) {
            return pfn;
        }
        if self.pages[at] == 0 {
            if at < HUGE_POOL {
                self.pages[at] = self.next_page;
                self.next_page += 1;
            } else {
                // The other page of the pair goes with it.
                self.pages[at] = self.next_pair;
                self.pages[at ^ 1] = self.next_pair + 1;
                self.next_pair += 2;
            }
        }
        self.pages[at]
    }

    fn slot(&mut self, slot: usize) -> u8 {
        if self.slots[slot] == 0 {
            self.slots[slot] = self.next_slot;
            self.next_slot += 1;
        }
        self.slots[slot]
    }

    /// What is known of each page, in the new order.
    fn add_frames(&mut self, m: &machine) {
        let mut frames = [0u64; NR_FRAMES];
        for pfn in POOL..POOL_END as usize {
            let frame = m.mem_map[pfn];
            if frame.flags & !PG_reserved != 0 {
                let renamed = self.page(pfn as u8);
                frames[usize::from(renamed)] = u64::from(frame.flags) << 16
                    | u64::from(frame.mapcount) << 8
                    | u64::from(frame.index);
            }
        }
        for pair in frames[POOL..POOL_END as usize].chunks(2) {
            self.add(pair[0] << 32 | pair[1]);
        }
    }

    /// Mixes a word in: the folded 128-bit product of wyhash.
    fn add(&mut self, word: u64) {
        let product = u128::from(self.hash ^ word) * u128::from(0xe703_7ed1_a0b4_28dbu64);
        self.hash = (product as u64 ^ (product >> 64) as u64).wrapping_add(0xa076_1d64_78bd_642f);
    }
}

/// The place of a pfn in an entry, whatever else the entry has.
fn pfn_bits(pfn: u64, none: pgprot_t) -> u64 {
    pfn_pte(pfn, none).0
}
