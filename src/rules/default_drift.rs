//! An mmap operation stores what core mm does not keep when it sets the default.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Base, EventKind, Run, Term, TermStep, Terms, Word};
use crate::arch::Modifier;
use crate::callgraph::{FnId, TableId};
use crate::program::Symbol;
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
    /// Helpers that made the mode.
    what: BTreeSet<String>,
    /// Architectures it happens on; none where it is any of those that share `pgprot_modify()`.
    arches: BTreeSet<String>,
    is_made_later: bool,
    /// Every architecture that has the helper loses what it does.
    is_certain: bool,
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
            let mut is_certain = false;
            for term in lasting(protection, &exits) {
                for (name, its) in keepers.forgotten(input, event.function, term) {
                    let with_helper = input.places.arches_defining(&name);
                    is_certain |= its.is_empty() || with_helper.is_subset(&its);
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
                is_certain,
                is_made_later: exits
                    .iter()
                    .any(|exit| exit.tables().any(|table| faulted.contains(&table))),
            };
            let rank = |drift: &Drift<'_>| {
                (
                    !drift.is_certain,
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

fn is_helper(input: &Input<'_>, step: &TermStep) -> bool {
    matches!(input.dictionary.word(step.by, 1), Some(Word::Protection(_)))
}

/// What `pgprot_modify()` keeps, by architecture.
struct Keepers {
    /// The tree has one.
    exist: bool,
    /// Modes that it loses, with the architectures.
    forgets: BTreeMap<String, BTreeSet<String>>,
    /// Modes of which the architectures tell something.
    known: BTreeSet<String>,
    /// One that is no architecture's names no mode: it goes by bits.
    goes_by_bits: bool,
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
            goes_by_bits: false,
            by_bits: BTreeSet::new(),
        };
        for (_, function) in merges {
            keepers.exist = true;
            if let Some(arch) = input.places.arch(function.file) {
                keepers.by_bits.insert(arch);
            } else {
                // Where no architecture is in the tree, what it names is what it keeps.
                let exprs = function.bodies.iter().flat_map(|body| &body.exprs);
                let names = exprs.filter_map(|expr| match expr.kind {
                    crate::program::ExprKind::Global(name) => Some(name),
                    _ => None,
                });
                let names: Vec<Symbol> = names.collect();
                let is_mode = |name: &Symbol| {
                    matches!(input.dictionary.word(*name, 1), Some(Word::Protection(_)))
                };
                keepers.goes_by_bits |= !names.iter().any(is_mode);
                keepers.known.extend(names.iter().map(ToString::to_string));
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
    fn forgotten(
        &self,
        input: &Input<'_>,
        function: FnId,
        term: &Term,
    ) -> Vec<(String, BTreeSet<String>)> {
        if !matches!(term.base, Base::Own { .. } | Base::Recomputed) {
            return Vec::new();
        }
        let own = input.places.arch(input.program.function(function).file);
        let mut found = Vec::new();
        let bits = term.steps.iter().filter(|step| !is_helper(input, step));
        let bits: Vec<&TermStep> = bits.filter(|step| step.kind != Kind::Permission).collect();
        for step in term.steps.iter().filter(|step| is_helper(input, step)) {
            let name = step.by.to_string();
            let mut arches = self.forgets.get(&name).cloned().unwrap_or_default();
            if let Some(own) = &own {
                arches.retain(|arch| arch == own);
            }
            let is_kept = self.goes_by_bits || self.known.contains(&name);
            let is_unknown = input.matrix.rows.is_empty() && !is_kept;
            if (!arches.is_empty() || is_unknown) && step.kind != Kind::Permission {
                found.push((name, arches));
            }
        }
        // An architecture's own code makes its own modes from bits, in other words than the helper
        // does that keeps them.
        if own.is_none() && !bits.is_empty() {
            found.extend(self.by_hand(input, &bits));
        }
        found
    }

    /// A mode put together from bits: only a `pgprot_modify()` that goes by bits keeps it.
    fn by_hand(&self, input: &Input<'_>, bits: &[&TermStep]) -> Option<(String, BTreeSet<String>)> {
        let mut arches: Option<BTreeSet<String>> = None;
        let mut is_attribute = false;
        for step in bits {
            let name = step.by.to_string();
            let name = name.trim_end_matches("()");
            let theirs = input.places.arches_defining(name);
            let is_name = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            // A number, or a value from a table, can be anything; a name says what it is.
            is_attribute |= !is_name || name == "expression" || step.kind != Kind::Other;
            if !theirs.is_empty() {
                arches = Some(match arches {
                    Some(known) => known.intersection(&theirs).cloned().collect(),
                    None => theirs,
                });
            }
        }
        let is_known = arches.is_some();
        let mut arches = arches.unwrap_or_default();
        arches.retain(|arch| !self.by_bits.contains(arch));
        let is_kept = !is_attribute || is_known && arches.is_empty();
        (!is_kept).then(|| ("single bits".to_owned(), arches))
    }
}

fn finding(input: &Input<'_>, drift: &Drift<'_>) -> Finding {
    let function = input.program.function(drift.site.function).name;
    let what: Vec<&str> = drift.what.iter().map(String::as_str).collect();
    let what = what.join(", ");
    let text = Text {
        message: format!(
            "`{function}` stores a mode made with {what} in `vm_page_prot`, which core mm does not \
             keep"
        ),
        label: "replaced by the default right after mmap".to_owned(),
        why: match drift.is_made_later {
            true => WHY_LATER,
            false => WHY_NOW,
        },
        help: HELP,
        what: "store".to_owned(),
    };
    let severity = match (drift.is_certain, drift.is_made_later) {
        // Whether this code is ever built for one of them is not in the sources.
        (false, _) => Severity::Note,
        (true, true) => Severity::Error,
        (true, false) => Severity::Warning,
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
