//! What `check` writes, read by the programs it is for.
//!
//! `scripts/install-consumers` installs them into `consumers/`; `PTELINT_CONSUMERS` names another
//! folder. Without them the tests are reported as ignored, with `PTELINT_REQUIRE_CONSUMERS` set
//! they fail.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use support::text;

type Test = fn(&Consumers) -> Result<(), Failed>;

const TESTS: &[(&str, Test)] = &[
    (
        "sarif_follows_the_official_schema",
        sarif_follows_the_official_schema,
    ),
    (
        "sarif_has_no_mistakes_for_its_validator",
        sarif_has_no_mistakes_for_its_validator,
    ),
    ("sarif_is_summarised", sarif_is_summarised),
    ("junit_is_parsed", junit_is_parsed),
    (
        "checkstyle_is_read_for_a_diff",
        checkstyle_is_read_for_a_diff,
    ),
];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let consumers = Consumers::find();
    let is_required = std::env::var_os("PTELINT_REQUIRE_CONSUMERS").is_some();
    let trials = TESTS
        .iter()
        .map(|&(name, test)| match consumers.clone() {
            Some(consumers) => Trial::test(name, move || test(&consumers)),
            None => {
                let advice = "needs scripts/install-consumers, or PTELINT_CONSUMERS";
                Trial::test(name, move || Err(advice.into()))
                    .with_kind(advice)
                    .with_ignored_flag(!is_required)
            }
        })
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

/// Where the programs are.
#[derive(Clone)]
struct Consumers(PathBuf);

impl Consumers {
    fn find() -> Option<Consumers> {
        let folder = match std::env::var_os("PTELINT_CONSUMERS") {
            Some(folder) => PathBuf::from(folder),
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("consumers"),
        };
        folder
            .join("node_modules")
            .is_dir()
            .then_some(Consumers(folder))
    }

    fn npm(&self, path: &str) -> PathBuf {
        self.0.join("node_modules").join(path)
    }

    /// Runs a program of the Python environment.
    fn python(&self, program: &str, args: &[&str], folder: &Path) -> Result<Output, Failed> {
        let output = Command::new(self.0.join("python/bin").join(program))
            .args(args)
            .current_dir(folder)
            .output()?;
        match output.status.success() {
            true => Ok(output),
            false => Err(format!(
                "{program} {}:\n{}{}",
                args.join(" "),
                text(&output.stdout),
                text(&output.stderr)
            )
            .into()),
        }
    }
}

/// A folder with the answer on the sample in a format.
fn answer(format: &str) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let output = support::run(folder.path(), &format!("check --format {format}=answer"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    Ok(folder)
}

fn sarif_follows_the_official_schema(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("sarif")?;
    let schema = consumers.npm("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
    let script = "import json, sys, jsonschema\n\
                  schema, answer = (json.load(open(path)) for path in sys.argv[1:])\n\
                  jsonschema.Draft4Validator.check_schema(schema)\n\
                  jsonschema.Draft4Validator(schema).validate(answer)\n";
    let schema = schema.to_str().ok_or("a path that is no text")?;
    consumers.python("python", &["-c", script, schema, "answer"], folder.path())?;
    Ok(())
}

fn sarif_has_no_mistakes_for_its_validator(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("sarif")?;
    fs::rename(
        folder.path().join("answer"),
        folder.path().join("answer.sarif"),
    )?;
    let validator = consumers.npm("@microsoft/sarif-multitool-linux/Sarif.Multitool");
    let output = Command::new(validator)
        .args(["validate", "answer.sarif", "--output", "report.sarif"])
        .current_dir(folder.path())
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()?;
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("report.sarif"))?)?;
    let results = report["runs"][0]["results"]
        .as_array()
        .ok_or("no results")?;
    let mistakes: Vec<&Value> = results
        .iter()
        .filter(|result| result["level"] == "error")
        .collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(format!("{mistakes:#?}\n{}", text(&output.stdout)).into()),
    }
}

fn sarif_is_summarised(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("sarif")?;
    fs::rename(
        folder.path().join("answer"),
        folder.path().join("answer.sarif"),
    )?;
    let output = consumers.python("sarif", &["summary", "answer.sarif"], folder.path())?;
    let summary = text(&output.stdout);
    assert!(summary.contains("error: 1\n - prot-constant"), "{summary}");
    Ok(())
}

fn junit_is_parsed(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("junit")?;
    let script = "import junitparser\n\
                  xml = junitparser.JUnitXml.fromfile('answer')\n\
                  failed = [c for s in xml for c in s if not c.is_passed]\n\
                  print(xml.failures, failed[0].classname, failed[0].result[0].type)\n";
    let output = consumers.python("python", &["-c", script], folder.path())?;
    assert_eq!(text(&output.stdout), "1 prot-constant error\n");
    Ok(())
}

/// In a repository whose last commit adds the sample, all of it is new.
fn checkstyle_is_read_for_a_diff(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("checkstyle")?;
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sample");
    let driver = "drivers/video/sample_fb.c";
    fs::create_dir_all(folder.path().join("drivers/video"))?;
    let git = |args: &[&str]| -> Result<(), Failed> {
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(args)
            .current_dir(folder.path())
            .output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(text(&output.stderr).into()),
        }
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["commit", "--quiet", "--allow-empty", "--message=first"])?;
    git(&["checkout", "--quiet", "-b", "topic"])?;
    fs::copy(sample.join(driver), folder.path().join(driver))?;
    git(&["add", driver])?;
    git(&["commit", "--quiet", "--message=second"])?;
    let args = ["--violations=checkstyle", "--compare-branch=main", "answer"];
    let output = consumers.python("diff-quality", &args, folder.path())?;
    let report = text(&output.stdout);
    assert!(
        report.contains(driver) && report.contains(":25:"),
        "{report}"
    );
    Ok(())
}
