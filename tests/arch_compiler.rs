//! What `ptelint arch` computes from headers, and what the system's C compiler computes from the
//! same headers: every bit alone, every bit against a background of ones, and a few hundred
//! entries and protections without a pattern. No difference is accepted.

#[path = "support/compiler.rs"]
mod compiler;
#[path = "support/kernel.rs"]
mod kernel;

use std::path::Path;
use std::process::ExitCode;

use compiler::Subject;
use kernel::{LINUX_6_1, LINUX_6_12};
use libtest_mimic::{Arguments, Trial};
use ptelint::arch::{Modifier, Probe, Row, Rules, Verdict, matrix, results};
use ptelint::tree::Tree;

/// A variant, and what neither its headers nor its configuration say.
struct Case {
    arch: &'static str,
    variant: &'static str,
    /// Macros of the architecture's own compiler, and symbols that only choose between headers.
    predefined: &'static [&'static str],
    include: &'static [&'static str],
    sources: &'static [&'static str],
    /// Values and functions of the running kernel in C.
    given: &'static [(&'static str, &'static str)],
    /// The same values for `ptelint`, and symbols that are on although the variant leaves them open.
    open: &'static [(&'static str, u128)],
}

const CASES: &[Case] = &[
    Case {
        arch: "x86",
        variant: "64-bit",
        predefined: &["__x86_64__"],
        include: &[],
        sources: &[],
        given: &[
            ("cc_mask", "unsigned long cc_mask = 0x0008000000000000ULL;"),
            (
                "__supported_pte_mask",
                "unsigned long __supported_pte_mask = ~0UL;",
            ),
            (
                "physical_mask",
                "unsigned long physical_mask = 0x0007ffffffffffffULL;",
            ),
        ],
        open: &[("__supported_pte_mask", u64::MAX as u128)],
    },
    Case {
        arch: "arm64",
        variant: "all page sizes",
        predefined: &[
            "__aarch64__",
            "CONFIG_ARM64_VA_BITS=48",
            "CONFIG_ARM64_PA_BITS=48",
        ],
        include: &[],
        sources: &[],
        given: &[],
        open: &[],
    },
    Case {
        arch: "riscv",
        variant: "rv64",
        predefined: &["__riscv", "__riscv_xlen=64"],
        include: &[],
        sources: &[],
        given: &[
            (
                "riscv_page_mtmask",
                "static unsigned long riscv_page_mtmask(void) { return 0; }",
            ),
            (
                "riscv_page_nocache",
                "static unsigned long riscv_page_nocache(void) { return 0; }",
            ),
            (
                "riscv_page_io",
                "static unsigned long riscv_page_io(void) { return 0; }",
            ),
        ],
        open: &[],
    },
    Case {
        arch: "mips",
        variant: "R4K layout, 64-bit, RIXI",
        predefined: &[
            "__mips__",
            "__mips64",
            "_MIPS_SZLONG=64",
            "CONFIG_MIPS_L1_CACHE_SHIFT=5",
        ],
        include: &["arch/mips/include/asm/mach-generic"],
        sources: &[],
        given: &[("cpu_data", "struct cpuinfo_mips cpu_data[1];")],
        open: &[("cpu_data[0].writecombine", 0)],
    },
    Case {
        arch: "s390",
        variant: "64-bit",
        predefined: &["__s390__", "__s390x__"],
        include: &[],
        sources: &["arch/s390/mm/pgtable.c"],
        given: &[(
            "mio_wb_bit_mask",
            "unsigned long mio_wb_bit_mask = 1UL << 62;",
        )],
        open: &[
            ("mio_wb_bit_mask", 1 << 62),
            ("CONFIG_TRANSPARENT_HUGEPAGE", 1),
        ],
    },
    Case {
        arch: "powerpc",
        variant: "book3s/64 radix",
        predefined: &["__powerpc__", "__powerpc64__"],
        include: &[],
        sources: &["arch/powerpc/mm/book3s64/pgtable.c"],
        given: &[(
            "radix_enabled",
            "static int radix_enabled(void) { return 1; }",
        )],
        open: &[("CONFIG_TRANSPARENT_HUGEPAGE", 1)],
    },
];

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let cc = compiler::compiler();
    let mut trials = Vec::new();
    for kernel in [LINUX_6_12, LINUX_6_1] {
        for case in CASES {
            let name = format!("{}_{}", case.arch, case.variant);
            let trial = match cc.clone() {
                Some(cc) => kernel.trial(&name, move |tree| compare(&cc, tree, case)),
                None => Trial::test(name, || Ok(()))
                    .with_kind("needs a C compiler: install one, or set CC")
                    .with_ignored_flag(true),
            };
            trials.push(trial);
        }
    }
    libtest_mimic::run(&args, trials).exit_code()
}

fn compare(cc: &str, path: &Path, case: &Case) {
    let tree = Tree::open(&[path.to_owned()]).expect("a tree");
    let rows = matrix(&tree, Rules::builtin()).rows;
    let is_here = |row: &&Row| row.arch == case.arch && row.variant == case.variant;
    let rows: Vec<&Row> = rows.iter().filter(is_here).collect();
    assert!(!rows.is_empty(), "{} {}", case.arch, case.variant);
    let pairs = pairs();
    for row in rows {
        assert_ne!(row.verdict, Verdict::Unknown, "{}", row.function.name());
        let level = row.function.level();
        let name = row.function.name();
        let body = match row.function {
            Modifier::PgprotModify => {
                format!("return pgprot_val({name}(__pgprot(old), __pgprot(new)));")
            }
            _ => format!("return {level}_val({name}(__{level}(old), __pgprot(new)));"),
        };
        let is_config = |open: &&(&str, u128)| open.0.starts_with("CONFIG_") && open.1 != 0;
        let open = case.open.iter().filter(is_config);
        let config: Vec<String> = row
            .config
            .iter()
            .cloned()
            .chain(open.map(|open| open.0.to_owned()))
            .collect();
        let subject = Subject {
            tree: path,
            arch: case.arch,
            config: &config,
            predefined: case.predefined,
            include: case.include,
            sources: case.sources,
            given: case.given,
            body: &body,
        };
        let compiled = compiler::results(cc, &subject, &pairs)
            .unwrap_or_else(|said| panic!("{} {name} does not compile:\n{said}", case.arch));
        let probe = Probe {
            arch: case.arch,
            variant: case.variant,
            function: row.function,
            open: case.open,
        };
        let wide: Vec<(u128, u128)> = pairs.iter().map(|&(a, b)| (a.into(), b.into())).collect();
        let computed = results(&tree, Rules::builtin(), probe, &wide).expect("a variant");
        assert_eq!(compiled.len(), computed.len());
        for ((&(old, new), compiled), computed) in pairs.iter().zip(compiled).zip(computed) {
            let computed = computed.unwrap_or_else(|names| panic!("{name} needs {names:?}"));
            assert!(
                computed == u128::from(compiled),
                "{} {name}({old:#x}, {new:#x}): {compiled:#x} compiled, {computed:#x} computed",
                case.arch
            );
        }
    }
}

/// Old entries with new protections.
fn pairs() -> Vec<(u64, u64)> {
    let mut pairs = vec![(0, 0), (!0, 0), (0, !0), (!0, !0)];
    for bit in (0..64).map(|i| 1u64 << i) {
        pairs.extend([(bit, 0), (0, bit), (bit, bit)]);
        pairs.extend([(!bit, !0), (!0, !bit), (!bit, !bit)]);
    }
    let mut state: u64 = 1;
    let mut next = || {
        // The constants of Knuth's MMIX generator.
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        state.rotate_left(32)
    };
    pairs.extend((0..400).map(|_| (next(), next())));
    pairs
}
