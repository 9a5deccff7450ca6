//! Source lines as a person sees them.
//!
//! Real sources hold Latin-1 names, NUL bytes, escape sequences and lines of ten megabytes, and
//! the renderer wants clean UTF-8. So only the lines that a diagnostic points into are taken, each
//! is cleaned and, where it is very long, cut around what is pointed at; a table per line leads
//! from the bytes of the file to those shown and back. Line and column numbers that are printed
//! are always those of the file.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files};
use rustc_hash::FxHashMap;

use super::text::{is_printable, printable};

/// Longest line shown whole, in bytes.
const LONGEST_LINE: usize = 180;
/// How much of a cut line is shown before the first label on it.
const CUT_LEAD: usize = 60;
/// A label over more lines than this is shortened to its first line.
const MOST_LINES: usize = 12;

/// The files of a run, read once each.
pub struct Sources<'r> {
    load: &'r dyn Fn(&str) -> Option<Vec<u8>>,
    known: FxHashMap<String, Option<Source>>,
}

struct Source {
    bytes: Vec<u8>,
    line_starts: Vec<usize>,
}

impl<'r> Sources<'r> {
    /// Sources that `load` gives by path.
    pub fn new(load: &'r dyn Fn(&str) -> Option<Vec<u8>>) -> Sources<'r> {
        Sources {
            load,
            known: FxHashMap::default(),
        }
    }

    /// One line of a file, from 1, cut where it is very long; `None` if there is none.
    pub fn line(&mut self, path: &str, line: u32) -> Option<String> {
        let source = self.get(path)?;
        let line = (line as usize).checked_sub(1)?;
        if line >= source.line_starts.len() {
            return None;
        }
        let bytes = source.line(line);
        let shown = &bytes[..bytes.len().min(LONGEST_LINE)];
        Some(String::from_utf8_lossy(shown).into_owned())
    }

    fn get(&mut self, path: &str) -> Option<&Source> {
        if !self.known.contains_key(path) {
            let source = (self.load)(path).map(Source::new);
            self.known.insert(path.to_owned(), source);
        }
        self.known.get(path)?.as_ref()
    }
}

impl Sources<'_> {
    /// The column in characters of a byte column, both from 1; the same where there is no such
    /// line.
    pub fn char_column(&mut self, path: &str, line: u32, column: u32) -> u32 {
        let Some(source) = self.get(path) else {
            return column;
        };
        let line = line as usize - 1;
        match line < source.line_starts.len() {
            true => n_chars(source.line(line), column as usize - 1) + 1,
            false => column,
        }
    }

    /// Line and column in characters, from 1, of a byte of a file.
    pub fn line_char_column(&mut self, path: &str, offset: u32) -> Option<(u32, u32)> {
        let source = self.get(path)?;
        let (line, byte) = source.place(offset as usize);
        Some((line as u32 + 1, n_chars(source.line(line), byte) + 1))
    }
}

/// Characters in the first bytes of a line; a byte that is no UTF-8 counts as one.
fn n_chars(line: &[u8], n_bytes: usize) -> u32 {
    let head = &line[..n_bytes.min(line.len())];
    String::from_utf8_lossy(head).chars().count() as u32
}

impl Source {
    fn new(bytes: Vec<u8>) -> Source {
        let line_starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', &bytes).map(|at| at + 1))
            .collect();
        Source { bytes, line_starts }
    }

    /// Line, from 0, and byte in it.
    fn place(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.bytes.len());
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        (line, offset - self.line_starts[line])
    }

    fn line(&self, line: usize) -> &[u8] {
        let start = self.line_starts[line];
        let end = match self.line_starts.get(line + 1) {
            Some(&next) => next - 1,
            None => self.bytes.len(),
        };
        let bytes = &self.bytes[start..end];
        bytes.strip_suffix(b"\r").unwrap_or(bytes)
    }
}

/// Where something is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// From a line and byte column up to another, all from 1, the end exclusive.
    LineColumn { start: (u32, u32), end: (u32, u32) },
    /// Bytes of the file.
    Bytes { start: u32, end: u32 },
}

/// A place inside the [`Excerpts`]: which excerpt, and which bytes of what it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// For [`Files`].
    pub excerpt: usize,
    /// For [`Files`].
    pub range: Range<usize>,
}

/// The lines that one diagnostic shows.
#[derive(Default)]
pub struct Excerpts {
    files: Vec<Excerpt>,
}

struct Excerpt {
    name: String,
    text: String,
    /// By line index from 0.
    lines: BTreeMap<usize, ShownLine>,
}

struct ShownLine {
    /// In [`Excerpt::text`].
    range: Range<usize>,
    /// Byte in the file's line, and byte in the shown line, at the start of each character shown,
    /// and at the end.
    bytes: Vec<(usize, usize)>,
}

impl ShownLine {
    fn to_shown(&self, byte: usize) -> usize {
        let next = self.bytes.partition_point(|&(real, _)| real <= byte);
        self.range.start + self.bytes[next.saturating_sub(1)].1
    }

    fn to_real(&self, offset: usize) -> usize {
        let shown = offset.saturating_sub(self.range.start);
        let next = self.bytes.partition_point(|&(_, at)| at <= shown);
        self.bytes[next.saturating_sub(1)].0
    }
}

impl Excerpts {
    /// Collects the lines that hold `places` (path and place); the answer has an entry for each,
    /// `None` where the file is not there or is shorter than the place says.
    pub fn new(sources: &mut Sources, places: &[(&str, Place)]) -> (Excerpts, Vec<Option<Shown>>) {
        let mut excerpts = Excerpts::default();
        let mut shown = vec![None; places.len()];
        for (i, (path, _)) in places.iter().enumerate() {
            if places[..i].iter().any(|(earlier, _)| earlier == path) {
                continue;
            }
            let Some(source) = sources.get(path) else {
                continue;
            };
            let excerpt_index = excerpts.files.len();
            let resolved: Vec<(usize, Resolved)> = places
                .iter()
                .enumerate()
                .filter(|(_, (other, _))| other == path)
                .filter_map(|(j, (_, place))| Some((j, resolve(source, *place)?)))
                .collect();
            if resolved.is_empty() {
                continue;
            }
            let excerpt = excerpt(path, source, &resolved);
            for (j, place) in resolved {
                let at = |(line, byte): (usize, usize)| excerpt.lines[&line].to_shown(byte);
                let (start, end) = (at(place.start), at(place.end));
                shown[j] = Some(Shown {
                    excerpt: excerpt_index,
                    range: start..end.max(start),
                });
            }
            excerpts.files.push(excerpt);
        }
        (excerpts, shown)
    }

    fn file(&self, id: usize) -> Result<&Excerpt, Error> {
        self.files.get(id).ok_or(Error::FileMissing)
    }
}

/// Start and end as line, from 0, and byte in it.
#[derive(Clone, Copy)]
struct Resolved {
    start: (usize, usize),
    end: (usize, usize),
}

fn resolve(source: &Source, place: Place) -> Option<Resolved> {
    let (start, end) = match place {
        Place::Bytes { start, end } => {
            if start as usize > source.bytes.len() {
                return None;
            }
            (source.place(start as usize), source.place(end as usize))
        }
        Place::LineColumn { start, end } => {
            let at = |(line, column): (u32, u32)| {
                let line = (line as usize).checked_sub(1)?;
                if line >= source.line_starts.len() {
                    return None;
                }
                let byte = (column as usize).saturating_sub(1);
                Some((line, byte.min(source.line(line).len())))
            };
            (at(start)?, at(end)?)
        }
    };
    let end = if end.0 >= start.0 + MOST_LINES {
        (start.0, source.line(start.0).len())
    } else {
        end.max(start)
    };
    Some(Resolved { start, end })
}

fn excerpt(path: &str, source: &Source, places: &[(usize, Resolved)]) -> Excerpt {
    // The renderer fills gaps of one line, so a neighbour on each side has to be there.
    let mut wanted: BTreeMap<usize, Option<Range<usize>>> = BTreeMap::new();
    for (_, place) in places {
        let last = (place.end.0 + 1).min(source.line_starts.len() - 1);
        for line in place.start.0.saturating_sub(1)..=last {
            wanted.entry(line).or_default();
        }
        for line in place.start.0..=place.end.0 {
            let from = if line == place.start.0 {
                place.start.1
            } else {
                0
            };
            let to = if line == place.end.0 {
                place.end.1
            } else {
                from
            };
            let range = wanted.entry(line).or_default();
            *range = Some(match range {
                Some(known) => known.start.min(from)..known.end.max(to),
                None => from..to,
            });
        }
    }
    let mut text = String::new();
    let mut lines = BTreeMap::new();
    for (line, labelled) in wanted {
        let start = text.len();
        let bytes = show_line(source.line(line), labelled, &mut text);
        lines.insert(
            line,
            ShownLine {
                range: start..text.len(),
                bytes,
            },
        );
        text.push('\n');
    }
    Excerpt {
        name: printable(path).into_owned(),
        text,
        lines,
    }
}

/// Appends what is shown of `line` to `text`; answers where each character shown came from.
fn show_line(
    line: &[u8],
    labelled: Option<Range<usize>>,
    text: &mut String,
) -> Vec<(usize, usize)> {
    let start_of_line = text.len();
    let window = window(line, labelled);
    let mut bytes = Vec::with_capacity(window.len() + 2);
    if window.start > 0 {
        bytes.push((0, 0));
        text.push('…');
    }
    let mut real = window.start;
    for chunk in line[window.clone()].utf8_chunks() {
        for c in chunk.valid().chars() {
            bytes.push((real, text.len() - start_of_line));
            text.push(if c == '\t' || is_printable(c) {
                c
            } else {
                '\u{FFFD}'
            });
            real += c.len_utf8();
        }
        for _ in chunk.invalid() {
            bytes.push((real, text.len() - start_of_line));
            text.push('\u{FFFD}');
            real += 1;
        }
    }
    bytes.push((real, text.len() - start_of_line));
    if window.end < line.len() {
        text.push('…');
    }
    bytes
}

/// Which bytes of a line are shown.
fn window(line: &[u8], labelled: Option<Range<usize>>) -> Range<usize> {
    if line.len() <= LONGEST_LINE {
        return 0..line.len();
    }
    let labelled = labelled.unwrap_or(0..0);
    let lead = if labelled.end <= LONGEST_LINE {
        labelled.start
    } else {
        CUT_LEAD
    };
    let is_boundary = |at: usize| line.get(at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let mut start = labelled.start.saturating_sub(lead);
    let mut end = (start + LONGEST_LINE).min(line.len());
    // A character has at most four bytes; anything longer is not UTF-8 anyway.
    for _ in 0..3 {
        start -= usize::from(start > 0 && !is_boundary(start));
        end -= usize::from(!is_boundary(end));
    }
    start..end
}

impl<'a> Files<'a> for Excerpts {
    type FileId = usize;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.name)
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: usize, byte_index: usize) -> Result<usize, Error> {
        let file = self.file(id)?;
        let line = file
            .lines
            .iter()
            .find(|(_, line)| byte_index <= line.range.end)
            .or(file.lines.last_key_value());
        line.map(|(&index, _)| index).ok_or(Error::FileMissing)
    }

    fn column_number(&'a self, id: usize, line: usize, byte_index: usize) -> Result<usize, Error> {
        let file = self.file(id)?;
        let shown = file.lines.get(&line).ok_or(Error::FileMissing)?;
        Ok(shown.to_real(byte_index) + 1)
    }

    fn line_range(&'a self, id: usize, line: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        let shown = file.lines.get(&line).ok_or(Error::LineTooLarge {
            given: line,
            max: file.lines.last_key_value().map_or(0, |(&last, _)| last),
        })?;
        Ok(shown.range.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excerpts(content: &[u8], places: &[Place]) -> (Excerpts, Vec<Option<Shown>>) {
        let load = |_: &str| Some(content.to_vec());
        let places: Vec<(&str, Place)> = places.iter().map(|&place| ("a.c", place)).collect();
        Excerpts::new(&mut Sources::new(&load), &places)
    }

    fn at(line: u32, columns: Range<u32>) -> Place {
        Place::LineColumn {
            start: (line, columns.start),
            end: (line, columns.end),
        }
    }

    fn shown_text(excerpts: &Excerpts, shown: &Shown) -> String {
        excerpts.files[shown.excerpt].text[shown.range.clone()].to_owned()
    }

    #[test]
    fn invalid_bytes_and_control_characters_keep_the_columns() {
        let content = b"first\n\xE9\x1b\0 PAGE_SHARED\n";
        let (excerpts, shown) = excerpts(content, &[at(2, 5..16)]);
        let shown = shown[0].as_ref().unwrap();
        assert_eq!(shown_text(&excerpts, shown), "PAGE_SHARED");
        assert_eq!(excerpts.line_index(0, shown.range.start).unwrap(), 1);
        let location = excerpts.location(0, shown.range.start).unwrap();
        assert_eq!((location.line_number, location.column_number), (2, 5));
        let line = excerpts.line_range(0, 1).unwrap();
        assert_eq!(
            &excerpts.files[0].text[line],
            "\u{FFFD}\u{FFFD}\u{FFFD} PAGE_SHARED"
        );
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_label() {
        let mut content = vec![b'x'; 10_000_000];
        content[5_000_000..5_000_011].copy_from_slice(b"PAGE_SHARED");
        let place = Place::Bytes {
            start: 5_000_000,
            end: 5_000_011,
        };
        let (excerpts, shown) = excerpts(&content, &[place]);
        let shown = shown[0].as_ref().unwrap();
        assert_eq!(shown_text(&excerpts, shown), "PAGE_SHARED");
        let text = &excerpts.files[0].text;
        assert!(text.starts_with('…') && text.ends_with("…\n"));
        assert!(text.len() < 2 * LONGEST_LINE);
        let location = excerpts.location(0, shown.range.start).unwrap();
        assert_eq!(location.column_number, 5_000_001);
    }

    #[test]
    fn a_place_behind_the_end_of_the_file_is_not_shown() {
        let (_, shown) = excerpts(b"one line", &[at(7, 1..2)]);
        assert_eq!(shown, [None]);
        let beyond = Place::Bytes {
            start: 99,
            end: 100,
        };
        let (_, shown) = excerpts(b"one line", &[beyond]);
        assert_eq!(shown, [None]);
    }

    proptest! {
        #[test]
        fn any_bytes_and_places_give_valid_ranges(
            content in proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(0xC3u8), any::<u8>()], 0..600),
            places in proptest::collection::vec((0u32..700, 0u32..700), 1..4),
        ) {
            let places: Vec<Place> = places
                .into_iter()
                .map(|(start, length)| Place::Bytes { start, end: start + length })
                .collect();
            let (excerpts, shown) = excerpts(&content, &places);
            for shown in shown.into_iter().flatten() {
                let text = &excerpts.files[shown.excerpt].text;
                prop_assert!(text.get(shown.range.clone()).is_some());
                let first = excerpts.line_index(0, shown.range.start).unwrap();
                let last = excerpts.line_index(0, shown.range.end).unwrap();
                for line in first..=last {
                    let range = excerpts.line_range(0, line).unwrap();
                    prop_assert!(text.get(range).is_some());
                }
            }
        }
    }
}
