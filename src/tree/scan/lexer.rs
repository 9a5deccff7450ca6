//! From marked bytes to events: comments, literals and stray `#` are passed over here.

use std::sync::LazyLock;

use memchr::{memchr, memchr3, memmem};

use crate::tree::events::Marks;
use crate::tree::names::name_hash;

/// Longer identifiers are not taken for names. C promises 63 significant characters.
pub(super) const MAX_NAME: usize = 255;

/// Building a finder costs more than most searches.
pub(super) static COMMENT_END: LazyLock<memmem::Finder> =
    LazyLock::new(|| memmem::Finder::new(b"*/"));

/// Walks over the events of a file, or of a range of it.
#[derive(Clone)]
pub(super) struct Lexer<'s> {
    pub(super) source: &'s [u8],
    marks: &'s Marks,
    block: usize,
    bits: u64,
    limit: usize,
    directives: Directives,
    /// The comment passed last: two identifiers and a comment between them are still neighbours.
    comment: (usize, usize),
    /// Where the next statement may begin: pushed forward over leading comments.
    pub(super) fresh: usize,
    /// Where an unterminated comment begins.
    pub(super) unterminated: Option<usize>,
}

/// What a `#` at the beginning of a line is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Directives {
    Reported,
    /// Inside a macro's replacement it is an operator.
    Ignored,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s [u8], marks: &'s Marks) -> Lexer<'s> {
        Lexer {
            source,
            marks,
            block: 0,
            bits: marks.events.first().copied().unwrap_or(0),
            limit: source.len(),
            directives: Directives::Reported,
            comment: (0, 0),
            fresh: 0,
            unterminated: None,
        }
    }

    /// A lexer for the macro replacement in `start..end`.
    pub(super) fn for_replacement(&self, start: usize, end: usize) -> Lexer<'s> {
        let mut inner = Lexer {
            limit: end,
            directives: Directives::Ignored,
            comment: (0, 0),
            fresh: start,
            unterminated: None,
            ..*self
        };
        inner.seek(start);
        inner
    }

    /// The next event: its place and its byte. A `#` begins a directive.
    #[inline]
    pub(super) fn next(&mut self) -> Option<(usize, u8)> {
        loop {
            while self.bits == 0 {
                self.block += 1;
                self.bits = *self.marks.events.get(self.block)?;
            }
            let at = self.block * 64 + self.bits.trailing_zeros() as usize;
            self.bits &= self.bits - 1;
            if at >= self.limit {
                return None;
            }
            match self.source[at] {
                b'/' => self.skip_comment(at),
                b'"' => self.skip_string(at),
                b'\'' => self.skip_character(at),
                b'#' => {
                    if self.directives == Directives::Reported && self.begins_line(at) {
                        return Some((at, b'#'));
                    }
                }
                byte => return Some((at, byte)),
            }
        }
    }

    /// Goes on at `at`, which lies behind the last event.
    #[inline]
    pub(super) fn seek(&mut self, at: usize) {
        self.block = at / 64;
        let ahead = u64::MAX << (at % 64);
        self.bits = self.marks.events.get(self.block).map_or(0, |m| m & ahead);
    }

    /// The hash of the name in a range of the file.
    #[inline]
    pub(super) fn hash(&self, (start, end): (usize, usize)) -> u32 {
        name_hash(&self.source[start..end])
    }

    /// True if `at` lies in the range that is walked.
    pub(super) fn contains(&self, at: usize) -> bool {
        at < self.limit
    }

    fn skip_comment(&mut self, at: usize) {
        let end = match self.source.get(at + 1) {
            Some(b'*') => match COMMENT_END.find(&self.source[at + 2..]) {
                Some(n) => at + 2 + n + 2,
                None => {
                    self.unterminated.get_or_insert(at);
                    self.source.len()
                }
            },
            Some(b'/') => line_end(self.source, at),
            _ => return,
        };
        if self.skip_blanks(self.fresh) == at {
            self.fresh = end;
        }
        self.comment = (at, end);
        self.seek(end);
    }

    /// A string ends at its quote or with its line.
    fn skip_string(&mut self, at: usize) {
        let mut from = at + 1;
        let end = loop {
            let Some(n) = memchr3(b'"', b'\\', b'\n', &self.source[from..]) else {
                break self.source.len();
            };
            match self.source[from + n] {
                b'\\' => from = (from + n + 2).min(self.source.len()),
                _ => break from + n + 1,
            }
        };
        self.seek(end);
    }

    /// A character constant is short; any other apostrophe is text, as in `#error` lines and
    /// assembler comments.
    fn skip_character(&mut self, at: usize) {
        const MAX_CHARACTER: usize = 12;
        let mut from = at + 1;
        while from < (at + MAX_CHARACTER).min(self.source.len()) {
            match self.source[from] {
                b'\'' => return self.seek(from + 1),
                b'\n' => return,
                b'\\' => from += 2,
                _ => from += 1,
            }
        }
    }

    /// True if only blanks and a comment stand before `at` on its line.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        let mut end = at;
        loop {
            match self.source[..end].last() {
                None | Some(b'\n') => return true,
                Some(b' ' | b'\t') => end -= 1,
                Some(_) if end == self.comment.1 && end > self.comment.0 => end = self.comment.0,
                Some(_) => return false,
            }
        }
    }

    /// The first byte from `at` on that is no blank. A backslash at the end of a line counts as
    /// one.
    #[inline]
    pub(super) fn skip_blanks(&self, mut at: usize) -> usize {
        while at < self.limit && is_blank(self.source[at]) {
            at += 1;
        }
        at
    }

    /// Just behind the last byte before `at` that is neither blank nor in the last comment.
    #[inline]
    pub(super) fn skip_blanks_back(&self, mut at: usize) -> usize {
        loop {
            while at > 0 && is_blank(self.source[at - 1]) {
                at -= 1;
            }
            if at == self.comment.1 && at > self.comment.0 {
                at = self.comment.0;
            } else {
                return at;
            }
        }
    }

    /// Where the identifier begins that ends at `end`; `end` itself if there is none.
    #[inline]
    pub(super) fn name_start(&self, end: usize) -> usize {
        let mut at = end;
        while at > 0 && end - at <= MAX_NAME {
            let last = at - 1;
            let in_front = last % 64 + 1;
            let n = (self.marks.names[last / 64] << (64 - in_front)).leading_ones() as usize;
            at -= n.min(in_front);
            if n < in_front {
                break;
            }
        }
        if end - at > MAX_NAME || self.source.get(at).is_none_or(u8::is_ascii_digit) {
            return end;
        }
        at
    }

    /// Where the identifier ends that begins at `start`; `start` itself if there is none.
    #[inline]
    pub(super) fn name_end(&self, start: usize) -> usize {
        let mut at = start;
        while at < self.limit && at - start <= MAX_NAME {
            let ahead = 64 - at % 64;
            let n = (self.marks.names[at / 64] >> (at % 64)).trailing_ones() as usize;
            at += n.min(ahead);
            if n < ahead {
                break;
            }
        }
        if at - start > MAX_NAME || self.source.get(start).is_none_or(u8::is_ascii_digit) {
            return start;
        }
        at
    }

    /// The identifier in front of `at`, blanks between them or not, as a range.
    #[inline]
    pub(super) fn name_before(&self, at: usize) -> Option<(usize, usize)> {
        let end = self.skip_blanks_back(at);
        let start = self.name_start(end);
        (start < end).then_some((start, end))
    }
}

#[inline]
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b'\\' | 0x0c)
}

/// The end of the line `at` is on, and of the lines it is continued on: the place of the last
/// newline, or the end of the file.
pub(super) fn line_end(source: &[u8], at: usize) -> usize {
    let mut from = at;
    loop {
        let Some(n) = memchr(b'\n', &source[from..]) else {
            return source.len();
        };
        let newline = from + n;
        if !is_continued(source, newline) {
            return newline;
        }
        from = newline + 1;
    }
}

/// True if the line that ends at `newline` goes on in the next.
pub(super) fn is_continued(source: &[u8], newline: usize) -> bool {
    let line = &source[..newline];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.ends_with(b"\\")
}
