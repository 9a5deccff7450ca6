//! A tree that stays open: its files can change, on disk or in an editor, and its answers be asked
//! for again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::graph::{definitions, graph_of};
use super::load::{self, Scope};
use super::stats::Clock;
use super::{
    GraphAnswer, GraphNode, Options, PipelineError, Progress, Report, Wanted, analyse, finish,
    in_pool, index, open_on_disk, rules_of,
};
use crate::arch::Rules;
use crate::tree::{Changes, Index, Tree};
use crate::vocabulary::Vocabulary;

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
    /// What editors hold, by path.
    overlays: BTreeMap<String, Vec<u8>>,
    calls: Option<Arc<Calls>>,
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
            overlays: BTreeMap::new(),
            calls: None,
        })
    }

    /// The directory that paths are relative to.
    pub fn root(&self) -> &Path {
        self.tree.root().unwrap_or(Path::new(""))
    }

    /// Lays the content of an editor's buffer over a file, or over the place where one could be;
    /// with `None`, what is on disk counts again. `path` is relative to the root.
    pub fn overlay(&mut self, path: &str, content: Option<Vec<u8>>) {
        match content {
            Some(content) => self.overlays.insert(path.to_owned(), content),
            None => self.overlays.remove(path),
        };
    }

    /// Files were changed, created or deleted on disk, by their paths relative to the root; none
    /// for any number of files anywhere.
    pub fn on_disk_changed(&mut self, _paths: &[String]) {
        self.is_stale = true;
    }

    /// The answers for what the files hold now, with what the verdicts rest on. Stops early, at
    /// the next stage, once `is_cancelled` is true.
    pub fn analyse(
        &mut self,
        progress: &dyn Progress,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Arc<Report>, Stopped> {
        if self.is_stale {
            self.tree = open_on_disk(&self.paths, &self.options).map_err(PipelineError::from)?;
            self.is_stale = false;
        }
        let overlays = self.overlays.iter();
        let changes: Changes = overlays
            .map(|(path, content)| (path.clone(), Some(content.clone())))
            .collect();
        let tree = Arc::new(self.tree.with_changes(&changes));
        let rules = (&self.vocabulary, &self.arch_rules);
        let goes_on = || match is_cancelled() {
            true => Err(Stopped::Cancelled),
            false => Ok(()),
        };
        let (report, index) = in_pool(&self.options, || {
            Ok((|| {
                goes_on()?;
                let mut clock = Clock::start();
                let index = index(&tree, rules.0, progress);
                clock.stage("index");
                goes_on()?;
                progress.stage("parse", None);
                let loaded = load::load((&tree, &index), rules.0, Scope::Everything, None);
                clock.stage("parse");
                goes_on()?;
                let asked = (Wanted::Proofs, false);
                let report = analyse((&tree, &index), &loaded, rules, asked, clock, progress);
                drop(loaded);
                Ok::<_, Stopped>((finish(report, false), index))
            })())
        })??;
        self.calls = Some(Arc::new(Calls { tree, index }));
        Ok(Arc::new(report))
    }

    /// The call graph of what was analysed last.
    pub fn calls(&self) -> Option<Arc<Calls>> {
        self.calls.clone()
    }
}

/// The call graph of one state of a tree. It can be asked from any thread.
pub struct Calls {
    tree: Arc<Tree>,
    index: Index,
}

impl Calls {
    /// The definitions of functions and function-like macros with a name.
    pub fn definitions(&self, name: &str) -> Vec<GraphNode> {
        definitions((&self.tree, &self.index), name)
    }

    /// The functions with a name, those that call them, and those they call.
    pub fn around(&self, name: &str) -> Result<GraphAnswer, PipelineError> {
        graph_of((&self.tree, &self.index), (Some(name), None))
    }
}
