//! The call graph of a whole tree, found out as far as it is asked for.
//!
//! A node is a function or function-like macro of the lexical index. Its edges are known once it
//! has been *expanded*: parsed, and every call in it resolved by scope and by type. Expanding all
//! of a kernel would take most of a minute, so callers say which functions they need.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::link::{Candidate, is_visible, visible};
use super::sites::{Callee, Site, sites, strip};
use super::types::{Definitions, distance, nearest_field, type_of};
use super::{FileFacts, MemberStore};
use crate::program::{
    ExprKind, FileId, Function, FunctionKind, Instr, Span, StructDef, Symbol, Terminator, TypeRef,
};
use crate::syntax::FileSyntax;
use crate::tree::{FunctionEntry, Index, InitializerEntry, name_hash};

/// Gives the bytes of files; reading them is not this stage's business.
pub trait Contents: Sync {
    /// The content of a file; empty if it cannot be read.
    fn read(&self, file: FileId) -> Vec<u8>;
}

/// A function of the lexical index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub(super) u32);

/// A call of one function by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEdge {
    /// The function called.
    pub to: Node,
    /// How.
    pub kind: CallKind,
    /// For [`CallKind::Ops`] structure and member, for [`CallKind::Callback`] what the function
    /// is passed to; else empty.
    pub label: Symbol,
    /// Where the call stands in the caller's file.
    pub offset: u32,
    /// False if the structure's type was not known and the member's name decided, together with
    /// the number of parameters.
    pub is_typed: bool,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallKind {
    /// By name.
    Direct,
    /// Through a member of a structure.
    Ops,
    /// By whatever it is passed to.
    Callback,
}

/// More functions than this with a member's name and the right number of parameters say nothing.
const MAX_UNTYPED: usize = 64;

/// Macros that stand for macros are followed this far.
const MAX_MACRO_DEPTH: u8 = 4;

/// The call graph.
pub struct CallGraph<'a> {
    index: &'a Index,
    files: &'a [FileFacts],
    contents: &'a dyn Contents,
    /// The first node of each file.
    starts: Vec<u32>,
    /// Functions that have no definition in the tree; their nodes follow those that have.
    declared: Vec<Declared>,
    structs: Memo<Symbol, Arc<Vec<(FileId, StructDef)>>>,
    stores: Memo<Symbol, Arc<Vec<TypedStore>>>,
    members: Memo<(Symbol, Symbol, Option<FileId>), Arc<Vec<Node>>>,
    untyped: Memo<(Symbol, usize), Arc<Vec<Node>>>,
    embedded: Memo<(u32, Symbol, Symbol), bool>,
    signatures: Memo<Node, Signature>,
}

/// A function that is called but not defined in the tree.
struct Declared {
    name: String,
    hash: u32,
    file: FileId,
}

/// A store of a function to a member of a structure.
struct TypedStore {
    structure: Option<Symbol>,
    store: MemberStore,
}

/// What callers need to know of a function.
#[derive(Clone, Copy)]
struct Signature {
    result: TypeRef,
    n_params: usize,
}

impl<'a> CallGraph<'a> {
    /// A graph of which nothing has been expanded. `files` has an entry for each of the index.
    pub fn new(index: &'a Index, files: &'a [FileFacts], contents: &'a dyn Contents) -> Self {
        let mut next = 0;
        let mut starts: Vec<u32> = index
            .files
            .iter()
            .map(|file| {
                let start = next;
                next += file.functions.len() as u32;
                start
            })
            .collect();
        starts.push(next);
        CallGraph {
            index,
            files,
            contents,
            starts,
            declared: Vec::new(),
            structs: Memo::default(),
            stores: Memo::default(),
            members: Memo::default(),
            untyped: Memo::default(),
            embedded: Memo::default(),
            signatures: Memo::default(),
        }
    }

    /// Adds a function without a definition, declared in `file`.
    pub fn declare(&mut self, name: &str, file: FileId) -> Node {
        self.declared.push(Declared {
            name: name.to_owned(),
            hash: name_hash(name.as_bytes()),
            file,
        });
        Node((self.n_nodes() - 1) as u32)
    }

    /// How many functions and function-like macros there are.
    pub fn n_nodes(&self) -> usize {
        self.n_defined() + self.declared.len()
    }

    fn n_defined(&self) -> usize {
        self.starts.last().map_or(0, |&n| n as usize)
    }

    /// Every function defined under this name, by file and place.
    pub fn nodes_named(&self, name: &str) -> Vec<Node> {
        let mut nodes: Vec<Node> = self
            .index
            .functions_named(name)
            .map(|(file, function)| self.node(file, function))
            .collect();
        nodes.sort();
        nodes
    }

    /// The file a function is defined in, else the one it is declared in.
    pub fn file(&self, node: Node) -> FileId {
        match self.declaration(node) {
            Some(declared) => declared.file,
            None => self.place(node).0,
        }
    }

    /// What the index knows of a function; `None` if it is only declared.
    pub fn entry(&self, node: Node) -> Option<&'a FunctionEntry> {
        if self.declaration(node).is_some() {
            return None;
        }
        let (file, function) = self.place(node);
        Some(&self.index.file(file).functions[function])
    }

    /// The name of a function.
    pub fn name(&self, node: Node) -> &str {
        if let Some(declared) = self.declaration(node) {
            return &declared.name;
        }
        let (file, function) = self.place(node);
        self.index.function_name(file, function)
    }

    fn declaration(&self, node: Node) -> Option<&Declared> {
        let at = (node.0 as usize).checked_sub(self.n_defined())?;
        self.declared.get(at)
    }

    /// The file of a defined function and its position in it.
    fn place(&self, node: Node) -> (FileId, usize) {
        let file = self.starts.partition_point(|&start| start <= node.0) - 1;
        (FileId(file as u32), (node.0 - self.starts[file]) as usize)
    }

    /// The architecture a function belongs to.
    pub fn arch(&self, node: Node) -> Option<Symbol> {
        self.facts(self.file(node)).arch
    }

    /// What each of `nodes` calls, each list in source order. Parses every one of them, in
    /// parallel.
    pub fn expand(&self, nodes: &[Node]) -> Vec<Vec<CallEdge>> {
        let mut by_file: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
        for (i, &node) in nodes.iter().enumerate() {
            if self.declaration(node).is_none() {
                by_file.entry(self.file(node)).or_default().push(i);
            }
        }
        let parts: Vec<Vec<(usize, Vec<CallEdge>)>> = by_file
            .into_iter()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(file, wanted)| {
                let bytes = self.contents.read(file);
                let syntax = FileSyntax::of(file, &bytes, self.files[file.0 as usize].language());
                wanted
                    .into_iter()
                    .filter_map(|i| {
                        let function = parse(&syntax, self.entry(nodes[i])?);
                        Some((i, self.edges(&function)))
                    })
                    .collect()
            })
            .collect();
        let mut edges = vec![Vec::new(); nodes.len()];
        for (i, found) in parts.into_iter().flatten() {
            edges[i] = found;
        }
        edges
    }

    pub(super) fn index(&self) -> &'a Index {
        self.index
    }

    pub(super) fn files(&self) -> &'a [FileFacts] {
        self.files
    }

    pub(super) fn node(&self, file: FileId, function: usize) -> Node {
        Node(self.starts[file.0 as usize] + function as u32)
    }

    pub(super) fn candidate(&self, node: Node) -> Candidate<Node> {
        Candidate {
            id: node,
            file: self.file(node),
            is_static: self
                .entry(node)
                .is_some_and(|entry| entry.is_static || entry.is_macro),
            is_rust_only: self.entry(node).is_some_and(|entry| entry.is_rust_only),
        }
    }

    pub(super) fn name_hash(&self, node: Node) -> u32 {
        match (self.entry(node), self.declaration(node)) {
            (Some(entry), _) => entry.name_hash,
            (None, Some(declared)) => declared.hash,
            (None, None) => 0,
        }
    }

    fn is_macro(&self, node: Node) -> bool {
        self.entry(node).is_some_and(|entry| entry.is_macro)
    }

    fn facts(&self, file: FileId) -> &'a FileFacts {
        &self.files[file.0 as usize]
    }

    fn edges(&self, function: &Function) -> Vec<CallEdge> {
        let mut edges: Vec<CallEdge> = Vec::new();
        for site in sites(function, &Types::new(self)) {
            self.edges_of_site(&site, function.file, &mut edges);
        }
        // Of several calls the first counts.
        let mut seen = FxHashSet::default();
        edges.retain(|edge| seen.insert((edge.to, edge.kind, edge.label)));
        edges
    }

    fn edges_of_site(&self, site: &Site, file: FileId, edges: &mut Vec<CallEdge>) {
        let mut push = |to: Node, kind, label: Symbol, is_typed| {
            edges.push(CallEdge {
                to,
                kind,
                label,
                offset: site.offset,
                is_typed,
            });
        };
        match site.callee {
            Callee::Name(name) => {
                for to in self.resolve(name, file) {
                    push(to, CallKind::Direct, Symbol::new(""), true);
                }
            }
            Callee::Passed { name, to } => {
                let label = to.unwrap_or_else(|| Symbol::new(""));
                for to in self.resolve(name, file) {
                    if !self.is_macro(to) {
                        push(to, CallKind::Callback, label, true);
                    }
                }
            }
            Callee::Member {
                structure,
                member,
                n_args,
            } => {
                let typed = structure.and_then(|structure| {
                    let label = Symbol::new(&format!("{structure}.{member}"));
                    Some((self.members(structure, member, file)?, label))
                });
                match typed {
                    Some((targets, label)) => {
                        for &to in targets.iter() {
                            push(to, CallKind::Ops, label, true);
                        }
                    }
                    None => {
                        let label = Symbol::new(&format!("(unknown structure).{member}"));
                        for &to in self.members_by_name(member, n_args).iter() {
                            push(to, CallKind::Ops, label, false);
                        }
                    }
                }
            }
        }
    }

    /// The functions that a name used in `file` can mean.
    fn resolve(&self, name: Symbol, file: FileId) -> Vec<Node> {
        self.resolve_hashed(name_hash(name.as_str().as_bytes()), file, 0)
    }

    fn resolve_hashed(&self, hash: u32, file: FileId, depth: u8) -> Vec<Node> {
        let found = visible(self.files, file, self.functions_hashed(hash).into_iter());
        if !found.is_empty() || depth == MAX_MACRO_DEPTH {
            return found;
        }
        let mut found: Vec<Node> = self
            .index
            .aliases_hashed(hash)
            .filter(|&(its_file, _)| {
                let alias = Candidate {
                    id: (),
                    file: its_file,
                    is_static: true,
                    is_rust_only: false,
                };
                is_visible(self.files, file, &alias)
            })
            .flat_map(|(_, target)| self.resolve_hashed(target, file, depth + 1))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    fn functions_hashed(&self, hash: u32) -> Vec<Candidate<Node>> {
        let first = self.n_defined() as u32;
        let declared = (0..self.declared.len()).filter(|&at| self.declared[at].hash == hash);
        let declared = declared.map(|at| Node(first + at as u32));
        self.index
            .functions_hashed(hash)
            .map(|(file, function)| self.node(file, function))
            .chain(declared)
            .map(|node| self.candidate(node))
            .collect()
    }

    /// The functions that `member` of a structure can hold; `None` if the structure is not known.
    fn members(&self, structure: Symbol, member: Symbol, file: FileId) -> Option<Arc<Vec<Node>>> {
        let defs = self.structs(structure);
        if defs.is_empty() {
            return None;
        }
        // Drivers call their own structures alike: only those that mean the same definition count.
        let nearest = |from: FileId| {
            defs.iter()
                .map(|(file, _)| *file)
                .min_by_key(|&file| (distance(self.files, from, file), file))
        };
        let meant = if defs.len() == 1 { None } else { nearest(file) };
        let is_meant = |from: FileId| meant.is_none() || nearest(from) == meant;
        Some(self.members.get((structure, member, meant), || {
            let struct_hash = name_hash(structure.as_str().as_bytes());
            let member_hash = name_hash(member.as_str().as_bytes());
            let mut found = Vec::new();
            for (file, table, pair) in self.index.tables_setting_hashed(member_hash) {
                let holds = table.struct_hash == struct_hash
                    || self.embeds(file, &table, structure, member);
                if holds && is_meant(file) {
                    found.extend(self.held(pair.value_hash, file));
                }
            }
            for typed in self.stores(member).iter() {
                if typed.structure == Some(structure) && is_meant(typed.store.file) {
                    let value = name_hash(typed.store.value.as_str().as_bytes());
                    found.extend(self.held(value, typed.store.file));
                }
            }
            sorted(found)
        }))
    }

    /// The functions with `n_args` parameters that a member of this name holds in any structure.
    fn members_by_name(&self, member: Symbol, n_args: usize) -> Arc<Vec<Node>> {
        self.untyped.get((member, n_args), || {
            let hash = name_hash(member.as_str().as_bytes());
            let mut found = Vec::new();
            for (file, _, pair) in self.index.tables_setting_hashed(hash) {
                found.extend(self.held(pair.value_hash, file));
            }
            for (file, pair) in self.index.stores_to_member(member.as_str()) {
                found.extend(self.held(pair.value_hash, file));
            }
            let mut found = Arc::unwrap_or_clone(sorted(found));
            if found.len() > MAX_UNTYPED {
                return Arc::default();
            }
            found.retain(|&node| self.signature(node).n_params == n_args);
            Arc::new(found)
        })
    }

    /// The functions a value of a table or a store means.
    fn held(&self, value_hash: u32, file: FileId) -> impl Iterator<Item = Node> {
        self.resolve_hashed(value_hash, file, 0)
            .into_iter()
            .filter(|&node| !self.is_macro(node))
    }

    /// True if objects of a table's type have no member called so themselves, but contain a
    /// `structure`: the member was set in a nested initialiser.
    fn embeds(
        &self,
        file: FileId,
        table: &InitializerEntry,
        structure: Symbol,
        member: Symbol,
    ) -> bool {
        if table.struct_hash == 0 {
            return false;
        }
        self.embedded
            .get((table.struct_hash, structure, member), || {
                let bytes = self.contents.read(file);
                let syntax = FileSyntax::of(file, &bytes, self.files[file.0 as usize].language());
                let tables = syntax.table(Span::new(table.start, table.end));
                let Some(outer) = tables.first().map(|table| table.struct_name) else {
                    return false;
                };
                self.contains(outer, structure, member, 0)
            })
    }

    fn contains(&self, outer: Symbol, inner: Symbol, member: Symbol, depth: u8) -> bool {
        const MAX_DEPTH: u8 = 3;
        self.structs(outer).iter().any(|(_, def)| {
            !def.fields.iter().any(|field| field.name == member)
                && def.fields.iter().any(|field| {
                    field.ty.pointers == 0
                        && !field.ty.function
                        && (field.ty.base == inner
                            || depth < MAX_DEPTH
                                && field.ty.base.as_str().starts_with("struct ")
                                && self.contains(field.ty.base, inner, member, depth + 1))
                })
        })
    }

    fn structs(&self, name: Symbol) -> Arc<Vec<(FileId, StructDef)>> {
        self.structs.get(name, || {
            let mut defs: Vec<(FileId, StructDef)> = self
                .index
                .structs_named(name.as_str())
                .into_iter()
                .filter_map(|(file, entry)| {
                    let bytes = self.contents.read(file);
                    let syntax =
                        FileSyntax::of(file, &bytes, self.files[file.0 as usize].language());
                    let def = syntax.struct_def(Span::new(entry.start, entry.end))?;
                    Some((file, def))
                })
                .collect();
            defs.sort_by_key(|(file, _)| *file);
            Arc::new(defs)
        })
    }

    /// Every store of a name to a member called so, with the structure it is a member of.
    fn stores(&self, member: Symbol) -> Arc<Vec<TypedStore>> {
        self.stores.get(member, || {
            let mut functions: BTreeSet<Node> = BTreeSet::new();
            for (file, store) in self.index.stores_to_member(member.as_str()) {
                if let Some(function) = self.index.function_at(file, store.offset) {
                    functions.insert(self.node(file, function));
                }
            }
            let mut found = Vec::new();
            for node in functions {
                if let Some(function) = self.parse(node) {
                    self.stores_in(&function, member, &mut found);
                }
            }
            Arc::new(found)
        })
    }

    fn stores_in(&self, function: &Function, member: Symbol, found: &mut Vec<TypedStore>) {
        for body in &function.bodies {
            for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
                let Instr::Assign { target, value, .. } = instr else {
                    continue;
                };
                let ExprKind::Member { base, field, .. } = body.expr(*target).kind else {
                    continue;
                };
                let value = strip(body, *value);
                if field != member {
                    continue;
                }
                if let ExprKind::Global(name) = body.expr(value).kind {
                    let ty = type_of(&Types::new(self), function, body, base);
                    found.push(TypedStore {
                        structure: (!ty.is_unknown()).then_some(ty.base),
                        store: MemberStore {
                            member,
                            value: name,
                            file: function.file,
                            span: body.expr(value).span,
                        },
                    });
                }
            }
        }
    }

    /// A function as its file has it; `None` if it is only declared.
    pub fn parse(&self, node: Node) -> Option<Function> {
        let entry = self.entry(node)?;
        let file = self.file(node);
        let bytes = self.contents.read(file);
        let language = self.files[file.0 as usize].language();
        Some(parse(&FileSyntax::of(file, &bytes, language), entry))
    }

    fn signature(&self, node: Node) -> Signature {
        self.signature_at(node, 0)
    }

    fn signature_at(&self, node: Node, depth: u8) -> Signature {
        let read = || {
            let Some(function) = self.parse(node) else {
                return Signature {
                    result: TypeRef::unknown(),
                    n_params: 0,
                };
            };
            let result = match function.kind {
                FunctionKind::Function => function.result,
                FunctionKind::Macro => self.macro_type(&function, depth),
            };
            Signature {
                result,
                n_params: function.n_params,
            }
        };
        // What a macro inside of macros is depends on how many were followed before.
        if depth > 0 && self.is_macro(node) {
            return read();
        }
        self.signatures.get(node, read)
    }

    /// The type of a macro's value, where it does not depend on its arguments.
    fn macro_type(&self, function: &Function, depth: u8) -> TypeRef {
        let value = function.bodies.iter().find_map(|body| {
            let block = body.blocks.first()?;
            match block.terminator {
                Terminator::Return(Some(value)) => Some((body, value)),
                _ => None,
            }
        });
        match value {
            Some((body, value)) if depth < MAX_MACRO_DEPTH => {
                let types = Types {
                    graph: self,
                    depth: depth + 1,
                };
                type_of(&types, function, body, value)
            }
            _ => TypeRef::unknown(),
        }
    }
}

/// The types that the graph finds out on demand.
struct Types<'g, 'a> {
    graph: &'g CallGraph<'a>,
    depth: u8,
}

impl<'g, 'a> Types<'g, 'a> {
    fn new(graph: &'g CallGraph<'a>) -> Types<'g, 'a> {
        Types { graph, depth: 0 }
    }
}

impl Definitions for Types<'_, '_> {
    fn field_type(&self, struct_name: Symbol, field: Symbol, file: FileId) -> TypeRef {
        if struct_name.as_str().is_empty() {
            return TypeRef::unknown();
        }
        let defs = self.graph.structs(struct_name);
        let defs = defs.iter().map(|(file, def)| (*file, def));
        nearest_field(self.graph.files, file, defs, field)
    }

    fn result_type(&self, name: Symbol, file: FileId) -> TypeRef {
        self.graph
            .resolve(name, file)
            .first()
            .map_or_else(TypeRef::unknown, |&node| {
                self.graph.signature_at(node, self.depth).result
            })
    }
}

fn parse(syntax: &FileSyntax<'_>, entry: &FunctionEntry) -> Function {
    let kind = if entry.is_macro {
        FunctionKind::Macro
    } else {
        FunctionKind::Function
    };
    syntax.function(entry.span(), kind)
}

fn sorted(mut nodes: Vec<Node>) -> Arc<Vec<Node>> {
    nodes.sort();
    nodes.dedup();
    Arc::new(nodes)
}

/// Answers that are computed once. Two threads may both compute one; they agree.
struct Memo<K, V>(Mutex<FxHashMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    fn get(&self, key: K, compute: impl FnOnce() -> V) -> V {
        let known = self.lock().get(&key).cloned();
        known.unwrap_or_else(|| {
            let value = compute();
            self.lock().entry(key).or_insert(value).clone()
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<K, V>> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}
