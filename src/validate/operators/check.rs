//! Checks that stop the kernel.

use syn::{Expr, Stmt};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, callee, range};

pub const DROP: Operator = Operator {
    name: "drop-check",
    about: "take a BUG_ON, or a call that only checks, out",
    find: Find::Function(drop_check),
};

/// `BUG_ON(…)`, and calls of functions without a result whose only arguments are a VMA and numbers:
/// all they can do is to stop.
fn drop_check(function: &Function<'_>) -> Vec<Change> {
    let statements = function.blocks.iter().flat_map(|block| block.iter());
    statements
        .filter_map(|statement| {
            let Stmt::Expr(Expr::Call(call), Some(_)) = statement else {
                return None;
            };
            let name = callee(&call.func)?;
            let only_checks = name == "BUG_ON" || name.starts_with("check_");
            if !only_checks {
                return None;
            }
            let lines = function.source.whole_lines(range(statement));
            let what = format!("drop `{}`", one_line(function.text(call)));
            let mut change = Change::new(what, lines, "");
            change.at = range(statement).start;
            Some(change)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    #[test]
    fn checks_go_and_the_rest_stays() {
        let text = "
fn insert(vma: &vm_area_struct, pfn: u64) {
    BUG_ON(pfn == 0, \"nothing\");
    check_insertion(vma);
    set(pfn);
}
";
        assert_eq!(
            mutate(&DROP, text),
            [
                "- BUG_ON(pfn == 0, \"nothing\");",
                "- check_insertion(vma);"
            ]
        );
    }
}
