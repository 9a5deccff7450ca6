//! Arbitrary bytes through the index, and what it found through the front end:
//! `cargo +nightly fuzz run index`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ptelint::program::{FileId, FunctionKind, Span, check_function};
use ptelint::syntax::FileSyntax;
use ptelint::tree::rust::index_rust_file;
use ptelint::tree::{FileIndex, Language, Words, index_file};

/// Enough for one input; what is defined a hundred times over teaches nothing new.
const MAX_DEFINITIONS: usize = 32;

fuzz_target!(|source: &[u8]| {
    let words = Words::new(&[("vm_page_prot", 0), ("vm_area_struct", 1)]);
    check(source, &index_file(source, &words), Language::C);
    check(source, &index_rust_file(source, &words), Language::Rust);
});

fn check(source: &[u8], index: &FileIndex, language: Language) {
    let len = source.len() as u32;
    let in_file = |span: Span| assert!(span.start <= span.end && span.end <= len, "{span:?}");
    let syntax = FileSyntax::of(FileId(0), source, language);
    for (i, entry) in index.functions.iter().enumerate() {
        in_file(entry.span());
        in_file(entry.body());
        assert!(!index.function_name(i).is_empty());
        for list in [index.callees(i), index.member_calls(i), index.args(i)] {
            assert!(list.is_sorted());
        }
        if i < MAX_DEFINITIONS {
            let kind = match entry.is_macro {
                true => FunctionKind::Macro,
                false => FunctionKind::Function,
            };
            let function = syntax.function(entry.span(), kind);
            if let Err(error) = check_function(&function, len) {
                panic!("{error}");
            }
        }
    }
    for offset in (0..len).step_by(5) {
        let _ = index.function_at(offset);
    }
    for entry in index.structs.iter().take(MAX_DEFINITIONS) {
        let span = Span::new(entry.start, entry.end);
        in_file(span);
        let _ = syntax.struct_def(span);
    }
    for entry in index.initializers.iter().take(MAX_DEFINITIONS) {
        let span = Span::new(entry.start, entry.end);
        in_file(span);
        let _ = syntax.table(span);
        let _ = index.pairs(entry);
    }
}
