//! What the rules claim, and what explains that two verdicts differ all the same.
//!
//! A rule whose oracle is `invariant` says that something goes wrong at run time. Not all that can go
//! wrong is a rule's business: a page that is counted wrongly is not. Which parts of the invariant a
//! change puts to the test follows from the kind of change, never from the verdicts.

use crate::reference::invariant::Rule;

/// The parts of the invariant that the rules claim to watch when a change of this kind is made.
pub fn asked_for(operator: &str) -> Vec<&'static str> {
    // generic-rebuild, attribute-loss and default-drift: entries keep the attributes of what they map,
    // and vm_page_prot those the driver chose. cow-pfnmap: the insertion API does not stop the kernel.
    let mut parts = vec![Rule::Attributes, Rule::Default, Rule::Bug];
    match operator {
        // prot-constant and prot-recomputed: an entry grants what the VMA does not, or not yet.
        "recompute" | "constant" => {
            parts.extend([Rule::Permissions, Rule::Private, Rule::WriteNotify]);
        }
        // mask-regression: every bit that must outlive a change of protection.
        "drop-mask-bit" | "add-mask-bit" => {
            parts.extend([Rule::Permissions, Rule::Private, Rule::WriteNotify]);
            parts.extend([Rule::Rmap, Rule::Stale, Rule::Dirty, Rule::SoftDirty, Rule::UffdWp]);
        }
        // state-loss: an entry that is rebuilt keeps what user space asked to be told.
        "rebuild-for-modify" | "rebuild-at-install" | "skip-state" | "skip-carry-over" => {
            parts.push(Rule::UffdWp);
        }
        _ => {}
    }
    parts.into_iter().map(name).collect()
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

    #[test]
    fn every_operator_puts_attributes_to_the_test() {
        for operator in super::super::operators::ALL {
            assert!(asked_for(operator.name).contains(&"Attributes"));
        }
    }
}
