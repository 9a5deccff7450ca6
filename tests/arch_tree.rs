//! Verdicts on whole kernel trees that were reviewed by hand against the source.

#[path = "support/kernel.rs"]
mod kernel;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use kernel::{LINUX_6_1, LINUX_6_12};
use ptelint::arch::{Effect, Kind, Matrix, Modifier, Origin, Rules, Verdict, matrix};
use ptelint::tree::Tree;

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    for kernel in [LINUX_6_12, LINUX_6_1] {
        trials.push(kernel.trial("pte_modify_does_what_was_reviewed", reviewed));
        trials.push(kernel.trial("no_access_becomes_access_on_xtensa_only", opened));
        trials.push(kernel.trial("at_most_two_variants_are_unknown", hardly_unknown));
    }
    trials.push(LINUX_6_12.trial("dropped_bits_are_the_reviewed_ones", dropped_bits));
    trials.push(LINUX_6_1.trial(
        "dropped_bits_are_the_reviewed_ones",
        dropped_bits_and_special,
    ));
    trials.push(LINUX_6_12.trial("doubtful_ones_are_decided", doubtful_ones));
    trials.push(LINUX_6_12.trial("masks_are_the_reviewed_ones", masks));
    libtest_mimic::run(&args, trials).exit_code()
}

fn of(tree: &Path) -> Matrix {
    let tree = Tree::open(&[tree.to_owned()]).expect("a tree");
    matrix(&tree, Rules::builtin())
}

/// Architectures whose `pte_modify()` takes the memory type, or a part of it, from the new
/// protection in at least one variant.
const LOSING: &[&str] = &[
    "arc",
    "arm64",
    "csky",
    "m68k",
    "microblaze",
    "parisc",
    "powerpc",
    "riscv",
    "sh",
    "sparc",
    "xtensa",
];

/// Architectures that keep it in every variant.
const KEEPING: &[&str] = &["arm", "loongarch", "nios2", "x86"];

fn reviewed(tree: &Path) {
    let matrix = of(tree);
    let losing = matrix.loses(Modifier::PteModify, Kind::Caching);
    for arch in LOSING {
        assert!(losing.contains(arch), "{arch}");
    }
    for arch in KEEPING {
        let rows = matrix.rows.iter();
        let rows = rows.filter(|row| row.arch == *arch && row.function == Modifier::PteModify);
        let verdicts: BTreeSet<Verdict> = rows.map(|row| row.caching).collect();
        assert_eq!(verdicts, BTreeSet::from([Verdict::Preserves]), "{arch}");
    }
}

/// Verdicts that are not what they seem at first.
fn doubtful_ones(tree: &Path) {
    let matrix = of(tree);
    for (arch, variant, function, verdict) in [
        // A protection is translated for a large segment, and has no write-back bit behind it.
        ("s390", "64-bit", Modifier::PmdModify, Verdict::NoAttributes),
        // The generic one does not know the architecture's further types.
        (
            "microblaze",
            "all",
            Modifier::PgprotModify,
            Verdict::LosesOverride,
        ),
        (
            "powerpc",
            "book3s/32",
            Modifier::PgprotModify,
            Verdict::LosesOverride,
        ),
        ("powerpc", "8xx", Modifier::PgprotModify, Verdict::OrMerge),
        // The low word's copy of the type is merged; the hardware reads the high word's.
        (
            "mips",
            "MIPS32, 36-bit",
            Modifier::PteModify,
            Verdict::Preserves,
        ),
        // One bit, in the mask, and the new protection is not filtered.
        ("m68k", "020/030", Modifier::PteModify, Verdict::OrMerge),
        // Copy-back or-ed with serialized makes not serialized.
        (
            "m68k",
            "040/060",
            Modifier::PteModify,
            Verdict::LosesOverride,
        ),
        (
            "m68k",
            "coldfire",
            Modifier::PteModify,
            Verdict::LosesOverride,
        ),
        ("m68k", "coldfire", Modifier::PgprotModify, Verdict::OrMerge),
        // What is uncached becomes cached: the mask has the bit, and it is or-ed.
        ("sh", "X2TLB", Modifier::PteModify, Verdict::LosesOverride),
        ("csky", "abiv2", Modifier::PteModify, Verdict::LosesOverride),
        (
            "parisc",
            "64-bit",
            Modifier::PteModify,
            Verdict::LosesOverride,
        ),
        // It has bits for memory types, and no function that changes them in a protection.
        (
            "openrisc",
            "all",
            Modifier::PteModify,
            Verdict::NoAttributes,
        ),
        // One of its own, that copies the bits.
        ("x86", "64-bit", Modifier::PgprotModify, Verdict::Preserves),
    ] {
        let row = matrix.rows.iter().find(|row| {
            (row.arch.as_str(), row.variant.as_str(), row.function) == (arch, variant, function)
        });
        let row = row.unwrap_or_else(|| panic!("no row for {arch} {variant}"));
        assert_eq!(row.verdict, verdict, "{arch} {variant} {}", function.name());
    }
}

/// Bits that get lost, as `(arch, function, bits)`, on 6.12; on 6.1, MIPS has not got its special
/// bit in the mask yet.
const DROPPED: &[(&str, &str, &str)] = &[
    ("hexagon", "pte_modify", "_PAGE_ACCESSED"),
    ("hexagon", "pte_modify", "_PAGE_DIRTY"),
    ("loongarch", "pmd_modify", "_PAGE_ACCESSED"),
    ("loongarch", "pte_modify", "_PAGE_ACCESSED"),
];

fn dropped(tree: &Path) -> BTreeSet<(String, &'static str, String)> {
    let found = of(tree)
        .regressions
        .into_iter()
        .filter(|lost| lost.effect == Effect::Drops);
    found
        .map(|lost| (lost.arch, lost.function.name(), lost.bits))
        .collect()
}

fn expected() -> BTreeSet<(String, &'static str, String)> {
    let all = DROPPED.iter();
    all.map(|&(arch, function, bits)| (arch.to_owned(), function, bits.to_owned()))
        .collect()
}

fn dropped_bits(tree: &Path) {
    assert_eq!(dropped(tree), expected());
}

fn dropped_bits_and_special(tree: &Path) {
    let mut expected = expected();
    expected.insert(("mips".to_owned(), "pte_modify", "_PAGE_SPECIAL".to_owned()));
    assert_eq!(dropped(tree), expected);
}

/// Xtensa denies access by a memory type, which the generic `pgprot_modify()` replaces.
fn opened(tree: &Path) {
    let opened = of(tree)
        .regressions
        .into_iter()
        .filter(|lost| lost.effect == Effect::Opens);
    let opened: Vec<_> = opened
        .map(|lost| (lost.arch, lost.function, lost.bits, lost.variants))
        .collect();
    let variants = BTreeSet::from(["MMU".to_owned()]);
    let none = "PAGE_NONE".to_owned();
    let expected = ("xtensa".to_owned(), Modifier::PgprotModify, none, variants);
    assert_eq!(opened, [expected]);
}

fn hardly_unknown(tree: &Path) {
    let matrix = of(tree);
    let rows = matrix.rows.iter();
    let unknown: BTreeSet<_> = rows
        .filter(|row| row.verdict == Verdict::Unknown)
        .map(|row| (&row.arch, &row.variant))
        .collect();
    assert!(unknown.len() <= 2, "{unknown:?}");
}

/// Architecture, variant, line of `pte_modify()`, verdict; name, mask and origin of attribute bits.
type Reviewed<'a> = (
    &'a str,
    &'a str,
    u32,
    Verdict,
    &'a [(&'a str, &'a str, Origin)],
);

fn masks(tree: &Path) {
    let expected: &[Reviewed<'_>] = &[
        (
            "arm64",
            "all page sizes",
            1151,
            Verdict::LosesOverride,
            &[
                ("PTE_ATTRINDX_MASK", "0x1c", Origin::New),
                ("PTE_SHARED", "0x300", Origin::Old),
            ],
        ),
        (
            "riscv",
            "rv64 Svpbmt",
            478,
            Verdict::LosesOverride,
            &[("_PAGE_MTMASK", "0x6000000000000000", Origin::New)],
        ),
        (
            "sparc",
            "sparc32 (SRMMU)",
            302,
            Verdict::LosesOverride,
            &[("SRMMU_CACHE", "0x80", Origin::New)],
        ),
        (
            "mips",
            "R4K layout, 64-bit, RIXI",
            532,
            Verdict::Preserves,
            &[("_CACHE_MASK", "0x3800", Origin::Old)],
        ),
        (
            "x86",
            "64-bit",
            822,
            Verdict::Preserves,
            &[
                ("_PAGE_PWT", "0x8", Origin::Old),
                ("_PAGE_PCD", "0x10", Origin::Old),
                ("_PAGE_PAT", "0x80", Origin::Old),
                ("_PAGE_CC", "0x8000000000000", Origin::Old),
            ],
        ),
        ("alpha", "all", 207, Verdict::NoAttributes, &[]),
    ];
    let matrix = of(tree);
    for (arch, variant, line, verdict, bits) in expected {
        let row = matrix.rows.iter().find(|row| {
            row.arch == *arch && row.variant == *variant && row.function == Modifier::PteModify
        });
        let row = row.unwrap_or_else(|| panic!("no row for {arch} {variant}"));
        assert_eq!(
            (row.line, row.verdict),
            (*line, *verdict),
            "{arch} {variant}"
        );
        let attributes: Vec<_> = row
            .bits
            .iter()
            .filter(|bit| matches!(bit.kind, Kind::Caching | Kind::Encryption))
            .map(|bit| (bit.name.as_str(), bit.mask.as_str(), bit.from))
            .collect();
        assert_eq!(attributes, *bits, "{arch} {variant}");
    }
}
