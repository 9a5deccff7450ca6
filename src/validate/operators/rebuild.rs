//! Entries made anew where they were modified or kept, and the other way round.

use syn::ExprCall;

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, range};

pub const MODIFY: Operator = Operator {
    name: "rebuild-for-modify",
    about: "construct an entry where the old one was modified",
    find: Find::Function(rebuild_for_modify),
};

pub const INSTALL: Operator = Operator {
    name: "rebuild-at-install",
    about: "construct the entry from vm_page_prot when it is installed",
    find: Find::Function(rebuild_at_install),
};

pub const MODIFY_AGAIN: Operator = Operator {
    name: "modify-at-install",
    about: "modify the entry with vm_page_prot when it is installed",
    find: Find::Function(modify_at_install),
};

/// `p.._modify(old, prot)`.
fn rebuild_for_modify(function: &Function<'_>) -> Vec<Change> {
    function
        .calls()
        .filter_map(|(name, call)| {
            let level = name.strip_suffix("_modify")?;
            let (old, prot) = two(call)?;
            let text = rebuilt(level, function.text(old), function.text(prot))?;
            let what = format!("rebuild instead of `{}`", one_line(function.text(call)));
            Some(Change::new(what, range(call), text))
        })
        .collect()
}

fn rebuild_at_install(function: &Function<'_>) -> Vec<Change> {
    at_install(function, "rebuild", |level, entry, prot| {
        rebuilt(level, entry, prot)
    })
}

fn modify_at_install(function: &Function<'_>) -> Vec<Change> {
    at_install(function, "modify", |level, entry, prot| {
        Some(format!("{level}_modify({entry}, {prot})"))
    })
}

/// Puts something in the place of the entry in `set_p.._at(mm, addr, pointer, entry)`.
fn at_install(
    function: &Function<'_>,
    word: &str,
    make: impl Fn(&str, &str, &str) -> Option<String>,
) -> Vec<Change> {
    let Some(vma) = function.vma() else {
        return Vec::new();
    };
    function
        .calls()
        .filter_map(|(name, call)| {
            let level = name.strip_prefix("set_")?.strip_suffix("_at")?;
            let entry = call.args.last()?;
            if maps_nothing(function, entry) {
                return None;
            }
            let text = make(level, function.text(entry), &format!("{vma}.vm_page_prot"))?;
            let shown = one_line(function.text(entry));
            let what = format!("{word} `{shown}` from {vma}.vm_page_prot");
            Some(Change::new(what, range(entry), text))
        })
        .collect()
}

/// Swap and migration entries, which have neither page frame nor protection.
fn maps_nothing(function: &Function<'_>, entry: &syn::Expr) -> bool {
    let name = function.name();
    let is_about_them = name.contains("swap") || name.contains("nonpresent");
    is_about_them && name != "do_swap_page" || function.text(entry).contains("swp_")
}

fn rebuilt(level: &str, entry: &str, prot: &str) -> Option<String> {
    match level {
        "pte" => Some(format!("mk_pte(pfn_to_page(pte_pfn({entry})), {prot})")),
        "pmd" => Some(format!(
            "mk_huge_pmd(pfn_to_page(pmd_pfn({entry})), {prot})"
        )),
        "pud" => Some(format!("pud_mkhuge(pfn_pud(pud_pfn({entry}), {prot}))")),
        _ => None,
    }
}

fn two(call: &ExprCall) -> Option<(&syn::Expr, &syn::Expr)> {
    match (call.args.first(), call.args.get(1), call.args.len()) {
        (Some(one), Some(other), 2) => Some((one, other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn change(vma: &vm_area_struct, ptep: pte_ptr, prot: pgprot_t) {
    let entry = pte_modify(ptep_get(ptep), prot);
    set_pte_at(vma.vm_mm, 0, ptep, entry);
}
";

    #[test]
    fn an_entry_that_maps_nothing_is_left_alone() {
        let text = "
fn unmap(vma: &vm_area_struct, ptep: pte_ptr) {
    set_pte_at(vma.vm_mm, 0, ptep, swp_pte);
}
";
        assert_eq!(mutate(&INSTALL, text), [""; 0]);
    }

    #[test]
    fn a_modify_becomes_a_construction() {
        assert_eq!(
            mutate(&MODIFY, TEXT),
            ["let entry = mk_pte(pfn_to_page(pte_pfn(ptep_get(ptep))), prot);"]
        );
    }

    #[test]
    fn what_is_installed_is_rebuilt_or_modified() {
        assert_eq!(
            mutate(&INSTALL, TEXT),
            [
                "set_pte_at(vma.vm_mm, 0, ptep, mk_pte(pfn_to_page(pte_pfn(entry)), vma.vm_page_prot));"
            ]
        );
        assert_eq!(
            mutate(&MODIFY_AGAIN, TEXT),
            ["set_pte_at(vma.vm_mm, 0, ptep, pte_modify(entry, vma.vm_page_prot));"]
        );
    }
}
