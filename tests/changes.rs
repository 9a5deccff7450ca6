//! What a change did: patches, revisions, what is staged, baselines and comments that allow.
//!
//! The tree is `testdata/change/`, in a temporary folder and, where a test needs history, under
//! git.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::{git, ptelint, text};

/// A copy of the tree that a test may change.
struct Tree(tempfile::TempDir);

const GUARD: &str = "\tif (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))\n\t\treturn false;\n";

const REMOVES_GUARD: &str = "\
Subject: [PATCH] mm: simplify is_ordinary()

Nobody needs this.
---
 mm/ordinary.c | 2 --
 1 file changed, 2 deletions(-)

diff --git a/mm/ordinary.c b/mm/ordinary.c
index 1111111..2222222 100644
--- a/mm/ordinary.c
+++ b/mm/ordinary.c
@@ -4,7 +4,5 @@

 bool is_ordinary(struct vm_area_struct *vma)
 {
-	if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))
-		return false;
 	return vma->vm_start < vma->vm_end;
 }
-- 
2.47.3
";

impl Tree {
    fn new() -> Tree {
        let tree = Tree(tempfile::tempdir().expect("a temporary folder"));
        let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        for (from, path) in [
            ("change", "Makefile"),
            ("change", "mm/ordinary.c"),
            ("change", "mm/remake.c"),
            ("change", "drivers/video/first_fb.c"),
            ("", "include/linux/mm.h"),
        ] {
            let content = fs::read_to_string(testdata.join(from).join(path)).expect(path);
            tree.write(path, &content);
        }
        tree
    }

    /// The tree as the first commit of a repository, tagged `v1`.
    fn committed() -> Tree {
        let tree = Tree::new();
        tree.git("init --quiet --initial-branch=main");
        tree.commit("first");
        tree.git("tag v1");
        tree
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(&path, content).expect("it can be written");
        path
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let content = fs::read_to_string(self.path().join(path)).expect(path);
        assert!(content.contains(from), "{path} has {from:?}");
        self.write(path, &content.replacen(from, to, 1));
    }

    fn git(&self, args: &str) -> String {
        let output = git(self.path(), &args.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout).to_owned()
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --message={message}"));
    }

    fn run(&self, args: &str) -> Output {
        support::run(self.path(), args)
    }

    /// Rules and places of the findings.
    fn findings(&self, args: &str) -> Vec<String> {
        let answer = self.json(args);
        let findings = answer["findings"].as_array().expect("a list");
        findings
            .iter()
            .map(|finding| {
                let word = |key: &str| finding[key].as_str().expect("text").to_owned();
                format!("{} {}:{}", word("rule"), word("file"), finding["line"])
            })
            .collect()
    }

    fn json(&self, args: &str) -> Value {
        let output = self.run(&format!("check --format json {args}"));
        let status = output.status.code();
        assert!(matches!(status, Some(0 | 1)), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("valid JSON")
    }
}

#[test]
fn a_patch_that_removes_a_guard_is_reported_where_it_stood() {
    let tree = Tree::new();
    tree.write("guard.patch", REMOVES_GUARD);
    assert_eq!(
        tree.findings("--patch guard.patch"),
        ["lost-proof mm/ordinary.c:7"]
    );
    let output = tree.run("check --patch guard.patch");
    assert_eq!(output.status.code(), Some(1));
    let expected = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/change/lost-proof.txt"),
    )
    .unwrap_or_default();
    if std::env::var_os("PTELINT_BLESS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/change/lost-proof.txt");
        fs::write(file, &output.stdout).expect("it can be written");
    } else {
        assert_eq!(text(&output.stdout), expected);
    }
    let unchanged = fs::read_to_string(tree.path().join("mm/ordinary.c")).unwrap();
    assert!(unchanged.contains(GUARD), "the work tree is not touched");
}

#[test]
fn a_patch_comes_from_stdin() {
    let tree = Tree::new();
    let patch = tree.write("guard.patch", REMOVES_GUARD);
    let output = ptelint(tree.path())
        .args(["check", "--patch", "-", "--format", "short"])
        .stdin(fs::File::open(patch).unwrap())
        .output()
        .unwrap();
    let shown = text(&output.stdout);
    assert!(
        shown.starts_with("mm/ordinary.c:7:2: error[lost-proof]: "),
        "{shown}"
    );
}

#[test]
fn a_guard_that_gets_weaker_is_reported_where_it_stands() {
    let tree = Tree::committed();
    tree.edit("mm/ordinary.c", "(VM_PFNMAP | VM_MIXEDMAP)", "VM_PFNMAP");
    assert_eq!(tree.findings("--since v1"), ["lost-proof mm/ordinary.c:7"]);
    // Moving it is no loss, nor is adding to it.
    tree.edit(
        "mm/ordinary.c",
        "VM_PFNMAP",
        "(VM_PFNMAP | VM_MIXEDMAP | VM_IO)",
    );
    assert_eq!(tree.findings("--since v1"), [""; 0]);
}

#[test]
fn a_new_way_around_a_guard_is_reported_where_it_begins() {
    let tree = Tree::committed();
    tree.edit("mm/remake.c", "\tif (is_ordinary(vma))\n", "");
    let found = tree.findings("--since v1");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("lost-proof mm/remake.c:"), "{found:?}");
}

#[test]
fn what_cannot_matter_is_not_analysed() {
    let tree = Tree::committed();
    tree.edit("mm/remake.c", "a + 1", "a + 2");
    tree.edit("mm/ordinary.c", "/* What", "/* This is what");
    let answer = tree.json("--since v1");
    assert_eq!(answer["comparison"]["files"], 2);
    assert_eq!(answer["comparison"]["analysed"], false);
}

#[test]
fn what_no_answer_depends_on_is_parsed_and_not_analysed() {
    let tree = Tree::committed();
    let driver = "drivers/video/first_fb.c";
    let unrelated = "#define FIRST_FB_LINES 480\n\nstruct first_fb_line {\n\tint bytes;\n};\n\n\
                     static int first_fb_lines(int a)\n{\n\treturn a * FIRST_FB_LINES;\n}\n\n";
    tree.edit(driver, "static int", &format!("{unrelated}static int"));
    assert_eq!(tree.json("--since v1")["comparison"]["analysed"], false);
    tree.edit("mm/ordinary.c", "bool is", &format!("{unrelated}bool is"));
    assert_eq!(tree.json("--since v1")["comparison"]["analysed"], false);
    // A condition around a function counts, and so does a table that holds it.
    tree.edit(
        "mm/ordinary.c",
        "bool is",
        "#ifdef CONFIG_ORDINARY\nbool is",
    );
    let with_end = fs::read_to_string(tree.path().join("mm/ordinary.c")).unwrap() + "#endif\n";
    tree.write("mm/ordinary.c", &with_end);
    assert_eq!(tree.json("--since v1")["comparison"]["analysed"], true);
    tree.git("checkout --quiet mm/ordinary.c");
    assert_eq!(tree.json("--since v1")["comparison"]["analysed"], false);
    let table = "\nstatic const struct file_operations second_fb_fops = {\n\
                 \t.mmap = first_fb_mmap,\n};\n";
    let with_table = fs::read_to_string(tree.path().join(driver)).unwrap() + table;
    tree.write(driver, &with_table);
    assert_eq!(tree.json("--since v1")["comparison"]["analysed"], true);
}

#[test]
fn only_new_findings_are_reported() {
    let tree = Tree::committed();
    let first = fs::read_to_string(tree.path().join("drivers/video/first_fb.c")).unwrap();
    // Not known to git, and in a dirty tree.
    tree.write(
        "drivers/video/second_fb.c",
        &first.replace("first", "second"),
    );
    assert_eq!(
        tree.findings("--since v1"),
        ["prot-constant drivers/video/second_fb.c:9"]
    );
    assert_eq!(tree.findings("").len(), 2);
    // Moved and renamed, the old finding stays old.
    tree.git("mv drivers/video/first_fb.c drivers/video/fb.c");
    tree.edit(
        "drivers/video/fb.c",
        "static int",
        "int unrelated;\n\nstatic int",
    );
    let answer = tree.json("--since v1");
    assert_eq!(answer["comparison"]["known"], 1);
    assert_eq!(answer["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_staged_is_compared_and_nothing_else() {
    let tree = Tree::committed();
    tree.edit("mm/ordinary.c", GUARD, "");
    assert_eq!(tree.findings("--staged"), [""; 0], "not staged yet");
    tree.git("add mm/ordinary.c");
    // The work tree has the guard again, the index has not.
    tree.git("stash push --quiet --keep-index");
    tree.write("mm/ordinary.c", "");
    assert_eq!(tree.findings("--staged"), ["lost-proof mm/ordinary.c:7"]);
    assert_eq!(fs::read(tree.path().join("mm/ordinary.c")).unwrap(), b"");
}

#[test]
fn a_shallow_clone_will_do() {
    let tree = Tree::committed();
    tree.edit("mm/remake.c", "a + 1", "a + 2");
    tree.commit("second");
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", tree.path().display());
    git(
        clone.path(),
        &["clone", "--quiet", "--depth=1", &url, "shallow"],
    );
    let shallow = clone.path().join("shallow");
    let content = fs::read_to_string(shallow.join("mm/ordinary.c")).unwrap();
    fs::write(shallow.join("mm/ordinary.c"), content.replace(GUARD, "")).unwrap();
    let output = support::run(&shallow, "check --since HEAD --format short");
    assert!(
        text(&output.stdout).contains("lost-proof"),
        "{}",
        text(&output.stdout)
    );
    let output = support::run(&shallow, "check --since HEAD~1");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("this clone is shallow") && error.contains("git fetch"),
        "{error}"
    );
}

#[test]
fn mistakes_say_what_to_type_instead() {
    let tree = Tree::committed();
    tree.write(
        "other.patch",
        &REMOVES_GUARD.replace("VM_MIXEDMAP", "VM_IO"),
    );
    tree.write("none.patch", "Hello!\n");
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("a.c"), "int a;\n").unwrap();
    for (args, expected) in [
        ("--since V1", "did you mean 'v1'?"),
        ("--since nothing", "'git tag' list revisions"),
        (
            "--patch missing.patch",
            "cannot read missing.patch: give a patch",
        ),
        ("--patch none.patch", "no change found"),
        (
            "--patch other.patch",
            "mm/ordinary.c:7, hunk 1 of 1, expects",
        ),
        (
            "--baseline missing.toml",
            "ptelint baseline write --baseline missing.toml",
        ),
        ("--since v1 --staged", "cannot be used with"),
    ] {
        let output = tree.run(&format!("check {args}"));
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args}: {error}");
        assert!(error.contains(expected), "{args}: {error}");
    }
    let output = support::run(elsewhere.path(), "check --since HEAD a.c");
    let error = text(&output.stderr);
    assert!(error.contains("not in a git repository"), "{error}");
    let output = support::run(elsewhere.path(), "check --staged");
    let error = text(&output.stderr);
    assert!(error.contains("give the path of a kernel tree"), "{error}");
}

#[test]
fn a_baseline_survives_moves_and_sees_swaps() {
    let tree = Tree::new();
    let driver = "drivers/video/first_fb.c";
    let written = tree.run("baseline write");
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let baseline = fs::read_to_string(tree.path().join("ptelint-baseline.toml")).unwrap();
    assert!(baseline.contains("\nrule = \"prot-constant\"\nfunction = \"first_fb_mmap\"\n"));
    let with = "--baseline ptelint-baseline.toml";
    assert_eq!(tree.findings(with), [""; 0]);

    tree.edit(driver, "static int", "int above;\n\nstatic int");
    tree.edit(
        driver,
        "first_fb_pfn(file), size",
        "first_fb_pfn(file),\n\t\t\t       size",
    );
    assert_eq!(tree.findings(with), [""; 0], "moved code");

    let content = fs::read_to_string(tree.path().join(driver)).unwrap();
    fs::remove_file(tree.path().join(driver)).unwrap();
    tree.write("drivers/video/renamed_fb.c", &content);
    assert_eq!(tree.findings(with), [""; 0], "a renamed file");
    tree.write(driver, &content);
    assert_eq!(tree.findings(with).len(), 1, "a copy is new");
    fs::remove_file(tree.path().join("drivers/video/renamed_fb.c")).unwrap();

    // The old one is fixed, and there is a new one of the same kind in the same function.
    tree.edit(driver, "PAGE_SHARED", "vma->vm_page_prot");
    tree.edit(
        driver,
        "\treturn remap",
        "\tif (size > PAGE_SIZE)\n\t\treturn vm_insert(vma, PAGE_SHARED);\n\treturn remap",
    );
    tree.edit(
        driver,
        "vm_insert(vma, PAGE_SHARED)",
        "remap_pfn_range(vma, 0, 0, size, PAGE_SHARED)",
    );
    let answer = tree.json(with);
    assert_eq!(answer["findings"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        answer["baseline"]["stale"].as_array().map(Vec::len),
        Some(1)
    );
    let summary = tree.run(&format!("check {with}"));
    assert!(text(&summary.stdout).contains("1 entry of the baseline without a finding"));

    tree.run("baseline prune");
    let pruned = fs::read_to_string(tree.path().join("ptelint-baseline.toml")).unwrap();
    assert!(!pruned.contains("[[finding]]"), "{pruned}");
    // What is not checked is not judged.
    fs::write(tree.path().join("ptelint-baseline.toml"), &baseline).unwrap();
    tree.run("baseline prune mm");
    let kept = fs::read_to_string(tree.path().join("ptelint-baseline.toml")).unwrap();
    assert_eq!(kept, baseline);
}

#[test]
fn comments_allow_findings_and_have_to_be_needed() {
    let tree = Tree::new();
    let driver = "drivers/video/first_fb.c";
    let above = |comment: &str| {
        tree.edit(
            driver,
            "\treturn remap",
            &format!("\t{comment}\n\treturn remap"),
        );
    };
    let content = fs::read_to_string(tree.path().join(driver)).unwrap();
    above("/* ptelint: allow(prot-constant): the device is only opened for writing */");
    let answer = tree.json("");
    assert_eq!(answer["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(answer["suppressed"], 1);

    tree.write(driver, &content);
    above("// ptelint: allow(prot-constant)");
    assert_eq!(
        tree.findings(""),
        [
            "allow-comment drivers/video/first_fb.c:9",
            "prot-constant drivers/video/first_fb.c:10"
        ]
    );
    tree.write(driver, &content);
    tree.edit(
        driver,
        "\tunsigned",
        "\t/* ptelint: allow(prot-constant): old */\n\tunsigned",
    );
    let shown = tree.run("check --format short");
    let shown = text(&shown.stdout);
    assert!(
        shown.contains("allows `prot-constant` where there is none"),
        "{shown}"
    );
    // In Rust, too.
    tree.write(driver, &content);
    tree.write(
        "mm/a.rs",
        "// ptelint: allow(prot-konstant): x\nfn f() {}\n",
    );
    let found = tree.findings("");
    assert!(
        found.contains(&"allow-comment mm/a.rs:1".to_owned()),
        "{found:?}"
    );
}

/// The search path with the program on it, as a hook needs it.
fn path_with_program() -> std::ffi::OsString {
    let folder = Path::new(env!("CARGO_BIN_EXE_ptelint"))
        .parent()
        .expect("a folder");
    let known = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&known));
    std::env::join_paths(folders).expect("a search path")
}

#[test]
fn the_hook_of_git_stops_a_commit_that_removes_a_guard() {
    let tree = Tree::committed();
    let commit = |message: &str| {
        tree.git("add --all");
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(["commit", "--message", message])
            .current_dir(tree.path())
            .env("PATH", path_with_program())
            .envs([support::CACHE_FOLDER])
            .output()
            .expect("git starts");
        let shown = format!("{}{}", text(&output.stdout), text(&output.stderr));
        (output.status.success(), shown)
    };
    let written = tree.run("init --hook git");
    assert!(written.status.success(), "{}", text(&written.stderr));
    let again = tree.run("init --hook git");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("replace it with '--force'"));
    assert!(tree.run("init --hook git --force").status.success());

    tree.edit("mm/remake.c", "a + 1", "a + 2");
    let (passed, shown) = commit("harmless");
    assert!(passed, "{shown}");
    tree.edit("mm/ordinary.c", GUARD, "");
    let (passed, shown) = commit("simplify");
    assert!(!passed && shown.contains("error[lost-proof]"), "{shown}");
}

#[test]
fn files_for_ci_systems_are_written_once() {
    let tree = Tree::new();
    for (system, file) in [
        ("github", ".github/workflows/ptelint.yml"),
        ("gitlab", ".gitlab-ci.yml"),
        ("jenkins", "Jenkinsfile"),
    ] {
        let args = format!("init --ci {system}");
        assert!(tree.run(&args).status.success(), "{system}");
        assert!(tree.path().join(file).is_file(), "{file}");
        assert_eq!(tree.run(&args).status.code(), Some(2), "{system}");
    }
}

#[test]
fn completions_and_manual_pages_come_for_every_command() {
    let elsewhere = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = support::run(elsewhere.path(), &format!("completions {shell}"));
        assert!(text(&output.stdout).contains("fail-on"), "{shell}");
    }
    let output = support::run(elsewhere.path(), "man --directory man1");
    assert!(output.status.success(), "{}", text(&output.stderr));
    for page in ["ptelint.1", "ptelint-check.1", "ptelint-baseline-write.1"] {
        let page = elsewhere.path().join("man1").join(page);
        assert!(fs::read_to_string(page).unwrap().starts_with(".ie"));
    }
    let page = support::run(elsewhere.path(), "man");
    assert!(text(&page.stdout).contains("ptelint"));
}

#[test]
fn settings_stand_beside_the_tree() {
    let tree = Tree::new();
    let driver = "prot-constant drivers/video/first_fb.c:9";
    assert_eq!(tree.findings(""), [driver]);
    let none = tree.run("config");
    assert!(text(&none.stdout).contains("everything is as by default"));

    tree.write("ptelint.toml", "exclude = [\"drivers/video/\"]\n");
    let answer = tree.json("mm drivers");
    assert_eq!(answer["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(answer["configured"], 1);
    tree.write("ptelint.toml", "[rules]\nprot-constant = \"note\"\n");
    assert_eq!(tree.json("")["findings"][0]["severity"], "note");
    tree.write(
        "ptelint.toml",
        "fail-on = \"never\"\nformat = [\"short\"]\n",
    );
    let output = tree.run("check");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("drivers/video/first_fb.c:9:"));
    assert_eq!(
        tree.run("check --fail-on note").status.code(),
        Some(1),
        "typed wins"
    );
    let shown = tree.run("config");
    let shown = text(&shown.stdout);
    assert!(
        shown.contains("fail-on = \"never\"  # ") && shown.contains("ptelint.toml"),
        "{shown}"
    );

    for (file, expected) in [
        ("exlude = []\n", "did you mean `exclude`?"),
        ("format = [\"jsn\"]\n", "no format `jsn`"),
        (
            "fail-on = \"often\"\n",
            "write error, warning, note or never",
        ),
    ] {
        tree.write("ptelint.toml", file);
        let output = tree.run("check");
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn what_is_generic_is_a_setting() {
    let tree = Tree::new();
    let judged = || {
        let output = tree.run("readers --format json");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
        let readers = answer["readers"].as_array().expect("a list");
        let files = readers.iter().map(|reader| reader["file"].as_str());
        let files: std::collections::BTreeSet<_> = files.map(|file| file.expect("text")).collect();
        files.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(judged(), ["mm/remake.c"]);
    let remake = fs::read_to_string(tree.path().join("mm/remake.c")).unwrap();
    tree.write(
        "drivers/shared/remake.c",
        &remake.replace("remake", "shared_remake"),
    );
    assert_eq!(judged(), ["mm/remake.c"]);
    tree.write("ptelint.toml", "generic = [\"drivers/shared/\"]\n");
    assert_eq!(judged(), ["drivers/shared/remake.c", "mm/remake.c"]);
    tree.write("ptelint.toml", "drivers = [\"mm/remake.c\"]\n");
    assert_eq!(judged(), [""; 0]);
}

#[test]
fn what_a_kernel_does_not_compile_is_left_out() {
    let tree = Tree::new();
    let driver = "drivers/video/first_fb.c";
    tree.edit(driver, "static int", "#ifdef CONFIG_FIRST_FB\nstatic int");
    tree.edit(
        driver,
        "first_fb_mmap,\n};\n",
        "first_fb_mmap,\n};\n#endif\n",
    );
    tree.write("with.config", "CONFIG_FIRST_FB=y\n");
    tree.write("without.config", "# CONFIG_FIRST_FB is not set\n");
    assert_eq!(tree.findings("--config with.config").len(), 1);
    assert_eq!(tree.findings("--config without.config"), [""; 0]);
    let output = tree.run("check --config Makefile");
    assert!(text(&output.stderr).contains("give a kernel's .config"));
}
