//! Reads kernel C, one function at a time, into the [program model](crate::program).
//!
//! Start reading at [`FileSyntax::function`]. A definition's bytes go through four steps:
//!
//! 1. `conditional`: which alternatives its `#if` groups leave, the rest blanked;
//! 2. [`normalise()`]: kernel idioms rewritten in place into what a C grammar can parse;
//! 3. `parse`: tree-sitter-c, its tree copied into a flat arena;
//! 4. `lower`: blocks and expressions, with what the normaliser hid put back.
//!
//! Signatures, structures and tables of operations are read from tokens, without the parser.
//!
//! **Invariant:** reading never fails. What was not understood is listed in
//! [`Function::not_understood`](crate::program::Function::not_understood).
//!
//! **Invariant:** nothing here looks outside the bytes it is given: same bytes, same result.

mod blocks;
mod compact;
mod conditional;
mod enums;
mod function;
mod lex;
mod lower;
pub mod measure;
mod normalise;
mod parse;
pub mod rust;
mod signature;
mod structs;
mod tables;
mod types;

use std::sync::OnceLock;

use crate::program::{FileId, Function, FunctionKind, Presence, Span, StructDef, Table};
use crate::tree::Language;

pub use conditional::conditions;
pub use normalise::{Normalised, Rewrite, RewriteKind, normalise};

/// A file's bytes with the facts every function in it needs.
pub struct FileSyntax<'a> {
    file: FileId,
    source: &'a [u8],
    front: Front<'a>,
    /// Where each line begins; made when first asked for.
    lines: OnceLock<Vec<u32>>,
}

/// What is known of a file by its language.
enum Front<'a> {
    C(conditional::Conditionals),
    Rust(Box<rust::RustFile<'a>>),
}

impl<'a> FileSyntax<'a> {
    /// A C file. Reads the structure of `#if` groups, nothing else.
    pub fn new(file: FileId, source: &'a [u8]) -> FileSyntax<'a> {
        FileSyntax::of(file, source, Language::C)
    }

    /// A file in either language.
    pub fn of(file: FileId, source: &'a [u8], language: Language) -> FileSyntax<'a> {
        // Places are 32 bits wide; what lies beyond is not looked at.
        let source = &source[..source.len().min(u32::MAX as usize / 2)];
        let front = match language {
            Language::C => Front::C(conditional::Conditionals::new(source)),
            Language::Rust => Front::Rust(Box::new(rust::RustFile::new(file, source))),
        };
        FileSyntax {
            file,
            source,
            front,
            lines: OnceLock::new(),
        }
    }

    /// The file's bytes.
    pub fn source(&self) -> &'a [u8] {
        self.source
    }

    /// The conjunction of all `#if` branches, or `#[cfg(…)]`, around a byte; include guards do not
    /// count.
    pub fn presence_at(&self, offset: u32) -> Presence {
        match &self.front {
            Front::C(conditionals) => conditionals.presence_at(offset),
            Front::Rust(rust) => rust.presence_at(offset),
        }
    }

    /// Line and column of a byte, from 1; columns count bytes.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let lines = self.lines.get_or_init(|| {
            let newlines = memchr::memchr_iter(b'\n', self.source);
            std::iter::once(0)
                .chain(newlines.map(|at| at as u32 + 1))
                .collect()
        });
        let line = lines.partition_point(|&start| start <= offset).max(1);
        (line as u32, offset - lines[line - 1] + 1)
    }

    /// Reads the function or macro at `span`: a function from the first token of its signature to
    /// its closing brace, a macro from the `#` of `#define` to the last line of its replacement.
    pub fn function(&self, span: Span, kind: FunctionKind) -> Function {
        match &self.front {
            Front::C(conditionals) => {
                function::read(self.file, self.source, conditionals, span, kind)
            }
            Front::Rust(rust) => rust.function(span),
        }
    }

    /// Reads the structure or union at `span`, from its keyword (or `typedef`) to the semicolon
    /// or its closing brace.
    pub fn struct_def(&self, span: Span) -> Option<StructDef> {
        match &self.front {
            Front::C(_) => structs::read(span.of(self.source)),
            Front::Rust(rust) => rust.struct_def(span),
        }
    }

    /// Reads the initialised object at `span`, from its first token to the semicolon or the
    /// closing brace. An array of structures gives one table per element.
    pub fn table(&self, span: Span) -> Vec<Table> {
        match &self.front {
            Front::C(_) => tables::read(self.file, self.source, span),
            Front::Rust(rust) => rust.tables(span),
        }
    }
}

/// The enumerators a file defines, each with its value if it can be told.
pub fn enumerators(source: &[u8], language: Language) -> Vec<(String, Option<i128>)> {
    match language {
        Language::C => enums::enumerators(source),
        Language::Rust => rust::enumerators(source),
    }
}
