//! Loops and guards written as macros, which the normaliser made into `while` and `if`.

use crate::program::{BlockId, ExprId, ExprKind, Instr, Span, Terminator};
use crate::syntax::normalise::RewriteKind;
use crate::syntax::parse::{Field, Kind, NodeId};

use super::Lowerer;

impl Lowerer<'_> {
    /// Lowers a `while` or `if` that was a macro; false if it was not.
    pub(super) fn macro_head(&mut self, node: NodeId) -> bool {
        let Some(rewrite) = self.rewrite_at(node) else {
            return false;
        };
        let is_loop = match rewrite.kind {
            RewriteKind::LoopHead => true,
            RewriteKind::GuardHead => false,
            _ => return false,
        };
        let body = self
            .ast
            .field(node, Field::Body)
            .or_else(|| self.ast.field(node, Field::Consequence));
        let condition = self.ast.field(node, Field::Condition);
        if is_loop {
            let (head, inner, end) = (self.new_block(), self.new_block(), self.new_block());
            self.fall_into(head);
            let call = self.macro_call(rewrite.span, condition);
            self.emit(Instr::LoopMacro { call });
            let span = self.exprs[call.0 as usize].span;
            let unknown = self.unknown(span);
            self.branch(unknown, inner, end);
            self.enter(inner);
            self.loop_body(body, head, end);
            self.fall_into(head);
            self.enter(end);
        } else {
            let value = self.macro_call(rewrite.span, condition);
            self.emit(Instr::Eval { value });
            let end = self.new_block();
            // Such macros are loops of one round: `break` leaves them.
            self.loop_body(body, end, end);
            self.fall_into(end);
        }
        if let Some(rest) = self.ast.field(node, Field::Alternative) {
            // An `else` behind a loop that became `if` belongs further out; nothing is known.
            self.not_understood(rest);
        }
        true
    }

    /// The macro that closes a `do` block; false if it is a real `while`.
    pub(super) fn loop_tail(&mut self, condition: NodeId, body: BlockId, end: BlockId) -> bool {
        let start = self.ast.node(condition).start + self.view.tree_base;
        let tail = self
            .view
            .rewrite_list
            .iter()
            .filter(|r| r.kind == RewriteKind::LoopTail && r.span.end <= start)
            .max_by_key(|r| r.span.end);
        let Some(tail) = tail else {
            return false;
        };
        let between = Span::new(tail.span.end, start).of(self.input.source);
        if !between.trim_ascii().is_empty() {
            return false;
        }
        let call = self.macro_call(tail.span, Some(condition));
        self.emit(Instr::LoopMacro { call });
        let span = self.exprs[call.0 as usize].span;
        let unknown = self.unknown(span);
        self.terminate(Terminator::Branch {
            condition: unknown,
            then: body,
            otherwise: end,
        });
        true
    }

    /// `name,a,b` that was `name(a, b)`.
    pub(super) fn bare_call(&mut self, node: NodeId, span: Span) {
        let parts = (
            self.ast.field(node, Field::Left),
            self.ast.field(node, Field::Right),
        );
        let (Some(name), Some(rest)) = parts else {
            return;
        };
        let callee = self.expression(name);
        let args = self.listed_values(Some(rest), node);
        let value = self.add(ExprKind::Call { callee, args }, span);
        self.emit(Instr::Eval { value });
    }

    fn macro_call(&mut self, name: Span, condition: Option<NodeId>) -> ExprId {
        let base = self.input.file_base;
        let symbol = self.symbol_of(name.of(self.input.source));
        let name_span = Span::new(name.start + base, name.end + base);
        let callee = match self.lookup(symbol) {
            Some(id) => self.add(ExprKind::Local(id), name_span),
            None => self.add(ExprKind::Global(symbol), name_span),
        };
        let rest = self
            .input
            .source
            .get(name.end as usize..)
            .unwrap_or_default();
        let has_arguments = rest
            .trim_ascii_start()
            .strip_prefix(b"(")
            .is_some_and(|rest| !rest.trim_ascii_start().starts_with(b")"));
        let mut end = name_span.end;
        let args = match condition {
            Some(condition) if has_arguments => {
                end = self.span(condition).end;
                if self.ast.node(condition).kind == Kind::Parenthesized {
                    self.argument_values(condition)
                } else {
                    Vec::new()
                }
            }
            _ => Vec::new(),
        };
        let span = Span::new(name_span.start, end);
        self.add(ExprKind::Call { callee, args }, span)
    }
}
