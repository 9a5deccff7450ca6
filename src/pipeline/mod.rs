//! The whole run: from paths to a [`Report`].
//!
//! The stages themselves do no I/O and know nothing of each other; what is read when, and which
//! answer goes where, is decided here.

mod arch;
mod change;
mod graph;
mod load;
pub(crate) mod similar;
mod sources;
mod stats;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use serde::Serialize;

use crate::analysis::{self, Coverage, Dictionary, Facts, Mapping, Places, Reader, Verdict, World};
use crate::arch::{self as arch_stage, Rules, RulesError};
use crate::baseline::BaselineSummary;
use crate::compare::Comparison;
use crate::program::{FileId, Presence};
use crate::rules::{self, Finding};
use crate::sample;
use crate::tree::{GitError, Index, PatchError, Tree, TreeError, TreeKind};
use crate::vocabulary::{self, Version, Vocabulary, VocabularyError};

pub use crate::tree::Problem;
pub use arch::{ArchAnswer, arch};
pub use change::{Against, check_patch, run_change};
pub use graph::graph;
pub use stats::StageStats;

use load::Loader;
use sources::Sources;
use stats::Clock;

/// What a run is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Rule files that extend the built-in ones.
    pub rules_dir: Option<PathBuf>,
    /// Threads; absent: one per core.
    pub threads: Option<usize>,
}

/// Told how far a run is.
pub trait Progress: Sync {
    /// A stage begins; `steps` of them will follow, if that is known.
    fn stage(&self, name: &'static str, steps: Option<u64>);
    /// Some more steps are done.
    fn advance(&self, steps: u64);
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
    /// Defects.
    pub findings: Vec<Finding>,
    /// Bad input.
    pub problems: Vec<Problem>,
    /// Time and memory.
    pub stats: Vec<StageStats>,
    /// Sources to quote.
    pub sources: SourceLookup,
    /// True for a path that a file of the checked tree could have.
    pub covers: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Comments addressed to ptelint, by file.
    pub comments: Vec<(String, Vec<rules::Comment>)>,
    /// Why there are fewer findings than there could be.
    pub filters: Filters,
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
        let vocabulary = vocabulary_of(options)?;
        let arch_rules = arch_rules_of(options)?;
        let mut clock = Clock::start();
        let (tree, is_sample) = open(paths)?;
        clock.stage("walk");
        let index = index(&tree, &vocabulary, progress);
        clock.stage("index");
        let rules = (&vocabulary, &arch_rules);
        let report = analyse(tree, index, rules, is_sample, clock, progress);
        Ok(finish(report, false))
    })
}

/// Checks files that are given with their paths, as if they were a tree of their own, by the
/// built-in vocabulary.
pub fn check_files(files: Vec<(String, Vec<u8>)>) -> Result<Report, PipelineError> {
    let vocabulary = vocabulary::builtin();
    let clock = Clock::start();
    let tree = Tree::in_memory(files);
    let index = index(&tree, vocabulary, &NoProgress);
    let rules = (vocabulary, Rules::builtin());
    let report = analyse(tree, index, rules, false, clock, &NoProgress);
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
fn open(paths: &[PathBuf]) -> Result<(Tree, bool), TreeError> {
    if !paths.is_empty() {
        return Ok((Tree::open(paths)?, false));
    }
    if crate::tree::is_in_linux_tree() {
        return Ok((Tree::open(&[PathBuf::from(".")])?, false));
    }
    let files = sample::FILES
        .iter()
        .map(|&(path, content)| (path.to_owned(), content.to_vec()))
        .collect();
    Ok((Tree::in_memory(files), true))
}

fn index(tree: &Tree, vocabulary: &Vocabulary, progress: &dyn Progress) -> Index {
    progress.stage("index", Some(tree.files.len() as u64));
    let words = load::words(vocabulary);
    tree.index(&words, &|n| progress.advance(n as u64))
}

fn analyse(
    tree: Tree,
    index: Index,
    (vocabulary, arch_rules): (&Vocabulary, &Rules),
    is_sample: bool,
    mut clock: Clock,
    progress: &dyn Progress,
) -> Report {
    progress.stage("parse", None);
    let sources = Sources::new(&tree);
    let program = Loader::new(&tree, &index, &sources, vocabulary).load();
    clock.stage("parse");
    progress.stage("analysis", None);
    let version: Option<Version> = tree.version.as_deref().and_then(major_minor);
    let dictionary = Dictionary::new(vocabulary, &program, version);
    let facts = Facts::new(&program, &dictionary);
    let world = World {
        program: &program,
        dictionary: &dictionary,
        facts: &facts,
    };
    clock.stage("facts");
    let runs = analysis::run_all(world);
    clock.stage("entry points");
    let uses = analysis::uses(world);
    clock.stage("uses");
    let syntax = Mutex::new(BTreeMap::new());
    let with_syntax = |file: FileId, answer: &mut dyn FnMut(&crate::syntax::FileSyntax<'_>)| {
        let mut known = syntax.lock().unwrap_or_else(|error| error.into_inner());
        answer(known.entry(file).or_insert_with(|| sources.syntax(file)));
    };
    let places = Places {
        program: &program,
        line_column: &|file, offset| {
            let mut found = (1, 1);
            with_syntax(file, &mut |syntax| found = syntax.line_column(offset));
            found
        },
        presence: &|file, offset| {
            let mut found = Presence::always();
            with_syntax(file, &mut |syntax| found = syntax.presence_at(offset));
            found
        },
        arches_defining: &|name| arches_defining(&tree, &index, name),
    };
    let matrix = arch_stage::matrix(&tree, arch_rules);
    clock.stage("architectures");
    let mappings = analysis::mappings(&program, &dictionary, &places, &runs);
    let override_tables: BTreeSet<&str> = mappings
        .iter()
        .filter(|mapping| mapping.is_override)
        .flat_map(|mapping| mapping.vm_ops.iter().map(String::as_str))
        .collect();
    clock.stage("mappings");
    let readers = analysis::readers(
        world,
        &places,
        &uses,
        &|table| override_tables.contains(table.as_str()),
        &|name| losing(&matrix, name),
        &analysis::Without::default(),
    );
    clock.stage("proofs");
    let findings = rules::check(&rules::Input {
        program: &program,
        dictionary: &dictionary,
        places: &places,
        runs: &runs,
        matrix: &matrix,
        uses: &uses,
    });
    clock.stage("answers");
    let coverage = Coverage {
        functions: program.n_functions(),
        not_understood: program
            .functions()
            .filter(|(_, function)| !function.not_understood.is_empty())
            .count()
            + analysis::n_exhausted(&runs),
        indirect_unresolved: analysis::n_unresolved(&runs),
        unproven: readers
            .iter()
            .filter(|reader| reader.verdict == Verdict::Unproven)
            .count(),
    };
    let mut problems = tree.problems.clone();
    problems.extend(index.problems.iter().cloned());
    problems.sort();
    let summary = TreeSummary {
        kind: kind_of(&tree, is_sample),
        version: tree.version.clone(),
        files_scanned: tree.files.len(),
        files_parsed: sources.n_read(),
        bytes: index.n_bytes,
    };
    let comments = index
        .with_comments
        .iter()
        .map(|&file| {
            (
                tree.path(file).to_owned(),
                rules::comments(sources.bytes(file)),
            )
        })
        .collect();
    drop(syntax);
    drop(sources);
    let tree = std::sync::Arc::new(tree);
    let covered = tree.clone();
    Report {
        tree: summary,
        coverage,
        mappings,
        readers,
        findings,
        problems,
        stats: clock.into_stats(),
        sources: Box::new(move |path| tree.read(tree.file_at(path)?).ok()),
        covers: Box::new(move |path| covered.covers(path)),
        comments,
        filters: Filters::default(),
    }
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

/// On which architectures a function that modifies an entry loses caching or encryption; `None` if
/// there is no architecture in the tree that shows it. hugetlb has entries like any other.
fn losing(matrix: &arch_stage::Matrix, name: &str) -> Option<BTreeSet<String>> {
    let name = name.strip_prefix("huge_").unwrap_or(name);
    let modifier = arch_stage::Modifier::named(name)?;
    let is_shown = matrix.rows.iter().any(|row| row.function == modifier);
    let kinds = [arch_stage::Kind::Caching, arch_stage::Kind::Encryption];
    let losing = kinds
        .into_iter()
        .flat_map(|kind| matrix.loses(modifier, kind));
    is_shown.then(|| losing.map(str::to_owned).collect())
}

/// The architecture directories with a definition of `name`, as a function or a macro.
fn arches_defining(tree: &Tree, index: &Index, name: &str) -> BTreeSet<String> {
    let functions = index.functions_named(name).map(|(file, _)| file);
    let macros = index.macros_named(name);
    functions
        .chain(macros.into_iter().map(|(file, _)| file))
        .filter_map(|file| tree.files[file.0 as usize].arch)
        .map(|arch| arch.to_string())
        .collect()
}

/// "6.12.117" is 6.12.
fn major_minor(version: &str) -> Option<Version> {
    let mut parts = version.splitn(3, '.');
    format!("{}.{}", parts.next()?, parts.next()?).parse().ok()
}
