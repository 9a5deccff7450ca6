//! Who calls whom, through tables of operations, too.

use std::collections::BTreeMap;

use gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyItem, CallHierarchyOutgoingCall, Range, SymbolKind,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::pipeline::{GraphAnswer, GraphEdge, GraphNode};

use super::view::View;

/// Which function an item stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The number of the tree.
    pub tree: usize,
    /// Its name.
    pub name: String,
    /// The file of its definition, relative to the tree.
    pub file: String,
}

impl Function {
    /// The function that an item stands for; `None` if the item is not ours.
    pub fn of(item: &CallHierarchyItem) -> Option<Function> {
        serde_json::from_value(item.data.clone()?).ok()
    }

    fn is(&self, node: &GraphNode) -> bool {
        (&self.name, &self.file) == (&node.name, &node.file)
    }
}

/// A function as an item.
pub fn item(view: View<'_>, node: &GraphNode, detail: Option<String>) -> CallHierarchyItem {
    let name = view.name(&node.file, (node.line, node.column));
    let range = name.unwrap_or_default();
    CallHierarchyItem {
        name: node.name.clone(),
        kind: SymbolKind::Function,
        tags: None,
        detail: Some(detail.map_or_else(
            || node.file.clone(),
            |detail| format!("{} — {detail}", node.file),
        )),
        uri: view.uri(&node.file),
        range,
        selection_range: range,
        data: Some(json!(Function {
            tree: view.tree,
            name: node.name.clone(),
            file: node.file.clone(),
        })),
    }
}

/// The calls of a function.
pub fn incoming(
    view: View<'_>,
    function: &Function,
    answer: &GraphAnswer,
) -> Vec<CallHierarchyIncomingCall> {
    let found = grouped(answer, |edge| {
        function.is(&answer.nodes[edge.to]).then_some(edge.from)
    });
    let calls = found.into_iter().map(|((node, label), edges)| {
        let caller = &answer.nodes[node];
        CallHierarchyIncomingCall {
            from: item(view, caller, how(label)),
            from_ranges: ranges(view, &edges),
        }
    });
    calls.collect()
}

/// The functions that a function calls.
pub fn outgoing(
    view: View<'_>,
    function: &Function,
    answer: &GraphAnswer,
) -> Vec<CallHierarchyOutgoingCall> {
    let found = grouped(answer, |edge| {
        function.is(&answer.nodes[edge.from]).then_some(edge.to)
    });
    let calls = found.into_iter().map(|((node, label), edges)| {
        let callee = &answer.nodes[node];
        CallHierarchyOutgoingCall {
            to: item(view, callee, how(label)),
            from_ranges: ranges(view, &edges),
        }
    });
    calls.collect()
}

type Grouped<'a> = BTreeMap<(usize, &'a str), Vec<&'a GraphEdge>>;

/// Edges by the node at their other end and by how they come about.
fn grouped<'a>(
    answer: &'a GraphAnswer,
    other_end: impl Fn(&GraphEdge) -> Option<usize>,
) -> Grouped<'a> {
    let mut found = Grouped::new();
    for edge in &answer.edges {
        if let Some(node) = other_end(edge) {
            found.entry((node, &edge.label)).or_default().push(edge);
        }
    }
    found
}

fn how(label: &str) -> Option<String> {
    (!label.is_empty()).then(|| format!("through {label}"))
}

fn ranges(view: View<'_>, edges: &[&GraphEdge]) -> Vec<Range> {
    let edges = edges.iter();
    edges
        .filter_map(|edge| view.name(&edge.file, (edge.line, edge.column)))
        .collect()
}
