//! Calls that decide on a protection.

use syn::{Expr, Stmt};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::{Change, Edit};
use crate::validate::source::{Function, callee, range};

pub const DROP: Operator = Operator {
    name: "drop-decision",
    about: "take out a call or a store that decides on a protection",
    find: Find::Function(drop_decision),
};

pub const SWAP_ARGUMENTS: Operator = Operator {
    name: "swap-arguments",
    about: "swap two arguments of one type",
    find: Find::Function(swap_arguments),
};

/// `f(…, &mut prot, …);`, `f(&mut vma);` of the protection, and `….vm_page_prot = …;`.
fn drop_decision(function: &Function<'_>) -> Vec<Change> {
    let statements = function.blocks.iter().flat_map(|block| block.iter());
    statements
        .filter_map(|statement| {
            let Stmt::Expr(expr, Some(_)) = statement else {
                return None;
            };
            let decides = match expr {
                Expr::Call(call) => {
                    let name = callee(&call.func)?;
                    name == "vma_set_page_prot"
                        || call.args.iter().any(|arg| takes_prot(function, arg))
                }
                Expr::Assign(store) => {
                    matches!(&*store.left, Expr::Field(_))
                        && function
                            .type_of(&store.left)
                            .is_some_and(|ty| ty == "pgprot_t")
                }
                _ => false,
            };
            if !decides {
                return None;
            }
            let what = format!("drop `{}`", one_line(function.text(statement)));
            let lines = function.source.whole_lines(range(statement));
            let mut change = Change::new(what, lines, "");
            change.at = range(statement).start;
            Some(change)
        })
        .collect()
}

fn takes_prot(function: &Function<'_>, argument: &Expr) -> bool {
    match argument {
        Expr::Reference(reference) => {
            let is_prot = |ty: String| ty == "pgprot_t";
            reference.mutability.is_some() && function.type_of(&reference.expr).is_some_and(is_prot)
        }
        _ => false,
    }
}

/// Two arguments whose parameters are protections, or entries.
fn swap_arguments(function: &Function<'_>) -> Vec<Change> {
    const TYPES: [&str; 4] = ["pgprot_t", "pte_t", "pmd_t", "pud_t"];
    let mut changes = Vec::new();
    for (name, call) in function.calls() {
        let Some(types) = function.signatures.get(&name) else {
            continue;
        };
        let arguments: Vec<&Expr> = call.args.iter().collect();
        let is_swapped = |i: usize, j: usize| {
            let (one, other) = (types.parameters.get(i), types.parameters.get(j));
            one == other && one.is_some_and(|ty| TYPES.contains(&ty.as_str()))
        };
        for j in 1..arguments.len() {
            for i in (0..j).filter(|&i| is_swapped(i, j)) {
                let (one, other) = (arguments[i], arguments[j]);
                changes.push(Change {
                    at: range(call).start,
                    what: format!("swap arguments of `{}`", one_line(function.text(call))),
                    edits: vec![
                        Edit::new(range(one), function.text(other)),
                        Edit::new(range(other), function.text(one)),
                    ],
                });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn pgprot_modify(oldprot: pgprot_t, newprot: pgprot_t) -> pgprot_t {
    newprot
}
fn insert(vma: &mut vm_area_struct, pfn: u64, prot: pgprot_t) {
    track_pfn_insert(vma, &mut prot, pfn);
    vma.vm_page_prot = pgprot_modify(vma.vm_page_prot, prot);
    vma_set_page_prot(vma);
}
";

    #[test]
    fn decisions_are_dropped() {
        assert_eq!(
            mutate(&DROP, TEXT),
            [
                "- track_pfn_insert(vma, &mut prot, pfn);",
                "- vma.vm_page_prot = pgprot_modify(vma.vm_page_prot, prot);",
                "- vma_set_page_prot(vma);",
            ]
        );
    }

    #[test]
    fn protections_are_swapped() {
        assert_eq!(
            mutate(&SWAP_ARGUMENTS, TEXT),
            ["vma.vm_page_prot = pgprot_modify(prot, vma.vm_page_prot);"]
        );
    }
}
