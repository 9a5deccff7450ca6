//! Everything that was parsed of a tree, with look-ups.

use std::collections::BTreeMap;
use std::path::Path;

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::program::{FileId, Function, Initializer, Span, StructDef, Symbol, Table};
use crate::tree::Language;

/// The parsed part of a tree.
#[derive(Debug, Default)]
pub struct Program {
    parts: Parts,
    functions_by_name: FxHashMap<Symbol, Vec<FnId>>,
    structs_by_name: FxHashMap<Symbol, Vec<usize>>,
    tables_by_name: FxHashMap<Symbol, Vec<TableId>>,
    tables_by_struct: FxHashMap<Symbol, Vec<TableId>>,
    macros_by_name: FxHashMap<Symbol, Vec<usize>>,
    stores_by_member: FxHashMap<Symbol, Vec<usize>>,
    passages: FixedBitSet,
    with_all_callers: FixedBitSet,
}

/// What a [`Program`] is made of. The order of the lists does not matter.
#[derive(Debug, Default)]
pub struct Parts {
    /// Facts on every file of the tree; position is [`FileId`].
    pub files: Vec<FileFacts>,
    /// The functions parsed.
    pub functions: Vec<Function>,
    /// The structure definitions parsed, with their files.
    pub structs: Vec<(FileId, StructDef)>,
    /// Initialised objects.
    pub tables: Vec<Table>,
    /// Object-like macros.
    pub macros: Vec<ObjectMacro>,
    /// `p->member = name` outside of initialisers, as the lexical index found them.
    pub member_stores: Vec<MemberStore>,
    /// Enumerators with the values they have in every definition.
    pub enumerators: FxHashMap<Symbol, Option<i128>>,
    /// Functions that only matter to where a VMA can get, not to its protection: file and start.
    pub passages: FxHashSet<(FileId, u32)>,
    /// Functions of which every caller in the tree was parsed: file and start.
    pub with_all_callers: FxHashSet<(FileId, u32)>,
}

/// What linking needs to know of a file.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Path relative to the tree.
    pub path: String,
    /// The directory below `arch/`, if it is in one.
    pub arch: Option<Symbol>,
    /// True for code that is not a driver's.
    pub is_generic: bool,
    /// Base names of the headers it includes.
    pub includes: Vec<Symbol>,
}

impl FileFacts {
    /// What it is written in.
    pub fn language(&self) -> Language {
        Language::of(Path::new(&self.path)).unwrap_or(Language::C)
    }
}

/// `#define NAME text`
#[derive(Clone, Debug)]
pub struct ObjectMacro {
    /// Its name.
    pub name: Symbol,
    /// The file it stands in.
    pub file: FileId,
    /// Its replacement.
    pub text: String,
}

/// A store of a function's name to a member.
#[derive(Clone, Debug)]
pub struct MemberStore {
    /// The member.
    pub member: Symbol,
    /// The name stored.
    pub value: Symbol,
    /// Where.
    pub file: FileId,
    /// Where.
    pub span: Span,
}

/// Index of a function in a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FnId(pub u32);

/// Index of a table in a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

impl Program {
    /// Builds the look-ups.
    pub fn new(mut parts: Parts) -> Program {
        parts.functions.sort_by_key(|f| (f.file, f.span));
        parts.functions.dedup_by_key(|f| (f.file, f.span));
        parts.tables.sort_by_key(|t| (t.file, t.span, t.name));
        parts.structs.sort_by_key(|(file, def)| (*file, def.name));
        parts.macros.sort_by_key(|m| (m.file, m.name));
        parts
            .member_stores
            .sort_by_key(|s| (s.file, s.span, s.member));
        let mut program = Program {
            parts,
            ..Program::default()
        };
        // Numbers stay when functions move.
        let passages = std::mem::take(&mut program.parts.passages);
        let with_all_callers = std::mem::take(&mut program.parts.with_all_callers);
        let parts = &program.parts;
        program.passages.grow(parts.functions.len());
        program.with_all_callers.grow(parts.functions.len());
        for (i, function) in parts.functions.iter().enumerate() {
            let place = (function.file, function.span.start);
            program.passages.set(i, passages.contains(&place));
            let has_all = with_all_callers.contains(&place);
            program.with_all_callers.set(i, has_all);
            push(
                &mut program.functions_by_name,
                function.name,
                FnId(i as u32),
            );
        }
        for (i, (_, def)) in parts.structs.iter().enumerate() {
            push(&mut program.structs_by_name, def.name, i);
        }
        for (i, table) in parts.tables.iter().enumerate() {
            let id = TableId(i as u32);
            push(&mut program.tables_by_name, table.name, id);
            push(&mut program.tables_by_struct, table.struct_name, id);
        }
        for (i, object_macro) in parts.macros.iter().enumerate() {
            push(&mut program.macros_by_name, object_macro.name, i);
        }
        for (i, store) in parts.member_stores.iter().enumerate() {
            push(&mut program.stores_by_member, store.member, i);
        }
        program
    }

    /// Puts other functions and tables in the place of those of one file, in the same order and of
    /// the same names; `moved` tells where what stood at a place in it stands now.
    pub fn replace_in_file(
        &mut self,
        file: FileId,
        functions: BTreeMap<FnId, Function>,
        tables: Vec<Table>,
        moved: &dyn Fn(Span) -> Span,
    ) {
        for (id, function) in functions {
            self.parts.functions[id.0 as usize] = function;
        }
        let own = self.parts.tables.iter_mut().filter(|it| it.file == file);
        own.zip(tables).for_each(|(table, new)| *table = new);
        let stores = self.parts.member_stores.iter_mut();
        for store in stores.filter(|store| store.file == file) {
            store.span = moved(store.span);
        }
    }

    /// All functions, by file and place.
    pub fn functions(&self) -> impl Iterator<Item = (FnId, &Function)> {
        self.parts
            .functions
            .iter()
            .enumerate()
            .map(|(i, function)| (FnId(i as u32), function))
    }

    /// The function behind an id.
    pub fn function(&self, id: FnId) -> &Function {
        &self.parts.functions[id.0 as usize]
    }

    /// The function whose definition begins at an offset.
    pub fn function_at(&self, file: FileId, start: u32) -> Option<FnId> {
        let functions = &self.parts.functions;
        let at = functions.binary_search_by_key(&(file, start), |it| (it.file, it.span.start));
        at.ok().map(|at| FnId(at as u32))
    }

    /// How many functions there are.
    pub fn n_functions(&self) -> usize {
        self.parts.functions.len()
    }

    /// All tables, by file and place.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, &Table)> {
        self.parts
            .tables
            .iter()
            .enumerate()
            .map(|(i, table)| (TableId(i as u32), table))
    }

    /// The table behind an id.
    pub fn table(&self, id: TableId) -> &Table {
        &self.parts.tables[id.0 as usize]
    }

    /// Tables of a structure type.
    pub fn tables_of(&self, struct_name: Symbol) -> &[TableId] {
        get(&self.tables_by_struct, struct_name)
    }

    /// Every definition with this name, wherever it stands.
    pub fn functions_named(&self, name: Symbol) -> &[FnId] {
        get(&self.functions_by_name, name)
    }

    /// Every table with this name, wherever it stands.
    pub fn tables_named(&self, name: Symbol) -> &[TableId] {
        get(&self.tables_by_name, name)
    }

    /// Every definition of a structure with the file it stands in.
    pub fn structs_named(&self, name: Symbol) -> impl Iterator<Item = (FileId, &StructDef)> {
        get(&self.structs_by_name, name).iter().map(|&i| {
            let (file, def) = &self.parts.structs[i];
            (*file, def)
        })
    }

    /// The value of an enumerator, if it is certain.
    pub fn enumerator(&self, name: Symbol) -> Option<i128> {
        self.parts.enumerators.get(&name).copied().flatten()
    }

    /// True for a function that does nothing to a protection or a VMA, and only matters to where a
    /// VMA can get.
    pub fn is_passage(&self, function: FnId) -> bool {
        self.passages.contains(function.0 as usize)
    }

    /// True if every caller of a function in the tree was parsed.
    pub fn has_all_callers(&self, function: FnId) -> bool {
        self.with_all_callers.contains(function.0 as usize)
    }

    /// Every object-like macro with this name.
    pub fn macros_named(&self, name: Symbol) -> impl Iterator<Item = &ObjectMacro> {
        get(&self.macros_by_name, name)
            .iter()
            .map(|&i| &self.parts.macros[i])
    }

    /// All object-like macros.
    pub fn macros(&self) -> &[ObjectMacro] {
        &self.parts.macros
    }

    /// Every `p->member = name`.
    pub fn stores_to(&self, member: Symbol) -> impl Iterator<Item = &MemberStore> {
        get(&self.stores_by_member, member)
            .iter()
            .map(|&i| &self.parts.member_stores[i])
    }

    /// Every store of a name to a member.
    pub fn stores(&self) -> &[MemberStore] {
        &self.parts.member_stores
    }

    /// Every definition of a structure with the file it stands in.
    pub fn structs(&self) -> &[(FileId, StructDef)] {
        &self.parts.structs
    }

    /// Enumerators; those with several values have none.
    pub fn enumerators(&self) -> &FxHashMap<Symbol, Option<i128>> {
        &self.parts.enumerators
    }

    /// Every file of the tree, by [`FileId`].
    pub fn files(&self) -> &[FileFacts] {
        &self.parts.files
    }

    /// What linking knows of a file.
    pub fn file(&self, file: FileId) -> &FileFacts {
        &self.parts.files[file.0 as usize]
    }

    /// The value of a member in a table; `None` if the table does not mention it.
    pub fn table_entry(&self, table: TableId, member: Symbol) -> Option<Initializer> {
        self.table(table)
            .entries
            .iter()
            .find(|entry| entry.member == member)
            .map(|entry| entry.value)
    }
}

fn push<T>(map: &mut FxHashMap<Symbol, Vec<T>>, key: Symbol, value: T) {
    map.entry(key).or_default().push(value);
}

fn get<T>(map: &FxHashMap<Symbol, Vec<T>>, key: Symbol) -> &[T] {
    map.get(&key).map(Vec::as_slice).unwrap_or_default()
}
