//! Explores a mutant with what is known of the reference.
//!
//! Where an operation calls no function that differs in the mutant, it leads where the reference
//! leads. So the reference is explored once, with the functions called noted at every operation, and a
//! mutant only carries out operations that call one of its own, or start where the reference never
//! gets. It sees the same states in the same order as a plain [`search`] of it.
//!
//! [`search`]: crate::reference::explore::search::search

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::mutant::{self, Functions};
use crate::reference::explore::key::key;
use crate::reference::explore::op::Op;
use crate::reference::explore::search::{Failure, History, Search, start};
use crate::reference::invariant::check;
use crate::reference::machine::{load, machine, save};

/// The reference, explored in one place.
pub struct Recording {
    ops: Vec<Op>,
    states: Vec<State>,
    by_key: HashMap<u64, u32>,
    steps: Vec<Step>,
    /// Each set of functions that something called.
    called: Vec<Functions>,
}

/// A state of the reference.
struct State {
    key: u64,
    /// The set of functions that checking the invariant in it calls.
    check: u32,
    /// What can be done in it; `None` if it was reached last and not left.
    left: Option<Left>,
}

struct Left {
    /// The set of functions that asking what can be done calls.
    asking: u32,
    /// In [`Recording::steps`].
    steps: Range<usize>,
}

/// One operation in a state of the reference.
struct Step {
    op: u16,
    /// The set of functions that doing it calls.
    called: u32,
    to: u32,
}

impl Recording {
    /// Explores the reference.
    pub fn new(params: &Search) -> Recording {
        mutant::select(0);
        let mut recording = Recording {
            ops: params.world.ops(params.arch),
            states: Vec::new(),
            by_key: HashMap::new(),
            steps: Vec::new(),
            called: Vec::new(),
        };
        let mut sets = HashMap::new();
        let initial = start(params);
        recording.add_state(&initial, key(&initial, params.symmetry), &mut sets);
        let mut history = History::new(initial);
        let mut level = 0..1;
        for depth in 1..=params.max_depth {
            for node in level.clone() {
                let before = history.state(node, &recording.ops);
                let first = recording.steps.len();
                mutant::forget_calls();
                let can: Vec<usize> = (0..recording.ops.len())
                    .filter(|&op| recording.ops[op].applicable(&before))
                    .collect();
                let asking = recording.note_calls(&mut sets);
                for op in can {
                    mutant::refuel();
                    mutant::forget_calls();
                    let after = carry_out(&before, &recording.ops[op]);
                    let after_key = key(&after, params.symmetry);
                    let called = recording.note_calls(&mut sets);
                    let known = recording.by_key.get(&after_key).copied();
                    let to = known.unwrap_or_else(|| {
                        if depth < params.max_depth {
                            history.push(node, op);
                        }
                        recording.add_state(&after, after_key, &mut sets)
                    });
                    let op = op as u16;
                    recording.steps.push(Step { op, called, to });
                }
                let steps = first..recording.steps.len();
                recording.states[node as usize].left = Some(Left { asking, steps });
            }
            level = level.end..history.count();
        }
        recording
    }

    /// States are numbered as [`History`] numbers them.
    fn add_state(&mut self, state: &machine, key: u64, sets: &mut HashMap<Functions, u32>) -> u32 {
        let number = self.states.len() as u32;
        mutant::forget_calls();
        check(state);
        let check = self.note_calls(sets);
        self.by_key.insert(key, number);
        let left = None;
        self.states.push(State { key, check, left });
        number
    }

    fn note_calls(&mut self, sets: &mut HashMap<Functions, u32>) -> u32 {
        let called = mutant::called();
        *sets.entry(called).or_insert_with(|| {
            self.called.push(called);
            self.called.len() as u32 - 1
        })
    }

    /// Explores the mutant that is selected, whose own functions are given. The fingerprint of all
    /// states seen, and the first violation that ends the search.
    pub fn search(&self, params: &Search, own: &Functions) -> (u64, Option<Failure>) {
        let differs = |set: u32| self.called[set as usize].meets(own);
        let differs: Vec<bool> = (0..self.called.len() as u32).map(differs).collect();
        let mut walk = Walk {
            recording: self,
            own,
            differs,
            params,
            visited: HashSet::new(),
            history: None,
            known: Vec::new(),
        };
        let failure = walk.to_the_end().err();
        let fingerprint = walk
            .visited
            .iter()
            .fold(0u64, |sum, key| sum.wrapping_add(*key));
        (fingerprint, failure)
    }
}

/// Where a search of a mutant is.
struct Walk<'a> {
    recording: &'a Recording,
    /// The functions that differ in the mutant.
    own: &'a Functions,
    /// For each set of functions that the reference calls, whether the mutant has one of its own.
    differs: Vec<bool>,
    params: &'a Search<'a>,
    visited: HashSet<u64>,
    history: Option<History>,
    /// For each state to go on from, the reference's number of it, if it has it.
    known: Vec<Option<u32>>,
}

impl<'a> Walk<'a> {
    /// Ends early with a violation that ends the search.
    fn to_the_end(&mut self) -> Result<(), Failure> {
        mutant::refuel();
        let initial = start(self.params);
        let (initial_key, known) = self.name(&initial);
        self.visited.insert(initial_key);
        self.check(&initial, Vec::new)?;
        self.known.push(known);
        self.history = Some(History::new(initial));
        let mut level = 0..1;
        for depth in 1..=self.params.max_depth {
            let is_last = depth == self.params.max_depth;
            for node in level.clone() {
                self.go_on(node, is_last)?;
                if self.is_full() {
                    return Ok(());
                }
            }
            level = level.end..self.known.len() as u32;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.visited.len() >= self.params.max_states
    }

    fn go_on(&mut self, node: u32, is_last: bool) -> Result<(), Failure> {
        let recording = self.recording;
        let state = self.known[node as usize].map(|known| &recording.states[known as usize]);
        let left = state.and_then(|state| state.left.as_ref());
        let left = left.filter(|left| !self.differs[left.asking as usize]);
        let mut before = None;
        let Some(left) = left else {
            for op in 0..recording.ops.len() {
                let before = self.before(&mut before, node);
                mutant::refuel();
                if recording.ops[op].applicable(&before) {
                    self.step(node, &before, op, is_last)?;
                }
                if self.is_full() {
                    return Ok(());
                }
            }
            return Ok(());
        };
        for step in &recording.steps[left.steps.clone()] {
            let to = &recording.states[step.to as usize];
            if self.differs[step.called as usize] || self.differs[to.check as usize] {
                let before = self.before(&mut before, node);
                self.step(node, &before, usize::from(step.op), is_last)?;
            } else if self.visited.insert(to.key) && !is_last {
                self.push(node, usize::from(step.op), Some(step.to));
            }
            if self.is_full() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The state itself, made when it is needed first.
    fn before(&mut self, made: &mut Option<machine>, node: u32) -> machine {
        let history = self.history.as_mut().expect("the search has begun");
        mutant::refuel();
        *made.get_or_insert_with(|| history.state(node, &self.recording.ops))
    }

    fn step(
        &mut self,
        node: u32,
        before: &machine,
        op: usize,
        is_last: bool,
    ) -> Result<(), Failure> {
        mutant::refuel();
        let after = carry_out(before, &self.recording.ops[op]);
        let (after_key, known) = self.name(&after);
        if !self.visited.insert(after_key) {
            return Ok(());
        }
        let path = || {
            let mut path = self.history.as_ref().map_or(Vec::new(), |history| {
                history.path(node, &self.recording.ops)
            });
            path.push(self.recording.ops[op]);
            path
        };
        self.check(&after, path)?;
        if !is_last {
            self.push(node, op, known);
        }
        Ok(())
    }

    /// The key of a state, and the reference's number of it. A key that a function of the mutant had
    /// part in says nothing of the reference.
    fn name(&self, state: &machine) -> (u64, Option<u32>) {
        mutant::forget_calls();
        let key = key(state, self.params.symmetry);
        let is_own = mutant::called().meets(self.own);
        let known = self.recording.by_key.get(&key).copied();
        (key, known.filter(|_| !is_own))
    }

    fn check(&self, state: &machine, ops: impl FnOnce() -> Vec<Op>) -> Result<(), Failure> {
        let violations = check(state);
        match violations.iter().any(self.params.ends) {
            true => Err(Failure {
                ops: ops(),
                violations,
            }),
            false => Ok(()),
        }
    }

    fn push(&mut self, node: u32, op: usize, known: Option<u32>) {
        let history = self.history.as_mut().expect("the search has begun");
        history.push(node, op);
        self.known.push(known);
    }
}

fn carry_out(before: &machine, op: &Op) -> machine {
    load(before);
    op.apply();
    save()
}
