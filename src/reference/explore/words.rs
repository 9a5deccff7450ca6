//! Operations as sentences.

use super::super::drivers::ttm;
use super::super::invariant::{name_frame, name_process};
use super::super::types::*;
use super::op::{Mapping, Op, Range, Sharing};

impl Op {
    /// The operation as a sentence.
    pub fn words(self) -> String {
        let who = name_process;
        match self {
            Op::Mmap(mm, mapping) => mapping.words(mm),
            Op::Munmap(mm, range) => format!("{} unmaps {} (munmap)", who(mm), range.words()),
            Op::Mprotect(mm, range, prot) => {
                let prot = match (prot & VM_READ != 0, prot & VM_WRITE != 0) {
                    (false, false) => "PROT_NONE",
                    (true, false) => "PROT_READ",
                    _ => "PROT_READ | PROT_WRITE",
                };
                format!("{} makes {} {prot} (mprotect)", who(mm), range.words())
            }
            Op::Mremap(mm, from, to) => {
                format!(
                    "{} moves the mapping at page {from} to page {to} (mremap)",
                    who(mm)
                )
            }
            Op::Dontneed(mm, range) => {
                format!(
                    "{} discards {} (madvise, MADV_DONTNEED)",
                    who(mm),
                    range.words()
                )
            }
            Op::Free(mm, range) => {
                format!(
                    "{} gives up {} (madvise, MADV_FREE)",
                    who(mm),
                    range.words()
                )
            }
            Op::Read(mm, at) => format!("{} reads page {at}", who(mm)),
            Op::Write(mm, at) => format!("{} writes page {at}", who(mm)),
            Op::Poke(mm, at) => format!("a debugger writes page {at} of {} (ptrace)", who(mm)),
            Op::Fork(mm) => format!("{} forks {}", who(mm), who(1 - mm)),
            Op::Exit(mm) => format!("{} exits", who(mm)),
            Op::NumaScan(mm) => {
                format!("NUMA balancing scans {} (task_numa_work)", who(mm))
            }
            Op::ClearRefs(mm) => {
                format!("{} has its soft-dirty bits cleared (clear_refs)", who(mm))
            }
            Op::UffdRegister(mm, at) => {
                format!(
                    "{} registers the mapping at page {at} with userfaultfd",
                    who(mm)
                )
            }
            Op::UffdUnregister(mm, at) => {
                format!(
                    "{} unregisters the mapping at page {at} from userfaultfd",
                    who(mm)
                )
            }
            Op::UffdProtect(mm, range) => {
                format!(
                    "{} is write-protected at {} through userfaultfd",
                    who(mm),
                    range.words()
                )
            }
            Op::UffdRelease(mm, range) => {
                format!(
                    "{} is released at {} through userfaultfd",
                    who(mm),
                    range.words()
                )
            }
            Op::SwapOut(pfn) => format!("reclaim swaps out {}", name_frame(u64::from(pfn))),
            Op::MigrateUnmap(pfn) => {
                format!(
                    "migration of {} begins (try_to_migrate)",
                    name_frame(u64::from(pfn))
                )
            }
            Op::MigrateMove => "the migration ends (remove_migration_ptes)".to_string(),
            Op::WriteBack => "the file is written back".to_string(),
            Op::Invalidate => "the cached mappings of the file are invalidated".to_string(),
            Op::BoMove(resource) => {
                let place = match resource {
                    ttm::TTM_PL_SYSTEM => "system memory, cached (TTM_PL_SYSTEM)",
                    ttm::TTM_PL_TT => "system memory, write-combined (TTM_PL_TT)",
                    _ => "device memory (TTM_PL_VRAM)",
                };
                format!("TTM moves the buffer object to {place}")
            }
            Op::Revoke => "the device takes its doorbells away".to_string(),
        }
    }
}

impl Range {
    fn words(self) -> String {
        match self.nr_pages {
            1 => format!("page {}", self.start),
            n => format!("pages {} to {}", self.start, self.start + n - 1),
        }
    }
}

impl Mapping {
    fn words(self, mm: mm_ptr) -> String {
        let what = match self.file {
            None => "anonymous memory",
            Some(address_space::BufferObject) => "the buffer object",
            Some(address_space::TrackedBuffer) => "the buffer object, writes tracked",
            Some(address_space::SharedPage) => "the memory shared with the device",
            Some(address_space::Doorbell) => "the doorbells",
            Some(address_space::File) => "the file",
        };
        let how = match self.sharing {
            Sharing::Private => "private",
            Sharing::Shared => "shared",
            Sharing::SharedReadOnly => "shared, opened for reading only",
        };
        format!(
            "{} maps {what}, {how}, at {} (mmap)",
            name_process(mm),
            self.range.words()
        )
    }
}
