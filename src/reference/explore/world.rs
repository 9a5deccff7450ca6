//! The small worlds that are explored: what is mapped at the start, and which
//! operations are tried.

use super::super::arch::Arch;
use super::super::drivers::ttm::{TTM_PL_SYSTEM, TTM_PL_TT, TTM_PL_VRAM};
use super::super::machine::{POOL_END, POOL_START};
use super::super::types::*;
use super::op::{Mapping, Op, Range, Sharing};

/// One small world.
pub struct World {
    /// Its name in reports.
    pub name: &'static str,
    /// What it is for, as a sentence.
    pub about: &'static str,
    /// Mapped before the search begins; may be mapped again later.
    pub mappings: &'static [Mapping],
    /// Further mappings to try.
    pub more_mappings: &'static [Mapping],
    /// Single pages, and pairs for huge pages, that are not to be had.
    pub scarcity: (u8, u8),
    /// Pages that are read, written and poked.
    pub pages: &'static [u8],
    /// Ranges for `mprotect`, `munmap`, `madvise` and userfaultfd.
    pub ranges: &'static [Range],
    /// Moves by `mremap`: from page, to page.
    pub moves: &'static [(u8, u8)],
    /// What else happens.
    pub events: &'static [Event],
}

/// Groups of operations a world may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Access rights change.
    Mprotect,
    /// Mappings go and come back.
    Munmap,
    /// Memory is given up.
    Madvise,
    /// A debugger writes.
    Ptrace,
    /// There can be a second process.
    Fork,
    /// NUMA balancing scans.
    Numa,
    /// Soft-dirty bits are cleared.
    SoftDirty,
    /// userfaultfd write protection.
    Uffd,
    /// Reclaim swaps out.
    Swap,
    /// Pages migrate.
    Migration,
    /// The file is written back and invalidated.
    File,
    /// The buffer object moves.
    BufferObject,
    /// The doorbells are taken away.
    Doorbell,
}

impl World {
    /// The operations of this world on an architecture, always in the same
    /// order. Those of the second process are there only if it can exist.
    pub fn ops(&self, arch: Arch) -> Vec<Op> {
        let mut ops = Vec::new();
        let has = |event| self.events.contains(&event);
        let processes = if has(Event::Fork) {
            &ALL_MMS[..]
        } else {
            &ALL_MMS[..1]
        };
        for &mm in processes {
            for &at in self.pages {
                ops.push(Op::Read(mm, at));
                ops.push(Op::Write(mm, at));
                if has(Event::Ptrace) {
                    ops.push(Op::Poke(mm, at));
                }
            }
            for &range in self.ranges {
                if has(Event::Mprotect) {
                    for prot in [VM_READ, VM_READ | VM_WRITE, VM_NONE] {
                        ops.push(Op::Mprotect(mm, range, prot));
                    }
                }
                if has(Event::Madvise) {
                    ops.push(Op::Dontneed(mm, range));
                    ops.push(Op::Free(mm, range));
                }
                if has(Event::Munmap) {
                    ops.push(Op::Munmap(mm, range));
                }
                if has(Event::Uffd) {
                    ops.push(Op::UffdProtect(mm, range));
                    ops.push(Op::UffdRelease(mm, range));
                }
            }
            if has(Event::Uffd) {
                for mapping in self.mappings {
                    ops.push(Op::UffdRegister(mm, mapping.range.start));
                    ops.push(Op::UffdUnregister(mm, mapping.range.start));
                }
            }
            ops.extend(
                self.moves
                    .iter()
                    .map(|&(from, to)| Op::Mremap(mm, from, to)),
            );
            if has(Event::Numa) {
                ops.push(Op::NumaScan(mm));
            }
            if has(Event::SoftDirty) {
                ops.push(Op::ClearRefs(mm));
            }
            if has(Event::Munmap) {
                ops.extend(self.mappings.iter().map(|mapping| Op::Mmap(mm, *mapping)));
            }
            ops.extend(
                self.more_mappings
                    .iter()
                    .map(|mapping| Op::Mmap(mm, *mapping)),
            );
            if has(Event::Fork) {
                ops.push(Op::Fork(mm));
                ops.push(Op::Exit(mm));
            }
        }
        for pfn in POOL_START as u8..POOL_END as u8 {
            if has(Event::Swap) {
                ops.push(Op::SwapOut(pfn));
            }
            if has(Event::Migration) {
                ops.push(Op::MigrateUnmap(pfn));
            }
        }
        if has(Event::Migration) {
            ops.push(Op::MigrateMove);
        }
        if has(Event::File) {
            ops.extend([Op::WriteBack, Op::Invalidate]);
        }
        if has(Event::BufferObject) {
            ops.extend([TTM_PL_SYSTEM, TTM_PL_TT, TTM_PL_VRAM].map(Op::BoMove));
        }
        if has(Event::Doorbell) {
            ops.push(Op::Revoke);
        }
        ops.retain(|op| op.supported(arch));
        ops
    }
}

const fn range(start: u8, nr_pages: u8) -> Range {
    Range { start, nr_pages }
}

const fn anon(start: u8, nr_pages: u8, huge: bool) -> Mapping {
    let range = range(start, nr_pages);
    Mapping {
        range,
        file: None,
        sharing: Sharing::Private,
        huge,
    }
}

const fn map(start: u8, nr_pages: u8, file: address_space, sharing: Sharing) -> Mapping {
    Mapping {
        range: range(start, nr_pages),
        file: Some(file),
        sharing,
        huge: true,
    }
}

use Event::*;
use address_space::{
    BufferObject as Bo, Doorbell as Bell, File as Disk, SharedPage as Dma, TrackedBuffer,
};

/// Every world, in the order they are explored.
pub const WORLDS: [World; 9] = [
    World {
        name: "buffer",
        about: "a shared mapping of a buffer object that moves while it is mapped",
        mappings: &[map(0, 4, Bo, Sharing::Shared)],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1, 2, 3],
        ranges: &[range(0, 4), range(0, 2), range(1, 1)],
        moves: &[(0, 4), (0, 5)],
        events: &[Mprotect, Munmap, Numa, SoftDirty, Event::BufferObject],
    },
    World {
        name: "private-buffer",
        about: "a private mapping of the buffer object, whose written pages become copies",
        mappings: &[map(0, 2, Bo, Sharing::Private)],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1],
        ranges: &[range(0, 2), range(0, 1)],
        moves: &[(0, 5)],
        events: &[
            Mprotect,
            Madvise,
            Numa,
            SoftDirty,
            Uffd,
            Swap,
            Migration,
            Fork,
            Ptrace,
            Event::BufferObject,
        ],
    },
    World {
        name: "forked-buffer",
        about: "two processes that share a mapping of the buffer object",
        mappings: &[
            map(0, 4, TrackedBuffer, Sharing::Shared),
            map(4, 4, Bo, Sharing::Private),
        ],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 2, 4, 7],
        ranges: &[range(0, 4), range(4, 4), range(4, 2)],
        moves: &[],
        events: &[Mprotect, Madvise, SoftDirty, Fork, Event::BufferObject],
    },
    World {
        name: "anonymous",
        about: "anonymous memory with a huge page and a single one",
        mappings: &[anon(0, 4, true)],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1, 2],
        ranges: &[range(0, 4), range(0, 1), range(0, 2)],
        moves: &[(0, 4), (0, 5), (1, 6), (0, 10)],
        events: &[
            Mprotect, Munmap, Madvise, Numa, SoftDirty, Uffd, Swap, Migration, Ptrace,
        ],
    },
    World {
        name: "forked-anonymous",
        about: "anonymous memory of two processes",
        mappings: &[anon(0, 2, true), anon(2, 1, false)],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1, 2],
        ranges: &[range(0, 2), range(2, 1)],
        moves: &[],
        events: &[
            Mprotect, Madvise, Numa, SoftDirty, Uffd, Swap, Migration, Fork,
        ],
    },
    World {
        name: "file",
        about: "shared, private and read-only mappings of an ordinary file",
        mappings: &[
            map(0, 2, Disk, Sharing::Shared),
            map(2, 2, Disk, Sharing::Private),
            map(4, 1, Disk, Sharing::SharedReadOnly),
        ],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1, 2, 3, 4],
        ranges: &[range(0, 2), range(2, 2), range(4, 1)],
        moves: &[],
        events: &[
            Mprotect,
            Munmap,
            Madvise,
            Numa,
            SoftDirty,
            Swap,
            Migration,
            Fork,
            Ptrace,
            Event::File,
        ],
    },
    World {
        name: "devices",
        about: "uncached doorbells, and memory shared decrypted with a device",
        mappings: &[
            map(0, 2, Bell, Sharing::Shared),
            map(4, 4, Dma, Sharing::Shared),
        ],
        more_mappings: &[
            map(2, 1, Bell, Sharing::Private),
            map(2, 2, Bell, Sharing::Private),
            map(2, 2, Dma, Sharing::Private),
        ],
        scarcity: (0, 0),
        pages: &[0, 2, 4, 5, 6],
        ranges: &[range(0, 2), range(4, 2), range(2, 1), range(0, 1)],
        moves: &[(0, 2), (4, 8)],
        events: &[
            Mprotect,
            Munmap,
            Madvise,
            Numa,
            SoftDirty,
            Fork,
            Swap,
            Event::Doorbell,
        ],
    },
    World {
        name: "mixed",
        about: "a buffer object, anonymous memory and a file in one process",
        mappings: &[
            map(0, 2, Bo, Sharing::Shared),
            anon(2, 2, true),
            map(4, 2, Disk, Sharing::Private),
        ],
        more_mappings: &[],
        scarcity: (0, 0),
        pages: &[0, 1, 2, 3, 4],
        ranges: &[
            range(0, 2),
            range(2, 2),
            range(4, 2),
            range(0, 1),
            range(2, 1),
        ],
        moves: &[(2, 6)],
        events: &[
            Mprotect,
            Madvise,
            Numa,
            SoftDirty,
            Swap,
            Migration,
            Event::File,
            Event::BufferObject,
        ],
    },
    World {
        name: "scarce",
        about: "little memory: allocations fail",
        mappings: &[anon(0, 3, true), map(4, 2, Disk, Sharing::Private)],
        more_mappings: &[],
        scarcity: (3, 1),
        pages: &[0, 2, 4, 5],
        ranges: &[range(0, 2), range(4, 2)],
        moves: &[],
        events: &[
            Mprotect,
            Madvise,
            Numa,
            SoftDirty,
            Swap,
            Migration,
            Fork,
            Event::File,
        ],
    },
];
