//! A tree that was read, and can be read again after an edit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::Renumbered;
use crate::arch::Rules;
use crate::program::FileId;
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

impl Opened {
    /// Indexes and parses a tree.
    pub fn new(
        tree: Arc<Tree>,
        (vocabulary, arch_rules): (&Vocabulary, &Rules),
        (clock, progress): (&mut Clock, &dyn Progress),
    ) -> Opened {
        let index = Arc::new(index(&tree, vocabulary, progress));
        clock.stage("index");
        progress.stage("parse", None);
        let kept = Kept::default();
        let (loaded, ()) = rayon::join(
            || load::load((&tree, &index), vocabulary, Scope::Everything, None),
            || kept.prepare(&tree, vocabulary, arch_rules),
        );
        clock.stage("parse");
        Opened {
            tree,
            index,
            loaded,
            kept,
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

    /// From now on nothing is kept for other runs: what the system said of files when they were
    /// walked holds no more, and nobody else comes to see what is in the middle of being typed.
    pub fn forget_walk(&mut self) {
        Arc::make_mut(&mut self.tree).cache_folder = None;
    }

    /// Takes in what files hold now, by path. True if any function that was parsed differs, or
    /// more. `None` if the tree has to be opened again, and what is open cannot be asked any more.
    pub fn update(
        &mut self,
        contents: &BTreeMap<String, Vec<u8>>,
        vocabulary: &Vocabulary,
    ) -> Option<bool> {
        let words = load::words(vocabulary);
        let mut has_changed = false;
        let mut reloaded: Vec<&str> = Vec::new();
        for (path, content) in contents {
            let file = self.tree.file_at(path)?;
            if self.tree.read(file).is_ok_and(|known| known == *content) {
                continue;
            }
            // One file after the other, so that what is open is one version at any time.
            let next = Arc::new(self.tree.with_content(file, Some(content)));
            let before = Arc::make_mut(&mut self.index).replace(&next, file, &words)?;
            self.tree = next;
            if !reloaded.is_empty() {
                reloaded.push(path);
                continue;
            }
            let edit = Edit {
                file,
                before: &before,
                tree: &self.tree,
                index: &self.index,
                vocabulary,
            };
            match self.loaded.edit(&edit) {
                Some(taken) => {
                    has_changed |= !taken.changed.is_empty();
                    self.kept.expect(path, taken);
                }
                None => reloaded.push(path),
            }
        }
        if !reloaded.is_empty() {
            has_changed |= self.reload(&reloaded, vocabulary);
        }
        Some(has_changed)
    }

    /// Loads what is open again after edits of the files at `paths`. True if anything that was parsed
    /// differs.
    fn reload(&mut self, paths: &[&str], vocabulary: &Vocabulary) -> bool {
        let edited = paths.iter().filter_map(|path| self.tree.file_at(path));
        let edited: BTreeSet<FileId> = edited.collect();
        let version = (&self.tree, &*self.index);
        let conditions = self.loaded.conditions(&edited);
        let before = self.loaded.reload(version, &edited, vocabulary);
        let renumbered = Renumbered::between(&before, &self.loaded.program, &edited);
        let is_same = renumbered.as_ref().is_some_and(Renumbered::is_same);
        self.kept.expect_renumbered(paths, renumbered);
        !is_same || conditions != self.loaded.conditions(&edited)
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
