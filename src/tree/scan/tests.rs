//! One test per shape of definition, and what hostile input may not do.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::index_file;
use crate::tree::{FileIndex, FunctionEntry, ProblemKind, Words, name_hash};

fn index(source: &str) -> FileIndex {
    index_file(
        source.as_bytes(),
        &Words::new(&[("pgprot_t", 0), ("vm_page_prot", 1)]),
    )
}

fn names(source: &str) -> Vec<String> {
    let index = index(source);
    (0..index.functions.len())
        .map(|i| index.function_name(i).to_owned())
        .collect()
}

/// The only function of `source` and its text.
fn only_function(source: &str) -> (FunctionEntry, &str) {
    let index = index(source);
    assert_eq!(index.functions.len(), 1, "{source}");
    let function = index.functions[0];
    (
        function,
        &source[function.start as usize..function.end as usize],
    )
}

fn hashes(names: &[&str]) -> Vec<u32> {
    let mut hashes: Vec<u32> = names
        .iter()
        .map(|name| name_hash(name.as_bytes()))
        .collect();
    hashes.sort_unstable();
    hashes
}

fn has_pair(index: &FileIndex, table: usize, member: &str, value: &str) -> bool {
    index.pairs(&index.initializers[table]).iter().any(|pair| {
        pair.member_hash
            == if member.is_empty() {
                0
            } else {
                name_hash(member.as_bytes())
            }
            && pair.value_hash == name_hash(value.as_bytes())
    })
}

#[test]
fn a_plain_function() {
    let source = "#include <linux/mm.h>\n\n/* about f */\nstatic int f(int a,\n\t     int b)\n{\n\treturn a;\n}\n";
    let (function, text) = only_function(source);
    assert!(text.starts_with("static int f(int a,"));
    assert!(text.ends_with("return a;\n}"));
    assert_eq!(&source[function.body_start as usize..][..1], "{");
    assert!(function.is_static && !function.is_macro && !function.in_conditional);
    assert_eq!(index(source).includes[0].as_str(), "linux/mm.h");
}

#[test]
fn annotations_on_all_sides() {
    for head in [
        "static inline __attribute__((always_inline)) pgprot_t f(int a)",
        "__printf(2, 3) void f(int a)",
        "static void __init f(void)",
        "void f(struct lock *l) __releases(&l->lock)",
        "void f(int a) __must_hold(x)",
        "static enum kind f(int a)",
        "static struct kind *f(int a)",
        "struct kind\nf(int a)",
        "int (*f(int a))(int)",
        "int (f)(int a)",
        "MODULE_LICENSE(\"GPL\")\nstatic int f(void)",
        "typeof(int) f(void)",
        "void f(cb_t *cb, void (*done)(int))",
        "void f(int a) /* { */ // {\n",
    ] {
        let source = format!("{head}\n{{\n\tg();\n}}\n");
        assert_eq!(names(&source), ["f"], "{head}");
    }
}

#[test]
fn names_with_underscores_or_capitals_can_be_functions() {
    assert_eq!(names("static enum kind __f(int a)\n{\n}\n"), ["__f"]);
    assert_eq!(names("__printf(1, 2) int __f(int a)\n{\n}\n"), ["__f"]);
    assert_eq!(names("void __f(int a) __releases(x)\n{\n}\n"), ["__f"]);
    assert_eq!(names("int ERR(int a)\n{\n}\n"), ["ERR"]);
}

#[test]
fn a_macro_call_without_semicolon_is_no_part_of_what_follows() {
    let source = "LIST_OF(things)\nint f(void)\n{\n}\n";
    assert!(only_function(source).1.starts_with("int f"));
}

#[test]
fn old_style_parameters() {
    let source = "int f(a, b)\n\tint a;\n\tchar *b;\n{\n\treturn a;\n}\n";
    assert_eq!(names(source), ["f"]);
    assert!(only_function(source).1.starts_with("int f(a, b)"));
}

#[test]
fn system_calls_and_other_defining_macros() {
    assert_eq!(
        names("SYSCALL_DEFINE3(mprotect, unsigned long, start,\n\t\tsize_t, len)\n{\n}\n"),
        ["sys_mprotect"]
    );
    assert_eq!(
        names("COMPAT_SYSCALL_DEFINE1(old_mmap, int, a)\n{\n}\n"),
        ["compat_sys_old_mmap"]
    );
    assert_eq!(names("DEFINE_IDTENTRY(exc_fault)\n{\n}\n"), ["exc_fault"]);
    assert_eq!(names("TEST_F(suite, case)\n{\n}\n"), ["TEST_F"]);
}

#[test]
fn prototypes_and_calls_are_no_functions() {
    let source = "int f(int a);\nextern void g(void) __cold;\nmodule_init(h);\nint x = f(1);\n";
    assert!(names(source).is_empty());
}

#[test]
fn function_like_macros() {
    let source = "#define f(a, b)\t\\\n\tdo {\t\\\n\t\tg(a, #b);\t\\\n\t\t(a)->run(cb);\t\\\n\t} while (0)\nint x;\n";
    let index = index(source);
    let function = index.functions[0];
    assert!(function.is_macro && !function.is_static);
    assert_eq!(index.function_name(0), "f");
    assert_eq!(&source[function.start as usize..][..7], "#define");
    assert_eq!(&source[function.body_start as usize..][..2], "do");
    assert_eq!(&source[function.end as usize..], "\nint x;\n");
    assert_eq!(index.callees(0), hashes(&["g"]));
    assert_eq!(index.member_calls(0), hashes(&["run"]));
    assert_eq!(index.args(0), hashes(&["a", "cb"]));
}

#[test]
fn a_macro_inside_a_function_follows_it() {
    let source =
        "int f(void)\n{\n#define inner(x) g(x)\n\treturn inner(1);\n}\nint h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "inner", "h"]);
    let index = index(source);
    assert_eq!(index.callees(0), hashes(&["inner"]));
    assert_eq!(index.callees(1), hashes(&["g"]));
    let at = |text: &str| source.find(text).unwrap() as u32;
    assert_eq!(index.function_at(at("g(x)")), Some(1));
    assert_eq!(index.function_at(at("return")), Some(0));
    assert_eq!(index.function_at(at("h(void)")), Some(2));
    assert_eq!(index.function_at(source.len() as u32), None);
}

#[test]
fn object_like_macros() {
    let source = "#ifndef A_H\n#define A_H\n#define OLD new_name /* why */\n#define SUM (A | \\\n\tB)\n#define N 12\n#endif\n";
    let index = index(source);
    assert_eq!(index.macros.len(), 4);
    let sum = index.macros[2];
    assert_eq!(sum.name_hash, name_hash(b"SUM"));
    assert_eq!(
        &source[sum.start as usize..sum.end as usize],
        "SUM (A | \\\n\tB)"
    );
    assert_eq!(index.aliases.len(), 1);
    assert_eq!(index.aliases[0].target_hash, name_hash(b"new_name"));
}

#[test]
fn calls_arguments_and_stores() {
    let source = "void f(struct a *p)\n{\n\tif (g(p, cb, &table, CONST, 3, h(x)))\n\t\tp->ops->run(p);\n\tp->ops = &my_ops;\n\tp->fn = (void *)my_fn;\n\tp->n = N;\n\tp->m == x;\n\tlocal.fn = other;\n\treturn sizeof(x);\n}\n";
    let index = index(source);
    assert_eq!(index.callees(0), hashes(&["g", "h"]));
    assert_eq!(index.member_calls(0), hashes(&["run"]));
    assert_eq!(index.args(0), hashes(&["p", "cb", "table", "x"]));
    let stores: Vec<_> = index
        .member_stores
        .iter()
        .map(|store| (store.member_hash, store.value_hash))
        .collect();
    let expected: Vec<_> = [("ops", "my_ops"), ("fn", "my_fn"), ("fn", "other")]
        .iter()
        .map(|(member, value)| (name_hash(member.as_bytes()), name_hash(value.as_bytes())))
        .collect();
    assert_eq!(stores, expected);
    assert!(source[index.member_stores[0].offset as usize..].starts_with("my_ops;"));
}

#[test]
fn comments_between_tokens() {
    let index = index(
        "void f /* ( */ (int a) /* { */\n{\n\tg /* x */ (a, /* y */ b);\n\t/* h(); */\n\t// i();\n}\n",
    );
    assert_eq!(index.callees(0), hashes(&["g"]));
    assert_eq!(index.function_name(0), "f");
}

#[test]
fn literals_hide_what_they_hold() {
    let index = index("void f(void)\n{\n\tg(\"} /* \\\" {\", '{', '\\'', '\"');\n\th();\n}\n");
    assert_eq!(index.callees(0), hashes(&["g", "h"]));
    assert!(index.problems.is_empty());
}

#[test]
fn tables() {
    let source = "static const struct vm_operations_struct my_ops __ro = {\n\t.fault\t= my_fault,\n\t.open = &my_open, .close = NULL,\n\t.inner = { .deep = my_deep },\n};\n";
    let index = index(source);
    let table = index.initializers[0];
    assert!(table.is_file_scope);
    assert_eq!(table.struct_hash, name_hash(b"struct vm_operations_struct"));
    assert_eq!(
        &source[table.name.start as usize..table.name.end as usize],
        "my_ops"
    );
    assert_eq!(table.name_hash, name_hash(b"my_ops"));
    assert_eq!((table.start, table.end as usize), (0, source.len() - 2));
    for (member, value) in [
        ("fault", "my_fault"),
        ("open", "my_open"),
        ("deep", "my_deep"),
        ("close", "NULL"),
    ] {
        assert!(has_pair(&index, 0, member, value), "{member}");
    }
    assert_eq!(index.pairs(&table).len(), 4);
}

#[test]
fn declarators_of_tables() {
    for (declarator, type_name, name) in [
        ("struct ops x", "struct ops", "x"),
        ("static struct ops x[]", "struct ops", "x"),
        ("struct ops x[N(1)][2] __initdata", "struct ops", "x"),
        ("struct ops __x", "struct ops", "__x"),
        (
            "static struct ops x __section(\".data\")",
            "struct ops",
            "x",
        ),
        ("ops_t x", "ops_t", "x"),
        ("const struct ops *const x[]", "struct ops", "x"),
        ("static DEFINE_PER_CPU(struct ops, x)", "struct ops", "x"),
        ("struct ops { int a; } x", "struct ops", "x"),
    ] {
        let source = format!("int y;\n{declarator} = {{\n\t.fault = f,\n}};\n");
        let index = index(&source);
        assert_eq!(index.initializers.len(), 1, "{declarator}");
        let table = index.initializers[0];
        assert_eq!(
            table.struct_hash,
            name_hash(type_name.as_bytes()),
            "{declarator}"
        );
        assert_eq!(table.name_hash, name_hash(name.as_bytes()), "{declarator}");
        assert!(has_pair(&index, 0, "fault", "f"), "{declarator}");
    }
}

#[test]
fn arrays_of_tables() {
    let index = index(
        "static struct ops all[] = {\n\t[A] = { .mmap = f },\n\t[B] = g,\n\t{ \"name\", h },\n};\n",
    );
    assert!(has_pair(&index, 0, "mmap", "f"));
    assert!(has_pair(&index, 0, "", "g"));
    assert!(has_pair(&index, 0, "", "h"));
}

#[test]
fn tables_inside_functions() {
    let source = "void f(void)\n{\n\tstruct fault v = {\n\t\t.vma = vma,\n\t};\n\trun(&(struct walk) { .entry = cb });\n\tg();\n}\n";
    let index = index(source);
    assert_eq!(index.initializers.len(), 2);
    assert_eq!(
        index.initializers[0].struct_hash,
        name_hash(b"struct fault")
    );
    assert!(!index.initializers[0].is_file_scope);
    assert!(has_pair(&index, 0, "vma", "vma"));
    assert_eq!(index.initializers[1].struct_hash, name_hash(b"struct walk"));
    assert_eq!(index.initializers[1].name_hash, 0);
    assert!(has_pair(&index, 1, "entry", "cb"));
    assert_eq!(index.callees(0), hashes(&["run", "g"]));
}

#[test]
fn tables_made_by_macros() {
    let source = "#define OPS \\\n\t.open = my_open, \\\n\t.mmap = my_mmap\n#define DEFINE_OPS(name) \\\n\tstatic const struct ops name = { \\\n\t\tOPS, .read = my_read }\ndefine_machine(box) {\n\t.probe = my_probe,\n};\n";
    let index = index(source);
    assert_eq!(index.initializers.len(), 3);
    assert!(has_pair(&index, 0, "open", "my_open") && has_pair(&index, 0, "mmap", "my_mmap"));
    assert_eq!(index.initializers[1].struct_hash, name_hash(b"struct ops"));
    assert!(has_pair(&index, 1, "read", "my_read"));
    assert!(has_pair(&index, 2, "probe", "my_probe"));
}

#[test]
fn a_macro_can_end_a_table() {
    let source = "MACHINE_START(A, \"a\")\n\t.init = f,\nMACHINE_END\n\nvoid g(void)\n{\n}\n";
    assert_eq!(names(source), ["g"]);
    let source = "static struct desc d = {\n\t.init = f,\n}\nTABLE_END\nvoid g(void)\n{\n}\n";
    assert!(only_function(source).1.starts_with("void g"));
}

#[test]
fn structures() {
    let source = "struct a {\n\tint (*f)(int);\n\tstruct { int b; } c;\n};\ntypedef struct {\n\tint x;\n} __packed t;\nunion u { int a; };\nenum e { A = 1, B };\nstruct __packed p { int a; };\nstruct q { int a; } __attribute__((packed));\nstruct __attribute__((packed)) r { int a; };\nstruct a *f(void)\n{\n}\n";
    let index = index(source);
    let found: Vec<u32> = index.structs.iter().map(|entry| entry.name_hash).collect();
    let expected: Vec<u32> = [
        "struct a", "t", "union u", "enum e", "struct p", "struct q", "struct r",
    ]
    .iter()
    .map(|name| name_hash(name.as_bytes()))
    .collect();
    assert_eq!(found, expected);
    let first = index.structs[0];
    assert!(source[first.start as usize..first.end as usize].ends_with("c;\n}"));
    assert_eq!(index.function_name(0), "f");
}

#[test]
fn text_in_extern_c_is_file_level() {
    let source = "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void)\n{\n}\n#ifdef __cplusplus\n}\n#endif\nint g(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "g"]);
    assert!(index(source).functions.iter().all(|f| !f.in_conditional));
}

#[test]
fn conditionals_at_file_level() {
    let source = "#ifndef A_H\n#define A_H\nint a(void) { }\n#ifdef CONFIG_X\nint b(void) { }\n#else\nint c(void) { }\n#endif\nint d(void) { }\n#endif\n";
    assert_eq!(names(source), ["a", "b", "c", "d"]);
    let conditional: Vec<bool> = index(source)
        .functions
        .iter()
        .map(|function| function.in_conditional)
        .collect();
    assert_eq!(conditional, [false, true, true, false]);
}

#[test]
fn alternatives_with_unbalanced_braces() {
    let source = "void f(void)\n{\n#ifdef A\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\t\tg();\n\t}\n}\nvoid h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "h"]);
    assert!(index(source).problems.is_empty());
}

#[test]
fn braces_only_some_configurations_have() {
    // Both `#if` groups go together, so the braces do not match when all branches are read.
    let source = "void f(void)\n{\n#ifdef A\n\tif (x) {\n#endif\n\tg();\n#ifndef A\n\t{\n#endif\n\t}\n}\nvoid h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "h"]);
}

#[test]
fn alternative_heads_of_one_body() {
    let source = "#ifdef A\nint f(int a)\n#else\nint f(int a, int b)\n#endif\n{\n\tg();\n}\nint h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "h"]);
    let source = "#ifdef A\nint f(int a) {\n#else\nint f(int a, int b) {\n#endif\n\tg();\n}\nint h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "h"]);
    assert!(
        only_function(&source[..source.len() - 16])
            .1
            .ends_with("g();\n}")
    );
}

#[test]
fn alternative_ends_of_one_body() {
    let source = "int f(void)\n{\n#ifdef A\n\treturn 1;\n}\n#else\n\tif (x) {\n\t}\n\treturn 2;\n}\n#endif\nint h(void)\n{\n}\n";
    assert_eq!(names(source), ["f", "h"]);
}

#[test]
fn what_is_never_compiled_is_skipped() {
    let source = "#if 0\nint a(void)\n{\n\tdon't {\n}\n#else\nint b(void)\n{\n}\n#endif\n#ifdef __ASSEMBLY__\n\t.macro x ( {\n#else\nint c(void)\n{\n}\n#endif\n#ifndef __ASSEMBLY__\nint d(void)\n{\n}\n#else\n\tmov ( {\n#endif\nint e(void)\n{\n}\n";
    assert_eq!(names(source), ["b", "c", "d", "e"]);
}

/// Known bug: the function behind a lost parenthesis gets the wrong name. It is still there.
#[test]
fn a_lost_parenthesis_ends_at_the_next_function() {
    assert_eq!(
        names("LOST((x)\n\nint f(void)\n{\n}\nint g(void)\n{\n}\n"),
        ["LOST", "g"]
    );
}

#[test]
fn mentions_are_told_apart_by_place() {
    let index = index(
        "int a;\npgprot_t f(pgprot_t p)\n{\n\treturn v->vm_page_prot;\n}\nint g(void)\n{\n}\n",
    );
    assert_eq!(index.mentions, 3);
    assert_eq!(index.functions[0].mentions_signature, 1);
    assert_eq!(index.functions[0].mentions_body, 2);
    assert_eq!(
        index.functions[1].mentions_signature | index.functions[1].mentions_body,
        0
    );
}

#[test]
fn windows_line_ends() {
    let source = "#define f(a) \\\r\n\tg(a)\r\nint h(void)\r\n{\r\n\ti();\r\n}\r\n";
    assert_eq!(names(source), ["f", "h"]);
}

#[test]
fn latin_1_is_read() {
    let source = b"/* Andr\xe9 */\nint f(void)\n{\n\tg(\"\xff\");\n}\n";
    let index = index_file(source, &Words::new(&[]));
    assert_eq!(index.function_name(0), "f");
    assert!(index.problems.is_empty());
}

fn problem_kinds(source: &[u8]) -> Vec<ProblemKind> {
    index_file(source, &Words::new(&[]))
        .problems
        .iter()
        .map(|problem| problem.kind.clone())
        .collect()
}

#[test]
fn what_is_given_up_is_reported() {
    use ProblemKind::*;
    assert_eq!(
        problem_kinds(b"int f(void)\n{\n\tif (x) {\n"),
        [UnbalancedBraces]
    );
    assert_eq!(
        problem_kinds(b"int x;\n/* never closed\n"),
        [UnterminatedComment]
    );
    assert_eq!(problem_kinds(b"#if A\nint x;\n"), [UnbalancedConditional]);
    assert_eq!(problem_kinds(b"\x7fELF\0\0\0"), [Binary]);
    assert_eq!(problem_kinds(b"char *s = \"never closed\nint x;\n"), []);
}

/// Hostile files of about a megabyte each.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    const N: usize = 100_000;
    let repeat = |text: &str| text.repeat(N).into_bytes();
    let inside = |text: &str| [b"int f(void)\n{\n".as_slice(), &repeat(text), b"}\n"].concat();
    vec![
        ("braces", repeat("{")),
        ("braces in a function", inside("{")),
        ("closing braces", repeat("}\n")),
        ("parentheses", inside("f((")),
        ("parentheses at file level", repeat("f(")),
        ("groups", repeat("f() ")),
        ("a long line", repeat("int a; ")),
        ("a long name", repeat("abcdefgh")),
        (
            "blanks",
            [
                repeat(" \t\n "),
                b"(".to_vec(),
                repeat("    "),
                b"{".to_vec(),
            ]
            .concat(),
        ),
        ("blanks and calls", inside("    (")),
        ("blanks and hashes", repeat("   #")),
        ("comments", repeat("/**/ ")),
        ("open comments", repeat("/* ")),
        ("comments at hashes", repeat("/**/#")),
        ("strings", repeat("\"\\")),
        ("apostrophes", repeat("' ")),
        ("conditionals", repeat("#if 1\n")),
        ("skipped conditionals", repeat("#if 0\n")),
        ("alternatives", repeat("#else\n#endif\n")),
        ("defines", repeat("#define f(\n")),
        (
            "unterminated define",
            [b"#define f(a) ".to_vec(), repeat("g(a, \\\n")].concat(),
        ),
        ("defines in a function", inside("\n#define f(a) g(a)\n")),
        ("structures", repeat("struct a {")),
        ("braces behind one structure", repeat("struct a {} ")),
        ("assignments", repeat("struct a b = { ")),
        (
            "assigned braces",
            [b"struct a b = ".to_vec(), repeat("{} ")].concat(),
        ),
        ("brackets", repeat("]] = {}")),
        ("casts", inside(".a = (((")),
        ("old style", repeat("f(a) b; ")),
        ("typedefs", repeat("typedef struct {} __a __b ")),
        ("high bytes", vec![0xff; N]),
        ("late NUL bytes", [vec![b' '; 9000], vec![0; N]].concat()),
        ("semicolons", repeat(";")),
        ("quotes in lines", repeat("#define \"\n")),
    ]
}

#[test]
fn hostile_input_takes_linear_time() {
    for (what, source) in hostile() {
        let begin = Instant::now();
        let index = index_file(&source, &Words::new(&[("a", 0)]));
        assert_inside(&index, &source);
        let taken = begin.elapsed();
        // A quadratic pass takes minutes.
        assert!(taken < Duration::from_secs(5), "{what}: {taken:?}");
    }
}

/// All ranges lie inside the file, and entries are in order.
fn assert_inside(index: &FileIndex, source: &[u8]) {
    let n_bytes = source.len() as u32;
    for (i, function) in index.functions.iter().enumerate() {
        assert!(function.start <= function.body_start);
        assert!(function.body_start <= function.end && function.end <= n_bytes);
        assert!(index.function_name(i).is_ascii());
        assert!(index.callees(i).is_sorted());
        assert!(index.member_calls(i).is_sorted());
        assert!(index.args(i).is_sorted());
    }
    assert!(index.functions.is_sorted_by_key(|function| function.start));
    for entry in &index.structs {
        assert!(entry.start < entry.end && entry.end <= n_bytes);
    }
    for table in &index.initializers {
        assert!(table.start <= table.end && table.end <= n_bytes);
        assert!(table.name.start <= table.name.end && table.name.end <= n_bytes);
        assert!(index.pairs(table).iter().all(|pair| pair.offset < n_bytes));
    }
    assert!(
        index
            .member_stores
            .iter()
            .all(|store| store.offset < n_bytes)
    );
    assert!(
        index
            .macros
            .iter()
            .all(|m| m.start < m.end && m.end <= n_bytes)
    );
    assert!(index.aliases.iter().all(|alias| alias.start < n_bytes));
}

proptest! {
    #[test]
    fn any_bytes_are_indexed(source in proptest::collection::vec(1_u8..=255, 0..2000)) {
        assert_inside(&index_file(&source, &Words::new(&[("a", 0)])), &source);
    }

    #[test]
    fn any_mix_of_tokens_is_indexed(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "(", ")", ";", ",", "=", "\"", "'", "/*", "*/", "//", "#", "\n", "\\\n",
                " ", "\t", "#if 0\n", "#if A\n", "#else\n", "#endif\n", "#define f(a) ", "#define A ",
                "struct ", "union ", "static ", "typedef ", "int ", "f", "__g", "H", "->", ".", "*",
                "&", "[", "]", "\n}\n", "\n{\n", "= {", "};\n", "f(", "(a)", "__attribute__((x))",
                "extern \"C\" {", "#include <a.h>\n", "SYSCALL_DEFINE1(a, ", "\u{e9}", "\u{c}",
            ]),
            0..200,
        )
    ) {
        let source = tokens.concat();
        let index = index(&source);
        assert_inside(&index, source.as_bytes());
    }
}
