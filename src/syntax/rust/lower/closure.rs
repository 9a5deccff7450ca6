//! Closures: lowered where they are run.

use std::rc::Rc;

use syn::{Expr, ExprClosure};

use crate::program::{ExprId, LocalId, Span};

use super::{Dest, Frame, Lowerer, MAX_INLINE_DEPTH, MAX_INLINED};

impl Lowerer<'_, '_> {
    /// Runs a closure in place; its result goes to `dest`.
    pub(super) fn run_closure(
        &mut self,
        closure: &ExprClosure,
        args: &[ExprId],
        dest: Dest,
        span: Span,
    ) {
        let result = self.builder.temporary(span);
        if self.frames.len() >= MAX_INLINE_DEPTH || self.n_inlined >= MAX_INLINED {
            self.not_understood(span);
            let value = self.builder.unknown(span);
            self.deliver(value, dest, span);
            return;
        }
        self.n_inlined += 1;
        let n_outer = self.scope.len();
        for (i, pattern) in closure.inputs.iter().enumerate() {
            let value = match args.get(i) {
                Some(value) => *value,
                None => self.builder.unknown(span),
            };
            self.bind(pattern, value);
        }
        let exit = self.builder.new_block();
        self.frames.push(Frame { result, exit });
        // A closure's loops are its own.
        let loops = std::mem::take(&mut self.loops);
        self.lower_to(&closure.body, Dest::Local(result));
        self.loops = loops;
        self.frames.pop();
        self.builder.fall_into(exit);
        self.scope.truncate(n_outer);
        let value = self.builder.local(result, span);
        if dest != Dest::Discard {
            self.deliver(value, dest, span);
        }
    }

    /// Runs a closure as often as whoever it is handed to pleases, with arguments of his own.
    pub(super) fn run_any_number_of_times(&mut self, closure: &ExprClosure, span: Span) {
        self.run_with(closure, &[], span);
    }

    /// The same with arguments that are known.
    pub(super) fn run_with(&mut self, closure: &ExprClosure, args: &[ExprId], span: Span) {
        let (head, body) = (self.builder.new_block(), self.builder.new_block());
        let exit = self.builder.new_block();
        self.builder.fall_into(head);
        self.builder.maybe(body, exit, span);
        self.builder.enter(body);
        self.run_closure(closure, args, Dest::Discard, span);
        self.builder.go(head);
        self.builder.enter(exit);
    }

    /// The closure a variable is.
    pub(super) fn known_closure(&self, expr: &Expr) -> Option<(LocalId, Rc<ExprClosure>)> {
        let Expr::Path(path) = expr else {
            return None;
        };
        let local = self.lookup(&path.path.get_ident()?.to_string())?;
        Some((local, self.closures.get(&local)?.clone()))
    }

    /// The closure an argument is: written there, or a variable that is one.
    pub(super) fn closure_argument(&self, expr: &Expr) -> Option<Rc<ExprClosure>> {
        match expr {
            Expr::Closure(closure) => Some(Rc::new(closure.clone())),
            Expr::Reference(reference) => self.closure_argument(&reference.expr),
            _ => self.known_closure(expr).map(|(_, closure)| closure),
        }
    }
}
