//! Witnesses: mappings of this tree that hold overrides and could suffer from a defect.

use std::collections::BTreeSet;

use crate::analysis::{Cow, GenericUse, Mapping, UseLevel};
use crate::vocabulary::{Kind, Level};

use super::draft::Site;
use super::{Finding, Input, TraceStep};

/// What an override has to be like to suffer.
#[derive(Clone, Copy)]
pub struct Victim<'a> {
    /// The level of the entries.
    pub level: UseLevel,
    /// Which bits are at stake; `None` for caching and encryption.
    pub kind: Option<Kind>,
    /// On which architecture; `None` for any.
    pub arch: Option<&'a str>,
}

impl Input<'_> {
    /// The insertions of overrides that match, each at the driver's end: where a helper of a
    /// subsystem inserts for drivers, its callers stand for it.
    pub(super) fn witnesses(&self, victim: Victim<'_>) -> Vec<&Mapping> {
        let matching: Vec<&Mapping> = self
            .mappings
            .iter()
            .filter(|mapping| mapping.is_override && is_entered(mapping))
            .filter(|mapping| is_level(victim.level, mapping.level))
            .filter(|mapping| match victim.kind {
                Some(kind) => mapping.kinds.contains(&kind),
                None => [Kind::Caching, Kind::Encryption]
                    .iter()
                    .any(|kind| mapping.kinds.contains(kind)),
            })
            .filter(|mapping| victim.arch.is_none_or(|arch| self.exists_on(mapping, arch)))
            .collect();
        let called: BTreeSet<&str> = matching.iter().map(|one| one.api.as_str()).collect();
        matching
            .into_iter()
            .filter(|one| !called.contains(one.function.as_str()))
            .collect()
    }

    fn exists_on(&self, mapping: &Mapping, arch: &str) -> bool {
        let is_built = |file: &str| (self.can_be_built)(file, arch);
        (mapping.arches.is_empty() || mapping.arches.contains(arch))
            && is_built(&mapping.file)
            && mapping.path.first().is_none_or(|step| is_built(&step.file))
    }

    /// From the first witness, by way of what the engine found, to a generic use.
    pub(super) fn trace_from(&self, witnesses: &[&Mapping], one: &GenericUse) -> Vec<TraceStep> {
        let mut steps = Vec::new();
        if let Some(first) = witnesses.first() {
            for (i, step) in first.path.iter().enumerate() {
                let note = match first.path.get(i + 1) {
                    Some(next) => format!("calls `{}`", next.function),
                    None => format!(
                        "{} inserts entries that differ in {} from vm_page_prot",
                        first.api,
                        words(&first.kinds)
                    ),
                };
                steps.push(TraceStep {
                    file: step.file.clone(),
                    line: step.line,
                    function: step.function.clone(),
                    note,
                });
            }
        }
        let way = one.judgement.iter().flat_map(|judgement| &judgement.trace);
        let way: Vec<Site> = way
            .map(|step| Site {
                function: step.function,
                span: step.span,
            })
            .collect();
        for (i, site) in way.iter().enumerate() {
            let note = match way.get(i + 1) {
                Some(next) => {
                    let callee = self.program.function(next.function).name;
                    match i {
                        0 => format!("such a mapping comes into view; calls `{callee}`"),
                        _ => format!("calls `{callee}`"),
                    }
                }
                None => "uses vm_page_prot for the entry".to_owned(),
            };
            steps.push(self.step(*site, note));
        }
        steps
    }
}

/// Names the witnesses, each by the call that inserts its entries.
pub fn listed(witnesses: &[&Mapping]) -> Vec<TraceStep> {
    let step = |one: &&Mapping| TraceStep {
        file: one.file.clone(),
        line: one.line,
        function: one.function.clone(),
        note: format!("{} changes {}", one.api, words(&one.kinds)),
    };
    witnesses.iter().map(step).collect()
}

/// Names the witnesses of a finding, a few of them, for its text.
pub fn name_witnesses(witnesses: &[&Mapping]) -> String {
    const MOST: usize = 6;
    let names: BTreeSet<&str> = witnesses.iter().map(|one| one.function.as_str()).collect();
    let shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{name}`"))
        .collect();
    let list = shown.join(", ");
    match names.len().saturating_sub(MOST) {
        0 => list,
        n => format!("{list} and {n} more"),
    }
}

/// `caching and encryption`.
pub fn words(kinds: &BTreeSet<Kind>) -> String {
    let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    words.join(" and ")
}

/// True if the way from an operation of a driver to the insertion is known.
fn is_entered(mapping: &Mapping) -> bool {
    !mapping.vm_ops.is_empty() || mapping.cow != Cow::Unknown
}

/// hugetlb changes entries of any level.
fn is_level(of_use: UseLevel, of_mapping: Level) -> bool {
    match of_use {
        UseLevel::Pte => of_mapping == Level::Pte,
        UseLevel::Pmd => of_mapping == Level::Pmd,
        UseLevel::Pud => of_mapping == Level::Pud,
        UseLevel::Huge | UseLevel::None => true,
    }
}

/// A finding is a defect of today if somebody suffers from it.
pub fn severity(witnesses: &[&Mapping]) -> super::Severity {
    match witnesses.is_empty() {
        true => super::Severity::Warning,
        false => super::Severity::Error,
    }
}

/// What a finding without a witness says of that.
pub fn add_absence(finding: &mut Finding, witnesses: &[&Mapping]) {
    if witnesses.is_empty() {
        finding.why.push_str(
            " No mapping of this tree suffers from it today: none that can exist here inserts \
             such entries.",
        );
    }
}
