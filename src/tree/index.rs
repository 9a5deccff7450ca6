//! The index of a whole tree.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::buckets::Buckets;
use super::calls::CallLookups;
use super::entries::{FileIndex, InitializerEntry, MacroEntry, MemberPair, StructEntry};
use super::names::name_hash;
use super::problem::{Problem, ProblemKind};
use super::source::{Language, Tree, unreadable};
use super::words::Words;
use crate::program::FileId;

/// What comments that are addressed to ptelint begin with.
pub const COMMENT_MARKER: &[u8] = b"ptelint:";

/// The lexical index of all files of a tree, and lookups by name.
///
/// Lookups compare function names by text. All other names are compared by hash; see
/// [`name_hash`] for how far to trust that.
#[derive(Debug, Default)]
pub struct Index {
    /// One per file of the tree, by [`FileId`].
    pub files: Vec<Arc<FileIndex>>,
    /// What could not be read or understood, sorted by path.
    pub problems: Vec<Problem>,
    /// Functions, function-like macros included.
    pub n_functions: usize,
    /// Bytes read.
    pub n_bytes: u64,
    /// Files with a comment that may be addressed to ptelint.
    pub with_comments: Vec<FileId>,
    by_name: Buckets,
    pub(super) calls: CallLookups,
    structs: OnceLock<Buckets>,
    tables: OnceLock<Buckets>,
    stores: OnceLock<Buckets>,
    pub(super) values: OnceLock<Buckets>,
    macros: OnceLock<Buckets>,
}

impl Tree {
    /// Reads and indexes every file, in parallel.
    ///
    /// `progress` is called with the number of files done since the last call, from any thread.
    /// A file that cannot be read is a [`Problem`] of the index.
    pub fn index(&self, words: &Words, progress: &(dyn Fn(usize) + Sync)) -> Index {
        let ids: Vec<FileId> = self.file_ids().collect();
        let mut scans = self.scan(&ids, words, progress);
        keep_known_names(scans.iter_mut().collect());
        Index::new(self, scans)
    }

    /// The index of this tree and that of another version of it. Files whose path is not among
    /// `differing` are read once, and what is known of them is held once.
    pub fn index_with(
        &self,
        other: &Tree,
        differing: &BTreeSet<String>,
        words: &Words,
        progress: &(dyn Fn(usize) + Sync),
    ) -> (Index, Index) {
        let ids: Vec<FileId> = self.file_ids().collect();
        let mut scans = self.scan(&ids, words, progress);
        let is_own = |id: &FileId| {
            let path = other.path(*id);
            differing.contains(path) || self.file_at(path).is_none()
        };
        let own: Vec<FileId> = other.file_ids().filter(is_own).collect();
        let mut own_scans = other.scan(&own, words, progress);
        // A name that means something in one version only is kept in both, where it is looked up
        // and not found.
        keep_known_names(scans.iter_mut().chain(&mut own_scans).collect());
        let mut own = own.into_iter().zip(own_scans).peekable();
        let others = other.file_ids().map(|id| {
            if let Some((_, scan)) = own.next_if(|(one, _)| *one == id) {
                return scan;
            }
            let same = self.file_at(other.path(id));
            same.map_or_else(Scan::default, |same| scans[same.0 as usize].clone())
        });
        let others = Index::new(other, others.collect());
        (Index::new(self, scans), others)
    }

    /// Reads files and finds out what a lexical pass can see, in parallel.
    fn scan(&self, ids: &[FileId], words: &Words, progress: &(dyn Fn(usize) + Sync)) -> Vec<Scan> {
        let marker = memchr::memmem::Finder::new(COMMENT_MARKER);
        ids.par_iter()
            .map(|&id| {
                let language = self.files[id.0 as usize].language;
                let result = self.with_content(id, |source| {
                    let index = match language {
                        Language::C => super::index_file(source, words),
                        Language::Rust => super::rust::index_rust_file(source, words),
                    };
                    Scan {
                        file: Arc::new(index),
                        n_bytes: source.len() as u64,
                        has_comment: marker.find(source).is_some(),
                        unreadable: None,
                    }
                });
                progress(1);
                result.unwrap_or_else(|error| Scan {
                    unreadable: Some(unreadable(error, self.path(id))),
                    ..Scan::default()
                })
            })
            .collect()
    }
}

/// What was seen of one file.
#[derive(Clone, Debug, Default)]
struct Scan {
    file: Arc<FileIndex>,
    n_bytes: u64,
    has_comment: bool,
    unreadable: Option<Problem>,
}

/// Drops arguments and values that name nothing that could be called or hold a table: locals and
/// parameters, for the most part.
fn keep_known_names(scans: Vec<&mut Scan>) {
    // Nobody else has them yet, so nothing is cloned.
    let mut files: Vec<&mut FileIndex> = scans
        .into_iter()
        .map(|scan| Arc::make_mut(&mut scan.file))
        .collect();
    let functions = HashFilter::default();
    let objects = HashFilter::default();
    objects.insert(name_hash(b"NULL"));
    files.par_iter().for_each(|file| {
        for function in &file.functions {
            functions.insert(function.name_hash);
        }
        for initializer in &file.initializers {
            if initializer.is_file_scope {
                objects.insert(initializer.name_hash);
            }
        }
        for alias in &file.aliases {
            objects.insert(alias.name_hash);
        }
    });
    let is_function = |hash: u32| functions.contains(hash);
    let is_known = |hash: u32| functions.contains(hash) || objects.contains(hash);
    files
        .par_iter_mut()
        .for_each(|file| file.keep_known_names(is_function, is_known));
}

impl Index {
    fn new(tree: &Tree, scans: Vec<Scan>) -> Index {
        let mut index = Index::default();
        for (id, scan) in tree.file_ids().zip(&scans) {
            let path = tree.path(id);
            index.problems.extend(scan.unreadable.clone());
            if scan.has_comment {
                index.with_comments.push(id);
            }
            index
                .problems
                .extend(scan.file.problems.iter().map(|problem| Problem {
                    path: path.to_owned(),
                    line: (problem.kind != ProblemKind::Binary).then_some(problem.line),
                    kind: problem.kind.clone(),
                    action: problem.action,
                }));
            index.n_functions += scan.file.functions.len();
            index.n_bytes += scan.n_bytes;
        }
        index.files = scans.into_iter().map(|scan| scan.file).collect();
        index.by_name = Buckets::new(&index.files, |file, visit| {
            for (i, function) in file.functions.iter().enumerate() {
                visit(function.name_hash, i as u32);
            }
        });
        index
    }

    /// The index of one file.
    pub fn file(&self, file: FileId) -> &FileIndex {
        &self.files[file.0 as usize]
    }

    /// Functions and function-like macros called `name`, by file and position in
    /// [`FileIndex::functions`].
    pub fn functions_named<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (FileId, usize)> + 'a {
        self.functions_hashed(name_hash(name.as_bytes()))
            .filter(move |&(file, function)| self.file(file).function_name(function) == name)
    }

    /// Functions and function-like macros whose name has this hash.
    pub fn functions_hashed(&self, hash: u32) -> impl Iterator<Item = (FileId, usize)> + '_ {
        self.by_name
            .candidates(hash)
            .filter(move |&(file, function)| self.file(file).functions[function].name_hash == hash)
    }

    /// The name of a function.
    pub fn function_name(&self, file: FileId, function: usize) -> &str {
        self.file(file).function_name(function)
    }

    /// Functions that call something called `name` directly.
    pub fn callers_of(&self, name: &str) -> Vec<(FileId, usize)> {
        self.callers_hashed(name_hash(name.as_bytes())).collect()
    }

    /// The function whose definition covers `offset` of `file`.
    pub fn function_at(&self, file: FileId, offset: u32) -> Option<usize> {
        self.file(file).function_at(offset)
    }

    /// Definitions of `name`: `struct vm_fault`, or a typedef's name.
    pub fn structs_named(&self, name: &str) -> Vec<(FileId, StructEntry)> {
        let hash = name_hash(name.as_bytes());
        let structs = self.structs.get_or_init(|| {
            Buckets::new(&self.files, |file, visit| {
                for (i, entry) in file.structs.iter().enumerate() {
                    visit(entry.name_hash, i as u32);
                }
            })
        });
        structs
            .candidates(hash)
            .map(|(file, i)| (file, self.file(file).structs[i]))
            .filter(|(_, entry)| entry.name_hash == hash)
            .collect()
    }

    /// Initialised objects of type `name`: `struct vm_operations_struct`, or a typedef's name.
    pub fn tables_of_struct(&self, name: &str) -> Vec<(FileId, InitializerEntry)> {
        let hash = name_hash(name.as_bytes());
        let tables = self.tables.get_or_init(|| {
            Buckets::new(&self.files, |file, visit| {
                for (i, entry) in file.initializers.iter().enumerate() {
                    visit(entry.struct_hash, i as u32);
                }
            })
        });
        tables
            .candidates(hash)
            .map(|(file, i)| (file, self.file(file).initializers[i]))
            .filter(|(_, entry)| entry.struct_hash == hash)
            .collect()
    }

    /// Stores of a name to a member called `member`: `p->member = name;`.
    pub fn stores_to_member(&self, member: &str) -> Vec<(FileId, MemberPair)> {
        let hash = name_hash(member.as_bytes());
        let stores = self.stores.get_or_init(|| {
            Buckets::new(&self.files, |file, visit| {
                for (i, store) in file.member_stores.iter().enumerate() {
                    visit(store.member_hash, i as u32);
                }
            })
        });
        stores
            .candidates(hash)
            .map(|(file, i)| (file, self.file(file).member_stores[i]))
            .filter(|(_, store)| store.member_hash == hash)
            .collect()
    }

    /// Initialisers that hold `name` as a value, with the member it is the value of.
    pub fn tables_holding(&self, name: &str) -> Vec<(FileId, InitializerEntry, MemberPair)> {
        self.tables_holding_hashed(name_hash(name.as_bytes()))
            .collect()
    }

    /// Object-like macros called `name`.
    pub fn macros_named(&self, name: &str) -> Vec<(FileId, MacroEntry)> {
        let hash = name_hash(name.as_bytes());
        let macros = self.macros.get_or_init(|| {
            Buckets::new(&self.files, |file, visit| {
                for (i, entry) in file.macros.iter().enumerate() {
                    visit(entry.name_hash, i as u32);
                }
            })
        });
        macros
            .candidates(hash)
            .map(|(file, i)| (file, self.file(file).macros[i]))
            .filter(|(_, entry)| entry.name_hash == hash)
            .collect()
    }

    /// Bytes the index takes in memory, lookups built so far included.
    pub fn n_heap_bytes(&self) -> usize {
        let files: usize = self.files.iter().map(|file| file.n_heap_bytes()).sum();
        let lookups = [
            &self.structs,
            &self.tables,
            &self.stores,
            &self.values,
            &self.macros,
        ];
        files
            + size_of_val(&*self.files)
            + self.by_name.n_heap_bytes()
            + self.calls.n_heap_bytes()
            + lookups
                .iter()
                .filter_map(|lookup| lookup.get())
                .map(Buckets::n_heap_bytes)
                .sum::<usize>()
    }
}

/// A set of name hashes that may report one it does not hold, one in fifty at worst: enough to
/// decide what to keep.
struct HashFilter {
    bits: Vec<AtomicU64>,
}

impl Default for HashFilter {
    fn default() -> HashFilter {
        let n_words = 1 << (Self::N_BITS - 6);
        HashFilter {
            bits: (0..n_words).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl HashFilter {
    /// 4 MiB for half a million names.
    const N_BITS: u32 = 25;

    fn insert(&self, hash: u32) {
        let bit = hash >> (32 - Self::N_BITS);
        self.bits[(bit / 64) as usize].fetch_or(1 << (bit % 64), Ordering::Relaxed);
    }

    fn contains(&self, hash: u32) -> bool {
        let bit = hash >> (32 - Self::N_BITS);
        self.bits[(bit / 64) as usize].load(Ordering::Relaxed) >> (bit % 64) & 1 == 1
    }
}
