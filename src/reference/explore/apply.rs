//! Carrying an operation out.

use super::super::drivers::{doorbell, file, ttm};
use super::super::hardware::{Access, access, access_remote_vm};
use super::super::machine::*;
use super::super::mm::fork::dup_mmap;
use super::super::mm::madvise::{madvise_dontneed, madvise_free};
use super::super::mm::migrate::{migrate_folio_move, migrate_folio_unmap};
use super::super::mm::mmap::{do_munmap, find_vma, mmap_region};
use super::super::mm::mprotect::do_mprotect;
use super::super::mm::mremap::move_vma;
use super::super::mm::numa::task_numa_work;
use super::super::mm::soft_dirty::clear_refs_write;
use super::super::mm::swap::swap_out;
use super::super::mm::userfaultfd::*;
use super::super::types::*;
use super::ghost::*;
use super::op::{Op, Range};

impl Op {
    /// Carries the operation out on this thread's machine and says how it ended,
    /// unless it simply succeeded.
    pub fn apply(self) -> Option<String> {
        let had = content();
        let result = match self {
            Op::Mmap(mm, mapping) => {
                let Range { start, .. } = mapping.range;
                let len = mapping.range.end() - mapping.range.start();
                // Files are mapped from their beginning; anonymous memory has
                // its address for an offset.
                let pgoff = if mapping.file.is_some() {
                    0
                } else {
                    u64::from(start)
                };
                let addr = mapping.range.start();
                errno(mmap_region(
                    mm,
                    addr,
                    len,
                    mapping.vm_flags(),
                    mapping.file,
                    pgoff,
                ))
            }
            Op::Munmap(mm, range) => errno(do_munmap(mm, range.start(), range.end())),
            Op::Mprotect(mm, range, prot) => {
                errno(do_mprotect(mm, range.start(), range.end(), prot))
            }
            Op::Mremap(mm, from, to) => errno(move_vma(mm, page(from), page(to))),
            Op::Dontneed(mm, range) => errno(madvise_dontneed(mm, range.start(), range.end())),
            Op::Free(mm, range) => {
                let error = madvise_free(mm, range.start(), range.end());
                if error == 0 {
                    give_up(mm, range);
                }
                errno(error)
            }
            Op::Read(mm, at) => outcome(access(mm, page(at), false)),
            Op::Write(mm, at) => outcome(access(mm, page(at), true)),
            Op::Poke(mm, at) => outcome(access_remote_vm(mm, page(at))),
            Op::Fork(mm) => {
                dup_mmap(mm, 1 - mm);
                None
            }
            Op::Exit(mm) => {
                do_munmap(mm, 0, TASK_SIZE);
                with(|m| {
                    m.mm[mm as usize].in_use = false;
                    for bits in [
                        &mut m.ghost.raw_written,
                        &mut m.ghost.soft_dirty,
                        &mut m.ghost.uffd_wp,
                    ] {
                        bits[mm as usize] = 0;
                    }
                });
                None
            }
            Op::NumaScan(mm) => {
                task_numa_work(mm);
                None
            }
            Op::ClearRefs(mm) => {
                clear_refs_write(mm);
                with(|m| m.ghost.soft_dirty[mm as usize] = 0);
                None
            }
            Op::UffdRegister(mm, at) => errno(userfaultfd_register(mm, page(at))),
            Op::UffdUnregister(mm, at) => {
                let vma = find_vma(mm, page(at));
                let error = userfaultfd_unregister(mm, page(at));
                if let Some(vma) = vma.filter(|_| error == 0) {
                    protect_ghost(mm, vma.vm_start, vma.vm_end, false);
                }
                errno(error)
            }
            Op::UffdProtect(mm, range) => uffd(mm, range, true),
            Op::UffdRelease(mm, range) => uffd(mm, range, false),
            Op::SwapOut(pfn) => {
                swap_out(page_ptr(pfn));
                None
            }
            Op::MigrateUnmap(pfn) => {
                migrate_folio_unmap(page_ptr(pfn));
                None
            }
            Op::MigrateMove => {
                migrate_folio_move();
                None
            }
            Op::WriteBack => {
                file::writepages();
                None
            }
            Op::Invalidate => {
                file::invalidate();
                None
            }
            Op::BoMove(resource) => {
                ttm::ttm_bo_move(resource);
                None
            }
            Op::Revoke => {
                doorbell::revoke();
                None
            }
        };
        settle_ghost();
        note_losses(self, had, content());
        result
    }
}

fn page(at: u8) -> u64 {
    u64::from(at) << PAGE_SHIFT
}

fn errno(error: i32) -> Option<String> {
    let name = match -error {
        0 => return None,
        EINVAL => "EINVAL",
        EACCES => "EACCES",
        _ => "ENOMEM",
    };
    Some(format!("fails with {name}"))
}

fn outcome(access: Access) -> Option<String> {
    let text = match access {
        Access::Done => return None,
        Access::Signal(VM_FAULT_SIGBUS) => "SIGBUS",
        Access::Signal(VM_FAULT_OOM) => "out of memory",
        Access::Signal(_) => "SIGSEGV",
        Access::Blocked => "has to wait",
    };
    Some(text.to_string())
}

fn uffd(mm: mm_ptr, range: Range, enable_wp: bool) -> Option<String> {
    let error = mwriteprotect_range(mm, range.start(), range.end(), enable_wp);
    if error == 0 {
        protect_ghost(mm, range.start(), range.end(), enable_wp);
    }
    errno(error)
}
