//! Runs the documents in `testdata/syntax`: every C or Rust block is read, and its lowered form must be
//! the text block behind it. `BLESS=1 cargo test --test syntax_documents` rewrites the text blocks.

use std::fs;
use std::path::Path;

use ptelint::program::{FileId, FunctionKind, check_function, dump};
use ptelint::syntax::FileSyntax;
use ptelint::syntax::measure::find_by_layout;
use ptelint::tree::rust::index_rust_file;
use ptelint::tree::{Language, Words};

#[test]
fn documents_say_what_is_lowered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/syntax");
    let is_blessing = std::env::var_os("BLESS").is_some();
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of documents")
        .map(|entry| entry.expect("a document").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut failures = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a readable document");
        let updated = run(&text);
        if updated == text {
            continue;
        }
        if is_blessing {
            fs::write(&path, updated).expect("a writable document");
        } else {
            failures.push(format!(
                "{}:\n{}",
                path.display(),
                first_difference(&text, &updated)
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The document with every text block replaced by what its C block lowers to.
fn run(document: &str) -> String {
    let mut result = String::new();
    let mut source: Option<(Language, String)> = None;
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        result += line;
        result.push('\n');
        let language = match line {
            "```c" => Some(Language::C),
            "```rust" => Some(Language::Rust),
            "```text" => None,
            _ => continue,
        };
        let block: String = lines
            .by_ref()
            .take_while(|line| *line != "```")
            .map(|line| format!("{line}\n"))
            .collect();
        if let Some(language) = language {
            result += &block;
            source = Some((language, block));
        } else {
            let (language, source) = source.as_ref().expect("a block before a text block");
            result += &lowered(*language, source);
        }
        result += "```\n";
    }
    result
}

fn lowered(language: Language, source: &str) -> String {
    let file = FileSyntax::of(FileId(0), source.as_bytes(), language);
    let definitions = match language {
        Language::C => find_by_layout(source.as_bytes()),
        Language::Rust => index_rust_file(source.as_bytes(), &Words::new(&[]))
            .functions
            .iter()
            .map(|entry| (entry.span(), FunctionKind::Function))
            .collect(),
    };
    let texts: Vec<String> = definitions
        .into_iter()
        .map(|(span, kind)| {
            let function = file.function(span, kind);
            check_function(&function, source.len() as u32).expect("a well-formed function");
            dump(&function)
        })
        .collect();
    texts.join("\n")
}

fn first_difference(expected: &str, actual: &str) -> String {
    let mut expected = expected.lines();
    let mut actual = actual.lines();
    let mut number = 0;
    loop {
        number += 1;
        match (expected.next(), actual.next()) {
            (None, None) => return "no difference".to_owned(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!(
                    "line {number}\n  expected: {}\n  is:       {}",
                    a.unwrap_or("(end)"),
                    b.unwrap_or("(end)")
                );
            }
        }
    }
}
