//! Small trees through the whole run: `cargo +nightly fuzz run pipeline`.
//!
//! An input is up to three files, with a line `//- PATH` in front of each but the first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ptelint::pipeline;

const MAX_FILES: usize = 3;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        run(vec![("drivers/a.c".to_owned(), input.to_vec())]);
        run(vec![("drivers/a.rs".to_owned(), input.to_vec())]);
        return;
    };
    let files = text
        .splitn(MAX_FILES, "\n//- ")
        .enumerate()
        .map(|(i, part)| match (i, part.split_once('\n')) {
            (1.., Some((path, content))) => (path.trim().to_owned(), content.into()),
            _ => (format!("drivers/file{i}.c"), part.into()),
        });
    run(files.collect());
});

fn run(files: Vec<(String, Vec<u8>)>) {
    let Ok(report) = pipeline::check_files(files) else {
        return;
    };
    for finding in &report.findings {
        assert!(!finding.message.is_empty());
    }
    for mapping in &report.mappings {
        assert!((report.sources)(&mapping.file).is_some(), "{}", mapping.file);
    }
}
