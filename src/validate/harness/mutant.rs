//! Which mutant runs. One process runs one mutant, on one thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

static SELECTED: AtomicU32 = AtomicU32::new(0);

/// Choices a run may make: an order of magnitude more than the reference does. A mutant that loops
/// forever ends by this.
static FUEL: AtomicU64 = AtomicU64::new(6_000_000_000);

/// Functions that can be noted.
const FUNCTIONS: usize = 1024;

/// The functions with a choice that were called, one bit each.
static CALLED: [AtomicU64; FUNCTIONS / 64] = [const { AtomicU64::new(0) }; FUNCTIONS / 64];

/// From here on this mutant runs; 0 is the reference.
pub fn select(number: u32) {
    SELECTED.store(number, Relaxed);
}

/// The mutant that runs; asked by a function, which is noted.
#[inline]
pub fn selected(function: usize) -> u32 {
    let left = FUEL.load(Relaxed);
    if left == 0 {
        panic!("the mutant does not come to an end");
    }
    FUEL.store(left - 1, Relaxed);
    // Nobody else writes, so that load and store are enough.
    let word = &CALLED[function / 64];
    word.store(word.load(Relaxed) | 1 << (function % 64), Relaxed);
    SELECTED.load(Relaxed)
}

/// Starts to note calls afresh.
pub fn forget_calls() {
    for word in &CALLED {
        word.store(0, Relaxed);
    }
}

/// The functions noted.
pub fn called() -> impl Iterator<Item = usize> {
    (0..FUNCTIONS).filter(|id| CALLED[id / 64].load(Relaxed) & 1 << (id % 64) != 0)
}
