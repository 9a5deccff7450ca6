//! A helper that changes an entry's protection takes attributes from the new protection, and an
//! override mapping can get there.

use crate::analysis::{GenericUse, Role, Verdict};
use crate::arch::{self, Modifier, Origin, Row};
use crate::vocabulary::Kind;

use super::draft::{Site, Text};
use super::witness::{self, Victim};
use super::{Finding, Input, Oracle, Rule, TraceStep};

/// The declaration.
pub const RULE: Rule = Rule {
    id: "attribute-loss",
    oracle: Oracle::Invariant,
    summary: "changing a protection replaces the caching mode or encryption of an override",
    page: include_str!("../../rules/attribute-loss.md"),
    check,
};

const WHY_CACHING: &str = "What was mapped write-combined or uncached becomes cached like ordinary \
    memory: writes stay in the cache while the device looks at memory, and device registers are \
    read ahead, merged and reordered.";
const WHY_ENCRYPTION: &str = "The entry gets the encryption bit of vm_page_prot: a page that is \
    shared with the host or a device is read and written as ciphertext.";
const HELP: &str = "Keep the attribute bits of the old entry in the architecture's helper, as x86 \
    does with _PAGE_CHG_MASK; or make vm_page_prot tell the truth: a driver whose entries all have \
    one attribute can store it there in mmap, from where mprotect() takes it along.";

fn check(input: &Input<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for one in input.generic_uses {
        if one.reader.role != Role::Modify || one.reader.verdict != Verdict::ArchDependent {
            continue;
        }
        let Some(modifier) = one
            .helper
            .and_then(|helper| Modifier::of_call(helper.as_str()))
        else {
            continue;
        };
        for arch in &one.reader.arches {
            for kind in [Kind::Caching, Kind::Encryption] {
                found.extend(finding(input, one, modifier, arch, kind));
            }
        }
    }
    found
}

/// The finding for one modify, architecture and kind of attribute; `None` if the architecture keeps
/// that kind.
fn finding(
    input: &Input<'_>,
    one: &GenericUse,
    modifier: Modifier,
    arch: &str,
    kind: Kind,
) -> Option<Finding> {
    let bits_kind = match kind {
        Kind::Caching => arch::Kind::Caching,
        Kind::Encryption => arch::Kind::Encryption,
        _ => return None,
    };
    let losing: Vec<&Row> = input
        .matrix
        .rows
        .iter()
        .filter(|row| row.function == modifier && row.arch == arch)
        .filter(|row| row.on(bits_kind) == arch::Verdict::LosesOverride)
        .collect();
    let row = *losing.first()?;
    let witnesses = input.witnesses(Victim {
        level: one.reader.level,
        kind: Some(kind),
        arch: Some(arch),
    });
    let site = Site {
        function: one.function,
        span: one.span,
    };
    let helper = modifier.name();
    let what = match kind {
        Kind::Caching => "caching mode",
        _ => "encryption bit",
    };
    let suffering = match witnesses.is_empty() {
        true => String::new(),
        false => format!(", as those of {}", witness::name_witnesses(&witnesses)),
    };
    let text = Text {
        message: format!(
            "{helper}() replaces the {what} of entries that differ from vm_page_prot{suffering}, \
             on {arch}"
        ),
        label: format!("the new entry has the {what} of vm_page_prot on {arch}"),
        why: match kind {
            Kind::Caching => WHY_CACHING,
            _ => WHY_ENCRYPTION,
        },
        help: HELP,
        what: format!("{helper}|{arch}|{}", kind.word()),
    };
    let mut finding = input.draft(&RULE, witness::severity(&witnesses), site, text);
    finding.arches = [arch.to_owned()].into();
    finding.trace = input.trace_from(&witnesses, one);
    finding.witnesses = witness::listed(&witnesses);
    finding.trace.push(taken(row, bits_kind));
    witness::add_absence(&mut finding, &witnesses);
    let variants: Vec<&str> = losing.iter().map(|row| row.variant.as_str()).collect();
    let n_variants = input.matrix.rows.iter();
    let n_variants = n_variants.filter(|row| row.function == modifier && row.arch == arch);
    if variants.len() < n_variants.count() {
        finding.why.push_str(&format!(
            " On {arch} that is so for: {}.",
            variants.join(", ")
        ));
    }
    if let Some(remark) = input.arch_rules.remark(arch, bits_kind) {
        finding
            .help
            .push_str(&format!(" On {arch}: {} ({})", remark.text, remark.source));
    }
    Some(finding)
}

/// The helper itself, with the bits it takes from the new protection.
fn taken(row: &Row, kind: arch::Kind) -> TraceStep {
    let bits: Vec<&str> = row
        .bits
        .iter()
        .filter(|bit| bit.kind == kind && bit.from != Origin::Old)
        .map(|bit| bit.name.as_str())
        .collect();
    TraceStep {
        file: row.file.clone(),
        line: row.line,
        function: row.function.name().to_owned(),
        note: match bits.is_empty() {
            true => "takes them from the new protection".to_owned(),
            false => format!("takes {} from the new protection", bits.join(", ")),
        },
    }
}
