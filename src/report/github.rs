//! Workflow commands of GitHub Actions: each finding becomes an annotation at its line.

use super::{describe_run, sorted, text};
use crate::pipeline::Report;
use crate::rules::{Finding, Severity};

/// One command for each finding, worst first, since GitHub shows ten of each kind for a step; then
/// a plain line for the log.
pub fn github(report: &Report) -> String {
    let mut findings = sorted(&report.findings);
    findings.sort_by_key(|finding| finding.severity);
    let mut out: String = findings.into_iter().map(command).collect();
    out.push_str(&format!("ptelint: {}\n", describe_run(report)));
    out
}

fn command(finding: &Finding) -> String {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = format!(
        "file={},line={},endLine={}",
        property(&finding.file),
        finding.line,
        finding.end_line
    );
    // GitHub ignores columns of a range of lines.
    if finding.line == finding.end_line {
        let (column, end) = (finding.column, finding.end_column);
        properties.push_str(&format!(",col={column},endColumn={end}"));
    }
    let title = property(&format!("ptelint: {}", finding.rule));
    let message = data(&text::paragraphs(finding));
    format!("::{level} {properties},title={title}::{message}\n")
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("50%\nnext: a,b"), "50%25%0Anext: a,b");
        assert_eq!(property("a:b,c\r\n"), "a%3Ab%2Cc%0D%0A");
    }
}
