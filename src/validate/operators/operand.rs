//! Operands in another order, where the order has no meaning.

use syn::{BinOp, Expr};

use super::guard::{condition_text, one_line};
use super::{Find, Operator};
use crate::validate::mutant::{Change, Edit};
use crate::validate::source::{Function, range};

pub const SWAP: Operator = Operator {
    name: "swap-operands",
    about: "write `b == a` for `a == b`, `b && a` for `a && b`, where a VMA or a fault is asked",
    find: Find::Function(swap),
};

fn swap(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for expr in &function.expressions {
        let Expr::Binary(both) = expr else { continue };
        let commutes = match both.op {
            BinOp::Eq(_) | BinOp::Ne(_) => true,
            // Whether the right side is asked at all depends on the left: nothing may happen there.
            BinOp::And(_) | BinOp::Or(_) => !binds(expr),
            _ => false,
        };
        let (left, right) = (&*both.left, &*both.right);
        let asks_a_vma = ["vma", "vmf"]
            .iter()
            .any(|it| function.text(*expr).contains(it));
        if !commutes || !asks_a_vma || function.text(left) == function.text(right) {
            continue;
        }
        let what = match both.op {
            BinOp::And(_) | BinOp::Or(_) => condition_text(function, expr),
            _ => one_line(function.text(expr)),
        };
        changes.push(Change {
            at: range(*expr).start,
            what: format!("swap the sides of `{what}`"),
            edits: vec![
                Edit::new(range(left), bracketed(function, right)),
                Edit::new(range(right), bracketed(function, left)),
            ],
        });
    }
    changes
}

/// In brackets where it may bind less tightly than what it comes to stand in.
fn bracketed(function: &Function<'_>, expr: &Expr) -> String {
    let text = function.text(expr);
    match expr {
        Expr::Binary(_) | Expr::Closure(_) | Expr::Cast(_) => format!("({text})"),
        _ => text.to_owned(),
    }
}

fn binds(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(both) => binds(&both.left) || binds(&both.right),
        Expr::Paren(inner) => binds(&inner.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    #[test]
    fn sides_are_swapped() {
        let text = "
fn f(vma: &vm_area_struct, a: u32, b: u32) {
    if branch(vma.vm_flags & FLAG != 0) && a < b {
        return;
    }
}
";
        assert_eq!(
            mutate(&SWAP, text),
            [
                "if (a < b) && branch(vma.vm_flags & FLAG != 0) {",
                "if branch(0 != (vma.vm_flags & FLAG)) && a < b {",
            ]
        );
    }
}
