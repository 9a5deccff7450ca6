//! A mutant: one change of the reference's source, and how it is shown.

use std::fmt::Write;
use std::ops::Range;

use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff, InternedInput, UnifiedDiffConfig};

use super::source::Source;

/// Replaces a part of a file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which bytes go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: String,
}

impl Edit {
    /// Puts text in the place of a range.
    pub fn new(range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit {
            range,
            text: text.into(),
        }
    }
}

/// What an operator proposes for one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The place it is about, as a byte of the file.
    pub at: usize,
    /// What is done, as a phrase: `drop the guard …`.
    pub what: String,
    /// How, without overlaps.
    pub edits: Vec<Edit>,
}

impl Change {
    /// One edit that says where it is.
    pub fn new(what: impl Into<String>, range: Range<usize>, text: impl Into<String>) -> Change {
        Change {
            at: range.start,
            what: what.into(),
            edits: vec![Edit::new(range, text)],
        }
    }

    /// The file with the change made.
    pub fn apply(&self, source: &Source) -> String {
        let mut edits: Vec<&Edit> = self.edits.iter().collect();
        edits.sort_by_key(|edit| edit.range.start);
        let mut text = String::with_capacity(source.text.len() + 64);
        let mut done = 0;
        for edit in edits {
            text.push_str(&source.text[done..edit.range.start]);
            text.push_str(&edit.text);
            done = edit.range.end;
        }
        text.push_str(&source.text[done..]);
        text
    }
}

/// One mutant of the reference.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Its number, from 1; 0 is the reference itself.
    pub number: u32,
    /// The operator that made it.
    pub operator: &'static str,
    /// The file that differs, below the reference's directory.
    pub file: String,
    /// The line the change is about.
    pub line: usize,
    /// The function or constant it is in.
    pub item: String,
    /// Whether that function makes entries from a protection.
    pub constructs: bool,
    /// Whether that function puts an entry where it took another one out, or copies one from slot to
    /// slot.
    pub replaces: bool,
    /// What was done.
    pub what: String,
    /// The file as it is with the change.
    pub text: String,
}

impl Mutant {
    /// The change as a patch to the original text.
    pub fn diff(&self, original: &str) -> String {
        let input = InternedInput::new(original, self.text.as_str());
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        let printer = BasicLineDiffPrinter(&input.interner);
        let config = UnifiedDiffConfig::default();
        let mut patch = String::new();
        let file = &self.file;
        let _ = writeln!(patch, "--- a/src/reference/{file}");
        let _ = writeln!(patch, "+++ b/src/reference/{file}");
        let _ = write!(patch, "{}", diff.unified_diff(&printer, config, &input));
        patch
    }

    /// Where it is and what it does, in one line.
    pub fn title(&self) -> String {
        let (file, line, item, what) = (&self.file, self.line, &self.item, &self.what);
        format!("{file}:{line} {item}: {what}")
    }
}
