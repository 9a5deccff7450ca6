//! Prints how a function, structure or table was understood: `dump FILE NAME`.

use std::path::Path;

use ptelint::program::{FileId, FunctionKind, Span, dump};
use ptelint::syntax::FileSyntax;
use ptelint::tree::rust::index_rust_file;
use ptelint::tree::{Language, Words, index_file, name_hash};

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(name)) = (args.next(), args.next()) else {
        eprintln!("usage: dump FILE FUNCTION");
        std::process::exit(2);
    };
    let source = std::fs::read(&path).unwrap_or_else(|error| {
        eprintln!("{path}: {error}");
        std::process::exit(2);
    });
    let language = Language::of(Path::new(&path)).unwrap_or(Language::C);
    let words = Words::new(&[]);
    let index = match language {
        Language::C => index_file(&source, &words),
        Language::Rust => index_rust_file(&source, &words),
    };
    let syntax = FileSyntax::of(FileId(0), &source, language);
    let hash = name_hash(name.as_bytes());
    for entry in index.structs.iter().filter(|entry| entry.name_hash == hash) {
        println!(
            "{:#?}",
            syntax.struct_def(Span::new(entry.start, entry.end))
        );
    }
    for entry in index
        .initializers
        .iter()
        .filter(|entry| entry.name_hash == hash)
    {
        println!("{:#?}", syntax.table(Span::new(entry.start, entry.end)));
    }
    for (i, entry) in index.functions.iter().enumerate() {
        if index.function_name(i) == name {
            let kind = if entry.is_macro {
                FunctionKind::Macro
            } else {
                FunctionKind::Function
            };
            println!("{}", dump(&syntax.function(entry.span(), kind)));
        }
    }
}
