//! Two versions of a tree, analysed so that what they have in common is done once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::arch::Rules;
use crate::program::FileId;
use crate::tree::Tree;
use crate::vocabulary::Vocabulary;

use super::load::{self, Known, Scope};
use super::opened::Opened;
use super::remembered::is_about_arches;
use super::same::is_same_program;
use super::session::Kept;
use super::stats::{Clock, StageStats};
use super::{NoProgress, Progress, Report, Wanted, analyse};

/// The answers on both versions.
pub struct Both {
    /// On the version before.
    pub old: Report,
    /// On the new one, with what both took.
    pub report: Report,
}

/// Analyses two versions that differ in `files`. `None` if nothing differs that an answer depends
/// on.
pub fn analyse_both(
    old: Tree,
    new: &Tree,
    files: &BTreeSet<String>,
    rules: (&Vocabulary, &Rules),
    progress: &dyn Progress,
) -> Option<Both> {
    let paths = |tree: &Tree| -> Vec<Box<str>> {
        let files = tree.files.iter();
        files.map(|file| file.path.clone()).collect()
    };
    match paths(&old) == paths(new) {
        true => one_after_the_other(old, new, files, rules, progress),
        false => side_by_side(old, new, files, rules, progress),
    }
}

/// Versions with the same files: the second is an edit of the first.
fn one_after_the_other(
    old: Tree,
    new: &Tree,
    files: &BTreeSet<String>,
    rules: (&Vocabulary, &Rules),
    progress: &dyn Progress,
) -> Option<Both> {
    let contents = |tree: &Tree| -> Option<BTreeMap<String, Vec<u8>>> {
        let content = |path: &String| tree.read(tree.file_at(path)?).ok();
        let contents = files
            .iter()
            .map(|path| Some((path.clone(), content(path)?)));
        contents.collect()
    };
    let (Some(before), Some(now)) = (contents(&old), contents(new)) else {
        return side_by_side(old, new, files, rules, progress);
    };
    let mut clock = Clock::start();
    let mut opened = Opened::new(Arc::new(old.clone()), rules, (&mut clock, progress));
    let Some(has_changed) = opened.update(&now, rules.0) else {
        return side_by_side(old, new, files, rules, progress);
    };
    // The helpers of architectures are read beside the program.
    if !has_changed && !files.iter().any(|path| is_about_arches(path)) {
        return None;
    }
    // The version before comes first: it is the one that an earlier run has seen.
    if opened.update(&before, rules.0).is_none() {
        return side_by_side(old, new, files, rules, progress);
    }
    clock.stage("update");
    let mut before = opened.report(rules, Wanted::Everything, (clock, progress));
    let mut clock = Clock::start();
    if opened.update(&now, rules.0).is_none() {
        return side_by_side(old, new, files, rules, progress);
    }
    clock.stage("update");
    let mut report = opened.report(rules, Wanted::Everything, (clock, &NoProgress));
    add(&mut before.stats, &report.stats, |a, b| a + b);
    report.stats = std::mem::take(&mut before.stats);
    report.n_recalled = before.n_recalled;
    let old = before;
    Some(Both { old, report })
}

/// Versions with other files: what they have in common is read and parsed once.
fn side_by_side(
    old: Tree,
    new: &Tree,
    files: &BTreeSet<String>,
    rules: (&Vocabulary, &Rules),
    progress: &dyn Progress,
) -> Option<Both> {
    let words = load::words(rules.0);
    let mut clock = Clock::start();
    progress.stage("index", Some(old.files.len() as u64));
    let (old_index, new_index) =
        old.index_with(new, files, &words, &|n| progress.advance(n as u64));
    clock.stage("index");
    progress.stage("parse", None);
    let (old_tree, new_tree) = (Arc::new(old), Arc::new(new.clone()));
    let (old, new) = ((&old_tree, &old_index), (&new_tree, &new_index));
    let old_loaded = load::load(old, rules.0, Scope::Everything, None);
    let same_file = |file: FileId| {
        let path = new_tree.path(file);
        let is_same = !files.contains(path);
        is_same.then(|| old_tree.file_at(path)).flatten()
    };
    let known = Known {
        program: &old_loaded.program,
        same_file: &same_file,
    };
    let new_loaded = load::load(new, rules.0, Scope::Everything, Some(known));
    clock.stage("parse");
    if is_same_program((old.0, &old_loaded), (new.0, &new_loaded), files) {
        return None;
    }
    let analysed = |version, loaded, progress| {
        let (asked, clock) = ((Wanted::Everything, false), Clock::start());
        let kept = &mut Kept::default();
        analyse(version, loaded, rules, asked, kept, (clock, progress))
    };
    // Parts of an analysis are one after the other.
    let (old, mut report) = rayon::join(
        || analysed(old, &old_loaded, &NoProgress),
        || analysed(new, &new_loaded, progress),
    );
    add(&mut report.stats, &old.stats, f64::max);
    report.n_recalled += old.n_recalled;
    report.stats.splice(0..0, clock.into_stats());
    Some(Both { old, report })
}

/// Adds what the stages of another run took.
fn add(stats: &mut [StageStats], others: &[StageStats], add: impl Fn(f64, f64) -> f64) {
    for stage in stats {
        if let Some(other) = others.iter().find(|other| other.name == stage.name) {
            stage.seconds = add(stage.seconds, other.seconds);
            stage.peak_rss_bytes = stage.peak_rss_bytes.max(other.peak_rss_bytes);
        }
    }
}
