//! What a rule reports.

use std::collections::BTreeSet;

use serde::Serialize;

/// One defect, with everything a person needs to judge it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Path relative to the checked tree.
    pub file: String,
    /// First line, from 1.
    pub line: u32,
    /// First column in bytes, from 1.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column just behind the last byte.
    pub end_column: u32,
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The function it is in.
    pub function: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Architecture directories; empty for all.
    pub arches: BTreeSet<String>,
    /// Presence condition, `None` for always.
    pub condition: Option<String>,
    /// From the override insertion to the defect, or how control gets to it.
    pub trace: Vec<TraceStep>,
    /// Mappings of the tree that suffer, each by the call that inserts its entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<TraceStep>,
    /// Stable when code moves: rule, function, path and what is reported, never the line.
    pub fingerprint: String,
    /// What is written under the defect itself.
    #[serde(skip)]
    pub label: String,
    /// Other places that made it so.
    #[serde(skip)]
    pub labels: Vec<Label>,
    /// Why it matters.
    #[serde(skip)]
    pub why: String,
    /// What to do.
    #[serde(skip)]
    pub help: String,
}

/// A second place with a remark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Path relative to the checked tree.
    pub file: String,
    /// Range of bytes in the file.
    pub start: u32,
    /// Just behind the range.
    pub end: u32,
    /// The remark.
    pub text: String,
}

/// One step of a trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TraceStep {
    /// Path relative to the checked tree.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The function the line is in.
    pub function: String,
    /// What happens there.
    pub note: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A defect somebody should fix.
    Error,
    /// Wrong, but nothing in the tree suffers yet.
    Warning,
    /// Legitimate but worth knowing.
    Note,
}
