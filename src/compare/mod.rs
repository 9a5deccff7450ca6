//! What a change did: the findings and the lost proofs of a new version that the old one did not
//! have.
//!
//! Both versions are analysed whole (where they come to different programs), since a change in one file can take the proof from a use in
//! another. Here only the two answers are compared.

mod lines;
mod lost;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::baseline::Baseline;
use crate::pipeline::Report;
use crate::rules::{self, Finding};

use lines::LineMap;

/// What was compared, for the summary.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The new version in words: `the work tree`.
    pub new: String,
    /// The old version in words: `v6.12 (adc218676eef)`.
    pub old: String,
    /// Source files that differ.
    pub files: usize,
    /// Findings that were there before, and are not shown.
    pub known: usize,
    /// Findings that were there before and are not any more.
    pub fixed: usize,
    /// Generic uses that lost their proof.
    pub lost_proofs: usize,
    /// False if nothing that an answer depends on differs, so that nothing had to be analysed.
    pub analysed: bool,
}

/// A change, and what came out of both versions of the tree.
pub struct Change<'a> {
    /// Of the version before.
    pub old: &'a Report,
    /// Files that differ.
    pub files: &'a BTreeSet<String>,
}

/// A lost proof with the mappings that suffer, which the findings at its uses name.
fn with_witnesses(lost: lost::Lost, told: &[Finding]) -> Finding {
    let is_here = |finding: &&Finding| {
        let place = (finding.file.as_str(), finding.line, finding.column);
        let mut uses = lost.uses.iter();
        uses.any(|(file, line, column)| (file.as_str(), *line, *column) == place)
    };
    let witnesses = told.iter().filter(is_here);
    let witnesses: BTreeSet<_> = witnesses.flat_map(|one| one.witnesses.clone()).collect();
    Finding {
        witnesses: witnesses.into_iter().collect(),
        ..lost.finding
    }
}

/// Takes the findings that were there before out of `new`, and adds the lost proofs.
pub fn compare(change: &Change, new: &mut Report, comparison: &mut Comparison) {
    let maps: BTreeMap<&str, LineMap> = change
        .files
        .iter()
        .filter_map(|path| {
            let old = (change.old.sources)(path)?;
            let now = (new.sources)(path)?;
            Some((path.as_str(), LineMap::new(&old, &now)))
        })
        .collect();
    let lost = lost::lost_proofs(change, new, &maps);
    comparison.lost_proofs = lost.iter().map(|lost| lost.uses.len()).sum();
    let known = Baseline::of(change.old);
    known.apply(new);
    let summary = new.filters.baseline.take().unwrap_or_default();
    (comparison.known, comparison.fixed) = (summary.known, summary.stale.len());
    // A lost proof says more than the finding at each use that lost it.
    let told: BTreeSet<(String, u32, u32)> =
        lost.iter().flat_map(|lost| lost.uses.clone()).collect();
    let is_told =
        |finding: &Finding| told.contains(&(finding.file.clone(), finding.line, finding.column));
    let (dropped, kept) = std::mem::take(&mut new.findings)
        .into_iter()
        .partition(is_told);
    new.findings = kept;
    new.findings
        .extend(lost.into_iter().map(|lost| with_witnesses(lost, &dropped)));
    new.findings.sort();
    rules::number_fingerprints(&mut new.findings);
}
