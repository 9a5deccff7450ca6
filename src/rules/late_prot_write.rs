//! `vm_page_prot` is stored to when others can already see the VMA.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{CallPath, Event, EventKind, Run};
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Instr, LocalId, Span};
use crate::vocabulary::Phase;

use super::draft::{Site, Text};
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "late-prot-write",
    oracle: Oracle::Pattern,
    summary: "vm_page_prot of a VMA that is already in the tree is stored to",
    page: include_str!("../../rules/late-prot-write.md"),
    check,
};

const WHY_FAULT: &str = "A fault handler holds the mmap lock for reading, or only the lock of this \
    VMA: other threads fault in the same mapping, and mprotect() may have just computed the value \
    that is overwritten here. Entries made before and after differ, so one mapping has two memory \
    types, and a write-protected mapping can lose its write notification.";
const HELP_FAULT: &str = "Store it in the mmap operation, before anybody can fault. If it depends \
    on the object's current place, leave the VMA alone and pass the protection to \
    vmf_insert_pfn_prot().";
const WHY_FOUND: &str = "Whoever maps the file gets the mapping without this protection; entries \
    may exist by now, and split, merged or remapped parts of the VMA are missed. The VMA that is \
    found at the address need not even be the one that was meant.";
const HELP_FOUND: &str = "Let the file's own mmap operation set the protection, from what the \
    object or the offset says, and only return the address here.";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut findings = in_faults(input);
    findings.extend(on_found_vmas(input));
    findings
}

/// Stores on the way from a fault-type operation.
fn in_faults(input: &Input<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<FnId, Stores<'_>> = BTreeMap::new();
    let faults = input
        .runs
        .iter()
        .filter(|run| run.phase == Some(Phase::Fault));
    for run in faults {
        for event in &run.events {
            if !is_store(event) || is_core(input, event.function) {
                continue;
            }
            let site = Site {
                function: event.function,
                span: event.span,
            };
            let stores = found.entry(event.function).or_insert_with(|| Stores {
                sites: BTreeSet::new(),
                run,
                path: event.path.clone(),
            });
            stores.sites.insert(site);
            let rank = |run: &Run, path: &CallPath| (path.len(), path.to_vec(), run.table);
            if rank(run, &event.path) < rank(stores.run, &stores.path) {
                stores.run = run;
                stores.path = event.path.clone();
            }
        }
    }
    found
        .into_values()
        .filter_map(|stores| fault_finding(input, &stores))
        .collect()
}

/// The stores in one function, and the shortest way to it.
struct Stores<'a> {
    sites: BTreeSet<Site>,
    run: &'a Run,
    path: CallPath,
}

fn is_store(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::StoreProtection { is_copy: false, .. }
    )
}

/// Core mm may: it knows which locks it holds.
pub(super) fn is_core(input: &Input<'_>, function: FnId) -> bool {
    let function = input.program.function(function);
    function.name == "vma_set_page_prot" || input.places.path(function.file).starts_with("mm/")
}

fn fault_finding(input: &Input<'_>, stores: &Stores<'_>) -> Option<Finding> {
    let Stores { sites, run, path } = stores;
    let mut sites = sites.iter().copied();
    let site = sites.next()?;
    let function = input.program.function(site.function).name;
    let handler = input.program.function(run.function).name;
    let by = if function == handler {
        format!("`{handler}`")
    } else {
        format!("`{function}`, called by `{handler}`,")
    };
    let text = Text {
        message: format!(
            "{by} changes `vm_page_prot` while other threads fault in the same mapping"
        ),
        label: "stored with the mmap lock held for reading only".to_owned(),
        why: WHY_FAULT,
        help: HELP_FAULT,
        what: "fault".to_owned(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, site, text);
    finding.labels.push(input.label(
        input.name_of(run.function),
        "any number of threads can be in here",
    ));
    let others = sites.map(|other| input.label(other, "and here"));
    finding.labels.extend(others);
    finding.trace = input.trace(run, path, site.span, "stores to `vm_page_prot`");
    Some(finding)
}

/// Stores of drivers to a VMA they have looked up.
fn on_found_vmas(input: &Input<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<FnId, (Site, Site)> = BTreeMap::new();
    for (&function, events) in &input.uses.events {
        if input
            .places
            .is_generic(input.program.function(function).file)
        {
            continue;
        }
        for event in events.iter().filter(|event| is_store(event)) {
            let body = input.body(function, event.body);
            if let Some(span) = looked_up(input, body, event.expr) {
                let store = Site {
                    function,
                    span: event.span,
                };
                let pair = (store, Site { function, span });
                let first = found.entry(function).or_insert(pair);
                *first = (*first).min(pair);
            }
        }
    }
    found
        .into_values()
        .map(|(store, lookup)| found_finding(input, store, lookup))
        .collect()
}

/// Where the VMA that `target` is a member of was looked up.
pub(super) fn looked_up(input: &Input<'_>, body: &Body, target: ExprId) -> Option<Span> {
    let mut local = None;
    body.visit(target, &mut |id| {
        if let ExprKind::Local(id) = body.expr(id).kind {
            local = local.or(Some(id));
        }
    });
    let local = local?;
    let instrs = || body.blocks.iter().flat_map(|block| &block.instrs);
    instrs().find_map(|instr| match *instr {
        Instr::Assign { target, value, .. } if is_local(body, target, local) => {
            looks_up(input, body, value).then(|| body.expr(value).span)
        }
        Instr::LoopMacro { call } => loops_over(input, body, call, local),
        _ => None,
    })
}

fn is_local(body: &Body, expr: ExprId, local: LocalId) -> bool {
    matches!(body.expr(expr).kind, ExprKind::Local(id) if id == local)
}

/// True for a call that finds a VMA, and for the head of the list that VMAs were in before 6.1.
fn looks_up(input: &Input<'_>, body: &Body, value: ExprId) -> bool {
    match &body.expr(value).kind {
        ExprKind::Call { callee, .. } => match body.expr(*callee).kind {
            ExprKind::Global(name) => input.dictionary.is_lookup(name),
            _ => false,
        },
        ExprKind::Member { field, .. } => *field == "mmap",
        ExprKind::Cast(_, inner) => looks_up(input, body, *inner),
        _ => false,
    }
}

/// `for_each_vma(vmi, vma)`
fn loops_over(input: &Input<'_>, body: &Body, call: ExprId, local: LocalId) -> Option<Span> {
    let ExprKind::Call { callee, args } = &body.expr(call).kind else {
        return None;
    };
    let ExprKind::Global(name) = body.expr(*callee).kind else {
        return None;
    };
    let is_bound = args.iter().any(|&arg| is_local(body, arg, local));
    (input.dictionary.is_lookup(name) && is_bound).then(|| body.expr(call).span)
}

fn found_finding(input: &Input<'_>, store: Site, lookup: Site) -> Finding {
    let function = input.program.function(store.function).name;
    let text = Text {
        message: format!(
            "`{function}` changes `vm_page_prot` of a VMA that has been in use since mmap() \
             returned"
        ),
        label: "stored after the mapping was made".to_owned(),
        why: WHY_FOUND,
        help: HELP_FOUND,
        what: "found".to_owned(),
    };
    let mut finding = input.draft(&RULE, Severity::Warning, store, text);
    finding
        .labels
        .push(input.label(lookup, "finds a VMA that is already in the tree"));
    finding.trace = vec![
        input.step(lookup, "looks the VMA up"),
        input.step(store, "stores to its `vm_page_prot`"),
    ];
    finding
}
