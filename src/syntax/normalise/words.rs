//! The words of kernel C that mean something to the normaliser. The only lists of names in the
//! front end; everything else goes by shape.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// Words that annotate a declaration and say nothing the analysis needs. Those with two leading
/// underscores in places where only an annotation can stand are found by shape as well.
const ANNOTATIONS: &[&str] = &[
    "__always_inline",
    "__always_unused",
    "__attribute_const__",
    "__bitwise",
    "__cacheline_aligned",
    "__cacheline_aligned_in_smp",
    "__cold",
    "__const",
    "__cpuidle",
    "__cpuinit",
    "__cpuinitdata",
    "__deprecated",
    "__devexit",
    "__devinit",
    "__devinitconst",
    "__devinitdata",
    "__exit",
    "__exitdata",
    "__extension__",
    "__flatten",
    "__force",
    "__init",
    "__initconst",
    "__initdata",
    "__initdata_or_meminfo",
    "__init_or_module",
    "__inline",
    "__inline__",
    "__iomem",
    "__irq_entry",
    "__kernel",
    "__kprobes",
    "__latent_entropy",
    "__lockfunc",
    "__malloc",
    "__maybe_unused",
    "__meminit",
    "__meminitdata",
    "__must_check",
    "__net_exit",
    "__net_init",
    "__net_initdata",
    "__nocast",
    "__nocfi",
    "__noclone",
    "__no_kasan_or_inline",
    "__no_kcsan",
    "__no_sanitize_address",
    "__no_sanitize_or_inline",
    "__no_sanitize_undefined",
    "__no_stack_protector",
    "__noendbr",
    "__noinitretpoline",
    "__noreturn",
    "__nostackprotector",
    "__packed",
    "__percpu",
    "__private",
    "__pure",
    "__randomize_layout",
    "__rcu",
    "__read_mostly",
    "__ref",
    "__refdata",
    "__restrict",
    "__restrict__",
    "__ro_after_init",
    "__sched",
    "__softirq_entry",
    "__used",
    "__user",
    "__user_ns",
    "__visible",
    "__weak",
    "____cacheline_aligned",
    "____cacheline_aligned_in_smp",
    "____cacheline_internodealigned_in_smp",
    "asmlinkage",
    "constexpr",
    "noinline",
    "noinline_for_kasan",
    "noinline_for_stack",
    "noinline_for_tracing",
    "noinstr",
    "noreturn",
    "notrace",
    "restrict",
    "thread_local",
    "_Noreturn",
    "_Atomic",
];

/// Annotations with arguments.
const ANNOTATION_CALLS: &[&str] = &[
    "_Alignas",
    "__acquires",
    "__aligned",
    "__alloc_size",
    "__assume_aligned",
    "__attribute",
    "__attribute__",
    "__cond_acquires",
    "__cond_releases",
    "__counted_by",
    "__counted_by_be",
    "__counted_by_le",
    "__declspec",
    "__malloc",
    "__must_hold",
    "__must_hold_shared",
    "__no_sanitize",
    "__printf",
    "__realloc_size",
    "__releases",
    "__scanf",
    "__section",
    "__sized_by",
    "alignas",
];

/// Words of a type's name in C itself, and names tree-sitter-c takes for such.
const PRIMITIVES: &[&str] = &[
    "_Bool",
    "__int128",
    "__signed",
    "__signed__",
    "bool",
    "char",
    "char16_t",
    "char32_t",
    "char64_t",
    "char8_t",
    "charptr_t",
    "double",
    "float",
    "int",
    "int16_t",
    "int32_t",
    "int64_t",
    "int8_t",
    "intptr_t",
    "long",
    "max_align_t",
    "nullptr_t",
    "ptrdiff_t",
    "short",
    "signed",
    "size_t",
    "ssize_t",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "uintptr_t",
    "unsigned",
    "void",
];

static ANNOTATION_SET: LazyLock<FxHashSet<&'static [u8]>> =
    LazyLock::new(|| ANNOTATIONS.iter().map(|word| word.as_bytes()).collect());

static ANNOTATION_CALL_SET: LazyLock<FxHashSet<&'static [u8]>> =
    LazyLock::new(|| ANNOTATION_CALLS.iter().map(|w| w.as_bytes()).collect());

static PRIMITIVE_SET: LazyLock<FxHashSet<&'static [u8]>> =
    LazyLock::new(|| PRIMITIVES.iter().map(|word| word.as_bytes()).collect());

/// True for a word that only annotates.
pub(crate) fn is_annotation(word: &[u8]) -> bool {
    matches!(word.first(), Some(b'_' | b'a' | b'c' | b'n' | b'r' | b't'))
        && ANNOTATION_SET.contains(word)
}

/// True for the name of an annotation with arguments.
pub(crate) fn is_annotation_call(word: &[u8]) -> bool {
    matches!(word.first(), Some(b'_' | b'a')) && ANNOTATION_CALL_SET.contains(word)
}

/// True for words such as `unsigned`, which are never the name of anything but a type.
pub(crate) fn is_primitive(word: &[u8]) -> bool {
    word.len() >= 3
        && matches!(
            word[0],
            b'_' | b'b'
                | b'c'
                | b'd'
                | b'f'
                | b'i'
                | b'l'
                | b'm'
                | b'n'
                | b'p'
                | b's'
                | b'u'
                | b'v'
        )
        && PRIMITIVE_SET.contains(word)
}

/// Words that combine into the name of an arithmetic type.
pub(crate) fn is_arithmetic(word: &[u8]) -> bool {
    matches!(
        word,
        b"unsigned"
            | b"signed"
            | b"__signed__"
            | b"__signed"
            | b"long"
            | b"short"
            | b"int"
            | b"char"
            | b"double"
            | b"__int128"
    )
}

/// Names of macro parameters that stand for types.
pub(crate) fn is_type_parameter(word: &[u8]) -> bool {
    word.ends_with(b"type") || word.ends_with(b"TYPE") || matches!(word, b"t" | b"T" | b"type_t")
}

/// `struct`, `union`, `enum`.
pub(crate) fn is_tag_keyword(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}

/// Storage classes and qualifiers.
pub(crate) fn is_qualifier(word: &[u8]) -> bool {
    matches!(
        word,
        b"const"
            | b"volatile"
            | b"static"
            | b"extern"
            | b"register"
            | b"inline"
            | b"auto"
            | b"typedef"
            | b"__volatile__"
            | b"__volatile"
            | b"__const__"
    )
}

/// Keywords that begin a statement.
pub(crate) fn is_statement_keyword(word: &[u8]) -> bool {
    matches!(
        word,
        b"if"
            | b"else"
            | b"for"
            | b"while"
            | b"do"
            | b"switch"
            | b"case"
            | b"default"
            | b"return"
            | b"goto"
            | b"break"
            | b"continue"
    )
}

/// Keywords an expression may follow or begin with.
pub(crate) fn is_expression_keyword(word: &[u8]) -> bool {
    matches!(
        word,
        b"return" | b"case" | b"else" | b"do" | b"goto" | b"sizeof" | b"default"
    )
}

/// `typeof` in all its spellings, and macros built on it.
pub(crate) fn is_typeof(word: &[u8]) -> bool {
    word.ends_with(b"typeof")
        || word.ends_with(b"typeof__")
        || matches!(
            word,
            b"typeof_member" | b"TYPEOF_UNQUAL" | b"__typeof_unqual__" | b"typeof_unqual"
        )
}

/// `asm` in all its spellings.
pub(crate) fn is_asm(word: &[u8]) -> bool {
    matches!(
        word,
        b"asm"
            | b"__asm__"
            | b"__asm"
            | b"asm_inline"
            | b"asm_volatile_goto"
            | b"asm_goto_output"
            | b"__asm_inline"
    )
}

/// Names that are types by convention: `pgprot_t`, `u64`, `__le32`.
pub(crate) fn is_type_like(word: &[u8]) -> bool {
    word.len() > 2 && word.ends_with(b"_t")
        || matches!(
            word,
            b"u8"
                | b"u16"
                | b"u32"
                | b"u64"
                | b"u128"
                | b"s8"
                | b"s16"
                | b"s32"
                | b"s64"
                | b"__u8"
                | b"__u16"
                | b"__u32"
                | b"__u64"
                | b"__s8"
                | b"__s16"
                | b"__s32"
                | b"__s64"
                | b"__be16"
                | b"__be32"
                | b"__be64"
                | b"__le16"
                | b"__le32"
                | b"__le64"
                | b"__wsum"
                | b"__sum16"
                | b"uint"
                | b"ulong"
                | b"ushort"
                | b"u_char"
                | b"u_int"
                | b"u_long"
        )
        || is_primitive(word)
}

/// Macros whose block runs once: a lock held for the length of a block, say.
pub(crate) fn is_guard(word: &[u8]) -> bool {
    word.starts_with(b"scoped_")
        || word.ends_with(b"_scoped")
        || word.starts_with(b"with_")
        || word.starts_with(b"__scoped_")
}

/// Macros that are loops even when the statement below them looks like one of its own.
pub(crate) fn is_loop_name(word: &[u8]) -> bool {
    contains(word, b"for_each")
        || contains(word, b"foreach")
        || contains(word, b"FOREACH")
        || contains(word, b"FOR_EACH")
        || contains(word, b"for_every")
        || word.starts_with(b"for_")
}

fn contains(word: &[u8], part: &[u8]) -> bool {
    word.windows(part.len()).any(|window| window == part)
}
