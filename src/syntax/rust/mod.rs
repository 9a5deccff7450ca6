//! Reads Rust, one function at a time, into the [program model](crate::program).
//!
//! [`Outline`] says what a file defines. A definition's own bytes are
//! parsed with syn and lowered (`lower/`), so that what is wrong in one says nothing of the others.
//!
//! **Invariant:** what is nested too deep never reaches the parser, which is recursive; see
//! `nesting.rs`.

mod function;
mod lower;
mod names;
mod nesting;
mod structs;
mod types;

use std::sync::OnceLock;

use crate::program::{FileId, Function, Presence, Span, StructDef, Table};
use crate::tree::rust::{Outline, Tokens};

use names::FileNames;
pub use types::{OPTIONAL_NUMBER, RECEIVER, is_number};

/// A file with what it defines.
pub(super) struct RustFile<'a> {
    file: FileId,
    source: &'a [u8],
    outline: Outline,
    /// What its names mean; found out when first asked for.
    names: OnceLock<FileNames>,
}

impl<'a> RustFile<'a> {
    pub(super) fn new(file: FileId, source: &'a [u8]) -> RustFile<'a> {
        RustFile {
            file,
            source,
            outline: Outline::new(source),
            names: OnceLock::new(),
        }
    }

    /// The `#[cfg(…)]` around a byte.
    pub(super) fn presence_at(&self, offset: u32) -> Presence {
        let around = self
            .outline
            .functions
            .iter()
            .filter(|function| function.span.contains(offset));
        let innermost = around.min_by_key(|function| function.span.end - function.span.start);
        innermost.map_or_else(Presence::always, |function| function.presence.clone())
    }

    pub(super) fn function(&self, span: Span) -> Function {
        let names = self
            .names
            .get_or_init(|| FileNames::new(self.source, &self.outline));
        function::read(self.file, self.source, (&self.outline, names), span)
    }

    pub(super) fn struct_def(&self, span: Span) -> Option<StructDef> {
        structs::read(self.source, &self.outline, span)
    }

    pub(super) fn tables(&self, span: Span) -> Vec<Table> {
        let mut tables = self.outline.tables_in(self.file, self.source, span);
        tables.retain(|table| table.span == span);
        tables
    }
}

/// The named constants of an enumeration: those that say their value, and those behind them.
pub(super) fn enumerators(source: &[u8]) -> Vec<(String, Option<i128>)> {
    structs::enumerators(source, &Outline::new(source))
}

/// The text of a definition for the parser: bytes that are no UTF-8 become question marks, so
/// that every place stays what it is.
fn text_of(source: &[u8], span: Span) -> String {
    let mut bytes = span.of(source).to_vec();
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(&bytes[from..]) {
        let start = from + error.valid_up_to();
        let end = error
            .error_len()
            .map_or(bytes.len(), |length| start + length);
        bytes[start..end].fill(b'?');
        from = end;
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Larger files are not parsed as a whole.
const MAX_WHOLE: usize = 4 << 20;

/// A whole file, for who needs its items together; `None` if it is no Rust that is known, or nested
/// too deep. To be called within [`with_deep_stack`].
pub(crate) fn parse_whole(source: &[u8]) -> Option<syn::File> {
    let is_shallow = || nesting::nesting(&Tokens::new(source).list) <= nesting::MAX_NESTING;
    let is_parsed = source.len() <= MAX_WHOLE && is_shallow();
    let whole = Span::new(0, source.len() as u32);
    is_parsed.then(|| syn::parse_file(&text_of(source, whole)).ok())?
}

/// Runs `work` where there is stack enough for all that is parsed, and forgets its places behind it.
pub(crate) fn with_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    with_stack(nesting::MAX_NESTING, || {
        let result = work();
        proc_macro2::extra::invalidate_current_thread_spans();
        result
    })
}

/// Runs `work` where there is stack enough for a definition nested `depth` deep.
fn with_stack<T: Send>(depth: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if depth <= nesting::SHALLOW {
        return Some(work());
    }
    const STACK: usize = 128 << 20;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let handle = thread.spawn_scoped(scope, work).ok()?;
        handle.join().ok()
    })
}
