//! What a run of the explorer found, as text.

use super::super::arch::Arch;
use super::super::cover::Coverage;
use super::super::faults::DeliberateFault;
use super::op::KINDS;
use super::search::{Outcome, Search, any_violation, search};
use super::story::tell;
use super::world::WORLDS;
use std::fmt::Write;

/// The shortest sequence, over all worlds, with which a deliberate fault breaks
/// the invariant; of several in different worlds that of the first. `None` if
/// there is none within the depth.
pub fn find_fault(arch: Arch, fault: DeliberateFault, max_depth: usize) -> Option<FoundFault> {
    // Depth by depth, so that no world is searched deeper than need be.
    for depth in 0..=max_depth {
        for world in &WORLDS {
            let params = Search {
                world,
                arch,
                fault: Some(fault),
                max_depth: depth,
                max_states: usize::MAX,
                symmetry: true,
                ends: any_violation,
            };
            if let Some(failure) = search(&params).failure {
                let story = tell(&params, &failure.ops);
                return Some(FoundFault {
                    world: world.name,
                    ops: failure.ops.len(),
                    story,
                });
            }
        }
    }
    None
}

/// A deliberate fault that was found out.
pub struct FoundFault {
    /// Where the sequence was found.
    pub world: &'static str,
    /// Length of the sequence.
    pub ops: usize,
    /// The sequence, told.
    pub story: String,
}

/// What several searches have reached together.
pub struct Summary {
    /// Distinct states of all searches.
    pub states: usize,
    /// Operations carried out.
    pub transitions: u64,
    /// How often each of [`KINDS`] led to a new state.
    pub effective: [u64; KINDS.len()],
    /// Branches of the generic code reached.
    pub coverage: Coverage,
}

impl Summary {
    /// Of no search yet.
    pub fn new() -> Summary {
        Summary {
            states: 0,
            transitions: 0,
            effective: [0; KINDS.len()],
            coverage: Coverage::empty(),
        }
    }

    /// Adds one search.
    pub fn add(&mut self, outcome: &Outcome) {
        self.states += outcome.states();
        self.transitions += outcome.transitions;
        for (sum, count) in self.effective.iter_mut().zip(outcome.effective) {
            *sum += count;
        }
        self.coverage.merge(&outcome.coverage);
    }

    /// Operations and branches reached, and the branches that were not.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "states: {}, operations tried: {}",
            self.states, self.transitions
        );
        let reached = self.effective.iter().filter(|count| **count != 0).count();
        let _ = writeln!(
            text,
            "operations that led to new states: {reached} of {}",
            KINDS.len()
        );
        for (name, count) in KINDS.iter().zip(self.effective) {
            let _ = writeln!(text, "  {name:16} {count}");
        }
        let (reached, all) = self.coverage.count();
        let _ = writeln!(
            text,
            "branches of the generic code reached: {reached} of {all}"
        );
        for line in self.coverage.missing() {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

impl Default for Summary {
    fn default() -> Summary {
        Summary::new()
    }
}

/// One world's line: the states at each depth.
pub fn world_line(params: &Search, outcome: &Outcome) -> String {
    let verdict = match (&outcome.failure, outcome.complete) {
        (Some(_), _) => "the invariant breaks",
        (None, true) => "the invariant holds",
        (None, false) => "the invariant holds so far; out of states",
    };
    format!(
        "{:8} {:16} depth {:2}  {:>10} states {:>12} operations  {verdict}",
        params.arch.name(),
        params.world.name,
        outcome.depth(),
        outcome.states(),
        outcome.transitions
    )
}
