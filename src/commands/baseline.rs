//! `ptelint baseline`: the list of known findings.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use ptelint::baseline;
use ptelint::pipeline::Wanted;
use ptelint::settings;

use super::{Global, Paths, Status, output};

/// Write down the findings there are, so that `check --baseline` reports new ones only
#[derive(Args)]
pub struct Baseline {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write all findings into the baseline
    ///
    /// Entries for files that are not among the checked paths stay as they are.
    Write(Target),
    /// Remove the entries of the baseline that have no finding any more
    Prune(Target),
}

#[derive(Args)]
struct Target {
    /// The baseline
    #[arg(long, value_name = "FILE", default_value = "ptelint-baseline.toml",
          value_hint = ValueHint::FilePath)]
    baseline: PathBuf,
    #[command(flatten)]
    paths: Paths,
}

impl Baseline {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let (target, is_prune) = match &self.command {
            Command::Write(target) => (target, false),
            Command::Prune(target) => (target, true),
        };
        let file = &target.baseline;
        let known = match is_prune || file.exists() {
            true => settings::baseline(file)?,
            false => baseline::Baseline::default(),
        };
        let report = global.run("baseline write", &target.paths, Wanted::Everything)?;
        let new = match is_prune {
            true => known.pruned(&report),
            false => known.renewed(&report),
        };
        output::to_file(file, new.to_text()?.as_bytes())?;
        output::to_stderr(&format!(
            "{}: {} entries, {} before\n",
            file.display(),
            new.len(),
            known.len()
        ))?;
        global.closing(&report)?;
        Ok(Status::Clean)
    }
}
