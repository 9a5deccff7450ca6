//! Where sources come from.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::FxHashMap;

use super::lex::{self, Source};
use super::rust::{self, RustSource};
use crate::tree::Tree;

/// The files this stage may read.
pub trait Headers: Sync {
    /// The content of a file by its path relative to the tree.
    fn read(&self, path: &str) -> Option<Vec<u8>>;
    /// Every path below a directory, sorted.
    fn below(&self, directory: &str) -> Vec<String>;
}

impl Headers for Tree {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        Tree::read(self, self.file_at(path)?).ok()
    }

    fn below(&self, directory: &str) -> Vec<String> {
        let start = self.files.partition_point(|file| *file.path < *directory);
        let files = self.files[start..].iter();
        let inside = files.take_while(|file| file.path.starts_with(directory));
        inside.map(|file| file.path.to_string()).collect()
    }
}

/// Files of a path and content each.
impl Headers for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.get(path).cloned()
    }

    fn below(&self, directory: &str) -> Vec<String> {
        let inside = |path: &&String| path.starts_with(directory);
        self.keys().filter(inside).cloned().collect()
    }
}

/// An architecture of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// Its name: that of its directory below `arch/`, or of its file.
    pub name: String,
    /// Its file, if it is written in Rust.
    pub rust: Option<String>,
}

impl Architecture {
    /// One whose page tables are described by headers.
    pub fn in_c(name: &str) -> Architecture {
        Architecture {
            name: name.to_owned(),
            rust: None,
        }
    }
}

/// Files as tokens, each read once for all architectures.
pub struct Sources<'h> {
    headers: &'h dyn Headers,
    files: Mutex<FxHashMap<String, Entry>>,
    definitions: Mutex<FxHashMap<String, Arc<OnceLock<Definitions>>>>,
    n_files: AtomicUsize,
    n_bytes: AtomicU64,
}

type Entry = Arc<OnceLock<Option<Source>>>;

/// In which file of an architecture a function is defined.
type Definitions = BTreeMap<String, Vec<String>>;

/// One file's tokens, shared.
#[derive(Clone)]
pub struct Shared(Entry);

impl Shared {
    /// The tokens.
    pub fn source(&self) -> Option<&Source> {
        self.0.get()?.as_ref()
    }
}

impl<'h> Sources<'h> {
    /// Nothing is read yet.
    pub fn new(headers: &'h dyn Headers) -> Sources<'h> {
        Sources {
            headers,
            files: Mutex::default(),
            definitions: Mutex::default(),
            n_files: AtomicUsize::new(0),
            n_bytes: AtomicU64::new(0),
        }
    }

    /// The architectures that have a page table: directories with a header, and files of Rust.
    pub fn arches(&self) -> Vec<Architecture> {
        let in_c = |path: String| {
            let arch = path.strip_prefix("arch/")?;
            let arch = arch.strip_suffix("/include/asm/pgtable.h")?;
            (!arch.contains('/')).then(|| Architecture::in_c(arch))
        };
        let in_c = self.headers.below("arch/").into_iter().filter_map(in_c);
        in_c.chain(rust::arches(self.headers)).collect()
    }

    /// An architecture's file and those it imports, put into C.
    pub fn rust(&self, path: &str) -> Vec<RustSource> {
        let read = rust::read(self.headers, path);
        self.n_files.fetch_add(read.len(), Ordering::Relaxed);
        let size = read.iter().map(|source| source.size).sum();
        self.n_bytes.fetch_add(size, Ordering::Relaxed);
        read
    }

    /// How many files were read as tokens, and their size.
    pub fn read_so_far(&self) -> (usize, u64) {
        let n_files = self.n_files.load(Ordering::Relaxed);
        (n_files, self.n_bytes.load(Ordering::Relaxed))
    }

    /// A file, if there is one.
    pub fn file(&self, path: &str) -> Option<Shared> {
        let entry = {
            let mut files = self.files.lock().unwrap_or_else(|e| e.into_inner());
            match files.get(path) {
                Some(entry) => entry.clone(),
                None => files.entry(path.to_owned()).or_default().clone(),
            }
        };
        let read = || {
            let bytes = self.headers.read(path)?;
            self.n_files.fetch_add(1, Ordering::Relaxed);
            self.n_bytes
                .fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Some(lex::read(&bytes))
        };
        entry.get_or_init(read).as_ref()?;
        Some(Shared(entry))
    }

    /// The `.c` files of an architecture that define a function, by a glance at their lines.
    pub fn defining(&self, arch: &str, function: &str) -> Vec<String> {
        let entry = {
            let mut known = self.definitions.lock().unwrap_or_else(|e| e.into_inner());
            known.entry(arch.to_owned()).or_default().clone()
        };
        let definitions = entry.get_or_init(|| self.definitions(arch));
        definitions.get(function).cloned().unwrap_or_default()
    }

    fn definitions(&self, arch: &str) -> Definitions {
        let mut definitions = Definitions::new();
        for path in self.headers.below(&format!("arch/{arch}/")) {
            if !path.ends_with(".c") {
                continue;
            }
            let bytes = self.headers.read(&path).unwrap_or_default();
            let mut before: &[u8] = b"";
            for line in bytes.split(|&byte| byte == b'\n') {
                // A line that only opens the body belongs to the one before.
                if line.starts_with(b"{")
                    && let Some(name) = defined_name(before)
                {
                    definitions.entry(name).or_default().push(path.clone());
                }
                if line
                    .first()
                    .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
                {
                    before = line;
                }
            }
        }
        definitions
    }
}

/// The word in front of the first parenthesis of a line at the margin.
fn defined_name(line: &[u8]) -> Option<String> {
    let open = memchr::memchr(b'(', line)?;
    let head = line[..open].trim_ascii_end();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = head
        .iter()
        .rposition(|byte| !is_name(byte))
        .map_or(0, |at| at + 1);
    String::from_utf8(head[start..].to_vec())
        .ok()
        .filter(|name| !name.is_empty())
}
