//! Findings, as a reviewer would write them: the defect in its source line, what made it so beside
//! it, then how control gets there, why it matters and what to do.

use std::collections::BTreeMap;

use codespan_reporting::diagnostic::{self, Diagnostic};
use codespan_reporting::term::{self, termcolor::Buffer};

use super::excerpt::{Excerpts, Place, Sources};
use super::{Canvas, Style, closing, describe_filters, describe_found, text};
use crate::pipeline::Report;
use crate::rules::{self, Finding, Severity, TraceStep};

/// Steps of a trace shown; the middle of a longer one is left out, and said to be.
const MOST_STEPS: usize = 16;
/// Mappings that suffer, shown of a finding.
const MOST_WITNESSES: usize = 12;
/// Notes stand behind the line numbers and a bullet.
const NOTE_WIDTH: usize = text::WIDTH - 8;

/// Writes every finding, errors first, by the directory of the subsystem, then the summary.
pub fn findings(report: &Report, out: &mut Buffer) {
    let config = term::Config {
        tab_width: 8,
        ..term::Config::default()
    };
    let mut sources = Sources::new(&*report.sources);
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| (group(finding), *finding));
    let groups: BTreeMap<_, usize> = findings.iter().fold(BTreeMap::new(), |mut all, finding| {
        *all.entry(group(finding)).or_default() += 1;
        all
    });
    let mut current = None;
    for finding in findings {
        // One group needs no heading.
        if groups.len() > 1 && current != Some(group(finding)) {
            let (severity, directory) = group(finding);
            let (singular, plural) = words(severity);
            let n_findings = text::count(groups[&(severity, directory)], singular, plural);
            let mut canvas = Canvas(out);
            let heading = format!("── {n_findings} in {} ──", text::printable(directory));
            canvas.styled(Style::Heading, &heading);
            canvas.line("");
            canvas.line("");
            current = Some((severity, directory));
        }
        let (diagnostic, excerpts) = diagnostic(finding, &mut sources);
        if term::emit_to_write_style(out, &config, &excerpts, &diagnostic).is_err() {
            // Not a reason to lose the finding: the header and the notes need no source.
            let mut canvas = Canvas(out);
            canvas.line(&format!(
                "{}: {}",
                place(finding),
                text::printable(&finding.message)
            ));
            for note in diagnostic.notes {
                canvas.line(&note);
            }
        }
    }
    summary(report, &mut Canvas(out));
}

/// Findings that one person looks at together.
fn group(finding: &Finding) -> (Severity, &str) {
    // Drivers have a directory of their own one level deeper than other code.
    let depth = match finding.file.starts_with("drivers/") {
        true => 3,
        false => 2,
    };
    let ends = finding.file.match_indices('/').map(|(at, _)| at);
    let end = ends.take(depth).last().unwrap_or(0);
    match end {
        0 => (finding.severity, "."),
        end => (finding.severity, &finding.file[..end]),
    }
}

fn words(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => ("error", "errors"),
        Severity::Warning => ("warning", "warnings"),
        Severity::Note => ("note", "notes"),
    }
}

fn diagnostic(finding: &Finding, sources: &mut Sources) -> (Diagnostic<usize>, Excerpts) {
    let defect = Place::LineColumn {
        start: (finding.line, finding.column),
        end: (finding.end_line, finding.end_column),
    };
    let mut places = vec![(finding.file.as_str(), defect)];
    places.extend(finding.labels.iter().map(|label| {
        let (start, end) = (label.start, label.end);
        (label.file.as_str(), Place::Bytes { start, end })
    }));
    let (excerpts, shown) = Excerpts::new(sources, &places);
    let texts = std::iter::once(&finding.label).chain(finding.labels.iter().map(|l| &l.text));
    let labels = shown
        .iter()
        .zip(texts)
        .enumerate()
        .filter_map(|(i, (shown, text))| {
            let shown = shown.as_ref()?;
            let style = match i {
                0 => diagnostic::LabelStyle::Primary,
                _ => diagnostic::LabelStyle::Secondary,
            };
            let label = diagnostic::Label::new(style, shown.excerpt, shown.range.clone());
            Some(label.with_message(text::printable(text)))
        })
        .collect();
    let severity = match finding.severity {
        Severity::Error => diagnostic::Severity::Error,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Note => diagnostic::Severity::Note,
    };
    let mut notes = notes(finding);
    if shown[0].is_none() {
        notes.insert(
            0,
            format!("at {}: the source cannot be shown", place(finding)),
        );
    }
    let diagnostic = Diagnostic::new(severity)
        .with_code(finding.rule)
        .with_message(text::printable(&finding.message))
        .with_labels(labels)
        .with_notes(notes);
    (diagnostic, excerpts)
}

fn place(finding: &Finding) -> String {
    let file = text::printable(&finding.file);
    format!("{file}:{}:{}", finding.line, finding.column)
}

fn notes(finding: &Finding) -> Vec<String> {
    let mut notes = Vec::new();
    if !finding.trace.is_empty() {
        notes.push(trace(finding));
    }
    // Alone, it is where the way above begins.
    let is_on_the_way = |one: &TraceStep| {
        let mut steps = finding.trace.iter();
        steps.any(|step| (&step.file, step.line) == (&one.file, one.line))
    };
    if !finding.witnesses.iter().all(is_on_the_way) {
        notes.push(witnesses(finding));
    }
    let mut paragraph = |head: &str, body: &str| {
        if !body.is_empty() {
            let body = format!("{head}: {}", text::printable(body));
            notes.push(text::wrap(&body, NOTE_WIDTH).join("\n"));
        }
    };
    if !finding.arches.is_empty() {
        paragraph("only on", &text::join(&finding.arches, ", "));
    }
    paragraph("only if", finding.condition.as_deref().unwrap_or_default());
    paragraph("why", &finding.why);
    paragraph("help", &finding.help);
    notes
}

/// The mappings that suffer beside the one the trace begins with, the first few of them.
fn witnesses(finding: &Finding) -> String {
    let mut lines = vec!["mappings that suffer:".to_owned()];
    for one in finding.witnesses.iter().take(MOST_WITNESSES) {
        let line = format!(
            "  {}:{} in `{}`: {}",
            one.file, one.line, one.function, one.note
        );
        lines.push(text::printable(&line).into_owned());
    }
    if let Some(n_more @ 1..) = finding.witnesses.len().checked_sub(MOST_WITNESSES) {
        lines.push(format!("  … and {n_more} more; `--format json` has them"));
    }
    lines.join("\n")
}

fn trace(finding: &Finding) -> String {
    let n_steps = finding.trace.len();
    let mut lines = vec!["how control gets here:".to_owned()];
    for (i, step) in finding.trace.iter().enumerate() {
        if n_steps > MOST_STEPS && i >= MOST_STEPS / 2 && i < n_steps - MOST_STEPS / 2 {
            if i == MOST_STEPS / 2 {
                let n_left_out = n_steps - MOST_STEPS;
                lines.push(format!(
                    "  … {} left out here; `--format json` has them",
                    text::count(n_left_out, "step", "steps")
                ));
            }
            continue;
        }
        let mut line = format!("  {}:{} in `{}`", step.file, step.line, step.function);
        if !step.note.is_empty() {
            line.push_str(": ");
            line.push_str(&step.note);
        }
        lines.push(text::printable(&line).into_owned());
    }
    lines.join("\n")
}

fn summary(report: &Report, canvas: &mut Canvas) {
    let style = match report.findings.iter().map(|f| f.severity).min() {
        None => Style::Good,
        Some(Severity::Error) => Style::Bad,
        Some(_) => Style::Doubtful,
    };
    canvas.styled(style, &format!("{:12}", "found"));
    canvas.line(&describe_found(report));
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        *by_rule.entry(finding.rule).or_default() += 1;
    }
    for (id, n_findings) in &by_rule {
        let rule = rules::ALL.iter().find(|rule| rule.id == *id);
        let summary = rule.map_or("", |rule| rule.summary);
        canvas.field(4, &format!("{n_findings:>7}"), &format!("{id}: {summary}"));
    }
    for (name, text) in describe_filters(&report.filters) {
        canvas.field(0, name, &text);
    }
    let comparison = report.filters.comparison.as_ref();
    if comparison.is_some_and(|comparison| !comparison.analysed) {
        return;
    }
    closing(canvas, &report.tree, &report.coverage, true);
    if report.coverage.unproven > 0 {
        canvas.field(
            0,
            "unproven",
            "means neither safe nor wrong: `ptelint readers` lists these uses",
        );
    }
    if !by_rule.is_empty() {
        let commands: Vec<String> = by_rule
            .keys()
            .map(|rule| format!("`ptelint explain {rule}`"))
            .collect();
        canvas.field(0, "more", &text::enumerate(&commands));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::analysis::Coverage;
    use crate::pipeline::{Filters, TreeSummary};
    use crate::rules::Label;

    fn finding() -> Finding {
        Finding {
            file: "a.c".to_owned(),
            line: 2,
            column: 3,
            end_line: 2,
            end_column: 7,
            rule: "prot-constant",
            severity: Severity::Error,
            function: "f".to_owned(),
            message: "message".to_owned(),
            arches: BTreeSet::new(),
            condition: None,
            trace: Vec::new(),
            witnesses: Vec::new(),
            fingerprint: String::new(),
            label: "here".to_owned(),
            labels: Vec::new(),
            why: String::new(),
            help: String::new(),
        }
    }

    fn rendered(findings: Vec<Finding>, source: &'static str) -> String {
        let report = Report {
            tree: TreeSummary::default(),
            coverage: Coverage::default(),
            mappings: Vec::new(),
            readers: Vec::new(),
            proofs: crate::pipeline::Proofs::default(),
            findings,
            problems: Vec::new(),
            stats: Vec::new(),
            cache: None,
            n_recalled: 0,
            sources: Box::new(move |path| {
                (path != "missing.c").then(|| source.as_bytes().to_vec())
            }),
            covers: Box::new(|_| true),
            comments: Vec::new(),
            filters: Filters::default(),
        };
        let mut buffer = Buffer::no_color();
        super::findings(&report, &mut buffer);
        String::from_utf8(buffer.into_inner()).unwrap()
    }

    #[test]
    fn a_finding_without_its_source_keeps_its_place_and_its_notes() {
        let finding = Finding {
            file: "missing.c".to_owned(),
            help: "Do better.".to_owned(),
            ..finding()
        };
        let text = rendered(vec![finding], "");
        let expected = "\
error[prot-constant]: message
 = at missing.c:2:3: the source cannot be shown
 = help: Do better.
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn labels_in_two_files_are_both_shown() {
        let label = Label {
            file: "b.c".to_owned(),
            start: 0,
            end: 5,
            text: "made here".to_owned(),
        };
        let finding = Finding {
            labels: vec![label],
            arches: ["arm64".to_owned(), "x86".to_owned()].into(),
            condition: Some("CONFIG_A".to_owned()),
            ..finding()
        };
        let text = rendered(vec![finding], "first\nx prot y\n");
        let expected = "\
error[prot-constant]: message
  ┌─ a.c:2:3
  │
2 │ x prot y
  │   ^^^^ here
  │
  ┌─ b.c:1:1
  │
1 │ first
  │ ----- made here
  │
  = only on: arm64, x86
  = only if: CONFIG_A
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn a_long_trace_says_what_it_leaves_out() {
        let step = |line| TraceStep {
            file: "a.c".to_owned(),
            line,
            function: "f".to_owned(),
            note: String::new(),
        };
        let finding = Finding {
            trace: (1..=40).map(step).collect(),
            ..finding()
        };
        let text = rendered(vec![finding], "first\nx prot y\n");
        assert!(text.contains("  … 24 steps left out here"), "{text}");
        assert_eq!(text.matches(" in `f`").count(), MOST_STEPS);
    }

    #[test]
    fn errors_come_first_and_then_the_order_of_the_files() {
        let later = Finding {
            file: "a/a.c".to_owned(),
            severity: Severity::Note,
            ..finding()
        };
        let text = rendered(vec![later, finding()], "first\nx prot y\n");
        assert!(text.find("─ a.c:2:3") < text.find("─ a/a.c:2:3"), "{text}");
        assert!(text.contains("── 1 note in a ──"), "{text}");
        assert!(text.contains("found       1 error and 1 note\n"), "{text}");
    }
}
