//! Branch coverage of the generic code.
//!
//! Every condition in `mm/` goes through that file's own `branch()` (a pointer
//! that may be null through `branch_some()`), which returns it unchanged and notes, per thread, the place and the outcome. The
//! kernel has the same for its C code (`CONFIG_PROFILE_ALL_BRANCHES`). The
//! places are found by scanning the sources, so a condition that was never
//! reached counts too.

use std::cell::Cell;
use std::panic::Location;

/// One of the files of `mm/`; each hands its own constant to [`branch`].
pub type file_id = usize;

/// Notes the outcome of a condition and returns it.
#[track_caller]
#[inline(always)]
pub fn branch(file: file_id, condition: bool) -> bool {
    let place = Location::caller();
    let slot = slot(file, place.line(), place.column());
    HITS.with(|hits| {
        let cell = &hits[slot];
        cell.set(cell.get() | 1 << condition as u8);
    });
    condition
}

/// As [`branch`], for a pointer that may be null: notes whether it is set.
#[track_caller]
#[inline(always)]
pub fn branch_some<T>(file: file_id, pointer: Option<T>) -> Option<T> {
    branch(file, pointer.is_some());
    pointer
}

/// `mm/anon.rs`.
pub const ANON: file_id = 0;
/// `mm/cow.rs`.
pub const COW: file_id = 1;
/// `mm/do_fault.rs`.
pub const DO_FAULT: file_id = 2;
/// `mm/fork.rs`.
pub const FORK: file_id = 3;
/// `mm/huge_memory.rs`.
pub const HUGE_MEMORY: file_id = 4;
/// `mm/insert.rs`.
pub const INSERT: file_id = 5;
/// `mm/madvise.rs`.
pub const MADVISE: file_id = 6;
/// `mm/memory.rs`.
pub const MEMORY: file_id = 7;
/// `mm/migrate.rs`.
pub const MIGRATE: file_id = 8;
/// `mm/mmap.rs`.
pub const MMAP: file_id = 9;
/// `mm/mprotect.rs`.
pub const MPROTECT: file_id = 10;
/// `mm/mremap.rs`.
pub const MREMAP: file_id = 11;
/// `mm/numa.rs`.
pub const NUMA: file_id = 12;
/// `mm/page.rs`.
pub const PAGE: file_id = 13;
/// `mm/pgtable.rs`.
pub const PGTABLE: file_id = 14;
/// `mm/rmap.rs`.
pub const RMAP: file_id = 15;
/// `mm/soft_dirty.rs`.
pub const SOFT_DIRTY: file_id = 16;
/// `mm/swap.rs`.
pub const SWAP: file_id = 17;
/// `mm/userfaultfd.rs`.
pub const USERFAULTFD: file_id = 18;
/// `mm/vma.rs`.
pub const VMA: file_id = 19;
/// `mm/writeback.rs`.
pub const WRITEBACK: file_id = 20;
/// `mm/zap.rs`.
pub const ZAP: file_id = 21;

/// The generic code: name and text of each file, in the order of the ids.
pub const FILES: [(&str, &str); 22] = [
    ("mm/anon.rs", include_str!("mm/anon.rs")),
    ("mm/cow.rs", include_str!("mm/cow.rs")),
    ("mm/do_fault.rs", include_str!("mm/do_fault.rs")),
    ("mm/fork.rs", include_str!("mm/fork.rs")),
    ("mm/huge_memory.rs", include_str!("mm/huge_memory.rs")),
    ("mm/insert.rs", include_str!("mm/insert.rs")),
    ("mm/madvise.rs", include_str!("mm/madvise.rs")),
    ("mm/memory.rs", include_str!("mm/memory.rs")),
    ("mm/migrate.rs", include_str!("mm/migrate.rs")),
    ("mm/mmap.rs", include_str!("mm/mmap.rs")),
    ("mm/mprotect.rs", include_str!("mm/mprotect.rs")),
    ("mm/mremap.rs", include_str!("mm/mremap.rs")),
    ("mm/numa.rs", include_str!("mm/numa.rs")),
    ("mm/page.rs", include_str!("mm/page.rs")),
    ("mm/pgtable.rs", include_str!("mm/pgtable.rs")),
    ("mm/rmap.rs", include_str!("mm/rmap.rs")),
    ("mm/soft_dirty.rs", include_str!("mm/soft_dirty.rs")),
    ("mm/swap.rs", include_str!("mm/swap.rs")),
    ("mm/userfaultfd.rs", include_str!("mm/userfaultfd.rs")),
    ("mm/vma.rs", include_str!("mm/vma.rs")),
    ("mm/writeback.rs", include_str!("mm/writeback.rs")),
    ("mm/zap.rs", include_str!("mm/zap.rs")),
];

/// Lines a file of `mm/` may have.
const LINES: usize = 512;
/// Conditions of one line are told apart by their column.
const PER_LINE: usize = 8;
const SLOTS: usize = FILES.len() * LINES * PER_LINE;

thread_local! {
    static HITS: [Cell<u8>; SLOTS] = const { [const { Cell::new(0) }; SLOTS] };
}

/// Where a condition is counted; a test sees to it that no two share a slot.
#[inline(always)]
pub fn slot(file: file_id, line: u32, column: u32) -> usize {
    (file * LINES + line as usize % LINES) * PER_LINE + (column as usize / 8) % PER_LINE
}

/// A condition of the generic code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Point {
    /// Which of [`FILES`].
    pub file: file_id,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

/// Every condition of the generic code, in source order.
pub fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for (file, (_, text)) in FILES.iter().enumerate() {
        for (number, line) in text.lines().enumerate() {
            let is_definition = line.contains("fn branch") || line.contains("cover::branch");
            if line.trim_start().starts_with("//") || is_definition {
                continue;
            }
            for (at, _) in line.match_indices("branch") {
                if line[at..].starts_with("branch(") || line[at..].starts_with("branch_some(") {
                    points.push(Point {
                        file,
                        line: number as u32 + 1,
                        column: at as u32 + 1,
                    });
                }
            }
        }
    }
    points
}

/// The outcomes noted so far, one byte per slot: bit 0 for false, bit 1 for
/// true.
#[derive(Clone, PartialEq, Eq)]
pub struct Coverage(Vec<u8>);

impl Coverage {
    /// Nothing reached yet.
    pub fn empty() -> Coverage {
        Coverage(vec![0; SLOTS])
    }

    /// Takes this thread's notes and starts afresh.
    pub fn take() -> Coverage {
        HITS.with(|hits| Coverage(hits.iter().map(|cell| cell.take()).collect()))
    }

    /// Adds what another run reached.
    pub fn merge(&mut self, other: &Coverage) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// Whether the condition has had this outcome.
    pub fn reached(&self, point: Point, outcome: bool) -> bool {
        self.0[slot(point.file, point.line, point.column)] & 1 << outcome as u8 != 0
    }

    /// Reached outcomes, and all outcomes there are.
    pub fn count(&self) -> (usize, usize) {
        let points = points();
        let reached = points
            .iter()
            .map(|point| self.reached(*point, false) as usize + self.reached(*point, true) as usize)
            .sum();
        (reached, 2 * points.len())
    }

    /// The outcomes never seen, as `file:line:column outcome: source line`.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for point in points() {
            let (name, text) = FILES[point.file];
            let line = text
                .lines()
                .nth(point.line as usize - 1)
                .unwrap_or_default()
                .trim();
            for outcome in [false, true] {
                if !self.reached(point, outcome) {
                    let (row, column) = (point.line, point.column);
                    missing.push(format!("{name}:{row}:{column} never {outcome}: {line}"));
                }
            }
        }
        missing
    }
}
