//! From a place upwards: which callers, if any, an override mapping comes from.
//!
//! A function that holds the place is run first, with nothing known of its arguments: if the place
//! is out of reach even so, it is out of reach from everywhere, and the branches that are cut are
//! the proof. Otherwise its callers are run, down to the place, then theirs. What closes the way
//! nearest to the place is found first, and nothing further up needs to be looked at.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use serde::{Deserialize, Serialize};

use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Span, Symbol};

use super::because::Because;
use super::calls::Calls;
use super::looks::{Looks, Run};
use super::plan::{Entered, Setter};
use super::run::{Context, ContextId, Effect, Engine, Setting};
use super::state::{Cleared, States};

/// Places in functions: body and expression.
pub type Targets = BTreeMap<FnId, Vec<(usize, ExprId)>>;

/// Functions run on one climb, at most.
const MAX_RUNS: usize = 200;
/// How far to look for a guard that keeps override mappings from where a new page is mapped.
const NEAR: usize = 3;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Goal {
    /// A use that harms an override.
    Harm,
    /// A use that is reached, be it only to map a new page.
    AnyPage,
    /// A place that sets something.
    Set(Setter),
}

impl Goal {
    /// True if that is what is looked for, or may be.
    pub fn is_met(self, effect: Effect) -> bool {
        match effect {
            Effect::Override | Effect::ReturnedPage | Effect::Unclear => true,
            Effect::NewPage(_) => self == Goal::AnyPage,
            _ => false,
        }
    }
}

/// What a climb found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Climbed {
    /// From where an override mapping comes into view to the place, if it gets there.
    pub reached: Option<Vec<TraceStep>>,
    /// True if it gets there only as the mapping of a page that its handler returned.
    pub is_by_page: bool,
    /// What was not understood on the way.
    pub doubts: BTreeSet<Doubt>,
    /// What closes the ways.
    pub because: Because,
    /// Where it does.
    pub guards: BTreeSet<Guard>,
    /// True if a way leads on only through tables that override mappings do not have.
    pub is_other_kind: bool,
    /// What the place does to override mappings that get there and are not harmed.
    pub effects: BTreeSet<Effect>,
}

/// What running a function showed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Look {
    /// The way from it to the goal, if there is one.
    pub way: Option<Way>,
    /// What closes the ways, where there is none.
    pub closed: Climbed,
    /// True if the run was cut short.
    is_exhausted: bool,
}

/// A way from a function that was run to where the goal was met.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Way {
    /// From the function that was run to the goal.
    pub steps: Vec<TraceStep>,
    /// True if it certainly was.
    is_certain: bool,
    /// True if the only entry made there is for a page that a handler returned.
    is_by_page: bool,
    /// True if it leads through a call whose target a caller further up may tell.
    is_indirect: bool,
    /// True if somebody on it goes by flags that a caller further up may tell.
    asks_flags: bool,
}

/// A question that only a person can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Doubt {
    /// Nothing of the tree is known to call the function.
    Uncalled(FnId),
    /// Nothing tells which page the entry made there maps.
    Page(FnId, Span),
    /// The function is too intricate to be run to its end.
    Exhausted(FnId),
    /// There are too many ways to the function.
    TooManyWays(FnId),
    /// Every way is closed, but nothing that was found says why.
    NoReason,
}

/// A place a proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Guard {
    /// The function.
    pub function: FnId,
    /// The condition; for [`GuardKind::Tables`] the function's name.
    pub span: Span,
    /// What it tells.
    pub kind: GuardKind,
}

/// What a [`Guard`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GuardKind {
    /// A condition that turns override mappings away.
    Condition,
    /// A condition after which the entry is no override.
    Entry,
    /// The function is only reached through tables of operations of other mappings.
    Tables,
}

/// One step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TraceStep {
    /// The function.
    pub function: FnId,
    /// The call to the next step, or the place itself.
    pub span: Span,
}

/// Climbs under one setting.
#[derive(Clone, Copy)]
pub struct Climb<'p> {
    /// What is assumed.
    pub setting: Setting<'p>,
    /// The states of an override that are possible.
    pub possible: States,
    /// Whether mappings with a table of operations, by its name, hold overrides.
    pub is_override_table: &'p (dyn Fn(Symbol) -> bool + Sync),
    /// What is known from other climbs.
    pub looks: &'p Looks,
    /// The same of calls.
    pub calls: &'p Calls,
    /// True once nobody waits for the answer any more.
    pub is_cancelled: &'p (dyn Fn() -> bool + Sync),
}

impl Climbed {
    /// Gives the functions it names other numbers.
    pub fn renumber(&mut self, number: &dyn Fn(FnId) -> FnId) {
        let guards = std::mem::take(&mut self.guards).into_iter();
        self.guards = guards
            .map(|guard| Guard {
                function: number(guard.function),
                ..guard
            })
            .collect();
        let effects = std::mem::take(&mut self.effects).into_iter();
        self.effects = effects
            .map(|effect| match effect {
                Effect::NotOverride {
                    cleared_by: Some(cleared),
                } => Effect::NotOverride {
                    cleared_by: Some(Cleared {
                        function: number(cleared.function),
                        ..cleared
                    }),
                },
                other => other,
            })
            .collect();
    }

    /// Takes in what closes some ways.
    fn close(&mut self, other: Climbed) {
        self.because |= other.because;
        self.guards.extend(other.guards);
        self.effects.extend(other.effects);
    }
}

impl<'p> Climb<'p> {
    /// Climbs from `targets` until every way is closed or one is open.
    pub fn climb(&self, targets: &Targets, goal: Goal) -> Climbed {
        let mut climbed = Climbed::default();
        let mut chain: BTreeSet<FnId> = targets.keys().copied().collect();
        let mut frontier = chain.clone();
        let mut open: BTreeSet<FnId> = BTreeSet::new();
        let mut n_runs = 0;
        let mut level = 0;
        while !frontier.is_empty() {
            let mut next = BTreeSet::new();
            for &root in &frontier {
                n_runs += 1;
                if n_runs > MAX_RUNS || (self.is_cancelled)() {
                    climbed.doubts.insert(Doubt::TooManyWays(root));
                    return climbed;
                }
                let look = self.look(root, (&chain, targets), goal);
                let Some(way) = look.way else {
                    if look.is_exhausted {
                        climbed.doubts.insert(Doubt::Exhausted(root));
                    }
                    climbed.close(look.closed);
                    continue;
                };
                let program = self.setting.world.program;
                let is_callers_choice = !self.setting.plan.callers(root).is_empty()
                    && (way.is_indirect || way.asks_flags && program.has_all_callers(root));
                match self.entered(root) {
                    Entered::Uncalled => {
                        climbed.doubts.insert(Doubt::Uncalled(root));
                    }
                    // Looking on could only make a question of it twice.
                    Entered::AsRoot if !is_callers_choice && !way.is_certain => {
                        let place = way.steps.last().map(|step| (step.function, step.span));
                        climbed
                            .doubts
                            .extend(place.map(|(id, span)| Doubt::Page(id, span)));
                        return climbed;
                    }
                    Entered::AsRoot if !is_callers_choice => {
                        let is_by_page = way.is_by_page;
                        if climbed.reached.is_none() || !is_by_page {
                            climbed.reached = Some(way.steps);
                            climbed.is_by_page = is_by_page;
                        }
                        // Others may get there with an override.
                        if !is_by_page {
                            return climbed;
                        }
                    }
                    Entered::ByOtherKind(members) => {
                        self.close_tables(root, &members, &mut climbed)
                    }
                    // Whom a function calls through a pointer it was given, and what the flags it
                    // was given are, its callers tell.
                    Entered::ByCallers | Entered::AsRoot => {
                        if open.insert(root) {
                            next.extend(self.setting.plan.callers(root));
                        }
                    }
                }
            }
            level += 1;
            if goal == Goal::AnyPage
                && level >= NEAR
                && let Some(&far) = next.first()
            {
                climbed.doubts.insert(Doubt::TooManyWays(far));
                return climbed;
            }
            chain.extend(&next);
            frontier = next;
        }
        climbed
    }

    /// Runs a function, unless it is known what that shows.
    fn look(&self, root: FnId, (chain, targets): (&BTreeSet<FnId>, &Targets), goal: Goal) -> Look {
        let Setting {
            world, hypothesis, ..
        } = self.setting;
        let run = Run::new(root, (chain, targets), goal, self.possible, hypothesis);
        let own = run.clone().told_apart(hypothesis);
        let removed = self.setting.removed.iter().map(|(id, _)| *id).collect();
        let known = |run: &Run| self.looks.get(world.program, run, &removed);
        if let Some(look) = known(&run).or_else(|| known(&own)) {
            return look;
        }
        // With something taken to be unknown, calls may come to something else.
        let calls = removed.is_empty().then_some(self.calls);
        let mut engine = Engine::new(self.setting, self.possible, chain, targets, goal, calls);
        engine.run(root);
        let mut look = Look {
            way: self.open_way(&engine, targets, goal),
            is_exhausted: engine.is_exhausted(),
            closed: Climbed::default(),
        };
        if look.way.is_none() {
            self.close(&engine, targets, goal, chain, &mut look.closed);
        }
        let (rests_on, is_told_apart) = engine.rests_on();
        if removed.iter().all(|id| !rests_on.touched.contains(id)) {
            let run = if is_told_apart { own } else { run };
            self.looks.put(world.program, run, &look, rests_on);
        }
        look
    }

    fn entered(&self, root: FnId) -> Entered {
        let Setting { world, plan, .. } = self.setting;
        plan.entered(world, root, self.is_override_table)
    }

    /// The way to the goal, if it was met.
    fn open_way(&self, engine: &Engine<'_>, targets: &Targets, goal: Goal) -> Option<Way> {
        let way = |context: ContextId, place: Span, effect: Effect| Way {
            steps: trace(engine, (context, place)),
            is_certain: effect != Effect::Unclear,
            is_by_page: effect == Effect::ReturnedPage,
            is_indirect: engine.is_way_indirect(context),
            asks_flags: engine.way(context).any(|context| context.asks_flags),
        };
        if let Goal::Set(setter) = goal {
            let (context, span) = engine.set.get(&setter).copied()?;
            return Some(way(context, span, Effect::Override));
        }
        let places = targets
            .iter()
            .flat_map(|(function, places)| places.iter().map(move |place| (*function, *place)));
        let met = places.flat_map(|(function, (body, expr))| {
            let hits = engine.hits.get(&(function, body, expr));
            let hits = hits.into_iter().flatten();
            hits.filter(|hit| goal.is_met(hit.effect)).map(move |hit| {
                let body = &self.setting.world.program.function(function).bodies[body];
                let rank = match hit.effect {
                    Effect::Unclear => 2,
                    Effect::ReturnedPage => 1,
                    _ => 0,
                };
                let span = body.expr(expr).span;
                ((rank, hit.is_indirect, hit.context), span, hit.effect)
            })
        });
        // What is certain comes first, then what needs no guess at whom a pointer leads to.
        let ((_, _, context), span, effect) = met.min()?;
        Some(way(context, span, effect))
    }

    /// Notes why a run did not get to a target, or did no harm there.
    fn close(
        &self,
        engine: &Engine<'_>,
        targets: &Targets,
        goal: Goal,
        chain: &BTreeSet<FnId>,
        climbed: &mut Climbed,
    ) {
        let mut is_hit = false;
        if !matches!(goal, Goal::Set(_)) {
            for (function, places) in targets {
                for (body, expr) in places {
                    for hit in engine
                        .hits
                        .get(&(*function, *body, *expr))
                        .into_iter()
                        .flatten()
                    {
                        is_hit = true;
                        self.note_effect(hit.effect, climbed);
                    }
                }
            }
        }
        if is_hit {
            return;
        }
        let world = self.setting.world;
        for context in &engine.contexts {
            let id = context.function;
            if !chain.contains(&id) {
                continue;
            }
            for (index, body) in world.program.function(id).bodies.iter().enumerate() {
                if context.visited[index].is_clear() || context.cut[index].is_empty() {
                    continue;
                }
                let ends = ends_of(world, id, index, chain, targets);
                close_in(context, index, body, &ends, climbed);
            }
        }
    }

    fn note_effect(&self, effect: Effect, climbed: &mut Climbed) {
        climbed.effects.insert(effect);
        if let Effect::NotOverride {
            cleared_by:
                Some(Cleared {
                    function,
                    body,
                    condition,
                    because,
                }),
        } = effect
        {
            climbed.because |= because;
            let body = &self.setting.world.program.function(function).bodies[body];
            climbed.guards.insert(Guard {
                function,
                span: body.expr(condition).span,
                kind: GuardKind::Entry,
            });
        }
    }

    /// The way leads on only through tables that override mappings do not have.
    fn close_tables(&self, root: FnId, members: &BTreeSet<Symbol>, climbed: &mut Climbed) {
        let handler = members
            .iter()
            .find_map(|member| self.setting.words.handler(*member));
        match handler {
            // What such an operation maps is what it would return.
            Some(axiom) => {
                climbed.effects.insert(Effect::HandlerPage(axiom as u8));
            }
            None => climbed.is_other_kind = true,
        }
        climbed.guards.insert(Guard {
            function: root,
            span: self.setting.world.program.function(root).name_span,
            kind: GuardKind::Tables,
        });
    }
}

/// From where the override mapping comes into view to a place.
fn trace(engine: &Engine<'_>, (context, place): (ContextId, Span)) -> Vec<TraceStep> {
    let mut steps = vec![TraceStep {
        function: engine.contexts[context].function,
        span: place,
    }];
    let mut at = context;
    while let Some((caller, site)) = engine.contexts[at].caller {
        steps.push(TraceStep {
            function: engine.contexts[caller].function,
            span: site,
        });
        at = caller;
    }
    steps.reverse();
    steps
}

/// The blocks of a body from which a target is at hand: it stands there, or what leads to it is
/// called or handed over.
pub fn ends_of(
    world: World<'_>,
    id: FnId,
    index: usize,
    chain: &BTreeSet<FnId>,
    targets: &Targets,
) -> FixedBitSet {
    let program = world.program;
    let function = program.function(id);
    let body = &function.bodies[index];
    let facts = world.facts.body(id, index);
    let own = targets.get(&id).map(Vec::as_slice).unwrap_or_default();
    let leads_on = |expr: ExprId| facts.functions(expr).iter().any(|id| chain.contains(id));
    let is_end: Vec<bool> = body
        .exprs
        .iter()
        .enumerate()
        .map(|(i, expr)| {
            let id = ExprId(i as u32);
            own.contains(&(index, id))
                || match &expr.kind {
                    ExprKind::Global(_) => leads_on(id),
                    ExprKind::Call { callee, .. } => {
                        let callee = body.called(*callee);
                        let is_member = matches!(body.expr(callee).kind, ExprKind::Member { .. });
                        is_member && leads_on(callee)
                    }
                    _ => false,
                }
        })
        .collect();
    let mut ends = FixedBitSet::with_capacity(body.blocks.len());
    for (i, block) in body.blocks.iter().enumerate() {
        for expr in block.evaluated() {
            body.visit(expr, &mut |inner| {
                if is_end[inner.0 as usize] {
                    ends.insert(i);
                }
            });
        }
    }
    ends
}

/// The blocks of a body from which one of `ends` can be reached, those included, without going
/// through blocks of `without`.
pub fn toward(body: &Body, ends: &FixedBitSet, without: &FixedBitSet) -> FixedBitSet {
    let mut found = ends.clone();
    found.difference_with(without);
    let mut has_changed = true;
    while has_changed {
        has_changed = false;
        for (i, block) in body.blocks.iter().enumerate().rev() {
            if found.contains(i) || without.contains(i) {
                continue;
            }
            let successors = block.terminator.successors();
            if successors
                .iter()
                .any(|next| found.contains(next.0 as usize))
            {
                found.insert(i);
                has_changed = true;
            }
        }
    }
    found
}

/// The edges out of what a context visited into what leads to a target.
fn close_in(
    context: &Context,
    index: usize,
    body: &Body,
    ends: &FixedBitSet,
    climbed: &mut Climbed,
) {
    let toward = toward(body, ends, &context.visited[index]);
    for ((_, to), cut) in &context.cut[index] {
        if cut.because.is_nothing() || !toward.contains(to.0 as usize) {
            continue;
        }
        climbed.because |= cut.because;
        climbed.guards.insert(Guard {
            function: context.function,
            span: body.expr(cut.condition).span,
            kind: GuardKind::Condition,
        });
    }
}
