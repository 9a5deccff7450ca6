//! The Rust front end on input that is no Rust: whatever the bytes and however deep the nesting, it
//! comes to an end, and what it gives is well formed.

use proptest::prelude::*;
use ptelint::program::{FileId, FunctionKind, Span, check_function, dump};
use ptelint::syntax::FileSyntax;
use ptelint::tree::rust::{Outline, index_rust_file};
use ptelint::tree::{Language, Words};

/// Pieces of Rust, put together in ways nobody would.
const PIECES: [&str; 46] = [
    "fn f(",
    "fn g() {",
    "impl T for S {",
    "impl S {",
    "trait T {",
    "struct S {",
    "enum E {",
    "static X: S = S {",
    "const C: u8 = 1;",
    "mod m {",
    "#[cfg(CONFIG_A)]",
    "macro_rules! m {",
    "}",
    ")",
    "]",
    "(",
    "[",
    "{",
    "<",
    ">",
    ";",
    ",",
    "let x = ",
    "if let Some(y) = ",
    "match x {",
    "Some(z) => ",
    "None => ",
    "else",
    "for v in ",
    "while ",
    "loop {",
    "return",
    "x?",
    "&mut ",
    "|a| ",
    "x.map(",
    "x.f()",
    "vma.vm_page_prot",
    "m!(x, y)",
    "unsafe {",
    "'a",
    "'b'",
    "\"s\"",
    "r#\"",
    "/* ",
    "\u{e9}",
];

fn any_source() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..60);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        pieces.prop_map(|pieces| pieces.join(" ").into_bytes()),
    ]
}

/// Reads everything the outline finds.
fn read(source: &[u8]) -> Result<(), String> {
    let file = FileSyntax::of(FileId(0), source, Language::Rust);
    let index = index_rust_file(source, &Words::new(&[("vm_page_prot", 0)]));
    let len = source.len() as u32;
    for (i, entry) in index.functions.iter().enumerate() {
        if entry.start > entry.body_start || entry.body_start > entry.end || entry.end > len {
            return Err(format!("function {i} at {:?}", entry.span()));
        }
        let function = file.function(entry.span(), FunctionKind::Function);
        check_function(&function, len)?;
        let _ = dump(&function);
        let _ = file.presence_at(entry.start);
    }
    for entry in &index.structs {
        let _ = file.struct_def(Span::new(entry.start, entry.end));
    }
    for entry in &index.initializers {
        let _ = file.table(Span::new(entry.start, entry.end));
    }
    let _ = ptelint::syntax::enumerators(source, Language::Rust);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_is_well_formed(source in any_source()) {
        prop_assert_eq!(read(&source), Ok(()));
    }

    #[test]
    fn a_function_is_read_whatever_is_in_it(source in any_source()) {
        let mut whole = b"fn f(vma: &mut vm_area_struct) -> Option<u8> {".to_vec();
        whole.extend_from_slice(&source);
        whole.push(b'}');
        prop_assert_eq!(read(&whole), Ok(()));
    }
}

/// What no recursion survives without a limit.
#[test]
fn deep_nesting_is_cut_off() {
    let n = 50_000;
    let repeat = |text: &str| text.repeat(n);
    let bodies = [
        format!("{}1{}", repeat("("), repeat(")")),
        format!("{}1{}", repeat("["), repeat("]")),
        format!("{}{}", repeat("{"), repeat("}")),
        format!("{}1{}", repeat("f("), repeat(")")),
        format!("{}x", repeat("!")),
        format!("{}x", repeat("- ")),
        format!("{}x", repeat("*")),
        format!("{}x", repeat("& ")),
        format!("{}x", repeat("|a| ")),
        format!("{}x", repeat("a = ")),
        format!("{}x", repeat("return ")),
        format!("x{}", repeat(" + x")),
        format!("x{}", repeat(" && x")),
        format!("x{}", repeat(" as u8")),
        format!("x{}", repeat(".y")),
        format!("x{}", repeat(".y()")),
        format!("x{}", repeat("?")),
        format!("x{}", repeat("[0]")),
        format!("x{}", repeat(" + S {}")),
        format!("{}{{}}", repeat("if x {} else ")),
        format!("{}x{}", repeat("if x { "), repeat("}")),
        format!("{}x{}", repeat("match x { _ => "), repeat("}")),
        format!("let x: {}u8{} = 1;", repeat("A<"), repeat(">")),
        format!("let x: {}u8 = 1;", repeat("&")),
        format!("let {}x = 1;", repeat("&")),
        format!("let {}x{} = 1;", repeat("Some("), repeat(")")),
        format!("m!{}{}", repeat("("), repeat(")")),
        repeat("("),
        repeat("{ "),
        repeat("fn f() { "),
        repeat("impl S { "),
        repeat("struct a "),
        repeat("const A: u8 = "),
        repeat("a::<"),
        repeat("/*"),
        repeat("r#\""),
        repeat("'"),
    ];
    for body in bodies {
        let source = format!("fn f(x: u8) {{\n{body}\n}}\nfn g() {{}}\n");
        assert_eq!(read(source.as_bytes()), Ok(()), "{}", &source[..60]);
        assert_eq!(read(body.as_bytes()), Ok(()));
    }
}

/// What is cut off is counted.
#[test]
fn what_is_too_deep_is_not_understood() {
    let source = format!(
        "fn f() {{ {}1{} }} fn g() {{}}",
        "(".repeat(5000),
        ")".repeat(5000)
    );
    let file = FileSyntax::of(FileId(0), source.as_bytes(), Language::Rust);
    let outline = Outline::new(source.as_bytes());
    let functions: Vec<_> = outline
        .functions
        .iter()
        .map(|item| file.function(item.span, FunctionKind::Function))
        .collect();
    assert_eq!(functions[0].name, "f");
    assert!(!functions[0].not_understood.is_empty());
    assert_eq!(functions[1].name, "g");
    assert!(functions[1].not_understood.is_empty());
}

#[test]
fn nesting_that_people_write_is_understood() {
    let source = format!("fn f() -> u8 {{ {}1{} }}", "(".repeat(100), ")".repeat(100));
    let file = FileSyntax::of(FileId(0), source.as_bytes(), Language::Rust);
    let outline = Outline::new(source.as_bytes());
    let function = file.function(outline.functions[0].span, FunctionKind::Function);
    assert!(function.not_understood.is_empty());
}
