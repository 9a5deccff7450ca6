//! Prints the lowered form of functions: `cargo run --example dump -- FILE.c [NAME]...`.

use ptelint::program::{FileId, dump};
use ptelint::syntax::FileSyntax;
use ptelint::syntax::measure::find_by_layout;

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        eprintln!("usage: dump FILE.c [NAME]...");
        std::process::exit(2);
    };
    let names: Vec<String> = args.collect();
    let source = match std::fs::read(&path) {
        Ok(source) => source,
        Err(error) => {
            eprintln!("{path}: {error}");
            std::process::exit(2);
        }
    };
    let file = FileSyntax::new(FileId(0), &source);
    for (span, kind) in find_by_layout(&source) {
        let function = file.function(span, kind);
        if !names.is_empty() && !names.iter().any(|name| function.name == name.as_str()) {
            continue;
        }
        println!("{}", dump(&function));
        for place in &function.not_understood {
            let (line, column) = file.line_column(place.start);
            let text = String::from_utf8_lossy(place.of(&source)).into_owned();
            println!("  {path}:{line}:{column}: {text}");
        }
    }
}
