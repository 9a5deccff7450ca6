//! The vocabulary, ready for look-ups by name.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::callgraph::Program;
use crate::program::{ExprKind, Symbol};
use crate::vocabulary::{
    Assertion, Construct, EntryPoint, FlagsChange, Identity, Insert, Install, Kind, Modify,
    Protection, VmaType, Vocabulary,
};

use super::bits::FlagNames;

/// What a call by name means.
#[derive(Clone, Copy, Debug)]
pub enum Word<'v> {
    /// Installs user entries.
    Insert(&'v Insert),
    /// Makes an entry.
    Construct(&'v Construct),
    /// Changes an entry.
    Modify(&'v Modify),
    /// Writes an entry into a page table.
    Install(&'v Install),
    /// Derives a protection.
    Protection(&'v Protection),
    /// Has the value of an argument.
    Identity(&'v Identity),
    /// Changes `vm_flags`.
    Flags(&'v FlagsChange),
    /// Checks a condition.
    Assertion(&'v Assertion),
}

/// Look-ups over one vocabulary and one tree.
#[derive(Debug)]
pub struct Dictionary<'v> {
    words: FxHashMap<Symbol, Vec<Word<'v>>>,
    /// The structures that stand for a VMA.
    pub vmas: &'v [VmaType],
    /// The ops-table members through which a driver is entered.
    pub entry_points: &'v [EntryPoint],
    vocabulary: &'v Vocabulary,
    /// The flags this tree knows.
    pub flags: FlagNames,
}

impl<'v> Dictionary<'v> {
    /// Prepares `vocabulary` for a tree of kernel version `version` (`None`: any).
    pub fn new(
        vocabulary: &'v Vocabulary,
        program: &Program,
        version: Option<&str>,
    ) -> Dictionary<'v> {
        let mut words: FxHashMap<Symbol, Vec<Word<'v>>> = FxHashMap::default();
        let mut add = |name: &str, word: Word<'v>| {
            words.entry(Symbol::new(name)).or_default().push(word);
        };
        for insert in &vocabulary.insert {
            if is_in_range(version, insert.since.as_deref(), insert.until.as_deref()) {
                add(&insert.name, Word::Insert(insert));
            }
        }
        for word in &vocabulary.construct {
            add(&word.name, Word::Construct(word));
        }
        for word in &vocabulary.modify {
            add(&word.name, Word::Modify(word));
        }
        for word in &vocabulary.install {
            add(&word.name, Word::Install(word));
        }
        for word in &vocabulary.protection {
            add(&word.name, Word::Protection(word));
        }
        for word in &vocabulary.identity {
            add(&word.name, Word::Identity(word));
        }
        for word in &vocabulary.flags {
            add(&word.name, Word::Flags(word));
        }
        for word in &vocabulary.assertion {
            add(&word.name, Word::Assertion(word));
        }
        Dictionary {
            words,
            vmas: &vocabulary.vma,
            entry_points: &vocabulary.entry_point,
            vocabulary,
            flags: flag_names(program),
        }
    }

    /// What a call of `name` with `n_args` arguments means.
    pub fn word(&self, name: Symbol, n_args: usize) -> Option<Word<'v>> {
        let words = self.words.get(&name)?;
        words
            .iter()
            .find(|word| last_argument(word).is_none_or(|last| last < n_args))
            .or(words.first())
            .copied()
    }

    /// True if `name` installs user entries.
    pub fn is_insert(&self, name: Symbol) -> bool {
        self.words
            .get(&name)
            .is_some_and(|words| matches!(words[0], Word::Insert(_)))
    }

    /// The fixed protection a name stands for, if it is one.
    pub fn constant(&self, name: Symbol) -> Option<&'v crate::vocabulary::Constant> {
        best_match(&self.vocabulary.constant, name, |constant| &constant.name)
    }

    /// The kind of an attribute bit, if a name is one.
    pub fn attribute(&self, name: Symbol) -> Option<Kind> {
        best_match(&self.vocabulary.attribute_bit, name, |bit| &bit.name).map(|bit| bit.kind)
    }

    /// True for a type that stands for a VMA.
    pub fn is_vma_type(&self, base: Symbol) -> bool {
        self.vmas.iter().any(|vma| base == vma.name.as_str())
    }

    /// True for a member of a VMA that holds its protection.
    pub fn is_protection_member(&self, field: Symbol) -> bool {
        self.vmas
            .iter()
            .any(|vma| vma.protection.iter().any(|name| field == name.as_str()))
    }
}

/// The longest entry of `list` that `name` matches; an entry that ends in `*` matches a prefix.
fn best_match<T>(list: &[T], name: Symbol, pattern: impl Fn(&T) -> &String) -> Option<&T> {
    list.iter()
        .filter(|entry| match pattern(entry).strip_suffix('*') {
            Some(prefix) => name.as_str().starts_with(prefix),
            None => name == pattern(entry).as_str(),
        })
        .max_by_key(|entry| pattern(entry).len())
}

fn last_argument(word: &Word<'_>) -> Option<usize> {
    match word {
        Word::Insert(insert) => Some(insert.protection.unwrap_or(0).max(insert.target)),
        Word::Construct(construct) => Some(construct.protection),
        Word::Modify(modify) => Some(modify.protection.max(modify.entry)),
        Word::Install(install) => Some(install.entry),
        _ => None,
    }
}

/// `version` is like "6.12.117"; a bound covers all point releases of the version it names.
fn is_in_range(version: Option<&str>, since: Option<&str>, until: Option<&str>) -> bool {
    let Some(version) = version.map(major_minor) else {
        return true;
    };
    since.is_none_or(|since| major_minor(since) <= version)
        && until.is_none_or(|until| version <= major_minor(until))
}

fn major_minor(version: &str) -> (u32, u32) {
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Collects the flags that the parsed functions mention. A macro whose replacement is made of
/// other flags stands for several.
fn flag_names(program: &Program) -> FlagNames {
    let mut used: BTreeSet<Symbol> = program
        .functions()
        .flat_map(|(_, function)| &function.bodies)
        .flat_map(|body| &body.exprs)
        .filter_map(|expr| match expr.kind {
            ExprKind::Global(name) if is_flag(name) => Some(name),
            _ => None,
        })
        .collect();
    let mut flags = FlagNames::default();
    let mut compounds: BTreeMap<Symbol, Vec<Symbol>> = BTreeMap::new();
    let mut pending: Vec<Symbol> = used.iter().copied().collect();
    while let Some(name) = pending.pop() {
        let mut definitions = program
            .macros_named(name)
            .filter(|object_macro| is_shared(&program.file(object_macro.file).path))
            .map(|object_macro| flag_parts(&object_macro.text));
        // Defined in several ways, an own bit is the only thing certain about it.
        if let (Some(parts), None) = (definitions.next(), definitions.next())
            && !parts.is_empty()
        {
            pending.extend(parts.iter().filter(|part| used.insert(**part)));
            compounds.insert(name, parts);
        }
    }
    for name in &used {
        if !compounds.contains_key(name) {
            flags.declare(*name);
        }
    }
    // Compounds of compounds settle in as many rounds as they are deep.
    for _ in 0..4 {
        for (name, parts) in &compounds {
            let masks: Option<Vec<u128>> = parts.iter().map(|part| flags.mask(*part)).collect();
            if let Some(masks) = masks {
                flags.declare_compound(*name, masks.iter().fold(0, |all, mask| all | mask));
            }
        }
    }
    flags
}

fn is_flag(name: Symbol) -> bool {
    let text = name.as_str();
    (text.starts_with("VM_") || text.starts_with("VMA_")) && !text.starts_with("VM_FAULT")
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// True for headers whose flags every file means; a driver's own `VM_…` is something else.
fn is_shared(path: &str) -> bool {
    path.contains("include/") || !path.contains('/')
}

/// The flags in a replacement text; empty if it is a number or an expression of anything else.
fn flag_parts(text: &str) -> Vec<Symbol> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_union_of_flags = words.iter().all(|word| word.starts_with("VM_"));
    let has_other_operators = text.contains(['~', '&', '<', '+']);
    if words.is_empty() || !is_union_of_flags || has_other_operators {
        return Vec::new();
    }
    words.into_iter().map(Symbol::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_cover_point_releases() {
        assert!(is_in_range(Some("6.12.117"), Some("5.6"), Some("6.12")));
        assert!(!is_in_range(Some("6.13"), None, Some("6.12")));
        assert!(!is_in_range(Some("4.4"), Some("4.20"), None));
        assert!(is_in_range(None, Some("99.1"), None));
    }

    #[test]
    fn flag_parts_reads_unions_only() {
        assert_eq!(
            flag_parts("(VM_IO | VM_PFNMAP)"),
            vec![Symbol::new("VM_IO"), Symbol::new("VM_PFNMAP")]
        );
        assert!(flag_parts("0x00000400").is_empty());
        assert!(flag_parts("(VM_LOCKED & ~VM_IO)").is_empty());
    }
}
