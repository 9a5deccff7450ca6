//! The hypothesis: this VMA is an override mapping. What is certain about it comes from the APIs
//! that insert overrides, and from how a VMA is born in this tree.

use std::collections::BTreeSet;

use crate::analysis::bits::Bits;
use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{ExprKind, Instr, Symbol};
use crate::vocabulary::{EntryKind, Insert, TargetKind};

/// One alternative of the hypothesis.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// What is certain about `vm_flags`: what the API enforces, and that it is none of the kinds
    /// that hold no overrides.
    pub flags: Bits,
    /// True if `vm_ops` is certainly not NULL.
    pub has_ops: bool,
}

/// The alternatives that the insertion APIs of this tree offer. An alternative that is certain of
/// more than another adds nothing and is left out.
/// `excluded` are the flags of kinds that hold no overrides, with the axioms that say so.
pub fn hypotheses(world: World<'_>, excluded: &[(usize, u128)]) -> Vec<Hypothesis> {
    let excluded = excluded.iter().fold(0, |all, (_, flags)| all | flags);
    let is_born_with_ops = is_born_with_ops(world);
    let mut found: BTreeSet<(bool, BTreeSet<String>)> = BTreeSet::new();
    for insert in apis(world) {
        // A fault handler is one of the operations.
        let has_ops = insert.target_is == TargetKind::Fault || is_born_with_ops;
        let certain: BTreeSet<String> = insert.sets.iter().cloned().collect();
        if insert.demands_one_of.is_empty() {
            found.insert((has_ops, certain));
            continue;
        }
        for flag in &insert.demands_one_of {
            let mut certain = certain.clone();
            certain.insert(flag.clone());
            found.insert((has_ops, certain));
        }
    }
    let is_minimal = |(has_ops, certain): &(bool, BTreeSet<String>)| {
        !found.iter().any(|(other_ops, other)| {
            (other_ops, other) != (has_ops, certain)
                && (*has_ops || !other_ops)
                && other.is_subset(certain)
        })
    };
    found
        .iter()
        .filter(|one| is_minimal(one))
        .map(|(has_ops, certain)| Hypothesis {
            flags: Bits {
                ones: certain.iter().fold(0, |all, name| all | mask(world, name)),
                zeros: excluded,
            },
            has_ops: *has_ops,
        })
        .collect()
}

/// The APIs that insert raw entries with a protection that may differ from the VMA's: they take
/// one, or adjust it themselves. Those that this tree defines; in a part of a tree that defines
/// none, all.
fn apis<'p>(world: World<'p>) -> Vec<&'p Insert> {
    let all: Vec<&Insert> = world
        .dictionary
        .inserts()
        .filter(|insert| {
            insert.entry != EntryKind::Page
                && (insert.protection.is_some() || !insert.adjusts.is_empty())
                && !(insert.sets.is_empty() && insert.demands_one_of.is_empty())
        })
        .collect();
    let is_defined = |insert: &&Insert| {
        !world
            .program
            .functions_named(Symbol::new(&insert.name))
            .is_empty()
    };
    let defined: Vec<&Insert> = all.iter().copied().filter(is_defined).collect();
    if defined.is_empty() { all } else { defined }
}

fn mask(world: World<'_>, name: &str) -> u128 {
    world.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0)
}

/// True if a VMA has operations before the driver's mmap runs: what sets a new VMA up stores a
/// table to `vm_ops`. Also where the tree does not show how a VMA is set up.
fn is_born_with_ops(world: World<'_>) -> bool {
    let mut is_shown = false;
    for (id, function) in world.program.functions() {
        if !world.program.file(function.file).path.starts_with("mm/")
            && !world
                .program
                .file(function.file)
                .path
                .starts_with("include/")
        {
            continue;
        }
        for body in 0..function.bodies.len() {
            let (sets_mm, sets_ops) = births(world, id, body);
            if sets_mm && sets_ops {
                return true;
            }
            is_shown |= sets_mm;
        }
    }
    !is_shown
}

/// Whether a body gives a VMA its address space, and whether it gives it a table of operations.
fn births(world: World<'_>, id: FnId, body_index: usize) -> (bool, bool) {
    let body = &world.program.function(id).bodies[body_index];
    let types = &world.facts.body(id, body_index).types;
    let mut found = (false, false);
    for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
        let Instr::Assign { target, value, .. } = instr else {
            continue;
        };
        if let ExprKind::Init {
            ty: Some(ty),
            fields,
        } = &body.expr(*value).kind
            && ty.base == "struct vm_area_struct"
        {
            let mut set = fields
                .iter()
                .filter_map(|init| Some((init.field?, init.value)));
            found.0 |= set.clone().any(|(field, _)| field == "vm_mm");
            found.1 |= set.any(|(field, value)| {
                field == "vm_ops" && matches!(body.expr(value).kind, ExprKind::AddrOf(_))
            });
        }
        let ExprKind::Member { base, field, .. } = body.expr(*target).kind else {
            continue;
        };
        if types[base.0 as usize].base != "struct vm_area_struct" {
            continue;
        }
        found.0 |= field == "vm_mm";
        found.1 |= field == "vm_ops" && matches!(body.expr(*value).kind, ExprKind::AddrOf(_));
    }
    found
}
