//! Paths, calls and methods.
//!
//! A method call is a call through a member, as a table of operations has: `impl` blocks are the
//! tables. What `Option`, `Result` and `bool` have as methods is control flow.

use syn::{Expr, Path};

use crate::program::{ExprId, ExprKind, FieldInit, Span, Symbol, TypeRef};
use crate::tree::rust::{is_capitals, path_name};

use super::super::types::{RECEIVER, is_number};
use super::{Dest, Lowerer, MAX_INLINE_DEPTH, MAX_INLINED};

impl Lowerer<'_, '_> {
    /// What a path names.
    pub(super) fn path_value(&mut self, path: &Path, span: Span) -> ExprId {
        if let Some(name) = path.get_ident() {
            let name = name.to_string();
            let name = name.trim_start_matches("r#");
            if let Some(local) = self.lookup(name) {
                return self.builder.local(local, span);
            }
            match name {
                "None" => return self.builder.global("NULL", span),
                "true" => return self.builder.int(1, span),
                "false" => return self.builder.int(0, span),
                _ => {}
            }
            if let Some(value) = self.constant_value(name, span) {
                return value;
            }
        }
        let name = self.name_of(path);
        self.builder.global(&name, span)
    }

    /// The name of what a path leads to.
    fn name_of(&self, path: &Path) -> String {
        let mut segments = path.segments.iter().rev();
        let text = |segment: &syn::PathSegment| {
            let text = segment.ident.to_string();
            text.trim_start_matches("r#").to_owned()
        };
        let last = segments.next().map(text).unwrap_or_default();
        let before = segments
            .next()
            .map(text)
            .map(|before| match self.input.owner {
                Some(owner) if before == "Self" => owner.to_string(),
                _ => before,
            });
        let types = &self.input.names.types;
        let is_own_type = before
            .as_deref()
            .is_some_and(|before| types.contains(&Symbol::new(before)));
        match (is_own_type, &before) {
            (true, Some(before)) => format!("{before}::{last}"),
            _ => path_name(before.as_deref(), &last).to_string(),
        }
    }

    /// The value of a constant of the file that is made of other names. One that is a plain number
    /// keeps its name: what flag it is says more.
    fn constant_value(&mut self, name: &str, span: Span) -> Option<ExprId> {
        if !is_capitals(name) || self.fixed_depth() >= MAX_INLINE_DEPTH {
            return None;
        }
        let mut known = self
            .input
            .outline
            .objects
            .iter()
            .filter(|object| object.name == name);
        let object = known.next().filter(|_| known.next().is_none())?;
        let text = object.value.of(self.input.source);
        let is_made_of_names = text.len() <= 400
            && text.contains(&b'|')
            && text
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b" |_():\n\t&!".contains(b));
        if !is_made_of_names || name.starts_with("VM_") || self.n_inlined >= MAX_INLINED {
            return None;
        }
        let expr: Expr = syn::parse_str(std::str::from_utf8(text).ok()?).ok()?;
        self.n_inlined += 1;
        let outer = self.fixed.replace(span);
        self.depth += 200;
        // Names of variables mean nothing there.
        let scope = std::mem::take(&mut self.scope);
        let value = self.value(&expr);
        self.scope = scope;
        self.depth -= 200;
        self.fixed = outer;
        Some(value)
    }

    fn fixed_depth(&self) -> usize {
        self.depth / 200
    }

    /// `function(arguments)`
    pub(super) fn call(&mut self, e: &syn::ExprCall, whole: &Expr) -> ExprId {
        let span = self.at_expr(whole);
        if let Some((_, closure)) = self.known_closure(&e.func) {
            let args = self.operands(e.args.iter());
            let result = self.builder.temporary(span);
            self.run_closure(&closure, &args, Dest::Local(result), span);
            return self.builder.local(result, span);
        }
        let path = match &*e.func {
            Expr::Path(path) => Some(&path.path),
            _ => None,
        };
        if let (Some(path), [argument]) = (path, &e.args.iter().collect::<Vec<_>>()[..])
            && let Some(value) = self.wrapper(path, argument, span)
        {
            return value;
        }
        let is_null = path.is_some_and(|path| {
            let last = path.segments.last();
            last.is_some_and(|last| last.ident == "null" || last.ident == "null_mut")
        });
        if is_null && e.args.is_empty() {
            return self.builder.global("NULL", span);
        }
        // A constant that has to be computed: a macro in C.
        if let Some(path) = path
            && e.args.is_empty()
            && path
                .segments
                .last()
                .is_some_and(|last| is_capitals(&last.ident.to_string()))
        {
            let name = self.name_of(path);
            return self.builder.global(&name, span);
        }
        if let Some(calls) = self.assertion(e, whole) {
            // Its value is what was asserted.
            let result = self.builder.temporary(span);
            let end = self.builder.new_block();
            for (block, call) in calls {
                self.builder.enter(block);
                self.builder.set(result, call, span);
                self.builder.go(end);
            }
            self.builder.enter(end);
            return self.builder.local(result, span);
        }
        let callee = self.callee(&e.func);
        let mut values = vec![callee];
        values.extend(self.arguments(e.args.iter()));
        let args = values.split_off(1);
        self.builder.add(ExprKind::Call { callee, args }, span)
    }

    fn callee(&mut self, function: &Expr) -> ExprId {
        match function {
            Expr::Paren(paren) => self.callee(&paren.expr),
            Expr::Path(path) => {
                let span = self.at_expr(function);
                let local = path.path.get_ident().map(ToString::to_string);
                match local.and_then(|name| self.lookup(&name)) {
                    Some(local) => match self.members.get(&local) {
                        Some(member) => *member,
                        None => self.builder.local(local, span),
                    },
                    None => {
                        let name = self.name_of(&path.path);
                        self.builder.global(&name, span)
                    }
                }
            }
            _ => self.value(function),
        }
    }

    /// The arguments of a call. A closure among them is run any number of times before the call.
    fn arguments<'e>(&mut self, args: impl Iterator<Item = &'e Expr>) -> Vec<ExprId> {
        let args: Vec<&Expr> = args.collect();
        let mut values = Vec::new();
        let mut marks = Vec::new();
        for arg in &args {
            let before = self.builder.mark();
            let value = match self.closure_argument(arg) {
                Some(closure) => {
                    let span = self.at_expr(arg);
                    self.run_any_number_of_times(&closure, span);
                    self.builder.unknown(span)
                }
                None => self.value(arg),
            };
            values.push(value);
            if self.builder.mark() != before {
                self.keep_calls(&mut values, &marks);
            }
            marks.push(self.builder.mark());
        }
        values
    }

    /// What wraps a value and is it: `Some(x)`, `Ok(x)`, `Box::new(x)`, `u64::from(x)`.
    fn wrapper(&mut self, path: &Path, argument: &Expr, span: Span) -> Option<ExprId> {
        let mut segments = path.segments.iter().rev();
        let last = segments.next()?.ident.to_string();
        let before = segments.next().map(|segment| segment.ident.to_string());
        match (before.as_deref(), last.as_str()) {
            (None | Some("Option"), "Some") => {
                let value = self.value(argument);
                Some(self.present(argument, value, span))
            }
            (None | Some("Result"), "Ok") => Some(self.value(argument)),
            (None | Some("Result"), "Err") => {
                let value = self.value(argument);
                Some(
                    self.builder
                        .add(ExprKind::Unary(crate::program::UnaryOp::Neg, value), span),
                )
            }
            (
                Some("Box" | "KBox" | "Arc" | "Rc" | "Pin" | "Cell" | "NonNull" | "ManuallyDrop"),
                "new" | "new_unchecked" | "pin",
            ) => Some(self.value(argument)),
            (Some(ty), "from" | "new") if super::super::types::is_number_name(ty) => {
                Some(self.value(argument))
            }
            // A type with one member is what it holds.
            (_, ty) if ty.ends_with("_t") => {
                let value = self.value(argument);
                let kind = ExprKind::Init {
                    ty: Some(TypeRef::named(ty, 0)),
                    fields: vec![FieldInit { field: None, value }],
                };
                Some(self.builder.add(kind, span))
            }
            _ => None,
        }
    }

    /// `Some(value)`. A number can be 0 and still be there: nothing is known of it then.
    fn present(&mut self, argument: &Expr, value: ExprId, span: Span) -> ExprId {
        let is_number = match self.builder.kind(value) {
            ExprKind::Int(_) | ExprKind::Binary(..) | ExprKind::Unary(..) => true,
            ExprKind::Cast(ty, _) => is_number(*ty),
            ExprKind::Local(local) => is_number(self.builder.locals[local.0 as usize].ty),
            _ => matches!(argument, Expr::Lit(_)),
        };
        let is_plain = matches!(
            self.builder.kind(value),
            ExprKind::AddrOf(_) | ExprKind::Global(_) | ExprKind::Str
        );
        match (is_number, is_plain) {
            (true, _) => self.builder.call("Some", vec![value], span),
            (false, true) => value,
            // The type is found out once more is known; see `infer`.
            (false, false) => self
                .builder
                .add(ExprKind::Cast(TypeRef::unknown(), value), span),
        }
    }

    fn is_option_name(&self, name: &str) -> bool {
        self.input.names.options.contains(&Symbol::new(name))
    }

    /// True for what is an `Option` as far as the file tells.
    pub(super) fn is_option(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Paren(e) => self.is_option(&e.expr),
            Expr::Path(path) => {
                let name = path.path.get_ident().map(ToString::to_string);
                name.is_some_and(|name| match self.lookup(&name) {
                    Some(local) => self.optional.contains(&local),
                    None => name == "None",
                })
            }
            Expr::Field(field) => match &field.member {
                syn::Member::Named(name) => {
                    let name = name.to_string();
                    self.is_option_name(&name) || name == "vm_ops"
                }
                syn::Member::Unnamed(_) => false,
            },
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
                    last.ident == "Some" || self.is_option_name(&last.ident.to_string())
                }),
                _ => false,
            },
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                match name.as_str() {
                    "ok" | "err" | "or" | "then" | "then_some" | "checked_add" | "checked_sub" => {
                        true
                    }
                    "as_ref" | "as_mut" | "as_deref" | "as_deref_mut" | "copied" | "cloned"
                    | "map" | "and_then" | "filter" | "or_else" | "take" | "and" | "inspect" => {
                        self.is_option(&call.receiver)
                    }
                    _ => self.is_option_name(&name),
                }
            }
            _ => false,
        }
    }

    /// `receiver.method(arguments)`
    pub(super) fn method_call(&mut self, e: &syn::ExprMethodCall, whole: &Expr) -> ExprId {
        let span = self.at_expr(whole);
        if let Some(value) = self.std_method(e, whole, span) {
            return value;
        }
        let receiver = self.value(&e.receiver);
        let receiver = self.stable(receiver, span);
        let args = self.arguments(e.args.iter());
        let place = self.at(&e.method);
        let callee = self.builder.member(receiver, &e.method.to_string(), place);
        // An object is handed over by its address.
        let own = match self.builder.kind(receiver) {
            ExprKind::Local(local) => {
                let ty = self.builder.locals[local.0 as usize].ty;
                // Where the type stands in another file, `infer` decides.
                let kind = match ty.is_unknown() {
                    true => Some(ExprKind::Cast(TypeRef::named(RECEIVER, 0), receiver)),
                    false if ty.pointers == 0 && !is_number(ty) => Some(ExprKind::AddrOf(receiver)),
                    false => None,
                };
                match kind {
                    Some(kind) => self.builder.add(kind, span),
                    None => receiver,
                }
            }
            _ => receiver,
        };
        let mut all = vec![own];
        all.extend(args);
        self.builder.add(ExprKind::Call { callee, args: all }, span)
    }

    /// True if the method only runs a closure for each of something, and was lowered.
    pub(super) fn is_run_for_effect(&mut self, e: &syn::ExprMethodCall) -> bool {
        if e.method != "for_each" {
            return false;
        }
        let Some(closure) = e.args.first().and_then(|arg| self.closure_argument(arg)) else {
            return false;
        };
        let span = self.at(&e.method);
        // An `Option` has one item or none.
        if let Expr::MethodCall(inner) = &*e.receiver
            && matches!(
                inner.method.to_string().as_str(),
                "iter" | "into_iter" | "iter_mut"
            )
            && self.is_option(&inner.receiver)
        {
            let value = self.value(&inner.receiver);
            let value = self.stable(value, span);
            let (then, end) = (self.builder.new_block(), self.builder.new_block());
            self.builder.branch(value, then, end);
            self.builder.enter(then);
            // What the closure is given points to the item, and says so with a `*`.
            let item = match *self.builder.kind(value) {
                ExprKind::Local(_) | ExprKind::Member { .. } => {
                    self.builder.add(ExprKind::AddrOf(value), span)
                }
                _ => value,
            };
            self.run_closure(&closure, &[item], Dest::Discard, span);
            self.builder.fall_into(end);
            return true;
        }
        let items = self.value(&e.receiver);
        let items = self.stable(items, span);
        self.run_any_number_of_times(&closure, span);
        self.builder.discard(items);
        true
    }

    /// Methods of `Option`, `Result`, `bool` and pointers.
    fn std_method(&mut self, e: &syn::ExprMethodCall, whole: &Expr, span: Span) -> Option<ExprId> {
        let name = e.method.to_string();
        let args: Vec<&Expr> = e.args.iter().collect();
        match (name.as_str(), &args[..]) {
            ("is_some" | "is_none" | "is_ok" | "is_err" | "is_null", [])
            | ("is_some_and" | "is_none_or", [Expr::Closure(_)]) => {
                Some(self.decided(span, |lowerer, yes, no| lowerer.condition(whole, yes, no)))
            }
            (
                "unwrap" | "clone" | "copied" | "cloned" | "as_ref" | "as_mut" | "as_deref"
                | "as_deref_mut" | "into" | "borrow" | "borrow_mut" | "to_owned" | "into_inner"
                | "cast" | "cast_mut" | "cast_const" | "unwrap_unchecked" | "as_ptr" | "as_mut_ptr"
                | "to_result" | "iter" | "iter_mut" | "into_iter",
                [],
            ) if !self.is_own_method(&name) => Some(self.value(&e.receiver)),
            ("expect", [Expr::Lit(_)]) => Some(self.value(&e.receiver)),
            ("unwrap_or" | "or", [other]) => Some(self.choice(e, span, Absent::Value(other), None)),
            ("unwrap_or_else" | "or_else", [other]) => {
                let closure = self.closure_argument(other)?;
                Some(self.choice(e, span, Absent::Run(&closure), None))
            }
            ("map" | "and_then" | "filter", [function]) if !is_list(&e.receiver) => {
                let closure = self.closure_argument(function)?;
                Some(match name == "filter" {
                    true => self.filter(e, &closure, span),
                    false => self.choice(e, span, Absent::Nothing, Some(&closure)),
                })
            }
            ("map_or", [other, function]) => {
                let closure = self.closure_argument(function)?;
                Some(self.choice(e, span, Absent::Value(other), Some(&closure)))
            }
            ("map_or_else", [other, function]) => {
                let closure = self.closure_argument(function)?;
                let other = self.closure_argument(other)?;
                Some(self.choice(e, span, Absent::Run(&other), Some(&closure)))
            }
            ("ok_or" | "ok_or_else", [error]) => {
                let value = self.value(&e.receiver);
                let result = self.builder.kept(value, span);
                let (missing, end) = (self.builder.new_block(), self.builder.new_block());
                let value = self.builder.local(result, span);
                self.builder.branch(value, end, missing);
                self.builder.enter(missing);
                let error = match self.closure_argument(error) {
                    Some(closure) => {
                        let made = self.builder.temporary(span);
                        self.run_closure(&closure, &[], Dest::Local(made), span);
                        self.builder.local(made, span)
                    }
                    None => self.value(error),
                };
                let error = ExprKind::Unary(crate::program::UnaryOp::Neg, error);
                let error = self.builder.add(error, span);
                self.builder.set(result, error, span);
                self.builder.fall_into(end);
                Some(self.builder.local(result, span))
            }
            ("then" | "then_some", [value]) => {
                let result = self.builder.temporary(span);
                let (yes, no) = (self.builder.new_block(), self.builder.new_block());
                let end = self.builder.new_block();
                self.condition(&e.receiver, yes, no);
                self.builder.enter(yes);
                match self.closure_argument(value) {
                    Some(closure) => self.run_closure(&closure, &[], Dest::Local(result), span),
                    None => self.lower_to(value, Dest::Local(result)),
                }
                self.builder.go(end);
                self.builder.enter(no);
                let nothing = self.builder.global("NULL", span);
                self.builder.set(result, nothing, span);
                self.builder.fall_into(end);
                Some(self.builder.local(result, span))
            }
            // `option.take()`: what is there, and nothing from then on.
            ("take", []) if self.is_option(&e.receiver) => {
                let place = self.value(&e.receiver);
                let value = self.builder.kept(place, span);
                let nothing = self.builder.global("NULL", span);
                self.builder.assign(place, nothing, span);
                Some(self.builder.local(value, span))
            }
            ("for_each", [_]) => self.is_run_for_effect(e).then(|| self.builder.int(0, span)),
            _ => None,
        }
    }

    /// True if a type of the file has a method of this name.
    fn is_own_method(&self, name: &str) -> bool {
        self.input.names.methods.contains(&Symbol::new(name))
    }

    /// A value that may be there: what there is of it, or what it is replaced by.
    fn choice(
        &mut self,
        e: &syn::ExprMethodCall,
        span: Span,
        absent: Absent<'_>,
        present: Option<&syn::ExprClosure>,
    ) -> ExprId {
        let is_option = e.method == "or" || self.is_option(&e.receiver);
        let value = self.value(&e.receiver);
        let value = self.stable(value, span);
        let result = self.builder.temporary(span);
        let (there, missing) = (self.builder.new_block(), self.builder.new_block());
        let end = self.builder.new_block();
        // An `Option` and a `Result` that is not known to be one have the same methods.
        match is_option {
            true => self.builder.branch(value, there, missing),
            false => self.builder.maybe(there, missing, span),
        }
        self.builder.enter(there);
        match present {
            Some(closure) => self.run_closure(closure, &[value], Dest::Local(result), span),
            None => self.builder.set(result, value, span),
        }
        self.builder.go(end);
        self.builder.enter(missing);
        match absent {
            Absent::Nothing => {
                let nothing = match is_option {
                    true => self.builder.global("NULL", span),
                    false => value,
                };
                self.builder.set(result, nothing, span);
            }
            Absent::Value(other) => self.lower_to(other, Dest::Local(result)),
            Absent::Run(closure) => {
                self.run_closure(closure, &[value], Dest::Local(result), span);
            }
        }
        self.builder.fall_into(end);
        self.builder.local(result, span)
    }

    /// `option.filter(|it| …)`
    fn filter(
        &mut self,
        e: &syn::ExprMethodCall,
        closure: &syn::ExprClosure,
        span: Span,
    ) -> ExprId {
        let value = self.value(&e.receiver);
        let result = self.builder.kept(value, span);
        let value = self.builder.local(result, span);
        let (there, missing) = (self.builder.new_block(), self.builder.new_block());
        let (none, end) = (self.builder.new_block(), self.builder.new_block());
        self.builder.branch(value, there, missing);
        self.builder.enter(there);
        let item = self.builder.add(ExprKind::AddrOf(value), span);
        let kept = self.builder.temporary(span);
        self.run_closure(closure, &[item], Dest::Local(kept), span);
        let kept = self.builder.local(kept, span);
        self.builder.branch(kept, end, none);
        self.builder.enter(none);
        let nothing = self.builder.global("NULL", span);
        self.builder.set(result, nothing, span);
        self.builder.go(end);
        self.builder.enter(missing);
        self.builder.fall_into(end);
        self.builder.local(result, span)
    }
}

/// What stands for a value that is not there.
enum Absent<'e> {
    Nothing,
    Value(&'e Expr),
    Run(&'e syn::ExprClosure),
}

/// True for a list by its looks, whose methods run a closure for each item.
fn is_list(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(e) => is_list(&e.expr),
        Expr::Range(_) | Expr::Array(_) => true,
        Expr::MethodCall(e) => {
            let name = e.method.to_string();
            matches!(
                name.as_str(),
                "iter"
                    | "iter_mut"
                    | "into_iter"
                    | "chars"
                    | "bytes"
                    | "lines"
                    | "windows"
                    | "chunks"
                    | "rev"
                    | "enumerate"
                    | "zip"
                    | "skip"
                    | "step_by"
                    | "chain"
                    | "take_while"
                    | "flat_map"
                    | "flatten"
                    | "split"
            ) || is_list(&e.receiver)
        }
        _ => false,
    }
}
