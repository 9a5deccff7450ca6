//! Expressions: places, values, assignments.

use std::sync::Arc;

use crate::analysis::bits::Bits;
use crate::analysis::dictionary::Word;
use crate::analysis::state::{State, VmaState};
use crate::analysis::term::{Base, Step, Terms};
use crate::analysis::value::{Place, PlaceBase, Value};
use crate::program::{BinaryOp, ExprId, ExprKind, FunctionKind, LocalId, Symbol, UnaryOp};
use crate::vocabulary::Kind;

use super::{Depth, EventKind, Frame, Machine, text_symbol};

/// The member of `pgprot_t` that holds its value, the same on all architectures. What is stored
/// there is stored to the protection.
const PGPROT_MEMBER: &str = "pgprot";

impl<'p> Machine<'p> {
    /// The value of an expression whose calls have been carried out.
    pub(super) fn eval(&mut self, frame: Frame<'p>, state: &mut State, expr: ExprId) -> Value {
        let body = frame.body;
        if frame.facts.too_deep.contains(expr.0 as usize) {
            return Value::Unknown;
        }
        match &body.expr(expr).kind {
            ExprKind::Int(Some(value)) => Value::Int(*value),
            ExprKind::Str => Value::NonZero,
            ExprKind::Global(name) => self.eval_global(frame, *name),
            ExprKind::Local(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                self.eval_place(frame, state, expr)
            }
            ExprKind::Deref(inner) => match self.eval(frame, state, *inner) {
                // The object itself; what it is assigned to becomes a copy.
                Value::Vma(vma) => Value::Vma(vma),
                _ => self.eval_place(frame, state, expr),
            },
            ExprKind::AddrOf(place) => self.eval_address(frame, state, *place),
            ExprKind::Call { .. } => state
                .store
                .get(&result_place(frame.depth, expr))
                .cloned()
                .unwrap_or_default(),
            ExprKind::Cast(_, inner) => self.eval(frame, state, *inner),
            ExprKind::Unary(op, inner) => {
                let value = self.eval(frame, state, *inner);
                eval_unary(*op, value, &body.expr(*inner).kind)
            }
            ExprKind::Binary(op, a, b) => {
                let left = self.eval(frame, state, *a);
                let right = self.eval(frame, state, *b);
                self.eval_binary(frame, *op, (*a, left), (*b, right))
            }
            ExprKind::Init { fields, .. } => {
                // A protection written as a compound literal: `(pgprot_t) { value }`.
                match fields.as_slice() {
                    [only] => match self.eval(frame, state, only.value) {
                        Value::Prot(terms) => Value::Prot(terms),
                        _ => Value::Unknown,
                    },
                    _ => Value::Unknown,
                }
            }
            ExprKind::Int(None) | ExprKind::Type(_) | ExprKind::Unknown => Value::Unknown,
        }
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
            ExprKind::Local(local) => Some(Place::local(frame.depth, *local)),
            ExprKind::Global(name) => Some(Place::whole(PlaceBase::Global(*name))),
            ExprKind::Member { base, field, .. } => {
                let field = self.member_name(frame, state, *field);
                let place = self.object_of(frame, state, *base)?;
                if field == PGPROT_MEMBER {
                    return Some(place);
                }
                place.field(field)
            }
            ExprKind::Deref(inner) => match self.eval(frame, state, *inner) {
                Value::Pointer(place) => Some(place),
                Value::Vma(vma) => Some(vma_place(vma)),
                _ => None,
            },
            ExprKind::Cast(_, inner) => self.place_of(frame, state, *inner),
            ExprKind::Call { callee, args } => {
                let name = self.callee_name(frame, *callee)?;
                match self.dictionary.word(name, args.len())? {
                    Word::Identity(identity) => {
                        self.place_of(frame, state, *args.get(identity.argument)?)
                    }
                    Word::MemberAccess(access) => {
                        let object = self.object_of(frame, state, *args.get(access.object)?)?;
                        object.field(self.describe(frame, *args.get(access.member)?))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The object behind the left side of `.` or `->`.
    fn object_of(&mut self, frame: Frame<'p>, state: &mut State, base: ExprId) -> Option<Place> {
        match self.eval(frame, state, base) {
            Value::Vma(vma) => Some(vma_place(vma)),
            Value::Pointer(place) => Some(place),
            _ => self.place_of(frame, state, base),
        }
    }

    pub(super) fn eval_place(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        expr: ExprId,
    ) -> Value {
        if let ExprKind::Member { base, field, .. } = &frame.body.expr(expr).kind {
            let field = self.member_name(frame, state, *field);
            match self.eval(frame, state, *base) {
                // One read, whether or not the value is taken out of its wrapper.
                Value::Prot(terms) if field == PGPROT_MEMBER => return Value::Prot(terms),
                Value::Fault(vma) if field == "vma" => return Value::Vma(vma),
                Value::Tables(tables) => {
                    let mut values = tables
                        .iter()
                        .map(|&table| self.eval_table_entry(table, field));
                    let first = values.next().unwrap_or_default();
                    return values.fold(first, |all, value| all.join(&value));
                }
                _ => {}
            }
        }
        let ty = frame.facts.types[expr.0 as usize];
        let is_vma_pointer = ty.pointers == 1 && self.dictionary.is_vma_type(ty.base);
        let Some(place) = self.place_of(frame, state, expr) else {
            return match ty.base.as_str() {
                "pgprot_t" if ty.pointers == 0 => self.unknown_protection(frame, expr),
                _ => Value::Unknown,
            };
        };
        let value = state.load(&place, self.dictionary.vmas);
        match value {
            Value::Prot(terms) if is_vma_protection(&place, self) => {
                if self.depth == Depth::Full {
                    return Value::Prot(terms);
                }
                self.observe(frame, expr, EventKind::ReadProtection);
                Value::prot(terms.read_at(frame.body.expr(expr).span))
            }
            Value::Unknown if is_vma_pointer => {
                // A VMA that comes from somewhere else than a parameter.
                let vma = self.new_vma(frame, state, expr);
                state.store(&place, Value::Vma(vma), self.dictionary.vmas);
                Value::Vma(vma)
            }
            Value::Unknown if ty.pointers == 0 && ty.base == "pgprot_t" => {
                self.unknown_protection(frame, expr)
            }
            Value::Unknown if is_vma_ops(&place, self) => Value::Unknown,
            other => other,
        }
    }

    fn eval_global(&self, frame: Frame<'p>, name: Symbol) -> Value {
        match name.as_str() {
            "NULL" | "false" => return Value::Int(0),
            "true" => return Value::Int(1),
            _ => {}
        }
        if self.dictionary.constant(name).is_some() {
            return Value::prot(Terms::one(Base::Constant(name)));
        }
        if let Some(mask) = self.dictionary.flags.mask(name) {
            return Value::Bits(Bits::exactly(mask));
        }
        let functions = self.program.resolve(name, frame.function.file);
        if !functions.is_empty() {
            return Value::Functions(Arc::new(functions.into_iter().collect()));
        }
        Value::Unknown
    }

    fn eval_address(&mut self, frame: Frame<'p>, state: &mut State, expr: ExprId) -> Value {
        if let ExprKind::Global(name) = frame.body.expr(expr).kind {
            let tables = self.program.resolve_table(name, frame.function.file);
            if !tables.is_empty() {
                return Value::Tables(Arc::new(tables.into_iter().collect()));
            }
            let value = self.eval_global(frame, name);
            if matches!(value, Value::Functions(_)) {
                return value;
            }
        }
        let Some(place) = self.place_of(frame, state, expr) else {
            return Value::NonZero;
        };
        match state.load(&place, self.dictionary.vmas) {
            // The address of a copy on the stack is a pointer to that VMA.
            Value::Vma(vma) if self.copies.contains(&vma) => Value::Vma(vma),
            _ => {
                let ty = frame.facts.types[expr.0 as usize];
                if ty.pointers == 0 && self.dictionary.is_vma_type(ty.base) {
                    // A VMA that was set up in a variable, without being a copy of another.
                    let vma = self.new_vma(frame, state, expr);
                    state.store(&place, Value::Vma(vma), self.dictionary.vmas);
                    self.copies.insert(vma);
                    return Value::Vma(vma);
                }
                Value::Pointer(place)
            }
        }
    }

    fn eval_table_entry(&self, table: crate::callgraph::TableId, field: Symbol) -> Value {
        if self.program.table_entry(table, field).is_none() {
            return Value::Int(0);
        }
        let functions = self.program.table_functions(table, field);
        if !functions.is_empty() {
            return Value::Functions(Arc::new(functions.into_iter().collect()));
        }
        let tables = self.program.table_tables(table, field);
        if !tables.is_empty() {
            return Value::Tables(Arc::new(tables.into_iter().collect()));
        }
        match self.program.table_entry(table, field) {
            Some(crate::program::Initializer::Null) => Value::Int(0),
            _ => Value::Unknown,
        }
    }

    /// A protection of which only the expression is known.
    pub(super) fn unknown_protection(&self, frame: Frame<'p>, expr: ExprId) -> Value {
        Value::prot(Terms::one(Base::Unknown(self.describe(frame, expr))))
    }

    /// An expression as text, shortened.
    pub(super) fn describe(&self, frame: Frame<'p>, expr: ExprId) -> Symbol {
        if frame.facts.too_deep.contains(expr.0 as usize) {
            return text_symbol("expression");
        }
        let text = match &frame.body.expr(expr).kind {
            ExprKind::Local(local) => frame
                .function
                .locals
                .get(local.0 as usize)
                .map_or("?", |local| local.name.as_str())
                .to_owned(),
            ExprKind::Global(name) => name.as_str().to_owned(),
            ExprKind::Member { base, field, arrow } => format!(
                "{}{}{field}",
                self.describe(frame, *base),
                if *arrow { "->" } else { "." }
            ),
            ExprKind::Call { callee, .. } => format!("{}()", self.describe(frame, *callee)),
            ExprKind::Deref(inner) => format!("*{}", self.describe(frame, *inner)),
            _ => "expression".to_owned(),
        };
        text_symbol(&text)
    }

    fn eval_binary(
        &mut self,
        frame: Frame<'p>,
        op: BinaryOp,
        (left_expr, left): (ExprId, Value),
        (right_expr, right): (ExprId, Value),
    ) -> Value {
        match (&left, &right) {
            (Value::Prot(a), Value::Prot(b)) => {
                return match op {
                    BinaryOp::And
                    | BinaryOp::Or
                    | BinaryOp::Xor
                    | BinaryOp::Add
                    | BinaryOp::Sub => self.mix(frame, a, b, left_expr, right_expr),
                    _ => {
                        for (expr, terms) in [(left_expr, a), (right_expr, b)] {
                            let protection = terms.clone();
                            self.observe(frame, expr, EventKind::Compare { protection });
                        }
                        Value::Unknown
                    }
                };
            }
            (Value::Prot(terms), _) => {
                return self.derive_bits(frame, op, left_expr, terms, right_expr);
            }
            (_, Value::Prot(terms)) => {
                return self.derive_bits(frame, op, right_expr, terms, left_expr);
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (as_bits(&left), as_bits(&right))
            && (matches!(left, Value::Bits(_)) || matches!(right, Value::Bits(_)))
        {
            let truth =
                |known: Option<bool>| known.map_or(Value::Unknown, |t| Value::Int(t.into()));
            return match op {
                BinaryOp::And => Value::Bits(a.and(b)),
                BinaryOp::Or => Value::Bits(a.or(b)),
                BinaryOp::Xor => Value::Bits(a.xor(b)),
                BinaryOp::Eq => truth(a.equals(b)),
                BinaryOp::Ne => truth(a.equals(b).map(|equal| !equal)),
                _ => Value::Unknown,
            };
        }
        eval_numbers(op, &left, &right)
    }

    /// Two protections combined bit by bit: `(own & ~mask) | (other & mask)`.
    fn mix(
        &mut self,
        frame: Frame<'p>,
        a: &Terms,
        b: &Terms,
        left: ExprId,
        right: ExprId,
    ) -> Value {
        let mut kinds: Vec<Step> = self.attribute_steps(frame, left);
        kinds.extend(self.attribute_steps(frame, right));
        let mut terms = a.union(b);
        for step in kinds {
            terms = terms.derive(step);
        }
        Value::prot(terms)
    }

    /// A protection combined with something that is none: attribute bits set or cleared.
    fn derive_bits(
        &mut self,
        frame: Frame<'p>,
        op: BinaryOp,
        prot_expr: ExprId,
        terms: &Arc<Terms>,
        other: ExprId,
    ) -> Value {
        if !matches!(
            op,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Add | BinaryOp::Sub
        ) {
            let protection = terms.clone();
            self.observe(frame, prot_expr, EventKind::Compare { protection });
            return Value::Unknown;
        }
        let mut steps = self.attribute_steps(frame, other);
        if steps.is_empty() {
            steps.push(Step {
                by: self.describe(frame, other),
                kind: Kind::Other,
            });
        }
        let mut derived = (**terms).clone();
        for step in steps {
            derived = derived.derive(step);
        }
        Value::prot(derived)
    }

    /// The attribute bits an expression names.
    fn attribute_steps(&self, frame: Frame<'p>, expr: ExprId) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            match &frame.body.expr(expr).kind {
                ExprKind::Global(name) => {
                    let kind = self.dictionary.attribute(*name).unwrap_or(Kind::Other);
                    let step = Step { by: *name, kind };
                    if self.dictionary.constant(*name).is_none() && !steps.contains(&step) {
                        steps.push(step);
                    }
                }
                ExprKind::Unary(_, inner) | ExprKind::Cast(_, inner) => pending.push(*inner),
                ExprKind::Binary(_, a, b) => pending.extend([*b, *a]),
                ExprKind::Call { args, .. } => pending.extend(args.iter().rev()),
                _ => {}
            }
        }
        steps
    }

    /// `target = value`
    pub(super) fn assign(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        target: ExprId,
        value: ExprId,
    ) {
        let body = frame.body;
        let Some(place) = self.place_of(frame, state, target) else {
            return;
        };
        if let ExprKind::Init { fields, .. } = &body.expr(value).kind
            && fields.iter().any(|init| init.field.is_some())
        {
            state.forget(&place);
            for init in fields {
                if let Some(field) = init.field.and_then(|field| place.field(field)) {
                    let value = self.eval(frame, state, init.value);
                    self.note_store(frame, init.value, &field, &value);
                    state.store(&field, value, self.dictionary.vmas);
                }
            }
            return;
        }
        let ty = frame.facts.types[target.0 as usize];
        let mut value_now = self.eval(frame, state, value);
        if self.dictionary.is_vma_type(ty.base) {
            match (ty.pointers, &value_now) {
                (0, Value::Vma(vma)) if place.fields.is_empty() => {
                    value_now = self.copy_vma(frame, state, target, *vma);
                }
                (1, Value::Unknown) => value_now = Value::Vma(self.new_vma(frame, state, value)),
                _ => {}
            }
        } else if ty.base == "struct vm_fault" && ty.pointers == 1 && value_now == Value::Unknown {
            value_now = Value::Fault(self.new_vma(frame, state, value));
        } else if ty.base == "pgprot_t" && ty.pointers == 0 && !matches!(value_now, Value::Prot(_))
        {
            value_now = self.unknown_protection(frame, value);
        }
        self.note_store(frame, target, &place, &value_now);
        self.note_vma_store(frame, state, target, &place, &value_now);
        if let PlaceBase::Vma(vma) = place.base
            && is_vma_protection(&place, self)
            && self.is_default_protection(frame, &value_now)
        {
            // Core mm gives a VMA its default: that is its own from now on.
            let its = state.vma_mut(vma);
            its.prot = VmaState::new(vma).prot;
            its.is_updated = false;
            return;
        }
        if let Value::Prot(terms) = &value_now
            && is_vma_protection(&place, self)
        {
            // Whoever reads it back reads the VMA, not what it was made from.
            value_now = Value::prot(Terms {
                set: terms.set.clone(),
                ..Terms::default()
            });
        }
        state.store(&place, value_now, self.dictionary.vmas);
    }

    /// True if core mm sets a protection to what `vm_flags` say.
    fn is_default_protection(&self, frame: Frame<'p>, value: &Value) -> bool {
        let path = &self.program.file(frame.function.file).path;
        let Value::Prot(terms) = value else {
            return false;
        };
        path.starts_with("mm/")
            && terms
                .set
                .iter()
                .all(|term| term.base == Base::Recomputed && term.steps.is_empty())
    }

    /// Stores to something that is no VMA: remembered, for who reads them elsewhere.
    fn note_store(&mut self, frame: Frame<'p>, expr: ExprId, place: &Place, value: &Value) {
        if let Value::Prot(terms) = value
            && !place.fields.is_empty()
            && !matches!(place.base, PlaceBase::Vma(_))
        {
            let protection = terms.clone();
            self.observe(frame, expr, EventKind::KeepProtection { protection });
        }
    }

    fn note_vma_store(
        &mut self,
        frame: Frame<'p>,
        state: &State,
        target: ExprId,
        place: &Place,
        value: &Value,
    ) {
        let vma = match place.base {
            PlaceBase::Vma(vma) if is_vma_protection(place, self) => vma,
            // A VMA that is a variable of its own, such as a gate VMA.
            _ if self.is_member_of_vma(frame, target) => u8::MAX,
            _ => return,
        };
        let before = state.vma(vma).prot;
        let protection = match value {
            Value::Prot(terms) => terms.clone(),
            _ => before.clone(),
        };
        let is_copy = self.copies.contains(&vma);
        self.observe(
            frame,
            target,
            EventKind::StoreProtection {
                vma,
                protection,
                before,
                is_copy,
            },
        );
    }

    /// True for the protection member of something whose type stands for a VMA.
    fn is_member_of_vma(&self, frame: Frame<'p>, target: ExprId) -> bool {
        match frame.body.expr(target).kind {
            ExprKind::Member { base, field, .. } => {
                self.dictionary.is_protection_member(field)
                    && self
                        .dictionary
                        .is_vma_type(frame.facts.types[base.0 as usize].base)
            }
            _ => false,
        }
    }

    /// `struct vm_area_struct copy = *vma;`
    fn copy_vma(&mut self, frame: Frame<'p>, state: &mut State, target: ExprId, vma: u8) -> Value {
        let original = state.vma(vma);
        let copy = self.new_vma(frame, state, target);
        let its = state.vma_mut(copy);
        *its = original;
        its.is_updated = false;
        self.copies.insert(copy);
        self.observe(frame, target, EventKind::CopyVma { copy });
        Value::Vma(copy)
    }

    /// The name of a member; in a macro, the name a parameter stands for.
    pub(super) fn member_name(&self, frame: Frame<'p>, state: &State, field: Symbol) -> Symbol {
        if frame.function.kind != FunctionKind::Macro {
            return field;
        }
        let params = frame.function.params();
        let position = params.iter().position(|param| param.name == field);
        let place = position.map(|i| Place::local(frame.depth, LocalId(i as u32)));
        match place.and_then(|place| state.store.get(&place)) {
            Some(Value::Name(name)) => *name,
            _ => field,
        }
    }
}

/// The place that holds a call's result while the instruction it is part of is carried out.
pub(super) fn result_place(frame: u8, call: ExprId) -> Place {
    Place::whole(PlaceBase::Result { frame, call })
}

fn vma_place(vma: u8) -> Place {
    Place::whole(PlaceBase::Vma(vma))
}

fn is_vma_protection(place: &Place, machine: &Machine<'_>) -> bool {
    matches!(place.base, PlaceBase::Vma(_))
        && place
            .fields
            .first()
            .is_some_and(|field| machine.dictionary.is_protection_member(*field))
}

fn is_vma_ops(place: &Place, machine: &Machine<'_>) -> bool {
    matches!(place.base, PlaceBase::Vma(_))
        && machine.dictionary.vmas.iter().any(|vma| {
            place
                .fields
                .first()
                .is_some_and(|field| *field == vma.ops.as_str())
        })
}

fn as_bits(value: &Value) -> Option<Bits> {
    match value {
        Value::Bits(bits) => Some(*bits),
        Value::Int(0) => Some(Bits::exactly(0)),
        // A number among flags: nothing is known about which flags it means.
        Value::Unknown | Value::Int(_) => Some(Bits::unknown()),
        _ => None,
    }
}

fn eval_unary(op: UnaryOp, value: Value, operand: &ExprKind) -> Value {
    match (op, value) {
        (UnaryOp::Not, value) => value
            .truth()
            .map_or(Value::Unknown, |truth| Value::Int((!truth).into())),
        (UnaryOp::Neg, Value::Int(value)) => Value::Int(value.wrapping_neg()),
        (UnaryOp::BitNot, Value::Bits(bits)) => Value::Bits(bits.complement()),
        (UnaryOp::BitNot, Value::Int(value)) => Value::Int(!value),
        (UnaryOp::Neg, _) => match operand {
            ExprKind::Global(name) if is_errno(name.as_str()) => Value::Negative,
            _ => Value::Unknown,
        },
        _ => Value::Unknown,
    }
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
