//! Judgements: what reaches a use, or what keeps override mappings away from it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::analysis::bits::Bits;
use crate::analysis::facts::World;
use crate::callgraph::{FnId, TableId};
use crate::program::{ExprId, ExprKind, Span, Symbol};
use crate::vocabulary::{AxiomEffect, EntryState};

use super::because::Because;
use super::calls::Calls;
use super::climb::{Climb, Climbed, Doubt, Goal, Guard, Targets, TraceStep};
use super::hypothesis::{Hypothesis, hypotheses};
use super::looks::Looks;
use super::memory::{Grounds, Memory};
use super::plan::{Plan, Setter};
use super::run::{Effect, Setting};
use super::state::States;
use super::words::Words;

/// Judges all uses. `is_override_table` tells whether mappings with a table of operations, by its
/// name, hold overrides; `is_page_returned`, whether a handler returns a page beside them; once
/// `is_cancelled`, what is not judged yet is in doubt.
pub fn prove(
    world: World<'_>,
    uses: &BTreeSet<Use>,
    is_override_table: &(dyn Fn(Symbol) -> bool + Sync),
    is_page_returned: bool,
    without: &Without,
    (memory, is_cancelled): (&mut Memory, &(dyn Fn() -> bool + Sync)),
) -> BTreeMap<Use, Judgement> {
    let words = Words::new(world.dictionary.vocabulary(), &without.axioms);
    let excluded = excluded_kinds(world, without);
    let is_override = |table: TableId| is_override_table(world.program.table(table).name);
    let mut all: BTreeMap<Use, Judgement> = BTreeMap::new();
    let hypotheses = hypotheses(world, &excluded);
    // Without an axiom, words mean something else.
    let mut own = Memory::default();
    let memory = match without.axioms.is_empty() {
        true => memory,
        false => &mut own,
    };
    let (plan, looks, calls) = memory.recall(world, &words, |plan| Grounds {
        hypotheses: hypotheses.clone(),
        excluded: excluded.clone(),
        override_tables: world
            .program
            .tables()
            .filter(|(table, _)| is_override(*table))
            .map(|(table, _)| table.0 as usize)
            .collect(),
        is_page_returned,
        flags: [
            world.dictionary.flags.clone(),
            world.dictionary.other_flags.clone(),
        ],
        settable: plan.settable.clone(),
    });
    let other_flags: Vec<u128> = hypotheses.iter().map(|other| other.flags.ones).collect();
    let case = Case {
        other_flags: &other_flags,
        looks,
        calls,
        world,
        words: &words,
        plan,
        excluded: &excluded,
        access: ["VM_READ", "VM_WRITE", "VM_EXEC"]
            .iter()
            .fold(0, |all, name| all | mask(world, name)),
        is_override: &is_override,
        is_override_table,
        is_page_returned,
        removed: &without.conditions,
        is_cancelled,
    };
    let judged = hypotheses.par_iter().enumerate();
    let judged: Vec<Vec<(Use, Judgement)>> = judged
        .map(|(number, hypothesis)| {
            // One alternative begins at each end, and later finds most of what it wants to know.
            let mut uses: Vec<Use> = uses.iter().copied().collect();
            if number % 2 == 1 {
                uses.reverse();
            }
            case.judge(hypothesis, &uses)
        })
        .collect();
    for (one, judgement) in judged.into_iter().flatten() {
        all.entry(one).or_default().add(judgement);
    }
    all
}

/// What is certain about an override mapping: the names of flags that are set, and whether it has
/// operations; one for each alternative.
pub fn assumptions(world: World<'_>) -> Vec<(BTreeSet<String>, bool)> {
    let excluded = excluded_kinds(world, &Without::default());
    let hypotheses = hypotheses(world, &excluded);
    let described = hypotheses.into_iter().map(|one| {
        let flags = world.dictionary.flags.names(one.flags.ones);
        let flags = flags.map(|flag| flag.to_string()).collect();
        (flags, one.has_ops)
    });
    described.collect()
}

/// What to leave out, to see what falls.
#[derive(Clone, Debug, Default)]
pub struct Without {
    /// Axioms, by name.
    pub axioms: BTreeSet<String>,
    /// Conditions and values taken to be unknown: function and place.
    pub conditions: FxHashSet<(FnId, Span)>,
}

/// A generic use: a construct or a modify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Use {
    /// The function it stands in.
    pub function: FnId,
    /// Its place.
    pub span: Span,
}

/// What was found out about a use.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judgement {
    /// True if an override mapping gets there and its entry is the one used.
    pub is_reached: bool,
    /// True if it gets there only by a page that its handler returned beside overrides.
    pub is_by_page: bool,
    /// Why neither is certain.
    pub doubts: BTreeSet<Doubt>,
    /// What keeps override mappings away, or makes the use harmless for them.
    pub reasons: BTreeSet<Reason>,
    /// The conditions and facts behind the reasons.
    pub guards: BTreeSet<Guard>,
    /// Axioms used, by name.
    pub axioms: BTreeSet<String>,
    /// For a use that is reached, from where the override mapping comes into view.
    pub trace: Vec<TraceStep>,
    /// For a use that is reached: states that an override can be in because somebody puts it there,
    /// with the way to that place.
    pub set: BTreeMap<SetState, Vec<TraceStep>>,
}

/// A state of an entry that something has to put it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetState {
    /// Made inaccessible as a hint for NUMA balancing.
    Hinted,
    /// Replaced by a non-present entry that remembers the page: migration, swap, device-exclusive.
    Encoded,
}

impl Judgement {
    /// Takes the judgement under another alternative of the hypothesis in.
    fn add(&mut self, other: Judgement) {
        if other.is_reached && (!self.is_reached || self.is_by_page && !other.is_by_page) {
            self.trace = other.trace;
            self.set = other.set;
            self.is_by_page = other.is_by_page;
        }
        self.is_reached |= other.is_reached;
        self.doubts.extend(other.doubts);
        self.reasons.extend(other.reasons);
        self.guards.extend(other.guards);
        self.axioms.extend(other.axioms);
    }
}

/// Why a use is harmless; the names are those of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Only VMAs without operations get there.
    Anon,
    /// VMAs with the flags of override mappings are turned away.
    Flags,
    /// Only VMAs of one known kind get there.
    Ops,
    /// The entry is for a page that a handler returned.
    FaultPage,
    /// Reached only for pages found through the reverse mapping.
    Rmap,
    /// The entry maps an anonymous copy.
    Cow,
    /// The old entry cannot be an override.
    Entry,
    /// No override of this level can exist where the helper would lose it.
    Level,
    /// The helper keeps the bits.
    Preserve,
}

impl Reason {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Anon => "anon",
            Reason::Flags => "flags",
            Reason::Ops => "ops",
            Reason::FaultPage => "fault-page",
            Reason::Rmap => "rmap",
            Reason::Cow => "cow",
            Reason::Entry => "entry",
            Reason::Level => "level",
            Reason::Preserve => "preserve",
        }
    }
}

/// One alternative of the hypothesis.
struct Case<'p> {
    world: World<'p>,
    words: &'p Words,
    plan: &'p Plan,
    excluded: &'p [(usize, u128)],
    /// The flags that are certain in the alternatives of the hypothesis.
    other_flags: &'p [u128],
    looks: &'p Looks,
    calls: &'p Calls,
    access: u128,
    is_override: &'p (dyn Fn(TableId) -> bool + Sync),
    is_override_table: &'p (dyn Fn(Symbol) -> bool + Sync),
    is_page_returned: bool,
    removed: &'p FxHashSet<(FnId, Span)>,
    is_cancelled: &'p (dyn Fn() -> bool + Sync),
}

impl Case<'_> {
    /// Judges uses. What has setters is taken to be impossible until one of its setters is found
    /// reachable: the least fixpoint.
    fn judge(&self, hypothesis: &Hypothesis, uses: &[Use]) -> Vec<(Use, Judgement)> {
        let mut possible = States::of(&[EntryState::Raw, EntryState::Inaccessible]);
        let mut set_flags: BTreeSet<usize> = BTreeSet::new();
        let mut set: BTreeMap<SetState, Vec<TraceStep>> = BTreeMap::new();
        loop {
            let assumed = self.assume(hypothesis, &set_flags);
            let climb = Climb {
                setting: Setting {
                    world: self.world,
                    words: self.words,
                    plan: self.plan,
                    hypothesis: &assumed,
                    other_flags: self.other_flags,
                    excluded: self.excluded,
                    access: self.access,
                    is_override_table: self.is_override,
                    is_page_returned: self.is_page_returned,
                    removed: self.removed,
                },
                possible,
                is_override_table: self.is_override_table,
                looks: self.looks,
                calls: self.calls,
                is_cancelled: self.is_cancelled,
            };
            let mut setters: BTreeMap<Setter, Climbed> = BTreeMap::new();
            let mut has_grown = false;
            let states = [
                (Setter::Hint, EntryState::Hinted, SetState::Hinted),
                (Setter::Encode, EntryState::Encoded, SetState::Encoded),
            ];
            let states = states.map(|(setter, state, name)| (setter, States::of(&[state]), name));
            let unset = states.into_par_iter();
            let unset = unset.filter(|(_, state, _)| possible.and(*state).is_empty());
            let climbs: Vec<_> = unset
                .map(|(setter, state, name)| (setter, state, name, climb_setter(&climb, setter)))
                .collect();
            for (setter, state, name, climbed) in climbs {
                if climbed.reached.is_some() || !climbed.doubts.is_empty() {
                    possible = possible.or(state);
                    set.insert(name, climbed.reached.clone().unwrap_or_default());
                    has_grown = true;
                }
                setters.insert(setter, climbed);
            }
            if has_grown {
                continue;
            }
            let found: Vec<(Use, Climbed)> = uses
                .par_iter()
                .map(|one| (*one, climb_use(&climb, one)))
                .collect();
            // Flags that a proof rests on have to be out of reach of their setters, too.
            let mut used = found
                .iter()
                .map(|(_, climbed)| climbed)
                .chain(setters.values())
                .fold(Because::NOTHING, |all, climbed| all | climbed.because);
            loop {
                let missing: Vec<usize> = used
                    .never_sets()
                    .filter(|number| !setters.contains_key(&Setter::Flag(*number)))
                    .collect();
                if missing.is_empty() {
                    break;
                }
                for number in missing {
                    let climbed = climb_setter(&climb, Setter::Flag(number));
                    used |= climbed.because;
                    if climbed.reached.is_some() || !climbed.doubts.is_empty() {
                        has_grown |= set_flags.insert(number);
                    }
                    setters.insert(Setter::Flag(number), climbed);
                }
            }
            if !has_grown {
                return found
                    .into_iter()
                    .map(|(one, climbed)| (one, self.explain(climbed, &setters, &set)))
                    .collect();
            }
        }
    }

    /// The hypothesis with the flags that nothing sets.
    fn assume(&self, hypothesis: &Hypothesis, set_flags: &BTreeSet<usize>) -> Hypothesis {
        let mut assumed = hypothesis.clone();
        for (number, name) in self.plan.settable.iter().enumerate() {
            let flag = mask(self.world, name.as_str());
            if !set_flags.contains(&number) {
                assumed.flags = Bits {
                    ones: assumed.flags.ones,
                    zeros: assumed.flags.zeros | flag & !assumed.flags.ones,
                };
            }
        }
        assumed
    }

    /// Turns what was found into a judgement.
    fn explain(
        &self,
        climbed: Climbed,
        setters: &BTreeMap<Setter, Climbed>,
        set: &BTreeMap<SetState, Vec<TraceStep>>,
    ) -> Judgement {
        let is_reached = climbed.reached.is_some();
        let mut judgement = Judgement {
            is_reached,
            is_by_page: climbed.is_by_page,
            doubts: climbed.doubts,
            set: match is_reached {
                true => set.clone(),
                false => BTreeMap::new(),
            },
            guards: climbed.guards,
            trace: climbed.reached.unwrap_or_default(),
            ..Judgement::default()
        };
        let mut because = climbed.because;
        for effect in &climbed.effects {
            match effect {
                Effect::NewPage(axiom) => {
                    judgement.reasons.insert(Reason::Cow);
                    because |= Because::axiom((*axiom).into());
                }
                Effect::HandlerPage(axiom) => {
                    judgement.reasons.insert(Reason::FaultPage);
                    because |= Because::axiom((*axiom).into());
                }
                Effect::OwnEntry => {
                    judgement.reasons.insert(Reason::Preserve);
                }
                Effect::NotOverride { cleared_by: None } => because |= Because::ENTRY,
                Effect::NotOverride { .. } => {}
                Effect::Unclear => {
                    judgement.doubts.insert(Doubt::NoReason);
                }
                Effect::Override => judgement.is_reached = true,
                Effect::ReturnedPage => {
                    judgement.is_by_page |= !judgement.is_reached;
                    judgement.is_reached = true;
                }
            }
        }
        let mut explained = BTreeSet::new();
        self.name_facts(because, setters, &mut judgement, &mut explained);
        // What maps a page it was given, for one of these reasons, maps a copy of it, too.
        if judgement.reasons.len() > 1 {
            judgement.reasons.remove(&Reason::Cow);
        }
        // That other mappings use the same code says nothing where a better reason covers them.
        if climbed.is_other_kind && judgement.reasons.is_empty() {
            judgement.reasons.insert(Reason::Ops);
        }
        if judgement.reasons.is_empty() && judgement.doubts.is_empty() && !judgement.is_reached {
            judgement.doubts.insert(Doubt::NoReason);
        }
        judgement
    }

    /// Turns facts into reasons; facts about setters into the reasons why those are not reached.
    fn name_facts(
        &self,
        because: Because,
        setters: &BTreeMap<Setter, Climbed>,
        judgement: &mut Judgement,
        explained: &mut BTreeSet<Setter>,
    ) {
        for (fact, reason) in [
            (Because::OPS, Reason::Anon),
            (Because::FLAGS, Reason::Flags),
            (Because::KIND, Reason::Ops),
            (Because::ENTRY, Reason::Entry),
            (Because::NEVER_ENCODED, Reason::Entry),
        ] {
            if because.has(fact) {
                judgement.reasons.insert(reason);
            }
        }
        for number in because.axioms() {
            let Some(axiom) = self.world.dictionary.axioms().get(number) else {
                continue;
            };
            judgement.axioms.insert(axiom.name.clone());
            if axiom.effect == AxiomEffect::FindsCounted {
                judgement.reasons.insert(Reason::Rmap);
            }
        }
        let mut behind: Vec<Setter> = because.never_sets().map(Setter::Flag).collect();
        if because.has(Because::NEVER_HINTED) {
            behind.push(Setter::Hint);
        }
        for setter in behind {
            if !explained.insert(setter) {
                continue;
            }
            if let Some(climbed) = setters.get(&setter) {
                judgement.guards.extend(&climbed.guards);
                // Nobody asks for it, whatever the mapping.
                if climbed.because.is_nothing() {
                    judgement.reasons.insert(Reason::Entry);
                }
                self.name_facts(climbed.because, setters, judgement, explained);
            }
        }
    }
}

fn climb_setter(climb: &Climb<'_>, setter: Setter) -> Climbed {
    let targets = climb.setting.plan.places_setting(setter);
    // One function at a time: what closes the way to one says nothing of the others.
    let mut all = Climbed::default();
    let found: Vec<Climbed> = targets
        .into_par_iter()
        .map(|(function, places)| {
            climb.climb(&Targets::from([(function, places)]), Goal::Set(setter))
        })
        .collect();
    for climbed in found {
        all.reached = all.reached.or(climbed.reached);
        all.doubts.extend(climbed.doubts);
        all.because |= climbed.because;
        all.guards.extend(climbed.guards);
    }
    all
}

fn climb_use(climb: &Climb<'_>, one: &Use) -> Climbed {
    let targets = Targets::from([(one.function, places(climb.setting.world, one))]);
    let climbed = climb.climb(&targets, Goal::Harm);
    let maps_new_page = |effect: &Effect| matches!(effect, Effect::NewPage(_));
    if climbed.reached.is_some() || !climbed.effects.iter().any(maps_new_page) {
        return climbed;
    }
    // A new page is harmless wherever it is mapped; that override mappings do not even get there
    // says more.
    let closer = climb.climb(&targets, Goal::AnyPage);
    match closer.reached.is_some() || !closer.doubts.is_empty() {
        true => climbed,
        false => closer,
    }
}

/// The expressions at the place of a use, in each alternative of its function.
fn places(world: World<'_>, one: &Use) -> Vec<(usize, ExprId)> {
    let function = world.program.function(one.function);
    let mut found = Vec::new();
    for (index, body) in function.bodies.iter().enumerate() {
        for (i, expr) in body.exprs.iter().enumerate() {
            if expr.span == one.span && matches!(expr.kind, ExprKind::Call { .. }) {
                found.push((index, ExprId(i as u32)));
            }
        }
    }
    found
}

/// The flags of kinds of mappings that hold no overrides, with the axioms that say so.
fn excluded_kinds(world: World<'_>, without: &Without) -> Vec<(usize, u128)> {
    world
        .dictionary
        .axioms()
        .iter()
        .enumerate()
        .filter(|(_, axiom)| {
            axiom.effect == AxiomEffect::ExcludedKind && !without.axioms.contains(&axiom.name)
        })
        .map(|(number, axiom)| {
            let masks = axiom.functions.iter().map(|name| mask(world, name));
            (number, masks.fold(0, |all, mask| all | mask))
        })
        .collect()
}

fn mask(world: World<'_>, name: &str) -> u128 {
    world.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0)
}
