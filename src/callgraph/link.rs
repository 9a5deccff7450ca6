//! From a name, or a member of a structure, to the functions it can be.

use std::collections::BTreeSet;

use crate::program::{FileId, FunctionKind, Initializer, Symbol};

use super::{FileFacts, FnId, Program, TableId};

/// The functions an indirect call can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The functions, in order of file and place.
    pub functions: BTreeSet<FnId>,
    /// True if the structure's type was known; otherwise the member's name alone decided.
    pub is_typed: bool,
}

impl Program {
    /// The definitions that a name used in `file` can mean; see `visible`.
    pub fn resolve(&self, name: Symbol, file: FileId) -> Vec<FnId> {
        visible(
            self.files(),
            file,
            self.functions_named(name).iter().map(|&id| {
                let function = self.function(id);
                Candidate {
                    id,
                    file: function.file,
                    is_static: function.is_static || function.kind == FunctionKind::Macro,
                    is_rust_only: function.is_rust_only,
                }
            }),
        )
    }

    /// The tables that a name used in `file` can mean.
    pub fn resolve_table(&self, name: Symbol, file: FileId) -> Vec<TableId> {
        // A table's definition does not say whether it is static; one of another directory whose
        // name is used twice in the tree is more likely to be somebody else's.
        nearest(
            self.files(),
            file,
            self.tables_named(name).iter().map(|&id| Candidate {
                id,
                file: self.table(id).file,
                is_static: false,
                is_rust_only: false,
            }),
            |_| false,
        )
    }

    /// The functions that `member` of a structure of type `struct_name` can hold: those in
    /// initialisers of the type, and those stored to a member of the name.
    pub fn members(&self, struct_name: Symbol, member: Symbol) -> Targets {
        let mut functions = BTreeSet::new();
        for &table in self.tables_of(struct_name) {
            functions.extend(self.table_functions(table, member));
        }
        for store in self.stores_to(member) {
            functions.extend(self.resolve(store.value, store.file));
        }
        Targets {
            functions,
            is_typed: true,
        }
    }

    /// The functions that `member` can hold in a structure of any type.
    pub fn members_of_any(&self, member: Symbol) -> Targets {
        let mut functions = BTreeSet::new();
        for (id, _) in self.tables() {
            functions.extend(self.table_functions(id, member));
        }
        for store in self.stores_to(member) {
            functions.extend(self.resolve(store.value, store.file));
        }
        Targets {
            functions,
            is_typed: false,
        }
    }

    /// The functions that `member` of one table can hold.
    pub fn table_functions(&self, table: TableId, member: Symbol) -> Vec<FnId> {
        let file = self.table(table).file;
        self.table(table)
            .entries
            .iter()
            .filter(|entry| entry.member == member)
            .flat_map(|entry| match entry.value {
                Initializer::Name(name) => self.resolve(name, file),
                Initializer::Null | Initializer::Other => Vec::new(),
            })
            .collect()
    }

    /// The tables that `member` of one table can point to.
    pub fn table_tables(&self, table: TableId, member: Symbol) -> Vec<TableId> {
        let file = self.table(table).file;
        self.table(table)
            .entries
            .iter()
            .filter(|entry| entry.member == member)
            .flat_map(|entry| match entry.value {
                Initializer::Name(name) => self.resolve_table(name, file),
                Initializer::Null | Initializer::Other => Vec::new(),
            })
            .collect()
    }
}

/// A definition that a name may mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<T> {
    pub id: T,
    pub file: FileId,
    /// True if only its own file, or files that include it, can mean it.
    pub is_static: bool,
    /// True if C cannot mean it.
    pub is_rust_only: bool,
}

impl<T> Candidate<T> {
    /// True if only its own file can mean it.
    fn is_hidden(&self, files: &[FileFacts]) -> bool {
        self.is_static && !files[self.file.0 as usize].path.ends_with(".h")
    }
}

/// The definitions that a name used in `from` can mean: those of the file itself; else those its
/// headers bring in; else those of its architecture; else global ones. Several remain where
/// configurations or architectures offer alternatives.
pub(super) fn visible<T: Copy + Ord>(
    files: &[FileFacts],
    from: FileId,
    candidates: impl Iterator<Item = Candidate<T>> + Clone,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut is_weak = false;
    let mut is_stub = false;
    let near = nearest(
        files,
        from,
        candidates.clone().map(|candidate| Candidate {
            id: candidate,
            file: candidate.file,
            is_static: candidate.is_static,
            is_rust_only: candidate.is_rust_only,
        }),
        |candidate| candidate.is_hidden(files),
    );
    for candidate in near {
        let facts = &files[candidate.file.0 as usize];
        // A generic function that an architecture defines too is the weak one of both.
        is_weak |= !candidate.is_static && facts.path.ends_with(".c") && facts.arch.is_none();
        // A header that defines what a source file defines, too, does so where that is not built.
        is_stub |= candidate.is_static && facts.path.ends_with(".h") && candidate.file != from;
        found.push(candidate.id);
    }
    if is_stub {
        let here = &files[from.0 as usize];
        let behind = candidates.clone().filter(|candidate| {
            let there = &files[candidate.file.0 as usize];
            !candidate.is_static && there.path.ends_with(".c") && is_same_program(here, there)
        });
        found.extend(behind.map(|candidate| candidate.id));
        found.sort();
        found.dedup();
    }
    if is_weak && files[from.0 as usize].arch.is_none() {
        let overriding = candidates.filter(|candidate| {
            let facts = &files[candidate.file.0 as usize];
            facts.arch.is_some() && facts.path.ends_with(".c") && !candidate.is_static
        });
        found.extend(overriding.map(|candidate| candidate.id));
        found.sort();
        found.dedup();
    }
    found
}

/// True if a name used in `from` can mean a definition at all, were there no nearer one.
pub(super) fn is_visible<T>(files: &[FileFacts], from: FileId, candidate: &Candidate<T>) -> bool {
    candidate.file == from
        || !candidate.is_hidden(files)
            && (!candidate.is_rust_only || is_rust(&files[from.0 as usize]))
            && is_same_program(&files[from.0 as usize], &files[candidate.file.0 as usize])
}

/// Keeps the candidates that are nearest to `from`, without the hidden ones of other files.
fn nearest<T: Copy>(
    files: &[FileFacts],
    from: FileId,
    candidates: impl Iterator<Item = Candidate<T>>,
    is_hidden: impl Fn(&Candidate<T>) -> bool,
) -> Vec<T> {
    let here = &files[from.0 as usize];
    let mut best = u8::MAX;
    let mut found = Vec::new();
    for candidate in candidates {
        let there = &files[candidate.file.0 as usize];
        let distance = if candidate.file == from {
            0
        } else if is_hidden(&candidate)
            || candidate.is_rust_only && !is_rust(here)
            || !is_same_program(here, there)
        {
            continue;
        } else if is_rust(here) && !is_rust(there) {
            // What Rust defines itself comes before what it is bound to.
            4
        } else if here.arch.is_some() && there.arch.is_some() {
            1
        } else if !there.path.ends_with(".h") {
            2
        } else {
            let is_included = is_included(&here.includes, &there.path);
            if is_included && directory(&here.path) == directory(&there.path) {
                1
            } else if is_included || is_public_header(&there.path) {
                2
            } else {
                3
            }
        };
        if distance < best {
            best = distance;
            found.clear();
        }
        if distance == best {
            found.push(candidate.id);
        }
    }
    found
}

/// False where no build can link both files: they belong to different architectures, or to the
/// kernel and to a program that comes along with it.
fn is_same_program(here: &FileFacts, there: &FileFacts) -> bool {
    let is_other_arch = matches!((here.arch, there.arch), (Some(a), Some(b)) if a != b);
    !is_other_arch
        && match companion(&there.path) {
            None => true,
            program => program == companion(&here.path),
        }
}

/// The directory of programs that come along with a kernel, if a file is in one. They have
/// definitions of their own for much of what the kernel defines.
fn companion(path: &str) -> Option<&str> {
    ["tools/", "scripts/", "usr/"]
        .into_iter()
        .find(|directory| path.starts_with(directory))
}

fn is_rust(file: &FileFacts) -> bool {
    file.path.ends_with(".rs")
}

fn directory(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..at])
}

fn is_included(includes: &[Symbol], path: &str) -> bool {
    let name = &path[path.rfind('/').map_or(0, |at| at + 1)..];
    includes.iter().any(|include| *include == name)
}

/// True for headers that any file can include.
fn is_public_header(path: &str) -> bool {
    path.starts_with("include/") || path.starts_with("arch/") && path.contains("/include/")
}
