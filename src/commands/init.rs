//! `ptelint init`: the small files that a hook, a CI system or an editor needs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum, ValueHint};
use ptelint::tree;

use super::{Global, Status, output};

/// Set up a git hook or a CI job in a kernel tree, or an editor
///
/// Writes one small file and says which; what an editor needs is printed, and written with
/// --output. A file that is there already is only replaced with --force.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
#[group(id = "what", args = ["hook", "ci", "editor"], required = true, multiple = true)]
pub struct Init {
    /// Check what is staged before each commit
    #[arg(long, value_name = "KIND")]
    hook: Option<Hook>,
    /// Check each change in CI
    #[arg(long, value_name = "SYSTEM")]
    ci: Option<Ci>,
    /// Print what an editor needs to start the language server; with --output, write it
    #[arg(long, value_name = "EDITOR")]
    editor: Option<Editor>,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
    /// The tree
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::DirPath)]
    path: PathBuf,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint init --hook git ~/linux
  ptelint init --ci gitlab ~/linux
  ptelint init --editor neovim --output ~/.config/nvim/plugin/ptelint.lua
  ptelint init --editor vscode --output ~/linux/.vscode/extensions/ptelint";

#[derive(Clone, Copy, ValueEnum)]
enum Hook {
    /// A pre-commit hook of git itself
    Git,
}

#[derive(Clone, Copy, ValueEnum)]
enum Ci {
    /// A workflow of GitHub Actions
    Github,
    /// A job of GitLab
    Gitlab,
    /// A pipeline of Jenkins
    Jenkins,
}

impl Ci {
    /// Where the file goes, and what is in it.
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Ci::Github => (
                ".github/workflows/ptelint.yml",
                include_str!("../../docs/ci/github.yml"),
            ),
            Ci::Gitlab => (".gitlab-ci.yml", include_str!("../../docs/ci/gitlab.yml")),
            Ci::Jenkins => ("Jenkinsfile", include_str!("../../docs/ci/Jenkinsfile")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Editor {
    /// Neovim, 0.7 and later
    Neovim,
    /// Emacs with Eglot
    Emacs,
    /// VS Code: a small extension, into a folder
    Vscode,
    /// Helix
    Helix,
}

impl Editor {
    /// The files it needs. One that needs a single file leaves its name to the user.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Editor::Neovim => &[("", include_str!("../../docs/editors/neovim.lua"))],
            Editor::Emacs => &[("", include_str!("../../docs/editors/emacs.el"))],
            Editor::Helix => &[("", include_str!("../../docs/editors/helix.toml"))],
            Editor::Vscode => &[
                (
                    "package.json",
                    include_str!("../../docs/editors/vscode/package.json"),
                ),
                (
                    "extension.js",
                    include_str!("../../docs/editors/vscode/extension.js"),
                ),
            ],
        }
    }
}

const GIT_HOOK: &str = include_str!("../../docs/ci/pre-commit");

impl Init {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        if !self.path.is_dir() {
            bail!(
                "{}: not a directory; give the top directory of a kernel tree",
                self.path.display()
            );
        }
        if self.hook.is_some() {
            let hooks = tree::git_hooks(&self.path)?;
            let file = hooks.join("pre-commit");
            self.write(&file, GIT_HOOK)?;
            make_executable(&file)?;
        }
        if let Some(ci) = self.ci {
            let (name, content) = ci.file();
            self.write(&self.path.join(name), content)?;
        }
        if let Some(editor) = self.editor {
            self.set_up(editor, global.output.as_deref())?;
        }
        Ok(Status::Clean)
    }

    fn set_up(&self, editor: Editor, to: Option<&Path>) -> anyhow::Result<()> {
        for &(name, content) in editor.files() {
            match to {
                Some(to) if name.is_empty() => self.write(to, content)?,
                Some(to) => self.write(&to.join(name), content)?,
                None if name.is_empty() => output::to_stdout(content.as_bytes())?,
                None => output::to_stdout(format!("// {name}\n{content}\n").as_bytes())?,
            }
        }
        if editor == Editor::Vscode {
            let folder = to.map_or_else(|| "FOLDER".to_owned(), |to| to.display().to_string());
            output::to_stderr(&format!(
                "next: 'npm install --prefix {folder}', then install the folder as an extension\n"
            ))?;
        }
        Ok(())
    }

    fn write(&self, file: &Path, content: &str) -> anyhow::Result<()> {
        if file.exists() && !self.force {
            bail!(
                "{} is there already\n  tip: put this into it, or replace it with '--force':\n\n{}",
                file.display(),
                content
            );
        }
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)
                .with_context(|| format!("cannot make {}", directory.display()))?;
        }
        output::to_file(file, content.as_bytes())?;
        output::to_stderr(&format!("wrote {}\n", file.display()))?;
        Ok(())
    }
}

#[cfg(unix)]
fn make_executable(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", file.display()))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> anyhow::Result<()> {
    Ok(())
}
