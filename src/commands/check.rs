//! `ptelint check`: the findings.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum, ValueHint};
use ptelint::pipeline::{Against, Report, Wanted};
use ptelint::report::{self, termcolor::Buffer};
use ptelint::rules::{self, Selection, Severity};
use ptelint::settings::{self, Settings};

use super::format::{self, Format, FormatTo};
use super::output::{self, Output};
use super::{Global, Paths, Status};

/// Report what breaks entries that differ from vm_page_prot
///
/// Prints each finding with its source, what made it so, why it matters and what to do: errors
/// first, then by directory. The exit status is 1 if a finding is printed. What could not be
/// understood is counted in the last lines.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    /// How to print the answer; with =FILE, into that file. Can be given several times
    // The same name as the global option, which it replaces here.
    #[arg(long, value_name = "FORMAT[=FILE]", default_value = "human",
          value_parser = format::among(FORMATS))]
    format: Vec<FormatTo>,
    /// Which findings make the exit status 1: those of this severity and worse [default: note]
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Leave out what FILE, a kernel's .config, does not compile
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Do not report the findings in FILE, which `ptelint baseline write` makes
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    baseline: Option<PathBuf>,
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
    #[command(flatten)]
    against: AgainstArgs,
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

/// What to compare the tree with, to report only what a change did.
#[derive(Args)]
#[command(next_help_heading = "Only what a change did")]
#[group(multiple = false)]
struct AgainstArgs {
    /// Report what FILE would do, a mailed patch or the output of 'git diff'; '-' is stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    patch: Option<PathBuf>,
    /// Report what the work tree does that REV, a git revision, did not
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Report what a commit of the staged changes would do
    #[arg(long)]
    staged: bool,
}

impl AgainstArgs {
    fn against(&self) -> anyhow::Result<Option<Against>> {
        if let Some(file) = &self.patch {
            let is_stdin = file.as_os_str() == "-";
            let text = match is_stdin {
                true => {
                    let mut text = Vec::new();
                    io::stdin().lock().read_to_end(&mut text).map(|_| text)
                }
                false => fs::read(file),
            };
            let name = match is_stdin {
                true => "the patch".to_owned(),
                false => file.display().to_string(),
            };
            let text = text.with_context(|| {
                format!("cannot read {name}: give a patch, or '-' to read it from stdin")
            })?;
            return Ok(Some(Against::Patch { name, text }));
        }
        Ok(match &self.since {
            Some(revision) => Some(Against::Since(revision.clone())),
            None => self.staged.then_some(Against::Staged),
        })
    }
}

const FORMATS: &[Format] = &[
    Format::Human,
    Format::Short,
    Format::Json,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
    Format::Junit,
    Format::Checkstyle,
];

const AFTER_HELP: &str = "\
Examples:
  ptelint check ~/linux
  ptelint check ~/linux/drivers/gpu/drm ~/linux/mm
  ptelint check --severity error --path drivers/gpu ~/linux
  ptelint check --rule cow-pfnmap ~/linux
  ptelint check --format json ~/linux | jq '.findings[].message'
  ptelint check --format human --format sarif=ptelint.sarif --fail-on error ~/linux
  ptelint check --patch 0001-mm-simplify.patch ~/linux
  ptelint check --since v6.12 ~/linux
  ptelint check --baseline ptelint-baseline.toml ~/linux";

/// What is bad enough to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
    /// Every finding
    Note,
    /// Nothing
    Never,
}

impl FailOn {
    /// The least severity that fails.
    fn threshold(self) -> Option<Severity> {
        match self {
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Note => Some(Severity::Note),
            FailOn::Never => None,
        }
    }

    /// How a run with these findings ends.
    fn status(self, report: &Report) -> Status {
        let worst = report.findings.iter().map(|finding| finding.severity).min();
        match (worst, self.threshold()) {
            (Some(worst), Some(threshold)) if worst <= threshold => Status::Findings,
            _ => Status::Clean,
        }
    }
}

impl Check {
    pub fn run(self, global: &Global, is_format_typed: bool) -> anyhow::Result<Status> {
        let Settings { values, .. } = Settings::find(&self.paths.paths)?;
        let formats = match is_format_typed || values.format.is_empty() {
            true => self.format,
            false => values
                .format
                .iter()
                .map(|text| format::parse(FORMATS, text))
                .collect::<anyhow::Result<Vec<FormatTo>>>()?,
        };
        let fail_on = match (self.fail_on, &values.fail_on) {
            (Some(typed), _) => typed,
            (None, Some(word)) => FailOn::from_str(word, false).map_err(|_| {
                anyhow::anyhow!("fail-on = \"{word}\": write error, warning, note or never")
            })?,
            (None, None) => FailOn::Note,
        };
        let kconfig = self.config.as_deref().or(values.config.as_deref());
        let kconfig = kconfig.map(settings::kconfig).transpose()?;
        let baseline = self.baseline.as_deref().or(values.baseline.as_deref());
        let baseline = baseline.map(settings::baseline).transpose()?;
        let selection = Selection {
            rules: self.rule,
            severity: self.severity.map(Severity::from),
            pedantic: self.pedantic,
            paths: self.only,
        };
        let output = Output::new(global, &formats)?;
        let mut report = match self.against.against()? {
            Some(against) => global.run_change(&self.paths, &against)?,
            None => global.run("check", &self.paths, Wanted::Everything)?,
        };
        // What the settings call a note is one that somebody wants to see.
        report.findings.retain(|finding| selection.has(finding));
        values.apply(&mut report, kconfig.as_ref());
        if let Some(baseline) = baseline {
            baseline.apply(&mut report);
        }
        if selection.severity.is_some() {
            report.findings.retain(|finding| selection.has(finding));
        }
        output.write(|format, buffer| render(format, &report, buffer))?;
        global.closing(&report)?;
        Ok(fail_on.status(&report))
    }
}

fn render(format: Format, report: &Report, buffer: &mut Buffer) -> anyhow::Result<()> {
    let text = match format {
        Format::Short => report::short(report),
        Format::Json => report::json("check", report, "findings", &report.findings)?,
        Format::Sarif => report::sarif(report)?,
        Format::Github => report::github(report),
        Format::Gitlab => report::gitlab(report)?,
        Format::Junit => report::junit(report)?,
        Format::Checkstyle => report::checkstyle(report),
        Format::Human | Format::Text | Format::Dot => {
            report::findings(report, buffer);
            return Ok(());
        }
    };
    output::put(buffer, &text)
}
