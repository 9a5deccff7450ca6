//! `ptelint readers`: the generic uses of a protection.

use clap::Args;
use ptelint::pipeline::Wanted;
use ptelint::report;

use super::{Global, Paths, Status};

/// List every generic use of vm_page_prot, with a verdict
///
/// For each place where generic code makes or changes an entry: what it does, where the protection
/// comes from, and what keeps mappings with overrides away, as far as that is known.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Readers {
    #[command(flatten)]
    paths: Paths,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint readers ~/linux
  ptelint readers --format json ~/linux | jq '.readers[] | select(.verdict == \"unproven\")'";

impl Readers {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        global.answer(
            "readers",
            &self.paths,
            Wanted::Everything,
            report::readers,
            |report| report::json("readers", report, "readers", &report.readers),
        )?;
        Ok(Status::Clean)
    }
}
