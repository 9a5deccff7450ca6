//! An entry is made anew and leaves behind what the old one remembered.

use crate::analysis::{Rebuilt, Unwatched, rebuilt, unwatched};

use super::draft::{Site, Text};
use super::{Finding, Input, Oracle, Rule, Severity};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "state-loss",
    oracle: Oracle::Invariant,
    summary: "a new entry takes the place of an old one without its uffd-wp or soft-dirty state",
    page: include_str!("../../rules/state-loss.md"),
    check,
};

/// The state whose loss alone is only worth knowing: who tracks soft-dirty pages is told of one
/// change too few, and nothing is let through.
const MINOR: &str = "soft-dirty";

const WHY: &str = "The page is not write-protected for userfaultfd any more: the next write goes \
    through without the fault that a snapshot or a live migration waits for, and memory that was \
    to be saved first is overwritten.";
const WHY_MINOR: &str = "Whoever clears soft-dirty bits and looks for them later, as checkpointing \
    does, takes the page for an unchanged one.";
const HELP: &str = "Ask the old entry and set the state in the new one before it is installed: \
    `if (pte_uffd_wp(old)) new = pte_mkuffd_wp(new);`, with huge_pte_…() for hugetlb. Hand the old \
    entry to the function that installs the new one.";

const WHY_UNWATCHED: &str = "A page comes back from migration with the right to write that its \
    entry remembers. The next write makes no fault and is not noted, so whoever clears soft-dirty \
    bits and looks for them later, as checkpointing does, takes the page for an unchanged one.";
const HELP_UNWATCHED: &str = "Take the right to write from a migration entry as pte_wrprotect() \
    does from a present one: make_readable_migration_entry(swp_offset(entry)), where \
    is_writable_migration_entry(entry).";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let rebuilt = rebuilt(input.program, input.dictionary, input.uses);
    let rebuilt = rebuilt.iter().map(|one| finding(input, one));
    let unwatched = unwatched(input.program, input.dictionary);
    let unwatched = unwatched.iter().map(|one| still_writable(input, one));
    rebuilt.chain(unwatched).collect()
}

/// An entry that lost a state and kept the right to write.
fn still_writable(input: &Input<'_>, one: &Unwatched) -> Finding {
    let function = input.program.function(one.function).name;
    let state = &one.state;
    let text = Text {
        message: format!(
            "`{function}` takes {state} from a page in migration, which stays writable"
        ),
        label: "written back with the right to write".to_owned(),
        why: WHY_UNWATCHED,
        help: HELP_UNWATCHED,
        what: "unwatched".to_owned(),
    };
    let site = |span| Site {
        function: one.function,
        span,
    };
    let (cleared, install) = (site(one.cleared), site(one.install));
    let mut finding = input.draft(&RULE, Severity::Note, install, text);
    if cleared.span != install.span {
        let label = input.label(cleared, format!("takes {state}"));
        finding.labels.push(label);
    }
    finding.trace = vec![
        input.step(cleared, format!("takes {state}")),
        input.step(install, "writes the entry back"),
    ];
    finding
}

fn finding(input: &Input<'_>, one: &Rebuilt) -> Finding {
    let function = input.program.function(one.function).name;
    let lost: Vec<&str> = one.lost.iter().rev().map(String::as_str).collect();
    let lost = lost.join(" and ");
    let is_minor = one.lost.iter().all(|name| name == MINOR);
    let how = match one.call {
        Some(_) => "copies an entry by making a new one",
        None => "replaces an entry by a new one",
    };
    let text = Text {
        message: format!("`{function}` {how} and leaves its {lost} state behind"),
        label: format!("without the old entry's {lost}"),
        why: if is_minor { WHY_MINOR } else { WHY },
        help: HELP,
        what: "install".to_owned(),
    };
    let severity = match is_minor {
        true => Severity::Note,
        false => Severity::Error,
    };
    let install = Site {
        function: one.function,
        span: one.install,
    };
    let old = Site {
        function: one.old.0,
        span: one.old.1,
    };
    let mut finding = input.draft(&RULE, severity, install, text);
    finding.labels.push(input.label(old, "the old entry"));
    finding.trace.push(input.step(old, "has the old entry"));
    if let Some((function, span)) = one.call {
        let call = Site { function, span };
        let name = input.program.function(one.function).name;
        finding
            .labels
            .push(input.label(call, "copied elsewhere, made anew here"));
        finding
            .trace
            .push(input.step(call, format!("calls `{name}`")));
    }
    finding
        .trace
        .push(input.step(install, "installs the new entry"));
    finding
}
