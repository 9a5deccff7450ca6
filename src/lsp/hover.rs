//! What is shown of a place: findings, the proof of a use, an insertion, what rests on a guard.

use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind, Range};

use crate::analysis::{Mapping, Step, Verdict};
use crate::pipeline::Explained;
use crate::report;
use crate::rules::Finding;

use super::diagnostics::range_of;
use super::markdown::{code, codes, prose};
use super::snapshot::Guard;
use super::view::View;

/// Uses that rest on a guard, or rewrite an entry, that are listed.
const MOST_LISTED: usize = 12;

/// What is to be said of a place of what was analysed.
pub fn hover(view: View<'_>, path: &str, at: usize, has_markdown: bool) -> Option<Hover> {
    let mut sections: Vec<(String, Option<Range>)> = Vec::new();
    for finding in findings_at(view, path, at) {
        sections.push((
            of_finding(view, finding),
            view.range(path, range_of(finding)),
        ));
    }
    for (_, one) in uses_at(view, path, at) {
        sections.push((of_use(view, one), view.range(path, one.range)));
    }
    for mapping in mappings_at(view, path, at) {
        let range = view.name(path, (mapping.line, mapping.column));
        sections.push((of_insertion(view, mapping), range));
    }
    for guard in guards_at(view, path, at) {
        sections.push((of_guard(view, guard), view.range(path, guard.range)));
    }
    let range = sections.first()?.1;
    let texts: Vec<String> = sections.into_iter().map(|(text, _)| text).collect();
    let text = texts.join("\n---\n\n");
    let markup = match has_markdown {
        true => MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        },
        false => MarkupContent {
            kind: MarkupKind::PlainText,
            value: plain(&text),
        },
    };
    Some(Hover {
        contents: Contents::MarkupContent(markup),
        range,
    })
}

/// The findings at a place.
pub fn findings_at<'a>(
    view: View<'a>,
    path: &'a str,
    at: usize,
) -> impl Iterator<Item = &'a Finding> {
    let findings = view.snapshot.findings.get(path).into_iter().flatten();
    findings.filter(move |finding| {
        let part = view.with_text(path, |text| text.offsets_of(range_of(finding)));
        part.is_some_and(|part| covers(part, at))
    })
}

/// The generic uses at a place, with their positions among all.
pub fn uses_at<'a>(
    view: View<'a>,
    path: &'a str,
    at: usize,
) -> impl Iterator<Item = (usize, &'a Explained)> {
    let range = view.snapshot.uses_in(path);
    range
        .map(move |i| (i, &view.snapshot.uses()[i]))
        .filter(move |(_, one)| {
            let part = view.with_text(path, |text| text.offsets_of(one.range));
            part.is_some_and(|part| covers(part, at))
        })
}

/// The insertions at a place.
pub fn mappings_at<'a>(
    view: View<'a>,
    path: &'a str,
    at: usize,
) -> impl Iterator<Item = &'a Mapping> {
    view.snapshot.mappings_in(path).filter(move |mapping| {
        let place = (mapping.line, mapping.column);
        let name = view.with_text(path, |text| text.name_at(text.offset_of(place)));
        name.flatten().is_some_and(|part| covers(part, at))
    })
}

/// The guards at a place.
pub fn guards_at<'a>(view: View<'a>, path: &'a str, at: usize) -> impl Iterator<Item = &'a Guard> {
    view.snapshot.guards_in(path).iter().filter(move |guard| {
        let part = view.with_text(path, |text| text.offsets_of(guard.range));
        part.is_some_and(|part| covers(part, at))
    })
}

fn covers((start, end): (usize, usize), at: usize) -> bool {
    (start..=end).contains(&at)
}

fn of_finding(view: View<'_>, finding: &Finding) -> String {
    let mut text = format!(
        "**{}** {} · {}\n\n{}\n\n",
        report::word(&finding.severity),
        code(finding.rule),
        code(&finding.function),
        prose(&finding.message)
    );
    if !finding.trace.is_empty() {
        text.push_str("How control gets here:\n\n");
        for step in &finding.trace {
            text.push_str(&format!(
                "- {} {}: {}\n",
                view.link(&step.file, step.line),
                code(&step.function),
                prose(&step.note)
            ));
        }
        text.push('\n');
    }
    for (head, body) in [("Why", &finding.why), ("Help", &finding.help)] {
        if !body.is_empty() {
            text.push_str(&format!("*{head}:* {}\n\n", prose(body)));
        }
    }
    text
}

fn of_use(view: View<'_>, one: &Explained) -> String {
    let reader = &one.reader;
    let mut text = format!(
        "**{}**: {} {} in {}\n\n",
        report::word(&reader.verdict),
        code(&reader.function),
        report::what(reader),
        code(&reader.file)
    );
    text.push_str(&capitalised(report::meaning(reader.verdict)));
    if !reader.reasons.is_empty() {
        let reasons: Vec<&str> = reader.reasons.iter().map(String::as_str).collect();
        text.push_str(&format!("; because *{}*", reasons.join("*, *")));
    }
    if !reader.arches.is_empty() {
        let arches = reader.arches.iter().map(String::as_str);
        text.push_str(&format!("; wrong on {}", codes(arches)));
    }
    text.push_str(".\n\n");
    if let Some(condition) = &reader.condition {
        text.push_str(&format!("Only if {}.\n\n", code(condition)));
    }
    let assumptions = &view.snapshot.report.proofs.assumptions;
    let is_judged = !one.guards.is_empty() || !one.trace.is_empty();
    if is_judged && !assumptions.is_empty() {
        let assumed: Vec<String> = assumptions.iter().map(|text| code(text)).collect();
        text.push_str(&format!(
            "Assumed of an override mapping: {}.\n\n",
            assumed.join(" or ")
        ));
    }
    if !one.guards.is_empty() && reader.verdict == Verdict::Safe {
        text.push_str("What keeps it away:\n\n");
        for guard in &one.guards {
            text.push_str(&passage(view, &guard.place, guard.says));
        }
        text.push('\n');
    }
    if !one.trace.is_empty() {
        text.push_str("How it gets there:\n\n");
        for step in &one.trace {
            text.push_str(&passage(view, step, ""));
        }
        text.push('\n');
        for state in &one.states {
            text.push_str(&format!("The entry can be {}:\n\n", state.state));
            for step in &state.trace {
                text.push_str(&passage(view, step, ""));
            }
            text.push('\n');
        }
    }
    if one.guards.is_empty() && one.trace.is_empty() && !reader.evidence.is_empty() {
        text.push_str("What that rests on:\n\n");
        for evidence in &reader.evidence {
            let link = view.link(&evidence.file, evidence.line);
            text.push_str(&format!("- {link} {}\n", prose(&evidence.text)));
        }
        text.push('\n');
    }
    for question in &one.questions {
        text.push_str(&format!("*Question:* {}\n\n", prose(question)));
    }
    if !one.axioms.is_empty() {
        text.push_str("Axioms used:\n\n");
        for axiom in &one.axioms {
            text.push_str(&format!(
                "- {}: {} ({})\n",
                code(&axiom.name),
                prose(&axiom.says),
                prose(&axiom.source)
            ));
        }
        text.push('\n');
    }
    text
}

fn of_insertion(view: View<'_>, mapping: &Mapping) -> String {
    let words: Vec<String> = mapping.protection.iter().map(report::word).collect();
    let mut text = format!(
        "**{}**: {} inserts entries with {}",
        match mapping.is_override {
            true => "override",
            false => "insertion",
        },
        code(&mapping.api),
        codes(words.iter().map(String::as_str)),
    );
    if !mapping.kinds.is_empty() {
        let kinds: Vec<&str> = mapping.kinds.iter().map(|kind| kind.word()).collect();
        text.push_str(&format!(", which changes {}", kinds.join(" and ")));
    }
    text.push_str(".\n\n");
    for adjust in &mapping.api_adjusts {
        text.push_str(&format!(
            "- {} changes {} on the way\n",
            code(&adjust.function),
            adjust.kind.word()
        ));
    }
    let mut row = |head: &str, body: String| {
        if !body.is_empty() {
            text.push_str(&format!("- {head}: {body}\n"));
        }
    };
    row("level", code(&report::word(&mapping.level)));
    row("`vm_ops`", codes(mapping.vm_ops.iter().map(String::as_str)));
    row(
        "`vm_flags` set",
        codes(mapping.vm_flags.iter().map(String::as_str)),
    );
    row("copy-on-write mapping", report::word(&mapping.cow));
    row(
        "only if",
        mapping.condition.as_deref().map(code).unwrap_or_default(),
    );
    text.push('\n');
    if !mapping.path.is_empty() {
        text.push_str("From the driver's operation:\n\n");
        for step in &mapping.path {
            text.push_str(&passage(view, step, ""));
        }
        text.push('\n');
    }
    let rewriters: Vec<&Explained> = view.snapshot.rewriters_of(mapping).collect();
    match (rewriters.is_empty(), mapping.is_override) {
        (false, _) => {
            text.push_str("Generic code that rewrites its entries:\n\n");
            text.push_str(&listed(view, rewriters.into_iter()));
        }
        (true, true) => {
            text.push_str("No generic code was found that rewrites its entries.\n\n");
        }
        (true, false) => {}
    }
    text
}

fn of_guard(view: View<'_>, guard: &Guard) -> String {
    let uses = guard.uses.iter().map(|&i| &view.snapshot.uses()[i]);
    let n = guard.uses.len();
    format!(
        "**guard**: {}. {} on it:\n\n{}",
        guard.says,
        match n {
            1 => "One proof rests".to_owned(),
            n => format!("{n} proofs rest"),
        },
        listed(view, uses)
    )
}

fn listed<'a>(view: View<'_>, uses: impl ExactSizeIterator<Item = &'a Explained>) -> String {
    let n_more = uses.len().saturating_sub(MOST_LISTED);
    let mut text = String::new();
    for one in uses.take(MOST_LISTED) {
        let reader = &one.reader;
        text.push_str(&format!(
            "- {} {} {}: {}\n",
            view.link(&reader.file, reader.line),
            code(&reader.function),
            report::what(reader),
            report::word(&reader.verdict)
        ));
    }
    if n_more > 0 {
        text.push_str(&format!("- and {n_more} more\n"));
    }
    text.push('\n');
    text
}

fn passage(view: View<'_>, step: &Step, says: &str) -> String {
    let mut text = format!(
        "- {} {}",
        view.link(&step.file, step.line),
        code(&step.function)
    );
    if !says.is_empty() {
        text.push_str(&format!(" — {says}"));
    }
    if let Some(source) = view.source(&step.file, step.line) {
        text.push_str(&format!("  \n  {}", code(&source)));
    }
    text.push('\n');
    text
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Markdown of ours without its marks, for a client that shows plain text.
fn plain(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(character) = rest.chars().next() {
        let behind = &rest[character.len_utf8()..];
        rest = match character {
            '\\' => match behind.chars().next() {
                Some(next) => {
                    out.push(next);
                    &behind[next.len_utf8()..]
                }
                None => behind,
            },
            // The place is in the text of a link.
            ']' if behind.starts_with('(') => match behind.find(')') {
                Some(end) => &behind[end + 1..],
                None => behind,
            },
            '*' | '`' | '[' => behind,
            other => {
                out.push(other);
                behind
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_marks() {
        let markdown = "**safe**: [mm/a\\_b.c:3](file:///x/mm/a_b.c#L3) `f`\n\n*flags*";
        assert_eq!(plain(markdown), "safe: mm/a_b.c:3 f\n\nflags");
    }
}
