//! Turns what a run found into text: for people, for machines, for a picture.
//!
//! Each function takes the answer and writes into a buffer it is given, or returns a string;
//! nothing here prints. Everything is sorted here, whatever order the stages before found
//! it in.
//!
//! **Invariant:** the same answer gives the same bytes. Neither the width of a terminal, nor a
//! clock, nor a locale is asked.

mod arch;
mod checkstyle;
mod excerpt;
mod findings;
mod github;
mod gitlab;
mod graph;
mod json;
mod junit;
mod mappings;
mod readers;
mod sarif;
mod short;
mod stats;
mod text;
mod validate;
mod why;

use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};

use crate::analysis::Coverage;
use crate::compare::Comparison;
use crate::pipeline::{Filters, Report, TreeSummary};
use crate::rules::Severity;

pub use arch::{arch, arch_explained};
pub use checkstyle::checkstyle;
pub use codespan_reporting::term::termcolor;
pub use findings::findings;
pub use github::github;
pub use gitlab::gitlab;
pub use graph::{graph_dot, graph_text};
pub use json::{arch_json, graph_json, json};
pub use junit::junit;
pub use mappings::mappings;
pub use readers::readers;
pub(crate) use readers::{meaning, what};
pub use sarif::sarif;
pub use short::short;
pub use stats::{problems, stats};
pub(crate) use text::word;
pub use validate::{mutants, mutants_json, validated_mutant, validation, validation_json};
pub use why::{why, why_json};

/// References to `items` in the order of output: by file, line and column.
fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort();
    items
}

/// What a coloured piece of text is.
#[derive(Clone, Copy)]
enum Style {
    Heading,
    File,
    Dim,
    Bad,
    Doubtful,
    Good,
}

impl Style {
    fn spec(self) -> ColorSpec {
        let mut spec = ColorSpec::new();
        match self {
            Style::Heading => spec.set_bold(true),
            Style::File => spec.set_fg(Some(Color::Cyan)),
            Style::Dim => spec.set_dimmed(true),
            Style::Bad => spec.set_fg(Some(Color::Red)).set_bold(true),
            Style::Doubtful => spec.set_fg(Some(Color::Yellow)).set_bold(true),
            Style::Good => spec.set_fg(Some(Color::Green)).set_bold(true),
        };
        spec
    }
}

/// Text with styles, in memory: writing cannot fail.
struct Canvas<'b>(&'b mut Buffer);

impl Canvas<'_> {
    fn put(&mut self, text: &str) {
        use std::io::Write;
        let _ = self.0.write_all(text.as_bytes());
    }

    fn styled(&mut self, style: Style, text: &str) {
        let _ = self.0.set_color(&style.spec());
        self.put(text);
        let _ = self.0.reset();
    }

    fn line(&mut self, text: &str) {
        self.put(text.trim_end());
        self.put("\n");
    }

    /// `name  text`, wrapped, the following lines aligned with the text.
    fn field(&mut self, indent: usize, name: &str, value: &str) {
        const NAME: usize = 12;
        let hang = indent + NAME;
        for (i, line) in text::wrap(value, text::WIDTH - hang).iter().enumerate() {
            self.put(&" ".repeat(indent));
            let name = if i == 0 { name } else { "" };
            self.styled(Style::Dim, &format!("{name:NAME$}"));
            self.line(line);
        }
    }
}

/// `2 errors and 1 note`, or that there is nothing.
fn describe_found(report: &Report) -> String {
    let of = |severity| {
        let of_it = report.findings.iter().filter(|f| f.severity == severity);
        of_it.count()
    };
    let counts: Vec<String> = [
        (of(Severity::Error), "error", "errors"),
        (of(Severity::Warning), "warning", "warnings"),
        (of(Severity::Note), "note", "notes"),
    ]
    .into_iter()
    .filter(|&(n, ..)| n > 0)
    .map(|(n, singular, plural)| text::count(n, singular, plural))
    .collect();
    match counts.is_empty() {
        true => "nothing to report".to_owned(),
        false => text::enumerate(&counts),
    }
}

/// `Linux 6.12.117: 59,812 files scanned (1,340 MB), 912 parsed`.
fn describe_tree(tree: &TreeSummary) -> String {
    let what = match (tree.kind, &tree.version) {
        ("linux", Some(version)) => format!("Linux {}", text::printable(version)),
        ("linux", None) => "Linux, version unknown".to_owned(),
        ("sample", _) => "built-in sample".to_owned(),
        (kind, _) => kind.to_owned(),
    };
    format!(
        "{what}: {} scanned ({}), {} parsed",
        text::count(tree.files_scanned, "file", "files"),
        megabytes(tree.bytes),
        text::grouped(tree.files_parsed as u64),
    )
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{} MB", text::grouped(bytes.div_ceil(1_000_000))),
    }
}

/// What was understood and what was not, in words that promise nothing.
fn describe_coverage(coverage: &Coverage) -> String {
    if coverage.functions == 0 {
        return "no function that handles page protections was found".to_owned();
    }
    let understood = coverage.functions.saturating_sub(coverage.not_understood);
    let mut out = format!(
        "understood {} of {} the answers depend on",
        text::grouped(understood as u64),
        text::count(coverage.functions, "function", "functions"),
    );
    let indirect = text::count(
        coverage.indirect_unresolved,
        "indirect call",
        "indirect calls",
    );
    out.push_str(&format!("; {indirect} unresolved"));
    out
}

/// The same, with how much of the generic code is judged.
fn describe_judged(coverage: &Coverage) -> String {
    let mut out = describe_coverage(coverage);
    if coverage.functions > 0 {
        let unproven = text::count(coverage.unproven, "generic use", "generic uses");
        out.push_str(&format!("; {unproven} unproven"));
    }
    out
}

/// Which findings are not shown, and what was compared; a line for each.
fn describe_filters(filters: &Filters) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    if let Some(comparison) = &filters.comparison {
        out.push(("compared", describe_comparison(comparison)));
    }
    if let Some(baseline) = &filters.baseline {
        let known = text::count(baseline.known, "finding", "findings");
        out.push(("baseline", format!("{known} known and not shown")));
        if !baseline.stale.is_empty() {
            let stale = text::count(baseline.stale.len(), "entry", "entries");
            let places: Vec<String> = baseline
                .stale
                .iter()
                .take(MOST_STALE)
                .map(|entry| format!("{} in {}", entry.rule, text::printable(&entry.file)))
                .collect();
            let more = match baseline.stale.len() > MOST_STALE {
                true => ", …",
                false => "",
            };
            out.push((
                "stale",
                format!(
                    "{stale} of the baseline without a finding: {}{more}; \
                     `ptelint baseline prune` removes them",
                    places.join(", ")
                ),
            ));
        }
    }
    if filters.configured > 0 {
        let findings = text::count(filters.configured, "finding", "findings");
        let what = "left out, as ptelint.toml and --config say";
        out.push(("configured", format!("{findings} {what}")));
    }
    if filters.suppressed > 0 {
        let findings = text::count(filters.suppressed, "finding", "findings");
        out.push(("allowed", format!("{findings} by comments in the source")));
    }
    out
}

/// Stale entries named in the summary.
const MOST_STALE: usize = 5;

fn describe_comparison(comparison: &Comparison) -> String {
    let files = text::count(
        comparison.files,
        "source file differs",
        "source files differ",
    );
    let mut out = format!(
        "{}, against {}: {files}",
        text::printable(&comparison.new),
        text::printable(&comparison.old)
    );
    if !comparison.analysed {
        let why = match comparison.files {
            0 => "",
            _ => " in nothing that an answer depends on",
        };
        return format!("{out}{why}, so nothing was analysed");
    }
    for (n, one, many) in [
        (
            comparison.lost_proofs,
            "generic use lost its proof",
            "generic uses lost their proof",
        ),
        (
            comparison.known,
            "finding was there before and is not shown",
            "findings were there before and are not shown",
        ),
        (comparison.fixed, "finding is gone", "findings are gone"),
    ] {
        if n > 0 {
            out.push_str(&format!("; {}", text::count(n, one, many)));
        }
    }
    out
}

/// What was understood, and what is not shown, in one line.
fn describe_run(report: &Report) -> String {
    let mut parts = vec![describe_found(report)];
    let filters = describe_filters(&report.filters);
    parts.extend(
        filters
            .into_iter()
            .map(|(name, text)| format!("{name}: {text}")),
    );
    let comparison = report.filters.comparison.as_ref();
    if comparison.is_none_or(|comparison| comparison.analysed) {
        parts.push(describe_judged(&report.coverage));
    }
    parts.join("; ")
}

/// The last lines of every report for people: what was checked and how well. How much of the
/// generic code is judged belongs to reports that judge it.
fn closing(canvas: &mut Canvas, tree: &TreeSummary, coverage: &Coverage, is_judged: bool) {
    let described = match is_judged {
        true => describe_judged(coverage),
        false => describe_coverage(coverage),
    };
    canvas.field(0, "checked", &describe_tree(tree));
    canvas.field(0, "coverage", &described);
}
