//! `ptelint lsp` with real clients: Neovim and Emacs, without a screen, and the test client
//! pytest-lsp.
//!
//! Neovim and Emacs (with Eglot) are Debian's packages `neovim`, `emacs-nox` and `elpa-eglot`;
//! `scripts/install-consumers` installs pytest-lsp. What is not there is reported as ignored; with
//! `PTELINT_REQUIRE_CONSUMERS` set it fails.

mod support;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use support::editor::small_tree;
use support::text;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let emacs = ["--batch", "-q", "--eval", "(require 'eglot)"];
    let pytest = pytest();
    let trials = vec![
        trial(
            "neovim",
            "the package neovim",
            runs("nvim", &["--version"]),
            neovim,
        ),
        trial(
            "emacs",
            "the packages emacs-nox and elpa-eglot",
            runs("emacs", &emacs),
            emacs_with_eglot,
        ),
        trial(
            "pytest_lsp",
            "scripts/install-consumers, or PTELINT_CONSUMERS",
            pytest.is_file(),
            move || conformance(&pytest),
        ),
    ];
    libtest_mimic::run(&args, trials).exit_code()
}

fn trial(
    name: &str,
    needs: &str,
    is_there: bool,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    if is_there {
        return Trial::test(name, test);
    }
    let advice = format!("needs {needs}");
    let is_required = std::env::var_os("PTELINT_REQUIRE_CONSUMERS").is_some();
    let failure = advice.clone();
    Trial::test(name, move || Err(failure.into()))
        .with_kind(advice)
        .with_ignored_flag(!is_required)
}

fn runs(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn pytest() -> PathBuf {
    let folder = match std::env::var_os("PTELINT_CONSUMERS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("consumers"),
    };
    folder.join("python/bin/pytest")
}

/// The search path with the program under test first.
fn search_path() -> Result<OsString, Failed> {
    let program = Path::new(env!("CARGO_BIN_EXE_ptelint"));
    let own = program.parent().ok_or("no folder")?.to_owned();
    let known = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(own).chain(std::env::split_paths(&known));
    Ok(std::env::join_paths(all)?)
}

/// A script of this test.
fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/editors")
        .join(name)
}

/// What `ptelint init --editor` prints, in a file.
fn configuration(editor: &str, file: &Path) -> Result<(), Failed> {
    let output = support::run(Path::new("/"), &format!("init --editor {editor}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    fs::write(file, output.stdout)?;
    Ok(())
}

/// Runs an editor in the small tree. `home` keeps the user's own files out.
fn run(program: &str, args: &[OsString], tree: &Path, home: &Path) -> Result<String, Failed> {
    // What marks the top of a kernel tree for editors.
    fs::write(tree.join("MAINTAINERS"), "")?;
    let output = Command::new(program)
        .args(args)
        .current_dir(tree)
        .env("PATH", search_path()?)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home)
        .env("XDG_CACHE_HOME", home)
        .env_remove("PTELINT_CACHE_DIR")
        .stdin(Stdio::null())
        .output()?;
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    match output.status.success() {
        true => Ok(shown),
        false => Err(format!("{program}: {shown}").into()),
    }
}

/// A script says what went well; the last thing it tries has to be among that.
fn assert_said(shown: &str, what: &str) {
    assert!(shown.contains(&format!("ok: {what}")), "{shown}");
}

fn neovim() -> Result<(), Failed> {
    let (tree, home) = (small_tree(), tempfile::tempdir()?);
    let configured = home.path().join("ptelint.lua");
    configuration("neovim", &configured)?;
    let script = format!("luafile {}", script("neovim.lua").display());
    let args = [
        "--headless".into(),
        "-u".into(),
        configured.into(),
        "mm/remake.c".into(),
        "-c".into(),
        script.into(),
    ];
    let shown = run("nvim", &args, tree.path(), home.path())?;
    assert_said(&shown, "it vanishes with the guard back");
    assert_said(&shown, "another file has its diagnostic");
    Ok(())
}

fn emacs_with_eglot() -> Result<(), Failed> {
    let (tree, home) = (small_tree(), tempfile::tempdir()?);
    let configured = home.path().join("ptelint.el");
    configuration("emacs", &configured)?;
    let args = [
        "--batch".into(),
        "-q".into(),
        "-l".into(),
        configured.into(),
        "-l".into(),
        script("emacs.el").into(),
    ];
    let shown = run("emacs", &args, tree.path(), home.path())?;
    assert_said(&shown, "it vanishes with the guard back");
    assert_said(&shown, "shut down");
    Ok(())
}

fn conformance(pytest: &Path) -> Result<(), Failed> {
    let (tree, home) = (small_tree(), tempfile::tempdir()?);
    let output = Command::new(pytest)
        .args(["-q", "-p", "no:cacheprovider"])
        .arg(script("conformance.py"))
        .current_dir(home.path())
        .env("PTELINT", env!("CARGO_BIN_EXE_ptelint"))
        .env("PTELINT_TREE", tree.path())
        .env("XDG_CACHE_HOME", home.path())
        .env_remove("PTELINT_CACHE_DIR")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("15 passed"), "{shown}");
    Ok(())
}
