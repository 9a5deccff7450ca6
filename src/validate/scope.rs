//! What the rules claim, and what explains that two verdicts differ all the same.
//!
//! A rule whose oracle is `invariant` says that something goes wrong at run time. Not all that can go
//! wrong is a rule's business: a page that is counted wrongly is not. Which parts of the invariant a
//! change puts to the test follows from the kind of change, never from the verdicts.

use super::mutant::Mutant;
use crate::reference::invariant::Rule;

/// The parts of the invariant that the rules claim to watch when such a change is made in such a place.
pub fn asked_for(mutant: &Mutant) -> Vec<&'static str> {
    if no_claim(mutant).is_some() {
        return Vec::new();
    }
    // generic-rebuild, attribute-loss and default-drift: entries keep the attributes of what they map,
    // and vm_page_prot those the driver chose. cow-pfnmap: the insertion API does not stop the kernel.
    let mut parts = vec![Rule::Attributes, Rule::Default, Rule::Bug];
    match mutant.operator {
        // prot-constant and prot-recomputed: an entry grants what the VMA does not, or not yet.
        "recompute" | "constant" => {
            parts.extend([Rule::Permissions, Rule::Private, Rule::WriteNotify]);
            parts.extend([Rule::SoftDirty, Rule::UffdWp]);
        }
        // mask-regression: every bit that must outlive a change of protection.
        "drop-mask-bit" | "add-mask-bit" => {
            parts.extend([Rule::Permissions, Rule::Private, Rule::WriteNotify]);
            parts.extend([Rule::Rmap, Rule::Stale, Rule::Dirty]);
            parts.extend([Rule::SoftDirty, Rule::UffdWp]);
        }
        // state-loss: an entry that is made anew in a slot that held another, or gets a copy of another,
        // keeps what user space asked to be told. That soft-dirty alone is lost is a note.
        "rebuild-for-modify" | "rebuild-at-install" if mutant.replaces => parts.push(Rule::UffdWp),
        "skip-state" | "skip-carry-over" if mutant.constructs && mutant.replaces => {
            parts.push(Rule::UffdWp);
        }
        _ => {}
    }
    parts.into_iter().map(name).collect()
}

/// Why no rule makes a claim about a change, if none does.
pub fn no_claim(mutant: &Mutant) -> Option<&'static str> {
    let is_driver = mutant.file.starts_with("drivers/");
    match (mutant.operator, mutant.file.as_str()) {
        ("drop-attribute" | "drop-decision", _) => {
            Some("which protection a mapping needs is its driver's to say")
        }
        ("re-read", _) if is_driver => {
            Some("which protection a mapping needs is its driver's to say")
        }
        (_, "mm/pgtable.rs" | "mm/page.rs") => {
            Some("what a primitive on entries or pages does is known by its name")
        }
        (_, "mm/rmap.rs") => Some("what an rmap walk finds is an axiom"),
        (_, "mm/zap.rs") => Some("an entry that stays where it should have gone is not made"),
        _ => None,
    }
}

/// What a rule's page, or the vocabulary, says of its limits where it touches such a change: the two
/// verdicts may differ there. Like a claim it follows from the kind of change and its place.
pub fn stated_limit(mutant: &Mutant) -> Option<&'static str> {
    let what = mutant.what.as_str();
    let is_about = |names: &[&str]| names.iter().any(|name| what.contains(name));
    let is_guard = matches!(
        mutant.operator,
        "drop-guard" | "negate-condition" | "drop-half"
    );
    if let Some(reason) = no_claim(mutant) {
        return Some(reason);
    }
    match (mutant.operator, mutant.file.as_str(), mutant.item.as_str()) {
        (_, "mm/insert.rs", "check_insertion") => {
            Some("what an insertion API enforces is in the vocabulary")
        }
        (_, _, "io_remap_pfn_range") => Some("an insertion API is known by its name"),
        (_, "mm/vma.rs", "vma_set_page_prot" | "vm_pgprot_modify") => {
            Some("default-drift asks what pgprot_modify() keeps, not who calls it")
        }
        (_, "mm/mmap.rs", _) if is_guard => {
            Some("which mappings there are, and which tables stay, is decided before protections")
        }
        (_, file, _) if is_guard && file.starts_with("drivers/") && !is_about(&["flags"]) => {
            Some("what memory a mapping shows is its driver's to say")
        }
        _ if is_guard && is_about(&["pte_present", "pmd_leaf", "pud_leaf"]) => {
            Some("that an entry is taken for one of another kind is not asked")
        }
        ("modify-at-install", ..) => {
            Some("that an entry which is modified is present is not asked")
        }
        ("drop-mask-bit" | "add-mask-bit", ..)
            if is_about(&["PFN_MASK", "_PAGE_PSE", "PTE_TABLE_BIT", "PROTNONE"]) =>
        {
            Some("the page frame and the kind of an entry are no attribute and no state")
        }
        ("drop-mask-bit" | "add-mask-bit", ..) if is_about(&["_PAGE_ACCESSED", "PTE_AF"]) => {
            Some("the model does not ask whether a page is known to be in use: a warning")
        }
        ("drop-mask-bit" | "add-mask-bit", "arch/riscv.rs", _) if is_about(&["_PAGE_IO"]) => Some(
            "attributes are judged as a whole; no driver of the model overrides with this value",
        ),
        ("rebuild-at-install", ..) if !mutant.replaces => {
            Some("the page of an entry that was made a moment ago is not followed")
        }
        ("recompute", "drivers/ttm.rs", _) => Some(
            "the model does not ask that pfn_mkwrite is told, nor for soft-dirty where VM_PFNMAP is set",
        ),
        ("recompute", "mm/numa.rs", _) => {
            Some("that only pages of private mappings are moved is not asked by prot-recomputed")
        }
        ("constant", _, item) if item.ends_with("_mmap") => Some(
            "prot-constant reports what mmap stores, though vma_set_page_prot() runs behind it",
        ),
        _ => None,
    }
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Bug => "Bug",
        Rule::Default => "Default",
        Rule::Attributes => "Attributes",
        Rule::Permissions => "Permissions",
        Rule::Private => "Private",
        Rule::Rmap => "Rmap",
        Rule::Stale => "Stale",
        Rule::Dirty => "Dirty",
        Rule::SoftDirty => "SoftDirty",
        Rule::UffdWp => "UffdWp",
        Rule::WriteNotify => "WriteNotify",
        Rule::Accounting => "Accounting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_the_judge_uses() {
        for rule in [Rule::Bug, Rule::UffdWp, Rule::WriteNotify, Rule::Accounting] {
            assert_eq!(name(rule), format!("{rule:?}"));
        }
    }

    fn mutant(operator: &'static str, file: &str, constructs: bool) -> Mutant {
        Mutant {
            number: 1,
            operator,
            file: file.to_owned(),
            line: 1,
            item: String::new(),
            constructs,
            replaces: constructs,
            what: String::new(),
            text: String::new(),
        }
    }

    #[test]
    fn claims_follow_from_the_kind_of_change_and_the_place() {
        let guard = asked_for(&mutant("drop-guard", "mm/numa.rs", true));
        assert_eq!(guard, ["Attributes", "Default", "Bug"]);
        let rebuilt = asked_for(&mutant("skip-state", "mm/migrate.rs", true));
        assert!(rebuilt.contains(&"UffdWp"));
        let modified = asked_for(&mutant("skip-state", "mm/mprotect.rs", false));
        assert!(!modified.contains(&"UffdWp"));
        assert!(asked_for(&mutant("drop-guard", "mm/zap.rs", false)).is_empty());
    }
}
