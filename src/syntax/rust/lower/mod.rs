//! Lowers a parsed function into the program model.
//!
//! Everything with control in it becomes blocks and temporaries. `Option` and `Result` are what
//! they are where Rust meets C: `None` is NULL and an error a negative number, so that a test of
//! one teaches the analysis what it teaches in C. A closure is lowered where it is run: in place
//! of a call where the front end knows it, else as code that may run any number of times.

mod build;
mod call;
mod closure;
mod condition;
mod control;
mod expression;
mod macros;
mod pattern;
pub mod place;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use syn::{Block, Expr, ExprClosure, Pat, ReturnType, Stmt};

use crate::program::{
    BlockId, Body, ExprId, Local, LocalId, Presence, Span, Symbol, Terminator, TypeRef,
};
use crate::tree::rust::Outline;

use super::names::FileNames;
use super::types::Scope;
use build::Builder;

/// What a body is lowered from.
pub struct Input<'a> {
    /// Where the function begins in its file.
    pub base: u32,
    /// The file.
    pub source: &'a [u8],
    /// What the file defines.
    pub outline: &'a Outline,
    /// What its names mean.
    pub names: &'a FileNames,
    /// What `Self` is.
    pub owner: Option<Symbol>,
    /// The function's type parameters.
    pub generics: &'a [(String, Option<TypeRef>)],
    /// What the function returns.
    pub output: &'a ReturnType,
    /// The parameters that are an `Option`, by position.
    pub options: &'a [usize],
}

/// Lowers a function's body. `params` are the patterns of parameters that are more than a name.
pub fn lower(
    input: &Input<'_>,
    block: &Block,
    params: Vec<(usize, &Pat)>,
    locals: &mut Vec<Local>,
    not_understood: &mut Vec<Span>,
) -> Body {
    let scope = locals.iter().enumerate();
    let scope = scope
        .map(|(i, local)| (local.name, LocalId(i as u32)))
        .collect();
    let mut lowerer = Lowerer {
        input,
        builder: Builder::new(locals, not_understood),
        scope,
        closures: FxHashMap::default(),
        members: FxHashMap::default(),
        optional: input.options.iter().map(|&i| LocalId(i as u32)).collect(),
        loops: Vec::new(),
        frames: Vec::new(),
        fixed: None,
        depth: 0,
        n_inlined: 0,
    };
    for (i, pattern) in params {
        let span = lowerer.at(pattern);
        let value = lowerer.builder.local(LocalId(i as u32), span);
        lowerer.bind(pattern, value);
    }
    let dest = match lowerer.is_unit() {
        true => Dest::Discard,
        false => Dest::Return,
    };
    lowerer.block(block, dest);
    lowerer.builder.finish(Presence::always())
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dest {
    /// Nobody wants it.
    Discard,
    /// It is the function's, or the closure's.
    Return,
    /// Into a variable.
    Local(LocalId),
}

/// A loop or block that can be left.
struct Loop {
    label: Option<String>,
    exit: BlockId,
    /// `None` for a block.
    next: Option<BlockId>,
    dest: Dest,
}

/// A closure that is being run in place.
struct Frame {
    result: LocalId,
    exit: BlockId,
}

struct Lowerer<'i, 'f> {
    input: &'i Input<'i>,
    builder: Builder<'f>,
    /// Names in scope, inner ones last.
    scope: Vec<(Symbol, LocalId)>,
    /// Variables that are a closure.
    closures: FxHashMap<LocalId, Rc<ExprClosure>>,
    /// Variables of a pattern that are a member of something. Called, they are a call through it.
    members: FxHashMap<LocalId, ExprId>,
    /// Variables that are an `Option`.
    optional: FxHashSet<LocalId>,
    loops: Vec<Loop>,
    frames: Vec<Frame>,
    /// The place of everything, for code that stands elsewhere.
    fixed: Option<Span>,
    depth: usize,
    /// Closures and constants put in place of their names.
    n_inlined: usize,
}

/// More than this is not put in place of its name.
const MAX_INLINED: usize = 400;
/// Nor is it deeper than this.
const MAX_INLINE_DEPTH: usize = 6;

impl Lowerer<'_, '_> {
    fn at_expr(&self, expr: &Expr) -> Span {
        self.fixed
            .unwrap_or_else(|| place::of_expr(expr, self.input.base))
    }

    fn at(&self, syntax: &impl syn::spanned::Spanned) -> Span {
        self.fixed
            .unwrap_or_else(|| place::of(syntax, self.input.base))
    }

    fn types(&self) -> Scope<'_> {
        Scope {
            owner: self.input.owner,
            generics: self.input.generics,
        }
    }

    fn is_unit(&self) -> bool {
        match self.input.output {
            ReturnType::Default => true,
            ReturnType::Type(_, ty) => match &**ty {
                syn::Type::Tuple(tuple) => tuple.elems.is_empty(),
                syn::Type::Never(_) => true,
                _ => false,
            },
        }
    }

    fn not_understood(&mut self, span: Span) -> ExprId {
        self.builder.not_understood.push(span);
        self.builder.unknown(span)
    }

    fn lookup(&self, name: &str) -> Option<LocalId> {
        let known = self.scope.iter().rev().find(|(known, _)| *known == name);
        known.map(|(_, local)| *local)
    }

    /// A new variable that is in scope from here on.
    fn declare(&mut self, name: &str, ty: TypeRef, span: Span) -> LocalId {
        let local = self.builder.new_local(name, ty, span);
        self.scope.push((Symbol::new(name), local));
        local
    }

    /// Puts a value where it is wanted.
    fn deliver(&mut self, value: ExprId, dest: Dest, span: Span) {
        match dest {
            Dest::Discard => self.builder.discard(value),
            Dest::Local(local) => self.builder.set(local, value, span),
            Dest::Return => self.leave(Some(value), span),
        }
    }

    /// Leaves the function, or the closure that is run in place.
    fn leave(&mut self, value: Option<ExprId>, span: Span) {
        match self.frames.last() {
            None => self.builder.terminate(Terminator::Return(value)),
            Some(&Frame { result, exit }) => {
                if let Some(value) = value {
                    self.builder.set(result, value, span);
                }
                self.builder.go(exit);
            }
        }
    }

    // Statements.

    /// The statements of a block; the last one's value goes to `dest`.
    fn block(&mut self, block: &Block, dest: Dest) {
        let n_outer = self.scope.len();
        let mut has_value = false;
        for (i, stmt) in block.stmts.iter().enumerate() {
            let is_last = i + 1 == block.stmts.len();
            match stmt {
                Stmt::Expr(expr, None) if is_last => {
                    self.conditional(expr_attrs(expr), |lowerer| lowerer.lower_to(expr, dest));
                    has_value = true;
                }
                Stmt::Macro(stmt) if is_last && stmt.semi_token.is_none() => {
                    let span = self.at(stmt);
                    self.conditional(&stmt.attrs, |lowerer| {
                        let value = lowerer.macro_call(&stmt.mac, span);
                        lowerer.deliver(value, dest, span);
                    });
                    has_value = true;
                }
                stmt => self.statement(stmt),
            }
        }
        if !has_value && dest != Dest::Discard {
            let span = self
                .fixed
                .unwrap_or_else(|| place::from(block.brace_token.span.close(), self.input.base));
            let value = self.builder.int(0, span);
            self.deliver(value, dest, span);
        }
        self.scope.truncate(n_outer);
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Local(local) => self.conditional(&local.attrs, |lowerer| lowerer.local(local)),
            Stmt::Expr(expr, _) => {
                self.conditional(expr_attrs(expr), |lowerer| {
                    lowerer.lower_to(expr, Dest::Discard);
                });
            }
            Stmt::Macro(stmt) => {
                let span = self.at(stmt);
                self.conditional(&stmt.attrs, |lowerer| {
                    let value = lowerer.macro_call(&stmt.mac, span);
                    lowerer.builder.discard(value);
                });
            }
            // Inner functions and constants are found by the outline.
            Stmt::Item(_) => {}
        }
    }

    /// What stands under `#[cfg(…)]` may be there or not.
    fn conditional(&mut self, attrs: &[syn::Attribute], lower: impl FnOnce(&mut Self)) {
        if !attrs.iter().any(|attr| attr.path().is_ident("cfg")) {
            lower(self);
            return;
        }
        let span = self
            .fixed
            .unwrap_or(Span::new(self.input.base, self.input.base));
        let (then, end) = (self.builder.new_block(), self.builder.new_block());
        self.builder.maybe(then, end, span);
        self.builder.enter(then);
        lower(self);
        self.builder.fall_into(end);
    }

    /// `let pattern = value else { … };`
    fn local(&mut self, local: &syn::Local) {
        let (pattern, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pattern => (pattern, None),
        };
        let is_option = ty.is_some_and(is_option_type);
        let lowered = ty.map(|ty| self.types().lower(ty));
        let Some(init) = &local.init else {
            self.declare_all(pattern, lowered.unwrap_or_else(TypeRef::unknown));
            return;
        };
        if let Some((_, diverge)) = &init.diverge {
            let span = self.at_expr(&init.expr);
            let value = self.value(&init.expr);
            let value = self.builder.kept(value, span);
            let value = self.builder.local(value, span);
            let (found, missed) = (self.builder.new_block(), self.builder.new_block());
            // What the pattern binds is not in scope where it does not match.
            let n_outer = self.scope.len();
            self.test(pattern, value, missed);
            self.builder.go(found);
            let bound = self.scope.split_off(n_outer);
            self.builder.enter(missed);
            self.lower_to(diverge, Dest::Discard);
            self.builder.terminate(Terminator::Unreachable);
            self.scope.extend(bound);
            self.builder.enter(found);
            return;
        }
        if let (Pat::Ident(name), Expr::Closure(closure)) = (pattern, &*init.expr) {
            let span = self.at(name);
            let local = self.declare(&name.ident.to_string(), TypeRef::unknown(), span);
            self.closures.insert(local, Rc::new(closure.clone()));
            return;
        }
        if let (Pat::Tuple(pattern), Expr::Tuple(values)) = (pattern, &*init.expr)
            && pattern.elems.len() == values.elems.len()
            && !pattern
                .elems
                .iter()
                .any(|elem| matches!(elem, Pat::Rest(_)))
        {
            let values: Vec<ExprId> = self.operands(values.elems.iter());
            let kept: Vec<ExprId> = values
                .into_iter()
                .map(|value| {
                    let span = self.builder.span(value);
                    let local = self.builder.kept(value, span);
                    self.builder.local(local, span)
                })
                .collect();
            for (pattern, value) in pattern.elems.iter().zip(kept) {
                self.bind(pattern, value);
            }
            return;
        }
        match pattern {
            // The variable is not in scope in its own value.
            Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() => {
                let span = self.at(name);
                let text = name.ident.to_string();
                let ty = lowered.unwrap_or_else(TypeRef::unknown);
                let is_option = is_option || self.is_option(&init.expr);
                let local = self
                    .builder
                    .new_local(text.trim_start_matches("r#"), ty, span);
                if name.mutability.is_none() && matches!(&*init.expr, Expr::Field(_)) {
                    let value = self.value(&init.expr);
                    let value = self.stable(value, span);
                    self.note_member(local, value);
                    self.builder.set(local, value, span);
                } else {
                    self.lower_to(&init.expr, Dest::Local(local));
                }
                self.scope
                    .push((Symbol::new(text.trim_start_matches("r#")), local));
                if is_option {
                    self.optional.insert(local);
                }
            }
            Pat::Wild(_) => self.lower_to(&init.expr, Dest::Discard),
            pattern => {
                let span = self.at_expr(&init.expr);
                let value = self.value(&init.expr);
                let value = self.builder.kept(value, span);
                let value = self.builder.local(value, span);
                self.bind(pattern, value);
            }
        }
    }
}

/// The attributes of an expression that can have some where it is a statement.
fn expr_attrs(expr: &Expr) -> &[syn::Attribute] {
    match expr {
        Expr::If(e) => &e.attrs,
        Expr::Block(e) => &e.attrs,
        Expr::Call(e) => &e.attrs,
        Expr::MethodCall(e) => &e.attrs,
        Expr::Match(e) => &e.attrs,
        Expr::Unsafe(e) => &e.attrs,
        Expr::Assign(e) => &e.attrs,
        Expr::Return(e) => &e.attrs,
        Expr::Binary(e) => &e.attrs,
        _ => &[],
    }
}

/// True for `Option<…>`.
pub fn is_option_type(ty: &syn::Type) -> bool {
    match ty {
        syn::Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|segment| segment.ident == "Option")
        }
        _ => false,
    }
}
