//! Calls at the start of statements: loops, guards, macros without a semicolon, assembler.

use super::RewriteKind;
use super::walk::{Context, Walker};
use super::words;
use crate::syntax::lex::WORD;

impl Walker<'_> {
    /// A word with parentheses at the start of a statement.
    pub(super) fn call_statement(&mut self, i: usize) -> usize {
        self.at_start = false;
        let Some(close) = self.close_of(i + 1) else {
            return i + 1;
        };
        let next = self.kind(close + 1);
        match next {
            b'{' => self.head(i, close),
            WORD => {
                let name = self.word_at(i);
                let is_loop = words::is_loop_name(name) || words::is_guard(name);
                let after = self.kind(close + 2);
                let follower = self.word_at(close + 1);
                let is_keyword = words::is_statement_keyword(follower);
                let is_same_line = self.is_same_line(close, close + 1);
                if is_loop {
                    return self.head(i, close);
                }
                if is_same_line && !is_keyword && matches!(after, b'=' | b';' | b',' | b'[') {
                    // A macro that stands for a type.
                    self.hide(i, close + 1, RewriteKind::TypeOf);
                    return close + 1;
                }
                if follower != b"else" && self.is_indented_below(i, close + 1) {
                    return self.head(i, close);
                }
                if is_same_line && !is_keyword && after == b'(' {
                    // `int_macro(x) f(y)`: an annotation with a call behind it.
                    let end = self.end_of_call(close + 1);
                    self.blank(close + 1, end, RewriteKind::Annotation);
                    self.skips.push((close + 1, end));
                }
                self.insert_semicolon(close);
                if !words::is_primitive(self.word_at(i)) {
                    self.settle_name(i);
                }
                self.push(i + 1, Context::Arguments, true)
            }
            b'}' | 0 => {
                if !self.insert_semicolon(close) && next != 0 {
                    return self.bare_call(i, close);
                }
                self.word_as_call(i)
            }
            b'=' if self.kind(close + 2) == b'{' => {
                // A macro that declares a variable; what it starts with is lost.
                let end = self.close_of(close + 2).unwrap_or(close + 2);
                self.blank(close + 1, end + 1, RewriteKind::Annotation);
                self.skips.push((close + 1, end + 1));
                self.word_as_call(i)
            }
            b'+' | b'-' | b'*' | b'('
                if (words::is_loop_name(self.word_at(i)) || words::is_guard(self.word_at(i)))
                    && !self.is_same_line(close, close + 1)
                    && self.is_indented_below(i, close + 1) =>
            {
                self.head(i, close)
            }
            _ => self.word_as_call(i),
        }
    }

    /// `name(a, b)` with nothing behind it becomes `name,a, b;`.
    fn bare_call(&mut self, i: usize, close: usize) -> usize {
        self.record(i, close + 1, RewriteKind::BareCall);
        let open = self.tokens[i + 1].start;
        let comma: &[u8] = if close == i + 2 { b" " } else { b"," };
        self.overwrite(open, comma);
        self.overwrite(self.tokens[close].start, b";");
        self.settle_name(i);
        let next = self.push(i + 1, Context::Arguments, true);
        if close == i + 2 { i + 2 } else { next }
    }

    fn word_as_call(&mut self, i: usize) -> usize {
        let token = self.tokens[i];
        match token.of(self.text) {
            b"offsetof" | b"__alignof__" => self.overwrite(token.start, b"x"),
            b"_Generic" => return self.generic(i),
            word if !words::is_primitive(word) && !words::is_expression_keyword(word) => {
                // `type (*f)(x)` and `type (*a)[n]` declare.
                let after = self.close_of(i + 1).map_or(0, |close| self.kind(close + 1));
                if !(self.kind(i + 2) == b'*' && matches!(after, b'(' | b'[')) {
                    self.settle_name(i);
                }
            }
            _ => {}
        }
        i + 1
    }

    /// A loop or guard with a statement behind it becomes `while` or `if`.
    fn head(&mut self, i: usize, close: usize) -> usize {
        let name = self.tokens[i];
        let kind = if words::is_guard(name.of(self.text)) {
            RewriteKind::GuardHead
        } else {
            RewriteKind::LoopHead
        };
        self.record(i, i + 1, kind);
        let start = name.start as usize;
        if close == i + 2 {
            // No arguments: the condition has to fit in somewhere.
            let end = self.tokens[close].end as usize;
            let is_one_line = !self.text[start..end].contains(&b'\n');
            let new: &[u8] = match end - start {
                8.. => b"while(0)",
                5.. => b"if(0)",
                _ => return i + 1,
            };
            if is_one_line {
                self.text[start..end].fill(b' ');
                self.overwrite(name.start, new);
            }
            self.at_start = true;
            return close + 1;
        }
        let keyword: &[u8] = match name.len() {
            5.. => b"while",
            2.. => b"if",
            _ => return i + 1,
        };
        self.text[start..name.end as usize].fill(b' ');
        self.overwrite(name.start, keyword);
        self.push(i + 1, Context::Arguments, true)
    }

    /// The macro behind the block of a `do`.
    pub(super) fn loop_tail(&mut self, open: usize) {
        if self.kind(open) != b'{' {
            return;
        }
        let Some(close) = self.close_of(open) else {
            return;
        };
        let tail = close + 1;
        let word = self.word_at(tail);
        if self.kind(tail + 1) == b'(' && word != b"while" && word.len() >= 5 {
            let token = self.tokens[tail];
            self.blank(tail, tail + 1, RewriteKind::LoopTail);
            self.overwrite(token.start, b"while");
        }
    }

    pub(super) fn assembler(&mut self, i: usize) -> usize {
        let is_statement = self.at_start;
        self.at_start = false;
        let mut open = i + 1;
        while self.kind(open) == WORD {
            open += 1;
        }
        if self.kind(open) != b'(' {
            return i + 1;
        }
        let Some(close) = self.close_of(open) else {
            return i + 1;
        };
        let is_operand = is_statement || self.is_prefix(i);
        if is_operand {
            self.hide(i, close + 1, RewriteKind::Assembler);
            if is_statement && !matches!(self.kind(close + 1), b';' | b',') {
                self.insert_semicolon(close);
                self.at_start = true;
            }
        } else {
            // The register of a variable.
            self.blank(i, close + 1, RewriteKind::Annotation);
        }
        close + 1
    }

    pub(super) fn is_same_line(&self, a: usize, b: usize) -> bool {
        let start = self.tokens[a].end as usize;
        let end = self.tokens[b].start as usize;
        !self.text[start..end].contains(&b'\n')
    }

    /// True if token `b` begins a line that is indented more than the line `a` begins.
    fn is_indented_below(&self, a: usize, b: usize) -> bool {
        match (self.indentation(a), self.indentation(b)) {
            (Some(a), Some(b)) => b > a,
            _ => false,
        }
    }

    fn indentation(&self, i: usize) -> Option<usize> {
        let start = self.tokens[i].start as usize;
        let line = memchr::memrchr(b'\n', &self.text[..start]).map_or(0, |newline| newline + 1);
        let mut column = 0;
        for &byte in &self.text[line..start] {
            match byte {
                b'\t' => column = (column / 8 + 1) * 8,
                b' ' => column += 1,
                _ => return None,
            }
        }
        Some(column)
    }
}
