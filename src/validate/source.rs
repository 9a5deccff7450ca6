//! One file of the reference as text and as a syntax tree, and what operators ask of it.

use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Item, ItemFn, Local, Pat, ReturnType, Signature, Stmt, Type};

/// A parsed file. Nodes know where they stand in the text, so that a mutation is an edit of the text:
/// everything else, comments and layout, stays as it was written.
pub struct Source {
    /// Path below the reference's directory.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Its syntax tree.
    pub tree: syn::File,
}

impl Source {
    /// Parses a file.
    pub fn parse(path: &str, text: &str) -> syn::Result<Source> {
        Ok(Source {
            path: path.to_owned(),
            text: text.to_owned(),
            tree: syn::parse_file(text)?,
        })
    }

    /// The text a node was parsed from.
    pub fn text_of(&self, node: &impl Spanned) -> &str {
        &self.text[range(node)]
    }

    /// Line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// The range with its whole lines, if nothing else stands on them: what has to go so that no empty
    /// line stays.
    pub fn whole_lines(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[range.end..]
            .find('\n')
            .map_or(self.text.len(), |at| range.end + at + 1);
        let is_blank = |range: Range<usize>| self.text[range].trim().is_empty();
        match is_blank(start..range.start) && is_blank(range.end..end) {
            true => start..end,
            false => range,
        }
    }

    /// The name of the function or constant a byte lies in.
    pub fn item_at(&self, at: usize) -> String {
        let item = self
            .tree
            .items
            .iter()
            .find(|item| range(item).contains(&at));
        match item {
            Some(Item::Fn(function)) => function.sig.ident.to_string(),
            Some(Item::Const(constant)) => constant.ident.to_string(),
            _ => String::new(),
        }
    }

    /// The functions of the file.
    pub fn functions(&self) -> impl Iterator<Item = &ItemFn> {
        self.tree.items.iter().filter_map(|item| match item {
            Item::Fn(function) => Some(function),
            _ => None,
        })
    }
}

/// The bytes a node was parsed from.
pub fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// Functions' types by name, of all files: as far as the operators have to know types.
#[derive(Default)]
pub struct Signatures(BTreeMap<String, FnTypes>);

/// The types of one function, as text without blanks.
pub struct FnTypes {
    /// Of its parameters.
    pub parameters: Vec<String>,
    /// Of its result; empty for none.
    pub result: String,
}

impl Signatures {
    /// Of all functions in the files, those declared in a macro among them.
    pub fn of(sources: &[Source]) -> Signatures {
        let mut signatures = Signatures::default();
        for source in sources {
            for item in &source.tree.items {
                match item {
                    Item::Fn(function) => signatures.add(&function.sig),
                    Item::Macro(item) => {
                        let declared = item.mac.parse_body_with(declarations);
                        for function in declared.unwrap_or_default() {
                            signatures.add(&function.sig);
                        }
                    }
                    _ => {}
                }
            }
        }
        signatures
    }

    fn add(&mut self, signature: &Signature) {
        let parameters = signature.inputs.iter().map(|input| match input {
            FnArg::Typed(typed) => type_text(&typed.ty),
            FnArg::Receiver(_) => "Self".to_owned(),
        });
        let types = FnTypes {
            parameters: parameters.collect(),
            result: match &signature.output {
                ReturnType::Default => String::new(),
                ReturnType::Type(_, ty) => type_text(ty),
            },
        };
        self.0.insert(signature.ident.to_string(), types);
    }

    /// Of a function, by the last part of its name.
    pub fn get(&self, name: &str) -> Option<&FnTypes> {
        self.0.get(name)
    }
}

/// `fn name(…) -> T;`, again and again.
fn declarations(input: syn::parse::ParseStream<'_>) -> syn::Result<Vec<syn::TraitItemFn>> {
    let mut functions = Vec::new();
    while !input.is_empty() {
        functions.push(input.parse()?);
    }
    Ok(functions)
}

/// A type as text without blanks.
pub fn type_text(ty: &Type) -> String {
    use quote::ToTokens;
    ty.to_token_stream().to_string().replace(' ', "")
}

/// One function of the reference, with what operators ask of it.
pub struct Function<'a> {
    /// The file it is in.
    pub source: &'a Source,
    /// The function.
    pub item: &'a ItemFn,
    /// All functions' types.
    pub signatures: &'a Signatures,
    /// Types of its parameters and of those locals whose type shows.
    pub variables: BTreeMap<String, String>,
    /// Its expressions, in source order, outer ones first.
    pub expressions: Vec<&'a Expr>,
    /// Its blocks' statements.
    pub blocks: Vec<&'a [Stmt]>,
}

impl<'a> Function<'a> {
    /// Looks at a function.
    pub fn new(source: &'a Source, item: &'a ItemFn, signatures: &'a Signatures) -> Function<'a> {
        let mut parts = Parts::default();
        parts.visit_block(&item.block);
        let mut function = Function {
            source,
            item,
            signatures,
            variables: BTreeMap::new(),
            expressions: parts.expressions,
            blocks: parts.blocks,
        };
        for input in &item.sig.inputs {
            if let FnArg::Typed(typed) = input
                && let Pat::Ident(name) = &*typed.pat
            {
                let ty = type_text(&typed.ty);
                function.variables.insert(name.ident.to_string(), ty);
            }
        }
        for local in parts.locals {
            if let Pat::Ident(name) = &local.pat
                && let Some(init) = &local.init
                && let Some(ty) = function.type_of(&init.expr)
            {
                function.variables.insert(name.ident.to_string(), ty);
            }
        }
        function
    }

    /// The text of a node.
    pub fn text(&self, node: &impl Spanned) -> &'a str {
        self.source.text_of(node)
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.item.sig.ident.to_string()
    }

    /// The type of an expression, if it shows.
    pub fn type_of(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Path(path) => {
                let name = path.path.get_ident()?.to_string();
                self.variables.get(&name).cloned()
            }
            Expr::Call(call) => {
                let types = self.signatures.get(&callee(&call.func)?)?;
                Some(types.result.clone()).filter(|result| !result.is_empty())
            }
            Expr::Field(field) => match &field.member {
                syn::Member::Named(name) if name == "vm_page_prot" => Some("pgprot_t".to_owned()),
                syn::Member::Named(name) if name == "vma" => Some("&vm_area_struct".to_owned()),
                syn::Member::Named(name) if name == "vm_flags" => Some("vm_flags_t".to_owned()),
                syn::Member::Named(name) if name == "orig_pte" => Some("pte_t".to_owned()),
                syn::Member::Named(name) if name == "orig_pmd" => Some("pmd_t".to_owned()),
                syn::Member::Named(name) if name == "orig_pud" => Some("pud_t".to_owned()),
                _ => None,
            },
            Expr::Paren(inner) => self.type_of(&inner.expr),
            _ => None,
        }
    }

    /// An expression for the VMA at hand, if there is one: a parameter, a local, or the fault's.
    pub fn vma(&self) -> Option<&'static str> {
        let is_vma = |name: &str| {
            let ty = self.variables.get(name).map(String::as_str);
            matches!(ty, Some("&vm_area_struct" | "&mutvm_area_struct"))
        };
        if is_vma("vma") {
            return Some("vma");
        }
        let vmf = self.variables.get("vmf").map(String::as_str);
        match vmf {
            Some("&vm_fault" | "&mutvm_fault") => Some("vmf.vma"),
            _ => None,
        }
    }

    /// The calls of functions, by the last part of the name.
    pub fn calls(&self) -> impl Iterator<Item = (String, &'a syn::ExprCall)> {
        self.expressions.iter().filter_map(|expr| match expr {
            Expr::Call(call) => Some((callee(&call.func)?, call)),
            _ => None,
        })
    }
}

/// The last part of the name of what is called.
pub fn callee(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// Whether a condition asks for a deliberate fault, which is off.
pub fn asks_for_injection(expr: &Expr) -> bool {
    struct Find(bool);
    impl Visit<'_> for Find {
        fn visit_ident(&mut self, name: &proc_macro2::Ident) {
            self.0 |= name == "is_injected";
        }
    }
    let mut find = Find(false);
    find.visit_expr(expr);
    find.0
}

/// Collects what can be mutated. What only a deliberate fault reaches is left out: nothing runs it.
#[derive(Default)]
struct Parts<'a> {
    expressions: Vec<&'a Expr>,
    blocks: Vec<&'a [Stmt]>,
    locals: Vec<&'a Local>,
}

impl<'a> Visit<'a> for Parts<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::If(branch) = expr
            && is_injection_alone(&branch.cond)
        {
            return;
        }
        self.expressions.push(expr);
        visit::visit_expr(self, expr);
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        self.blocks.push(&block.stmts);
        visit::visit_block(self, block);
    }

    fn visit_local(&mut self, local: &'a Local) {
        self.locals.push(local);
        visit::visit_local(self, local);
    }
}

/// `is_injected(…)`, also negated or together with more: code behind it is never run, or always.
fn is_injection_alone(condition: &Expr) -> bool {
    match condition {
        Expr::Call(call) => callee(&call.func).is_some_and(|name| name == "is_injected"),
        Expr::Binary(binary) => {
            matches!(binary.op, syn::BinOp::And(_)) && is_injection_alone(&binary.left)
        }
        _ => false,
    }
}
