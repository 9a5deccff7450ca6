//! Each deliberate fault of the reference is written out as a document, in C, and gets there the
//! verdict that the explorer gives the fault: something breaks (`tests/reference_explore.rs` asserts
//! that it does). `tests/documents.rs` runs the documents.

use std::collections::BTreeSet;
use std::path::Path;

use ptelint::reference::faults;

/// What a document says of a fault.
enum Verdict {
    /// A finding of this rule.
    Found(&'static str),
    /// Nothing, which is known to be wrong: in this function.
    Missed(&'static str),
}
use Verdict::{Found, Missed};

/// The faults by name, with the document below `testdata/` and what it asserts.
const DOCUMENTS: [(&str, &str, Verdict); 9] = [
    (
        "rebuild-in-split",
        "generic-rebuild/split_bad.c",
        Found("generic-rebuild"),
    ),
    (
        "lossy-pte-modify",
        "attribute-loss/driver_suffers_bad.c",
        Found("attribute-loss"),
    ),
    (
        "dropped-protection",
        "dropped-override/api_parameter_bad.c",
        Found("dropped-override"),
    ),
    (
        "return-page-after-override",
        "generic-rebuild/returned_page_bad.c",
        Found("generic-rebuild"),
    ),
    (
        "lost-uffd-wp",
        "state-loss/migrated_bad.c",
        Found("state-loss"),
    ),
    (
        "unguarded-numa",
        "generic-rebuild/numa_bad.c",
        Found("generic-rebuild"),
    ),
    (
        "cow-pfnmap",
        "cow-pfnmap/with_protection_bad.c",
        Found("cow-pfnmap"),
    ),
    (
        "default-drift",
        "prot-recomputed/default_bad.c",
        Found("prot-recomputed"),
    ),
    (
        "lost-soft-dirty",
        "state-loss/known_limits_of_migration.c",
        Missed("FN_clear_soft_dirty_bad"),
    ),
];

#[test]
fn every_fault_has_a_document() {
    let faults: BTreeSet<&str> = faults::ALL.iter().map(|fault| fault.name).collect();
    let documented: BTreeSet<&str> = DOCUMENTS.iter().map(|(fault, ..)| *fault).collect();
    assert_eq!(faults, documented);
    assert_eq!(faults.len(), DOCUMENTS.len());
}

#[test]
fn the_documents_assert_the_verdict() {
    for (fault, document, verdict) in &DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(document);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{fault}: {}: {error}", path.display()));
        let finding = |rule: &str| {
            let severities = ["error", "warning", "note"].iter();
            severities
                .map(|severity| format!("/* {severity}: [{rule}]"))
                .any(|expectation| text.contains(&expectation))
        };
        match verdict {
            Found(rule) => assert!(finding(rule), "{fault}: {document} expects no {rule}"),
            // A function that is called so has no finding, which tests/documents.rs checks.
            Missed(function) => assert!(text.contains(function), "{fault}: no {function}"),
        }
    }
}
