//! Where things stand.

use proc_macro2::Span as Place;
use syn::Expr;
use syn::spanned::Spanned;

use crate::program::Span;

/// The place of a small piece of syntax, in a definition that begins at `base`.
pub fn of(syntax: &impl Spanned, base: u32) -> Span {
    from(syntax.span(), base)
}

/// The place behind a span of the parser's.
pub fn from(place: Place, base: u32) -> Span {
    let range = place.byte_range();
    Span::new(base + range.start as u32, base + range.end as u32)
}

/// The place of an expression. Joining its ends costs no more than going down its edges; asking
/// the parser would collect all of its tokens.
pub fn of_expr(expr: &Expr, base: u32) -> Span {
    let start = start(expr).byte_range().start as u32;
    let end = end(expr).byte_range().end as u32;
    Span::new(base + start, base + end.max(start))
}

fn start(expr: &Expr) -> Place {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Assign(e) => &e.left,
            Expr::Binary(e) => &e.left,
            Expr::Call(e) => &e.func,
            Expr::Cast(e) => &e.expr,
            Expr::Field(e) => &e.base,
            Expr::Await(e) => &e.base,
            Expr::Index(e) => &e.expr,
            Expr::MethodCall(e) => &e.receiver,
            Expr::Try(e) => &e.expr,
            Expr::Group(e) => &e.expr,
            Expr::Paren(e) => return e.paren_token.span.open(),
            Expr::Block(e) => return e.block.brace_token.span.open(),
            Expr::If(e) => return e.if_token.span,
            Expr::Match(e) => return e.match_token.span,
            Expr::Unsafe(e) => return e.unsafe_token.span,
            Expr::Loop(e) => return e.loop_token.span,
            Expr::While(e) => return e.while_token.span,
            Expr::ForLoop(e) => return e.for_token.span,
            Expr::Unary(e) => return op_place(&e.op),
            Expr::Reference(e) => return e.and_token.span,
            Expr::Closure(e) => return e.inputs_begin.span,
            Expr::Return(e) => return e.return_token.span,
            Expr::Struct(e) => return e.path.span(),
            Expr::Tuple(e) => return e.paren_token.span.open(),
            Expr::Array(e) => return e.bracket_token.span.open(),
            Expr::Macro(e) => return e.mac.path.span(),
            other => return other.span(),
        };
    }
}

fn op_place(op: &syn::UnOp) -> Place {
    op.span()
}

fn end(expr: &Expr) -> Place {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Assign(e) => &e.right,
            Expr::Binary(e) => &e.right,
            Expr::Call(e) => return e.paren_token.span.close(),
            Expr::Field(e) => return e.member.span(),
            Expr::Index(e) => return e.bracket_token.span.close(),
            Expr::MethodCall(e) => return e.paren_token.span.close(),
            Expr::Try(e) => return e.question_token.span,
            Expr::Group(e) => &e.expr,
            Expr::Paren(e) => return e.paren_token.span.close(),
            Expr::Block(e) => return e.block.brace_token.span.close(),
            Expr::If(e) => match &e.else_branch {
                Some((_, branch)) => branch,
                None => return e.then_branch.brace_token.span.close(),
            },
            Expr::Match(e) => return e.brace_token.span.close(),
            Expr::Unsafe(e) => return e.block.brace_token.span.close(),
            Expr::Loop(e) => return e.body.brace_token.span.close(),
            Expr::While(e) => return e.body.brace_token.span.close(),
            Expr::ForLoop(e) => return e.body.brace_token.span.close(),
            Expr::Unary(e) => &e.expr,
            Expr::Reference(e) => &e.expr,
            Expr::Closure(e) => &e.body,
            Expr::Return(syn::ExprReturn { expr: Some(e), .. }) => e,
            Expr::Struct(e) => return e.brace_token.span.close(),
            Expr::Tuple(e) => return e.paren_token.span.close(),
            Expr::Array(e) => return e.bracket_token.span.close(),
            other => return other.span(),
        };
    }
}
