//! Properties of the C front end that hold for any bytes whatever.

use proptest::prelude::*;

use ptelint::program::{FileId, FunctionKind, Span, check_function, dump};
use ptelint::syntax::{FileSyntax, measure, normalise};

/// Bytes that are close enough to C to get far.
fn nearly_c() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "static ",
        "int ",
        "unsigned ",
        "struct s ",
        "f",
        "x",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ";",
        ",",
        "*",
        "&",
        "->",
        ".",
        "=",
        "==",
        "&&",
        "||",
        "!",
        "?",
        ":",
        "1",
        "0x",
        "\"",
        "'",
        "\\\n",
        "\n",
        " ",
        "\t",
        "/*",
        "*/",
        "//",
        "#if A\n",
        "#else\n",
        "#endif\n",
        "#define M(",
        "##",
        "#",
        "...",
        "if ",
        "else ",
        "for ",
        "while ",
        "do ",
        "switch ",
        "case ",
        "default",
        "goto ",
        "return ",
        "asm ",
        "typeof",
        "sizeof",
        "__user ",
        "for_each_x",
        "scoped_guard",
        "_Generic",
        "SYSCALL_DEFINE2(",
        "++",
        "-",
        "$",
        "\u{e9}",
        "\0",
    ]);
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat().into_bytes())
}

fn any_source() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        nearly_c(),
        nearly_c().prop_map(|inner| [b"int f(int x)\n{\n".as_slice(), &inner, b"\n}\n"].concat()),
        nearly_c().prop_map(|inner| [b"#define M(a, b) ".as_slice(), &inner].concat()),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn normalising_keeps_length_and_newlines(source in any_source()) {
        let normalised = normalise(&source);
        prop_assert_eq!(normalised.text.len(), source.len());
        for (old, new) in source.iter().zip(&normalised.text) {
            prop_assert_eq!(*old == b'\n', *new == b'\n');
        }
    }

    #[test]
    fn whatever_is_read_is_well_formed(source in any_source()) {
        let file = FileSyntax::new(FileId(0), &source);
        let whole = Span::new(0, source.len() as u32);
        let mut definitions = measure::find_by_layout(&source);
        definitions.push((whole, FunctionKind::Function));
        definitions.push((whole, FunctionKind::Macro));
        for (span, kind) in definitions {
            let function = file.function(span, kind);
            prop_assert_eq!(check_function(&function, whole.end), Ok(()));
            prop_assert!(!dump(&function).is_empty());
        }
        let _ = file.struct_def(whole);
        let _ = file.table(whole);
    }

    #[test]
    fn every_byte_has_a_presence_and_a_line(source in any_source()) {
        let file = FileSyntax::new(FileId(0), &source);
        let mut n_newlines = 0;
        for offset in 0..=source.len() {
            let _ = file.presence_at(offset as u32);
            let (line, column) = file.line_column(offset as u32);
            prop_assert_eq!(line, n_newlines + 1);
            prop_assert!(column >= 1);
            n_newlines += u32::from(source.get(offset) == Some(&b'\n'));
        }
    }
}

/// What no recursion survives without a limit.
#[test]
fn deep_nesting_is_cut_off() {
    let n = 100_000;
    let repeat = |text: &str| text.repeat(n);
    let bodies = [
        format!("x = {}1{};", repeat("("), repeat(")")),
        format!("{}{}", repeat("{"), repeat("}")),
        format!("x = {}1{};", repeat("f("), repeat(")")),
        format!("x = {}y;", repeat("!")),
        format!("x = {}y;", repeat("- ")),
        format!("x = {}y;", repeat("*")),
        format!("x = y{};", repeat(" + y")),
        format!("x = y{};", repeat(" && y")),
        format!("x = {}y;", repeat("y ? z : ")),
        format!("x = {}y;", repeat("y = ")),
        format!("x = y{};", repeat("[0]")),
        format!("x = y{};", repeat("->z")),
        format!("{}y();", repeat("if (x) ")),
        format!("{}y();", repeat("if (x) z(); else ")),
        format!("{}y();", repeat("l: ")),
        format!("{}y();", repeat("do ")),
        format!("x = {}1{};", repeat("({"), repeat(";})")),
        format!("x = (struct s){}1{};", repeat("{"), repeat("}")),
        format!("{}y();", repeat("for_each(x) ")),
        repeat("("),
        repeat("f(x, "),
        repeat("/*"),
        repeat("\""),
        repeat("#if A\n"),
        repeat("int "),
        repeat("case 1: "),
    ];
    for body in bodies {
        let source = format!("int f(int x)\n{{\n{body}\n}}\n");
        let file = FileSyntax::new(FileId(0), source.as_bytes());
        let whole = Span::new(0, source.len() as u32);
        let function = file.function(whole, FunctionKind::Function);
        assert_eq!(check_function(&function, whole.end), Ok(()));
        assert_eq!(function.name, "f");
        let source = format!("#define M(x) {}", body.replace('\n', " "));
        let file = FileSyntax::new(FileId(0), source.as_bytes());
        let whole = Span::new(0, source.len() as u32);
        let _ = file.function(whole, FunctionKind::Macro);
        let source = format!("struct s {{ {body} }};");
        let file = FileSyntax::new(FileId(0), source.as_bytes());
        let whole = Span::new(0, source.len() as u32);
        let _ = file.struct_def(whole);
        let source = format!("struct s t = {{ .a = {body} }};");
        let file = FileSyntax::new(FileId(0), source.as_bytes());
        let whole = Span::new(0, source.len() as u32);
        let _ = file.table(whole);
    }
}
