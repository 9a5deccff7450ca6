//! The vocabulary, ready for look-ups by name.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::callgraph::Program;
use crate::program::{ExprId, ExprKind, Instr, Symbol, Terminator, TypeRef};
use crate::tree::Language;
use crate::vocabulary::{
    Assertion, Axiom, Constant, Construct, EntryPoint, FlagFamily, FlagsChange, Identity, Insert,
    Install, Kind, MemberAccess, Modify, Protection, Version, VmaType, Vocabulary,
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
    /// Reaches a member of an object.
    MemberAccess(&'v MemberAccess),
    /// Changes `vm_flags`.
    Flags(&'v FlagsChange),
    /// Checks a condition.
    Assertion(&'v Assertion),
}

/// Look-ups over one vocabulary and one tree.
#[derive(Debug)]
pub struct Dictionary<'v> {
    words: FxHashMap<Symbol, Word<'v>>,
    /// Functions of Rust that give back one of their arguments, by name and number of arguments.
    /// Those of C are part of the vocabulary.
    passing: FxHashMap<(Symbol, usize), usize>,
    version: Option<Version>,
    /// The structures that stand for a VMA.
    pub vmas: &'v [VmaType],
    /// The ops-table members through which a driver is entered.
    pub entry_points: &'v [EntryPoint],
    vocabulary: &'v Vocabulary,
    /// The flags of a VMA that this tree knows.
    pub flags: FlagNames,
    /// Other families of flags.
    pub other_flags: FlagNames,
}

impl<'v> Dictionary<'v> {
    /// Prepares `vocabulary` for a tree of kernel version `version` (`None`: any).
    pub fn new(
        vocabulary: &'v Vocabulary,
        program: &Program,
        version: Option<Version>,
    ) -> Dictionary<'v> {
        let mut words: FxHashMap<Symbol, Word<'v>> = FxHashMap::default();
        let mut add = |name: &str, word: Word<'v>| {
            words.insert(Symbol::new(name), word);
        };
        for word in &vocabulary.identity {
            add(&word.name, Word::Identity(word));
        }
        for word in &vocabulary.member_access {
            add(&word.name, Word::MemberAccess(word));
        }
        for word in &vocabulary.assertion {
            add(&word.name, Word::Assertion(word));
        }
        for word in &vocabulary.flags {
            add(&word.name, Word::Flags(word));
        }
        for word in &vocabulary.protection {
            add(&word.name, Word::Protection(word));
        }
        for word in &vocabulary.install {
            add(&word.name, Word::Install(word));
        }
        for word in &vocabulary.modify {
            add(&word.name, Word::Modify(word));
        }
        for word in &vocabulary.construct {
            add(&word.name, Word::Construct(word));
        }
        for word in &vocabulary.insert {
            add(&word.name, Word::Insert(word));
        }
        Dictionary {
            words,
            passing: passing(program),
            version,
            vmas: &vocabulary.vma,
            entry_points: &vocabulary.entry_point,
            vocabulary,
            flags: flag_names(program, &is_flag),
            other_flags: flag_names(program, &|name| {
                let families = &vocabulary.flag_family;
                is_upper_case(name)
                    && families
                        .iter()
                        .any(|family| name.as_str().starts_with(&family.prefix))
            }),
        }
    }

    /// The vocabulary behind it.
    pub fn vocabulary(&self) -> &'v Vocabulary {
        self.vocabulary
    }

    /// The word for a code with which fault handlers end.
    pub fn fault_result(&self, name: Symbol) -> Option<u128> {
        let mut families = self.fault_families();
        families
            .any(|family| name.as_str().starts_with(&family.prefix))
            .then(|| self.other_flags.mask(name))
            .flatten()
    }

    /// The codes with which a fault handler says that it leaves no page for the core to map.
    pub fn no_page(&self) -> u128 {
        self.fault_families()
            .flat_map(|family| &family.no_page)
            .filter_map(|name| self.other_flags.mask(Symbol::new(name)))
            .fold(0, |all, mask| all | mask)
    }

    fn fault_families(&self) -> impl Iterator<Item = &'v FlagFamily> {
        let families = self.vocabulary.flag_family.iter();
        families.filter(|family| !family.no_page.is_empty())
    }

    /// All insertion APIs.
    pub fn inserts(&self) -> impl Iterator<Item = &'v Insert> {
        self.vocabulary.insert.iter()
    }

    /// All axioms.
    pub fn axioms(&self) -> &'v [Axiom] {
        &self.vocabulary.axiom
    }

    /// What a call of `name` with `n_args` arguments means.
    pub fn word(&self, name: Symbol, n_args: usize) -> Option<Word<'v>> {
        let Some(word) = self.words.get(&name) else {
            let argument = self.passing.get(&(name, n_args))?;
            return PASSING.get(*argument).map(Word::Identity);
        };
        match *word {
            Word::Insert(any) => Some(Word::Insert(
                self.vocabulary
                    .insertion(name.as_str(), n_args, self.version)
                    .unwrap_or(any),
            )),
            Word::Install(any) => Some(Word::Install(
                self.vocabulary
                    .installer(name.as_str(), n_args)
                    .unwrap_or(any),
            )),
            word => Some(word),
        }
    }

    /// True if `name` installs user entries.
    pub fn is_insert(&self, name: Symbol) -> bool {
        matches!(self.words.get(&name), Some(Word::Insert(_)))
    }

    /// True if `name` finds a VMA in an address space.
    pub fn is_lookup(&self, name: Symbol) -> bool {
        let mut lookups = self.vocabulary.lookup.iter();
        lookups.any(|lookup| name == lookup.name.as_str())
    }

    /// True if a call of `name` takes or gives a protection.
    pub fn deals_with_protections(&self, name: Symbol) -> bool {
        matches!(
            self.words.get(&name),
            Some(Word::Insert(_) | Word::Construct(_) | Word::Modify(_) | Word::Protection(_))
        )
    }

    /// True if `name` makes an entry or a protection out of its arguments: what its own body does
    /// with them is no use of its own.
    pub fn is_entry_helper(&self, name: Symbol) -> bool {
        matches!(
            self.words.get(&name),
            Some(
                Word::Construct(_)
                    | Word::Modify(_)
                    | Word::Install(_)
                    | Word::Protection(_)
                    | Word::Identity(_)
            )
        )
    }

    /// The fixed protection a name stands for, if it is one.
    pub fn constant(&self, name: Symbol) -> Option<&'v Constant> {
        self.vocabulary.fixed_protection(name.as_str())
    }

    /// The kind of an attribute bit, if a name is one.
    pub fn attribute(&self, name: Symbol) -> Option<Kind> {
        self.vocabulary.attribute(name.as_str()).map(|bit| bit.kind)
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

/// What a function is that gives back its first, second … argument.
static PASSING: [Identity; 4] = [
    Identity::of_argument(0),
    Identity::of_argument(1),
    Identity::of_argument(2),
    Identity::of_argument(3),
];

/// The functions of Rust that do nothing to one of their arguments but give it back: their
/// definitions all do.
fn passing(program: &Program) -> FxHashMap<(Symbol, usize), usize> {
    let mut found: FxHashMap<(Symbol, usize), usize> = FxHashMap::default();
    let candidates = || {
        program
            .functions()
            .filter(|(_, function)| program.file(function.file).language() == Language::Rust)
    };
    // One function that passes on to another, and so on.
    for _ in 0..3 {
        let mut next: FxHashMap<(Symbol, usize), Option<usize>> = FxHashMap::default();
        for (_, function) in candidates() {
            let argument = passed(function, &found);
            next.entry((function.name, function.params().len()))
                .and_modify(|known| *known = known.filter(|known| Some(*known) == argument))
                .or_insert(argument);
        }
        found = next
            .into_iter()
            .filter_map(|(key, argument)| Some((key, argument?)))
            .collect();
    }
    found
}

/// The position of the argument that a function gives back, if it always does.
fn passed(
    function: &crate::program::Function,
    known: &FxHashMap<(Symbol, usize), usize>,
) -> Option<usize> {
    // One that is handed an object may do something to it as well.
    let is_value = |ty: TypeRef| ty.pointers == 0 && !ty.function;
    if !function.params().iter().all(|param| is_value(param.ty)) {
        return None;
    }
    let mut found = None;
    for body in &function.bodies {
        let param = |expr: ExprId| match body.expr(expr).kind {
            ExprKind::Local(local) => {
                let position = local.0 as usize;
                (position < function.params().len()).then_some(position)
            }
            _ => None,
        };
        for block in &body.blocks {
            let assigns_param = block.instrs.iter().any(|instr| match instr {
                Instr::Assign { target, .. } => param(*target).is_some(),
                _ => false,
            });
            if assigns_param {
                return None;
            }
            let Terminator::Return(value) = &block.terminator else {
                continue;
            };
            let value = (*value)?;
            let position = match &body.expr(value).kind {
                ExprKind::Call { callee, args } => {
                    let ExprKind::Global(name) = body.expr(*callee).kind else {
                        return None;
                    };
                    let argument = known.get(&(name, args.len()))?;
                    param(*args.get(*argument)?)?
                }
                _ => param(value)?,
            };
            if *found.get_or_insert(position) != position {
                return None;
            }
        }
    }
    found
}

/// Collects the flags that the parsed functions mention. A macro whose replacement is made of
/// other flags stands for several.
fn flag_names(program: &Program, is_one: &dyn Fn(Symbol) -> bool) -> FlagNames {
    let mut used: BTreeSet<Symbol> = program
        .functions()
        .flat_map(|(_, function)| &function.bodies)
        .flat_map(|body| &body.exprs)
        .filter_map(|expr| match expr.kind {
            ExprKind::Global(name) => flag_of(name).filter(|name| is_one(*name)),
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
            .map(|object_macro| flag_parts(&object_macro.text, is_one));
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

/// The flag a name means: itself, or the one whose bit number it is.
fn flag_of(name: Symbol) -> Option<Symbol> {
    let bit = name
        .as_str()
        .strip_prefix("VMA_")
        .and_then(|rest| rest.strip_suffix("_BIT"));
    match bit {
        Some(stem) => Some(Symbol::new(&format!("VM_{stem}"))),
        None => Some(name),
    }
}

fn is_flag(name: Symbol) -> bool {
    let text = name.as_str();
    text.starts_with("VM_") && !text.starts_with("VM_FAULT") && is_upper_case(name)
}

fn is_upper_case(name: Symbol) -> bool {
    name.as_str()
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// True for headers whose flags every file means; a driver's own `VM_…` is something else.
fn is_shared(path: &str) -> bool {
    path.contains("include/") || !path.contains('/')
}

/// The flags in a replacement text; empty if it is a number or an expression of anything else.
fn flag_parts(text: &str, is_one: &dyn Fn(Symbol) -> bool) -> Vec<Symbol> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let is_union_of_flags = words.iter().all(|word| is_one(Symbol::new(word)));
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
    fn flag_parts_reads_unions_only() {
        assert_eq!(
            flag_parts("(VM_IO | VM_PFNMAP)", &is_flag),
            vec![Symbol::new("VM_IO"), Symbol::new("VM_PFNMAP")]
        );
        assert!(flag_parts("0x00000400", &is_flag).is_empty());
        assert!(flag_parts("(VM_LOCKED & ~VM_IO)", &is_flag).is_empty());
    }
}
