//! How helpers of the past and of today are judged: `testdata/arch/*.c`, one document per change.
//!
//! A document shows the same helper before and after a change, each as an architecture of its own
//! behind `/* --- file: arch/NAME/include/asm/pgtable.h */`; all share what stands above the first
//! of these lines. The comment on a helper's line says what is expected of it: the verdict, where
//! bits come from, and `drops NAME` or `opens NAME` for a finding of `mask-regression`.
//!
//! ```c
//! /* arch: loses-override MEMTYPE=new drops SPECIAL */
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use ptelint::arch::{Effect, Row, Rules, matrix};

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/arch");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Trial::test(name.into_owned(), move || check(&path))
    });
    libtest_mimic::run(&args, trials.collect()).exit_code()
}

fn check(document: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(document)?;
    let files = split(&text);
    let matrix = matrix(&files, Rules::builtin());
    let mut complaints = Vec::new();
    let mut n_expected = 0;
    for (path, content) in &files {
        for (line, text) in (1..).zip(String::from_utf8_lossy(content).lines()) {
            let Some((_, expected)) = text.split_once("/* arch: ") else {
                continue;
            };
            n_expected += 1;
            let expected = expected.trim_end_matches(" */");
            let row = matrix
                .rows
                .iter()
                .find(|row| (&row.file, row.line) == (path, line));
            let Some(row) = row else {
                complaints.push(format!("{path}:{line}: no helper is here"));
                continue;
            };
            let mut actual = vec![row.verdict.word().to_owned()];
            actual.extend(origins(row, expected));
            for lost in &matrix.regressions {
                if (&lost.file, lost.line) == (path, line) {
                    let word = match lost.effect {
                        Effect::Drops => "drops",
                        Effect::Opens => "opens",
                        Effect::Writable => "writable",
                    };
                    actual.push(format!("{word} {}", lost.bits));
                }
            }
            let actual = actual.join(" ");
            if actual != expected {
                complaints.push(format!("{path}:{line}: `{actual}`, not `{expected}`"));
            }
        }
    }
    for missed in &matrix.missed {
        complaints.push(format!("{}: {}", missed.function, missed.reason));
    }
    if n_expected < 2 {
        complaints.push("a document has a before and an after".to_owned());
    }
    match complaints.is_empty() {
        true => Ok(()),
        false => Err(complaints.join("\n").into()),
    }
}

/// Where the bits come from that an expectation names.
fn origins(row: &Row, expected: &str) -> Vec<String> {
    let names = expected.split(' ').filter_map(|word| word.split_once('='));
    let shown = |(name, _): (&str, &str)| {
        let bit = row.bits.iter().find(|bit| bit.name == name)?;
        Some(format!("{name}={}", bit.from.word()))
    };
    names.filter_map(shown).collect()
}

/// The files of a document, what they share in front of each.
fn split(text: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut shared = String::new();
    let mut path: Option<String> = None;
    for line in text.lines() {
        let marker = line
            .strip_prefix("/* --- file: ")
            .and_then(|rest| rest.strip_suffix(" */"));
        match (marker, &path) {
            (Some(marker), _) => {
                files.insert(marker.to_owned(), shared.clone().into_bytes());
                path = Some(marker.to_owned());
            }
            (None, None) => shared += &format!("{line}\n"),
            (None, Some(path)) => {
                let file: &mut Vec<u8> = files.entry(path.clone()).or_default();
                file.extend(line.bytes().chain([b'\n']));
            }
        }
    }
    files
}
