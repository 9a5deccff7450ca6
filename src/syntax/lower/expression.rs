//! Expressions.

use crate::program::{BinaryOp, ExprId, ExprKind, FieldInit, Span, Terminator, TypeRef, UnaryOp};
use crate::syntax::normalise::{RewriteKind, words};
use crate::syntax::parse::{Field, Kind, NO_NODE, NodeId};
use crate::syntax::types;

use super::{Lowerer, constant};

impl Lowerer<'_> {
    /// The value of an expression.
    pub(super) fn expression(&mut self, node: NodeId) -> ExprId {
        let span = self.span(node);
        if !self.descend(node) {
            return self.unknown(span);
        }
        let value = self.expression_inner(node, span);
        self.ascend();
        value
    }

    fn expression_inner(&mut self, node: NodeId, span: Span) -> ExprId {
        match self.ast.node(node).kind {
            Kind::Identifier | Kind::TypeIdentifier => self.name(node, span),
            // Names in places where a type would confuse the grammar were made numbers.
            Kind::Number
                if self
                    .source(node)
                    .first()
                    .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_') =>
            {
                self.name(node, span)
            }
            Kind::Number => {
                let is_lost = self.rewrite_at(node).is_some_and(|r| {
                    matches!(r.kind, RewriteKind::EmptyArgument | RewriteKind::TooDeep)
                });
                if is_lost {
                    return self.unknown(span);
                }
                let value = constant::integer(self.source(node));
                self.add(ExprKind::Int(value), span)
            }
            Kind::Char => {
                let value = constant::character(self.source(node));
                self.add(ExprKind::Int(value), span)
            }
            Kind::True => self.add(ExprKind::Int(Some(1)), span),
            Kind::False | Kind::Null => self.add(ExprKind::Int(Some(0)), span),
            Kind::String | Kind::ConcatenatedString => self.add(ExprKind::Str, span),
            Kind::Parenthesized | Kind::Extension => match self.ast.first_operand(node) {
                Some(inner) if self.ast.node(inner).kind == Kind::Compound => {
                    self.statement_expression(inner, span)
                }
                Some(inner) => self.expression(inner),
                None => self.unknown(span),
            },
            Kind::Compound => self.statement_expression(node, span),
            Kind::Comma => {
                let mut node = node;
                loop {
                    let (Some(left), Some(right)) = (
                        self.ast.field(node, Field::Left),
                        self.ast.field(node, Field::Right),
                    ) else {
                        return self.unknown(span);
                    };
                    self.effect(left);
                    if self.ast.node(right).kind != Kind::Comma {
                        return self.expression(right);
                    }
                    node = right;
                }
            }
            Kind::Call => self.call(node, span),
            Kind::FieldExpression => {
                let (Some(base), Some(field)) = (
                    self.ast.field(node, Field::Argument),
                    self.ast.field(node, Field::Member),
                ) else {
                    return self.unknown(span);
                };
                let arrow = self
                    .ast
                    .field(node, Field::Operator)
                    .is_some_and(|op| self.source(op) == b"->");
                let field = self.symbol(field);
                let base = self.expression(base);
                self.add(ExprKind::Member { base, field, arrow }, span)
            }
            Kind::Subscript => {
                let (Some(base), Some(index)) = (
                    self.ast.field(node, Field::Argument),
                    self.ast.field(node, Field::Index),
                ) else {
                    return self.unknown(span);
                };
                let values = self.operands(&[base, index]);
                self.add(
                    ExprKind::Index {
                        base: values[0],
                        index: values[1],
                    },
                    span,
                )
            }
            Kind::PointerExpression => {
                let Some(argument) = self.ast.field(node, Field::Argument) else {
                    return self.unknown(span);
                };
                let is_address = self.operator(node) == b"&";
                let argument = self.expression(argument);
                let kind = if is_address {
                    ExprKind::AddrOf(argument)
                } else {
                    ExprKind::Deref(argument)
                };
                self.add(kind, span)
            }
            Kind::Unary => {
                let Some(argument) = self.ast.field(node, Field::Argument) else {
                    return self.unknown(span);
                };
                let op = match self.operator(node) {
                    b"-" => UnaryOp::Neg,
                    b"~" => UnaryOp::BitNot,
                    b"!" => UnaryOp::Not,
                    _ => return self.expression(argument),
                };
                let argument = self.expression(argument);
                self.add(ExprKind::Unary(op, argument), span)
            }
            Kind::Binary if self.ast.is_logical(node) => self.truth_value(node, span),
            Kind::Binary => self.binary(node, span),
            Kind::Assignment => self.assignment(node, span),
            Kind::Update => self.update(node, span, true),
            Kind::Conditional => self.conditional(node, span),
            Kind::Cast => self.cast(node, span),
            Kind::CompoundLiteral => {
                let ty = self
                    .ast
                    .field(node, Field::Type)
                    .map(|ty| self.type_descriptor(ty));
                match self.ast.field(node, Field::Value) {
                    Some(list) => self.initializer(list, ty, span),
                    None => self.unknown(span),
                }
            }
            Kind::InitializerList => self.initializer(node, None, span),
            Kind::SizeOf | Kind::AlignOf => self.size_of(node, span),
            Kind::TypeDescriptor => {
                let ty = self.type_descriptor(node);
                self.add(ExprKind::Type(ty), span)
            }
            // Errors have been counted with the tree.
            Kind::Error => self.unknown(span),
            _ => {
                self.not_understood(node);
                self.unknown(span)
            }
        }
    }

    fn name(&mut self, node: NodeId, span: Span) -> ExprId {
        if self.text(node).first() == Some(&b'$')
            && let Some(rewrite) = self.rewrite_at(node)
        {
            return self.hidden(rewrite.kind, rewrite.span);
        }
        self.place_named(self.source(node), span)
    }

    /// `a`, or `a->b.c` without blanks, which the normaliser made one word.
    fn place_named(&mut self, text: &[u8], span: Span) -> ExprId {
        let mut operators = text
            .iter()
            .enumerate()
            .filter(|(_, b)| matches!(b, b'.' | b'-'));
        let first = operators.next().map(|(i, _)| i);
        let name = self.symbol_of(&text[..first.unwrap_or(text.len())]);
        let end_of = |length: usize| Span::new(span.start, span.start + length as u32);
        let base_span = first.map_or(span, end_of);
        let mut value = match self.lookup(name) {
            Some(id) => self.add(ExprKind::Local(id), base_span),
            None => self.add(ExprKind::Global(name), base_span),
        };
        let mut next = first;
        while let Some(at) = next {
            let arrow = text[at] == b'-';
            let start = at + if arrow { 2 } else { 1 };
            next = text
                .get(start..)
                .unwrap_or_default()
                .iter()
                .position(|b| matches!(b, b'.' | b'-'))
                .map(|length| start + length);
            let end = next.unwrap_or(text.len());
            let field = self.symbol_of(text.get(start..end).unwrap_or_default());
            value = self.add(
                ExprKind::Member {
                    base: value,
                    field,
                    arrow,
                },
                end_of(end),
            );
        }
        value
    }

    /// What a `$` in the parsed text stands for; `span` is relative to the function.
    fn hidden(&mut self, kind: RewriteKind, span: Span) -> ExprId {
        let text = span.of(self.input.source);
        let base = self.input.file_base;
        let span = Span::new(span.start + base, span.end + base);
        match kind {
            RewriteKind::Type => {
                let ty = types::read_type(text);
                self.add(ExprKind::Type(ty), span)
            }
            RewriteKind::TypeOf => {
                let ty = self.type_of(text);
                self.add(ExprKind::Type(ty), span)
            }
            RewriteKind::Assembler => {
                self.assembler(text, span);
                self.unknown(span)
            }
            RewriteKind::Statements => {
                let start = span.start - base;
                match self
                    .input
                    .parts
                    .iter()
                    .find(|part| part.span.start == start)
                {
                    Some(part) => self.part(part),
                    None => self.not_understood.push(span),
                }
                self.unknown(span)
            }
            _ => self.unknown(span),
        }
    }

    /// Evaluates operands from left to right. Those with calls are kept in temporaries if a later
    /// one needs control flow.
    pub(super) fn operands(&mut self, nodes: &[NodeId]) -> Vec<ExprId> {
        let last_control = nodes
            .iter()
            .rposition(|&node| self.ast.node(node).has_control)
            .unwrap_or(0);
        let mut values = Vec::with_capacity(nodes.len());
        for (i, &node) in nodes.iter().enumerate() {
            let mut value = self.expression(node);
            if i < last_control && self.ast.node(node).has_call {
                value = self.keep(value);
            }
            values.push(value);
        }
        values
    }

    /// Evaluates now: puts a value into a temporary.
    pub(super) fn keep(&mut self, value: ExprId) -> ExprId {
        let span = self.exprs[value.0 as usize].span;
        let temporary = self.temporary(span);
        let target = self.local(temporary, span);
        self.assign(target, value, span);
        self.local(temporary, span)
    }

    fn call(&mut self, node: NodeId, span: Span) -> ExprId {
        let (Some(function), Some(arguments)) = (
            self.ast.field(node, Field::Function),
            self.ast.field(node, Field::Arguments),
        ) else {
            return self.unknown(span);
        };
        let args: Vec<NodeId> = self.ast.children(arguments).collect();
        if matches!(
            self.ast.node(function).kind,
            Kind::Identifier | Kind::Number
        ) && self.source(function) == b"_Generic"
        {
            return self.one_of(args.get(1..).unwrap_or_default(), span);
        }
        // `(type)(value)` looks like a call.
        if let [argument] = args[..]
            && let Some(ty) = self.parenthesised_type(function)
        {
            let value = self.expression(argument);
            return self.add(ExprKind::Cast(ty, value), span);
        }
        let mut nodes = Vec::with_capacity(args.len() + 1);
        nodes.push(function);
        nodes.extend_from_slice(&args);
        let mut values = self.operands(&nodes);
        let callee = values.remove(0);
        for (value, &arg) in values.iter_mut().zip(&args) {
            self.type_argument(*value, arg);
        }
        self.restore_arguments(arguments, &args, &mut values);
        self.add(
            ExprKind::Call {
                callee,
                args: values,
            },
            span,
        )
    }

    /// A bare name as argument that is a type by convention: `min_t(u64, a, b)`.
    pub(super) fn type_argument(&mut self, value: ExprId, node: NodeId) {
        if let ExprKind::Global(name) = self.exprs[value.0 as usize].kind
            && self.ast.node(node).kind == Kind::Identifier
            && words::is_type_like(name.as_str().as_bytes())
        {
            self.exprs[value.0 as usize].kind = ExprKind::Type(TypeRef::named(name.as_str(), 0));
        }
    }

    /// Puts arguments back that had no room in the parsed text.
    pub(super) fn restore_arguments(
        &mut self,
        list: NodeId,
        nodes: &[NodeId],
        values: &mut Vec<ExprId>,
    ) {
        if self.view.lost_arguments.is_empty() {
            return;
        }
        let base = self.view.tree_base;
        let (start, end) = (self.ast.node(list).start, self.ast.node(list).end);
        let inside: Vec<u32> = self
            .view
            .lost_arguments
            .iter()
            .map(|at| at.wrapping_sub(base))
            .filter(|at| (start..end).contains(at))
            .collect();
        for (n_restored, at) in inside.into_iter().enumerate() {
            let is_nested = nodes
                .iter()
                .any(|&n| (self.ast.node(n).start..self.ast.node(n).end).contains(&at));
            if is_nested {
                continue;
            }
            let before = nodes
                .iter()
                .filter(|&&n| self.ast.node(n).end <= at)
                .count();
            let place = self.place(at);
            let empty = self.unknown(Span::new(place, place));
            values.insert((before + n_restored).min(values.len()), empty);
        }
    }

    /// The type in `(type)`, if that is what a parenthesised name is.
    fn parenthesised_type(&self, node: NodeId) -> Option<TypeRef> {
        if self.ast.node(node).kind != Kind::Parenthesized {
            return None;
        }
        let inner = self.ast.first_operand(node)?;
        if self.ast.node(inner).kind != Kind::Identifier {
            return None;
        }
        let text = self.source(inner);
        if self.text(inner).first() == Some(&b'$') {
            let rewrite = self.rewrite_at(inner)?;
            return (rewrite.kind == RewriteKind::TypeOf)
                .then(|| self.type_of(rewrite.span.of(self.input.source)));
        }
        let name = self.symbol(inner);
        let is_type = match self.lookup(name) {
            Some(_) => words::is_type_parameter(text),
            None => words::is_type_like(text),
        };
        is_type.then_some(TypeRef {
            base: name,
            pointers: 0,
            function: false,
        })
    }

    /// One of several values, nobody knows which.
    fn one_of(&mut self, nodes: &[NodeId], span: Span) -> ExprId {
        let result = self.temporary(span);
        let end = self.new_block();
        for (i, &node) in nodes.iter().enumerate() {
            let next = self.new_block();
            if i + 1 < nodes.len() {
                let arm = self.new_block();
                let condition = self.unknown(span);
                self.terminate(Terminator::Branch {
                    condition,
                    then: arm,
                    otherwise: next,
                });
                self.enter(arm);
            }
            let value = self.expression(node);
            let target = self.local(result, span);
            self.assign(target, value, span);
            self.fall_into(end);
            self.enter(next);
        }
        if nodes.is_empty() {
            self.fall_into(end);
        }
        self.enter(end);
        self.local(result, span)
    }

    fn operator(&self, node: NodeId) -> &[u8] {
        match self.ast.field(node, Field::Operator) {
            Some(op) => self.text(op),
            None => b"",
        }
    }

    /// A chain of operators of one precedence leans to the left, arbitrarily far.
    fn binary(&mut self, node: NodeId, span: Span) -> ExprId {
        let mut chain = Vec::new();
        let mut leftmost = node;
        while self.ast.node(leftmost).kind == Kind::Binary && !self.ast.is_logical(leftmost) {
            let (Some(left), Some(right)) = (
                self.ast.field(leftmost, Field::Left),
                self.ast.field(leftmost, Field::Right),
            ) else {
                return self.unknown(span);
            };
            chain.push((leftmost, right));
            leftmost = left;
        }
        chain.reverse();
        // `(type)-x` and `(type)&x` look like operations on a name.
        let first = chain[0];
        let cast = self
            .parenthesised_type(leftmost)
            .filter(|_| matches!(self.operator(first.0), b"-" | b"+" | b"&" | b"*"));
        let mut nodes = vec![leftmost];
        nodes.extend(chain.iter().map(|&(_, right)| right));
        let mut values = if cast.is_some() {
            let rest = self.operands(&nodes[1..]);
            let mut values = vec![ExprId(0)];
            values.extend(rest);
            values
        } else {
            self.operands(&nodes)
        };
        if let Some(ty) = cast {
            let op = self.operator(first.0)[0];
            let value = values.remove(1);
            let span = self.span(first.0);
            let inner = match op {
                b'-' => self.add(ExprKind::Unary(UnaryOp::Neg, value), span),
                b'&' => self.add(ExprKind::AddrOf(value), span),
                b'*' => self.add(ExprKind::Deref(value), span),
                _ => value,
            };
            values[0] = self.add(ExprKind::Cast(ty, inner), span);
            chain.remove(0);
        }
        let mut result = values[0];
        for (&(node, _), &right) in chain.iter().zip(&values[1..]) {
            let span = self.span(node);
            let Some(op) = binary_op(self.operator(node)) else {
                return self.unknown(span);
            };
            result = self.add(ExprKind::Binary(op, result, right), span);
        }
        result
    }

    /// A store used as a value; the value is the place stored to.
    pub(super) fn assignment(&mut self, node: NodeId, span: Span) -> ExprId {
        let (Some(left), Some(right)) = (
            self.ast.field(node, Field::Left),
            self.ast.field(node, Field::Right),
        ) else {
            return self.unknown(span);
        };
        let operator = self.operator(node);
        let op = operator
            .strip_suffix(b"=")
            .and_then(binary_op)
            .filter(|_| operator.len() > 1);
        // The right side first: its value must exist before a place is named, and nested stores
        // and calls in it happen before this one.
        let value = self.expression(right);
        let target = self.expression(left);
        let value = match op {
            Some(op) => self.add(ExprKind::Binary(op, target, value), span),
            None => value,
        };
        self.assign(target, value, span);
        target
    }

    pub(super) fn update(&mut self, node: NodeId, span: Span, is_value_used: bool) -> ExprId {
        let Some(argument) = self.ast.field(node, Field::Argument) else {
            return self.unknown(span);
        };
        let op = if self.operator(node) == b"--" {
            BinaryOp::Sub
        } else {
            BinaryOp::Add
        };
        let is_prefix = self
            .ast
            .field(node, Field::Operator)
            .is_some_and(|op| self.ast.node(op).start < self.ast.node(argument).start);
        let target = self.expression(argument);
        let old = if is_value_used && !is_prefix {
            self.keep(target)
        } else {
            target
        };
        let one = self.add(ExprKind::Int(Some(1)), span);
        let value = self.add(ExprKind::Binary(op, target, one), span);
        self.assign(target, value, span);
        old
    }

    /// `c ? a : b` and `c ?: b` as a value.
    fn conditional(&mut self, node: NodeId, span: Span) -> ExprId {
        let (Some(condition), Some(alternative)) = (
            self.ast.field(node, Field::Condition),
            self.ast.field(node, Field::Alternative),
        ) else {
            return self.unknown(span);
        };
        let result = self.temporary(span);
        let otherwise = self.new_block();
        let end = self.new_block();
        match self.ast.field(node, Field::Consequence) {
            Some(consequence) => {
                let then = self.new_block();
                self.condition(condition, then, otherwise);
                self.enter(then);
                let value = self.expression(consequence);
                let target = self.local(result, span);
                self.assign(target, value, span);
                self.fall_into(end);
            }
            None => {
                let value = self.expression(condition);
                let target = self.local(result, span);
                self.assign(target, value, span);
                let condition = self.local(result, span);
                self.terminate(Terminator::Branch {
                    condition,
                    then: end,
                    otherwise,
                });
            }
        }
        self.enter(otherwise);
        let value = self.expression(alternative);
        let target = self.local(result, span);
        self.assign(target, value, span);
        self.fall_into(end);
        self.local(result, span)
    }

    /// `a && b` as a value: 1 or 0.
    fn truth_value(&mut self, node: NodeId, span: Span) -> ExprId {
        let result = self.temporary(span);
        let (yes, no, end) = (self.new_block(), self.new_block(), self.new_block());
        self.condition(node, yes, no);
        for (block, value) in [(yes, 1), (no, 0)] {
            self.enter(block);
            let value = self.add(ExprKind::Int(Some(value)), span);
            let target = self.local(result, span);
            self.assign(target, value, span);
            self.fall_into(end);
        }
        self.enter(end);
        self.local(result, span)
    }

    fn cast(&mut self, node: NodeId, span: Span) -> ExprId {
        let (Some(descriptor), Some(value)) = (
            self.ast.field(node, Field::Type),
            self.ast.field(node, Field::Value),
        ) else {
            return self.unknown(span);
        };
        // `(x) & y` with a variable `x` is no cast.
        if let Some(name) = self.ast.child_of_kind(descriptor, Kind::TypeIdentifier)
            && self.ast.children(descriptor).count() == 1
            && self.text(name).first() != Some(&b'$')
            && let Some(local) = self.lookup(self.symbol(name))
            && !words::is_type_parameter(self.source(name))
        {
            let inner = self.ast.field(value, Field::Argument);
            let op = match self.operator(value) {
                b"&" => Some(BinaryOp::And),
                b"*" => Some(BinaryOp::Mul),
                b"-" => Some(BinaryOp::Sub),
                b"+" => Some(BinaryOp::Add),
                _ => None,
            };
            if let (Some(inner), Some(op)) = (inner, op)
                && matches!(
                    self.ast.node(value).kind,
                    Kind::PointerExpression | Kind::Unary
                )
            {
                let name_span = self.span(name);
                let left = self.local(local, name_span);
                let right = self.expression(inner);
                return self.add(ExprKind::Binary(op, left, right), span);
            }
            if self.ast.node(value).kind == Kind::Parenthesized {
                // `(function)(argument)`
                let name_span = self.span(name);
                let callee = self.local(local, name_span);
                let args = self.argument_values(value);
                return self.add(ExprKind::Call { callee, args }, span);
            }
        }
        let ty = self.type_descriptor(descriptor);
        let value = self.expression(value);
        self.add(ExprKind::Cast(ty, value), span)
    }

    /// The expressions in parentheses, separated by commas.
    pub(super) fn argument_values(&mut self, parenthesised: NodeId) -> Vec<ExprId> {
        let first = self.ast.first_operand(parenthesised);
        self.listed_values(first, parenthesised)
    }

    /// The values of a comma expression, one by one; `list` is the node around them.
    pub(super) fn listed_values(&mut self, first: Option<NodeId>, list: NodeId) -> Vec<ExprId> {
        let mut nodes = Vec::new();
        let mut next = first;
        while let Some(node) = next {
            if self.ast.node(node).kind == Kind::Comma {
                nodes.extend(self.ast.field(node, Field::Left));
                next = self.ast.field(node, Field::Right);
            } else {
                nodes.push(node);
                next = None;
            }
        }
        let mut values = self.operands(&nodes);
        for (&value, &node) in values.iter().zip(&nodes) {
            self.type_argument(value, node);
        }
        self.restore_arguments(list, &nodes, &mut values);
        values
    }

    fn size_of(&mut self, node: NodeId, span: Span) -> ExprId {
        let name = if self.ast.node(node).kind == Kind::SizeOf {
            "sizeof"
        } else {
            "__alignof__"
        };
        let name = crate::program::Symbol::new(name);
        let operand = self
            .ast
            .field(node, Field::Type)
            .or_else(|| self.ast.field(node, Field::Value));
        let variable = operand
            .and_then(|operand| self.ast.child_of_kind(operand, Kind::TypeIdentifier))
            .filter(|&name| self.ast.node(name).next == NO_NODE)
            .and_then(|name| self.lookup(self.symbol(name)));
        let argument = match operand {
            // `sizeof(name)` of a variable.
            Some(operand) if variable.is_some() => {
                let span = self.span(operand);
                match variable {
                    Some(id) => self.local(id, span),
                    None => self.unknown(span),
                }
            }
            Some(operand) if self.ast.node(operand).kind == Kind::TypeDescriptor => {
                let ty = self.type_descriptor(operand);
                let span = self.span(operand);
                self.add(ExprKind::Type(ty), span)
            }
            // Not evaluated: nothing in it may happen.
            Some(operand) if !self.ast.node(operand).has_control => self.expression(operand),
            _ => self.unknown(span),
        };
        let callee = self.add(ExprKind::Global(name), span);
        self.add(
            ExprKind::Call {
                callee,
                args: vec![argument],
            },
            span,
        )
    }

    pub(super) fn initializer(&mut self, list: NodeId, ty: Option<TypeRef>, span: Span) -> ExprId {
        let elements: Vec<(Option<NodeId>, NodeId)> = self
            .ast
            .children(list)
            .filter_map(|child| match self.ast.node(child).kind {
                Kind::InitializerPair => {
                    let value = self.ast.field(child, Field::Value)?;
                    let designator = self
                        .ast
                        .children(child)
                        .filter(|&c| self.ast.node(c).field == Field::Designator)
                        .last();
                    Some((designator, value))
                }
                Kind::Error => None,
                _ => Some((None, child)),
            })
            .collect();
        let nodes: Vec<NodeId> = elements.iter().map(|&(_, value)| value).collect();
        let values = self.operands(&nodes);
        let fields = elements
            .iter()
            .zip(values)
            .map(|(&(designator, _), value)| FieldInit {
                field: designator.and_then(|d| match self.ast.node(d).kind {
                    Kind::FieldDesignator => {
                        let name = self.ast.node(d).first_child;
                        (name != NO_NODE).then(|| self.symbol(name))
                    }
                    Kind::FieldIdentifier => Some(self.symbol(d)),
                    _ => None,
                }),
                value,
            })
            .collect();
        self.add(ExprKind::Init { ty, fields }, span)
    }

    /// `({ … })`: the value of its last expression.
    fn statement_expression(&mut self, block: NodeId, span: Span) -> ExprId {
        let n_outer = self.scope.len();
        let value = self.block_value(block);
        self.scope.truncate(n_outer);
        match value {
            Some(value) => value,
            None => self.unknown(span),
        }
    }

    /// Lowers the statements of a block; its value is that of the last one.
    pub(super) fn block_value(&mut self, block: NodeId) -> Option<ExprId> {
        let mut value = None;
        let mut next = self.ast.node(block).first_child;
        while next != NO_NODE {
            let item = next;
            next = self.ast.node(item).next;
            let is_last = next == NO_NODE || self.is_empty_until_end(next);
            let is_value = is_last && self.ast.node(item).kind == Kind::ExpressionStatement;
            match self.ast.first_operand(item) {
                Some(inner) if is_value => {
                    value = Some(self.expression(inner));
                    break;
                }
                _ => self.statement(item),
            }
        }
        value
    }

    fn is_empty_until_end(&self, mut node: NodeId) -> bool {
        while node != NO_NODE {
            let n = self.ast.node(node);
            if n.kind != Kind::ExpressionStatement || n.first_child != NO_NODE {
                return false;
            }
            node = n.next;
        }
        true
    }
}

fn binary_op(operator: &[u8]) -> Option<BinaryOp> {
    Some(match operator {
        b"+" => BinaryOp::Add,
        b"-" => BinaryOp::Sub,
        b"*" => BinaryOp::Mul,
        b"/" => BinaryOp::Div,
        b"%" => BinaryOp::Rem,
        b"<<" => BinaryOp::Shl,
        b">>" => BinaryOp::Shr,
        b"&" => BinaryOp::And,
        b"|" => BinaryOp::Or,
        b"^" => BinaryOp::Xor,
        b"==" => BinaryOp::Eq,
        b"!=" => BinaryOp::Ne,
        b"<" => BinaryOp::Lt,
        b"<=" => BinaryOp::Le,
        b">" => BinaryOp::Gt,
        b">=" => BinaryOp::Ge,
        _ => return None,
    })
}
