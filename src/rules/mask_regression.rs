//! A protection change drops a bit that has to outlive it.

use crate::arch::{Kind, Regression};

use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "mask-regression",
    oracle: Oracle::Invariant,
    summary: "a helper that changes protections drops a bit that has to outlive the change",
    page: include_str!("../../rules/mask-regression.md"),
    check,
};

const HELP: &str = "Add the bit to the mask of what stays, or take it out of the mask of what \
    changes, at every level.";

fn check(input: &Input<'_>) -> Vec<Finding> {
    input.matrix.regressions.iter().map(finding).collect()
}

fn finding(lost: &Regression) -> Finding {
    let function = lost.function.name();
    let kind = lost.kind.word();
    let why = match lost.kind {
        Kind::Caching | Kind::Encryption => {
            "The rest of the attribute is kept, so that what is left is no mode anybody asked for: \
             an entry that a driver made with a protection of its own changes with mprotect()."
        }
        Kind::Special => {
            "An entry that is not special any more is taken for one with a struct page behind it."
        }
        _ => "What the old entry knew of its page is lost without a trace.",
    };
    let variants: Vec<&str> = lost.variants.iter().map(String::as_str).collect();
    Finding {
        file: lost.file.clone(),
        line: lost.line,
        column: 1,
        end_line: lost.line,
        end_column: 2,
        rule: RULE.id,
        severity: Severity::Error,
        function: function.to_owned(),
        message: format!(
            "{function}() drops the {kind} bit {} that {}() sets",
            lost.bits, lost.accessor
        ),
        arches: [lost.arch.clone()].into(),
        condition: None,
        trace: Vec::new(),
        fingerprint: format!("{}|{}|{function}|{kind}", RULE.id, lost.file),
        label: format!("loses it on {} ({})", lost.arch, variants.join(", ")),
        labels: Vec::new(),
        why: why.to_owned(),
        help: HELP.to_owned(),
    }
}
