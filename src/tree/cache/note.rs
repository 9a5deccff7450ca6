//! Notes: what is kept of a tree beside its index, each a file of its own under a key that says what
//! it follows from.

use std::fs;
use std::hash::Hasher;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHasher;

use super::folder::{self, NOTE_EXTENSION};
use super::store::checksum;
use crate::tree::source::Tree;

/// What a note begins with; the last byte is the version of the format. Then come the key and the
/// checksum of the rest.
const MAGIC: [u8; 8] = *b"ptenote\x01";

/// Notes about one tree that are kept: of the last versions that were looked at.
const MAX_NOTES: usize = 8;

impl Tree {
    /// The note with this key; `None` if there is none, or it is damaged.
    pub fn note(&self, key: u64) -> Option<Vec<u8>> {
        let path = folder::file_of(self)?;
        let key = note_key(key)?;
        let path = note_path(&path, key)?;
        let mut note = fs::read(&path).ok()?;
        let (magic, rest) = note.split_first_chunk::<8>()?;
        let (its_key, rest) = rest.split_first_chunk::<8>()?;
        let (sum, text) = rest.split_first_chunk::<8>()?;
        let is_whole = *magic == MAGIC
            && u64::from_le_bytes(*its_key) == key
            && u64::from_le_bytes(*sum) == checksum(text);
        is_whole.then_some(())?;
        folder::mark_used(&path);
        let n_bytes = text.len();
        note.drain(..note.len() - n_bytes);
        Some(note)
    }

    /// Keeps a note under a key. Does nothing for a tree of which nothing is kept.
    pub fn keep_note(&self, key: u64, text: &[u8]) -> io::Result<()> {
        let Some(tree) = folder::file_of(self) else {
            return Ok(());
        };
        let Some((key, path)) = note_key(key).and_then(|key| Some((key, note_path(&tree, key)?)))
        else {
            return Ok(());
        };
        let folder = tree.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = folder::unfinished(folder)?;
        file.write_all(&MAGIC)?;
        file.write_all(&key.to_le_bytes())?;
        file.write_all(&checksum(text).to_le_bytes())?;
        file.write_all(text)?;
        file.persist(path)?;
        folder::keep_newest(&tree, MAX_NOTES);
        Ok(())
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
fn note_path(index: &Path, key: u64) -> Option<PathBuf> {
    let tree = index.file_stem()?.to_str()?;
    Some(index.with_file_name(format!("{tree}-{key:016x}.{NOTE_EXTENSION}")))
}
