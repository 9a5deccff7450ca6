//! A protection is computed for an insertion and then not used.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Dropped, EventKind, Word, dropped};
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Instr, LocalId, Span, Symbol};
use crate::vocabulary::Weakening;

use super::draft::{Site, Text};
use super::prot_recomputed::entry_behind;
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "dropped-override",
    oracle: Oracle::Pattern,
    summary: "a protection is computed for an insertion that does not use it",
    page: include_str!("../../rules/dropped-override.md"),
    check,
};

const WHY: &str = "The entry is made with the VMA's vm_page_prot, so the caching or encryption mode \
    that was found to be right for this memory is lost. The same memory mapped elsewhere, in the \
    kernel or at another level, has the other mode: two memory types for one frame, which is stale \
    data at best and a machine check at worst.";
const HELP: &str = "Hand the computed protection on to where the entry is made, as a parameter of \
    its own, and read vm_page_prot once. If the default is what is meant, do not compute another.";

/// How deep below the function the insertion is looked for.
const MAX_DEPTH: usize = 3;
/// How far a pointer to a protection is followed to whoever stores through it.
const MAX_HANDED_ON: usize = 4;

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, function) in input.program.functions() {
        let mut reported: BTreeSet<LocalId> = BTreeSet::new();
        for one in dropped(input.dictionary, function) {
            if reported.contains(&one.local) {
                continue;
            }
            if let Some(finding) = finding(input, id, &one) {
                reported.insert(one.local);
                findings.push(finding);
            }
        }
    }
    findings
}

fn finding(input: &Input<'_>, id: FnId, one: &Dropped) -> Option<Finding> {
    let vocabulary = input.dictionary.vocabulary();
    if one.computed.is_none() && vocabulary.is_weakened(Weakening::Parameters) {
        return None;
    }
    let body = input.body(id, one.body);
    let arches = match one.by {
        Some((name, position)) => writers(input, id, name, position)?,
        None => BTreeSet::new(),
    };
    let inserted = one
        .calls_behind(body)
        .into_iter()
        .find_map(|call| insertion(input, id, body, call).map(|reads| (call, reads)))?;
    let (call, reads) = inserted;
    let function = input.program.function(id);
    let variable = function.locals[one.local.0 as usize].name;
    let (inserts, _) = body.call_by_name(call)?;
    let computed = Site {
        function: id,
        span: one
            .computed
            .map_or(function.name_span, |computed| body.expr(computed).span),
    };
    let (does, label) = match one.computed {
        Some(_) => (
            "computes",
            format!("`{variable}` is computed here and never read again"),
        ),
        None => ("is given", format!("`{variable}` is never read")),
    };
    let text = Text {
        message: format!(
            "`{}` {does} the protection `{variable}`, and `{inserts}` inserts the entry without it",
            function.name
        ),
        label,
        why: WHY,
        help: HELP,
        what: variable.to_string(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, computed, text);
    if !arches.is_empty() {
        finding.arches = arches;
    }
    let call = Site {
        function: id,
        span: body.expr(call).span,
    };
    finding
        .labels
        .push(input.label(call, "is not given the protection"));
    finding.trace = vec![
        input.step(computed, format!("{does} `{variable}`")),
        input.step(call, format!("calls `{inserts}`")),
    ];
    if let Some(read) = reads {
        finding
            .labels
            .push(input.label(read, "reads the VMA's own again"));
        finding
            .trace
            .push(input.step(read, "makes the entry from `vm_page_prot`"));
    }
    Some(finding)
}

/// The architectures on which a function stores through a pointer it is given; none stands for all
/// of them, and no answer means that it is not known to store, or that it uses the value by itself.
fn writers(
    input: &Input<'_>,
    caller: FnId,
    name: Symbol,
    position: usize,
) -> Option<BTreeSet<String>> {
    let file = input.program.function(caller).file;
    let mut arches = BTreeSet::new();
    let mut is_written = false;
    let mut seen: BTreeSet<FnId> = BTreeSet::new();
    let mut pending: Vec<(FnId, usize, usize)> = input
        .program
        .resolve(name, file)
        .into_iter()
        .map(|target| (target, position, 0))
        .collect();
    while let Some((target, position, depth)) = pending.pop() {
        let function = input.program.function(target);
        let is_pointer = function
            .params()
            .get(position)
            .is_some_and(|param| param.ty.base == "pgprot_t" && param.ty.pointers == 1);
        if !is_pointer || !seen.insert(target) {
            continue;
        }
        let param = LocalId(position as u32);
        for body in &function.bodies {
            if stores_through(body, param) {
                is_written = true;
                arches.insert(input.places.arch(function.file));
            }
            for (callee, at) in handed_on(body, param) {
                if depth < MAX_HANDED_ON {
                    let next = input.program.resolve(callee, function.file);
                    pending.extend(next.into_iter().map(|next| (next, at, depth + 1)));
                }
            }
        }
    }
    let vocabulary = input.dictionary.vocabulary();
    is_written &= !vocabulary.is_weakened(Weakening::OutParameters);
    let inserts_itself = seen.iter().any(|&target| makes_entries(input, target));
    if !is_written || inserts_itself {
        return None;
    }
    // One that is not an architecture's does it everywhere.
    Some(match arches.contains(&None) {
        true => BTreeSet::new(),
        false => arches.into_iter().flatten().collect(),
    })
}

fn makes_entries(input: &Input<'_>, function: FnId) -> bool {
    let events = input.uses.events.get(&function).into_iter().flatten();
    let mut kinds = events.map(|event| &event.kind);
    kinds.any(|kind| matches!(kind, EventKind::Insert { .. } | EventKind::Entry { .. }))
}

fn stores_through(body: &Body, param: LocalId) -> bool {
    let instrs = body.blocks.iter().flat_map(|block| &block.instrs);
    instrs.clone().any(|instr| match *instr {
        Instr::Assign { target, .. } => {
            let mut is_named = false;
            let is_variable = matches!(body.expr(target).kind, ExprKind::Local(_));
            body.visit(target, &mut |id| {
                is_named |= matches!(body.expr(id).kind, ExprKind::Local(local) if local == param);
            });
            is_named && !is_variable
        }
        _ => false,
    })
}

/// The calls that are given a parameter as it is, with its position there.
fn handed_on(body: &Body, param: LocalId) -> Vec<(Symbol, usize)> {
    let is_it =
        |expr: ExprId| matches!(body.expr(expr).kind, ExprKind::Local(local) if local == param);
    let calls = (0..body.exprs.len() as u32).filter_map(|i| {
        let (name, args) = body.call_by_name(ExprId(i))?;
        Some((name, args.iter().position(|&arg| is_it(arg))?))
    });
    calls.collect()
}

/// `Some` if a call makes an entry without having been given the computed protection; inside it,
/// where the VMA's own is read for it.
fn insertion(input: &Input<'_>, id: FnId, body: &Body, call: ExprId) -> Option<Option<Site>> {
    let (name, args) = body.call_by_name(call)?;
    if let Some(Word::Insert(_)) = input.dictionary.word(name, args.len()) {
        return Some(None);
    }
    if let Some(read) = entry_from_own(input, id, body, call) {
        return Some(Some(read));
    }
    let targets = input.program.resolve(name, input.program.function(id).file);
    let mut found: BTreeMap<FnId, ()> = BTreeMap::new();
    let mut pending: Vec<(FnId, usize)> = targets.into_iter().map(|target| (target, 1)).collect();
    while let Some((target, depth)) = pending.pop() {
        if depth > MAX_DEPTH || found.insert(target, ()).is_some() {
            continue;
        }
        if let Some(read) = own_entry(input, target) {
            return Some(Some(Site {
                function: target,
                span: read,
            }));
        }
        let function = input.program.function(target);
        for body in &function.bodies {
            let calls = (0..body.exprs.len() as u32).map(ExprId);
            for (name, _) in calls.filter_map(|call| body.call_by_name(call)) {
                let next = input.program.resolve(name, function.file);
                pending.extend(next.into_iter().map(|next| (next, depth + 1)));
            }
        }
    }
    None
}

/// Where an entry is made from the VMA's own protection, if a call does so itself or hands that on to
/// whoever does.
fn entry_from_own(input: &Input<'_>, function: FnId, body: &Body, call: ExprId) -> Option<Site> {
    let ExprKind::Call { args, .. } = &body.expr(call).kind else {
        return None;
    };
    let is_construct = || {
        let (name, args) = body.call_by_name(call)?;
        let word = input.dictionary.word(name, args.len())?;
        matches!(word, Word::Construct(_)).then_some(())
    };
    let mut events = input.uses.events.get(&function)?.iter();
    let reads = events.find_map(|event| match &event.kind {
        EventKind::Entry { protection } if event.expr == call && protection.has_own() => {
            is_construct().map(|()| &protection.reads)
        }
        EventKind::Pass {
            argument,
            targets,
            protection,
        } if args.contains(&event.expr) && protection.has_own() => {
            entry_behind(input, targets, *argument).map(|_| &protection.reads)
        }
        _ => None,
    })?;
    let span = reads.first().copied().unwrap_or(body.expr(call).span);
    Some(Site { function, span })
}

/// Where a function reads `vm_page_prot` for an entry it makes.
fn own_entry(input: &Input<'_>, function: FnId) -> Option<Span> {
    let events = input.uses.events.get(&function)?;
    let reads = events.iter().filter_map(|event| match &event.kind {
        EventKind::Entry { protection } if protection.has_own() => {
            Some(protection.reads.first().copied().unwrap_or(event.span))
        }
        _ => None,
    });
    reads.min()
}
