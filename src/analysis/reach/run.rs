//! Runs generic code under the hypothesis: which uses an override mapping reaches, and which
//! branches it cannot take.
//!
//! A function is run once for each binding of the hypothesis to its parameters; what is known of
//! its results is remembered and given to every caller. Branches are decided in three-valued
//! logic; an edge that no state passes is *cut*, with the facts that decided it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use fixedbitset::FixedBitSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};

use crate::analysis::facts::{BodyFacts, World};
use crate::callgraph::{FnId, Program, TableId};
use crate::program::{
    BlockId, Body, ExprId, ExprKind, Function, Instr, LocalId, Span, Symbol, Terminator, TypeRef,
};
use crate::vocabulary::Weakening;

use super::because::Because;
use super::calls::{Assumed, Call, Calls, Key};
use super::climb::{self, Goal, Targets};
use super::hypothesis::Hypothesis;
use super::mentions::Sight;
use super::plan::{Plan, Setter};
use super::rests_on::{Gathered, RestsOn};
use super::state::{Cleared, State, States};
use super::value::{Base, Known, Place, Value};
use super::words::Words;

/// What a run depends on besides the source.
#[derive(Clone, Copy)]
pub struct Setting<'p> {
    /// The program and its vocabulary.
    pub world: World<'p>,
    /// The vocabulary of entries and axioms.
    pub words: &'p Words,
    /// What is known of all functions.
    pub plan: &'p Plan,
    /// What is assumed.
    pub hypothesis: &'p Hypothesis,
    /// The flags that are certain in other alternatives of the hypothesis.
    pub other_flags: &'p [u128],
    /// Flags of kinds without overrides, with the axiom that says so.
    pub excluded: &'p [(usize, u128)],
    /// The flags that allow access.
    pub access: u128,
    /// Whether mappings with a table of operations hold overrides.
    pub is_override_table: &'p (dyn Fn(TableId) -> bool + Sync),
    /// True if a handler of the tree returns a page beside overrides: there is one mapping at least
    /// of which the axiom about handlers is wrong.
    pub is_page_returned: bool,
    /// Conditions and values taken to be unknown: function and place.
    pub removed: &'p FxHashSet<(FnId, Span)>,
}

/// States of one group at one block beyond this many are joined.
const MAX_STATES: usize = 3;
/// Calls nested deeper than this are not followed.
const MAX_CALL_DEPTH: usize = 40;
/// Groups of states at one block beyond this many are not kept apart.
const MAX_GROUPS: usize = 60;
/// Block visits that one run may take.
const FUEL: u32 = 200_000;
/// A function that calls itself is run again at most this many times, until its ends are known.
const MAX_RERUNS: usize = 4;

/// Index of a context.
pub type ContextId = usize;

/// One function run on one binding.
#[derive(Debug)]
pub struct Context {
    /// The function.
    pub function: FnId,
    /// Who called it first, and where; `None` where the search began.
    pub caller: Option<(ContextId, Span)>,
    /// True if it was called through a pointer that callers further up may tell.
    pub is_indirect: bool,
    /// True if it goes by flags that it was not told: callers further up may tell.
    pub asks_flags: bool,
    /// For each body, the blocks visited with the override mapping in view.
    pub visited: Vec<FixedBitSet>,
    /// For each body, edges no state passes: from, to; the condition, and why.
    pub cut: Vec<BTreeMap<(BlockId, BlockId), Cut>>,
    passed: Vec<BTreeSet<(BlockId, BlockId)>>,
    /// The objects its parameters lead to, with their types.
    objects: Vec<(u8, Symbol)>,
}

/// Why an edge is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The condition.
    pub condition: ExprId,
    /// The facts that decided it.
    pub because: Because,
}

/// The objects that arguments lead to, with the types that callers know, or else those of the
/// parameters and members.
fn objects(
    program: &Program,
    function: &Function,
    arguments: &[Known],
    state: &State,
) -> Vec<(u8, Symbol)> {
    let object = |ty: TypeRef, known: &Known| match &known.value {
        Value::Pointer(Place {
            base: Base::Object(object),
            fields,
        }) if fields.is_empty() && ty.pointers == 1 => Some((*object, ty.base)),
        _ => None,
    };
    let params = function.params().iter().zip(arguments);
    let known = (0u8..).zip(state.objects.iter().copied());
    let mut objects: Vec<(u8, Symbol)> = known.filter(|(_, ty)| *ty != "").collect();
    for inner in params.filter_map(|(param, known)| object(param.ty, known)) {
        if !objects.iter().any(|(number, _)| *number == inner.0) {
            objects.push(inner);
        }
    }
    let mut done = 0;
    while let Some(&(outer, ty)) = objects.get(done) {
        for (place, known) in &state.store {
            if place.base == Base::Object(outer)
                && let [member] = place.fields.as_slice()
                && let Some(inner) = object(program.field_type(ty, *member, function.file), known)
                && !objects.iter().any(|(number, _)| *number == inner.0)
            {
                objects.push(inner);
            }
        }
        done += 1;
    }
    objects
}

/// What was seen at a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The context it was seen in.
    pub context: ContextId,
    /// What it does to an override.
    pub effect: Effect,
    /// True if the way there leads through a call whose target a caller further up may tell.
    pub is_indirect: bool,
}

/// What a use that was reached does to an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Effect {
    /// The entry it makes maps a page that was just allocated; by axiom.
    NewPage(u8),
    /// The entry maps a page that a handler gave; by axiom.
    HandlerPage(u8),
    /// The entry it is about is no override.
    NotOverride {
        /// After which condition, and why.
        cleared_by: Option<Cleared>,
    },
    /// The protection is that of the entry itself.
    OwnEntry,
    /// Nothing tells which page is mapped, and the slot was empty.
    Unclear,
    /// The entry maps a page that a handler returned beside overrides.
    ReturnedPage,
    /// An override is changed, or made anew.
    Override,
}

/// One way a function can end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exit {
    /// The state at the `return`; only places that callers can see.
    pub state: State,
    /// The value returned.
    pub value: Known,
}

/// The engine at work.
pub struct Engine<'p> {
    pub(super) setting: Setting<'p>,
    /// States of an override that have been found possible.
    pub(super) possible: States,
    pub(super) contexts: Vec<Context>,
    memo: FxHashMap<Key, Memo>,
    /// What calls are known to come to, unless something is taken to be unknown.
    calls: Option<&'p Calls>,
    assumed: Assumed,
    /// The known calls that were paid for.
    paid: FxHashSet<u64>,
    /// Functions to follow whatever their size: those on a way to the targets.
    chain: &'p BTreeSet<FnId>,
    chain_set: FixedBitSet,
    /// Where what is looked for happens.
    targets: &'p Targets,
    /// What is looked for.
    goal: Goal,
    /// True once that was found for certain: nothing more is to be learnt.
    is_met: bool,
    /// For bodies of the chain, the blocks from which a target can be reached.
    toward: FxHashMap<(FnId, usize), Rc<FixedBitSet>>,
    /// What functions of the chain name, with all they follow.
    sights: FxHashMap<FnId, Rc<Sight<'p>>>,
    running: Vec<FnId>,
    /// The outermost depth of a running function that was called again.
    recursion: usize,
    fuel: u32,
    /// True while a call through an unknown pointer is carried out.
    pub(super) is_indirect: bool,
    pub(super) hits: BTreeMap<(FnId, usize, ExprId), Vec<Hit>>,
    pub(super) set: BTreeMap<Setter, (ContextId, Span)>,
    /// The part of the function that runs in what is kept of it.
    pub(super) own: RefCell<Own>,
    /// What the functions that are done rest on.
    rests_on: Gathered,
}

enum Memo {
    Done {
        exits: Arc<Vec<Exit>>,
        /// The same for other runs, if it can be kept.
        call: Option<Arc<Call>>,
    },
    Running {
        depth: usize,
        exits: Arc<Vec<Exit>>,
    },
}

/// What a function that runs rests on itself, and what else is kept of it.
#[derive(Default)]
pub(super) struct Own {
    pub rests_on: Gathered,
    /// True once an answer may depend on which alternative of the hypothesis is assumed.
    pub is_told_apart: bool,
    fuel: u32,
    inner: Vec<Arc<Call>>,
    /// True if it makes a call that is not kept, or one that depends on where it stands.
    is_entangled: bool,
}

impl Own {
    /// A call is made.
    fn make(&mut self, call: Option<Arc<Call>>) {
        match call {
            Some(call) => {
                self.is_told_apart |= call.is_told_apart;
                self.inner.push(call);
            }
            None => self.is_entangled = true,
        }
    }
}

/// Where the engine is.
#[derive(Clone, Copy)]
pub(super) struct Frame<'p> {
    pub id: FnId,
    pub function: &'p Function,
    pub body: &'p Body,
    pub body_index: usize,
    pub facts: &'p BodyFacts,
    pub context: ContextId,
    /// True if a caller has the override mapping in view.
    pub is_bound: bool,
    /// Pointers and entries below these numbers are the caller's.
    pub given: (u8, u8),
}

impl<'p> Engine<'p> {
    /// An engine that follows the functions of `chain` to `targets` until the goal is met there, and
    /// knows which states of an override are possible.
    pub fn new(
        setting: Setting<'p>,
        possible: States,
        chain: &'p BTreeSet<FnId>,
        targets: &'p Targets,
        goal: Goal,
        calls: Option<&'p Calls>,
    ) -> Engine<'p> {
        let n_functions = setting.world.program.n_functions();
        let mut chain_set = FixedBitSet::with_capacity(n_functions);
        chain_set.extend(chain.iter().map(|id| id.0 as usize));
        Engine {
            setting,
            possible,
            calls,
            assumed: Assumed::new(possible, setting.hypothesis),
            paid: FxHashSet::default(),
            chain_set,
            contexts: Vec::new(),
            memo: FxHashMap::default(),
            chain,
            targets,
            goal,
            is_met: false,
            toward: FxHashMap::default(),
            sights: FxHashMap::default(),
            running: Vec::new(),
            recursion: usize::MAX,
            fuel: FUEL,
            is_indirect: false,
            hits: BTreeMap::new(),
            set: BTreeMap::new(),
            own: RefCell::default(),
            rests_on: Gathered {
                touched: chain.iter().copied().collect(),
                ..Gathered::default()
            },
        }
    }

    /// What the answer rests on, and whether it may depend on which alternative of the hypothesis is
    /// assumed.
    pub fn rests_on(self) -> (RestsOn, bool) {
        // Whether any flag is certain is a difference of its own.
        let is_told_apart =
            self.own.into_inner().is_told_apart || self.setting.other_flags.contains(&0);
        (self.rests_on.finish(), is_told_apart)
    }

    /// Runs a function of whose arguments nothing is known: once for each parameter that may be
    /// the override mapping, and once with none of them being it.
    pub fn run(&mut self, root: FnId) {
        let world = self.setting.world;
        let params = world.program.function(root).params();
        let is_vma: Vec<bool> = params
            .iter()
            .map(|param| param.ty.pointers == 1 && world.dictionary.is_vma_type(param.ty.base))
            .collect();
        let vmas = is_vma.iter().enumerate().filter(|(_, is_vma)| **is_vma);
        let choices = vmas.map(|(i, _)| Some(i)).chain([None]);
        for chosen in choices {
            let arguments = is_vma
                .iter()
                .enumerate()
                .map(|(i, is_vma)| match (Some(i) == chosen, is_vma) {
                    (true, _) => Known::plain(Value::Vma),
                    (false, true) => Known::plain(Value::OtherVma),
                    (false, false) => Known::default(),
                })
                .collect();
            let mut state = State::new(self.setting.hypothesis.flags);
            state.is_bound = chosen.is_some();
            self.enter(root, arguments, state, None);
        }
    }

    /// True if the run was cut short.
    pub fn is_exhausted(&self) -> bool {
        self.fuel == 0
    }

    /// True for a function that is followed whatever its size.
    pub(super) fn is_in_chain(&self, id: FnId) -> bool {
        self.chain_set.contains(id.0 as usize)
    }

    /// True if nothing more is to be run.
    fn is_over(&self) -> bool {
        self.is_met || self.fuel == 0
    }

    /// Notes what a use that was reached does.
    pub(super) fn hit(&mut self, frame: Frame<'p>, call: ExprId, effect: Effect) {
        let place = (frame.id, frame.body_index, call);
        let is_target = self
            .targets
            .get(&frame.id)
            .is_some_and(|places| places.contains(&(frame.body_index, call)));
        let is_indirect = self.is_way_indirect(frame.context);
        self.is_met |=
            is_target && effect != Effect::Unclear && self.goal.is_met(effect) && !is_indirect;
        let hits = self.hits.entry(place).or_default();
        let is_known = |known: &Hit| (known.effect, known.is_indirect) == (effect, is_indirect);
        if !hits.iter().any(is_known) {
            hits.push(Hit {
                context: frame.context,
                effect,
                is_indirect,
            });
        }
    }

    /// True if a way leads through a call whose target a caller further up may tell.
    pub(super) fn is_way_indirect(&self, context: ContextId) -> bool {
        self.way(context).any(|context| context.is_indirect)
    }

    /// The contexts on the way to one, itself first.
    pub(super) fn way(&self, context: ContextId) -> impl Iterator<Item = &Context> {
        let above = |context: &&Context| context.caller.map(|(caller, _)| &self.contexts[caller]);
        std::iter::successors(Some(&self.contexts[context]), above)
    }

    fn is_weakened(&self, by: Weakening) -> bool {
        self.setting.world.is_weakened(by)
    }

    /// Notes that something is set.
    pub(super) fn note_set(&mut self, frame: Frame<'p>, setter: Setter, span: Span) {
        self.set.entry(setter).or_insert((frame.context, span));
        self.is_met |= self.goal == Goal::Set(setter);
    }

    /// Runs a function on given arguments, or remembers how that ended.
    pub(super) fn enter(
        &mut self,
        id: FnId,
        arguments: Vec<Known>,
        state: State,
        caller: Option<(ContextId, Span)>,
    ) -> Arc<Vec<Exit>> {
        let is_indirect = std::mem::take(&mut self.is_indirect);
        if self.running.len() >= MAX_CALL_DEPTH || self.is_over() {
            self.own.get_mut().is_entangled = true;
            return Arc::new(vec![Exit {
                state,
                value: Known::default(),
            }]);
        }
        let key = (id, arguments, state);
        match self.memo.get(&key) {
            Some(Memo::Done { exits, call }) => {
                let (exits, call) = (exits.clone(), call.clone());
                self.own.get_mut().make(call);
                return exits;
            }
            Some(Memo::Running { depth, exits }) => {
                self.recursion = self.recursion.min(*depth);
                self.own.get_mut().is_entangled = true;
                return exits.clone();
            }
            None => {}
        }
        if let Some(call) = self.known_call(&key) {
            let exits = call.exits.clone();
            self.remember(key, &exits, Some(call));
            return exits;
        }
        let outer_own = std::mem::take(self.own.get_mut());
        let depth = self.running.len();
        let outer = std::mem::replace(&mut self.recursion, usize::MAX);
        let mut exits = Arc::new(Vec::new());
        for _ in 0..MAX_RERUNS {
            self.memo.insert(
                key.clone(),
                Memo::Running {
                    depth,
                    exits: exits.clone(),
                },
            );
            self.recursion = usize::MAX;
            let found = Arc::new(self.run_function(&key, caller, is_indirect));
            let is_stable = found == exits;
            exits = found;
            if self.recursion != depth || is_stable {
                break;
            }
        }
        let own = self.own.replace(outer_own);
        self.rests_on.join(&own.rests_on);
        self.own.get_mut().is_told_apart |= own.is_told_apart;
        // What was found while an outer function still ran is not all there is.
        if self.recursion >= depth {
            self.recursion = usize::MAX;
            let call = self.keep(&key, &exits, own);
            self.remember(key, &exits, call);
        } else {
            self.memo.remove(&key);
            self.own.get_mut().make(None);
        }
        self.recursion = self.recursion.min(outer);
        exits
    }

    /// Remembers how a call ends that is made here.
    fn remember(&mut self, key: Key, exits: &Arc<Vec<Exit>>, call: Option<Arc<Call>>) {
        self.own.get_mut().make(call.clone());
        let exits = exits.clone();
        self.memo.insert(key, Memo::Done { exits, call });
    }

    /// Keeps what a call comes to for other runs, if it is the same in them.
    fn keep(&mut self, key: &Key, exits: &Arc<Vec<Exit>>, own: Own) -> Option<Arc<Call>> {
        let calls = self.calls?;
        if own.is_entangled || self.is_over() || self.is_in_chain(key.0) {
            return None;
        }
        let mut rests_on = own.rests_on;
        for inner in &own.inner {
            rests_on.add(&inner.rests_on);
        }
        let call = Call {
            number: FxBuildHasher.hash_one((self.assumed, key)),
            // A copy takes no more room than it has to.
            exits: Arc::new(exits.to_vec()),
            rests_on: rests_on.finish(),
            is_told_apart: own.is_told_apart,
            fuel: own.fuel,
            height: own
                .inner
                .iter()
                .map(|call| call.height + 1)
                .max()
                .unwrap_or(0),
            inner: own.inner,
        };
        let call = calls.put(self.assumed, key.clone(), call);
        self.paid.insert(call.number);
        Some(call)
    }

    /// What a call comes to, if that is known and can be paid for.
    fn known_call(&mut self, key: &Key) -> Option<Arc<Call>> {
        let calls = self.calls?;
        if self.is_in_chain(key.0) {
            return None;
        }
        let call = calls.get(&self.assumed, key)?;
        if call.meets(&self.chain_set) || self.running.len() + call.height >= MAX_CALL_DEPTH {
            return None;
        }
        let mut fuel = 0;
        let mut pending = vec![&call];
        let mut seen = FxHashSet::default();
        while let Some(next) = pending.pop() {
            if !self.paid.contains(&next.number) && seen.insert(next.number) {
                fuel += next.fuel;
                pending.extend(&next.inner);
            }
        }
        if fuel >= self.fuel {
            // From here on the run is as one to which no call is known, and ends where that does.
            self.calls = None;
            return None;
        }
        self.fuel -= fuel;
        if !seen.is_empty() {
            self.paid.extend(seen);
            self.rests_on.add(&call.rests_on);
        }
        Some(call)
    }

    fn run_function(
        &mut self,
        (id, arguments, state): &(FnId, Vec<Known>, State),
        caller: Option<(ContextId, Span)>,
        is_indirect: bool,
    ) -> Vec<Exit> {
        let function = self.setting.world.program.function(*id);
        self.own.get_mut().rests_on.touched.insert(*id);
        let context = self.contexts.len();
        self.contexts.push(Context {
            function: *id,
            caller,
            is_indirect,
            asks_flags: false,
            visited: function
                .bodies
                .iter()
                .map(|body| FixedBitSet::with_capacity(body.blocks.len()))
                .collect(),
            cut: vec![BTreeMap::new(); function.bodies.len()],
            passed: vec![BTreeSet::new(); function.bodies.len()],
            objects: objects(self.setting.world.program, function, arguments, state),
        });
        self.running.push(*id);
        let mut exits = Vec::new();
        for (body_index, body) in function.bodies.iter().enumerate() {
            let frame = Frame {
                id: *id,
                function,
                body,
                body_index,
                facts: self.setting.world.facts.body(*id, body_index),
                context,
                is_bound: state.is_bound,
                given: (state.slots.len() as u8, state.entries.len() as u8),
            };
            let mut state = state.clone();
            for (i, known) in arguments.iter().enumerate().take(function.n_params) {
                if known.value != Value::Unknown {
                    let place = Place::whole(Base::Local(LocalId(i as u32)));
                    state.store.insert(place, known.clone());
                }
            }
            self.run_body(frame, state, &mut exits);
        }
        self.running.pop();
        let its = &mut self.contexts[context];
        for (cut, passed) in its.cut.iter_mut().zip(&its.passed) {
            cut.retain(|edge, _| !passed.contains(edge));
        }
        // Which end is reached, and with it the result, also depends on the branches cut.
        let cuts = its.cut.iter().flat_map(BTreeMap::values);
        let because = cuts.fold(Because::NOTHING, |all, cut| all | cut.because);
        for exit in &mut exits {
            if exit.value.value != Value::Unknown {
                exit.value.because |= because;
            }
        }
        join_exits(exits)
    }

    fn run_body(&mut self, frame: Frame<'p>, entry: State, exits: &mut Vec<Exit>) {
        let body = frame.body;
        if body.blocks.is_empty() {
            exits.push(exit(frame, entry, Known::default()));
            return;
        }
        // Blocks stand in source order, so taking the first one first lets the states of both
        // sides of an `if` meet before what follows it is run.
        let mut pending: BTreeMap<BlockId, Vec<State>> = BTreeMap::new();
        let mut seen: Vec<Vec<Group>> = vec![Vec::new(); body.blocks.len()];
        self.arrive(frame, &mut seen, &mut pending, BlockId(0), entry);
        let toward = self.toward(frame);
        while let Some((block, states)) = pending.pop_first() {
            if let Some(toward) = &toward
                && !toward.contains(block.0 as usize)
            {
                // No target is ahead: what happens until the function ends is not looked at.
                for mut state in states {
                    state.lose_track(|place, known| self.is_kept(frame, place, known));
                    exits.push(exit(frame, state, Known::default()));
                }
                continue;
            }
            for state in states {
                if self.is_over() {
                    return;
                }
                self.fuel -= 1;
                self.own.get_mut().fuel += 1;
                if state.is_bound {
                    self.contexts[frame.context].visited[frame.body_index].insert(block.0 as usize);
                }
                for (next, state) in self.run_block(frame, block, state, exits) {
                    self.arrive(frame, &mut seen, &mut pending, next, state);
                }
            }
        }
    }

    /// True if a function may store to a member of an object of type `ty`.
    pub(super) fn may_set(&self, function: FnId, ty: Symbol, member: Symbol) -> bool {
        let mut own = self.own.borrow_mut();
        own.rests_on.asked.insert((function, ty, member));
        self.setting.plan.stores.may_set(function, ty, member)
    }

    /// True for a member of an object of the caller's that the function does not store to, and for
    /// the zeros in an object to no member of which it stores.
    fn is_kept(&self, frame: Frame<'p>, place: &Place, known: &Known) -> bool {
        let Base::Object(object) = place.base else {
            return false;
        };
        let objects = &self.contexts[frame.context].objects;
        let Some(&(_, ty)) = objects.iter().find(|(number, _)| *number == object) else {
            return false;
        };
        let may_set = |member| self.may_set(frame.id, ty, member);
        match place.fields.as_slice() {
            [] if known.value == Value::Zeroed => {
                let structs = self.setting.world.program.structs_named(ty);
                let mut fields = structs.flat_map(|(_, known)| &known.fields).peekable();
                fields.peek().is_some() && fields.all(|field| !may_set(field.name))
            }
            [member] => !may_set(*member),
            _ => false,
        }
    }

    /// What a function of the chain names, with all it follows.
    pub(super) fn sight(&mut self, id: FnId) -> Rc<Sight<'p>> {
        let plan = self.setting.plan;
        let (chain, rests_on) = (&self.chain_set, &mut self.rests_on);
        let sight = self.sights.entry(id).or_insert_with(|| {
            let (sight, functions) = plan.sight(id, chain);
            rests_on.sighted.extend(functions);
            Rc::new(sight)
        });
        sight.clone()
    }

    /// The blocks of a body of the chain from which a target can be reached.
    fn toward(&mut self, frame: Frame<'p>) -> Option<Rc<FixedBitSet>> {
        if !self.is_in_chain(frame.id) {
            return None;
        }
        let (world, chain, targets) = (self.setting.world, self.chain, self.targets);
        let toward = self
            .toward
            .entry((frame.id, frame.body_index))
            .or_insert_with(|| {
                let ends = climb::ends_of(world, frame.id, frame.body_index, chain, targets);
                Rc::new(climb::toward(frame.body, &ends, &FixedBitSet::new()))
            });
        Some(toward.clone())
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
                let is_guard = frame.body.returns(*then) && !frame.body.returns(*otherwise);
                let passes = is_guard && self.is_weakened(Weakening::EarlyReturns);
                for state in self.evaluated(frame, *condition, states) {
                    let is_blind = self.is_weakened(Weakening::UnknownIsFalse)
                        && [true, false]
                            .iter()
                            .all(|&holds| self.refine(frame, *condition, holds, &state).is_ok());
                    for (holds, target) in [(true, *then), (false, *otherwise)] {
                        if holds && is_blind {
                            continue;
                        }
                        let target = if holds && passes { *otherwise } else { target };
                        match self.refine(frame, *condition, holds, &state) {
                            Ok(mut refined) => {
                                refined.forget_results();
                                self.pass(frame, id, target, state.is_bound);
                                next.push((target, refined));
                            }
                            Err(because) => {
                                self.cut(frame, (id, target), *condition, because, &state);
                            }
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
                    next.extend(self.switch(frame, id, *value, (arms, *default), state));
                }
                next
            }
            Terminator::Return(value) => {
                for mut state in match value {
                    Some(value) => self.evaluated(frame, *value, states),
                    None => states,
                } {
                    let known = match value {
                        Some(value) if !self.is_removed(frame, *value) => {
                            self.eval(frame, &mut state, *value)
                        }
                        _ => Known::default(),
                    };
                    exits.push(exit(frame, state, known));
                }
                Vec::new()
            }
            Terminator::Unreachable => Vec::new(),
        }
    }

    /// True if an expression is to be taken for unknown.
    pub(super) fn is_removed(&self, frame: Frame<'p>, expr: ExprId) -> bool {
        !self.setting.removed.is_empty()
            && self
                .setting
                .removed
                .contains(&(frame.id, frame.body.expr(expr).span))
    }

    /// Notes that the override mapping takes an edge.
    pub(super) fn pass(&mut self, frame: Frame<'p>, from: BlockId, to: BlockId, is_bound: bool) {
        if is_bound {
            let context = &mut self.contexts[frame.context];
            context.visited[frame.body_index].insert(from.0 as usize);
            context.passed[frame.body_index].insert((from, to));
        }
    }

    /// Notes that a state does not take an edge.
    pub(super) fn cut(
        &mut self,
        frame: Frame<'p>,
        edge: (BlockId, BlockId),
        condition: ExprId,
        because: Because,
        state: &State,
    ) {
        if !state.is_bound {
            return;
        }
        // The mapping may have come into view in this very block.
        let context = &mut self.contexts[frame.context];
        context.visited[frame.body_index].insert(edge.0.0 as usize);
        let cuts = &mut context.cut[frame.body_index];
        let cut = cuts.entry(edge).or_insert(Cut { condition, because });
        cut.because |= because;
    }

    fn run_instr(&mut self, frame: Frame<'p>, instr: Instr, state: State) -> Vec<State> {
        let mut states = match instr {
            Instr::Eval { value } => self.evaluated(frame, value, vec![state]),
            Instr::Assign { target, value, .. } => {
                let states = self.evaluated(frame, value, vec![state]);
                let mut states = match frame.body.expr(target).kind {
                    ExprKind::Local(_) => states,
                    _ => self.evaluated(frame, target, states),
                };
                for state in &mut states {
                    if self.is_removed(frame, value) {
                        if let Some(place) = self.place_of(frame, state, target) {
                            state.forget(&place);
                        }
                    } else {
                        self.assign(frame, state, target, value);
                    }
                }
                states
            }
            Instr::LoopMacro { call } => {
                let mut state = state;
                self.rebind_loop_arguments(frame, &mut state, call);
                vec![state]
            }
        };
        for state in &mut states {
            state.forget_results();
        }
        states
    }

    /// What a loop macro assigns on each iteration is not known any more.
    fn rebind_loop_arguments(&mut self, frame: Frame<'p>, state: &mut State, call: ExprId) {
        let ExprKind::Call { args, .. } = &frame.body.expr(call).kind else {
            return;
        };
        for arg in args {
            if let Some(place) = self.place_of(frame, state, *arg)
                && place.fields.is_empty()
            {
                state.forget(&place);
            }
        }
        self.leave_view(frame, state);
    }

    /// The override mapping is out of view once nothing leads to it any more; the next one found
    /// is another one, of which nothing else is known.
    pub(super) fn leave_view(&self, frame: Frame<'p>, state: &mut State) {
        if !frame.is_bound && state.is_bound && !state.leads_to_vma() {
            state.is_bound = false;
            state.is_accessible = false;
            state.flags = self.setting.hypothesis.flags;
            state.learnt.clear();
        }
    }

    /// Takes a state in at a block: kept apart from others while they are few, then joined.
    fn arrive(
        &mut self,
        frame: Frame<'p>,
        seen: &mut [Vec<Group>],
        pending: &mut BTreeMap<BlockId, Vec<State>>,
        block: BlockId,
        mut state: State,
    ) {
        if let Some(live) = frame.facts.live.get(block.0 as usize) {
            state.store.retain(|place, _| match place.base {
                Base::Local(local) => live.contains(local.0 as usize),
                _ => true,
            });
        }
        self.leave_view(frame, &mut state);
        state.collect(frame.given);
        if let Some(groups) = seen.get_mut(block.0 as usize)
            && let Some(state) = take_in(groups, state)
        {
            let waiting = pending.entry(block).or_default();
            if state.covers_group {
                let signature = signature(&state.state);
                waiting.retain(|other| self::signature(other) != signature);
            }
            waiting.push(state.state);
        }
    }
}

/// States at one block that tell the same.
#[derive(Clone, Debug)]
pub(super) struct Group {
    signature: u64,
    /// Hashes of the states taken in.
    hashes: Vec<u64>,
    /// What holds in all of them.
    joined: State,
}

/// A state to go on with.
struct TakenIn {
    state: State,
    /// True if it stands for all states of its group.
    covers_group: bool,
}

/// Keeps a state apart from others of its group while they are few, then joins them. `None` if it
/// adds nothing.
fn take_in(groups: &mut Vec<Group>, state: State) -> Option<TakenIn> {
    let mut signature = signature(&state);
    if groups.len() >= MAX_GROUPS && !groups.iter().any(|group| group.signature == signature) {
        // Too many different things are told: what has the same in view is joined.
        let alike = groups
            .iter()
            .find(|group| is_same_view(&group.joined, &state))?;
        signature = alike.signature;
    }
    let hash = FxBuildHasher.hash_one(&state);
    let Some(group) = groups.iter_mut().find(|group| group.signature == signature) else {
        groups.push(Group {
            signature,
            hashes: vec![hash],
            joined: state.clone(),
        });
        return Some(TakenIn {
            state,
            covers_group: false,
        });
    };
    if group.hashes.contains(&hash) {
        return None;
    }
    let joined = group.joined.join(&state);
    let is_new = joined != group.joined;
    group.joined = joined;
    if group.hashes.len() < MAX_STATES {
        group.hashes.push(hash);
        return Some(TakenIn {
            state,
            covers_group: false,
        });
    }
    let hash = FxBuildHasher.hash_one(&group.joined);
    if !is_new && group.hashes.contains(&hash) {
        return None;
    }
    group.hashes.push(hash);
    Some(TakenIn {
        state: group.joined.clone(),
        covers_group: true,
    })
}

/// What states must agree in to be joined: which places lead to the override mapping and which to
/// other VMAs, and what a use is judged by, pages and which entries can be an override.
fn signature(state: &State) -> u64 {
    let mut hasher = FxHasher::default();
    (state.is_bound, state.is_accessible).hash(&mut hasher);
    let is_override = |entry: &u8| {
        let entry = state.entries.get(entry);
        entry.is_some_and(|entry| entry.states.is_override())
    };
    for (place, known) in &state.store {
        match &known.value {
            Value::Vma | Value::OtherVma | Value::Page(_) => {
                (place, &known.value).hash(&mut hasher);
            }
            Value::Entry(entry) | Value::NormalPage(entry) | Value::EntryPage(entry) => {
                (place, &known.value, is_override(entry)).hash(&mut hasher);
            }
            Value::Slot(slot) => {
                let entry = state.slots.get(slot).and_then(|slot| slot.entry);
                if let Some(entry) = entry {
                    (place, entry, is_override(&entry)).hash(&mut hasher);
                }
            }
            _ => {}
        }
    }
    hasher.finish()
}

/// True for results that callers tell apart: numbers of errors and other codes, entries.
fn is_distinct(value: &Value) -> bool {
    matches!(
        value,
        Value::Int(_) | Value::Word(_) | Value::Slot(_) | Value::Entry(_)
    )
}

/// True if the same places lead to the override mapping, and the same to other VMAs.
fn is_same_view(a: &State, b: &State) -> bool {
    let view = |state: &State| -> Vec<(Place, bool)> {
        state
            .store
            .iter()
            .filter_map(|(place, known)| match known.value {
                Value::Vma => Some((*place, true)),
                Value::OtherVma => Some((*place, false)),
                _ => None,
            })
            .collect()
    };
    a.is_bound == b.is_bound && view(a) == view(b)
}

/// What remains of a state when a function ends.
fn exit(frame: Frame<'_>, mut state: State, value: Known) -> Exit {
    state
        .store
        .retain(|place, _| !matches!(place.base, Base::Local(_) | Base::Result(_)));
    // The result keeps alive what it leads to.
    let result = Place::whole(Base::Result(ExprId(0)));
    state.store.insert(result, value.clone());
    state.collect(frame.given);
    state.store.remove(&result);
    Exit { state, value }
}

/// Keeps the first of equal states.
pub(super) fn unique(states: &mut Vec<State>) {
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

/// Ends whose results mean the same, and that agree in which of the caller's entries can be an
/// override, are joined.
fn join_exits(exits: Vec<Exit>) -> Vec<Exit> {
    let mut groups: Vec<Exit> = Vec::new();
    for exit in exits {
        match groups.iter_mut().find(|known| is_alike(known, &exit)) {
            Some(known) => {
                known.state = known.state.join(&exit.state);
                known.value = known.value.join(&exit.value);
            }
            None => groups.push(exit),
        }
    }
    groups.sort();
    groups
}

fn is_alike(a: &Exit, b: &Exit) -> bool {
    let heat = |state: &State| -> Vec<(u8, bool)> {
        state
            .entries
            .iter()
            .map(|(number, entry)| (*number, entry.states.is_override()))
            .collect()
    };
    is_same_view(&a.state, &b.state)
        && a.state.is_accessible == b.state.is_accessible
        && a.value.value.truth() == b.value.value.truth()
        && std::mem::discriminant(&a.value.value) == std::mem::discriminant(&b.value.value)
        && (a.value.value == b.value.value || !is_distinct(&a.value.value))
        && heat(&a.state) == heat(&b.state)
}
