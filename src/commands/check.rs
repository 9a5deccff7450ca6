//! `ptelint check`: the findings.

use clap::Args;
use ptelint::pipeline::Wanted;
use ptelint::report;

use super::{Global, Paths, Status};

/// Report what breaks entries that differ from vm_page_prot
///
/// Prints each finding with its source, what made it so, why it matters and what to do. The exit
/// status is 1 if there is a finding. What could not be understood is counted in the last lines.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    #[command(flatten)]
    paths: Paths,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint check ~/linux
  ptelint check ~/linux/drivers/gpu/drm ~/linux/mm
  ptelint check --format json ~/linux | jq '.findings[].message'";

impl Check {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let report = global.answer("check", &self.paths, Wanted::Everything, report::findings, |report| {
            report::json("check", report, "findings", &report.findings)
        })?;
        Ok(match report.findings.is_empty() {
            true => Status::Clean,
            false => Status::Findings,
        })
    }
}
