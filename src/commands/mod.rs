//! The command line: one file per command, and what they share.
//!
//! Arguments are parsed into [`Cli`], what was typed; each command turns that into what is meant:
//! [`ptelint::pipeline::Options`] for the run and an [`output::Output`] for the answer.

mod arch;
mod baseline;
mod check;
mod completions;
mod config;
mod explain;
mod format;
mod graph;
mod init;
mod lsp;
mod mappings;
mod output;
mod progress;
mod readers;
mod reference;
mod rules;
mod validate;
mod why;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use ptelint::pipeline::{self, Against, Report, Wanted};
use ptelint::report::{self, termcolor::Buffer};
use ptelint::settings::Settings;

use format::{Format, FormatTo};
use output::Output;

/// Finds code that breaks page-table entries whose protection differs from their mapping's.
///
/// Some mappings hold page-table entries whose caching or encryption bits differ from
/// vma->vm_page_prot. ptelint reads Linux source as it is, no configuration and no build needed,
/// and says which mappings these are, what generic code does with vm_page_prot, and what is wrong.
#[derive(Parser)]
#[command(
    name = "ptelint",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = AFTER_HELP,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

const AFTER_HELP: &str = "\
Examples:
  ptelint check                      check this source tree, or a built-in sample outside of one
  ptelint check ~/linux              check a kernel tree
  ptelint mappings ~/linux           which mappings can hold overrides
  ptelint readers --format json mm   every generic use of vm_page_prot, for a script
  ptelint arch ~/linux               which architectures keep the bits
  ptelint graph --from do_fault --to vmf_insert_pfn_prot ~/linux

Exit status: 0 nothing to report, 1 findings, 2 the run itself failed.";

#[derive(Subcommand)]
enum Command {
    Check(check::Check),
    Baseline(baseline::Baseline),
    Mappings(mappings::Mappings),
    Readers(readers::Readers),
    Why(why::Why),
    Graph(graph::Graph),
    Arch(arch::Arch),
    Rules(rules::Rules),
    Explain(explain::Explain),
    Init(init::Init),
    Lsp(lsp::Lsp),
    Config(config::Config),
    Completions(completions::Completions),
    Man(completions::Man),
    Reference(reference::Reference),
    Validate(validate::Validate),
}

/// Options of every command.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// How to print the answer; with =FILE, into that file. Can be given several times
    #[arg(long, global = true, value_name = "FORMAT[=FILE]", default_value = "human",
          value_parser = format::among(&[Format::Human, Format::Json]))]
    format: Vec<FormatTo>,
    /// Write the answer to FILE instead of stdout
    #[arg(short, long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Print time and memory of each stage, and the coverage, to stderr (check, mappings, readers)
    #[arg(long, global = true)]
    stats: bool,
    /// Read rule files (*.toml) from DIR in addition to the built-in ones
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    rules: Option<PathBuf>,
    /// When to use colours; NO_COLOR turns `auto` off
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorWhen,
    /// Use N threads [default: one per core]; the answer does not depend on it
    #[arg(short = 'j', long, global = true, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Read every file, and keep nothing for the next run in PTELINT_CACHE_DIR [default: ptelint in
    /// the user's cache folder]
    #[arg(long, global = true)]
    no_cache: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ColorWhen {
    /// On a terminal
    Auto,
    /// Also in a pipe
    Always,
    /// Not at all
    Never,
}

/// What to check.
#[derive(Args)]
struct Paths {
    /// Kernel trees, directories or files [default: the current directory if it is a source
    /// tree, else a small built-in sample]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing to report.
    Clean,
    /// There are findings.
    Findings,
    /// Nothing could be checked.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Clean => 0,
            Status::Findings => 1,
            Status::Failed => 2,
        })
    }
}

/// Parses the arguments and runs the command.
pub fn run() -> anyhow::Result<Status> {
    let parsed = Cli::command().try_get_matches().and_then(|matches| {
        let format = matches
            .subcommand()
            .and_then(|(_, matches)| matches.value_source("format"));
        let is_format_typed = format == Some(ValueSource::CommandLine);
        Cli::from_arg_matches(&matches).map(|cli| (cli, is_format_typed))
    });
    let (cli, is_format_typed) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return wrong_arguments(error),
    };
    let global = &cli.global;
    match cli.command {
        Command::Check(command) => command.run(global, is_format_typed),
        Command::Baseline(command) => command.run(global),
        Command::Mappings(command) => command.run(global),
        Command::Readers(command) => command.run(global),
        Command::Why(command) => command.run(global),
        Command::Graph(command) => command.run(global),
        Command::Arch(command) => command.run(global),
        Command::Rules(command) => command.run(global),
        Command::Explain(command) => command.run(global),
        Command::Init(command) => command.run(global),
        Command::Lsp(command) => command.run(global),
        Command::Config(command) => command.run(global),
        Command::Completions(command) => command.run(global),
        Command::Man(command) => command.run(global),
        Command::Reference(command) => command.run(),
        Command::Validate(command) => command.run(global),
    }
}

/// Prints clap's answer (help and version come this way too), with what to type instead where
/// clap cannot know.
fn wrong_arguments(mut error: clap::Error) -> anyhow::Result<Status> {
    if let Some(tip) = tip(&error) {
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error.print()?;
    Ok(match error.use_stderr() {
        true => Status::Failed,
        false => Status::Clean,
    })
}

fn tip(error: &clap::Error) -> Option<String> {
    let value = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = value(ContextKind::InvalidSubcommand)?;
            let exists = Path::new(typed).exists();
            exists.then(|| format!("to check a path, type 'ptelint check {typed}'"))
        }
        ErrorKind::UnknownArgument => {
            let instead = match value(ContextKind::InvalidArg)? {
                "--json" => "--format json",
                "--dot" => "--format dot",
                "--no-color" => "--color never",
                _ => return None,
            };
            Some(format!("type '{instead}' instead"))
        }
        _ => None,
    }
}

impl Global {
    /// What the pipeline is told about `paths`.
    fn options(&self, paths: &[PathBuf], wanted: Wanted) -> anyhow::Result<pipeline::Options> {
        Ok(pipeline::Options {
            rules_dir: self.rules.clone(),
            threads: self.threads.map(usize::from),
            wanted,
            generic: Settings::find(paths)?.values.generic_paths(),
            cache_folder: self.cache_folder(),
        })
    }

    /// Where the index of a tree is kept.
    fn cache_folder(&self) -> Option<PathBuf> {
        match self.no_cache {
            true => None,
            false => ptelint::tree::cache_folder(),
        }
    }

    /// Runs the pipeline and prints what it found out, as asked for: `human` for people, `json` for
    /// programs. Remarks on the run go to stderr.
    fn answer(
        &self,
        command: &str,
        paths: &Paths,
        wanted: Wanted,
        human: fn(&Report, &mut Buffer),
        json: fn(&Report) -> serde_json::Result<String>,
    ) -> anyhow::Result<Report> {
        let output = Output::new(self, &self.format)?;
        let report = self.run(command, paths, wanted)?;
        output.write(|format, buffer| match format {
            Format::Json => output::put(buffer, &json(&report)?),
            _ => {
                human(&report, buffer);
                Ok(())
            }
        })?;
        self.closing(&report)?;
        Ok(report)
    }

    /// Runs the pipeline and tells on stderr what was wrong with its input.
    fn run(&self, command: &str, paths: &Paths, wanted: Wanted) -> anyhow::Result<Report> {
        let bar = progress::Bar::new();
        let options = self.options(&paths.paths, wanted)?;
        let report = pipeline::run(&paths.paths, &options, &bar)?;
        bar.finish();
        if report.tree.kind == "sample" {
            output::to_stderr(&format!(
                "note: no path was given and this is not a source tree: this is the small sample \
                 that is built into ptelint. For a kernel tree, type `ptelint {command} PATH`.\n"
            ))?;
        }
        output::to_stderr(&report::problems(&report.problems))?;
        Ok(report)
    }

    /// Like [`Global::run`], for what a change did.
    fn run_change(&self, paths: &Paths, against: &Against) -> anyhow::Result<Report> {
        let bar = progress::Bar::new();
        let options = self.options(&paths.paths, Wanted::Everything)?;
        let report = pipeline::run_change(&paths.paths, &options, against, &bar)?;
        bar.finish();
        output::to_stderr(&report::problems(&report.problems))?;
        Ok(report)
    }

    /// What is told on stderr when the answer is out.
    fn closing(&self, report: &Report) -> anyhow::Result<()> {
        if self.stats {
            output::to_stderr(&report::stats(report))?;
        }
        Ok(())
    }
}
