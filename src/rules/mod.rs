//! The rules: each finds one shape of the defect family.
//!
//! One rule is one file: its declaration with the page people read about it, then its check. A
//! check is a pure function of what the analysis found; it sees every entry point's run and every
//! function on its own.

mod allow_comment;
mod attribute_loss;
mod cow_pfnmap;
mod default_drift;
mod draft;
mod dropped_override;
mod finding;
mod generic_rebuild;
mod late_prot_write;
mod lost_proof;
mod mask_regression;
mod prot_constant;
mod prot_recomputed;
mod selection;
mod stack_vma_copy;
mod state_loss;
mod witness;

pub use allow_comment::{Comment, apply as allow, comments};
pub use finding::{Finding, Label, Severity, TraceStep};
pub use lost_proof::RULE as LOST_PROOF;
pub use selection::Selection;

use std::collections::BTreeMap;

use crate::analysis::{Dictionary, GenericUse, Mapping, Places, Returned, Run, Uses};
use crate::arch::{Matrix, Rules};
use crate::callgraph::Program;

/// A rule's declaration.
pub struct Rule {
    /// Its name, the same everywhere.
    pub id: &'static str,
    /// What a finding of it means.
    pub oracle: Oracle,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Its page, `rules/<id>.md`.
    pub page: &'static str,
    check: fn(&Input<'_>) -> Vec<Finding>,
}

/// What the truth of a finding is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// Something goes wrong at run time.
    Invariant,
    /// The code has a shape it must not have.
    Pattern,
}

impl Oracle {
    /// The word for it in a rule's page.
    pub fn word(self) -> &'static str {
        match self {
            Oracle::Invariant => "invariant",
            Oracle::Pattern => "pattern",
        }
    }
}

/// Every rule, sorted by id.
pub const ALL: &[&Rule] = &[
    &allow_comment::RULE,
    &attribute_loss::RULE,
    &cow_pfnmap::RULE,
    &default_drift::RULE,
    &dropped_override::RULE,
    &generic_rebuild::RULE,
    &late_prot_write::RULE,
    &lost_proof::RULE,
    &mask_regression::RULE,
    &prot_constant::RULE,
    &prot_recomputed::RULE,
    &stack_vma_copy::RULE,
    &state_loss::RULE,
];

/// What rules look at.
pub struct Input<'a> {
    /// The parsed tree.
    pub program: &'a Program,
    /// The vocabulary.
    pub dictionary: &'a Dictionary<'a>,
    /// Where things are.
    pub places: &'a Places<'a>,
    /// What the entry points do.
    pub runs: &'a [Run],
    /// What the architectures' helpers do.
    pub matrix: &'a Matrix,
    /// What functions do on their own.
    pub uses: &'a Uses,
    /// The generic uses with their verdicts.
    pub generic_uses: &'a [GenericUse],
    /// The insertions.
    pub mappings: &'a [Mapping],
    /// What fault handlers return beside overrides.
    pub returned: &'a [Returned],
    /// What is known of the architectures beside their source.
    pub arch_rules: &'a Rules,
    /// Whether a file can be part of a kernel for an architecture directory.
    pub can_be_built: &'a dyn Fn(&str, &str) -> bool,
}

/// Runs all rules. Findings come sorted, each with a fingerprint of its own.
pub fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|rule| (rule.check)(input)).collect();
    findings.sort();
    number_fingerprints(&mut findings);
    findings
}

/// The same defect several times in one function: told apart by their order.
pub fn number_fingerprints(findings: &mut [Finding]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let n = seen.entry(finding.fingerprint.clone()).or_default();
        *n += 1;
        if *n > 1 {
            finding.fingerprint = format!("{}|{n}", finding.fingerprint);
        }
    }
}
