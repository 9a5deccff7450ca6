//! Baselines: findings that are known, so that a run tells of new ones only.
//!
//! A baseline is a TOML file for people and version control: one table for each finding, sorted,
//! with its rule, its place and its code in clear text, and no line numbers. A finding is known if
//! rule, file, function and statement are those of an entry that no other finding has used up: so
//! fixing one and adding another of the same kind is seen, and moving code is not. Where a file or
//! function is gone, its entries are matched with findings that differ in the file only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::pipeline::Report;
use crate::rules::Finding;
use crate::tree::{Words, index_file};

/// Known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

/// One known finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Path relative to the checked tree.
    pub file: String,
    /// The rule's id.
    pub rule: String,
    /// The function it is in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// The statement it is in, blanks made equal.
    pub code: String,
    /// As in the machine-readable output, without the number of several alike.
    pub fingerprint: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    finding: Vec<Entry>,
}

/// What a baseline did to a report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BaselineSummary {
    /// Findings that were known, and are not shown.
    pub known: usize,
    /// Entries without a finding.
    pub stale: Vec<Entry>,
}

/// A file that is no baseline.
#[derive(Debug, Error)]
#[error("this is no baseline: {reason}\n  tip: to write one, type 'ptelint baseline write'")]
pub struct BaselineError {
    reason: String,
}

const HEAD: &str = "\
# Findings that are known. `ptelint check --baseline FILE` does not report them,
# `ptelint baseline write` adds what is new, `ptelint baseline prune` removes what is fixed.
";

impl Baseline {
    /// Reads the text of a baseline.
    pub fn parse(text: &str) -> Result<Baseline, BaselineError> {
        let file: File = toml::from_str(text).map_err(|error| BaselineError {
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let mut entries = file.finding;
        entries.sort();
        Ok(Baseline { entries })
    }

    /// All findings of a report.
    pub fn of(report: &Report) -> Baseline {
        let mut entries: Vec<Entry> = report
            .findings
            .iter()
            .map(|finding| Entry::of(finding, report))
            .collect();
        entries.sort();
        Baseline { entries }
    }

    /// The text of the baseline, sorted.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let file = File {
            finding: self.entries.clone(),
        };
        let tables = match file.finding.is_empty() {
            true => String::new(),
            false => format!("\n{}", toml::to_string(&file)?),
        };
        Ok(format!("{HEAD}{tables}"))
    }

    /// How many findings it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes the known findings out of a report, and says there what was known and what is stale.
    pub fn apply(&self, report: &mut Report) {
        let findings = std::mem::take(&mut report.findings);
        let (unknown, summary) = self.unknown(findings, report);
        report.findings = unknown;
        report.filters.baseline = Some(summary);
    }

    /// The findings that it does not know, with what was known and what is stale. `report` is the
    /// one that the findings come from.
    pub fn unknown(
        &self,
        mut findings: Vec<Finding>,
        report: &Report,
    ) -> (Vec<Finding>, BaselineSummary) {
        let entries: Vec<Entry> = findings
            .iter()
            .map(|finding| Entry::of(finding, report))
            .collect();
        let matched = self.matches(&entries, report);
        let mut is_known = matched.iter().map(Option::is_some);
        findings.retain(|_| !is_known.next().unwrap_or_default());
        let used: Vec<usize> = matched.iter().copied().flatten().collect();
        let summary = BaselineSummary {
            known: used.len(),
            stale: self.unused(&used, report),
        };
        (findings, summary)
    }

    /// The baseline without entries that have no finding in a report; what the report does not
    /// cover is kept.
    pub fn pruned(&self, report: &Report) -> Baseline {
        let findings: Vec<Entry> = report
            .findings
            .iter()
            .map(|finding| Entry::of(finding, report))
            .collect();
        let used: Vec<usize> = self
            .matches(&findings, report)
            .into_iter()
            .flatten()
            .collect();
        let stale = self.unused(&used, report);
        let mut entries = self.entries.clone();
        for entry in stale {
            if let Some(at) = entries.iter().position(|known| *known == entry) {
                entries.remove(at);
            }
        }
        Baseline { entries }
    }

    /// The baseline of a report, with this one's entries for what the report does not cover.
    pub fn renewed(&self, report: &Report) -> Baseline {
        let outside = self
            .entries
            .iter()
            .filter(|entry| !(report.covers)(&entry.file));
        let mut entries = Baseline::of(report).entries;
        entries.extend(outside.cloned());
        entries.sort();
        Baseline { entries }
    }

    /// For each finding the entry that knows it.
    fn matches(&self, findings: &[Entry], report: &Report) -> Vec<Option<usize>> {
        let mut free: Vec<bool> = vec![true; self.entries.len()];
        let mut matched: Vec<Option<usize>> = vec![None; findings.len()];
        for (finding, slot) in findings.iter().zip(&mut matched) {
            let known = (0..free.len()).find(|&i| free[i] && self.entries[i] == *finding);
            if let Some(i) = known {
                free[i] = false;
                *slot = Some(i);
            }
        }
        let mut gone = Gone::new(report);
        for (finding, slot) in findings.iter().zip(&mut matched) {
            if slot.is_some() {
                continue;
            }
            let known = (0..free.len()).find(|&i| {
                let entry = &self.entries[i];
                free[i] && entry.is_elsewhere(finding) && gone.has_lost(entry)
            });
            if let Some(i) = known {
                free[i] = false;
                *slot = Some(i);
            }
        }
        matched
    }

    fn unused(&self, used: &[usize], report: &Report) -> Vec<Entry> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(i, entry)| !used.contains(i) && (report.covers)(&entry.file))
            .map(|(_, entry)| entry.clone())
            .collect()
    }
}

impl Entry {
    fn of(finding: &Finding, report: &Report) -> Entry {
        Entry {
            file: finding.file.clone(),
            rule: finding.rule.to_owned(),
            function: finding.function.clone(),
            code: (report.sources)(&finding.file)
                .map_or(String::new(), |source| statement(&source, finding.line)),
            fingerprint: without_number(&finding.fingerprint).to_owned(),
        }
    }

    /// True if the other differs in the file only.
    fn is_elsewhere(&self, other: &Entry) -> bool {
        let placeless = |entry: &Entry| {
            let path = format!("|{}|", entry.file);
            entry.fingerprint.replacen(&path, "||", 1)
        };
        (&self.rule, &self.function, &self.code) == (&other.rule, &other.function, &other.code)
            && placeless(self) == placeless(other)
    }
}

/// Which places are not there any more.
struct Gone<'a> {
    report: &'a Report,
    /// By file, the functions it defines; `None` if there is no such file.
    functions: BTreeMap<String, Option<Vec<String>>>,
}

impl Gone<'_> {
    fn new(report: &Report) -> Gone<'_> {
        Gone {
            report,
            functions: BTreeMap::new(),
        }
    }

    /// True if the file or the function of an entry has gone.
    fn has_lost(&mut self, entry: &Entry) -> bool {
        if !(self.report.covers)(&entry.file) {
            return false;
        }
        let report = self.report;
        let functions = self.functions.entry(entry.file.clone()).or_insert_with(|| {
            let source = (report.sources)(&entry.file)?;
            let index = index_file(&source, &Words::new(&[]));
            let names = (0..index.functions.len()).map(|i| index.function_name(i).to_owned());
            Some(names.collect())
        });
        match functions {
            None => true,
            Some(functions) => !entry.function.is_empty() && !functions.contains(&entry.function),
        }
    }
}

/// The statement around a line, as far as `;`, `{` and `}` tell, its blanks made one.
fn statement(source: &[u8], line: u32) -> String {
    let ends = |byte: &u8| b";{}".contains(byte);
    let mut lines = source.split_inclusive(|&byte| byte == b'\n');
    let start: usize = lines
        .by_ref()
        .take(line as usize - 1)
        .map(<[u8]>::len)
        .sum();
    let its = lines.next().unwrap_or_default();
    let indent = its.len() - its.trim_ascii_start().len();
    let before = &source[..(start + indent).min(source.len())];
    let from = before.iter().rposition(&ends).map_or(0, |at| at + 1);
    let rest = &source[from..];
    let behind = (start + indent).saturating_sub(from);
    let to = rest[behind.min(rest.len())..]
        .iter()
        .position(ends)
        .map_or(rest.len(), |at| behind + at + 1);
    let text = String::from_utf8_lossy(&rest[..to]).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// A fingerprint without the number that tells several of a kind in one function apart.
fn without_number(fingerprint: &str) -> &str {
    match fingerprint.rsplit_once('|') {
        Some((rest, number))
            if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            rest
        }
        _ => fingerprint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_does_not_depend_on_how_it_is_laid_out() {
        let one = b"void f(void)\n{\n\tg();\n\tif (a(b,\n\t      c))\n\t\treturn;\n}\n";
        assert_eq!(statement(one, 5), "if (a(b, c)) return;");
        assert_eq!(statement(one, 4), "if (a(b, c)) return;");
        assert_eq!(statement(one, 3), "g();");
        assert_eq!(statement(one, 99), "");
    }

    #[test]
    fn text_comes_back_as_it_was_written() {
        let entry = |file: &str| Entry {
            file: file.to_owned(),
            rule: "prot-constant".to_owned(),
            function: "f".to_owned(),
            code: "g(\"x\", PAGE_SHARED);".to_owned(),
            fingerprint: format!("prot-constant|{file}|f|PAGE_SHARED"),
        };
        let baseline = Baseline {
            entries: vec![entry("a.c"), entry("b.c")],
        };
        let text = baseline.to_text().unwrap();
        assert_eq!(Baseline::parse(&text).unwrap(), baseline);
        assert!(text.contains("\n[[finding]]\nfile = \"a.c\"\nrule = \"prot-constant\"\n"));
        assert_eq!(Baseline::parse(HEAD).unwrap(), Baseline::default());
        assert!(Baseline::parse("[[finding]]\nfile = 3\n").is_err());
    }

    #[test]
    fn numbers_of_fingerprints_are_left_out() {
        assert_eq!(without_number("r|a.c|f|x|2"), "r|a.c|f|x");
        assert_eq!(without_number("r|a.c|f|x"), "r|a.c|f|x");
    }
}
