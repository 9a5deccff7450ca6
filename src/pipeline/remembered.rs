//! What was found out in an earlier run of ptelint: what the engine saw of a program, and what the
//! helpers of architectures do. From one commit to the next most of a tree is the same.
//!
//! **Invariant:** an answer from what is remembered is the answer without. What the engine saw is found
//! again only for the very same program: the same functions, from files with the same content, read by
//! the same vocabulary; a matrix only for the very same headers.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rayon::prelude::*;
use rustc_hash::FxHasher;

use crate::arch::{self, Matrix, Rules};
use crate::program::FileId;
use crate::tree::Tree;
use crate::vocabulary::Vocabulary;

use super::load::Loaded;
use super::session::Kept;

/// A program, as what is remembered is found by.
pub struct Remembered {
    key: u64,
    /// Of how many runs of the engine it is remembered what they showed.
    pub n_runs: usize,
}

impl Remembered {
    /// Takes in what is remembered of a program, if nothing of it was analysed yet. `None` if
    /// nothing is kept of its tree.
    pub fn recall(
        tree: &Tree,
        loaded: &Loaded,
        vocabulary: &Vocabulary,
        kept: &mut Kept,
    ) -> Option<Remembered> {
        tree.cache_folder.as_ref()?;
        let key = key(tree, loaded, vocabulary);
        let note = match kept.memory.is_empty() {
            true => tree.note("runs", key),
            false => None,
        };
        let n_runs = note.map_or(0, |text| kept.memory.reach.recall_text(&text));
        Some(Remembered { key, n_runs })
    }

    /// Keeps what was seen since, for the next run.
    pub fn keep(self, tree: &Tree, kept: &Kept) {
        let reach = &kept.memory.reach;
        if reach.n_runs() != self.n_runs {
            // What cannot be kept is found out again.
            let _ = tree.keep_note("runs", self.key, &reach.to_text());
        }
    }
}

/// What the helpers of architectures do, from an earlier run if that is remembered.
pub fn matrix(tree: &Tree, rules: &Rules) -> Matrix {
    if tree.cache_folder.is_none() {
        return arch::matrix(tree, rules);
    }
    let mut hasher = FxHasher::default();
    format!("{rules:?}").hash(&mut hasher);
    let ids = tree.file_ids().filter(|&id| is_about_arches(tree.path(id)));
    let ids: Vec<FileId> = ids.collect();
    let fingerprints = ids.par_iter().map(|&id| tree.fingerprint(id));
    fingerprints.collect::<Vec<u64>>().hash(&mut hasher);
    let key = hasher.finish();
    let known = tree.note("arch", key);
    if let Some(matrix) = known.and_then(|text| Matrix::of_text(&text)) {
        return matrix;
    }
    let matrix = arch::matrix(tree, rules);
    // What cannot be kept is found out again.
    let _ = tree.keep_note("arch", key, &matrix.to_text());
    matrix
}

/// True for a file that the helpers of architectures may be read from.
pub fn is_about_arches(path: &str) -> bool {
    path.starts_with("arch/") || path.starts_with("include/")
}

/// A number for everything a program follows from, and for how its functions are numbered.
fn key(tree: &Tree, loaded: &Loaded, vocabulary: &Vocabulary) -> u64 {
    let program = &loaded.program;
    let mut hasher = FxHasher::default();
    tree.version.hash(&mut hasher);
    format!("{vocabulary:?}").hash(&mut hasher);
    let mut files: BTreeSet<FileId> = BTreeSet::new();
    for (id, function) in program.functions() {
        let of_callers = (program.is_passage(id), program.has_all_callers(id));
        let name = function.name.as_str();
        (function.file, function.span, name, of_callers).hash(&mut hasher);
        files.insert(function.file);
    }
    for (_, table) in program.tables() {
        (table.file, table.span, table.name.as_str()).hash(&mut hasher);
        files.insert(table.file);
    }
    for (file, structure) in program.structs() {
        (*file, structure.name.as_str()).hash(&mut hasher);
        files.insert(*file);
    }
    for constant in program.macros() {
        (constant.file, constant.name.as_str()).hash(&mut hasher);
        files.insert(constant.file);
    }
    for store in program.stores() {
        (store.file, store.span, store.value.as_str()).hash(&mut hasher);
        files.insert(store.file);
    }
    let files: Vec<FileId> = files.into_iter().collect();
    let contents = files.par_iter().map(|&file| {
        let mut hasher = FxHasher::default();
        let facts = program.file(file);
        (&facts.path, facts.is_generic).hash(&mut hasher);
        loaded.sources.bytes(file).hash(&mut hasher);
        hasher.finish()
    });
    contents.collect::<Vec<u64>>().hash(&mut hasher);
    hasher.finish()
}
