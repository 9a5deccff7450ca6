//! The program on whole kernel trees. What the answers have to be is tested elsewhere; this tests
//! that they come, in the promised form, and the same every time.

mod support;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use support::kernel::{LINUX_6_1, LINUX_6_12};
use support::{ptelint, text};

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let trials = [LINUX_6_12, LINUX_6_1]
        .into_iter()
        .flat_map(|kernel| {
            [
                kernel.trial("answers_come_in_the_promised_form", move |tree| {
                    answers_come_in_the_promised_form(tree, kernel.version);
                }),
                kernel.trial("threads_do_not_change_a_byte", threads_do_not_change_a_byte),
                kernel.trial("findings_are_the_reviewed_ones", move |tree| {
                    findings_are_the_reviewed_ones(tree, kernel.version);
                }),
                kernel.trial(
                    "the_current_directory_is_found",
                    the_current_directory_is_found,
                ),
            ]
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

fn json(tree: &Path, command: &str, args: &[&str]) -> (Vec<u8>, Value) {
    let output = ptelint(tree)
        .args([command, "--format", "json"])
        .args(args)
        .arg(tree)
        .output()
        .expect("the program starts");
    let status = output.status.code();
    assert!(
        matches!(status, Some(0 | 1)),
        "{command}: {status:?} {}",
        text(&output.stderr)
    );
    let value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    (output.stdout, value)
}

fn answers_come_in_the_promised_form(tree: &Path, version: &str) {
    for (command, list) in [
        ("check", "findings"),
        ("mappings", "mappings"),
        ("readers", "readers"),
    ] {
        let (_, answer) = json(tree, command, &[]);
        assert_eq!(answer["tree"]["kind"], "linux");
        let found = answer["tree"]["version"].as_str().expect("a version");
        assert!(found.starts_with(&format!("{version}.")), "{found}");
        let rows = answer[list].as_array().expect("a list");
        if command != "check" {
            assert!(rows.len() > 50, "{command}: {} rows", rows.len());
        }
        let places: Vec<_> = rows
            .iter()
            .map(|row| {
                let file = row["file"].as_str().expect("a file").to_owned();
                assert!(tree.join(&file).is_file(), "{file}");
                (file, row["line"].as_u64(), row["column"].as_u64())
            })
            .collect();
        assert!(places.is_sorted(), "{command} is not sorted");
    }
}

/// Every finding on these trees was read against the source, and is one. Fingerprints name no
/// line, so a stable release does not change the list.
fn findings_are_the_reviewed_ones(tree: &Path, version: &str) {
    let (_, answer) = json(tree, "check", &[]);
    let findings = answer["findings"].as_array().expect("a list");
    let found: Vec<&str> = findings
        .iter()
        .map(|finding| finding["fingerprint"].as_str().expect("a fingerprint"))
        .collect();
    let reviewed = match version {
        "6.1" => include_str!("trees/findings-6.1.txt"),
        _ => include_str!("trees/findings-6.12.txt"),
    };
    let reviewed: Vec<&str> = reviewed.lines().collect();
    assert_eq!(found, reviewed);
}

fn threads_do_not_change_a_byte(tree: &Path) {
    for command in ["check", "mappings", "readers"] {
        let (one, _) = json(tree, command, &["-j", "1"]);
        let (many, _) = json(tree, command, &["-j", "7"]);
        assert!(
            one == many,
            "{command} differs between one thread and seven"
        );
    }
}

fn the_current_directory_is_found(tree: &Path) {
    let output = ptelint(tree)
        .args(["mappings", "--format", "json"])
        .output();
    let output = output.expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    assert_eq!(answer["tree"]["kind"], "linux");
}
