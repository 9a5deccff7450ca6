//! What is kept from one analysis of a tree for the next, which then looks only at what an edit can
//! have an effect on.
//!
//! **Invariant:** an analysis with a memory gives what one without gives. Whatever is kept is kept
//! with the functions it rests on, and forgotten when one of them differs.

use std::collections::BTreeSet;

use crate::callgraph::{FnId, Program};
use crate::program::FileId;

use super::bits::FlagNames;
use super::dictionary::Dictionary;
use super::facts::Facts;
use super::renumbered::Renumbered;
use super::{machine, reach};

/// What is kept.
#[derive(Debug, Default)]
pub struct Memory {
    facts: Option<Facts>,
    flags: [FlagNames; 2],
    edits: Vec<Edit>,
    renumbered: Option<Renumbered>,
    /// What runs of single functions showed.
    pub runs: machine::Memory,
    /// What is known of generic code.
    pub reach: reach::Memory,
}

/// A file was edited.
#[derive(Clone, Debug)]
pub struct Edit {
    /// In it, everything may stand at another place.
    pub file: FileId,
    /// The functions whose code differs.
    pub changed: BTreeSet<FnId>,
    /// The functions whose code is the same, at other distances from their beginning.
    pub respaced: BTreeSet<FnId>,
}

impl Memory {
    /// True if nothing was analysed yet.
    pub fn is_empty(&self) -> bool {
        self.facts.is_none()
    }

    /// Takes in that the program will differ when it is analysed next.
    pub fn expect(&mut self, edit: Edit) {
        self.edits.push(edit);
    }

    /// Takes in that the program will have other functions when it is analysed next.
    pub fn expect_renumbered(&mut self, mut renumbered: Renumbered) {
        if self.renumbered.is_some() {
            // Two differences at once were never looked at in between.
            *self = Memory::default();
            return;
        }
        let changed = self.edits.drain(..);
        let changed = changed.flat_map(|edit| edit.changed.into_iter().chain(edit.respaced));
        let now: Vec<FnId> = changed.filter_map(|id| renumbered.now(id)).collect();
        renumbered
            .changed
            .extend(now.into_iter().map(|id| id.0 as usize));
        self.renumbered = Some(renumbered);
    }

    /// Forgets what does not hold for `program`, and finds out the facts about it.
    pub fn renew(&mut self, program: &Program, dictionary: &Dictionary<'_>) {
        let flags = [dictionary.flags.clone(), dictionary.other_flags.clone()];
        let edits = std::mem::take(&mut self.edits);
        let all = |of: fn(&Edit) -> &BTreeSet<FnId>| -> BTreeSet<FnId> {
            edits.iter().flat_map(of).copied().collect()
        };
        let (changed, respaced) = (all(|edit| &edit.changed), all(|edit| &edit.respaced));
        let renumbered = self.renumbered.take();
        let Some(facts) = self.facts.as_mut().filter(|_| self.flags == flags) else {
            // Where nothing was analysed yet, what was recalled is about this program.
            let reach = match self.facts {
                None => std::mem::take(&mut self.reach),
                Some(_) => reach::Memory::default(),
            };
            *self = Memory {
                facts: Some(Facts::new(program, dictionary)),
                flags,
                reach,
                ..Memory::default()
            };
            return;
        };
        if let Some(mut renumbered) = renumbered {
            *facts = Facts::new(program, dictionary);
            // A structure that is defined differently means something wherever it occurs.
            let is_affected = |(id, _): &(FnId, _)| facts.mentions(*id, &renumbered.structs);
            let affected = program.functions().filter(is_affected);
            let affected: Vec<usize> = affected.map(|(id, _)| id.0 as usize).collect();
            let changed = changed.union(&respaced).map(|id| id.0 as usize);
            renumbered.changed.extend(changed.chain(affected));
            self.runs = machine::Memory::default();
            self.reach.expect_renumbered(renumbered);
            return;
        }
        let mut stale = facts.renew(program, dictionary, &changed);
        stale.grow(program.n_functions());
        let files: BTreeSet<FileId> = edits.iter().map(|edit| edit.file).collect();
        let moved = program
            .functions()
            .filter(|(_, it)| files.contains(&it.file));
        stale.extend(moved.map(|(id, _)| id.0 as usize));
        self.runs.forget(&stale);
        self.reach.expect(&changed, &respaced);
    }

    /// The facts about the program, once it is known, and the rest of what is kept.
    pub fn split(&mut self) -> (&Facts, &machine::Memory, &mut reach::Memory) {
        let facts = self.facts.get_or_insert_default();
        (facts, &self.runs, &mut self.reach)
    }
}
