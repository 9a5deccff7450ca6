//! A tree that was read, and can be read again after an edit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis;
use crate::arch::Rules;
use crate::callgraph::FnId;
use crate::tree::{Index, Tree};
use crate::vocabulary::Vocabulary;

use super::load::{self, Edit, Loaded, Scope};
use super::session::Kept;
use super::stats::Clock;
use super::{Progress, Report, Wanted, analyse, index};

/// A tree with everything that is known of it.
pub struct Opened {
    tree: Arc<Tree>,
    index: Arc<Index>,
    loaded: Loaded,
    kept: Kept,
}

/// How much an update took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Only functions differ: these.
    Functions(BTreeSet<FnId>),
    /// More than that: the tree has to be opened again, and what is open cannot be asked any more.
    Everything,
}

impl Opened {
    /// Indexes and parses a tree.
    pub fn new(
        tree: Arc<Tree>,
        vocabulary: &Vocabulary,
        (clock, progress): (&mut Clock, &dyn Progress),
    ) -> Opened {
        let index = Arc::new(index(&tree, vocabulary, progress));
        clock.stage("index");
        progress.stage("parse", None);
        let loaded = load::load((&tree, &index), vocabulary, Scope::Everything, None);
        clock.stage("parse");
        Opened {
            tree,
            index,
            loaded,
            kept: Kept::default(),
        }
    }

    /// The index of the version that is open.
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// The version that is open.
    pub fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// Takes in what files hold now, by path.
    pub fn update(
        &mut self,
        contents: &BTreeMap<String, Vec<u8>>,
        vocabulary: &Vocabulary,
    ) -> Update {
        let words = load::words(vocabulary);
        let mut changed = BTreeSet::new();
        for (path, content) in contents {
            let Some(file) = self.tree.file_at(path) else {
                return Update::Everything;
            };
            if self.tree.read(file).is_ok_and(|known| known == *content) {
                continue;
            }
            // One file after the other, so that what is open is one version at any time.
            let next = Arc::new(self.tree.with_content(file, Some(content)));
            let Some(before) = Arc::make_mut(&mut self.index).replace(&next, file, &words) else {
                return Update::Everything;
            };
            let edit = Edit {
                file,
                before: &before,
                tree: &next,
                index: &self.index,
                vocabulary,
            };
            let Some(its) = self.loaded.edit(&edit) else {
                return Update::Everything;
            };
            self.tree = next;
            changed.extend(&its);
            self.kept
                .expect(path, analysis::Edit { file, changed: its });
        }
        Update::Functions(changed)
    }

    /// Analyses the version that is open.
    pub fn report(
        &mut self,
        (vocabulary, arch_rules): (&Vocabulary, &Rules),
        wanted: Wanted,
        (clock, progress): (Clock, &dyn Progress),
    ) -> Report {
        analyse(
            (&self.tree, &self.index),
            &self.loaded,
            (vocabulary, arch_rules),
            (wanted, false),
            &mut self.kept,
            (clock, progress),
        )
    }
}
