//! The verdict of ptelint's own analysis on a mutant's source.

use serde::Serialize;

use crate::pipeline::{self, PipelineError, Report};
use crate::rules::{self, Oracle, Severity};
use crate::vocabulary::{self, Vocabulary};

/// What the analysis says of some version of the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StaticVerdict {
    /// Defects.
    pub findings: Vec<Alarm>,
    /// Generic uses that are neither proved nor refuted: function and what it does.
    pub unproven: Vec<String>,
}

/// One finding, without what a change of lines changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alarm {
    /// The rule.
    pub rule: &'static str,
    /// Whether it is about what happens at run time.
    pub is_invariant: bool,
    /// Error, warning or note.
    pub severity: Severity,
    /// The function.
    pub function: String,
    /// What is wrong.
    pub message: String,
    /// Path and line.
    pub place: String,
    /// How control gets there.
    pub trace: Vec<String>,
}

impl Alarm {
    /// What makes it the same one in another version.
    fn identity(&self) -> (&'static str, &str, &str) {
        (self.rule, &self.function, &self.message)
    }

    /// Whether it is something to mend.
    pub fn counts(&self) -> bool {
        self.severity != Severity::Note
    }
}

/// Analyses sources as `ptelint check` does.
pub fn static_verdict(sources: Vec<(String, Vec<u8>)>) -> Result<StaticVerdict, PipelineError> {
    static_verdict_with(vocabulary::builtin(), sources)
}

/// Analyses sources with a vocabulary of one's own.
pub(super) fn static_verdict_with(
    vocabulary: &Vocabulary,
    sources: Vec<(String, Vec<u8>)>,
) -> Result<StaticVerdict, PipelineError> {
    let report = pipeline::check_files_with(vocabulary, sources)?;
    Ok(StaticVerdict {
        findings: alarms(&report),
        unproven: unproven(&report),
    })
}

fn alarms(report: &Report) -> Vec<Alarm> {
    let is_invariant = |id: &str| {
        let rule = rules::ALL.iter().find(|rule| rule.id == id);
        rule.is_some_and(|rule| rule.oracle == Oracle::Invariant)
    };
    report
        .findings
        .iter()
        .map(|finding| Alarm {
            rule: finding.rule,
            is_invariant: is_invariant(finding.rule),
            severity: finding.severity,
            function: finding.function.clone(),
            message: finding.message.clone(),
            place: format!("{}:{}", finding.file, finding.line),
            trace: finding
                .trace
                .iter()
                .map(|step| {
                    format!(
                        "{}:{} {}: {}",
                        step.file, step.line, step.function, step.note
                    )
                })
                .collect(),
        })
        .collect()
}

fn unproven(report: &Report) -> Vec<String> {
    let readers = report.readers.iter();
    readers
        .filter(|reader| reader.verdict == crate::analysis::Verdict::Unproven)
        .map(|reader| {
            format!(
                "{}: {:?} at {:?} level",
                reader.function, reader.role, reader.level
            )
        })
        .collect()
}

impl StaticVerdict {
    /// What this version has and the original has not.
    pub fn beyond(&self, original: &StaticVerdict) -> StaticVerdict {
        let mut left: Vec<&Alarm> = original.findings.iter().collect();
        let mut findings = self.findings.clone();
        findings.retain(|alarm| {
            let known = left
                .iter()
                .position(|other| other.identity() == alarm.identity());
            known.map(|at| left.remove(at)).is_none()
        });
        let mut left = original.unproven.clone();
        let mut unproven = Vec::new();
        for use_ in &self.unproven {
            match left.iter().position(|other| other == use_) {
                Some(at) => drop(left.remove(at)),
                None => unproven.push(use_.clone()),
            }
        }
        StaticVerdict { findings, unproven }
    }
}
