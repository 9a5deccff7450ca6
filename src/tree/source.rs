//! The tree: its files, and reading them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustc_hash::FxHashMap;

use crate::program::{FileId, Symbol};

use super::cache::Stamp;
use super::generic::GenericPaths;
use super::kind::{TreeKind, linux_version};
use super::patch::Changes;
use super::problem::{Problem, ProblemKind, TreeError};
use super::walk::{self, MAX_FILE_BYTES};

/// The source files to check. A copy shares the list of files, and their contents where they are in
/// memory.
#[derive(Clone, Debug)]
pub struct Tree {
    /// What the files belong to.
    pub kind: TreeKind,
    /// The version of a Linux tree, `6.12.117`.
    pub version: Option<String>,
    /// All source files, sorted by path; a [`FileId`] is a position in it.
    pub files: Arc<[SourceFile]>,
    /// What could not be walked, sorted by path.
    pub problems: Vec<Problem>,
    /// Which of them are not a driver's.
    pub generic: GenericPaths,
    /// Where what is known of files on disk is kept for other runs; `None` for nowhere. It is right
    /// for a tree that was walked just now.
    pub cache_folder: Option<PathBuf>,
    contents: Contents,
}

/// One source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path relative to the root of the tree, with `/` between names. Bytes of a name that are
    /// not UTF-8 are written `\xNN`.
    pub path: Box<str>,
    /// Its size when the tree was walked.
    pub n_bytes: u64,
    /// What it is written in.
    pub language: Language,
    /// The directory below `arch/` it is in, in a Linux tree.
    pub arch: Option<Symbol>,
    /// What tells it from an earlier version, if anything does: not for a file that is in memory
    /// only, or was changed just before the tree was walked.
    pub(super) stamp: Option<Stamp>,
}

/// What a source file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// `.c` and `.h`.
    C,
    /// `.rs`.
    Rust,
}

#[derive(Clone, Debug)]
enum Contents {
    Disk {
        root: PathBuf,
        /// What is walked, relative to the root; an empty path is all of it.
        scopes: Vec<String>,
        /// Files whose name [`SourceFile::path`] does not spell exactly.
        odd_paths: FxHashMap<u32, PathBuf>,
        /// Files that hold something else than on disk.
        replaced: FxHashMap<u32, Arc<[u8]>>,
    },
    Memory {
        sources: Vec<Arc<[u8]>>,
        /// Makefiles and Kconfig files by path.
        build_files: BTreeMap<String, Vec<u8>>,
    },
}

/// A file found by the walk, before it has an id.
pub(super) struct Found {
    pub(super) file: SourceFile,
    pub(super) odd_path: Option<PathBuf>,
}

impl Language {
    /// The language of a file by its extension.
    pub fn of(path: &Path) -> Option<Language> {
        match path.extension().and_then(OsStr::to_str)? {
            "c" | "h" => Some(Language::C),
            "rs" => Some(Language::Rust),
            _ => None,
        }
    }
}

impl SourceFile {
    pub(super) fn new(path: Box<str>, n_bytes: u64, language: Language) -> SourceFile {
        let arch = path
            .strip_prefix("arch/")
            .and_then(|rest| rest.split_once('/'))
            .map(|(arch, _)| Symbol::new(arch));
        SourceFile {
            path,
            n_bytes,
            language,
            arch,
            stamp: None,
        }
    }
}

impl Tree {
    /// Walks `paths`: directories or single files.
    ///
    /// If all of them lie in one Linux tree, that tree's top directory is the root and only the
    /// given paths are walked. Otherwise the root is the directory that holds all of them. Use
    /// [`Tree::open_all`] where paths of several Linux trees may be given.
    pub fn open(paths: &[PathBuf]) -> Result<Tree, TreeError> {
        walk::open(paths, SystemTime::now())
    }

    /// Like [`Tree::open`], with a tree of its own for each Linux tree the paths belong to, in
    /// the order they first appear; paths in no Linux tree form one together.
    pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Tree>, TreeError> {
        walk::open_all(paths, SystemTime::now())
    }

    /// A tree of files that exist in memory only, given by path and content. It is a Linux tree
    /// if one of them is a top `Makefile`; files that are neither source nor Makefile nor Kconfig
    /// file are left out, and of several with one path the last counts.
    pub fn in_memory(files: Vec<(String, Vec<u8>)>) -> Tree {
        let mut version = None;
        let mut problems = Vec::new();
        let mut sources: Vec<(SourceFile, Vec<u8>)> = Vec::new();
        let mut build_files = BTreeMap::new();
        for (path, content) in files {
            if path == "Makefile" {
                version = linux_version(&content);
            }
            let Some(language) = Language::of(Path::new(&path)) else {
                if is_build_file(&path) && content.len() as u64 <= MAX_FILE_BYTES {
                    build_files.insert(path, content);
                }
                continue;
            };
            let n_bytes = content.len() as u64;
            if n_bytes > MAX_FILE_BYTES {
                problems.push(walk::too_large(path, n_bytes));
                continue;
            }
            sources.push((
                SourceFile::new(path.into_boxed_str(), n_bytes, language),
                content,
            ));
        }
        // The sort is stable and the first of equals is kept, so the last given comes first.
        sources.reverse();
        sources.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        sources.dedup_by(|later, kept| later.0.path == kept.0.path);
        problems.sort();
        let (files, contents): (Vec<_>, Vec<_>) = sources
            .into_iter()
            .map(|(file, content)| (file, Arc::from(content)))
            .unzip();
        Tree {
            kind: match version {
                Some(_) => TreeKind::Linux,
                None if files.len() == 1 => TreeKind::File,
                None => TreeKind::Directory,
            },
            version,
            files: files.into(),
            problems,
            generic: GenericPaths::default(),
            cache_folder: None,
            contents: Contents::Memory {
                sources: contents,
                build_files,
            },
        }
    }

    pub(super) fn on_disk(
        kind: TreeKind,
        version: Option<String>,
        (root, scopes): (PathBuf, Vec<String>),
        mut found: Vec<Found>,
        mut problems: Vec<Problem>,
    ) -> Tree {
        found.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        found.dedup_by(|later, kept| later.file.path == kept.file.path);
        problems.sort();
        problems.dedup();
        let mut odd_paths = FxHashMap::default();
        let mut files = Vec::with_capacity(found.len());
        for Found { file, odd_path } in found {
            if let Some(path) = odd_path {
                odd_paths.insert(files.len() as u32, path);
            }
            files.push(file);
        }
        Tree {
            kind,
            version,
            files: files.into(),
            problems,
            generic: GenericPaths::default(),
            cache_folder: None,
            contents: Contents::Disk {
                root,
                scopes,
                odd_paths,
                replaced: FxHashMap::default(),
            },
        }
    }

    /// The same tree with some files changed, in memory: what is on disk is not touched. Changes
    /// outside of what was walked are left out.
    pub fn with_changes(&self, changes: &Changes) -> Tree {
        /// A file with the one it was before, or else with what it holds now.
        type Kept<'c> = (SourceFile, Option<FileId>, Option<&'c Vec<u8>>);
        let mut files: Vec<Kept> = Vec::new();
        for (id, file) in self.file_ids().zip(self.files.iter()) {
            match changes.get(&*file.path) {
                None => files.push((file.clone(), Some(id), None)),
                Some(None) => {}
                Some(Some(content)) => files.push((file.clone(), None, Some(content))),
            }
        }
        for (path, content) in changes {
            if let (Some(content), Some(language)) = (content, Language::of(Path::new(path)))
                && self.file_at(path).is_none()
                && self.covers(path)
            {
                let file = SourceFile::new(path.as_str().into(), 0, language);
                files.push((file, None, Some(content)));
            }
        }
        files.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let mut odd = FxHashMap::default();
        let mut new_contents = FxHashMap::default();
        for (i, (file, old, content)) in files.iter_mut().enumerate() {
            if let Some(content) = content {
                file.n_bytes = content.len() as u64;
                new_contents.insert(i as u32, Arc::from(content.as_slice()));
            }
            let Some(old) = old else { continue };
            match &self.contents {
                Contents::Memory { sources, .. } => {
                    new_contents.insert(i as u32, sources[old.0 as usize].clone());
                }
                Contents::Disk {
                    odd_paths,
                    replaced,
                    ..
                } => {
                    odd.extend(odd_paths.get(&old.0).map(|path| (i as u32, path.clone())));
                    new_contents.extend(replaced.get(&old.0).map(|it| (i as u32, it.clone())));
                }
            }
        }
        let files: Arc<[SourceFile]> = files.into_iter().map(|(file, ..)| file).collect();
        let contents = match &self.contents {
            Contents::Memory { build_files, .. } => Contents::Memory {
                sources: (0..files.len() as u32)
                    .map(|i| new_contents.remove(&i).unwrap_or_else(|| Arc::from([])))
                    .collect(),
                build_files: build_files.clone(),
            },
            Contents::Disk { root, scopes, .. } => Contents::Disk {
                root: root.clone(),
                scopes: scopes.clone(),
                odd_paths: odd,
                replaced: new_contents,
            },
        };
        Tree {
            kind: self.kind,
            version: self.version.clone(),
            files,
            problems: self.problems.clone(),
            generic: self.generic.clone(),
            cache_folder: self.cache_folder.clone(),
            contents,
        }
    }

    /// The same tree with the content of one file changed, in memory; `None` is what is on disk.
    pub fn with_content(&self, file: FileId, content: Option<&[u8]>) -> Tree {
        let mut tree = self.clone();
        match (&mut tree.contents, content) {
            (Contents::Memory { sources, .. }, _) => {
                sources[file.0 as usize] = Arc::from(content.unwrap_or_default());
            }
            (Contents::Disk { replaced, .. }, Some(content)) => {
                replaced.insert(file.0, Arc::from(content));
            }
            (Contents::Disk { replaced, .. }, None) => {
                replaced.remove(&file.0);
            }
        }
        tree
    }

    /// The paths of files that are in memory.
    pub fn replaced_paths(&self) -> impl Iterator<Item = &str> {
        let is_replaced = |id: &FileId| match &self.contents {
            Contents::Memory { .. } => true,
            Contents::Disk { replaced, .. } => replaced.contains_key(&id.0),
        };
        self.file_ids().filter(is_replaced).map(|id| self.path(id))
    }

    /// True for a path that a file of this tree could have.
    pub fn covers(&self, path: &str) -> bool {
        let is_hidden = |path: &str| {
            let directories = path
                .rsplit_once('/')
                .map_or("", |(directories, _)| directories);
            directories.split('/').any(|name| name.starts_with('.'))
        };
        match &self.contents {
            Contents::Memory { .. } => true,
            Contents::Disk { scopes, .. } => scopes.iter().any(|scope| {
                let below = match scope.as_str() {
                    "" => Some(path),
                    scope => path.strip_prefix(scope),
                };
                below.is_some_and(|rest| {
                    (scope.is_empty() || rest.is_empty() || rest.starts_with('/'))
                        && !is_hidden(rest.trim_start_matches('/'))
                })
            }),
        }
    }

    /// The directory paths are relative to; `None` in memory.
    pub fn root(&self) -> Option<&Path> {
        match &self.contents {
            Contents::Disk { root, .. } => Some(root),
            Contents::Memory { .. } => None,
        }
    }

    /// What is walked, relative to the root; an empty path is all of it. None in memory.
    pub(super) fn scopes(&self) -> &[String] {
        match &self.contents {
            Contents::Disk { scopes, .. } => scopes,
            Contents::Memory { .. } => &[],
        }
    }

    /// What tells a file from an earlier version, if anything does.
    pub(super) fn stamp(&self, file: FileId) -> Option<Stamp> {
        match &self.contents {
            Contents::Disk { replaced, .. } if !replaced.contains_key(&file.0) => {
                self.files[file.0 as usize].stamp
            }
            _ => None,
        }
    }

    /// True for a file that is not a driver's.
    pub fn is_generic(&self, file: FileId) -> bool {
        self.generic.has(self.path(file))
    }

    /// True for a file in Rust.
    pub fn is_rust(&self, file: FileId) -> bool {
        self.files[file.0 as usize].language == Language::Rust
    }

    /// The path of a file, relative to the root.
    pub fn path(&self, file: FileId) -> &str {
        &self.files[file.0 as usize].path
    }

    /// The file with a path relative to the root.
    pub fn file_at(&self, path: &str) -> Option<FileId> {
        let at = self
            .files
            .binary_search_by(|file| (*file.path).cmp(path))
            .ok()?;
        Some(FileId(at as u32))
    }

    /// All file ids in order.
    pub fn file_ids(&self) -> impl ExactSizeIterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    /// Size of all files together when the tree was walked.
    pub fn n_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.n_bytes).sum()
    }

    /// The content of a file.
    pub fn read(&self, file: FileId) -> Result<Vec<u8>, TreeError> {
        self.read_with(file, <[u8]>::to_vec)
    }

    /// The content of a file that is no source, such as a Makefile or a Kconfig file, by its path
    /// relative to the root. `None` if there is no such file in the tree, or it cannot be read.
    pub fn read_build_file(&self, path: &str) -> Option<Vec<u8>> {
        match &self.contents {
            Contents::Memory { build_files, .. } => build_files.get(path).cloned(),
            Contents::Disk { root, .. } => {
                let path = root.join(path_inside(path)?);
                // What is no regular file may never end.
                let metadata = path.metadata().ok()?;
                if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
                    return None;
                }
                let mut content = Vec::new();
                let n_bytes = read_into(&path, metadata.len(), &mut content).ok()?.len();
                content.truncate(n_bytes);
                Some(content)
            }
        }
    }

    /// The names of the directories in a directory, sorted, whether they were walked or not.
    pub fn directories(&self, directory: &str) -> Vec<String> {
        let names: BTreeSet<String> = match &self.contents {
            Contents::Memory { build_files, .. } => {
                let sources = self.files.iter().map(|file| &*file.path);
                sources
                    .chain(build_files.keys().map(String::as_str))
                    .filter_map(|path| path.strip_prefix(directory)?.strip_prefix('/'))
                    .filter_map(|rest| Some(rest.split_once('/')?.0.to_owned()))
                    .collect()
            }
            Contents::Disk { root, .. } => {
                let entries = path_inside(directory)
                    .and_then(|directory| root.join(directory).read_dir().ok());
                entries
                    .into_iter()
                    .flatten()
                    .filter_map(|entry| {
                        let entry = entry.ok()?;
                        entry.path().is_dir().then_some(entry.file_name())
                    })
                    .filter_map(|name| name.into_string().ok())
                    .collect()
            }
        };
        names.into_iter().collect()
    }

    /// Calls `f` with the content of a file, held in a buffer each thread reuses.
    pub(super) fn read_with<T>(
        &self,
        file: FileId,
        f: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, TreeError> {
        let (root, odd_paths) = match &self.contents {
            Contents::Memory { sources, .. } => return Ok(f(&sources[file.0 as usize])),
            Contents::Disk { replaced, .. } if replaced.contains_key(&file.0) => {
                return Ok(f(&replaced[&file.0]));
            }
            Contents::Disk {
                root, odd_paths, ..
            } => (root, odd_paths),
        };
        let source = &self.files[file.0 as usize];
        let path = match odd_paths.get(&file.0) {
            Some(path) => root.join(path),
            None => root.join(&*source.path),
        };
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        BUFFER.with_borrow_mut(|buffer| {
            let content =
                read_into(&path, source.n_bytes, buffer).map_err(|e| TreeError::Unreadable {
                    path: source.path.to_string(),
                    reason: plain_reason(&e),
                })?;
            Ok(f(content))
        })
    }
}

/// True for the names of Makefiles and Kconfig files, also of those others include.
fn is_build_file(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    ["Makefile", "Kbuild", "Kconfig"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

/// `path` if it does not lead out of the directory it is relative to.
fn path_inside(path: &str) -> Option<&Path> {
    let path = Path::new(path);
    let is_plain = |part| matches!(part, Component::Normal(_));
    path.components().all(is_plain).then_some(path)
}

/// Reads a file into `buffer`, which only ever grows, so that memory is not cleared for each
/// file. `n_expected` saves asking for the size again; the file may have changed since.
fn read_into<'b>(path: &Path, n_expected: u64, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    let mut file = File::open(path)?;
    // One byte more than expected, so that the end shows in the same read.
    let n_wanted = (n_expected.min(MAX_FILE_BYTES) + 1) as usize;
    if buffer.len() < n_wanted {
        buffer.resize(n_wanted, 0);
    }
    let mut n_read = 0;
    loop {
        if n_read == buffer.len() {
            if n_read as u64 > MAX_FILE_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    "grew too large while it was read",
                ));
            }
            buffer.resize(2 * n_read, 0);
        }
        match file.read(&mut buffer[n_read..]) {
            Ok(0) => return Ok(&buffer[..n_read]),
            Ok(n) => n_read += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// What the system said, without the error number.
pub(super) fn plain_reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((reason, _)) => reason.to_lowercase(),
        None => text,
    }
}

/// The problem an unreadable file leaves in the index.
pub(super) fn unreadable(error: TreeError, path: &str) -> Problem {
    let reason = match error {
        TreeError::Unreadable { reason, .. } => reason,
        other => other.to_string(),
    };
    Problem::new(
        path,
        ProblemKind::Unreadable(reason),
        "the file was skipped",
    )
}
