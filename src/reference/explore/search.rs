//! Breadth-first search: every sequence of operations up to a length, each
//! state once.
//!
//! This is a plain search and not stateright's: that one keeps whole states in
//! its queue, and reduces by symmetry only depth-first, which does not find
//! shortest sequences. Here a state is eight bytes of key and eight of history;
//! the state itself is made again from its predecessor when its turn comes,
//! which costs one operation more for every state expanded.

use super::super::arch::{Arch, boot};
use super::super::cover::Coverage;
use super::super::faults::{DeliberateFault, configure};
use super::super::invariant::{Violation, check};
use super::super::machine::*;
use super::key::key;
use super::op::{KINDS, Op};
use super::world::World;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// What to search.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Where to search.
    pub world: &'a World,
    /// The architecture to search on.
    pub arch: Arch,
    /// The deliberate fault that is switched in.
    pub fault: Option<DeliberateFault>,
    /// Longest sequence tried, without the mappings made at the start.
    pub max_depth: usize,
    /// The search ends, within a depth, when it has seen this many states.
    pub max_states: usize,
    /// Whether states that differ in names only count as one.
    pub symmetry: bool,
    /// Which violations end the search; beyond others it goes on.
    pub ends: fn(&Violation) -> bool,
}

/// Every violation ends the search.
pub fn any_violation(_: &Violation) -> bool {
    true
}

/// What a search found.
pub struct Outcome {
    /// New states at each depth, from depth 0 on.
    pub levels: Vec<usize>,
    /// Operations carried out.
    pub transitions: u64,
    /// How often each of [`KINDS`] led to another state.
    pub effective: [u64; KINDS.len()],
    /// Branches of the generic code reached.
    pub coverage: Coverage,
    /// Depends on the set of states seen and on nothing else.
    pub fingerprint: u64,
    /// Whether the last depth was searched to its end.
    pub complete: bool,
    /// The first violation found, if any.
    pub failure: Option<Failure>,
}

/// A shortest sequence that breaks the invariant.
pub struct Failure {
    /// The sequence.
    pub ops: Vec<Op>,
    /// What is broken after it.
    pub violations: Vec<Violation>,
}

impl Outcome {
    /// Distinct states seen.
    pub fn states(&self) -> usize {
        self.levels.iter().sum()
    }

    /// The depth searched to its end.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1 - usize::from(!self.complete)
    }
}

/// Runs a search. Deterministic: no clock, no threads, no random order.
pub fn search(params: &Search) -> Outcome {
    let _ = Coverage::take();
    let ops = params.world.ops(params.arch);
    let initial = start(params);
    let mut outcome = Outcome {
        levels: vec![1],
        transitions: 0,
        effective: [0; KINDS.len()],
        coverage: Coverage::empty(),
        fingerprint: 0,
        complete: true,
        failure: None,
    };
    let violations = check(&initial);
    if violations.iter().any(params.ends) {
        outcome.failure = Some(Failure {
            ops: Vec::new(),
            violations,
        });
    }

    let mut visited: HashSet<u64, BuildHasherDefault<KeyHasher>> = HashSet::default();
    visited.insert(key(&initial, params.symmetry));
    let mut history = History::new(initial);
    let mut level = 0..1;
    for depth in 1..=params.max_depth {
        if outcome.failure.is_some() || !outcome.complete || level.is_empty() {
            break;
        }
        outcome.levels.push(0);
        let last = depth == params.max_depth;
        'level: for node in level.clone() {
            let before = history.state(node, &ops);
            for (number, op) in ops.iter().enumerate() {
                if !op.applicable(&before) {
                    continue;
                }
                load(&before);
                op.apply();
                outcome.transitions += 1;
                let after = save();
                if !visited.insert(key(&after, params.symmetry)) {
                    continue;
                }
                outcome.levels[depth] += 1;
                outcome.effective[op.kind()] += 1;
                let violations = check(&after);
                if violations.iter().any(params.ends) {
                    let mut path = history.path(node, &ops);
                    path.push(*op);
                    outcome.failure = Some(Failure {
                        ops: path,
                        violations,
                    });
                    break 'level;
                }
                if !last {
                    history.push(node, number);
                }
                if visited.len() >= params.max_states {
                    outcome.complete = false;
                    break 'level;
                }
            }
        }
        level = level.end..history.count();
    }
    outcome.fingerprint = visited.iter().fold(0, |sum, key| sum.wrapping_add(*key));
    outcome.coverage = Coverage::take();
    configure(None);
    outcome
}

/// A key is a hash already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Boots the machine and makes the world's mappings.
pub fn start(params: &Search) -> machine {
    boot(params.arch);
    configure(params.fault);
    load(&machine::POWER_ON);
    let (pages, pairs) = params.world.scarcity;
    with(|m| {
        let singles = POOL_START..POOL_START + u64::from(pages);
        let doubles = HUGE_POOL_START..HUGE_POOL_START + 2 * u64::from(pairs);
        for pfn in singles.chain(doubles) {
            m.mem_map[pfn as usize].flags = PG_reserved;
        }
    });
    for mapping in params.world.mappings {
        Op::Mmap(0, *mapping).apply();
    }
    save()
}

/// How each state was reached: its predecessor and the operation. States are
/// numbered in the order they were found, so those of one predecessor are
/// neighbours.
pub struct History {
    nodes: Vec<(u32, u16)>,
    /// The states on the way to the one asked for last, from the start.
    path: Vec<(u32, machine)>,
}

impl History {
    /// The initial state, numbered 0.
    pub fn new(initial: machine) -> History {
        History {
            nodes: vec![(0, 0)],
            path: vec![(0, initial)],
        }
    }

    /// How many states there are.
    pub fn count(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Adds a state: what the operation with this number makes of `parent`.
    pub fn push(&mut self, parent: u32, op: usize) {
        self.nodes.push((parent, op as u16));
    }

    /// Makes a state again.
    pub fn state(&mut self, node: u32, ops: &[Op]) -> machine {
        let mut missing = Vec::new();
        let mut at = node;
        // Numbers grow along a path, so the longest common part is what is
        // left when all greater numbers are gone.
        loop {
            while self.path.last().is_some_and(|(known, _)| *known > at) {
                self.path.pop();
            }
            if self.path.last().is_some_and(|(known, _)| *known == at) {
                break;
            }
            missing.push(at);
            at = self.nodes[at as usize].0;
        }
        while let Some(next) = missing.pop() {
            let (_, before) = self.path[self.path.len() - 1];
            load(&before);
            ops[usize::from(self.nodes[next as usize].1)].apply();
            self.path.push((next, save()));
        }
        self.path[self.path.len() - 1].1
    }

    /// The operations that lead to a state.
    pub fn path(&self, node: u32, ops: &[Op]) -> Vec<Op> {
        let mut path = Vec::new();
        let mut at = node;
        while at != 0 {
            let (parent, op) = self.nodes[at as usize];
            path.push(ops[usize::from(op)]);
            at = parent;
        }
        path.reverse();
        path
    }
}
