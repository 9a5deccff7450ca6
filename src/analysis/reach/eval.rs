//! Values of expressions under the hypothesis.

use std::sync::Arc;

use crate::analysis::bits::Bits;
use crate::analysis::dictionary::Word;
use crate::callgraph::TableId;
use crate::program::{BinaryOp, ExprId, ExprKind, Initializer, Symbol, TypeRef, UnaryOp};
use crate::vocabulary::EntryState;

use super::because::Because;
use super::run::{Engine, Frame};
use super::state::{State, States};
use super::value::{Base, Known, PageFrom, Place, ProtectionFrom, Value};
use super::words::Meaning;

/// The member of `pgprot_t` that holds its value, the same on all architectures.
const PGPROT_MEMBER: &str = "pgprot";

impl<'p> Engine<'p> {
    /// The value of an expression whose calls have been carried out.
    pub(super) fn eval(&mut self, frame: Frame<'p>, state: &mut State, expr: ExprId) -> Known {
        let body = frame.body;
        if frame.facts.too_deep.contains(expr.0 as usize) {
            return Known::default();
        }
        match &body.expr(expr).kind {
            ExprKind::Int(Some(value)) => Known::plain(Value::Int(*value)),
            ExprKind::Str => Known::plain(Value::NonZero),
            ExprKind::Global(name) => self.eval_global(frame, state, expr, *name),
            ExprKind::Local(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                self.eval_place(frame, state, expr)
            }
            ExprKind::Deref(inner) => match self.eval(frame, state, *inner) {
                known @ Known {
                    value: Value::Vma | Value::OtherVma,
                    ..
                } => known,
                Known {
                    value: Value::Slot(slot),
                    ..
                } => {
                    let states = self.all_states(state);
                    Known::plain(state.read(slot, states))
                }
                _ => self.eval_place(frame, state, expr),
            },
            ExprKind::AddrOf(place) => self.eval_address(frame, state, *place),
            ExprKind::Call { .. } => state.load(&Place::whole(Base::Result(expr))),
            ExprKind::Cast(_, inner) => self.eval(frame, state, *inner),
            ExprKind::Unary(op, inner) => {
                let known = self.eval(frame, state, *inner);
                if *op == UnaryOp::BitNot
                    && let Value::Flags(bits, true) = known.value
                {
                    let mut others = self.setting.other_flags.iter();
                    if others.any(|&other| self.in_alternative(bits, other) != bits) {
                        self.own.borrow_mut().is_told_apart = true;
                    }
                }
                eval_unary(*op, known, &body.expr(*inner).kind)
            }
            ExprKind::Binary(op, a, b) => {
                let left = self.eval(frame, state, *a);
                let right = self.eval(frame, state, *b);
                self.eval_binary(state, *op, left, right)
            }
            ExprKind::Init { fields, .. } => match fields.as_slice() {
                // A protection written as a compound literal: `(pgprot_t) { value }`.
                [only] => match self.eval(frame, state, only.value) {
                    known @ Known {
                        value: Value::Protection(_),
                        ..
                    } => known,
                    _ => Known::default(),
                },
                _ => Known::default(),
            },
            ExprKind::Int(None) | ExprKind::Type(_) | ExprKind::Unknown => Known::default(),
        }
    }

    /// The states an entry of which nothing is known can be in.
    pub(super) fn all_states(&self, state: &State) -> States {
        let states = States::ALL.without(States::OVERRIDE.without(self.possible));
        match state.is_accessible {
            true => states.without(States::of(&[EntryState::Inaccessible])),
            false => states,
        }
    }

    fn eval_global(
        &mut self,
        frame: Frame<'p>,
        state: &State,
        expr: ExprId,
        name: Symbol,
    ) -> Known {
        let world = self.setting.world;
        if state.is_bound
            && let Some(setter) = self.setting.plan.setter(frame.id, frame.body_index, expr)
        {
            let span = frame.body.expr(expr).span;
            self.note_set(frame, setter, span);
        }
        match name.as_str() {
            "NULL" | "false" => return Known::plain(Value::Int(0)),
            "true" => return Known::plain(Value::Int(1)),
            _ => {}
        }
        if let Some(mask) = world.dictionary.flags.mask(name) {
            return Known::plain(Value::Flags(Bits::exactly(mask), false));
        }
        if let Some(mask) = world.dictionary.other_flags.mask(name) {
            return Known::plain(Value::Word(Bits::exactly(mask)));
        }
        if let Some(value) = world.program.enumerator(name) {
            return Known::plain(Value::Int(value));
        }
        if let Some(Meaning::ExcludedKind(axiom)) = self.setting.words.meaning(name) {
            return Known::plain(Value::OtherKind(Because::KIND | Because::axiom(axiom)));
        }
        if world.dictionary.constant(name).is_some() {
            return Known::plain(Value::Protection(ProtectionFrom::CONSTANT));
        }
        let functions = frame.facts.functions(expr);
        if !functions.is_empty() {
            let functions = functions.iter().copied().collect();
            return Known::plain(Value::Functions(Arc::new(functions)));
        }
        Known::default()
    }

    fn eval_address(&mut self, frame: Frame<'p>, state: &mut State, expr: ExprId) -> Known {
        if let ExprKind::Global(name) = frame.body.expr(expr).kind {
            let program = self.setting.world.program;
            let tables = program.resolve_table(name, frame.function.file);
            if !tables.is_empty() {
                return Known::plain(Value::Tables(Arc::new(tables.into_iter().collect())));
            }
            let known = self.eval_global(frame, state, expr, name);
            if matches!(known.value, Value::Functions(_)) {
                return known;
            }
        }
        // The first member of a page is the page: `&folio->page`.
        if let ExprKind::Member { base, .. } = frame.body.expr(expr).kind {
            let known = self.eval(frame, state, base);
            if is_page(&known.value) || known.value == Value::Int(0) {
                return known;
            }
        }
        let Some(place) = self.place_of(frame, state, expr) else {
            return Known::plain(Value::NonZero);
        };
        match state.load(&place) {
            known @ Known {
                value: Value::Vma, ..
            } if frame.facts.types[expr.0 as usize].pointers == 0 => known,
            _ => Known::plain(Value::Pointer(place)),
        }
    }

    pub(super) fn eval_place(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        expr: ExprId,
    ) -> Known {
        if let ExprKind::Member { base, field, .. } = frame.body.expr(expr).kind {
            let known = self.eval(frame, state, base);
            if let Some(known) = self.eval_member(state, &known, field) {
                return known;
            }
        }
        let ty = frame.facts.types[expr.0 as usize];
        let Some(place) = self.place_of(frame, state, expr) else {
            return self.fresh(state, ty);
        };
        let known = state.load(&place);
        if !known.value.is_unknown() {
            return known;
        }
        let known = self.fresh(state, ty);
        if matches!(known.value, Value::Slot(_) | Value::Entry(_)) {
            state.set(place, known.clone());
        }
        known
    }

    /// A value of which only the type is known.
    pub(super) fn fresh(&self, state: &mut State, ty: TypeRef) -> Known {
        if ty.function {
            return Known::default();
        }
        let is_entry = matches!(ty.base.as_str(), "pte_t" | "pmd_t" | "pud_t");
        Known::plain(match ty.pointers {
            0 if is_entry => {
                let states = self.all_states(state);
                state.new_entry(ty.base, states)
            }
            1 if is_entry => state.new_slot(ty.base),
            // Out of view, it may turn out to be the override mapping.
            1 if state.is_bound && self.setting.world.dictionary.is_vma_type(ty.base) => {
                Value::OtherVma
            }
            _ => Value::Unknown,
        })
    }

    fn eval_member(&self, state: &State, base: &Known, field: Symbol) -> Option<Known> {
        let vmas = self.setting.world.dictionary.vmas;
        let is = |names: &[String]| names.iter().any(|name| field == name.as_str());
        match &base.value {
            Value::Vma => {
                let Some(vma) = vmas.first() else {
                    return Some(Known::default());
                };
                if is(&vma.flags) {
                    return Some(Known::plain(Value::Flags(state.flags, true)));
                }
                if is(&vma.protection) {
                    return Some(Known::plain(Value::Protection(ProtectionFrom::OWN)));
                }
                if field == vma.ops.as_str() {
                    let known = match self.setting.hypothesis.has_ops {
                        true => Known::new(Value::Ops, Because::OPS),
                        false => Known::default(),
                    };
                    return Some(known);
                }
                None
            }
            Value::OtherVma if vmas.iter().any(|vma| is(&vma.protection)) => {
                Some(Known::plain(Value::Protection(ProtectionFrom::OTHER)))
            }
            Value::Protection(_) if field == PGPROT_MEMBER => Some(base.clone()),
            Value::Tables(tables) => {
                let mut values = tables
                    .iter()
                    .map(|&table| Known::plain(self.eval_table_entry(table, field)));
                let first = values.next()?;
                Some(values.fold(first, |all, known| all.join(&known)))
            }
            _ => None,
        }
    }

    fn eval_table_entry(&self, table: TableId, field: Symbol) -> Value {
        let program = self.setting.world.program;
        match program.table_entry(table, field) {
            None | Some(Initializer::Null) => return Value::Int(0),
            Some(_) => {}
        }
        let functions = program.table_functions(table, field);
        if !functions.is_empty() {
            return Value::Functions(Arc::new(functions.into_iter().collect()));
        }
        let tables = program.table_tables(table, field);
        if !tables.is_empty() {
            return Value::Tables(Arc::new(tables.into_iter().collect()));
        }
        Value::Unknown
    }

    /// The place an expression denotes, if it denotes one that can be followed.
    pub(super) fn place_of(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        expr: ExprId,
    ) -> Option<Place> {
        if frame.facts.too_deep.contains(expr.0 as usize) {
            return None;
        }
        match &frame.body.expr(expr).kind {
            ExprKind::Local(local) => Some(Place::whole(Base::Local(*local))),
            ExprKind::Global(name) => Some(Place::whole(Base::Global(*name))),
            ExprKind::Member { base, field, .. } => {
                let place = self.object_of(frame, state, *base)?;
                if *field == PGPROT_MEMBER {
                    return Some(place);
                }
                place.field(*field)
            }
            ExprKind::Deref(inner) => match self.eval(frame, state, *inner).value {
                Value::Pointer(place) => Some(place),
                _ => None,
            },
            ExprKind::Cast(_, inner) => self.place_of(frame, state, *inner),
            ExprKind::Call { callee, args } => {
                let name = self.callee_name(frame, *callee)?;
                match self.setting.world.dictionary.word(name, args.len())? {
                    Word::Identity(identity) => {
                        self.place_of(frame, state, *args.get(identity.argument)?)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The object behind the left side of `.` or `->`.
    fn object_of(&mut self, frame: Frame<'p>, state: &mut State, base: ExprId) -> Option<Place> {
        match self.eval(frame, state, base).value {
            Value::Pointer(place) => Some(place),
            Value::Vma | Value::OtherVma | Value::Ops => None,
            _ => self.place_of(frame, state, base),
        }
    }

    pub(super) fn callee_name(&self, frame: Frame<'p>, callee: ExprId) -> Option<Symbol> {
        match frame.body.expr(callee).kind {
            ExprKind::Global(name) => Some(name),
            _ => None,
        }
    }

    /// `target = value`
    pub(super) fn assign(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        target: ExprId,
        value: ExprId,
    ) {
        let ty = frame.facts.types[target.0 as usize];
        if let ExprKind::Member { base, field, .. } = frame.body.expr(target).kind
            && self.eval(frame, state, base).value == Value::Vma
        {
            let known = self.eval(frame, state, value);
            let vmas = self.setting.world.dictionary.vmas;
            let is_flags = |vma: &crate::vocabulary::VmaType| {
                vma.flags.iter().any(|name| field == name.as_str())
            };
            if vmas.iter().any(is_flags) {
                self.set_flags(state, &known.value);
            }
            return;
        }
        // `*new = *vma`: a copy is an override mapping if the original is.
        if let ExprKind::Deref(pointer) = frame.body.expr(target).kind
            && ty.pointers == 0
            && self.setting.world.dictionary.is_vma_type(ty.base)
            && let Some(place) = self.place_of(frame, state, pointer)
        {
            let known = self.eval(frame, state, value);
            if matches!(known.value, Value::Vma | Value::OtherVma) {
                state.set(place, known);
                self.leave_view(frame, state);
                return;
            }
        }
        let Some(place) = self.place_of(frame, state, target) else {
            // Evaluated all the same, for what it sets.
            self.eval(frame, state, value);
            return;
        };
        if let ExprKind::Init { fields, .. } = &frame.body.expr(value).kind
            && (fields.is_empty() || fields.iter().any(|init| init.field.is_some()))
        {
            state.set(place, Known::plain(Value::Zeroed));
            for init in fields {
                if let Some(field) = init.field.and_then(|field| place.field(field)) {
                    let known = self.eval(frame, state, init.value);
                    state.set(field, known);
                }
            }
            return;
        }
        let mut known = self.eval(frame, state, value);
        if known.value == Value::Unknown {
            known = self.fresh(state, ty);
        }
        if let (Value::Vma, 0) = (&known.value, ty.pointers) {
            // A copy is not the VMA that the entries belong to; its contents are.
            known = Known::plain(Value::Vma);
        }
        state.set(place, known);
        self.leave_view(frame, state);
    }

    /// Flags are replaced; what the hypothesis says of them stays.
    pub(super) fn set_flags(&mut self, state: &mut State, value: &Value) {
        let hypothesis = self.setting.hypothesis.flags;
        let known = hypothesis.ones | hypothesis.zeros;
        let new = match value {
            Value::Flags(bits, _) => *bits,
            _ => Bits::unknown(),
        };
        state.flags = Bits {
            ones: new.ones & !known | hypothesis.ones,
            zeros: new.zeros & !known | hypothesis.zeros,
        };
        state.learnt.clear();
    }

    pub(super) fn eval_binary(
        &self,
        state: &State,
        op: BinaryOp,
        left: Known,
        right: Known,
    ) -> Known {
        let because = left.because | right.because;
        match (&left.value, &right.value) {
            (Value::OtherKind(why), _) | (_, Value::OtherKind(why))
                if op == BinaryOp::And && state.is_bound =>
            {
                return Known::new(Value::Int(0), *why);
            }
            (Value::Protection(a), Value::Protection(b)) => {
                return Known::new(Value::Protection(a.union(*b)), because);
            }
            (Value::Protection(_), _)
                if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor) =>
            {
                return left;
            }
            (_, Value::Protection(_))
                if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor) =>
            {
                return right;
            }
            // A page of the same folio.
            (page, _) if is_page(page) && matches!(op, BinaryOp::Add | BinaryOp::Sub) => {
                return left;
            }
            // The table of the override mapping is none of another kind.
            (Value::Ops, Value::Tables(tables)) | (Value::Tables(tables), Value::Ops)
                if matches!(op, BinaryOp::Eq | BinaryOp::Ne) =>
            {
                if tables
                    .iter()
                    .any(|&table| (self.setting.is_override_table)(table))
                {
                    return Known::default();
                }
                let value = Value::Int((op == BinaryOp::Ne).into());
                return Known::new(value, Because::KIND);
            }
            (Value::Vma, Value::Vma) => {}
            _ => {}
        }
        if let (Value::Flags(a, a_own), b) | (b, Value::Flags(a, a_own)) =
            (&left.value, &right.value)
            && let Some((b, b_own)) = as_flags(b)
        {
            let is_own = *a_own || b_own;
            let outcome = bits(op, *a, b);
            if op != BinaryOp::And {
                for &other in self.setting.other_flags {
                    let there = |bits: Bits, is_own: bool| match is_own {
                        true => self.in_alternative(bits, other),
                        false => bits,
                    };
                    if bits(op, there(*a, *a_own), there(b, b_own)) != outcome {
                        self.own.borrow_mut().is_told_apart = true;
                    }
                }
            }
            return match outcome {
                Outcome::Bits(result) if op == BinaryOp::And => {
                    let why = match is_own {
                        true => self.why_flags(state, *a, b),
                        false => Because::NOTHING,
                    };
                    Known::new(Value::Flags(result, is_own), because | why)
                }
                Outcome::Bits(result) => Known::new(Value::Flags(result, false), because),
                Outcome::Truth(truth) => Known::new(Value::Int(truth.into()), because),
                Outcome::Unknown => Known::default(),
            };
        }
        if let (Value::Word(a), b) | (b, Value::Word(a)) = (&left.value, &right.value)
            && let Some(b) = as_word(b)
        {
            let value = match bits(op, *a, b) {
                Outcome::Bits(bits) => Value::Word(bits),
                Outcome::Truth(truth) => Value::Int(truth.into()),
                Outcome::Unknown => Value::Unknown,
            };
            return Known::new(value, because);
        }
        Known::new(eval_numbers(op, &left.value, &right.value), because)
    }

    /// A word of the override mapping's flags as it is in an alternative of the hypothesis in which
    /// the flags `other` are certain.
    fn in_alternative(&self, bits: Bits, other: u128) -> Bits {
        let certain = self.setting.hypothesis.flags.ones;
        Bits {
            ones: bits.ones & !(certain & !other) | other & !certain & !bits.zeros,
            zeros: bits.zeros,
        }
    }

    /// What is known of override mappings about the bits that a mask leaves.
    fn why_flags(&self, state: &State, a: Bits, b: Bits) -> Because {
        let is_whole = |bits: Bits| bits.ones | bits.zeros == !0;
        let mask = match (is_whole(a), is_whole(b)) {
            (_, true) => b.ones,
            (true, false) => a.ones,
            (false, false) => !0,
        };
        let mut because = Because::NOTHING;
        let hypothesis = self.setting.hypothesis;
        let is_certain = |flags: u128| mask & flags != 0;
        let mut others = self.setting.other_flags.iter();
        if others.any(|&flags| is_certain(flags) != is_certain(hypothesis.flags.ones)) {
            self.own.borrow_mut().is_told_apart = true;
        }
        if is_certain(hypothesis.flags.ones) {
            because |= Because::FLAGS;
            // One bit that is certainly set decides.
            return because;
        }
        for (axiom, flags) in self.setting.excluded {
            if mask & flags & state.flags.zeros != 0 {
                because |= Because::KIND | Because::axiom(*axiom);
            }
        }
        for (number, name) in self.setting.plan.settable.iter().enumerate() {
            let flag = self.setting.world.dictionary.flags.mask(*name).unwrap_or(0);
            if mask & flag != 0 && state.flags.zeros & flag != 0 {
                because |= Because::never_set(number);
            }
        }
        for (bits, why) in &state.learnt {
            if mask & bits != 0 {
                because |= *why;
            }
        }
        because
    }
}

#[derive(PartialEq)]
enum Outcome {
    Bits(Bits),
    Truth(bool),
    Unknown,
}

fn bits(op: BinaryOp, a: Bits, b: Bits) -> Outcome {
    let truth = |known: Option<bool>| known.map_or(Outcome::Unknown, Outcome::Truth);
    match op {
        BinaryOp::And => Outcome::Bits(a.and(b)),
        BinaryOp::Or => Outcome::Bits(a.or(b)),
        BinaryOp::Xor => Outcome::Bits(a.xor(b)),
        BinaryOp::Eq => truth(a.equals(b)),
        BinaryOp::Ne => truth(a.equals(b).map(|equal| !equal)),
        _ => Outcome::Unknown,
    }
}

/// A word of flags, and whether it is that of the override mapping.
fn as_flags(value: &Value) -> Option<(Bits, bool)> {
    match value {
        Value::Flags(bits, is_own) => Some((*bits, *is_own)),
        Value::Int(0) => Some((Bits::exactly(0), false)),
        Value::Unknown | Value::Int(_) => Some((Bits::unknown(), false)),
        _ => None,
    }
}

fn as_word(value: &Value) -> Option<Bits> {
    match value {
        Value::Word(bits) => Some(*bits),
        Value::Int(0) => Some(Bits::exactly(0)),
        Value::Unknown | Value::Int(_) => Some(Bits::unknown()),
        _ => None,
    }
}

/// True for a page, or what stands for one.
pub(super) fn is_page(value: &Value) -> bool {
    matches!(
        value,
        Value::Page(_) | Value::EntryPage(_) | Value::NormalPage(_)
    )
}

/// A page that was just allocated.
pub(super) fn new_page(axiom: usize) -> Value {
    Value::Page(PageFrom {
        new: Some(axiom as u8),
        handler: None,
    })
}

fn eval_unary(op: UnaryOp, known: Known, operand: &ExprKind) -> Known {
    let because = known.because;
    let value = match (op, known.value) {
        (UnaryOp::Not, value) => value
            .truth()
            .map_or(Value::Unknown, |truth| Value::Int((!truth).into())),
        (UnaryOp::Neg, Value::Int(value)) => Value::Int(value.wrapping_neg()),
        (UnaryOp::BitNot, Value::Flags(bits, _)) => Value::Flags(bits.complement(), false),
        (UnaryOp::BitNot, Value::Word(bits)) => Value::Word(bits.complement()),
        (UnaryOp::BitNot, Value::Int(value)) => Value::Int(!value),
        (UnaryOp::BitNot, value @ Value::Protection(_)) => value,
        (UnaryOp::Neg, _) => match operand {
            ExprKind::Global(name) if is_errno(name.as_str()) => Value::Negative,
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    };
    Known { value, because }
}

/// True for the names of error numbers: `EINVAL`, `E2BIG`, `ERESTARTSYS`.
fn is_errno(name: &str) -> bool {
    name.len() > 2
        && name.starts_with('E')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn eval_numbers(op: BinaryOp, left: &Value, right: &Value) -> Value {
    let truth = |truth: bool| Value::Int(truth.into());
    match (op, left, right) {
        (op, Value::Int(a), Value::Int(b)) => {
            let shift = u32::try_from(*b).ok();
            let result = match op {
                BinaryOp::And => Some(a & b),
                BinaryOp::Or => Some(a | b),
                BinaryOp::Xor => Some(a ^ b),
                BinaryOp::Eq => Some((a == b).into()),
                BinaryOp::Ne => Some((a != b).into()),
                BinaryOp::Lt => Some((a < b).into()),
                BinaryOp::Le => Some((a <= b).into()),
                BinaryOp::Gt => Some((a > b).into()),
                BinaryOp::Ge => Some((a >= b).into()),
                BinaryOp::Shl => shift.and_then(|shift| a.checked_shl(shift)),
                BinaryOp::Shr => shift.and_then(|shift| a.checked_shr(shift)),
                // Sums are not followed: a loop counter would never come to rest.
                _ => None,
            };
            result.map_or(Value::Unknown, Value::Int)
        }
        (BinaryOp::Lt, Value::Negative, Value::Int(b)) if *b >= 0 => truth(true),
        (BinaryOp::Ge, Value::Negative, Value::Int(b)) if *b >= 0 => truth(false),
        (BinaryOp::Le, Value::Negative, Value::Int(b)) if *b >= 0 => truth(true),
        (BinaryOp::Gt, Value::Negative, Value::Int(b)) if *b >= 0 => truth(false),
        (BinaryOp::Eq, a, Value::Int(0)) | (BinaryOp::Eq, Value::Int(0), a) => {
            a.truth().map_or(Value::Unknown, |t| truth(!t))
        }
        (BinaryOp::Ne, a, Value::Int(0)) | (BinaryOp::Ne, Value::Int(0), a) => {
            a.truth().map_or(Value::Unknown, truth)
        }
        _ => Value::Unknown,
    }
}
