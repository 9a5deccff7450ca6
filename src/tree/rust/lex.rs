//! Rust in tokens. Nothing is refused: what no token can begin with is skipped.

use crate::tree::names::is_name_byte;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier or keyword.
    Word,
    /// A number, string or character.
    Literal,
    /// `'a`
    Lifetime,
    /// `(`, `[` or `{`
    Open,
    /// `)`, `]` or `}`
    Close,
    /// Any other single byte.
    Punct,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte, for brackets and punctuation.
    pub byte: u8,
    /// The first byte.
    pub start: u32,
    /// Just behind the last byte.
    pub end: u32,
    /// For a bracket, the position of its partner; its own if it has none.
    pub partner: u32,
}

/// The tokens of a file.
#[derive(Debug, Default)]
pub struct Tokens {
    /// In source order.
    pub list: Vec<Token>,
    /// Where a comment begins that never ends.
    pub open_comment: Option<u32>,
    /// A bracket without partner.
    pub lone_bracket: Option<u32>,
}

impl Tokens {
    /// Cuts `source` into tokens.
    pub fn new(source: &[u8]) -> Tokens {
        let mut tokens = Tokens::default();
        let mut at = 0;
        if source.starts_with(b"#!") && !source.starts_with(b"#![") {
            at = line_end(source, 0);
        }
        while at < source.len() {
            at = tokens.next(source, at);
        }
        tokens.pair();
        tokens
    }

    /// Reads what begins at `at`; returns where it ends.
    fn next(&mut self, source: &[u8], at: usize) -> usize {
        let rest = &source[at..];
        let (kind, end) = match rest[0] {
            byte if byte.is_ascii_whitespace() => return at + 1,
            b'/' if rest.starts_with(b"//") => return line_end(source, at),
            b'/' if rest.starts_with(b"/*") => {
                return comment_end(source, at).unwrap_or_else(|| {
                    self.open_comment = Some(at as u32);
                    source.len()
                });
            }
            b'"' => (TokenKind::Literal, string_end(source, at)),
            b'\'' => quote(source, at),
            b'r' | b'b' | b'c' => match prefixed(source, at) {
                Some(end) => (TokenKind::Literal, end),
                None => (TokenKind::Word, word_end(source, at)),
            },
            b'0'..=b'9' => (TokenKind::Literal, number_end(source, at)),
            byte if is_name_byte(byte) || byte >= 0x80 => (TokenKind::Word, word_end(source, at)),
            b'(' | b'[' | b'{' => (TokenKind::Open, at + 1),
            b')' | b']' | b'}' => (TokenKind::Close, at + 1),
            byte if byte.is_ascii_graphic() => (TokenKind::Punct, at + 1),
            _ => return at + 1,
        };
        self.list.push(Token {
            kind,
            byte: rest[0],
            start: at as u32,
            end: end as u32,
            partner: self.list.len() as u32,
        });
        end
    }

    /// Finds the partner of each bracket. A closing one of the wrong kind ends what is open up to
    /// one of its kind.
    fn pair(&mut self) {
        let mut open: Vec<usize> = Vec::new();
        for i in 0..self.list.len() {
            let token = self.list[i];
            match token.kind {
                TokenKind::Open => open.push(i),
                TokenKind::Close => {
                    let wanted = opening(token.byte);
                    match open.iter().rposition(|&at| self.list[at].byte == wanted) {
                        Some(at) => {
                            let partner = open[at];
                            if at + 1 < open.len() {
                                self.lone_bracket
                                    .get_or_insert(self.list[open[at + 1]].start);
                            }
                            open.truncate(at);
                            self.list[partner].partner = i as u32;
                            self.list[i].partner = partner as u32;
                        }
                        None => {
                            self.lone_bracket.get_or_insert(token.start);
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(&first) = open.first() {
            self.lone_bracket.get_or_insert(self.list[first].start);
        }
    }
}

fn opening(close: u8) -> u8 {
    match close {
        b')' => b'(',
        b']' => b'[',
        _ => b'{',
    }
}

fn line_end(source: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &source[at..]).map_or(source.len(), |length| at + length)
}

/// Comments nest.
fn comment_end(source: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0;
    let mut at = at;
    while let Some(length) = memchr::memchr2(b'/', b'*', source.get(at..)?) {
        at += length;
        match source.get(at..at + 2)? {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The end of a string with escapes whose quote is at `at`.
fn string_end(source: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(length) = memchr::memchr2(b'"', b'\\', &source[at.min(source.len())..]) {
        at += length;
        if source[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    source.len()
}

/// `'a'`, `'\n'` or `'a`.
fn quote(source: &[u8], at: usize) -> (TokenKind, usize) {
    let rest = &source[at + 1..];
    match rest {
        [b'\\', ..] => {
            // At most `\u{10ffff}`; the escaped byte may be a quote.
            let end = rest.iter().take(12).skip(2).position(|&byte| byte == b'\'');
            let end = end.map_or(source.len().min(at + 3), |length| at + length + 4);
            (TokenKind::Literal, end)
        }
        [_, b'\'', ..] => (TokenKind::Literal, at + 3),
        [first, ..] if *first >= 0x80 => {
            let end = rest.iter().take(6).position(|&byte| byte == b'\'');
            (
                TokenKind::Literal,
                end.map_or(at + 1, |length| at + length + 2),
            )
        }
        _ => (TokenKind::Lifetime, word_end(source, at + 1).max(at + 1)),
    }
}

/// The end of `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `b'…'`, `c"…"`; `None` for a word.
fn prefixed(source: &[u8], at: usize) -> Option<usize> {
    let mut quote = at + 1;
    let mut is_raw = source[at] == b'r';
    if !is_raw && source.get(quote) == Some(&b'r') {
        is_raw = true;
        quote += 1;
    }
    if !is_raw {
        return match source.get(quote)? {
            b'"' => Some(string_end(source, quote)),
            b'\'' if source[at] == b'b' => match self::quote(source, quote) {
                (TokenKind::Literal, end) => Some(end),
                _ => None,
            },
            _ => None,
        };
    }
    let n_hashes = source[quote..].iter().take_while(|b| **b == b'#').count();
    if source.get(quote + n_hashes) != Some(&b'"') {
        return None;
    }
    let mut end = quote + n_hashes + 1;
    while let Some(length) = memchr::memchr(b'"', &source[end..]) {
        end += length + 1;
        let hashes = source[end..].iter().take(n_hashes);
        if hashes.filter(|byte| **byte == b'#').count() == n_hashes {
            return Some(end + n_hashes);
        }
    }
    Some(source.len())
}

fn word_end(source: &[u8], at: usize) -> usize {
    // A raw identifier, `r#type`, is one word.
    let from = match source[at..] {
        [b'r', b'#', third, ..] if is_name_byte(third) => at + 2,
        _ => at,
    };
    let length = source[from..]
        .iter()
        .position(|&byte| !(is_name_byte(byte) || byte >= 0x80));
    length.map_or(source.len(), |length| from + length)
}

fn number_end(source: &[u8], at: usize) -> usize {
    let end = word_end(source, at);
    // `1.5`, but neither `1..2` nor `1.max(2)`.
    match source[end..] {
        [b'.', digit, ..] if digit.is_ascii_digit() => word_end(source, end + 1),
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        let tokens = Tokens::new(source.as_bytes()).list;
        let text = |token: &Token| &source[token.start as usize..token.end as usize];
        tokens.iter().map(text).collect()
    }

    #[test]
    fn lifetimes_are_no_characters() {
        assert_eq!(
            texts("&'a u8, 'x', '\\'', '\\n'"),
            ["&", "'a", "u8", ",", "'x'", ",", "'\\''", ",", "'\\n'"]
        );
    }

    #[test]
    fn strings_hide_what_is_in_them() {
        assert_eq!(
            texts(r##"f("a{\"", r#"b"{"#, b"c", c"d", b'\'')"##),
            [
                "f",
                "(",
                r#""a{\"""#,
                ",",
                r##"r#"b"{"#"##,
                ",",
                r#"b"c""#,
                ",",
                r#"c"d""#,
                ",",
                r"b'\''",
                ")"
            ]
        );
    }

    #[test]
    fn comments_nest() {
        assert_eq!(texts("a /* /* b */ c */ d // e\nf"), ["a", "d", "f"]);
        assert_eq!(Tokens::new(b"a /* /* */").open_comment, Some(2));
    }

    #[test]
    fn numbers_end_before_ranges_and_methods() {
        assert_eq!(
            texts("1..2 1.5 0x1f_u8.max(2)"),
            [
                "1", ".", ".", "2", "1.5", "0x1f_u8", ".", "max", "(", "2", ")"
            ]
        );
    }

    #[test]
    fn raw_identifiers_are_one_word() {
        assert_eq!(texts("r#type r"), ["r#type", "r"]);
    }

    #[test]
    fn brackets_find_their_partners() {
        let tokens = Tokens::new(b"( [ ) }");
        assert_eq!(tokens.list[0].partner, 2);
        assert_eq!(tokens.list[1].partner, 1, "it has none");
        assert_eq!(tokens.list[3].partner, 3, "nor has this");
        assert_eq!(tokens.lone_bracket, Some(2));
    }
}
