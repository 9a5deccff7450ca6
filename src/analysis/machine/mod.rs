//! An abstract machine: runs a function on what is known, down into the functions it calls, and
//! records what happens to protections on the way.
//!
//! States that reach a block from several sides are kept apart as long as they differ in `vm_ops`
//! or are few; then they are joined. Nothing enumerates paths: a state already seen at a block is
//! not followed again, and a call with the same arguments in the same state is not repeated.

mod call;
mod eval;
mod event;
mod memory;
mod refine;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::rc::Rc;
use std::sync::Arc;

use litemap::LiteMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::callgraph::{FnId, Program};
use crate::program::{
    BlockId, Body, ExprId, ExprKind, Function, Instr, LocalId, Span, Symbol, Terminator,
};
use crate::vocabulary::Weakening;

use super::access_path::Fields;
use super::dictionary::Dictionary;
use super::facts::{BodyFacts, Facts, World};
use super::state::{State, VmaState};
use super::value::{Place, PlaceBase, Value};

pub(super) use call::is_store;
pub use event::{CallPath, Event, EventKind};
pub use memory::Memory;

/// How the machine treats calls of functions that were parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// Every call that can touch a VMA or a protection is followed.
    Full,
    /// Only calls whose result is a protection are followed; what goes into others is recorded.
    Local,
}

/// States with the same `vm_ops` at one block beyond this many are joined, in a full run. A local
/// run collects values only and joins at once.
const MAX_STATES_PER_OPS: usize = 6;
/// States at one block beyond this many are joined, whatever their `vm_ops`.
const MAX_STATES: usize = 2000;
/// VMAs told apart in one run.
const MAX_VMAS: u8 = 40;
/// Calls nested deeper than this are not followed.
const MAX_CALL_DEPTH: usize = 24;

/// Block visits that one run may take.
const FUEL: u32 = 100_000;

/// One run from one entry point.
pub struct Machine<'p> {
    program: &'p Program,
    dictionary: &'p Dictionary<'p>,
    facts: &'p Facts,
    depth: Depth,
    /// Block visits left. A run that uses them up leaves its remaining states unfollowed and says
    /// so in [`Machine::is_exhausted`].
    fuel: u32,
    stack: Vec<(FnId, Option<Span>)>,
    memo: FxHashMap<(FnId, Vec<Value>, State), Rc<Vec<Exit>>>,
    copies: FxHashSet<u8>,
    /// The VMAs that come from somewhere else than a parameter, by the expression they came from.
    sites: FxHashMap<(FnId, ExprId), u8>,
    /// How many VMAs have a number.
    n_vmas: u8,
    /// The outermost depth of a running function that was called again; `usize::MAX` if none was.
    recursion: usize,
    events: Vec<Event>,
    /// Every function of which what was found depends on more than the name.
    touched: BTreeSet<FnId>,
}

/// One way a function can end: the state it leaves and its result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exit {
    /// The state at the `return`.
    pub state: State,
    /// The value returned.
    pub value: Value,
}

/// Where the machine is: the function running and the body it runs.
#[derive(Clone, Copy)]
struct Frame<'p> {
    id: FnId,
    function: &'p Function,
    body: &'p Body,
    body_index: usize,
    facts: &'p BodyFacts,
    /// Depth of the call stack, from 0.
    depth: u8,
}

impl<'p> Machine<'p> {
    /// A machine with a full tank.
    pub fn new(world: World<'p>, depth: Depth) -> Machine<'p> {
        Machine {
            program: world.program,
            dictionary: world.dictionary,
            facts: world.facts,
            depth,
            fuel: FUEL,
            stack: Vec::new(),
            memo: FxHashMap::default(),
            copies: FxHashSet::default(),
            sites: FxHashMap::default(),
            n_vmas: 1,
            recursion: usize::MAX,
            events: Vec::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Runs `function` as an entry point: parameters that are a VMA, or lead to one, are bound by
    /// their type to VMA 0 (further ones to further VMAs), protections to parameter terms.
    /// Returns how it can end.
    pub fn enter(&mut self, function: FnId, mut state: State) -> Vec<Exit> {
        let mut n_vmas = 0u8;
        let mut arguments = Vec::new();
        for (i, param) in self.program.function(function).params().iter().enumerate() {
            let base = param.ty.base;
            let value = if self.dictionary.is_vma_type(base) && param.ty.pointers == 1 {
                n_vmas += 1;
                Value::Vma(n_vmas - 1)
            } else if base == "struct vm_fault" && param.ty.pointers == 1 {
                // Old kernels pass the VMA and the fault side by side.
                n_vmas = n_vmas.max(1);
                Value::Fault(0)
            } else if base == "pgprot_t" && param.ty.pointers == 0 {
                Value::prot(super::term::Terms::one(super::term::Base::Parameter(
                    i as u8,
                )))
            } else {
                Value::Unknown
            };
            arguments.push(value);
        }
        if n_vmas > 0 {
            state.vma_mut(n_vmas - 1);
        }
        self.n_vmas = self.n_vmas.max(n_vmas);
        self.call_function(function, arguments, Vec::new(), state, None)
    }

    /// What was observed so far, in order.
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }

    /// True if the run was cut short.
    pub fn is_exhausted(&self) -> bool {
        self.fuel == 0
    }

    /// Runs a function on given arguments and returns how it can end. `inherited` is what is known
    /// of members behind arguments that are pointers to something unknown: parameter, members,
    /// value. `site` is the call in the caller.
    fn call_function(
        &mut self,
        id: FnId,
        arguments: Vec<Value>,
        inherited: Vec<(usize, Fields, Value)>,
        state: State,
        site: Option<Span>,
    ) -> Vec<Exit> {
        if let Some(depth) = self.stack.iter().position(|(running, _)| *running == id) {
            // What a recursive call adds is what the outer call finds without it.
            self.recursion = self.recursion.min(depth);
            return Vec::new();
        }
        if self.stack.len() >= MAX_CALL_DEPTH || self.fuel == 0 {
            return vec![Exit {
                state,
                value: Value::Unknown,
            }];
        }
        let (mut passed, kept) = split_store(&state, &arguments);
        for (parameter, fields, value) in inherited {
            let mut place = Place::local(self.stack.len() as u8, LocalId(parameter as u32));
            place.fields = fields;
            passed.store.insert(place, value);
        }
        let key = (id, arguments, passed);
        let is_helper = key.1.iter().any(|value| matches!(value, Value::Prot(_)));
        let exits = match self.memo.get(&key).filter(|_| !is_helper) {
            Some(known) => known.clone(),
            None => {
                let outer = std::mem::replace(&mut self.recursion, usize::MAX);
                self.stack.push((id, site));
                let exits = Rc::new(self.run_bodies(id, &key.1, &key.2));
                self.stack.pop();
                // An answer that left out a call of a function still running is not the whole one.
                if self.recursion >= self.stack.len() {
                    self.recursion = usize::MAX;
                    self.memo.insert(key, exits.clone());
                }
                self.recursion = self.recursion.min(outer);
                exits
            }
        };
        exits
            .iter()
            .map(|exit| {
                let mut exit = exit.clone();
                exit.state.store.extend_from_litemap(kept.clone());
                exit
            })
            .collect()
    }

    fn run_bodies(&mut self, id: FnId, arguments: &[Value], state: &State) -> Vec<Exit> {
        let function = self.program.function(id);
        self.touched.insert(id);
        let depth = (self.stack.len() - 1) as u8;
        let mut exits = Vec::new();
        for (body_index, body) in function.bodies.iter().enumerate() {
            let frame = Frame {
                id,
                function,
                body,
                body_index,
                facts: self.facts.body(id, body_index),
                depth,
            };
            let mut state = state.clone();
            for (i, value) in arguments.iter().enumerate().take(function.n_params) {
                if *value != Value::Unknown {
                    let place = Place::local(depth, LocalId(i as u32));
                    state.store.insert(place, value.clone());
                }
            }
            self.run_body(frame, state, &mut exits);
        }
        for exit in &mut exits {
            exit.state.leave_frame(depth);
        }
        join_exits(exits)
    }

    fn run_body(&mut self, frame: Frame<'p>, entry: State, exits: &mut Vec<Exit>) {
        let body = frame.body;
        if body.blocks.is_empty() {
            exits.push(Exit {
                state: entry,
                value: Value::Unknown,
            });
            return;
        }
        // Blocks stand in source order, so taking the first one first lets the states of both
        // sides of an `if` meet before what follows it is run.
        let max_states = match self.depth {
            Depth::Full => MAX_STATES_PER_OPS,
            Depth::Local => 1,
        };
        let mut pending: BTreeMap<BlockId, Vec<State>> = BTreeMap::new();
        let mut seen: Vec<Vec<(u64, State)>> = vec![Vec::new(); body.blocks.len()];
        arrive(
            frame,
            max_states,
            &mut seen,
            &mut pending,
            BlockId(0),
            entry,
        );
        while let Some((block, states)) = pending.pop_first() {
            for state in states {
                if self.fuel == 0 {
                    return;
                }
                self.fuel -= 1;
                for (next, state) in self.run_block(frame, block, state, exits) {
                    arrive(frame, max_states, &mut seen, &mut pending, next, state);
                }
            }
        }
    }

    fn run_block(
        &mut self,
        frame: Frame<'p>,
        id: BlockId,
        state: State,
        exits: &mut Vec<Exit>,
    ) -> Vec<(BlockId, State)> {
        let block = frame.body.block(id);
        let mut states = vec![state];
        for instr in &block.instrs {
            let mut after = Vec::new();
            for state in states {
                after.extend(self.run_instr(frame, *instr, state));
            }
            unique(&mut after);
            states = after;
        }
        match &block.terminator {
            Terminator::Goto(next) => states.into_iter().map(|state| (*next, state)).collect(),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => {
                let mut next = Vec::new();
                let vocabulary = self.dictionary.vocabulary();
                let is_guard = frame.body.returns(*then) && !frame.body.returns(*otherwise);
                let passes = is_guard && vocabulary.is_weakened(Weakening::EarlyReturns);
                for state in self.evaluated(frame, *condition, states) {
                    self.observe_condition(frame, *condition, &state);
                    for (holds, target) in [(true, *then), (false, *otherwise)] {
                        let target = if holds && passes { *otherwise } else { target };
                        if let Some(mut refined) = self.refine(frame, *condition, holds, &state) {
                            forget_results(&mut refined, frame.depth);
                            next.push((target, refined));
                        }
                    }
                }
                next
            }
            Terminator::Switch {
                value,
                arms,
                default,
            } => {
                let mut next = Vec::new();
                for state in self.evaluated(frame, *value, states) {
                    next.extend(self.switch(frame, *value, arms, *default, state));
                }
                next
            }
            Terminator::Return(value) => {
                for mut state in match value {
                    Some(value) => self.evaluated(frame, *value, states),
                    None => states,
                } {
                    let value = match value {
                        Some(value) => self.eval(frame, &mut state, *value),
                        None => Value::Unknown,
                    };
                    if let (Value::Prot(protection), Terminator::Return(Some(expr))) =
                        (&value, &block.terminator)
                    {
                        let kind = EventKind::ReturnProtection {
                            protection: protection.clone(),
                        };
                        self.observe(frame, *expr, kind);
                    }
                    forget_results(&mut state, frame.depth);
                    exits.push(Exit { state, value });
                }
                Vec::new()
            }
            Terminator::Unreachable => Vec::new(),
        }
    }

    fn run_instr(&mut self, frame: Frame<'p>, instr: Instr, state: State) -> Vec<State> {
        let mut states = match instr {
            Instr::Eval { value } => self.evaluated(frame, value, vec![state]),
            Instr::Assign { target, value, .. } => {
                let states = self.evaluated(frame, value, vec![state]);
                let mut states = self.evaluated(frame, target, states);
                for state in &mut states {
                    self.assign(frame, state, target, value);
                }
                states
            }
            Instr::LoopMacro { call } => {
                let mut states = vec![state];
                for state in &mut states {
                    self.rebind_loop_arguments(frame, state, call);
                }
                states
            }
        };
        for state in &mut states {
            forget_results(state, frame.depth);
        }
        states
    }

    /// What a loop macro assigns on each iteration is not known any more: every argument that is a
    /// variable and that the macro's body stores to.
    fn rebind_loop_arguments(&mut self, frame: Frame<'p>, state: &mut State, call: ExprId) {
        let ExprKind::Call { args, .. } = &frame.body.expr(call).kind else {
            return;
        };
        for arg in args {
            if let Some(place) = self.place_of(frame, state, *arg)
                && matches!(place.base, PlaceBase::Local { .. })
                && place.fields.is_empty()
            {
                state.forget(&place);
            }
        }
    }

    /// A VMA nothing is known of, for the expression it comes from; after [`MAX_VMAS`] the last one
    /// stands for all others. In a loop the same expression means another VMA each time, of which
    /// again nothing is known.
    fn new_vma(&mut self, frame: Frame<'p>, state: &mut State, from: ExprId) -> u8 {
        let next = self.n_vmas;
        let vma = *self.sites.entry((frame.id, from)).or_insert(next);
        if vma == next {
            self.n_vmas = (next + 1).min(MAX_VMAS);
        }
        *state.vma_mut(vma) = VmaState::new(vma);
        vma
    }

    fn observe(&mut self, frame: Frame<'p>, expr: ExprId, kind: EventKind) {
        self.events.push(Event {
            function: frame.id,
            body: frame.body_index,
            expr,
            span: frame.body.expr(expr).span,
            path: Arc::new(self.stack.clone()),
            kind,
        });
    }
}

/// Keeps the first of equal states.
fn unique(states: &mut Vec<State>) {
    if states.len() > 1 {
        let mut seen: Vec<u64> = Vec::with_capacity(states.len());
        states.retain(|state| {
            let hash = FxBuildHasher.hash_one(state);
            let is_new = !seen.contains(&hash);
            seen.push(hash);
            is_new
        });
    }
}

/// True if two states agree in what the answers depend on: the operations and the protection of
/// the VMA, and whether a fault has a page beside entries that were inserted.
fn is_alike(a: &State, b: &State) -> bool {
    match (a.vmas.first(), b.vmas.first()) {
        (Some(a), Some(b)) => {
            a.ops == b.ops
                && a.is_updated == b.is_updated
                && a.prot == b.prot
                && a.pages.is_empty() == b.pages.is_empty()
                && a.inserted.is_empty() == b.inserted.is_empty()
        }
        (None, None) => true,
        _ => false,
    }
}

/// Takes a state in at a block: kept apart from others while they are few, then joined.
fn arrive(
    frame: Frame<'_>,
    max_states: usize,
    seen: &mut [Vec<(u64, State)>],
    pending: &mut BTreeMap<BlockId, Vec<State>>,
    block: BlockId,
    mut state: State,
) {
    if let Some(live) = frame.facts.live.get(block.0 as usize) {
        state.store.retain(|place, _| match place.base {
            PlaceBase::Local {
                frame: depth,
                local,
            } if depth == frame.depth => live.contains(local.0 as usize),
            _ => true,
        });
    }
    let Some(known) = seen.get_mut(block.0 as usize) else {
        return;
    };
    let hash = FxBuildHasher.hash_one(&state);
    if known.iter().any(|(other, _)| *other == hash) {
        return;
    }
    let is_like = |other: &State| max_states == 1 || is_alike(other, &state);
    let n_alike = known.iter().filter(|(_, other)| is_like(other)).count();
    let state = if n_alike >= max_states || known.len() >= MAX_STATES {
        let is_covered = |other: &State| known.len() >= MAX_STATES || is_like(other);
        let joined = known
            .iter()
            .filter(|(_, other)| is_covered(other))
            .fold(state.clone(), |all, (_, other)| all.join(other));
        let hash = FxBuildHasher.hash_one(&joined);
        if known.iter().any(|(other, _)| *other == hash) {
            return;
        }
        // The joined state covers what is still waiting.
        if let Some(waiting) = pending.get_mut(&block) {
            waiting.retain(|other| !is_covered(other));
        }
        joined
    } else {
        state
    };
    known.push((FxBuildHasher.hash_one(&state), state.clone()));
    pending.entry(block).or_default().push(state);
}

/// Ends that agree in what the answers depend on and in whether the result is an error are joined when there are
/// many.
fn join_exits(mut exits: Vec<Exit>) -> Vec<Exit> {
    exits.sort();
    exits.dedup();
    if exits.len() <= MAX_STATES_PER_OPS {
        return exits;
    }
    let mut groups: Vec<Exit> = Vec::new();
    for exit in exits {
        let alike = groups.iter_mut().find(|known| {
            is_alike(&known.state, &exit.state) && known.value.truth() == exit.value.truth()
        });
        match alike {
            Some(known) => {
                known.state = known.state.join(&exit.state);
                known.value = known.value.join(&exit.value);
            }
            None => groups.push(exit),
        }
    }
    groups
}

/// Splits a state into what a callee can see and the variables it cannot: those no argument points
/// to.
fn split_store(state: &State, arguments: &[Value]) -> (State, LiteMap<Place, Value>) {
    let mut visible: FxHashSet<PlaceBase> = FxHashSet::default();
    let mut pending: Vec<PlaceBase> = arguments.iter().filter_map(pointee).collect();
    while let Some(base) = pending.pop() {
        if visible.insert(base) {
            let parts = state.store.iter().filter(|(place, _)| place.base == base);
            pending.extend(parts.filter_map(|(_, value)| pointee(value)));
        }
    }
    let (mut passed, mut kept) = (LiteMap::new_vec(), LiteMap::new_vec());
    for (place, value) in &state.store {
        let side = match !is_local(place.base) || visible.contains(&place.base) {
            true => &mut passed,
            false => &mut kept,
        };
        side.insert(*place, value.clone());
    }
    let state = State {
        vmas: state.vmas.clone(),
        store: passed,
    };
    (state, kept)
}

fn pointee(value: &Value) -> Option<PlaceBase> {
    match value {
        Value::Pointer(place) => Some(place.base),
        _ => None,
    }
}

fn is_local(base: PlaceBase) -> bool {
    matches!(base, PlaceBase::Local { .. } | PlaceBase::Result { .. })
}

fn forget_results(state: &mut State, frame: u8) {
    state
        .store
        .retain(|place, _| !matches!(place.base, PlaceBase::Result { frame: f, .. } if f >= frame));
}

/// A symbol for a piece of source, for people to read.
fn text_symbol(text: &str) -> Symbol {
    let short: String = text.chars().take(60).collect();
    Symbol::new(&short)
}
