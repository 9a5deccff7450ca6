//! Fault handlers that insert overrides and, on the same way, return a page.
//!
//! The core maps a page that a handler returns with the default protection. That is right for a
//! page that is ordinary memory, which a handler is trusted to know (the axiom about handlers);
//! it is not beside entries that the handler made with another protection for the same mapping.
//! On which way a handler inserts and on which it returns a page is told by its runs.

use std::collections::BTreeSet;

use crate::callgraph::{FnId, TableId};
use crate::program::{Span, Symbol};
use crate::vocabulary::{AxiomEffect, Kind};

use super::entry::Run;
use super::facts::World;
use super::inventory::overrides;
use super::machine::CallPath;

/// A page that a handler returns beside overrides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Returned {
    /// Where `vmf->page` is set: the function and the place.
    pub page: (FnId, Span),
    /// The handler.
    pub handler: FnId,
    /// The table through which the kernel calls it.
    pub table: TableId,
    /// The insertion.
    pub inserted: (FnId, Span),
    /// From the handler to the insertion.
    pub path: CallPath,
    /// In which bits what was inserted differs from the default.
    pub kinds: BTreeSet<Kind>,
}

/// What handlers return beside overrides, one for each place that sets the page and each handler.
/// Entries that differ in permissions only lose nothing by it.
pub fn returned(world: World<'_>, runs: &[Run]) -> Vec<Returned> {
    let mut found: Vec<Returned> = runs
        .iter()
        .filter_map(|run| Some((run, run.table?)))
        .filter(|(run, table)| returns_pages(world, run.function, *table))
        .flat_map(|(run, table)| returned_by(run, table))
        .collect();
    found.sort();
    found.dedup_by_key(|one| (one.page, one.handler));
    found
}

/// True if a function is an operation whose page the core maps.
fn returns_pages(world: World<'_>, function: FnId, table: TableId) -> bool {
    let axioms = world.dictionary.axioms().iter();
    let members = axioms
        .filter(|axiom| axiom.effect == AxiomEffect::HandlerPage)
        .flat_map(|axiom| &axiom.functions);
    members
        .map(|member| world.program.table_functions(table, Symbol::new(member)))
        .any(|functions| functions.contains(&function))
}

fn returned_by(run: &Run, table: TableId) -> Vec<Returned> {
    if run.exits.iter().all(|exit| exit.pages.is_empty()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (inserted, path, kinds) in overrides(run) {
        if kinds.iter().all(|kind| *kind == Kind::Permission) {
            continue;
        }
        let exits = run.exits.iter();
        let pages: BTreeSet<(FnId, Span)> = exits
            .filter(|exit| exit.inserted.contains(&inserted))
            .flat_map(|exit| exit.pages.iter().copied())
            .collect();
        found.extend(pages.into_iter().map(|page| Returned {
            page,
            handler: run.function,
            table,
            inserted,
            path: path.clone(),
            kinds: kinds.clone(),
        }));
    }
    found
}
