//! What tests share: running the program, and finding kernel trees.
#![allow(
    dead_code,
    reason = "every test crate compiles this and uses a part of it"
)]

pub mod editor;
pub mod kernel;
pub mod session;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub use editor::CACHE_FOLDER;

/// The name commits are made under.
pub const GIT_IDENTITY: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "Test"),
    ("GIT_AUTHOR_EMAIL", "test@example.org"),
    ("GIT_COMMITTER_NAME", "Test"),
    ("GIT_COMMITTER_EMAIL", "test@example.org"),
];

/// Git with a name of its own and nobody's configuration.
pub fn git(directory: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .current_dir(directory)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(GIT_IDENTITY)
        .output()
        .expect("git starts")
}

/// The program, with nothing of the caller's environment that changes its output.
pub fn ptelint(current_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ptelint"));
    command
        .current_dir(current_dir)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs([CACHE_FOLDER]);
    command
}

/// Runs the program with arguments separated by blanks.
pub fn run(current_dir: &Path, args: &str) -> Output {
    ptelint(current_dir)
        .args(args.split_whitespace())
        .output()
        .expect("the program starts")
}

/// Output as text; the program promises UTF-8.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// Copies files and directories of a tree, with what makes it one.
pub fn copy_tree(from: &Path, to: &Path, directories: &[&str]) {
    for file in ["MAINTAINERS", "Makefile", "Kconfig"] {
        copy(&from.join(file), &to.join(file));
    }
    for directory in directories {
        copy(&from.join(directory), &to.join(directory));
    }
}

/// Copies a file, or a directory with all in it.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a directory");
        for entry in fs::read_dir(from).expect("a directory").flatten() {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if let Ok(content) = fs::read(from) {
        fs::create_dir_all(to.parent().expect("below a directory")).expect("a directory");
        // Not a copy of the mode: trees can be read-only.
        fs::write(to, content).expect("a file");
    }
}
