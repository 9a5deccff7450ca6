//! From the outline of a file to its entries in the index.

use crate::program::{FileId, Initializer, Span, Symbol};
use crate::tree::entries::{
    FileIndex, FunctionEntry, InitializerEntry, LexicalProblem, MacroEntry, MemberPair, StructEntry,
};
use crate::tree::events::Marks;
use crate::tree::names::{is_all_caps, name_hash};
use crate::tree::problem::ProblemKind;
use crate::tree::words::{Mention, Words, classes_between};

use super::lex::{Token, TokenKind};
use super::naming::{path_name, struct_name};
use super::outline::{FunctionItem, Outline};

/// Indexes one Rust file: a pure function of its bytes and the vocabulary.
pub fn index_rust_file(source: &[u8], words: &Words) -> FileIndex {
    let source = &source[..source.len().min(u32::MAX as usize / 2)];
    if memchr::memchr(0, &source[..source.len().min(N_PROBED)]).is_some() {
        return FileIndex {
            problems: Box::new([LexicalProblem {
                kind: ProblemKind::Binary,
                line: 0,
                action: "the file was skipped",
            }]),
            ..FileIndex::default()
        };
    }
    let mut marks = Marks::default();
    marks.classify(source);
    let mut mentions: Vec<Mention> = Vec::new();
    words.find_all(source, &marks, &mut mentions);
    let outline = Outline::new(source);
    let mut indexer = Indexer {
        source,
        outline: &outline,
        mentions: &mentions,
        index: Lists::default(),
    };
    for function in &outline.functions {
        indexer.function(function);
    }
    indexer.structs();
    indexer.tables();
    indexer.constants();
    indexer.problems();
    indexer.finish()
}

/// A NUL in so many first bytes makes a file binary.
const N_PROBED: usize = 8 << 10;

#[derive(Default)]
struct Lists {
    functions: Vec<FunctionEntry>,
    structs: Vec<StructEntry>,
    initializers: Vec<InitializerEntry>,
    pairs: Vec<MemberPair>,
    member_stores: Vec<MemberPair>,
    macros: Vec<MacroEntry>,
    problems: Vec<LexicalProblem>,
    names: String,
    calls: Vec<u32>,
}

struct Indexer<'s> {
    source: &'s [u8],
    outline: &'s Outline,
    mentions: &'s [Mention],
    index: Lists,
}

impl<'s> Indexer<'s> {
    fn text(&self, at: usize) -> &'s [u8] {
        let token = self.outline.tokens.list.get(at);
        token.map_or(b"", |token| self.text_of(token))
    }

    fn text_of(&self, token: &Token) -> &'s [u8] {
        &self.source[token.start as usize..token.end as usize]
    }

    fn is_punct(&self, at: usize, byte: u8) -> bool {
        let token = self.outline.tokens.list.get(at);
        token.is_some_and(|token| {
            token.byte == byte && !matches!(token.kind, TokenKind::Word | TokenKind::Literal)
        })
    }

    fn function(&mut self, function: &FunctionItem) {
        let mut callees = Vec::new();
        let mut member_calls = Vec::new();
        let mut args = Vec::new();
        let tokens = &self.outline.tokens.list;
        let range = self.outline.tokens_in(function.body);
        for at in range.clone() {
            if tokens[at].kind != TokenKind::Word {
                continue;
            }
            let open = self.behind_turbofish(at + 1, range.end);
            let is_macro = self.is_punct(at + 1, b'!') && !self.is_punct(at + 2, b'=');
            if self.is_punct(open, b'(') || is_macro {
                if at > 0 && self.is_punct(at - 1, b'.') {
                    member_calls.push(name_hash(self.text(at)));
                } else if self.text(at.wrapping_sub(1)) != b"fn" {
                    callees.push(self.path_hash(at, function.owner));
                }
            }
            self.argument(at, function.owner, &mut args);
            self.store(at);
        }
        let name = function.name.as_str();
        let name_at = self.index.names.len();
        let name_len = u8::try_from(name.len()).unwrap_or(u8::MAX);
        // A name is cut where a character begins.
        let mut cut = usize::from(name_len);
        while !name.is_char_boundary(cut) {
            cut -= 1;
        }
        self.index.names.push_str(&name[..cut]);
        let calls = &mut self.index.calls;
        let callees_at = move_sorted(callees, calls);
        let member_calls_at = move_sorted(member_calls, calls);
        let args_at = move_sorted(args, calls);
        let Span { start, end } = function.span;
        let body_start = function.body.start;
        let mentions =
            |from: u32, to: u32| classes_between(self.mentions, from as usize, to as usize);
        self.index.functions.push(FunctionEntry {
            name_hash: name_hash(name.as_bytes()),
            name_at: name_at as u32,
            start,
            body_start,
            end,
            mentions_signature: mentions(start, body_start),
            mentions_body: mentions(body_start, end),
            callees_at,
            member_calls_at,
            args_at,
            name_len: cut as u8,
            is_static: !function.is_public,
            is_macro: false,
            is_rust_only: !function.is_exported,
            in_conditional: !function.presence.is_always(),
        });
    }

    /// The position behind `::<…>` at `at`, or `at`.
    fn behind_turbofish(&self, at: usize, end: usize) -> usize {
        let is_turbofish =
            self.is_punct(at, b':') && self.is_punct(at + 1, b':') && self.is_punct(at + 2, b'<');
        if !is_turbofish {
            return at;
        }
        const MAX_ARGUMENTS: usize = 100;
        let mut depth = 0;
        for i in at + 2..end.min(at + MAX_ARGUMENTS) {
            match () {
                () if self.is_punct(i, b'<') => depth += 1,
                () if self.is_punct(i, b'>') => depth -= 1,
                () => {}
            }
            if depth == 0 {
                return i + 1;
            }
        }
        at
    }

    /// The hash of the name of the path that ends with the word at `at`.
    fn path_hash(&self, at: usize, owner: Option<Symbol>) -> u32 {
        let word = |at: usize| String::from_utf8_lossy(self.text(at)).into_owned();
        let is_path = at >= 3 && self.is_punct(at - 1, b':') && self.is_punct(at - 2, b':');
        let before = is_path.then(|| match (word(at - 3).as_str(), owner) {
            ("Self", Some(owner)) => owner.to_string(),
            (before, _) => before.to_owned(),
        });
        let name = path_name(before.as_deref(), &word(at));
        name_hash(name.as_str().as_bytes())
    }

    /// A name that is an argument as a whole, or the only one of `Some(…)`.
    fn argument(&self, at: usize, owner: Option<Symbol>, args: &mut Vec<u32>) {
        if !(self.is_punct(at + 1, b',') || self.is_punct(at + 1, b')')) {
            return;
        }
        let mut from = at;
        while from >= 3 && self.is_punct(from - 1, b':') && self.is_punct(from - 2, b':') {
            from -= 3;
        }
        if from > 0 && self.is_punct(from - 1, b'&') {
            from -= 1;
        }
        let is_argument =
            from > 0 && (self.is_punct(from - 1, b'(') || self.is_punct(from - 1, b','));
        if is_argument && !is_all_caps(self.text(at)) {
            args.push(self.path_hash(at, owner));
        }
    }

    /// `p.member = name;`, `p.member = Some(&name);`
    fn store(&mut self, at: usize) {
        let is_member = at > 0
            && self.is_punct(at - 1, b'.')
            && self.is_punct(at + 1, b'=')
            && !self.is_punct(at + 2, b'=');
        if !is_member {
            return;
        }
        let mut value = at + 2;
        if self.text(value) == b"Some" {
            value += 2;
        }
        if self.is_punct(value, b'&') {
            value += 1;
        }
        while self.is_punct(value + 1, b':') && self.is_punct(value + 2, b':') {
            value += 3;
        }
        let is_whole = self.is_punct(value + 1, b';') || self.is_punct(value + 1, b')');
        let Some(token) = self.outline.tokens.list.get(value).copied() else {
            return;
        };
        if !is_whole || token.kind != TokenKind::Word || token.byte == b'N' {
            return;
        }
        self.index.member_stores.push(MemberPair {
            member_hash: name_hash(self.text(at)),
            value_hash: name_hash(self.text_of(&token)),
            offset: token.start,
        });
    }

    fn structs(&mut self) {
        let entries = self.outline.structs.iter().map(|item| StructEntry {
            name_hash: name_hash(struct_name(item.name.as_str()).as_str().as_bytes()),
            start: item.span.start,
            end: item.span.end,
        });
        self.index.structs.extend(entries);
    }

    fn tables(&mut self) {
        let functions = &self.outline.functions;
        for table in self.outline.tables(FileId(0), self.source) {
            let pairs_at = self.index.pairs.len() as u32;
            for entry in &table.entries {
                let value = match entry.value {
                    Initializer::Name(name) => name.as_str(),
                    Initializer::Null => "NULL",
                    Initializer::Other => continue,
                };
                self.index.pairs.push(MemberPair {
                    member_hash: name_hash(entry.member.as_str().as_bytes()),
                    value_hash: name_hash(value.as_bytes()),
                    offset: entry.span.start,
                });
            }
            // Whatever encloses it begins before it, and hardly ever far before.
            let n_before = functions.partition_point(|f| f.span.start < table.span.start);
            let mut before = functions[..n_before].iter().rev().take(100);
            let is_inner = before.any(|function| table.span.end <= function.body.end);
            let objects = &self.outline.objects;
            let object = objects.binary_search_by_key(&table.span, |object| object.span);
            let object = object.ok().map(|at| &objects[at]);
            self.index.initializers.push(InitializerEntry {
                struct_hash: name_hash(table.struct_name.as_str().as_bytes()),
                name_hash: name_hash(table.name.as_str().as_bytes()),
                name: object.map_or(Span::default(), |object| object.name_span),
                start: table.span.start,
                end: table.span.end,
                pairs_at,
                n_pairs: self.index.pairs.len() as u32 - pairs_at,
                is_file_scope: !is_inner,
            });
        }
    }

    /// Constants are what object-like macros are in C.
    fn constants(&mut self) {
        for object in &self.outline.objects {
            self.index.macros.push(MacroEntry {
                name_hash: name_hash(object.name.as_str().as_bytes()),
                start: object.name_span.start,
                end: object.value.end,
            });
        }
        self.index.macros.sort_by_key(|entry| entry.start);
    }

    fn problems(&mut self) {
        let tokens = &self.outline.tokens;
        let found = [
            (
                tokens.open_comment,
                ProblemKind::UnterminatedComment,
                "the rest of the file was taken for a comment",
            ),
            (
                tokens.lone_bracket,
                ProblemKind::UnbalancedBraces,
                "what follows may be cut wrongly",
            ),
        ];
        for (at, kind, action) in found {
            if let Some(at) = at {
                let lines = memchr::memchr_iter(b'\n', &self.source[..at as usize]);
                self.index.problems.push(LexicalProblem {
                    kind,
                    line: 1 + lines.count() as u32,
                    action,
                });
            }
        }
    }

    fn finish(self) -> FileIndex {
        let Lists {
            functions,
            structs,
            initializers,
            pairs,
            member_stores,
            macros,
            problems,
            names,
            calls,
        } = self.index;
        FileIndex {
            functions: functions.into(),
            structs: structs.into(),
            initializers: initializers.into(),
            pairs: pairs.into(),
            member_stores: member_stores.into(),
            macros: macros.into(),
            problems: problems.into(),
            mentions: classes_between(self.mentions, 0, self.source.len()),
            names: names.into(),
            calls: calls.into(),
            ..FileIndex::default()
        }
    }
}

/// Moves `hashes` to the end of `pool`, sorted and each once; returns where they begin.
fn move_sorted(mut hashes: Vec<u32>, pool: &mut Vec<u32>) -> u32 {
    let at = pool.len() as u32;
    hashes.sort_unstable();
    hashes.dedup();
    pool.append(&mut hashes);
    at
}
