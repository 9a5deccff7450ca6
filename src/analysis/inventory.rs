//! The inventory of insertions: one row per call that installs user entries.

use std::collections::{BTreeMap, BTreeSet};

use crate::callgraph::{FnId, Program};
use crate::program::{ExprKind, Span, Symbol};
use crate::vocabulary::{Kind, Level, Phase};

use super::dictionary::{Dictionary, Word};
use super::entry::Run;
use super::machine::{CallPath, Event, EventKind};
use super::places::Places;
use super::result::{ApiAdjustment, Cow, Mapping, Protection, Step};
use super::state::VmaState;
use super::term::{Base, Term, Terms};
use super::value::Value;

/// What was observed at one call, over all runs.
#[derive(Default)]
struct Row {
    protection: BTreeSet<Protection>,
    kinds: BTreeSet<Kind>,
    vm_ops: BTreeSet<String>,
    vm_flags: Option<u128>,
    cow: BTreeSet<Cow>,
    /// The best way here, and how good it is: 0 from where the kernel enters.
    path: Option<(u8, CallPath)>,
    /// True if a fault operation gets here whose mappings always have the default protection.
    has_plain_table: bool,
}

/// The call a row stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Site {
    function: FnId,
    span: Span,
    api: Symbol,
    level: Level,
}

/// One observation of an insertion.
struct Observation<'r> {
    run: &'r Run,
    function: FnId,
    span: Span,
    state: &'r VmaState,
    /// False if it is not known which VMA the call is about.
    knows_vma: bool,
    /// The protection handed over; `None` if the API reads the VMA's own.
    protection: Option<&'r Terms>,
    path: &'r CallPath,
}

/// Makes the rows out of what the runs observed.
pub fn mappings(
    program: &Program,
    dictionary: &Dictionary<'_>,
    places: &Places<'_>,
    runs: &[Run],
) -> Vec<Mapping> {
    let mut rows: BTreeMap<Site, Row> = BTreeMap::new();
    for run in runs {
        for event in &run.events {
            let is_generic = places.is_generic(program.function(event.function).file);
            let Some(observation) = observation(run, event) else {
                continue;
            };
            if is_generic && matches!(event.kind, EventKind::Install { .. }) {
                continue;
            }
            let Some((api, level)) =
                callee(program, dictionary, event.function, event.body, event.expr)
            else {
                continue;
            };
            let site = Site {
                function: event.function,
                span: event.span,
                api,
                level,
            };
            observe(program, rows.entry(site).or_default(), &observation);
            for helper in helpers(program, dictionary, &event.path) {
                let site = Site {
                    function: helper.caller,
                    span: helper.span,
                    api: helper.name,
                    level,
                };
                let path: CallPath = event.path[..=helper.depth].to_vec().into();
                let observation = Observation {
                    path: &path,
                    ..observation
                };
                observe(program, rows.entry(site).or_default(), &observation);
            }
        }
    }
    add_unreached(program, dictionary, &mut rows);
    rows.into_iter()
        .map(|(site, row)| mapping(program, dictionary, places, site, row))
        .collect()
}

/// The calls of a run that insert overrides, with the ways there and the kinds of bits in which the
/// entries differ from the VMA's own protection.
pub fn overrides(
    run: &Run,
) -> impl Iterator<Item = ((FnId, Span), &CallPath, BTreeSet<Kind>)> + '_ {
    run.events.iter().filter_map(|event| {
        let observation = observation(run, event)?;
        let (protections, kinds) = classify(&observation);
        let site = (event.function, event.span);
        protections
            .iter()
            .any(|one| is_override(*one))
            .then_some((site, &event.path, kinds))
    })
}

fn is_override(protection: Protection) -> bool {
    matches!(
        protection,
        Protection::OverrideDerived | Protection::OverrideConstant
    )
}

/// An event as an insertion of user entries, if it is one.
fn observation<'r>(run: &'r Run, event: &'r Event) -> Option<Observation<'r>> {
    let (vma, state, protection) = match &event.kind {
        EventKind::Insert {
            vma,
            state,
            protection,
        } => (vma, state, protection.as_deref()),
        EventKind::Install {
            vma,
            state,
            protection,
            is_kernel: false,
        } => (vma, state, Some(&**protection)),
        _ => return None,
    };
    Some(Observation {
        run,
        function: event.function,
        span: event.span,
        state,
        knows_vma: vma.is_some(),
        protection,
        path: &event.path,
    })
}

/// Calls that no run gets to, such as those under `if (0)`, are listed for what they say.
fn add_unreached(program: &Program, dictionary: &Dictionary<'_>, rows: &mut BTreeMap<Site, Row>) {
    for (function, its) in program.functions() {
        for body in &its.bodies {
            for expr in &body.exprs {
                let ExprKind::Call { callee, args } = &expr.kind else {
                    continue;
                };
                let ExprKind::Global(api) = body.expr(*callee).kind else {
                    continue;
                };
                let Some(Word::Insert(insert)) = dictionary.word(api, args.len()) else {
                    continue;
                };
                let site = Site {
                    function,
                    span: expr.span,
                    api,
                    level: insert.level,
                };
                if rows.contains_key(&site) {
                    continue;
                }
                let argument = insert.protection.and_then(|position| args.get(position));
                let protection = match argument.map(|arg| &body.expr(*arg).kind) {
                    None => Protection::Implicit,
                    Some(ExprKind::Member { field, .. })
                        if dictionary.is_protection_member(*field) =>
                    {
                        Protection::VmaProt
                    }
                    Some(_) => Protection::Param,
                };
                let row = rows.entry(site).or_default();
                row.protection.insert(protection);
                row.path = Some((2, vec![(function, None)].into()));
            }
        }
    }
}

fn callee(
    program: &Program,
    dictionary: &Dictionary<'_>,
    function: FnId,
    body: usize,
    call: crate::program::ExprId,
) -> Option<(Symbol, Level)> {
    let body = &program.function(function).bodies[body];
    let ExprKind::Call { callee, args } = &body.expr(call).kind else {
        return None;
    };
    let ExprKind::Global(name) = body.expr(*callee).kind else {
        return None;
    };
    match dictionary.word(name, args.len())? {
        Word::Insert(insert) => Some((name, insert.level)),
        Word::Install(install) => Some((name, install.level)),
        _ => None,
    }
}

/// A call of a function that takes the protection as a parameter and hands it on.
struct Helper {
    caller: FnId,
    span: Span,
    name: Symbol,
    /// Position of the caller in the path.
    depth: usize,
}

fn helpers(program: &Program, dictionary: &Dictionary<'_>, path: &CallPath) -> Vec<Helper> {
    let mut found = Vec::new();
    for (depth, pair) in path.windows(2).enumerate() {
        let [(caller, _), (callee, Some(span))] = pair else {
            continue;
        };
        let function = program.function(*callee);
        // A macro has no types, but often has a function for a brother in another configuration.
        let takes_protection = program.functions_named(function.name).iter().any(|&id| {
            let params = program.function(id).params();
            params.iter().any(|param| param.ty.base == "pgprot_t")
        });
        if takes_protection && !dictionary.is_insert(function.name) {
            found.push(Helper {
                caller: *caller,
                span: *span,
                name: function.name,
                depth,
            });
        }
    }
    found
}

fn observe(program: &Program, row: &mut Row, seen: &Observation<'_>) {
    let (protections, kinds) = classify(seen);
    let is_plain =
        |protection: &Protection| matches!(protection, Protection::VmaProt | Protection::Implicit);
    row.has_plain_table |= seen.run.phase == Some(Phase::Fault)
        && !seen.run.stored_in_mmap.may
        && protections.iter().any(is_plain);
    row.protection.extend(protections);
    row.kinds.extend(kinds);
    let site = (seen.function, seen.span);
    // What the mmap operation sets after the insertion is set before anybody can use the mapping.
    let passed_exits: Vec<&VmaState> = seen
        .run
        .exits
        .iter()
        .filter(|exit| exit.inserted.contains(&site))
        .collect();
    let mut flags = seen.state.flags.ones;
    let is_mmap = matches!(seen.run.phase, None | Some(Phase::Mmap));
    if is_mmap && !passed_exits.is_empty() {
        flags = passed_exits
            .iter()
            .fold(!0, |all, exit| all & exit.flags.ones);
    }
    if seen.run.is_exhausted {
        // Another way may lead here without them.
        flags = 0;
    }
    row.vm_flags = Some(row.vm_flags.map_or(flags, |known| known & flags));
    let tables = |value: &Value| match value {
        Value::Tables(tables) => tables
            .iter()
            .map(|&table| program.table(table).name.to_string())
            .collect::<BTreeSet<_>>(),
        _ => BTreeSet::new(),
    };
    row.vm_ops.extend(tables(&seen.state.ops));
    if is_mmap && !matches!(seen.state.ops, Value::Tables(_)) {
        for exit in &passed_exits {
            row.vm_ops.extend(tables(&exit.ops));
        }
    }
    row.cow.insert(match &seen.run.cow {
        None => Cow::Unknown,
        Some(places) if places.contains_key(&site) => Cow::Possible,
        Some(_) if seen.run.is_exhausted => Cow::Unknown,
        Some(_) => Cow::Refused,
    });
    // The way from where the kernel really enters, however long, before a shorter one.
    let rank = match seen.run.phase {
        Some(_) if !seen.run.is_secondary => 0,
        Some(_) => 1,
        None => 2,
    };
    let is_better = row.path.as_ref().is_none_or(|(known_rank, known)| {
        (rank, seen.path.len(), &**seen.path) < (*known_rank, known.len(), &**known)
    });
    if is_better {
        row.path = Some((rank, seen.path.clone()));
    }
}

/// The protections that arrive in one observation, and the kinds of bits an override changes.
fn classify(seen: &Observation<'_>) -> (BTreeSet<Protection>, BTreeSet<Kind>) {
    let mut protections = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for own in own_protections(seen) {
        let Some(terms) = seen.protection else {
            protections.insert(match own {
                Protection::VmaProt => Protection::Implicit,
                updated => updated,
            });
            continue;
        };
        for term in &terms.set {
            let (protection, its_kinds) = classify_term(seen, own, term);
            protections.insert(protection);
            kinds.extend(its_kinds);
        }
    }
    (protections, kinds)
}

/// What the VMA's own protection can count as at this point.
fn own_protections(seen: &Observation<'_>) -> Vec<Protection> {
    let is_mmap = seen.run.phase == Some(Phase::Mmap) || seen.run.phase.is_none();
    let stored = seen.run.stored_in_mmap;
    match (seen.state.is_updated, is_mmap) {
        (true, true) => vec![Protection::VmaProtUpdated],
        (true, false) => vec![Protection::VmaProtLate],
        (false, _) if stored.may && stored.may_not => {
            vec![Protection::VmaProt, Protection::VmaProtUpdated]
        }
        (false, _) if stored.may => vec![Protection::VmaProtUpdated],
        (false, _) => vec![Protection::VmaProt],
    }
}

fn classify_term(
    seen: &Observation<'_>,
    own: Protection,
    term: &Term,
) -> (Protection, BTreeSet<Kind>) {
    let nothing = BTreeSet::new();
    if seen.state.prot.set.contains(term) {
        return (own, nothing);
    }
    let is_left_behind = seen.run.phase == Some(Phase::Mmap)
        && seen.run.exits.iter().any(|exit| {
            exit.prot.set.contains(term) && exit.inserted.contains(&(seen.function, seen.span))
        });
    if is_left_behind {
        let is_changed = !term.steps.is_empty() || !matches!(term.base, Base::Own { .. });
        let protection = if is_changed {
            Protection::VmaProtUpdated
        } else {
            own
        };
        return (protection, nothing);
    }
    match (&term.base, term.steps.is_empty()) {
        (Base::Constant(_) | Base::OfFlags(..), _) => (
            Protection::OverrideConstant,
            term.kinds().into_iter().chain([Kind::Permission]).collect(),
        ),
        (Base::Parameter(_), true) => (Protection::Param, nothing),
        (Base::Own { .. }, true) if !seen.knows_vma => (own, nothing),
        // Made anew from the flags while nothing else has been stored: what the VMA has.
        (Base::Recomputed, true) if own == Protection::VmaProt => (Protection::VmaProt, nothing),
        (Base::Unknown(_) | Base::Entry, true) => {
            (Protection::OverrideDerived, BTreeSet::from([Kind::Other]))
        }
        _ => (Protection::OverrideDerived, changed_kinds(seen.state, term)),
    }
}

/// The kinds of bits in which a term differs from the VMA's own protection.
fn changed_kinds(state: &VmaState, term: &Term) -> BTreeSet<Kind> {
    let nearest = state
        .prot
        .set
        .iter()
        .filter(|own| own.base == term.base && term.steps.starts_with(&own.steps))
        .max_by_key(|own| own.steps.len());
    match nearest {
        Some(own) => term.steps[own.steps.len()..]
            .iter()
            .map(|step| step.kind)
            .collect(),
        None => {
            let lost = state.prot.set.iter().flat_map(Term::kinds);
            term.kinds().into_iter().chain(lost).collect()
        }
    }
}

fn mapping(
    program: &Program,
    dictionary: &Dictionary<'_>,
    places: &Places<'_>,
    site: Site,
    row: Row,
) -> Mapping {
    let function = program.function(site.function);
    let insert = match dictionary.word(site.api, usize::MAX) {
        Some(Word::Insert(insert)) => Some(insert),
        _ => None,
    };
    let (line, column) = places.line_column(function.file, site.span.start);
    let mut protection = row.protection;
    // `vma-prot-updated` speaks of all mappings that get here.
    if row.has_plain_table {
        protection.remove(&Protection::VmaProtUpdated);
    }
    let is_override = protection.iter().any(|one| is_override(*one));
    let mut vm_flags: BTreeSet<String> = dictionary
        .flags
        .names(row.vm_flags.unwrap_or(0))
        .map(|name| name.to_string())
        .collect();
    if let Some(insert) = insert {
        vm_flags.extend(insert.sets.iter().cloned());
    }
    let cow = if row.cow.contains(&Cow::Possible) {
        Cow::Possible
    } else if row.cow.contains(&Cow::Refused) {
        Cow::Refused
    } else {
        Cow::Unknown
    };
    let path = row.path.map_or_else(Vec::new, |(_, path)| {
        steps(program, places, &path, site.span)
    });
    Mapping {
        file: places.path(function.file).to_owned(),
        line,
        column,
        function: function.name.to_string(),
        api: site.api.to_string(),
        is_override,
        kinds: if is_override {
            row.kinds
        } else {
            BTreeSet::new()
        },
        protection,
        api_adjusts: insert.map_or_else(Vec::new, |insert| {
            insert
                .adjusts
                .iter()
                .map(|adjust| ApiAdjustment {
                    kind: adjust.kind,
                    function: adjust.function.clone(),
                    arches: places.arches_defining(&adjust.function),
                })
                .filter(|adjustment| !adjustment.arches.is_empty())
                .collect()
        }),
        vm_ops: row.vm_ops,
        vm_flags,
        level: site.level,
        cow,
        path,
        arches: places.arch(function.file).into_iter().collect(),
        condition: places.condition(function.file, site.span.start),
    }
}

/// A call path as places: each function with the line in it where the next one is called.
pub fn steps(program: &Program, places: &Places<'_>, path: &CallPath, last: Span) -> Vec<Step> {
    path.iter()
        .enumerate()
        .map(|(i, (id, _))| {
            let function = program.function(*id);
            let at = match path.get(i + 1) {
                Some((_, Some(site))) => *site,
                _ => last,
            };
            Step {
                file: places.path(function.file).to_owned(),
                line: places.line_column(function.file, at.start).0,
                function: function.name.to_string(),
            }
        })
        .collect()
}
