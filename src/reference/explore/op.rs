//! The operations the explorer tries: system calls, accesses, and what the
//! kernel and the drivers do of their own accord. `apply.rs` carries them out,
//! `words.rs` names them.

use super::super::arch::Arch;
use super::super::machine::*;
use super::super::types::*;

/// One step of a sequence. Page numbers are offsets into the address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// `mmap`.
    Mmap(mm_ptr, Mapping),
    /// `munmap`.
    Munmap(mm_ptr, Range),
    /// `mprotect`, with the access rights as `VM_READ | VM_WRITE`.
    Mprotect(mm_ptr, Range, vm_flags_t),
    /// From one page to another, whatever is mapped there.
    Mremap(mm_ptr, u8, u8),
    /// `madvise(MADV_DONTNEED)`.
    Dontneed(mm_ptr, Range),
    /// `madvise(MADV_FREE)`.
    Free(mm_ptr, Range),
    /// A process reads a page.
    Read(mm_ptr, u8),
    /// A process writes a page.
    Write(mm_ptr, u8),
    /// A debugger writes a page of a process.
    Poke(mm_ptr, u8),
    /// A process makes the other.
    Fork(mm_ptr),
    /// One of two processes ends.
    Exit(mm_ptr),
    /// NUMA balancing scans a process.
    NumaScan(mm_ptr),
    /// Soft-dirty bits are cleared.
    ClearRefs(mm_ptr),
    /// The VMA at a page is registered with userfaultfd.
    UffdRegister(mm_ptr, u8),
    /// The VMA at a page is no longer registered.
    UffdUnregister(mm_ptr, u8),
    /// Pages are write-protected through userfaultfd.
    UffdProtect(mm_ptr, Range),
    /// Pages are released through userfaultfd.
    UffdRelease(mm_ptr, Range),
    /// Reclaim swaps a page frame out.
    SwapOut(u8),
    /// Migration of a page frame begins.
    MigrateUnmap(u8),
    /// The migration under way ends.
    MigrateMove,
    /// The file is written back.
    WriteBack,
    /// The mappings of the file are invalidated.
    Invalidate,
    /// The buffer object moves to `TTM_PL_*`.
    BoMove(u8),
    /// The device takes its doorbells away.
    Revoke,
}

/// Pages of an address space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The first page.
    pub start: u8,
    /// How many pages.
    pub nr_pages: u8,
}

impl Range {
    /// The first address.
    pub fn start(self) -> u64 {
        u64::from(self.start) << PAGE_SHIFT
    }

    /// The address behind the last.
    pub fn end(self) -> u64 {
        u64::from(self.start + self.nr_pages) << PAGE_SHIFT
    }
}

/// What an `mmap` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Where it lies.
    pub range: Range,
    /// `None` for anonymous memory.
    pub file: Option<address_space>,
    /// Who sees what is written.
    pub sharing: Sharing,
    /// Whether huge pages are allowed (`MADV_HUGEPAGE`, `MADV_NOHUGEPAGE`).
    pub huge: bool,
}

/// How a mapping shares what is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sharing {
    /// Written pages become copies.
    Private,
    /// Everyone sees what is written.
    Shared,
    /// Shared, of a file opened for reading: the mapping loses `VM_SHARED` and
    /// `VM_MAYWRITE`, and keeps `VM_MAYSHARE`.
    SharedReadOnly,
}

impl Mapping {
    /// The flags `mmap` starts out with.
    pub fn vm_flags(self) -> vm_flags_t {
        let mut flags = VM_READ | VM_MAYREAD;
        flags |= match self.sharing {
            Sharing::Private => VM_WRITE | VM_MAYWRITE,
            Sharing::Shared => VM_WRITE | VM_MAYWRITE | VM_SHARED | VM_MAYSHARE,
            Sharing::SharedReadOnly => VM_MAYSHARE,
        };
        if !self.huge {
            flags |= VM_NOHUGEPAGE;
        }
        flags
    }
}

/// Names of the operations, in the order of [`Op::kind`].
pub const KINDS: [&str; 23] = [
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "read",
    "write",
    "ptrace",
    "fork",
    "exit",
    "numa-scan",
    "clear-refs",
    "uffd-register",
    "uffd-unregister",
    "uffd-protect",
    "uffd-release",
    "swap-out",
    "migrate-unmap",
    "migrate-move",
    "write-back",
    "invalidate",
    "bo-move",
    "revoke",
];

impl Op {
    /// Which of [`KINDS`].
    pub fn kind(self) -> usize {
        match self {
            Op::Mmap(..) => 0,
            Op::Munmap(..) => 1,
            Op::Mprotect(..) => 2,
            Op::Mremap(..) => 3,
            Op::Dontneed(..) | Op::Free(..) => 4,
            Op::Read(..) => 5,
            Op::Write(..) => 6,
            Op::Poke(..) => 7,
            Op::Fork(..) => 8,
            Op::Exit(..) => 9,
            Op::NumaScan(..) => 10,
            Op::ClearRefs(..) => 11,
            Op::UffdRegister(..) => 12,
            Op::UffdUnregister(..) => 13,
            Op::UffdProtect(..) => 14,
            Op::UffdRelease(..) => 15,
            Op::SwapOut(..) => 16,
            Op::MigrateUnmap(..) => 17,
            Op::MigrateMove => 18,
            Op::WriteBack => 19,
            Op::Invalidate => 20,
            Op::BoMove(..) => 21,
            Op::Revoke => 22,
        }
    }

    /// Whether the architecture has what the operation needs.
    pub fn supported(self, arch: Arch) -> bool {
        match self {
            Op::ClearRefs(..) => arch.has_soft_dirty(),
            Op::UffdRegister(..)
            | Op::UffdUnregister(..)
            | Op::UffdProtect(..)
            | Op::UffdRelease(..) => arch.has_uffd_wp(),
            _ => true,
        }
    }

    /// Whether it makes sense in a state; others would change nothing.
    pub fn applicable(self, m: &machine) -> bool {
        let in_use = |mm: mm_ptr| m.mm[mm as usize].in_use;
        let mapped = |pfn: u8| m.mem_map[pfn as usize].mapcount != 0;
        match self {
            Op::Mmap(mm, _)
            | Op::Munmap(mm, _)
            | Op::Mprotect(mm, ..)
            | Op::Mremap(mm, ..)
            | Op::Dontneed(mm, _)
            | Op::Free(mm, _)
            | Op::Read(mm, _)
            | Op::Write(mm, _)
            | Op::Poke(mm, _)
            | Op::NumaScan(mm)
            | Op::ClearRefs(mm)
            | Op::UffdRegister(mm, _)
            | Op::UffdUnregister(mm, _)
            | Op::UffdProtect(mm, _)
            | Op::UffdRelease(mm, _) => in_use(mm),
            Op::Fork(mm) => in_use(mm) && !in_use(1 - mm),
            Op::Exit(mm) => in_use(mm) && in_use(1 - mm),
            // Reclaim and migration find pages on the LRU lists: anonymous
            // ones and pages of the file.
            Op::SwapOut(pfn) => mapped(pfn) && m.mem_map[pfn as usize].flags & PG_anon != 0,
            Op::MigrateUnmap(pfn) => mapped(pfn) && m.migrate_from == 0,
            Op::MigrateMove => m.migrate_from != 0,
            Op::WriteBack | Op::Invalidate => m.i_pages != [0; FILE_PAGES],
            Op::BoMove(resource) => m.bo_resource != resource,
            Op::Revoke => true,
        }
    }
}
