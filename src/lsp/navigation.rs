//! From a use to its guards, and back.

use gen_lsp_types::Location;

use crate::analysis::Verdict;
use crate::pipeline::Explained;

use super::hover::{guards_at, uses_at};
use super::view::View;

/// What keeps override mappings away from the use at a place.
pub fn definitions(view: View<'_>, path: &str, at: usize) -> Vec<Location> {
    let uses = uses_at(view, path, at);
    unique(uses.flat_map(|(_, one)| guards_of(view, one)).collect())
}

/// The uses that a guard at a place protects; of a use, its guards and the way to it.
pub fn references(view: View<'_>, path: &str, at: usize) -> Vec<Location> {
    let protected = guards_at(view, path, at)
        .flat_map(|guard| &guard.uses)
        .filter_map(|&i| {
            let one = &view.snapshot.uses()[i];
            view.location_of(&one.reader.file, one.range)
        });
    let around = uses_at(view, path, at).flat_map(|(_, one)| {
        let way = one.trace.iter();
        let way = way.filter_map(|step| view.location(&step.file, step.line));
        guards_of(view, one)
            .into_iter()
            .chain(way)
            .collect::<Vec<_>>()
    });
    unique(protected.chain(around).collect())
}

fn guards_of(view: View<'_>, one: &Explained) -> Vec<Location> {
    let is_safe = one.reader.verdict == Verdict::Safe;
    let guards = one.guards.iter().filter(|_| is_safe);
    guards
        .flat_map(|guard| {
            let ranges = guard.ranges.iter();
            ranges.filter_map(|&range| view.location_of(&guard.place.file, range))
        })
        .collect()
}

/// Each place once, in their order.
fn unique(locations: Vec<Location>) -> Vec<Location> {
    let mut found: Vec<Location> = Vec::new();
    for location in locations {
        if !found.contains(&location) {
            found.push(location);
        }
    }
    found
}
