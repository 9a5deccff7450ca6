//! What can be done at a place: allow a finding, read about its rule, take a proof along.

use std::collections::HashMap;

use gen_lsp_types::{
    CodeAction, CodeActionKind, Command, Diagnostic, Position, Range, TextEdit, WorkspaceEdit,
};
use serde_json::{Value, json};

use crate::pipeline::WhyAnswer;
use crate::report::{self, termcolor::Buffer};
use crate::rules::Finding;

use super::diagnostics::range_of;
use super::text::Text;
use super::view::View;

/// Shows the page of a rule; its argument is the rule's name.
pub const EXPLAIN_RULE: &str = "ptelint.explainRule";
/// Shows proofs and insertions; its arguments are a URI and a position.
pub const SHOW_PROOF: &str = "ptelint.showProof";
/// Takes a proof along; its argument is the text. A client that has a clipboard does it itself.
pub const COPY_PROOF: &str = "ptelint.copyProof";

/// All commands that the server executes.
pub const ALL: &[&str] = &[EXPLAIN_RULE, SHOW_PROOF, COPY_PROOF];

/// The actions in a range. `diagnostics` are those of the file as the client has them.
pub fn actions(
    view: View<'_>,
    path: &str,
    range: Range,
    diagnostics: &[Diagnostic],
) -> Vec<CodeAction> {
    let mut actions = Vec::new();
    let findings = view.snapshot.findings.get(path).into_iter().flatten();
    for finding in findings {
        let Some(place) = view.range(path, range_of(finding)) else {
            continue;
        };
        if !meets(place, range) {
            continue;
        }
        let solves: Vec<Diagnostic> = diagnostics
            .iter()
            .filter(|one| {
                let fingerprint = one.data.as_ref().map(|data| &data["fingerprint"]);
                fingerprint.is_some_and(|it| *it == finding.fingerprint)
            })
            .cloned()
            .collect();
        let rule = finding.rule;
        if let Some(edit) = allowing(view, finding) {
            actions.push(CodeAction {
                title: format!("Allow `{rule}` here, with a comment that says why"),
                kind: Some(CodeActionKind::QuickFix),
                diagnostics: Some(solves.clone()),
                edit: Some(edit),
                ..CodeAction::default()
            });
        }
        let title = format!("Explain rule `{rule}`");
        actions.push(CodeAction {
            title: title.clone(),
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(solves),
            command: Some(command(title, EXPLAIN_RULE, vec![json!(rule)])),
            ..CodeAction::default()
        });
    }
    if let Some(text) = proof(view, path, range) {
        let title = "Copy the proof as text".to_owned();
        actions.push(CodeAction {
            title: title.clone(),
            kind: Some(CodeActionKind::Empty),
            command: Some(command(title, COPY_PROOF, vec![json!(text)])),
            ..CodeAction::default()
        });
    }
    actions
}

fn command(title: String, name: &str, arguments: Vec<Value>) -> Command {
    Command {
        title,
        tooltip: None,
        command: name.to_owned(),
        arguments: Some(arguments),
    }
}

/// The proofs of the uses on some lines, and the insertions there, as `ptelint why` prints them.
pub fn proof(view: View<'_>, path: &str, range: Range) -> Option<String> {
    let lines = range.start.line..=range.end.line;
    let report = &view.snapshot.report;
    let is_here = |line: u32| {
        let now = view.line(path, line);
        now.is_some_and(|now| lines.contains(&now.start.line))
    };
    let uses = view.snapshot.uses_in(path).filter_map(|i| {
        let one = &view.snapshot.uses()[i];
        is_here(one.reader.line).then(|| one.clone())
    });
    let helpers = report.proofs.helpers.iter();
    let mut helpers = helpers.filter(|helper| helper.file == path && is_here(helper.line));
    let helper = helpers.next().map(|helper| helper.function.as_str());
    let mappings = report.mappings.iter();
    let mappings = mappings.filter(|mapping| {
        (mapping.file == path && is_here(mapping.line))
            || (mapping.is_override && helper == Some(mapping.api.as_str()))
    });
    let sources = view.snapshot.report.clone();
    let answer = WhyAnswer {
        tree: report.tree.clone(),
        coverage: report.coverage,
        assumptions: report.proofs.assumptions.clone(),
        uses: uses.collect(),
        mappings: mappings.cloned().collect(),
        removed: Vec::new(),
        n_proofs: 0,
        fallen: Vec::new(),
        sources: Box::new(move |path| (sources.sources)(path)),
    };
    if answer.uses.is_empty() && answer.mappings.is_empty() {
        return None;
    }
    let mut buffer = Buffer::no_color();
    report::why(&answer, &mut buffer);
    Some(String::from_utf8_lossy(buffer.as_slice()).into_owned())
}

/// Puts a comment above the statement of a finding. The reason is left to the developer: without
/// one, `allow-comment` asks for it.
fn allowing(view: View<'_>, finding: &Finding) -> Option<WorkspaceEdit> {
    // A comment that is wrong is not allowed by another.
    if finding.rule == "allow-comment" || finding.rule == "lost-proof" {
        return None;
    }
    let place = view.range(&finding.file, range_of(finding))?;
    let document = view.document(&finding.file)?;
    let line = first_line(&document.text, place.start.line);
    let text = document.text.line(line);
    let indent = &text[..text.len() - text.trim_ascii_start().len()];
    let ending = match document.text.bytes().windows(2).any(|two| two == b"\r\n") {
        true => "\r\n",
        false => "\n",
    };
    let comment = format!(
        "{}/* ptelint: allow({}): */{ending}",
        String::from_utf8_lossy(indent),
        finding.rule
    );
    let start = Position { line, character: 0 };
    let edit = TextEdit {
        range: Range { start, end: start },
        new_text: comment,
    };
    Some(WorkspaceEdit {
        changes: Some(HashMap::from([(document.uri.clone(), vec![edit])])),
        ..WorkspaceEdit::default()
    })
}

/// The line a statement begins on, as far as line ends tell.
fn first_line(text: &Text, line: u32) -> u32 {
    let ends = |line: u32| {
        let text = text.line(line).trim_ascii();
        match text.last() {
            None => true,
            Some(last) => b";{}:".contains(last) || text.ends_with(b"*/") || text[0] == b'#',
        }
    };
    let mut first = line;
    // A comment holds for no more lines.
    while first > 0 && line - first < 15 && !ends(first - 1) {
        first -= 1;
    }
    first
}

fn meets(one: Range, other: Range) -> bool {
    let place = |position: Position| (position.line, position.character);
    place(one.start) <= place(other.end) && place(other.start) <= place(one.end)
}
