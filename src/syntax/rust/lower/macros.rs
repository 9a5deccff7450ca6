//! Calls of macros: those of the language, and those whose arguments are expressions.

use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Pat, Token, Type};

use crate::program::{BinaryOp, BlockId, ExprId, ExprKind, Instr, Span, Terminator};

use super::Lowerer;

impl Lowerer<'_, '_> {
    /// The value of a macro call.
    pub(super) fn macro_call(&mut self, mac: &Macro, span: Span) -> ExprId {
        let name = mac.path.segments.last().map(|last| last.ident.to_string());
        let name = name.unwrap_or_default();
        match name.as_str() {
            "panic" | "todo" | "unimplemented" | "unreachable" => {
                self.format_arguments(mac);
                let value = self.builder.call("panic", Vec::new(), span);
                self.builder.emit(Instr::Eval { value });
                self.builder.terminate(Terminator::Unreachable);
                self.builder.unknown(span)
            }
            "assert" => {
                if let Some(condition) = self.parsed(mac).and_then(|args| args.into_iter().next()) {
                    let (fine, wrong) = (self.builder.new_block(), self.builder.new_block());
                    self.condition(&condition, fine, wrong);
                    self.panic_in(wrong, span);
                    self.builder.enter(fine);
                }
                self.builder.int(0, span)
            }
            "assert_eq" | "assert_ne" => {
                if let Some(args) = self.parsed(mac)
                    && args.len() >= 2
                {
                    let values = self.operands(args.iter().take(2));
                    let op = match name.as_str() {
                        "assert_eq" => BinaryOp::Eq,
                        _ => BinaryOp::Ne,
                    };
                    let condition = ExprKind::Binary(op, values[0], values[1]);
                    let condition = self.builder.add(condition, span);
                    let (fine, wrong) = (self.builder.new_block(), self.builder.new_block());
                    self.builder.branch(condition, fine, wrong);
                    self.panic_in(wrong, span);
                    self.builder.enter(fine);
                }
                self.builder.int(0, span)
            }
            "matches" => self.decided(span, |lowerer, yes, no| lowerer.matches_macro(mac, yes, no)),
            "addr_of" | "addr_of_mut" => match self.single(mac) {
                Some(place) => {
                    let place = self.value(&place);
                    self.builder.add(ExprKind::AddrOf(place), span)
                }
                None => self.not_understood(span),
            },
            "container_of" => match ContainerOf::parse.parse2(mac.tokens.clone()) {
                Ok(ContainerOf {
                    pointer,
                    ty,
                    member,
                }) => {
                    let pointer = self.value(&pointer);
                    let ty = self.types().lower(&ty);
                    let ty = self.builder.add(ExprKind::Type(ty), span);
                    let member = self.builder.global(&member, span);
                    self.builder.call(&name, vec![pointer, ty, member], span)
                }
                Err(_) => self.not_understood(span),
            },
            // Names of other places, texts of other files.
            "concat" | "stringify" | "c_str" | "include_str" | "module_path" | "env" | "file"
            | "line" | "fmt" | "b_str" => self.builder.add(ExprKind::Str, span),
            _ => self.other_macro(mac, &name, span),
        }
    }

    fn panic_in(&mut self, block: BlockId, span: Span) {
        self.builder.enter(block);
        let value = self.builder.call("panic", Vec::new(), span);
        self.builder.emit(Instr::Eval { value });
        self.builder.terminate(Terminator::Unreachable);
    }

    /// A macro that is not known: with expressions for arguments it is called like a function;
    /// statements in it may be run any number of times.
    fn other_macro(&mut self, mac: &Macro, name: &str, span: Span) -> ExprId {
        if let Some(args) = self.parsed(mac) {
            let args: Vec<Expr> = args
                .into_iter()
                .map(|arg| match arg {
                    // `format!("{x}", x = value)`
                    Expr::Assign(named) => *named.right,
                    arg => arg,
                })
                .collect();
            let args = self.operands(args.iter());
            return self.builder.call(name, args, span);
        }
        if let Ok(initialiser) = Initialiser::parse.parse2(mac.tokens.clone()) {
            let values = self.operands(initialiser.values.iter());
            return self.builder.call(name, values, span);
        }
        if let Ok(stmts) = syn::Block::parse_within.parse2(mac.tokens.clone()) {
            let (head, body) = (self.builder.new_block(), self.builder.new_block());
            let exit = self.builder.new_block();
            self.builder.fall_into(head);
            self.builder.maybe(body, exit, span);
            self.builder.enter(body);
            let n_outer = self.scope.len();
            for stmt in &stmts {
                self.statement(stmt);
            }
            self.scope.truncate(n_outer);
            self.builder.go(head);
            self.builder.enter(exit);
            return self.builder.unknown(span);
        }
        self.not_understood(span)
    }

    /// The arguments a text is made of, evaluated.
    fn format_arguments(&mut self, mac: &Macro) {
        for arg in self.parsed(mac).into_iter().flatten() {
            let value = match &arg {
                Expr::Assign(named) => self.value(&named.right),
                arg => self.value(arg),
            };
            self.builder.discard(value);
        }
    }

    fn parsed(&self, mac: &Macro) -> Option<Vec<Expr>> {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let args = parser.parse2(mac.tokens.clone()).ok()?;
        Some(args.into_iter().collect())
    }

    fn single(&self, mac: &Macro) -> Option<Expr> {
        let mut args = self.parsed(mac)?.into_iter();
        args.next().filter(|_| args.next().is_none())
    }

    /// `matches!(value, pattern if guard)`
    pub(super) fn matches_macro(&mut self, mac: &Macro, then: BlockId, otherwise: BlockId) {
        let span = self.at(&mac.path);
        let Ok(parsed) = Matches::parse.parse2(mac.tokens.clone()) else {
            self.not_understood(span);
            self.builder.maybe(then, otherwise, span);
            return;
        };
        let value = self.value(&parsed.value);
        let value = self.stable(value, span);
        let n_outer = self.scope.len();
        self.test(&parsed.pattern, value, otherwise);
        match &parsed.guard {
            Some(guard) => self.condition(guard, then, otherwise),
            None => self.builder.go(then),
        }
        self.scope.truncate(n_outer);
    }
}

/// `value, pattern if guard`
struct Matches {
    value: Expr,
    pattern: Pat,
    guard: Option<Expr>,
}

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Matches> {
        let value = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        let guard = match input.peek(Token![if]) {
            true => {
                input.parse::<Token![if]>()?;
                Some(input.parse()?)
            }
            false => None,
        };
        input.parse::<Option<Token![,]>>()?;
        Ok(Matches {
            value,
            pattern,
            guard,
        })
    }
}

/// `pointer, Type, member`
struct ContainerOf {
    pointer: Expr,
    ty: Type,
    member: String,
}

impl Parse for ContainerOf {
    fn parse(input: ParseStream<'_>) -> syn::Result<ContainerOf> {
        let pointer = input.parse()?;
        input.parse::<Token![,]>()?;
        let ty = input.parse()?;
        input.parse::<Token![,]>()?;
        let member = input.parse::<proc_macro2::TokenStream>()?.to_string();
        Ok(ContainerOf {
            pointer,
            ty,
            member,
        })
    }
}

/// `Type { member <- value, member: value, member }`, as initialisers in place are written.
struct Initialiser {
    values: Vec<Expr>,
}

impl Parse for Initialiser {
    fn parse(input: ParseStream<'_>) -> syn::Result<Initialiser> {
        if input.peek(Token![&]) {
            input.parse::<Token![&]>()?;
            input.parse::<syn::Ident>()?;
            input.parse::<Token![in]>()?;
        }
        input.parse::<syn::TypePath>()?;
        let fields;
        syn::braced!(fields in input);
        let mut values = Vec::new();
        while !fields.is_empty() {
            fields.call(syn::Attribute::parse_outer)?;
            // `_: { … }` runs code, `..base` fills the rest.
            if fields.peek(Token![..]) {
                fields.parse::<Token![..]>()?;
                values.push(fields.parse()?);
                break;
            }
            match fields.peek(Token![_]) {
                true => {
                    fields.parse::<Token![_]>()?;
                }
                false => {
                    fields.parse::<syn::Member>()?;
                }
            }
            if fields.peek(Token![<-]) {
                fields.parse::<Token![<-]>()?;
                values.push(fields.parse()?);
            } else if fields.peek(Token![:]) {
                fields.parse::<Token![:]>()?;
                values.push(fields.parse()?);
            }
            if fields.is_empty() {
                break;
            }
            fields.parse::<Token![,]>()?;
        }
        // `? Error`
        if input.peek(Token![?]) {
            input.parse::<Token![?]>()?;
            input.parse::<Type>()?;
        }
        Ok(Initialiser { values })
    }
}
