//! From a definition's bytes to a [`Function`].

use std::cell::RefCell;

use crate::program::{
    Block, Body, FileId, Function, FunctionKind, Local, LocalId, Presence, Span, Terminator,
    TypeRef,
};

use super::conditional::{Alternative, Conditionals};
use super::lex::{self, Mode, WORD};
use super::lower::{self, Input, Part};
use super::normalise::{Rewrite, RewriteKind, Work, words};
use super::parse;
use super::signature::{self, Param, Signature};

/// Definitions larger than this are not parsed.
const MAX_SIZE: usize = 1 << 20;

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

/// Reads the definition at `span`.
pub(super) fn read(
    file: FileId,
    source: &[u8],
    conditionals: &Conditionals,
    span: Span,
    kind: FunctionKind,
) -> Function {
    let mut function = Function {
        name: crate::program::Symbol::new(""),
        kind,
        file,
        span,
        name_span: Span::new(span.start, span.start),
        is_static: false,
        is_rust_only: false,
        result: TypeRef::unknown(),
        n_params: 0,
        locals: Vec::new(),
        bodies: Vec::new(),
        not_understood: Vec::new(),
    };
    let text = span.of(source);
    if text.is_empty() || text.len() > MAX_SIZE {
        function.not_understood.push(span);
        head_only(&mut function, &text[..text.len().min(MAX_SIZE)]);
    } else {
        WORK.with_borrow_mut(|work| match kind {
            FunctionKind::Function => {
                let (alternatives, is_capped) = conditionals.alternatives(span, source);
                if is_capped {
                    function.not_understood.push(span);
                }
                for (i, alternative) in alternatives.iter().enumerate() {
                    read_alternative(&mut function, work, text, alternative, i == 0);
                }
            }
            FunctionKind::Macro => read_macro(&mut function, work, text),
        });
    }
    if function.bodies.is_empty() {
        function.bodies.push(nothing(Presence::always()));
    }
    for place in &mut function.not_understood {
        // What is missing at the very end has no place of its own.
        place.end = place.end.min(span.end.max(span.start));
        place.start = place.start.min(place.end);
    }
    function.not_understood.sort_unstable();
    function.not_understood.dedup();
    function
}

/// Name and parameters of what is too large to parse.
fn head_only(function: &mut Function, text: &[u8]) {
    let Some(brace) = memchr::memchr(b'{', text) else {
        return;
    };
    let mut work = Work::default();
    work.reset(&text[..brace.min(1 << 16)]);
    work.lex(Mode::Code);
    let signature = signature::read(&work.text, &work.tokens, &work.matches);
    take_signature(function, &signature);
}

fn nothing(presence: Presence) -> Body {
    Body {
        presence,
        exprs: Vec::new(),
        blocks: vec![Block {
            instrs: Vec::new(),
            terminator: Terminator::Return(None),
        }],
    }
}

fn take_signature(function: &mut Function, signature: &Signature) {
    let base = function.span.start;
    function.name = signature.name;
    function.name_span = Span::new(
        signature.name_span.start + base,
        signature.name_span.end + base,
    );
    function.is_static = signature.is_static;
    function.result = signature.result;
    take_params(function, &signature.params);
    if !signature.is_understood {
        let end = function.name_span.end.max(base + 1);
        function.not_understood.push(Span::new(base, end));
    }
}

fn take_params(function: &mut Function, params: &[Param]) {
    let base = function.span.start;
    function.n_params = params.len();
    function.locals.extend(params.iter().map(|param| Local {
        name: param.name,
        ty: param.ty,
        span: Span::new(param.span.start + base, param.span.end + base),
    }));
}

fn read_alternative(
    function: &mut Function,
    work: &mut Work,
    source: &[u8],
    alternative: &Alternative,
    is_first: bool,
) {
    let base = function.span.start;
    work.reset(source);
    for hidden in &alternative.hidden {
        let range = (hidden.start - base) as usize..(hidden.end - base) as usize;
        lex::blank(&mut work.text[range]);
    }
    work.lex(Mode::Code);
    let signature = signature::read(&work.text, &work.tokens, &work.matches);
    if is_first {
        take_signature(function, &signature);
    }
    let mut params = Vec::with_capacity(signature.params.len());
    for (i, param) in signature.params.iter().enumerate() {
        let id = if i < function.n_params {
            LocalId(i as u32)
        } else {
            // A parameter only this alternative has.
            let id = LocalId(function.locals.len() as u32);
            function.locals.push(Local {
                name: param.name,
                ty: param.ty,
                span: Span::new(param.span.start + base, param.span.end + base),
            });
            id
        };
        params.push((param.name, id));
    }
    let presence = alternative.presence.clone();
    let Some(body) = signature.body else {
        function.not_understood.push(function.span);
        function.bodies.push(nothing(presence));
        return;
    };
    work.rewrite(body, true);
    let tree_base = work.tokens[body].start;
    let text = &work.text[tree_base as usize..];
    let Some(ast) = parse::parse(text) else {
        function.not_understood.push(function.span);
        function.bodies.push(nothing(presence));
        return;
    };
    let parts = parts(&work.rewrites, Mode::Code, |span| {
        let mut text = span.of(source).to_vec();
        for hidden in &alternative.hidden {
            let start = (hidden.start - base).max(span.start);
            let end = (hidden.end - base).min(span.end);
            if start < end {
                lex::blank(&mut text[(start - span.start) as usize..(end - span.start) as usize]);
            }
        }
        text
    });
    let input = Input {
        ast: &ast,
        source,
        text,
        rewrites: &work.rewrites,
        tree_base,
        file_base: base,
        params,
        is_expression: false,
        parts: &parts,
    };
    let body = lower::lower(
        input,
        presence,
        &mut function.locals,
        &mut function.not_understood,
    );
    function.bodies.push(body);
}

/// More statements in arguments than this, or deeper ones, are not looked into.
const MAX_PARTS: usize = 256;
const MAX_PART_DEPTH: usize = 4;

/// Parses the statements that stand as arguments, and those in their arguments.
fn parts(rewrites: &[Rewrite], mode: Mode, text_of: impl Fn(Span) -> Vec<u8>) -> Vec<Part> {
    let spans = |rewrites: &[Rewrite], depth: usize| -> Vec<(Span, usize)> {
        rewrites
            .iter()
            .filter(|r| r.kind == RewriteKind::Statements)
            .map(|r| (r.span, depth))
            .collect()
    };
    let mut todo = spans(rewrites, 0);
    let mut parts = Vec::new();
    while let Some((span, depth)) = todo.pop() {
        if depth >= MAX_PART_DEPTH || parts.len() >= MAX_PARTS {
            continue;
        }
        let mut work = Work::default();
        work.reset(&text_of(span));
        work.lex(mode);
        work.rewrite(0, true);
        for rewrite in &mut work.rewrites {
            rewrite.span.start += span.start;
            rewrite.span.end += span.start;
        }
        let mut text = Vec::with_capacity(work.text.len() + 3);
        text.push(b'{');
        text.extend_from_slice(&work.text);
        text.extend_from_slice(b";}");
        if let Some(ast) = parse::parse(&text) {
            todo.extend(spans(&work.rewrites, depth + 1));
            parts.push(Part {
                ast,
                text,
                rewrites: work.rewrites,
                span,
            });
        }
    }
    parts
}

/// How a replacement is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nothing,
    Expression,
    /// `{ .member = value }`
    Initialiser,
    Statements,
    /// A piece of an initialiser or of something else.
    Fragment,
}

fn read_macro(function: &mut Function, work: &mut Work, source: &[u8]) {
    let base = function.span.start;
    let Some(head) = signature::read_macro(source) else {
        function.not_understood.push(function.span);
        return;
    };
    function.name = head.name;
    function.name_span = Span::new(head.name_span.start + base, head.name_span.end + base);
    take_params(function, &head.params);
    let n_locals = function.locals.len();
    let prepare = |work: &mut Work| {
        work.reset(source);
        lex::blank(&mut work.text[..head.body]);
        work.lex(Mode::Replacement);
    };
    prepare(work);
    let first = shape(work);
    if first == Shape::Nothing {
        return;
    }
    if first == Shape::Fragment {
        function.not_understood.push(function.span);
        return;
    }
    let attempt = |work: &mut Work, shape: Shape| {
        work.rewrite(0, shape == Shape::Statements);
        let (before, after): (&[u8], &[u8]) = match shape {
            Shape::Expression => (b"{(", b");}"),
            Shape::Initialiser => (b"{($)", b";}"),
            _ => (b"{", b";}"),
        };
        work.text[..before.len()].copy_from_slice(before);
        work.text.extend_from_slice(after);
        parse::parse(&work.text)
    };
    let mut shape = first;
    let mut ast = attempt(work, first);
    let is_bad = |ast: &Option<parse::Ast>| ast.as_ref().is_none_or(|ast| !ast.errors.is_empty());
    if is_bad(&ast) {
        let second = if first == Shape::Expression {
            Shape::Statements
        } else {
            Shape::Expression
        };
        prepare(work);
        let other = attempt(work, second);
        if is_bad(&other) {
            prepare(work);
            ast = attempt(work, first);
        } else {
            ast = other;
            shape = second;
        }
    }
    let Some(ast) = ast else {
        function.not_understood.push(function.span);
        return;
    };
    debug_assert_eq!(n_locals, function.locals.len());
    let params = head
        .params
        .iter()
        .enumerate()
        .map(|(i, param)| (param.name, LocalId(i as u32)))
        .collect();
    let parts = parts(&work.rewrites, Mode::Replacement, |span| {
        span.of(source).to_vec()
    });
    let input = Input {
        ast: &ast,
        source,
        text: &work.text,
        rewrites: &work.rewrites,
        tree_base: 0,
        file_base: base,
        params,
        is_expression: shape != Shape::Statements,
        parts: &parts,
    };
    let body = lower::lower(
        input,
        Presence::always(),
        &mut function.locals,
        &mut function.not_understood,
    );
    function.bodies.push(body);
}

fn shape(work: &Work) -> Shape {
    let tokens = &work.tokens;
    let Some(first) = tokens.first() else {
        return Shape::Nothing;
    };
    let word = |i: usize| match tokens.get(i) {
        Some(token) if token.kind == WORD => token.of(&work.text),
        _ => b"",
    };
    let second = tokens.get(1).map_or(0, |t| t.kind);
    if first.kind == b'.' && second == WORD || first.kind == b'[' || first.kind == b',' {
        return Shape::Fragment;
    }
    let mut at = 0;
    let mut has_semicolon = false;
    while at < tokens.len() {
        match tokens[at].kind {
            b';' => has_semicolon = true,
            b'(' | b'[' | b'{' if work.matches[at] != lex::NONE => at = work.matches[at] as usize,
            _ => {}
        }
        at += 1;
    }
    if has_semicolon || words::is_statement_keyword(word(0)) {
        return Shape::Statements;
    }
    if first.kind == b'{' {
        let close = match work.matches[0] {
            lex::NONE => tokens.len(),
            close => close as usize,
        };
        let is_block = tokens[1..close.max(1)].iter().any(|t| t.kind == b';');
        return if is_block {
            Shape::Statements
        } else {
            Shape::Initialiser
        };
    }
    let is_declaration = first.kind == WORD
        && tokens.get(1).is_some_and(|t| t.kind == WORD)
        && !words::is_expression_keyword(word(0));
    let last = tokens[tokens.len() - 1];
    if is_declaration || words::is_qualifier(word(0)) || last.kind == b'}' && first.kind == WORD {
        return Shape::Statements;
    }
    Shape::Expression
}
