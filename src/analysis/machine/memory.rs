//! What runs of the machine showed, kept for the next analysis of the same tree.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use crate::analysis::facts::World;
use crate::analysis::state::State;
use crate::callgraph::FnId;

use super::{Depth, Event, Exit, Machine};

/// Everything that is known of runs.
#[derive(Debug, Default)]
pub struct Memory(Mutex<FxHashMap<(FnId, Depth, State), Arc<Ran>>>);

/// What a run showed.
#[derive(Debug)]
pub struct Ran {
    /// How the function can end.
    pub exits: Vec<Exit>,
    /// What was observed, in order.
    pub events: Vec<Event>,
    /// True if the run was cut short.
    pub is_exhausted: bool,
    /// Every function of which the run depends on more than the name.
    touched: BTreeSet<FnId>,
}

impl Memory {
    /// Runs a function as an entry point, unless it is known what that shows.
    pub fn run(&self, world: World<'_>, function: FnId, depth: Depth, state: State) -> Arc<Ran> {
        let key = (function, depth, state);
        if let Some(ran) = self.known().get(&key) {
            return ran.clone();
        }
        let mut machine = Machine::new(world, depth);
        let exits = machine.enter(function, key.2.clone());
        let ran = Arc::new(Ran {
            exits,
            is_exhausted: machine.is_exhausted(),
            touched: std::mem::take(&mut machine.touched),
            events: machine.into_events(),
        });
        self.known().insert(key, ran.clone());
        ran
    }

    /// Forgets every run that looked at one of `functions`.
    pub fn forget(&mut self, functions: &FixedBitSet) {
        let is_stale = |id: &FnId| functions.contains(id.0 as usize);
        self.known()
            .retain(|_, ran| !ran.touched.iter().any(is_stale));
    }

    fn known(&self) -> MutexGuard<'_, FxHashMap<(FnId, Depth, State), Arc<Ran>>> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}
