//! Parses every function of a tree and says how many were understood.
//!
//! `cargo run --release --example measure -- TREE [DIRECTORY]...`; with `LIST=1` in the
//! environment also where the others went wrong.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ptelint::syntax::measure::measure_indexed;
use ptelint::tree::Language;

fn main() {
    let mut args = std::env::args().skip(1);
    let root = PathBuf::from(args.next().unwrap_or_else(|| ".".into()));
    let directories: Vec<String> = args.collect();
    let roots: Vec<PathBuf> = if directories.is_empty() {
        vec![root.clone()]
    } else {
        directories.iter().map(|d| root.join(d)).collect()
    };
    for root in roots {
        for language in [Language::C, Language::Rust] {
            report(&root, language);
        }
    }
}

fn report(root: &Path, language: Language) {
    let start = Instant::now();
    let measurement = measure_indexed(root, language);
    let seconds = start.elapsed().as_secs_f64();
    println!("{}, {language:?}", root.display());
    for (directory, counts) in &measurement.by_directory {
        if counts.n_functions + counts.n_macros > 500 {
            println!(
                "  {directory:24} {:7} functions {:5.2} %   {:6} macros {:5.2} %",
                counts.n_functions,
                100.0 * counts.function_share(),
                counts.n_macros,
                100.0 * counts.macro_share(),
            );
        }
    }
    let total = measurement.total();
    println!(
        "  all: {} functions, {:.2} % with errors; {} macros, {:.2} %; {} bodies, {:.1} MB in {seconds:.1} s",
        total.n_functions,
        100.0 * total.function_share(),
        total.n_macros,
        100.0 * total.macro_share(),
        total.n_bodies,
        total.n_bytes as f64 / 1e6,
    );
    if std::env::var_os("LIST").is_some() {
        for place in &measurement.misunderstood {
            println!(
                "{:?} {}:{} {}",
                place.kind, place.path, place.line, place.name
            );
        }
    }
}
