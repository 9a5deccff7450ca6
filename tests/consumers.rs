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
    (
        "gitlab_has_the_types_of_code_climate",
        gitlab_has_the_types_of_code_climate,
    ),
    (
        "gitlab_says_what_a_converter_of_sarif_says",
        gitlab_says_what_a_converter_of_sarif_says,
    ),
    (
        "github_is_what_the_toolkit_writes",
        github_is_what_the_toolkit_writes,
    ),
    (
        "files_for_ci_systems_follow_their_schemas",
        files_for_ci_systems_follow_their_schemas,
    ),
    ("pre_commit_stops_a_commit", |consumers| {
        pre_commit_stops_a_commit(consumers, "ptelint")
    }),
    ("pre_commit_builds_from_source", |consumers| {
        pre_commit_stops_a_commit(consumers, "ptelint-from-source")
    }),
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
    answers(&format!("--format {format}=answer"))
}

/// A folder with the answers on a path, or else on the sample.
fn answers(args: &str) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let output = support::run(folder.path(), &format!("check {args}"));
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

/// A folder of documents with several findings, some of a kind.
fn documents() -> String {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let documents = crate_root.join("testdata/prot-constant");
    documents.display().to_string()
}

/// A compiler of TypeScript checks the answer against the types that others publish.
fn gitlab_has_the_types_of_code_climate(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answers(&format!("--format gitlab=answer {}", documents()))?;
    let report = fs::read_to_string(folder.path().join("answer"))?;
    let program = format!(
        "import type {{ Issue }} from 'codeclimate-types';\n\
         export const report: Issue[] = {report};\n"
    );
    fs::write(folder.path().join("report.ts"), program)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(consumers.npm(""), folder.path().join("node_modules"))?;
    let options = r#"{ "strict": true, "noEmit": true, "types": [], "module": "nodenext" }"#;
    let project = format!(r#"{{ "compilerOptions": {options}, "files": ["report.ts"] }}"#);
    fs::write(folder.path().join("tsconfig.json"), project)?;
    let output = Command::new("node")
        .arg(consumers.npm("typescript/bin/tsc"))
        .current_dir(folder.path())
        .output()?;
    assert!(output.status.success(), "{}", text(&output.stdout));
    let issues: Vec<Value> = serde_json::from_str(&report)?;
    let fingerprints = issues.iter().map(|issue| issue["fingerprint"].to_string());
    let fingerprints: std::collections::BTreeSet<String> = fingerprints.collect();
    assert!(issues.len() > 5);
    // Of two issues with one fingerprint, GitLab shows one.
    assert_eq!(fingerprints.len(), issues.len());
    Ok(())
}

/// sarif-tools makes the same report out of our SARIF: rules, paths and lines agree.
fn gitlab_says_what_a_converter_of_sarif_says(consumers: &Consumers) -> Result<(), Failed> {
    let formats = "--format gitlab=ours.json --format sarif=answer.sarif";
    let folder = answers(&format!("{formats} {}", documents()))?;
    let args = ["codeclimate", "answer.sarif", "--output", "theirs.json"];
    consumers.python("sarif", &args, folder.path())?;
    let issues = |name: &str| -> Result<Vec<String>, Failed> {
        let report = fs::read(folder.path().join(name))?;
        let report: Vec<Value> = serde_json::from_slice(&report)?;
        let mut issues: Vec<String> = report
            .iter()
            .map(|issue| {
                let place = &issue["location"];
                let line = &place["lines"]["begin"];
                format!("{} {} {line}", issue["check_name"], place["path"])
            })
            .collect();
        issues.sort();
        Ok(issues)
    };
    assert_eq!(issues("ours.json")?, issues("theirs.json")?);
    Ok(())
}

/// What is read out of a command, by the rules of the runner, GitHub's own library writes as the
/// same command.
fn github_is_what_the_toolkit_writes(consumers: &Consumers) -> Result<(), Failed> {
    let folder = answers(&format!("--format github=answer {}", documents()))?;
    let script = "
        const core = require('@actions/core');
        const unescaped = text => [['%3A', ':'], ['%2C', ','], ['%0D', '\\r'], ['%0A', '\\n'], ['%25', '%']]
            .reduce((text, [code, character]) => text.replaceAll(code, character), text);
        const names = {
            col: 'startColumn', endColumn: 'endColumn', line: 'startLine', endLine: 'endLine',
            file: 'file', title: 'title',
        };
        const lines = require('fs').readFileSync('answer', 'utf8').split('\\n');
        for (const line of lines.filter(line => line.startsWith('::'))) {
            const [, level, properties, message] = /^::(\\w+) (.*?)::(.*)$/.exec(line);
            const pairs = properties.split(',').map(pair => pair.split('='));
            core[level](unescaped(message), Object.fromEntries(
                pairs.map(([name, value]) => [names[name], unescaped(value)])));
        }";
    let output = Command::new("node")
        .args(["-e", script])
        .env("NODE_PATH", consumers.npm(""))
        .current_dir(folder.path())
        .output()?;
    // The order of properties does not matter.
    let commands = |lines: &str| -> Vec<Vec<String>> {
        let lines = lines.lines().filter(|line| line.starts_with("::"));
        let parts = lines.map(|line| {
            let (head, message) = line[2..].split_once("::").unwrap_or_default();
            let (level, properties) = head.split_once(' ').unwrap_or_default();
            let mut parts: Vec<String> = properties.split(',').map(str::to_owned).collect();
            parts.sort();
            parts.extend([level.to_owned(), message.to_owned()]);
            parts
        });
        parts.collect()
    };
    let ours = fs::read_to_string(folder.path().join("answer"))?;
    let theirs = text(&output.stdout);
    assert!(commands(&ours).len() > 5, "{ours}");
    assert_eq!(
        commands(&ours),
        commands(theirs),
        "{}",
        text(&output.stderr)
    );
    Ok(())
}

fn files_for_ci_systems_follow_their_schemas(consumers: &Consumers) -> Result<(), Failed> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (schema, file) in [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", "docs/ci/github.yml"),
        ("vendor.gitlab-ci", "docs/ci/gitlab.yml"),
    ] {
        let args = ["--builtin-schema", schema, file];
        consumers.python("check-jsonschema", &args, crate_root)?;
    }
    let schema = "docs/ptelint.schema.json";
    consumers.python(
        "check-jsonschema",
        &["--check-metaschema", schema],
        crate_root,
    )?;
    let args = ["validate-manifest", ".pre-commit-hooks.yaml"];
    consumers.python("pre-commit", &args, crate_root)?;
    Ok(())
}

/// The files of this repository, to take hooks from.
fn copy_repository(to: &Path) -> Result<(), Failed> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let args = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let output = Command::new("git")
        .args(args)
        .current_dir(crate_root)
        .output()?;
    for file in text(&output.stdout).split('\0').filter(|it| !it.is_empty()) {
        let (from, to) = (crate_root.join(file), to.join(file));
        fs::create_dir_all(to.parent().ok_or("no folder")?)?;
        if from.is_file() {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// With a hook of this repository, in a repository that holds a part of a tree.
fn pre_commit_stops_a_commit(consumers: &Consumers, hook: &str) -> Result<(), Failed> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir()?;
    let (hooks, tree) = (folder.path().join("hooks"), folder.path().join("tree"));
    let program = Path::new(env!("CARGO_BIN_EXE_ptelint"));
    let programs = program.parent().ok_or("no folder")?;
    let mut bins = vec![consumers.0.join("python/bin")];
    if hook == "ptelint" {
        bins.push(programs.to_owned());
    }
    let known = std::env::var_os("PATH").unwrap_or_default();
    let search = std::env::join_paths(bins.into_iter().chain(std::env::split_paths(&known)))?;
    let run = |directory: &Path, program: &str, args: &[&str]| -> Result<(bool, String), Failed> {
        let output = Command::new(program)
            .args(args)
            .current_dir(directory)
            .env("PATH", &search)
            .env("PRE_COMMIT_HOME", folder.path().join("cache"))
            // Kept from run to run, and apart from the program under test.
            .env("CARGO_TARGET_DIR", programs.with_file_name("from-source"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs(support::GIT_IDENTITY)
            .envs([support::CACHE_FOLDER])
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
    copy_repository(&hooks)?;
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
        "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: {hook}\n",
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
        shown.contains("error[lost-proof]: without the check removed from `is_ordinary`"),
        "{shown}"
    );
    Ok(())
}
