//! Which mutant runs. One process runs one mutant, on one thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

static SELECTED: AtomicU32 = AtomicU32::new(0);

/// Choices a run may make: an order of magnitude more than the reference does. A mutant that loops
/// forever ends by this.
static FUEL: AtomicU64 = AtomicU64::new(6_000_000_000);

/// From here on this mutant runs; 0 is the reference.
pub fn select(number: u32) {
    SELECTED.store(number, Relaxed);
}

/// The mutant that runs.
#[inline]
pub fn selected() -> u32 {
    let left = FUEL.load(Relaxed);
    if left == 0 {
        panic!("the mutant does not come to an end");
    }
    FUEL.store(left - 1, Relaxed);
    SELECTED.load(Relaxed)
}
