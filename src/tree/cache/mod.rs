//! The index of a tree on disk, kept from one run to the next: only files that differ are read.
//!
//! What is kept of a file is what a lexical pass saw of it, before anything is compared with other
//! files. So each file stands for itself: any of them may be changed, added or removed, and what is
//! known of all others holds. `stamp.rs` says what counts as unchanged, `folder.rs` where the cache
//! lies, `store.rs` is the file, `block.rs` and `bytes.rs` what is in it. `note.rs` keeps what other
//! stages want to find again.
//!
//! **Invariant:** an index with a cache is the index without one. A cache that another build of the
//! program wrote, or for another vocabulary, or that is damaged, is no cache.

mod block;
mod bytes;
mod folder;
mod note;
mod stamp;
mod store;
#[cfg(all(test, unix))]
mod tests;

use std::hash::{Hash, Hasher};

use rayon::prelude::*;
use rustc_hash::FxHasher;

use super::index::Scan;
use super::source::{SourceFile, Tree, plain_reason};
use super::words::Words;
use crate::program::FileId;

pub use folder::cache_folder;
pub(super) use stamp::Stamp;

/// With at most this many files to read, nothing is written: they are read sooner than that.
const MAX_UNWRITTEN: usize = 200;

/// Files that are kept in one block. Blocks are read and written in parallel.
const N_BLOCK_FILES: usize = 64;

/// What the cache was good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheUse {
    /// Files that were not read because they are as they were.
    pub n_known: usize,
    /// Files there are.
    pub n_files: usize,
    /// Why what is known now could not be kept for the next run.
    pub unwritten: Option<String>,
}

/// What is seen of all files of a tree, by file, with what the cache was good for. `read` looks at
/// one file and tells `progress`. `None` if nothing is kept of this tree.
pub(super) fn scan_all(
    tree: &Tree,
    words: &Words,
    read: &(dyn Fn(FileId) -> Scan + Sync),
    progress: &(dyn Fn(usize) + Sync),
) -> Option<(Vec<Scan>, CacheUse)> {
    let path = folder::file_of(tree)?;
    let key = key(words)?;
    let mut scans: Vec<Option<Scan>> = vec![None; tree.files.len()];
    for (file, scan) in store::load(&path, key, tree).unwrap_or_default() {
        scans[file.0 as usize] = Some(scan);
    }
    let n_known = scans.iter().flatten().count();
    progress(n_known);
    let is_news =
        |(id, scan): &(FileId, &Option<Scan>)| scan.is_none() && tree.stamp(*id).is_some();
    let n_news = tree.file_ids().zip(&scans).filter(is_news).count();
    let writer = match n_news > MAX_UNWRITTEN {
        true => Some(store::Writer::create(&path)),
        false => None,
    };
    if n_known > 0 && writer.is_none() {
        folder::mark_used(&path);
    }

    let blocks = scans.par_chunks_mut(N_BLOCK_FILES).enumerate();
    blocks.for_each(|(block, scans)| {
        let first = block * N_BLOCK_FILES;
        let id = |at: usize| FileId((first + at) as u32);
        scans.par_iter_mut().enumerate().for_each(|(at, scan)| {
            scan.get_or_insert_with(|| read(id(at)));
        });
        if let Some(Ok(writer)) = &writer {
            let seen = scans.iter().enumerate();
            let seen = seen.filter_map(|(at, scan)| Some((id(at), scan.as_ref()?)));
            writer.add(&block::encode(
                seen.filter_map(|(id, scan)| Some((lasting(tree, id, scan)?, scan))),
            ));
        }
    });
    let written = writer.map(|writer| writer?.finish(key, &path));
    let cache = CacheUse {
        n_known,
        n_files: scans.len(),
        unwritten: written.and_then(|written| Some(plain_reason(&written.err()?))),
    };
    Some((scans.into_iter().flatten().collect(), cache))
}

/// A file of which the next run can tell that it still holds what was seen of it.
fn lasting<'t>(tree: &'t Tree, id: FileId, scan: &Scan) -> Option<(&'t SourceFile, Stamp)> {
    let file = &tree.files[id.0 as usize];
    let stamp = tree.stamp(id)?;
    (scan.unreadable.is_none() && scan.n_bytes == file.n_bytes).then_some((file, stamp))
}

/// What a cache depends on beside the files: the program that wrote it, as the system knows it, and
/// the vocabulary. `None` if the program cannot be told from others.
fn key(words: &Words) -> Option<u64> {
    let mut hasher = FxHasher::default();
    hash_program(&mut hasher)?;
    words.hash(&mut hasher);
    Some(hasher.finish())
}

/// Adds what tells this program from other builds. `None` if nothing does.
fn hash_program(hasher: &mut FxHasher) -> Option<()> {
    let program = std::env::current_exe().ok()?.metadata().ok()?;
    env!("CARGO_PKG_VERSION").hash(hasher);
    program.len().hash(hasher);
    Stamp::of(&program)?.hash(hasher);
    Some(())
}
