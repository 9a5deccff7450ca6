//! The lexical pass over one file.
//!
//! [`Scanner::file`] walks the file level and decides at each brace what is being defined;
//! [`body`], [`table`] and [`block`](Scanner::skip_block) walk to the matching brace. There is no
//! recursion: nesting is counted.
//!
//! Alternatives of an `#if` need not be balanced each. The nesting at `#if` is restored at
//! `#else`, and where a definition began in one alternative, or ended there, the others are
//! skipped. What still drifts is caught by the closing brace in column 0 that ends nearly every
//! function of a kernel.

mod body;
mod conditional;
mod directive;
mod file;
mod head;
mod lexer;
mod output;
mod table;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use memchr::memchr;

use super::entries::{FileIndex, LexicalProblem};
use super::events::Marks;
use super::problem::ProblemKind;
use super::registers::is_register_header;
use super::words::{Mention, Words};
use conditional::{Conditional, Guard};
use file::MacroDefinition;
use head::Group;
use lexer::Lexer;
use output::{Calls, Entries, Output};

/// Indexes one file: a pure function of its bytes and the vocabulary.
///
/// Files of more than 4 GiB are beyond the offsets of the index; the tree never hands out any.
pub fn index_file(source: &[u8], words: &Words) -> FileIndex {
    #[derive(Default)]
    struct Scratch {
        marks: Marks,
        mentions: Vec<Mention>,
        entries: Entries,
        calls: Calls,
    }
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    let source = &source[..source.len().min(u32::MAX as usize)];
    if memchr(0, &source[..source.len().min(N_PROBED)]).is_some() {
        return FileIndex {
            problems: Box::new([LexicalProblem {
                kind: ProblemKind::Binary,
                line: 0,
                action: "the file was skipped",
            }]),
            ..FileIndex::default()
        };
    }
    if is_register_header(source) {
        return FileIndex {
            register_header: true,
            ..FileIndex::default()
        };
    }
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.marks.classify(source);
        scratch.mentions.clear();
        words.find_all(source, &scratch.marks, &mut scratch.mentions);
        let lexer = Lexer::new(source, &scratch.marks);
        let out = Output::new(source, &scratch.mentions, &mut scratch.entries);
        let mut scanner = Scanner::new(lexer, out, &mut scratch.calls);
        scanner.file();
        scanner.finish()
    })
}

/// A NUL in so many first bytes makes a file binary. A later one is taken for a blank.
const N_PROBED: usize = 8 << 10;

/// The state of the pass.
struct Scanner<'s> {
    lexer: Lexer<'s>,
    out: Output<'s>,
    conditionals: Vec<Conditional>,
    /// How many of them make what they enclose optional.
    n_optional: usize,
    /// Counts regions; see [`Conditional::region`].
    n_regions: u32,
    /// The name an include guard tests, until its `#define` was seen.
    guard: Guard,
    statement: Statement,
    /// Calls of the function being read.
    calls: &'s mut Calls,
    /// Macros defined inside the statement or function being read; they follow it in the index.
    inner_macros: Vec<MacroDefinition>,
}

/// What was seen of the statement at file level.
#[derive(Default)]
struct Statement {
    groups: Vec<Group>,
    /// The first `=` outside parentheses.
    assigned: Option<usize>,
    /// The structure defined in it, by position in the output.
    structure: Option<usize>,
    /// The groups of an earlier statement that may be an old-style function head, and where it
    /// began: `int f(a) int a; {`.
    old_style: Option<(Vec<Group>, usize)>,
}

/// How deep in brackets the pass is, within a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Nesting {
    braces: u32,
    parens: u32,
}

const FILE_LEVEL: u32 = 0;

impl<'s> Scanner<'s> {
    fn new(lexer: Lexer<'s>, out: Output<'s>, calls: &'s mut Calls) -> Scanner<'s> {
        Scanner {
            lexer,
            out,
            conditionals: Vec::new(),
            n_optional: 0,
            n_regions: 0,
            guard: Guard::Expected,
            statement: Statement::default(),
            calls,
            inner_macros: Vec::new(),
        }
    }

    fn source(&self) -> &'s [u8] {
        self.lexer.source
    }

    fn new_region(&mut self) -> u32 {
        self.n_regions += 1;
        self.n_regions
    }

    /// Skips from the opening brace at `open` to behind its partner.
    fn skip_block(&mut self, open: usize) -> usize {
        let region = self.new_region();
        let mut nesting = Nesting {
            braces: 1,
            parens: 0,
        };
        while let Some((at, byte)) = self.lexer.next() {
            match byte {
                b'{' => nesting.braces += 1,
                b'}' => {
                    nesting.braces = nesting.braces.saturating_sub(1);
                    if nesting.braces == 0 {
                        return at + 1;
                    }
                }
                b'#' => self.directive(at, region, &mut nesting),
                _ => {}
            }
        }
        self.unclosed(open)
    }

    /// Reports a brace without partner; returns the end of the file.
    fn unclosed(&mut self, open: usize) -> usize {
        self.out.problem(
            ProblemKind::UnbalancedBraces,
            open,
            "it was taken to end with the file",
        );
        self.source().len()
    }

    fn finish(mut self) -> FileIndex {
        if let Some(at) = self.lexer.unterminated {
            self.out.problem(
                ProblemKind::UnterminatedComment,
                at,
                "the rest of the file was taken for a comment",
            );
        }
        if let Some(first) = self.conditionals.first() {
            self.out.problem(
                ProblemKind::UnbalancedConditional,
                first.at,
                "it was taken to end with the file",
            );
        }
        self.out.finish()
    }
}
