//! Which functions are parsed, by the words they mention.

use std::collections::BTreeMap;

use crate::tree::{FunctionEntry, Words};
use crate::vocabulary::Vocabulary;

/// How much of a tree is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the inventory of insertions depends on.
    Mappings,
    /// With the generic code that walks page tables, which the proofs go through.
    Everything,
}

/// Why a function is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Relevance {
    /// It handles a VMA or a protection.
    Itself,
    /// It only matters to where a VMA can get.
    Passage,
}

/// Whether an answer can depend on a function, as far as its own words tell; `is_generic` says
/// whether it is in code that is not a driver's. Generic code is followed wherever it handles a VMA
/// or an entry; drivers only where they hand one on.
pub fn relevance(function: &FunctionEntry, is_generic: bool, scope: Scope) -> Option<Relevance> {
    let bit = |class: u8| 1u32 << class;
    let signature = bit(class::TYPE);
    let body = bit(class::MEMBER) | bit(class::INSERT) | bit(class::ENTRY) | bit(class::OPS);
    let wanted = match function.is_macro {
        true => body | bit(class::PROTECTION),
        false => body,
    };
    if function.mentions_signature & signature != 0 || function.mentions_body & wanted != 0 {
        return Some(Relevance::Itself);
    }
    let walks = scope == Scope::Everything && function.mentions_signature & bit(class::WALK) != 0;
    let is_passage = is_generic && (walks || function.mentions_body & signature != 0);
    is_passage.then_some(Relevance::Passage)
}

/// Classes of words in the lexical index.
pub mod class {
    /// Types that carry a VMA or a protection.
    pub const TYPE: u8 = 0;
    /// Members that hold a VMA's protection.
    pub const MEMBER: u8 = 1;
    /// Insertion APIs.
    pub const INSERT: u8 = 2;
    /// Functions that make or write entries.
    pub const ENTRY: u8 = 3;
    /// Functions that derive protections.
    pub const PROTECTION: u8 = 4;
    /// The operations of a VMA.
    pub const OPS: u8 = 5;
    /// Types of entries, and of what walks page tables.
    pub const WALK: u8 = 6;
}

/// Types of entries, and of what walks page tables and address spaces.
const WALK_TYPES: [&str; 7] = [
    "pte_t",
    "pmd_t",
    "pud_t",
    "swp_entry_t",
    "softleaf_t",
    "mm_walk",
    "page_vma_mapped_walk",
];

/// The words the lexical index looks for.
pub fn words(vocabulary: &Vocabulary) -> Words {
    let mut words: BTreeMap<&str, u8> = BTreeMap::new();
    for name in ["vm_fault", "pgprot_t", "vm_flags_t", "vma_flags_t"] {
        words.insert(name, class::TYPE);
    }
    for name in WALK_TYPES {
        words.insert(name, class::WALK);
    }
    for protection in &vocabulary.protection {
        words.insert(&protection.name, class::PROTECTION);
    }
    for (name, n) in vocabulary
        .construct
        .iter()
        .map(|word| (&word.name, class::ENTRY))
        .chain(
            vocabulary
                .modify
                .iter()
                .map(|word| (&word.name, class::ENTRY)),
        )
        .chain(
            vocabulary
                .insert
                .iter()
                .map(|word| (&word.name, class::INSERT)),
        )
    {
        words.insert(name, n);
    }
    for vma in &vocabulary.vma {
        words.insert(
            vma.name.strip_prefix("struct ").unwrap_or(&vma.name),
            class::TYPE,
        );
        for name in &vma.protection {
            words.insert(name, class::MEMBER);
        }
        words.insert(&vma.ops, class::OPS);
    }
    for ty in &vocabulary.rust_type {
        let is = ty.is.strip_prefix("struct ").unwrap_or(&ty.is);
        if let Some(class) = words.get(is).copied() {
            words.insert(&ty.name, class);
        }
    }
    let words: Vec<(&str, u8)> = words.into_iter().collect();
    Words::new(&words)
}
