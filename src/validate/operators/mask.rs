//! Masks of the architectures' helpers.

use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Item, ItemConst, Pat};

use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Source, range};

pub const DROP: Operator = Operator {
    name: "drop-mask-bit",
    about: "take a bit out of a mask that a change of protection goes by",
    find: Find::Arch(drop_bit),
};

pub const ADD: Operator = Operator {
    name: "add-mask-bit",
    about: "put a bit into a mask that a change of protection goes by",
    find: Find::Arch(add_bit),
};

/// A mask: what is joined by `|`, in one place.
struct Mask<'a> {
    /// What it is called.
    name: String,
    /// All of it.
    expr: &'a Expr,
    /// What is joined.
    parts: Vec<&'a Expr>,
}

/// The masks that `p.._modify()` and `pgprot_modify()` go by, and nobody else: constants that they
/// name, directly or through other constants, and locals of theirs.
fn masks(source: &Source) -> Vec<Mask<'_>> {
    let is_modify = |name: &str| name.ends_with("_modify");
    let mut used = Names::default();
    let mut used_elsewhere = Names::default();
    let mut found = Vec::new();
    for function in source.functions() {
        if !is_modify(&function.sig.ident.to_string()) {
            used_elsewhere.visit_block(&function.block);
            continue;
        }
        used.visit_block(&function.block);
        for statement in &function.block.stmts {
            if let syn::Stmt::Local(local) = statement
                && let Pat::Ident(name) = &local.pat
                && let Some(init) = &local.init
            {
                found.push((name.ident.to_string(), &*init.expr));
            }
        }
    }
    let constants = constants(source);
    // Constants are defined before they are used, so that backwards is outwards in.
    for constant in constants.iter().rev() {
        let name = constant.ident.to_string();
        if used.0.contains(&name) && !used_elsewhere.0.contains(&name) {
            used.visit_expr(&constant.expr);
            found.push((constant.ident.to_string(), &*constant.expr));
        }
    }
    found
        .into_iter()
        .map(|(name, expr)| Mask {
            name,
            expr,
            parts: joined(expr),
        })
        .filter(|mask| mask.parts.len() > 1)
        .collect()
}

fn constants(source: &Source) -> Vec<&ItemConst> {
    let items = source.tree.items.iter();
    items
        .filter_map(|item| match item {
            Item::Const(constant) => Some(constant),
            _ => None,
        })
        .collect()
}

fn drop_bit(source: &Source) -> Vec<Change> {
    let mut changes = Vec::new();
    for mask in masks(source) {
        for dropped in 0..mask.parts.len() {
            let kept: Vec<&str> = (0..mask.parts.len())
                .filter(|part| *part != dropped)
                .map(|part| source.text_of(mask.parts[part]))
                .collect();
            let bit = source.text_of(mask.parts[dropped]);
            let what = format!("take {bit} out of {}", mask.name);
            let mut change = Change::new(what, range(mask.expr), kept.join(" | "));
            change.at = range(mask.parts[dropped]).start;
            changes.push(change);
        }
    }
    changes
}

/// Adds each single bit that the file knows and the mask does not name.
fn add_bit(source: &Source) -> Vec<Change> {
    let is_bit =
        |expr: &Expr| matches!(expr, Expr::Binary(shift) if matches!(shift.op, BinOp::Shl(_)));
    let bits: Vec<String> = constants(source)
        .into_iter()
        .filter(|constant| is_bit(&constant.expr))
        .map(|constant| constant.ident.to_string())
        .filter(|name| !name.contains("_SWP_"))
        .collect();
    let mut changes = Vec::new();
    for mask in masks(source) {
        let known: Vec<&str> = mask
            .parts
            .iter()
            .map(|part| source.text_of(*part))
            .collect();
        for bit in bits.iter().filter(|bit| !known.contains(&bit.as_str())) {
            let what = format!("put {bit} into {}", mask.name);
            let text = format!("{} | {bit}", source.text_of(mask.expr));
            changes.push(Change::new(what, range(mask.expr), text));
        }
    }
    changes
}

/// The names joined by `|`; none if anything else is done.
fn joined(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary(both) if matches!(both.op, BinOp::BitOr(_)) => {
            let (mut left, right) = (joined(&both.left), joined(&both.right));
            if left.is_empty() || right.is_empty() {
                return Vec::new();
            }
            left.extend(right);
            left
        }
        Expr::Path(_) => vec![expr],
        _ => Vec::new(),
    }
}

/// Names that occur.
#[derive(Default)]
struct Names(std::collections::BTreeSet<String>);

impl Visit<'_> for Names {
    fn visit_path(&mut self, path: &syn::Path) {
        if let Some(name) = path.get_ident() {
            self.0.insert(name.to_string());
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
const PRESENT: u64 = 1 << 0;
const SPECIAL: u64 = 1 << 9;
const PCD: u64 = 1 << 4;
const COMMON: u64 = SPECIAL | PCD;
const UNUSED: u64 = SPECIAL | PCD;
const CACHE: u64 = SPECIAL | PCD;
fn pte_modify(old: pte_t, newprot: pgprot_t) -> pte_t {
    pte_t((old.0 & COMMON & !CACHE) | (newprot.0 & !COMMON))
}
fn attributes() -> u64 {
    CACHE
}
";

    #[test]
    fn each_bit_is_taken_out() {
        assert_eq!(
            mutate(&DROP, TEXT),
            ["const COMMON: u64 = PCD;", "const COMMON: u64 = SPECIAL;"]
        );
    }

    #[test]
    fn each_other_bit_is_put_in() {
        assert_eq!(
            mutate(&ADD, TEXT),
            ["const COMMON: u64 = SPECIAL | PCD | PRESENT;"]
        );
    }
}
