//! Generic code makes an entry anew from `vm_page_prot` where an override mapping can get.

use crate::analysis::{GenericUse, Role, Verdict};

use super::draft::{Site, Text};
use super::witness::{self, Victim};
use super::{Finding, Input, Oracle, Rule};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "generic-rebuild",
    oracle: Oracle::Invariant,
    summary: "generic code makes an entry from vm_page_prot where an override mapping can get",
    page: include_str!("../../rules/generic-rebuild.md"),
    check,
};

const WHY: &str = "The driver made this entry with a protection of its own. The one made here has \
    the caching mode and the encryption bit of vm_page_prot instead: user space reads and writes \
    through a cache nobody flushes, or sees ciphertext.";
const HELP: &str = "Turn such mappings away before this point, by what they certainly have: \
    VM_PFNMAP or VM_MIXEDMAP, or operations (`!vma_is_anonymous(vma)`). Where the entry has to be \
    changed, change the old one with pte_modify(), or take its protection along with \
    pte_pgprot().";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let rebuilds = input.generic_uses.iter().filter(|one| {
        one.reader.role == Role::Construct
            && one.reader.verdict == Verdict::Violation
            && !one.is_inserter
    });
    rebuilds.map(|one| finding(input, one)).collect()
}

fn finding(input: &Input<'_>, one: &GenericUse) -> Finding {
    let witnesses = input.witnesses(Victim {
        level: one.reader.level,
        kind: None,
        arch: None,
    });
    let site = Site {
        function: one.function,
        span: one.span,
    };
    let helper = one.helper.map_or("an entry", |helper| helper.as_str());
    let text = Text {
        message: format!(
            "{helper}() rebuilds an entry from vm_page_prot that a driver may have made with \
             another protection"
        ),
        label: "mappings with overrides get here".to_owned(),
        why: WHY,
        help: HELP,
        what: helper.to_owned(),
    };
    let mut finding = input.draft(&RULE, witness::severity(&witnesses), site, text);
    finding.arches.extend(one.reader.arches.iter().cloned());
    finding.trace = input.trace_from(&witnesses, one);
    finding.witnesses = witness::listed(&witnesses);
    witness::add_absence(&mut finding, &witnesses);
    finding
}
