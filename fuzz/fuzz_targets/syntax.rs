//! Arbitrary bytes through everything `syntax` does: `cargo +nightly fuzz run syntax`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ptelint::program::{FileId, FunctionKind, Span, check_function, dump};
use ptelint::syntax::{FileSyntax, enumerators, measure, normalise};
use ptelint::tree::Language;
use ptelint::tree::rust::Outline;

fuzz_target!(|source: &[u8]| {
    let len = source.len() as u32;
    let normalised = normalise(source);
    assert_eq!(normalised.text.len(), source.len());
    for (at, (old, new)) in source.iter().zip(&normalised.text).enumerate() {
        assert_eq!(*old == b'\n', *new == b'\n', "newline at {at}");
    }
    let file = FileSyntax::new(FileId(0), source);
    for offset in (0..=len).step_by(7) {
        let _ = file.presence_at(offset);
        let _ = file.line_column(offset);
    }
    let whole = Span::new(0, len);
    let mut definitions = measure::find_by_layout(source);
    definitions.truncate(8);
    definitions.push((whole, FunctionKind::Function));
    definitions.push((whole, FunctionKind::Macro));
    for (span, kind) in definitions {
        let function = file.function(span, kind);
        if let Err(error) = check_function(&function, len) {
            panic!("{error}");
        }
        let _ = dump(&function);
    }
    let _ = file.struct_def(whole);
    let _ = file.table(whole);
    rust(source);
});

/// The same bytes as Rust: what the outline finds, and all of it as one function.
fn rust(source: &[u8]) {
    let len = source.len() as u32;
    let file = FileSyntax::of(FileId(0), source, Language::Rust);
    let outline = Outline::new(source);
    let found = outline.functions.iter().map(|item| item.span).take(8);
    for span in found.chain([Span::new(0, len)]) {
        let function = file.function(span, FunctionKind::Function);
        if let Err(error) = check_function(&function, len) {
            panic!("{error}");
        }
        let _ = dump(&function);
    }
    for item in outline.structs.iter().take(8) {
        let _ = file.struct_def(item.span);
    }
    let _ = outline.tables(FileId(0), source);
    let _ = enumerators(source, Language::Rust);
    let mut body = b"fn f() {".to_vec();
    body.extend_from_slice(source);
    body.push(b'}');
    let file = FileSyntax::of(FileId(0), &body, Language::Rust);
    let function = file.function(Span::new(0, body.len() as u32), FunctionKind::Function);
    if let Err(error) = check_function(&function, body.len() as u32) {
        panic!("{error}");
    }
}
