//! Conditions: blocks on both sides, atoms in between.

use syn::{BinOp, Expr, UnOp};

use crate::program::{BinaryOp, BlockId, ExprId, ExprKind, Span};

use super::expression::{is_bool, is_logical};
use super::{Dest, Lowerer};

impl Lowerer<'_, '_> {
    /// Goes to `then` if the condition holds. What a pattern in it binds is in scope afterwards.
    pub(super) fn condition(&mut self, expr: &Expr, then: BlockId, otherwise: BlockId) {
        match expr {
            Expr::Paren(e) => self.condition(&e.expr, then, otherwise),
            Expr::Group(e) => self.condition(&e.expr, then, otherwise),
            Expr::Unary(e) if matches!(e.op, UnOp::Not(_)) => {
                self.condition(&e.expr, otherwise, then);
            }
            Expr::Binary(e) if is_logical(e) => {
                let next = self.builder.new_block();
                match e.op {
                    BinOp::And(_) | BinOp::BitAnd(_) => self.condition(&e.left, next, otherwise),
                    _ => self.condition(&e.left, then, next),
                }
                self.builder.enter(next);
                self.condition(&e.right, then, otherwise);
            }
            Expr::Let(e) => {
                let span = self.at_expr(&e.expr);
                let value = self.value(&e.expr);
                let member = self.passed_member(value);
                let value = self.stable(value, span);
                if let (Some(member), ExprKind::Local(local)) = (member, self.builder.kind(value)) {
                    self.members.insert(*local, member);
                }
                self.test(&e.pat, value, otherwise);
                self.builder.go(then);
            }
            Expr::MethodCall(e) => {
                if !self.presence(e, then, otherwise) {
                    let condition = self.value(expr);
                    self.builder.branch(condition, then, otherwise);
                }
            }
            Expr::Macro(e) if e.mac.path.is_ident("matches") => {
                self.matches_macro(&e.mac, then, otherwise);
            }
            Expr::Call(e) => {
                if let Some(calls) = self.assertion(e, expr) {
                    for (block, call) in calls {
                        self.builder.enter(block);
                        self.builder.branch(call, then, otherwise);
                    }
                    return;
                }
                let condition = self.value(expr);
                self.builder.branch(condition, then, otherwise);
            }
            // Comparisons of conditions with conditions stay values.
            _ => {
                let condition = self.value(expr);
                self.builder.branch(condition, then, otherwise);
            }
        }
    }

    /// `x.is_some()` and its kin; false if it is none of them.
    fn presence(&mut self, e: &syn::ExprMethodCall, then: BlockId, otherwise: BlockId) -> bool {
        let name = e.method.to_string();
        let span = self.at(&e.method);
        match (name.as_str(), e.args.first()) {
            ("is_some", None) => self.condition_value(&e.receiver, then, otherwise),
            ("is_none" | "is_null", None) => self.condition_value(&e.receiver, otherwise, then),
            ("is_err", None) => self.is_error(&e.receiver, then, otherwise, span),
            ("is_ok", None) => self.is_error(&e.receiver, otherwise, then, span),
            ("is_some_and" | "is_none_or", Some(Expr::Closure(closure))) => {
                let value = self.value(&e.receiver);
                let value = self.stable(value, span);
                let inner = self.builder.new_block();
                let absent = match name == "is_some_and" {
                    true => otherwise,
                    false => then,
                };
                self.builder.branch(value, inner, absent);
                self.builder.enter(inner);
                let result = self.builder.temporary(span);
                self.run_closure(closure, &[value], Dest::Local(result), span);
                let result = self.builder.local(result, span);
                self.builder.branch(result, then, otherwise);
            }
            _ => return false,
        }
        true
    }

    fn condition_value(&mut self, expr: &Expr, then: BlockId, otherwise: BlockId) {
        let value = self.value(expr);
        self.builder.branch(value, then, otherwise);
    }

    fn is_error(&mut self, expr: &Expr, then: BlockId, otherwise: BlockId, span: Span) {
        let value = self.value(expr);
        let condition = self.negative(value, span);
        self.builder.branch(condition, then, otherwise);
    }

    /// `value < 0`: the value is an error.
    pub(super) fn negative(&mut self, value: ExprId, span: Span) -> ExprId {
        let zero = self.builder.int(0, span);
        self.builder
            .add(ExprKind::Binary(BinaryOp::Lt, value, zero), span)
    }

    /// A value that can be looked at several times without being computed again.
    pub(super) fn stable(&mut self, value: ExprId, span: Span) -> ExprId {
        if !self.builder.has_call(value) {
            return value;
        }
        // A member stays a member: which one it is says more than its value.
        if let ExprKind::Member { base, field, .. } = *self.builder.kind(value) {
            let base = self.stable(base, span);
            return self.builder.member(base, field.as_str(), span);
        }
        let local = self.builder.kept(value, span);
        self.builder.local(local, span)
    }

    /// The member that a call gives back as it was given.
    fn passed_member(&self, value: ExprId) -> Option<ExprId> {
        let ExprKind::Call { callee, args } = self.builder.kind(value) else {
            return None;
        };
        let ExprKind::Global(name) = self.builder.kind(*callee) else {
            return None;
        };
        let last = args.last().copied()?;
        let is_member = matches!(self.builder.kind(last), ExprKind::Member { .. });
        (is_member && self.input.names.passing.contains(name)).then_some(last)
    }

    /// `BUG_ON(a | b, …)`: branches on the conditions, and calls with 1 on one side and 0 on the
    /// other, so that what each condition says stays visible behind the call. Gives the two blocks
    /// with the calls to put there.
    pub(super) fn assertion(
        &mut self,
        e: &syn::ExprCall,
        whole: &Expr,
    ) -> Option<[(BlockId, ExprId); 2]> {
        let Expr::Path(function) = &*e.func else {
            return None;
        };
        let name = function.path.segments.last()?.ident.to_string();
        let argument = e.args.first()?;
        let inner = match argument {
            Expr::Paren(paren) => &paren.expr,
            other => other,
        };
        let is_capitals = name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit());
        let is_control = matches!(inner, Expr::Binary(binary) if is_logical(binary))
            || matches!(inner, Expr::MethodCall(_) | Expr::Unary(_)) && is_bool(inner);
        if !is_capitals || !is_control {
            return None;
        }
        let span = self.at_expr(whole);
        let argument_span = self.at_expr(argument);
        let (yes, no) = (self.builder.new_block(), self.builder.new_block());
        self.condition(argument, yes, no);
        let call = |lowerer: &mut Self, value: i128| {
            let value = lowerer.builder.int(value, argument_span);
            lowerer.builder.call(&name, vec![value], span)
        };
        let (if_yes, if_no) = (call(self, 1), call(self, 0));
        Some([(yes, if_yes), (no, if_no)])
    }
}
