//! A fixed protection allows more than the mapping.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Base, CallPath, Event, EventKind, Run, Term, Terms, VmaState, Word};
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Instr, Symbol};
use crate::vocabulary::Weakening;
use crate::vocabulary::{Phase, ProtectionEffect};

use super::draft::{Site, Text, arguments_at, mention};
use super::prot_recomputed::entry_behind;
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "prot-constant",
    oracle: Oracle::Invariant,
    summary: "a fixed, writable protection is inserted into a mapping that may not be written",
    page: include_str!("../../rules/prot-constant.md"),
    check,
};

const WHY_BOTH: &str = "A process that maps the file read-only can write to the pages all the \
    same. So can one that has it open for reading only and maps it privately: its writes reach the \
    shared pages instead of a copy. The caching and encryption bits of the VMA are lost as well.";
const WHY_WRITE: &str = "A process that maps the file read-only can write to the pages all the \
    same, and mprotect() is never asked. The caching and encryption bits of the VMA are lost as \
    well.";
const WHY_SHARED: &str = "A file that is open for reading only can be mapped privately and \
    writable; the writes should go to a copy and reach the shared pages instead. The caching and \
    encryption bits of the VMA are lost as well.";
const HELP: &str = "Pass `vma->vm_page_prot`, which has the rights the mapping has; for another \
    caching mode derive it: `pgprot_writecombine(vma->vm_page_prot)`. Where only writable mappings \
    make sense, refuse others: VM_WRITE and VM_SHARED both have to be set.";
const HELP_STORE: &str = "Derive from what is there: `vma->vm_page_prot = \
    pgprot_writecombine(vma->vm_page_prot)` keeps the rights of the mapping.";

/// How far the rule looks for the place where a constant is named, in calls from the way to the
/// insertion.
const MAX_HELPERS: usize = 3;

/// A constant on its way into a mapping.
struct Use<'a> {
    run: &'a Run,
    path: CallPath,
    /// Where it is inserted, or stored to the VMA.
    site: Site,
    is_store: bool,
    lacks: Lacks,
}

/// What the way does not guarantee of the mapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lacks {
    /// That it is writable, and that it is shared.
    Both,
    /// That it is writable.
    Write,
    /// That it is shared.
    Shared,
}

/// The place that names a constant, and its name.
type Defect = (Site, Symbol);

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<Defect, Use<'_>> = BTreeMap::new();
    for run in input.runs {
        for event in &run.events {
            for (constant, one) in uses(input, run, event) {
                let site = origin(input, event, constant).unwrap_or(one.site);
                let known = found.get(&(site, constant));
                if known.is_none_or(|known| rank(&one) < rank(known)) {
                    found.insert((site, constant), one);
                }
            }
        }
    }
    let mut findings: Vec<Finding> = found
        .into_iter()
        .map(|((site, constant), one)| finding(input, site, constant, &one))
        .collect();
    findings.extend(of_generic_code(input));
    findings
}

/// A known way before an unknown one, what lacks more first, then the shortest.
fn rank<'u>(one: &'u Use<'_>) -> impl Ord + use<'u> {
    let path = one.path.as_slice();
    let is_unknown = one.run.phase.is_none();
    (is_unknown, one.lacks, path.len(), path, one.site)
}

/// The constants that an event lets into a mapping without right.
fn uses<'a>(input: &Input<'_>, run: &'a Run, event: &Event) -> Vec<(Symbol, Use<'a>)> {
    let site = Site {
        function: event.function,
        span: event.span,
    };
    let (constants, lacks) = match &event.kind {
        EventKind::Insert {
            state,
            protection: Some(protection),
            ..
        } => {
            // What the VMA has itself is reported where it was stored.
            let own = constants(input, &state.prot, true);
            let mut constants = constants(input, protection, true);
            constants.retain(|constant| !own.contains(constant));
            (constants, lacks(input, run, site, state))
        }
        EventKind::Install {
            vma,
            state,
            protection,
            is_kernel: false,
        } if !input
            .places
            .is_generic(input.program.function(event.function).file)
            && (vma.is_some() || run.phase.is_some()) =>
        {
            // A driver fills page tables of the kernel and of devices, too.
            (
                constants(input, protection, false),
                lacks(input, run, site, state),
            )
        }
        EventKind::StoreProtection {
            vma: 0,
            protection,
            is_copy: false,
            ..
        } => {
            let constants = constants(input, protection, true);
            let lacks = if constants.is_empty() {
                None
            } else {
                lacks_after(input, run, &constants)
            };
            (constants, lacks)
        }
        _ => return Vec::new(),
    };
    let Some(lacks) = lacks else {
        return Vec::new();
    };
    constants
        .into_iter()
        .map(|constant| {
            let one = Use {
                run,
                path: event.path.clone(),
                site,
                is_store: matches!(event.kind, EventKind::StoreProtection { .. }),
                lacks,
            };
            (constant, one)
        })
        .collect()
}

/// The writable fixed protections among the alternatives.
fn constants(input: &Input<'_>, protection: &Terms, with_kernel: bool) -> BTreeSet<Symbol> {
    let names = protection.set.iter().filter_map(|term| match term.base {
        Base::Constant(name) => {
            let constant = input.dictionary.constant(name)?;
            (constant.writable && (with_kernel || !constant.kernel)).then_some((name, term))
        }
        // Of a private mapping's flags no writable protection is made.
        Base::OfFlags(call, flags)
            if !input
                .dictionary
                .vocabulary()
                .is_weakened(Weakening::Constants) =>
        {
            let needs = ["VM_WRITE", "VM_SHARED"].map(|name| has_flag(input, flags, name));
            (needs == [true, true]).then_some((call, term))
        }
        _ => None,
    });
    names
        .filter(|(_, term)| !is_merged(input, term))
        .map(|(name, _)| name)
        .collect()
}

/// True if the rights were taken from another protection afterwards.
fn is_merged(input: &Input<'_>, term: &Term) -> bool {
    term.steps.iter().any(|step| {
        matches!(
            input.dictionary.word(step.by, 2),
            Some(Word::Protection(word)) if word.effect == ProtectionEffect::Merge
        )
    })
}

/// What is not guaranteed of the mapping at an insertion.
fn lacks(input: &Input<'_>, run: &Run, site: Site, state: &VmaState) -> Option<Lacks> {
    let mut flags = state.flags.ones;
    // Of a run that was cut short not all exits are known.
    if run.phase == Some(Phase::Mmap) && !run.is_exhausted {
        // A mapping that is refused after the insertion never comes to life.
        let key = (site.function, site.span);
        let exits = run.exits.iter().filter(|exit| exit.inserted.contains(&key));
        flags |= certain(exits);
    }
    let refuses_cow = run
        .cow
        .as_ref()
        .is_some_and(|places| !places.contains_key(&(site.function, site.span)));
    missing(input, flags, refuses_cow)
}

/// What is not guaranteed when the mmap operation has succeeded with one of `constants` in the VMA;
/// `None` also if the store does not last.
fn lacks_after(input: &Input<'_>, run: &Run, constants: &BTreeSet<Symbol>) -> Option<Lacks> {
    if run.phase == Some(Phase::Fault) || run.phase == Some(Phase::Change) {
        return missing(input, 0, false);
    }
    let has_it = |exit: &&VmaState| {
        let its = self::constants(input, &exit.prot, true);
        !its.is_disjoint(constants)
    };
    let mut exits = run.exits.iter().filter(has_it).peekable();
    exits.peek()?;
    missing(input, certain(exits), false)
}

/// The flags set in all states; none if there is no state.
fn certain<'a>(states: impl Iterator<Item = &'a VmaState>) -> u128 {
    states
        .map(|state| state.flags.ones)
        .reduce(|all, ones| all & ones)
        .unwrap_or(0)
}

fn missing(input: &Input<'_>, flags: u128, refuses_cow: bool) -> Option<Lacks> {
    let has = |name: &str| has_flag(input, flags, name);
    let is_shared = refuses_cow || has("VM_SHARED") || has("VM_MAYSHARE");
    match (has("VM_WRITE"), is_shared) {
        (true, true) => None,
        (true, false) => Some(Lacks::Shared),
        (false, true) => Some(Lacks::Write),
        (false, false) => Some(Lacks::Both),
    }
}

fn has_flag(input: &Input<'_>, flags: u128, name: &str) -> bool {
    let mask = input.dictionary.flags.mask(Symbol::new(name));
    mask.is_some_and(|mask| flags & mask == mask)
}

/// Core mm, and whoever else makes entries for mappings of others: nothing is known of their rights.
fn of_generic_code(input: &Input<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (&function, events) in &input.uses.events {
        let its = input.program.function(function);
        if !input.places.is_generic(its.file) || input.dictionary.is_entry_helper(its.name) {
            continue;
        }
        let mut sites: BTreeMap<(Site, Symbol), Site> = BTreeMap::new();
        for event in events {
            if let Some((protection, entry)) = generic_sink(input, event) {
                let site = Site {
                    function,
                    span: event.span,
                };
                let constants = constants(input, protection, false).into_iter();
                sites.extend(constants.map(|constant| ((site, constant), entry)));
            }
        }
        let found = sites.into_iter();
        findings.extend(
            found.map(|((site, constant), entry)| generic_finding(input, site, constant, entry)),
        );
    }
    findings
}

/// The protection that an event puts into an entry of a process, and where the entry is made.
fn generic_sink<'e>(input: &Input<'_>, event: &'e Event) -> Option<(&'e Terms, Site)> {
    let is_user_entry = |site: &Site| {
        let mut uses = input.generic_uses.iter();
        uses.any(|one| (one.function, one.span) == (site.function, site.span))
    };
    let own = Site {
        function: event.function,
        span: event.span,
    };
    match &event.kind {
        EventKind::Entry { protection } => is_user_entry(&own).then_some((protection, own)),
        EventKind::Insert {
            protection: Some(protection),
            ..
        } => Some((protection, own)),
        EventKind::Pass {
            argument,
            targets,
            protection,
        } => {
            let entry = entry_behind(input, targets, *argument).filter(is_user_entry)?;
            Some((protection, entry))
        }
        _ => None,
    }
}

fn generic_finding(input: &Input<'_>, site: Site, constant: Symbol, entry: Site) -> Finding {
    let name = input.program.function(site.function).name;
    let text = Text {
        message: format!(
            "`{name}` makes entries with `{constant}`, which allows writing, for any mapping"
        ),
        label: "writable, whatever the mapping is".to_owned(),
        why: WHY_BOTH,
        help: HELP,
        what: constant.to_string(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, site, text);
    finding.trace = vec![input.step(site, format!("has `{constant}`"))];
    if entry != site {
        input.add_made_entry(&mut finding, entry);
    }
    finding
}

/// Where the constant is named: in the protection handed on, from the insertion outwards; else in
/// the functions themselves; else in helpers they call.
fn origin(input: &Input<'_>, event: &Event, constant: Symbol) -> Option<Site> {
    let path = event.path.as_slice();
    for (i, &(function, _)) in path.iter().enumerate().rev() {
        let handed_on = |body: &Body| -> Vec<ExprId> {
            match path.get(i + 1) {
                Some(&(_, Some(span))) => arguments_at(body, span).unwrap_or_default().to_vec(),
                Some(_) => Vec::new(),
                None => values(body, event),
            }
        };
        let its = input.program.function(function);
        let direct = its.bodies.iter().find_map(|body| {
            let mut exprs = handed_on(body).into_iter();
            exprs.find_map(|expr| mention(body, expr, constant))
        });
        if let Some(span) = direct {
            return Some(Site { function, span });
        }
    }
    let ways = path.iter().rev().map(|(function, _)| *function);
    let nearby = ways
        .clone()
        .find_map(|function| anywhere(input, function, constant));
    nearby.or_else(|| in_helpers(input, ways.collect(), constant))
}

/// What an event is about: the arguments of the insertion, or the value stored.
fn values(body: &Body, event: &Event) -> Vec<ExprId> {
    if let Some(arguments) = arguments_at(body, event.span) {
        return arguments.to_vec();
    }
    let instrs = body.blocks.iter().flat_map(|block| &block.instrs);
    instrs
        .filter_map(|instr| match *instr {
            Instr::Assign { target, value, .. } if body.expr(target).span == event.span => {
                Some(value)
            }
            _ => None,
        })
        .collect()
}

/// The first mention in a function.
fn anywhere(input: &Input<'_>, function: FnId, constant: Symbol) -> Option<Site> {
    let bodies = &input.program.function(function).bodies;
    let exprs = bodies.iter().flat_map(|body| &body.exprs);
    let mentions = exprs
        .filter(|expr| matches!(expr.kind, ExprKind::Global(name) if name == constant))
        .map(|expr| expr.span);
    mentions.min().map(|span| Site { function, span })
}

/// The nearest mention in functions that give a protection to one on the way.
fn in_helpers(input: &Input<'_>, mut callers: Vec<FnId>, constant: Symbol) -> Option<Site> {
    let mut seen: BTreeSet<FnId> = callers.iter().copied().collect();
    for _ in 0..MAX_HELPERS {
        let mut helpers = Vec::new();
        for caller in callers {
            let its = input.program.function(caller);
            for expr in its.bodies.iter().flat_map(|body| &body.exprs) {
                if let ExprKind::Global(name) = expr.kind {
                    helpers.extend(input.program.resolve(name, its.file));
                }
            }
        }
        helpers.retain(|&helper| gives_protection(input, helper) && seen.insert(helper));
        let found = helpers
            .iter()
            .find_map(|&helper| anywhere(input, helper, constant));
        if found.is_some() {
            return found;
        }
        callers = helpers;
    }
    None
}

fn gives_protection(input: &Input<'_>, function: FnId) -> bool {
    let function = input.program.function(function);
    function.result.base == "pgprot_t"
        || function.result.is_unknown()
        || function
            .params()
            .iter()
            .any(|param| param.ty.pointers > 0 && param.ty.base != "struct vm_area_struct")
}

fn finding(input: &Input<'_>, site: Site, constant: Symbol, one: &Use<'_>) -> Finding {
    let function = input.program.function(site.function).name;
    let mapping = match one.lacks {
        Lacks::Both => "read-only or private",
        Lacks::Write => "read-only",
        Lacks::Shared => "private",
    };
    let is_on_way = one.path.iter().any(|(id, _)| *id == site.function);
    let message = match (one.is_store, is_on_way) {
        (true, _) => format!(
            "`{function}` makes `{constant}`, which allows writing, the protection of mappings \
             that may be {mapping}"
        ),
        (false, true) => format!(
            "`{function}` maps pages with `{constant}`, which allows writing, into mappings that \
             may be {mapping}"
        ),
        (false, false) => format!(
            "`{function}` gives out `{constant}`, which allows writing, for mappings that may be \
             {mapping}"
        ),
    };
    let text = Text {
        message,
        label: "writable, whatever the mapping is".to_owned(),
        why: match one.lacks {
            Lacks::Both => WHY_BOTH,
            Lacks::Write => WHY_WRITE,
            Lacks::Shared => WHY_SHARED,
        },
        help: if one.is_store { HELP_STORE } else { HELP },
        what: constant.to_string(),
    };
    let mut finding = input.draft(&RULE, Severity::Error, site, text);
    let asked = input.name_of(input.operation_on(&one.path));
    finding.labels.push(input.label(asked, unasked(one)));
    if !shares_line(input, one.site, site) {
        let text = if one.is_store {
            "becomes the VMA's protection here"
        } else {
            "inserted here"
        };
        finding.labels.push(input.label(one.site, text));
    }
    let note = if one.is_store {
        format!("stores `{constant}` to `vm_page_prot`")
    } else {
        format!("inserts entries with `{constant}`")
    };
    finding.trace = input.trace(one.run, &one.path, one.site.span, &note);
    finding
}

/// What nobody on the way has asked for, for the operation it should have been asked in.
fn unasked(one: &Use<'_>) -> String {
    let flags = match one.lacks {
        Lacks::Both => "VM_WRITE and VM_SHARED",
        Lacks::Write => "VM_WRITE",
        Lacks::Shared => "VM_SHARED",
    };
    match one.run.phase {
        Some(Phase::Mmap) => format!("this mmap operation does not demand {flags}"),
        Some(_) => format!("no mmap operation demands {flags} before this can be called"),
        None => format!("nothing here demands {flags}"),
    }
}

/// True if an insertion or store says nothing that the defect beside or inside of it does not.
fn shares_line(input: &Input<'_>, outer: Site, inner: Site) -> bool {
    let file = input.program.function(outer.function).file;
    let line = |offset| input.places.line_column(file, offset).0;
    outer.function == inner.function
        && line(outer.span.start) <= line(inner.span.start)
        && line(inner.span.start) <= line(outer.span.end)
}
