//! Which mutant runs, and what it calls. One process runs one mutant at a time, on one thread.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

static SELECTED: AtomicU32 = AtomicU32::new(0);

/// Choices left. A mutant that loops forever ends by this.
static FUEL: AtomicU64 = AtomicU64::new(0);

/// Choices one run may make: an order of magnitude more than the reference does.
const FUEL_OF_A_RUN: u64 = 6_000_000_000;

/// Choices one operation may make: orders of magnitude more than any of the reference does.
const FUEL_OF_AN_OPERATION: u64 = 20_000_000;

/// Functions that can be noted.
const FUNCTIONS: usize = 1024;

/// The functions with a choice that were called, one bit each.
static CALLED: [AtomicU64; FUNCTIONS / 64] = [const { AtomicU64::new(0) }; FUNCTIONS / 64];

/// From here on this mutant runs, for at most a run; 0 is the reference.
pub fn select(number: u32) {
    SELECTED.store(number, Relaxed);
    FUEL.store(FUEL_OF_A_RUN, Relaxed);
}

/// From here on it runs for at most an operation.
pub fn refuel() {
    FUEL.store(FUEL_OF_AN_OPERATION, Relaxed);
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

/// A set of functions that differ in some mutant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Functions([u64; FUNCTIONS / 64]);

impl Functions {
    /// Whether the sets have one in common.
    pub fn meets(&self, other: &Functions) -> bool {
        self.0
            .iter()
            .zip(other.0)
            .any(|(one, other)| one & other != 0)
    }

    /// The functions, by number.
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        (0..FUNCTIONS).filter(move |id| self.0[id / 64] & 1 << (id % 64) != 0)
    }
}

impl FromIterator<usize> for Functions {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Functions {
        let mut words = [0; FUNCTIONS / 64];
        for id in numbers {
            words[id / 64] |= 1 << (id % 64);
        }
        Functions(words)
    }
}

/// Starts to note calls afresh.
pub fn forget_calls() {
    for word in &CALLED {
        word.store(0, Relaxed);
    }
}

/// The functions noted.
pub fn called() -> Functions {
    Functions(std::array::from_fn(|word| CALLED[word].load(Relaxed)))
}
