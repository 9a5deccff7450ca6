//! From a function's bytes to a [`Function`].

use syn::{FnArg, ImplItemFn, Pat, ReceiverKind};

use crate::program::{
    Block, Body, FileId, Function, FunctionKind, Local, Presence, Span, Symbol, Terminator, TypeRef,
};
use crate::tree::rust::{FunctionItem, Outline, struct_name};

use super::lower::{self, Input};
use super::names::FileNames;
use super::nesting::{MAX_NESTING, nesting};
use super::types::{Scope, generics};
use super::{text_of, with_stack};

/// Definitions larger than this are not parsed.
const MAX_SIZE: u32 = 1 << 20;

/// Reads the function at `span`.
pub fn read(
    file: FileId,
    source: &[u8],
    (outline, names): (&Outline, &FileNames),
    span: Span,
) -> Function {
    let functions = &outline.functions;
    let item = functions.binary_search_by_key(&span.start, |item| item.span.start);
    let item = item
        .ok()
        .map(|at| &functions[at])
        .filter(|item| item.span == span);
    let mut function = Function {
        name: item.map_or_else(|| Symbol::new(""), |item| item.name),
        kind: FunctionKind::Function,
        file,
        span,
        name_span: item.map_or(Span::new(span.start, span.start), |item| item.name_span),
        is_static: item.is_none_or(|item| !item.is_public),
        is_rust_only: item.is_none_or(|item| !item.is_exported),
        result: TypeRef::unknown(),
        n_params: 0,
        locals: Vec::new(),
        bodies: Vec::new(),
        not_understood: Vec::new(),
    };
    let is_read = item.is_some_and(|item| {
        let depth = nesting(&outline.tokens.list[outline.tokens_in(span)]);
        let is_parsed = span.end - span.start <= MAX_SIZE && depth <= MAX_NESTING;
        let function = &mut function;
        is_parsed
            && with_stack(depth, move || {
                parse(function, source, (outline, names), item)
            })
            .unwrap_or(false)
    });
    if !is_read {
        function.not_understood.push(span);
    }
    if function.bodies.is_empty() {
        function.bodies.push(nothing());
    }
    for place in &mut function.not_understood {
        place.end = place.end.clamp(span.start, span.end.max(span.start));
        place.start = place.start.min(place.end);
    }
    function.not_understood.sort_unstable();
    function.not_understood.dedup();
    function
}

fn nothing() -> Body {
    Body {
        presence: Presence::always(),
        exprs: Vec::new(),
        blocks: vec![Block {
            instrs: Vec::new(),
            terminator: Terminator::Return(None),
        }],
    }
}

/// False if the function is no Rust that is known.
fn parse(
    function: &mut Function,
    source: &[u8],
    (outline, names): (&Outline, &FileNames),
    item: &FunctionItem,
) -> bool {
    let text = text_of(source, function.span);
    // Places refer to texts that are kept until they are given up.
    let parsed = syn::parse_str::<ImplItemFn>(&text);
    if let Ok(parsed) = &parsed {
        take_signature(function, parsed, item.owner);
        let params = params(function, parsed);
        let generics = generics(&parsed.sig.generics, item.owner);
        let input = Input {
            base: function.span.start,
            source,
            outline,
            names,
            owner: item.owner,
            generics: &generics,
            output: &parsed.sig.output,
            options: &options(parsed),
        };
        let body = lower::lower(
            &input,
            &parsed.block,
            params,
            &mut function.locals,
            &mut function.not_understood,
        );
        function.bodies.push(body);
    }
    let is_read = parsed.is_ok();
    drop(parsed);
    proc_macro2::extra::invalidate_current_thread_spans();
    is_read
}

fn take_signature(function: &mut Function, parsed: &ImplItemFn, owner: Option<Symbol>) {
    let generics = generics(&parsed.sig.generics, owner);
    let scope = Scope {
        owner,
        generics: &generics,
    };
    function.result = scope.result(&parsed.sig.output);
    for input in &parsed.sig.inputs {
        let (name, ty) = match input {
            FnArg::Receiver(receiver) => {
                let own = owner.map_or_else(TypeRef::unknown, |owner| {
                    TypeRef::named(struct_name(owner.as_str()).as_str(), 0)
                });
                let ty = match &receiver.kind {
                    ReceiverKind::Value => own,
                    ReceiverKind::Typed(_, ty) => scope.lower(ty),
                    _ => TypeRef { pointers: 1, ..own },
                };
                (Symbol::new("self"), ty)
            }
            FnArg::Typed(typed) => {
                let name = match &*typed.pat {
                    Pat::Ident(name) => name.ident.to_string(),
                    _ => String::new(),
                };
                let name = name.trim_start_matches("r#").to_owned();
                (Symbol::new(&name), scope.lower(&typed.ty))
            }
        };
        let span = lower::place::of(input, function.span.start);
        function.locals.push(Local { name, ty, span });
    }
    function.n_params = function.locals.len();
}

/// The parameters that are an `Option`, by position.
fn options(parsed: &ImplItemFn) -> Vec<usize> {
    let inputs = parsed.sig.inputs.iter().enumerate();
    let options = inputs.filter(|(_, input)| match input {
        FnArg::Typed(typed) => lower::is_option_type(&typed.ty),
        FnArg::Receiver(_) => false,
    });
    options.map(|(i, _)| i).collect()
}

/// The parameters' patterns, where they are more than a name.
fn params<'p>(function: &Function, parsed: &'p ImplItemFn) -> Vec<(usize, &'p Pat)> {
    let inputs = parsed.sig.inputs.iter().take(function.n_params);
    let patterns = inputs.enumerate().filter_map(|(i, input)| match input {
        FnArg::Typed(typed) if !matches!(&*typed.pat, Pat::Ident(_)) => Some((i, &*typed.pat)),
        _ => None,
    });
    patterns.collect()
}
