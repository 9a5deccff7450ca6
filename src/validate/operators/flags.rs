//! Tests of VMA flags, and where drivers and insertion APIs set them.

use syn::{BinOp, Expr};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, range};

pub const NARROW: Operator = Operator {
    name: "narrow-flags",
    about: "test one VMA flag less",
    find: Find::Function(narrow),
};

pub const WIDEN: Operator = Operator {
    name: "widen-flags",
    about: "test one VMA flag more",
    find: Find::Function(widen),
};

pub const LEAVE_UNSET: Operator = Operator {
    name: "leave-unset",
    about: "do not set one of several VMA flags",
    find: Find::Function(leave_unset),
};

/// The flags that tell override mappings from others.
const RAW: [&str; 3] = ["VM_PFNMAP", "VM_MIXEDMAP", "VM_IO"];

/// `flags & MASK` where the left side is a VMA's flags: the masks.
fn tested_masks<'a>(function: &Function<'a>) -> Vec<&'a Expr> {
    let are_flags = |expr: &Expr| function.type_of(expr).is_some_and(|ty| ty == "vm_flags_t");
    function
        .expressions
        .iter()
        .filter_map(|expr| match expr {
            Expr::Binary(test) if matches!(test.op, BinOp::BitAnd(_)) => Some(test),
            _ => None,
        })
        .filter(|test| are_flags(&test.left))
        .map(|test| &*test.right)
        .collect()
}

/// The names joined by `|`; empty if anything else is there.
pub(super) fn members<'a>(function: &Function<'a>, mask: &'a Expr) -> Vec<&'a str> {
    match mask {
        Expr::Paren(inner) => members(function, &inner.expr),
        Expr::Binary(both) if matches!(both.op, BinOp::BitOr(_)) => {
            let (mut left, right) = (
                members(function, &both.left),
                members(function, &both.right),
            );
            if left.is_empty() || right.is_empty() {
                return Vec::new();
            }
            left.extend(right);
            left
        }
        Expr::Path(path) if path.path.get_ident().is_some() => vec![function.text(mask)],
        _ => Vec::new(),
    }
}

fn narrow(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for mask in tested_masks(function) {
        let names = members(function, mask);
        for dropped in names.iter().filter(|_| names.len() > 1) {
            let kept: Vec<&str> = names
                .iter()
                .filter(|name| *name != dropped)
                .copied()
                .collect();
            let text = match kept.as_slice() {
                [one] => (*one).to_owned(),
                _ => format!("({})", kept.join(" | ")),
            };
            let what = format!(
                "do not test {dropped} in `{}`",
                one_line(function.text(mask))
            );
            changes.push(Change::new(what, range(mask), text));
        }
    }
    changes
}

fn widen(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for mask in tested_masks(function) {
        let names = members(function, mask);
        let Some(all) = Some(names.join(" | ")).filter(|all| !all.is_empty()) else {
            continue;
        };
        for added in RAW.iter().filter(|flag| !names.contains(flag)) {
            let what = format!("test {added} too in `{}`", one_line(function.text(mask)));
            changes.push(Change::new(what, range(mask), format!("({all} | {added})")));
        }
    }
    changes
}

fn leave_unset(function: &Function<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for expr in &function.expressions {
        let Expr::Binary(set) = expr else { continue };
        let is_flags = function
            .type_of(&set.left)
            .is_some_and(|ty| ty == "vm_flags_t");
        if !matches!(set.op, BinOp::BitOrAssign(_)) || !is_flags {
            continue;
        }
        let names = members(function, &set.right);
        for dropped in &names {
            let kept: Vec<&str> = names
                .iter()
                .filter(|name| *name != dropped)
                .copied()
                .collect();
            let text = match kept.is_empty() {
                true => "0".to_owned(),
                false => kept.join(" | "),
            };
            let what = format!("do not set {dropped}");
            changes.push(Change::new(what, range(&*set.right), text));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn may(vma: &vm_area_struct) -> bool {
    vma.vm_flags & (VM_IO | VM_PFNMAP) == 0
}
fn set(vma: &mut vm_area_struct) {
    vma.vm_flags |= VM_PFNMAP | VM_IO;
}
";

    #[test]
    fn each_flag_is_left_out_of_the_test() {
        assert_eq!(
            mutate(&NARROW, TEXT),
            ["vma.vm_flags & VM_PFNMAP == 0", "vma.vm_flags & VM_IO == 0"]
        );
    }

    #[test]
    fn a_flag_is_tested_too() {
        assert_eq!(
            mutate(&WIDEN, TEXT),
            ["vma.vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP) == 0"]
        );
    }

    #[test]
    fn each_flag_is_not_set() {
        assert_eq!(
            mutate(&LEAVE_UNSET, TEXT),
            ["vma.vm_flags |= VM_IO;", "vma.vm_flags |= VM_PFNMAP;"]
        );
    }
}
