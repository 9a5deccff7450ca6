//! A file was edited: takes the difference in without loading the tree again, where what else is
//! parsed cannot depend on it.
//!
//! That is so if the change is inside functions, and they refer to nothing that nobody else refers
//! to. Then everything that was parsed keeps its number, and only places and bodies differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis;
use crate::callgraph::FnId;
use crate::program::{FileId, Function, FunctionKind, Span, Symbol, Table};
use crate::syntax;
use crate::tree::{FileIndex, Index, Language, Tree, Words, index_file, name_hash};
use crate::vocabulary::Vocabulary;

use super::super::change::without_comments;
use super::needs::{Context, Counts, Need, each_need};
use super::{Loaded, relevance};

/// One file that differs from what was loaded.
pub struct Edit<'e> {
    /// The file.
    pub file: FileId,
    /// What the index knew of it.
    pub before: &'e FileIndex,
    /// The tree as it is now.
    pub tree: &'e Arc<Tree>,
    /// The index of it.
    pub index: &'e Index,
    /// What the tree is read by.
    pub vocabulary: &'e Vocabulary,
}

impl Loaded {
    /// Takes an edit in, and gives the functions that differ. `None` if the tree has to be loaded
    /// again; nothing has changed then.
    pub fn edit(&mut self, edit: &Edit<'_>) -> Option<analysis::Edit> {
        let language = edit.tree.files[edit.file.0 as usize].language;
        let after = edit.tree.read(edit.file).ok()?;
        let before = self.sources.peek(edit.file).into_owned();
        let before = before.as_slice();
        if language != Language::C || !is_index_of(edit.before, before) {
            return None;
        }
        let compared = Compared::new((edit.before, before), (edit.index.file(edit.file), &after))?;
        let is_same =
            syntax::enumerators(before, language) == syntax::enumerators(&after, language);
        if !is_same && edit.tree.is_generic(edit.file) {
            return None;
        }
        let syntax = syntax::FileSyntax::of(edit.file, &after, language);
        let mut functions: BTreeMap<FnId, Function> = BTreeMap::new();
        let mut taken = analysis::Edit {
            file: edit.file,
            changed: BTreeSet::new(),
            respaced: BTreeSet::new(),
        };
        for (at, is_changed) in compared.is_changed.iter().enumerate() {
            let (old, new) = (&edit.before.functions[at], &compared.now.functions[at]);
            let known = self.program.function_at(edit.file, old.start);
            if *is_changed && !self.matters_as_before(edit, at, known.is_some()) {
                return None;
            }
            let Some(id) = known else { continue };
            let known = self.program.function(id);
            let mut moved = known.moved(new.start.wrapping_sub(old.start).cast_signed());
            if *is_changed {
                let kind = match new.is_macro {
                    true => FunctionKind::Macro,
                    false => FunctionKind::Function,
                };
                let function = syntax.function(new.span(), kind);
                if !self.has_same_shape(known, &function) {
                    return None;
                }
                if function.without_places() != moved.without_places() {
                    taken.changed.insert(id);
                } else if function != moved {
                    taken.respaced.insert(id);
                }
                moved = function;
            }
            functions.insert(id, moved);
        }
        if !self.needs_the_same(edit, &functions, &taken.changed) {
            return None;
        }
        let tables = self.moved_tables(edit.file, &compared)?;
        let place = |span: Span| compared.store(edit.before, span);
        self.program
            .replace_in_file(edit.file, functions, tables, &place);
        self.sources.replace(edit.tree.clone(), edit.file);
        Some(taken)
    }

    /// True unless it may be decided differently now whether a function, or another one because of
    /// it, is parsed.
    fn matters_as_before(&self, edit: &Edit<'_>, at: usize, is_parsed: bool) -> bool {
        let Some(scope) = self.sought.scope else {
            return false;
        };
        let is_generic = edit.tree.is_generic(edit.file);
        let (before, after) = (edit.before, edit.index.file(edit.file));
        let of = |index: &FileIndex| relevance(&index.functions[at], is_generic, scope);
        let takers = self.sought.takers.iter();
        let takers: BTreeSet<u32> = takers
            .map(|name| name_hash(name.as_str().as_bytes()))
            .collect();
        let calls = |index: &FileIndex| -> Vec<u32> {
            let callees = index.callees(at).iter().copied();
            callees.filter(|callee| takers.contains(callee)).collect()
        };
        of(before) == of(after) && (is_parsed || calls(before) == calls(after))
    }

    /// True if a function looks the same from outside, and calls the same of those whose callers
    /// were looked for.
    fn has_same_shape(&self, known: &Function, function: &Function) -> bool {
        let params = |function: &Function| -> Vec<_> {
            let params = function.params().iter();
            params.map(|param| (param.name, param.ty)).collect()
        };
        let takers = |function: &Function| -> BTreeSet<Symbol> {
            let names = function.names();
            names
                .filter(|name| self.sought.takers.contains(name))
                .collect()
        };
        known.name == function.name
            && known.kind == function.kind
            && known.is_static == function.is_static
            && known.result == function.result
            && params(known) == params(function)
            && takers(known) == takers(function)
    }

    /// True if what functions refer to was looked for already, and what they do not refer to any
    /// more others do; but for what is not in the tree, such as a name that is only half typed.
    fn needs_the_same(
        &mut self,
        edit: &Edit<'_>,
        functions: &BTreeMap<FnId, Function>,
        changed: &BTreeSet<FnId>,
    ) -> bool {
        if changed.is_empty() {
            return true;
        }
        let vocabulary = edit.vocabulary;
        let context = Context {
            fields: &self.sought.fields,
            vocabulary,
        };
        let needs = |function: &Function| -> BTreeSet<Need> {
            each_need(&context.needs_of(function), vocabulary).collect()
        };
        let all = self.program.functions().map(|(_, function)| function);
        let counts = self.sought.counts.get_or_init(|| {
            let mut counts = Counts::default();
            for need in all.flat_map(needs) {
                *counts.entry(need).or_default() += 1;
            }
            counts
        });
        let mut counts_now: BTreeMap<Need, u32> = BTreeMap::new();
        for id in changed {
            let (before, after) = (needs(self.program.function(*id)), needs(&functions[id]));
            for need in before.symmetric_difference(&after) {
                let known = || counts.get(need).copied().unwrap_or(0);
                let count = counts_now.entry(*need).or_insert_with(known);
                *count = match after.contains(need) {
                    true => *count + 1,
                    false => count.saturating_sub(1),
                };
            }
        }
        let is_needed_as_before = |(need, count): (&Need, &u32)| {
            let before = counts.get(need).copied().unwrap_or(0);
            (before > 0) == (*count > 0) || !is_there(edit.index, need)
        };
        let is_same = counts_now.iter().all(is_needed_as_before);
        if is_same && let Some(counts) = self.sought.counts.get_mut() {
            counts.extend(counts_now);
        }
        is_same
    }

    /// The tables of a file at their new places.
    fn moved_tables(&self, file: FileId, compared: &Compared<'_>) -> Option<Vec<Table>> {
        let tables = self.program.tables().map(|(_, table)| table);
        tables
            .filter(|table| table.file == file)
            .map(|table| {
                let mut table = table.clone();
                table.move_by(compared.shift(table.span)?);
                Some(table)
            })
            .collect()
    }
}

/// True if there is anything in a tree that is looked for because of a need.
fn is_there(index: &Index, need: &Need) -> bool {
    match need {
        Need::Struct(name) => !index.structs_named(name.as_str()).is_empty(),
        Need::Member(name) => !index.stores_to_member(name.as_str()).is_empty(),
        Need::Flag(name) => !index.macros_named(name.as_str()).is_empty(),
        Need::Macro(name) => index
            .functions_named(name.as_str())
            .any(|(file, at)| index.file(file).functions[at].is_macro),
    }
}

/// True if an index is one of this text: what was never read may not be on disk any more.
fn is_index_of(index: &FileIndex, text: &[u8]) -> bool {
    let now = index_file(text, &Words::new(&[]));
    let places = |index: &FileIndex| -> Vec<(u32, Span, Span)> {
        let functions = index.functions.iter();
        functions
            .map(|it| (it.name_hash, it.span(), it.body()))
            .collect()
    };
    places(index) == places(&now)
        && index.macros == now.macros
        && index.structs == now.structs
        && index.includes == now.includes
}

/// Two versions of a file that differ in nothing but comments outside of functions, and in the
/// bodies of some.
struct Compared<'f> {
    now: &'f FileIndex,
    /// For each function, whether its text differs.
    is_changed: Vec<bool>,
    /// Ranges of the old version whose text is the same, with the distance to where it is now; in
    /// order.
    same: Vec<(Span, i32)>,
}

impl<'f> Compared<'f> {
    /// Compares two versions; `None` if they differ in more.
    fn new(
        (before, old): (&FileIndex, &[u8]),
        (now, new): (&'f FileIndex, &[u8]),
    ) -> Option<Compared<'f>> {
        let stores = |index: &FileIndex| -> Vec<(u32, u32)> {
            let stores = index.member_stores.iter();
            stores
                .map(|store| (store.member_hash, store.value_hash))
                .collect()
        };
        if before.functions.len() != now.functions.len()
            || before.initializers.len() != now.initializers.len()
            || before.includes != now.includes
            || before.register_header != now.register_header
            || stores(before) != stores(now)
        {
            return None;
        }
        let mut compared = Compared {
            now,
            is_changed: Vec::new(),
            same: Vec::new(),
        };
        let mut ends = (0, 0);
        for (at, (one, other)) in before.functions.iter().zip(&now.functions).enumerate() {
            let is_nested = one.start < ends.0;
            if is_nested != (other.start < ends.1)
                || !is_nested && !compared.gap((old, ends.0, one.start), (new, ends.1, other.start))
                || !compared.function(at, (before, old), new)
            {
                return None;
            }
            ends = (ends.0.max(one.end), ends.1.max(other.end));
        }
        let (old_end, new_end) = (old.len() as u32, new.len() as u32);
        compared
            .gap((old, ends.0, old_end), (new, ends.1, new_end))
            .then_some(compared)
    }

    /// Compares what stands outside of functions.
    fn gap(
        &mut self,
        (old, start, end): (&[u8], u32, u32),
        (new, new_start, new_end): (&[u8], u32, u32),
    ) -> bool {
        let span = Span::new(start, end);
        let (before, after) = (span.of(old), Span::new(new_start, new_end).of(new));
        if before == after {
            let by = new_start.wrapping_sub(start).cast_signed();
            self.same.push((span, by));
            return true;
        }
        // Conditions between functions decide when these are compiled, and that is not compared.
        let has_directive = memchr::memchr(b'#', before).is_some();
        !has_directive && without_comments(before) == without_comments(after)
    }

    /// Compares a function.
    fn function(&mut self, at: usize, (before, old): (&FileIndex, &[u8]), new: &[u8]) -> bool {
        let (one, other) = (&before.functions[at], &self.now.functions[at]);
        let is_changed = one.span().of(old) != other.span().of(new);
        self.is_changed.push(is_changed);
        if !is_changed {
            let by = other.start.wrapping_sub(one.start).cast_signed();
            self.same.push((one.span(), by));
        }
        let head = |start: u32, body: u32, text| Span::new(start, body).of(text);
        let has_table = |index: &FileIndex, at: usize| {
            let entry = &index.functions[at];
            let inside = |start: u32| entry.span().contains(start);
            index.initializers.iter().any(|it| inside(it.start))
        };
        let has_same_conditions = || {
            let known = syntax::conditions(one.body().of(old));
            known.is_some() && known == syntax::conditions(other.body().of(new))
        };
        before.function_name(at) == self.now.function_name(at)
            && one.is_static == other.is_static
            && one.is_macro == other.is_macro
            && one.in_conditional == other.in_conditional
            && head(one.start, one.body_start, old) == head(other.start, other.body_start, new)
            && (!is_changed
                || !has_table(before, at) && !has_table(self.now, at) && has_same_conditions())
    }

    /// How far a range has moved, if its text is the same.
    fn shift(&self, span: Span) -> Option<i32> {
        let holds = |(same, _): &&(Span, i32)| same.start <= span.start && span.end <= same.end;
        self.same.iter().find(holds).map(|(_, by)| *by)
    }

    /// Where a store of a name to a member stands now.
    fn store(&self, before: &FileIndex, span: Span) -> Span {
        let at = before
            .member_stores
            .iter()
            .position(|store| store.offset == span.start);
        match at.and_then(|at| self.now.member_stores.get(at)) {
            Some(store) => Span::new(store.offset, store.offset + (span.end - span.start)),
            None => span,
        }
    }
}
