//! What the engine keeps from one question to the next about the same tree.

use fixedbitset::FixedBitSet;

use crate::analysis::bits::FlagNames;
use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::Symbol;

use super::hypothesis::Hypothesis;
use super::looks::Looks;
use super::plan::Plan;
use super::words::Words;

/// What is kept.
#[derive(Debug, Default)]
pub struct Memory {
    plan: Option<Plan>,
    looks: Looks,
    grounds: Option<Grounds>,
    /// Functions whose code differs from what is kept.
    changed: Vec<FnId>,
}

/// What every run depends on besides source: what is assumed of override mappings, and what words
/// mean in this tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Grounds {
    /// The alternatives of the hypothesis.
    pub hypotheses: Vec<Hypothesis>,
    /// Flags of kinds without overrides, with the axiom that says so.
    pub excluded: Vec<(usize, u128)>,
    /// Whether mappings with a table of operations hold overrides, by its number.
    pub override_tables: FixedBitSet,
    /// The flags of VMAs and other families.
    pub flags: [FlagNames; 2],
    /// Flags with setters, by number.
    pub settable: Vec<Symbol>,
}

impl Memory {
    /// Takes in that the code of some functions differs.
    pub fn expect(&mut self, changed: &[FnId]) {
        self.changed.extend(changed);
    }

    /// What is known of the functions of a program, with what has been seen of it that still holds;
    /// `grounds` tells what else that depends on.
    pub fn recall(
        &mut self,
        world: World<'_>,
        words: &Words,
        grounds: impl FnOnce(&Plan) -> Grounds,
    ) -> (&Plan, &Looks) {
        let changed = std::mem::take(&mut self.changed);
        match &mut self.plan {
            Some(plan) => {
                let mut differing = plan.renew(world, words, &changed);
                differing.grow(world.program.n_functions());
                differing.extend(changed.iter().map(|id| id.0 as usize));
                self.looks.forget(&differing);
            }
            None => self.plan = Some(Plan::new(world, words)),
        }
        let plan = self.plan.get_or_insert_default();
        let grounds = Some(grounds(plan));
        if self.grounds != grounds {
            self.looks.clear();
            self.grounds = grounds;
        }
        (plan, &self.looks)
    }
}
