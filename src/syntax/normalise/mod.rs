//! Rewrites kernel C, byte for byte in place, into C that tree-sitter-c understands.
//!
//! Every rewrite keeps the text's length and its newlines, so every place in the tree is a place in
//! the file. What a rewrite hid is recorded, and lowering puts it back: the text only decides the
//! tree's shape, names are read from the original.
//!
//! The rules go by shape: a call at the start of a statement with a block behind it is a loop, two
//! words in a row are a declaration, an argument that begins with `struct` is a type. Names decide
//! only where shape cannot; they are all in [`words`].

mod arguments;
mod calls;
mod clean;
mod declarations;
mod walk;
pub(crate) mod words;

use crate::program::Span;

use super::lex::{self, Mode, Token};

/// A normalised piece of code.
#[derive(Debug)]
pub struct Normalised {
    /// As long as the source, with newlines at the same offsets.
    pub text: Vec<u8>,
    /// What was overwritten and carries a meaning, in no particular order.
    pub rewrites: Vec<Rewrite>,
}

/// A place whose text was overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What was overwritten; offsets into the normalised text.
    pub span: Span,
    /// What it was.
    pub kind: RewriteKind,
}

/// What a [`Rewrite`] hid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RewriteKind {
    /// Words that only annotate; now blank.
    Annotation,
    /// The name of a loop macro; now `while` or `if`.
    LoopHead,
    /// A macro that ends a loop begun with `do`; now `while`.
    LoopTail,
    /// The name of a macro whose block runs once; now `while` or `if`.
    GuardHead,
    /// A type where an expression is expected; now `$`.
    Type,
    /// `typeof(…)` and macros that stand for a type; now `$`.
    TypeOf,
    /// Assembler; now `$`.
    Assembler,
    /// The dots of `case a ... b`; now `||`.
    Range,
    /// An empty argument; now `0`, or gone with its comma.
    EmptyArgument,
    /// The words of an arithmetic type; now `int`, whatever they were.
    Primitive,
    /// The parenthesis of a call without a semicolon, where there was no room for one; the call
    /// is now its name and arguments with commas between.
    BareCall,
    /// Several string literals and macros for such; now one.
    Strings,
    /// Statements as an argument; now `$`.
    Statements,
    /// Something that is no expression, as an argument; now `$`.
    NoExpression,
    /// A place where a semicolon was put.
    Semicolon,
    /// The name of a label with nothing behind it; its colon is now a semicolon.
    Label,
    /// The `goto` of a computed jump; now blank.
    ComputedGoto,
    /// Nested deeper than anything readable; now `0` or blank.
    TooDeep,
}

/// Brackets nested deeper than this are not looked into.
pub(crate) const MAX_DEPTH: usize = 120;

/// Normalises a piece of C: statements, or a block in its braces.
pub fn normalise(source: &[u8]) -> Normalised {
    let mut work = Work::default();
    work.text.extend_from_slice(source);
    work.lex(Mode::Code);
    work.rewrite(0, true);
    Normalised {
        text: work.text,
        rewrites: work.rewrites,
    }
}

/// Buffers of the normaliser, reused from one function to the next.
#[derive(Default)]
pub(crate) struct Work {
    pub text: Vec<u8>,
    pub tokens: Vec<Token>,
    pub matches: Vec<u32>,
    pub rewrites: Vec<Rewrite>,
}

impl Work {
    /// Starts over with another piece of code.
    pub fn reset(&mut self, source: &[u8]) {
        self.text.clear();
        self.text.extend_from_slice(source);
        self.rewrites.clear();
    }

    /// Reads the tokens and removes annotations.
    pub fn lex(&mut self, mode: Mode) {
        lex::lex(&mut self.text, mode, &mut self.tokens);
        lex::match_brackets(&self.tokens, &mut self.matches);
        clean::clean(self, mode);
    }

    /// Makes `a->b.c` one word, `a$$b$c`: what the grammar would make of it is clear, and a third
    /// of the parser's time goes into it. Designators stay what they are.
    fn join_members(&mut self, from: usize) {
        let is_dot = |t: &Token| t.kind == b'.' && t.len() == 1;
        let is_arrow = |text: &[u8], t: &Token| t.kind == b'-' && t.of(text) == b"->";
        let mut kept = from;
        let mut i = from;
        while i < self.tokens.len() {
            let mut token = self.tokens[i];
            i += 1;
            if token.kind == lex::WORD {
                let is_inside = kept > from && {
                    let previous = &self.tokens[kept - 1];
                    is_dot(previous) || is_arrow(&self.text, previous)
                };
                while !is_inside
                    && let Some(operator) = self.tokens.get(i)
                    && let Some(member) = self.tokens.get(i + 1)
                    && member.kind == lex::WORD
                    && operator.start == token.end
                    && member.start == operator.end
                    && (is_dot(operator) || is_arrow(&self.text, operator))
                {
                    self.text[operator.start as usize..operator.end as usize].fill(b'$');
                    token.end = member.end;
                    i += 2;
                }
            }
            self.tokens[kept] = token;
            kept += 1;
        }
        if kept < self.tokens.len() {
            self.tokens.truncate(kept);
            lex::match_brackets(&self.tokens, &mut self.matches);
        }
    }

    /// Rewrites everything from token `from` on, taken as statements or as an expression.
    pub fn rewrite(&mut self, from: usize, is_statements: bool) {
        self.join_members(from);
        let mut walker = walk::Walker::new(self);
        walker.at_start = is_statements;
        walker.walk(from);
    }
}
