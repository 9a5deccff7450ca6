//! Values.

use syn::{BinOp, Expr, Lit, Member, UnOp};

use crate::program::{
    BinaryOp, BlockId, ExprId, ExprKind, FieldInit, Span, Symbol, TypeRef, UnaryOp,
};
use crate::tree::rust::struct_name;

use super::{Dest, Lowerer};

/// Expressions nested deeper than this are not looked into.
const MAX_DEPTH: usize = 1000;

impl Lowerer<'_, '_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expr: &Expr) -> ExprId {
        if self.depth > MAX_DEPTH {
            let span = self.at_expr(expr);
            return self.not_understood(span);
        }
        self.depth += 1;
        let value = self.value_of(expr);
        self.depth -= 1;
        value
    }

    fn value_of(&mut self, expr: &Expr) -> ExprId {
        match expr {
            Expr::Paren(e) => self.value(&e.expr),
            Expr::Group(e) => self.value(&e.expr),
            Expr::Await(e) => self.value(&e.base),
            Expr::Lit(e) => {
                let span = self.at_expr(expr);
                self.literal(&e.lit, span)
            }
            Expr::Path(e) => {
                let span = self.at_expr(expr);
                self.path_value(&e.path, span)
            }
            Expr::Field(e) => {
                let base = self.value(&e.base);
                let span = self.at_expr(expr);
                match &e.member {
                    Member::Named(name) => self.builder.member(base, &name.to_string(), span),
                    Member::Unnamed(index) => {
                        self.builder.member(base, &index.index.to_string(), span)
                    }
                }
            }
            Expr::Index(e) => {
                let span = self.at_expr(expr);
                let operands = self.operands([&*e.expr, &*e.index].into_iter());
                let [base, index] = operands[..] else {
                    return self.builder.unknown(span);
                };
                self.builder.add(ExprKind::Index { base, index }, span)
            }
            Expr::Unary(e) => self.unary(&e.op, &e.expr, expr),
            Expr::Binary(e) => self.binary(e, expr),
            Expr::Reference(e) => self.reference(&e.expr, expr),
            Expr::RawAddr(e) => self.reference(&e.expr, expr),
            Expr::Cast(e) => {
                let inner = self.value(&e.expr);
                let ty = self.types().lower(&e.ty);
                match ty.is_unknown() {
                    true => inner,
                    false => {
                        let span = self.at_expr(expr);
                        self.builder.add(ExprKind::Cast(ty, inner), span)
                    }
                }
            }
            Expr::Call(e) => self.call(e, expr),
            Expr::MethodCall(e) => self.method_call(e, expr),
            Expr::Macro(e) => {
                let span = self.at_expr(expr);
                self.macro_call(&e.mac, span)
            }
            Expr::Struct(e) => self.structure(e, expr),
            Expr::Tuple(e) => {
                let span = self.at_expr(expr);
                if e.elems.is_empty() {
                    return self.builder.int(0, span);
                }
                let values = self.operands(e.elems.iter());
                let fields = values.into_iter().enumerate().map(|(i, value)| FieldInit {
                    field: Some(Symbol::new(&i.to_string())),
                    value,
                });
                let fields = fields.collect();
                self.builder.add(ExprKind::Init { ty: None, fields }, span)
            }
            Expr::Array(e) => {
                let span = self.at_expr(expr);
                let values = self.operands(e.elems.iter());
                let fields = values.into_iter();
                let fields = fields.map(|value| FieldInit { field: None, value });
                let fields = fields.collect();
                self.builder.add(ExprKind::Init { ty: None, fields }, span)
            }
            Expr::Repeat(e) => {
                let value = self.value(&e.expr);
                self.builder.discard(value);
                let span = self.at_expr(expr);
                self.builder.unknown(span)
            }
            Expr::Range(e) => {
                for end in [&e.start, &e.end].into_iter().flatten() {
                    let value = self.value(end);
                    self.builder.discard(value);
                }
                let span = self.at_expr(expr);
                self.builder.unknown(span)
            }
            Expr::Try(e) => self.question(&e.expr, expr),
            // One that is a value is kept to be run later, or never.
            Expr::Closure(e) => {
                let span = self.at_expr(expr);
                self.run_any_number_of_times(e, span);
                self.builder.unknown(span)
            }
            Expr::Async(e) => {
                self.block(&e.block, Dest::Discard);
                let span = self.at_expr(expr);
                self.builder.unknown(span)
            }
            Expr::Infer(_) => {
                let span = self.at_expr(expr);
                self.builder.unknown(span)
            }
            Expr::Verbatim(_) | Expr::Yield(_) => {
                let span = self.at_expr(expr);
                self.not_understood(span)
            }
            // Control flow, and what has no value.
            _ => {
                let span = self.at_expr(expr);
                let result = self.builder.temporary(span);
                self.lower_to(expr, Dest::Local(result));
                self.builder.local(result, span)
            }
        }
    }

    /// Several values, from left to right. Where one needs control flow, those in front of it are
    /// kept, so that calls stay in the order they are written.
    pub(super) fn operands<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) -> Vec<ExprId> {
        let mut values = Vec::new();
        let mut marks = Vec::new();
        for expr in exprs {
            let before = self.builder.mark();
            values.push(self.value(expr));
            if self.builder.mark() != before {
                self.keep_calls(&mut values, &marks);
            }
            marks.push(self.builder.mark());
        }
        values
    }

    /// Keeps the values with calls, but the last, at the places behind them.
    pub(super) fn keep_calls(&mut self, values: &mut [ExprId], marks: &[super::build::Mark]) {
        // From the last to the first, so that places stay what they are.
        for i in (0..marks.len()).rev() {
            if self.builder.has_call(values[i]) {
                values[i] = self.builder.keep_at(marks[i], values[i]);
            }
        }
    }

    fn literal(&mut self, literal: &Lit, span: Span) -> ExprId {
        let kind = match literal {
            Lit::Int(number) => ExprKind::Int(number.base10_parse().ok()),
            Lit::Bool(value) => ExprKind::Int(Some(value.value().into())),
            Lit::Char(value) => ExprKind::Int(Some(u32::from(value.value()).into())),
            Lit::Byte(value) => ExprKind::Int(Some(value.value().into())),
            Lit::Float(_) => ExprKind::Int(None),
            Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_) => ExprKind::Str,
            _ => ExprKind::Unknown,
        };
        self.builder.add(kind, span)
    }

    fn unary(&mut self, op: &UnOp, operand: &Expr, whole: &Expr) -> ExprId {
        let is_condition = matches!(op, UnOp::Not(_)) && is_control_condition(operand);
        if is_condition {
            return self.truth(whole);
        }
        let inner = self.value(operand);
        let span = self.at_expr(whole);
        let kind = match op {
            UnOp::Deref(_) => ExprKind::Deref(inner),
            UnOp::Not(_) if is_bool(operand) || self.is_truth(inner) => {
                ExprKind::Unary(UnaryOp::Not, inner)
            }
            UnOp::Not(_) => ExprKind::Unary(UnaryOp::BitNot, inner),
            UnOp::Neg(_) => match *self.builder.kind(inner) {
                ExprKind::Int(value) => {
                    ExprKind::Int(value.map(|value: i128| value.wrapping_neg()))
                }
                _ => ExprKind::Unary(UnaryOp::Neg, inner),
            },
            _ => ExprKind::Unknown,
        };
        self.builder.add(kind, span)
    }

    /// `!call()` of what answers a question by its looks: there are no bits to turn around.
    fn is_truth(&self, value: ExprId) -> bool {
        match self.builder.kind(value) {
            ExprKind::Call { .. } => true,
            ExprKind::Local(local) => self
                .builder
                .locals
                .get(local.0 as usize)
                .is_some_and(|local| local.ty.is_unknown() || local.ty.base == "bool"),
            _ => false,
        }
    }

    fn binary(&mut self, e: &syn::ExprBinary, whole: &Expr) -> ExprId {
        if is_logical(e) {
            return self.truth(whole);
        }
        let operands = self.operands([&*e.left, &*e.right].into_iter());
        let span = self.at_expr(whole);
        let [left, right] = operands[..] else {
            return self.builder.unknown(span);
        };
        match operator(&e.op) {
            Some((op, false)) => self.builder.add(ExprKind::Binary(op, left, right), span),
            Some((op, true)) => {
                let value = self.builder.add(ExprKind::Binary(op, left, right), span);
                self.builder.assign(left, value, span);
                self.builder.int(0, span)
            }
            None => self.not_understood(span),
        }
    }

    /// The value of a condition with control flow in it.
    fn truth(&mut self, condition: &Expr) -> ExprId {
        let span = self.at_expr(condition);
        self.decided(span, |lowerer, yes, no| {
            let n_outer = lowerer.scope.len();
            lowerer.condition(condition, yes, no);
            lowerer.scope.truncate(n_outer);
        })
    }

    /// 1 or 0, by which of two blocks `decide` gets to.
    pub(super) fn decided(
        &mut self,
        span: Span,
        decide: impl FnOnce(&mut Self, BlockId, BlockId),
    ) -> ExprId {
        let result = self.builder.temporary(span);
        let (yes, no) = (self.builder.new_block(), self.builder.new_block());
        let end = self.builder.new_block();
        decide(self, yes, no);
        for (block, value) in [(yes, 1), (no, 0)] {
            self.builder.enter(block);
            let value = self.builder.int(value, span);
            self.builder.set(result, value, span);
            self.builder.go(end);
        }
        self.builder.enter(end);
        self.builder.local(result, span)
    }

    /// `&place`
    fn reference(&mut self, operand: &Expr, whole: &Expr) -> ExprId {
        let span = self.at_expr(whole);
        match operand {
            // A slice of all is what is sliced.
            Expr::Index(e) if matches!(&*e.index, Expr::Range(_)) => {
                let index = self.value(&e.index);
                self.builder.discard(index);
                return self.value(&e.expr);
            }
            Expr::Lit(_) | Expr::Array(_) => return self.value(operand),
            Expr::Paren(e) => return self.reference(&e.expr, whole),
            _ => {}
        }
        let inner = self.value(operand);
        match *self.builder.kind(inner) {
            ExprKind::Deref(pointer) => pointer,
            ExprKind::Local(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Global(_) => self.builder.add(ExprKind::AddrOf(inner), span),
            ExprKind::Int(_) | ExprKind::Str | ExprKind::Unknown => inner,
            // A value that has no place is put into one.
            _ => {
                let local = self.builder.kept(inner, span);
                let local = self.builder.local(local, span);
                self.builder.add(ExprKind::AddrOf(local), span)
            }
        }
    }

    /// `Type { member: value, ..rest }`
    fn structure(&mut self, e: &syn::ExprStruct, whole: &Expr) -> ExprId {
        let span = self.at_expr(whole);
        let ty = match e.path.segments.last() {
            Some(last) if last.ident == "Self" => self.input.owner,
            Some(last) => Some(Symbol::new(&last.ident.to_string())),
            None => None,
        };
        let ty = ty.map(|name| TypeRef::named(struct_name(name.as_str()).as_str(), 0));
        let values = self.operands(e.fields.iter().map(|field| &field.expr));
        let names = e.fields.iter().map(|field| match &field.member {
            Member::Named(name) => name.to_string().trim_start_matches("r#").to_owned(),
            Member::Unnamed(index) => index.index.to_string(),
        });
        if let Some(rest) = &e.rest {
            let rest = self.value(rest);
            let ty = ty.unwrap_or_else(TypeRef::unknown);
            let local = self.builder.new_local("", ty, span);
            self.builder.set(local, rest, span);
            for (name, value) in names.zip(values) {
                let base = self.builder.local(local, span);
                let span = self.builder.span(value);
                let target = self.builder.member(base, &name, span);
                self.builder.assign(target, value, span);
            }
            return self.builder.local(local, span);
        }
        let fields = names.zip(values).map(|(name, value)| FieldInit {
            field: Some(Symbol::new(&name)),
            value,
        });
        let fields = fields.collect();
        self.builder.add(ExprKind::Init { ty, fields }, span)
    }
}

/// The operator, and whether it assigns.
fn operator(op: &BinOp) -> Option<(BinaryOp, bool)> {
    Some(match op {
        BinOp::Add(_) => (BinaryOp::Add, false),
        BinOp::Sub(_) => (BinaryOp::Sub, false),
        BinOp::Mul(_) => (BinaryOp::Mul, false),
        BinOp::Div(_) => (BinaryOp::Div, false),
        BinOp::Rem(_) => (BinaryOp::Rem, false),
        BinOp::BitXor(_) => (BinaryOp::Xor, false),
        BinOp::BitAnd(_) => (BinaryOp::And, false),
        BinOp::BitOr(_) => (BinaryOp::Or, false),
        BinOp::Shl(_) => (BinaryOp::Shl, false),
        BinOp::Shr(_) => (BinaryOp::Shr, false),
        BinOp::Eq(_) => (BinaryOp::Eq, false),
        BinOp::Lt(_) => (BinaryOp::Lt, false),
        BinOp::Le(_) => (BinaryOp::Le, false),
        BinOp::Ne(_) => (BinaryOp::Ne, false),
        BinOp::Ge(_) => (BinaryOp::Ge, false),
        BinOp::Gt(_) => (BinaryOp::Gt, false),
        BinOp::AddAssign(_) => (BinaryOp::Add, true),
        BinOp::SubAssign(_) => (BinaryOp::Sub, true),
        BinOp::MulAssign(_) => (BinaryOp::Mul, true),
        BinOp::DivAssign(_) => (BinaryOp::Div, true),
        BinOp::RemAssign(_) => (BinaryOp::Rem, true),
        BinOp::BitXorAssign(_) => (BinaryOp::Xor, true),
        BinOp::BitAndAssign(_) => (BinaryOp::And, true),
        BinOp::BitOrAssign(_) => (BinaryOp::Or, true),
        BinOp::ShlAssign(_) => (BinaryOp::Shl, true),
        BinOp::ShrAssign(_) => (BinaryOp::Shr, true),
        _ => return None,
    })
}

/// `&&`, `||`, and `&`, `|` of conditions.
pub(super) fn is_logical(e: &syn::ExprBinary) -> bool {
    match e.op {
        BinOp::And(_) | BinOp::Or(_) => true,
        // Both sides have the same type.
        BinOp::BitAnd(_) | BinOp::BitOr(_) => is_bool(&e.left) || is_bool(&e.right),
        _ => false,
    }
}

/// True for what is a condition by its looks.
pub(super) fn is_bool(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(e) => is_bool(&e.expr),
        Expr::Group(e) => is_bool(&e.expr),
        Expr::Binary(e) => match e.op {
            BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_) => true,
            _ => is_logical(e),
        },
        Expr::Unary(e) => matches!(e.op, UnOp::Not(_)) && is_bool(&e.expr),
        Expr::Lit(e) => matches!(e.lit, Lit::Bool(_)),
        Expr::Macro(e) => e.mac.path.is_ident("matches"),
        Expr::MethodCall(e) => {
            let name = e.method.to_string();
            name.starts_with("is_") || name == "contains" || name == "any" || name == "all"
        }
        Expr::Let(_) => true,
        _ => false,
    }
}

/// True for a condition that needs control flow.
fn is_control_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(e) => is_control_condition(&e.expr),
        Expr::Group(e) => is_control_condition(&e.expr),
        Expr::Binary(e) => is_logical(e),
        Expr::Unary(e) => matches!(e.op, UnOp::Not(_)) && is_control_condition(&e.expr),
        Expr::Macro(e) => e.mac.path.is_ident("matches"),
        Expr::MethodCall(e) => matches!(
            e.method.to_string().as_str(),
            "is_some" | "is_none" | "is_ok" | "is_err" | "is_some_and" | "is_none_or" | "is_null"
        ),
        _ => false,
    }
}
