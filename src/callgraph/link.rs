//! From a name, or a member of a structure, to the functions it can be.

use std::collections::BTreeSet;

use crate::program::{FileId, FunctionKind, Initializer, Symbol};

use super::{FnId, Program, TableId};

/// The functions an indirect call can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// The functions, in order of file and place.
    pub functions: BTreeSet<FnId>,
    /// True if the structure's type was known; otherwise the member's name alone decided.
    pub is_typed: bool,
}

impl Program {
    /// The definitions that a name used in `file` can mean: those of the file itself; else those
    /// its headers bring in; else those of its architecture; else global ones. Several remain
    /// where configurations or architectures offer alternatives.
    pub fn resolve(&self, name: Symbol, file: FileId) -> Vec<FnId> {
        let mut found = self.nearest(
            file,
            self.functions_named(name)
                .iter()
                .map(|&id| (id, self.function(id).file, self.is_hidden(id))),
        );
        // A generic function that an architecture defines too is the weak one of both.
        let is_weak = |id: FnId| {
            let path = &self.file(self.function(id).file).path;
            !self.is_hidden(id)
                && path.ends_with(".c")
                && self.file(self.function(id).file).arch.is_none()
        };
        if self.file(file).arch.is_none() && found.iter().any(|&id| is_weak(id)) {
            let overriding = self.functions_named(name).iter().copied().filter(|&id| {
                let facts = self.file(self.function(id).file);
                facts.arch.is_some() && facts.path.ends_with(".c") && !self.is_hidden(id)
            });
            found.extend(overriding);
            found.sort();
            found.dedup();
        }
        found
    }

    /// True if only its own file can mean a definition.
    fn is_hidden(&self, id: FnId) -> bool {
        let function = self.function(id);
        let is_header = self.file(function.file).path.ends_with(".h");
        !is_header && (function.is_static || function.kind == FunctionKind::Macro)
    }

    /// The tables that a name used in `file` can mean.
    pub fn resolve_table(&self, name: Symbol, file: FileId) -> Vec<TableId> {
        let found = self.nearest(
            file,
            self.tables_named(name)
                .iter()
                .map(|&id| (id, self.table(id).file, false)),
        );
        // A table's definition does not say whether it is static; one of another directory whose
        // name is used twice in the tree is more likely to be somebody else's.
        found
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

    /// Keeps the candidates that are nearest to `file`.
    fn nearest<T: Copy>(
        &self,
        file: FileId,
        candidates: impl Iterator<Item = (T, FileId, bool)>,
    ) -> Vec<T> {
        let here = self.file(file);
        let mut best = u8::MAX;
        let mut found = Vec::new();
        for (id, its_file, is_hidden) in candidates {
            let there = self.file(its_file);
            let distance = if its_file == file {
                0
            } else if is_hidden {
                continue;
            } else {
                match (here.arch, there.arch) {
                    (Some(a), Some(b)) if a != b => continue,
                    (Some(_), Some(_)) => 1,
                    _ if there.path.ends_with(".h") => {
                        if is_included(&here.includes, &there.path)
                            && directory(&here.path) == directory(&there.path)
                        {
                            1
                        } else if is_public_header(&there.path)
                            || is_included(&here.includes, &there.path)
                        {
                            2
                        } else {
                            3
                        }
                    }
                    _ => 2,
                }
            };
            if distance < best {
                best = distance;
                found.clear();
            }
            if distance == best {
                found.push(id);
            }
        }
        found
    }
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
