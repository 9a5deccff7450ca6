//! Arguments no grammar of expressions knows: types, statements, operators, nothing at all.

use crate::program::Span;

use super::walk::Walker;
use super::words;
use super::{Rewrite, RewriteKind};
use crate::syntax::lex::{STRING, WORD};

impl Walker<'_> {
    /// Looks at the argument that begins at token `i`, behind `(` or `,`. Returns where to go on.
    pub(super) fn argument(&mut self, i: usize) -> usize {
        let mut end = i;
        let mut has_semicolon = false;
        let mut has_bare_colon = false;
        let mut has_two_words = false;
        let mut n_questions = 0;
        let mut has_string = false;
        // `"r" (x)`, an operand of assembler.
        let mut has_operand = false;
        loop {
            match self.kind(end) {
                0 | b',' | b')' | b']' | b'}' => break,
                b'(' | b'[' | b'{' => {
                    has_operand |= self.kind(end) == b'['
                        && !matches!(self.kind(end - 1), WORD | b')' | b']' | STRING);
                    match self.close_of(end) {
                        Some(close) => end = close,
                        None => break,
                    }
                }
                b';' => has_semicolon = true,
                STRING => {
                    has_string = true;
                    has_operand |= self.kind(end + 1) == b'(';
                }
                b'?' => n_questions += 1,
                b':' if n_questions > 0 => n_questions -= 1,
                b':' => has_bare_colon = true,
                WORD => {
                    has_two_words |= end > i
                        && self.kind(end - 1) == WORD
                        && !words::is_expression_keyword(self.word_at(end - 1));
                }
                _ => {}
            }
            end += 1;
        }
        if end == i {
            return self.empty_argument(i);
        }
        let first = self.kind(i);
        let word = self.word_at(i);
        if has_semicolon || words::is_statement_keyword(word) {
            self.hide(i, end, RewriteKind::Statements);
            return end;
        }
        if has_bare_colon || has_operand {
            self.hide(i, end, RewriteKind::NoExpression);
            return end;
        }
        if first == WORD && (has_two_words && !has_string || self.is_type(i, end)) {
            self.hide(i, end, RewriteKind::Type);
            return end;
        }
        if first == b'{' {
            let is_block = self
                .close_of(i)
                .is_some_and(|close| close == i + 1 || self.has_semicolon(i + 1, close));
            if !is_block {
                self.hide(i, end, RewriteKind::NoExpression);
                return end;
            }
            return i;
        }
        if first == b'.' && self.kind(i + 1) == WORD && self.kind(i + 2) == b'=' && end > i + 3 {
            // A designated argument: only its value matters.
            self.blank(i, i + 3, RewriteKind::Annotation);
            return if self.kind(i + 3) == b'{' {
                self.hide(i + 3, end, RewriteKind::NoExpression);
                end
            } else {
                i + 3
            };
        }
        if self.is_operator(end - 1, true) || self.is_operator(i, false) {
            self.hide(i, end, RewriteKind::NoExpression);
            return end;
        }
        i
    }

    /// True if tokens `i..end` spell a type: `struct s`, `unsigned long`, `foo *`.
    fn is_type(&self, i: usize, end: usize) -> bool {
        let word = self.word_at(i);
        if words::is_tag_keyword(word) || words::is_qualifier(word) || words::is_primitive(word) {
            // `sizeof`-like operators aside, nothing else begins with these.
            return self.kind(i + 1) != b'(' || words::is_primitive(word);
        }
        let mut at = i + 1;
        while at < end && self.kind(at) == b'*' && self.tokens[at].len() == 1 {
            at += 1;
        }
        if at > i + 1 && at == end {
            return true;
        }
        // `foo *(*)(x)`, `foo (*)(x)`, `foo [3]` as types are rare; `typeof(x) *` was `$ *`.
        at < end && self.kind(at) == b'(' && self.kind(at + 1) == b'*' && self.kind(at + 2) == b')'
    }

    fn has_semicolon(&self, from: usize, to: usize) -> bool {
        let mut at = from;
        while at < to {
            match self.kind(at) {
                b';' => return true,
                // A block inside needs no semicolon behind it.
                b'{' if self.kind(at.wrapping_sub(1)) == b')' => return true,
                b'(' | b'[' | b'{' => at = self.close_of(at).unwrap_or(at),
                _ => {}
            }
            at += 1;
        }
        false
    }

    /// True for a token that cannot end an expression (or cannot begin one).
    fn is_operator(&self, i: usize, at_end: bool) -> bool {
        let token = self.tokens[i];
        let text = token.of(self.text);
        match token.kind {
            WORD | b'0' | STRING | b'\'' | b')' | b']' | b'}' | b'(' | b'[' | b'{' => false,
            _ if at_end => !matches!(text, b"++" | b"--"),
            b'+' | b'-' => !matches!(text, b"+" | b"-" | b"++" | b"--"),
            b'*' | b'!' | b'~' => token.len() != 1,
            b'&' => text == b"&=",
            b'.' => token.len() == 3,
            _ => true,
        }
    }

    fn empty_argument(&mut self, i: usize) -> usize {
        let is_after_comma = self.kind(i - 1) == b',';
        let is_before_comma = self.kind(i) == b',';
        if !is_after_comma && !is_before_comma {
            return i;
        }
        let span = if let Some(at) = self.insert(i - 1, b'0') {
            Span::new(at, at + 1)
        } else {
            // No room: the argument goes together with a comma, and comes back when it is read.
            let comma = if is_before_comma { i } else { i - 1 };
            let at = self.tokens[comma].start;
            self.overwrite(at, b" ");
            Span::new(at, at)
        };
        self.rewrites.push(Rewrite {
            span,
            kind: RewriteKind::EmptyArgument,
        });
        i
    }

    /// `_Generic(x, type: value, …)` becomes a call with the values.
    pub(super) fn generic(&mut self, i: usize) -> usize {
        let token = self.tokens[i];
        self.overwrite(token.start, b"x");
        let Some(close) = self.close_of(i + 1) else {
            return i + 1;
        };
        let mut at = i + 2;
        let mut start = at;
        let mut has_colon = false;
        while at < close {
            match self.kind(at) {
                b'(' | b'[' | b'{' => at = self.close_of(at).unwrap_or(at),
                b',' => {
                    start = at + 1;
                    has_colon = false;
                }
                b':' if !has_colon => {
                    self.blank(start, at + 1, RewriteKind::Annotation);
                    has_colon = true;
                }
                b'?' => has_colon = true,
                _ => {}
            }
            at += 1;
        }
        // Walk the values as a group: blanked types must not be looked at again.
        self.push(i + 1, super::walk::Context::Other, false)
    }
}
