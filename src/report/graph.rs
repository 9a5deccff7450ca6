//! A part of the call graph, as text and for Graphviz.

use codespan_reporting::term::termcolor::Buffer;

use super::{Canvas, Style, text};
use crate::pipeline::{GraphAnswer, GraphEdge};

/// Writes a path if `from` and `to` are given, else the neighbourhood of the one that is.
pub fn graph_text(answer: &GraphAnswer, from: Option<&str>, to: Option<&str>, out: &mut Buffer) {
    let mut canvas = Canvas(out);
    match (from, to) {
        (Some(from), Some(to)) => path(&mut canvas, answer, from, to),
        (Some(name), None) | (None, Some(name)) => neighbourhood(&mut canvas, answer, name),
        (None, None) => {}
    }
    if answer.truncated && (from.is_none() || to.is_none()) {
        canvas.line("there is more: only a part of this neighbourhood is shown");
    }
}

fn path(canvas: &mut Canvas, answer: &GraphAnswer, from: &str, to: &str) {
    if answer.edges.is_empty() && from != to {
        canvas.line(&match answer.truncated {
            true => format!(
                "no call path from `{from}` to `{to}` was found before the limit of the search was \
                 reached; there may be one"
            ),
            false => format!(
                "no call path from `{from}` to `{to}` is known: calls through pointers without a \
                 known target are not followed"
            ),
        });
        return;
    }
    let width = answer.nodes.iter().map(|n| n.name.len()).max().unwrap_or(0);
    for (i, node) in answer.nodes.iter().enumerate() {
        canvas.line(&format!(
            "{:<width$}  {}",
            node.name,
            place(&node.file, node.line)
        ));
        if let Some(edge) = answer.edges.iter().find(|edge| edge.from == i) {
            canvas.styled(Style::Dim, "  → ");
            canvas.line(&call(edge));
        }
    }
}

fn neighbourhood(canvas: &mut Canvas, answer: &GraphAnswer, name: &str) {
    for (i, node) in answer.nodes.iter().enumerate() {
        if node.name != name {
            continue;
        }
        canvas.styled(Style::Heading, &node.name);
        canvas.line(&format!("  {}", place(&node.file, node.line)));
        let callers = answer.edges.iter().filter(|edge| edge.to == i);
        list(canvas, answer, "called by", callers, |edge| edge.from);
        let callees = answer.edges.iter().filter(|edge| edge.from == i);
        list(canvas, answer, "calls", callees, |edge| edge.to);
    }
}

fn list<'a>(
    canvas: &mut Canvas,
    answer: &GraphAnswer,
    title: &str,
    edges: impl Iterator<Item = &'a GraphEdge>,
    other: impl Fn(&GraphEdge) -> usize,
) {
    // A name can have a definition for each architecture; one row is enough for all.
    let mut rows: Vec<(&str, String, usize)> = Vec::new();
    for edge in edges {
        let Some(node) = answer.nodes.get(other(edge)) else {
            continue;
        };
        let call = call(edge);
        match rows.last_mut() {
            Some((name, last, n_definitions)) if *name == node.name && *last == call => {
                *n_definitions += 1;
            }
            _ => rows.push((&node.name, call, 1)),
        }
    }
    if rows.is_empty() {
        return;
    }
    canvas.line(&format!("  {title}"));
    let width = rows.iter().map(|(name, ..)| name.len()).max();
    let width = width.unwrap_or(0).min(40);
    for (name, call, n_definitions) in rows {
        let remark = match n_definitions {
            1 => String::new(),
            n => format!(" ({n} definitions)"),
        };
        canvas.line(&format!("    {name:<width$}  {call}{remark}"));
    }
}

/// `called at mm/memory.c:12`, and through what.
fn call(edge: &GraphEdge) -> String {
    let at = place(&edge.file, edge.line);
    match edge.kind {
        "direct" => format!("called at {at}"),
        "ops" => format!("called at {at} through {}", edge.label),
        _ if edge.label.is_empty() => format!("passed as a callback at {at}"),
        _ => format!("passed as a callback at {at} to {}", edge.label),
    }
}

fn place(file: &str, line: u32) -> String {
    format!("{}:{line}", text::printable(file))
}

/// The answer in the DOT language.
pub fn graph_dot(answer: &GraphAnswer) -> String {
    let mut out = String::from("digraph ptelint {\n    node [shape=box];\n");
    for (i, node) in answer.nodes.iter().enumerate() {
        let label = format!("{}\n{}:{}", node.name, node.file, node.line);
        out.push_str(&format!("    n{i} [label=\"{}\"];\n", dot_escape(&label)));
    }
    for edge in &answer.edges {
        let style = match edge.kind {
            "direct" => "solid",
            "ops" => "bold",
            _ => "dashed",
        };
        let label = dot_escape(&edge.label);
        let (from, to) = (edge.from, edge.to);
        out.push_str(&format!(
            "    n{from} -> n{to} [style={style}, label=\"{label}\"];\n"
        ));
    }
    out.push_str("}\n");
    out
}

fn dot_escape(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    escaped.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_quotes_what_would_end_a_string() {
        assert_eq!(dot_escape("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
