//! Prints how a function, structure or table was understood: `dump FILE NAME`.

use ptelint::program::{FileId, FunctionKind, Span, dump};
use ptelint::syntax::FileSyntax;
use ptelint::tree::{Words, index_file, name_hash};

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
    let index = index_file(&source, &Words::new(&[]));
    let syntax = FileSyntax::new(FileId(0), &source);
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
