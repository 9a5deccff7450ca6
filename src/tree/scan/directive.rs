//! Preprocessor lines.

use memchr::memchr3;

use super::lexer::{COMMENT_END, Lexer, is_continued};

/// A preprocessor line with its continuations.
#[derive(Clone, Copy)]
pub(super) struct Directive {
    pub(super) kind: DirectiveKind,
    /// Where its operands begin.
    pub(super) operands: usize,
    /// The newline that ends it, or the end of the file.
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DirectiveKind {
    /// `#if`, `#ifdef`
    If,
    /// `#ifndef`
    IfNot,
    /// `#else`, `#elif` and their kin
    Else,
    Endif,
    Define,
    Include,
    Other,
}

impl Directive {
    /// Reads the directive whose `#` is at `hash`.
    pub(super) fn read(lexer: &Lexer, hash: usize) -> Directive {
        let source = lexer.source;
        let mut word = hash + 1;
        while matches!(source.get(word), Some(b' ' | b'\t')) {
            word += 1;
        }
        let word_end = lexer.name_end(word);
        let kind = match &source[word..word_end] {
            b"if" | b"ifdef" => DirectiveKind::If,
            b"ifndef" => DirectiveKind::IfNot,
            b"else" | b"elif" | b"elifdef" | b"elifndef" => DirectiveKind::Else,
            b"endif" => DirectiveKind::Endif,
            b"define" => DirectiveKind::Define,
            b"include" | b"include_next" => DirectiveKind::Include,
            _ => DirectiveKind::Other,
        };
        let end = directive_end(source, word_end);
        let mut operands = word_end;
        while operands < end && matches!(source[operands], b' ' | b'\t' | b'\\' | b'\n' | b'\r') {
            operands += 1;
        }
        Directive {
            kind,
            operands,
            end,
        }
    }
}

/// The newline that ends a directive: not one behind a backslash or inside a comment.
fn directive_end(source: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(n) = memchr3(b'\n', b'/', b'"', &source[from..]) {
        let at = from + n;
        from = at + 1;
        match source[at] {
            b'\n' => {
                if !is_continued(source, at) {
                    return at;
                }
            }
            b'/' => {
                if source.get(from) == Some(&b'*') {
                    from = match COMMENT_END.find(&source[from + 1..]) {
                        Some(n) => from + 1 + n + 2,
                        None => return source.len(),
                    };
                }
            }
            _ => from = string_end(source, from),
        }
    }
    source.len()
}

/// Just behind the quote that closes the string whose content begins at `start`; at the end of
/// the line if none does.
fn string_end(source: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(n) = memchr3(b'"', b'\\', b'\n', &source[from..]) {
        let at = from + n;
        match source[at] {
            b'"' => return at + 1,
            b'\n' => return at,
            _ => from = (at + 2).min(source.len()),
        }
    }
    source.len()
}
