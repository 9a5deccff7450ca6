//! `ptelint graph`: a call path, or the neighbourhood of a function.

use clap::Args;
use ptelint::pipeline::Wanted;
use ptelint::{pipeline, report};

use super::format::{self, Format, FormatTo};
use super::output::{self, Output};
use super::progress::Bar;
use super::{Global, Paths, Status};

/// Show a shortest call path, or what a function calls and is called by
///
/// With --from and --to: one shortest path between them. With one of them: the neighbourhood of
/// that function. Calls through tables of operations and callbacks are followed.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
#[group(id = "ends", args = ["from", "to"], required = true, multiple = true)]
pub struct Graph {
    /// The function to start from
    #[arg(long, value_name = "FN")]
    from: Option<String>,
    /// The function to end at
    #[arg(long, value_name = "FN")]
    to: Option<String>,
    /// How to print the answer; with =FILE, into that file. Can be given several times
    // The same name as the global option, which it replaces here.
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "text",
          value_parser = format::among(&[Format::Text, Format::Dot, Format::Json]))]
    format: Vec<FormatTo>,
    #[command(flatten)]
    paths: Paths,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint graph --from handle_mm_fault --to vmf_insert_pfn_prot ~/linux
  ptelint graph --to pte_modify ~/linux
  ptelint graph --from ttm_bo_vm_fault --format dot ~/linux | dot -Tsvg > fault.svg";

impl Graph {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        let output = Output::new(global, &self.format)?;
        let bar = Bar::new();
        let (from, to) = (self.from.as_deref(), self.to.as_deref());
        let paths = &self.paths.paths;
        let answer = pipeline::graph(
            paths,
            &global.options(paths, Wanted::Everything)?,
            from,
            to,
            &bar,
        );
        let answer = answer.map_err(|error| match paths.is_empty() {
            true => anyhow::anyhow!(
                "{error}\n  tip: no path was given, so the current directory or the built-in \
                 sample was searched; for a kernel tree, add its path"
            ),
            false => error.into(),
        })?;
        bar.finish();
        output.write(|format, buffer| match format {
            Format::Json => output::put(buffer, &report::graph_json(&answer)?),
            Format::Dot => output::put(buffer, &report::graph_dot(&answer)),
            _ => {
                report::graph_text(&answer, from, to, buffer);
                Ok(())
            }
        })?;
        Ok(Status::Clean)
    }
}
