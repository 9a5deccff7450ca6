//! The generic uses of a protection for people: by verdict, the worst first.

use codespan_reporting::term::termcolor::Buffer;

use super::{Canvas, Style, closing, sorted, text};
use crate::analysis::{Reader, Role, UseLevel, Verdict};
use crate::pipeline::Report;

/// Evidence shown for a use; the rest is counted.
const MOST_EVIDENCE: usize = 8;

/// In the order shown.
const VERDICTS: [Verdict; 6] = [
    Verdict::Violation,
    Verdict::Unproven,
    Verdict::ArchDependent,
    Verdict::Insertion,
    Verdict::Safe,
    Verdict::NoEntry,
];

pub(crate) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Violation => "an override mapping gets here and loses its bits",
        Verdict::Unproven => "not decided, neither safe nor wrong",
        Verdict::ArchDependent => "right where the architecture's helper keeps the bits",
        Verdict::Insertion => "a helper that drivers insert entries with",
        Verdict::Safe => "no override mapping gets here",
        Verdict::NoEntry => "no entry is made from the protection",
    }
}

pub(super) fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Violation => Style::Bad,
        Verdict::Unproven | Verdict::ArchDependent => Style::Doubtful,
        Verdict::Insertion | Verdict::Safe | Verdict::NoEntry => Style::Good,
    }
}

/// Writes the uses, then the summary.
pub fn readers(report: &Report, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    let readers = sorted(&report.readers);
    let mut counts = Vec::new();
    for verdict in VERDICTS {
        let rows: Vec<&Reader> = readers
            .iter()
            .copied()
            .filter(|reader| reader.verdict == verdict)
            .collect();
        if rows.is_empty() {
            continue;
        }
        counts.push(format!(
            "{} {}",
            text::grouped(rows.len() as u64),
            text::word(&verdict)
        ));
        canvas.styled(style(verdict), &text::word(&verdict));
        canvas.line(&format!(
            " — {}: {}",
            text::count(rows.len(), "use", "uses"),
            meaning(verdict)
        ));
        let widest = rows.iter().map(|row| row.function.len()).max();
        let width = widest.unwrap_or(0).min(36);
        for of_file in rows.chunk_by(|a, b| a.file == b.file) {
            canvas.put("\n");
            canvas.styled(Style::File, &text::printable(&of_file[0].file));
            canvas.put("\n");
            for reader in of_file {
                row(&mut canvas, reader, width);
            }
        }
        canvas.put("\n");
    }
    let mut found = text::count(
        readers.len(),
        "generic use of a protection",
        "generic uses of a protection",
    );
    if !counts.is_empty() {
        found.push_str(&format!(": {}", text::enumerate(&counts)));
    }
    canvas.field(0, "found", &found);
    closing(&mut canvas, &report.tree, &report.coverage, true);
}

fn row(canvas: &mut Canvas, reader: &Reader, width: usize) {
    let mut rest = what(reader);
    if !reader.reasons.is_empty() {
        rest.push_str(&format!("  because {}", text::join(&reader.reasons, ", ")));
    }
    if !reader.arches.is_empty() {
        rest.push_str(&format!("  on {}", text::join(&reader.arches, ", ")));
    }
    if let Some(condition) = &reader.condition {
        rest.push_str(&format!("  if {condition}"));
    }
    canvas.line(&format!(
        "{:>6}  {:<width$}  {rest}",
        reader.line, reader.function
    ));

    for evidence in reader.evidence.iter().take(MOST_EVIDENCE) {
        let place = if evidence.file == reader.file {
            format!("line {}", evidence.line)
        } else {
            format!("{}:{}", evidence.file, evidence.line)
        };
        let line = format!("{} at {place}", evidence.text);
        evidence_line(canvas, &text::printable(&line));
    }
    if let Some(n_more @ 1..) = reader.evidence.len().checked_sub(MOST_EVIDENCE) {
        evidence_line(
            canvas,
            &format!("and {} more", text::grouped(n_more as u64)),
        );
    }
}

fn evidence_line(canvas: &mut Canvas, text: &str) {
    const INDENT: &str = "          ";
    for (i, line) in text::wrap(text, text::WIDTH - INDENT.len() - 2)
        .iter()
        .enumerate()
    {
        canvas.put(INDENT);
        canvas.styled(Style::Dim, if i == 0 { "· " } else { "  " });
        canvas.line(line);
    }
}

/// `constructs a pte from vm_page_prot`.
pub(crate) fn what(reader: &Reader) -> String {
    let source = match reader.source {
        crate::analysis::Source::VmPageProt => "vm_page_prot",
        crate::analysis::Source::Constant => "a fixed protection",
        crate::analysis::Source::Other => "another protection",
    };
    let entry = match reader.level {
        UseLevel::None => "an entry".to_owned(),
        level => format!("a {}", text::word(&level)),
    };
    match reader.role {
        Role::Construct => format!("constructs {entry} from {source}"),
        Role::Modify => format!("modifies {entry} to {source}"),
        Role::Forward => format!("forwards {source}"),
        Role::Recompute => format!("recomputes {source}"),
        Role::Compare => format!("compares {source}"),
        Role::Print => format!("prints {source}"),
        Role::Other => format!("uses {source}"),
    }
}
