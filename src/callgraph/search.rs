//! A shortest call path between two sets of functions.
//!
//! A* search: functions are expanded in order of the calls made so far plus the calls that are
//! needed at least, which [`Estimate`] knows. Of a whole kernel only the few functions are parsed
//! that could be on a path as short as the shortest.
//!
//! A path does not go through two architectures: what is searched are pairs of a function and the
//! architecture the path to it has committed to.

use std::collections::BTreeMap;

use petgraph::algo::astar;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

use super::estimate::Estimate;
use super::graph::{CallEdge, CallGraph, CallKind, Node};
use crate::program::Symbol;

/// An answer, and whether it is all there is.
#[derive(Clone, Debug, Default)]
pub struct Found<T> {
    /// What was found.
    pub answer: T,
    /// True if the search ended because its fuel did.
    pub is_truncated: bool,
}

/// A function on a path, and the call it makes to the next one.
pub type Step = (Node, Option<CallEdge>);

/// A shortest path from one of `from` to one of `to`, if there is any. Parses at most `fuel`
/// functions.
///
/// Calls that only a member's name explains count as several, so that they are used where there
/// is no other way. Of paths of the same length, direct calls are preferred to calls through
/// structures, and those to callbacks.
pub fn shortest_path(
    graph: &CallGraph<'_>,
    from: &[Node],
    to: &[Node],
    fuel: usize,
) -> Found<Option<Vec<Step>>> {
    let mut search = Search {
        graph,
        estimate: Estimate::new(graph, to),
        known: DiGraph::new(),
        states: FxHashMap::default(),
        hops: Vec::new(),
        open: BTreeMap::new(),
        expanded: FxHashMap::default(),
    };
    for &start in from {
        search.reach(None, start, graph.arch(start), 0);
    }
    let targets: FxHashSet<Node> = to.iter().copied().collect();
    let is_complete = search.run(&targets, fuel);
    // Where the fuel ended, a longer path may be known that is not the shortest.
    let answer = if is_complete {
        search.best(from, &targets)
    } else {
        None
    };
    Found {
        answer,
        is_truncated: !is_complete,
    }
}

/// A function, and the architecture of the path to it.
type State = (Node, Option<Symbol>);

/// What a call counts for that only a member's name explains.
const UNTYPED_HOPS: u32 = 4;

struct Search<'g, 'a> {
    graph: &'g CallGraph<'a>,
    estimate: Estimate,
    /// What is known of the call graph.
    known: DiGraph<State, CallEdge>,
    states: FxHashMap<State, NodeIndex>,
    /// Calls made to reach each of the known states.
    hops: Vec<u32>,
    /// States to expand, by the number of calls of the shortest path they could be on.
    open: BTreeMap<u32, Vec<NodeIndex>>,
    expanded: FxHashMap<Node, Vec<CallEdge>>,
}

impl Search<'_, '_> {
    /// True unless the fuel ended.
    fn run(&mut self, targets: &FxHashSet<Node>, fuel: usize) -> bool {
        let mut done: FxHashSet<NodeIndex> = FxHashSet::default();
        let mut is_found = false;
        while let Some((bound, mut layer)) = self.open.pop_first() {
            layer.retain(|&at| self.bound(at) == Some(bound) && done.insert(at));
            let states: Vec<State> = layer.iter().map(|&at| self.known[at]).collect();
            if !self.expand(&states, fuel) {
                return false;
            }
            for (&at, &(node, arch)) in layer.iter().zip(&states) {
                let edges = self.expanded.get(&node).cloned().unwrap_or_default();
                for edge in edges {
                    let to_arch = self.graph.arch(edge.to);
                    if arch.is_some() && to_arch.is_some() && arch != to_arch {
                        continue;
                    }
                    self.reach(Some((at, edge)), edge.to, arch.or(to_arch), hops_of(&edge));
                }
            }
            is_found |= states.iter().any(|(node, _)| targets.contains(node));
            // All paths of this length are completed, so that the choice among them is not left
            // to chance.
            if is_found && !self.open.contains_key(&bound) {
                return true;
            }
        }
        true
    }

    /// Expands those of `states` that are not yet; false if that takes more than `fuel`.
    fn expand(&mut self, states: &[State], fuel: usize) -> bool {
        let mut wanted: Vec<Node> = states
            .iter()
            .map(|&(node, _)| node)
            .filter(|node| !self.expanded.contains_key(node))
            .collect();
        wanted.sort();
        wanted.dedup();
        if self.expanded.len() + wanted.len() > fuel {
            return false;
        }
        let edges = self.graph.expand(&wanted);
        for (node, mut edges) in wanted.into_iter().zip(edges) {
            edges.retain(|edge| self.estimate.hops(edge.to).is_some());
            self.expanded.insert(node, edges);
        }
        true
    }

    /// Notes that `node` can be reached, by an edge from a known state.
    fn reach(
        &mut self,
        by: Option<(NodeIndex, CallEdge)>,
        node: Node,
        arch: Option<Symbol>,
        n_hops: u32,
    ) {
        if self.estimate.hops(node).is_none() {
            return;
        }
        let hops = n_hops + by.map_or(0, |(from, _)| self.hops[from.index()]);
        // With no architecture chosen everything is possible that is with one.
        if arch.is_some()
            && let Some(general) = self.states.get(&(node, None))
            && self.hops[general.index()] <= hops
        {
            return;
        }
        let (at, is_better) = match self.states.get(&(node, arch)) {
            Some(&at) => (at, hops < self.hops[at.index()]),
            None => {
                let at = self.known.add_node((node, arch));
                self.states.insert((node, arch), at);
                self.hops.push(hops);
                (at, true)
            }
        };
        if is_better {
            self.hops[at.index()] = hops;
            if let Some(bound) = self.bound(at) {
                self.open.entry(bound).or_default().push(at);
            }
        }
        if let Some((from, edge)) = by {
            self.known.add_edge(from, at, edge);
        }
    }

    /// The calls of the shortest path a state could be on.
    fn bound(&self, at: NodeIndex) -> Option<u32> {
        let (node, _) = self.known[at];
        Some(self.hops[at.index()] + self.estimate.hops(node)?)
    }

    /// The best path in what is known of the graph.
    fn best(&self, from: &[Node], targets: &FxHashSet<Node>) -> Option<Vec<Step>> {
        let starts = from
            .iter()
            .filter_map(|&node| self.states.get(&(node, self.graph.arch(node))));
        let paths = starts.filter_map(|&start| {
            astar(
                &self.known,
                start,
                |at| targets.contains(&self.known[at].0),
                |edge| cost(edge.weight()),
                |at| self.estimate.hops(self.known[at].0).unwrap_or(0) * HOP_COST,
            )
        });
        let (_, path) = paths.min_by_key(|(cost, _)| *cost)?;
        let step = |i: usize, at: NodeIndex| {
            let edge = path.get(i + 1).and_then(|&next| {
                self.known
                    .edges_connecting(at, next)
                    .map(|edge| *edge.weight())
                    .min_by_key(|edge| (cost(edge), edge.offset))
            });
            (self.known[at].0, edge)
        };
        Some(
            path.iter()
                .enumerate()
                .map(|(i, &at)| step(i, at))
                .collect(),
        )
    }
}

/// More than the preferences among paths of the same length add up to.
const HOP_COST: u32 = 1 << 12;

fn hops_of(edge: &CallEdge) -> u32 {
    if edge.is_typed { 1 } else { UNTYPED_HOPS }
}

fn cost(edge: &CallEdge) -> u32 {
    let preference = match edge.kind {
        CallKind::Direct => 0,
        CallKind::Ops => 1,
        CallKind::Callback => 2,
    };
    hops_of(edge) * HOP_COST + preference
}
