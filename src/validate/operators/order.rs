//! Statements in another order, where neither needs the other.

use std::collections::BTreeSet;

use syn::visit::Visit;
use syn::{Local, Pat, Stmt};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::{Change, Edit};
use crate::validate::source::{Function, callee, range};

pub const REORDER: Operator = Operator {
    name: "reorder",
    about: "swap two neighbouring definitions that do not need each other",
    find: Find::Function(reorder),
};

fn reorder(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for block in &function.blocks {
        for pair in block.windows(2) {
            let [Stmt::Local(one), Stmt::Local(other)] = pair else {
                continue;
            };
            let (Some(first), Some(second)) = (
                Definition::of(function, one),
                Definition::of(function, other),
            ) else {
                continue;
            };
            if second.uses.contains(&first.name) || first.name == second.name {
                continue;
            }
            changes.push(Change {
                at: range(one).start,
                what: format!("define `{}` before `{}`", second.name, first.name),
                edits: vec![
                    Edit::new(range(one), one_line(function.text(other))),
                    Edit::new(range(other), one_line(function.text(one))),
                ],
            });
        }
    }
    changes
}

/// `let name = …;` without effect: only functions of values are called.
struct Definition {
    name: String,
    uses: BTreeSet<String>,
}

impl Definition {
    fn of(function: &Function<'_>, local: &Local) -> Option<Definition> {
        let Pat::Ident(name) = &local.pat else {
            return None;
        };
        let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
        let mut effects = Effects {
            function,
            uses: BTreeSet::new(),
            are_known: true,
        };
        effects.visit_expr(&init.expr);
        effects.are_known.then(|| Definition {
            name: name.ident.to_string(),
            uses: effects.uses,
        })
    }
}

struct Effects<'f, 'a> {
    function: &'f Function<'a>,
    uses: BTreeSet<String>,
    are_known: bool,
}

impl Visit<'_> for Effects<'_, '_> {
    fn visit_expr_call(&mut self, call: &syn::ExprCall) {
        let types = callee(&call.func).and_then(|name| self.function.signatures.get(&name));
        self.are_known &= types.is_some_and(|types| {
            let is_value = |ty: &String| {
                ["pte_t", "pmd_t", "pud_t", "pgprot_t", "u64", "vm_flags_t"].contains(&ty.as_str())
            };
            types.parameters.iter().all(is_value)
        });
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, _: &syn::ExprMethodCall) {
        self.are_known = false;
    }

    fn visit_macro(&mut self, _: &syn::Macro) {
        self.are_known = false;
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if let Some(name) = path.get_ident() {
            self.uses.insert(name.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    #[test]
    fn only_independent_definitions_are_swapped() {
        let text = "
fn pmd_write(pmd: pmd_t) -> bool {
    true
}
fn split(old: pmd_t, vma: &vm_area_struct) {
    let write = pmd_write(old);
    let prot = vma.vm_page_prot;
    let both = prot;
    let page = alloc(both);
}
";
        let mutants = mutate(&REORDER, text);
        assert_eq!(mutants.len(), 1, "{mutants:?}");
    }
}
