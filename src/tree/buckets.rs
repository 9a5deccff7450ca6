//! From a hash to the entries that have it.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::sync::{Arc, OnceLock};

use super::entries::FileIndex;
use crate::program::FileId;

/// Reports each entry of a file: its hash and its position.
type Visit = fn(&FileIndex, &mut dyn FnMut(u32, u32));

/// A lookup by hash. It is made when it is first asked for, and stays when single files change.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    visit: Visit,
    buckets: Arc<OnceLock<Buckets>>,
    /// Files whose entries in the buckets do not count any more.
    edited: BTreeSet<FileId>,
}

impl Lookup {
    /// A lookup of the entries that `visit` reports.
    pub(super) fn new(visit: Visit) -> Lookup {
        Lookup {
            visit,
            buckets: Arc::default(),
            edited: BTreeSet::new(),
        }
    }

    /// Makes the lookup if it is not made yet.
    pub(super) fn prepare(&self, files: &[Arc<FileIndex>]) -> &Buckets {
        self.buckets.get_or_init(|| Buckets::new(files, self.visit))
    }

    /// All entries whose hash may be `hash`, by file and position, each once and in order.
    pub(super) fn candidates<'a>(
        &'a self,
        files: &'a [Arc<FileIndex>],
        hash: u32,
    ) -> impl Iterator<Item = (FileId, usize)> + 'a {
        // One that was reported with several hashes may be several times in the bucket.
        let mut last = None;
        let unedited = self
            .prepare(files)
            .candidates(hash)
            .filter(|(file, _)| self.edited.is_empty() || !self.edited.contains(file))
            .filter(move |entry| last.replace(*entry) != Some(*entry));
        let edited = self.edited.iter().flat_map(move |&file| {
            let mut found = Vec::new();
            (self.visit)(&files[file.0 as usize], &mut |other, position| {
                if other == hash {
                    found.push((file, position as usize));
                }
            });
            found
        });
        Merged {
            one: unedited.peekable(),
            other: edited.peekable(),
        }
    }

    /// From now on the entries of a file are looked at as they are.
    pub(super) fn replace(&mut self, file: FileId) {
        match self.buckets.get() {
            Some(_) => {
                self.edited.insert(file);
            }
            // A copy may make the shared one, for the files it has.
            None => self.buckets = Arc::default(),
        }
    }

    pub(super) fn n_heap_bytes(&self) -> usize {
        self.buckets.get().map_or(0, Buckets::n_heap_bytes)
    }
}

/// Two sorted sequences as one.
struct Merged<A: Iterator, B: Iterator<Item = A::Item>> {
    one: Peekable<A>,
    other: Peekable<B>,
}

impl<A, B> Iterator for Merged<A, B>
where
    A: Iterator<Item: Ord>,
    B: Iterator<Item = A::Item>,
{
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        let Some(other) = self.other.peek() else {
            return self.one.next();
        };
        match self.one.peek() {
            Some(one) if one < other => self.one.next(),
            _ => self.other.next(),
        }
    }
}

/// Entries of all files, grouped by hash. Takes 8 bytes an entry and a few nanoseconds each to
/// build, with neither sorting nor a hash map.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// Where each bucket begins; one more than there are buckets.
    starts: Vec<u32>,
    entries: Vec<(u32, u32)>,
    shift: u32,
}

impl Buckets {
    /// Groups what `visit` reports for each file: hash and position.
    fn new(files: &[Arc<FileIndex>], visit: Visit) -> Buckets {
        let mut n_entries = 0_usize;
        for file in files {
            visit(file, &mut |_, _| n_entries += 1);
        }
        let n_bits = n_entries.max(2).ilog2();
        let shift = 32 - n_bits;
        let mut starts = vec![0_u32; (1 << n_bits) + 1];
        for file in files {
            visit(file, &mut |hash, _| {
                starts[(hash >> shift) as usize + 1] += 1;
            });
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        // Filling moves each start to the start of the next bucket.
        let mut entries = vec![(0, 0); n_entries];
        for (id, file) in files.iter().enumerate() {
            visit(file, &mut |hash, position| {
                let next = &mut starts[(hash >> shift) as usize];
                entries[*next as usize] = (id as u32, position);
                *next += 1;
            });
        }
        starts.rotate_right(1);
        starts[0] = 0;
        Buckets {
            starts,
            entries,
            shift,
        }
    }

    /// All entries whose hash may be `hash`, by file and position.
    fn candidates(&self, hash: u32) -> impl Iterator<Item = (FileId, usize)> + '_ {
        let bucket = (hash >> self.shift) as usize;
        let range = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
        self.entries[range]
            .iter()
            .map(|&(file, position)| (FileId(file), position as usize))
    }

    fn n_heap_bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.entries)
    }
}
