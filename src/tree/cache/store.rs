//! The file: a header, blocks one after another, and a directory with the length and the checksum
//! of each block.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHasher;
use tempfile::NamedTempFile;

use super::bytes::Rest;
use super::{block, folder};
use crate::program::FileId;
use crate::tree::index::Scan;
use crate::tree::source::Tree;

/// What a cache begins with; the last byte is the version of the format.
const MAGIC: [u8; 8] = *b"ptelint\x01";

/// The magic, the key, where the directory begins, its checksum.
const N_HEADER_BYTES: u64 = 32;

/// Length and checksum.
const N_ENTRY_BYTES: usize = 16;

/// What is known of the files of `tree` that are as they were. `None` if there is no cache with
/// this key, or it is damaged.
pub(super) fn load(path: &Path, key: u64, tree: &Tree) -> Option<Vec<(FileId, Scan)>> {
    let mut file = File::open(path).ok()?;
    let n_bytes = file.metadata().ok()?.len();
    let mut header = [0; N_HEADER_BYTES as usize];
    file.read_exact(&mut header).ok()?;
    let mut header = Rest(&header);
    (header.array()? == MAGIC && header.long_number()? == key).then_some(())?;
    let directory_at = header.long_number()?;
    let n_directory_bytes = usize::try_from(n_bytes.checked_sub(directory_at)?).ok()?;
    let mut directory = Vec::new();
    read_at(&mut file, directory_at, n_directory_bytes, &mut directory)?;
    (header.long_number()? == checksum(&directory)).then_some(())?;

    let (entries, []) = directory.as_chunks::<N_ENTRY_BYTES>() else {
        return None;
    };
    let mut at = N_HEADER_BYTES;
    let mut blocks = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut entry = Rest(entry);
        let n_bytes = entry.long_number()?;
        blocks.push((at, n_bytes, entry.long_number()?));
        at = at.checked_add(n_bytes)?;
    }
    (at == directory_at).then_some(())?;

    // A file that takes this one's place meanwhile has other checksums.
    let open = || (File::open(path).ok(), Vec::new());
    let seen = blocks
        .par_iter()
        .map_init(open, |(file, buffer), &(at, n_bytes, sum)| {
            read_at(file.as_mut()?, at, usize::try_from(n_bytes).ok()?, buffer)?;
            (checksum(buffer) == sum).then_some(())?;
            block::decode(buffer, tree)
        });
    let seen: Vec<Vec<(FileId, Scan)>> = seen.collect::<Option<_>>()?;
    Some(seen.into_iter().flatten().collect())
}

/// Reads a range that lies in the file into `buffer`, which is overwritten.
fn read_at(file: &mut File, at: u64, n_bytes: usize, buffer: &mut Vec<u8>) -> Option<()> {
    file.seek(SeekFrom::Start(at)).ok()?;
    buffer.clear();
    buffer.try_reserve(n_bytes).ok()?;
    let n_read = file.take(n_bytes as u64).read_to_end(buffer).ok()?;
    (n_read == n_bytes).then_some(())
}

/// A cache that is being written, beside the one it will take the place of.
pub(super) struct Writer(Mutex<io::Result<Unfinished>>);

struct Unfinished {
    file: NamedTempFile,
    directory: Vec<u8>,
    n_bytes: u64,
}

impl Writer {
    /// Begins a cache that will be at `path`.
    pub(super) fn create(path: &Path) -> io::Result<Writer> {
        let mut file = folder::unfinished(path)?;
        folder::remove_unused(path.parent().unwrap_or(Path::new(".")));
        file.write_all(&[0; N_HEADER_BYTES as usize])?;
        Ok(Writer(Mutex::new(Ok(Unfinished {
            file,
            directory: Vec::new(),
            n_bytes: N_HEADER_BYTES,
        }))))
    }

    /// Adds a block.
    pub(super) fn add(&self, block: &[u8]) {
        let sum = checksum(block);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(unfinished) = &mut *state else { return };
        if let Err(error) = unfinished.add(block, sum) {
            *state = Err(error);
        }
    }

    /// Puts the cache in its place, unless anything went wrong.
    pub(super) fn finish(self, key: u64, path: &Path) -> io::Result<()> {
        let state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Unfinished {
            mut file,
            directory,
            n_bytes,
        } = state?;
        file.write_all(&directory)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&MAGIC)?;
        for number in [key, n_bytes, checksum(&directory)] {
            file.write_all(&number.to_le_bytes())?;
        }
        file.persist(path)?;
        Ok(())
    }
}

impl Unfinished {
    fn add(&mut self, block: &[u8], sum: u64) -> io::Result<()> {
        self.file.write_all(block)?;
        let n_bytes = block.len() as u64;
        self.directory.extend_from_slice(&n_bytes.to_le_bytes());
        self.directory.extend_from_slice(&sum.to_le_bytes());
        self.n_bytes += n_bytes;
        Ok(())
    }
}

pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}
