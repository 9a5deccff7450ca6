//! A tree that stays open: its files can change, on disk or in an editor, and its answers be asked
//! for again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::graph::{definitions, graph_of};
use super::opened::Opened;
use super::stats::Clock;
use super::{
    GraphAnswer, GraphNode, Options, PipelineError, Progress, Report, Wanted, finish, in_pool,
    open_on_disk, rules_of,
};
use crate::arch::Rules;
use crate::tree::{Index, Tree};
use crate::vocabulary::Vocabulary;

/// With more files than this that differ, a tree is opened again at once.
const MAX_UPDATED: usize = 50;

/// An open tree.
pub struct Workspace {
    paths: Vec<PathBuf>,
    options: Options,
    vocabulary: Vocabulary,
    arch_rules: Rules,
    /// What is on disk.
    tree: Tree,
    /// True if the directories have to be walked again.
    is_stale: bool,
    /// The files that may differ from what was analysed last, by path.
    touched: BTreeSet<String>,
    /// What editors hold, by path.
    overlays: BTreeMap<String, Vec<u8>>,
    calls: Arc<Calls>,
    /// What was analysed last, with what is known of it.
    opened: Option<Opened>,
}

/// Why there is no new answer.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Nobody waits for it any more.
    #[error("the analysis was cancelled")]
    Cancelled,
    /// The tree cannot be analysed.
    #[error(transparent)]
    Failed(#[from] PipelineError),
}

/// Somebody who is told how far the analysis is, and may stop waiting.
struct Watched<'a> {
    progress: &'a dyn Progress,
    is_cancelled: &'a (dyn Fn() -> bool + Sync),
    /// True once the analysis has heard of it, and may have given up.
    was_cancelled: AtomicBool,
}

impl Progress for Watched<'_> {
    fn stage(&self, name: &'static str, steps: Option<u64>) {
        self.progress.stage(name, steps);
    }

    fn advance(&self, steps: u64) {
        self.progress.advance(steps);
    }

    fn is_cancelled(&self) -> bool {
        let is_cancelled = (self.is_cancelled)();
        self.was_cancelled.fetch_or(is_cancelled, Ordering::Relaxed);
        is_cancelled
    }
}

impl Workspace {
    /// Walks `paths`, and reads nothing more.
    pub fn open(paths: &[PathBuf], options: &Options) -> Result<Workspace, PipelineError> {
        let (vocabulary, arch_rules) = rules_of(options)?;
        Ok(Workspace {
            tree: open_on_disk(paths, options)?,
            paths: paths.to_vec(),
            options: options.clone(),
            vocabulary,
            arch_rules,
            is_stale: false,
            touched: BTreeSet::new(),
            overlays: BTreeMap::new(),
            calls: Arc::default(),
            opened: None,
        })
    }

    /// The directory that paths are relative to.
    pub fn root(&self) -> &Path {
        self.tree.root().unwrap_or(Path::new(""))
    }

    /// Lays the content of an editor's buffer over a file, or over the place where one could be;
    /// with `None`, what is on disk counts again. `path` is relative to the root.
    pub fn overlay(&mut self, path: &str, content: Option<Vec<u8>>) {
        self.touched.insert(path.to_owned());
        match content {
            Some(content) => self.overlays.insert(path.to_owned(), content),
            None => self.overlays.remove(path),
        };
    }

    /// Files were changed, created or deleted on disk, by their paths relative to the root; none
    /// for any number of files anywhere.
    pub fn on_disk_changed(&mut self, paths: &[String]) {
        self.is_stale |= paths.is_empty() || paths.len() > MAX_UPDATED;
        self.forget_walk();
        for path in paths {
            let is_there = self.root().join(path).is_file();
            match self.tree.file_at(path) {
                // What the editor holds counts.
                Some(_) if self.overlays.contains_key(path) => {}
                Some(_) if is_there => {
                    self.touched.insert(path.clone());
                    // What has to be kept apart from what it holds now is gone with the disk.
                    self.opened = self.opened.take().filter(|opened| {
                        let mut held = opened.tree().replaced_paths();
                        held.any(|held| held == path)
                    });
                }
                // A file more or less, or one that says what is built.
                _ => self.is_stale |= self.tree.covers(path),
            }
        }
    }

    /// The answers for what the files hold now, with what the verdicts rest on. Stops early, at
    /// the next stage or function that is run, once `is_cancelled` is true.
    pub fn analyse(
        &mut self,
        progress: &dyn Progress,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Arc<Report>, Stopped> {
        if self.is_stale {
            self.tree = open_on_disk(&self.paths, &self.options).map_err(PipelineError::from)?;
            self.opened = None;
            self.is_stale = false;
        }
        // With a second owner, the index would be copied before it is changed.
        self.calls.set(None);
        let opened = self.opened.take();
        let (report, opened) = in_pool(&self.options, || {
            Ok(self.analyse_from(opened, progress, is_cancelled))
        })?;
        self.touched.clear();
        self.opened = opened;
        self.forget_walk();
        let version = self.opened.as_ref();
        let version = version.map(|opened| (opened.tree().clone(), opened.index().clone()));
        self.calls.set(version);
        Ok(Arc::new(report?))
    }

    /// What the system said of files when they were walked is only good for a look at them that
    /// follows at once.
    fn forget_walk(&mut self) {
        self.tree.cache_folder = None;
        if let Some(opened) = &mut self.opened {
            opened.forget_walk();
        }
    }

    /// Analyses what the files hold now, starting from what is known.
    fn analyse_from(
        &self,
        opened: Option<Opened>,
        progress: &dyn Progress,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> (Result<Report, Stopped>, Option<Opened>) {
        let mut clock = Clock::start();
        let mut opened = match opened.and_then(|opened| self.updated(opened)) {
            Some(opened) => opened,
            None if is_cancelled() => return (Err(Stopped::Cancelled), None),
            None => {
                let changes = self.overlays.iter();
                let changes = changes.map(|(path, content)| (path.clone(), Some(content.clone())));
                let tree = Arc::new(self.tree.with_changes(&changes.collect()));
                let rules = (&self.vocabulary, &self.arch_rules);
                Opened::new(tree, rules, (&mut clock, progress))
            }
        };
        clock.stage("update");
        if is_cancelled() {
            return (Err(Stopped::Cancelled), Some(opened));
        }
        let rules = (&self.vocabulary, &self.arch_rules);
        let watched = Watched {
            progress,
            is_cancelled,
            was_cancelled: AtomicBool::new(false),
        };
        let report = opened.report(rules, Wanted::Proofs, (clock, &watched));
        match watched.was_cancelled.into_inner() {
            true => (Err(Stopped::Cancelled), Some(opened)),
            false => (Ok(finish(report, false)), Some(opened)),
        }
    }

    /// What is open with what the touched files hold now; `None` if it has to be opened again.
    fn updated(&self, mut opened: Opened) -> Option<Opened> {
        let mut contents = BTreeMap::new();
        for path in &self.touched {
            let content = match self.overlays.get(path) {
                Some(content) => content.clone(),
                None => self.tree.read(self.tree.file_at(path)?).ok()?,
            };
            contents.insert(path.clone(), content);
        }
        if contents.len() > MAX_UPDATED {
            return None;
        }
        opened.update(&contents, &self.vocabulary)?;
        Some(opened)
    }

    /// The call graph of what is analysed at any time from now on.
    pub fn calls(&self) -> Arc<Calls> {
        self.calls.clone()
    }
}

/// The call graph of an open tree. It can be asked from any thread; while the tree is being
/// changed, the answer takes until that is done.
#[derive(Default)]
pub struct Calls {
    version: Mutex<Option<(Arc<Tree>, Arc<Index>)>>,
    is_set: Condvar,
}

/// A tree that is not there after this time is not waited for.
const PATIENCE: Duration = Duration::from_secs(60);

impl Calls {
    /// The definitions of functions and function-like macros with a name.
    pub fn definitions(&self, name: &str) -> Vec<GraphNode> {
        let version = self.version();
        version.map_or_else(Vec::new, |(tree, index)| definitions((&tree, &index), name))
    }

    /// The functions with a name, those that call them, and those they call.
    pub fn around(&self, name: &str) -> Result<GraphAnswer, PipelineError> {
        match self.version() {
            Some((tree, index)) => graph_of((&tree, &index), (Some(name), None)),
            None => Ok(GraphAnswer::default()),
        }
    }

    fn version(&self) -> Option<(Arc<Tree>, Arc<Index>)> {
        let version = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .is_set
            .wait_timeout_while(version, PATIENCE, |version| version.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn set(&self, version: Option<(Arc<Tree>, Arc<Index>)>) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = version;
        self.is_set.notify_all();
    }
}
