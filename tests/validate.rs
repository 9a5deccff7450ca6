//! Mutants of the reference: what is known of some of them, and a sample of all.

use std::collections::BTreeSet;

use ptelint::validate::judge::Bound;
use ptelint::validate::mutant::Mutant;
use ptelint::validate::statics::{StaticVerdict, static_verdict};
use ptelint::validate::table::{DynamicKind, Judged, StaticKind};
use ptelint::validate::{Options, all_mutants, model, operators, validate};

/// The mutants an operator makes of a function.
fn find<'a>(mutants: &'a [Mutant], operator: &str, item: &str) -> Vec<&'a Mutant> {
    let found: Vec<&Mutant> = mutants
        .iter()
        .filter(|mutant| mutant.operator == operator && mutant.item == item)
        .collect();
    assert!(!found.is_empty(), "{operator} makes nothing of {item}");
    found
}

#[test]
fn every_operator_makes_mutants_and_all_differ() {
    let mutants = all_mutants().expect("the reference parses");
    assert!(mutants.len() > 1000, "only {}", mutants.len());
    for operator in operators::ALL {
        assert!(
            mutants
                .iter()
                .any(|mutant| mutant.operator == operator.name),
            "{} finds no place",
            operator.name
        );
    }
    let texts: BTreeSet<(&str, &str)> = mutants
        .iter()
        .map(|mutant| (mutant.file.as_str(), mutant.text.as_str()))
        .collect();
    assert_eq!(texts.len(), mutants.len());
    for (at, mutant) in mutants.iter().enumerate() {
        assert_eq!(mutant.number as usize, at + 1);
    }
}

/// The two verdicts on mutants everybody can judge.
#[test]
fn well_known_mutants_get_both_verdicts() {
    let mutants = all_mutants().expect("the reference parses");
    let number = |operator: &str, item: &str| find(&mutants, operator, item)[0].number;
    // The guard of the split; the same guard asked twice where nothing is lost by that; an entry made
    // anew where mprotect() modifies it.
    let unguarded = number("drop-guard", "__split_huge_pmd_locked");
    let doubled = number("duplicate-guard", "task_numa_work");
    let rebuilt = number("rebuild-for-modify", "change_present_pte");
    let result = validate(&Options {
        bound: Bound { depth: 3 },
        sample: None,
        only: vec![unguarded, doubled, rebuilt],
        singly_every: 2,
    })
    .expect("the mutants can be built and run");
    assert!(result.left_out.is_empty());
    let kinds = |number: u32| {
        let judged = result
            .judged
            .iter()
            .find(|judged| judged.mutant.number == number);
        let judged: &Judged = judged.expect("it was judged");
        (judged.dynamic.kind, judged.static_kind())
    };
    assert_eq!(kinds(unguarded), (DynamicKind::Harmful, StaticKind::Alarm));
    assert_eq!(kinds(doubled), (DynamicKind::Equal, StaticKind::Silent));
    assert_eq!(kinds(rebuilt), (DynamicKind::Harmful, StaticKind::Alarm));
    assert_eq!(result.as_built.len(), 2);
    assert!(result.as_built.iter().all(|built| built.is_same));
}

/// A sample gets verdicts, the same at any number of threads.
#[test]
fn a_sample_is_judged_the_same_at_any_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let options = Options {
            bound: Bound { depth: 2 },
            sample: Some(30),
            only: Vec::new(),
            singly_every: 0,
        };
        let result = pool
            .build()
            .expect("threads")
            .install(|| validate(&options));
        ptelint::report::validation_json(&result.expect("it runs")).expect("JSON")
    };
    let one = run(1);
    assert_eq!(one, run(3));
    let json: serde_json::Value = serde_json::from_str(&one).expect("JSON");
    let cells = json["table"].as_array().expect("a table");
    let judged: u64 = cells.iter().filter_map(|cell| cell["count"].as_u64()).sum();
    let left_out = json["left_out"].as_array().expect("a list").len() as u64;
    assert_eq!(judged + left_out, 30);
}

/// What is beyond the reference's own findings in a mutant.
fn found_in(mutant: &Mutant, original: &StaticVerdict) -> BTreeSet<&'static str> {
    let mut sources = model::sources();
    for (path, text) in &mut sources {
        if *path == mutant.file {
            *text = mutant.text.clone().into_bytes();
        }
    }
    let verdict = static_verdict(sources).expect("it can be analysed");
    let findings = verdict.beyond(original).findings;
    findings.iter().map(|alarm| alarm.rule).collect()
}

/// A rule about the shape of code is found where the shape is, and nowhere else.
#[test]
fn copies_of_a_vma_are_found_where_they_are() {
    let original = static_verdict(model::sources()).expect("the reference can be analysed");
    assert_eq!(original.findings, []);
    let mutants = all_mutants().expect("the reference parses");
    let made_by = |name: &'static str| mutants.iter().filter(move |one| one.operator == name);
    for mutant in made_by("copy-vma") {
        let found = found_in(mutant, &original);
        assert!(found.contains("stack-vma-copy"), "{}", mutant.title());
    }
    for mutant in made_by("re-read").chain(made_by("nest-guard")) {
        let found = found_in(mutant, &original);
        assert!(!found.contains("stack-vma-copy"), "{}", mutant.title());
    }
}
