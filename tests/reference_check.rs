//! The reference fault path is a tree like any other: its generic code is proven, by the same engine
//! and vocabulary as a kernel, and nothing is wrong with it.

use std::path::PathBuf;

use ptelint::analysis::{Role, Verdict};
use ptelint::pipeline::{self, Options, Progress, Report};

struct Quiet;

impl Progress for Quiet {
    fn stage(&self, _name: &'static str, _steps: Option<u64>) {}
    fn advance(&self, _steps: u64) {}
}

fn report() -> Report {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/reference"));
    pipeline::run(&[folder], &Options::default(), &Quiet).expect("a report")
}

#[test]
fn nothing_is_wrong_and_everything_is_understood() {
    let report = report();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.coverage.not_understood, 0);
    assert_eq!(report.coverage.indirect_unresolved, 0);
    assert!(report.coverage.functions > 300);
}

#[test]
fn every_entry_that_generic_code_makes_is_proven() {
    let report = report();
    let constructs: Vec<_> = report
        .readers
        .iter()
        .filter(|reader| reader.role == Role::Construct && reader.verdict != Verdict::Insertion)
        .collect();
    assert!(constructs.len() >= 10);
    for reader in constructs {
        assert_eq!(
            reader.verdict,
            Verdict::Safe,
            "{}:{}",
            reader.file,
            reader.line
        );
        assert!(
            !reader.reasons.is_empty(),
            "{}:{}",
            reader.file,
            reader.line
        );
    }
}

/// Whether a modify keeps the bits is up to helpers of the architecture, which are Rust here and
/// are not computed: what is known is that it is up to them.
#[test]
fn modifies_are_safe_or_up_to_the_architecture() {
    let report = report();
    let modifies = report
        .readers
        .iter()
        .filter(|reader| reader.role == Role::Modify);
    let verdicts: Vec<Verdict> = modifies.map(|reader| reader.verdict).collect();
    assert_eq!(verdicts.len(), 5);
    let is_known = |verdict: &Verdict| matches!(verdict, Verdict::Safe | Verdict::ArchDependent);
    assert!(verdicts.iter().all(is_known), "{verdicts:?}");
}

#[test]
fn drivers_insert_overrides_that_are_found() {
    let report = report();
    let overrides: Vec<&str> = report
        .mappings
        .iter()
        .filter(|mapping| mapping.is_override)
        .map(|mapping| mapping.api.as_str())
        .collect();
    for api in [
        "vmf_insert_pfn_prot",
        "vmf_insert_mixed_prot",
        "remap_pfn_range",
    ] {
        assert!(overrides.contains(&api), "{overrides:?}");
    }
}
