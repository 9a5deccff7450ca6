//! Collecting the entries of one file.

use memchr::memchr_iter;

use crate::program::Symbol;
use crate::tree::entries::{
    AliasEntry, FileIndex, FunctionEntry, InitializerEntry, LexicalProblem, MacroEntry, MemberPair,
    StructEntry,
};
use crate::tree::names::name_hash;
use crate::tree::problem::ProblemKind;
use crate::tree::words::{Mention, classes_between};

/// The entries of a file while it is read.
pub(super) struct Output<'s> {
    source: &'s [u8],
    mentions: &'s [Mention],
    pub(super) entries: &'s mut Entries,
}

/// Lists of entries, kept from file to file: they grow once, and each file's index is an exact
/// copy of them.
#[derive(Default)]
pub(super) struct Entries {
    functions: Vec<FunctionEntry>,
    names: String,
    calls: Vec<u32>,
    pub(super) structs: Vec<StructEntry>,
    pub(super) initializers: Vec<InitializerEntry>,
    pub(super) pairs: Vec<MemberPair>,
    pub(super) member_stores: Vec<MemberPair>,
    pub(super) aliases: Vec<AliasEntry>,
    pub(super) macros: Vec<MacroEntry>,
    pub(super) includes: Vec<Symbol>,
    problems: Vec<LexicalProblem>,
}

/// What a function calls and passes, by hash, as it is met.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) callees: Vec<u32>,
    pub(super) member_calls: Vec<u32>,
    pub(super) args: Vec<u32>,
}

impl Calls {
    pub(super) fn clear(&mut self) {
        self.callees.clear();
        self.member_calls.clear();
        self.args.clear();
    }
}

/// A function or macro to record.
pub(super) struct Definition<'a> {
    pub(super) prefix: &'a str,
    pub(super) name: (usize, usize),
    pub(super) start: usize,
    pub(super) body_start: usize,
    pub(super) end: usize,
    pub(super) is_static: bool,
    pub(super) is_macro: bool,
    pub(super) in_conditional: bool,
}

impl<'s> Output<'s> {
    pub(super) fn new(
        source: &'s [u8],
        mentions: &'s [Mention],
        entries: &'s mut Entries,
    ) -> Output<'s> {
        Output {
            source,
            mentions,
            entries,
        }
    }

    pub(super) fn function(&mut self, definition: Definition, calls: &mut Calls) {
        let Entries {
            functions,
            names,
            calls: pool,
            ..
        } = &mut *self.entries;
        let name_at = names.len();
        names.push_str(definition.prefix);
        let (start, end) = definition.name;
        // Identifiers are ASCII by the masks they are found with.
        names.extend(self.source[start..end].iter().map(|&byte| byte as char));
        let name_len = match u8::try_from(names.len() - name_at) {
            Ok(len) => len,
            Err(_) => {
                names.truncate(name_at + usize::from(u8::MAX));
                u8::MAX
            }
        };
        let (start, body_start, end) = (definition.start, definition.body_start, definition.end);
        functions.push(FunctionEntry {
            name_hash: name_hash(&names.as_bytes()[name_at..]),
            name_at: name_at as u32,
            start: start as u32,
            body_start: body_start as u32,
            end: end as u32,
            mentions_signature: classes_between(self.mentions, start, body_start),
            mentions_body: classes_between(self.mentions, body_start, end),
            callees_at: move_sorted(&mut calls.callees, pool),
            member_calls_at: move_sorted(&mut calls.member_calls, pool),
            args_at: move_sorted(&mut calls.args, pool),
            name_len,
            is_static: definition.is_static,
            is_macro: definition.is_macro,
            is_rust_only: false,
            in_conditional: definition.in_conditional,
        });
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, at: usize, action: &'static str) {
        let line = 1 + memchr_iter(b'\n', &self.source[..at]).count() as u32;
        self.entries
            .problems
            .push(LexicalProblem { kind, line, action });
    }

    /// The index of the file; the lists are left empty.
    pub(super) fn finish(self) -> FileIndex {
        let mentions = classes_between(self.mentions, 0, self.source.len());
        let entries = self.entries;
        let names = entries.names.as_str().into();
        entries.names.clear();
        FileIndex {
            functions: take(&mut entries.functions),
            structs: take(&mut entries.structs),
            initializers: take(&mut entries.initializers),
            pairs: take(&mut entries.pairs),
            member_stores: take(&mut entries.member_stores),
            aliases: take(&mut entries.aliases),
            macros: take(&mut entries.macros),
            includes: take(&mut entries.includes),
            mentions,
            register_header: false,
            problems: take(&mut entries.problems),
            names,
            calls: take(&mut entries.calls),
        }
    }
}

/// Moves `hashes` to the end of `pool`, sorted and each once; returns where they begin.
fn move_sorted(hashes: &mut Vec<u32>, pool: &mut Vec<u32>) -> u32 {
    let at = pool.len() as u32;
    hashes.sort_unstable();
    hashes.dedup();
    pool.append(hashes);
    at
}

/// An exact copy of what `list` holds; its memory is kept.
fn take<T: Clone>(list: &mut Vec<T>) -> Box<[T]> {
    let taken = list.as_slice().into();
    list.clear();
    taken
}
