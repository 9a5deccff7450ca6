//! The last answer seen from the editor: places of what was analysed, moved to where they are now.

use std::path::Path;

use gen_lsp_types::{Location, Position, Range, Uri};

use crate::pipeline::SourceRange;

use super::documents::{Document, Documents};
use super::snapshot::Snapshot;
use super::text::{Encoding, Text};
use super::uri;

/// One tree's answer, and what is open of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The answer.
    pub snapshot: &'a Snapshot,
    /// Where the tree is, as the client calls it.
    pub root: &'a Path,
    /// The number of the tree.
    pub tree: usize,
    /// All open documents.
    pub documents: &'a Documents,
    /// What columns count.
    pub encoding: Encoding,
}

impl<'a> View<'a> {
    /// The open document of a file.
    pub fn document(&self, path: &str) -> Option<&'a Document> {
        self.documents.values().find(|document| {
            let file = document.file.as_ref();
            file.is_some_and(|file| file.tree == self.tree && file.path == path)
        })
    }

    /// How the client calls a file.
    pub fn uri(&self, path: &str) -> Uri {
        match self.document(path) {
            Some(document) => document.uri.clone(),
            None => uri::of(&self.root.join(path)),
        }
    }

    /// Calls `f` with the text that was analysed of a file.
    pub fn with_text<T>(&self, path: &str, f: impl FnOnce(&Text) -> T) -> Option<T> {
        match self.document(path) {
            Some(document) => Some(f(document.base())),
            None => self.snapshot.text(path).map(|text| f(&text)),
        }
    }

    /// Where a part of what was analysed is now; `None` if it is gone.
    pub fn now(&self, path: &str, part: (usize, usize)) -> Option<Range> {
        match self.document(path) {
            Some(document) => {
                let (start, end) = document.moved(part)?;
                Some(document.text.range(start, end, self.encoding))
            }
            None => {
                let text = self.snapshot.text(path)?;
                Some(text.range(part.0, part.1, self.encoding))
            }
        }
    }

    /// Where a range of the analysis is now.
    pub fn range(&self, path: &str, range: SourceRange) -> Option<Range> {
        let part = self.with_text(path, |text| text.offsets_of(range))?;
        self.now(path, part)
    }

    /// Where what stands on a line is now.
    pub fn line(&self, path: &str, line: u32) -> Option<Range> {
        let part = self.with_text(path, |text| text.statement_at(line))?;
        self.now(path, part)
    }

    /// Where the name that stands at a place is now.
    pub fn name(&self, path: &str, place: (u32, u32)) -> Option<Range> {
        let part = self.with_text(path, |text| {
            let at = text.offset_of(place);
            text.name_at(at).unwrap_or((at, at))
        })?;
        self.now(path, part)
    }

    /// What stands on a line, as a place to go to.
    pub fn location(&self, path: &str, line: u32) -> Option<Location> {
        Some(Location {
            range: self.line(path, line)?,
            uri: self.uri(path),
        })
    }

    /// A range of the analysis, as a place to go to.
    pub fn location_of(&self, path: &str, range: SourceRange) -> Option<Location> {
        Some(Location {
            range: self.range(path, range)?,
            uri: self.uri(path),
        })
    }

    /// A link to a line in Markdown.
    pub fn link(&self, path: &str, line: u32) -> String {
        let now = self
            .line(path, line)
            .map_or(line, |range| range.start.line + 1);
        let shown = super::markdown::escaped(path);
        format!("[{shown}:{now}]({}#L{now})", self.uri(path))
    }

    /// The source of a line, if it is text.
    pub fn source(&self, path: &str, line: u32) -> Option<String> {
        self.with_text(path, |text| text.slice(text.statement_at(line)))
            .filter(|line| !line.is_empty())
    }

    /// Where a position of an open document was in what was analysed.
    pub fn origin(&self, document: &Document, position: Position) -> Option<usize> {
        document.origin(document.text.offset(position, self.encoding))
    }
}
