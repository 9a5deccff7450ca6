//! Who calls a function, and what it calls.

use rustc_hash::FxHashSet;

use super::estimate::names_of;
use super::graph::{CallEdge, CallGraph, Node};
use super::link::is_visible;
use super::search::Found;
use crate::program::FileId;

/// All calls from and to `nodes`, sorted by caller and place. Parses at most `fuel` functions.
pub fn neighbours(
    graph: &CallGraph<'_>,
    nodes: &[Node],
    fuel: usize,
) -> Found<Vec<(Node, CallEdge)>> {
    let mut callers = possible_callers(graph, nodes);
    let is_truncated = callers.len() > fuel;
    callers.truncate(fuel);
    let wanted: FxHashSet<Node> = nodes.iter().copied().collect();
    callers.retain(|caller| !wanted.contains(caller));
    let incoming = graph.expand(&callers).into_iter().map(|mut edges| {
        edges.retain(|edge| wanted.contains(&edge.to));
        edges
    });
    let outgoing = graph.expand(nodes);
    let mut calls: Vec<(Node, CallEdge)> = callers
        .iter()
        .zip(incoming)
        .chain(nodes.iter().zip(outgoing))
        .flat_map(|(&caller, edges)| edges.into_iter().map(move |edge| (caller, edge)))
        .collect();
    calls.sort_by_key(|(caller, edge)| (*caller, edge.offset, edge.to, edge.kind));
    Found {
        answer: calls,
        is_truncated,
    }
}

/// Whatever mentions the names of `nodes`, or a member that holds one of them; those that mention
/// the name come first.
fn possible_callers(graph: &CallGraph<'_>, nodes: &[Node]) -> Vec<Node> {
    let index = graph.index();
    let mut by_name = Vec::new();
    let mut members = Vec::new();
    for &node in nodes {
        let candidate = graph.candidate(node);
        let sees = |file: FileId| is_visible(graph.files(), file, &candidate);
        for name in names_of(graph, graph.name_hash(node)) {
            let callers = index.callers_hashed(name).chain(index.passers_hashed(name));
            let callers = callers.filter(|&(file, _)| sees(file));
            by_name.extend(callers.map(|(file, function)| graph.node(file, function)));
            let tables = index.tables_holding_hashed(name);
            let tables = tables.map(|(file, _, pair)| (file, pair));
            let held = tables.chain(index.stores_holding_hashed(name));
            let held = held.filter(|&(file, pair)| pair.member_hash != 0 && sees(file));
            members.extend(held.map(|(_, pair)| pair.member_hash));
        }
    }
    members.sort();
    members.dedup();
    let mut by_member: Vec<Node> = members
        .into_iter()
        .flat_map(|member| index.member_callers_hashed(member))
        .map(|(file, function)| graph.node(file, function))
        .collect();
    by_name.sort();
    by_member.sort();
    let mut seen = FxHashSet::default();
    by_name
        .into_iter()
        .chain(by_member)
        .filter(|&node| seen.insert(node))
        .collect()
}
