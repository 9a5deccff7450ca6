//! `switch`, its labels wherever they stand.

use crate::program::{BlockId, CaseLabel, Terminator};
use crate::syntax::normalise::RewriteKind;
use crate::syntax::parse::{Field, Kind, NodeId};

use super::{Arms, Lowerer};

/// A `switch` whose body is being lowered.
pub(super) struct Open {
    arms: Arms,
    default: Option<BlockId>,
    value: crate::program::ExprId,
    /// The block that chooses.
    head: BlockId,
}

impl Lowerer<'_> {
    pub(super) fn switch(&mut self, node: NodeId) {
        let span = self.span(node);
        let value = match self.ast.field(node, Field::Condition) {
            Some(condition) => self.expression(condition),
            None => self.unknown(span),
        };
        let end = self.new_block();
        self.switches.push(Open {
            arms: Vec::new(),
            default: None,
            value,
            head: self.current,
        });
        // Reached only through labels.
        self.current = self.new_block();
        self.breaks.push(end);
        if let Some(body) = self.ast.field(node, Field::Body) {
            self.scoped(body);
        }
        self.breaks.pop();
        self.fall_into(end);
        if let Some(open) = self.switches.pop() {
            self.blocks[open.head.0 as usize].1 = Some(Terminator::Switch {
                value: open.value,
                arms: open.arms,
                default: open.default.unwrap_or(end),
            });
        }
    }

    /// `case x:` or `default:` with the statements behind it.
    pub(super) fn case(&mut self, node: NodeId) {
        let value = self.ast.field(node, Field::Value);
        let block = self.new_block();
        if !self.switches.is_empty() {
            let label = value.map(|value| self.case_label(value));
            self.fall_into(block);
            if let Some(open) = self.switches.last_mut() {
                match label {
                    Some(label) => open.arms.push((label, block)),
                    None => open.default = Some(block),
                }
            }
        } else {
            // In a macro: a piece of a `switch` elsewhere.
            self.fall_into(block);
        }
        for child in self.ast.children(node) {
            if Some(child) != value {
                self.statement(child);
            }
        }
    }

    fn case_label(&mut self, value: NodeId) -> CaseLabel {
        if self.ast.node(value).kind == Kind::Binary
            && let Some(operator) = self.ast.field(value, Field::Operator)
            && self
                .rewrite_at(operator)
                .is_some_and(|r| r.kind == RewriteKind::Range)
            && let (Some(low), Some(high)) = (
                self.ast.field(value, Field::Left),
                self.ast.field(value, Field::Right),
            )
        {
            let low = self.label_value(low);
            let high = self.label_value(high);
            return CaseLabel::Range(low, high);
        }
        CaseLabel::Value(self.label_value(value))
    }

    /// Labels are constants: anything with control flow in it cannot be evaluated here.
    fn label_value(&mut self, node: NodeId) -> crate::program::ExprId {
        if self.ast.node(node).has_control {
            let span = self.span(node);
            return self.unknown(span);
        }
        self.expression(node)
    }
}
