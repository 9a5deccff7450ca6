//! One use with its whole proof, and the proofs that fall without a guard or an axiom.

use codespan_reporting::term::termcolor::Buffer;
use serde::Serialize;

use super::excerpt::Sources;
use super::readers::{meaning, style, what};
use super::{Canvas, Style, closing, text};
use crate::analysis::{Mapping, Reader, Step, Verdict};
use crate::pipeline::{Explained, Fallen, TreeSummary, WhyAnswer};

/// Writes the answer.
pub fn why(answer: &WhyAnswer, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    let mut sources = Sources::new(&*answer.sources);
    for one in &answer.uses {
        explained(&mut canvas, one, answer, &mut sources);
        canvas.put("\n");
    }
    for mapping in &answer.mappings {
        insertion(&mut canvas, mapping, &mut sources);
        canvas.put("\n");
    }
    if !answer.removed.is_empty() {
        heading(&mut canvas, "Taken to be unknown");
        for place in &answer.removed {
            passage(&mut canvas, place, "", &mut sources);
        }
        canvas.put("\n");
    }
    let asked_what_falls = !answer.removed.is_empty() || answer.uses.is_empty();
    if !answer.fallen.is_empty() {
        heading(&mut canvas, "Proofs that fall");
        for one in &answer.fallen {
            fallen(&mut canvas, one, &mut sources);
        }
        canvas.put("\n");
    }
    if asked_what_falls && answer.mappings.is_empty() {
        let proofs = text::count(answer.n_proofs, "proof", "proofs");
        let found = match answer.fallen.len() {
            0 => format!("all {proofs} stand"),
            1 => format!("1 of {proofs} falls"),
            n => format!("{n} of {proofs} fall"),
        };
        canvas.field(0, "found", &found);
    }
    closing(&mut canvas, &answer.tree, &answer.coverage, true);
}

/// The answer for programs.
pub fn why_json(answer: &WhyAnswer) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: &'static str,
        command: &'static str,
        tree: &'a TreeSummary,
        coverage: &'a crate::analysis::Coverage,
        assumptions: &'a [String],
        readers: &'a [Explained],
        mappings: &'a [Mapping],
        removed: &'a [Step],
        fallen: &'a [Fallen],
    }
    super::json::pretty(&Answer {
        schema: super::json::SCHEMA,
        command: "why",
        tree: &answer.tree,
        coverage: &answer.coverage,
        assumptions: &answer.assumptions,
        readers: &answer.uses,
        mappings: &answer.mappings,
        removed: &answer.removed,
        fallen: &answer.fallen,
    })
}

fn explained(canvas: &mut Canvas, one: &Explained, answer: &WhyAnswer, sources: &mut Sources) {
    let reader = &one.reader;
    passage(canvas, &place_of(reader), &what(reader), sources);
    canvas.put("\n");
    canvas.styled(style(reader.verdict), &text::word(&reader.verdict));
    let mut verdict = format!(": {}", meaning(reader.verdict));
    if !reader.reasons.is_empty() {
        verdict.push_str(&format!("; because {}", text::join(&reader.reasons, ", ")));
    }
    if !reader.arches.is_empty() {
        verdict.push_str(&format!("; wrong on {}", text::join(&reader.arches, ", ")));
    }
    canvas.line(&verdict);
    if !one.guards.is_empty() || !one.trace.is_empty() {
        canvas.put("\n");
        heading(canvas, "Assumed of an override mapping");
        for assumption in &answer.assumptions {
            canvas.line(&format!("  {assumption}"));
        }
    }
    let is_safe = reader.verdict == Verdict::Safe;
    if !one.guards.is_empty() && is_safe {
        canvas.put("\n");
        heading(canvas, "What keeps it away");
        for guard in &one.guards {
            let bears = match guard.bears {
                Some(true) => "; the proof falls without this",
                Some(false) => "; not needed, others cover for it",
                None => "",
            };
            passage(
                canvas,
                &guard.place,
                &format!("{}{bears}", guard.says),
                sources,
            );
        }
    }
    if !one.trace.is_empty() {
        canvas.put("\n");
        heading(canvas, "How it gets there");
        way(canvas, &one.trace, sources);
        for state in &one.states {
            canvas.put("\n");
            heading(canvas, &format!("The entry can be {}", state.state));
            way(canvas, &state.trace, sources);
        }
    }
    if one.guards.is_empty() && one.trace.is_empty() && !reader.evidence.is_empty() {
        canvas.put("\n");
        heading(canvas, "What that rests on");
        for evidence in &reader.evidence {
            canvas.line(&format!(
                "  {}:{}  {}",
                evidence.file, evidence.line, evidence.text
            ));
        }
    }
    for question in &one.questions {
        canvas.put("\n");
        for line in text::wrap(&format!("question: {question}"), text::WIDTH) {
            canvas.line(&line);
        }
    }
    if !one.axioms.is_empty() {
        canvas.put("\n");
        heading(canvas, "Axioms used");
        for axiom in &one.axioms {
            let body = format!("{}: {} ({})", axiom.name, axiom.says, axiom.source);
            for (i, line) in text::wrap(&body, text::WIDTH - 4).iter().enumerate() {
                canvas.line(&format!("{}{line}", if i == 0 { "  " } else { "    " }));
            }
        }
    }
}

fn insertion(canvas: &mut Canvas, mapping: &Mapping, sources: &mut Sources) {
    let place = Step {
        file: mapping.file.clone(),
        line: mapping.line,
        function: mapping.function.clone(),
    };
    let protections: Vec<String> = mapping.protection.iter().map(text::word).collect();
    let kinds: Vec<&str> = mapping.kinds.iter().map(|kind| kind.word()).collect();
    let mut says = format!("{} with {}", mapping.api, protections.join(" or "));
    if !kinds.is_empty() {
        says.push_str(&format!(", which changes {}", kinds.join(" and ")));
    }
    passage(canvas, &place, &says, sources);
    if !mapping.vm_ops.is_empty() {
        canvas.line(&format!("  vm_ops {}", text::join(&mapping.vm_ops, ", ")));
    }
    canvas.put("\n");
    heading(canvas, "From the driver's operation");
    way(canvas, &mapping.path, sources);
}

fn fallen(canvas: &mut Canvas, one: &Fallen, sources: &mut Sources) {
    let reader = &one.reader;
    let mut says = format!("{}: {}", what(reader), text::word(&reader.verdict));
    if !reader.reasons.is_empty() {
        says.push_str(&format!(" ({})", text::join(&reader.reasons, ", ")));
    }
    says.push_str(&format!(" becomes {}", text::word(&one.becomes)));
    passage(canvas, &place_of(reader), &says, sources);
    for step in &one.trace {
        canvas.line(&format!(
            "        {}:{} in {}",
            step.file, step.line, step.function
        ));
    }
}

fn way(canvas: &mut Canvas, steps: &[Step], sources: &mut Sources) {
    for step in steps {
        passage(canvas, step, "", sources);
    }
}

fn place_of(reader: &Reader) -> Step {
    Step {
        file: reader.file.clone(),
        line: reader.line,
        function: reader.function.clone(),
    }
}

/// A place, what is to be said of it, and its source line.
fn passage(canvas: &mut Canvas, place: &Step, says: &str, sources: &mut Sources) {
    canvas.put("  ");
    let file = text::printable(&place.file).into_owned();
    canvas.styled(Style::File, &format!("{file}:{}", place.line));
    let mut rest = format!("  {}", place.function);
    if !says.is_empty() {
        rest.push_str(&format!(" — {says}"));
    }
    canvas.line(&text::printable(&rest));
    if let Some(line) = sources.line(&place.file, place.line) {
        canvas.styled(
            Style::Dim,
            &format!("      {}", text::printable(line.trim())),
        );
        canvas.put("\n");
    }
}

fn heading(canvas: &mut Canvas, text: &str) {
    canvas.styled(Style::Heading, text);
    canvas.put("\n");
}
