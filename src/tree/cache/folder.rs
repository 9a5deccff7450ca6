//! Where the cache lies.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use rustc_hash::FxHasher;
use tempfile::NamedTempFile;

use crate::tree::source::Tree;

/// Says where the cache lies instead of the user's cache folder.
const VARIABLE: &str = "PTELINT_CACHE_DIR";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A cache that was not used for so long is removed when another is written.
const MAX_AGE: Duration = Duration::from_secs(30 * DAY.as_secs());

/// What the names of caches end with, complete ones and those that are being written.
pub(super) const EXTENSION: &str = "index";
pub(super) const UNFINISHED_EXTENSION: &str = "index-tmp";
pub(super) const NOTE_EXTENSION: &str = "note";

/// Where ptelint may keep what it can make again: `PTELINT_CACHE_DIR`, or else `ptelint` in the
/// user's cache folder. `None` if there is no such place.
pub fn cache_folder() -> Option<PathBuf> {
    let chosen = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    chosen.map(PathBuf::from).or_else(|| {
        let user = choose_native_strategy().ok()?.cache_dir();
        // Without a home it would be somewhere below the current directory.
        user.is_absolute().then(|| user.join("ptelint"))
    })
}

/// The file for a tree: one for each root and choice of what is walked below it.
pub(super) fn file_of(tree: &Tree) -> Option<PathBuf> {
    let folder = tree.cache_folder.as_ref()?;
    let mut hasher = FxHasher::default();
    tree.root()?.hash(&mut hasher);
    tree.scopes().hash(&mut hasher);
    Some(folder.join(format!("{:016x}.{EXTENSION}", hasher.finish())))
}

/// Notes that a cache is in use. To the day is enough.
pub(super) fn mark_used(cache: &Path) {
    if is_older(cache, DAY)
        && let Ok(file) = File::options().write(true).open(cache)
    {
        // Else it is removed too early, and made again.
        let _ = file.set_modified(SystemTime::now());
    }
}

/// A file that is being written, and will be at `path`. Its folder is made.
pub(super) fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    tempfile::Builder::new()
        .suffix(&format!(".{UNFINISHED_EXTENSION}"))
        .tempfile_in(folder)
}

/// Removes all notes of a kind about the tree with the index at `index` but for the newest ones.
pub(super) fn keep_newest(index: &Path, kind: &str, n_notes: usize) {
    let (Some(folder), Some(tree)) = (index.parent(), index.file_stem()) else {
        return;
    };
    let beginning = format!("{}-{kind}-", tree.to_string_lossy());
    let is_note = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let extension = path.extension();
        extension.is_some_and(|its| its == NOTE_EXTENSION)
            && name.is_some_and(|name| name.starts_with(&beginning))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let notes = entries.map(|entry| entry.path()).filter(is_note);
    let age = |path: &PathBuf| path.metadata().and_then(|it| it.modified()).ok();
    let mut notes: Vec<(Option<SystemTime>, PathBuf)> =
        notes.map(|path| (age(&path), path)).collect();
    notes.sort();
    for (_, path) in notes.iter().rev().skip(n_notes) {
        let _ = fs::remove_file(path);
    }
}

/// Removes what was not used for long.
pub(super) fn remove_unused(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ours = [EXTENSION, UNFINISHED_EXTENSION, NOTE_EXTENSION];
        let extension = path.extension();
        let is_ours = extension.is_some_and(|its| ours.into_iter().any(|one| its == one));
        if is_ours && is_older(&path, MAX_AGE) {
            // Whoever may remove it will.
            let _ = fs::remove_file(path);
        }
    }
}

/// True if a file was last modified longer ago.
fn is_older(path: &Path, age: Duration) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|elapsed| elapsed > age))
}
