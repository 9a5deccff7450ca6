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
    ("checkstyle_is_read", checkstyle_is_read),
    ("pre_commit_stops_a_commit", pre_commit_stops_a_commit),
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

/// The program runs inside of Danger, which is stood in for: everything is new.
fn checkstyle_is_read(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answer("checkstyle")?;
    let script = "
        const { scan } = require('danger-plugin-lint-report');
        const files = ['drivers/video/sample_fb.c'];
        const structuredDiffForFile = async () => ({ chunks: [] });
        global.danger = {
            git: { modified_files: files, created_files: files, structuredDiffForFile },
        };
        for (const name of ['fail', 'warn', 'message', 'markdown'])
            global[name] = (text, file, line) => console.log(name, file, line, text);
        scan({ fileMask: 'answer', reportSeverity: true, requireLineModification: false })
            .catch(error => { console.error(error); process.exit(1); });";
    let output = Command::new("node")
        .args(["-e", script])
        .env("NODE_PATH", consumers.0.join("node_modules"))
        .current_dir(folder.path())
        .output()?;
    let shown = text(&output.stdout);
    let expected = "fail drivers/video/sample_fb.c 25 ";
    assert!(
        shown.starts_with(expected),
        "{shown}{}",
        text(&output.stderr)
    );
    Ok(())
}

/// With the hooks of this repository, in a repository that holds a part of a tree.
fn pre_commit_stops_a_commit(consumers: &Consumers) -> Result<(), Failed> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir()?;
    let (hooks, tree) = (folder.path().join("hooks"), folder.path().join("tree"));
    let bins = [
        consumers.0.join("python/bin"),
        Path::new(env!("CARGO_BIN_EXE_ptelint"))
            .parent()
            .ok_or("no folder")?
            .to_owned(),
    ];
    let known = std::env::var_os("PATH").unwrap_or_default();
    let search = std::env::join_paths(bins.into_iter().chain(std::env::split_paths(&known)))?;
    let run = |directory: &Path, program: &str, args: &[&str]| -> Result<(bool, String), Failed> {
        let output = Command::new(program)
            .args(args)
            .current_dir(directory)
            .env("PATH", &search)
            .env("PRE_COMMIT_HOME", folder.path().join("cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([
                ("GIT_AUTHOR_NAME", "Test"),
                ("GIT_AUTHOR_EMAIL", "test@example.org"),
                ("GIT_COMMITTER_NAME", "Test"),
                ("GIT_COMMITTER_EMAIL", "test@example.org"),
            ])
            .output()?;
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        Ok((output.status.success(), shown))
    };
    let must = |directory: &Path, program: &str, args: &[&str]| -> Result<String, Failed> {
        match run(directory, program, args)? {
            (true, shown) => Ok(shown),
            (false, shown) => Err(format!("{program} {}: {shown}", args.join(" ")).into()),
        }
    };
    fs::create_dir(&hooks)?;
    let file = ".pre-commit-hooks.yaml";
    fs::copy(crate_root.join(file), hooks.join(file))?;
    for (path, source) in [
        ("Makefile", "change/Makefile"),
        ("mm/ordinary.c", "change/mm/ordinary.c"),
        ("mm/remake.c", "change/mm/remake.c"),
        ("include/linux/mm.h", "include/linux/mm.h"),
    ] {
        fs::create_dir_all(tree.join(path).parent().ok_or("no folder")?)?;
        fs::copy(crate_root.join("testdata").join(source), tree.join(path))?;
    }
    for repository in [&hooks, &tree] {
        must(
            repository,
            "git",
            &["init", "--quiet", "--initial-branch=main"],
        )?;
        must(repository, "git", &["add", "--all"])?;
        must(repository, "git", &["commit", "--quiet", "--message=first"])?;
    }
    let revision = must(&hooks, "git", &["rev-parse", "HEAD"])?;
    let config = format!(
        "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: ptelint\n",
        hooks.display(),
        revision.trim()
    );
    fs::write(tree.join(".pre-commit-config.yaml"), config)?;
    must(&tree, "git", &["add", "--all"])?;
    must(&tree, "git", &["commit", "--quiet", "--message=config"])?;
    must(&tree, "pre-commit", &["install"])?;

    let edit = |path: &str, from: &str, to: &str| -> Result<(), Failed> {
        let content = fs::read_to_string(tree.join(path))?;
        assert!(content.contains(from), "{path}");
        fs::write(tree.join(path), content.replace(from, to))?;
        Ok(())
    };
    edit("mm/remake.c", "a + 1", "a + 2")?;
    must(&tree, "git", &["commit", "--all", "--message=harmless"])?;
    edit(
        "mm/ordinary.c",
        "\tif (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))\n\t\treturn false;\n",
        "",
    )?;
    let (passed, shown) = run(&tree, "git", &["commit", "--all", "--message=simplify"])?;
    assert!(!passed, "{shown}");
    assert!(
        shown.contains("error[lost-proof]: the condition removed from `is_ordinary`"),
        "{shown}"
    );
    Ok(())
}
