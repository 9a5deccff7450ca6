//! Decides what to parse, and parses it: from the lexical index to a linked [`Program`].
//!
//! A function is parsed if an answer can depend on it: its signature mentions a VMA or a
//! protection, or its body reads one, makes an entry or calls an insertion API. Structures, tables
//! and macros follow from what those functions use.

mod edit;
mod needs;
mod relevance;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::callgraph::{self, FileFacts, MemberStore, ObjectMacro, Parts, Program};
use crate::program::{
    ExprKind, FileId, Function, FunctionKind, Presence, Span, StructDef, Symbol, Table, TypeRef,
};
use crate::syntax;
use crate::tree::rust::is_capitals;
use crate::tree::{FunctionEntry, Index, Language, Tree, name_hash};
use crate::vocabulary::Vocabulary;

use super::sources::Sources;

use needs::{Context, Counts, Fields, Needs};
use relevance::class;

pub use edit::Edit;
pub use relevance::{Relevance, Scope, relevance, words};

/// Rounds of "parse what the parsed needs". Each goes one member access deeper.
const N_ROUNDS: usize = 4;

/// What linking needs to know of each file.
pub fn file_facts(tree: &Tree, index: &Index) -> Vec<FileFacts> {
    tree.files
        .par_iter()
        .zip(&index.files)
        .map(|(file, index)| FileFacts {
            path: file.path.to_string(),
            arch: file.arch,
            is_generic: tree.generic.has(&file.path),
            includes: index
                .includes
                .iter()
                .map(|include| Symbol::new(base_name(include.as_str())))
                .collect(),
        })
        .collect()
}

/// A tree that was parsed and linked, with what of it was read.
pub struct Loaded {
    /// The contents of files.
    pub sources: Sources,
    /// What they come to.
    pub program: Program,
    /// What was looked for beyond the functions that matter themselves.
    sought: Sought,
}

/// What was looked for because something that was parsed refers to it.
#[derive(Default)]
struct Sought {
    scope: Option<Scope>,
    structs: FxHashSet<Symbol>,
    macros: FxHashSet<Symbol>,
    members: FxHashSet<Symbol>,
    /// Functions whose callers were looked for.
    takers: BTreeSet<Symbol>,
    /// The types of the members of the structures parsed.
    fields: Fields,
    /// How many of the functions refer to what; counted when it is first asked for.
    counts: OnceLock<Counts>,
}

/// Another version of a tree, of which nothing that it has in common is parsed again.
pub struct Known<'a> {
    /// What was parsed of it.
    pub program: &'a Program,
    /// The same file in it, if it is the same.
    pub same_file: &'a (dyn Fn(FileId) -> Option<FileId> + Sync),
}

/// Parses what `scope` asks for, and links it.
pub fn load(
    (tree, index): (&Arc<Tree>, &Index),
    vocabulary: &Vocabulary,
    scope: Scope,
    known: Option<Known<'_>>,
) -> Loaded {
    let sources = Sources::new(tree.clone());
    load_from(sources, (tree, index), vocabulary, scope, known)
}

impl Loaded {
    /// Loads another version of a tree with the same files, which differs in `edited`. Gives the
    /// version before, too.
    pub fn reload(
        &mut self,
        (tree, index): (&Arc<Tree>, &Index),
        edited: &BTreeSet<FileId>,
        vocabulary: &Vocabulary,
    ) -> Program {
        let sources = std::mem::replace(&mut self.sources, Sources::new(tree.clone()));
        let sources = sources.after(tree.clone(), edited);
        let same_file = |file: FileId| (!edited.contains(&file)).then_some(file);
        let known = Known {
            program: &self.program,
            same_file: &same_file,
        };
        let scope = self.sought.scope.unwrap_or(Scope::Everything);
        let loaded = load_from(sources, (tree, index), vocabulary, scope, Some(known));
        std::mem::replace(self, loaded).program
    }

    /// Under which conditions the functions and tables of some files are compiled, in order.
    pub fn conditions(&self, files: &BTreeSet<FileId>) -> Vec<Presence> {
        let functions = self.program.functions().map(|(_, it)| (it.file, it.span));
        let tables = self.program.tables().map(|(_, it)| (it.file, it.span));
        let mut syntax = BTreeMap::new();
        let inside = functions.chain(tables).filter(|it| files.contains(&it.0));
        inside
            .map(|(file, span)| {
                let syntax = syntax.entry(file);
                let syntax = syntax.or_insert_with(|| self.sources.syntax(file));
                syntax.presence_at(span.start)
            })
            .collect()
    }
}

fn load_from(
    sources: Sources,
    (tree, index): (&Arc<Tree>, &Index),
    vocabulary: &Vocabulary,
    scope: Scope,
    known: Option<Known<'_>>,
) -> Loaded {
    let (program, sought) = Loader::new(tree, index, &sources, vocabulary, known).load(scope);
    Loaded {
        sources,
        program,
        sought,
    }
}

/// Parses what matters of a tree.
struct Loader<'a> {
    tree: &'a Tree,
    index: &'a Index,
    sources: &'a Sources,
    vocabulary: &'a Vocabulary,
    known: Option<Known<'a>>,
    parts: Parts,
    known_functions: FxHashSet<(FileId, u32)>,
    known_tables: FxHashSet<(FileId, u32)>,
    /// How many functions there were when tables that hold them were looked for.
    n_with_tables: Option<usize>,
    /// How many functions and structures there were when their needs were found out.
    n_with_needs: (usize, usize),
    sought: Sought,
}

impl Known<'_> {
    /// A function that was parsed in the other version.
    fn function(&self, file: FileId, entry: &FunctionEntry) -> Option<Function> {
        let other = (self.same_file)(file)?;
        let id = self.program.function_at(other, entry.start)?;
        let mut function = self.program.function(id).clone();
        function.file = file;
        Some(function)
    }
}

/// How far up those who choose arguments are looked for.
const MAX_CHOOSERS: usize = 5;

/// True for a type of numbers.
fn is_number(ty: TypeRef) -> bool {
    !ty.function
        && matches!(
            ty.base.as_str(),
            "int" | "unsigned int" | "long" | "unsigned long"
        )
}

impl<'a> Loader<'a> {
    /// A loader that has parsed nothing yet.
    fn new(
        tree: &'a Tree,
        index: &'a Index,
        sources: &'a Sources,
        vocabulary: &'a Vocabulary,
        known: Option<Known<'a>>,
    ) -> Loader<'a> {
        Loader {
            tree,
            index,
            sources,
            vocabulary,
            known,
            parts: Parts::default(),
            known_functions: FxHashSet::default(),
            known_tables: FxHashSet::default(),
            n_with_tables: None,
            n_with_needs: (0, 0),
            sought: Sought::default(),
        }
    }

    /// Parses and links.
    fn load(mut self, scope: Scope) -> (Program, Sought) {
        self.sought.scope = Some(scope);
        self.parts.files = file_facts(self.tree, self.index);
        self.index.prepare();
        let relevant = self.relevant_functions(scope);
        self.parse_functions(relevant);
        for _ in 0..N_ROUNDS {
            let before = self.n_parsed();
            self.parse_used();
            if self.n_parsed() == before {
                break;
            }
        }
        if scope == Scope::Everything {
            self.parse_choosers();
        }
        self.infer();
        self.read_enumerators();
        (Program::new(self.parts), self.sought)
    }

    /// Finds out what Rust leaves to its compiler.
    fn infer(&mut self) {
        callgraph::rename_types(&self.vocabulary.rust_type, &mut self.parts);
        callgraph::drop_injections(&self.vocabulary.rust_injection, &mut self.parts);
        self.rename_constants();
        callgraph::infer(&self.vocabulary.lookup, &mut self.parts);
    }

    /// Constants in Rust that only give another name to one of C: `const IO: Flags = VM_IO as _`.
    fn rename_constants(&mut self) {
        let tree = self.tree;
        let mut functions = std::mem::take(&mut self.parts.functions);
        let mut known: FxHashMap<Symbol, Option<Symbol>> = FxHashMap::default();
        let rust = functions
            .iter_mut()
            .filter(|function| tree.is_rust(function.file));
        let bodies = rust.flat_map(|function| &mut function.bodies);
        for expr in bodies.flat_map(|body| &mut body.exprs) {
            if let ExprKind::Global(name) = &mut expr.kind
                && is_capitals(name.as_str())
                && let Some(other) = *known.entry(*name).or_insert_with(|| self.alias_of(*name))
            {
                *name = other;
            }
        }
        self.parts.functions = functions;
    }

    /// The name that a constant of this name, of which there is one in Rust, stands for.
    fn alias_of(&self, name: Symbol) -> Option<Symbol> {
        let definitions = self.index.macros_named(name.as_str());
        let mut definitions = definitions
            .into_iter()
            .filter(|(file, _)| self.tree.is_rust(*file));
        let (file, entry) = definitions
            .next()
            .filter(|_| definitions.next().is_none())?;
        let text = self.constant_text(file, name, Span::new(entry.start, entry.end))?;
        let (_, value) = text.split_once('=')?;
        let value = value.trim();
        let path = value.split(" as ").next()?.trim();
        let last = path.rsplit("::").next()?;
        let is_name = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !text.starts_with(|first: char| first.is_ascii_digit())
        };
        let is_path = path
            .split("::")
            .all(|word| !word.is_empty() && is_name(word));
        (is_path && is_capitals(last)).then(|| Symbol::new(last))
    }

    /// The text behind the name of a constant or macro, without comments.
    fn constant_text(&self, file: FileId, name: Symbol, span: Span) -> Option<String> {
        let text = String::from_utf8_lossy(span.of(self.sources.bytes(file)));
        let text = text.strip_prefix(name.as_str())?;
        Some(
            text.split("/*")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
        )
    }

    /// Parses those who choose what generic code is handed as an argument: the operations it calls,
    /// the flags it goes by. What it does with them only they tell.
    fn parse_choosers(&mut self) {
        let structs: FxHashSet<Symbol> = self
            .parts
            .tables
            .iter()
            .map(|table| table.struct_name)
            .collect();
        let takes_operations = |function: &Function| {
            let mut params = function.params().iter();
            params.any(|param| param.ty.pointers == 1 && structs.contains(&param.ty.base))
        };
        let takes_numbers =
            |function: &Function| function.params().iter().any(|param| is_number(param.ty));
        let mut takers: BTreeSet<Symbol> = BTreeSet::new();
        let mut callers: BTreeMap<u32, Vec<(FileId, usize)>> = BTreeMap::new();
        let hash_of = |name: &Symbol| name_hash(name.as_str().as_bytes());
        for round in 0..MAX_CHOOSERS {
            let above = takers.clone();
            let passages = self.parts.functions.iter().filter(|function| {
                let start = function.span.start;
                self.parts.passages.contains(&(function.file, start))
            });
            takers.extend(
                passages
                    .filter(|function| {
                        takes_operations(function)
                            || round > 0
                                && takes_numbers(function)
                                && function.names().any(|name| above.contains(&name))
                    })
                    .map(|function| function.name),
            );
            let added: FxHashSet<u32> = takers.difference(&above).map(hash_of).collect();
            if !added.is_empty() {
                for (hash, file, function) in self.index.callers_of_any(&added) {
                    callers.entry(hash).or_default().push((file, function));
                }
            }
            let mut wanted: Vec<(FileId, usize)> = callers
                .values()
                .flatten()
                .copied()
                .filter(|(file, _)| self.tree.is_generic(*file))
                .collect();
            wanted.sort();
            wanted.dedup();
            for &(file, function) in &wanted {
                let start = self.index.file(file).functions[function].start;
                if !self.known_functions.contains(&(file, start)) {
                    self.parts.passages.insert((file, start));
                }
            }
            self.parse_functions(wanted);
            self.parse_used();
        }
        for function in &self.parts.functions {
            let callers = || callers.get(&hash_of(&function.name)).into_iter().flatten();
            if takers.contains(&function.name)
                && callers().all(|(file, _)| self.tree.is_generic(*file))
            {
                let place = (function.file, function.span.start);
                self.parts.with_all_callers.insert(place);
            }
        }
        self.sought.takers = takers;
    }

    /// The enumerators of the generic files of which something was parsed. One that is defined
    /// twice with different values has none that is certain.
    fn read_enumerators(&mut self) {
        let files: BTreeSet<FileId> = self
            .parts
            .functions
            .iter()
            .map(|function| function.file)
            .filter(|file| self.tree.is_generic(*file))
            .collect();
        let found: Vec<Vec<(String, Option<i128>)>> = files
            .into_par_iter()
            .map(|file| {
                let language = self.tree.files[file.0 as usize].language;
                syntax::enumerators(self.sources.bytes(file), language)
            })
            .collect();
        for (name, value) in found.into_iter().flatten() {
            self.parts
                .enumerators
                .entry(Symbol::new(&name))
                .and_modify(|known| *known = known.filter(|known| Some(*known) == value))
                .or_insert(value);
        }
    }

    fn n_parsed(&self) -> usize {
        self.parts.functions.len()
            + self.parts.structs.len()
            + self.parts.tables.len()
            + self.parts.macros.len()
    }

    fn relevant_functions(&mut self, scope: Scope) -> Vec<(FileId, usize)> {
        let mut found = Vec::new();
        for (i, file) in self.index.files.iter().enumerate() {
            if file.mentions == 0 {
                continue;
            }
            let is_generic = self.tree.is_generic(FileId(i as u32));
            for (j, function) in file.functions.iter().enumerate() {
                let Some(relevance) = relevance(function, is_generic, scope) else {
                    continue;
                };
                if relevance == Relevance::Passage {
                    let start = function.start;
                    self.parts.passages.insert((FileId(i as u32), start));
                }
                found.push((FileId(i as u32), j));
            }
        }
        if scope == Scope::Everything {
            found.extend(self.rust_passages(&found));
        }
        found
    }

    /// Generic Rust functions that call what handles a VMA, or hand it over. In C they would name
    /// the type of what they hand on; in Rust nobody has to.
    fn rust_passages(&mut self, relevant: &[(FileId, usize)]) -> Vec<(FileId, usize)> {
        let is_rust_generic = |file: FileId| self.tree.is_rust(file) && self.tree.is_generic(file);
        if !self.tree.file_ids().any(is_rust_generic) {
            return Vec::new();
        }
        let carries = |&&(file, at): &&(FileId, usize)| {
            self.index.file(file).functions[at].mentions_signature & (1 << class::TYPE) != 0
        };
        let carriers: FxHashSet<u32> = relevant
            .iter()
            .filter(carries)
            .map(|&(file, at)| self.index.file(file).functions[at].name_hash)
            .collect();
        let known: FxHashSet<&(FileId, usize)> = relevant.iter().collect();
        let mut found = Vec::new();
        for id in self.tree.file_ids().filter(|&id| is_rust_generic(id)) {
            let index = self.index.file(id);
            for (at, function) in index.functions.iter().enumerate() {
                let mut names = index.callees(at).iter().chain(index.args(at));
                if !known.contains(&(id, at)) && names.any(|hash| carriers.contains(hash)) {
                    self.parts.passages.insert((id, function.start));
                    found.push((id, at));
                }
            }
        }
        found
    }

    fn parse_functions(&mut self, mut wanted: Vec<(FileId, usize)>) {
        wanted.retain(|&(file, function)| {
            let start = self.index.file(file).functions[function].start;
            self.known_functions.insert((file, start))
        });
        let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
        for (file, function) in wanted {
            by_file.entry(file).or_default().push(function);
        }
        let parsed: Vec<Vec<Function>> = by_file
            .into_iter()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(file, functions)| {
                // Read in any case: the answer says how many files it rests on.
                self.sources.bytes(file);
                let syntax = std::cell::OnceCell::new();
                functions
                    .into_iter()
                    .map(|function| {
                        let entry = &self.index.file(file).functions[function];
                        let known = self.known.as_ref();
                        if let Some(known) = known.and_then(|known| known.function(file, entry)) {
                            return known;
                        }
                        let syntax = syntax.get_or_init(|| self.sources.syntax(file));
                        let kind = if entry.is_macro {
                            FunctionKind::Macro
                        } else {
                            FunctionKind::Function
                        };
                        syntax.function(entry.span(), kind)
                    })
                    .collect()
            })
            .collect();
        self.parts.functions.extend(parsed.into_iter().flatten());
    }

    /// Parses structures, tables, macros and stores that the functions parsed so far refer to.
    fn parse_used(&mut self) {
        self.infer();
        let needs = self.needs();
        self.parse_structs(&needs.structs);
        self.parse_tables();
        self.parse_object_macros(&needs.names);
        self.find_stores(&needs.members);
        self.parse_called_macros(&needs.called_with_vma);
        self.parse_small_callees();
    }

    /// Small functions of Rust that those parsed call: a condition or a value that goes through
    /// one, as it goes through a macro in C, is seen only if the function is.
    fn parse_small_callees(&mut self) {
        const MAX_SIZE: u32 = 400;
        let tree = self.tree;
        let mut called: BTreeSet<Symbol> = BTreeSet::new();
        let rust = self
            .parts
            .functions
            .iter()
            .filter(|function| tree.is_rust(function.file));
        for body in rust.flat_map(|function| &function.bodies) {
            let callees = body.exprs.iter().filter_map(|expr| match &expr.kind {
                ExprKind::Call { callee, .. } => match body.expr(*callee).kind {
                    ExprKind::Global(name) => Some(name),
                    _ => None,
                },
                _ => None,
            });
            called.extend(callees);
        }
        let mut wanted = Vec::new();
        for name in &called {
            for (file, at) in self.index.functions_named(name.as_str()) {
                let entry = &self.index.file(file).functions[at];
                let key = (file, entry.start);
                let is_small = tree.is_rust(file) && entry.end - entry.start <= MAX_SIZE;
                if is_small && !self.known_functions.contains(&key) {
                    self.parts.passages.insert(key);
                    wanted.push((file, at));
                }
            }
        }
        self.parse_functions(wanted);
    }

    fn parse_structs(&mut self, names: &BTreeSet<Symbol>) {
        let wanted: Vec<Symbol> = names
            .iter()
            .copied()
            .filter(|name| self.sought.structs.insert(*name))
            .collect();
        let parsed: Vec<Vec<(FileId, StructDef)>> = wanted
            .into_par_iter()
            .map(|name| {
                self.index
                    .structs_named(name.as_str())
                    .into_iter()
                    .filter_map(|(file, entry)| {
                        let syntax = self.sources.syntax(file);
                        let mut def = syntax.struct_def(Span::new(entry.start, entry.end))?;
                        def.name = name;
                        Some((file, def))
                    })
                    .collect()
            })
            .collect();
        self.parts.structs.extend(parsed.into_iter().flatten());
    }

    /// Every initialised object that holds a parsed function, or the operations of a VMA.
    fn parse_tables(&mut self) {
        let before = self.n_with_tables.replace(self.parts.functions.len());
        if before == self.n_with_tables {
            return;
        }
        let mut values: FxHashSet<u32> = self.parts.functions[before.unwrap_or(0)..]
            .iter()
            .filter(|function| function.kind == FunctionKind::Function)
            .map(|function| name_hash(function.name.as_str().as_bytes()))
            .collect();
        let vm_ops_hash = name_hash(b"struct vm_operations_struct");
        let vm_ops = self.index.tables_of_struct("struct vm_operations_struct");
        values.extend(vm_ops.iter().map(|(_, entry)| entry.name_hash));
        let mut places = Vec::new();
        for (i, index) in self.index.files.iter().enumerate() {
            let file = FileId(i as u32);
            for entry in &index.initializers {
                let pairs = index.pairs(entry);
                let is_wanted = entry.struct_hash == vm_ops_hash
                    || pairs.iter().any(|pair| values.contains(&pair.value_hash));
                if is_wanted && self.known_tables.insert((file, entry.start)) {
                    places.push((file, Span::new(entry.start, entry.end)));
                }
            }
        }
        let parsed: Vec<Vec<Table>> = places
            .into_par_iter()
            .map(|(file, span)| self.sources.syntax(file).table(span))
            .collect();
        self.parts.tables.extend(parsed.into_iter().flatten());
    }

    fn parse_object_macros(&mut self, names: &BTreeSet<Symbol>) {
        let mut pending: Vec<Symbol> = names
            .iter()
            .copied()
            .filter(|name| needs::is_flag(self.vocabulary, name.as_str()))
            .collect();
        while let Some(name) = pending.pop() {
            if !self.sought.macros.insert(name) {
                continue;
            }
            for (file, entry) in self.index.macros_named(name.as_str()) {
                let span = Span::new(entry.start, entry.end);
                let Some(text) = self.constant_text(file, name, span) else {
                    continue;
                };
                let text = match self.tree.files[file.0 as usize].language {
                    Language::C => text.as_str(),
                    // `: Type = value`
                    Language::Rust => text.split_once('=').map_or("", |(_, value)| value),
                };
                pending.extend(
                    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                        .filter(|word| needs::is_flag(self.vocabulary, word))
                        .map(Symbol::new),
                );
                self.parts.macros.push(ObjectMacro {
                    name,
                    file,
                    text: text.to_owned(),
                });
            }
        }
    }

    fn find_stores(&mut self, members: &BTreeSet<(Symbol, Symbol)>) {
        let entry_points = self
            .vocabulary
            .entry_point
            .iter()
            .map(|entry| Symbol::new(&entry.member));
        let names: BTreeSet<Symbol> = members
            .iter()
            .map(|(_, member)| *member)
            .chain(entry_points)
            .filter(|member| self.sought.members.insert(*member))
            .collect();
        for member in names {
            for (file, store) in self.index.stores_to_member(member.as_str()) {
                let source = self.sources.bytes(file);
                let value = name_at(source, store.offset);
                self.parts.member_stores.push(MemberStore {
                    member,
                    value: Symbol::new(&value),
                    file,
                    span: Span::new(store.offset, store.offset + value.len() as u32),
                });
            }
        }
    }

    /// Function-like macros that are given a VMA: they are part of the way it takes.
    fn parse_called_macros(&mut self, names: &BTreeSet<Symbol>) {
        let wanted: Vec<(FileId, usize)> = names
            .iter()
            .flat_map(|name| {
                self.index
                    .functions_named(name.as_str())
                    .filter(|&(file, function)| self.index.file(file).functions[function].is_macro)
                    .collect::<Vec<_>>()
            })
            .collect();
        self.parse_functions(wanted);
    }

    /// What functions refer to that was not found out before: what those do that were parsed since,
    /// and those of Rust, of which more is inferred each time. With more structures it is all
    /// different.
    fn needs(&mut self) -> Needs {
        let now = (self.parts.functions.len(), self.parts.structs.len());
        let (n_functions, n_structs) = std::mem::replace(&mut self.n_with_needs, now);
        let is_new = |(at, function): &(usize, &Function)| {
            n_structs != now.1 || *at >= n_functions || self.tree.is_rust(function.file)
        };
        let fields = &mut self.sought.fields;
        needs::add_fields(fields, &self.parts.structs[n_structs..]);
        let context = Context {
            fields,
            vocabulary: self.vocabulary,
        };
        let functions = self.parts.functions.par_iter().enumerate().filter(is_new);
        let needs: Vec<Needs> = functions.map(|(_, it)| context.needs_of(it)).collect();
        let mut all = Needs::default();
        needs.into_iter().for_each(|needs| all.add(needs));
        all
    }
}

fn base_name(path: &str) -> &str {
    &path[path.rfind('/').map_or(0, |at| at + 1)..]
}

/// The identifier that begins at `offset`.
fn name_at(source: &[u8], offset: u32) -> String {
    let rest = source.get(offset as usize..).unwrap_or_default();
    let len = rest
        .iter()
        .position(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
        .unwrap_or(rest.len());
    String::from_utf8_lossy(&rest[..len]).into_owned()
}
