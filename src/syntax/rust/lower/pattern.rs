//! Patterns: tests and bindings.

use syn::{Expr, Pat};

use crate::program::{BinaryOp, BlockId, ExprId, ExprKind, LocalId, Symbol, TypeRef, UnaryOp};

use super::Lowerer;

impl Lowerer<'_, '_> {
    /// Binds a pattern that always matches.
    pub(super) fn bind(&mut self, pattern: &Pat, value: ExprId) {
        // Where it does not, control does not get.
        let nowhere = self.builder.new_block();
        self.match_pattern(pattern, value, nowhere, false);
    }

    /// Goes to `missed` if the pattern does not match; binds what it binds where it does.
    pub(super) fn test(&mut self, pattern: &Pat, value: ExprId, missed: BlockId) {
        self.match_pattern(pattern, value, missed, true);
    }

    fn match_pattern(&mut self, pattern: &Pat, value: ExprId, missed: BlockId, can_miss: bool) {
        match pattern {
            Pat::Wild(_) | Pat::Rest(_) => {}
            Pat::Paren(p) => self.match_pattern(&p.pat, value, missed, can_miss),
            Pat::Type(p) => {
                let ty = self.types().lower(&p.ty);
                let n_before = self.builder.locals.len();
                self.match_pattern(&p.pat, value, missed, can_miss);
                if let (Pat::Ident(_), Some(local)) =
                    (&*p.pat, self.builder.locals.get_mut(n_before))
                {
                    local.ty = ty;
                }
            }
            Pat::Ident(name) => {
                if let Some(constant) = constant(pattern) {
                    self.match_constant(&constant, value, missed);
                    return;
                }
                if let Some((_, inner)) = &name.subpat {
                    self.match_pattern(inner, value, missed, can_miss);
                }
                let span = self.at(name);
                let text = name.ident.to_string();
                let text = text.trim_start_matches("r#");
                let value = match name.by_ref {
                    Some(_) => self.builder.add(ExprKind::AddrOf(value), span),
                    None => value,
                };
                // Alternatives of one pattern bind the same variables.
                let local = self.declare(text, TypeRef::unknown(), span);
                self.builder.set(local, value, span);
                self.note_member(local, value);
            }
            Pat::TupleStruct(p) => {
                let name = p.path.segments.last().map(|last| last.ident.to_string());
                let span = self.at(&p.path);
                let inner = p.elems.first();
                match (name.as_deref(), inner) {
                    (Some("Some"), Some(inner)) => {
                        self.require(value, missed);
                        self.match_pattern(inner, value, missed, can_miss);
                    }
                    (Some("Ok"), Some(inner)) => {
                        let condition = self.negative(value, span);
                        let next = self.builder.new_block();
                        self.builder.branch(condition, missed, next);
                        self.builder.enter(next);
                        self.match_pattern(inner, value, missed, can_miss);
                    }
                    (Some("Err"), Some(inner)) => {
                        let condition = self.negative(value, span);
                        self.require(condition, missed);
                        let error = self.builder.add(ExprKind::Unary(UnaryOp::Neg, value), span);
                        self.match_pattern(inner, error, missed, can_miss);
                    }
                    _ => {
                        // One variant of several, if it has a type in front.
                        if can_miss && p.path.segments.len() > 1 {
                            self.maybe_miss(missed, span);
                        }
                        self.match_parts(p.elems.iter(), value, missed, can_miss);
                    }
                }
            }
            Pat::Tuple(p) => self.match_parts(p.elems.iter(), value, missed, can_miss),
            Pat::Struct(p) => {
                let span = self.at(&p.path);
                if can_miss && p.path.segments.len() > 1 {
                    self.maybe_miss(missed, span);
                }
                for field in &p.fields {
                    let span = self.at(&field.member);
                    let name = match &field.member {
                        syn::Member::Named(name) => name.to_string(),
                        syn::Member::Unnamed(index) => index.index.to_string(),
                    };
                    let part = self.builder.member(value, &name, span);
                    self.match_pattern(&field.pat, part, missed, can_miss);
                }
            }
            Pat::Slice(p) => {
                let span = self.at(p);
                if can_miss {
                    self.maybe_miss(missed, span);
                }
                for elem in &p.elems {
                    let index = self.builder.unknown(span);
                    let part = ExprKind::Index { base: value, index };
                    let part = self.builder.add(part, span);
                    self.match_pattern(elem, part, missed, can_miss);
                }
            }
            Pat::Reference(p) => {
                let span = self.at(&p.pat);
                let inner = self.builder.add(ExprKind::Deref(value), span);
                self.match_pattern(&p.pat, inner, missed, can_miss);
            }
            Pat::Or(p) => self.match_alternatives(p, value, missed, can_miss),
            Pat::Range(p) => {
                let span = self.at(pattern);
                let ends = [(&p.start, BinaryOp::Ge), (&p.end, BinaryOp::Le)];
                for (end, op) in ends {
                    if let Some(end) = end {
                        let end = self.value(end);
                        // Of `a..b` the end itself is left out; that is one value of doubt less.
                        let op = match (op, &p.limits) {
                            (BinaryOp::Le, syn::RangeLimits::HalfOpen(_)) => BinaryOp::Lt,
                            (op, _) => op,
                        };
                        let condition = ExprKind::Binary(op, value, end);
                        let condition = self.builder.add(condition, span);
                        self.require(condition, missed);
                    }
                }
            }
            Pat::Guard(p) => {
                self.match_pattern(&p.pat, value, missed, can_miss);
                let next = self.builder.new_block();
                self.condition(&p.guard, next, missed);
                self.builder.enter(next);
            }
            other => match constant(other) {
                Some(constant) => self.match_constant(&constant, value, missed),
                None => {
                    let span = self.at(other);
                    self.builder.not_understood.push(span);
                    self.maybe_miss(missed, span);
                }
            },
        }
    }

    /// Remembers that a variable is a member, or a variable that is one.
    pub(super) fn note_member(&mut self, local: LocalId, value: ExprId) {
        let member = match self.builder.kind(value) {
            ExprKind::Member { .. } => Some(value),
            ExprKind::Local(other) => self.members.get(other).copied(),
            _ => None,
        };
        if let Some(member) = member {
            self.members.insert(local, member);
        }
    }

    /// The members of a tuple; those behind `..` are not told apart.
    fn match_parts<'p>(
        &mut self,
        parts: impl Iterator<Item = &'p Pat>,
        value: ExprId,
        missed: BlockId,
        can_miss: bool,
    ) {
        let mut is_counted = true;
        for (i, pattern) in parts.enumerate() {
            let span = self.at(pattern);
            let part = match is_counted {
                true => self.builder.member(value, &i.to_string(), span),
                false => self.builder.unknown(span),
            };
            is_counted &= !matches!(pattern, Pat::Rest(_));
            self.match_pattern(pattern, part, missed, can_miss);
        }
    }

    fn match_alternatives(
        &mut self,
        p: &syn::PatOr,
        value: ExprId,
        missed: BlockId,
        can_miss: bool,
    ) {
        let found = self.builder.new_block();
        let n_outer = self.scope.len();
        let mut bound: Vec<(Symbol, LocalId)> = Vec::new();
        for (i, case) in p.cases.iter().enumerate() {
            let is_last = i + 1 == p.cases.len();
            let next = match is_last {
                true => missed,
                false => self.builder.new_block(),
            };
            self.match_pattern(case, value, next, can_miss);
            let own = self.scope.split_off(n_outer);
            match i {
                0 => bound = own,
                _ => {
                    // Into the variables of the first alternative.
                    for (name, local) in own {
                        let first = bound.iter().find(|(known, _)| *known == name);
                        if let Some(&(_, first)) = first {
                            let span = self.builder.locals[local.0 as usize].span;
                            let value = self.builder.local(local, span);
                            self.builder.set(first, value, span);
                        }
                    }
                }
            }
            self.builder.go(found);
            if !is_last {
                self.builder.enter(next);
            }
        }
        self.scope.extend(bound);
        self.builder.enter(found);
    }

    fn match_constant(&mut self, constant: &Expr, value: ExprId, missed: BlockId) {
        let span = self.at_expr(constant);
        if let Expr::Path(path) = constant
            && path
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "None")
        {
            let next = self.builder.new_block();
            self.builder.branch(value, missed, next);
            self.builder.enter(next);
            return;
        }
        let wanted = self.value(constant);
        let condition = match *self.builder.kind(wanted) {
            // `true` and `false`, and whatever is compared with 0.
            ExprKind::Int(Some(1)) if matches!(constant, Expr::Lit(l) if matches!(l.lit, syn::Lit::Bool(_))) => {
                value
            }
            _ => {
                let condition = ExprKind::Binary(BinaryOp::Eq, value, wanted);
                self.builder.add(condition, span)
            }
        };
        self.require(condition, missed);
    }

    /// Goes on only if the condition holds.
    fn require(&mut self, condition: ExprId, missed: BlockId) {
        let next = self.builder.new_block();
        self.builder.branch(condition, next, missed);
        self.builder.enter(next);
    }

    fn maybe_miss(&mut self, missed: BlockId, span: crate::program::Span) {
        let next = self.builder.new_block();
        self.builder.maybe(next, missed, span);
        self.builder.enter(next);
    }

    /// The variables of a `let` without a value.
    pub(super) fn declare_all(&mut self, pattern: &Pat, ty: TypeRef) {
        match pattern {
            Pat::Ident(name) => {
                let span = self.at(name);
                let text = name.ident.to_string();
                self.declare(text.trim_start_matches("r#"), ty, span);
            }
            Pat::Tuple(parts) => {
                for part in &parts.elems {
                    self.declare_all(part, TypeRef::unknown());
                }
            }
            Pat::Type(typed) => {
                let ty = self.types().lower(&typed.ty);
                self.declare_all(&typed.pat, ty);
            }
            _ => {}
        }
    }
}

/// The constant a pattern compares with. A name that begins with a capital is one.
pub fn constant(pattern: &Pat) -> Option<Expr> {
    match pattern {
        Pat::Lit(literal) => Some(Expr::Lit(literal.clone())),
        Pat::Path(path) => Some(Expr::Path(path.clone())),
        Pat::Const(block) => Some(Expr::Const(block.clone())),
        Pat::Ident(name)
            if name.subpat.is_none()
                && name.by_ref.is_none()
                && name
                    .ident
                    .to_string()
                    .starts_with(|c: char| c.is_ascii_uppercase()) =>
        {
            Some(Expr::Path(syn::ExprPath {
                attrs: Vec::new(),
                qself: None,
                path: name.ident.clone().into(),
            }))
        }
        _ => None,
    }
}
