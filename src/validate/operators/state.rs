//! State bits of entries: set, cleared, carried over.

use syn::{Expr, Stmt};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, range};

pub const SKIP: Operator = Operator {
    name: "skip-state",
    about: "leave out a change of one bit of an entry",
    find: Find::Function(skip),
};

pub const SKIP_BRANCH: Operator = Operator {
    name: "skip-carry-over",
    about: "do not carry a bit of the old entry over",
    find: Find::Function(skip_branch),
};

/// `f(entry)` that gives an entry of the same kind: `entry` stays.
fn skip(function: &Function<'_>) -> Vec<Change> {
    function
        .calls()
        .filter_map(|(name, call)| {
            let types = function.signatures.get(&name)?;
            let entry = types.parameters.first()?;
            let is_entry = ["pte_t", "pmd_t", "pud_t"].contains(&entry.as_str());
            if !is_entry || *entry != types.result || name.ends_with("_mkhuge") {
                return None;
            }
            let changes_a_bit = call.args.len() == 1 || name.starts_with("maybe_");
            let argument = call.args.first().filter(|_| changes_a_bit)?;
            let what = format!("leave {name} out of `{}`", one_line(function.text(call)));
            Some(Change::new(what, range(call), function.text(argument)))
        })
        .collect()
}

/// `if … { entry = f(entry); }`, with an `else` that does likewise or without.
fn skip_branch(function: &Function<'_>) -> Vec<Change> {
    let statements = function.blocks.iter().flat_map(|block| block.iter());
    statements
        .filter_map(|statement| {
            let Stmt::Expr(expr @ Expr::If(_), _) = statement else {
                return None;
            };
            if !only_changes_an_entry(function, expr) {
                return None;
            }
            let lines = function.source.whole_lines(range(statement));
            let what = format!("leave out `{}`", one_line(function.text(statement)));
            let mut change = Change::new(what, lines, "");
            change.at = range(statement).start;
            Some(change)
        })
        .collect()
}

fn only_changes_an_entry(function: &Function<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::If(branch) => {
            let otherwise = branch.else_branch.as_ref();
            is_change(function, &branch.then_branch)
                && otherwise.is_none_or(|(_, other)| only_changes_an_entry(function, other))
        }
        Expr::Block(block) => is_change(function, &block.block),
        _ => false,
    }
}

fn is_change(function: &Function<'_>, block: &syn::Block) -> bool {
    let [Stmt::Expr(Expr::Assign(assign), Some(_))] = block.stmts.as_slice() else {
        return false;
    };
    let Expr::Call(call) = &*assign.right else {
        return false;
    };
    let name = function.text(&assign.left);
    call.args.len() == 1
        && call
            .args
            .first()
            .is_some_and(|arg| function.text(arg) == name)
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn pte_mkdirty(pte: pte_t) -> pte_t {
    pte
}
fn pte_mkyoung(pte: pte_t) -> pte_t {
    pte
}
fn carry(old: pte_t) {
    let mut entry = pte_mkdirty(pte_mkyoung(old));
    if branch(pte_dirty(old)) {
        entry = pte_mkdirty(entry);
    }
}
";

    #[test]
    fn each_bit_is_left_alone() {
        assert_eq!(
            mutate(&SKIP, TEXT),
            [
                "let mut entry = pte_mkyoung(old);",
                "let mut entry = pte_mkdirty(old);",
                "entry = entry;",
            ]
        );
    }

    #[test]
    fn a_bit_is_not_carried_over() {
        assert_eq!(
            mutate(&SKIP_BRANCH, TEXT),
            ["- if branch(pte_dirty(old)) { entry = pte_mkdirty(entry); }"]
        );
    }
}
