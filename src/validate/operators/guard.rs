//! Guards: conditions that turn a use away.

use syn::spanned::Spanned;
use syn::{BinOp, Block, Expr, ExprIf, Stmt, UnOp};

use super::{Find, Operator};
use crate::validate::mutant::{Change, Edit};
use crate::validate::source::{Function, asks_for_injection, callee, range};

pub const DROP: Operator = Operator {
    name: "drop-guard",
    about: "take an early return, or `continue`, out",
    find: Find::Function(drop_guard),
};

pub const NEGATE: Operator = Operator {
    name: "negate-condition",
    about: "turn a condition round",
    find: Find::Function(negate),
};

pub const DROP_HALF: Operator = Operator {
    name: "drop-half",
    about: "keep one side of `a && b` or `a || b`",
    find: Find::Function(drop_half),
};

pub const DUPLICATE: Operator = Operator {
    name: "duplicate-guard",
    about: "ask the same of a VMA or a fault twice",
    find: Find::Function(duplicate),
};

pub const NEST: Operator = Operator {
    name: "nest-guard",
    about: "make two nested conditions of `a && b`",
    find: Find::Function(nest),
};

/// `if … { return …; }` as a statement.
pub(super) fn guards<'a>(function: &Function<'a>) -> Vec<(&'a Stmt, &'a ExprIf)> {
    let statements = function.blocks.iter().flat_map(|block| block.iter());
    statements
        .filter_map(|statement| match statement {
            Stmt::Expr(Expr::If(guard), _) if is_guard(guard) => Some((statement, guard)),
            _ => None,
        })
        .collect()
}

fn is_guard(guard: &ExprIf) -> bool {
    let asks_alone = matches!(&*guard.cond, Expr::Call(call)
        if callee(&call.func).is_some_and(|name| name == "is_injected"));
    guard.else_branch.is_none() && leaves(&guard.then_branch) && !asks_alone
}

fn leaves(block: &Block) -> bool {
    matches!(
        block.stmts.last(),
        Some(Stmt::Expr(
            Expr::Return(_) | Expr::Continue(_) | Expr::Break(_),
            _
        ))
    )
}

fn drop_guard(function: &Function<'_>) -> Vec<Change> {
    guards(function)
        .into_iter()
        .map(|(statement, guard)| {
            let condition = condition_text(function, &guard.cond);
            let lines = function.source.whole_lines(range(statement));
            let mut change = Change::new(format!("drop the guard `{condition}`"), lines, "");
            change.at = range(statement).start;
            change
        })
        .collect()
}

fn duplicate(function: &Function<'_>) -> Vec<Change> {
    guards(function)
        .into_iter()
        .filter(|(_, guard)| !contains_let(&guard.cond))
        .filter(|(_, guard)| {
            let condition = function.text(&guard.cond);
            condition.contains("vma") || condition.contains("vmf")
        })
        .map(|(statement, guard)| {
            let condition = condition_text(function, &guard.cond);
            let text = format!("{0}\n{0}", function.text(statement));
            let what = format!("ask `{condition}` twice");
            Change::new(what, range(statement), text)
        })
        .collect()
}

fn negate(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for condition in conditions(function) {
        for atom in atoms(condition) {
            let atom = inside_branch(atom);
            let what = format!("negate `{}`", one_line(function.text(atom)));
            changes.push(Change::new(what, range(atom), negated(function, atom)));
        }
    }
    changes
}

fn drop_half(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for expr in &function.expressions {
        let Expr::Binary(both) = expr else { continue };
        if !matches!(both.op, BinOp::And(_) | BinOp::Or(_)) || contains_let(expr) {
            continue;
        }
        for (kept, dropped) in [(&both.left, &both.right), (&both.right, &both.left)] {
            if asks_for_injection(dropped) {
                continue;
            }
            let what = format!("do not ask `{}`", condition_text(function, dropped));
            let mut change = Change::new(what, range(expr), function.text(kept));
            change.at = range(&**dropped).start;
            changes.push(change);
        }
    }
    changes
}

fn nest(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for expr in &function.expressions {
        let Expr::If(outer) = expr else { continue };
        let Expr::Binary(both) = &*outer.cond else {
            continue;
        };
        let is_and = matches!(both.op, BinOp::And(_));
        if !is_and || outer.else_branch.is_some() || contains_let(&outer.cond) {
            continue;
        }
        let (left, right) = (function.text(&both.left), function.text(&both.right));
        let body = function.text(&outer.then_branch);
        changes.push(Change::new(
            format!("nest `{}`", condition_text(function, &outer.cond)),
            range(expr),
            format!("if {left} {{\nif {right} {body}\n}}"),
        ));
    }
    changes
}

/// What is asked: conditions of `if`, and the results of functions that answer yes or no.
fn conditions<'a>(function: &Function<'a>) -> Vec<&'a Expr> {
    let mut conditions: Vec<&Expr> = function
        .expressions
        .iter()
        .filter_map(|expr| match expr {
            Expr::If(branch) => Some(&*branch.cond),
            _ => None,
        })
        .collect();
    let answers_yes_or_no = matches!(
        &function.item.sig.output,
        syn::ReturnType::Type(_, ty) if crate::validate::source::type_text(ty) == "bool"
    );
    if answers_yes_or_no
        && let Some(Stmt::Expr(result, None)) = function.item.block.stmts.last()
        && !matches!(result, Expr::If(_) | Expr::Match(_))
    {
        conditions.push(result);
    }
    conditions
}

/// The conditions joined by `&&` and `||`, without those that bind or that ask for a deliberate fault.
fn atoms(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::Binary(both) if matches!(both.op, BinOp::And(_) | BinOp::Or(_)) => {
            let mut found = atoms(&both.left);
            found.extend(atoms(&both.right));
            found
        }
        Expr::Paren(inner) => atoms(&inner.expr),
        Expr::Let(_) => Vec::new(),
        _ if asks_for_injection(condition) => Vec::new(),
        _ => vec![condition],
    }
}

/// What `branch(…)` passes on.
pub(super) fn inside_branch(condition: &Expr) -> &Expr {
    match condition {
        Expr::Call(call) if callee(&call.func).is_some_and(|name| name == "branch") => {
            call.args.first().unwrap_or(condition)
        }
        _ => condition,
    }
}

fn negated(function: &Function<'_>, condition: &Expr) -> String {
    let text = function.text(condition);
    match condition {
        Expr::Unary(not) if matches!(not.op, UnOp::Not(_)) => function.text(&not.expr).to_owned(),
        Expr::Binary(both) => {
            let other = match both.op {
                BinOp::Eq(_) => "!=",
                BinOp::Ne(_) => "==",
                BinOp::Lt(_) => ">=",
                BinOp::Ge(_) => "<",
                BinOp::Gt(_) => "<=",
                BinOp::Le(_) => ">",
                _ => return format!("!({text})"),
            };
            let operator = both.op.span().byte_range();
            let start = range(condition).start;
            let (before, after) = (operator.start - start, operator.end - start);
            format!("{}{other}{}", &text[..before], &text[after..])
        }
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Path(_) | Expr::Paren(_) => format!("!{text}"),
        _ => format!("!({text})"),
    }
}

fn contains_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(both) => contains_let(&both.left) || contains_let(&both.right),
        _ => false,
    }
}

/// A condition without `branch()`, on one line.
pub(super) fn condition_text(function: &Function<'_>, condition: &Expr) -> String {
    let source = function.text(condition);
    let edits: Vec<Edit> = function
        .calls()
        .filter(|(name, _)| name == "branch")
        .filter(|(_, call)| {
            let (outer, inner) = (range(condition), range(*call));
            outer.start <= inner.start && inner.end <= outer.end
        })
        .flat_map(|(_, call)| {
            let (whole, inner) = (range(call), range(&call.args));
            [
                Edit::new(whole.start..inner.start, ""),
                Edit::new(inner.end..whole.end, ""),
            ]
        })
        .collect();
    let start = range(condition).start;
    let mut text = String::new();
    let mut done = start;
    for edit in edits {
        if edit.range.start >= done {
            text.push_str(&source[done - start..edit.range.start - start]);
            done = edit.range.end;
        }
    }
    text.push_str(&source[done - start..]);
    one_line(&text)
}

/// Text with each run of white space made one blank.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const SPLIT: &str = "
fn split(vma: &vm_area_struct, a: u64) {
    if branch(!vma_is_anonymous(vma)) && branch(a < 3) {
        return;
    }
    rebuild(vma);
}
";

    #[test]
    fn a_guard_goes_as_a_whole() {
        let gone = "- if branch(!vma_is_anonymous(vma)) && branch(a < 3) { return; }";
        assert_eq!(mutate(&DROP, SPLIT), [gone]);
    }

    #[test]
    fn each_condition_is_turned_round() {
        assert_eq!(
            mutate(&NEGATE, SPLIT),
            [
                "if branch(vma_is_anonymous(vma)) && branch(a < 3) {",
                "if branch(!vma_is_anonymous(vma)) && branch(a >= 3) {",
            ]
        );
    }

    #[test]
    fn a_function_that_answers_yes_or_no_is_a_condition() {
        let text = "
fn is_cow(flags: u32) -> bool {
    flags & VM_SHARED == 0
}
";
        assert_eq!(mutate(&NEGATE, text), ["flags & VM_SHARED != 0"]);
    }

    #[test]
    fn each_half_is_dropped() {
        assert_eq!(
            mutate(&DROP_HALF, SPLIT),
            ["if branch(a < 3) {", "if branch(!vma_is_anonymous(vma)) {"]
        );
    }

    #[test]
    fn what_asks_for_a_deliberate_fault_stays() {
        let text = "
fn scan(vma: &vm_area_struct) {
    if branch(!ok(vma)) && !is_injected(FAULT) {
        return;
    }
    if is_injected(FAULT) {
        return;
    }
}
";
        assert_eq!(mutate(&DROP_HALF, text), ["if !is_injected(FAULT) {"]);
        assert_eq!(
            mutate(&NEGATE, text),
            ["if branch(ok(vma)) && !is_injected(FAULT) {"]
        );
        assert_eq!(mutate(&DROP, text).len(), 1);
    }

    #[test]
    fn guards_are_doubled_and_nested() {
        assert_eq!(
            mutate(&DUPLICATE, SPLIT),
            ["if branch(!vma_is_anonymous(vma)) && branch(a < 3) { return; }"]
        );
        assert_eq!(
            mutate(&NEST, SPLIT),
            ["if branch(!vma_is_anonymous(vma)) { if branch(a < 3) { }"]
        );
    }
}
