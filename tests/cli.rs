//! The program as its users meet it.
//!
//! Each file in `tests/cli/` is one invocation with everything it prints. After a change that is
//! meant, `PTELINT_BLESS=1 cargo test --test cli` rewrites them.

mod support;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use support::{ptelint, run, text};

fn transcripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("tests/cli is readable")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn output_is_as_written_down() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("drivers")).unwrap();
    write_toy_tree(&elsewhere.path().join("toy"));
    let bless = std::env::var_os("PTELINT_BLESS").is_some();
    let mut different = Vec::new();
    for file in transcripts() {
        let expected = fs::read_to_string(&file).unwrap();
        let command = expected.lines().next().unwrap_or_default();
        let args = command
            .strip_prefix("$ ptelint")
            .unwrap_or_else(|| panic!("{} begins with `$ ptelint`", file.display()));
        let output = run(elsewhere.path(), args);
        let actual = format!(
            "{command}\n--- status {}\n--- stdout\n{}--- stderr\n{}",
            output.status.code().expect("no signal"),
            text(&output.stdout),
            text(&output.stderr),
        );
        if actual == expected {
            continue;
        }
        if bless {
            fs::write(&file, actual).unwrap();
        } else {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            different.push(format!(
                "tests/cli/{name}\n{}",
                first_difference(&expected, &actual)
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{}\n\nIf this is meant: PTELINT_BLESS=1 cargo test --test cli",
        different.join("\n")
    );
}

/// The page table of an architecture that exists nowhere, and a kernel's Makefile.
fn write_toy_tree(root: &Path) {
    let headers = root.join("arch/toy/include/asm");
    fs::create_dir_all(&headers).unwrap();
    let makefile = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\n";
    fs::write(root.join("Makefile"), makefile).unwrap();
    let document = include_str!("../testdata/mask-regression/special_bad.c");
    // Without the marker that names the file.
    let text: String = document.split_inclusive('\n').skip(2).collect();
    fs::write(headers.join("pgtable.h"), text).unwrap();
    let rules = root.join("rules/arch");
    fs::create_dir_all(&rules).unwrap();
    let variant =
        "[[variant]]\nname = \"one of ours\"\nbits = 64\nconfig = [\"CONFIG_MEM_SOFT_DIRTY\"]\n";
    fs::write(rules.join("toy.toml"), variant).unwrap();
    let wrong = root.join("wrong/arch");
    fs::create_dir_all(&wrong).unwrap();
    fs::write(wrong.join("toy.toml"), "[[variant]]\nname = 3\n").unwrap();
}

fn first_difference(expected: &str, actual: &str) -> String {
    let (mut expected_lines, mut actual_lines) = (expected.lines(), actual.lines());
    for line in 1.. {
        let (was, is) = (expected_lines.next(), actual_lines.next());
        if was != is {
            let shown = |text: Option<&str>| text.unwrap_or("<end>").to_owned();
            return format!(
                "  line {line} was: {}\n  line {line}  is: {}",
                shown(was),
                shown(is)
            );
        }
        if was.is_none() {
            break;
        }
    }
    "  line ends differ".to_owned()
}

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    let elsewhere = tempfile::tempdir().unwrap();
    for args in ["check", "mappings", "readers --format json", "--help"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = ptelint(elsewhere.path())
            .args(args.split_whitespace())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .and_then(Child::wait_with_output)
            .unwrap();
        let stderr = text(&output.stderr);
        assert!(!stderr.contains("error"), "{args}: {stderr}");
        assert!(!stderr.contains("panicked"), "{args}: {stderr}");
        assert_eq!(output.status.code(), Some(0), "{args}");
    }
}

#[test]
fn colour_only_where_asked_for() {
    let elsewhere = tempfile::tempdir().unwrap();
    let has_colour = |args: &str, no_color: bool| {
        let mut command = ptelint(elsewhere.path());
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.args(args.split_whitespace()).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!has_colour("check", false), "a pipe is not a terminal");
    assert!(!has_colour("check --color never", false));
    assert!(has_colour("check --color always", false));
    assert!(
        has_colour("check --color always", true),
        "what is typed wins"
    );
}

#[test]
fn colours_change_nothing_else() {
    let elsewhere = tempfile::tempdir().unwrap();
    for command in ["check", "mappings", "readers"] {
        let plain = run(elsewhere.path(), command).stdout;
        let coloured = run(elsewhere.path(), &format!("{command} --color always")).stdout;
        assert_eq!(without_escapes(text(&coloured)), text(&plain), "{command}");
    }
}

fn without_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn nothing_but_answers_on_stdout() {
    let elsewhere = tempfile::tempdir().unwrap();
    for command in ["check", "mappings", "readers"] {
        let output = run(
            elsewhere.path(),
            &format!("{command} --format json --stats"),
        );
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["schema"], "ptelint/1");
        assert_eq!(json["command"], command);
        assert_eq!(json["tree"]["kind"], "sample");
        let keys: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let list = if command == "check" {
            "findings"
        } else {
            command
        };
        for key in ["schema", "command", "tree", "coverage", list] {
            assert!(keys.contains(&key), "{command} has no {key}");
        }
        assert_eq!(keys.len(), 5, "{command}: {keys:?}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains("peak memory"), "{stderr}");
        assert!(stderr.contains("coverage"), "{stderr}");
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_threads() {
    let elsewhere = tempfile::tempdir().unwrap();
    for command in ["check", "mappings", "readers"] {
        let one = run(elsewhere.path(), &format!("{command} -j 1 --format json"));
        let many = run(elsewhere.path(), &format!("{command} -j 8 --format json"));
        assert_eq!(one.stdout, many.stdout, "{command}");
    }
}

/// The first command of the README is typed in the folder of this crate, which holds C files of
/// its own.
#[test]
fn this_crate_is_not_taken_for_a_source_tree() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = run(crate_root, "check --format json");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["tree"]["kind"], "sample");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_readme_shows_what_check_prints() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(crate_root.join("README.md")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let printed = run(elsewhere.path(), "check").stdout;
    let example = format!("```text\n{}```", text(&printed));
    assert!(
        readme.contains(&example),
        "README.md should show:\n{example}"
    );
}
