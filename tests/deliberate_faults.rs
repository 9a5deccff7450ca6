//! Each deliberate fault of the reference is written out as a document, in C, and gets there the
//! verdict that the explorer gives the fault: something breaks (`tests/reference_explore.rs` asserts
//! that it does). `tests/documents.rs` runs the documents.

use std::collections::BTreeSet;
use std::path::Path;

use ptelint::reference::faults;

/// The faults by name, with the document below `testdata/` and the rule that finds it there.
const DOCUMENTS: [(&str, &str, &str); 9] = [
    (
        "rebuild-in-split",
        "generic-rebuild/split_bad.c",
        "generic-rebuild",
    ),
    (
        "lossy-pte-modify",
        "attribute-loss/driver_suffers_bad.c",
        "attribute-loss",
    ),
    (
        "dropped-protection",
        "dropped-override/api_parameter_bad.c",
        "dropped-override",
    ),
    (
        "return-page-after-override",
        "generic-rebuild/returned_page_bad.c",
        "generic-rebuild",
    ),
    ("lost-uffd-wp", "state-loss/migrated_bad.c", "state-loss"),
    (
        "unguarded-numa",
        "generic-rebuild/numa_bad.c",
        "generic-rebuild",
    ),
    (
        "cow-pfnmap",
        "cow-pfnmap/with_protection_bad.c",
        "cow-pfnmap",
    ),
    (
        "default-drift",
        "prot-recomputed/default_bad.c",
        "prot-recomputed",
    ),
    (
        "lost-soft-dirty",
        "state-loss/stays_writable_bad.c",
        "state-loss",
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
    for (fault, document, rule) in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(document);
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{fault}: {}: {error}", path.display()));
        let mut severities = ["error", "warning", "note"].iter();
        let is_found =
            severities.any(|severity| text.contains(&format!("/* {severity}: [{rule}]")));
        assert!(is_found, "{fault}: {document} expects no {rule}");
    }
}
