//! An open source tree: which files belong to it, its analysis, and what is known of it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::config::Config;
use crate::pipeline::{Options, Progress, Stopped, Workspace};
use crate::settings::{Filter, Settings};
use crate::tree::{git_state_files, linux_root};

use super::diagnostics::Sent;
use super::progress::Shown;
use super::snapshot::Snapshot;
use super::text::Text;
use super::worker::{Analysis, News, Opener, Worker};

/// An open tree.
pub struct OpenTree {
    /// Its top, without symbolic links.
    pub root: PathBuf,
    /// Its top, as the client calls it.
    pub shown_root: PathBuf,
    /// Its analysis.
    pub worker: Worker,
    /// The last answer.
    pub snapshot: Option<Arc<Snapshot>>,
    /// The diagnostics that the client holds.
    pub sent: Sent,
    /// How far the analysis is.
    pub progress: Shown,
    /// The trouble that the client was told of.
    pub told: Option<String>,
    /// What git wrote last, for clients that watch no files.
    git: GitState,
}

impl OpenTree {
    /// Opens the tree at `root`, which the client calls `shown_root`, and starts its analysis.
    pub fn open(
        (root, shown_root): (PathBuf, PathBuf),
        options: &Options,
        tell: impl Fn(News) + Send + Sync + 'static,
    ) -> OpenTree {
        OpenTree {
            worker: Worker::start(opener(root.clone(), options.clone()), tell),
            git: GitState::new(&root),
            root,
            shown_root,
            snapshot: None,
            sent: Sent::default(),
            progress: Shown::default(),
            told: None,
        }
    }

    /// The path of a file relative to the top; `None` if it is elsewhere, or not text.
    pub fn path_of(&self, file: &Path) -> Option<String> {
        let names: Option<Vec<&str>> = file
            .strip_prefix(&self.root)
            .ok()?
            .iter()
            .map(|name| name.to_str())
            .collect();
        names
            .filter(|names| !names.is_empty())
            .map(|names| names.join("/"))
    }

    /// True if git has changed the work tree since this was asked last.
    pub fn git_has_changed(&mut self) -> bool {
        self.git.has_changed()
    }
}

/// The source tree that a path lies in: a Linux tree, or a directory with a `ptelint.toml`.
pub fn source_tree(path: &Path) -> Option<PathBuf> {
    linux_root(path).or_else(|| Some(Config::find(path)?.parent()?.to_owned()))
}

/// A path without symbolic links, also of a file that is not there yet.
pub fn canonical(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Some(path);
    }
    let directory = canonical(path.parent()?)?;
    Some(directory.join(path.file_name()?))
}

/// How the client calls the directory `root`, if it calls what lies in it `shown`.
pub fn shown_root(shown: &Path, canonical: &Path, root: &Path) -> PathBuf {
    let below = canonical.strip_prefix(root).unwrap_or(Path::new(""));
    let mut top = shown;
    for name in below.iter().rev() {
        match (top.file_name(), top.parent()) {
            (Some(last), Some(parent)) if last == name => top = parent,
            _ => return root.to_owned(),
        }
    }
    match fs::canonicalize(top) {
        Ok(found) if found == root => top.to_owned(),
        _ => root.to_owned(),
    }
}

fn opener(root: PathBuf, options: Options) -> Opener {
    Box::new(move || {
        let paths = [root.clone()];
        let settings = Settings::find(&paths).map_err(|error| described(&error))?;
        let options = Options {
            generic: settings.values.generic_paths(),
            ..options.clone()
        };
        let filter = settings.filter().map_err(|error| described(&error))?;
        let workspace = Workspace::open(&paths, &options).map_err(|error| described(&error))?;
        Ok(Box::new(Checked { workspace, filter }))
    })
}

/// An error with its causes.
fn described(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// A tree with what `check` shows of it.
struct Checked {
    workspace: Workspace,
    filter: Filter,
}

impl Analysis for Checked {
    fn overlay(&mut self, path: &str, text: Option<&Text>) {
        let content = text.map(|text| text.bytes().to_vec());
        self.workspace.overlay(path, content);
    }

    fn on_disk_changed(&mut self, paths: &[String]) {
        self.workspace.on_disk_changed(paths);
    }

    fn analyse(
        &mut self,
        progress: &dyn Progress,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Snapshot, Stopped> {
        let report = self.workspace.analyse(progress, is_cancelled)?;
        let shown = self.filter.findings(&report);
        Ok(Snapshot::new(report, shown, Some(self.workspace.calls())))
    }
}

/// When git wrote its files, and how long they were then.
struct GitState {
    files: Vec<PathBuf>,
    stamps: Vec<Stamp>,
}

type Stamp = Option<(SystemTime, u64)>;

impl GitState {
    fn new(root: &Path) -> GitState {
        // Without git, or outside of a repository, there is nothing to look at.
        let files = git_state_files(root).unwrap_or_default();
        GitState {
            stamps: stamps(&files),
            files,
        }
    }

    fn has_changed(&mut self) -> bool {
        let now = stamps(&self.files);
        let has_changed = now != self.stamps;
        self.stamps = now;
        has_changed
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    let files = files.iter();
    files
        .map(|file| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
        .collect()
}
