//! One line for each finding, as compilers print them: for editors, `grep` and logs.

use super::{describe_run, sorted, text};
use crate::pipeline::Report;

/// `file:line:column: severity[rule]: message` for each finding, then what was found and how well
/// the tree was understood.
pub fn short(report: &Report) -> String {
    let mut out = String::new();
    for finding in sorted(&report.findings) {
        let severity = text::word(&finding.severity);
        let line = format!(
            "{}:{}:{}: {severity}[{}]: {}",
            finding.file, finding.line, finding.column, finding.rule, finding.message
        );
        out.push_str(&text::printable(&line));
        out.push('\n');
    }
    out.push_str(&format!("ptelint: {}\n", describe_run(report)));
    out
}
