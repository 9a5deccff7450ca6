//! A protection change drops a bit that has to outlive it.

use crate::arch::{Effect, Kind, Regression};

use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "mask-regression",
    oracle: Oracle::Invariant,
    summary: "a helper that changes protections drops a bit that has to outlive the change",
    page: include_str!("../../rules/mask-regression.md"),
    check,
};

fn check(input: &Input<'_>) -> Vec<Finding> {
    input.matrix.regressions.iter().map(finding).collect()
}

fn finding(lost: &Regression) -> Finding {
    let function = lost.function.name();
    let kind = lost.kind.word();
    let variants: Vec<&str> = lost.variants.iter().map(String::as_str).collect();
    let variants = variants.join(", ");
    let (message, label, what) = match lost.effect {
        Effect::Writable => (
            format!(
                "{function}() leaves an entry writable when {} takes the place of {}",
                lost.bits, lost.accessor
            ),
            format!("keeps the right on {} ({variants})", lost.arch),
            "write",
        ),
        Effect::Opens => (
            format!(
                "{function}() makes {} accessible when the old protection is {}",
                lost.bits, lost.accessor
            ),
            format!("opens it on {} ({variants})", lost.arch),
            "access",
        ),
        Effect::Drops => (
            format!(
                "{function}() drops the {kind} bit {} that {}() sets",
                lost.bits, lost.accessor
            ),
            format!("loses it on {} ({variants})", lost.arch),
            kind,
        ),
    };
    Finding {
        file: lost.file.clone(),
        line: lost.line,
        column: lost.column,
        end_line: lost.line,
        end_column: lost.column + function.len() as u32,
        rule: RULE.id,
        severity: match lost.kind {
            // Reclaim misjudges a page for a while; nothing is lost.
            Kind::Accessed if lost.effect == Effect::Drops => Severity::Warning,
            _ => Severity::Error,
        },
        function: function.to_owned(),
        message,
        arches: [lost.arch.clone()].into(),
        condition: None,
        trace: Vec::new(),
        witnesses: Vec::new(),
        fingerprint: format!("{}|{}|{function}|{what}", RULE.id, lost.file),
        label,
        labels: Vec::new(),
        why: why(lost).to_owned(),
        help: help(lost),
    }
}

fn why(lost: &Regression) -> &'static str {
    match lost.effect {
        Effect::Opens => {
            return "After mprotect(PROT_NONE), or while NUMA balancing looks at the page, the entry \
                still lets user space through.";
        }
        Effect::Writable => {
            return "Whoever makes a mapping read-only, or wants to be told of the next write, is \
                not obeyed.";
        }
        Effect::Drops => {}
    }
    match lost.kind {
        Kind::Caching | Kind::Encryption => {
            "The rest of the attribute is kept, so that what is left is no mode anybody asked for: \
             an entry that a driver made with a protection of its own changes with mprotect()."
        }
        Kind::Special => {
            "An entry that is not special any more is taken for one with a struct page behind it: \
             its reference count and rmap are changed, though nobody took part in either."
        }
        Kind::Devmap => "The page is taken for one of normal memory, and its life time with it.",
        Kind::Dirty => {
            "A page that was written to is taken for a clean one and is not written back."
        }
        Kind::Accessed => "Reclaim takes a page that is in use for one that is not.",
        Kind::SoftDirty => "Whoever tracks changes, as checkpointing does, misses this one.",
        Kind::UffdWp => "The next write goes through without the fault userfaultfd waits for.",
    }
}

fn help(lost: &Regression) -> String {
    match lost.effect {
        Effect::Opens => {
            "Carry an attribute over only where it does not replace the bits that deny \
            access, and take these from the new protection."
                .to_owned()
        }
        Effect::Writable => "Take the right to write from the new protection.".to_owned(),
        Effect::Drops => format!(
            "Add {} to the mask of what stays, or take it out of the mask of what changes, at \
             every level.",
            lost.bits
        ),
    }
}
