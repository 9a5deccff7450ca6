//! Documents: small sources of our own that say on the line what is expected there.
//!
//! Every `testdata/<kind>/*.c` and `*.rs` is one test. A comment stands on the line it is about, or alone on
//! the line above:
//!
//! ```c
//! /* error: [prot-constant] part of the message */
//! /* mapping: vmf_insert_pfn_prot override-derived,vma-prot caching refused */
//! /* reader: construct pte vm_page_prot insertion */
//! ```
//!
//! What is not expected must not come, and the names of functions say the truth: a finding is in a
//! function `…_bad`, and every `…_bad` has one. A wrong answer that is known is asserted, not left
//! out: `FP_…` has a finding it should not have, `FN_…` lacks one; a row says what it should be in
//! `(known bug: …)`.
//!
//! A rule that is about what happens at run time says the same of Rust as of C: each of its
//! documents is there in both languages, with the same expectations.
//!
//! A document may consist of several files, each behind a line `/* --- file: mm/memory.c */`; all
//! see `testdata/include/`. The findings in full are in the `.txt` beside it, which
//! `PTELINT_BLESS=1 cargo test --test documents` rewrites.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use ptelint::analysis::{Mapping, Reader};
use ptelint::arch::Modifier;
use ptelint::pipeline::{self, Report};
use ptelint::report::{self, termcolor::Buffer};
use ptelint::rules::{self, Oracle};
use ptelint::vocabulary;
use serde::Serialize;

/// Rules that look at comments or at two versions: see `tests/changes.rs`.
const TESTED_ELSEWHERE: [&str; 2] = ["allow-comment", "lost-proof"];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    for (kind, folder) in folders() {
        let documents = sources_in(&folder);
        let n_documents = documents.iter().filter(|path| !is_rust(path)).count();
        trials.extend(documents.into_iter().map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = match is_rust(&path) {
                true => format!("{kind}::{name}::rust"),
                false => format!("{kind}::{name}"),
            };
            Trial::test(name, move || check(kind, &path))
        }));
        let rule = rules::ALL.iter().find(|rule| rule.id == kind);
        if rule.is_some_and(|rule| rule.oracle == Oracle::Invariant) {
            trials.push(Trial::test(format!("{kind}::is_told_in_rust"), move || {
                told_in_rust(kind)
            }));
        }
        if rule.is_some() && !TESTED_ELSEWHERE.contains(&kind) {
            trials.push(Trial::test(format!("{kind}::has_documents"), move || {
                enough_documents(kind, n_documents)
            }));
        }
    }
    libtest_mimic::run(&args, trials).exit_code()
}

/// One folder for each rule and each inventory.
fn folders() -> Vec<(&'static str, PathBuf)> {
    let rules = rules::ALL.iter().map(|rule| rule.id);
    let kinds = rules.chain(["mappings", "readers"]);
    kinds.map(|kind| (kind, testdata().join(kind))).collect()
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let extension = path.extension();
            extension.is_some_and(|extension| extension == "c" || extension == "rs")
        })
        .collect();
    paths.sort();
    paths
}

fn is_rust(document: &Path) -> bool {
    document
        .extension()
        .is_some_and(|extension| extension == "rs")
}

/// Every document in C has one in Rust that expects the same. What is about the helpers of an
/// architecture alone is there in C only, as those helpers are.
fn told_in_rust(kind: &'static str) -> Result<(), Failed> {
    let mut complaints = Vec::new();
    for document in sources_in(&testdata().join(kind)) {
        if is_rust(&document) {
            continue;
        }
        let sources = |document: &Path| -> Result<Vec<Source>, Failed> {
            Ok(split(kind, document, &fs::read_to_string(document)?))
        };
        let in_c = sources(&document)?;
        let is_arch =
            |source: &Source| source.path.starts_with("arch/") || !source.path.ends_with(".c");
        if in_c.iter().all(is_arch) {
            continue;
        }
        let twin = document.with_extension("rs");
        if !twin.is_file() {
            complaints.push(format!("{} is not there", twin.display()));
            continue;
        }
        let expected = |sources: Vec<Source>| -> Vec<(String, String, String)> {
            let mut expected: Vec<_> = sources
                .iter()
                .flat_map(expectations)
                .map(|one| {
                    let path = one.path.rsplit_once('.').map_or("", |(stem, _)| stem);
                    (path.to_owned(), one.word, one.text)
                })
                .collect();
            expected.sort();
            expected
        };
        if expected(in_c) != expected(sources(&twin)?) {
            complaints.push(format!("{} expects something else", twin.display()));
        }
    }
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(complaints.join("\n  ").into()),
    }
}

fn enough_documents(kind: &str, n_documents: usize) -> Result<(), Failed> {
    match n_documents {
        0..8 => Err(format!("testdata/{kind} has {n_documents} documents").into()),
        _ => Ok(()),
    }
}

/// A file of a document.
struct Source {
    path: String,
    text: String,
}

/// What a comment expects of a line of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Expectation {
    path: String,
    line: u32,
    /// `error`, `warning`, `note`, `mapping` or `reader`.
    word: String,
    text: String,
    is_known_bug: bool,
}

fn check(kind: &'static str, document: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(document)?;
    let sources = split(kind, document, &text);
    let expected: Vec<Expectation> = sources.iter().flat_map(expectations).collect();
    let mut files: Vec<(String, Vec<u8>)> = prelude()?;
    files.extend(
        sources
            .iter()
            .map(|source| (source.path.clone(), source.text.clone().into_bytes())),
    );
    let report = pipeline::check_files(files).map_err(|error| error.to_string())?;
    if report.coverage.not_understood > 0 {
        return Err(format!(
            "{} functions were not understood",
            report.coverage.not_understood
        )
        .into());
    }
    let mut complaints = match kind {
        "mappings" => compare_rows(&expected, &mapping_rows(&report.mappings)),
        "readers" => compare_rows(&expected, &reader_rows(&report.readers)),
        _ => {
            let mut complaints = compare_findings(&expected, &report);
            complaints.extend(compare_names(&sources, &report));
            // What the findings look like does not depend on the language.
            if !is_rust(document) {
                complaints.extend(compare_snapshot(document, &report)?);
            }
            complaints
        }
    };
    if complaints.is_empty() {
        return Ok(());
    }
    complaints.insert(0, document.display().to_string());
    Err(complaints.join("\n  ").into())
}

/// The headers all documents see.
fn prelude() -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let path = "include/linux/mm.h";
    Ok(vec![(path.to_owned(), fs::read(testdata().join(path))?)])
}

fn split(kind: &str, document: &Path, text: &str) -> Vec<Source> {
    let stem = document.file_stem().unwrap_or_default().to_string_lossy();
    let folder = if kind == "readers" { "mm" } else { "drivers" };
    let mut sources = vec![Source {
        path: format!(
            "{folder}/{stem}.{}",
            if is_rust(document) { "rs" } else { "c" }
        ),
        text: String::new(),
    }];
    for line in text.lines() {
        let marker = line
            .strip_prefix("/* --- file: ")
            .and_then(|rest| rest.strip_suffix(" */"));
        match (marker, sources.last_mut()) {
            (Some(path), _) => sources.push(Source {
                path: path.to_owned(),
                text: String::new(),
            }),
            (None, Some(source)) => {
                source.text.push_str(line);
                source.text.push('\n');
            }
            (None, None) => {}
        }
    }
    // What stands before the first marker is said to people.
    if sources.len() > 1 {
        sources.remove(0);
    }
    sources
}

fn expectations(source: &Source) -> Vec<Expectation> {
    const WORDS: [&str; 5] = ["error", "warning", "note", "mapping", "reader"];
    let mut found = Vec::new();
    let mut waiting: Vec<(String, String)> = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let mut here = Vec::new();
        let mut code = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("/* ") {
            code.push_str(before);
            let (comment, behind) = after.split_once(" */").unwrap_or((after, ""));
            if let Some((word, text)) = comment.split_once(": ")
                && WORDS.contains(&word)
            {
                here.push((word.to_owned(), text.to_owned()));
            }
            rest = behind;
        }
        code.push_str(rest);
        if code.trim().is_empty() && !here.is_empty() {
            waiting.extend(here);
            continue;
        }
        if code.trim().is_empty() && text.trim().starts_with("/*") {
            continue;
        }
        for (word, text) in waiting.drain(..).chain(here) {
            let (what, bug) = match text.split_once(" (known bug") {
                Some((what, bug)) => (what, Some(bug)),
                None => (text.as_str(), None),
            };
            found.push(Expectation {
                path: source.path.clone(),
                line,
                word,
                text: what.to_owned(),
                is_known_bug: bug.is_some(),
            });
        }
    }
    found
}

fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => panic!("not a word: {other:?}"),
    }
}

fn compare_findings(expected: &[Expectation], report: &Report) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut left: Vec<&Expectation> = expected.iter().collect();
    for finding in &report.findings {
        let severity = word(finding.severity);
        let message = format!("[{}] {}", finding.rule, finding.message);
        let matching = left.iter().position(|expectation| {
            let (rule, part) = expectation
                .text
                .split_once(' ')
                .unwrap_or((&expectation.text, ""));
            (expectation.path.as_str(), expectation.line) == (&*finding.file, finding.line)
                && expectation.word == severity
                && rule == format!("[{}]", finding.rule)
                && finding.message.contains(part)
        });
        match matching {
            Some(i) => {
                left.remove(i);
            }
            None => complaints.push(format!(
                "unexpected: {}:{}: {severity}: {message}",
                finding.file, finding.line
            )),
        }
    }
    complaints.extend(left.into_iter().map(missing));
    complaints
}

fn missing(expectation: &Expectation) -> String {
    format!(
        "missing: {}:{}: {}: {}",
        expectation.path, expectation.line, expectation.word, expectation.text
    )
}

/// The names of the functions tell where findings are.
fn compare_names(sources: &[Source], report: &Report) -> Vec<String> {
    let mut complaints = Vec::new();
    let found: BTreeSet<&str> = report
        .findings
        .iter()
        .map(|finding| finding.function.as_str())
        // The kernel's own names cannot tell.
        .filter(|name| Modifier::named(name).is_none() && !is_interface(name))
        .collect();
    for name in &found {
        let is_named =
            name.starts_with("FP_") || name.ends_with("_bad") && !name.starts_with("FN_");
        if !is_named {
            complaints.push(format!("`{name}` has a finding, but not the name for it"));
        }
    }
    for source in sources {
        let names = match source.path.ends_with(".rs") {
            true => rust_function_names(&source.text),
            false => function_names(&source.text),
        };
        for name in names {
            let is_expected =
                name.starts_with("FP_") || name.ends_with("_bad") && !name.starts_with("FN_");
            if is_expected && !found.contains(name) {
                complaints.push(format!("`{name}` has the name, but no finding"));
            }
        }
    }
    complaints
}

/// True for an interface with which drivers insert entries.
fn is_interface(name: &str) -> bool {
    let mut interfaces = vocabulary::builtin().insert.iter();
    interfaces.any(|interface| interface.name == name)
}

/// The names of function definitions: in a line that begins in the first column and is followed
/// by one that is a brace.
fn function_names(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let mut names = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let body_follows = lines[i..]
            .iter()
            .skip(1)
            .find(|next| !next.starts_with(['\t', ' ']))
            .is_some_and(|next| *next == "{");
        let starts_here = line.starts_with(|c: char| c.is_ascii_alphabetic());
        if let Some((head, _)) = line.split_once('(')
            && body_follows
            && starts_here
        {
            names.extend(head.rsplit([' ', '*']).next());
        }
    }
    names
}

/// The names of functions in Rust.
fn rust_function_names(text: &str) -> Vec<&str> {
    let lines = text.lines();
    let heads = lines.filter_map(|line| line.trim_start_matches("pub ").strip_prefix("fn "));
    heads
        .filter_map(|head| head.split(['(', '<']).next())
        .collect()
}

fn compare_snapshot(document: &Path, report: &Report) -> Result<Option<String>, Failed> {
    let path = document.with_extension("txt");
    let mut buffer = Buffer::no_color();
    report::findings(report, &mut buffer);
    let text = String::from_utf8(buffer.into_inner())?;
    // The summary counts what has nothing to do with the document.
    let end = text.find("\nfound       ").map_or(0, |newline| newline + 1);
    let actual = &text[..end];
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if actual == expected {
        return Ok(None);
    }
    if std::env::var_os("PTELINT_BLESS").is_some() {
        if actual.is_empty() {
            fs::remove_file(&path)?;
        } else {
            fs::write(&path, actual)?;
        }
        return Ok(None);
    }
    Ok(Some(format!(
        "{} is not what is printed now:\n{actual}\nIf this is meant: PTELINT_BLESS=1 cargo test \
         --test documents",
        path.display()
    )))
}

/// A row of an inventory: its place and the function it is in, and the words that describe it.
struct Row {
    path: String,
    line: u32,
    function: String,
    kind: &'static str,
    words: BTreeMap<&'static str, String>,
}

impl Row {
    /// The words in the order they are written in.
    fn text(&self) -> String {
        let values: Vec<&str> = self.words.values().map(String::as_str).collect();
        values.join(" ")
    }

    fn fits(&self, text: &str) -> bool {
        let words: Vec<&str> = text.split(' ').collect();
        words.iter().all(|word| match word.split_once('=') {
            Some((key, value)) => self.words.get(key).is_some_and(|known| known == value),
            None => self.words.values().any(|known| known == word),
        })
    }
}

fn joined(values: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let values: Vec<String> = values.into_iter().map(|v| v.as_ref().to_owned()).collect();
    values.join(",")
}

fn mapping_rows(mappings: &[Mapping]) -> Vec<Row> {
    let row = |mapping: &Mapping| {
        let mut words = BTreeMap::from([
            ("1 api", mapping.api.clone()),
            ("2 protection", joined(mapping.protection.iter().map(word))),
            ("4 cow", word(mapping.cow)),
            ("flags", joined(&mapping.vm_flags)),
            ("ops", joined(&mapping.vm_ops)),
            ("level", word(mapping.level)),
            (
                "path",
                joined(mapping.path.iter().map(|step| &step.function)),
            ),
        ]);
        if mapping.is_override {
            words.insert("3 kinds", joined(mapping.kinds.iter().map(word)));
        }
        if let Some(condition) = &mapping.condition {
            words.insert("condition", condition.clone());
        }
        Row {
            path: mapping.file.clone(),
            line: mapping.line,
            function: mapping.function.clone(),
            kind: "mapping",
            words,
        }
    };
    mappings.iter().map(row).collect()
}

fn reader_rows(readers: &[Reader]) -> Vec<Row> {
    let row = |reader: &Reader| Row {
        path: reader.file.clone(),
        line: reader.line,
        function: reader.function.clone(),
        kind: "reader",
        words: BTreeMap::from([
            ("1 role", word(reader.role)),
            ("2 level", word(reader.level)),
            ("3 source", word(reader.source)),
            ("4 verdict", word(reader.verdict)),
            ("why", joined(&reader.reasons)),
        ]),
    };
    readers.iter().map(row).collect()
}

/// The four words of a description are the ones in the output; `key=value` asks for one more.
fn compare_rows(expected: &[Expectation], rows: &[Row]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut left: Vec<&Expectation> = expected.iter().collect();
    for row in rows {
        let matching = left.iter().position(|expectation| {
            (expectation.path.as_str(), expectation.line) == (&*row.path, row.line)
                && expectation.word == row.kind
                && row.fits(&expectation.text)
        });
        let Some(i) = matching else {
            complaints.push(format!(
                "unexpected: {}:{}: {}: {}",
                row.path,
                row.line,
                row.kind,
                row.text()
            ));
            continue;
        };
        let expectation = left.remove(i);
        let is_named = row.function.starts_with("FP_") || row.function.starts_with("FN_");
        if expectation.is_known_bug && !is_named {
            complaints.push(format!(
                "{}:{}: a function with a known bug is called `FP_…` or `FN_…`",
                row.path, row.line
            ));
        }
    }
    complaints.extend(left.into_iter().map(missing));
    complaints
}
