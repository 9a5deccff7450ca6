//! The whole run: from paths to a [`Report`].
//!
//! The stages themselves do no I/O and know nothing of each other; what is read when, and which
//! answer goes where, is decided here.

mod arch;
mod both;
mod change;
mod explain;
mod graph;
mod load;
mod opened;
mod remembered;
mod same;
mod session;
pub(crate) mod similar;
mod sources;
mod stats;
mod why;
mod workspace;

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::analysis::{self, Coverage, Mapping, Reader, Step};
use crate::arch::{Rules, RulesError};
use crate::baseline::BaselineSummary;
use crate::compare::Comparison;
use crate::rules::{self, Finding};
use crate::sample;
use crate::tree::{CacheUse, GenericPaths, GitError, Index, PatchError, Tree, TreeError, TreeKind};
use crate::vocabulary::{self, Vocabulary, VocabularyError};

pub use crate::tree::Problem;
pub use arch::{ArchAnswer, arch};
pub use change::{Against, check_patch, run_change};
pub use explain::{Explained, ExplainedAxiom, ExplainedGuard, ExplainedState, SourceRange};
pub use graph::graph;
pub use stats::StageStats;
pub use why::{Fallen, SourceLine, WhyAnswer, WhyQuery, why};
pub use workspace::{Calls, Stopped, Workspace};

use load::{Loaded, Scope};
use remembered::Remembered;
use session::Kept;
use stats::Clock;

/// What a run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Rule files that extend the built-in ones.
    pub rules_dir: Option<PathBuf>,
    /// Threads; absent: one per core.
    pub threads: Option<usize>,
    /// Which answers are asked for.
    pub wanted: Wanted,
    /// Which code is not a driver's.
    pub generic: GenericPaths,
    /// Where the index of a tree on disk is kept between runs; absent: nowhere.
    pub cache_folder: Option<PathBuf>,
}

/// Which answers a run gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The insertions alone: generic code is not judged, and no rule is run.
    Mappings,
    /// All of them.
    #[default]
    Everything,
    /// All of them, and what the verdict on each generic use rests on.
    Proofs,
}

/// Told how far a run is.
pub trait Progress: Sync {
    /// A stage begins; `steps` of them will follow, if that is known.
    fn stage(&self, name: &'static str, steps: Option<u64>);
    /// Some more steps are done.
    fn advance(&self, steps: u64);
    /// True once nobody waits for the answer any more. What comes then in a hurry is no answer.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What was checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TreeSummary {
    /// `linux`, `directory`, `file` or `sample`.
    pub kind: &'static str,
    /// Of a Linux tree.
    pub version: Option<String>,
    /// Files read.
    pub files_scanned: usize,
    /// Files of which a function was parsed.
    pub files_parsed: usize,
    /// Bytes read.
    pub bytes: u64,
}

/// Gives the content of a file by its path relative to the tree.
pub type SourceLookup = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Everything a run found out.
pub struct Report {
    /// What was checked.
    pub tree: TreeSummary,
    /// What was understood.
    pub coverage: Coverage,
    /// Calls that install user entries.
    pub mappings: Vec<Mapping>,
    /// Generic uses of a protection.
    pub readers: Vec<Reader>,
    /// What the verdict on each of `readers` rests on, in their order; empty unless asked for.
    pub proofs: Proofs,
    /// Defects.
    pub findings: Vec<Finding>,
    /// Bad input.
    pub problems: Vec<Problem>,
    /// Time and memory.
    pub stats: Vec<StageStats>,
    /// What the index that was kept from an earlier run was good for.
    pub cache: Option<CacheUse>,
    /// Runs of the engine of which an earlier run of the program told what they show.
    pub n_recalled: usize,
    /// Sources to quote.
    pub sources: SourceLookup,
    /// True for a path that a file of the checked tree could have.
    pub covers: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Comments addressed to ptelint, by file.
    pub comments: Vec<(String, Vec<rules::Comment>)>,
    /// Why there are fewer findings than there could be.
    pub filters: Filters,
}

/// What the answers rest on, for those who look at the source.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    /// The generic uses, in the order of [`Report::readers`].
    pub uses: Vec<Explained>,
    /// What is certain about an override mapping, one text for each alternative.
    pub assumptions: Vec<String>,
    /// Definitions of functions that mappings are inserted with.
    pub helpers: Vec<Step>,
}

/// What was found and is not shown, or only compared.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Filters {
    /// Findings that comments allow.
    pub suppressed: usize,
    /// Findings that `ptelint.toml` or a kernel's configuration leave out.
    pub configured: usize,
    /// Findings that a baseline knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSummary>,
    /// The version the tree was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// A part of the call graph.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GraphAnswer {
    /// Functions.
    pub nodes: Vec<GraphNode>,
    /// Calls.
    pub edges: Vec<GraphEdge>,
    /// True if there was more.
    pub truncated: bool,
}

/// A function.
#[derive(Clone, Debug, Serialize)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// Path relative to the tree.
    pub file: String,
    /// Line of its name.
    pub line: u32,
    /// Byte column of its name.
    #[serde(skip)]
    pub column: u32,
}

/// A call.
#[derive(Clone, Debug, Serialize)]
pub struct GraphEdge {
    /// Index of the caller.
    pub from: usize,
    /// Index of the callee.
    pub to: usize,
    /// `direct`, `ops` or `callback`.
    pub kind: &'static str,
    /// For `ops`: structure and member.
    pub label: String,
    /// Path of the call.
    pub file: String,
    /// Line of the call.
    pub line: u32,
    /// Byte column of the call.
    #[serde(skip)]
    pub column: u32,
}

/// Why nothing could be checked.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// There is nothing to check at the paths.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The rule files are wrong.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// A function that is not there.
    #[error("no function `{name}` in this tree{}", did_you_mean(similar))]
    UnknownFunction {
        /// The name.
        name: String,
        /// Names that look like it.
        similar: Vec<String>,
    },
    /// The rule files of architectures are wrong.
    #[error(transparent)]
    Arches(#[from] RulesError),
    /// An architecture that is not there.
    #[error(
        "no architecture `{name}` in this tree{}\n  tip: {}",
        did_you_mean(similar),
        match known.is_empty() {
            true => "there is none at all; give the top directory of a kernel tree".to_owned(),
            false => format!("there is {}", known.join(", ")),
        }
    )]
    UnknownArch {
        /// The name.
        name: String,
        /// Names that look like it.
        similar: Vec<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// An axiom that is not there.
    #[error("no axiom `{name}`; there are: {}", known.join(", "))]
    UnknownAxiom {
        /// The name.
        name: String,
        /// All there are.
        known: Vec<String>,
    },
    /// A file that is not there.
    #[error(
        "no source file `{name}` in this tree{}\n  tip: give the path as it is in the tree, such as \
         mm/memory.c:1234",
        did_you_mean(similar)
    )]
    UnknownFile {
        /// What was typed.
        name: String,
        /// Paths that look like it.
        similar: Vec<String>,
    },
    /// A line without what was asked for.
    #[error(
        "{file}:{line} has no {what}{}",
        match near.is_empty() {
            true => "; none is in this file".to_owned(),
            false => {
                let lines: Vec<String> = near.iter().map(u32::to_string).collect();
                format!("; the nearest are at lines {}", lines.join(", "))
            }
        }
    )]
    NothingAt {
        /// What was asked for.
        what: &'static str,
        /// Path relative to the tree.
        file: String,
        /// The line.
        line: u32,
        /// Lines that have it.
        near: Vec<u32>,
    },
    /// Git could not say what to compare with.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A patch that is none, or does not apply.
    #[error("{name}: {error}")]
    Patch {
        /// How the user calls it.
        name: String,
        /// What is wrong.
        error: Box<PatchError>,
    },
    /// The sample has one version only.
    #[error(
        "there is no tree to compare: give the path of a kernel tree, or change into one first"
    )]
    NothingToCompare,
    /// The threads could not be started.
    #[error("cannot start {n_threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        n_threads: usize,
        /// What the system said.
        reason: String,
    },
}

fn did_you_mean(similar: &[String]) -> String {
    match similar {
        [] => String::new(),
        names => format!("; did you mean `{}`?", names.join("`, `")),
    }
}

/// Checks `paths`; without any, the Linux tree the current directory is in, or else the sample.
pub fn run(
    paths: &[PathBuf],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, PipelineError> {
    in_pool(options, || {
        let (vocabulary, arch_rules) = rules_of(options)?;
        let mut clock = Clock::start();
        let (tree, is_sample) = open(paths, options)?;
        clock.stage("walk");
        let index = index(&tree, &vocabulary, progress);
        clock.stage("index");
        let rules = (&vocabulary, &arch_rules);
        let asked = (options.wanted, is_sample);
        let report = load_and_analyse(tree, &index, rules, asked, clock, progress);
        Ok(finish(report, false))
    })
}

/// Checks files that are given with their paths, as if they were a tree of their own, by the
/// built-in vocabulary.
pub fn check_files(files: Vec<(String, Vec<u8>)>) -> Result<Report, PipelineError> {
    check_files_with(vocabulary::builtin(), files)
}

/// Checks files with a vocabulary of one's own.
pub(crate) fn check_files_with(
    vocabulary: &Vocabulary,
    files: Vec<(String, Vec<u8>)>,
) -> Result<Report, PipelineError> {
    let clock = Clock::start();
    let tree = Tree::in_memory(files);
    let index = index(&tree, vocabulary, &NoProgress);
    let rules = (vocabulary, Rules::builtin());
    let report = load_and_analyse(
        tree,
        &index,
        rules,
        (Wanted::Everything, false),
        clock,
        &NoProgress,
    );
    Ok(finish(report, false))
}

/// Takes out the findings that comments allow.
fn finish(mut report: Report, is_change: bool) -> Report {
    let is_seen = |rule: &str| !is_change && rule != rules::LOST_PROOF.id;
    report.filters.suppressed = rules::allow(&mut report.findings, &report.comments, &is_seen);
    report
}

/// Nobody is told.
struct NoProgress;

impl Progress for NoProgress {
    fn stage(&self, _name: &'static str, _steps: Option<u64>) {}
    fn advance(&self, _steps: u64) {}
}

/// Runs `work` on as many threads as asked for.
fn in_pool<T: Send>(
    options: &Options,
    work: impl FnOnce() -> Result<T, PipelineError> + Send,
) -> Result<T, PipelineError> {
    let Some(n_threads) = options.threads else {
        return work();
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .map_err(|error| PipelineError::Threads {
            n_threads,
            reason: error.to_string(),
        })?;
    pool.install(work)
}

/// The vocabulary and the variants of architectures that a run goes by.
fn rules_of(options: &Options) -> Result<(Vocabulary, Rules), PipelineError> {
    Ok((vocabulary_of(options)?, arch_rules_of(options)?))
}

fn vocabulary_of(options: &Options) -> Result<Vocabulary, VocabularyError> {
    match &options.rules_dir {
        Some(dir) => vocabulary::load_dir(dir, Some(vocabulary::builtin())),
        None => Ok(vocabulary::builtin().clone()),
    }
}

/// The built-in variants of architectures, with those in the folder `arch` of a rules folder.
fn arch_rules_of(options: &Options) -> Result<Rules, RulesError> {
    match &options.rules_dir {
        Some(dir) => Rules::load_dir(&dir.join("arch")),
        None => Ok(Rules::builtin().clone()),
    }
}

/// The tree to check, and whether it is the sample.
fn open(paths: &[PathBuf], options: &Options) -> Result<(Tree, bool), TreeError> {
    if !paths.is_empty() || crate::tree::is_in_linux_tree() {
        return Ok((open_on_disk(paths, options)?, false));
    }
    let files = sample::FILES
        .iter()
        .map(|&(path, content)| (path.to_owned(), content.to_vec()))
        .collect();
    Ok((Tree::in_memory(files), true))
}

/// The tree at the paths, or around the current directory.
fn open_on_disk(paths: &[PathBuf], options: &Options) -> Result<Tree, TreeError> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut tree = Tree::open(paths)?;
    tree.generic = options.generic.clone();
    tree.cache_folder = options.cache_folder.clone();
    Ok(tree)
}

fn index(tree: &Tree, vocabulary: &Vocabulary, progress: &dyn Progress) -> Index {
    progress.stage("index", Some(tree.files.len() as u64));
    let words = load::words(vocabulary);
    tree.index(&words, &|n| progress.advance(n as u64))
}

fn load_and_analyse(
    tree: Tree,
    index: &Index,
    rules: (&Vocabulary, &Rules),
    (wanted, is_sample): (Wanted, bool),
    mut clock: Clock,
    progress: &dyn Progress,
) -> Report {
    let scope = match wanted {
        Wanted::Mappings => Scope::Mappings,
        Wanted::Everything | Wanted::Proofs => Scope::Everything,
    };
    let tree = Arc::new(tree);
    progress.stage("parse", None);
    let kept = &mut Kept::default();
    let load = || load::load((&tree, index), rules.0, scope, None);
    let (loaded, ()) = rayon::join(load, || {
        if wanted != Wanted::Mappings {
            kept.prepare(&tree, rules.0, rules.1);
        }
    });
    clock.stage("parse");
    let asked = (wanted, is_sample);
    analyse(
        (&tree, index),
        &loaded,
        rules,
        asked,
        kept,
        (clock, progress),
    )
}

fn analyse(
    (tree, index): (&Arc<Tree>, &Index),
    loaded: &Loaded,
    (vocabulary, arch_rules): (&Vocabulary, &Rules),
    (wanted, is_sample): (Wanted, bool),
    kept: &mut Kept,
    (mut clock, progress): (Clock, &dyn Progress),
) -> Report {
    let remembered = match wanted {
        Wanted::Mappings => None,
        Wanted::Everything | Wanted::Proofs => Remembered::recall(tree, loaded, vocabulary, kept),
    };
    let mut report = session::open(
        (tree, index),
        loaded,
        vocabulary,
        kept,
        (&mut clock, progress),
        |session, clock| {
            let mut report = Report {
                tree: session.summary(is_sample),
                coverage: session.coverage(&[]),
                mappings: session.mappings.clone(),
                readers: Vec::new(),
                proofs: Proofs::default(),
                findings: Vec::new(),
                problems: Vec::new(),
                stats: Vec::new(),
                cache: index.cache.clone(),
                n_recalled: remembered.as_ref().map_or(0, |it| it.n_runs),
                sources: Box::new(|_| None),
                covers: Box::new(|_| false),
                comments: session.comments(),
                filters: Filters::default(),
            };
            if wanted != Wanted::Mappings {
                let uses = session.uses();
                clock.stage("uses");
                let matrix = session.matrix(vocabulary, arch_rules);
                clock.stage("architectures");
                let question = analysis::Question::default();
                let generic_uses = session.generic_uses(&uses, matrix, (&question, progress));
                clock.stage("proofs");
                report.findings = session.findings(&uses, matrix, &generic_uses, arch_rules);
                report.coverage = session.coverage(&generic_uses);
                if wanted == Wanted::Proofs {
                    report.proofs = session.proofs(&generic_uses);
                }
                report.readers = generic_uses.into_iter().map(|one| one.reader).collect();
                clock.stage("rules");
            }
            report
        },
    );
    if let Some(remembered) = remembered.filter(|_| !progress.is_cancelled()) {
        remembered.keep(tree, kept);
    }
    report.problems = tree.problems.clone();
    report.problems.extend(index.problems.iter().cloned());
    report.problems.sort();
    report.stats = clock.into_stats();
    let (tree, covered) = (tree.clone(), tree.clone());
    report.sources = Box::new(move |path| tree.read(tree.file_at(path)?).ok());
    report.covers = Box::new(move |path| covered.covers(path));
    report
}

/// The word for what was checked.
fn kind_of(tree: &Tree, is_sample: bool) -> &'static str {
    match tree.kind {
        _ if is_sample => "sample",
        TreeKind::Linux => "linux",
        TreeKind::Directory => "directory",
        TreeKind::File => "file",
    }
}
