//! `ptelint rules`: what is looked for.

use clap::Args;
use ptelint::rules;

use super::{Global, Status, output};

/// List the rules
#[derive(Args)]
pub struct Rules {}

impl Rules {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        let width = rules::ALL.iter().map(|rule| rule.id.len()).max();
        let width = width.unwrap_or_default();
        let lines: String = rules::ALL
            .iter()
            .map(|rule| format!("{:width$}  {}\n", rule.id, rule.summary))
            .collect();
        output::to_stdout(lines.as_bytes())?;
        Ok(Status::Clean)
    }
}
