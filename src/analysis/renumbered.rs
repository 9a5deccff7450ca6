//! Two versions of a program with different functions: which of them are the same.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::callgraph::{FnId, Program};
use crate::program::{ExprKind, FileId, Function, StructDef, Symbol};
use crate::tree::Language;

/// Which function of a program is which of the version before.
#[derive(Clone, Debug, Default)]
pub struct Renumbered {
    /// By the number before.
    now: Vec<Option<FnId>>,
    /// By the number now.
    before: Vec<Option<FnId>>,
    /// Functions, by the number now, whose code or the meaning of whose names may differ.
    pub changed: FixedBitSet,
    /// Structures that are defined differently.
    pub structs: FxHashSet<Symbol>,
    /// Members that something else is stored to.
    members: FxHashSet<Symbol>,
}

impl Renumbered {
    /// Compares two versions of a program whose files have the same numbers, and the same content
    /// but for `edited`. `None` if they differ in more than functions, structures and stores.
    pub fn between(
        before: &Program,
        now: &Program,
        edited: &BTreeSet<FileId>,
    ) -> Option<Renumbered> {
        let tables = |program: &Program| -> Vec<_> {
            let tables = program.tables();
            tables
                .map(|(_, it)| {
                    let entries = it.entries.iter();
                    let entries: Vec<_> =
                        entries.map(|entry| (entry.member, entry.value)).collect();
                    (it.file, it.name, it.struct_name, entries)
                })
                .collect()
        };
        let macros = |program: &Program| -> Vec<_> {
            let macros = program.macros().iter();
            macros
                .map(|it| (it.file, it.name, it.text.clone()))
                .collect()
        };
        let includes = |program: &Program| -> Vec<_> {
            let edited = edited.iter().map(|file| program.file(*file));
            edited.map(|file| file.includes.clone()).collect()
        };
        if tables(before) != tables(now)
            || macros(before) != macros(now)
            || includes(before) != includes(now)
            || before.enumerators() != now.enumerators()
        {
            return None;
        }
        let mut renumbered = Renumbered::pair(before, now);
        renumbered.structs = differing_structs(before, now);
        let names = renumbered.differing_names(before, now);
        renumbered.members = differing_members(before, now);
        renumbered.changed = FixedBitSet::with_capacity(now.n_functions());
        for (id, function) in now.functions() {
            let is_same = renumbered.before(id).is_some_and(|old| {
                let is_known = !edited.contains(&function.file)
                    && now.file(function.file).language() == Language::C
                    && before.function(old).span == function.span;
                before.is_passage(old) == now.is_passage(id)
                    && before.has_all_callers(old) == now.has_all_callers(id)
                    && (is_known || is_same_code(before.function(old), function))
            });
            let exprs = function.bodies.iter().flat_map(|body| &body.exprs);
            let mut mentions = exprs.map(|expr| match &expr.kind {
                ExprKind::Global(name) => names.contains(name) || renumbered.members.contains(name),
                ExprKind::Member { field, .. } => renumbered.members.contains(field),
                _ => false,
            });
            let has_other_meaning = mentions.any(|is_other| is_other);
            renumbered
                .changed
                .set(id.0 as usize, !is_same || has_other_meaning);
        }
        Some(renumbered)
    }

    /// True if both versions come to the same, whatever else their files hold.
    pub fn is_same(&self) -> bool {
        self.changed.is_clear()
            && self.now.iter().all(Option::is_some)
            && self.structs.is_empty()
            && self.members.is_empty()
    }

    /// The function that was `id`.
    pub fn now(&self, id: FnId) -> Option<FnId> {
        self.now.get(id.0 as usize).copied().flatten()
    }

    /// What function `id` was.
    pub fn before(&self, id: FnId) -> Option<FnId> {
        self.before.get(id.0 as usize).copied().flatten()
    }

    /// The functions of both versions: what they were, what they are.
    pub fn pairs(&self) -> impl Iterator<Item = (FnId, FnId)> + '_ {
        let before = (0..).map(FnId).zip(&self.now);
        before.filter_map(|(old, new)| Some((old, (*new)?)))
    }

    /// Pairs functions of the same file and name, in order.
    fn pair(before: &Program, now: &Program) -> Renumbered {
        let mut by_name: FxHashMap<(FileId, Symbol), Vec<FnId>> = FxHashMap::default();
        for (id, function) in before.functions() {
            let known = by_name.entry((function.file, function.name)).or_default();
            known.push(id);
        }
        let mut renumbered = Renumbered {
            now: vec![None; before.n_functions()],
            before: vec![None; now.n_functions()],
            ..Renumbered::default()
        };
        let mut n_seen: FxHashMap<(FileId, Symbol), usize> = FxHashMap::default();
        for (id, function) in now.functions() {
            let key = (function.file, function.name);
            let nth = n_seen.entry(key).or_default();
            if let Some(&old) = by_name.get(&key).and_then(|known| known.get(*nth)) {
                renumbered.now[old.0 as usize] = Some(id);
                renumbered.before[id.0 as usize] = Some(old);
            }
            *nth += 1;
        }
        renumbered
    }

    /// The names of functions of which there are others, or that look different from outside.
    fn differing_names(&self, before: &Program, now: &Program) -> FxHashSet<Symbol> {
        let shape = |function: &Function| {
            let params: Vec<_> = function
                .params()
                .iter()
                .map(|it| (it.name, it.ty))
                .collect();
            (function.kind, function.is_static, function.result, params)
        };
        let gone = before.functions().filter(|(id, _)| self.now(*id).is_none());
        let other = now.functions().filter(|(id, function)| {
            let known = self.before(*id).map(|old| before.function(old));
            known.is_none_or(|known| shape(known) != shape(function))
        });
        gone.chain(other)
            .map(|(_, function)| function.name)
            .collect()
    }
}

fn is_same_code(before: &Function, now: &Function) -> bool {
    let by = now.span.start.wrapping_sub(before.span.start);
    before.moved(by.cast_signed()) == *now
}

fn differing_structs(before: &Program, now: &Program) -> FxHashSet<Symbol> {
    let all = |program: &Program| -> Named<(FileId, StructDef)> {
        let structs = program.structs().iter();
        by_name(structs.map(|(file, def)| (def.name, (*file, def.clone()))))
    };
    differing(&all(before), &all(now))
}

/// The members that something else is stored to.
fn differing_members(before: &Program, now: &Program) -> FxHashSet<Symbol> {
    let all = |program: &Program| -> Named<(FileId, Symbol)> {
        let stores = program.stores().iter();
        by_name(stores.map(|store| (store.member, (store.file, store.value))))
    };
    differing(&all(before), &all(now))
}

/// What there is of each name, in order.
type Named<T> = FxHashMap<Symbol, Vec<T>>;

fn by_name<T>(all: impl Iterator<Item = (Symbol, T)>) -> Named<T> {
    let mut named = Named::default();
    for (name, one) in all {
        named.entry(name).or_insert_with(Vec::new).push(one);
    }
    named
}

/// The names of which there is something else.
fn differing<T: PartialEq>(before: &Named<T>, now: &Named<T>) -> FxHashSet<Symbol> {
    let names = before.keys().chain(now.keys());
    names
        .filter(|name| before.get(name) != now.get(name))
        .copied()
        .collect()
}
