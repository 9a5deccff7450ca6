use super::*;
use crate::vocabulary::{EntryKind, Kind, Level, TargetKind, Version};

/// What reading these files, given as name and text, on top of the built-in ones says is wrong.
fn complaint(files: &[(&str, &str)]) -> String {
    match parse(files, Some(builtin())) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(complaint(&[("a.toml", text)]), expected, "for\n{text}");
}

#[test]
fn keys() {
    check(
        r#"
[[construct]]
name = "mk_pte"
protecton = 1
level = "pte"
"#,
        "a.toml:4: unknown key `protecton` in [[construct]], did you mean `protection`?; expected \
         `name`, `protection` or `level`",
    );
    check(
        r#"identity = [{ name = "f", colour = "red" }]"#,
        "a.toml:1: unknown key `colour` in [[identity]]; expected `name` or `argument`",
    );
    check(
        r#"
[[insert]]
name = "f"
target = 0
level = "pte"
entry = "raw"
adjusts = [{ kind = "caching", functon = "g" }]
"#,
        "a.toml:7: unknown key `functon` in `adjusts` of [[insert]], did you mean `function`?; \
         expected `kind` or `function`",
    );
    check(
        r#"
[[modify]]
name = "pte_modify"
entry = 0
level = "pte"
"#,
        "a.toml:2: [[modify]] has no `protection`",
    );
    check(
        r#"
[[insert]]
name = "f"
target = 0
level = "pte"
entry = "raw"
adjusts = [
    { kind = "caching" },
]
"#,
        "a.toml:8: `adjusts` of [[insert]] has no `function`",
    );
}

#[test]
fn words() {
    check(
        r#"construct = [{ name = "f", protection = 1, level = "ptee" }]"#,
        "a.toml:1: `level` in [[construct]] is \"ptee\", did you mean `pte`?; expected `pte`, \
         `pmd`, `pud` or `huge`",
    );
    check(
        r#"construct = [{ name = "f", protection = 1, level = 3 }]"#,
        "a.toml:1: `level` in [[construct]] is 3; expected `pte`, `pmd`, `pud` or `huge`",
    );
    check(
        r#"protection = [{ name = "f", effect = "guess" }]"#,
        "a.toml:1: `effect` in [[protection]] is \"guess\"; expected `derive`, `recompute`, \
         `merge` or `extract`",
    );
}

#[test]
fn types() {
    check(
        "[[identity]]\nname = 7\n",
        "a.toml:2: `name` in [[identity]] is 7; expected a string",
    );
    check(
        r#"assertion = [{ name = "f", stops = "yes" }]"#,
        "a.toml:1: `stops` in [[assertion]] is the string \"yes\"; expected true or false",
    );
    check(
        r#"vma = [{ name = "struct s", protection = "p", flags = [], ops = "o" }]"#,
        "a.toml:1: `protection` in [[vma]] is the string \"p\"; expected an array",
    );
    check(
        r#"
[[vma]]
name = "struct s"
protection = [
    "p",
    2024-01-01,
]
flags = []
ops = "o"
"#,
        "a.toml:6: `protection` in [[vma]] is a date; expected a string",
    );
    check(
        r#"identity = ["f"]"#,
        "a.toml:1: an entry of [[identity]] is the string \"f\"; expected a table",
    );
    check(
        "[identity]\nname = \"f\"\n",
        "a.toml:1: `identity` is a table; expected tables, as [[identity]]",
    );
}

#[test]
fn positions() {
    for found in ["99", "-1", "13", "1.5", "18446744073709551616"] {
        check(
            &format!("identity = [{{ name = \"f\", argument = {found} }}]"),
            &format!(
                "a.toml:1: `argument` in [[identity]] is {found}; expected an argument number from \
                 0 to 12"
            ),
        );
    }
    check(
        r#"modify = [{ name = "f", entry = 1, protection = 1, level = "pte" }]"#,
        "a.toml:1: [[modify]] `f`: `entry` and `protection` are the same argument, 1",
    );
    check(
        r#"
[[insert]]
name = "f"
arguments = 3
target = 0
protection = 3
level = "pte"
entry = "raw"
"#,
        "a.toml:2: [[insert]] `f`: `protection` is argument 3, but there are only 3",
    );
    check(
        r#"flags = [{ name = "f" }]"#,
        "a.toml:1: [[flags]] `f`: changes nothing; expected `set`, `clear` or `assign`",
    );
}

#[test]
fn names() {
    check(
        r#"identity = [{ name = "a b" }]"#,
        "a.toml:1: [[identity]] `a b`: \"a b\" is not a C identifier",
    );
    check(
        r#"identity = [{ name = "f*" }]"#,
        "a.toml:1: [[identity]] `f*`: \"f*\" is not a C identifier",
    );
    check(
        r#"constant = [{ name = "PAGE*X" }]"#,
        "a.toml:1: [[constant]] `PAGE*X`: \"PAGE*X\" is not a C identifier, nor the start of one \
         before a `*`",
    );
    check(
        r#"entry_point = [{ table = "file_operations", member = "mmap", target = 1, phase = "mmap" }]"#,
        "a.toml:1: [[entry_point]] `file_operations.mmap`: \"file_operations\" is not a structure; \
         expected \"struct file_operations\"",
    );
    check(
        r#"protection = [{ name = "f", effect = "derive" }]"#,
        "a.toml:1: [[protection]] `f`: a `derive` needs `kind`: which bits it changes",
    );
    check(
        r#"protection = [{ name = "f", effect = "recompute", kind = "caching" }]"#,
        "a.toml:1: [[protection]] `f`: only a `derive` or `merge` has a `kind`",
    );
}

fn insert(since: &str) -> String {
    format!("[[insert]]\nname = \"f\"\ntarget = 0\nlevel = \"pte\"\nentry = \"raw\"\n{since}\n")
}

#[test]
fn versions() {
    for found in ["6", "6.", "6.12.1", "v6.12", "6.+1", "99999.1", ""] {
        check(
            &insert(&format!("since = \"{found}\"")),
            &format!(
                "a.toml:6: `since` in [[insert]] is \"{found}\"; expected a kernel version such as \
                 \"6.12\""
            ),
        );
    }
    check(
        &insert("since = 6.12"),
        "a.toml:6: `since` in [[insert]] is 6.12; expected a string",
    );
    check(
        &insert("since = \"6.3\"\nuntil = \"5.10\""),
        "a.toml:1: [[insert]] `f`: `since` 6.3 is later than `until` 5.10",
    );
}

#[test]
fn duplicates() {
    let identity = "\n\nidentity = [{ name = \"f\" }]\n";
    assert_eq!(
        complaint(&[
            ("a.toml", identity),
            ("b.toml", "identity = [{ name = \"f\" }]")
        ]),
        "b.toml:1: [[identity]] `f` is declared twice, first in a.toml:3"
    );
    let apart = "; two forms of one call need disjoint `since` and `until`, or different \
                 `arguments`";
    for (first, second, message) in [
        ("until = \"5.1\"", "since = \"5.2\"", ""),
        ("arguments = 5", "arguments = 3", ""),
        ("until = \"5.2\"", "since = \"5.2\"", apart),
        ("", "since = \"5.2\"", apart),
        ("arguments = 5", "", apart),
    ] {
        let text = insert(first) + &insert(second);
        let expected = match message {
            "" => String::new(),
            message => {
                format!("a.toml:7: [[insert]] `f` is declared twice, first in a.toml:1{message}")
            }
        };
        check(&text, &expected);
    }
    // One name may mean something in two sections.
    check(
        "identity = [{ name = \"f\" }]\nassertion = [{ name = \"f\", stops = true }]",
        "",
    );
}

#[test]
fn files() {
    let sections = "`insert`, `construct`, `modify`, `install`, `protection`, `constant`, \
                    `identity`, `member_access`, `flags`, `entry_point`, `vma`, `attribute_bit`, \
                    `assertion`, `lookup`, `entry_test`, `entry_compare`, `entry_read`, \
                    `state_bit`, `entry_page`, `entry_encode`, `entry_decode`, `entry_unlock`, `axiom`, \
                    `flag_family`, `rust_type` or `rust_injection`";
    check(
        "[[inserts]]\nname = \"f\"\n",
        &format!(
            "a.toml:1: unknown section `inserts`, did you mean `insert`?; expected {sections}"
        ),
    );
    check(
        "replace = 1",
        "a.toml:1: `replace` is 1; expected true or false",
    );
    check(
        "identity = [\n    { name = \"f }\n]\n",
        "a.toml:2: not TOML: invalid basic string, expected `\"`",
    );
    check(
        "[[identity]]\nname = \"f\"\nname = \"g\"\n",
        "a.toml:3: not TOML: duplicate key",
    );
    // Every mistake is named, in the order of the files.
    assert_eq!(
        complaint(&[
            (
                "a.toml",
                "identity = [\n    { nam = \"f\" },\n    { name = 1 },\n]\n"
            ),
            ("b.toml", "replaces = true"),
        ]),
        format!(
            "a.toml:2: unknown key `nam` in [[identity]], did you mean `name`?; expected `name` or \
             `argument`\n\
             a.toml:3: `name` in [[identity]] is 1; expected a string\n\
             b.toml:1: unknown section `replaces`; expected {sections}"
        )
    );
}

#[test]
fn builtin_parses() {
    let vocabulary = parse(BUILTIN, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(vocabulary.insert.len() > 40);
    assert!(BUILTIN.is_sorted_by_key(|(file, _)| file));
}

#[test]
fn builtin_has_every_rule_file() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .expect("the rules directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    let built_in: Vec<&str> = BUILTIN.iter().map(|&(file, _)| file).collect();
    assert_eq!(files, built_in);
}

#[test]
fn forms_are_told_apart_by_arguments_before_version() {
    let v = |text: &str| Some(text.parse::<Version>().expect("a version"));
    let pmd = |arguments, version| {
        let insert = builtin().insertion("vmf_insert_pfn_pmd", arguments, version);
        insert.map(|insert| (insert.target_is, insert.demands_one_of.len()))
    };
    assert_eq!(pmd(5, v("4.4")), Some((TargetKind::Vma, 0)));
    assert_eq!(pmd(3, v("6.12")), Some((TargetKind::Fault, 0)));
    assert_eq!(pmd(3, v("6.18")), Some((TargetKind::Fault, 2)));
    // A stable tree that took over the later form; a file without a tree.
    assert_eq!(pmd(3, v("4.19")), Some((TargetKind::Fault, 2)));
    assert_eq!(pmd(5, None), Some((TargetKind::Vma, 0)));
    assert_eq!(pmd(4, None), None);

    let commit = |arguments| builtin().installer("ptep_modify_prot_commit", arguments);
    assert_eq!(
        commit(4).map(|install| (install.mm, install.vma, install.entry)),
        Some((Some(0), None, 3))
    );
    assert_eq!(
        commit(5).map(|install| (install.mm, install.vma, install.entry)),
        Some((None, Some(0), 4))
    );
}

#[test]
fn patterns_match_the_most_specific() {
    let constant = |name: &str| {
        builtin()
            .fixed_protection(name)
            .map(|constant| (constant.kernel, constant.writable))
    };
    assert_eq!(constant("PAGE_SHARED"), Some((false, true)));
    assert_eq!(constant("PAGE_SHARED_EXEC"), Some((false, true)));
    assert_eq!(constant("PAGE_KERNEL_ROX"), Some((true, false)));
    assert_eq!(constant("PAGE_KERNEL_EXEC"), Some((true, true)));
    assert_eq!(constant("PAGE_SIZE"), None);
    let kind = |name: &str| builtin().attribute(name).map(|bit| bit.kind);
    assert_eq!(kind("L_PTE_MT_WRITEALLOC"), Some(Kind::Caching));
    assert_eq!(kind("_PAGE_ENC"), Some(Kind::Encryption));
    assert_eq!(kind("_PAGE_RW"), None);
}

#[test]
fn user_entries_replace_built_in_ones_of_the_same_name() {
    let text = r#"
[[insert]]
name = "vmf_insert_pfn_pmd"
target = 1
level = "pud"
entry = "page"

[[insert]]
name = "my_insert"
target = 2
level = "pte"
entry = "raw"
"#;
    let both = parse(&[("a.toml", text)], Some(builtin())).expect("no mistake");
    let forms: Vec<_> = both
        .insert
        .iter()
        .filter(|insert| insert.name == "vmf_insert_pfn_pmd")
        .collect();
    assert_eq!(forms.len(), 1);
    assert_eq!(
        (forms[0].target, forms[0].level, forms[0].entry),
        (1, Level::Pud, EntryKind::Page)
    );
    assert!(both.insertion("my_insert", 4, None).is_some());
    assert_eq!(both.modify.len(), builtin().modify.len());

    let replaced = parse(
        &[("a.toml", text), ("b.toml", "replace = true")],
        Some(builtin()),
    )
    .expect("no mistake");
    assert_eq!(replaced.insert.len(), 2);
    assert!(replaced.modify.is_empty());
}

#[test]
fn directories() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let message = |path: &Path| {
        load_dir(path, None)
            .map(|_| ())
            .expect_err("a mistake")
            .to_string()
    };

    assert_eq!(
        message(path),
        format!("no rule file (*.toml) in {}", path.display())
    );
    let missing = path.join("missing");
    assert!(
        message(&missing).starts_with(&format!("cannot read rules from {}: ", missing.display()))
    );

    std::fs::write(path.join("b.toml"), "identity = [{ name = \"f\" }]\n").expect("a file");
    std::fs::write(path.join("notes.txt"), "not a rule file").expect("a file");
    let loaded = load_dir(path, None).expect("no mistake");
    assert_eq!(loaded.identity.len(), 1);

    std::fs::write(path.join("a.toml"), "identity = [{ name = \"f\" }]\n").expect("a file");
    let (a, b) = (path.join("a.toml"), path.join("b.toml"));
    assert_eq!(
        message(path),
        format!(
            "{}:1: [[identity]] `f` is declared twice, first in {}:1",
            b.display(),
            a.display()
        )
    );

    std::fs::write(&a, b"name = \"\xff\"").expect("a file");
    assert!(message(path).starts_with(&format!("cannot read rules from {}: ", a.display())));
}

#[test]
fn any_text_is_read_without_panic() {
    proptest::proptest!(|(text in r#"[\[\]{}=",.a-z0-9\n_ ]{0,60}"#)| {
        let _ = parse(&[("a.toml", &text), ("b.toml", &format!("[[insert]]\n{text}"))], None);
    });
    let deep = format!("identity = {}", "[".repeat(100_000));
    assert!(parse(&[("a.toml", &deep)], None).is_err());
}
