//! `ptelint validate`: the rules against mutants of the reference.

use clap::Args;
use ptelint::report;
use ptelint::validate::judge::Bound;
use ptelint::validate::{self, Options};

use super::format::Format;
use super::output::{self, Output};
use super::{Global, Status};

/// Change the reference in many ways, run and analyse each change, and compare
///
/// The reference (see `ptelint reference`) is a model of the kernel's fault path that can be run.
/// Each mutant of it is explored, to see whether the invariant breaks, and checked as source, to see
/// whether ptelint says so. Takes a Rust toolchain, and some minutes; a sample takes less.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Validate {
    /// Only this mutant, with its diff, what breaks and what ptelint says. Can be given several times
    #[arg(long, value_name = "N")]
    mutant: Vec<u32>,
    /// Only K mutants, spread evenly
    #[arg(long, value_name = "K", conflicts_with = "mutant")]
    sample: Option<usize>,
    /// Longest sequence of operations tried
    #[arg(long, default_value_t = 4, value_name = "N")]
    depth: usize,
    /// Also build every N-th mutant on its own, to see that it means the same; 0 for none
    #[arg(long, default_value_t = 10, value_name = "N")]
    singly: usize,
    /// List mutants, and run none
    #[arg(long, conflicts_with_all = ["mutant", "sample"])]
    list: bool,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint validate
  ptelint validate --sample 40 --singly 0
  ptelint validate --mutant 12
  ptelint validate --format json | jq .table

Exit status: 1 if verdicts differ and nothing explains it.";

impl Validate {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let output = Output::new(global, &global.format)?;
        if self.list {
            let mutants = validate::all_mutants()?;
            output.write(|format, buffer| match format {
                Format::Json => output::put(buffer, &report::mutants_json(&mutants)?),
                _ => output::put(buffer, &report::mutants(&mutants)),
            })?;
            return Ok(Status::Clean);
        }
        let is_single = !self.mutant.is_empty();
        let options = Options {
            bound: Bound { depth: self.depth },
            sample: self.sample,
            only: self.mutant,
            singly_every: self.singly,
        };
        let result = in_pool(global, || validate::validate(&options))?;
        output.write(|format, buffer| match format {
            Format::Json => output::put(buffer, &report::validation_json(&result)?),
            _ if is_single => output::put(buffer, &report::validated_mutant(&result)),
            _ => output::put(buffer, &report::validation(&result)),
        })?;
        Ok(match result.has_trouble() {
            true => Status::Findings,
            false => Status::Clean,
        })
    }
}

/// With as many threads as asked for.
fn in_pool<T: Send>(
    global: &Global,
    work: impl FnOnce() -> Result<T, validate::ValidateError> + Send,
) -> anyhow::Result<T> {
    let Some(threads) = global.threads else {
        return Ok(work()?);
    };
    let pool = rayon::ThreadPoolBuilder::new();
    Ok(pool
        .num_threads(usize::from(threads))
        .build()?
        .install(work)?)
}
