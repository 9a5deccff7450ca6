//! What the index knows of one file.
//!
//! Sixty thousand of these stay in memory, so entries are small: offsets and name hashes, with
//! text only for functions, which are looked up by name without reading any file.

use crate::program::{Span, Symbol};

use super::problem::ProblemKind;

/// The lexical index of one file. Byte ranges refer to the file as it is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileIndex {
    /// Functions and function-like macros in source order.
    pub functions: Box<[FunctionEntry]>,
    /// Structure, union and enumeration definitions outside functions.
    pub structs: Box<[StructEntry]>,
    /// Objects with a `= { … }` initialiser, inside functions too, and compound literals.
    pub initializers: Box<[InitializerEntry]>,
    /// The members of all initialisers; an [`InitializerEntry`] owns a range of it.
    pub(super) pairs: Box<[MemberPair]>,
    /// `p->member = name;` and `p->member = &name;` in functions.
    pub member_stores: Box<[MemberPair]>,
    /// Object-like macros whose body is one identifier, `#define A B`, in source order.
    pub aliases: Box<[AliasEntry]>,
    /// All object-like macros in source order; empty for a register header.
    pub macros: Box<[MacroEntry]>,
    /// The texts of `#include` directives, without delimiters, in source order.
    pub includes: Box<[Symbol]>,
    /// The classes of [`Words`](super::Words) mentioned anywhere in the file, as bits.
    pub mentions: u32,
    /// True for a header of nothing but comments and object-like macros with plain values. It
    /// was skipped, and its macros are not listed.
    pub register_header: bool,
    pub(super) problems: Box<[LexicalProblem]>,
    /// Function names, one after another.
    pub(super) names: Box<str>,
    /// For each function: direct callees, member calls, arguments.
    pub(super) calls: Box<[u32]>,
}

/// A function or function-like macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionEntry {
    /// [`name_hash`](super::name_hash) of its name.
    pub name_hash: u32,
    pub(super) name_at: u32,
    /// The first byte of the definition: its type or storage class, or the `#` of a `#define`.
    pub start: u32,
    /// The opening brace, or the first byte of a macro's replacement.
    pub body_start: u32,
    /// Just behind the closing brace, or the end of the macro's last line.
    pub end: u32,
    /// Classes of words mentioned in front of the body, as bits.
    pub mentions_signature: u32,
    /// Classes of words mentioned in the body, as bits.
    pub mentions_body: u32,
    pub(super) callees_at: u32,
    pub(super) member_calls_at: u32,
    pub(super) args_at: u32,
    pub(super) name_len: u8,
    /// True if declared `static`.
    pub is_static: bool,
    /// True for `#define name(…)`.
    pub is_macro: bool,
    /// True if it is written in Rust, and C cannot call it by name.
    pub is_rust_only: bool,
    /// True inside a file-level `#if`. Include guards and conditions that only keep a header fit
    /// for assembler or user space (`__ASSEMBLY__`, `__KERNEL__`, `__cplusplus`) do not count.
    pub in_conditional: bool,
}

impl FunctionEntry {
    /// The whole definition.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }

    /// The body with its braces, or a macro's replacement.
    pub fn body(&self) -> Span {
        Span::new(self.body_start, self.end)
    }
}

/// A structure, union or enumeration definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructEntry {
    /// Hash of the name with its tag word, `struct vm_area_struct`; of the typedef's name where
    /// there is no tag.
    pub name_hash: u32,
    /// The first byte of the definition.
    pub start: u32,
    /// Just behind the closing brace.
    pub end: u32,
}

/// An object with an initialiser in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitializerEntry {
    /// Hash of the type's name with its tag word, `struct vm_operations_struct`, or of a
    /// typedef's name; 0 if it could not be told.
    pub struct_hash: u32,
    /// Hash of the variable's name; 0 for a compound literal.
    pub name_hash: u32,
    /// The variable's name in the file; empty for a compound literal.
    pub name: Span,
    /// The first byte of the definition.
    pub start: u32,
    /// Just behind the closing brace.
    pub end: u32,
    pub(super) pairs_at: u32,
    pub(super) n_pairs: u32,
    /// True outside functions.
    pub is_file_scope: bool,
}

/// A member and the name it is set to: `.member = name`, `p->member = &name`.
///
/// Values in capitals are left out, since they are never functions, save `NULL`. In nested
/// initialisers the member is the innermost one: `.base = { .fault = f }` gives `fault`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberPair {
    /// Hash of the member's name; 0 for a value without a designator.
    pub member_hash: u32,
    /// Hash of the value's name.
    pub value_hash: u32,
    /// Where the value's name begins.
    pub offset: u32,
}

/// An object-like macro that stands for one other name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasEntry {
    /// Hash of the macro's name.
    pub name_hash: u32,
    /// Hash of the name it stands for.
    pub target_hash: u32,
    /// Where the macro's name begins.
    pub start: u32,
}

/// An object-like macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacroEntry {
    /// Hash of its name.
    pub name_hash: u32,
    /// Where its name begins.
    pub start: u32,
    /// The end of its last line.
    pub end: u32,
}

/// Something the lexical pass gave up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LexicalProblem {
    pub(super) kind: ProblemKind,
    pub(super) line: u32,
    pub(super) action: &'static str,
}

impl FileIndex {
    /// The name of the function at position `function`.
    pub fn function_name(&self, function: usize) -> &str {
        let entry = &self.functions[function];
        let start = entry.name_at as usize;
        &self.names[start..start + usize::from(entry.name_len)]
    }

    /// Hashes of the names called directly in a function, sorted.
    pub fn callees(&self, function: usize) -> &[u32] {
        let entry = &self.functions[function];
        &self.calls[entry.callees_at as usize..entry.member_calls_at as usize]
    }

    /// Hashes of the members called through in a function, `p->fault(…)`, sorted.
    pub fn member_calls(&self, function: usize) -> &[u32] {
        let entry = &self.functions[function];
        &self.calls[entry.member_calls_at as usize..entry.args_at as usize]
    }

    /// Hashes of names passed as whole arguments in a function, `f(x, name, &name)`, sorted.
    /// After [`Tree::index`](super::Tree::index) only those that name a function somewhere.
    pub fn args(&self, function: usize) -> &[u32] {
        let entry = &self.functions[function];
        &self.calls[entry.args_at as usize..self.calls_end(function)]
    }

    fn calls_end(&self, function: usize) -> usize {
        self.functions
            .get(function + 1)
            .map_or(self.calls.len(), |next| next.callees_at as usize)
    }

    /// The members of an initialiser.
    pub fn pairs(&self, initializer: &InitializerEntry) -> &[MemberPair] {
        let start = initializer.pairs_at as usize;
        &self.pairs[start..start + initializer.n_pairs as usize]
    }

    /// The innermost function whose definition covers `offset`.
    pub fn function_at(&self, offset: u32) -> Option<usize> {
        let behind = self
            .functions
            .partition_point(|function| function.start <= offset);
        // A macro defined inside a function lies inside that function's range, so the enclosing
        // one can be further up.
        self.functions[..behind]
            .iter()
            .rposition(|function| offset < function.end)
    }

    /// Bytes this index takes in memory.
    pub fn n_heap_bytes(&self) -> usize {
        size_of_val(&*self.functions)
            + size_of_val(&*self.structs)
            + size_of_val(&*self.initializers)
            + size_of_val(&*self.pairs)
            + size_of_val(&*self.member_stores)
            + size_of_val(&*self.aliases)
            + size_of_val(&*self.macros)
            + size_of_val(&*self.includes)
            + size_of_val(&*self.problems)
            + self.names.len()
            + size_of_val(&*self.calls)
    }
}

impl FileIndex {
    /// Drops arguments for which `is_function` is false and values for which `is_known` is.
    pub(super) fn keep_known_names(
        &mut self,
        is_function: impl Fn(u32) -> bool,
        is_known: impl Fn(u32) -> bool,
    ) {
        let mut calls = Vec::with_capacity(self.calls.len());
        for i in 0..self.functions.len() {
            let callees_at = calls.len() as u32;
            calls.extend_from_slice(self.callees(i));
            let member_calls_at = calls.len() as u32;
            calls.extend_from_slice(self.member_calls(i));
            let args_at = calls.len() as u32;
            calls.extend(self.args(i).iter().filter(|&&hash| is_function(hash)));
            let entry = &mut self.functions[i];
            entry.callees_at = callees_at;
            entry.member_calls_at = member_calls_at;
            entry.args_at = args_at;
        }
        self.calls = calls.into();

        let mut pairs = Vec::with_capacity(self.pairs.len());
        for initializer in &mut self.initializers {
            let start = initializer.pairs_at as usize;
            let old = &self.pairs[start..start + initializer.n_pairs as usize];
            initializer.pairs_at = pairs.len() as u32;
            pairs.extend(old.iter().filter(|pair| is_known(pair.value_hash)));
            initializer.n_pairs = pairs.len() as u32 - initializer.pairs_at;
        }
        self.pairs = pairs.into();

        let stores = std::mem::take(&mut self.member_stores).into_vec();
        self.member_stores = stores
            .into_iter()
            .filter(|store| is_known(store.value_hash))
            .collect();
    }
}
