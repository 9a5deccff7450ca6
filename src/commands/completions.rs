//! `ptelint completions` and `ptelint man`: what a package installs beside the program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, CommandFactory, ValueHint};
use clap_complete::Shell;

use super::{Cli, Global, Status, output};

/// Print a completion script for a shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  ptelint completions bash > ~/.local/share/bash-completion/completions/ptelint
  ptelint completions fish > ~/.config/fish/completions/ptelint.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ptelint", &mut script);
        output::to_stdout(&script)?;
        Ok(Status::Clean)
    }
}

/// Print the manual page, or write the pages of all commands into a directory
#[derive(Args)]
#[command(after_help = "\
Examples:
  ptelint man | man -l -
  ptelint man --directory ~/.local/share/man/man1")]
pub struct Man {
    /// Write ptelint.1 and a page for each command into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,
}

impl Man {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        let command = Cli::command();
        match &self.directory {
            None => output::to_stdout(&page(command)?)?,
            Some(directory) => write_pages(directory, command)?,
        }
        Ok(Status::Clean)
    }
}

fn write_pages(directory: &Path, command: clap::Command) -> anyhow::Result<()> {
    fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(command, directory))
        .with_context(|| {
            format!(
                "cannot write pages into {}: give a directory that can be written",
                directory.display()
            )
        })
}

fn page(command: clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}
