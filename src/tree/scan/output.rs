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
    pub(super) fn new(source: &'s [u8], mentions: &'s [Mention]) -> Output<'s> {
        Output {
            source,
            mentions,
            functions: Vec::new(),
            names: String::new(),
            calls: Vec::new(),
            structs: Vec::new(),
            initializers: Vec::new(),
            pairs: Vec::new(),
            member_stores: Vec::new(),
            aliases: Vec::new(),
            macros: Vec::new(),
            includes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The hash of the name in a range of the file.
    pub(super) fn hash(&self, (start, end): (usize, usize)) -> u32 {
        name_hash(&self.source[start..end])
    }

    pub(super) fn function(&mut self, definition: Definition, calls: &mut Calls) {
        let name_at = self.names.len();
        self.names.push_str(definition.prefix);
        let (start, end) = definition.name;
        // Identifiers are ASCII by the masks they are found with.
        self.names
            .extend(self.source[start..end].iter().map(|&byte| byte as char));
        let name_len = match u8::try_from(self.names.len() - name_at) {
            Ok(len) => len,
            Err(_) => {
                self.names.truncate(name_at + usize::from(u8::MAX));
                u8::MAX
            }
        };
        let callees_at = self.push_sorted(&mut calls.callees);
        let member_calls_at = self.push_sorted(&mut calls.member_calls);
        let args_at = self.push_sorted(&mut calls.args);
        self.functions.push(FunctionEntry {
            name_hash: name_hash(&self.names.as_bytes()[name_at..]),
            name_at: name_at as u32,
            start: definition.start as u32,
            body_start: definition.body_start as u32,
            end: definition.end as u32,
            mentions_signature: classes_between(
                self.mentions,
                definition.start,
                definition.body_start,
            ),
            mentions_body: classes_between(self.mentions, definition.body_start, definition.end),
            callees_at,
            member_calls_at,
            args_at,
            name_len,
            is_static: definition.is_static,
            is_macro: definition.is_macro,
            in_conditional: definition.in_conditional,
        });
    }

    fn push_sorted(&mut self, hashes: &mut Vec<u32>) -> u32 {
        let at = self.calls.len() as u32;
        hashes.sort_unstable();
        hashes.dedup();
        self.calls.append(hashes);
        at
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, at: usize, action: &'static str) {
        let line = 1 + memchr_iter(b'\n', &self.source[..at]).count() as u32;
        self.problems.push(LexicalProblem { kind, line, action });
    }

    pub(super) fn finish(self) -> FileIndex {
        FileIndex {
            functions: self.functions.into(),
            structs: self.structs.into(),
            initializers: self.initializers.into(),
            pairs: self.pairs.into(),
            member_stores: self.member_stores.into(),
            aliases: self.aliases.into(),
            macros: self.macros.into(),
            includes: self.includes.into(),
            mentions: classes_between(self.mentions, 0, self.source.len()),
            register_header: false,
            problems: self.problems.into(),
            names: self.names.into(),
            calls: self.calls.into(),
        }
    }
}
