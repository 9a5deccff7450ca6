//! The memory of the model: everything that changes while it runs.
//!
//! A kernel's memory is global to it. The model keeps it per thread, so that
//! every function has the kernel's own signature; [`load`] and [`save`] copy
//! it out and in as a whole, which is how the explorer goes from state to
//! state.

use super::arch::cache_mode;
use super::types::*;
use std::cell::RefCell;

/// VMAs one address space can hold; a split beyond that fails with `ENOMEM`.
pub const MAX_MAP_COUNT: usize = 4;

/// One whole state.
#[derive(Clone, Copy)]
pub struct machine {
    /// The address spaces.
    pub mm: [mm_struct; NR_MM],
    /// One record per page frame, with or without a struct page.
    pub mem_map: [frame; NR_FRAMES],
    /// References to each swap slot; slot 0 is the header and never used.
    pub swap_map: [u8; NR_SWAP],
    /// Where the buffer object lies: `TTM_PL_*` of the TTM-like driver.
    pub bo_resource: u8,
    /// The page cache of the file: the pfn of each of its pages, or 0.
    pub i_pages: [u8; FILE_PAGES],
    /// The pfn that is being migrated to `migrate_to`, or 0.
    pub migrate_from: u8,
    /// The page frame prepared for it, or 0.
    pub migrate_to: u8,
    /// What user space has done, for the invariant.
    pub ghost: ghost,
    /// The `BUG_ON` that fired.
    pub bug: Option<&'static str>,
}

/// One address space: its VMAs, sorted by address, and its page tables.
#[derive(Clone, Copy)]
pub struct mm_struct {
    /// Whether there is such a process.
    pub in_use: bool,
    /// The VMAs; unused slots are behind them.
    pub mmap: [Option<vm_area_struct>; MAX_MAP_COUNT],
    /// The PUD table.
    pub pud: [pud_t; PTRS_PER_PUD],
    /// All PMD tables, one after the other.
    pub pmd: [pmd_t; NR_VPAGES / 2],
    /// All PTE tables, one after the other.
    pub pte: [pte_t; NR_VPAGES],
}

/// What is known of one page frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct frame {
    /// `PG_*`.
    pub flags: u8,
    /// Normal (not special) leaves that map the frame.
    pub mapcount: u8,
    /// Offset of the page in what is mapped, for the rmap walk.
    pub index: u8,
    /// How the frame must be mapped; on x86 also its memory type.
    pub mode: frame_mode,
}

/// The attributes an entry of a frame must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct frame_mode {
    /// The caching mode.
    pub cache: cache_mode,
    /// Whether the memory is encrypted; without meaning where entries have no
    /// encryption bit.
    pub encrypted: bool,
}

impl frame_mode {
    /// Ordinary memory.
    pub const DEFAULT: frame_mode = frame_mode {
        cache: cache_mode::WriteBack,
        encrypted: true,
    };
}

/// The frame is in use.
pub const PG_allocated: u8 = 1 << 0;
/// An anonymous page; without it, a page of the file.
pub const PG_anon: u8 = 1 << 1;
/// The page differs from its copy in swap or in the file.
pub const PG_dirty: u8 = 1 << 2;
/// The one process that maps the page may write it without a copy.
pub const PG_anon_exclusive: u8 = 1 << 3;
/// Taken out of use before the start, to make memory scarce.
pub const PG_reserved: u8 = 1 << 4;
/// Not in the kernel: user data was written to the page, and nothing has saved
/// it since. The invariant compares this with what the kernel believes.
pub const PG_written: u8 = 1 << 5;

/// What user space has done and is entitled to: never read by the model's
/// kernel, only by the invariant. One bit per page of the address space.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ghost {
    /// Written through the raw entry that is there now.
    pub raw_written: [u16; NR_MM],
    /// Written since the last `clear_refs`.
    pub soft_dirty: [u16; NR_MM],
    /// Write-protected through userfaultfd and not released.
    pub uffd_wp: [u16; NR_MM],
    /// Written memory that is gone although nobody gave it up.
    pub lost: [u16; NR_MM],
}

/// The physical memory map.
pub const ZERO_PFN: u64 = 1;
/// The memory a driver shares with its device, decrypted.
pub const SHARED_PAGE_PFN: u64 = 2;
/// Pages of the device's shared memory; the second is for reading only.
pub const SHARED_PAGES: u64 = 2;
/// Memory the page allocator hands out: from here on single pages, ...
pub const POOL_START: u64 = 4;
/// ... from here on pairs for huge pages. Two zones, so that which page the
/// allocator picks makes no difference to what can happen later.
pub const HUGE_POOL_START: u64 = 8;
/// The end of the memory handed out.
pub const POOL_END: u64 = 12;
/// The buffer object in system memory.
pub const BO_SYSTEM_PFN: u64 = 12;
/// The buffer object in device memory.
pub const BO_VRAM_PFN: u64 = 16;
/// Pages of the buffer object.
pub const BO_PAGES: u64 = 4;
/// Device registers.
pub const DOORBELL_PFN: u64 = 20;
/// Pages of device registers.
pub const DOORBELL_PAGES: u64 = 2;
/// Page frames there are.
pub const NR_FRAMES: usize = 22;
/// Slots of the swap file, the header among them.
pub const NR_SWAP: usize = 3;
/// Pages of the file.
pub const FILE_PAGES: usize = 2;

/// Whether the frame is memory with a struct page.
pub fn pfn_valid(pfn: u64) -> bool {
    pfn < BO_VRAM_PFN
}

thread_local! {
    static MACHINE: RefCell<machine> = const { RefCell::new(machine::POWER_ON) };
}

/// Reads or writes the memory of this thread's machine. Never nested.
#[inline]
pub fn with<R>(f: impl FnOnce(&mut machine) -> R) -> R {
    MACHINE.with(|machine| f(&mut machine.borrow_mut()))
}

/// Replaces the memory of this thread's machine.
pub fn load(state: &machine) {
    with(|machine| *machine = *state);
}

/// A copy of the memory of this thread's machine.
pub fn save() -> machine {
    with(|machine| *machine)
}

/// Notes a condition that stops the kernel; the invariant reports it. The model
/// goes on, so that a story shows what the check prevents.
pub fn BUG_ON(condition: bool, text: &'static str) {
    if condition {
        with(|machine| {
            machine.bug.get_or_insert(text);
        });
    }
}

impl machine {
    /// One process without mappings, memory free, devices idle.
    pub const POWER_ON: machine = {
        let unused = mm_struct {
            in_use: false,
            mmap: [None; MAX_MAP_COUNT],
            pud: [pud_t(0); PTRS_PER_PUD],
            pmd: [pmd_t(0); NR_VPAGES / 2],
            pte: [pte_t(0); NR_VPAGES],
        };
        let free = frame {
            flags: 0,
            mapcount: 0,
            index: 0,
            mode: frame_mode::DEFAULT,
        };
        let mut machine = machine {
            mm: [
                mm_struct {
                    in_use: true,
                    ..unused
                },
                unused,
            ],
            mem_map: [free; NR_FRAMES],
            swap_map: [0; NR_SWAP],
            bo_resource: 0,
            i_pages: [0; FILE_PAGES],
            migrate_from: 0,
            migrate_to: 0,
            ghost: ghost {
                raw_written: [0; NR_MM],
                soft_dirty: [0; NR_MM],
                uffd_wp: [0; NR_MM],
                lost: [0; NR_MM],
            },
            bug: None,
        };
        machine.mem_map[SHARED_PAGE_PFN as usize].mode.encrypted = false;
        machine.mem_map[SHARED_PAGE_PFN as usize + 1].mode.encrypted = false;
        let mut pfn = BO_VRAM_PFN as usize;
        while pfn < (BO_VRAM_PFN + BO_PAGES) as usize {
            machine.mem_map[pfn].mode = frame_mode {
                cache: cache_mode::WriteCombined,
                encrypted: false,
            };
            pfn += 1;
        }
        while pfn < NR_FRAMES {
            machine.mem_map[pfn].mode = frame_mode {
                cache: cache_mode::Uncached,
                encrypted: false,
            };
            pfn += 1;
        }
        machine
    };

    /// Forgets writes through raw entries that are being removed: the dirty bit
    /// goes with the entry.
    pub fn forget_raw_writes(&mut self, mm: mm_ptr, addr: u64, size: u64) {
        for page in (addr..addr + size).step_by(PAGE_SIZE as usize) {
            self.ghost.raw_written[mm as usize] &= !(1 << (page >> PAGE_SHIFT));
        }
    }
}
