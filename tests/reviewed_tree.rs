//! The inventories on whole kernel trees, against lists that were reviewed by hand.
//!
//! `testdata/reviewed/` holds one file per kernel version. A row is found again by file, function,
//! the name of what is called, and its place among equal ones in the function; never by line.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::Value;
use support::kernel::{Kernel, LINUX_6_1, LINUX_6_12};
use support::ptelint;
use walkdir::WalkDir;

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let trials = [LINUX_6_12, LINUX_6_1]
        .into_iter()
        .flat_map(|kernel| {
            [
                kernel.trial("overrides_are_the_reviewed_ones", move |tree| {
                    overrides_are_the_reviewed_ones(kernel, tree);
                }),
                kernel.trial("readers_are_the_reviewed_ones", move |tree| {
                    readers_are_the_reviewed_ones(kernel, tree);
                }),
                kernel.trial("findings_are_the_reviewed_ones", move |tree| {
                    findings_are_the_reviewed_ones(kernel, tree);
                }),
                kernel.trial("every_call_of_an_insertion_is_listed", every_call_is_listed),
            ]
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// A reviewed list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    #[serde(default)]
    mapping: Vec<ReviewedMapping>,
    #[serde(default)]
    reader: Vec<ReviewedReader>,
    #[serde(default)]
    finding: Vec<ReviewedFinding>,
}

/// A finding, as a person judged it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewedFinding {
    rule: String,
    severity: String,
    file: String,
    function: String,
    /// What stands there, on the first line of it.
    expression: String,
    judgement: FindingJudgement,
    reason: String,
    /// For a wrong error or warning: what of the program makes it so.
    known_bug: Option<String>,
}

/// Whether a finding is right.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum FindingJudgement {
    /// It is so, and somebody suffers.
    True,
    /// It is so, and nobody does.
    Harmless,
    /// It is not so.
    Wrong,
}

/// An override insertion, as a person judged it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewedMapping {
    file: String,
    function: String,
    api: String,
    protection: BTreeSet<String>,
    kinds: BTreeSet<String>,
    level: String,
    /// Why the judgement is what it is.
    reason: String,
}

/// A generic use, as a person judged it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewedReader {
    file: String,
    function: String,
    role: String,
    level: String,
    source: String,
    /// Of a construct or modify.
    verdict: Option<String>,
    /// What the program says instead, as long as it is wrong.
    known_wrong: Option<String>,
}

fn reviewed(kernel: Kernel, list: &str) -> Reviewed {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/reviewed")
        .join(format!("{list}-{}.toml", kernel.version));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(tree: &Path, command: &str) -> Vec<Value> {
    let output = ptelint(tree)
        .args([command, "--format", "json"])
        .arg(tree)
        .output()
        .expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    answer[command].as_array().expect("a list").clone()
}

fn text_of(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn set_of(row: &Value, field: &str) -> BTreeSet<String> {
    row[field]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// Counts equal keys, so that rows of one function are told apart by order.
fn numbered<K: Ord + Clone, V>(pairs: Vec<(K, V)>) -> BTreeMap<(K, usize), V> {
    let mut counts: BTreeMap<K, usize> = BTreeMap::new();
    pairs
        .into_iter()
        .map(|(key, value)| {
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            ((key, *count), value)
        })
        .collect()
}

fn compare<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    expected: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) {
    let mut differences = Vec::new();
    for (key, wanted) in expected {
        match found.get(key) {
            None => differences.push(format!("missing: {key:?} {wanted:?}")),
            Some(got) if got != wanted => {
                differences.push(format!(
                    "{key:?}\n  reviewed {wanted:?}\n  found    {got:?}"
                ));
            }
            Some(_) => {}
        }
    }
    for (key, got) in found {
        if !expected.contains_key(key) {
            differences.push(format!("not reviewed: {key:?} {got:?}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn findings_are_the_reviewed_ones(kernel: Kernel, tree: &Path) {
    let reviewed = reviewed(kernel, "findings");
    for row in &reviewed.finding {
        let at = format!("{} in {}", row.rule, row.function);
        assert!(!row.reason.is_empty(), "{at}");
        let may_be_wrong = row.severity == "note" || row.known_bug.is_some();
        assert!(
            may_be_wrong || row.judgement != FindingJudgement::Wrong,
            "{at}"
        );
    }
    let key = |row: ReviewedFinding| {
        (
            (row.rule, row.file, row.function, row.expression),
            row.severity,
        )
    };
    let expected = numbered(reviewed.finding.into_iter().map(key).collect());
    let output = ptelint(tree)
        .args(["check", "--pedantic", "--format", "json"])
        .arg(tree)
        .output()
        .expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    let findings = answer["findings"].as_array().expect("a list");
    let key = |row: &Value| {
        (
            (
                text_of(row, "rule"),
                text_of(row, "file"),
                text_of(row, "function"),
                expression(tree, row),
            ),
            text_of(row, "severity"),
        )
    };
    let found = numbered(findings.iter().map(key).collect());
    compare(&expected, &found);
}

/// What a finding is about, on its first line.
fn expression(tree: &Path, row: &Value) -> String {
    let number = |field: &str| row[field].as_u64().expect("a number") as usize;
    let bytes = std::fs::read(tree.join(text_of(row, "file"))).expect("a file of the tree");
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let line = lines.nth(number("line") - 1).expect("a line of the file");
    let end = match number("line") == number("end_line") {
        true => number("end_column") - 1,
        false => line.len(),
    };
    let text = String::from_utf8_lossy(&line[number("column") - 1..end]);
    text.trim().to_owned()
}

fn overrides_are_the_reviewed_ones(kernel: Kernel, tree: &Path) {
    let reviewed = reviewed(kernel, "overrides");
    assert!(reviewed.mapping.iter().all(|row| !row.reason.is_empty()));
    let expected = numbered(
        reviewed
            .mapping
            .into_iter()
            .map(|row| {
                (
                    (row.file, row.function, row.api),
                    (row.protection, row.kinds, row.level),
                )
            })
            .collect(),
    );
    let found = numbered(
        rows(tree, "mappings")
            .iter()
            .filter(|row| row["override"] == true)
            .map(|row| {
                (
                    (
                        text_of(row, "file"),
                        text_of(row, "function"),
                        text_of(row, "api"),
                    ),
                    (
                        set_of(row, "protection"),
                        set_of(row, "kinds"),
                        text_of(row, "level"),
                    ),
                )
            })
            .collect(),
    );
    compare(&expected, &found);
}

fn readers_are_the_reviewed_ones(kernel: Kernel, tree: &Path) {
    let expected = numbered(
        reviewed(kernel, "readers")
            .reader
            .into_iter()
            .map(|row| {
                let verdict = row.known_wrong.or(row.verdict);
                (
                    (row.file, row.function, row.role),
                    (row.level, row.source, verdict),
                )
            })
            .collect(),
    );
    let found = numbered(
        rows(tree, "readers")
            .iter()
            .map(|row| {
                let role = text_of(row, "role");
                let is_judged = matches!(role.as_str(), "construct" | "modify");
                let verdict = is_judged.then(|| text_of(row, "verdict"));
                (
                    (text_of(row, "file"), text_of(row, "function"), role),
                    (text_of(row, "level"), text_of(row, "source"), verdict),
                )
            })
            .collect(),
    );
    compare(&expected, &found);
}

/// Counts calls a second way: no index, no parser, just words followed by a parenthesis where
/// neither a declaration nor a definition can stand.
fn every_call_is_listed(tree: &Path) {
    let mut expected: BTreeMap<(String, String), usize> = BTreeMap::new();
    let apis: BTreeSet<&str> = ptelint::vocabulary::builtin()
        .insert
        .iter()
        .map(|insert| insert.name.as_str())
        .collect();
    for entry in WalkDir::new(tree).into_iter().flatten() {
        let path = entry.path();
        if !path.extension().is_some_and(|ext| ext == "c" || ext == "h") {
            continue;
        }
        let Ok(source) = std::fs::read(path) else {
            continue;
        };
        if !apis
            .iter()
            .any(|api| memchr::memmem::find(&source, api.as_bytes()).is_some())
        {
            continue;
        }
        let file = path.strip_prefix(tree).unwrap().display().to_string();
        for api in calls(&without_comments(&source), &apis) {
            *expected.entry((file.clone(), api)).or_default() += 1;
        }
    }
    assert!(
        expected.values().sum::<usize>() > 200,
        "the count finds calls"
    );
    let mut found: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in rows(tree, "mappings") {
        let key = (text_of(&row, "file"), text_of(&row, "api"));
        if apis.contains(key.1.as_str()) {
            *found.entry(key).or_default() += 1;
        }
    }
    compare(&expected, &found);
}

/// The source with comments, strings and continued lines blanked.
fn without_comments(source: &[u8]) -> String {
    let mut text = String::with_capacity(source.len());
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let skipped = if rest.starts_with(b"/*") {
            memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with(b"//") {
            memchr::memchr(b'\n', rest).unwrap_or(rest.len())
        } else if rest[0] == b'"' {
            let mut end = 1;
            while end < rest.len() && rest[end] != b'"' {
                end += if rest[end] == b'\\' { 2 } else { 1 };
            }
            (end + 1).min(rest.len())
        } else {
            text.push(rest[0] as char);
            at += 1;
            continue;
        };
        text.push(' ');
        at += skipped;
    }
    text.replace("\\\n", "  ")
}

fn calls(text: &str, apis: &BTreeSet<&str>) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for line_start in text.match_indices(|c: char| is_word(c)).map(|(at, _)| at) {
        if line_start > 0 && text[..line_start].ends_with(is_word) {
            continue;
        }
        let rest = &text[line_start..];
        let word = &rest[..rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())];
        if !apis.contains(word) || !rest[word.len()..].trim_start().starts_with('(') {
            continue;
        }
        let before = text[..line_start].trim_end();
        let last = before.chars().next_back();
        let previous = before
            .rsplit(|c: char| !is_word(c))
            .next()
            .unwrap_or_default();
        // A type or a `*` in front: a declaration, a definition, or the macro of the name.
        let is_declared = last.is_some_and(is_word)
            && !matches!(previous, "return" | "else" | "do")
            || last == Some('*');
        if !is_declared {
            found.push(word.to_owned());
        }
    }
    found
}
