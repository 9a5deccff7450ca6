//! What the last analysis of a tree found out, arranged by file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::analysis::{Mapping, Verdict};
use crate::pipeline::{Calls, Explained, Report, SourceRange};
use crate::rules::Finding;

use super::text::Text;

/// An answer, and what it is the answer to.
pub struct Snapshot {
    /// What was found out.
    pub report: Arc<Report>,
    /// The findings that `check` would show, by file.
    pub findings: BTreeMap<String, Vec<Finding>>,
    /// The call graph.
    pub calls: Option<Arc<Calls>>,
    /// What editors held, with its revision.
    pub buffers: BTreeMap<String, (u64, Arc<Text>)>,
    /// Guards by file.
    guards: BTreeMap<String, Vec<Guard>>,
    /// By insertion, the uses that rewrite its entries.
    rewriters: BTreeMap<(String, u32), BTreeSet<usize>>,
    /// By use, the insertions whose entries it rewrites.
    reached_by: BTreeMap<usize, BTreeSet<(String, u32)>>,
    /// Files that were looked at for positions.
    pub texts: Arc<Texts>,
}

/// Files by path; `None` for those that cannot be read.
pub type Texts = Mutex<BTreeMap<String, Option<Arc<Text>>>>;

/// A condition that keeps override mappings away.
pub struct Guard {
    /// All of it.
    pub range: SourceRange,
    /// What it tells.
    pub says: &'static str,
    /// Proofs that rest on it, as positions among the uses.
    pub uses: BTreeSet<usize>,
}

impl Snapshot {
    /// Arranges a report. `shown` are its findings that `check` would show.
    pub fn new(report: Arc<Report>, shown: Vec<Finding>, calls: Option<Arc<Calls>>) -> Snapshot {
        let mut findings: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for finding in shown {
            findings
                .entry(finding.file.clone())
                .or_default()
                .push(finding);
        }
        let uses = &report.proofs.uses;
        let (mut rewriters, mut reached_by) = (BTreeMap::new(), BTreeMap::new());
        for (i, one) in uses.iter().enumerate() {
            for insertion in witnesses(&report, one) {
                let of_insertion: &mut BTreeSet<usize> =
                    rewriters.entry(insertion.clone()).or_default();
                of_insertion.insert(i);
                let of_use: &mut BTreeSet<_> = reached_by.entry(i).or_default();
                of_use.insert(insertion);
            }
        }
        Snapshot {
            guards: guards(uses),
            findings,
            calls,
            buffers: BTreeMap::new(),
            rewriters,
            reached_by,
            texts: Arc::default(),
            report,
        }
    }

    /// The uses in a file, as positions in [`Snapshot::uses`].
    pub fn uses_in(&self, path: &str) -> Range<usize> {
        let uses = &self.report.proofs.uses;
        let start = uses.partition_point(|one| one.reader.file.as_str() < path);
        let n = uses[start..].partition_point(|one| one.reader.file == path);
        start..start + n
    }

    /// The generic uses, sorted by place.
    pub fn uses(&self) -> &[Explained] {
        &self.report.proofs.uses
    }

    /// The insertions in a file.
    pub fn mappings_in(&self, path: &str) -> impl Iterator<Item = &Mapping> {
        let rows = self.report.mappings.iter();
        rows.filter(move |row| row.file == path)
    }

    /// The conditions in a file that proofs rest on.
    pub fn guards_in(&self, path: &str) -> &[Guard] {
        self.guards.get(path).map_or(&[], Vec::as_slice)
    }

    /// The uses that rewrite the entries of an insertion.
    pub fn rewriters_of(&self, mapping: &Mapping) -> impl Iterator<Item = &Explained> {
        let place = (mapping.file.clone(), mapping.line);
        let found = self.rewriters.get(&place).into_iter().flatten();
        found.map(|&i| &self.uses()[i])
    }

    /// How many insertions make entries that a use rewrites.
    pub fn n_reaching(&self, one: usize) -> usize {
        self.reached_by.get(&one).map_or(0, BTreeSet::len)
    }

    /// The insertions that a function is called for.
    pub fn inserted_by(&self, function: &str) -> impl Iterator<Item = &Mapping> {
        let rows = self.report.mappings.iter();
        rows.filter(move |row| row.api == function)
    }

    /// What a file held; read when it is asked for.
    pub fn text(&self, path: &str) -> Option<Arc<Text>> {
        if let Some((_, text)) = self.buffers.get(path) {
            return Some(text.clone());
        }
        let mut texts = self.texts.lock().unwrap_or_else(|error| error.into_inner());
        if let Some(known) = texts.get(path) {
            return known.clone();
        }
        let bytes = (self.report.sources)(path);
        let text = bytes.map(|bytes| Arc::new(Text::new(bytes)));
        texts.insert(path.to_owned(), text.clone());
        text
    }
}

/// The insertions that suffer from what a use does, as far as findings name them.
fn witnesses(report: &Report, one: &Explained) -> BTreeSet<(String, u32)> {
    let reader = &one.reader;
    if !matches!(reader.verdict, Verdict::Violation | Verdict::ArchDependent) {
        return BTreeSet::new();
    }
    // Findings are sorted by place.
    let place = (reader.file.as_str(), reader.line);
    let findings = &report.findings;
    let start = findings.partition_point(|finding| (finding.file.as_str(), finding.line) < place);
    let rest = findings[start..].iter();
    rest.take_while(|finding| (finding.file.as_str(), finding.line) == place)
        .flat_map(|finding| &finding.witnesses)
        .map(|step| (step.file.clone(), step.line))
        .collect()
}

/// The guards of all proofs, each once, by file.
fn guards(uses: &[Explained]) -> BTreeMap<String, Vec<Guard>> {
    let mut found: BTreeMap<(&str, SourceRange, &'static str), BTreeSet<usize>> = BTreeMap::new();
    for (i, one) in uses.iter().enumerate() {
        if one.reader.verdict != Verdict::Safe {
            continue;
        }
        for guard in &one.guards {
            for &range in &guard.ranges {
                let key = (guard.place.file.as_str(), range, guard.says);
                found.entry(key).or_default().insert(i);
            }
        }
    }
    let mut by_file: BTreeMap<String, Vec<Guard>> = BTreeMap::new();
    for ((file, range, says), uses) in found {
        let guard = Guard { range, says, uses };
        by_file.entry(file.to_owned()).or_default().push(guard);
    }
    by_file
}
