//! What the engine keeps from one question to the next about the same tree.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use crate::analysis::bits::FlagNames;
use crate::analysis::facts::World;
use crate::analysis::renumbered::Renumbered;
use crate::callgraph::FnId;
use crate::program::Symbol;

use super::calls::Calls;
use super::hypothesis::Hypothesis;
use super::looks::Looks;
use super::plan::Plan;
use super::rests_on::{Asked, Differing, RestsOn};
use super::words::Words;

/// What is kept.
#[derive(Debug, Default)]
pub struct Memory {
    plan: Option<Plan>,
    looks: Looks,
    calls: Calls,
    /// What an earlier run saw of the same program, until that is analysed.
    recalled: Looks,
    grounds: Option<Grounds>,
    /// How the functions of the plan differ from those of the program.
    difference: Difference,
}

/// How functions differ from those that were looked at.
#[derive(Debug)]
enum Difference {
    /// Some have other code.
    Changed {
        functions: BTreeSet<FnId>,
        /// These have the same code at other places.
        respaced: BTreeSet<FnId>,
    },
    /// There are others.
    Renumbered(Renumbered),
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
    /// Whether a handler returns a page beside overrides.
    pub is_page_returned: bool,
    /// The flags of VMAs and other families.
    pub flags: [FlagNames; 2],
    /// Flags with setters, by number.
    pub settable: Vec<Symbol>,
}

impl Default for Difference {
    fn default() -> Difference {
        Difference::Changed {
            functions: BTreeSet::new(),
            respaced: BTreeSet::new(),
        }
    }
}

impl Memory {
    /// Takes in that the code of some functions differs, and that of others stands at other places.
    pub fn expect(&mut self, changed: &BTreeSet<FnId>, moved: &BTreeSet<FnId>) {
        match &mut self.difference {
            Difference::Changed {
                functions,
                respaced,
            } => {
                functions.extend(changed);
                respaced.extend(moved);
            }
            Difference::Renumbered(renumbered) => {
                let differing = changed.union(moved).map(|id| id.0 as usize);
                renumbered.changed.extend(differing);
            }
        }
    }

    /// Takes in that there are other functions.
    pub fn expect_renumbered(&mut self, renumbered: Renumbered) {
        let is_same = matches!(&self.difference, Difference::Changed { functions, respaced }
            if functions.is_empty() && respaced.is_empty());
        if !is_same {
            // Two differences at once were never looked at in between.
            self.plan = None;
        }
        self.difference = Difference::Renumbered(renumbered);
    }

    /// What was seen, as text.
    pub fn to_text(&self) -> Vec<u8> {
        self.looks.to_text()
    }

    /// Of how many runs it is known what they showed.
    pub fn n_runs(&self) -> usize {
        self.looks.len()
    }

    /// Takes in what [`Memory::to_text`] gave for the program that will be analysed next, where
    /// nothing was analysed before. Gives the number of runs in it; 0 for any other text.
    pub fn recall_text(&mut self, text: &[u8]) -> usize {
        self.recalled = Looks::of_text(text).unwrap_or_default();
        self.recalled.len()
    }

    /// What is known of the functions of a program, with what has been seen of it that still holds;
    /// `grounds` tells what else that depends on.
    pub fn recall(
        &mut self,
        world: World<'_>,
        words: &Words,
        grounds: impl FnOnce(&Plan) -> Grounds,
    ) -> (&Plan, &Looks, &Calls) {
        let difference = std::mem::take(&mut self.difference);
        match (self.plan.take(), difference) {
            (
                Some(mut plan),
                Difference::Changed {
                    functions,
                    respaced,
                },
            ) => {
                let changed: Vec<FnId> = functions.into_iter().collect();
                let before = plan.renew(world, words, &changed);
                let mut code = FixedBitSet::with_capacity(world.program.n_functions());
                code.extend(changed.iter().map(|id| id.0 as usize));
                let is_other = |&(id, ty, member): &Asked| {
                    before.stores.as_ref().is_some_and(|before| {
                        before.may_set(id, ty, member) != plan.stores.may_set(id, ty, member)
                    })
                };
                if !changed.is_empty() {
                    let differing = Differing {
                        code: &code,
                        faces: &before.faces,
                        mentions: &before.mentions,
                        is_other: &is_other,
                    };
                    let is_stale = |it: &RestsOn| it.is_stale(&differing);
                    self.looks.forget(&is_stale);
                    self.calls.forget(&is_stale);
                }
                if !respaced.is_empty() {
                    self.looks.forget_places(&respaced);
                }
                self.plan = Some(plan);
            }
            (Some(before), Difference::Renumbered(renumbered)) => {
                let plan = Plan::new(world, words);
                self.looks.renumber(&|id| renumbered.now(id));
                let mut code = renumbered.changed.clone();
                let mut faces = FixedBitSet::with_capacity(world.program.n_functions());
                let mut mentions = faces.clone();
                for (old, new) in renumbered.pairs() {
                    let calls = before.callees(old).iter();
                    let calls: Option<BTreeSet<FnId>> =
                        calls.map(|&id| renumbered.now(id)).collect();
                    if calls.as_ref() != Some(plan.callees(new)) {
                        code.insert(new.0 as usize);
                    }
                    let (face, known) = (plan.face(new), before.face(old));
                    if before.mentions(old) != plan.mentions(new) {
                        mentions.insert(new.0 as usize);
                    }
                    if known != face {
                        faces.insert(new.0 as usize);
                        mentions.extend(plan.callers(new).iter().map(|id| id.0 as usize));
                    }
                }
                mentions.union_with(&code);
                let is_other = |&(id, ty, member): &Asked| {
                    renumbered.before(id).is_none_or(|old| {
                        before.stores.may_set(old, ty, member)
                            != plan.stores.may_set(id, ty, member)
                    })
                };
                let differing = Differing {
                    code: &code,
                    faces: &faces,
                    mentions: &mentions,
                    is_other: &is_other,
                };
                self.looks.forget(&|it| it.is_stale(&differing));
                self.calls.clear();
                self.plan = Some(plan);
            }
            (None, _) => {
                self.looks = std::mem::take(&mut self.recalled);
                self.calls.clear();
                self.grounds = None;
                self.plan = Some(Plan::new(world, words));
            }
        }
        let plan = self.plan.get_or_insert_default();
        let grounds = Some(grounds(plan));
        if self.grounds.is_some() && self.grounds != grounds {
            self.looks.clear();
            self.calls.clear();
        }
        self.grounds = grounds;
        (plan, &self.looks, &self.calls)
    }
}
