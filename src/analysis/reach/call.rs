//! Calls: what the vocabulary says of them, and into the functions that were parsed.

use crate::analysis::dictionary::Word;
use crate::analysis::facts::World;
use crate::analysis::machine::is_store;
use crate::callgraph::FnId;
use crate::program::{
    Body, ExprId, ExprKind, Function, FunctionKind, Instr, Symbol, Terminator, TypeRef,
};
use crate::vocabulary::{EntryState, FlagsChange, Install, Level, ProtectionEffect};

use super::because::Because;
use super::eval::{is_page, new_page};
use super::passage::Passage;
use super::plan::{Setter, is_entry_point};
use super::run::{Effect, Engine, Frame, unique};
use super::state::{State, States};
use super::value::{Base, Known, PageFrom, Place, ProtectionFrom, Value};
use super::words::Meaning;

/// Targets of one indirect call beyond this many are not followed.
pub(super) const MAX_TARGETS: usize = 200;
/// A function that only computes, with more blocks than this, is not followed for its result.
const MAX_PREDICATE: usize = 64;

impl<'p> Engine<'p> {
    /// Carries out the calls in an expression, from left to right, operands first, after bringing
    /// the override mapping into view where a VMA is looked up. Each way a call can end gives a
    /// state of its own.
    pub(super) fn evaluated(
        &mut self,
        frame: Frame<'p>,
        expr: ExprId,
        states: Vec<State>,
    ) -> Vec<State> {
        let mut states = states;
        let plan = self.setting.plan;
        for &lookup in plan.lookups(frame.id, frame.body_index, expr) {
            states = states
                .into_iter()
                .flat_map(|state| self.look_up(frame, lookup, state))
                .collect();
        }
        for &call in frame.facts.calls.get(&expr).into_iter().flatten() {
            states = states
                .into_iter()
                .flat_map(|state| self.call(frame, call, state))
                .collect();
            unique(&mut states);
        }
        states
    }

    /// A pointer to a VMA that comes from somewhere may be the override mapping, unless that is in
    /// view already.
    fn look_up(&mut self, frame: Frame<'p>, expr: ExprId, mut state: State) -> Vec<State> {
        if state.is_bound || self.eval(frame, &mut state, expr).value != Value::Unknown {
            return vec![state];
        }
        match self.place_of(frame, &mut state, expr) {
            Some(place) => self.bind(place, state),
            None => vec![state],
        }
    }

    fn bind(&self, place: Place, state: State) -> Vec<State> {
        let mut bound = state.clone();
        bound.is_bound = true;
        bound.set(place, Known::plain(Value::Vma));
        let mut other = state;
        other.set(place, Known::plain(Value::OtherVma));
        vec![bound, other]
    }

    /// One call whose operands have been evaluated.
    fn call(&mut self, frame: Frame<'p>, call: ExprId, mut state: State) -> Vec<State> {
        let ExprKind::Call { callee, args } = &frame.body.expr(call).kind else {
            return vec![state];
        };
        let Some(name) = self.callee_name(frame, *callee) else {
            return self.call_targets(frame, call, state);
        };
        if is_copy(name)
            && let [to, from, ..] = args.as_slice()
        {
            self.copy(frame, &mut state, *to, *from);
            return vec![state];
        }
        if let [target, value] = args.as_slice()
            && is_store(name)
        {
            self.assign(frame, &mut state, *target, *value);
            return vec![state];
        }
        let result = match self.setting.words.meaning(name) {
            Some(meaning) => self.call_word(frame, &mut state, call, args, meaning),
            None => None,
        };
        if let Some(known) = result {
            return self.with_result(frame, call, known, state);
        }
        let argument = |position: usize| args.get(position).copied();
        let known = match self.setting.world.dictionary.word(name, args.len()) {
            Some(Word::Identity(identity)) => match argument(identity.argument) {
                Some(argument) => self.eval(frame, &mut state, argument),
                None => Known::default(),
            },
            Some(Word::Protection(protection)) => {
                let given = argument(protection.argument)
                    .map(|argument| self.eval(frame, &mut state, argument).value);
                let from = match (protection.effect, given) {
                    (ProtectionEffect::Extract, _) => ProtectionFrom::ENTRY,
                    (_, Some(Value::Protection(from))) => from,
                    (ProtectionEffect::Recompute, Some(Value::Flags(_, true) | Value::Vma)) => {
                        ProtectionFrom::OWN
                    }
                    _ => ProtectionFrom::UNKNOWN,
                };
                Known::plain(Value::Protection(from))
            }
            Some(Word::Construct(construct)) => {
                let page = argument(0).map(|page| self.eval(frame, &mut state, page).value);
                let protection = argument(construct.protection);
                self.hit_construct(frame, &mut state, call, page, protection, construct.level);
                Known::default()
            }
            Some(Word::Modify(modify)) => {
                let entry = argument(modify.entry);
                let protection = argument(modify.protection);
                self.hit_modify(frame, &mut state, call, entry, protection, modify.level);
                // The entry keeps its page.
                match entry {
                    Some(entry) => self.eval(frame, &mut state, entry),
                    None => Known::default(),
                }
            }
            Some(Word::Flags(change)) => {
                self.call_flags(frame, &mut state, args, change);
                Known::default()
            }
            Some(Word::Assertion(assertion)) => {
                let condition = assertion.condition.and_then(&argument);
                match condition {
                    Some(condition) if assertion.stops => {
                        let refined = self.refine(frame, condition, false, &state);
                        return refined.into_iter().collect();
                    }
                    Some(condition) => {
                        let known = self.eval(frame, &mut state, condition);
                        match known.value.truth() {
                            Some(truth) => Known::new(Value::Int(truth.into()), known.because),
                            None => Known::default(),
                        }
                    }
                    None if assertion.stops => return Vec::new(),
                    None => Known::default(),
                }
            }
            Some(Word::Insert(_)) => Known::default(),
            Some(Word::Install(install)) => {
                self.call_install(frame, &mut state, call, args, install);
                Known::default()
            }
            Some(Word::MemberAccess(_)) => self.eval_place(frame, &mut state, call),
            None => return self.call_targets(frame, call, state),
        };
        self.with_result(frame, call, known, state)
    }

    /// The copy of a VMA is an override mapping if the original is.
    fn copy(&mut self, frame: Frame<'p>, state: &mut State, to: ExprId, from: ExprId) {
        let from = self.eval(frame, state, from);
        if matches!(from.value, Value::Vma | Value::OtherVma)
            && let Some(place) = self.place_of(frame, state, to)
        {
            state.set(place, from);
            self.leave_view(frame, state);
        }
    }

    /// The state after a call with its result. A VMA that comes back may be the override mapping.
    fn with_result(
        &mut self,
        frame: Frame<'p>,
        call: ExprId,
        known: Known,
        mut state: State,
    ) -> Vec<State> {
        let place = Place::whole(Base::Result(call));
        let mut known = known;
        let ty = frame.facts.types[call.0 as usize];
        if known.value == Value::Unknown {
            known = self.fresh(&mut state, ty);
        }
        // In Rust a VMA can come back by value.
        let is_vma = ty.pointers <= 1 && self.setting.world.dictionary.is_vma_type(ty.base);
        if known.value == Value::Unknown && is_vma && !state.is_bound {
            return self.bind(place, state);
        }
        state.set(place, known);
        vec![state]
    }

    /// A call whose meaning the vocabulary of entries and axioms tells.
    fn call_word(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        meaning: Meaning,
    ) -> Option<Known> {
        let mut argument = |position: usize, state: &mut State| {
            args.get(position)
                .map(|&arg| self.eval(frame, state, arg).value)
        };
        match meaning {
            Meaning::Test { entry, holds, may } => {
                let Some(Value::Entry(entry)) = argument(entry, state) else {
                    return Some(Known::default());
                };
                let states = state.entries.get(&entry)?.states;
                let value = if states.without(holds).is_empty() {
                    Value::Int(1)
                } else if states.and(holds.or(may)).is_empty() {
                    Value::Int(0)
                } else {
                    Value::Unknown
                };
                let ruled_out = holds.or(may).and(States::OVERRIDE).without(self.possible);
                let mut because = Because::ENTRY;
                if value == Value::Int(0) && !ruled_out.is_empty() {
                    let encoded = States::of(&[EntryState::Encoded]);
                    because |= match ruled_out.and(encoded).is_empty() {
                        true => Because::NEVER_HINTED,
                        false => Because::NEVER_ENCODED,
                    };
                }
                Some(Known::new(value, because))
            }
            Meaning::Compare => Some(Known::default()),
            Meaning::Read { slot } => match argument(slot, state) {
                Some(Value::Slot(slot)) => {
                    let states = self.all_states(state);
                    Some(Known::plain(state.read(slot, states)))
                }
                _ => {
                    let ty = entry_type(frame.body, call, frame.facts.types[call.0 as usize]);
                    Some(self.fresh(state, ty))
                }
            },
            Meaning::Page => match argument(0, state) {
                Some(Value::Entry(entry)) => Some(Known::plain(Value::EntryPage(entry))),
                _ => Some(Known::default()),
            },
            Meaning::NormalPage(axiom) => {
                let entry = args
                    .iter()
                    .find_map(|&arg| match self.eval(frame, state, arg).value {
                        Value::Entry(entry) => Some(entry),
                        _ => None,
                    });
                let because = Because::ENTRY | Because::axiom(axiom);
                Some(match entry {
                    Some(entry) if state.is_bound => Known::new(Value::NormalPage(entry), because),
                    _ => Known::default(),
                })
            }
            Meaning::NewPage(axiom) => Some(Known::plain(new_page(axiom))),
            Meaning::Encode => {
                let ty = entry_type(frame.body, call, frame.facts.types[call.0 as usize]);
                // What remembers a page of the core's.
                let possible = States::of(&[EntryState::Encoded, EntryState::Absent]);
                let states = possible.and(self.all_states(state));
                let encodes_override = is_hot(state, ty.base);
                let value = state.new_entry(ty.base, states);
                if let Value::Entry(number) = value
                    && let Some(entry) = state.entries.get_mut(&number)
                {
                    entry.is_encoded = true;
                    entry.encodes_override = encodes_override;
                    if !entry.states.is_override() {
                        entry.cleared_by = Some(super::state::Cleared {
                            function: frame.id,
                            body: frame.body_index,
                            condition: call,
                            because: Because::ENTRY | Because::NEVER_ENCODED,
                        });
                    }
                }
                Some(Known::plain(value))
            }
            Meaning::Unlock => {
                state.unlock();
                Some(Known::default())
            }
            Meaning::FindsCounted(axiom) => {
                let encoded = States::of(&[EntryState::Encoded]);
                let is_certain = state.is_bound && self.possible.and(encoded).is_empty();
                Some(match is_certain {
                    true => Known::new(
                        Value::Int(0),
                        Because::axiom(axiom) | Because::NEVER_ENCODED,
                    ),
                    false => Known::default(),
                })
            }
            Meaning::Hint | Meaning::ExcludedKind(_) => None,
        }
    }

    /// An entry is written. One that remembers a page, in the place of an override, makes that an
    /// encoded one.
    fn call_install(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        install: &Install,
    ) {
        let values: Vec<Value> = args
            .iter()
            .map(|&arg| self.eval(frame, state, arg).value)
            .collect();
        let Some(Value::Entry(written)) = values.get(install.entry) else {
            return;
        };
        let Some(written) = state.entries.get(written) else {
            return;
        };
        let setter = self.setting.plan.setter(frame.id, frame.body_index, call);
        if !state.is_bound || !written.encodes_override || setter != Some(Setter::Encode) {
            return;
        }
        let replaced = values.iter().find_map(|value| match value {
            Value::Slot(slot) => state.slots.get(slot)?.entry,
            _ => None,
        });
        let is_hot = replaced
            .and_then(|entry| state.entries.get(&entry))
            .is_none_or(|entry| entry.states.is_override());
        if is_hot {
            let span = frame.body.expr(call).span;
            self.note_set(frame, Setter::Encode, span);
        }
    }

    fn call_flags(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        args: &[ExprId],
        change: &FlagsChange,
    ) {
        let mut value = |position: Option<usize>, state: &mut State| {
            position
                .and_then(|position| args.get(position))
                .map(|&arg| self.eval(frame, state, arg).value)
        };
        let target = value(Some(change.target), state);
        let set = value(change.set, state);
        let clear = value(change.clear, state);
        let assign = value(change.assign, state);
        if target != Some(Value::Vma) {
            return;
        }
        let as_bits = |value: &Value| match value {
            Value::Flags(bits, _) => *bits,
            _ => crate::analysis::bits::Bits::unknown(),
        };
        let mut flags = state.flags;
        if let Some(assign) = &assign {
            flags = as_bits(assign);
        }
        if let Some(set) = &set {
            flags = flags.or(as_bits(set));
        }
        if let Some(clear) = &clear {
            flags = flags.and(as_bits(clear).complement());
        }
        self.set_flags(state, &Value::Flags(flags, true));
    }

    /// An entry is made from a page and a protection.
    fn hit_construct(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        page: Option<Value>,
        protection: Option<ExprId>,
        level: Level,
    ) {
        let Some(protection) = self.protection_of(frame, state, protection) else {
            return;
        };
        let effect = match page {
            // No page, no entry.
            Some(Value::Int(0)) => return,
            _ if protection == ProtectionFrom::ENTRY => Effect::OwnEntry,
            Some(Value::Page(PageFrom {
                handler: Some(_), ..
            })) if self.setting.is_page_returned => Effect::ReturnedPage,
            Some(Value::Page(PageFrom {
                handler: Some(axiom),
                ..
            })) => Effect::HandlerPage(axiom),
            Some(Value::Page(PageFrom {
                new: Some(axiom), ..
            })) => Effect::NewPage(axiom),
            Some(Value::EntryPage(entry) | Value::NormalPage(entry)) => of_entry(state, entry),
            _ => of_slots(state, Symbol::new(type_name(level))),
        };
        self.hit(frame, call, effect);
    }

    /// An entry is made from an old one and a protection.
    fn hit_modify(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        entry: Option<ExprId>,
        protection: Option<ExprId>,
        level: Level,
    ) {
        let Some(protection) = self.protection_of(frame, state, protection) else {
            return;
        };
        let entry = entry.map(|entry| self.eval(frame, state, entry).value);
        let effect = match entry {
            _ if protection == ProtectionFrom::ENTRY => Effect::OwnEntry,
            Some(Value::Entry(entry)) => of_entry(state, entry),
            _ if is_hot(state, Symbol::new(type_name(level))) => Effect::Override,
            _ => of_slots(state, Symbol::new(type_name(level))),
        };
        self.hit(frame, call, effect);
    }

    /// Where the protection comes from, if it can matter to the override mapping.
    fn protection_of(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        protection: Option<ExprId>,
    ) -> Option<ProtectionFrom> {
        let known = protection.map(|protection| self.eval(frame, state, protection).value);
        let from = match known {
            Some(Value::Protection(from)) => from,
            _ => ProtectionFrom::UNKNOWN,
        };
        (state.is_bound && from != ProtectionFrom::OTHER).then_some(from)
    }

    /// A call of functions of the tree.
    fn call_targets(&mut self, frame: Frame<'p>, call: ExprId, mut state: State) -> Vec<State> {
        let ExprKind::Call { callee, args } = &frame.body.expr(call).kind else {
            return vec![state];
        };
        let mut values: Vec<Known> = args
            .iter()
            .map(|&arg| self.eval(frame, &mut state, arg))
            .collect();
        // A pointer to something of which members are known leads to those members.
        for (arg, known) in args.iter().zip(&mut values) {
            if matches!(known.value, Value::Unknown | Value::NonZero)
                && let Some(place) = self.place_of(frame, &mut state, *arg)
                && state.parts(&place).any(|(part, _)| *part != place)
            {
                known.value = Value::Pointer(place);
            }
        }
        let targets = self.targets(frame, &mut state, *callee);
        self.own.get_mut().rests_on.weighed.extend(&targets);
        let is_telling = values.iter().any(|known| known.value.is_telling());
        for &target in &targets {
            self.declare(target, args, &values, frame, &mut state);
        }
        let is_direct = self.callee_name(frame, *callee).is_some();
        let matters = is_direct && self.matters(frame, call);
        let (followed, others): (Vec<FnId>, Vec<FnId>) = targets.into_iter().partition(|&target| {
            self.is_in_chain(target)
                || matters && self.is_followed(target, is_telling, state.is_bound)
        });
        if followed.len() > MAX_TARGETS {
            return self.call_unfollowed(frame, call, &followed, &values, state);
        }
        let mut states = Vec::new();
        for &target in &followed {
            states.extend(self.call_function(frame, call, target, &values, &state));
        }
        // Any of the others may be the one that is called.
        if followed.is_empty() || !others.is_empty() {
            states.extend(self.call_unfollowed(frame, call, &others, &values, state));
        }
        unique(&mut states);
        states
    }

    /// A call of which only its arguments are known.
    fn call_unfollowed(
        &mut self,
        frame: Frame<'p>,
        call: ExprId,
        targets: &[FnId],
        values: &[Known],
        mut state: State,
    ) -> Vec<State> {
        self.call_unknown(frame, &mut state, call, targets, values);
        let ty = frame.facts.types[call.0 as usize];
        // A page computed from a page is one of the same folio; an entry computed from an entry is
        // that entry with other bits.
        let is_source = |known: &&Known| match known.value {
            Value::Entry(entry) => {
                ty.pointers == 0
                    && state
                        .entries
                        .get(&entry)
                        .is_some_and(|entry| entry.ty == ty.base)
            }
            ref value => is_page(value) && is_page_type(ty),
        };
        let known = values.iter().find(is_source).cloned().unwrap_or_default();
        self.with_result(frame, call, known, state)
    }

    /// A call that is not followed: what its arguments point to may have changed, as far as its
    /// targets store to such members. Which VMA a structure is about has not.
    fn call_unknown(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        targets: &[FnId],
        values: &[Known],
    ) {
        let ExprKind::Call { callee, ref args } = frame.body.expr(call).kind else {
            return;
        };
        let handler = match frame.body.expr(frame.body.called(callee)).kind {
            ExprKind::Member { field, .. } => self.setting.words.handler(field),
            _ => None,
        };
        let is_operation = match frame.body.expr(frame.body.called(callee)).kind {
            ExprKind::Member { base, .. } => self.eval(frame, state, base).value == Value::Ops,
            _ => false,
        };
        for (arg, known) in args.iter().zip(values) {
            let Value::Pointer(place) = &known.value else {
                continue;
            };
            let ty = frame.facts.types[arg.0 as usize];
            let world = self.setting.world;
            let may_set = |ty: Symbol, member: Symbol| {
                let mut targets = targets.iter();
                targets.len() == 0 || targets.any(|&target| self.may_set(target, ty, member))
            };
            let structs = world.program.structs_named(ty.base);
            let all: Vec<Symbol> = structs
                .filter(|_| ty.pointers == 1)
                .flat_map(|(_, known)| known.fields.iter().map(|field| field.name))
                .collect();
            let is_known = !all.is_empty();
            let may_set_inner = |inner: &[Symbol]| {
                let mut ty = ty;
                inner.iter().any(|&member| {
                    let is_set = ty.is_unknown() || may_set(ty.base, member);
                    ty = world
                        .program
                        .field_type(ty.base, member, frame.function.file);
                    is_set
                })
            };
            let n_fields = place.fields.len();
            state.store.retain(|part, known| {
                if !place.covers(part) {
                    return true;
                }
                // An operation gives a page; the rest of the fault is the core's.
                let Some(inner) = part
                    .fields
                    .get(n_fields..)
                    .filter(|inner| !inner.is_empty())
                else {
                    return is_operation || is_known;
                };
                is_operation
                    || matches!(known.value, Value::Vma | Value::OtherVma)
                    || ty.pointers == 1 && !may_set_inner(inner)
            });
            if !is_operation
                && state
                    .store
                    .get(place)
                    .is_some_and(|known| known.value == Value::Zeroed)
            {
                for member in all.into_iter().filter(|member| may_set(ty.base, *member)) {
                    if let Some(part) = place.field(member)
                        && !state.store.contains_key(&part)
                    {
                        state.store.insert(part, Known::plain(Value::Lost));
                    }
                }
            }
            if let Some(axiom) = handler
                && let Some(page) = place.field(Symbol::new("page"))
            {
                let page_from = PageFrom {
                    new: None,
                    handler: Some(axiom as u8),
                };
                state.set(page, Known::plain(Value::Page(page_from)));
            }
        }
    }

    /// The functions a call can reach.
    fn targets(&mut self, frame: Frame<'p>, state: &mut State, callee: ExprId) -> Vec<FnId> {
        let program = self.setting.world.program;
        if let ExprKind::Global(_) = frame.body.expr(callee).kind {
            return frame.facts.functions(callee).to_vec();
        }
        if let Value::Functions(functions) = self.eval(frame, state, callee).value {
            return functions.iter().copied().collect();
        }
        let inner = frame.body.called(callee);
        let ExprKind::Member { base, field, .. } = frame.body.expr(inner).kind else {
            return Vec::new();
        };
        let ty = frame.facts.types[base.0 as usize];
        if ty.is_unknown() || is_entry_point(self.setting.world, ty.base, field) {
            return Vec::new();
        }
        match self.eval(frame, state, base).value {
            Value::Tables(tables) => tables
                .iter()
                .flat_map(|&table| program.table_functions(table, field))
                .collect(),
            _ => frame.facts.functions(inner).to_vec(),
        }
    }

    /// True if the result of a call can matter: it is used, and not only handed on to the callers of
    /// a function that is followed for what it leads to.
    fn matters(&self, frame: Frame<'p>, call: ExprId) -> bool {
        let is_chain = self.is_in_chain(frame.id);
        !frame.body.blocks.iter().any(|block| {
            block
                .instrs
                .iter()
                .any(|instr| matches!(instr, Instr::Eval { value } if *value == call))
                || is_chain
                    && matches!(block.terminator, Terminator::Return(Some(value)) if value == call)
        })
    }

    /// True if following a call can tell something: it leads to a use, its result depends on what
    /// is known, or it finds a VMA. Asks for no more than the [`Face`] of the function.
    ///
    /// [`Face`]: super::part::Face
    fn is_followed(&self, target: FnId, is_telling: bool, is_bound: bool) -> bool {
        let world = self.setting.world;
        let function = world.program.function(target);
        can_be_followed(world, target)
            && (is_telling && has_result(function) || !is_bound && finds_vma(world, function))
    }

    /// A macro that declares a variable by the name it is given, with an initialiser
    /// (`DEFINE_FOLIO_VMA_WALK(pvmw, …)`): the members take the values of the arguments.
    fn declare(
        &mut self,
        target: FnId,
        args: &[ExprId],
        values: &[Known],
        frame: Frame<'p>,
        state: &mut State,
    ) {
        let function = self.setting.world.program.function(target);
        if function.kind != FunctionKind::Macro {
            return;
        }
        self.own.get_mut().rests_on.touched.insert(target);
        for body in &function.bodies {
            for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
                let Instr::Assign { target, value, .. } = instr else {
                    continue;
                };
                let (ExprKind::Local(declared), ExprKind::Init { fields, .. }) =
                    (&body.expr(*target).kind, &body.expr(*value).kind)
                else {
                    continue;
                };
                let Some(local) = function.locals.get(declared.0 as usize) else {
                    continue;
                };
                let name = function
                    .params()
                    .iter()
                    .position(|param| param.name == local.name);
                let Some(ExprKind::Global(name)) = name
                    .and_then(|position| args.get(position))
                    .map(|arg| &frame.body.expr(*arg).kind)
                else {
                    continue;
                };
                let variable = Place::whole(Base::Global(*name));
                for init in fields {
                    if let ExprKind::Local(parameter) = body.expr(init.value).kind
                        && let Some(known) = values.get(parameter.0 as usize)
                        && let Some(place) = init.field.and_then(|field| variable.field(field))
                    {
                        state.set(place, known.clone());
                    }
                }
            }
        }
    }

    /// The type of the object at a place, if it is known and no pointer.
    fn type_of(&self, frame: Frame<'p>, state: &State, place: &Place) -> Option<Symbol> {
        let program = self.setting.world.program;
        let outer = match place.base {
            Base::Local(local) => frame.function.locals[local.0 as usize].ty,
            Base::Object(number) => {
                let ty = state.objects.get(usize::from(number))?;
                TypeRef::named(ty.as_str(), 0)
            }
            Base::Result(_) | Base::Global(_) => return None,
        };
        let inner = place.fields.iter().fold(outer, |ty, &field| {
            program.field_type(ty.base, field, frame.function.file)
        });
        (inner.pointers == 0 && !inner.is_unknown()).then_some(inner.base)
    }

    /// Runs a function on the arguments of a call.
    fn call_function(
        &mut self,
        frame: Frame<'p>,
        call: ExprId,
        target: FnId,
        values: &[Known],
        state: &State,
    ) -> Vec<State> {
        let site = frame.body.expr(call).span;
        let mut passage = Passage::default();
        let mut arguments: Vec<Known> = values
            .iter()
            .map(|known| passage.hand_in(state, known))
            .collect();
        arguments.truncate(self.setting.world.program.function(target).n_params);
        // Calls of functions of the chain are what a run takes its time for.
        let hands_code = values.iter().any(|known| known.value.is_code());
        let has_sight = self.is_in_chain(target) && !hands_code;
        let sight = has_sight.then(|| self.sight(target));
        let flags = self.setting.hypothesis.flags;
        let inner = passage.inner(state, flags, sight.as_deref(), |place| {
            self.type_of(frame, state, place)
        });
        let callee = match frame.body.expr(call).kind {
            ExprKind::Call { callee, .. } => frame.body.called(callee),
            _ => call,
        };
        self.is_indirect = match frame.body.expr(callee).kind {
            ExprKind::Global(_) => false,
            ExprKind::Member { base, .. } => {
                let base = self.eval(frame, &mut state.clone(), base).value;
                !matches!(base, Value::Tables(_))
            }
            _ => true,
        };
        let exits = self.enter(target, arguments, inner, Some((frame.context, site)));
        let mut states = Vec::new();
        for exit in exits.iter() {
            let (known, after) = passage.back(state, exit);
            states.extend(self.with_result(frame, call, known, after));
        }
        states
    }
}

/// True for a function that is followed if its result or the VMA it finds is all there is to it.
pub(super) fn is_small(function: &Function) -> bool {
    let mut bodies = function.bodies.iter();
    bodies.all(|body| body.blocks.len() <= MAX_PREDICATE)
}

/// True for what copies an object of C.
fn is_copy(name: Symbol) -> bool {
    matches!(name.as_str(), "memcpy" | "__memcpy" | "__builtin_memcpy")
}

/// True for a function that is followed wherever its result, or the VMA it finds, tells something.
pub(super) fn can_be_followed(world: World<'_>, id: FnId) -> bool {
    let function = world.program.function(id);
    let file = world.program.file(function.file);
    // What an architecture does to entries, the vocabulary tells; twenty of them would double every
    // state as often.
    !world.dictionary.is_insert(function.name)
        && file.is_generic
        && file.arch.is_none()
        && is_small(function)
        && (has_result(function) || finds_vma(world, function))
}

fn has_result(function: &Function) -> bool {
    function.result.base != "void" || function.result.pointers > 0
}

/// True for a function that gives a VMA to its caller.
fn finds_vma(world: World<'_>, function: &Function) -> bool {
    let is_vma = |ty: TypeRef, pointers: u8| {
        ty.pointers == pointers && world.dictionary.is_vma_type(ty.base)
    };
    function.kind == FunctionKind::Function
        && (is_vma(function.result, 1) || function.params().iter().any(|param| is_vma(param.ty, 2)))
}

/// The type of the entry a call is about: what it returns, `ty`, or by its name where that is a macro.
pub(super) fn entry_type(body: &Body, call: ExprId, ty: TypeRef) -> TypeRef {
    if matches!(ty.base.as_str(), "pte_t" | "pmd_t" | "pud_t") {
        return TypeRef { pointers: 0, ..ty };
    }
    let level = match &body.expr(call).kind {
        ExprKind::Call { callee, .. } => match body.expr(*callee).kind {
            ExprKind::Global(name) if name.as_str().contains("pmd") => Level::Pmd,
            ExprKind::Global(name) if name.as_str().contains("pud") => Level::Pud,
            _ => Level::Pte,
        },
        _ => Level::Pte,
    };
    TypeRef::named(type_name(level), 0)
}

pub(super) fn type_name(level: Level) -> &'static str {
    match level {
        Level::Pte | Level::Huge => "pte_t",
        Level::Pmd => "pmd_t",
        Level::Pud => "pud_t",
    }
}

fn is_page_type(ty: TypeRef) -> bool {
    ty.pointers == 1 && matches!(ty.base.as_str(), "struct page" | "struct folio")
}

/// What a use does to an entry.
fn of_entry(state: &State, entry: u8) -> Effect {
    match state.entries.get(&entry) {
        Some(entry) if !entry.states.is_override() => Effect::NotOverride {
            cleared_by: entry.cleared_by,
        },
        _ => Effect::Override,
    }
}

/// What the construct of an entry for a page of which nothing is known does, by the entries in hand:
/// where none of them is an override, it takes the place of none.
fn of_slots(state: &State, ty: Symbol) -> Effect {
    let none = States::of(&[EntryState::None]);
    let mut cleared_by = None;
    let mut is_about_entry = false;
    for entry in state.entries.values().filter(|entry| entry.ty == ty) {
        if entry.states.is_override() {
            return Effect::Unclear;
        }
        is_about_entry |= !entry.states.without(none).is_empty();
        cleared_by = cleared_by.or(entry.cleared_by);
    }
    match is_about_entry {
        true => Effect::NotOverride { cleared_by },
        false => Effect::Unclear,
    }
}

/// True unless every entry in hand of a type is known to be no override.
fn is_hot(state: &State, ty: Symbol) -> bool {
    let mut entries = state
        .entries
        .values()
        .filter(|entry| entry.ty == ty && !entry.is_encoded)
        .peekable();
    entries.peek().is_none() || entries.any(|entry| entry.states.is_override())
}
