//! A protection is made anew from `vm_flags` where the VMA's own should be used.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Base, CallPath, Event, EventKind, Reason, Run, Terms, Verdict, Word};
use crate::callgraph::{FnId, TableId};
use crate::program::{Body, ExprId, ExprKind, Instr, Span, Symbol};
use crate::vocabulary::{Kind, Phase, ProtectionEffect};

use super::draft::{Site, Text};
use super::late_prot_write::{is_core, looked_up};
use super::witness::words;
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "prot-recomputed",
    oracle: Oracle::Invariant,
    summary: "a protection is made anew from vm_flags and loses what vm_page_prot holds",
    page: include_str!("../../rules/prot-recomputed.md"),
    check,
};

const WHY_NOTIFY: &str = "vm_flags know less than vm_page_prot: core mm takes the right to write \
    away there to be told of the first write to a page, for page_mkwrite(), soft-dirty and \
    userfaultfd. Entries made from vm_flags are writable at once, and the write is missed.";
const WHY_ATTRIBUTE: &str = "vm_flags know nothing of memory types and encryption. What was stored \
    in vm_page_prot for this mapping is left out of what is made from them, so that one mapping has \
    two memory types, or reads ciphertext.";
const HELP_LATE: &str = "Start from vma->vm_page_prot. Core mm keeps it up to date with vm_flags.";
const HELP_MMAP: &str = "Start from what is there: pgprot_writecombine(vma->vm_page_prot) keeps the \
    other attributes. If another mode is meant to replace the one stored before, do not store that \
    one.";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut findings = of_operations(input);
    findings.extend(of_generic_code(input));
    findings
}

/// A protection made anew on the way from an operation, in one function.
struct Found<'a> {
    run: &'a Run,
    path: CallPath,
    /// Where it is inserted or stored.
    sink: Site,
    is_store: bool,
    /// Attributes that `vm_page_prot` has and the new one lacks.
    lost: BTreeSet<Kind>,
    /// Where they were stored on the same way.
    stored: Option<Site>,
}

fn of_operations(input: &Input<'_>) -> Vec<Finding> {
    let stored = stored_by_table(input);
    let mut found: BTreeMap<FnId, Found<'_>> = BTreeMap::new();
    for run in input.runs.iter().filter(|run| run.phase.is_some()) {
        for event in &run.events {
            let Some(one) = use_of(input, run, event, &stored) else {
                continue;
            };
            let Some(function) = maker(input, &event.path) else {
                continue;
            };
            let known = found.get(&function);
            if known.is_none_or(|known| rank(&one) < rank(known)) {
                found.insert(function, one);
            }
        }
    }
    found
        .into_iter()
        .filter_map(|(function, one)| operation_finding(input, function, &one))
        .collect()
}

/// What loses more first, then the shortest way.
fn rank<'u>(one: &'u Found<'_>) -> impl Ord + use<'u> {
    let path = one.path.as_slice();
    (one.lost.is_empty(), path.len(), path, one.sink)
}

/// The attributes that mmap operations leave in mappings with a table.
fn stored_by_table(input: &Input<'_>) -> BTreeMap<TableId, BTreeSet<Kind>> {
    let mut stored: BTreeMap<TableId, BTreeSet<Kind>> = BTreeMap::new();
    let runs = input.runs.iter();
    for run in runs.filter(|run| run.phase == Some(Phase::Mmap)) {
        for exit in &run.exits {
            for table in exit.tables() {
                let kinds = attributes(&exit.prot);
                stored.entry(table).or_default().extend(kinds);
            }
        }
    }
    stored
}

/// An insertion or store of a protection made anew, if it loses something there.
fn use_of<'a>(
    input: &Input<'_>,
    run: &'a Run,
    event: &Event,
    stored: &BTreeMap<TableId, BTreeSet<Kind>>,
) -> Option<Found<'a>> {
    let (protection, own, is_store) = match &event.kind {
        EventKind::Insert {
            state,
            protection: Some(protection),
            ..
        } => (protection, &state.prot, false),
        EventKind::StoreProtection {
            vma: 0,
            protection,
            before,
            is_copy: false,
        } => (protection, before, true),
        _ => return None,
    };
    if !is_remade(protection) || is_core(input, event.function) {
        return None;
    }
    let is_late = run.phase != Some(Phase::Mmap);
    if is_late && is_store && run.phase == Some(Phase::Fault) {
        // The store itself is the greater defect, and late-prot-write reports it.
        return None;
    }
    let mut own = attributes(own);
    if is_late && let Some(kinds) = run.table.and_then(|table| stored.get(&table)) {
        own.extend(kinds);
    }
    let has = kept(protection);
    let lost: BTreeSet<Kind> = own.difference(&has).copied().collect();
    if !is_late && lost.is_empty() {
        return None;
    }
    Some(Found {
        run,
        path: event.path.clone(),
        sink: site(event),
        is_store,
        stored: stored_before(input, run, event, &lost),
        lost,
    })
}

/// The last store before an event that gave a mapping one of the attributes.
fn stored_before(
    input: &Input<'_>,
    run: &Run,
    event: &Event,
    lost: &BTreeSet<Kind>,
) -> Option<Site> {
    let earlier = run
        .events
        .iter()
        .take_while(|other| !std::ptr::eq(*other, event));
    let stores = earlier.filter(|other| match &other.kind {
        EventKind::StoreProtection {
            vma: 0, protection, ..
        } => !attributes(protection).is_disjoint(lost) && !is_core(input, other.function),
        _ => false,
    });
    // Events of all ways are in one list: the ones that count are in functions on this way.
    let on_way = |other: &&Event| {
        let mut way = event.path.iter();
        way.any(|(function, _)| *function == other.function)
            && (other.function != event.function || other.span < event.span)
    };
    stores.filter(on_way).last().map(site)
}

fn site(event: &Event) -> Site {
    Site {
        function: event.function,
        span: event.span,
    }
}

fn is_remade(protection: &Terms) -> bool {
    let mut terms = protection.set.iter();
    terms.any(|term| term.base == Base::Recomputed)
}

/// The attributes that some alternative has.
fn attributes(protection: &Terms) -> BTreeSet<Kind> {
    let kinds = protection.set.iter().flat_map(|term| term.kinds());
    kinds
        .filter(|kind| matches!(kind, Kind::Caching | Kind::Encryption))
        .collect()
}

/// The attributes that every alternative made anew has.
fn kept(protection: &Terms) -> BTreeSet<Kind> {
    let remade = protection.set.iter();
    remade
        .filter(|term| term.base == Base::Recomputed)
        .map(|term| term.kinds())
        .reduce(|all, kinds| all.intersection(&kinds).copied().collect())
        .unwrap_or_default()
}

/// The function on a way, from the inside out, that makes a protection anew, itself or in a helper
/// that gives it one.
fn maker(input: &Input<'_>, path: &CallPath) -> Option<FnId> {
    let functions = || path.iter().rev().map(|(function, _)| *function);
    let itself = functions().find(|&function| !remakes(input, function).is_empty());
    itself.or_else(|| functions().find_map(|function| helper(input, function)))
}

/// A function that gives a protection made anew to `function`.
fn helper(input: &Input<'_>, function: FnId) -> Option<FnId> {
    let its = input.program.function(function);
    let names = its.bodies.iter().flat_map(|body| &body.exprs);
    let callees = names.filter_map(|expr| match expr.kind {
        ExprKind::Global(name) => Some(input.program.resolve(name, its.file)),
        _ => None,
    });
    let gives = |id: &FnId| input.program.function(*id).result.base == "pgprot_t";
    callees
        .flatten()
        .filter(gives)
        .find(|&callee| !remakes(input, callee).is_empty())
}

/// The calls in a function that make a protection from `vm_flags`.
fn remakes(input: &Input<'_>, function: FnId) -> Vec<(Span, bool)> {
    let mut found = BTreeSet::new();
    for body in &input.program.function(function).bodies {
        for expr in &body.exprs {
            if let Some(argument) = remade_from(input, body, &expr.kind) {
                found.insert((expr.span, knows_write_notify(body, argument)));
            }
        }
    }
    found.into_iter().collect()
}

/// What a call makes a protection from, if it does.
fn remade_from(input: &Input<'_>, body: &Body, call: &ExprKind) -> Option<ExprId> {
    let ExprKind::Call { callee, args } = call else {
        return None;
    };
    let ExprKind::Global(name) = body.expr(*callee).kind else {
        return None;
    };
    match input.dictionary.word(name, args.len())? {
        Word::Protection(word) if word.effect == ProtectionEffect::Recompute => {
            args.get(word.argument).copied()
        }
        _ => None,
    }
}

/// True if the flags have `VM_SHARED` taken out, which is how write notification is asked for.
fn knows_write_notify(body: &Body, flags: ExprId) -> bool {
    super::draft::mention(body, flags, Symbol::new("VM_SHARED")).is_some()
}

fn operation_finding(input: &Input<'_>, function: FnId, one: &Found<'_>) -> Option<Finding> {
    let remakes = remakes(input, function);
    let (first, _) = *remakes.first()?;
    let name = input.program.function(function).name;
    let is_late = one.run.phase != Some(Phase::Mmap);
    let attributes = words(&one.lost);
    let message = match (is_late, one.lost.is_empty()) {
        (false, _) => format!(
            "`{name}` makes the protection anew from vm_flags and erases the {attributes} mode \
             stored before"
        ),
        (true, false) => format!(
            "`{name}` makes a protection anew from vm_flags and loses the {attributes} mode that \
             mmap stored"
        ),
        (true, true) => format!(
            "`{name}` makes a protection anew from vm_flags for entries of a mapping that may be \
             write-protected"
        ),
    };
    let is_by_hand = remakes.iter().any(|(_, is_by_hand)| *is_by_hand);
    // A driver that stores its own mode over its subsystem's default knows its memory better.
    let is_of_others = one
        .stored
        .is_none_or(|stored| directory(input, stored.function) != directory(input, function));
    let severity = if is_late && one.lost.is_empty() && is_by_hand || !is_late && is_of_others {
        Severity::Note
    } else if is_late && (!one.lost.is_empty() || asks_for_notice(input, one.run)) {
        Severity::Error
    } else {
        Severity::Warning
    };
    let text = Text {
        message,
        label: "knows nothing of what vm_page_prot holds".to_owned(),
        why: match one.lost.is_empty() {
            true => WHY_NOTIFY,
            false => WHY_ATTRIBUTE,
        },
        help: match is_late {
            true => HELP_LATE,
            false => HELP_MMAP,
        },
        what: "operation".to_owned(),
    };
    let place = Site {
        function,
        span: first,
    };
    let mut finding = input.draft(&RULE, severity, place, text);
    let others = remakes
        .iter()
        .skip(1)
        .map(|&(span, _)| Site { function, span });
    finding
        .labels
        .extend(others.map(|other| input.label(other, "and here")));
    if let Some(stored) = one.stored.filter(|_| !is_late) {
        finding.labels.push(input.label(stored, "stored before"));
    }
    let note = match one.is_store {
        true => "stores it to `vm_page_prot`",
        false => "inserts entries with it",
    };
    finding.labels.push(input.label(one.sink, note));
    finding.trace = input.trace(one.run, &one.path, one.sink.span, note);
    Some(finding)
}

fn directory<'i>(input: &'i Input<'_>, function: FnId) -> &'i str {
    let path = input.places.path(input.program.function(function).file);
    &path[..path.rfind('/').map_or(0, |at| at + 1)]
}

/// True if the operations of the mapping want to be told of writes.
fn asks_for_notice(input: &Input<'_>, run: &Run) -> bool {
    let members = ["page_mkwrite", "pfn_mkwrite"];
    run.table.is_some_and(|table| {
        members.iter().any(|member| {
            let entry = input.program.table_entry(table, Symbol::new(member));
            entry.is_some_and(|value| value != crate::program::Initializer::Null)
        })
    })
}

/// Core mm, and whoever else handles VMAs of others: any mapping may come.
fn of_generic_code(input: &Input<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (&function, events) in &input.uses.events {
        let its = input.program.function(function);
        if !input.places.is_generic(its.file) || input.dictionary.is_entry_helper(its.name) {
            continue;
        }
        let sink = events
            .iter()
            .filter_map(|event| Some((site(event), generic_sink(input, event)?)))
            .min_by_key(|(site, _)| *site);
        let Some((sink, entry)) = sink else {
            continue;
        };
        let made = its.bodies.iter().find_map(|body| {
            let mut exprs = body.exprs.iter();
            exprs.find_map(|expr| {
                let flags = remade_from(input, body, &expr.kind)?;
                is_flags_of_vma(input, function, body, flags).then_some(expr.span)
            })
        });
        if let Some(span) = made {
            findings.push(generic_finding(input, Site { function, span }, sink, entry));
        }
    }
    findings
}

/// Where a protection made anew becomes part of an entry, or of a VMA that is there already: one
/// that was looked up, or that the function is given.
fn generic_sink(input: &Input<'_>, event: &Event) -> Option<Site> {
    match &event.kind {
        EventKind::Entry { protection } if is_remade(protection) => {
            Some(site(event)).filter(|&entry| !is_anonymous(input, entry))
        }
        EventKind::Insert {
            protection: Some(protection),
            ..
        } if is_remade(protection) => Some(site(event)),
        EventKind::Pass {
            argument,
            targets,
            protection,
        } if is_remade(protection) => {
            let entry = entry_behind(input, targets, *argument);
            entry.filter(|&entry| !is_anonymous(input, entry))
        }
        EventKind::StoreProtection {
            protection,
            is_copy: false,
            ..
        } if is_remade(protection) => {
            let body = input.body(event.function, event.body);
            let is_there = looked_up(input, body, event.expr).is_some()
                || is_handed_over(input, event.function, body, event.expr);
            (is_there && has_mmu(input, event)).then(|| site(event))
        }
        _ => None,
    }
}

/// False for what is only there where no entry is made from a protection, as there are none.
fn has_mmu(input: &Input<'_>, event: &Event) -> bool {
    let file = input.program.function(event.function).file;
    let presence = (input.places.presence)(file, event.span.start);
    let mut literals = presence.literals().iter();
    !literals.any(|literal| literal.text == "CONFIG_MMU" && !literal.holds)
}

/// True for a member of a VMA that the function is given: it may be anybody's.
fn is_handed_over(input: &Input<'_>, function: FnId, body: &Body, target: ExprId) -> bool {
    let ExprKind::Member { base, .. } = body.expr(target).kind else {
        return false;
    };
    let ExprKind::Local(local) = body.expr(base).kind else {
        return false;
    };
    let params = input.program.function(function).params();
    let is_vma = params
        .get(local.0 as usize)
        .is_some_and(|param| input.dictionary.is_vma_type(param.ty.base));
    // One that is set to another VMA stands for that.
    let mut instrs = body.blocks.iter().flat_map(|block| &block.instrs);
    let is_set = instrs.any(|instr| match *instr {
        Instr::Assign { target, .. } => {
            matches!(body.expr(target).kind, ExprKind::Local(set) if set == local)
        }
        _ => false,
    });
    is_vma && !is_set
}

/// True if an entry is proved to be one of a mapping without operations: no driver has stored
/// anything in `vm_page_prot`, and nobody waits for the first write.
fn is_anonymous(input: &Input<'_>, entry: Site) -> bool {
    let mut uses = input.generic_uses.iter();
    uses.any(|one| {
        let mut judged = one.judgement.iter().flat_map(|judged| &judged.reasons);
        (one.function, one.span) == (entry.function, entry.span)
            && one.reader.verdict == Verdict::Safe
            && judged.all(|reason| *reason == Reason::Anon)
    })
}

/// Where an entry is made from a protection passed to one of `targets`.
pub(super) fn entry_behind(input: &Input<'_>, targets: &[FnId], argument: usize) -> Option<Site> {
    let mut seen: BTreeSet<(FnId, usize)> = BTreeSet::new();
    let mut pending: Vec<(FnId, usize)> =
        targets.iter().map(|&target| (target, argument)).collect();
    while let Some((target, argument)) = pending.pop() {
        if !seen.insert((target, argument)) {
            continue;
        }
        let is_it = |terms: &Terms| {
            let mut bases = terms.set.iter().map(|term| &term.base);
            bases.any(|base| matches!(base, Base::Parameter(i) if usize::from(*i) == argument))
        };
        for event in input.uses.events.get(&target).into_iter().flatten() {
            match &event.kind {
                EventKind::Entry { protection } if is_it(protection) => return Some(site(event)),
                EventKind::Pass {
                    argument,
                    targets,
                    protection,
                } if is_it(protection) => {
                    pending.extend(targets.iter().map(|&target| (target, *argument)));
                }
                _ => {}
            }
        }
    }
    None
}

/// True if an expression reads `vm_flags`, or is a variable that was assigned from them.
fn is_flags_of_vma(input: &Input<'_>, function: FnId, body: &Body, flags: ExprId) -> bool {
    let locals = &input.program.function(function).locals;
    let is_vma = |base: ExprId| match body.expr(base).kind {
        ExprKind::Local(local) => locals
            .get(local.0 as usize)
            .is_some_and(|local| input.dictionary.is_vma_type(local.ty.base)),
        ExprKind::Member { field, .. } => field == "vma",
        _ => false,
    };
    let mut found = false;
    body.visit(flags, &mut |id| {
        if let ExprKind::Member { base, field, .. } = body.expr(id).kind {
            let mut vmas = input.dictionary.vmas.iter();
            found |=
                vmas.any(|vma| vma.flags.iter().any(|name| field == name.as_str())) && is_vma(base);
        }
    });
    found
}

fn generic_finding(input: &Input<'_>, made: Site, sink: Site, entry: Site) -> Finding {
    let name = input.program.function(made.function).name;
    let text = Text {
        message: format!(
            "`{name}` makes a protection anew from vm_flags and puts it into entries of any mapping"
        ),
        label: "knows nothing of what vm_page_prot holds".to_owned(),
        why: WHY_NOTIFY,
        help: HELP_LATE,
        what: "generic".to_owned(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, made, text);
    finding.labels.push(input.label(sink, "goes on here"));
    finding.trace = vec![
        input.step(made, "makes the protection"),
        input.step(sink, "hands it on"),
    ];
    if entry != sink {
        input.add_made_entry(&mut finding, entry);
    }
    finding
}
