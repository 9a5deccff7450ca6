//! Declarations of local variables, and types as the tree has them.

use crate::program::{ExprKind, Symbol, TypeRef};
use crate::syntax::lex::IS_WORD;
use crate::syntax::normalise::RewriteKind;
use crate::syntax::parse::{Field, Kind, NodeId};
use crate::syntax::types::{self, Primitives};

use super::Lowerer;

impl Lowerer<'_> {
    pub(super) fn declaration(&mut self, node: NodeId) {
        let base_type = self
            .ast
            .field(node, Field::Type)
            .map_or(TypeRef::unknown(), |ty| self.base(ty));
        let mut is_static = false;
        let mut is_extern = false;
        let mut is_const = false;
        for child in self.ast.children(node) {
            match self.source(child) {
                b"static" => is_static = true,
                b"extern" => is_extern = true,
                b"const" => is_const = true,
                _ => {}
            }
        }
        for child in self.ast.children(node) {
            let n = self.ast.node(child);
            if n.field != Field::Declarator {
                continue;
            }
            let (declarator, value) = if n.kind == Kind::InitDeclarator {
                match self.ast.field(child, Field::Declarator) {
                    Some(declarator) => (declarator, self.ast.field(child, Field::Value)),
                    None => continue,
                }
            } else {
                (child, None)
            };
            let Some((ty, name, is_prototype)) = self.declarator(declarator, base_type) else {
                continue;
            };
            let symbol = self.symbol(name);
            if is_extern || is_prototype {
                // A name from outside; it may shadow a variable.
                self.scope.push((symbol, None));
                continue;
            }
            let name_span = self.span(name);
            let id = self.new_local(symbol, ty, name_span);
            let Some(value) = value else {
                self.scope.push((symbol, Some(id)));
                continue;
            };
            let span = self.span(child);
            // `int x = x;` names itself in C; what matters is that inner code sees the new one.
            self.scope.push((symbol, Some(id)));
            if is_static && !is_const {
                // Initialised once, long before: its value is not known here.
                continue;
            }
            let value = self.expression(value);
            let target = self.add(ExprKind::Local(id), name_span);
            self.assign(target, value, span);
        }
    }

    /// A declarator's type and name, and whether it declares a function.
    fn declarator(&self, node: NodeId, base: TypeRef) -> Option<(TypeRef, NodeId, bool)> {
        let mut ty = base;
        let mut node = node;
        let mut is_prototype = false;
        loop {
            let n = self.ast.node(node);
            match n.kind {
                Kind::Identifier | Kind::TypeIdentifier | Kind::FieldIdentifier => {
                    return Some((ty, node, is_prototype));
                }
                Kind::PointerDeclarator => {
                    if ty.function {
                        is_prototype = false;
                    } else {
                        ty.pointers = ty.pointers.saturating_add(1);
                    }
                }
                Kind::ArrayDeclarator => {
                    if !ty.function {
                        ty.pointers = ty.pointers.saturating_add(1);
                    }
                }
                Kind::FunctionDeclarator => {
                    is_prototype = !ty.function;
                    ty.function = true;
                }
                Kind::ParenthesizedDeclarator => {
                    node = self.ast.first_operand(node)?;
                    continue;
                }
                _ => return None,
            }
            node = self.ast.field(node, Field::Declarator)?;
        }
    }

    /// The type in a cast, `sizeof` or compound literal.
    pub(super) fn type_descriptor(&self, node: NodeId) -> TypeRef {
        let mut ty = self
            .ast
            .field(node, Field::Type)
            .map_or(TypeRef::unknown(), |ty| self.base(ty));
        let mut next = self.ast.field(node, Field::Declarator);
        while let Some(declarator) = next {
            match self.ast.node(declarator).kind {
                Kind::AbstractPointer | Kind::AbstractArray => {
                    if !ty.function {
                        ty.pointers = ty.pointers.saturating_add(1);
                    }
                }
                Kind::AbstractFunction => ty.function = true,
                Kind::AbstractParenthesized => {
                    next = self.ast.first_operand(declarator);
                    continue;
                }
                _ => break,
            }
            next = self.ast.field(declarator, Field::Declarator);
        }
        ty
    }

    /// The type a specifier names.
    fn base(&self, node: NodeId) -> TypeRef {
        let named = |base: Symbol| TypeRef {
            base,
            pointers: 0,
            function: false,
        };
        match self.ast.node(node).kind {
            Kind::StructSpecifier | Kind::UnionSpecifier | Kind::EnumSpecifier => {
                let keyword: &[u8] = match self.ast.node(node).kind {
                    Kind::StructSpecifier => b"struct",
                    Kind::UnionSpecifier => b"union",
                    _ => b"enum",
                };
                let tag = self
                    .ast
                    .field(node, Field::Name)
                    .map_or(&b""[..], |name| self.source(name));
                named(types::tagged(keyword, tag))
            }
            Kind::TypeIdentifier | Kind::Identifier => {
                if self.text(node).first() == Some(&b'$') {
                    return match self.rewrite_at(node) {
                        Some(rewrite) => self.type_of(rewrite.span.of(self.input.source)),
                        None => TypeRef::unknown(),
                    };
                }
                match self.source(node) {
                    b"auto" | b"__auto_type" => TypeRef::unknown(),
                    _ => named(self.symbol(node)),
                }
            }
            Kind::PrimitiveType | Kind::SizedType => {
                let text = self.primitive_text(node);
                if crate::syntax::normalise::words::is_tag_keyword(text) {
                    let end =
                        (self.ast.node(node).start + self.view.tree_base) as usize + text.len();
                    let rest = self.input.source.get(end..).unwrap_or_default();
                    let rest = rest.trim_ascii_start();
                    return named(types::tagged(text, leading_word(rest)));
                }
                let mut primitives = Primitives::default();
                for word in text.split(|&b| !IS_WORD[b as usize]) {
                    if !word.is_empty() && !crate::syntax::normalise::words::is_qualifier(word) {
                        primitives.add(word);
                    }
                }
                named(primitives.name())
            }
            _ => TypeRef::unknown(),
        }
    }

    /// What was written where the tree has a primitive type: the word it begins with may be longer
    /// than what the normaliser put there.
    fn primitive_text(&self, node: NodeId) -> &[u8] {
        if let Some(rewrite) = self.rewrite_at(node)
            && rewrite.kind == RewriteKind::Primitive
        {
            return rewrite.span.of(self.input.source);
        }
        let n = self.ast.node(node);
        if n.kind == Kind::SizedType {
            return self.source(node);
        }
        let start = (n.start + self.view.tree_base) as usize;
        leading_word(self.input.source.get(start..).unwrap_or_default())
    }

    /// The type `typeof(x)` stands for, where `x` is a variable or what one points to.
    pub(super) fn type_of(&self, text: &[u8]) -> TypeRef {
        let inner = text
            .iter()
            .position(|&b| b == b'(')
            .map_or(&b""[..], |open| &text[open + 1..]);
        let mut inner = inner.strip_suffix(b")").unwrap_or(inner).trim_ascii();
        let mut n_stars = 0;
        loop {
            if let Some(rest) = inner.strip_prefix(b"*") {
                n_stars += 1;
                inner = rest.trim_ascii();
            } else if let Some(rest) = inner.strip_prefix(b"(").and_then(|r| r.strip_suffix(b")")) {
                inner = rest.trim_ascii();
            } else {
                break;
            }
        }
        if !inner.iter().all(|&b| IS_WORD[b as usize]) {
            return TypeRef::unknown();
        }
        match self.lookup(types::symbol(inner)) {
            Some(id) => {
                let ty = self.locals[id.0 as usize].ty;
                if ty.pointers >= n_stars {
                    TypeRef {
                        pointers: ty.pointers - n_stars,
                        ..ty
                    }
                } else {
                    TypeRef::unknown()
                }
            }
            None => TypeRef::unknown(),
        }
    }
}

fn leading_word(text: &[u8]) -> &[u8] {
    let length = text
        .iter()
        .position(|&b| !IS_WORD[b as usize])
        .unwrap_or(text.len());
    &text[..length]
}
