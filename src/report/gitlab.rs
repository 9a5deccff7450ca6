//! GitLab's code quality report: a JSON array in the subset of Code Climate that GitLab reads.

use serde::Serialize;

use super::sorted;
use crate::pipeline::Report;
use crate::rules::{Finding, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: &'a str,
    description: &'a str,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// All findings, in the order of the files.
pub fn gitlab(report: &Report) -> serde_json::Result<String> {
    let issues: Vec<Issue> = sorted(&report.findings).into_iter().map(issue).collect();
    let mut out = serde_json::to_string_pretty(&issues)?;
    out.push('\n');
    Ok(out)
}

fn issue(finding: &Finding) -> Issue<'_> {
    Issue {
        kind: "issue",
        check_name: finding.rule,
        description: &finding.message,
        categories: ["Bug Risk"],
        severity: match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        fingerprint: &finding.fingerprint,
        location: Location {
            path: &finding.file,
            lines: Lines {
                begin: finding.line,
                end: finding.end_line,
            },
        },
    }
}
