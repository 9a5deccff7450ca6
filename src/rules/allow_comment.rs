//! Comments that allow a finding, and the rule that keeps them honest: `allow-comment`.
//!
//! `/* ptelint: allow(rule): reason */` on the line of a finding, or above the statement it is in,
//! takes the finding out of the answer. A comment that is not of this form, or that takes nothing
//! out, is a finding of its own, so that none is left behind when the code has changed.

use std::collections::BTreeSet;

use super::{Finding, Oracle, Rule, Severity};
use crate::tree::COMMENT_MARKER;

/// See `rules/allow-comment.md`.
pub const RULE: Rule = Rule {
    id: "allow-comment",
    oracle: Oracle::Pattern,
    summary: "a comment for ptelint that is malformed, or allows a finding that is not there",
    page: include_str!("../../rules/allow-comment.md"),
    // It depends on what the other rules find: see `apply`.
    check: |_| Vec::new(),
};

/// A statement over more lines than this is not covered to its end.
const MOST_LINES: usize = 20;

/// A comment addressed to ptelint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it begins: line and byte column, from 1.
    start: (u32, u32),
    /// Where it ends, exclusive.
    end: (u32, u32),
    /// The first and the last line it holds for.
    covers: (u32, u32),
    /// The rule it allows, or what is wrong with it.
    allows: Result<String, String>,
}

/// Takes the findings that comments allow out of `findings`, and adds those about comments.
/// `comments` has the comments of each file; `is_seen` tells rules that could have found something
/// in this run. Returns how many were taken out.
pub fn apply(
    findings: &mut Vec<Finding>,
    comments: &[(String, Vec<Comment>)],
    is_seen: &dyn Fn(&str) -> bool,
) -> usize {
    let n_before = findings.len();
    let mut about = Vec::new();
    for (path, comments) in comments {
        for comment in comments {
            let problem = match &comment.allows {
                Err(problem) => problem.clone(),
                Ok(rule) => {
                    let n = findings.len();
                    findings.retain(|finding| !comment.allows(path, rule, finding));
                    if findings.len() < n || !is_seen(rule) {
                        continue;
                    }
                    format!("this comment allows `{rule}` where there is none")
                }
            };
            about.push((path.as_str(), comment, problem));
        }
    }
    let n_suppressed = n_before - findings.len();
    let mut n_of_file = 0;
    for (i, &(path, comment, ref problem)) in about.iter().enumerate() {
        n_of_file = match i > 0 && about[i - 1].0 == path {
            true => n_of_file + 1,
            false => 1,
        };
        findings.push(comment.finding(path, problem, n_of_file));
    }
    findings.sort();
    n_suppressed
}

impl Comment {
    fn allows(&self, path: &str, rule: &str, finding: &Finding) -> bool {
        let (first, last) = self.covers;
        finding.rule == rule && finding.file == path && (first..=last).contains(&finding.line)
    }

    fn finding(&self, path: &str, problem: &str, n_of_file: usize) -> Finding {
        let help = match self.allows {
            Ok(_) => "Remove the comment, or move it to the line of the finding.",
            Err(_) => "Write `/* ptelint: allow(RULE): REASON */`, or `//` in front of the same.",
        };
        Finding {
            file: path.to_owned(),
            line: self.start.0,
            column: self.start.1,
            end_line: self.end.0,
            end_column: self.end.1,
            rule: RULE.id,
            severity: Severity::Warning,
            function: String::new(),
            message: problem.to_owned(),
            arches: BTreeSet::new(),
            condition: None,
            trace: Vec::new(),
            witnesses: Vec::new(),
            fingerprint: match n_of_file {
                1 => format!("{}|{path}||", RULE.id),
                n => format!("{}|{path}|||{n}", RULE.id),
            },
            label: String::new(),
            labels: Vec::new(),
            why: "A comment that allows what is not there would hide the next finding on its line."
                .to_owned(),
            help: help.to_owned(),
        }
    }
}

/// The comments in a file that are addressed to ptelint: those that begin with the marker.
pub fn comments(source: &[u8]) -> Vec<Comment> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(memchr::memchr_iter(b'\n', source).map(|at| at + 1))
        .collect();
    let place = |offset: usize| {
        let line = starts.partition_point(|&start| start <= offset) - 1;
        (line, offset - starts[line])
    };
    let line_at = |line: usize| {
        let end = starts.get(line + 1).map_or(source.len(), |next| next - 1);
        &source[starts[line]..end]
    };
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(source, COMMENT_MARKER) {
        let (line, column) = place(at);
        let before = line_at(line)[..column].trim_ascii_end();
        let Some(opened) = before
            .strip_suffix(b"/*")
            .or_else(|| before.strip_suffix(b"//"))
        else {
            continue;
        };
        let body = at + COMMENT_MARKER.len();
        let is_block = before.ends_with(b"*");
        let (text_end, end) = match is_block {
            true => match memchr::memmem::find(&source[body..], b"*/") {
                Some(n) => (body + n, body + n + 2),
                None => (source.len(), source.len()),
            },
            false => {
                let end = starts[line] + line_at(line).len();
                (end, end)
            }
        };
        let last = place(end.saturating_sub(1).max(at)).0;
        let behind = source[end..].split(|&byte| byte == b'\n').next();
        let is_alone =
            opened.trim_ascii().is_empty() && behind.unwrap_or_default().trim_ascii().is_empty();
        let covers = match is_alone {
            true => statement_below(last + 1, starts.len(), &line_at),
            false => (line, last),
        };
        let (start, end) = ((line, opened.len()), place(end));
        let from_one = |(line, column): (usize, usize)| (line as u32 + 1, column as u32 + 1);
        found.push(Comment {
            start: from_one(start),
            end: from_one(end),
            covers: (covers.0 as u32 + 1, covers.1 as u32 + 1),
            allows: parse(&String::from_utf8_lossy(&source[body..text_end])),
        });
    }
    found
}

/// The lines of the statement that begins below a comment, as far as line ends tell.
fn statement_below<'a>(
    from: usize,
    n_lines: usize,
    line_at: &dyn Fn(usize) -> &'a [u8],
) -> (usize, usize) {
    let is_code = |line: &usize| {
        let text = line_at(*line).trim_ascii();
        !text.is_empty() && !text.starts_with(b"/*") && !text.starts_with(b"//")
    };
    let Some(first) = (from..n_lines).find(is_code) else {
        return (from, from);
    };
    let ends = |line: &usize| line_at(*line).iter().any(|byte| b";{}".contains(byte));
    let most = (first + MOST_LINES).min(n_lines);
    (first, (first..most).find(ends).unwrap_or(first))
}

/// ` allow(rule): reason`
fn parse(text: &str) -> Result<String, String> {
    let Some(rest) = text.trim().strip_prefix("allow") else {
        return Err("this comment for ptelint does not say `allow(RULE): REASON`".to_owned());
    };
    let Some((rule, rest)) = rest
        .trim_start()
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
    else {
        return Err("this comment names no rule: it has to say `allow(RULE): REASON`".to_owned());
    };
    let rule = rule.trim();
    if super::ALL.iter().all(|known| known.id != rule) {
        let known: Vec<&str> = super::ALL.iter().map(|rule| rule.id).collect();
        let known = known.join(", ");
        return Err(format!(
            "this comment allows `{rule}`, and there is no such rule; there is {known}"
        ));
    }
    match rest.trim_start().strip_prefix(':').map(str::trim) {
        Some(reason) if !reason.is_empty() => Ok(rule.to_owned()),
        _ => Err(format!(
            "this comment allows `{rule}` without a reason: it has to say `allow({rule}): REASON`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(source: &str) -> Comment {
        let mut found = comments(source.as_bytes());
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_comment_holds_for_its_line_or_the_statement_below() {
        let above = only("\n/* ptelint: allow(prot-constant): tested */\n\nf(a,\n  b);\ng();\n");
        assert_eq!(above.covers, (4, 5));
        assert_eq!(above.start, (2, 1));
        let beside = only("f(a); // ptelint: allow(prot-constant): tested\ng();\n");
        assert_eq!(beside.covers, (1, 1));
        assert_eq!(beside.allows, Ok("prot-constant".to_owned()));
        let long = only("/* ptelint: allow(prot-constant): the\n * reason */\nf();\n");
        assert_eq!(long.covers, (3, 3));
    }

    #[test]
    fn rule_and_reason_are_mandatory() {
        for (text, problem) in [
            ("allow", "names no rule"),
            ("allow(prot-constant)", "without a reason"),
            ("allow(prot-constant):", "without a reason"),
            ("allow(prot-konstant): why", "there is no such rule"),
            ("ignore", "does not say"),
        ] {
            let comment = only(&format!("/* ptelint: {text} */\n"));
            let found = comment.allows.expect_err(text);
            assert!(found.contains(problem), "{text}: {found}");
        }
    }

    #[test]
    fn prose_and_strings_are_no_comments_for_ptelint() {
        assert!(comments(b"/* see ptelint: it */ \"ptelint: allow\"").is_empty());
    }
}
