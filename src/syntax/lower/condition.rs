//! Conditions: everything that decides becomes branches on atoms.

use crate::program::{BlockId, ExprId, ExprKind};
use crate::syntax::blocks;
use crate::syntax::parse::{Field, Kind, NodeId};

use super::Lowerer;

impl Lowerer<'_> {
    /// Branches on `node`.
    pub(super) fn condition(&mut self, node: NodeId, then: BlockId, otherwise: BlockId) {
        if !self.descend(node) {
            let span = self.span(node);
            let condition = self.unknown(span);
            self.branch(condition, then, otherwise);
            return;
        }
        self.condition_inner(node, then, otherwise);
        self.ascend();
    }

    fn condition_inner(&mut self, node: NodeId, mut then: BlockId, mut otherwise: BlockId) {
        let mut node = node;
        loop {
            match self.ast.node(node).kind {
                Kind::Parenthesized | Kind::Extension => match self.ast.first_operand(node) {
                    Some(inner) if self.ast.node(inner).kind != Kind::Compound => node = inner,
                    _ => break,
                },
                Kind::Unary => {
                    let is_not = self
                        .ast
                        .field(node, Field::Operator)
                        .is_some_and(|op| self.text(op) == b"!");
                    match self.ast.field(node, Field::Argument) {
                        Some(argument) if is_not => {
                            std::mem::swap(&mut then, &mut otherwise);
                            node = argument;
                        }
                        _ => break,
                    }
                }
                Kind::Comma => {
                    let (Some(left), Some(right)) = (
                        self.ast.field(node, Field::Left),
                        self.ast.field(node, Field::Right),
                    ) else {
                        break;
                    };
                    self.effect(left);
                    node = right;
                }
                Kind::Call => match self.hinted(node) {
                    Some(argument) => node = argument,
                    None => break,
                },
                _ => break,
            }
        }
        match self.ast.node(node).kind {
            Kind::Binary if self.ast.is_logical(node) => self.logical(node, then, otherwise),
            Kind::Conditional if self.ast.field(node, Field::Consequence).is_some() => {
                let parts = (
                    self.ast.field(node, Field::Condition),
                    self.ast.field(node, Field::Consequence),
                    self.ast.field(node, Field::Alternative),
                );
                if let (Some(condition), Some(consequence), Some(alternative)) = parts {
                    let (yes, no) = (self.new_block(), self.new_block());
                    self.condition(condition, yes, no);
                    self.enter(yes);
                    self.condition(consequence, then, otherwise);
                    self.enter(no);
                    self.condition(alternative, then, otherwise);
                }
            }
            Kind::Call if self.asserted(node).is_some() => {
                for call in self.assertion(node) {
                    self.enter(call.0);
                    self.branch(call.1, then, otherwise);
                }
            }
            _ => {
                let condition = self.expression(node);
                self.branch(condition, then, otherwise);
            }
        }
    }

    /// The argument of a call such as `BUG_ON(a && b)`: the only one, of a macro in capitals, and
    /// made of several conditions.
    pub(super) fn asserted(&self, call: NodeId) -> Option<NodeId> {
        let function = self.ast.field(call, Field::Function)?;
        let name = self.source(function);
        let is_capitals = name
            .iter()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
        if name.is_empty() || !is_capitals {
            return None;
        }
        let arguments = self.ast.field(call, Field::Arguments)?;
        let mut list = self.ast.children(arguments);
        let mut inner = list.next().filter(|_| list.next().is_none())?;
        while self.ast.node(inner).kind == Kind::Parenthesized {
            inner = self.ast.first_operand(inner)?;
        }
        let is_logical = self.ast.node(inner).kind == Kind::Binary && self.ast.is_logical(inner);
        is_logical.then_some(inner)
    }

    /// Branches on the conditions asserted, and calls the macro with 1 on one side and 0 on the
    /// other: what each condition says stays visible behind the call. Gives the two blocks with
    /// the calls to put there.
    pub(super) fn assertion(&mut self, call: NodeId) -> Vec<(BlockId, ExprId)> {
        let Some(argument) = self.asserted(call) else {
            return Vec::new();
        };
        let Some(function) = self.ast.field(call, Field::Function) else {
            return Vec::new();
        };
        let (yes, no) = (self.new_block(), self.new_block());
        self.condition(argument, yes, no);
        let (span, argument_span) = (self.span(call), self.span(argument));
        [(yes, 1), (no, 0)]
            .into_iter()
            .map(|(block, value)| {
                let callee = self.expression(function);
                let args = vec![self.add(ExprKind::Int(Some(value)), argument_span)];
                (block, self.add(ExprKind::Call { callee, args }, span))
            })
            .collect()
    }

    /// The argument of `likely(a && b)`. A plain `likely(a)` stays a call: only what would hide
    /// branches from the reader is opened.
    fn hinted(&self, call: NodeId) -> Option<NodeId> {
        let function = self.ast.field(call, Field::Function)?;
        if !matches!(self.source(function), b"likely" | b"unlikely") {
            return None;
        }
        let arguments = self.ast.field(call, Field::Arguments)?;
        let argument = self.ast.children(arguments).next()?;
        let mut inner = argument;
        while self.ast.node(inner).kind == Kind::Parenthesized {
            inner = self.ast.first_operand(inner)?;
        }
        let is_control = match self.ast.node(inner).kind {
            Kind::Binary => self.ast.is_logical(inner),
            Kind::Conditional => true,
            Kind::Unary => self
                .ast
                .field(inner, Field::Operator)
                .is_some_and(|op| self.text(op) == b"!"),
            _ => false,
        };
        is_control.then_some(argument)
    }

    /// `a && b && c` leans to the left, arbitrarily far.
    fn logical(&mut self, node: NodeId, then: BlockId, otherwise: BlockId) {
        let kind_of = |lowerer: &Self, node: NodeId| {
            let op = lowerer.ast.field(node, Field::Operator)?;
            Some(lowerer.ast.node(op).kind)
        };
        let operator = kind_of(self, node);
        let mut operands = Vec::new();
        let mut leftmost = node;
        while self.ast.node(leftmost).kind == Kind::Binary && kind_of(self, leftmost) == operator {
            operands.extend(self.ast.field(leftmost, Field::Right));
            match self.ast.field(leftmost, Field::Left) {
                Some(left) => leftmost = left,
                None => break,
            }
        }
        operands.push(leftmost);
        operands.reverse();
        let is_and = operator == Some(Kind::AndAnd);
        for (i, &operand) in operands.iter().enumerate() {
            if i + 1 == operands.len() {
                self.condition(operand, then, otherwise);
                break;
            }
            let next = self.new_block();
            if is_and {
                self.condition(operand, next, otherwise);
            } else {
                self.condition(operand, then, next);
            }
            self.enter(next);
        }
    }

    pub(super) fn branch(
        &mut self,
        condition: crate::program::ExprId,
        then: BlockId,
        otherwise: BlockId,
    ) {
        let terminator = blocks::branch(&self.exprs, condition, then, otherwise);
        self.terminate(terminator);
    }
}
