//! What stands above generic uses and insertion helpers, and behind lines.

use gen_lsp_types::{CodeLens, Command, InlayHint, InlayHintKind, Label, Position, Range};
use serde_json::json;

use crate::analysis::Verdict;
use crate::pipeline::Explained;
use crate::report;

use super::commands;
use super::view::View;

/// The lenses of a file.
pub fn lenses(view: View<'_>, path: &str) -> Vec<CodeLens> {
    let uri = view.uri(path);
    let lens = |range: Range, title: String| CodeLens {
        range,
        command: Some(Command {
            title,
            tooltip: None,
            command: commands::SHOW_PROOF.to_owned(),
            arguments: Some(vec![json!(uri), json!(range.start)]),
        }),
        data: None,
    };
    let uses = view.snapshot.uses_in(path).filter_map(|i| {
        let one = &view.snapshot.uses()[i];
        let title = title(view, i, one)?;
        Some(lens(view.range(path, one.range)?, title))
    });
    let helpers = view.snapshot.report.proofs.helpers.iter();
    let helpers = helpers.filter(|helper| helper.file == path);
    let helpers = helpers.filter_map(|helper| {
        let calls = view.snapshot.inserted_by(&helper.function);
        let (n_calls, n_overrides) = calls.fold((0, 0), |(n, n_overrides), mapping| {
            (n + 1, n_overrides + usize::from(mapping.is_override))
        });
        let title = format!(
            "{} can reach this, of {}",
            count(n_overrides, "override mapping"),
            count(n_calls, "insertion")
        );
        Some(lens(view.line(path, helper.line)?, title))
    });
    let mut lenses: Vec<CodeLens> = helpers.chain(uses).collect();
    lenses.sort_by_key(|lens| (lens.range.start.line, lens.range.start.character));
    lenses
}

/// The hints of some lines: verdicts behind uses, what differs behind insertions of overrides.
pub fn hints(view: View<'_>, path: &str, range: Range) -> Vec<InlayHint> {
    let uses = view.snapshot.uses_in(path).filter_map(|i| {
        let one = &view.snapshot.uses()[i];
        Some((view.range(path, one.range)?, title(view, i, one)?))
    });
    let mappings = view.snapshot.mappings_in(path).filter_map(|mapping| {
        let kinds: Vec<&str> = mapping.kinds.iter().map(|kind| kind.word()).collect();
        let range = view.name(path, (mapping.line, mapping.column))?;
        mapping
            .is_override
            .then(|| (range, format!("override: {}", kinds.join(", "))))
    });
    let Some(document) = view.document(path) else {
        return Vec::new();
    };
    let mut hints: Vec<InlayHint> = uses
        .chain(mappings)
        .filter(|(at, _)| (range.start.line..=range.end.line).contains(&at.end.line))
        .map(|(at, label)| {
            let end = Position {
                line: at.end.line,
                character: u32::MAX,
            };
            let end = document.text.offset(end, view.encoding);
            InlayHint {
                position: document.text.position(end, view.encoding),
                label: Label::String(label),
                kind: Some(InlayHintKind::Type),
                text_edits: None,
                tooltip: None,
                padding_left: Some(true),
                padding_right: None,
                data: None,
            }
        })
        .collect();
    hints.sort_by_key(|hint| (hint.position.line, hint.position.character));
    hints
}

/// The verdict on a use in a few words; none if no entry is made of it.
fn title(view: View<'_>, i: usize, one: &Explained) -> Option<String> {
    let reader = &one.reader;
    let verdict = report::word(&reader.verdict);
    Some(match reader.verdict {
        Verdict::NoEntry => return None,
        Verdict::Safe if !reader.reasons.is_empty() => {
            let reasons: Vec<&str> = reader.reasons.iter().map(String::as_str).collect();
            format!("{verdict}: {}", reasons.join(", "))
        }
        Verdict::Violation | Verdict::ArchDependent => {
            format!("{verdict}: {} can reach this", reaching(view, i))
        }
        Verdict::Unproven => format!("{verdict}: neither safe nor wrong"),
        Verdict::Insertion => format!("{verdict}: drivers insert entries with this"),
        Verdict::Safe => verdict,
    })
}

/// `3 override mappings`; where none of the tree suffers, one that the interfaces would allow.
fn reaching(view: View<'_>, i: usize) -> String {
    match view.snapshot.n_reaching(i) {
        0 => "an override mapping".to_owned(),
        n => count(n, "override mapping"),
    }
}

fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
