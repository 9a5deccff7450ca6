//! Calls: what the vocabulary says of them, and into the functions that were parsed.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::access_path::Fields;
use crate::analysis::bits::Bits;
use crate::analysis::dictionary::Word;
use crate::analysis::facts::is_predicate;
use crate::analysis::state::{State, VmaState};
use crate::analysis::term::{Base, Step, Terms};
use crate::analysis::value::{Place, PlaceBase, Value};
use crate::callgraph::{FnId, TableId};
use crate::program::{Body, ExprId, ExprKind, FunctionKind, Symbol, TypeRef};
use crate::vocabulary::{FlagsChange, Insert, Install, Kind, ProtectionEffect, TargetKind};

use super::eval::result_place;
use super::{Depth, EventKind, Frame, Machine};

/// Tables of one structure type beyond this many are not told apart.
const MAX_SPLIT: usize = 400;
/// Targets of one indirect call beyond this many are not followed.
const MAX_TARGETS: usize = 400;

impl<'p> Machine<'p> {
    /// Carries out the calls in an expression, from left to right, operands first. Each way a call
    /// can end gives a state of its own.
    pub(super) fn evaluated(
        &mut self,
        frame: Frame<'p>,
        expr: ExprId,
        states: Vec<State>,
    ) -> Vec<State> {
        let mut states = states;
        if self.depth == Depth::Full {
            for member in ops_members(frame.body, expr) {
                states = states
                    .into_iter()
                    .flat_map(|state| self.split_by_table(frame, member, state))
                    .collect();
            }
        }
        for &call in frame.facts.calls.get(&expr).into_iter().flatten() {
            states = states
                .into_iter()
                .flat_map(|state| self.call(frame, call, state))
                .collect();
            super::unique(&mut states);
        }
        states
    }

    /// Reads of a table's member that leads to a VMA's operations (`obj->funcs->vm_ops`): one
    /// state per table, so that what else is read through the same pointer belongs together.
    fn split_by_table(&mut self, frame: Frame<'p>, member: ExprId, mut state: State) -> Vec<State> {
        let ExprKind::Member { base, .. } = frame.body.expr(member).kind else {
            return vec![state];
        };
        let ty = frame.facts.types[member.0 as usize];
        if ty.base != "struct vm_operations_struct" || ty.pointers != 1 {
            return vec![state];
        }
        let struct_name = frame.facts.types[base.0 as usize].base;
        let tables: Vec<TableId> = match self.eval(frame, &mut state, base) {
            Value::Unknown => self
                .program
                .tables_of(struct_name)
                .iter()
                .copied()
                .filter(|table| self.program.table(*table).entries.len() > 1)
                .collect(),
            Value::Tables(tables) if tables.len() > 1 => tables.iter().copied().collect(),
            _ => return vec![state],
        };
        let tables = self.near_caller(frame, tables);
        let Some(place) = self.place_of(frame, &mut state, base) else {
            return vec![state];
        };
        let is_vma = matches!(place.base, PlaceBase::Vma(_)) && place.fields.is_empty();
        if is_vma || tables.is_empty() || tables.len() > MAX_SPLIT {
            return vec![state];
        }
        tables
            .into_iter()
            .map(|table| {
                let mut state = state.clone();
                state.store(&place, Value::table(table), self.dictionary.vmas);
                state
            })
            .collect()
    }

    /// A function whose own file has tables of a kind deals with those. A helper that a driver
    /// calls deals with that driver's objects: if the nearest caller in a directory below the
    /// running function's has tables of the kind, only those are meant.
    fn near_caller(&self, frame: Frame<'p>, tables: Vec<TableId>) -> Vec<TableId> {
        let own: Vec<TableId> = tables
            .iter()
            .copied()
            .filter(|table| self.program.table(*table).file == frame.function.file)
            .collect();
        if !own.is_empty() {
            return own;
        }
        let directory_of = |file| {
            let path = self.program.file(file).path.as_str();
            &path[..path.rfind('/').map_or(0, |at| at + 1)]
        };
        let here = directory_of(frame.function.file);
        for (caller, _) in self.stack.iter().rev() {
            let there = directory_of(self.program.function(*caller).file);
            if there.len() <= here.len() || !there.starts_with(here) {
                continue;
            }
            let near: Vec<TableId> = tables
                .iter()
                .copied()
                .filter(|table| directory_of(self.program.table(*table).file) == there)
                .collect();
            if !near.is_empty() {
                return near;
            }
        }
        tables
    }

    /// One call whose operands have been evaluated.
    fn call(&mut self, frame: Frame<'p>, call: ExprId, mut state: State) -> Vec<State> {
        let ExprKind::Call { callee, args } = &frame.body.expr(call).kind else {
            return vec![state];
        };
        let name = self.callee_name(frame, *callee);
        if let (Some(name), [target, value]) = (name, args.as_slice())
            && is_store(name)
        {
            self.assign(frame, &mut state, *target, *value);
            return vec![state];
        }
        let word = name.and_then(|name| self.dictionary.word(name, args.len()));
        let result = match word {
            Some(Word::Identity(identity)) => {
                let value = match args.get(identity.argument) {
                    Some(&argument) => self.eval(frame, &mut state, argument),
                    None => Value::Unknown,
                };
                Some(value)
            }
            Some(Word::Protection(protection)) => {
                Some(self.call_protection(frame, &mut state, call, args, protection))
            }
            Some(Word::Insert(insert)) => {
                self.call_insert(frame, &mut state, call, args, insert);
                Some(Value::Unknown)
            }
            Some(Word::Construct(construct)) => {
                Some(self.call_entry(frame, &mut state, call, args, construct.protection))
            }
            Some(Word::Modify(modify)) => {
                Some(self.call_entry(frame, &mut state, call, args, modify.protection))
            }
            Some(Word::Flags(change)) => {
                self.call_flags(frame, &mut state, args, change);
                Some(Value::Unknown)
            }
            Some(Word::Assertion(assertion)) => {
                let condition = assertion.condition.and_then(|i| args.get(i)).copied();
                let value = match condition {
                    Some(condition) if assertion.stops => {
                        return match self.refine(frame, condition, false, &state) {
                            Some(state) => vec![state],
                            None => Vec::new(),
                        };
                    }
                    Some(condition) => {
                        let value = self.eval(frame, &mut state, condition);
                        value
                            .truth()
                            .map_or(Value::Unknown, |truth| Value::Int(truth.into()))
                    }
                    None if assertion.stops => return Vec::new(),
                    None => Value::Unknown,
                };
                Some(value)
            }
            Some(Word::MemberAccess(_)) => Some(self.eval_place(frame, &mut state, call)),
            Some(Word::Install(install)) => {
                self.call_install(frame, &mut state, call, args, install);
                Some(Value::Unknown)
            }
            None => None,
        };
        if let Some(value) = result {
            set_result(&mut state, frame.depth, call, value);
            return vec![state];
        }
        self.call_targets(frame, call, state)
    }

    /// A call of functions of the tree.
    fn call_targets(&mut self, frame: Frame<'p>, call: ExprId, mut state: State) -> Vec<State> {
        let ExprKind::Call { callee, args } = &frame.body.expr(call).kind else {
            return vec![state];
        };
        let values: Vec<Value> = args
            .iter()
            .map(|&arg| self.eval(frame, &mut state, arg))
            .collect();
        let targets = self.targets(frame, &mut state, *callee, &values, call);
        self.touched.extend(&targets);
        for (argument, value) in values.iter().enumerate() {
            if let Value::Prot(terms) = value {
                let kind = EventKind::Pass {
                    argument,
                    targets: targets.clone(),
                    protection: terms.clone(),
                };
                self.observe(frame, args[argument], kind);
            }
        }
        let followed: Vec<FnId> = targets
            .iter()
            .copied()
            .filter(|&target| self.is_followed(target, &values))
            .collect();
        if followed.is_empty() || followed.len() > MAX_TARGETS {
            if self.depth == Depth::Full {
                state = self.call_back(frame, call, state, &values);
            }
            for (arg, value) in args.iter().zip(&values) {
                if let Value::Pointer(place) = value {
                    self.note_page(frame, &mut state, place, (*arg, &Value::Unknown));
                }
            }
            self.havoc(&mut state, &values);
            let result = self.unknown_result(frame, call);
            set_result(&mut state, frame.depth, call, result);
            return vec![state];
        }
        let site = frame.body.expr(call).span;
        let mut states = Vec::new();
        for target in followed {
            let mut state = self.through_its_table(frame, &state, *callee, target);
            let inherited = self.known_members(frame, &mut state, args, &values);
            let mut arguments = values.clone();
            if self.program.function(target).kind == FunctionKind::Macro {
                self.name_macro_arguments(frame, target, args, &mut arguments);
            }
            let exits = self.call_function(
                target,
                arguments,
                inherited.clone(),
                state.clone(),
                Some(site),
            );
            for exit in exits {
                let mut state = exit.state;
                set_result(&mut state, frame.depth, call, exit.value);
                states.push(state);
            }
        }
        states
    }

    /// Being called through a member of a table tells which tables it can have been: those that
    /// hold the target.
    fn through_its_table(
        &mut self,
        frame: Frame<'p>,
        state: &State,
        callee: ExprId,
        target: FnId,
    ) -> State {
        let mut state = state.clone();
        let callee = frame.body.called(callee);
        let ExprKind::Member { base, field, .. } = frame.body.expr(callee).kind else {
            return state;
        };
        let candidates: Vec<TableId> = match self.eval(frame, &mut state, base) {
            Value::Unknown => {
                let struct_name = frame.facts.types[base.0 as usize].base;
                self.program.tables_of(struct_name).to_vec()
            }
            Value::Tables(tables) => tables.iter().copied().collect(),
            _ => return state,
        };
        let field = self.member_name(frame, &state, field);
        let tables: BTreeSet<TableId> = candidates
            .into_iter()
            .filter(|&table| self.program.table_functions(table, field).contains(&target))
            .collect();
        if let Some(place) = self.place_of(frame, &mut state, base)
            && !tables.is_empty()
            && !(matches!(place.base, PlaceBase::Vma(_)) && place.fields.is_empty())
        {
            state.store(
                &place,
                Value::Tables(Arc::new(tables)),
                self.dictionary.vmas,
            );
        }
        state
    }

    /// What is known of members behind arguments that are pointers to something unknown.
    fn known_members(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        args: &[ExprId],
        values: &[Value],
    ) -> Vec<(usize, Fields, Value)> {
        let mut known = Vec::new();
        for (i, (arg, value)) in args.iter().zip(values).enumerate() {
            if *value != Value::Unknown {
                continue;
            }
            let Some(place) = self.place_of(frame, state, *arg) else {
                continue;
            };
            for (part, value) in &state.store {
                if place.covers(part) && part.fields.len() > place.fields.len() {
                    let fields = part.fields[place.fields.len()..].iter().copied().collect();
                    known.push((i, fields, value.clone()));
                }
            }
        }
        known
    }

    /// Functions handed to a function that is not followed (`apply_to_page_range`) are run with
    /// what was handed along: their data pointer is the last pointer among the arguments.
    fn call_back(
        &mut self,
        frame: Frame<'p>,
        call: ExprId,
        state: State,
        values: &[Value],
    ) -> State {
        let site = frame.body.expr(call).span;
        let data = values
            .iter()
            .rev()
            .find(|value| matches!(value, Value::Pointer(_) | Value::Vma(_) | Value::Fault(_)));
        let Some(data) = data else {
            return state;
        };
        let callbacks: BTreeSet<FnId> = values
            .iter()
            .filter_map(|value| match value {
                Value::Functions(functions) => Some(functions.iter().copied()),
                _ => None,
            })
            .flatten()
            .collect();
        let mut after = state.clone();
        for callback in callbacks {
            let function = self.program.function(callback);
            let arguments = function
                .params()
                .iter()
                .map(|param| match param.ty.base.as_str() {
                    "void" if param.ty.pointers == 1 => data.clone(),
                    _ => Value::Unknown,
                })
                .collect();
            for exit in
                self.call_function(callback, arguments, Vec::new(), state.clone(), Some(site))
            {
                after = after.join(&exit.state);
            }
        }
        after
    }

    /// The functions a call can reach.
    fn targets(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        callee: ExprId,
        arguments: &[Value],
        call: ExprId,
    ) -> Vec<FnId> {
        if let ExprKind::Global(name) = frame.body.expr(callee).kind {
            return self.program.resolve(name, frame.function.file);
        }
        if let Value::Functions(functions) = self.eval(frame, state, callee) {
            return functions.iter().copied().collect();
        }
        let carries_vma = arguments
            .iter()
            .any(|value| matches!(value, Value::Vma(_) | Value::Fault(_)));
        let inner = frame.body.called(callee);
        let ExprKind::Member { base, field, .. } = frame.body.expr(inner).kind else {
            if carries_vma {
                self.observe(frame, call, EventKind::Unresolved);
            }
            return Vec::new();
        };
        let field = self.member_name(frame, state, field);
        let ty = frame.facts.types[base.0 as usize];
        let is_entry = |entry: &crate::vocabulary::EntryPoint| {
            !entry.secondary && ty.base == entry.table.as_str() && field == entry.member.as_str()
        };
        if self.dictionary.entry_points.iter().any(is_entry) {
            // What is behind an entry point is analysed from there.
            return Vec::new();
        }
        let found = match self.eval(frame, state, base) {
            Value::Tables(tables) => tables
                .iter()
                .flat_map(|&table| self.program.table_functions(table, field))
                .collect(),
            _ if ty.is_unknown() && carries_vma => self.members_like(field, arguments),
            _ if ty.is_unknown() => BTreeSet::new(),
            _ => {
                let all = self.program.tables_of(ty.base).to_vec();
                let near = self.near_caller(frame, all.clone());
                if near.len() < all.len() {
                    near.into_iter()
                        .flat_map(|table| self.program.table_functions(table, field))
                        .collect()
                } else {
                    self.program.members(ty.base, field).functions
                }
            }
        };
        if found.is_empty() && carries_vma {
            self.observe(frame, call, EventKind::Unresolved);
        }
        let ExprKind::Call { args, .. } = &frame.body.expr(call).kind else {
            return Vec::new();
        };
        found
            .into_iter()
            .filter(|&id| self.fits(frame, id, args))
            .collect()
    }

    /// True if a function can be called with these arguments: as many parameters, and no pointer
    /// to one structure where another is expected.
    fn fits(&self, frame: Frame<'p>, id: FnId, args: &[ExprId]) -> bool {
        let params = self.program.function(id).params();
        let is_structure =
            |ty: TypeRef| ty.pointers == 1 && ty.base.as_str().starts_with("struct ");
        params.len() == args.len()
            && params.iter().zip(args).all(|(param, arg)| {
                let given = frame.facts.types[arg.0 as usize];
                !is_structure(given) || !is_structure(param.ty) || given.base == param.ty.base
            })
    }

    /// What a member of an unknown structure can hold, by its name and the shape of the call: a
    /// VMA has to arrive where the function takes one.
    fn members_like(&self, field: Symbol, arguments: &[Value]) -> BTreeSet<FnId> {
        self.program
            .members_of_any(field)
            .functions
            .into_iter()
            .filter(|&id| {
                let params = self.program.function(id).params();
                params.len() == arguments.len()
                    && params.iter().zip(arguments).all(|(param, argument)| {
                        let takes_vma = self.dictionary.is_vma_type(param.ty.base);
                        takes_vma == matches!(argument, Value::Vma(_))
                    })
            })
            .collect()
    }

    /// True if following a call can tell something: it sees a VMA, or a protection comes back.
    fn is_followed(&self, target: FnId, arguments: &[Value]) -> bool {
        let function = self.program.function(target);
        if self.dictionary.is_insert(function.name) || self.program.is_passage(target) {
            return false;
        }
        let is_protection =
            |ty: TypeRef, pointers: u8| ty.base == "pgprot_t" && ty.pointers == pointers;
        let gives_protection = is_protection(function.result, 0)
            || function
                .params()
                .iter()
                .any(|param| is_protection(param.ty, 1));
        if gives_protection {
            return true;
        }
        let is_macro = function.kind == FunctionKind::Macro;
        match self.depth {
            Depth::Local => is_macro && arguments.iter().any(|v| matches!(v, Value::Prot(_))),
            Depth::Full => {
                let is_useful = self.facts.is_effective(target) || is_predicate(function);
                is_useful
                    && arguments.iter().any(|value| {
                        matches!(
                            value,
                            Value::Vma(_)
                                | Value::Fault(_)
                                | Value::Prot(_)
                                | Value::Bits(_)
                                | Value::Pointer(_)
                        )
                    })
            }
        }
    }

    /// Members that a macro accesses by the name it is given get that name.
    fn name_macro_arguments(
        &self,
        frame: Frame<'p>,
        target: FnId,
        args: &[ExprId],
        values: &mut [Value],
    ) {
        let function = self.program.function(target);
        for (i, param) in function.params().iter().enumerate() {
            let is_member = |body: &Body| {
                body.exprs.iter().any(|expr| {
                    matches!(expr.kind, ExprKind::Member { field, .. } if field == param.name)
                })
            };
            if let Some(&arg) = args.get(i)
                && let ExprKind::Global(name) = frame.body.expr(arg).kind
                && function.bodies.iter().any(is_member)
            {
                values[i] = Value::Name(name);
            }
        }
    }

    /// A call that is not followed: what its arguments point to is not known any more, except for
    /// protections. Every function that can make one is parsed, and followed when it is handed a
    /// pointer to one.
    fn havoc(&mut self, state: &mut State, values: &[Value]) {
        for value in values {
            let Value::Pointer(place) = value else {
                continue;
            };
            match state.load(place, self.dictionary.vmas) {
                Value::Prot(_) => {
                    let terms = Terms::one(Base::Unknown(super::text_symbol("changed by a call")));
                    if !matches!(place.base, PlaceBase::Vma(_)) {
                        state.store(place, Value::prot(terms), self.dictionary.vmas);
                    }
                }
                _ => state.store.retain(|known, value| {
                    !place.covers(known) || matches!(value, Value::Prot(_) | Value::Entry(_))
                }),
            }
        }
    }

    fn unknown_result(&self, frame: Frame<'p>, call: ExprId) -> Value {
        let ty = frame.facts.types[call.0 as usize];
        if ty.base == "pgprot_t" && ty.pointers == 0 {
            self.unknown_protection(frame, call)
        } else {
            Value::Unknown
        }
    }

    /// The name behind the callee of a direct call.
    pub(super) fn callee_name(&self, frame: Frame<'p>, callee: ExprId) -> Option<Symbol> {
        match frame.body.expr(frame.body.called(callee)).kind {
            ExprKind::Global(name) => Some(name),
            _ => None,
        }
    }

    fn call_protection(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        protection: &crate::vocabulary::Protection,
    ) -> Value {
        let Some(&argument) = args.get(protection.argument) else {
            return self.unknown_protection(frame, call);
        };
        let from = self.eval(frame, state, argument);
        match (protection.effect, from) {
            (ProtectionEffect::Recompute, Value::Bits(flags)) if flags.ones | flags.zeros == !0 => {
                // From fixed flags comes a fixed protection.
                let text = format!("{}({})", protection.name, self.describe(frame, argument));
                Value::prot(Terms::one(Base::OfFlags(Symbol::new(&text), flags.ones)))
            }
            (ProtectionEffect::Recompute, _) => Value::prot(Terms::one(Base::Recomputed)),
            (ProtectionEffect::Extract, Value::Entry(terms)) => Value::Prot(terms),
            (ProtectionEffect::Extract, _) => Value::prot(Terms::one(Base::Entry)),
            (effect, Value::Prot(from)) => {
                let kind = match effect {
                    ProtectionEffect::Merge => Kind::Permission,
                    _ => protection.kind.unwrap_or(Kind::Other),
                };
                self.observe(frame, call, EventKind::Derive { from: from.clone() });
                let by = Symbol::new(&protection.name);
                Value::prot(from.derive(Step { by, kind }))
            }
            _ => self.unknown_protection(frame, call),
        }
    }

    fn call_entry(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        protection: usize,
    ) -> Value {
        let Some(&argument) = args.get(protection) else {
            return Value::Unknown;
        };
        let protection = self.protection_of(frame, state, argument);
        let kind = EventKind::Entry {
            protection: protection.clone(),
        };
        self.observe(frame, call, kind);
        Value::Entry(protection)
    }

    fn call_install(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        install: &Install,
    ) {
        let mut argument = |position: Option<usize>, state: &mut State| {
            let &argument = args.get(position?)?;
            Some((argument, self.eval(frame, state, argument)))
        };
        let Some((_, Value::Entry(protection))) = argument(Some(install.entry), state) else {
            return;
        };
        let vma = match argument(install.vma, state) {
            Some((_, Value::Vma(vma))) => Some(vma),
            _ => None,
        };
        let is_kernel =
            argument(install.mm, state).is_some_and(|(mm, _)| is_kernel_mm(frame.body, mm));
        let its_state = state.vma(vma.unwrap_or(0));
        self.observe(
            frame,
            call,
            EventKind::Install {
                vma,
                state: its_state,
                protection,
                is_kernel,
            },
        );
    }

    /// An argument as a protection.
    fn protection_of(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        argument: ExprId,
    ) -> Arc<Terms> {
        let value = self.eval(frame, state, argument);
        match (value, &frame.body.expr(argument).kind) {
            (Value::Prot(terms), _) => terms,
            // A parameter of a macro has no type; what it is used for tells what it is.
            (_, ExprKind::Local(local))
                if frame.depth == 0 && (local.0 as usize) < frame.function.n_params =>
            {
                Arc::new(Terms::one(Base::Parameter(local.0 as u8)))
            }
            _ => Arc::new(Terms::one(Base::Unknown(self.describe(frame, argument)))),
        }
    }

    fn call_insert(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        insert: &Insert,
    ) {
        let target = args
            .get(insert.target)
            .map(|&target| self.eval(frame, state, target));
        let vma = match (insert.target_is, target) {
            (TargetKind::Vma, Some(Value::Vma(vma))) => Some(vma),
            (TargetKind::Fault, Some(Value::Fault(vma))) => Some(vma),
            (TargetKind::Fault, Some(Value::Pointer(place))) => place
                .field(Symbol::new("vma"))
                .and_then(|place| match state.load(&place, self.dictionary.vmas) {
                    Value::Vma(vma) => Some(vma),
                    _ => None,
                }),
            _ => None,
        };
        let protection = insert
            .protection
            .and_then(|position| args.get(position))
            .map(|&argument| self.protection_of(frame, state, argument));
        let its_state = vma.map_or_else(|| VmaState::new(0), |v| state.vma(v));
        self.observe(
            frame,
            call,
            EventKind::Insert {
                vma,
                state: its_state,
                protection,
            },
        );
        let mask = insert
            .sets
            .iter()
            .filter_map(|flag| self.dictionary.flags.mask(Symbol::new(flag)))
            .fold(0, |all, mask| all | mask);
        if let Some(vma) = vma {
            let its = state.vma_mut(vma);
            its.flags = its.flags.or(Bits::exactly(mask));
            Arc::make_mut(&mut its.inserted).insert((frame.id, frame.body.expr(call).span));
        }
    }

    fn call_flags(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        args: &[ExprId],
        change: &FlagsChange,
    ) {
        let Some(&target) = args.get(change.target) else {
            return;
        };
        let vma = match self.eval(frame, state, target) {
            Value::Vma(vma) => vma,
            Value::Pointer(Place {
                base: PlaceBase::Vma(vma),
                ..
            }) => vma,
            _ => return,
        };
        let mut word = |position: Option<usize>, state: &mut State| {
            let argument = *args.get(position?)?;
            Some(match self.eval(frame, state, argument) {
                Value::Bits(bits) => bits,
                Value::Int(0) => Bits::exactly(0),
                _ => Bits::unknown(),
            })
        };
        if change.bits {
            let first = change.set.or(change.clear).unwrap_or(args.len());
            let mask = args[first.min(args.len())..]
                .iter()
                .filter_map(|&arg| self.bit_mask(frame, arg))
                .fold(0, |all, mask| all | mask);
            let flags = &mut state.vma_mut(vma).flags;
            *flags = if change.set.is_some() {
                flags.or(Bits::exactly(mask))
            } else {
                flags.and(Bits::exactly(mask).complement())
            };
            return;
        }
        let set = word(change.set, state);
        let clear = word(change.clear, state);
        let assign = word(change.assign, state);
        let flags = &mut state.vma_mut(vma).flags;
        if let Some(assign) = assign {
            *flags = assign;
        }
        if let Some(set) = set {
            *flags = flags.or(set);
        }
        if let Some(clear) = clear {
            *flags = flags.and(clear.complement());
        }
    }
}

impl Machine<'_> {
    /// The flag behind a bit number's name: `VMA_PFNMAP_BIT` is the bit of `VM_PFNMAP`.
    fn bit_mask(&self, frame: Frame<'_>, arg: ExprId) -> Option<u128> {
        let ExprKind::Global(name) = frame.body.expr(arg).kind else {
            return None;
        };
        let stem = name.as_str().strip_prefix("VMA_")?.strip_suffix("_BIT")?;
        self.dictionary
            .flags
            .mask(Symbol::new(&format!("VM_{stem}")))
    }
}

/// True for macros that are an assignment.
pub(in crate::analysis) fn is_store(name: Symbol) -> bool {
    matches!(name.as_str(), "WRITE_ONCE" | "smp_store_release")
}

/// True for `&init_mm`, the page table of the kernel itself.
fn is_kernel_mm(body: &Body, mm: ExprId) -> bool {
    match body.expr(mm).kind {
        ExprKind::AddrOf(inner) => is_kernel_mm(body, inner),
        ExprKind::Global(name) => name == "init_mm",
        _ => false,
    }
}

fn set_result(state: &mut State, frame: u8, call: ExprId, value: Value) {
    let place: Place = result_place(frame, call);
    if value == Value::Unknown {
        state.store.remove(&place);
    } else {
        state.store.insert(place, value);
    }
}

/// The member accesses in an expression, operands first.
fn ops_members(body: &Body, expr: ExprId) -> Vec<ExprId> {
    let mut found = Vec::new();
    body.visit(expr, &mut |id| {
        if let ExprKind::Member { field, .. } = body.expr(id).kind
            && field.as_str().contains("ops")
        {
            found.push(id);
        }
    });
    found
}
