//! An mmap operation stores what core mm does not keep when it sets the default.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Base, EventKind, Run, Term, Terms, Word};
use crate::arch::Modifier;
use crate::callgraph::{FnId, TableId};
use crate::vocabulary::{Kind, Phase, ProtectionEffect};

use super::draft::{Site, Text};
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "default-drift",
    oracle: Oracle::Invariant,
    summary: "mmap stores a mode in vm_page_prot that core mm does not keep",
    page: include_str!("../../rules/default-drift.md"),
    check,
};

const WHY_LATER: &str = "vma_set_page_prot() runs right after the mmap operation and makes \
    vm_page_prot anew. Of the old value it keeps the modes that pgprot_modify() recognises, and \
    this is none of them: every entry that is made later has the default mode, and the one that was \
    asked for is never in effect.";
const WHY_NOW: &str = "vma_set_page_prot() runs right after the mmap operation and makes \
    vm_page_prot anew. Of the old value it keeps the modes that pgprot_modify() recognises, and \
    this is none of them: entries that are there already have the mode, vm_page_prot does not, and \
    mprotect() gives them the default on architectures that take the mode from there.";
const HELP: &str = "Use a mode that pgprot_modify() knows (pgprot_noncached(), \
    pgprot_writecombine(), pgprot_device()), or teach the architecture's pgprot_modify() to keep \
    this one. Where the mode is for single entries, pass it with vmf_insert_pfn_prot() instead.";

/// A store that does not last.
struct Drift<'a> {
    run: &'a Run,
    site: Site,
    path: crate::analysis::CallPath,
    what: BTreeSet<String>,
    /// Architectures it happens on; none where it is any of those that share `pgprot_modify()`.
    arches: BTreeSet<String>,
    is_made_later: bool,
}

fn check(input: &Input<'_>) -> Vec<Finding> {
    let keepers = Keepers::new(input);
    if !keepers.exist {
        // What a tree without pgprot_modify() does is not in it.
        return Vec::new();
    }
    let faulted = tables_with_own_entries(input);
    let mut found: BTreeMap<FnId, Drift<'_>> = BTreeMap::new();
    let mmaps = input.runs.iter();
    for run in mmaps.filter(|run| run.phase == Some(Phase::Mmap)) {
        for event in &run.events {
            let EventKind::StoreProtection {
                vma: 0,
                protection,
                is_copy: false,
                ..
            } = &event.kind
            else {
                continue;
            };
            let exits: Vec<_> = run
                .exits
                .iter()
                .filter(|exit| !exit.prot.set.is_disjoint(&protection.set))
                .collect();
            let mut what = BTreeSet::new();
            let mut arches = BTreeSet::new();
            for term in lasting(protection, &exits) {
                for (name, its) in keepers.forgotten(input, term) {
                    what.insert(name);
                    arches.extend(its);
                }
            }
            if what.is_empty() || is_made_elsewhere(input, event.function) {
                continue;
            }
            let drift = Drift {
                run,
                site: Site {
                    function: event.function,
                    span: event.span,
                },
                path: event.path.clone(),
                what,
                arches,
                is_made_later: exits
                    .iter()
                    .any(|exit| exit.tables().any(|table| faulted.contains(&table))),
            };
            let rank = |drift: &Drift<'_>| {
                (
                    !drift.is_made_later,
                    drift.path.len(),
                    drift.site,
                    drift.path.to_vec(),
                )
            };
            match found.get_mut(&event.function) {
                Some(known) => {
                    let both: BTreeSet<String> = known.what.union(&drift.what).cloned().collect();
                    let arches = known.arches.union(&drift.arches).cloned().collect();
                    if rank(&drift) < rank(known) {
                        *known = drift;
                    }
                    (known.what, known.arches) = (both, arches);
                }
                None => {
                    found.insert(event.function, drift);
                }
            }
        }
    }
    found
        .into_values()
        .map(|drift| finding(input, &drift))
        .collect()
}

/// The alternatives of a stored protection that the mapping is left with.
fn lasting<'t>(
    stored: &'t Terms,
    exits: &'t [&crate::analysis::VmaState],
) -> impl Iterator<Item = &'t Term> {
    let lasts = |term: &&Term| exits.iter().any(|exit| exit.prot.set.contains(*term));
    stored.set.iter().filter(lasts)
}

/// Core mm's own stores are what makes the default.
fn is_made_elsewhere(input: &Input<'_>, function: FnId) -> bool {
    super::late_prot_write::is_core(input, function)
}

/// Tables of operations that make entries with `vm_page_prot` when they are asked to.
fn tables_with_own_entries(input: &Input<'_>) -> BTreeSet<TableId> {
    let faults = input
        .runs
        .iter()
        .filter(|run| run.phase == Some(Phase::Fault));
    faults
        .filter(|run| {
            run.events.iter().any(|event| match &event.kind {
                EventKind::Insert { protection, .. } => {
                    protection.as_ref().is_none_or(|terms| terms.has_own())
                }
                _ => false,
            })
        })
        .filter_map(|run| run.table)
        .collect()
}

/// What `pgprot_modify()` keeps, by architecture.
struct Keepers {
    /// The tree has one.
    exist: bool,
    /// Modes that it loses, with the architectures.
    forgets: BTreeMap<String, BTreeSet<String>>,
    /// Modes of which the architectures tell something.
    known: BTreeSet<String>,
    /// Architectures with one of their own, which goes by bits.
    by_bits: BTreeSet<String>,
}

impl Keepers {
    fn new(input: &Input<'_>) -> Keepers {
        let merges = input.program.functions().filter(|(_, function)| {
            matches!(
                input.dictionary.word(function.name, 2),
                Some(Word::Protection(word)) if word.effect == ProtectionEffect::Merge
            )
        });
        let mut keepers = Keepers {
            exist: false,
            forgets: BTreeMap::new(),
            known: BTreeSet::new(),
            by_bits: BTreeSet::new(),
        };
        for (_, function) in merges {
            keepers.exist = true;
            if let Some(arch) = input.places.arch(function.file) {
                keepers.by_bits.insert(arch);
            } else {
                // Where no architecture is in the tree, what it names is what it keeps.
                let exprs = function.bodies.iter().flat_map(|body| &body.exprs);
                keepers.known.extend(exprs.filter_map(|expr| match expr.kind {
                    crate::program::ExprKind::Global(name) => Some(name.to_string()),
                    _ => None,
                }));
            }
        }
        let rows = input.matrix.rows.iter();
        for row in rows.filter(|row| row.function == Modifier::PgprotModify) {
            for name in &row.forgets {
                let arches = keepers.forgets.entry(name.clone()).or_default();
                arches.insert(row.arch.clone());
            }
        }
        keepers
    }

    /// What was done to a protection and is not done again, with the architectures.
    fn forgotten(&self, input: &Input<'_>, term: &Term) -> Vec<(String, BTreeSet<String>)> {
        if !matches!(term.base, Base::Own { .. } | Base::Recomputed) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for step in &term.steps {
            let name = step.by.to_string();
            let is_helper = matches!(
                input.dictionary.word(step.by, 1),
                Some(Word::Protection(_))
            );
            if is_helper {
                let arches = self.forgets.get(&name).cloned().unwrap_or_default();
                let is_unknown = input.matrix.rows.is_empty() && !self.known.contains(&name);
                if (!arches.is_empty() || is_unknown) && step.kind != Kind::Permission {
                    found.push((name, arches));
                }
            } else if step.kind != Kind::Permission {
                // A mode put together from bits: only a helper that goes by bits keeps it.
                let mut arches = input.places.arches_defining(&name);
                let is_theirs = !arches.is_empty();
                arches.retain(|arch| !self.by_bits.contains(arch));
                if !is_theirs || !arches.is_empty() {
                    found.push((name, arches));
                }
            }
        }
        found
    }
}

fn finding(input: &Input<'_>, drift: &Drift<'_>) -> Finding {
    let function = input.program.function(drift.site.function).name;
    let what: Vec<String> = drift.what.iter().map(|name| format!("`{name}`")).collect();
    let what = what.join(", ");
    let text = Text {
        message: format!(
            "`{function}` stores a mode made with {what} in `vm_page_prot`, and core mm does not \
             keep it"
        ),
        label: "replaced by the default right after mmap".to_owned(),
        why: match drift.is_made_later {
            true => WHY_LATER,
            false => WHY_NOW,
        },
        help: HELP,
        what: "store".to_owned(),
    };
    let severity = match drift.is_made_later {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let mut finding = input.draft(&RULE, severity, drift.site, text);
    if finding.arches.is_empty() {
        finding.arches.clone_from(&drift.arches);
    }
    finding.trace = input.trace(
        drift.run,
        &drift.path,
        drift.site.span,
        "stores the mode to `vm_page_prot`",
    );
    finding
}
