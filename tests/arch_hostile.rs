//! Headers that no compiler would take, and some that would keep one busy: the answer comes, soon,
//! and says `unknown` where it is.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use ptelint::arch::{Matrix, Rules, Verdict, matrix};

/// Longer than the slowest case takes in a debug build on a busy machine, by a factor of ten.
const MAX_TIME: Duration = Duration::from_secs(60);

/// An architecture that keeps what it should, if nothing else is said.
const TYPES: &str = "\
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long prot; } pgprot_t;
#define pte_val(x) ((x).pte)
#define pgprot_val(x) ((x).prot)
#define __pte(x) ((pte_t) { (x) })
#define __pgprot(x) ((pgprot_t) { (x) })
#define PAGE_NONE __pgprot(0)
#define PAGE_READONLY __pgprot(1)
#define PAGE_SHARED __pgprot(3)
#define pgprot_noncached(prot) __pgprot(pgprot_val(prot) | 0x10)
";

fn computed(before: &str, expression: &str) -> Matrix {
    let text = format!(
        "{TYPES}{before}\nstatic inline pte_t pte_modify(pte_t pte, pgprot_t prot)\n{{\n\treturn \
         __pte({expression});\n}}\n"
    );
    of(text.into_bytes())
}

fn of(header: Vec<u8>) -> Matrix {
    let path = "arch/toy/include/asm/pgtable.h".to_owned();
    let files = BTreeMap::from([(path, header)]);
    let start = Instant::now();
    let found = matrix(&files, Rules::builtin());
    assert!(start.elapsed() < MAX_TIME, "{:?}", start.elapsed());
    found
}

fn verdicts(matrix: &Matrix) -> Vec<Verdict> {
    matrix.rows.iter().map(|row| row.verdict).collect()
}

const KEEPS: &str = "(pte_val(pte) & ~3UL) | (pgprot_val(prot) & 3UL)";

#[test]
fn without_hostility_the_answer_is_known() {
    assert_eq!(verdicts(&computed("", KEEPS)), [Verdict::Preserves]);
}

#[test]
fn parentheses_nested_deep() {
    let n = 100_000;
    let deep = format!("{}pte_val(pte){}", "(".repeat(n), ")".repeat(n));
    assert_eq!(verdicts(&computed("", &deep)), [Verdict::Unknown]);
}

#[test]
fn conditions_nested_deep() {
    let n = 20_000;
    let before = format!("{}{}", "#if A\n".repeat(n), "#endif\n".repeat(n));
    assert_eq!(verdicts(&computed(&before, KEEPS)), [Verdict::Preserves]);
}

#[test]
fn macros_that_double() {
    let mut before = "#define D0 pte_val(pte)\n".to_owned();
    for i in 1..64 {
        writeln!(before, "#define D{i} (D{0} | D{0})", i - 1).expect("a string takes it");
    }
    assert_eq!(verdicts(&computed(&before, "D63")), [Verdict::Unknown]);
}

#[test]
fn macros_that_name_themselves() {
    let before = "#define A B\n#define B A\n";
    assert_eq!(verdicts(&computed(before, "A")), [Verdict::Unknown]);
}

#[test]
fn functions_that_call_themselves() {
    let before = "static inline unsigned long f(unsigned long x) { return f(x + 1); }\n";
    let found = verdicts(&computed(before, "f(pte_val(pte))"));
    assert_eq!(found, [Verdict::Unknown]);
}

#[test]
fn headers_that_include_themselves() {
    let before = "#include <asm/pgtable.h>\n#include \"pgtable.h\"\n".repeat(50);
    assert_eq!(computed(&before, KEEPS).rows.len(), 1);
}

#[test]
fn thousands_of_open_symbols() {
    let mut before = String::new();
    let mut expression = KEEPS.to_owned();
    for i in 0..5_000 {
        writeln!(
            before,
            "#ifdef CONFIG_S{i}\n#define M{i} 0x{:x}UL\n#else\n#define M{i} 0UL\n#endif",
            1u64 << (12 + i % 40)
        )
        .expect("a string takes it");
        write!(expression, " ^ M{i}").expect("a string takes it");
    }
    // What is beyond a limit is said to be unknown; no answer is made up.
    let found = verdicts(&computed(&before, &expression));
    assert_eq!(found, [Verdict::Unknown]);
}

#[test]
fn bytes_that_are_no_text() {
    let mut state: u32 = 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for _ in 0..20 {
        let mut header = TYPES.as_bytes().to_vec();
        header.extend((0..10_000).map(|_| next()));
        of(header);
    }
}

#[test]
fn headers_that_end_early() {
    let whole = format!(
        "{TYPES}static inline pte_t pte_modify(pte_t pte, pgprot_t prot) {{ return pte; }}"
    );
    for end in 0..whole.len() {
        of(whole.as_bytes()[..end].to_vec());
    }
}
