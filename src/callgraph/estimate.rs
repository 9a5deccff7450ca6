//! How many calls away a function is, at least: a search over the lexical index.
//!
//! The index does not know types: a call through a member can reach whatever a member of that
//! name is set to anywhere, and any name that is passed on is a callback. So there is an edge here
//! wherever there is one in truth, and the distance found here is never more than the true one.
//! Members are visited once each, not once per pair of caller and callee: of those there are
//! millions.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::graph::{CallGraph, Node};
use super::link::{Candidate, is_visible};
use crate::program::FileId;

/// Distances of all functions to the targets of a search.
pub(super) struct Estimate {
    hops: Vec<u16>,
}

impl Estimate {
    /// At least this many calls are needed; `None` if no number is enough.
    pub fn hops(&self, node: Node) -> Option<u32> {
        match self.hops[node.0 as usize] {
            u16::MAX => None,
            hops => Some(u32::from(hops)),
        }
    }

    /// Searches backwards from `targets`, one layer of callers after the other.
    pub fn new(graph: &CallGraph<'_>, targets: &[Node]) -> Estimate {
        let mut search = Search {
            graph,
            hops: vec![u16::MAX; graph.n_nodes()],
            members: FxHashSet::default(),
            depth: 0,
        };
        let mut layer = search.reach(targets.iter().copied());
        while !layer.is_empty() && search.depth < u16::MAX - 1 {
            search.depth += 1;
            layer = search.next_layer(layer);
        }
        Estimate { hops: search.hops }
    }
}

struct Search<'g, 'a> {
    graph: &'g CallGraph<'a>,
    hops: Vec<u16>,
    members: FxHashSet<u32>,
    depth: u16,
}

/// What can lead to a function.
#[derive(Default)]
struct Callers {
    functions: Vec<Node>,
    /// Hashes of members that can hold the function.
    members: Vec<u32>,
}

impl Search<'_, '_> {
    /// Those of `nodes` that were not reached before.
    fn reach(&mut self, nodes: impl Iterator<Item = Node>) -> Vec<Node> {
        let mut new = Vec::new();
        for node in nodes {
            let hops = &mut self.hops[node.0 as usize];
            if *hops == u16::MAX {
                *hops = self.depth;
                new.push(node);
            }
        }
        new
    }

    /// Whatever can call one of `layer` and was not reached before.
    fn next_layer(&mut self, layer: Vec<Node>) -> Vec<Node> {
        let mut by_name: BTreeMap<u32, Vec<Candidate<Node>>> = BTreeMap::new();
        for node in layer {
            let hash = self.graph.name_hash(node);
            let definitions = by_name.entry(hash).or_default();
            definitions.push(self.graph.candidate(node));
        }
        let callers: Vec<Callers> = by_name
            .into_iter()
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(hash, definitions)| self.callers_of(hash, &definitions))
            .collect();
        let members: Vec<u32> = callers
            .iter()
            .flat_map(|callers| &callers.members)
            .copied()
            .filter(|&member| self.members.insert(member))
            .collect();
        let index = self.graph.index();
        let by_member = members
            .into_iter()
            .flat_map(|member| index.member_callers_hashed(member))
            .map(|(file, function)| self.graph.node(file, function))
            .collect::<Vec<_>>();
        let by_name = callers.into_iter().flat_map(|callers| callers.functions);
        self.reach(by_name.chain(by_member))
    }

    /// Visits whatever can call or hold one of `definitions`, which are all called the same.
    fn callers_of(&self, hash: u32, definitions: &[Candidate<Node>]) -> Callers {
        let graph = self.graph;
        let index = graph.index();
        let sees = |file: FileId| {
            definitions
                .iter()
                .any(|definition| is_visible(graph.files(), file, definition))
        };
        let mut found = Callers::default();
        for name in names_of(graph, hash) {
            for (file, function) in index.callers_hashed(name).chain(index.passers_hashed(name)) {
                let caller = graph.node(file, function);
                if self.hops[caller.0 as usize] == u16::MAX && sees(file) {
                    found.functions.push(caller);
                }
            }
            let held = index
                .tables_holding_hashed(name)
                .map(|(file, _, pair)| (file, pair.member_hash))
                .chain(
                    index
                        .stores_holding_hashed(name)
                        .map(|(file, pair)| (file, pair.member_hash)),
                );
            for (file, member) in held {
                if member != 0 && !self.members.contains(&member) && sees(file) {
                    found.members.push(member);
                }
            }
        }
        found
    }
}

/// A name and those that stand for it by `#define OTHER NAME`.
pub(super) fn names_of(graph: &CallGraph<'_>, hash: u32) -> Vec<u32> {
    let mut names = vec![hash];
    let mut at = 0;
    while at < names.len() {
        for alias in graph.index().aliases_of_hashed(names[at]) {
            if !names.contains(&alias) {
                names.push(alias);
            }
        }
        at += 1;
    }
    names
}
