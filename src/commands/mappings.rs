//! `ptelint mappings`: the inventory of insertions.

use clap::Args;
use ptelint::pipeline::Wanted;
use ptelint::report;

use super::{Global, Paths, Status};

/// List the calls that install user entries, and which can hold overrides
///
/// An override is an entry whose protection differs from its mapping's vm_page_prot. Calls that
/// can insert one come first and in full, with the way from the file operation or fault handler.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Mappings {
    #[command(flatten)]
    paths: Paths,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint mappings ~/linux
  ptelint mappings --format json ~/linux | jq '.mappings[] | select(.override)'";

impl Mappings {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        global.answer(
            "mappings",
            &self.paths,
            Wanted::Mappings,
            report::mappings,
            |report| report::json("mappings", report, "mappings", &report.mappings),
        )?;
        Ok(Status::Clean)
    }
}
