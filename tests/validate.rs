//! Mutants of the reference: what is known of some of them, and a sample of all.

use std::collections::BTreeSet;

use ptelint::validate::judge::Bound;
use ptelint::validate::mutant::Mutant;
use ptelint::validate::statics::{StaticVerdict, static_verdict};
use ptelint::validate::table::{DynamicKind, Judged, StaticKind};
use ptelint::validate::{Options, all_mutants, model, operators, validate, weakened};
use ptelint::vocabulary::Weakening;

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

/// What is beyond the reference's own findings in it with a part of a file replaced.
fn found_with(
    file: &str,
    old: &str,
    new: &str,
    original: &StaticVerdict,
) -> BTreeSet<&'static str> {
    let mut sources = model::sources();
    let (_, text) = sources
        .iter_mut()
        .find(|(path, _)| path == file)
        .expect("a file of the reference");
    let before = String::from_utf8(text.clone()).expect("text");
    assert_eq!(before.matches(old).count(), 1, "{old} in {file}");
    *text = before.replace(old, new).into_bytes();
    let verdict = static_verdict(sources).expect("it can be analysed");
    let findings = verdict.beyond(original).findings;
    findings.iter().map(|alarm| alarm.rule).collect()
}

/// The reference, in which nothing is found.
fn original() -> StaticVerdict {
    let original = static_verdict(model::sources()).expect("the reference can be analysed");
    assert_eq!(original.findings, []);
    original
}

/// Mutants whose shape no rule about shapes is about.
fn shapeless(mutants: &[Mutant]) -> impl Iterator<Item = &Mutant> {
    let harmless = ["nest-guard", "duplicate-guard", "extract-helper"];
    mutants
        .iter()
        .filter(move |one| harmless.contains(&one.operator))
        .step_by(7)
}

/// Rules about the shape of code find it where it is, and nowhere else.
#[test]
fn copies_of_a_vma_are_found_where_they_are() {
    let original = original();
    let mutants = all_mutants().expect("the reference parses");
    let made_by = |name: &'static str| mutants.iter().filter(move |one| one.operator == name);
    for mutant in made_by("copy-vma") {
        let found = found_in(mutant, &original);
        assert!(found.contains("stack-vma-copy"), "{}", mutant.title());
    }
    for mutant in made_by("re-read").chain(shapeless(&mutants)) {
        let found = found_in(mutant, &original);
        assert!(!found.contains("stack-vma-copy"), "{}", mutant.title());
    }
}

#[test]
fn protections_that_nobody_reads_are_found_where_they_are() {
    let original = original();
    let mutants = all_mutants().expect("the reference parses");
    // In the insertion APIs a protection has one use. TTM's handler inserts two entries with its own, so
    // that it is read all the same.
    for mutant in mutants.iter().filter(|one| one.operator == "re-read") {
        let is_dropped = match (mutant.file.as_str(), mutant.item.as_str()) {
            ("mm/insert.rs", _) => true,
            (_, "ttm_bo_vm_fault") => false,
            _ => continue,
        };
        let found = found_in(mutant, &original);
        let is_found = found.contains("dropped-override");
        assert_eq!(is_found, is_dropped, "{}", mutant.title());
    }
    for mutant in shapeless(&mutants) {
        let found = found_in(mutant, &original);
        assert!(!found.contains("dropped-override"), "{}", mutant.title());
    }
}

#[test]
fn late_stores_are_found_where_they_are() {
    let original = original();
    let late = |file: &str, old: &str, new: &str| {
        found_with(file, old, new, &original).contains("late-prot-write")
    };
    let store = "vma.vm_page_prot = pgprot_writecombine(vma.vm_page_prot);";
    let ttm = "drivers/ttm.rs";
    let read = "let prot = ttm_io_prot(vma.vm_page_prot);\n\n    // The insertion";
    assert!(late(ttm, read, &format!("{store}\n    {read}")));
    // In mmap nobody else sees the VMA yet.
    let installed = "vma.vm_ops = Some(&ttm_bo_vm_ops);";
    assert!(!late(ttm, installed, &format!("{installed}\n    {store}")));
    let mutants = all_mutants().expect("the reference parses");
    for mutant in shapeless(&mutants) {
        let found = found_in(mutant, &original);
        assert!(!found.contains("late-prot-write"), "{}", mutant.title());
    }
}

/// The mutant that the README shows is as the command beside it prints it.
#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = include_str!("../README.md");
    let command = "ptelint validate --mutant ";
    let (_, behind) = readme.split_once(command).expect("a mutant");
    let digits = behind.find(|c: char| !c.is_ascii_digit());
    let number = behind[..digits.unwrap_or(0)].parse().expect("a number");
    let (_, block) = behind.split_once("```text\n").expect("what is printed");
    let (block, _) = block.split_once("```").expect("its end");
    let result = validate(&Options {
        bound: Bound { depth: 4 },
        sample: None,
        only: vec![number],
        singly_every: 0,
    })
    .expect("the mutant can be built and run");
    let printed = words(&ptelint::report::validated_mutant(&result));
    let mut left = printed.as_str();
    // Lines are folded to fit, and an ellipsis stands for what is left out.
    for part in block.split("…") {
        let part = words(part);
        let (_, behind) = left
            .split_once(part.as_str())
            .unwrap_or_else(|| panic!("`{part}` is not printed:\n{printed}"));
        left = behind;
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Harmful mutants of different kinds: operator, function or constant, and part of what is done.
const TELLING: [(&str, &str, &str); 8] = [
    ("drop-guard", "__split_huge_pmd_locked", ""),
    ("drop-guard", "shared_page_mmap", "is_cow_mapping"),
    ("re-read", "vmf_insert_pfn_prot", ""),
    ("re-read", "remap_pte", ""),
    ("constant", "doorbell_mmap", ""),
    ("constant", "vmf_insert_pfn", ""),
    ("drop-mask-bit", "_COMMON_PAGE_CHG_MASK", "_PAGE_SPECIAL"),
    ("add-mask-bit", "pte_modify", "PTE_ATTRINDX_MASK"),
];

/// An analysis that makes a mistake is noticed: a harmful mutant is missed, or the reference itself is
/// found wrong.
#[test]
fn every_weakening_of_the_analysis_is_noticed() {
    let mutants = all_mutants().expect("the reference parses");
    let number = |&(operator, item, what): &(&str, &str, &str)| {
        let found = find(&mutants, operator, item);
        let found = found.into_iter().find(|mutant| mutant.what.contains(what));
        found.expect("such a change").number
    };
    let result = validate(&Options {
        bound: Bound { depth: 3 },
        sample: None,
        only: TELLING.iter().map(number).collect(),
        singly_every: 0,
    })
    .expect("the mutants can be built and run");
    assert!(result.left_out.is_empty());
    for judged in &result.judged {
        let title = judged.mutant.title();
        assert_eq!(judged.dynamic.kind, DynamicKind::Harmful, "{title}");
    }
    assert!(
        !result.has_trouble(),
        "{}",
        ptelint::report::validation(&result)
    );
    let is_unnoticed = |by: &Weakening| {
        let weakened = weakened(&result, *by).expect("it can be analysed");
        !weakened.has_trouble()
    };
    let unnoticed: Vec<Weakening> = Weakening::ALL.into_iter().filter(is_unnoticed).collect();
    assert_eq!(unnoticed, []);
}
