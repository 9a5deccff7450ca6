//! The XML of Checkstyle, which Jenkins and many other programs read.

use std::fmt::Write;

use super::{describe_run, sorted};
use crate::pipeline::Report;
use crate::rules::Severity;

/// All findings by file. The format has no place for coverage, so that is in a comment.
pub fn checkstyle(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<checkstyle version=\"4.3\">\n");
    for in_file in sorted(&report.findings).chunk_by(|a, b| a.file == b.file) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  <file name=\"{}\">", attribute(&in_file[0].file));
        for finding in in_file {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            let _ = writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" \
                 source=\"ptelint.{}\"/>",
                finding.line,
                finding.column,
                attribute(&finding.message),
                finding.rule
            );
        }
        out.push_str("  </file>\n");
    }
    out.push_str("</checkstyle>\n");
    // Some programs take the first node of the document for the report, whatever it is.
    let run = describe_run(report);
    out.push_str(&format!("<!-- ptelint: {} -->\n", run.replace("--", "- -")));
    out
}

/// Escapes the value of an attribute; characters that XML cannot hold become U+FFFD.
fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_a_valid_attribute() {
        assert_eq!(
            attribute("a<b> & \"c\"\n\u{1b}"),
            "a&lt;b&gt; &amp; &quot;c&quot;&#10;\u{FFFD}"
        );
    }
}
