//! Open documents: what an editor shows, and how it differs from what was analysed last.

use std::collections::BTreeMap;
use std::sync::Arc;

use gen_lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::text::{Edit, Encoding, Text};

/// An open document.
pub struct Document {
    /// As the client calls it.
    pub uri: Uri,
    /// The client's number of its content.
    pub version: i32,
    /// What it holds.
    pub text: Arc<Text>,
    /// Ours: grows with every change of any document.
    pub revision: u64,
    /// The file it shows, if it is one of an open tree.
    pub file: Option<File>,
    /// True if its text counts instead of what is on disk.
    pub is_laid_over: bool,
    /// What was analysed last, or is on disk.
    base: Arc<Text>,
    /// What happened to that since, with the revisions it led to.
    edits: Vec<(u64, Edit)>,
}

/// A file of an open tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Which tree.
    pub tree: usize,
    /// Path relative to its root.
    pub path: String,
}

impl Document {
    /// A document that was opened. `on_disk` is what its file holds.
    pub fn new(
        (uri, version, text): (Uri, i32, String),
        revision: u64,
        file: Option<File>,
        on_disk: Option<Vec<u8>>,
    ) -> Document {
        let text = Arc::new(Text::new(text.into_bytes()));
        let is_same = on_disk.as_deref() == Some(text.bytes());
        let base = match on_disk {
            Some(bytes) if !is_same => Arc::new(Text::new(bytes)),
            _ => text.clone(),
        };
        let edits = match is_same {
            true => Vec::new(),
            false => vec![(revision, base.difference(&text))],
        };
        Document {
            uri,
            version,
            text,
            revision,
            is_laid_over: !is_same && file.is_some(),
            file,
            base,
            edits,
        }
    }

    /// Applies what the client tells of a change. Several changes follow each other.
    pub fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
        revision: u64,
    ) {
        for change in changes {
            use TextDocumentContentChangeEvent as Change;
            let (edit, text) = match change {
                Change::TextDocumentContentChangePartial(change) => {
                    let start = self.text.offset(change.range.start, encoding);
                    let end = self.text.offset(change.range.end, encoding);
                    let edit = Edit {
                        start: start.min(end),
                        n_old: start.abs_diff(end),
                        n_new: change.text.len(),
                    };
                    let text = self.text.edited(&edit, change.text.as_bytes());
                    (edit, text)
                }
                Change::TextDocumentContentChangeWholeDocument(change) => {
                    let text = Text::new(change.text.into_bytes());
                    (self.text.difference(&text), text)
                }
            };
            self.text = Arc::new(text);
            self.edits.push((revision, edit));
        }
        self.version = version;
        self.revision = revision;
    }

    /// What was analysed last.
    pub fn base(&self) -> &Text {
        &self.base
    }

    /// A revision of it was analysed.
    pub fn analysed(&mut self, revision: u64, text: Arc<Text>) {
        self.edits.retain(|&(led_to, _)| led_to > revision);
        self.base = text;
    }

    /// Where a part of what was analysed is now; `None` if it has gone.
    pub fn moved(&self, part: (usize, usize)) -> Option<(usize, usize)> {
        let mut edits = self.edits.iter();
        edits.try_fold(part, |part, (_, edit)| edit.moved(part))
    }

    /// Where a place was in what was analysed; `None` if it is new.
    pub fn origin(&self, at: usize) -> Option<usize> {
        let mut edits = self.edits.iter().rev();
        edits.try_fold(at, |at, (_, edit)| edit.origin(at))
    }
}

/// All open documents by URI.
pub type Documents = BTreeMap<String, Document>;

#[cfg(test)]
mod tests {
    use gen_lsp_types::{
        Position, Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument,
    };

    use super::*;

    fn open(text: &str) -> Document {
        let uri = Uri::from("file:///a.c");
        let disk = Some(text.as_bytes().to_vec());
        Document::new((uri, 1, text.to_owned()), 1, None, disk)
    }

    #[expect(deprecated, reason = "the member is there all the same")]
    fn part(start: (u32, u32), end: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let position = |(line, character)| Position { line, character };
        TextDocumentContentChangePartial {
            range: Range {
                start: position(start),
                end: position(end),
            },
            range_length: None,
            text: text.to_owned(),
        }
        .into()
    }

    #[test]
    fn changes_follow_each_other() {
        let mut document = open("one\ntwo\n");
        let changes = vec![part((0, 0), (0, 0), "zero\n"), part((2, 0), (2, 3), "2")];
        document.change(2, changes, Encoding::Utf16, 2);
        assert_eq!(document.text.bytes(), b"zero\none\n2\n");
        assert_eq!(document.moved((0, 3)), Some((5, 8)));
        // What was replaced is where its replacement is.
        assert_eq!(document.moved((4, 7)), Some((9, 10)));
        assert_eq!(document.origin(6), Some(1));
        assert_eq!(document.origin(2), None);
        let analysed = document.text.clone();
        document.analysed(2, analysed);
        assert_eq!(document.moved((5, 8)), Some((5, 8)));
    }

    #[test]
    fn a_whole_new_text_moves_what_is_left_of_the_old() {
        let mut document = open("one\ntwo\n");
        let change = TextDocumentContentChangeWholeDocument {
            text: "one\n\ntwo\n".to_owned(),
        };
        document.change(2, vec![change.into()], Encoding::Utf16, 2);
        assert_eq!(document.moved((4, 7)), Some((5, 8)));
    }

    #[test]
    fn a_range_that_is_the_wrong_way_round_or_outside_is_no_reason_to_panic() {
        let mut document = open("one\ntwo\n");
        let changes = vec![part((1, 1), (0, 1), "x"), part((90, 0), (99, 3), "y")];
        document.change(2, changes, Encoding::Utf16, 2);
        assert_eq!(document.text.bytes(), b"oxwo\ny");
    }
}
