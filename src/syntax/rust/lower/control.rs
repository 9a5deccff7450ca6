//! `if`, `match`, loops, and what leaves them.

use syn::{BinOp, Expr, Lit, Pat};

use crate::program::{BlockId, CaseLabel, ExprId, ExprKind, Instr, Span, Terminator};

use super::pattern::constant;
use super::{Dest, Frame, Loop, Lowerer};

impl Lowerer<'_, '_> {
    /// Lowers an expression; its value goes to `dest`.
    pub(super) fn lower_to(&mut self, expr: &Expr, dest: Dest) {
        match expr {
            Expr::Paren(e) => self.lower_to(&e.expr, dest),
            Expr::Group(e) => self.lower_to(&e.expr, dest),
            Expr::Block(e) => match &e.label {
                None => self.block(&e.block, dest),
                Some(label) => {
                    let exit = self.builder.new_block();
                    self.loops.push(Loop {
                        label: Some(label.name.ident.to_string()),
                        exit,
                        next: None,
                        dest,
                    });
                    self.block(&e.block, dest);
                    self.loops.pop();
                    self.builder.fall_into(exit);
                }
            },
            Expr::Unsafe(e) => self.block(&e.block, dest),
            Expr::Const(e) => self.block(&e.block, dest),
            Expr::TryBlock(e) => self.block(&e.block, dest),
            Expr::If(e) => self.branches(e, dest),
            Expr::Match(e) => self.arms(e, dest),
            Expr::Loop(e) => {
                let label = e.label.as_ref().map(|label| label.name.ident.to_string());
                let (head, exit) = (self.builder.new_block(), self.builder.new_block());
                self.builder.fall_into(head);
                self.looped(label, &e.body, (head, exit), dest);
                self.builder.enter(exit);
            }
            Expr::While(e) => {
                let label = e.label.as_ref().map(|label| label.name.ident.to_string());
                let (head, exit) = (self.builder.new_block(), self.builder.new_block());
                let body = self.builder.new_block();
                let n_outer = self.scope.len();
                self.builder.fall_into(head);
                self.condition(&e.cond, body, exit);
                self.builder.enter(body);
                self.looped(label, &e.body, (head, exit), Dest::Discard);
                self.scope.truncate(n_outer);
                self.builder.enter(exit);
            }
            Expr::ForLoop(e) => self.iteration(e),
            Expr::Return(e) => {
                let span = self.at_expr(expr);
                match &e.expr {
                    Some(value) => self.lower_to(value, Dest::Return),
                    None => self.leave(None, span),
                }
                self.builder.terminate(Terminator::Unreachable);
            }
            Expr::Break(e) => self.leave_loop(e),
            Expr::Continue(e) => {
                let label = e.label.as_ref().map(|label| label.ident.to_string());
                let wanted = self.loops.iter().rev().find(|one| match &label {
                    Some(label) => one.label.as_ref() == Some(label),
                    None => one.next.is_some(),
                });
                match wanted.and_then(|one| one.next) {
                    Some(next) => self.builder.go(next),
                    None => self.builder.terminate(Terminator::Unreachable),
                }
            }
            Expr::Assign(e) => {
                self.assignment(&e.left, &e.right, expr);
                if dest != Dest::Discard {
                    let span = self.at_expr(expr);
                    let nothing = self.builder.int(0, span);
                    self.deliver(nothing, dest, span);
                }
            }
            Expr::Call(e) => {
                let span = self.at_expr(expr);
                match self.assertion(e, expr) {
                    Some(calls) => {
                        let end = self.builder.new_block();
                        for (block, call) in calls {
                            self.builder.enter(block);
                            self.builder.emit(Instr::Eval { value: call });
                            self.builder.go(end);
                        }
                        self.builder.enter(end);
                        if dest != Dest::Discard {
                            let value = self.builder.unknown(span);
                            self.deliver(value, dest, span);
                        }
                    }
                    None => {
                        let value = self.value(expr);
                        self.deliver(value, dest, span);
                    }
                }
            }
            Expr::Let(_) => {
                let (yes, no) = (self.builder.new_block(), self.builder.new_block());
                self.condition(expr, yes, no);
                self.builder.enter(yes);
                self.builder.fall_into(no);
            }
            Expr::MethodCall(e) if dest == Dest::Discard && self.is_run_for_effect(e) => {}
            // An answer is what it is asked of: `flags & MASK`, as a predicate in C returns it.
            Expr::Binary(e)
                if dest == Dest::Return && matches!(e.op, BinOp::Ne(_)) && is_zero(&e.right) =>
            {
                let value = self.value(&e.left);
                let span = self.at_expr(expr);
                self.deliver(value, dest, span);
            }
            _ => {
                let value = self.value(expr);
                let span = self.builder.span(value);
                self.deliver(value, dest, span);
            }
        }
    }

    fn branches(&mut self, e: &syn::ExprIf, dest: Dest) {
        let (then, otherwise) = (self.builder.new_block(), self.builder.new_block());
        let end = self.builder.new_block();
        let n_outer = self.scope.len();
        self.condition(&e.cond, then, otherwise);
        self.builder.enter(then);
        self.block(&e.then_branch, dest);
        self.builder.go(end);
        self.scope.truncate(n_outer);
        self.builder.enter(otherwise);
        if let Some((_, branch)) = &e.else_branch {
            self.lower_to(branch, dest);
        } else if let Dest::Local(_) = dest {
            let span = self
                .fixed
                .unwrap_or_else(|| super::place::from(e.if_token.span, self.input.base));
            let nothing = self.builder.int(0, span);
            self.deliver(nothing, dest, span);
        }
        self.builder.fall_into(end);
    }

    fn arms(&mut self, e: &syn::ExprMatch, dest: Dest) {
        let span = self.at_expr(&e.expr);
        let value = self.value(&e.expr);
        let value = self.stable(value, span);
        let end = self.builder.new_block();
        let is_switch = e.arms.iter().all(|arm| is_plain_arm(&arm.pat));
        if is_switch && !e.arms.is_empty() {
            self.switch(e, value, end, dest);
        } else {
            let n_outer = self.scope.len();
            for arm in &e.arms {
                let next = self.builder.new_block();
                let pattern = match &arm.pat {
                    Pat::Guard(guarded) => &*guarded.pat,
                    pattern => pattern,
                };
                self.test(pattern, value, next);
                if let Pat::Guard(guarded) = &arm.pat {
                    let body = self.builder.new_block();
                    self.condition(&guarded.guard, body, next);
                    self.builder.enter(body);
                }
                self.lower_to(&arm.body, dest);
                self.builder.go(end);
                self.scope.truncate(n_outer);
                self.builder.enter(next);
            }
            // One of the arms is taken.
            self.builder.terminate(Terminator::Unreachable);
        }
        self.builder.enter(end);
    }

    fn switch(&mut self, e: &syn::ExprMatch, value: ExprId, end: BlockId, dest: Dest) {
        let n_outer = self.scope.len();
        let mut labels: Vec<(CaseLabel, BlockId)> = Vec::new();
        let mut default = None;
        let mut bodies = Vec::new();
        for arm in &e.arms {
            let body = self.builder.new_block();
            bodies.push(body);
            self.labels(&arm.pat, body, &mut labels, &mut default);
        }
        let default = default.unwrap_or_else(|| self.builder.new_block());
        self.builder.terminate(Terminator::Switch {
            value,
            arms: labels,
            default,
        });
        for (arm, body) in e.arms.iter().zip(bodies) {
            self.builder.enter(body);
            if let Pat::Ident(_) = &arm.pat
                && constant(&arm.pat).is_none()
            {
                self.bind(&arm.pat, value);
            }
            self.lower_to(&arm.body, dest);
            self.builder.go(end);
            self.scope.truncate(n_outer);
        }
    }

    fn labels(
        &mut self,
        pattern: &Pat,
        body: BlockId,
        labels: &mut Vec<(CaseLabel, BlockId)>,
        default: &mut Option<BlockId>,
    ) {
        match pattern {
            Pat::Or(or) => {
                for case in &or.cases {
                    self.labels(case, body, labels, default);
                }
            }
            Pat::Paren(paren) => self.labels(&paren.pat, body, labels, default),
            Pat::Range(range) => {
                let end = |end: &Option<Box<Expr>>, lowerer: &mut Self| match end {
                    Some(end) => lowerer.value(end),
                    None => {
                        let span = lowerer.at(pattern);
                        lowerer.builder.unknown(span)
                    }
                };
                let (low, high) = (end(&range.start, self), end(&range.end, self));
                labels.push((CaseLabel::Range(low, high), body));
            }
            pattern => match constant(pattern) {
                Some(expr) => {
                    let label = self.value(&expr);
                    labels.push((CaseLabel::Value(label), body));
                }
                None => {
                    default.get_or_insert(body);
                }
            },
        }
    }

    /// `for pattern in items { … }`: the items are looked at anew on every round, as a macro for a
    /// loop does in C; each is what the list points to.
    fn iteration(&mut self, e: &syn::ExprForLoop) {
        let label = e.label.as_ref().map(|label| label.name.ident.to_string());
        let (head, exit) = (self.builder.new_block(), self.builder.new_block());
        let body = self.builder.new_block();
        let span = self.at_expr(&e.expr);
        self.builder.fall_into(head);
        self.builder.maybe(body, exit, span);
        self.builder.enter(body);
        let items = self.value(&e.expr);
        let item = self.item_of(items, span);
        let n_outer = self.scope.len();
        self.bind(&e.pat, item);
        self.looped(label, &e.body, (head, exit), Dest::Discard);
        self.scope.truncate(n_outer);
        self.builder.enter(exit);
    }

    /// One of a list's items.
    pub(super) fn item_of(&mut self, items: ExprId, span: Span) -> ExprId {
        match self.builder.kind(items) {
            ExprKind::Unknown | ExprKind::Init { .. } => {
                self.builder.discard(items);
                self.builder.unknown(span)
            }
            _ => self.builder.add(ExprKind::Deref(items), span),
        }
    }

    /// The body of a loop, which begins again at `head`.
    fn looped(
        &mut self,
        label: Option<String>,
        body: &syn::Block,
        (head, exit): (BlockId, BlockId),
        dest: Dest,
    ) {
        self.loops.push(Loop {
            label,
            exit,
            next: Some(head),
            dest,
        });
        self.block(body, Dest::Discard);
        self.loops.pop();
        self.builder.go(head);
    }

    fn leave_loop(&mut self, e: &syn::ExprBreak) {
        let label = e.label.as_ref().map(|label| label.ident.to_string());
        let wanted = self.loops.iter().rev().find(|one| match &label {
            Some(label) => one.label.as_ref() == Some(label),
            None => one.next.is_some(),
        });
        let Some(&Loop { exit, dest, .. }) = wanted else {
            self.builder.terminate(Terminator::Unreachable);
            return;
        };
        if let Some(value) = &e.expr {
            self.lower_to(value, dest);
        }
        self.builder.go(exit);
    }

    /// `value?`
    pub(super) fn question(&mut self, operand: &Expr, whole: &Expr) -> ExprId {
        let span = self.at_expr(whole);
        let value = self.value(operand);
        let value = self.builder.kept(value, span);
        let value = self.builder.local(value, span);
        let (go_on, leave) = (self.builder.new_block(), self.builder.new_block());
        let is_option = match self.input.output {
            syn::ReturnType::Type(_, ty) => super::is_option_type(ty),
            syn::ReturnType::Default => false,
        };
        match (is_option, self.frames.last()) {
            // What a closure returns is not known.
            (_, Some(Frame { .. })) => self.builder.maybe(go_on, leave, span),
            (true, None) => self.builder.branch(value, go_on, leave),
            (false, None) => {
                let condition = self.negative(value, span);
                self.builder.branch(condition, leave, go_on);
            }
        }
        self.builder.enter(leave);
        self.leave(Some(value), span);
        self.builder.enter(go_on);
        value
    }

    fn assignment(&mut self, left: &Expr, right: &Expr, whole: &Expr) {
        let span = self.at_expr(whole);
        match left {
            Expr::Infer(_) => self.lower_to(right, Dest::Discard),
            Expr::Tuple(targets) => {
                let value = self.value(right);
                let value = self.builder.kept(value, span);
                for (i, target) in targets.elems.iter().enumerate() {
                    if matches!(target, Expr::Infer(_)) {
                        continue;
                    }
                    let base = self.builder.local(value, span);
                    let part = self.builder.member(base, &i.to_string(), span);
                    let target = self.value(target);
                    self.builder.assign(target, part, span);
                }
            }
            Expr::Path(path) if is_plain(right) => {
                let name = path.path.get_ident().map(ToString::to_string);
                match name.and_then(|name| self.lookup(&name)) {
                    Some(local) => self.lower_to(right, Dest::Local(local)),
                    None => self.store(left, right, span),
                }
            }
            _ => self.store(left, right, span),
        }
    }

    fn store(&mut self, left: &Expr, right: &Expr, span: Span) {
        // The value is computed first.
        let value = self.value(right);
        let mark = self.builder.mark();
        let target = self.value(left);
        let value = match self.builder.mark() == mark {
            true => value,
            false if self.builder.has_call(value) => self.builder.keep_at(mark, value),
            false => value,
        };
        match self.builder.kind(target) {
            ExprKind::Local(_)
            | ExprKind::Global(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Deref(_) => self.builder.assign(target, value, span),
            _ => {
                self.builder.discard(value);
                self.builder.discard(target);
            }
        }
    }
}

fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse::<u64>().is_ok_and(|value| value == 0),
            _ => false,
        },
        _ => false,
    }
}

/// True for what delivers its value by itself.
fn is_plain(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_) | Expr::Loop(_)
    )
}

/// True for a pattern a `switch` can have for a label, and for one that takes all.
fn is_plain_arm(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) | Pat::Range(_) => true,
        Pat::Or(or) => or.cases.iter().all(is_plain_arm),
        Pat::Paren(paren) => is_plain_arm(&paren.pat),
        Pat::Ident(name) => name.subpat.is_none() && name.by_ref.is_none() && name.ident != "None",
        Pat::Path(path) => path
            .path
            .segments
            .last()
            .is_none_or(|last| last.ident != "None"),
        Pat::Lit(_) => true,
        _ => false,
    }
}
