//! Findings as diagnostics: sent when they change, or handed out when the client asks.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Message,
};
use rustc_hash::FxHasher;
use serde_json::json;

use crate::pipeline::SourceRange;
use crate::rules::{Finding, Severity};

use super::facts::Facts;
use super::pages::Pages;
use super::snapshot::Snapshot;
use super::view::View;

/// Steps of a way, and mappings that suffer, that are listed; others are in `check`'s answer.
const MOST_PLACES: usize = 16;

/// The diagnostics of a file, where they are now.
pub fn of_file(view: View<'_>, path: &str, facts: &Facts, pages: &Pages) -> Vec<Diagnostic> {
    let findings = view.snapshot.findings.get(path).into_iter().flatten();
    findings
        .filter_map(|finding| diagnostic(view, finding, facts, pages))
        .collect()
}

/// The files that have diagnostics.
pub fn files(snapshot: &Snapshot) -> BTreeSet<String> {
    snapshot.findings.keys().cloned().collect()
}

/// The range of a finding.
pub fn range_of(finding: &Finding) -> SourceRange {
    SourceRange {
        start: (finding.line, finding.column),
        end: (finding.end_line, finding.end_column),
    }
}

fn diagnostic(
    view: View<'_>,
    finding: &Finding,
    facts: &Facts,
    pages: &Pages,
) -> Option<Diagnostic> {
    let range = view.range(&finding.file, range_of(finding))?;
    let page = pages.rule(finding.rule).filter(|_| facts.code_description);
    let mut message = finding.message.clone();
    if !finding.arches.is_empty() {
        let arches: Vec<&str> = finding.arches.iter().map(String::as_str).collect();
        message.push_str(&format!(" (only on {})", arches.join(", ")));
    }
    Some(Diagnostic {
        range,
        severity: Some(match finding.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
            Severity::Note => DiagnosticSeverity::Information,
        }),
        code: Some(Code::String(finding.rule.to_owned())),
        code_description: page.map(|href| CodeDescription { href }),
        source: Some("ptelint".to_owned()),
        message: Message::String(message),
        tags: None,
        related_information: facts.related_information.then(|| related(view, finding)),
        data: Some(json!({ "fingerprint": finding.fingerprint })),
    })
}

/// The places that belong to a finding: what made it so, the way to it, who suffers.
fn related(view: View<'_>, finding: &Finding) -> Vec<DiagnosticRelatedInformation> {
    let labels = finding.labels.iter().filter_map(|label| {
        let part = (label.start as usize, label.end as usize);
        Some(DiagnosticRelatedInformation {
            location: gen_lsp_types::Location {
                uri: view.uri(&label.file),
                range: view.now(&label.file, part)?,
            },
            message: label.text.clone(),
        })
    });
    let trace = finding.trace.iter().take(MOST_PLACES);
    let witnesses = finding.witnesses.iter().take(MOST_PLACES);
    let steps = trace.chain(witnesses).filter_map(|step| {
        Some(DiagnosticRelatedInformation {
            location: view.location(&step.file, step.line)?,
            message: format!("in `{}`: {}", step.function, step.note),
        })
    });
    labels.chain(steps).collect()
}

/// What the client was sent of each file.
#[derive(Debug, Default)]
pub struct Sent(BTreeMap<String, Vec<Diagnostic>>);

impl Sent {
    /// The files that the client holds diagnostics of.
    pub fn files(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }

    /// Remembers what is sent; false if the client holds that already.
    pub fn renew(&mut self, path: &str, diagnostics: &[Diagnostic]) -> bool {
        let is_new = match self.0.get(path) {
            Some(known) => known != diagnostics,
            None => !diagnostics.is_empty(),
        };
        match diagnostics.is_empty() {
            true => self.0.remove(path),
            false => self.0.insert(path.to_owned(), diagnostics.to_vec()),
        };
        is_new
    }
}

/// A name for what diagnostics say: the same for the same.
pub fn result_id(diagnostics: &[Diagnostic]) -> String {
    let mut hasher = FxHasher::default();
    serde_json::to_string(diagnostics)
        .unwrap_or_default()
        .hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
