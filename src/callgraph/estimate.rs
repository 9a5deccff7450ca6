//! How many calls away a function is, at least: a search over the lexical index.
//!
//! The index does not know types: a call through a member can reach whatever a member of that
//! name is set to anywhere, and any name that is passed on is a callback. So there is an edge here
//! wherever there is one in truth, and the distance found here is never more than the true one.
//! Members are visited once each, not once per pair of caller and callee: of those there are
//! millions.

use std::collections::BTreeMap;

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
            next: Vec::new(),
            depth: 0,
        };
        for &target in targets {
            search.reach(target);
        }
        while !search.next.is_empty() && search.depth < u16::MAX - 1 {
            search.depth += 1;
            let layer = std::mem::take(&mut search.next);
            let mut by_name: BTreeMap<u32, Vec<Candidate<Node>>> = BTreeMap::new();
            for node in layer {
                let hash = graph.entry(node).name_hash;
                by_name.entry(hash).or_default().push(graph.candidate(node));
            }
            for (hash, definitions) in by_name {
                search.callers_of(hash, &definitions);
            }
        }
        Estimate { hops: search.hops }
    }
}

struct Search<'g, 'a> {
    graph: &'g CallGraph<'a>,
    hops: Vec<u16>,
    members: FxHashSet<u32>,
    next: Vec<Node>,
    depth: u16,
}

impl Search<'_, '_> {
    fn reach(&mut self, node: Node) {
        let hops = &mut self.hops[node.0 as usize];
        if *hops == u16::MAX {
            *hops = self.depth;
            self.next.push(node);
        }
    }

    /// Visits whatever can call or hold one of `definitions`, which are all called the same.
    fn callers_of(&mut self, hash: u32, definitions: &[Candidate<Node>]) {
        for name in names_of(self.graph, hash) {
            self.callers_by_name(name, definitions);
        }
    }

    fn callers_by_name(&mut self, hash: u32, definitions: &[Candidate<Node>]) {
        let graph = self.graph;
        let sees = |file: FileId| {
            definitions
                .iter()
                .any(|definition| is_visible(graph.files(), file, definition))
        };
        let index = graph.index();
        for (file, function) in index
            .callers_hashed(hash)
            .chain(index.passers_hashed(hash))
        {
            let caller = graph.node(file, function);
            if self.hops[caller.0 as usize] == u16::MAX && sees(file) {
                self.reach(caller);
            }
        }
        let held = index
            .tables_holding_hashed(hash)
            .map(|(file, _, pair)| (file, pair))
            .chain(index.stores_holding_hashed(hash));
        for (file, pair) in held {
            let is_new = pair.member_hash != 0 && !self.members.contains(&pair.member_hash);
            if is_new && sees(file) {
                self.members.insert(pair.member_hash);
                self.callers_of_member(pair.member_hash);
            }
        }
    }

    fn callers_of_member(&mut self, hash: u32) {
        for (file, function) in self.graph.index().member_callers_hashed(hash) {
            self.reach(self.graph.node(file, function));
        }
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
