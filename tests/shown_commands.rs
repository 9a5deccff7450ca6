//! Every command line that is shown somewhere runs: in README, in the other documents, in the pages
//! of the rules and under "Examples" in the help of each command.
//!
//! Each runs in a home folder of its own with a small tree in `~/linux`, which has the names, lines
//! and revisions that the command lines speak of.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::text;

/// What stands for something else, and what the tests put there.
const PLACEHOLDERS: &[(&str, &str)] = &[
    ("PATH...", "~/linux"),
    ("--if-removed FILE:LINE", "--if-removed mm/mempolicy.c:700"),
    ("FILE:LINE", "mm/huge_memory.c:2947"),
    ("--patch FILE", "--patch fix.patch"),
    ("--from FN", "--from handle_mm_fault"),
    ("--to FN", "--to vmf_insert_pfn_prot"),
    ("--fault NAME", "--fault rebuild-in-split"),
    ("ARCH", "arm64"),
    ("RULE", "prot-constant"),
    ("SHELL", "bash"),
];

/// What is no command line but the name of a command.
const NAMES: &[&str] = &["ptelint graph", "ptelint reference"];

/// Not run: the first is what runs this, the second would change the machine.
const NOT_RUN: &[&str] = &["cargo test --release", "cargo install --path ."];

#[test]
fn command_lines_in_documents_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    for folder in ["docs", "docs/editors", "rules"] {
        let entries = fs::read_dir(root.join(folder)).expect(folder).flatten();
        let files = entries.map(|entry| entry.path());
        documents.extend(files.filter(|file| file.extension().is_some_and(|it| it == "md")));
    }
    let mut shown = BTreeSet::new();
    for document in documents {
        let page = fs::read_to_string(&document).expect("a document");
        shown.extend(in_blocks(&page));
        shown.extend(in_text(&page));
    }
    assert!(shown.len() > 25, "{shown:#?}");
    all_run(&shown);
}

#[test]
fn examples_in_the_help_run() {
    let commands: Vec<String> = {
        let help = support::run(Path::new("/"), "--help");
        let help = text(&help.stdout);
        let list = help.split_once("Commands:\n").expect("a list").1;
        let list = list.lines().take_while(|line| !line.is_empty());
        let names = list.filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect()
    };
    let mut shown = BTreeSet::new();
    for command in commands.iter().filter(|command| *command != "help") {
        let help = support::run(Path::new("/"), &format!("{command} --help"));
        shown.extend(in_help(text(&help.stdout)));
    }
    shown.extend(in_help(text(
        &support::run(Path::new("/"), "--help").stdout,
    )));
    assert!(shown.len() > 20, "{shown:#?}");
    all_run(&shown);
}

/// The lines of blocks of shell commands, without remarks.
fn in_blocks(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines());
    lines.map(without_remark).collect()
}

/// What stands between backticks and begins like a command line. It can go over the end of a line.
fn in_text(page: &str) -> Vec<String> {
    // Without the blocks, an odd number of backticks would shift everything behind.
    let prose: String = page.split("```").step_by(2).collect();
    let code = prose.split('`').skip(1).step_by(2);
    let joined = code.map(|code| code.split_whitespace().collect::<Vec<_>>().join(" "));
    joined.filter(|code| code.starts_with("ptelint ")).collect()
}

fn in_help(help: &str) -> Vec<String> {
    let Some((_, examples)) = help.split_once("Examples:\n") else {
        return Vec::new();
    };
    let lines = examples.lines().take_while(|line| line.starts_with("  "));
    // A remark stands behind several blanks here.
    let commands = lines.map(|line| line.trim().split("   ").next().unwrap_or_default());
    commands.map(str::to_owned).collect()
}

fn without_remark(line: &str) -> String {
    line.split(" # ")
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn all_run(shown: &BTreeSet<String>) {
    let complaints: Vec<String> = shown.iter().flat_map(|line| complaints(line)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Runs what is shown, once for each of the alternatives in it, and says what went wrong.
fn complaints(shown: &str) -> Vec<String> {
    if NOT_RUN.contains(&shown) {
        return Vec::new();
    }
    let runs = |line: &str| runs(line).map_err(|said| format!("`{shown}`: {said}"));
    if NAMES.contains(&shown) {
        return runs(&format!("{shown} --help")).err().into_iter().collect();
    }
    let mut line = shown.replace("cargo run --release --", "ptelint");
    for (placeholder, instead) in PLACEHOLDERS {
        line = line.replace(placeholder, instead);
    }
    if line.starts_with("ptelint reference explore") {
        // All of it takes minutes.
        line.push_str(" --depth 3");
    }
    if line.starts_with("ptelint validate") {
        // So does this, which has tests of its own; the mutants themselves are found at once.
        line = "ptelint validate --list".to_owned();
    }
    // In quotes, it would be part of a program of another language.
    let alternatives = match line.contains('\'') {
        true => None,
        false => line
            .split(' ')
            .find(|word| word.contains('|') && *word != "|"),
    };
    let lines = match alternatives {
        None => vec![line],
        Some(words) => {
            let each = words.split('|').map(|word| line.replace(words, word));
            each.collect()
        }
    };
    lines.iter().filter_map(|line| runs(line).err()).collect()
}

/// Runs a command line alone, and with what it is piped into if that is installed.
fn runs(line: &str) -> Result<(), String> {
    let home = Home::new();
    let (alone, reader) = match line.split_once(" | ") {
        Some((alone, reader)) => (alone, reader.split(' ').next()),
        None => (line, None),
    };
    let output = home.shell(alone);
    // The server's client hangs up at once here.
    let can_find = ["ptelint check", "ptelint reference", "ptelint lsp"];
    let can_find = can_find.iter().any(|command| line.starts_with(command));
    match output.status.code() {
        Some(0) => {}
        Some(1) if can_find => {}
        _ => return Err(text(&output.stderr).to_owned()),
    }
    let is_installed = |program: &str| home.shell(&format!("command -v {program}"));
    if reader.is_some_and(|program| is_installed(program).status.success()) {
        let output = home.shell(line);
        if !output.status.success() {
            return Err(text(&output.stderr).to_owned());
        }
    }
    Ok(())
}

/// A home folder with a tree in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().expect("a temporary folder"));
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let read = |path: &str| fs::read_to_string(data.join(path)).expect(path);
        let at_line = |line: usize, of: &str, content: String| {
            let above = content.lines().take_while(|it| !it.contains(of)).count();
            format!("{}{content}", "\n".repeat(line - 1 - above))
        };
        let guard = read("change/mm/ordinary.c");
        let test = "\tif (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))\n\t\treturn false;\n";
        home.write("linux/Makefile", &read("change/Makefile"));
        home.write("linux/include/linux/mm.h", &read("include/linux/mm.h"));
        home.write("linux/arch/arm64/include/asm/pgtable.h", ARM64);
        home.write("linux/drivers/gpu/drm/ttm_bo_vm.c", DRIVER);
        home.write("linux/mm/memory.c", FAULT);
        home.write("linux/mm/huge_memory.c", &{
            at_line(2947, "set_pte_at(", read("change/mm/remake.c"))
        });
        home.write("linux/mm/mempolicy.c", &{
            at_line(700, "VM_PFNMAP", guard.clone())
        });
        home.git("init --quiet --initial-branch=main");
        home.git("add --all");
        home.git("commit --quiet --message=first");
        home.git("tag v6.12");
        let before = fs::read_to_string(home.tree().join("mm/mempolicy.c")).expect("a file");
        home.write("linux/mm/mempolicy.c", &before.replace(test, ""));
        let patch = home.git("diff");
        home.git("checkout --quiet .");
        // Where shells look for completions.
        for folder in [
            ".local/share/bash-completion/completions",
            ".config/fish/completions",
        ] {
            fs::create_dir_all(home.0.path().join(folder)).expect("it can be made");
        }
        // Some command lines are typed in the tree, others beside it.
        for folder in ["", "linux/"] {
            for name in ["fix.patch", "0001-mm-simplify.patch"] {
                home.write(&format!("{folder}{name}"), &patch);
            }
            home.write(&format!("{folder}ptelint-baseline.toml"), "");
        }
        home
    }

    fn tree(&self) -> PathBuf {
        self.0.path().join("linux")
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, content).expect("it can be written");
    }

    fn git(&self, args: &str) -> String {
        let mut command = Command::new("git");
        command.args(args.split(' ')).current_dir(self.tree());
        let output = self.clean(&mut command).output().expect("git starts");
        assert!(output.status.success(), "{args}: {}", text(&output.stderr));
        text(&output.stdout).to_owned()
    }

    /// Runs a line as it would be typed: in the tree, if it does not say where that is.
    fn shell(&self, line: &str) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", line]).stdin(Stdio::null());
        command.current_dir(match line.contains("~/linux") {
            true => self.0.path().to_owned(),
            false => self.tree(),
        });
        let program = Path::new(env!("CARGO_BIN_EXE_ptelint"));
        let known = std::env::var_os("PATH").unwrap_or_default();
        let folders = program.parent().map(PathBuf::from).into_iter();
        let path = std::env::join_paths(folders.chain(std::env::split_paths(&known)));
        command.env("PATH", path.expect("folders"));
        self.clean(&mut command).output().expect("a shell starts")
    }

    /// Nothing of the caller's home or settings.
    fn clean<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("HOME", self.0.path())
            .env_remove("XDG_CONFIG_HOME")
            .envs([support::CACHE_FOLDER])
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .envs(support::GIT_IDENTITY)
    }
}

const ARM64: &str = "\
static inline pte_t pte_modify(pte_t pte, pgprot_t newprot)
{
	return __pte((pte_val(pte) & ~PTE_ATTRINDX_MASK) | pgprot_val(newprot));
}
";

const FAULT: &str = "\
#include <linux/mm.h>

static vm_fault_t do_fault(struct vm_fault *vmf)
{
	return vmf->vma->vm_ops->fault(vmf);
}

vm_fault_t handle_mm_fault(struct vm_fault *vmf)
{
	return do_fault(vmf);
}

void change(struct vm_area_struct *vma, unsigned long address, pte_t *ptep)
{
	set_pte_at(vma->vm_mm, address, ptep, pte_modify(*ptep, vma->vm_page_prot));
}
";

const DRIVER: &str = "\
#include <linux/mm.h>

static vm_fault_t ttm_bo_vm_fault(struct vm_fault *vmf)
{
	pgprot_t prot = pgprot_writecombine(vmf->vma->vm_page_prot);

	return vmf_insert_pfn_prot(vmf->vma, vmf->address, 0, prot);
}

static const struct vm_operations_struct ttm_bo_vm_ops = {
	.fault = ttm_bo_vm_fault,
};
";
