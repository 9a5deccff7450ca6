//! Before and after: a bit is taken out of a mask in a copy of a real tree, and `ptelint check`
//! names the bit and the accessor that suffers.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use support::kernel::{LINUX_6_1, LINUX_6_12};
use support::{copy_tree, ptelint, text};

const X86: &str = "arch/x86/include/asm/pgtable_types.h";
const MIPS: &str = "arch/mips/include/asm/pgtable-bits.h";

/// What is copied. The first is nothing but headers: functions that they declare are not
/// understood there.
const HEADERS: &[&str] = &[
    "arch/x86/include",
    "arch/mips/include",
    "include/asm-generic",
    "include/linux",
    "include/uapi/linux",
    "include/vdso",
];
const WITH_SOURCES: &[&str] = &[
    "arch/x86/include",
    "arch/x86/mm",
    "arch/x86/coco",
    "arch/mips/include",
    "arch/mips/mm",
    "include/asm-generic",
    "include/linux",
    "include/uapi/linux",
    "include/vdso",
];

/// A test's name, and what it does with a copy of a tree.
type Test = (&'static str, fn(&Path));

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    for (name, directories) in [("headers", HEADERS), ("with_sources", WITH_SOURCES)] {
        let copy = move |test: fn(&Path)| {
            move |tree: &Path| {
                let folder = tempfile::tempdir().expect("a folder");
                copy_tree(tree, folder.path(), directories);
                test(folder.path());
            }
        };
        let tests: [Test; 4] = [
            ("nothing_is_dropped_before_ok", nothing_is_dropped_before_ok),
            ("x86_without_encryption_bad", x86_without_encryption_bad),
            ("x86_without_special_bad", x86_without_special_bad),
            ("mips_without_special_bad", mips_without_special_bad),
        ];
        for (test_name, test) in tests {
            trials.push(LINUX_6_12.trial(&format!("{name}::{test_name}"), copy(test)));
        }
        // Which bits are memory types is known from the functions that choose between them.
        let (test_name, test): Test = match name {
            "headers" => ("FN_x86_without_pat", FN_x86_without_pat),
            _ => ("x86_without_pat_bad", x86_without_pat_bad),
        };
        trials.push(LINUX_6_12.trial(&format!("{name}::{test_name}"), copy(test)));
    }
    trials.push(
        LINUX_6_1.trial("mips_before_special_joined_the_mask_bad", |tree| {
            let folder = tempfile::tempdir().expect("a folder");
            copy_tree(tree, folder.path(), WITH_SOURCES);
            assert_eq!(
                dropped(folder.path()),
                set(&[("mips", "pte_modify", SPECIAL)])
            );
        }),
    );
    libtest_mimic::run(&args, trials).exit_code()
}

const SPECIAL: &str = "the special bit _PAGE_SPECIAL that pte_mkspecial() sets";

fn nothing_is_dropped_before_ok(tree: &Path) {
    assert_eq!(dropped(tree), set(&[]));
}

fn x86_without_encryption_bad(tree: &Path) {
    change(
        tree,
        X86,
        "_PAGE_DEVMAP | _PAGE_CC | _PAGE_UFFD_WP",
        "_PAGE_DEVMAP | _PAGE_UFFD_WP",
    );
    let bit = "the encryption bit _PAGE_CC that pgprot_decrypted() sets";
    let all = ["pte_modify", "pmd_modify", "pud_modify", "pgprot_modify"];
    assert_eq!(
        dropped(tree),
        set(&all.map(|function| ("x86", function, bit)))
    );
}

fn x86_without_pat_bad(tree: &Path) {
    take_pat_out(tree);
    let bit = "the caching bit _PAGE_PAT that pgprot_noncached() sets";
    let both = ["pte_modify", "pgprot_modify"];
    assert_eq!(
        dropped(tree),
        set(&both.map(|function| ("x86", function, bit)))
    );
}

#[expect(non_snake_case, reason = "the prefix says that the answer is wrong")]
fn FN_x86_without_pat(tree: &Path) {
    take_pat_out(tree);
    assert_eq!(dropped(tree), set(&[]));
}

fn take_pat_out(tree: &Path) {
    change(
        tree,
        X86,
        "(_COMMON_PAGE_CHG_MASK | _PAGE_PAT)",
        "_COMMON_PAGE_CHG_MASK",
    );
}

fn x86_without_special_bad(tree: &Path) {
    change(
        tree,
        X86,
        "_PAGE_SPECIAL | _PAGE_ACCESSED",
        "_PAGE_ACCESSED",
    );
    let expected = [
        ("x86", "pte_modify", SPECIAL),
        (
            "x86",
            "pmd_modify",
            "the special bit _PAGE_SPECIAL that pmd_mkspecial() sets",
        ),
        (
            "x86",
            "pud_modify",
            "the special bit _PAGE_SPECIAL that pud_mkspecial() sets",
        ),
    ];
    assert_eq!(dropped(tree), set(&expected));
}

fn mips_without_special_bad(tree: &Path) {
    change(tree, MIPS, "_CACHE_MASK | _PAGE_SPECIAL", "_CACHE_MASK");
    assert_eq!(dropped(tree), set(&[("mips", "pte_modify", SPECIAL)]));
}

/// Architecture, helper, and what the helper drops.
type Dropped = BTreeSet<(String, String, String)>;

fn set(expected: &[(&str, &str, &str)]) -> Dropped {
    let owned = expected
        .iter()
        .map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string()));
    owned.collect()
}

/// What `mask-regression` says, each finding once.
fn dropped(tree: &Path) -> Dropped {
    let check = ["check", "--format", "json"];
    let output = ptelint(tree)
        .args(check)
        .arg(tree)
        .output()
        .expect("the program starts");
    let said = text(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    let findings = answer["findings"].as_array().expect("findings");
    let own = findings
        .iter()
        .filter(|finding| finding["rule"] == "mask-regression");
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = BTreeSet::new();
    for finding in own {
        let function = of(&finding["function"]);
        let message = of(&finding["message"]);
        let what = message
            .strip_prefix(&format!("{function}() drops "))
            .expect("a lost bit");
        for arch in finding["arches"].as_array().expect("architectures") {
            let is_new = all.insert((of(arch), function.clone(), what.to_owned()));
            assert!(is_new, "reported twice: {message}");
        }
    }
    all
}

fn change(tree: &Path, file: &str, from: &str, to: &str) {
    let path = tree.join(file);
    let before = fs::read_to_string(&path).expect("a header");
    assert_eq!(before.matches(from).count(), 1, "{file}: {from}");
    fs::write(&path, before.replace(from, to)).expect("a copy that can be written");
}
