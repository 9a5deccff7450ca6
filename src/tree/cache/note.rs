//! Notes: what is kept of a tree beside its index, each a file of its own under a key that says what
//! it follows from.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHasher;

use super::bytes::Rest;
use super::folder::{self, NOTE_EXTENSION};
use super::store::checksum;
use crate::program::FileId;
use crate::tree::source::Tree;

/// What a note begins with; the last byte is the version of the format. Then come the key and the
/// checksum of the rest.
const MAGIC: [u8; 8] = *b"ptenote\x01";

/// Notes of one kind about one tree that are kept: of the last versions that were looked at.
const MAX_NOTES: usize = 8;

impl Tree {
    /// The note of a kind with this key; `None` if there is none, or it is damaged.
    pub fn note(&self, kind: &str, key: u64) -> Option<Vec<u8>> {
        let path = folder::file_of(self)?;
        let key = note_key(key)?;
        let path = note_path(&path, kind, key)?;
        let mut note = fs::read(&path).ok()?;
        let mut rest = Rest(&note);
        (rest.array()? == MAGIC && rest.long_number()? == key).then_some(())?;
        (rest.long_number()? == checksum(rest.0)).then_some(())?;
        folder::mark_used(&path);
        let n_header_bytes = note.len() - rest.0.len();
        note.drain(..n_header_bytes);
        Some(note)
    }

    /// Keeps a note of a kind under a key. Does nothing for a tree of which nothing is kept.
    pub fn keep_note(&self, kind: &str, key: u64, text: &[u8]) -> io::Result<()> {
        let (Some(tree), Some(key)) = (folder::file_of(self), note_key(key)) else {
            return Ok(());
        };
        let Some(path) = note_path(&tree, kind, key) else {
            return Ok(());
        };
        let mut file = folder::unfinished(&path)?;
        file.write_all(&MAGIC)?;
        file.write_all(&key.to_le_bytes())?;
        file.write_all(&checksum(text).to_le_bytes())?;
        file.write_all(text)?;
        file.persist(path)?;
        folder::keep_newest(&tree, kind, MAX_NOTES);
        Ok(())
    }

    /// A number that is another one if a file holds something else.
    pub fn fingerprint(&self, file: FileId) -> u64 {
        let mut hasher = FxHasher::default();
        let known = &self.files[file.0 as usize];
        known.path.hash(&mut hasher);
        match self.stamp(file).filter(|_| self.cache_folder.is_some()) {
            Some(stamp) => (known.n_bytes, stamp).hash(&mut hasher),
            None => self.read(file).ok().hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// The key with the program that writes the note.
fn note_key(key: u64) -> Option<u64> {
    let mut hasher = FxHasher::default();
    super::hash_program(&mut hasher)?;
    hasher.write_u64(key);
    Some(hasher.finish())
}

/// Where a note lies: beside the index of the tree.
fn note_path(index: &Path, kind: &str, key: u64) -> Option<PathBuf> {
    let tree = index.file_stem()?.to_str()?;
    let name = format!("{tree}-{kind}-{key:016x}.{NOTE_EXTENSION}");
    Some(index.with_file_name(name))
}
