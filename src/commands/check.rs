//! `ptelint check`: the findings.

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use ptelint::pipeline::Wanted;
use ptelint::report;
use ptelint::rules::{self, Selection, Severity};

use super::{Global, Paths, Status};

/// Report what breaks entries that differ from vm_page_prot
///
/// Prints each finding with its source, what made it so, why it matters and what to do: errors
/// first, then by directory. The exit status is 1 if a finding is printed. What could not be
/// understood is counted in the last lines.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    #[command(flatten)]
    paths: Paths,
    /// Only findings of this rule; may be given several times
    #[arg(long = "rule", value_name = "RULE",
          value_parser = PossibleValuesParser::new(rules::ALL.iter().map(|rule| rule.id)),
          hide_possible_values = true)]
    rule: Vec<String>,
    /// Only findings at least this severe [default: warning]
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<Least>,
    /// Also what is legitimate but worth knowing
    #[arg(long)]
    pedantic: bool,
    /// Only findings in this file or directory of the tree; may be given several times. All of it
    /// is analysed all the same
    #[arg(long = "path", value_name = "PATH")]
    only: Vec<String>,
}

/// The least severity that is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Least {
    /// Defects that somebody should fix
    Error,
    /// What is wrong and hurts nobody yet, too
    Warning,
    /// Everything, as with --pedantic
    Note,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Severity {
        match least {
            Least::Error => Severity::Error,
            Least::Warning => Severity::Warning,
            Least::Note => Severity::Note,
        }
    }
}

const AFTER_HELP: &str = "\
Examples:
  ptelint check ~/linux
  ptelint check ~/linux/drivers/gpu/drm ~/linux/mm
  ptelint check --severity error --path drivers/gpu ~/linux
  ptelint check --rule cow-pfnmap ~/linux
  ptelint check --format json ~/linux | jq '.findings[].message'";

impl Check {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let selection = Selection {
            rules: self.rule,
            severity: self.severity.map(Severity::from),
            pedantic: self.pedantic,
            paths: self.only,
        };
        let report = global.answer_selected(
            "check",
            &self.paths,
            Wanted::Everything,
            |report| report.findings.retain(|finding| selection.has(finding)),
            report::findings,
            |report| report::json("check", report, "findings", &report.findings),
        )?;
        Ok(match report.findings.is_empty() {
            true => Status::Clean,
            false => Status::Findings,
        })
    }
}
