//! From runs to judgements: what reached a use, or what kept override mappings away from it.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::analysis::bits::Bits;
use crate::analysis::facts::World;
use crate::callgraph::{FnId, TableId};
use crate::program::{Body, ExprId, ExprKind, Instr, Span, Symbol, Terminator};
use crate::vocabulary::{AxiomEffect, EntryState};

use super::because::Because;
use super::hypothesis::{Hypothesis, hypotheses};
use super::plan::{Plan, Setter};
use super::run::{Context, ContextId, Effect, Engine, Setting};
use super::state::{Cleared, States};
use super::words::Words;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// True if an override mapping gets there and its entry is the one used.
    pub is_reached: bool,
    /// True if nothing tells which entry or page is used, or how the use is reached at all.
    pub is_unclear: bool,
    /// What keeps override mappings away, or makes the use harmless for them.
    pub reasons: BTreeSet<Reason>,
    /// The conditions and facts behind the reasons.
    pub guards: BTreeSet<Guard>,
    /// Axioms used, by name.
    pub axioms: BTreeSet<String>,
    /// For a use that is reached, from where the override mapping comes into view.
    pub trace: Vec<TraceStep>,
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

/// A place a proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guard {
    /// The function.
    pub function: FnId,
    /// The condition, or for a table the function it holds.
    pub span: Span,
    /// What it tells.
    pub kind: GuardKind,
}

/// What a [`Guard`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GuardKind {
    /// A condition that turns override mappings away.
    Condition,
    /// A condition after which the entry is no override.
    Entry,
    /// The function is only reached through tables of operations of other mappings.
    Tables,
}

/// One step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// The function.
    pub function: FnId,
    /// The call to the next step, or the use itself.
    pub span: Span,
}

/// Judges all uses.
pub fn prove(
    world: World<'_>,
    uses: &BTreeSet<Use>,
    is_override_table: &(dyn Fn(Symbol) -> bool + Sync),
    without: &Without,
) -> BTreeMap<Use, Judgement> {
    let words = Words::new(world.dictionary.vocabulary(), &without.axioms);
    let functions: BTreeSet<FnId> = uses.iter().map(|one| one.function).collect();
    let plan = Plan::new(world, &words, &functions, is_override_table);
    let excluded: Vec<(usize, u128)> = world
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
        .collect();
    let access = ["VM_READ", "VM_WRITE", "VM_EXEC"]
        .iter()
        .fold(0, |all, name| all | mask(world, name));
    let is_override = |table: TableId| is_override_table(world.program.table(table).name);
    let hypotheses = hypotheses(world, &excluded);
    let judged: Vec<BTreeMap<Use, Judgement>> = hypotheses
        .par_iter()
        .map(|hypothesis| {
            let run = Fixpoint {
                world,
                words: &words,
                plan: &plan,
                excluded: &excluded,
                access,
                is_override_table: &is_override,
                removed: &without.conditions,
            };
            run.judge(hypothesis, uses)
        })
        .collect();
    let mut all: BTreeMap<Use, Judgement> = BTreeMap::new();
    for judgements in judged {
        for (one, judgement) in judgements {
            let known = all.entry(one).or_default();
            if judgement.is_reached && !known.is_reached {
                known.trace.clone_from(&judgement.trace);
            }
            known.is_reached |= judgement.is_reached;
            known.is_unclear |= judgement.is_unclear;
            known.reasons.extend(judgement.reasons);
            known.guards.extend(judgement.guards);
            known.axioms.extend(judgement.axioms);
        }
    }
    all
}

fn mask(world: World<'_>, name: &str) -> u128 {
    world.dictionary.flags.mask(Symbol::new(name)).unwrap_or(0)
}

/// Runs one hypothesis until nothing more is found possible.
struct Fixpoint<'p> {
    world: World<'p>,
    words: &'p Words,
    plan: &'p Plan,
    excluded: &'p [(usize, u128)],
    access: u128,
    is_override_table: &'p (dyn Fn(TableId) -> bool + Sync),
    removed: &'p FxHashSet<(FnId, Span)>,
}

impl<'p> Fixpoint<'p> {
    fn judge(&self, hypothesis: &Hypothesis, uses: &BTreeSet<Use>) -> BTreeMap<Use, Judgement> {
        let mut possible = States::of(&[EntryState::Raw, EntryState::Inaccessible]);
        let mut set_flags: BTreeSet<usize> = BTreeSet::new();
        loop {
            let mut assumed = hypothesis.clone();
            for (number, name) in self.plan.settable.iter().enumerate() {
                let flag = mask(self.world, name.as_str());
                if !set_flags.contains(&number) && assumed.flags.ones & flag == 0 {
                    assumed.flags = Bits {
                        ones: assumed.flags.ones,
                        zeros: assumed.flags.zeros | flag,
                    };
                }
            }
            let mut engine = Engine::new(
                Setting {
                    world: self.world,
                    words: self.words,
                    plan: self.plan,
                    hypothesis: &assumed,
                    excluded: self.excluded,
                    access: self.access,
                    is_override_table: self.is_override_table,
                    removed: self.removed,
                },
                possible,
            );
            engine.run();
            if std::env::var_os("REACH_DEBUG").is_some() {
                let mut n: BTreeMap<FnId, (usize, u32)> = BTreeMap::new();
                for context in &engine.contexts {
                    let e = n.entry(context.function).or_default();
                    e.0 += 1;
                    e.1 += context.visits;
                }
                let mut n: Vec<_> = n.into_iter().collect();
                n.sort_by_key(|(_, k)| std::cmp::Reverse(k.1));
                eprintln!("== {} contexts {} exhausted {} set {:?}", hypothesis.name, engine.contexts.len(), engine.is_exhausted(), engine.set.iter().map(|(s,(_,f,_))| (s, self.world.program.function(*f).name.as_str(), match s { Setter::Flag(i) => self.plan.settable[*i].as_str(), _ => "" })).collect::<Vec<_>>());
                for (f, k) in n.iter().take(40) {
                    eprintln!("   {} {} {}", self.world.program.function(*f).name, k.0, k.1);
                }
                eprintln!("  settable {:?} roots {}", self.plan.settable, self.plan.roots.len());
            }
            let mut has_grown = false;
            for setter in engine.set.keys() {
                match setter {
                    Setter::Flag(number) => has_grown |= set_flags.insert(*number),
                    Setter::Hint => {
                        let more = possible.or(States::of(&[EntryState::Hinted]));
                        has_grown |= more != possible;
                        possible = more;
                    }
                    Setter::Encode => {
                        let more = possible.or(States::of(&[EntryState::Encoded]));
                        has_grown |= more != possible;
                        possible = more;
                    }
                }
            }
            if !has_grown {
                let is_exhausted = engine.is_exhausted();
                return Judge::new(self.world, self.plan, &engine).judge(uses, is_exhausted);
            }
        }
    }
}

/// Turns one finished run into judgements.
struct Judge<'a, 'p> {
    world: World<'p>,
    plan: &'a Plan,
    engine: &'a Engine<'p>,
    contexts_of: BTreeMap<FnId, Vec<ContextId>>,
}

/// Places in functions.
type Targets = BTreeMap<FnId, Vec<(usize, ExprId)>>;

/// What a set of ways is closed by.
#[derive(Default)]
struct Closed {
    because: Because,
    guards: BTreeSet<Guard>,
}

impl<'a, 'p> Judge<'a, 'p> {
    fn new(world: World<'p>, plan: &'a Plan, engine: &'a Engine<'p>) -> Judge<'a, 'p> {
        let mut contexts_of: BTreeMap<FnId, Vec<ContextId>> = BTreeMap::new();
        for (id, context) in engine.contexts.iter().enumerate() {
            contexts_of.entry(context.function).or_default().push(id);
        }
        Judge {
            world,
            plan,
            engine,
            contexts_of,
        }
    }

    fn judge(&self, uses: &BTreeSet<Use>, is_exhausted: bool) -> BTreeMap<Use, Judgement> {
        uses.iter()
            .map(|one| {
                let mut judgement = self.judge_one(one);
                judgement.is_unclear |= is_exhausted;
                (*one, judgement)
            })
            .collect()
    }

    fn judge_one(&self, one: &Use) -> Judgement {
        let mut judgement = Judgement::default();
        let mut because = Because::NOTHING;
        let places = self.places(one);
        let hits = places
            .iter()
            .filter_map(|(body, expr)| self.engine.hits.get(&(one.function, *body, *expr)))
            .flatten();
        let mut is_hit = false;
        for hit in hits {
            is_hit = true;
            match hit.effect {
                Effect::NewPage(axiom) => {
                    judgement.reasons.insert(Reason::Cow);
                    because |= Because::axiom(axiom.into());
                }
                Effect::HandlerPage(axiom) => {
                    judgement.reasons.insert(Reason::FaultPage);
                    because |= Because::axiom(axiom.into());
                }
                Effect::OwnEntry => {
                    judgement.reasons.insert(Reason::Preserve);
                }
                Effect::NotOverride { cleared_by } => {
                    if let Some(cleared) = cleared_by {
                        because |= cleared.because;
                        judgement.guards.insert(self.entry_guard(cleared));
                    } else {
                        because |= Because::ENTRY;
                    }
                }
                Effect::Unclear => judgement.is_unclear = true,
                Effect::Override => {
                    judgement.is_reached = true;
                    if judgement.trace.is_empty() {
                        judgement.trace = self.trace(hit.context, one.span);
                    }
                }
            }
        }
        if !is_hit {
            let targets = BTreeMap::from([(one.function, places)]);
            let closed = self.closed(&targets);
            because |= closed.because;
            judgement.guards.extend(closed.guards);
        }
        self.explain(because, &mut judgement, &mut BTreeSet::new());
        // A page that a handler gave, or a copy of its own: both are of one function.
        if judgement.reasons.contains(&Reason::FaultPage) && is_hit {
            judgement.reasons.remove(&Reason::Cow);
        }
        judgement.is_unclear |= judgement.reasons.is_empty() && !judgement.is_reached;
        judgement
    }

    /// The expressions at the place of a use, in each alternative of its function.
    fn places(&self, one: &Use) -> Vec<(usize, ExprId)> {
        let function = self.world.program.function(one.function);
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

    fn entry_guard(&self, cleared: Cleared) -> Guard {
        let body = &self.world.program.function(cleared.function).bodies[cleared.body];
        Guard {
            function: cleared.function,
            span: body.expr(cleared.condition).span,
            kind: GuardKind::Entry,
        }
    }

    /// Turns facts into reasons; facts about setters into the reasons why those are not reached.
    fn explain(
        &self,
        because: Because,
        judgement: &mut Judgement,
        explained: &mut BTreeSet<Setter>,
    ) {
        let mut add = |fact: Because, reason: Reason| {
            if because.has(fact) {
                judgement.reasons.insert(reason);
            }
        };
        add(Because::OPS, Reason::Anon);
        add(Because::FLAGS, Reason::Flags);
        add(Because::KIND, Reason::Ops);
        add(Because::ENTRY, Reason::Entry);
        add(Because::NEVER_ENCODED, Reason::Entry);
        for number in because.axioms() {
            let Some(axiom) = self.world.dictionary.axioms().get(number) else {
                continue;
            };
            judgement.axioms.insert(axiom.name.clone());
            if axiom.effect == AxiomEffect::FindsCounted {
                judgement.reasons.insert(Reason::Rmap);
            }
        }
        let mut setters: Vec<Setter> = because.never_sets().map(Setter::Flag).collect();
        if because.has(Because::NEVER_HINTED) {
            setters.push(Setter::Hint);
        }
        for setter in setters {
            if !explained.insert(setter) {
                continue;
            }
            let mut targets = Targets::new();
            for function in self.plan.functions_setting(setter) {
                let n_bodies = self.world.program.function(function).bodies.len();
                let places = (0..n_bodies).flat_map(|body| {
                    let exprs = self.plan.places_setting(setter, function, body);
                    exprs.into_iter().map(move |expr| (body, expr))
                });
                targets.insert(function, places.collect());
            }
            let closed = self.closed(&targets);
            judgement.guards.extend(closed.guards);
            self.explain(closed.because, judgement, explained);
        }
    }

    /// From where the override mapping comes into view to a use.
    fn trace(&self, context: ContextId, place: Span) -> Vec<TraceStep> {
        let mut steps = vec![TraceStep {
            function: self.engine.contexts[context].function,
            span: place,
        }];
        let mut at = context;
        while let Some((caller, site)) = self.engine.contexts[at].caller {
            steps.push(TraceStep {
                function: self.engine.contexts[caller].function,
                span: site,
            });
            at = caller;
        }
        steps.reverse();
        steps
    }

    /// What closes every way from where the override mapping is in view to `targets`: the edges
    /// out of what was visited into what leads there.
    fn closed(&self, targets: &Targets) -> Closed {
        let leading = self.plan.leading_to(targets.keys().copied());
        let mut closed = Closed::default();
        for i in leading.ones() {
            let id = FnId(i as u32);
            let function = self.world.program.function(id);
            let contexts = self.contexts_of.get(&id).map(Vec::as_slice);
            for (index, body) in function.bodies.iter().enumerate() {
                let exprs: Vec<ExprId> = targets
                    .get(&id)
                    .into_iter()
                    .flatten()
                    .filter(|(body, _)| *body == index)
                    .map(|(_, expr)| *expr)
                    .collect();
                let ends = self.ends(id, body, &leading, &exprs);
                if ends.is_clear() {
                    continue;
                }
                for &context in contexts.unwrap_or_default() {
                    let context = &self.engine.contexts[context];
                    self.closed_in(context, index, body, &ends, &mut closed);
                }
            }
            if contexts.is_none() && self.plan.is_other_kind(id) {
                closed.because |= Because::KIND;
                closed.guards.insert(Guard {
                    function: id,
                    span: function.name_span,
                    kind: GuardKind::Tables,
                });
            }
        }
        closed
    }

    /// The blocks of a body from which a target is at hand: it stands there, or what leads to it
    /// is called or handed over.
    fn ends(
        &self,
        id: FnId,
        body: &Body,
        leading: &FixedBitSet,
        targets: &[ExprId],
    ) -> FixedBitSet {
        let function = self.world.program.function(id);
        let mut ends = FixedBitSet::with_capacity(body.blocks.len());
        let mut is_end = vec![false; body.exprs.len()];
        for (i, expr) in body.exprs.iter().enumerate() {
            is_end[i] = targets.contains(&ExprId(i as u32))
                || match expr.kind {
                    ExprKind::Global(name) => self
                        .world
                        .program
                        .resolve(name, function.file)
                        .iter()
                        .any(|target| leading.contains(target.0 as usize)),
                    // An indirect call may lead anywhere its member does.
                    ExprKind::Call { callee, .. } => {
                        !matches!(body.expr(callee).kind, ExprKind::Global(_))
                    }
                    _ => false,
                };
        }
        for (i, block) in body.blocks.iter().enumerate() {
            let mut see = |expr: ExprId| {
                body.visit(expr, &mut |inner| {
                    if is_end[inner.0 as usize] {
                        ends.insert(i);
                    }
                });
            };
            for instr in &block.instrs {
                match *instr {
                    Instr::Assign { target, value, .. } => {
                        see(target);
                        see(value);
                    }
                    Instr::Eval { value } => see(value),
                    Instr::LoopMacro { call } => see(call),
                }
            }
            match &block.terminator {
                Terminator::Branch { condition, .. } => see(*condition),
                Terminator::Switch { value, .. } => see(*value),
                Terminator::Return(Some(value)) => see(*value),
                _ => {}
            }
        }
        ends
    }

    fn closed_in(
        &self,
        context: &Context,
        index: usize,
        body: &Body,
        ends: &FixedBitSet,
        closed: &mut Closed,
    ) {
        let visited = &context.visited[index];
        if visited.is_clear() || context.cut[index].is_empty() {
            return;
        }
        // Blocks not visited from which a target is reached without going through visited ones.
        let mut toward = ends.clone();
        toward.difference_with(visited);
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for (i, block) in body.blocks.iter().enumerate().rev() {
                if toward.contains(i) || visited.contains(i) {
                    continue;
                }
                let leads = block
                    .terminator
                    .successors()
                    .iter()
                    .any(|next| toward.contains(next.0 as usize));
                if leads {
                    toward.insert(i);
                    has_changed = true;
                }
            }
        }
        for ((_, to), cut) in &context.cut[index] {
            if cut.because.is_nothing() || !toward.contains(to.0 as usize) {
                continue;
            }
            closed.because |= cut.because;
            closed.guards.insert(Guard {
                function: context.function,
                span: body.expr(cut.condition).span,
                kind: GuardKind::Condition,
            });
        }
    }
}
