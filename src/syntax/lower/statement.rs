//! Statements.

use crate::program::{Instr, Terminator};
use crate::syntax::normalise::RewriteKind;
use crate::syntax::parse::{Field, Kind, NodeId};

use super::Lowerer;

impl Lowerer<'_> {
    /// One statement or declaration.
    pub(super) fn statement(&mut self, node: NodeId) {
        if !self.descend(node) {
            let span = self.span(node);
            let value = self.unknown(span);
            self.emit(Instr::Eval { value });
            return;
        }
        self.statement_inner(node);
        self.ascend();
    }

    fn statement_inner(&mut self, node: NodeId) {
        match self.ast.node(node).kind {
            Kind::Compound => {
                let n_outer = self.scope.len();
                for item in self.ast.children(node) {
                    self.statement(item);
                }
                self.scope.truncate(n_outer);
            }
            Kind::ExpressionStatement => {
                if let Some(value) = self.ast.first_operand(node) {
                    match self.rewrite_at(value) {
                        Some(rewrite) if rewrite.kind == RewriteKind::Label => {
                            let name = self.symbol(value);
                            let block = self.label(name);
                            self.fall_into(block);
                        }
                        _ => self.effect(value),
                    }
                }
            }
            Kind::Declaration => self.declaration(node),
            Kind::TypeDefinition
            | Kind::StructSpecifier
            | Kind::UnionSpecifier
            | Kind::EnumSpecifier
            | Kind::PrimitiveType
            | Kind::SizedType
            | Kind::TypeIdentifier => {}
            Kind::If => self.if_chain(node),
            Kind::While => self.while_loop(node),
            Kind::Do => self.do_loop(node),
            Kind::For => self.for_loop(node),
            Kind::Switch => self.switch(node),
            Kind::Case => self.case(node),
            Kind::Labeled => {
                let mut node = node;
                // Labels in a row nest.
                loop {
                    let mut next = None;
                    for child in self.ast.children(node) {
                        if self.ast.node(child).field == Field::Label {
                            let name = self.symbol(child);
                            let block = self.label(name);
                            self.fall_into(block);
                        } else if self.ast.node(child).kind == Kind::Labeled {
                            next = Some(child);
                        } else {
                            self.statement(child);
                        }
                    }
                    match next {
                        Some(inner) => node = inner,
                        None => break,
                    }
                }
            }
            Kind::Goto => {
                if let Some(label) = self.ast.field(node, Field::Label) {
                    let name = self.symbol(label);
                    let block = self.label(name);
                    self.terminate(Terminator::Goto(block));
                }
            }
            Kind::Return => {
                let value = self.ast.first_operand(node).map(|v| self.expression(v));
                self.terminate(Terminator::Return(value));
            }
            Kind::Break => match self.breaks.last() {
                Some(&block) => self.terminate(Terminator::Goto(block)),
                // In a macro: leaves the loop around its use.
                None => self.terminate(Terminator::Return(None)),
            },
            Kind::Continue => match self.continues.last() {
                Some(&block) => self.terminate(Terminator::Goto(block)),
                None => self.terminate(Terminator::Return(None)),
            },
            Kind::AttributedStatement => {
                if let Some(inner) = self.ast.children(node).last() {
                    self.statement(inner);
                }
            }
            Kind::Error => {
                let span = self.span(node);
                let value = self.unknown(span);
                self.emit(Instr::Eval { value });
            }
            _ => {
                self.not_understood(node);
                let span = self.span(node);
                let value = self.unknown(span);
                self.emit(Instr::Eval { value });
            }
        }
    }

    /// An expression whose value nobody uses.
    pub(super) fn effect(&mut self, node: NodeId) {
        if !self.descend(node) {
            return;
        }
        self.effect_inner(node);
        self.ascend();
    }

    fn effect_inner(&mut self, node: NodeId) {
        let mut node = node;
        loop {
            let span = self.span(node);
            match self.ast.node(node).kind {
                Kind::Parenthesized | Kind::Extension => match self.ast.first_operand(node) {
                    Some(inner) => node = inner,
                    None => return,
                },
                Kind::Compound => return self.statement(node),
                Kind::Comma
                    if self
                        .rewrite_at(node)
                        .is_some_and(|r| r.kind == RewriteKind::BareCall) =>
                {
                    return self.bare_call(node, span);
                }
                Kind::Comma => {
                    let (Some(left), Some(right)) = (
                        self.ast.field(node, Field::Left),
                        self.ast.field(node, Field::Right),
                    ) else {
                        return;
                    };
                    self.effect(left);
                    node = right;
                }
                Kind::Assignment => {
                    self.assignment(node, span);
                    return;
                }
                Kind::Update => {
                    self.update(node, span, false);
                    return;
                }
                Kind::Conditional if self.ast.field(node, Field::Consequence).is_some() => {
                    return self.conditional_effect(node);
                }
                Kind::Binary if self.ast.is_logical(node) => {
                    // `a && f()`: the last operand is evaluated for its effect, as a condition
                    // with both ways to the same place.
                    let end = self.new_block();
                    self.condition(node, end, end);
                    return self.enter(end);
                }
                Kind::Cast => {
                    let is_void = self
                        .ast
                        .field(node, Field::Type)
                        .is_some_and(|ty| self.source(ty) == b"void");
                    match self.ast.field(node, Field::Value) {
                        Some(value) if is_void => node = value,
                        _ => break,
                    }
                }
                Kind::Call if self.asserted(node).is_some() => {
                    let end = self.new_block();
                    for (block, value) in self.assertion(node) {
                        self.enter(block);
                        self.emit(Instr::Eval { value });
                        self.fall_into(end);
                    }
                    return;
                }
                Kind::Identifier
                    if matches!(self.source(node), b"fallthrough" | b"__fallthrough") =>
                {
                    return;
                }
                Kind::Identifier
                    if self
                        .rewrite_at(node)
                        .is_some_and(|r| r.kind == RewriteKind::Assembler) =>
                {
                    self.expression(node);
                    return;
                }
                _ => break,
            }
        }
        let value = self.expression(node);
        self.emit(Instr::Eval { value });
    }

    fn conditional_effect(&mut self, node: NodeId) {
        let parts = (
            self.ast.field(node, Field::Condition),
            self.ast.field(node, Field::Consequence),
            self.ast.field(node, Field::Alternative),
        );
        let (Some(condition), Some(consequence), Some(alternative)) = parts else {
            return;
        };
        let (then, otherwise, end) = (self.new_block(), self.new_block(), self.new_block());
        self.condition(condition, then, otherwise);
        self.enter(then);
        self.effect(consequence);
        self.fall_into(end);
        self.enter(otherwise);
        self.effect(alternative);
        self.fall_into(end);
    }

    /// `if … else if … else …`, arbitrarily long.
    fn if_chain(&mut self, node: NodeId) {
        let end = self.new_block();
        let mut node = node;
        loop {
            if self.macro_head(node) {
                break;
            }
            let Some(condition) = self.ast.field(node, Field::Condition) else {
                break;
            };
            let alternative = self
                .ast
                .field(node, Field::Alternative)
                .and_then(|clause| self.ast.first_operand(clause));
            let then = self.new_block();
            let otherwise = if alternative.is_some() {
                self.new_block()
            } else {
                end
            };
            self.condition(condition, then, otherwise);
            self.enter(then);
            if let Some(consequence) = self.ast.field(node, Field::Consequence) {
                self.scoped(consequence);
            }
            self.fall_into(end);
            match alternative {
                Some(inner) => {
                    self.enter(otherwise);
                    if self.ast.node(inner).kind == Kind::If {
                        node = inner;
                        continue;
                    }
                    self.scoped(inner);
                    break;
                }
                None => return,
            }
        }
        self.fall_into(end);
    }

    /// A statement with a scope of its own.
    pub(super) fn scoped(&mut self, node: NodeId) {
        let n_outer = self.scope.len();
        self.statement(node);
        self.scope.truncate(n_outer);
    }

    fn while_loop(&mut self, node: NodeId) {
        if self.macro_head(node) {
            return;
        }
        let (head, body, end) = (self.new_block(), self.new_block(), self.new_block());
        self.fall_into(head);
        match self.ast.field(node, Field::Condition) {
            Some(condition) => self.condition(condition, body, end),
            None => self.terminate(Terminator::Goto(body)),
        }
        self.enter(body);
        self.loop_body(self.ast.field(node, Field::Body), head, end);
        self.fall_into(head);
        self.enter(end);
    }

    pub(super) fn loop_body(
        &mut self,
        body: Option<NodeId>,
        next: crate::program::BlockId,
        end: crate::program::BlockId,
    ) {
        self.breaks.push(end);
        self.continues.push(next);
        if let Some(body) = body {
            self.scoped(body);
        }
        self.breaks.pop();
        self.continues.pop();
    }

    fn do_loop(&mut self, node: NodeId) {
        let (body, test, end) = (self.new_block(), self.new_block(), self.new_block());
        self.fall_into(body);
        self.loop_body(self.ast.field(node, Field::Body), test, end);
        self.fall_into(test);
        match self.ast.field(node, Field::Condition) {
            Some(condition) if !self.loop_tail(condition, body, end) => {
                self.condition(condition, body, end);
            }
            _ => {}
        }
        self.enter(end);
    }

    fn for_loop(&mut self, node: NodeId) {
        let n_outer = self.scope.len();
        match self.ast.field(node, Field::Initializer) {
            Some(init) if self.ast.node(init).kind == Kind::Declaration => self.declaration(init),
            Some(init) => self.effect(init),
            None => {}
        }
        let head = self.new_block();
        let (body, step, end) = (self.new_block(), self.new_block(), self.new_block());
        self.fall_into(head);
        match self.ast.field(node, Field::Condition) {
            Some(condition) => self.condition(condition, body, end),
            None => self.terminate(Terminator::Goto(body)),
        }
        self.enter(body);
        self.loop_body(self.ast.field(node, Field::Body), step, end);
        self.fall_into(step);
        if let Some(update) = self.ast.field(node, Field::Update) {
            self.effect(update);
        }
        self.fall_into(head);
        self.enter(end);
        self.scope.truncate(n_outer);
    }
}
