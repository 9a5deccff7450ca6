//! The architectures' helpers for people: a table, or everything about one architecture.

use codespan_reporting::term::termcolor::Buffer;

use super::{Canvas, Style, text};
use crate::arch::{Effect, Matrix, Modifier, Row, Verdict};
use crate::pipeline::ArchAnswer;

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::LosesOverride => Style::Bad,
        Verdict::Unknown | Verdict::OrMerge => Style::Doubtful,
        Verdict::Preserves => Style::Good,
        Verdict::NoAttributes => Style::Dim,
    }
}

const MEANINGS: [(Verdict, &str); 5] = [
    (
        Verdict::LosesOverride,
        "an override can become another memory type",
    ),
    (Verdict::Unknown, "not decided"),
    (
        Verdict::OrMerge,
        "overrides stay, and other entries gain what the new protection has",
    ),
    (Verdict::Preserves, "every override stays what it is"),
    (Verdict::NoAttributes, "no attribute to lose"),
];

/// Writes the table: a line per variant, a column per function.
pub fn arch(answer: &ArchAnswer, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    let rows = &answer.matrix.rows;
    if rows.is_empty() {
        canvas.line("no architecture with an asm/pgtable.h is in here: give a whole kernel tree");
        return;
    }
    let title = |row: &Row| match row.variant.as_str() {
        "default" => row.arch.clone(),
        variant => format!("{} {variant}", row.arch),
    };
    let widest = rows.iter().map(|row| title(row).chars().count()).max();
    let first = widest.unwrap_or(0) + 2;
    canvas.put(&" ".repeat(first));
    for (i, function) in Modifier::ALL.into_iter().enumerate() {
        let is_last = i + 1 == Modifier::ALL.len();
        let width = if is_last { 0 } else { 16 };
        canvas.styled(Style::Heading, &format!("{:width$}", function.name()));
    }
    canvas.put("\n");
    for of_variant in rows.chunk_by(|a, b| (&a.arch, &a.variant) == (&b.arch, &b.variant)) {
        let name = title(&of_variant[0]);
        canvas.put(&format!(
            "{}{}",
            text::printable(&name),
            " ".repeat(first - name.chars().count())
        ));
        for (i, function) in Modifier::ALL.into_iter().enumerate() {
            let row = of_variant.iter().find(|row| row.function == function);
            let word = row.map_or("-", |row| row.verdict.word());
            let is_last = i + 1 == Modifier::ALL.len();
            let style = row.map_or(Style::Dim, |row| style(row.verdict));
            canvas.styled(style, word);
            if !is_last {
                canvas.put(&" ".repeat(16usize.saturating_sub(word.len())));
            }
        }
        canvas.put("\n");
    }
    canvas.put("\n");
    legend(&mut canvas, &answer.matrix);
    regressions(&mut canvas, &answer.matrix);
    closing(&mut canvas, answer);
}

fn legend(canvas: &mut Canvas, matrix: &Matrix) {
    for (verdict, meaning) in MEANINGS {
        let n = matrix
            .rows
            .iter()
            .filter(|row| row.verdict == verdict)
            .count();
        if n > 0 {
            canvas.styled(style(verdict), &format!("{:16}", verdict.word()));
            canvas.line(&format!("{n:>4}  {meaning}"));
        }
    }
    canvas.put("\n");
}

/// Bits that get lost although the rest of what they belong to is kept.
fn regressions(canvas: &mut Canvas, matrix: &Matrix) {
    for lost in &matrix.regressions {
        let variants: Vec<&str> = lost.variants.iter().map(String::as_str).collect();
        let name = lost.function.name();
        let (word, what) = match lost.effect {
            Effect::Writable => (
                "writable",
                format!(
                    "{name}() leaves {} writable after {}",
                    lost.bits, lost.accessor
                ),
            ),
            Effect::Opens => (
                "opened",
                format!(
                    "{name}() makes {} accessible after {}",
                    lost.bits, lost.accessor
                ),
            ),
            Effect::Drops => (
                "dropped",
                format!(
                    "{name}() drops {} ({}) that {}() sets",
                    lost.bits,
                    lost.kind.word(),
                    lost.accessor
                ),
            ),
        };
        let text = format!(
            "{}:{}: {what}, on {} ({})",
            lost.file,
            lost.line,
            lost.arch,
            variants.join(", "),
        );
        canvas.field(0, word, &text::printable(&text));
    }
    if !matrix.regressions.is_empty() {
        canvas.put("\n");
    }
}

fn closing(canvas: &mut Canvas, answer: &ArchAnswer) {
    canvas.field(0, "checked", &super::describe_tree(&answer.tree));
    let coverage = &answer.coverage;
    let n_missed = text::count(coverage.not_understood, "function", "functions");
    let understood = format!(
        "{} judged, {} of them unknown; {n_missed} not understood",
        text::count(coverage.functions, "helper", "helpers"),
        coverage.unproven,
    );
    canvas.field(0, "coverage", &understood);
}

/// Writes everything about one architecture.
pub fn arch_explained(answer: &ArchAnswer, arch: &str, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    let rows: Vec<&Row> = answer
        .matrix
        .rows
        .iter()
        .filter(|row| row.arch == arch)
        .collect();
    for (i, row) in rows.iter().enumerate() {
        if i == 0 || rows[i - 1].variant != row.variant {
            canvas.styled(Style::Heading, &format!("{arch} {}", row.variant));
            canvas.put("\n");
            if !row.config.is_empty() {
                canvas.field(2, "config", &row.config.join(" "));
            }
            canvas.put("\n");
        }
        explain(&mut canvas, row);
    }
    let missed: Vec<_> = answer
        .matrix
        .missed
        .iter()
        .filter(|missed| missed.arch == arch)
        .collect();
    if !missed.is_empty() {
        canvas.styled(Style::Heading, "not understood");
        canvas.put("\n");
        for missed in missed {
            let place = format!("{}:{}", missed.file, missed.line);
            let line = format!("  {}()  {place}  {}", missed.function, missed.reason);
            canvas.line(&text::printable(&line));
        }
        canvas.put("\n");
    }
    closing(&mut canvas, answer);
}

fn explain(canvas: &mut Canvas, row: &Row) {
    canvas.put("  ");
    canvas.styled(Style::Heading, row.function.name());
    canvas.put("  ");
    canvas.styled(style(row.verdict), row.verdict.word());
    canvas.put("  ");
    canvas.styled(
        Style::File,
        &text::printable(&format!("{}:{}", row.file, row.line)),
    );
    canvas.put("\n");
    canvas.field(4, "caching", row.caching.word());
    canvas.field(4, "encryption", row.encryption.word());
    if !row.unknown.is_empty() {
        let names: Vec<&str> = row.unknown.iter().map(String::as_str).collect();
        canvas.field(4, "depends on", &text::printable(&names.join(", ")));
    }
    let widest = row.bits.iter().map(|bit| bit.name.len()).max().unwrap_or(0);
    for bit in &row.bits {
        canvas.line(&text::printable(&format!(
            "    {:widest$}  {:10}  {:7}  {}",
            bit.name,
            bit.kind.word(),
            bit.from.word(),
            bit.mask,
        )));
    }
    if !row.used.is_empty() {
        canvas.styled(Style::Dim, "    made of");
        canvas.put("\n");
    }
    let widest = row
        .used
        .iter()
        .map(|used| used.name.len())
        .max()
        .unwrap_or(0);
    for used in &row.used {
        let value = used
            .value
            .map_or(String::new(), |value| format!("{value:#x}"));
        canvas.line(&text::printable(&format!(
            "    {:widest$}  {value:18}  {}:{}",
            used.name, used.file, used.line
        )));
    }
    canvas.put("\n");
}
