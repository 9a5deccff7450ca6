//! What calls come to that lead to no target, kept for other runs: the most of what a run does is the
//! same in many of them, and before and after an edit somewhere else.
//!
//! **Invariant:** a run that finds a call here goes on as if it had carried it out. So a call is kept
//! only if its result follows from its arguments, its state and the code of the functions it looked
//! at; and what it costs is charged as if it were carried out, so that a run that is cut short is cut
//! short at the same place.

use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use crate::callgraph::FnId;

use super::hypothesis::Hypothesis;
use super::rests_on::RestsOn;
use super::run::Exit;
use super::state::{State, States};
use super::value::Known;

/// A function with what it is handed.
pub type Key = (FnId, Vec<Known>, State);

/// What a call depends on besides its [`Key`]: the states of an override that are possible, the
/// flags that are certain, whether there are operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Assumed {
    possible: States,
    zeros: u128,
    ones: u128,
    has_ops: bool,
}

impl Assumed {
    /// What a run assumes.
    pub fn new(possible: States, hypothesis: &Hypothesis) -> Assumed {
        Assumed {
            possible,
            zeros: hypothesis.flags.zeros,
            ones: hypothesis.flags.ones,
            has_ops: hypothesis.has_ops,
        }
    }
}

/// Places in the states of calls that are kept, at most: some 20 MiB. When there are more, all are
/// forgotten, for many of them are of a version that is gone.
const MAX_PLACES: usize = 100_000;

/// All calls that are known.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    calls: FxHashMap<Assumed, FxHashMap<Key, Arc<Call>>>,
    /// Places in the states of all of them.
    n_places: usize,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    /// The same for the same call in every run: a hash of what it is known by.
    pub number: u64,
    /// How it can end.
    pub exits: Arc<Vec<Exit>>,
    /// What that rests on, in all calls it makes.
    pub rests_on: RestsOn,
    /// True if it asked about a flag in which alternatives of the hypothesis differ.
    pub is_told_apart: bool,
    /// The block visits it takes itself.
    pub fuel: u32,
    /// How deeply calls are nested in it; 0 if it makes none.
    pub height: usize,
    /// The calls it makes.
    pub inner: Vec<Arc<Call>>,
}

impl Call {
    /// True if a run that follows the functions of `chain` whatever they are would do something else:
    /// the call comes by one of them.
    pub fn meets(&self, chain: &FixedBitSet) -> bool {
        let called = self.rests_on.touched.iter().chain(&self.rests_on.weighed);
        let mut called = called.map(|id| id.0 as usize);
        called.any(|id| chain.contains(id))
    }
}

impl Calls {
    /// A call that is known.
    pub fn get(&self, assumed: &Assumed, key: &Key) -> Option<Arc<Call>> {
        self.kept().calls.get(assumed)?.get(key).cloned()
    }

    /// Keeps a call. Gives the one that is known, if another run was faster.
    pub fn put(&self, assumed: Assumed, key: Key, call: Call) -> Arc<Call> {
        let mut kept = self.kept();
        let n_places = n_places(&key, &call);
        if kept.n_places + n_places > MAX_PLACES {
            *kept = Kept::default();
        }
        let calls = kept.calls.entry(assumed).or_default();
        match calls.entry(key) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => {
                let call = place.insert(Arc::new(call)).clone();
                kept.n_places += n_places;
                call
            }
        }
    }

    /// Forgets what rests on something that is not as it was.
    pub fn forget(&mut self, is_stale: &dyn Fn(&RestsOn) -> bool) {
        let mut kept = self.kept();
        let Kept { calls, n_places } = &mut *kept;
        for calls in calls.values_mut() {
            calls.retain(|key, call| {
                let stays = !is_stale(&call.rests_on);
                if !stays {
                    *n_places -= self::n_places(key, call);
                }
                stays
            });
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self.kept() = Kept::default();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Places in the states of a call.
fn n_places((_, arguments, state): &Key, call: &Call) -> usize {
    let exits = call.exits.iter().map(|exit| exit.state.store.len() + 1);
    arguments.len() + state.store.len() + exits.sum::<usize>()
}
