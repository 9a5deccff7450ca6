//! Helpers written out, and conditions moved into helpers.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use syn::{Expr, FnArg, ItemFn, Pat, Stmt};

use super::guard::{condition_text, guards, one_line};
use super::{Find, Operator};
use crate::validate::mutant::{Change, Edit};
use crate::validate::source::{Function, asks_for_injection, range, type_text};

pub const INLINE: Operator = Operator {
    name: "inline-helper",
    about: "write a small helper of the same file out where it is called",
    find: Find::Function(inline),
};

pub const EXTRACT: Operator = Operator {
    name: "extract-helper",
    about: "move the condition of a guard into a helper",
    find: Find::Function(extract),
};

fn inline(function: &Function<'_>) -> Vec<Change> {
    let helpers: BTreeMap<String, &ItemFn> = function
        .source
        .functions()
        .map(|helper| (helper.sig.ident.to_string(), helper))
        .collect();
    function
        .calls()
        .filter_map(|(name, call)| {
            let helper = helpers.get(&name)?;
            if !matches!(&*call.func, Expr::Path(path) if path.path.get_ident().is_some()) {
                return None;
            }
            let text = written_out(function, helper, call)?;
            let what = format!("write `{}` out", one_line(function.text(call)));
            Some(Change::new(what, range(call), text))
        })
        .collect()
}

/// The body of a helper that is one expression, with arguments in the place of parameters. Arguments
/// have to be mere names, so that nothing happens twice or not at all.
fn written_out(function: &Function<'_>, helper: &ItemFn, call: &syn::ExprCall) -> Option<String> {
    let [Stmt::Expr(body, None)] = helper.block.stmts.as_slice() else {
        return None;
    };
    if matches!(body, Expr::If(_) | Expr::Match(_)) || asks_for_injection(body) {
        return None;
    }
    let mut arguments = BTreeMap::new();
    for (parameter, argument) in helper.sig.inputs.iter().zip(&call.args) {
        let FnArg::Typed(typed) = parameter else {
            return None;
        };
        let Pat::Ident(name) = &*typed.pat else {
            return None;
        };
        if !is_name(argument) {
            return None;
        }
        arguments.insert(name.ident.to_string(), function.text(argument));
    }
    let mut uses = Uses(Vec::new());
    uses.visit_expr(body);
    let start = range(body).start;
    let source = function.text(body);
    let mut text = String::new();
    let mut done = 0;
    for (name, at) in uses.0 {
        let Some(argument) = arguments.get(&name) else {
            continue;
        };
        text.push_str(&source[done..at.start - start]);
        text.push_str(argument);
        done = at.end - start;
    }
    text.push_str(&source[done..]);
    Some(format!("({text})"))
}

/// `a`, `a.b.c`, `&a`.
fn is_name(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_name(&field.base),
        _ => false,
    }
}

/// Single names that are used as values, with their places.
struct Uses(Vec<(String, std::ops::Range<usize>)>);

impl Visit<'_> for Uses {
    fn visit_expr_path(&mut self, path: &syn::ExprPath) {
        if let Some(name) = path.path.get_ident() {
            self.0.push((name.to_string(), range(path)));
        }
        visit::visit_expr_path(self, path);
    }
}

/// A guard whose condition is about parameters of plain types only.
fn extract(function: &Function<'_>) -> Vec<Change> {
    guards(function)
        .into_iter()
        .filter(|(_, guard)| !asks_for_injection(&guard.cond))
        .filter_map(|(statement, guard)| {
            let mut uses = Uses(Vec::new());
            uses.visit_expr(&guard.cond);
            let mut parameters: BTreeMap<String, String> = BTreeMap::new();
            for (name, _) in uses.0 {
                if let Some(ty) = parameter(function, &name) {
                    parameters.insert(name, ty);
                } else if is_local(&name, function) {
                    return None;
                }
            }
            let declared: Vec<String> = parameters
                .iter()
                .map(|(name, ty)| format!("{name}: {ty}"))
                .collect();
            let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
            if names.is_empty() || contains_let(&guard.cond) {
                return None;
            }
            let name = format!("{}_is_turned_away", function.name());
            let helper = format!(
                "fn {name}({}) -> bool {{\n    {}\n}}\n\n",
                declared.join(", "),
                function.text(&guard.cond)
            );
            let what = format!(
                "move `{}` into a helper",
                condition_text(function, &guard.cond)
            );
            let start = range(function.item).start;
            Some(Change {
                at: range(statement).start,
                what,
                edits: vec![
                    Edit::new(start..start, helper),
                    Edit::new(range(&*guard.cond), format!("{name}({})", names.join(", "))),
                ],
            })
        })
        .collect()
}

/// The type of a parameter, if it can be handed on without being moved.
fn parameter(function: &Function<'_>, name: &str) -> Option<String> {
    const COPIES: [&str; 11] = [
        "&vm_area_struct",
        "&vm_fault",
        "u64",
        "u32",
        "pte_t",
        "pmd_t",
        "pud_t",
        "pgprot_t",
        "mm_ptr",
        "page_ptr",
        "vm_flags_t",
    ];
    function.item.sig.inputs.iter().find_map(|input| {
        let FnArg::Typed(typed) = input else {
            return None;
        };
        let is_it = matches!(&*typed.pat, Pat::Ident(ident) if ident.ident == name);
        let ty = type_text(&typed.ty);
        (is_it && COPIES.contains(&ty.as_str())).then_some(ty)
    })
}

/// A name that is neither a constant nor a function: those are not in small letters, or called.
fn is_local(name: &str, function: &Function<'_>) -> bool {
    let is_function = function.signatures.get(name).is_some();
    !is_function && name.chars().any(|c| c.is_ascii_lowercase())
}

fn contains_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(both) => contains_let(&both.left) || contains_let(&both.right),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn branch(condition: bool) -> bool {
    condition
}
fn is_raw(area: &vm_area_struct) -> bool {
    area.vm_flags & RAW != 0
}
fn scan(vma: &vm_area_struct) {
    if branch(is_raw(vma)) {
        return;
    }
}
";

    #[test]
    fn a_helper_is_written_out() {
        let mutants = mutate(&INLINE, TEXT);
        assert_eq!(mutants, ["if branch((vma.vm_flags & RAW != 0)) {"]);
    }

    #[test]
    fn a_condition_moves_into_a_helper() {
        let mutants = mutate(&EXTRACT, TEXT);
        assert_eq!(mutants.len(), 1);
        assert!(mutants[0].contains("fn scan_is_turned_away(vma: &vm_area_struct) -> bool {"));
        assert!(mutants[0].contains("if scan_is_turned_away(vma) {"));
    }
}
