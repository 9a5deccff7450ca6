//! Generic code makes an entry anew from `vm_page_prot` where an override mapping can get, or where
//! a handler of one sends it.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{GenericUse, Returned, Role, Source, UseLevel, Verdict};
use crate::program::{Body, ExprId, ExprKind};
use crate::vocabulary::Kind;

use super::draft::{Site, Text, arguments_at};
use super::witness::{self, Victim};
use super::{Finding, Input, Oracle, Rule, Severity, TraceStep};

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

const WHY_RETURNED: &str = "The core makes the entry for a page that a handler returns, and makes \
    it from vm_page_prot. The page gets another caching mode or encryption bit than its neighbours, \
    for which the handler computed one: user space reads and writes through a cache nobody flushes, \
    or sees ciphertext.";
const HELP_RETURNED: &str = "Insert the entry for this page like the others, and return \
    VM_FAULT_NOPAGE and no page. A page that is to have the default protection is returned before \
    anything is inserted.";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let violations = input.generic_uses.iter().filter(|one| {
        one.reader.role == Role::Construct
            && match one.is_inserter {
                true => is_of_an_entry(input, one),
                false => one.reader.verdict == Verdict::Violation,
            }
    });
    // What maps a page that a handler should not have returned does nothing wrong itself.
    let (by_page, rebuilds): (Vec<&GenericUse>, Vec<&GenericUse>) = violations.partition(|one| {
        let judgement = one.judgement.as_ref();
        judgement.is_some_and(|judgement| judgement.is_by_page)
    });
    let mut findings: Vec<Finding> = rebuilds
        .into_iter()
        .map(|one| finding(input, one))
        .collect();
    findings.extend(returned(input, &by_page));
    findings
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

/// Pages that handlers return beside overrides, each where it is left for the core.
fn returned(input: &Input<'_>, by_page: &[&GenericUse]) -> Vec<Finding> {
    let mut by_place: BTreeMap<Site, Vec<&Returned>> = BTreeMap::new();
    for one in input.returned {
        let (function, span) = one.page;
        let site = Site { function, span };
        by_place.entry(site).or_default().push(one);
    }
    by_place
        .into_iter()
        .map(|(site, all)| finding_of_page(input, site, &all, by_page))
        .collect()
}

fn finding_of_page(
    input: &Input<'_>,
    site: Site,
    all: &[&Returned],
    by_page: &[&GenericUse],
) -> Finding {
    let first = all[0];
    let handler = input.program.function(first.handler).name;
    let kinds: BTreeSet<Kind> = all
        .iter()
        .flat_map(|one| one.kinds.iter().copied())
        .collect();
    // Of bits that are not understood it is not known what becomes of the page without them.
    let severity = match kinds.contains(&Kind::Caching) || kinds.contains(&Kind::Encryption) {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let text = Text {
        message: format!(
            "{handler}() returns a page beside entries it inserted with another protection than \
             vm_page_prot, from which the core maps the page"
        ),
        label: "the core maps this page by vm_page_prot".to_owned(),
        why: WHY_RETURNED,
        help: HELP_RETURNED,
        what: "page".to_owned(),
    };
    let mut finding = input.draft(&RULE, severity, site, text);
    for one in all {
        let (function, span) = one.inserted;
        let inserted = Site { function, span };
        let differs = format!(
            "differs from vm_page_prot in {}",
            witness::words(&one.kinds)
        );
        if finding.labels.is_empty() {
            let run = input
                .runs
                .iter()
                .find(|run| (run.function, run.table) == (one.handler, Some(one.table)));
            let note = "inserts entries with another protection";
            finding.trace =
                run.map_or_else(Vec::new, |run| input.trace(run, &one.path, span, note));
            finding.labels.push(input.label(inserted, &*differs));
        }
        finding.witnesses.push(input.step(inserted, differs));
    }
    finding.witnesses.sort();
    finding.witnesses.dedup();
    finding
        .trace
        .push(input.step(site, "leaves a page for the core"));
    finding.trace.extend(maps(input, by_page));
    finding
}

/// Where the core maps a page that was returned: the first such place, single pages before huge
/// ones.
fn maps(input: &Input<'_>, by_page: &[&GenericUse]) -> Option<TraceStep> {
    let one = by_page
        .iter()
        .min_by_key(|one| one.reader.level != UseLevel::Pte)?;
    let site = Site {
        function: one.function,
        span: one.span,
    };
    Some(input.step(site, "makes the entry for it from vm_page_prot"))
}
