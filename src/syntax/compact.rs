//! Shortens normalised text before it is parsed.
//!
//! The parser spends a good part of its time on the letters of names it does not care about and on
//! blanks. What it gets has every name cut to two bytes and every gap to one; a map leads back.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::lex::IS_WORD;
use super::normalise::words;

/// Shortened text and, for each of its bytes, the offset it stands for.
#[derive(Default)]
pub(crate) struct Compact {
    pub text: Vec<u8>,
    origins: Vec<u32>,
}

/// Words that mean something to the grammar.
static KEYWORDS: LazyLock<FxHashSet<Vec<u8>>> = LazyLock::new(|| {
    let language: tree_sitter::Language = tree_sitter_c::LANGUAGE.into();
    let mut keywords: FxHashSet<Vec<u8>> = (0..language.node_kind_count() as u16)
        .filter_map(|id| language.node_kind_for_id(id))
        .filter(|name| name.bytes().all(|b| IS_WORD[b as usize]))
        .map(|name| name.as_bytes().to_vec())
        .collect();
    for word in ["TRUE", "FALSE", "true", "false", "NULL", "nullptr"] {
        keywords.insert(word.into());
    }
    keywords
});

impl Compact {
    /// Shortens `text`, which must not contain comments or directives.
    pub fn fill(&mut self, text: &[u8]) {
        self.text.clear();
        self.origins.clear();
        let keywords = &*KEYWORDS;
        let mut at = 0;
        while at < text.len() {
            let byte = text[at];
            let start = at;
            if IS_WORD[byte as usize] {
                at += 1;
                while at < text.len() && IS_WORD[text[at] as usize] {
                    at += 1;
                }
                let word = &text[start..at];
                if word.len() > 3 {
                    let is_number = byte.is_ascii_digit();
                    let is_keyword =
                        !is_number && (keywords.contains(word) || words::is_primitive(word));
                    if !is_keyword {
                        let letter = if is_number { b'1' } else { b'a' };
                        self.push(letter, start);
                        self.push(letter, at - 1);
                        continue;
                    }
                }
                for (i, &byte) in word.iter().enumerate() {
                    self.push(byte, start + i);
                }
            } else if byte.is_ascii_whitespace() {
                while at < text.len() && text[at].is_ascii_whitespace() {
                    at += 1;
                }
                self.push(b' ', start);
            } else if byte == b'"' {
                at += 1;
                while at < text.len() && text[at] == b' ' {
                    at += 1;
                }
                self.push(b'"', start);
                if text.get(at) == Some(&b'"') {
                    self.push(b'"', at);
                    at += 1;
                } else {
                    at = start + 1;
                }
            } else {
                self.push(byte, at);
                at += 1;
            }
        }
    }

    fn push(&mut self, byte: u8, origin: usize) {
        self.text.push(byte);
        self.origins.push(origin as u32);
    }

    /// The original offset of a byte.
    pub fn start(&self, at: usize) -> u32 {
        match self.origins.get(at) {
            Some(&origin) => origin,
            None => self.origins.last().map_or(0, |last| last + 1),
        }
    }

    /// The original offset just behind the byte before `at`.
    pub fn end(&self, at: usize) -> u32 {
        match at
            .checked_sub(1)
            .and_then(|before| self.origins.get(before))
        {
            Some(origin) => origin + 1,
            None => 0,
        }
    }
}
