//! The index of a whole tree.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::buckets::Lookup;
use super::cache::{self, CacheUse};
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
#[derive(Clone, Debug)]
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
    /// What a cache was good for; `None` if there was none to look into.
    pub cache: Option<CacheUse>,
    /// The size of each file.
    sizes: Vec<u64>,
    by_name: Lookup,
    pub(super) calls: CallLookups,
    structs: Lookup,
    tables: Lookup,
    stores: Lookup,
    macros: Lookup,
    /// Objects with an initialiser outside of functions, by name.
    objects: Lookup,
}

impl Tree {
    /// Reads and indexes every file, in parallel; those that the cache knows are not read.
    ///
    /// `progress` is called with the number of files done since the last call, from any thread.
    /// A file that cannot be read is a [`Problem`] of the index.
    pub fn index(&self, words: &Words, progress: &(dyn Fn(usize) + Sync)) -> Index {
        let (mut scans, cache) = self.scan_all(words, progress);
        keep_known_names(scans.iter_mut().collect());
        Index::new(self, scans, cache)
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
        let (mut scans, cache) = self.scan_all(words, progress);
        let is_own = |id: &FileId| {
            let path = other.path(*id);
            differing.contains(path) || self.file_at(path).is_none()
        };
        let own: Vec<FileId> = other.file_ids().filter(is_own).collect();
        let read_own = |&id: &FileId| other.scan(id, words, progress);
        let mut own_scans: Vec<Scan> = own.par_iter().map(read_own).collect();
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
        let others = Index::new(other, others.collect(), cache.clone());
        (Index::new(self, scans, cache), others)
    }

    /// Finds out what a lexical pass can see of every file.
    fn scan_all(
        &self,
        words: &Words,
        progress: &(dyn Fn(usize) + Sync),
    ) -> (Vec<Scan>, Option<CacheUse>) {
        let read = |id| self.scan(id, words, progress);
        match cache::scan_all(self, words, &read, progress) {
            Some((scans, cache)) => (scans, Some(cache)),
            None => {
                let ids: Vec<FileId> = self.file_ids().collect();
                (ids.into_par_iter().map(read).collect(), None)
            }
        }
    }

    /// Reads a file and finds out what a lexical pass can see.
    pub(super) fn scan(
        &self,
        id: FileId,
        words: &Words,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Scan {
        let result = self.read_with(id, |source| {
            let index = match self.files[id.0 as usize].language {
                Language::C => super::index_file(source, words),
                Language::Rust => super::rust::index_rust_file(source, words),
            };
            Scan {
                file: Arc::new(index),
                n_bytes: source.len() as u64,
                has_comment: memchr::memmem::find(source, COMMENT_MARKER).is_some(),
                unreadable: None,
            }
        });
        progress(1);
        result.unwrap_or_else(|error| Scan {
            unreadable: Some(unreadable(error, self.path(id))),
            ..Scan::default()
        })
    }
}

/// What was seen of one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scan {
    pub(super) file: Arc<FileIndex>,
    pub(super) n_bytes: u64,
    /// True if a comment may be addressed to ptelint.
    pub(super) has_comment: bool,
    pub(super) unreadable: Option<Problem>,
}

impl Scan {
    /// What could not be read or understood of the file at `path`.
    fn problems(&self, path: &str) -> Vec<Problem> {
        let lexical = self.file.problems.iter().map(|problem| Problem {
            path: path.to_owned(),
            line: (problem.kind != ProblemKind::Binary).then_some(problem.line),
            kind: problem.kind.clone(),
            action: problem.action,
        });
        self.unreadable.iter().cloned().chain(lexical).collect()
    }
}

/// Drops arguments and values that name nothing that could be called or hold a table: locals and
/// parameters, for the most part.
pub(super) fn keep_known_names(scans: Vec<&mut Scan>) {
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
    fn new(tree: &Tree, scans: Vec<Scan>, cache: Option<CacheUse>) -> Index {
        let problems = tree.file_ids().zip(&scans);
        let with_comments = tree.file_ids().zip(&scans);
        Index {
            problems: problems
                .flat_map(|(id, scan)| scan.problems(tree.path(id)))
                .collect(),
            n_functions: scans.iter().map(|scan| scan.file.functions.len()).sum(),
            n_bytes: scans.iter().map(|scan| scan.n_bytes).sum(),
            with_comments: with_comments
                .filter(|(_, scan)| scan.has_comment)
                .map(|(id, _)| id)
                .collect(),
            cache,
            sizes: scans.iter().map(|scan| scan.n_bytes).collect(),
            files: scans.into_iter().map(|scan| scan.file).collect(),
            by_name: Lookup::new(|file, visit| {
                for (i, function) in file.functions.iter().enumerate() {
                    visit(function.name_hash, i as u32);
                }
            }),
            calls: CallLookups::new(),
            structs: Lookup::new(|file, visit| {
                for (i, entry) in file.structs.iter().enumerate() {
                    visit(entry.name_hash, i as u32);
                }
            }),
            tables: Lookup::new(|file, visit| {
                for (i, entry) in file.initializers.iter().enumerate() {
                    visit(entry.struct_hash, i as u32);
                }
            }),
            stores: Lookup::new(|file, visit| {
                for (i, store) in file.member_stores.iter().enumerate() {
                    visit(store.member_hash, i as u32);
                }
            }),
            macros: Lookup::new(|file, visit| {
                for (i, entry) in file.macros.iter().enumerate() {
                    visit(entry.name_hash, i as u32);
                }
            }),
            objects: Lookup::new(|file, visit| {
                for (i, entry) in file.initializers.iter().enumerate() {
                    if entry.is_file_scope {
                        visit(entry.name_hash, i as u32);
                    }
                }
            }),
        }
    }

    /// Takes in that the content of one file of `tree` is different now. `None` if that means
    /// something to what is known of other files: then the tree has to be indexed anew.
    ///
    /// Gives back what was known of the file.
    pub fn replace(&mut self, tree: &Tree, file: FileId, words: &Words) -> Option<Arc<FileIndex>> {
        let mut scan = tree.scan(file, words, &|_| {});
        let own = Arc::make_mut(&mut scan.file);
        if self.defines_new_names(own, tree.path(file)) {
            return None;
        }
        let own_functions: BTreeSet<u32> = own.functions.iter().map(|it| it.name_hash).collect();
        let own_objects: BTreeSet<u32> = file_scope_names(own).collect();
        let is_function = |hash: u32| {
            own_functions.contains(&hash) || self.functions_hashed(hash).next().is_some()
        };
        let null = name_hash(b"NULL");
        let is_known = |hash: u32| {
            hash == null || is_function(hash) || own_objects.contains(&hash) || self.is_object(hash)
        };
        own.keep_known_names(is_function, is_known);

        let path = tree.path(file);
        self.problems.retain(|problem| problem.path != path);
        let at = self
            .problems
            .partition_point(|problem| problem.path.as_str() < path);
        self.problems.splice(at..at, scan.problems(path));
        self.with_comments.retain(|other| *other != file);
        if scan.has_comment {
            let at = self.with_comments.partition_point(|other| *other < file);
            self.with_comments.insert(at, file);
        }
        let known = std::mem::replace(&mut self.files[file.0 as usize], scan.file);
        let now = self.file(file).functions.len();
        self.n_functions = self.n_functions + now - known.functions.len();
        let size = std::mem::replace(&mut self.sizes[file.0 as usize], scan.n_bytes);
        self.n_bytes = self.n_bytes + scan.n_bytes - size;
        let lookups = [
            &mut self.by_name,
            &mut self.structs,
            &mut self.tables,
            &mut self.stores,
            &mut self.macros,
            &mut self.objects,
        ];
        lookups
            .into_iter()
            .chain(self.calls.all())
            .for_each(|lookup| lookup.replace(file));
        Some(known)
    }

    /// True if a file defines something that was not known by that name anywhere, and other files
    /// could mention: what they mention of unknown names was dropped.
    fn defines_new_names(&self, file: &FileIndex, path: &str) -> bool {
        let is_header = path.ends_with(".h");
        let functions = file.functions.iter();
        let mut seen_elsewhere = functions.filter(|it| is_header || !(it.is_static || it.is_macro));
        seen_elsewhere.any(|it| self.functions_hashed(it.name_hash).next().is_none())
            || file_scope_names(file).any(|hash| !self.is_object(hash))
    }

    /// True if an object with an initialiser, or a name that stands for another, has this hash.
    fn is_object(&self, hash: u32) -> bool {
        let objects = self.objects.candidates(&self.files, hash);
        let mut objects =
            objects.filter(|&(file, at)| self.file(file).initializers[at].name_hash == hash);
        objects.next().is_some() || self.aliases_hashed(hash).next().is_some()
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
            .candidates(&self.files, hash)
            .filter(move |&(file, function)| self.file(file).functions[function].name_hash == hash)
    }

    /// The name of a function.
    pub fn function_name(&self, file: FileId, function: usize) -> &str {
        self.file(file).function_name(function)
    }

    /// Functions that call something directly whose name has one of these hashes, with the hash;
    /// sorted. Looks through all calls there are, which takes less time than to group them where a
    /// few names are asked about.
    pub fn callers_of_any(&self, hashes: &FxHashSet<u32>) -> Vec<(u32, FileId, usize)> {
        // Most calls are told by two bytes not to be one of these.
        let mut halves = FixedBitSet::with_capacity(1 << 16);
        halves.extend(hashes.iter().map(|hash| (hash & 0xffff) as usize));
        let callers = self
            .files
            .par_iter()
            .enumerate()
            .flat_map_iter(|(id, file)| {
                let is_wanted =
                    |hash: &u32| halves.contains((hash & 0xffff) as usize) && hashes.contains(hash);
                (0..file.functions.len()).flat_map(move |at| {
                    let wanted = file.callees(at).iter().copied().filter(is_wanted);
                    wanted.map(move |hash| (hash, FileId(id as u32), at))
                })
            });
        let mut callers: Vec<(u32, FileId, usize)> = callers.collect();
        callers.sort_unstable();
        callers
    }

    /// Makes the lookups by which a tree is loaded, all at once.
    pub fn prepare(&self) {
        let lookups = [
            &self.by_name,
            &self.structs,
            &self.tables,
            &self.stores,
            &self.macros,
        ];
        lookups.par_iter().for_each(|lookup| {
            lookup.prepare(&self.files);
        });
    }

    /// The function whose definition covers `offset` of `file`.
    pub fn function_at(&self, file: FileId, offset: u32) -> Option<usize> {
        self.file(file).function_at(offset)
    }

    /// Definitions of `name`: `struct vm_fault`, or a typedef's name.
    pub fn structs_named(&self, name: &str) -> Vec<(FileId, StructEntry)> {
        let hash = name_hash(name.as_bytes());
        let structs = self.structs.candidates(&self.files, hash);
        structs
            .map(|(file, i)| (file, self.file(file).structs[i]))
            .filter(|(_, entry)| entry.name_hash == hash)
            .collect()
    }

    /// Initialised objects of type `name`: `struct vm_operations_struct`, or a typedef's name.
    pub fn tables_of_struct(&self, name: &str) -> Vec<(FileId, InitializerEntry)> {
        let hash = name_hash(name.as_bytes());
        let tables = self.tables.candidates(&self.files, hash);
        tables
            .map(|(file, i)| (file, self.file(file).initializers[i]))
            .filter(|(_, entry)| entry.struct_hash == hash)
            .collect()
    }

    /// Stores of a name to a member called `member`: `p->member = name;`.
    pub fn stores_to_member(&self, member: &str) -> Vec<(FileId, MemberPair)> {
        let hash = name_hash(member.as_bytes());
        let stores = self.stores.candidates(&self.files, hash);
        stores
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
        let macros = self.macros.candidates(&self.files, hash);
        macros
            .map(|(file, i)| (file, self.file(file).macros[i]))
            .filter(|(_, entry)| entry.name_hash == hash)
            .collect()
    }

    /// Bytes the index takes in memory, lookups built so far included.
    pub fn n_heap_bytes(&self) -> usize {
        let files: usize = self.files.iter().map(|file| file.n_heap_bytes()).sum();
        let lookups = [
            &self.by_name,
            &self.structs,
            &self.tables,
            &self.stores,
            &self.macros,
            &self.objects,
        ];
        let lookups = lookups.iter().map(|lookup| lookup.n_heap_bytes());
        files + size_of_val(&*self.files) + self.calls.n_heap_bytes() + lookups.sum::<usize>()
    }
}

/// The hashes of objects with an initialiser and of names that stand for others.
fn file_scope_names(file: &FileIndex) -> impl Iterator<Item = u32> + '_ {
    let objects = file.initializers.iter().filter(|entry| entry.is_file_scope);
    let aliases = file.aliases.iter().map(|alias| alias.name_hash);
    objects.map(|entry| entry.name_hash).chain(aliases)
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
