//! A private, writable mapping gets to an insertion that has no answer to it but a crash.

use std::collections::BTreeMap;

use crate::analysis::{Event, EventKind, Run, Word};
use crate::callgraph::FnId;
use crate::program::{ExprKind, Symbol};
use crate::vocabulary::Phase;

use super::draft::{Site, Text};
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "cow-pfnmap",
    oracle: Oracle::Invariant,
    summary: "a private, writable mapping reaches an insertion that BUGs on it",
    page: include_str!("../../rules/cow-pfnmap.md"),
    check,
};

const WHY: &str = "Whoever may open the file crashes the kernel: mmap() with MAP_PRIVATE and an \
    access is all it takes, since a private mapping may become writable even if the file is open \
    for reading only. There is no struct page to copy, so a write could not be answered either.";
const HELP: &str = "Refuse such mappings in the mmap operation, before anything else is done: \
    `if (is_cow_mapping(vma->vm_flags)) return -EINVAL;`. Where only shared mappings make sense, \
    demand VM_SHARED.";

/// An insertion on the way from an operation of such a mapping.
struct Crash<'a> {
    run: &'a Run,
    event: &'a Event,
    /// The operations that leave such mappings behind; none where it is this very one.
    made_by: Vec<&'a Run>,
}

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<FnId, Crash<'_>> = BTreeMap::new();
    for run in input.runs {
        if run.is_exhausted || run.is_secondary || run.phase.is_none() {
            continue;
        }
        let crashing = run.events.iter();
        let mut crashing = crashing
            .filter(|event| is_crash(input, run, event))
            .peekable();
        if crashing.peek().is_none() {
            continue;
        }
        let made_by = makers(input, run);
        let is_possible = match run.phase {
            Some(Phase::Mmap) => !may_refuse_earlier(input, run),
            _ => !made_by.is_empty(),
        };
        if !is_possible {
            continue;
        }
        for event in crashing {
            let crash = Crash {
                run,
                event,
                made_by: made_by.clone(),
            };
            let rank = |crash: &Crash<'_>| {
                let path = crash.event.path.clone();
                (path.len(), crash.event.span, path.to_vec(), crash.run.table)
            };
            let known = found.get(&run.function);
            if known.is_none_or(|known| rank(&crash) < rank(known)) {
                found.insert(run.function, crash);
            }
        }
    }
    found
        .into_iter()
        .map(|(operation, crash)| finding(input, operation, &crash))
        .collect()
}

/// True for an insertion that BUGs on private mappings of frame numbers, reached by one.
fn is_crash(input: &Input<'_>, run: &Run, event: &Event) -> bool {
    if !matches!(event.kind, EventKind::Insert { .. }) {
        return false;
    }
    let places = run.cow.iter();
    let mut flags = places.filter_map(|places| places.get(&(event.function, event.span)));
    flags.any(|&flags| is_frames(input, flags)) && crashes(input, event)
}

fn is_frames(input: &Input<'_>, flags: u128) -> bool {
    let mask = input.dictionary.flags.mask(Symbol::new("VM_PFNMAP"));
    mask.is_some_and(|mask| flags & mask == mask)
}

fn crashes(input: &Input<'_>, event: &Event) -> bool {
    let body = input.body(event.function, event.body);
    let ExprKind::Call { callee, args } = &body.expr(event.expr).kind else {
        return false;
    };
    let ExprKind::Global(name) = body.expr(*callee).kind else {
        return false;
    };
    matches!(
        input.dictionary.word(name, args.len()),
        Some(Word::Insert(insert)) if insert.refuses_cow_pfnmap
    )
}

/// The mmap operations that let a private, writable mapping of frame numbers with the table of
/// `run` come to life.
fn makers<'a>(input: &Input<'a>, run: &Run) -> Vec<&'a Run> {
    let Some(table) = run.table else {
        return Vec::new();
    };
    let mmaps = input.runs.iter();
    mmaps
        .filter(|mmap| {
            mmap.phase == Some(Phase::Mmap)
                && mmap.cow_exits.iter().any(|exit| {
                    exit.tables().any(|its| its == table)
                        && is_frames(input, exit.flags.ones)
                        && may_be_copied(input, exit.flags.ones, exit.flags.zeros)
                })
                && !may_refuse_earlier(input, mmap)
        })
        .collect()
}

/// True if the file has a get_unmapped_area() of its own, which is asked before and may turn
/// MAP_PRIVATE away.
fn may_refuse_earlier(input: &Input<'_>, mmap: &Run) -> bool {
    let (asked, member) = (Symbol::new("get_unmapped_area"), Symbol::new("mmap"));
    let tables = input
        .program
        .tables_of(Symbol::new("struct file_operations"));
    let file = input.program.function(mmap.function).file;
    tables.iter().any(|&table| {
        input.program.table(table).file == file
            && input.program.table_entry(table, asked).is_some()
            && input
                .program
                .table_functions(table, member)
                .contains(&mmap.function)
    })
}

fn may_be_copied(input: &Input<'_>, ones: u128, zeros: u128) -> bool {
    let mask = |name: &str| input.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0);
    ones & (mask("VM_SHARED") | mask("VM_MAYSHARE")) == 0 && zeros & mask("VM_MAYWRITE") == 0
}

fn finding(input: &Input<'_>, operation: FnId, crash: &Crash<'_>) -> Finding {
    let Crash {
        run,
        event,
        made_by,
    } = crash;
    let name = input.program.function(operation).name;
    let insertion = Site {
        function: event.function,
        span: event.span,
    };
    // The driver's own part of the way is where its maintainer looks.
    let site = match event.path.get(1) {
        Some(&(_, Some(span))) => Site {
            function: operation,
            span,
        },
        _ => insertion,
    };
    let mmap = made_by.first().copied().unwrap_or(run);
    let refuser = input.program.function(mmap.function).name;
    let text = Text {
        message: format!(
            "`{name}` inserts frame numbers into mappings that may be private and writable, on \
             which the insertion BUGs"
        ),
        label: match site == insertion {
            true => "BUG_ON() for a copy-on-write mapping".to_owned(),
            false => "leads to the insertion".to_owned(),
        },
        why: WHY,
        help: HELP,
        what: name.to_string(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, site, text);
    if site != insertion {
        finding
            .labels
            .push(input.label(insertion, "BUG_ON() for a copy-on-write mapping"));
    }
    finding.labels.push(input.label(
        input.name_of(mmap.function),
        "this mmap operation does not refuse them",
    ));
    let note = "inserts the frame number, and BUGs";
    finding.trace = input.trace(run, &event.path, event.span, note);
    if !made_by.is_empty() {
        let mut steps = input.entry(mmap);
        steps.push(input.step(
            input.name_of(mmap.function),
            format!("`{refuser}` lets a private, writable mapping come to life"),
        ));
        steps.append(&mut finding.trace);
        finding.trace = steps;
    }
    finding
}
