//! Walking and indexing whole trees.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::program::FileId;

const MAKEFILE: &str = "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n";

fn tree_of(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn open(paths: &[&Path]) -> Result<Tree, TreeError> {
    let paths: Vec<PathBuf> = paths.iter().map(|&path| path.to_owned()).collect();
    Tree::open(&paths)
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.files.iter().map(|file| &*file.path).collect()
}

fn no_words() -> Words {
    Words::new(&[])
}

#[test]
fn a_linux_tree_and_parts_of_it() {
    let dir = tree_of(&[
        ("Makefile", MAKEFILE),
        ("mm/memory.c", "int f(void) { }\n"),
        ("mm/internal.h", ""),
        ("arch/x86/mm/pat.c", ""),
        ("rust/kernel/mm.rs", ""),
        ("Documentation/a.txt", ""),
        (".git/x.c", ""),
    ]);
    let tree = open(&[dir.path()]).unwrap();
    assert_eq!(tree.kind, TreeKind::Linux);
    assert_eq!(tree.version.as_deref(), Some("6.12.1"));
    assert_eq!(
        paths(&tree),
        [
            "arch/x86/mm/pat.c",
            "mm/internal.h",
            "mm/memory.c",
            "rust/kernel/mm.rs"
        ]
    );
    assert_eq!(tree.files[0].arch.unwrap(), "x86");
    assert_eq!(tree.files[3].language, Language::Rust);
    assert_eq!(tree.file_at("mm/memory.c"), Some(FileId(2)));
    assert_eq!(tree.read(FileId(2)).unwrap(), b"int f(void) { }\n");

    let part = open(&[&dir.path().join("mm"), &dir.path().join("mm/memory.c")]).unwrap();
    assert_eq!(part.kind, TreeKind::Linux);
    assert_eq!(paths(&part), ["mm/internal.h", "mm/memory.c"]);
}

#[test]
fn directories_and_files_outside_linux() {
    let dir = tree_of(&[("a/x.c", ""), ("b/y.c", ""), ("b/z.c", "")]);
    let tree = open(&[&dir.path().join("a"), &dir.path().join("b/y.c")]).unwrap();
    assert_eq!(tree.kind, TreeKind::Directory);
    assert_eq!(paths(&tree), ["a/x.c", "b/y.c"]);
    let tree = open(&[&dir.path().join("b/y.c")]).unwrap();
    assert_eq!(tree.kind, TreeKind::File);
    assert_eq!(paths(&tree), ["y.c"]);
}

#[test]
fn each_linux_tree_is_a_tree_of_its_own() {
    let dir = tree_of(&[
        ("old/Makefile", MAKEFILE),
        ("old/a.c", ""),
        ("new/Makefile", MAKEFILE),
        ("new/b.c", ""),
        ("c.c", ""),
    ]);
    let given: Vec<PathBuf> = ["old", "new/b.c", "c.c", "new"]
        .iter()
        .map(|path| dir.path().join(path))
        .collect();
    let trees = Tree::open_all(&given).unwrap();
    let all: Vec<_> = trees.iter().map(|tree| (tree.kind, paths(tree))).collect();
    assert_eq!(
        all,
        [
            (TreeKind::Linux, vec!["a.c"]),
            (TreeKind::Linux, vec!["b.c"]),
            (TreeKind::File, vec!["c.c"]),
        ]
    );
}

#[test]
fn nothing_to_check_is_an_error_that_tells_what_to_type() {
    let dir = tree_of(&[("README", "")]);
    for error in [
        open(&[]).unwrap_err(),
        open(&[&dir.path().join("missing")]).unwrap_err(),
        open(&[dir.path()]).unwrap_err(),
    ] {
        assert!(error.to_string().contains("source tree"), "{error}");
    }
}

fn callers_of(index: &Index, name: &str) -> Vec<(FileId, usize)> {
    index.callers_hashed(name_hash(name.as_bytes())).collect()
}

fn problems(tree: &Tree) -> Vec<String> {
    tree.problems.iter().map(Problem::to_string).collect()
}

#[test]
fn links_are_followed_out_of_the_tree_only() {
    let outside = tree_of(&[("deep/o.c", "")]);
    let dir = tree_of(&[("a/x.c", ""), ("b/y.c", "")]);
    let link = |target: &Path, name: &str| symlink(target, dir.path().join(name)).unwrap();
    link(Path::new(".."), "a/up");
    link(Path::new("self.c"), "a/self.c");
    link(Path::new("missing.c"), "a/broken.c");
    link(Path::new("build.log"), "a/dangling.log");
    link(Path::new("../b"), "a/sideways");
    link(Path::new("x.c"), "a/again.c");
    link(outside.path(), "b/out");
    link(dir.path(), "b/top");
    symlink(dir.path(), outside.path().join("back")).unwrap();

    let tree = open(&[dir.path()]).unwrap();
    assert_eq!(paths(&tree), ["a/x.c", "b/out/deep/o.c", "b/y.c"]);
    assert_eq!(
        problems(&tree),
        [
            "a/broken.c: symbolic link leads nowhere; the link was not followed",
            "a/self.c: symbolic link leads back to itself or a directory above it; the link was not followed",
            "a/up: symbolic link leads back to itself or a directory above it; the link was not followed",
            "b/out/back: symbolic link leads back to itself or a directory above it; the link was not followed",
            "b/top: symbolic link leads back to itself or a directory above it; the link was not followed",
        ]
    );
    assert!(tree.index(&no_words(), &|_| {}).problems.is_empty());
}

#[test]
fn a_file_too_large_is_skipped() {
    let dir = tree_of(&[("a.c", "")]);
    let large = fs::File::create(dir.path().join("large.c")).unwrap();
    large.set_len(MAX_FILE_BYTES + 1).unwrap();
    let tree = open(&[dir.path()]).unwrap();
    assert_eq!(paths(&tree), ["a.c"]);
    assert_eq!(
        problems(&tree),
        ["large.c: 65 MiB is too large for a source file; the file was skipped"]
    );
}

#[test]
fn an_unreadable_file_is_a_problem_of_the_index() {
    let dir = tree_of(&[("a.c", "int f(void) { }\n"), ("b.c", "int g(void) { }\n")]);
    let tree = open(&[dir.path()]).unwrap();
    fs::remove_file(dir.path().join("a.c")).unwrap();
    let index = tree.index(&no_words(), &|_| {});
    assert_eq!(index.n_functions, 1);
    assert_eq!(
        index.problems[0].to_string(),
        "a.c: cannot be read (no such file or directory); the file was skipped"
    );
    assert!(tree.read(FileId(0)).is_err());
}

#[test]
fn an_unreadable_directory_is_a_problem() {
    let dir = tree_of(&[("a.c", ""), ("secret/b.c", "")]);
    let secret = dir.path().join("secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&secret).is_ok();
    let tree = open(&[dir.path()]).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o700)).unwrap();
    if !is_root {
        assert_eq!(
            problems(&tree),
            ["secret: cannot be read (permission denied); what is in there was skipped"]
        );
    }
}

#[test]
fn a_name_that_is_not_utf_8_can_be_read() {
    let dir = tree_of(&[]);
    let name = std::ffi::OsStr::from_bytes(b"a\xff.c");
    fs::write(dir.path().join(name), "int x;").unwrap();
    let tree = open(&[dir.path()]).unwrap();
    assert_eq!(paths(&tree), ["a\\xff.c"]);
    assert_eq!(tree.read(FileId(0)).unwrap(), b"int x;");
}

fn sample() -> Vec<(String, Vec<u8>)> {
    [
        ("Makefile", MAKEFILE),
        (
            "mm/a.c",
            "static int helper(int a)\n{\n\treturn shared(a);\n}\nint caller(struct v *v)\n{\n\tv->ops = &a_ops;\n\tv->n = local;\n\treturn walk(v, helper, local);\n}\n",
        ),
        ("mm/b.c", "static int helper(void)\n{\n}\nint shared(int a)\n{\n}\n"),
        (
            "mm/ops.c",
            "const struct ops a_ops = {\n\t.fault = helper,\n\t.n = local,\n};\n#define LIMIT 3\nstruct ops {\n\tint n;\n};\n",
        ),
        ("mm/bad.c", "int f(void)\n{\n"),
        ("rust/m.rs", "fn f() {}\n"),
    ]
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
    .to_vec()
}

#[test]
fn who_passes_several_names_is_found_once_by_each() {
    let text = "int a(void) { }\nint b(void) { }\nint c(void) { }\nint d(void) { }\n\
                int e(void) { }\nint all(void) { use(a, b, c, d, e); }\n";
    let files = vec![("all.c".to_owned(), text.as_bytes().to_vec())];
    let index = Tree::in_memory(files).index(&no_words(), &|_| {});
    // Five names in four groups: two of them are in the same.
    for name in ["a", "b", "c", "d", "e"] {
        let passers = index.passers_hashed(name_hash(name.as_bytes()));
        assert_eq!(passers.collect::<Vec<_>>(), [(FileId(0), 5)], "{name}");
    }
}

#[test]
fn lookups() {
    let tree = Tree::in_memory(sample());
    let n_done = AtomicUsize::new(0);
    let index = tree.index(&no_words(), &|n| {
        n_done.fetch_add(n, Ordering::Relaxed);
    });
    assert_eq!(n_done.into_inner(), tree.files.len());
    assert_eq!(tree.kind, TreeKind::Linux);
    let file = |path: &str| tree.file_at(path).unwrap();
    let (a, b, ops) = (file("mm/a.c"), file("mm/b.c"), file("mm/ops.c"));

    let helpers: Vec<_> = index.functions_named("helper").collect();
    assert_eq!(helpers, [(a, 0), (b, 0)]);
    assert_eq!(index.functions_named("missing").count(), 0);
    assert_eq!(callers_of(&index, "shared"), [(a, 0)]);
    assert_eq!(callers_of(&index, "walk"), [(a, 1)]);
    // `local` and `v` name no function.
    assert_eq!(index.file(a).args(1), [name_hash(b"helper")]);
    assert_eq!(index.function_at(a, 70), Some(1));
    assert_eq!(index.stores_to_member("ops").len(), 1);
    assert!(index.stores_to_member("n").is_empty());
    let tables = index.tables_of_struct("struct ops");
    assert_eq!(tables.len(), 1);
    assert_eq!(index.file(ops).pairs(&tables[0].1).len(), 1);
    assert_eq!(index.tables_holding("helper")[0].0, ops);
    assert_eq!(index.macros_named("LIMIT").len(), 1);
    assert_eq!(index.structs_named("struct ops").len(), 1);
    assert_eq!(
        index.problems[0].to_string(),
        "mm/bad.c:2: brace is never closed; it was taken to end with the file"
    );
}

#[test]
fn neither_order_nor_threads_matter() {
    let index_with = |files: Vec<(String, Vec<u8>)>, n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| Tree::in_memory(files).index(&no_words(), &|_| {}).files)
    };
    let reference = index_with(sample(), 1);
    let mut files = sample();
    for n_threads in 1..4 {
        files.rotate_left(1);
        assert_eq!(index_with(files.clone(), n_threads), reference);
    }
}

#[test]
fn of_several_files_with_one_path_the_last_counts() {
    let file = |text: &str| ("a.c".to_owned(), text.as_bytes().to_vec());
    let tree = Tree::in_memory(vec![file("old"), file("new")]);
    assert_eq!(tree.kind, TreeKind::File);
    assert_eq!(tree.read(FileId(0)).unwrap(), b"new");
}

#[test]
fn register_headers_are_skipped() {
    let registers = "//block\n#define REG__FIELD__SHIFT  0x1f\n".repeat(1000);
    let licence = "/* THE HOLDER(S); { */\n#ifndef R_H\n#define R_H\n";
    let index_of = |text: String| index_file(text.as_bytes(), &no_words());
    assert!(index_of(format!("{licence}{registers}#endif\n")).register_header);
    assert!(!index_of(format!("{licence}#endif\n")).register_header);
    for code in ["int f(void);", "#define F(x) x", "struct a { };"] {
        let index = index_of(format!("{licence}{registers}{code}\n#endif\n"));
        assert!(!index.register_header, "{code}");
        assert_eq!(index.macros.len(), 1001, "{code}");
    }
}

#[test]
fn two_versions_share_the_index_of_what_they_have_in_common() {
    let file = |text: &str| ("mm/a.c".to_owned(), text.as_bytes().to_vec());
    let same = (
        "mm/b.c".to_owned(),
        b"int g(void)\n{\n\treturn f();\n}\n".to_vec(),
    );
    let old = Tree::in_memory(vec![file("int f(void)\n{\n\treturn 1;\n}\n"), same.clone()]);
    let added = (
        "mm/aa.c".to_owned(),
        b"int h(void)\n{\n\treturn 3;\n}\n".to_vec(),
    );
    let new = Tree::in_memory(vec![file("int f(void)\n{\n\treturn 20;\n}\n"), added, same]);
    let words = Words::new(&[]);
    let differing = ["mm/a.c".to_owned(), "mm/aa.c".to_owned()].into();
    let n_read = AtomicUsize::new(0);
    let count = |n| {
        n_read.fetch_add(n, Ordering::Relaxed);
    };
    let (old_index, new_index) = old.index_with(&new, &differing, &words, &count);
    assert_eq!(n_read.into_inner(), 4, "two, and two that differ");
    assert_eq!(old_index.files, old.index(&words, &|_| {}).files);
    assert_eq!(new_index.files, new.index(&words, &|_| {}).files);
    let functions: Vec<_> = new_index.functions_named("g").collect();
    assert_eq!(functions, [(FileId(2), 0)]);
    assert_eq!(callers_of(&new_index, "f"), [(FileId(2), 0)]);
}
