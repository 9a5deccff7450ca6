//! Runs the machine from every place where the kernel enters a driver with a VMA.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::callgraph::{FnId, TableId};
use crate::program::{ExprId, Span, Symbol};
use crate::vocabulary::Weakening;
use crate::vocabulary::{EntryPoint, Phase};

use super::bits::Bits;
use super::dictionary::Word;
use super::facts::World;
use super::machine::{Depth, Event, EventKind, Exit, Memory};
use super::state::{State, VmaState};
use super::term::Term;
use super::value::Value;

/// What one entry point does.
#[derive(Debug)]
pub struct Run {
    /// The function entered.
    pub function: FnId,
    /// When the kernel calls it; `None` if it is not known to be an entry point.
    pub phase: Option<Phase>,
    /// The table through which it is called, for operations of a VMA.
    pub table: Option<TableId>,
    /// True if the kernel gets there through another operation that was not followed this far.
    pub is_secondary: bool,
    /// Whether the mmap operations that install the table store to `vm_page_prot`: on some way, on
    /// some way not.
    pub stored_in_mmap: Stored,
    /// What happened.
    pub events: Vec<Event>,
    /// The VMA in every way the function can succeed.
    pub exits: Vec<VmaState>,
    /// The places of events that a copy-on-write mapping reaches, and its flags that are certain
    /// there; `None` if nothing is known of how the VMA was made.
    pub cow: Option<BTreeMap<(FnId, Span), u128>>,
    /// The VMA in every way the function can succeed for a copy-on-write mapping.
    pub cow_exits: Vec<VmaState>,
    /// True if the run was cut short.
    pub is_exhausted: bool,
}

/// Whether `vm_page_prot` has been stored to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// On some way it has.
    pub may: bool,
    /// On some way it has not.
    pub may_not: bool,
}

/// What the mmap operations of a tree leave in VMAs with one table of operations.
#[derive(Clone, Debug, Default)]
pub struct Born {
    /// Flags on every way.
    flags: Option<Bits>,
    stored: Stored,
    /// Protections left in the VMA.
    pub protections: BTreeSet<Term>,
    /// Flags on every way that leaves the mapping copy-on-write; `None` if there is none.
    cow_flags: Option<Bits>,
}

/// Runs all entry points: mmap operations first, since they decide what fault operations find.
pub fn run_all(world: World<'_>, memory: &Memory) -> Vec<Run> {
    let run_mmap = |function, phase| run_mmap((world, memory), function, phase);
    let run_mmaps = |entries: Vec<Entry>| -> Vec<Run> {
        entries
            .par_iter()
            .map(|(function, _)| run_mmap(*function, Some(Phase::Mmap)))
            .collect()
    };
    let insertions = insertions(world);
    let mut runs = run_mmaps(entries(world, |entry| {
        entry.phase == Phase::Mmap && !entry.secondary
    }));
    let missing = unreached(&insertions, &runs);
    let mut secondary = entries(world, |entry| entry.phase == Phase::Mmap && entry.secondary);
    secondary.retain(|(function, _)| missing.contains(function));
    runs.extend(run_mmaps(secondary));
    let born = born(&runs);
    let run_operations = |entries: Vec<Entry>, is_secondary: bool| -> Vec<Run> {
        entries
            .par_iter()
            .filter_map(|(function, (phase, table))| {
                let table = (*table)?;
                let entry = (*phase, table, is_secondary);
                Some(run_operation(
                    (world, memory),
                    *function,
                    entry,
                    born.get(&table),
                ))
            })
            .collect()
    };
    let primary = entries(world, |entry| {
        entry.phase != Phase::Mmap && !entry.secondary
    });
    runs.extend(run_operations(primary, false));
    let missing = unreached(&insertions, &runs);
    let mut secondary = entries(world, |entry| entry.phase != Phase::Mmap && entry.secondary);
    secondary.retain(|(function, _)| missing.contains(function));
    runs.extend(run_operations(secondary, true));
    let orphans = orphans(world, unreached(&insertions, &runs));
    runs.extend(
        orphans
            .par_iter()
            .map(|function| run_mmap(*function, None))
            .collect::<Vec<_>>(),
    );
    // Whatever a run from further up did not get to is looked at on its own.
    let rest = unreached(&insertions, &runs);
    runs.extend(
        rest.par_iter()
            .map(|function| run_mmap(*function, None))
            .collect::<Vec<_>>(),
    );
    runs
}

type Entry = (FnId, (Phase, Option<TableId>));

/// The functions behind the entry points, in order. An mmap operation is listed once, however many
/// tables name it; a VMA operation once for each table.
fn entries(world: World<'_>, is_wanted: impl Fn(&EntryPoint) -> bool) -> Vec<Entry> {
    let mut found = BTreeSet::new();
    for entry in world.dictionary.entry_points {
        if !is_wanted(entry) {
            continue;
        }
        let member = Symbol::new(&entry.member);
        for &table in world.program.tables_of(Symbol::new(&entry.table)) {
            for function in world.program.table_functions(table, member) {
                let table = (entry.phase != Phase::Mmap).then_some(table);
                found.insert((function, (entry.phase, table)));
            }
        }
        for store in world.program.stores_to(member) {
            for function in world.program.resolve(store.value, store.file) {
                if entry.phase == Phase::Mmap && has_shape(world, function, entry) {
                    found.insert((function, (entry.phase, None)));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// True if a function's parameters fit an entry point.
fn has_shape(world: World<'_>, function: FnId, entry: &EntryPoint) -> bool {
    let params = world.program.function(function).params();
    params.len() == entry.target + 1
        && params
            .get(entry.target)
            .is_some_and(|param| world.dictionary.is_vma_type(param.ty.base))
}

fn run_mmap((world, memory): (World<'_>, &Memory), function: FnId, phase: Option<Phase>) -> Run {
    let run = |state| run((world, memory), function, state);
    let (events, exits, is_exhausted) = run(State::default());
    let mut all = Run {
        function,
        phase,
        table: None,
        is_secondary: false,
        stored_in_mmap: Stored::default(),
        events,
        exits,
        cow: None,
        cow_exits: Vec::new(),
        is_exhausted,
    };
    // Of what is no entry point it is not known which mappings get there.
    if phase.is_some() && !world.is_weakened(Weakening::Copies) {
        let mut state = State::default();
        state.vma_mut(0).flags = cow_flags(world);
        let (events, exits, is_exhausted) = run(state);
        all.cow = Some(cow_places(world, &events));
        all.cow_exits = exits;
        all.is_exhausted |= is_exhausted;
    }
    all
}

fn run_operation(
    (world, memory): (World<'_>, &Memory),
    function: FnId,
    (phase, table, is_secondary): (Phase, TableId, bool),
    born: Option<&Born>,
) -> Run {
    let start = |flags: Bits| {
        let mut state = State::default();
        let vma = state.vma_mut(0);
        vma.flags = flags;
        if !is_secondary {
            vma.ops = Value::table(table);
        }
        state
    };
    let flags = born.and_then(|born| born.flags).unwrap_or_default();
    let (events, exits, mut is_exhausted) = run((world, memory), function, start(flags));
    let cow = born.map(|born| match born.cow_flags {
        Some(flags) => {
            let (events, _, is_cow_exhausted) = run((world, memory), function, start(flags));
            is_exhausted |= is_cow_exhausted;
            cow_places(world, &events)
        }
        None => BTreeMap::new(),
    });
    Run {
        function,
        phase: Some(phase),
        table: Some(table),
        is_secondary,
        stored_in_mmap: born.map_or_else(Stored::default, |born| born.stored),
        events,
        exits,
        cow,
        cow_exits: Vec::new(),
        is_exhausted,
    }
}

fn run(
    (world, memory): (World<'_>, &Memory),
    function: FnId,
    state: State,
) -> (Vec<Event>, Vec<VmaState>, bool) {
    let ran = memory.run(world, function, Depth::Full, state);
    let result = world.program.function(function).result;
    let can_fail = result.base != "void";
    let no_page = world.dictionary.no_page();
    let exits = ran.exits.iter().filter_map(|exit: &Exit| {
        let mut vma = exit.state.vma(0);
        match &exit.value {
            // What the core is told not to map is as good as not there.
            Value::Bits(result) if result.ones & no_page != 0 => vma.pages = Arc::default(),
            // A code of a fault.
            Value::Bits(_) => {}
            value if can_fail && value.truth() == Some(true) => return None,
            _ => {}
        }
        Some(vma)
    });
    (ran.events.clone(), exits.collect(), ran.is_exhausted)
}

/// The flags of a mapping that is copied on write: private, and writing is or may become allowed.
fn cow_flags(world: World<'_>) -> Bits {
    let mask = |name: &str| world.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0);
    Bits {
        ones: mask("VM_MAYWRITE"),
        zeros: mask("VM_SHARED") | mask("VM_MAYSHARE"),
    }
}

/// True if a mapping with these flags can still be copied on write.
fn is_cow(world: World<'_>, flags: Bits) -> bool {
    let mask = |name: &str| world.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0);
    flags.ones & mask("VM_SHARED") == 0 && flags.zeros & mask("VM_MAYWRITE") == 0
}

fn cow_places(world: World<'_>, events: &[Event]) -> BTreeMap<(FnId, Span), u128> {
    let mut places = BTreeMap::new();
    for event in events {
        if let EventKind::Insert { state, .. } | EventKind::Install { state, .. } = &event.kind
            && is_cow(world, state.flags)
        {
            let certain: &mut u128 = places.entry((event.function, event.span)).or_insert(!0);
            *certain &= state.flags.ones;
        }
    }
    places
}

/// What is known of VMAs by their table of operations.
fn born(runs: &[Run]) -> BTreeMap<TableId, Born> {
    let mut born: BTreeMap<TableId, Born> = BTreeMap::new();
    for run in runs {
        for (exits, is_cow_run) in [(&run.exits, false), (&run.cow_exits, true)] {
            for exit in exits {
                let Value::Tables(tables) = &exit.ops else {
                    continue;
                };
                for table in tables.iter() {
                    let born = born.entry(*table).or_default();
                    let flags = if is_cow_run {
                        &mut born.cow_flags
                    } else {
                        &mut born.flags
                    };
                    *flags = Some(flags.map_or(exit.flags, |flags| flags.join(exit.flags)));
                    born.stored.may |= exit.is_updated;
                    born.stored.may_not |= !exit.is_updated;
                    born.protections.extend(exit.prot.set.iter().cloned());
                }
            }
        }
    }
    born
}

/// Functions that insert entries, but that no entry point leads to: found by going up to callers
/// until nobody calls them.
fn orphans(world: World<'_>, missing: Vec<FnId>) -> Vec<FnId> {
    let mut tops = BTreeSet::new();
    for function in missing {
        let mut seen = BTreeSet::from([function]);
        let mut pending = vec![function];
        while let Some(function) = pending.pop() {
            let its = &world.program.function(function);
            let above: Vec<FnId> = world
                .facts
                .callers(function)
                .filter(|caller| !seen.contains(caller))
                .collect();
            if above.is_empty() || world.dictionary.is_insert(its.name) || seen.len() > 64 {
                tops.insert(function);
            } else {
                seen.extend(&above);
                pending.extend(above);
            }
        }
    }
    tops.into_iter().collect()
}

/// Functions with an insertion that none of the runs passed.
fn unreached(insertions: &[(FnId, Span)], runs: &[Run]) -> Vec<FnId> {
    let reached: BTreeSet<(FnId, Span)> = runs
        .iter()
        .flat_map(|run| &run.events)
        .filter(|event| {
            matches!(
                event.kind,
                EventKind::Insert { .. } | EventKind::Install { .. }
            )
        })
        .map(|event| (event.function, event.span))
        .collect();
    let missing = insertions.iter().filter(|place| !reached.contains(place));
    let missing: BTreeSet<FnId> = missing.map(|(function, _)| *function).collect();
    missing.into_iter().collect()
}

/// Where entries are inserted, or written by drivers.
fn insertions(world: World<'_>) -> Vec<(FnId, Span)> {
    let mut found = Vec::new();
    for (id, function) in world.program.functions() {
        let is_generic = world.program.file(function.file).is_generic;
        for body in &function.bodies {
            for call in (0..body.exprs.len() as u32).map(ExprId) {
                let Some((name, args)) = body.call_by_name(call) else {
                    continue;
                };
                let is_insertion = match world.dictionary.word(name, args.len()) {
                    Some(Word::Insert(_)) => true,
                    Some(Word::Install(_)) => !is_generic,
                    _ => false,
                };
                if is_insertion {
                    found.push((id, body.expr(call).span));
                }
            }
        }
    }
    found
}

/// How many entry points were not followed to the end.
pub fn n_exhausted(runs: &[Run]) -> usize {
    runs.iter()
        .filter(|run| run.is_exhausted)
        .map(|run| run.function)
        .collect::<BTreeSet<_>>()
        .len()
}

/// How many indirect calls that carry a VMA had no known target.
pub fn n_unresolved(runs: &[Run]) -> usize {
    runs.iter()
        .flat_map(|run| &run.events)
        .filter(|event| event.kind == EventKind::Unresolved)
        .map(|event| (event.function, event.span))
        .collect::<BTreeSet<_>>()
        .len()
}
