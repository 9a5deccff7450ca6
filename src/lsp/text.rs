//! The text of a file: lines as editors count them, and positions in it.
//!
//! Editors speak of lines and of columns in UTF-16 code units, or in bytes if client and server
//! agree; the analysis speaks of lines that end with `\n` and of columns in bytes, from 1. Both are
//! translated by way of the byte offset.

use gen_lsp_types::{Position, PositionEncodingKind, Range};

use crate::pipeline::SourceRange;

/// What a column counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Half a surrogate pair each; what every client knows.
    #[default]
    Utf16,
}

impl Encoding {
    /// The name of it in the protocol.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// How many columns some bytes take. A byte that is not UTF-8 is shown as one character.
    fn width(self, bytes: &[u8]) -> usize {
        match self {
            Encoding::Utf8 => bytes.len(),
            Encoding::Utf16 if bytes.is_ascii() => bytes.len(),
            Encoding::Utf16 => bytes
                .utf8_chunks()
                .map(|chunk| {
                    let valid = chunk.valid().encode_utf16().count();
                    valid + usize::from(!chunk.invalid().is_empty())
                })
                .sum(),
        }
    }

    /// Where in a line a column is; behind the end of the line, its end.
    fn offset(self, line: &[u8], column: usize) -> usize {
        match self {
            Encoding::Utf16 if !line.is_ascii() => {
                let (mut at, mut seen) = (0, 0);
                for chunk in line.utf8_chunks() {
                    for character in chunk.valid().chars() {
                        seen += character.len_utf16();
                        if seen > column {
                            return at;
                        }
                        at += character.len_utf8();
                    }
                    if !chunk.invalid().is_empty() {
                        seen += 1;
                        if seen > column {
                            return at;
                        }
                        at += chunk.invalid().len();
                    }
                }
                at
            }
            Encoding::Utf8 | Encoding::Utf16 => {
                let mut at = column.min(line.len());
                // Not into the middle of a character.
                while at > 0 && line.get(at).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    at -= 1;
                }
                at
            }
        }
    }
}

/// The content of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text {
    bytes: Vec<u8>,
    /// Where lines begin for an editor: behind `\n`, `\r\n` and `\r`.
    lines: Vec<u32>,
    /// True if a line ends with `\r` alone, where the analysis sees none.
    has_lone_returns: bool,
}

impl Text {
    /// Finds the lines.
    pub fn new(bytes: Vec<u8>) -> Text {
        let mut lines = vec![0];
        let mut has_lone_returns = false;
        for at in memchr::memchr2_iter(b'\n', b'\r', &bytes) {
            let is_return = bytes[at] == b'\r';
            if is_return && bytes.get(at + 1) == Some(&b'\n') {
                continue;
            }
            has_lone_returns |= is_return;
            lines.push(at as u32 + 1);
        }
        Text {
            bytes,
            lines,
            has_lone_returns,
        }
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A line without its end; empty behind the last.
    pub fn line(&self, line: u32) -> &[u8] {
        let (start, end) = self.line_bounds(line);
        &self.bytes[start..end]
    }

    fn line_bounds(&self, line: u32) -> (usize, usize) {
        let n = self.bytes.len();
        let Some(&start) = self.lines.get(line as usize) else {
            return (n, n);
        };
        let start = start as usize;
        let end = self
            .lines
            .get(line as usize + 1)
            .map_or(n, |&at| at as usize);
        let text = &self.bytes[start..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        (start, start + text.len())
    }

    /// The offset of a position; the end of the line, or of the text, if it is behind that.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let (start, end) = self.line_bounds(position.line);
        start + encoding.offset(&self.bytes[start..end], position.character as usize)
    }

    /// The position of an offset.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = offset.min(self.bytes.len());
        let line = self
            .lines
            .partition_point(|&start| start as usize <= offset)
            - 1;
        let start = self.lines[line] as usize;
        Position {
            line: line as u32,
            character: encoding.width(&self.bytes[start..offset]) as u32,
        }
    }

    /// The range of offsets.
    pub fn range(&self, start: usize, end: usize, encoding: Encoding) -> Range {
        Range {
            start: self.position(start, encoding),
            end: self.position(end, encoding),
        }
    }

    /// The offset of a line and column of the analysis.
    pub fn offset_of(&self, (line, column): (u32, u32)) -> usize {
        let line = (line as usize).saturating_sub(1);
        let start = match self.has_lone_returns {
            false => self.lines.get(line).map(|&at| at as usize),
            true => match line {
                0 => Some(0),
                _ => memchr::memchr_iter(b'\n', &self.bytes)
                    .nth(line - 1)
                    .map(|at| at + 1),
            },
        };
        let start = start.unwrap_or(self.bytes.len());
        (start + (column as usize).saturating_sub(1)).min(self.bytes.len())
    }

    /// The offsets of a part.
    pub fn offsets_of(&self, range: SourceRange) -> (usize, usize) {
        (self.offset_of(range.start), self.offset_of(range.end))
    }

    /// The offsets of a line of the analysis, without the blanks around what stands there.
    pub fn statement_at(&self, line: u32) -> (usize, usize) {
        let start = self.offset_of((line, 1));
        let rest = &self.bytes[start..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let text = &rest[..end];
        let indent = text.len() - text.trim_ascii_start().len();
        (start + indent, start + indent + text.trim_ascii().len())
    }

    /// The name that covers an offset, or ends there.
    pub fn name_at(&self, offset: usize) -> Option<(usize, usize)> {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let offset = offset.min(self.bytes.len());
        let before = self.bytes[..offset].iter().rev();
        let behind = self.bytes[offset..].iter();
        let start = offset - before.take_while(|byte| is_name(byte)).count();
        let end = offset + behind.take_while(|byte| is_name(byte)).count();
        let is_number = self.bytes.get(start).is_some_and(u8::is_ascii_digit);
        (start < end && !is_number).then_some((start, end))
    }

    /// The text of a part; bytes that are not UTF-8 become `U+FFFD`.
    pub fn slice(&self, (start, end): (usize, usize)) -> String {
        let n = self.bytes.len();
        String::from_utf8_lossy(&self.bytes[start.min(n)..end.min(n)]).into_owned()
    }

    /// This text with a part replaced.
    pub fn edited(&self, edit: &Edit, new: &[u8]) -> Text {
        let mut bytes = Vec::with_capacity(self.bytes.len() + new.len());
        bytes.extend(&self.bytes[..edit.start]);
        bytes.extend(new);
        bytes.extend(&self.bytes[edit.start + edit.n_old..]);
        Text::new(bytes)
    }

    /// The one edit that makes another text of this.
    pub fn difference(&self, other: &Text) -> Edit {
        let (old, new) = (&self.bytes, &other.bytes);
        let most = old.len().min(new.len());
        let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let pairs = old.iter().rev().zip(new.iter().rev());
        let n_end = pairs.take(most - same).take_while(|(a, b)| a == b).count();
        Edit {
            start: same,
            n_old: old.len() - same - n_end,
            n_new: new.len() - same - n_end,
        }
    }
}

/// A part of a text that was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where it begins.
    pub start: usize,
    /// Bytes taken out.
    pub n_old: usize,
    /// Bytes put in.
    pub n_new: usize,
}

impl Edit {
    /// Where a part of the old text is in the new one; `None` if nothing is left of it.
    pub fn moved(&self, (start, end): (usize, usize)) -> Option<(usize, usize)> {
        let old_end = self.start + self.n_old;
        let new_end = self.start + self.n_new;
        let shifted = |at: usize| at - old_end + new_end;
        let new_start = match start {
            at if at >= old_end => shifted(at),
            at if at <= self.start => at,
            _ => new_end,
        };
        let new_finish = match end {
            at if at <= self.start => at,
            at if at >= old_end => shifted(at),
            _ => self.start,
        };
        // What was empty before, stays.
        (new_start < new_finish || start == end).then_some((new_start, new_finish.max(new_start)))
    }

    /// Where a place of the new text was in the old one; `None` if it is new.
    pub fn origin(&self, at: usize) -> Option<usize> {
        let new_end = self.start + self.n_new;
        match at {
            at if at < self.start || (at == self.start && self.n_new == 0) => Some(at),
            at if at >= new_end => Some(at - new_end + self.start + self.n_old),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn columns_count_what_was_agreed() {
        let text = Text::new("a\u{e4}\u{1f427}b\r\nc".as_bytes().to_vec());
        let (utf8, utf16) = (Encoding::Utf8, Encoding::Utf16);
        // `b` is behind one, two and four bytes, which are one, one and two units.
        assert_eq!(text.offset(position(0, 4), utf16), 7);
        assert_eq!(text.offset(position(0, 7), utf8), 7);
        assert_eq!(text.position(7, utf16), position(0, 4));
        assert_eq!(text.position(7, utf8), position(0, 7));
        // Inside of a pair is at its beginning.
        assert_eq!(text.offset(position(0, 3), utf16), 3);
        assert_eq!(text.offset(position(0, 5), utf8), 3);
        // Behind the end of the line is its end.
        assert_eq!(text.offset(position(0, 99), utf16), 8);
        assert_eq!(text.offset(position(9, 9), utf16), text.bytes().len());
    }

    #[test]
    fn bytes_that_are_no_text_are_one_character_each() {
        let text = Text::new(b"\xe4\xf6x".to_vec());
        assert_eq!(text.position(2, Encoding::Utf16), position(0, 2));
        assert_eq!(text.offset(position(0, 2), Encoding::Utf16), 2);
    }

    #[test]
    fn every_line_end_ends_a_line_for_the_editor() {
        let text = Text::new(b"a\rb\r\nc\n".to_vec());
        let lines: Vec<&[u8]> = (0..4).map(|line| text.line(line)).collect();
        assert_eq!(lines, [b"a", b"b", b"c", &b""[..]]);
        // For the analysis, `c` is in the second line.
        assert_eq!(text.offset_of((2, 1)), 5);
        assert_eq!(text.position(5, Encoding::Utf16), position(2, 0));
    }

    #[test]
    fn places_move_with_edits() {
        let insert = Edit {
            start: 5,
            n_old: 0,
            n_new: 3,
        };
        assert_eq!(insert.moved((5, 8)), Some((8, 11)));
        assert_eq!(insert.moved((2, 5)), Some((2, 5)));
        assert_eq!(insert.moved((4, 6)), Some((4, 9)));
        assert_eq!(insert.origin(6), None);
        assert_eq!(insert.origin(9), Some(6));
        let delete = Edit {
            start: 5,
            n_old: 3,
            n_new: 0,
        };
        assert_eq!(delete.moved((5, 8)), None);
        assert_eq!(delete.moved((6, 9)), Some((5, 6)));
        assert_eq!(delete.moved((2, 6)), Some((2, 5)));
        assert_eq!(delete.origin(5), Some(5));
    }

    #[test]
    fn a_difference_is_one_edit() {
        let (old, new) = (Text::new(b"abcabc".to_vec()), Text::new(b"abXabc".to_vec()));
        let edit = old.difference(&new);
        assert_eq!((edit.start, edit.n_old, edit.n_new), (2, 1, 1));
        assert_eq!(old.edited(&edit, b"X"), new);
        let same = old.difference(&old);
        assert_eq!((same.n_old, same.n_new), (0, 0));
    }
}
