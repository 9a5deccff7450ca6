//! Input that no compiler would take: the program says what it did about it, and goes on.

#![cfg(unix)]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::{ptelint, text};
use tempfile::TempDir;

/// Longer than the slowest case takes in a debug build on a busy machine, by a factor of ten.
const MAX_TIME: Duration = Duration::from_secs(60);

/// A function with an insertion, so that something is found whatever stands beside it.
const GOOD: &str = "\
static vm_fault_t good_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	return vmf_insert_pfn_prot(vma, vmf->address, 1, pgprot_noncached(vma->vm_page_prot));
}
";

struct Case {
    folder: TempDir,
}

/// What a run printed.
struct Run {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Case {
    /// A folder with one file that is fine.
    fn new() -> Case {
        let folder = tempfile::tempdir().expect("a folder");
        let case = Case { folder };
        case.write("good.c", GOOD);
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("the file is written");
    }

    /// Runs every command that reads a tree; each has to end well, and see the good file.
    fn survives(&self) -> Run {
        for command in ["check", "readers"] {
            let run = run(self.folder.path(), &[command]);
            assert!(
                matches!(run.status, 0 | 1),
                "{command}: {}\n{}",
                run.status,
                run.stderr
            );
        }
        let graph = run(self.folder.path(), &["graph", "--from", "good_fault"]);
        assert_eq!(graph.status, 0, "{}", graph.stderr);
        let run = run(self.folder.path(), &["mappings", "--format", "json"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(
            run.stdout.contains("good_fault"),
            "the good file was lost: {}",
            run.stdout
        );
        run
    }

    /// As [`Case::survives`]; a message has to name `file` and contain `words`.
    fn survives_and_says(&self, file: &str, words: &str) {
        let run = self.survives();
        let is_told = run
            .stderr
            .lines()
            .any(|line| line.contains(file) && line.contains(words));
        assert!(is_told, "no line with {file} and {words}:\n{}", run.stderr);
    }
}

fn run(path: &Path, args: &[&str]) -> Run {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let begin = Instant::now();
    let output = ptelint(elsewhere.path())
        .args(args)
        .arg(path)
        .output()
        .expect("the program starts");
    let took = begin.elapsed();
    assert!(took < MAX_TIME, "{args:?} took {took:?}");
    let stderr = text(&output.stderr).to_owned();
    assert!(!stderr.contains("panicked"), "{stderr}");
    Run {
        status: output.status.code().expect("no signal"),
        stdout: text(&output.stdout).to_owned(),
        stderr,
    }
}

#[test]
fn an_unreadable_file() {
    let case = Case::new();
    case.write("secret.c", GOOD);
    fs::set_permissions(case.path("secret.c"), fs::Permissions::from_mode(0o000)).expect("chmod");
    if File::open(case.path("secret.c")).is_ok() {
        // The administrator can read everything.
        return;
    }
    case.survives_and_says("secret.c", "skipped");
}

#[test]
fn a_file_that_is_no_file() {
    let case = Case::new();
    fs::create_dir(case.path("folder.c")).expect("a folder");
    case.survives();
}

#[test]
fn a_directory_loop() {
    let case = Case::new();
    fs::create_dir(case.path("sub")).expect("a folder");
    symlink("..", case.path("sub/loop")).expect("a link");
    symlink("self", case.path("self")).expect("a link");
    let run = case.survives();
    assert_eq!(run.stdout.matches("\"good_fault\"").count(), {
        let alone = Case::new().survives();
        alone.stdout.matches("\"good_fault\"").count()
    });
}

#[test]
fn a_broken_link() {
    let case = Case::new();
    symlink("nowhere.c", case.path("broken.c")).expect("a link");
    case.survives_and_says("broken.c", "leads nowhere");
}

#[test]
fn binary_bytes() {
    let case = Case::new();
    let bytes: Vec<u8> = (0..200_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    case.write("binary.c", &bytes);
    case.survives_and_says("binary.c", "NUL");
}

#[test]
fn nul_bytes_in_a_function() {
    let case = Case::new();
    case.write(
        "nul.c",
        GOOD.replace("good", "nul").replace("vma =", "\0vma\0 ="),
    );
    case.survives_and_says("nul.c", "NUL");
}

#[test]
fn invalid_utf_8() {
    let case = Case::new();
    let mut bytes = b"/* \xe9t\xe9, \xff\xfe */\n".to_vec();
    bytes.extend_from_slice(GOOD.replace("good", "latin").as_bytes());
    bytes.extend_from_slice(
        b"static char *s = \"\xff\xc3\x28\";\nint caf\xe9(void) { return 0; }\n",
    );
    case.write("latin.c", bytes);
    let run = case.survives();
    assert!(run.stdout.contains("latin_fault"));
}

#[test]
fn a_file_over_the_limit() {
    let case = Case::new();
    // A hole: takes no room on the disk.
    let file = File::create(case.path("huge.c")).expect("a file");
    file.set_len(500 << 20).expect("a hole");
    case.survives_and_says("huge.c", "too large");
}

#[test]
fn a_line_of_10_megabytes() {
    let case = Case::new();
    let line = "x = y + vma->vm_page_prot; ".repeat(400_000);
    case.write(
        "line.c",
        format!("int long_line(struct vm_area_struct *vma) {{ {line} }}\n"),
    );
    let name = "n".repeat(10 << 20);
    case.write("name.c", format!("int {name}(void) {{ return 0; }}\n"));
    case.write("string.c", format!("char *s = \"{name}\";\n"));
    case.survives();
}

#[test]
fn nesting() {
    for (name, open, close) in [
        ("braces", "{", "}"),
        ("parentheses", "(", ")"),
        ("brackets", "a[", "]"),
        ("conditionals", "if (a) ", ""),
        ("calls", "f(", ")"),
        ("signs", "-!~*&", ""),
        ("ternaries", "a ? b : ", ""),
        ("casts", "(int)", ""),
        ("loops", "for_each_vma(i, vma) {", "}"),
        ("preprocessor", "\n#if A\n", "\n#endif\n"),
        ("sums", "a + ", ""),
    ] {
        let begin = Instant::now();
        nested(open, close);
        eprintln!("{name}: {:?}", begin.elapsed());
    }
}

#[test]
fn nesting_of_members() {
    nested("a->", "");
}

/// A file in which something is nested wherever it can be.
fn nested(open: &str, close: &str) {
    const N: usize = 100_000;
    let case = Case::new();
    let (open, close) = (open.repeat(N), close.repeat(N));
    let (open_line, close_line) = (open.replace('\n', " "), close.replace('\n', " "));
    case.write(
        "deep.c",
        format!(
            "int deep(struct vm_area_struct *vma)\n{{\n\tpgprot_t p = vma->vm_page_prot;\n\
             \tint x = 0;\n\t{open} x {close};\n\treturn pgprot_val(p);\n}}\n\
             struct s {{ int a; }};\nstruct s t = {{ .a = {open} x {close} }};\n\
             #define deep_macro(vma) {open_line} vma->vm_page_prot {close_line}\n"
        ),
    );
    case.survives();
}

#[test]
fn nesting_that_is_never_closed() {
    for open in [
        "{",
        "(",
        "[",
        "f(",
        "if (",
        "\n#if A\n",
        "struct s {",
        "= {",
    ] {
        let case = Case::new();
        let open = open.repeat(100_000);
        case.write(
            "open.c",
            format!("int f(struct vm_area_struct *vma)\n{{\n\tg(vma->vm_page_prot);\n{open}"),
        );
        case.survives();
    }
}

#[test]
fn a_comment_that_never_ends() {
    let case = Case::new();
    case.write("comment.c", format!("{GOOD}/* and so on\n{GOOD}"));
    case.survives_and_says("comment.c", "never closed");
}

#[test]
fn a_string_that_never_ends() {
    let case = Case::new();
    case.write(
        "string.c",
        "char *s = \"and so on;\nint f(void) { return '; }\n",
    );
    case.survives();
}

#[test]
fn a_condition_that_never_ends() {
    let case = Case::new();
    case.write("if.c", format!("#if A\n{GOOD}"));
    case.survives_and_says("if.c", "#endif");
    let case = Case::new();
    case.write("endif.c", format!("#endif\n#else\n#elif\n{GOOD}#else\n"));
    case.survives();
}

#[test]
fn a_path_that_does_not_exist() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nothing");
    for command in ["check", "mappings", "readers"] {
        let run = run(&path, &[command]);
        assert_eq!(run.status, 2, "{command}");
        assert!(run.stderr.contains("nothing"), "{}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn a_path_that_does_not_exist_beside_one_that_does() {
    let case = Case::new();
    let run = run(
        &case.path("nothing"),
        &["check", case.path("good.c").to_str().expect("UTF-8")],
    );
    assert_eq!(run.status, 2, "a mistyped path is not passed over");
    assert!(run.stderr.contains("nothing"), "{}", run.stderr);
}

#[test]
fn an_empty_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = run(folder.path(), &["check"]);
    assert_eq!(run.status, 2);
    let name = folder.path().file_name().expect("a name");
    assert!(
        run.stderr.contains(name.to_str().expect("UTF-8")),
        "{}",
        run.stderr
    );
}

#[test]
fn an_empty_file() {
    let case = Case::new();
    case.write("empty.c", "");
    case.survives();
    let alone = run(&case.path("empty.c"), &["check"]);
    assert_eq!(alone.status, 0, "{}", alone.stderr);
}
