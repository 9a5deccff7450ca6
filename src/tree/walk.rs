//! Walking directories.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::cache::Stamp;
use super::kind::{TreeKind, find_linux_root};
use super::problem::{Problem, ProblemKind, TreeError};
use super::source::{Found, Language, SourceFile, Tree, plain_reason};

/// Larger files are reported and skipped. The largest of Linux 6.12 has 23 MiB.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// A path to walk and where it belongs.
struct Start {
    given: PathBuf,
    canonical: PathBuf,
    linux: Option<(PathBuf, String)>,
}

/// Walks `paths`; `now` is the current time.
pub(super) fn open(paths: &[PathBuf], now: SystemTime) -> Result<Tree, TreeError> {
    open_starts(starts(paths)?, now)
}

pub(super) fn open_all(paths: &[PathBuf], now: SystemTime) -> Result<Vec<Tree>, TreeError> {
    let mut groups: Vec<Vec<Start>> = Vec::new();
    for start in starts(paths)? {
        let root = |start: &Start| start.linux.as_ref().map(|(root, _)| root.clone());
        match groups
            .iter_mut()
            .find(|group| root(&group[0]) == root(&start))
        {
            Some(group) => group.push(start),
            None => groups.push(vec![start]),
        }
    }
    let groups = groups.into_iter();
    groups.map(|starts| open_starts(starts, now)).collect()
}

fn starts(paths: &[PathBuf]) -> Result<Vec<Start>, TreeError> {
    if paths.is_empty() {
        return Err(TreeError::NoPath);
    }
    paths
        .iter()
        .map(|path| {
            let canonical = fs::canonicalize(path).map_err(|e| TreeError::NoSuchPath {
                path: path.clone(),
                reason: plain_reason(&e),
            })?;
            Ok(Start {
                given: path.clone(),
                linux: find_linux_root(&canonical),
                canonical,
            })
        })
        .collect()
}

fn open_starts(starts: Vec<Start>, now: SystemTime) -> Result<Tree, TreeError> {
    let first = &starts[0];
    let is_one_linux_tree = first.linux.is_some()
        && starts
            .iter()
            .all(|start| start.linux.as_ref().map(|l| &l.0) == first.linux.as_ref().map(|l| &l.0));
    let (kind, root, version) = match &first.linux {
        Some((root, version)) if is_one_linux_tree => {
            (TreeKind::Linux, root.clone(), Some(version.clone()))
        }
        _ => {
            let is_file = starts.len() == 1 && first.canonical.is_file();
            let kind = if is_file {
                TreeKind::File
            } else {
                TreeKind::Directory
            };
            (kind, common_directory(&starts), None)
        }
    };

    let mut walker = Walker::new(root, &starts);
    for start in &starts {
        walker.walk(&start.canonical);
    }
    walker.follow_links();
    let Walker {
        root,
        mut found,
        problems,
        ..
    } = walker;
    for Found { file, .. } in &mut found {
        file.stamp = file.stamp.filter(|stamp| stamp.is_settled(now));
    }

    let scopes = starts
        .iter()
        .map(|start| relative_path(&root, &start.canonical).0)
        .collect();
    let tree = Tree::on_disk(kind, version, (root, scopes), found, problems);
    if tree.files.is_empty() {
        if let Some(problem) = tree.problems.first()
            && let ProblemKind::Unreadable(reason) = &problem.kind
        {
            return Err(TreeError::NoSuchPath {
                path: starts[0].given.clone(),
                reason: format!("{}: {reason}", problem.path),
            });
        }
        return Err(TreeError::NoSource {
            path: starts[0].given.clone(),
        });
    }
    Ok(tree)
}

/// The deepest directory that holds all of `starts`.
fn common_directory(starts: &[Start]) -> PathBuf {
    let directory = |start: &Start| match start.canonical.is_dir() {
        true => start.canonical.clone(),
        false => start
            .canonical
            .parent()
            .unwrap_or(Path::new("/"))
            .to_owned(),
    };
    let mut common = directory(&starts[0]);
    for start in &starts[1..] {
        let path = directory(start);
        while !path.starts_with(&common) {
            common.pop();
        }
    }
    common
}

/// Collects source files. Symbolic links are followed only out of what is walked anyway, so that
/// no file is seen twice and no loop is entered.
struct Walker {
    root: PathBuf,
    /// Canonical paths that are walked in full.
    covered: Vec<PathBuf>,
    found: Vec<Found>,
    problems: Vec<Problem>,
    links: Vec<PathBuf>,
}

/// What one directory, or a part of the tree, holds.
#[derive(Default)]
struct Listing {
    found: Vec<Found>,
    problems: Vec<Problem>,
    links: Vec<PathBuf>,
}

impl Walker {
    fn new(root: PathBuf, starts: &[Start]) -> Walker {
        Walker {
            root,
            covered: starts.iter().map(|start| start.canonical.clone()).collect(),
            found: Vec::new(),
            problems: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Walks a directory, or takes a single file.
    fn walk(&mut self, start: &Path) {
        let mut listing = Listing::default();
        let directories = listing.list(&self.root, start, Depth::Shallow);
        let parts: Vec<Listing> = directories
            .par_iter()
            .map(|directory| {
                let mut part = Listing::default();
                part.list(&self.root, directory, Depth::Full);
                part
            })
            .collect();
        for part in std::iter::once(listing).chain(parts) {
            self.found.extend(part.found);
            self.problems.extend(part.problems);
            self.links.extend(part.links);
        }
    }

    /// Looks at the links met, and at those met behind them.
    fn follow_links(&mut self) {
        while !self.links.is_empty() {
            let mut links = std::mem::take(&mut self.links);
            links.sort();
            for link in links {
                self.follow_link(&link);
            }
        }
    }

    fn follow_link(&mut self, link: &Path) {
        let target = match fs::canonicalize(link) {
            Ok(target) => target,
            Err(e) => {
                // A dangling link to, say, a build directory is nobody's concern.
                if Language::of(link).is_some() || link.extension().is_none() {
                    self.report_link(link, link_problem(&e));
                }
                return;
            }
        };
        let is_directory = target.is_dir();
        let leads_up = self
            .covered
            .iter()
            .any(|walked| walked.starts_with(&target))
            || fs::canonicalize(link.parent().unwrap_or(link))
                .is_ok_and(|parent| parent.starts_with(&target));
        if is_directory && leads_up {
            self.report_link(link, ProblemKind::Loop);
        } else if self.covered.iter().any(|walked| target.starts_with(walked)) {
            // It is walked under its own name.
        } else if is_directory {
            self.covered.push(target);
            self.walk(link);
        } else if let Some(language) = Language::of(link) {
            let mut listing = Listing::default();
            listing.take_file(&self.root, link, language, fs::metadata(link));
            self.covered.push(target);
            self.found.extend(listing.found);
            self.problems.extend(listing.problems);
        }
    }

    fn report_link(&mut self, link: &Path, kind: ProblemKind) {
        let path = relative_path(&self.root, link).0;
        self.problems
            .push(Problem::new(path, kind, "the link was not followed"));
    }
}

fn link_problem(error: &io::Error) -> ProblemKind {
    match error.kind() {
        io::ErrorKind::NotFound => ProblemKind::BrokenLink,
        _ if error.raw_os_error() == Some(ELOOP) => ProblemKind::Loop,
        _ => ProblemKind::Unreadable(plain_reason(error)),
    }
}

/// The system's number for "too many levels of symbolic links".
const ELOOP: i32 = 40;

#[derive(Clone, Copy, PartialEq)]
enum Depth {
    /// Two levels, so that the directories found there can be walked in parallel.
    Shallow,
    Full,
}

const N_SHALLOW_LEVELS: usize = 2;

impl Listing {
    /// Lists `start`; returns the directories left to walk.
    fn list(&mut self, root: &Path, start: &Path, depth: Depth) -> Vec<PathBuf> {
        let max_depth = match depth {
            Depth::Shallow => N_SHALLOW_LEVELS,
            Depth::Full => usize::MAX,
        };
        let mut left = Vec::new();
        let walk = WalkDir::new(start)
            .max_depth(max_depth)
            .into_iter()
            .filter_entry(|entry| !is_hidden_directory(entry));
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    self.unreadable(root, &e, start);
                    continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_dir() {
                if depth == Depth::Shallow && entry.depth() == N_SHALLOW_LEVELS {
                    left.push(entry.into_path());
                }
            } else if kind.is_symlink() && entry.depth() > 0 {
                self.links.push(entry.into_path());
            } else if kind.is_file()
                && let Some(language) = Language::of(entry.path())
            {
                let metadata = entry.metadata().map_err(io::Error::from);
                self.take_file(root, entry.path(), language, metadata);
            }
        }
        left
    }

    fn take_file(
        &mut self,
        root: &Path,
        path: &Path,
        language: Language,
        metadata: io::Result<fs::Metadata>,
    ) {
        let (name, odd_path) = relative_path(root, path);
        let (n_bytes, stamp) = match metadata {
            Ok(metadata) => (metadata.len(), Stamp::of(&metadata)),
            Err(e) => {
                let kind = ProblemKind::Unreadable(plain_reason(&e));
                self.problems
                    .push(Problem::new(name, kind, "the file was skipped"));
                return;
            }
        };
        if n_bytes > MAX_FILE_BYTES {
            self.problems.push(too_large(name, n_bytes));
            return;
        }
        self.found.push(Found {
            file: SourceFile {
                stamp,
                ..SourceFile::new(name.into_boxed_str(), n_bytes, language)
            },
            odd_path,
        });
    }

    fn unreadable(&mut self, root: &Path, error: &walkdir::Error, start: &Path) {
        let path = relative_path(root, error.path().unwrap_or(start)).0;
        let reason = error
            .io_error()
            .map_or_else(|| error.to_string(), plain_reason);
        self.problems.push(Problem::new(
            path,
            ProblemKind::Unreadable(reason),
            "what is in there was skipped",
        ));
    }
}

pub(super) fn too_large(path: String, n_bytes: u64) -> Problem {
    Problem::new(path, ProblemKind::TooLarge(n_bytes), "the file was skipped")
}

/// Version control and editors keep copies of sources in such directories.
fn is_hidden_directory(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_dir()
        && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// `path` relative to `root` as text with `/`, and the exact path where the text is not it.
fn relative_path(root: &Path, path: &Path) -> (String, Option<PathBuf>) {
    let relative = path.strip_prefix(root).unwrap_or(path);
    if let Some(text) = relative.to_str() {
        return if std::path::MAIN_SEPARATOR == '/' {
            (text.to_owned(), None)
        } else {
            (text.replace(std::path::MAIN_SEPARATOR, "/"), None)
        };
    }
    let names: Vec<String> = relative.iter().map(escaped).collect();
    (names.join("/"), Some(relative.to_owned()))
}

fn escaped(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
