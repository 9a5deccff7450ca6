//! The lexer under the normaliser, the signature reader and the readers of structures and tables.
//!
//! It cleans while it reads: comments, continuation backslashes, directives and bytes C does not
//! know become blanks, literals get contents no parser can stumble over. Newlines stay where they
//! are. What a literal said is read from the original source when somebody asks.

/// A token; `kind` is the first byte of punctuation, or one of the constants below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: u8,
    pub start: u32,
    pub end: u32,
}

/// An identifier or keyword.
pub(crate) const WORD: u8 = b'a';
/// A number.
pub(crate) const NUMBER: u8 = b'0';
/// A string literal.
pub(crate) const STRING: u8 = b'"';
/// A character constant.
pub(crate) const CHAR: u8 = b'\'';

impl Token {
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }
}

/// What stands around the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Ordinary code: lines that begin with `#` are directives.
    Code,
    /// The replacement of a macro: `#` and `##` are operators.
    Replacement,
}

/// Reads `text` into `tokens`, cleaning it in place.
pub(crate) fn lex(text: &mut [u8], mode: Mode, tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut at = 0;
    let mut at_line_start = true;
    while at < text.len() {
        let start = at;
        let byte = text[at];
        match CLASS[byte as usize] {
            Class::Blank => {
                at_line_start |= byte == b'\n';
                at += 1;
                continue;
            }
            Class::Word => {
                at += 1;
                while at < text.len() && IS_WORD[text[at] as usize] {
                    at += 1;
                }
                push(tokens, WORD, start, at);
            }
            Class::Digit => {
                at = number_end(text, at);
                text[start..at].fill(b'1');
                push(tokens, NUMBER, start, at);
            }
            Class::Quote => {
                let quote = byte;
                let (end, closed) = literal_end(text, at, quote);
                clean_literal(&mut text[start..end], quote, closed);
                at = end;
                push(tokens, quote, start, at);
            }
            Class::Slash => match text.get(at + 1) {
                Some(b'*') => {
                    at = comment_end(text, at);
                    blank(&mut text[start..at]);
                    continue;
                }
                Some(b'/') => {
                    at = logical_line_end(text, at);
                    blank(&mut text[start..at]);
                    continue;
                }
                Some(b'=') => {
                    at += 2;
                    push(tokens, byte, start, at);
                }
                _ => {
                    at += 1;
                    push(tokens, byte, start, at);
                }
            },
            Class::Hash => {
                if mode == Mode::Code {
                    if at_line_start {
                        at = directive_end(text, at);
                    } else {
                        at += 1;
                    }
                    blank(&mut text[start..at]);
                    continue;
                }
                at += if text.get(at + 1) == Some(&b'#') {
                    2
                } else {
                    1
                };
                push(tokens, byte, start, at);
            }
            Class::Punctuation => {
                at += operator_len(&text[at..]);
                if byte == b'.' && at == start + 1 && text.get(at).is_some_and(u8::is_ascii_digit) {
                    at = number_end(text, at);
                    text[start..at].fill(b'1');
                    push(tokens, NUMBER, start, at);
                } else {
                    push(tokens, byte, start, at);
                }
            }
            Class::Other => {
                // Continuation backslashes, stray characters, bytes that are not ASCII.
                text[at] = b' ';
                at += 1;
                continue;
            }
        }
        at_line_start = false;
    }
}

/// Overwrites everything but newlines with blanks.
pub(crate) fn blank(text: &mut [u8]) {
    for byte in text {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// The matching bracket of every bracket, `NONE` for other tokens and unmatched ones.
pub(crate) fn match_brackets(tokens: &[Token], matches: &mut Vec<u32>) {
    matches.clear();
    matches.resize(tokens.len(), NONE);
    let mut open: Vec<u32> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let opener = match token.kind {
            b'(' | b'[' | b'{' => {
                open.push(i as u32);
                continue;
            }
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            _ => continue,
        };
        // A brace closes what was left open inside it; other strays are ignored.
        if opener == b'{' {
            while let Some(&top) = open.last()
                && tokens[top as usize].kind != b'{'
            {
                open.pop();
            }
        }
        if let Some(&top) = open.last()
            && tokens[top as usize].kind == opener
        {
            open.pop();
            matches[top as usize] = i as u32;
            matches[i] = top;
        }
    }
}

/// No matching bracket.
pub(crate) const NONE: u32 = u32::MAX;

fn push(tokens: &mut Vec<Token>, kind: u8, start: usize, end: usize) {
    tokens.push(Token {
        kind,
        start: start as u32,
        end: end as u32,
    });
}

fn number_end(text: &[u8], mut at: usize) -> usize {
    let start = at;
    while at < text.len() {
        let byte = text[at];
        let is_exponent_sign = (byte == b'+' || byte == b'-')
            && at > start
            && matches!(text[at - 1], b'e' | b'E' | b'p' | b'P')
            && !(text[start] == b'0' && matches!(text.get(start + 1), Some(b'x' | b'X')));
        if IS_WORD[byte as usize]
            || byte == b'.' && text.get(at + 1) != Some(&b'.')
            || is_exponent_sign
        {
            at += 1;
        } else {
            break;
        }
    }
    at.max(start + 1)
}

/// The end of a literal, and whether it was closed. A literal ends at the line's end at the
/// latest, unless the line is continued.
fn literal_end(text: &[u8], start: usize, quote: u8) -> (usize, bool) {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\n' => return (at, false),
            byte if byte == quote => return (at + 1, true),
            _ => at += 1,
        }
    }
    (text.len(), false)
}

fn clean_literal(literal: &mut [u8], quote: u8, closed: bool) {
    let n = literal.len();
    if quote == CHAR {
        // An apostrophe without its pair (in `#error` texts, assembler) is dropped.
        if closed && n > 2 && !literal.contains(&b'\n') {
            literal[1..n - 1].fill(b'0');
        } else {
            blank(literal);
            if closed {
                literal[0] = b'0';
            }
        }
        return;
    }
    if n >= 2 && (!closed || literal.contains(&b'\n')) {
        blank(literal);
        if literal[1] != b'\n' {
            literal[..2].fill(b'"');
        }
    } else if n >= 2 {
        literal[1..n - 1].fill(b' ');
    } else {
        literal[0] = b'0';
    }
}

pub(crate) fn comment_end(text: &[u8], start: usize) -> usize {
    match memchr::memmem::find(&text[start + 2..], b"*/") {
        Some(length) => start + 2 + length + 2,
        None => text.len(),
    }
}

/// The end of a line, continued by backslashes; not including its newline.
pub(crate) fn logical_line_end(text: &[u8], start: usize) -> usize {
    let mut from = start;
    while let Some(length) = memchr::memchr(b'\n', &text[from..]) {
        let newline = from + length;
        let before = text[..newline]
            .strip_suffix(b"\r")
            .map_or(newline, <[u8]>::len);
        if before > start && text[before - 1] == b'\\' {
            from = newline + 1;
        } else {
            return newline;
        }
    }
    text.len()
}

/// The end of a directive: its logical line, longer if a comment begun on it continues below.
pub(crate) fn directive_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    let mut end = logical_line_end(text, start);
    while let Some(length) = memchr::memchr2(b'/', b'"', &text[at..end]) {
        let found = at + length;
        if text[found] == b'"' {
            at = literal_end(text, found, b'"').0.max(found + 1);
        } else if text.get(found + 1) == Some(&b'*') {
            at = comment_end(text, found);
            if at > end {
                end = logical_line_end(text, at.min(text.len()));
            }
        } else if text.get(found + 1) == Some(&b'/') {
            break;
        } else {
            at = found + 1;
        }
        if at >= end {
            break;
        }
    }
    end
}

fn operator_len(text: &[u8]) -> usize {
    let second = text.get(1).copied().unwrap_or(0);
    match (text[0], second) {
        (b'<', b'<') | (b'>', b'>') => {
            if text.get(2) == Some(&b'=') {
                3
            } else {
                2
            }
        }
        (b'.', b'.') if text.get(2) == Some(&b'.') => 3,
        (b'-', b'>' | b'-' | b'=') | (b'+', b'+' | b'=') | (b'&', b'&' | b'=') => 2,
        (b'|', b'|' | b'=') | (b'=', b'=') | (b'!', b'=') | (b'<', b'=') | (b'>', b'=') => 2,
        (b'*' | b'%' | b'^', b'=') => 2,
        _ => 1,
    }
}

#[derive(Clone, Copy)]
enum Class {
    Blank,
    Word,
    Digit,
    Quote,
    Slash,
    Hash,
    Punctuation,
    Other,
}

static CLASS: [Class; 256] = {
    let mut table = [Class::Other; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        table[i] = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => Class::Blank,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'"' | b'\'' => Class::Quote,
            b'/' => Class::Slash,
            b'#' => Class::Hash,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b';' | b',' | b'.' | b':' | b'?' | b'='
            | b'+' | b'-' | b'*' | b'%' | b'&' | b'|' | b'^' | b'!' | b'~' | b'<' | b'>' => {
                Class::Punctuation
            }
            _ => Class::Other,
        };
        i += 1;
    }
    table
};

/// Bytes of words; in numbers, too.
pub(crate) static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        table[i] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        i += 1;
    }
    table
};
