//! The second pass: one walk over the tokens that knows what kind of bracket it is in and where
//! statements begin.

use crate::program::Span;

use super::words;
use super::{MAX_DEPTH, Rewrite, RewriteKind, Work};
use crate::syntax::lex::{self, NONE, STRING, Token, WORD};

/// What an open bracket holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Statements.
    Block,
    /// `= { … }`
    Initialiser,
    /// Members of a structure.
    Fields,
    /// The arguments of a call.
    Arguments,
    /// Parentheses around an expression, a condition or a type.
    Group,
    /// Anything else: brackets, enumerators.
    Other,
}

struct Frame {
    context: Context,
    /// Index of the closing bracket.
    close: usize,
    /// Whether a statement begins behind it.
    restart: bool,
    /// The colon of a `case`, if the walk is in one.
    colon: usize,
}

pub(super) struct Walker<'w> {
    pub text: &'w mut [u8],
    pub tokens: &'w [Token],
    pub matches: &'w [u32],
    pub rewrites: &'w mut Vec<Rewrite>,
    frames: Vec<Frame>,
    /// Tokens blanked ahead of the walk, innermost last.
    pub skips: Vec<(usize, usize)>,
    /// A statement begins at the current token.
    pub at_start: bool,
    /// The colon of a `case` outside all brackets.
    colon: usize,
}

impl<'w> Walker<'w> {
    pub fn new(work: &'w mut Work) -> Walker<'w> {
        Walker {
            text: &mut work.text,
            tokens: &work.tokens,
            matches: &work.matches,
            rewrites: &mut work.rewrites,
            frames: Vec::new(),
            skips: Vec::new(),
            at_start: true,
            colon: usize::MAX,
        }
    }

    pub fn walk(&mut self, from: usize) {
        let mut i = from;
        while let Some(&token) = self.tokens.get(i) {
            if let Some((_, to)) = self.skips.pop_if(|(from, _)| *from == i) {
                i = to;
                continue;
            }
            i = match token.kind {
                b'(' | b'[' | b'{' => self.open(i),
                b')' | b']' | b'}' => {
                    if let Some(frame) = self.frames.pop_if(|frame| frame.close == i) {
                        self.at_start = frame.restart;
                    }
                    i + 1
                }
                b';' => {
                    self.at_start = matches!(self.context(), Context::Block | Context::Fields);
                    i + 1
                }
                b',' => {
                    if self.context() == Context::Arguments {
                        self.argument(i + 1)
                    } else {
                        i + 1
                    }
                }
                b':' if self.context() == Context::Fields
                    && self.kind(i.wrapping_sub(1)) == b',' =>
                {
                    self.padding(i)
                }
                b':' => {
                    let colon = self.frames.last().map_or(self.colon, |frame| frame.colon);
                    self.at_start = colon == i;
                    i + 1
                }
                b'.' if token.len() == 3 => {
                    self.overwrite(token.start, b"|| ");
                    self.record(i, i + 1, RewriteKind::Range);
                    i + 1
                }
                b'&' if token.len() == 2 && self.is_prefix(i) => {
                    // The address of a label.
                    self.overwrite(token.start, b"& ");
                    i + 1
                }
                STRING => self.strings(i),
                WORD if self.at_start && self.context() == Context::Block => self.statement(i),
                WORD => self.word(i),
                _ => {
                    self.at_start = false;
                    i + 1
                }
            };
        }
    }

    pub fn context(&self) -> Context {
        self.frames.last().map_or(Context::Block, |f| f.context)
    }

    pub fn kind(&self, i: usize) -> u8 {
        self.tokens.get(i).map_or(0, |token| token.kind)
    }

    /// The text of a word; empty for anything else.
    pub fn word_at(&self, i: usize) -> &[u8] {
        match self.tokens.get(i) {
            Some(token) if token.kind == WORD => token.of(self.text),
            _ => b"",
        }
    }

    /// The index of the bracket that closes the one at `i`.
    pub fn close_of(&self, i: usize) -> Option<usize> {
        match self.matches.get(i) {
            Some(&close) if close != NONE => Some(close as usize),
            _ => None,
        }
    }

    pub fn overwrite(&mut self, at: u32, with: &[u8]) {
        self.text[at as usize..at as usize + with.len()].copy_from_slice(with);
    }

    pub fn record(&mut self, from: usize, to: usize, kind: RewriteKind) {
        let span = Span::new(self.tokens[from].start, self.tokens[to - 1].end);
        self.rewrites.push(Rewrite { span, kind });
    }

    /// Blanks tokens `from..to`.
    pub fn blank(&mut self, from: usize, to: usize, kind: RewriteKind) {
        let start = self.tokens[from].start as usize;
        let end = self.tokens[to - 1].end as usize;
        lex::blank(&mut self.text[start..end]);
        self.record(from, to, kind);
    }

    /// Makes tokens `from..to` one word, `$`.
    pub fn hide(&mut self, from: usize, to: usize, kind: RewriteKind) {
        self.blank(from, to, kind);
        self.overwrite(self.tokens[from].start, b"$");
    }

    /// Puts a byte into the blanks behind token `i`.
    pub fn insert(&mut self, i: usize, byte: u8) -> Option<u32> {
        let start = self.tokens[i].end as usize;
        let end = self
            .tokens
            .get(i + 1)
            .map_or(self.text.len(), |next| next.start as usize);
        let gap = self.text.get(start..end)?;
        let at = start + gap.iter().position(|&b| b != b'\n')?;
        if !self.text[at].is_ascii_whitespace() {
            return None;
        }
        self.text[at] = byte;
        Some(at as u32)
    }

    /// Ends a statement behind token `i`; false if there is no room.
    pub fn insert_semicolon(&mut self, i: usize) -> bool {
        let Some(at) = self.insert(i, b';') else {
            return false;
        };
        self.rewrites.push(Rewrite {
            span: Span::new(at, at + 1),
            kind: RewriteKind::Semicolon,
        });
        true
    }

    /// True if an operator at `i` has nothing on its left.
    pub fn is_prefix(&self, i: usize) -> bool {
        let Some(previous) = i.checked_sub(1) else {
            return true;
        };
        match self.kind(previous) {
            WORD => words::is_expression_keyword(self.word_at(previous)),
            b')' | b']' | b'0' | STRING | b'\'' => false,
            _ => true,
        }
    }

    /// Goes into a bracket; `restart` says whether a statement begins behind it.
    pub fn push(&mut self, i: usize, context: Context, restart: bool) -> usize {
        let Some(close) = self.close_of(i) else {
            self.at_start = context == Context::Block;
            return i + 1;
        };
        if self.frames.len() >= MAX_DEPTH && close > i + 1 {
            self.blank(i + 1, close, RewriteKind::TooDeep);
            if self.kind(i) != b'{' {
                self.overwrite(self.tokens[i + 1].start, b"0");
            }
            self.at_start = restart;
            return close + 1;
        }
        self.frames.push(Frame {
            context,
            close,
            restart,
            colon: usize::MAX,
        });
        self.at_start = matches!(context, Context::Block | Context::Fields);
        match context {
            Context::Arguments => self.argument(i + 1),
            Context::Group => self.group(i + 1, restart),
            _ => i + 1,
        }
    }

    fn open(&mut self, i: usize) -> usize {
        let previous = i.wrapping_sub(1);
        match self.kind(i) {
            b'(' => {
                let is_call = match self.kind(previous) {
                    WORD => {
                        let word = self.word_at(previous);
                        !words::is_expression_keyword(word) && !words::is_statement_keyword(word)
                    }
                    b')' => self.is_call_of_result(previous),
                    b']' => true,
                    _ => false,
                };
                let context = if is_call {
                    Context::Arguments
                } else {
                    Context::Group
                };
                self.push(i, context, false)
            }
            b'[' => self.push(i, Context::Other, false),
            _ => {
                if self.at_start && self.context() == Context::Block {
                    return self.push(i, Context::Block, true);
                }
                let before = self.kind(previous);
                let context = match before {
                    WORD => {
                        let word = self.word_at(previous);
                        let tag = if words::is_tag_keyword(word) {
                            word
                        } else {
                            self.word_at(previous.wrapping_sub(1))
                        };
                        match tag {
                            b"struct" | b"union" => Context::Fields,
                            b"enum" => Context::Other,
                            _ if self.context() == Context::Block => Context::Block,
                            _ => Context::Initialiser,
                        }
                    }
                    b'(' if self.context() != Context::Initialiser => Context::Block,
                    b',' if self.context() == Context::Arguments => Context::Block,
                    _ => Context::Initialiser,
                };
                self.push(i, context, false)
            }
        }
    }

    /// True if the parenthesis that closes at `close` ends something callable: `f(x)(y)`,
    /// `(*f)(x)`; not a cast.
    fn is_call_of_result(&self, close: usize) -> bool {
        let Some(open) = self.close_of(close) else {
            return false;
        };
        if self.kind(open + 1) == b'*' {
            return true;
        }
        match open.checked_sub(1) {
            Some(before) => match self.kind(before) {
                WORD => {
                    let word = self.word_at(before);
                    !words::is_expression_keyword(word) && !words::is_statement_keyword(word)
                }
                b')' | b']' => true,
                _ => false,
            },
            None => false,
        }
    }

    /// The first word of a statement.
    fn statement(&mut self, i: usize) -> usize {
        let next = self.kind(i + 1);
        // A macro may have become a shorter keyword.
        let word = self.tokens[i].of(self.text).trim_ascii_end();
        match word {
            b"if" | b"while" | b"switch" | b"for" => {
                let is_for = word == b"for";
                if next == WORD && self.kind(i + 2) == b'(' && !is_for {
                    // `if likely(x)`: the macro brings the parentheses.
                    self.blank(i + 1, i + 2, RewriteKind::Annotation);
                    return self.push(i + 2, Context::Group, true);
                }
                if next == b'(' {
                    return self.push(i + 1, Context::Group, true);
                }
                self.at_start = false;
                i + 1
            }
            b"do" => {
                self.loop_tail(i + 1);
                i + 1
            }
            b"else" => i + 1,
            b"case" => {
                let colon = self.case_colon(i + 1);
                match self.frames.last_mut() {
                    Some(frame) => frame.colon = colon,
                    None => self.colon = colon,
                }
                self.at_start = false;
                i + 1
            }
            b"default" if next == b':' => i + 2,
            b"goto" if next == b'*' => {
                self.blank(i, i + 1, RewriteKind::ComputedGoto);
                self.at_start = false;
                i + 1
            }
            b"return" | b"goto" | b"break" | b"continue" => {
                self.at_start = false;
                i + 1
            }
            b"__label__" => {
                let mut end = i + 1;
                while !matches!(self.kind(end), b';' | 0) {
                    end += 1;
                }
                self.blank(i, end, RewriteKind::Annotation);
                end
            }
            _ if next == b':' && self.kind(i + 2) != b':' => {
                if matches!(self.kind(i + 2), b'}' | 0) && !self.insert_semicolon(i + 1) {
                    // No room: the label becomes a statement.
                    self.overwrite(self.tokens[i + 1].start, b";");
                    self.record(i, i + 1, RewriteKind::Label);
                }
                i + 2
            }
            _ if words::is_asm(word) => self.assembler(i),
            _ if next == b'(' => self.call_statement(i),
            _ if next == STRING => self.strings(i),
            _ if next == b'{' && !words::is_tag_keyword(word) => {
                // A macro that only decorates the block behind it.
                self.blank(i, i + 1, RewriteKind::Annotation);
                i + 1
            }
            _ if matches!(next, b'}' | 0) && !words::is_statement_keyword(word) => {
                // A macro that is a statement.
                if !self.insert_semicolon(i) {
                    self.blank(i, i + 1, RewriteKind::Annotation);
                }
                i + 1
            }
            _ => self.specifiers(i, false),
        }
    }

    /// A word that begins no statement.
    fn word(&mut self, i: usize) -> usize {
        let was_start = self.at_start;
        self.at_start = false;
        if was_start && self.context() == Context::Fields {
            return self.member(i);
        }
        let next = self.kind(i + 1);
        let token = self.tokens[i];
        let word = token.of(self.text);
        let is_keyword = words::is_expression_keyword(word) || words::is_statement_keyword(word);
        if words::is_asm(word) && (next == b'(' || next == WORD) {
            return self.assembler(i);
        }
        if next == b'(' {
            match word {
                b"offsetof" | b"__alignof__" | b"__alignof" | b"_Alignof" | b"alignof"
                | b"_alignof" => {
                    // Keywords to the grammar, which wants less than the compiler takes.
                    self.overwrite(token.start, b"x");
                    return i + 1;
                }
                b"_Generic" => return self.generic(i),
                _ => {}
            }
        }
        let previous = self.kind(i.wrapping_sub(1));
        let is_after_element = match previous {
            WORD => !words::is_expression_keyword(self.word_at(i - 1)),
            b')' => {
                let open = self.close_of(i - 1).unwrap_or(0);
                open > 0 && self.kind(open - 1) == WORD
            }
            _ => false,
        };
        let is_list = is_after_element && self.context() == Context::Initialiser && !is_keyword;
        let is_annotation = previous == b']'
            || previous == b'0' && !is_keyword
            || !was_start && !is_keyword && self.is_behind_name(i);
        if is_annotation || is_list {
            // `int x[4] __anything`, `128 KB`, `{ ENTRIES MORE_ENTRIES }`
            let end = self.end_of_call(i);
            self.blank(i, end, RewriteKind::Annotation);
            return end;
        }
        if next == STRING || next == b'(' {
            return self.strings(i);
        }
        i + 1
    }

    /// Behind a word and its arguments.
    pub fn end_of_call(&self, i: usize) -> usize {
        if self.kind(i + 1) == b'('
            && let Some(close) = self.close_of(i + 1)
        {
            return close + 1;
        }
        i + 1
    }

    /// A member of a structure defined inside a function.
    fn member(&mut self, i: usize) -> usize {
        let mut end = i;
        while self.kind(end) == WORD {
            end += 1;
        }
        let is_macro = end == i + 1 && self.kind(end) == b'(' && self.kind(end + 1) != b'*';
        let is_unnamed = self.kind(end) == b':'
            && (i..end).all(|k| {
                let word = self.word_at(k);
                end == i + 1 || words::is_primitive(word) || words::is_qualifier(word)
            });
        if is_macro || is_unnamed {
            // Members nobody names: macros, padding.
            let mut to = end;
            while !matches!(self.kind(to), b';' | b'}' | 0) {
                to = match self.kind(to) {
                    b'(' | b'[' | b'{' => self.close_of(to).map_or(to + 1, |close| close + 1),
                    _ => to + 1,
                };
            }
            if self.kind(to) == b';' {
                self.blank(i, to + 1, RewriteKind::Annotation);
                self.at_start = true;
                return to + 1;
            }
        }
        self.specifiers(i, false)
    }

    /// `int x : 3, : 5;`: bits nobody names, at the colon.
    fn padding(&mut self, i: usize) -> usize {
        let mut end = i;
        while !matches!(self.kind(end), b',' | b';' | b'}' | 0) {
            end = match self.kind(end) {
                b'(' | b'[' => self.close_of(end).map_or(end + 1, |close| close + 1),
                _ => end + 1,
            };
        }
        if self.kind(end) == b',' {
            self.blank(i, end + 1, RewriteKind::Annotation);
            end + 1
        } else {
            self.blank(i - 1, end, RewriteKind::Annotation);
            end
        }
    }

    /// True for a word behind a declared name: `int *x, *y __anything`.
    fn is_behind_name(&self, i: usize) -> bool {
        if self.context() != Context::Block || self.kind(i.wrapping_sub(1)) != WORD {
            return false;
        }
        let before = self.word_at(i - 1);
        !(words::is_expression_keyword(before)
            || words::is_statement_keyword(before)
            || words::is_tag_keyword(before)
            || words::is_qualifier(before)
            || words::is_primitive(before))
    }

    fn case_colon(&self, from: usize) -> usize {
        let mut at = from;
        let mut n_questions = 0;
        while at < self.tokens.len() {
            match self.kind(at) {
                b'(' | b'[' | b'{' => at = self.close_of(at).unwrap_or(at),
                b'?' => n_questions += 1,
                b':' if n_questions > 0 => n_questions -= 1,
                b':' => return at,
                b';' | b'}' => break,
                _ => {}
            }
            at += 1;
        }
        usize::MAX
    }

    /// Literals and macros for such in a row become one literal.
    fn strings(&mut self, i: usize) -> usize {
        self.at_start = false;
        let mut end = i;
        let mut n_parts = 0;
        let mut has_string = false;
        loop {
            match self.kind(end) {
                STRING => {
                    has_string = true;
                    end += 1;
                }
                WORD => {
                    let word = self.word_at(end);
                    if words::is_expression_keyword(word) || words::is_statement_keyword(word) {
                        break;
                    }
                    let after = self.end_of_call(end);
                    // A word belongs to it only next to a literal.
                    if !(n_parts > 0 && has_string || self.kind(after) == STRING) {
                        break;
                    }
                    end = after;
                }
                _ => break,
            }
            n_parts += 1;
        }
        if !has_string || n_parts < 2 {
            return i + 1;
        }
        let start = self.tokens[i].start as usize;
        if self.tokens[end - 1].end as usize - start < 2 || self.text[start + 1] == b'\n' {
            return i + 1;
        }
        self.blank(i, end, RewriteKind::Strings);
        self.overwrite(start as u32, b"\"\"");
        end
    }
}
