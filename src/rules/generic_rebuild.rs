//! Generic code makes an entry anew from `vm_page_prot` where an override mapping can get.

use crate::analysis::{GenericUse, Role, Source, Verdict};
use crate::program::{Body, ExprId, ExprKind};

use super::draft::{Site, Text, arguments_at};
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
            && match one.is_inserter {
                true => is_of_an_entry(input, one),
                false => one.reader.verdict == Verdict::Violation,
            }
    });
    rebuilds.map(|one| finding(input, one)).collect()
}

/// An insertion API makes entries of what it is given. One that makes an entry from `vm_page_prot` of the
/// page in another entry makes that one anew.
fn is_of_an_entry(input: &Input<'_>, one: &GenericUse) -> bool {
    let pages = &input.dictionary.vocabulary().entry_page;
    let bodies = &input.program.function(one.function).bodies;
    let is_page_of_entry = |body: &Body, page: ExprId| {
        let mut found = false;
        body.visit(page, &mut |id| {
            if let ExprKind::Call { callee, .. } = &body.expr(id).kind
                && let ExprKind::Global(name) = body.expr(*callee).kind
            {
                found |= pages.iter().any(|word| name == word.name.as_str());
            }
        });
        found
    };
    one.reader.source == Source::VmPageProt
        && bodies.iter().any(|body| {
            let page = arguments_at(body, one.span).and_then(|arguments| arguments.first());
            page.is_some_and(|&page| is_page_of_entry(body, page))
        })
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
