//! A VMA is copied to smuggle a protection past an insertion.

use std::collections::BTreeMap;

use crate::analysis::{CallPath, Event, EventKind, Run, Word};
use crate::callgraph::FnId;
use crate::program::{ExprKind, LocalId, Span};

use super::draft::{Site, Text};
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "stack-vma-copy",
    oracle: Oracle::Pattern,
    summary: "a VMA is copied and the copy's vm_page_prot is changed",
    page: include_str!("../../rules/stack-vma-copy.md"),
    check,
};

const WHY: &str = "The copy is in no tree and holds no lock: what the insertion stores in it, such \
    as VM_PFNMAP, is lost, and nothing tells core mm that this mapping's entries differ from its \
    vm_page_prot. mprotect() and NUMA balancing then treat them as ordinary ones.";
const HELP: &str = "Leave the VMA alone and hand the protection over: vmf_insert_pfn_prot() takes \
    one, before 4.20 vm_insert_pfn_prot(). Where it never changes, store it in the mmap operation.";

/// A variable that holds a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Variable {
    function: FnId,
    local: LocalId,
}

/// A copy whose protection is changed.
struct Smuggle<'a> {
    copied: Site,
    changed: Site,
    inserted: Option<Site>,
    /// How control gets to the change; without a run if no entry point leads there.
    way: (Option<&'a Run>, CallPath),
}

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<Variable, Smuggle<'_>> = BTreeMap::new();
    for run in input.runs {
        collect(input, Some(run), &run.events, &mut found);
    }
    // No run gets to a handler whose table is made at run time.
    for events in input.uses.events.values() {
        collect(input, None, events, &mut found);
    }
    found
        .into_iter()
        .map(|(variable, smuggle)| finding(input, variable, smuggle))
        .collect()
}

fn collect<'a>(
    input: &Input<'a>,
    run: Option<&'a Run>,
    events: &'a [Event],
    found: &mut BTreeMap<Variable, Smuggle<'a>>,
) {
    let mut copies: Vec<(u8, Variable, &Event)> = Vec::new();
    for event in events {
        match event.kind {
            EventKind::CopyVma { copy } => {
                let body = input.body(event.function, event.body);
                // Only a variable is on the stack: vm_area_dup() copies too, and rightly so.
                if let ExprKind::Local(local) = body.expr(event.expr).kind
                    && is_object(input, event.function, local)
                {
                    let function = event.function;
                    copies.push((copy, Variable { function, local }, event));
                }
            }
            EventKind::StoreProtection {
                vma, is_copy: true, ..
            } => {
                // Numbers are given out per way through a function: the last copy is the one meant.
                let made = copies.iter().rev().find(|(copy, variable, made)| {
                    *copy == vma
                        && event.path.starts_with(&made.path)
                        && (event.function != variable.function || names(input, event, *variable))
                });
                let Some(&(_, variable, made)) = made else {
                    continue;
                };
                let smuggle = Smuggle {
                    copied: site(made),
                    changed: site(event),
                    inserted: insertion(input, events, vma, made),
                    way: (run, event.path.clone()),
                };
                let known = found.get(&variable);
                if known.is_none_or(|known| is_better(&smuggle, known)) {
                    found.insert(variable, smuggle);
                }
            }
            _ => {}
        }
    }
}

/// A way from an entry point before none, a short one before a long one, then in source order.
fn is_better(new: &Smuggle<'_>, known: &Smuggle<'_>) -> bool {
    let rank = |smuggle: &Smuggle<'_>| {
        let (run, path) = &smuggle.way;
        let has_entry = run.is_some_and(|run| run.phase.is_some());
        (
            !has_entry,
            path.len(),
            smuggle.inserted.is_none(),
            smuggle.changed,
            path.to_vec(),
        )
    };
    rank(new) < rank(known)
}

fn is_object(input: &Input<'_>, function: FnId, local: LocalId) -> bool {
    let locals = &input.program.function(function).locals;
    locals
        .get(local.0 as usize)
        .is_some_and(|local| local.ty.pointers == 0 && input.dictionary.is_vma_type(local.ty.base))
}

/// True if a store is written to the variable itself, not through a pointer to it.
fn names(input: &Input<'_>, store: &Event, variable: Variable) -> bool {
    let body = input.body(store.function, store.body);
    let mut is_named = false;
    let mut is_elsewhere = false;
    body.visit(store.expr, &mut |id| {
        if let ExprKind::Local(local) = body.expr(id).kind {
            is_named |= local == variable.local;
            is_elsewhere |= is_object(input, store.function, local);
        }
    });
    is_named || !is_elsewhere
}

/// Where the copy is handed to an insertion.
fn insertion(input: &Input<'_>, events: &[Event], copy: u8, made: &Event) -> Option<Site> {
    let inserted = events.iter().filter(|event| {
        event.path.starts_with(&made.path)
            && matches!(event.kind, EventKind::Insert { vma: Some(vma), .. } if vma == copy)
    });
    inserted
        .map(|event| Site {
            function: event.function,
            span: target(input, event),
        })
        // In the function of the copy, if it is there at all.
        .min_by_key(|inserted| (inserted.function != made.function, *inserted))
}

/// The argument of an insertion that is the VMA; the whole call if it leads there some other way.
fn target(input: &Input<'_>, event: &Event) -> Span {
    let body = input.body(event.function, event.body);
    let argument = || {
        let ExprKind::Call { callee, args } = &body.expr(event.expr).kind else {
            return None;
        };
        let ExprKind::Global(name) = body.expr(*callee).kind else {
            return None;
        };
        match input.dictionary.word(name, args.len())? {
            Word::Insert(insert) => Some(body.expr(*args.get(insert.target)?).span),
            _ => None,
        }
    };
    argument().unwrap_or(event.span)
}

fn site(event: &Event) -> Site {
    Site {
        function: event.function,
        span: event.span,
    }
}

fn finding(input: &Input<'_>, variable: Variable, smuggle: Smuggle<'_>) -> Finding {
    let function = input.program.function(variable.function);
    let name = function.locals[variable.local.0 as usize].name;
    let text = Text {
        message: format!(
            "`{name}`, a copy of the VMA, is changed to insert entries with another protection"
        ),
        label: "changes the copy; the VMA stays as it is".to_owned(),
        why: WHY,
        help: HELP,
        what: name.to_string(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, smuggle.changed, text);
    finding
        .labels
        .push(input.label(smuggle.copied, "copied from the VMA here"));
    let mut last: Span = smuggle.changed.span;
    let mut note = "changes the copy's `vm_page_prot`";
    if let Some(inserted) = smuggle.inserted {
        finding
            .labels
            .push(input.label(inserted, "passed off as the VMA"));
        if inserted.function == smuggle.changed.function {
            last = inserted.span;
            note = "inserts entries for the copy";
        }
    }
    let (run, path) = smuggle.way;
    finding.trace = match run {
        Some(run) => input.trace(run, &path, last, note),
        None => vec![input.step(smuggle.changed, note)],
    };
    finding
}
