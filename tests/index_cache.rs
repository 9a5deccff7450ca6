//! Answers with what is kept between runs, an index and what was found out, are those without.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use ptelint::pipeline::{Options, Progress, Report, Workspace};
use support::editor::small_tree;
use support::kernel::{LINUX_6_1, LINUX_6_12};
use support::{ptelint, text};
use tempfile::TempDir;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let small = |name, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = vec![
        small("an_edit_between_runs_counts", an_edit_between_runs_counts),
        small(
            "an_edit_of_an_open_tree_counts",
            an_edit_of_an_open_tree_counts,
        ),
        small(
            "proofs_are_found_again_for_the_same_program_only",
            proofs_are_found_again_for_the_same_program_only,
        ),
        LINUX_6_12.trial("answers_are_the_same", answers_are_the_same),
        LINUX_6_1.trial("answers_are_the_same", answers_are_the_same),
        LINUX_6_12.trial("changes_are_the_same", changes_are_the_same),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// What the program says, with an index that is kept in a folder, or without; and its `cache` line.
fn answer(tree: &Path, args: &str, cache: Option<&Path>) -> (Vec<u8>, Option<String>) {
    let mut command = ptelint(tree);
    command
        .args(args.split(' '))
        .args(["--format", "json", "--stats"]);
    match cache {
        Some(folder) => command.env("PTELINT_CACHE_DIR", folder),
        None => command.arg("--no-cache"),
    };
    let output = command.arg(tree).output().expect("the program starts");
    let said = text(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{args}: {said}"
    );
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.strip_prefix("cache "));
    (output.stdout, line.map(|line| line.trim().to_owned()))
}

fn answers_are_the_same(tree: &Path) {
    let cache = tempfile::tempdir().expect("a folder");
    for (number, args) in ["check --pedantic", "mappings", "readers"]
        .into_iter()
        .enumerate()
    {
        let (plain, line) = answer(tree, args, None);
        assert_eq!(line, None);
        let (kept, line) = answer(tree, args, Some(cache.path()));
        assert!(kept == plain, "{args} differs");
        let line = line.expect("a line");
        assert_eq!(line.starts_with("0 of "), number == 0, "{args}: {line}");
        // The first run has seen all that the last one asks the engine about.
        assert_eq!(
            line.ends_with(" 0 runs of the engine"),
            number < 2,
            "{args}: {line}"
        );
    }
}

/// Of a change, the version before is the one that an earlier run has seen.
fn changes_are_the_same(tree: &Path) {
    let (cache, patches) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir());
    let patches = patches.expect("a folder");
    let path = "mm/huge_memory.c";
    let text = fs::read_to_string(tree.join(path)).expect("a file");
    let lines: Vec<&str> = text.lines().collect();
    let function = "static void __split_huge_pmd_locked(";
    let is_head = |line: &&str| line.starts_with(function);
    let head = lines.iter().position(is_head).expect("a function");
    let is_guard = |line: &&str| line.trim() == "if (!vma_is_anonymous(vma)) {";
    let guard = lines[head..].iter().position(is_guard).expect("a guard") + head;
    let patch = |line: usize, new: &str| {
        let (number, old) = (line + 1, lines[line]);
        format!("--- a/{path}\n+++ b/{path}\n@@ -{number} +{number} @@\n-{old}\n+{new}\n")
    };
    let changes = [
        (
            "statement",
            patch(guard, &format!("\tbarrier();{}", lines[guard])),
        ),
        ("guard", patch(guard, "\tif (0) {")),
        (
            "statement",
            patch(guard, &format!("\tbarrier();{}", lines[guard])),
        ),
    ];
    for (number, (name, change)) in changes.into_iter().enumerate() {
        let file = patches.path().join(name);
        fs::write(&file, change).expect("a file");
        let args = format!("check --patch {}", file.display());
        let (plain, _) = answer(tree, &args, None);
        let (kept, line) = answer(tree, &args, Some(cache.path()));
        assert!(kept == plain, "{name} differs");
        let line = line.expect("a line");
        assert_eq!(
            line.ends_with(" 0 runs of the engine"),
            number == 0,
            "{line}"
        );
    }
}

/// A small tree, with more files than are read sooner than an index is written. No file was changed
/// just now, for which nothing would be kept.
fn tree() -> TempDir {
    let tree = small_tree();
    let folder = tree.path().join("lib");
    fs::create_dir(&folder).expect("a folder");
    for number in 0..N_OTHERS {
        let file = folder.join(format!("{number}.c"));
        let source = format!("int other_{number}(int a)\n{{\n\treturn a;\n}}\n");
        fs::write(file, source).expect("a file");
    }
    thread::sleep(Duration::from_millis(3_500));
    tree
}

const N_OTHERS: usize = 300;

/// The path of a file whose guard keeps override mappings out, and its text without the guard, as
/// long as before.
fn without_guard(tree: &Path) -> (PathBuf, String) {
    let path = tree.join("mm/remake.c");
    let text = fs::read_to_string(&path).expect("a file");
    let edited = text.replace("is_ordinary(vma))", "vma             )");
    assert_ne!(edited, text);
    assert_eq!(edited.len(), text.len());
    (path, edited)
}

fn an_edit_between_runs_counts() {
    let (tree, cache) = (tree(), tempfile::tempdir().expect("a folder"));
    let (tree, cache) = (tree.path(), Some(cache.path()));
    let (first, line) = answer(tree, "check", cache);
    assert_eq!(
        line.as_deref(),
        Some("0 of 306 files known, 0 runs of the engine")
    );
    let (second, line) = answer(tree, "check", cache);
    let line = line.expect("a line");
    assert!(line.starts_with("306 of 306 files known, "), "{line}");
    assert_eq!(first, second);

    let (path, edited) = without_guard(tree);
    fs::write(path, edited).expect("a file");
    let (third, line) = answer(tree, "check", cache);
    assert_eq!(
        line.as_deref(),
        Some("305 of 306 files known, 0 runs of the engine")
    );
    assert_ne!(third, second);
    assert_eq!(answer(tree, "check", None), (third, None));
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &'static str, _steps: Option<u64>) {}
    fn advance(&self, _steps: u64) {}
}

/// What the system said of files when an open tree was walked does not hold for long.
fn an_edit_of_an_open_tree_counts() {
    let (tree, cache) = (tree(), tempfile::tempdir().expect("a folder"));
    let (tree, paths) = (tree.path(), [tree.path().to_owned()]);
    let options = Options {
        cache_folder: Some(cache.path().to_owned()),
        ..Options::default()
    };
    let open = |options: &Options| Workspace::open(&paths, options).expect("it is there");
    let analyse =
        |workspace: &mut Workspace| workspace.analyse(&Silent, &|| false).expect("an answer");
    let told = |report: &Report| format!("{:#?} {:#?}", report.readers, report.findings);
    let n_known = |report: &Report| report.cache.as_ref().map(|cache| cache.n_known);
    let first = analyse(&mut open(&options));
    assert_eq!(n_known(&first), Some(0));
    assert_eq!(n_known(&analyse(&mut open(&options))), Some(306));

    // Before it is looked at, and after.
    let (mut early, mut late) = (open(&options), open(&options));
    assert_eq!(told(&analyse(&mut late)), told(&first));
    let (path, edited) = without_guard(tree);
    // A name that is new to the tree, for which all of it is looked at again, in front of the rest.
    let edited = format!("int new_to_all(void)\n{{\n\treturn 0;\n}}\n{edited}");
    fs::write(path, edited).expect("a file");
    let plain = analyse(&mut open(&Options::default()));
    assert_ne!(told(&plain), told(&first));
    let n_kept = || fs::read_dir(cache.path()).expect("a folder").count();
    let n_before = n_kept();
    for workspace in [&mut early, &mut late] {
        workspace.on_disk_changed(&["mm/remake.c".to_owned()]);
        assert_eq!(told(&analyse(workspace)), told(&plain));
    }
    // What is found out while somebody types is kept for nobody.
    assert_eq!(n_kept(), n_before);
}

/// A program differs where a function does, be it by a line that only moves others; what was found
/// out about another one is of no use, and the same program is found again after any number of others.
fn proofs_are_found_again_for_the_same_program_only() {
    let (tree, cache) = (tree(), tempfile::tempdir().expect("a folder"));
    let paths = [tree.path().to_owned()];
    let kept = Options {
        cache_folder: Some(cache.path().to_owned()),
        ..Options::default()
    };
    let path = "mm/remake.c";
    let text = fs::read_to_string(tree.path().join(path)).expect("a file");
    let (_, without_guard) = without_guard(tree.path());
    let analyse = |content: &str, options: &Options| {
        let mut workspace = Workspace::open(&paths, options).expect("it is there");
        workspace.overlay(path, Some(content.as_bytes().to_vec()));
        let report = workspace.analyse(&Silent, &|| false).expect("an answer");
        let told = format!("{:#?} {:#?}", report.readers, report.findings);
        (told, report.n_recalled)
    };
    let versions = [
        text.clone(),
        without_guard,
        format!("\n{text}"),
        text.replace("is_ordinary(vma)", "!is_ordinary(vma)"),
    ];
    for round in 0..2 {
        for (number, content) in versions.iter().enumerate() {
            let (told, n_recalled) = analyse(content, &kept);
            assert_eq!(n_recalled > 0, round > 0, "version {number}");
            assert_eq!(told, analyse(content, &Options::default()).0);
        }
    }
}
