//! `ptelint arch`: what the architectures' helpers do.

use clap::Args;
use ptelint::pipeline::Wanted;
use ptelint::{pipeline, report};

use super::format::Format;
use super::output::{self, Output};
use super::progress::Bar;
use super::{Global, Paths, Status};

/// Say whether each architecture's pte_modify() and friends keep the attribute bits
///
/// Computes pte_modify, pmd_modify, pud_modify and pgprot_modify of every architecture, bit by bit,
/// from its headers. No configuration and no compiler is needed; where the configuration matters,
/// an architecture has several variants.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arch {
    /// Show masks, values and macros of one architecture
    #[arg(long, value_name = "ARCH")]
    explain: Option<String>,
    #[command(flatten)]
    paths: Paths,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint arch ~/linux
  ptelint arch --explain arm64 ~/linux
  ptelint arch --format json ~/linux | jq '.functions[] | select(.verdict == \"loses-override\")'";

impl Arch {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let output = Output::new(global, &global.format)?;
        let bar = Bar::new();
        let answer = pipeline::arch(
            &self.paths.paths,
            &global.options(&self.paths.paths, Wanted::Everything)?,
            &bar,
        )?;
        bar.finish();
        if let Some(arch) = &self.explain {
            answer.has(arch)?;
        }
        let explain = self.explain.as_deref();
        output.write(|format, buffer| {
            match (format, explain) {
                (Format::Json, explain) => {
                    return output::put(buffer, &report::arch_json(&answer, explain)?);
                }
                (_, Some(arch)) => report::arch_explained(&answer, arch, buffer),
                (_, None) => report::arch(&answer, buffer),
            }
            Ok(())
        })?;
        Ok(Status::Clean)
    }
}
