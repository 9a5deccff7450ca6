//! What was seen of some files, as bytes that stand for themselves.
//!
//! A block is a table of texts, to which includes and problems refer by number, and then the files:
//! path, stamp and size, the length of the rest, and the rest.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::bytes::{Rest, put_list, put_number, put_text};
use super::stamp::{self, Stamp};
use crate::program::{FileId, Symbol};
use crate::tree::entries::{FileIndex, LexicalProblem};
use crate::tree::index::Scan;
use crate::tree::problem::ProblemKind;
use crate::tree::source::{SourceFile, Tree};

/// A block of what was seen of files. A file of which nothing sensible is known is left out.
pub(super) fn encode<'s>(
    seen: impl Iterator<Item = ((&'s SourceFile, Stamp), &'s Scan)>,
) -> Vec<u8> {
    let mut texts = Texts::default();
    let mut files = Vec::new();
    let mut body = Vec::new();
    for ((file, stamp), scan) in seen {
        body.clear();
        if !is_consistent(&scan.file, scan.n_bytes)
            || put_scan(scan, &mut texts, &mut body).is_none()
        {
            continue;
        }
        put_text(&mut files, &file.path);
        files.extend_from_slice(&stamp.to_bytes());
        files.extend_from_slice(&file.n_bytes.to_le_bytes());
        put_number(&mut files, body.len() as u32);
        files.extend_from_slice(&body);
    }
    let mut block = Vec::new();
    put_number(&mut block, texts.list.len() as u32);
    for text in texts.list {
        put_text(&mut block, text);
    }
    block.extend_from_slice(&files);
    block
}

/// What a block says of the files of `tree` that are as they were. `None` if it is no block.
pub(super) fn decode(block: &[u8], tree: &Tree) -> Option<Vec<(FileId, Scan)>> {
    let mut rest = Rest(block);
    let n_texts = rest.number()?;
    let mut texts = Vec::new();
    for _ in 0..n_texts {
        texts.push(Symbol::new(rest.text()?));
    }
    let mut seen = Vec::new();
    let mut next = FileId(0);
    while !rest.0.is_empty() {
        let path = rest.text()?;
        let stamp: [u8; stamp::N_BYTES] = rest.array()?;
        let n_bytes = rest.long_number()?;
        let n_body_bytes = rest.number()? as usize;
        let mut body = Rest(rest.bytes(n_body_bytes)?);
        // Mostly, the files are those that there were, in their order.
        let follows = tree.files.get(next.0 as usize);
        let id = match follows.is_some_and(|file| *file.path == *path) {
            true => next,
            false => match tree.file_at(path) {
                Some(id) => id,
                None => continue,
            },
        };
        next = FileId(id.0 + 1);
        let is_same = tree.files[id.0 as usize].n_bytes == n_bytes
            && tree.stamp(id).is_some_and(|now| now.to_bytes() == stamp);
        if is_same {
            let scan = scan(&mut body, &texts, n_bytes)?;
            (body.0.is_empty() && is_consistent(&scan.file, n_bytes)).then_some(())?;
            seen.push((id, scan));
        }
    }
    Some(seen)
}

/// The texts of a block, by number.
#[derive(Default)]
struct Texts {
    list: Vec<&'static str>,
    numbers: FxHashMap<&'static str, u32>,
}

impl Texts {
    fn number(&mut self, text: &'static str) -> u32 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len() as u32 - 1
        })
    }
}

const HAS_COMMENT: u32 = 1;
const IS_REGISTER_HEADER: u32 = 2;

/// `None` if a problem is of a kind that no lexical pass finds.
fn put_scan(scan: &Scan, texts: &mut Texts, out: &mut Vec<u8>) -> Option<()> {
    let FileIndex {
        functions,
        structs,
        initializers,
        pairs,
        member_stores,
        aliases,
        macros,
        includes,
        mentions,
        register_header,
        problems,
        names,
        calls,
    } = &*scan.file;
    let has_comment = if scan.has_comment { HAS_COMMENT } else { 0 };
    let is_register_header = if *register_header {
        IS_REGISTER_HEADER
    } else {
        0
    };
    put_number(out, has_comment | is_register_header);
    put_number(out, *mentions);
    put_list(out, functions);
    put_list(out, structs);
    put_list(out, initializers);
    put_list(out, pairs);
    put_list(out, member_stores);
    put_list(out, aliases);
    put_list(out, macros);
    put_list(out, calls);
    put_text(out, names);
    let includes = includes
        .iter()
        .map(|include| texts.number(include.as_str()));
    put_list(out, &includes.collect::<Vec<u32>>());
    put_number(out, problems.len() as u32);
    for LexicalProblem { kind, line, action } in problems {
        let kind = KINDS.iter().position(|known| known == kind)?;
        put_number(out, kind as u32);
        put_number(out, *line);
        put_number(out, texts.number(action));
    }
    Some(())
}

fn scan(rest: &mut Rest<'_>, texts: &[Symbol], n_bytes: u64) -> Option<Scan> {
    let text = |number: u32| texts.get(number as usize).copied();
    let flags = rest.number()?;
    let file = FileIndex {
        mentions: rest.number()?,
        register_header: flags & IS_REGISTER_HEADER != 0,
        functions: rest.list()?,
        structs: rest.list()?,
        initializers: rest.list()?,
        pairs: rest.list()?,
        member_stores: rest.list()?,
        aliases: rest.list()?,
        macros: rest.list()?,
        calls: rest.list()?,
        names: rest.text()?.into(),
        includes: {
            let numbers: Box<[u32]> = rest.list()?;
            let includes = numbers.iter().map(|&number| text(number));
            includes.collect::<Option<Box<[Symbol]>>>()?
        },
        problems: {
            let n_problems = rest.number()?;
            let problems = (0..n_problems).map(|_| {
                Some(LexicalProblem {
                    kind: KINDS.get(rest.number()? as usize)?.clone(),
                    line: rest.number()?,
                    action: text(rest.number()?)?.as_str(),
                })
            });
            problems.collect::<Option<Box<[LexicalProblem]>>>()?
        },
    };
    Some(Scan {
        file: Arc::new(file),
        n_bytes,
        has_comment: flags & HAS_COMMENT != 0,
        unreadable: None,
    })
}

/// What a lexical pass finds wrong, by number.
const KINDS: &[ProblemKind] = &[
    ProblemKind::Binary,
    ProblemKind::UnterminatedComment,
    ProblemKind::UnbalancedBraces,
    ProblemKind::UnbalancedConditional,
];

/// True if whoever goes by these entries stays within them and within a file of this size.
fn is_consistent(file: &FileIndex, n_bytes: u64) -> bool {
    let is_span = |start: u32, end: u32| start <= end && u64::from(end) <= n_bytes;
    let mut calls_from = 0;
    let functions = file.functions.iter().all(|function| {
        let name_at = function.name_at as usize;
        let name = file
            .names
            .get(name_at..name_at + usize::from(function.name_len));
        let calls = [
            calls_from,
            function.callees_at,
            function.member_calls_at,
            function.args_at,
        ];
        calls_from = function.args_at;
        name.is_some()
            && calls.is_sorted()
            && is_span(function.start, function.body_start)
            && is_span(function.body_start, function.end)
    });
    let mut initializers = file.initializers.iter();
    functions
        && calls_from as usize <= file.calls.len()
        && initializers.all(|entry| {
            let pairs_end = u64::from(entry.pairs_at) + u64::from(entry.n_pairs);
            pairs_end <= file.pairs.len() as u64
                && is_span(entry.start, entry.end)
                && is_span(entry.name.start, entry.name.end)
        })
        && file
            .structs
            .iter()
            .all(|entry| is_span(entry.start, entry.end))
        && file
            .macros
            .iter()
            .all(|entry| is_span(entry.start, entry.end))
        && file.pairs.iter().all(|pair| is_span(0, pair.offset))
        && file
            .member_stores
            .iter()
            .all(|store| is_span(0, store.offset))
        && file.aliases.iter().all(|alias| is_span(0, alias.start))
}
