//! Arbitrary bytes through everything `syntax` does: `cargo +nightly fuzz run syntax`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ptelint::program::{FileId, FunctionKind, Span, check_function, dump};
use ptelint::syntax::{FileSyntax, measure, normalise};

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
});
