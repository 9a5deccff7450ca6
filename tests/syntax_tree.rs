//! How much of a whole kernel tree the front ends understand. A new grammar or a new rule of the
//! normaliser must not move this unseen.

#[path = "support/kernel.rs"]
mod kernel;

use std::path::Path;
use std::process::ExitCode;

use kernel::{LINUX_6_1, LINUX_6_12};
use ptelint::program::{FileId, FunctionKind, check_function};
use ptelint::syntax::FileSyntax;
use ptelint::syntax::measure::{Counts, measure_indexed};
use ptelint::tree::rust::index_rust_file;
use ptelint::tree::{Language, Words};

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let trials = [LINUX_6_12, LINUX_6_1]
        .into_iter()
        .map(|kernel| kernel.trial("nearly_every_function_is_understood", is_understood))
        .chain([LINUX_6_12.trial("nearly_all_rust_is_understood", rust_is_understood)])
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

fn is_understood(tree: &Path) {
    let measurement = measure_indexed(tree, Language::C);
    let total = measurement.total();
    let mm = &measurement.by_directory["mm"];
    let at_most = |counts: &Counts, share: f64| {
        assert!(
            counts.function_share() <= share,
            "{} of {} functions not understood",
            counts.n_functions_with_errors,
            counts.n_functions
        );
    };
    assert!(total.n_functions > 600_000);
    // What was reached, with room for one more unusual function; the goals are 1 % and 2 %.
    at_most(mm, 0.001);
    at_most(&total, 0.001);
    assert!(total.macro_share() < 0.05, "{total:?}");
}

fn rust_is_understood(tree: &Path) {
    let measurement = measure_indexed(tree, Language::Rust);
    let total = measurement.total();
    for missed in &measurement.misunderstood {
        println!("{}:{}: {}", missed.path, missed.line, missed.name);
    }
    println!(
        "{} of {} functions not understood",
        total.n_functions_with_errors, total.n_functions
    );
    assert!(total.n_functions > 600, "{total:?}");
    assert!(total.function_share() <= 0.01, "{total:?}");
    for directory in ["rust", "drivers"] {
        assert!(measurement.by_directory[directory].n_functions > 0);
    }
    well_formed(&tree.join("rust"));
    well_formed(&tree.join("drivers"));
}

/// Every function is what the program model says a function is.
fn well_formed(folder: &Path) {
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if Language::of(entry.path()) != Some(Language::Rust) || !entry.file_type().is_file() {
            continue;
        }
        let source = std::fs::read(entry.path()).expect("a source file");
        let file = FileSyntax::of(FileId(0), &source, Language::Rust);
        for entry in &index_rust_file(&source, &Words::new(&[])).functions {
            let function = file.function(entry.span(), FunctionKind::Function);
            check_function(&function, source.len() as u32).expect("a well-formed function");
        }
    }
}
