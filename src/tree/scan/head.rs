//! From the text in front of a brace at file level to what is being defined there.
//!
//! A statement's parenthesised groups are collected on the way; one of them holds the parameters
//! of the function, the others belong to annotations, attributes or a macro call in front that
//! lacks its semicolon.

use super::lexer::Lexer;
use crate::tree::names::is_all_caps;

/// `name ( … )` at the top level of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// The identifier in front; empty if there is none.
    pub(super) name: (usize, usize),
    pub(super) open: usize,
    pub(super) close: usize,
    /// The first `name (` inside, for functions that return a function pointer.
    pub(super) inner: (usize, usize),
}

/// The head of a function definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: (usize, usize),
    /// What the name in the file is prefixed with: `sys_`.
    pub(super) prefix: &'static str,
    /// The earliest place the definition can begin, if a macro call precedes it.
    pub(super) not_before: Option<usize>,
}

/// The function whose body follows, or `None` if the groups belong to no function.
pub(super) fn function_head(lexer: &Lexer, groups: &[Group]) -> Option<Head> {
    let text = |(start, end): (usize, usize)| &lexer.source[start..end];
    let is_candidate = |group: &Group| {
        let name = text(group.name);
        !name.is_empty() && !is_annotation(name) && !is_keyword(name)
    };

    // `int (*name(params))(int)` and `int (name)(params)`: the last group has no name.
    if let [.., first, second] = groups
        && text(second.name).is_empty()
        && second.open == lexer.skip_blanks(first.close + 1)
    {
        let content = lexer.skip_blanks(first.open + 1);
        let only = (content, lexer.name_end(content));
        let name = match lexer.source.get(content) {
            Some(b'*') => first.inner,
            _ if only.0 < only.1 && lexer.skip_blanks(only.1) == first.close => only,
            // `typeof(x) (name(params))`
            _ if is_keyword(text(first.name)) => second.inner,
            // `MACRO(4)(params)`
            _ => first.name,
        };
        return (name.0 < name.1).then_some(Head {
            name,
            prefix: "",
            not_before: None,
        });
    }

    // Names in capitals or with two underscores can be functions as well as annotations, so they
    // come last.
    let is_likely = |group: &Group| {
        let name = text(group.name);
        is_candidate(group) && !name.starts_with(b"__") && !is_all_caps(name)
    };
    let chosen = groups
        .iter()
        .rposition(is_likely)
        .or_else(|| groups.iter().rposition(is_candidate))?;
    let group = &groups[chosen];
    let not_before = match chosen.checked_sub(1).map(|before| &groups[before]) {
        Some(before) if !text(before.name).starts_with(b"__") => Some(before.close + 1),
        _ => None,
    };

    let (name, prefix) = defined_name(lexer, group);
    Some(Head {
        name,
        prefix,
        not_before,
    })
}

/// The name a group defines: its own, or for macros that define a function, what they name it.
fn defined_name(lexer: &Lexer, group: &Group) -> ((usize, usize), &'static str) {
    let name = &lexer.source[group.name.0..group.name.1];
    if !is_all_caps(name) {
        return (group.name, "");
    }
    let first = lexer.skip_blanks(group.open + 1);
    let argument = (first, lexer.name_end(first));
    let contains = |part: &[u8]| memchr::memmem::find(name, part).is_some();
    let prefix = if !contains(b"DEFINE") {
        ""
    } else if name.starts_with(b"COMPAT_SYSCALL") {
        "compat_sys_"
    } else if contains(b"SYSCALL") {
        "sys_"
    } else {
        ""
    };
    let names_it = contains(b"DEFINE") || name.starts_with(b"BPF_CALL_");
    let is_name = argument.0 < argument.1 && !is_all_caps(&lexer.source[argument.0..argument.1]);
    if names_it && is_name {
        (argument, prefix)
    } else {
        (group.name, "")
    }
}

/// Identifiers in front of `(` that never name a function.
pub(super) fn is_annotation(name: &[u8]) -> bool {
    matches!(
        name,
        b"__attribute__"
            | b"__attribute"
            | b"__acquires"
            | b"__releases"
            | b"__must_hold"
            | b"__must_hold_shared"
            | b"__cond_acquires"
            | b"__cond_releases"
            | b"__acquires_shared"
            | b"__releases_shared"
            | b"__printf"
            | b"__scanf"
            | b"__aligned"
            | b"__section"
            | b"__alloc_size"
            | b"__nonnull"
            | b"__diagnose_as"
            | b"__declspec"
            | b"__alias"
            | b"__no_sanitize"
            | b"__counted_by"
            | b"__assume_aligned"
            | b"__realloc_size"
            | b"__malloc"
            | b"__target"
            | b"__optimize"
    )
}

/// Words in front of `(` that are no call and no definition.
pub(super) fn is_keyword(name: &[u8]) -> bool {
    matches!(
        name,
        b"if"
            | b"for"
            | b"while"
            | b"switch"
            | b"return"
            | b"sizeof"
            | b"typeof"
            | b"__typeof__"
            | b"__typeof"
            | b"__attribute__"
            | b"asm"
            | b"__asm__"
            | b"defined"
            | b"else"
            | b"do"
            | b"case"
            | b"goto"
            | b"_Alignof"
            | b"__alignof__"
            | b"alignof"
            | b"offsetof"
            | b"volatile"
            | b"__volatile__"
    )
}
