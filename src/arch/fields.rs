//! Which bits are memory types, encryption and state.
//!
//! A memory type is what the architecture's own helpers make of a base protection; the bits in
//! which they differ are the field, less those that are permissions or state.

use std::collections::BTreeSet;
use std::ops::Range;

use super::analysis::Scene;
use super::bools::{Bool, Bools, FALSE, TRUE};
use super::ctype::Type;
use super::matrix::{Kind, Modifier};
use super::variables::Class;
use super::variants::Field;
use super::word::{Bits, as_constant, constant};
use crate::program::Symbol;

/// The attributes of a variant.
pub struct Fields {
    /// Protections a VMA starts with, each once.
    pub bases: Vec<Protection>,
    /// Caching and encryption.
    pub attributes: Vec<Attribute>,
}

/// A protection with a name.
#[derive(Clone)]
pub struct Protection {
    /// How it is made.
    pub name: String,
    /// Its bits.
    pub bits: Bits,
    /// It allows no access.
    pub is_no_access: bool,
    /// The helpers that make it, if it is an override.
    pub made_by: BTreeSet<String>,
    /// The number of the base it is, or is made from.
    pub base: usize,
}

/// What can be overridden.
pub struct Attribute {
    /// Caching or encryption.
    pub kind: Kind,
    /// Protections with another value than their base.
    pub overrides: Vec<Protection>,
    /// Bits that count, in a protection.
    pub mask: Bits,
    /// Those of them that the helpers change.
    pub varied: Bits,
    /// All helpers and at least one base were understood.
    pub is_understood: bool,
    /// Macros the helpers are made of.
    pub used: BTreeSet<Symbol>,
}

/// What fields look like in what one helper changes.
pub struct Place {
    /// Bits of caching and encryption, in the order of [`Fields::attributes`].
    pub masks: Vec<Bits>,
    /// Each base as a protection.
    pub protections: Vec<Bits>,
    /// Each base as an entry.
    pub bases: Vec<Bits>,
    /// Each override of each attribute as an entry.
    pub overrides: Vec<Vec<Bits>>,
}

impl Fields {
    /// Finds the attributes of a variant.
    pub fn find(scene: &mut Scene<'_, '_>) -> Fields {
        let bases = bases(scene);
        let permissions = varying(scene, &bases);
        let attributes = [Kind::Caching, Kind::Encryption]
            .into_iter()
            .map(|kind| attribute(scene, kind, &bases, &permissions))
            .collect();
        Fields { bases, attributes }
    }
}

fn bases(scene: &mut Scene<'_, '_>) -> Vec<Protection> {
    let mut bases: Vec<Protection> = Vec::new();
    let common = &scene.rules.common;
    let own = scene.bases;
    // Where a function makes them of flags, what it starts from is no protection of a VMA.
    let is_made = scene.is_rust && scene.is_there("vm_get_page_prot") != FALSE;
    let others: &[String] = if is_made { &[] } else { &common.base };
    for name in own.iter().chain(others) {
        if !own.contains(name) && scene.is_there(name) == FALSE {
            continue;
        }
        let width = scene.prot_width;
        let Ok(bits) = scene.evaluate(name, &[], TRUE) else {
            continue;
        };
        let is_known = bits.len() == width && !scene.is_open(&bits);
        if !is_known || bases.iter().any(|known| known.bits == bits) {
            continue;
        }
        bases.push(Protection {
            name: name.clone(),
            bits,
            is_no_access: common.no_access.contains(name),
            made_by: BTreeSet::new(),
            base: bases.len(),
        });
    }
    bases
}

/// Bits in which accessible bases differ: permissions.
fn varying(scene: &mut Scene<'_, '_>, bases: &[Protection]) -> Bits {
    let mut mask = vec![FALSE; scene.prot_width];
    let mut accessible = bases.iter().filter(|base| !base.is_no_access);
    let Some(first) = accessible.next() else {
        return mask;
    };
    let bools = &mut scene.unit.pre.logic.bools;
    for other in accessible {
        let differs = bools.zip(&first.bits, &other.bits, Bools::xor);
        mask = bools.zip(&mask, &differs, Bools::or);
    }
    mask
}

fn attribute(
    scene: &mut Scene<'_, '_>,
    kind: Kind,
    bases: &[Protection],
    permissions: &[Bool],
) -> Attribute {
    let mut overrides: Vec<Protection> = Vec::new();
    let mut is_understood = bases.iter().any(|base| !base.is_no_access);
    let mut mask = vec![FALSE; scene.prot_width];
    scene.unit.pre.used.clear();
    for helper in &scene.rules.common.helper {
        if Kind::from(helper.kind) != kind || scene.is_there(&helper.name) == FALSE {
            continue;
        }
        for (number, base) in bases.iter().enumerate() {
            let text = format!("{}(ptelint_prot)", helper.name);
            let variables = [("ptelint_prot", "pgprot_t", &base.bits[..])];
            let mut bits = scene.evaluate(&text, &variables, TRUE).unwrap_or_default();
            if bits.len() != mask.len() || scene.is_open(&bits) {
                is_understood = false;
                let Some(other) = other_value(scene, kind, &base.bits) else {
                    continue;
                };
                bits = other;
            }
            let bools = &mut scene.unit.pre.logic.bools;
            let differs = bools.zip(&base.bits, &bits, Bools::xor);
            let assumed = scene.assumed;
            let differs: Bits = differs.iter().map(|&bit| bools.and(bit, assumed)).collect();
            if !base.is_no_access {
                mask = bools.zip(&mask, &differs, Bools::or);
            }
            if differs.iter().all(|&bit| bit == FALSE) {
                continue;
            }
            match overrides.iter_mut().find(|known| known.bits == bits) {
                Some(known) if known.base == number => {
                    known.made_by.insert(helper.name.clone());
                }
                Some(_) => {}
                None => overrides.push(Protection {
                    name: format!("{}({})", helper.name, base.name),
                    bits,
                    is_no_access: base.is_no_access,
                    made_by: BTreeSet::from([helper.name.clone()]),
                    base: number,
                }),
            }
        }
    }
    let used = std::mem::take(&mut scene.unit.pre.used);
    mask = scene
        .unit
        .pre
        .logic
        .bools
        .zip(&mask, permissions, Bools::and_not);
    for state in state_bits(scene, Modifier::PteModify) {
        let bools = &mut scene.unit.pre.logic.bools;
        mask = bools.zip(&mask, &state.mask, Bools::and_not);
    }
    let varied = mask.clone();
    // Fields the architecture declares count even where a base without access differs in them.
    for field in scene.rules.fields(scene.arch, scene.variant) {
        if Kind::from(field.kind) == kind
            && field.is_at("pgprot")
            && let Some(declared) = scene.mask_named(&field.name)
        {
            let bools = &mut scene.unit.pre.logic.bools;
            mask = bools.zip(&mask, &declared, Bools::or);
        }
    }
    Attribute {
        kind,
        overrides,
        mask,
        varied,
        is_understood,
        used,
    }
}

/// What a helper that was not understood can only do: encryption has two values, and where the
/// architecture declares its bits, the other value is known.
fn other_value(scene: &mut Scene<'_, '_>, kind: Kind, base: &[Bool]) -> Option<Bits> {
    if kind != Kind::Encryption {
        return None;
    }
    let mut other = base.to_vec();
    for field in scene.rules.fields(scene.arch, scene.variant) {
        if Kind::from(field.kind) == kind
            && let Some(declared) = scene.mask_named(&field.name)
        {
            other = scene
                .unit
                .pre
                .logic
                .bools
                .zip(&other, &declared, Bools::xor);
        }
    }
    (other != base).then_some(other)
}

impl Place {
    /// How attributes look in what `function` changes.
    pub fn find(scene: &mut Scene<'_, '_>, fields: &Fields, function: Modifier) -> Place {
        let mut entry = |protection: &Protection| scene.entry(function, &protection.bits);
        let bases: Vec<Bits> = fields.bases.iter().map(&mut entry).collect();
        let overrides: Vec<Vec<Bits>> = fields
            .attributes
            .iter()
            .map(|attribute| attribute.overrides.iter().map(&mut entry).collect())
            .collect();
        let mut masks = Vec::new();
        for attribute in &fields.attributes {
            // Which difference does one bit of the field make, in an accessible entry?
            let width = scene.old.len();
            let mut mask = vec![FALSE; width];
            let accessible = fields.bases.iter().find(|base| !base.is_no_access);
            let base = match accessible {
                Some(base) => base.bits.clone(),
                None => constant(0, scene.prot_width),
            };
            let without = scene.entry(function, &base);
            let elsewhere = scene.declared_elsewhere(function);
            for (i, &counts) in attribute.mask.iter().enumerate() {
                if counts == FALSE || elsewhere.get(i).is_some_and(|&bit| bit != FALSE) {
                    continue;
                }
                let mut other = base.clone();
                other[i] = scene.unit.pre.logic.bools.not(other[i]);
                let with = scene.entry(function, &other);
                let bools = &mut scene.unit.pre.logic.bools;
                let differs = bools.zip(&with, &without, Bools::xor);
                for (place, differs) in mask.iter_mut().zip(differs) {
                    let differs = bools.and(differs, counts);
                    *place = bools.or(*place, differs);
                }
            }
            for field in scene.rules.fields(scene.arch, scene.variant) {
                if Kind::from(field.kind) != attribute.kind || !field.is_at(function.level()) {
                    continue;
                }
                if let Some(declared) = scene.mask_of(field, function) {
                    let bools = &mut scene.unit.pre.logic.bools;
                    mask = bools.zip(&mask, &declared, Bools::or);
                }
                if let Some(member) = scene.member_of(field, function) {
                    for (i, place) in mask.iter_mut().enumerate() {
                        *place = if member.contains(&i) { *place } else { FALSE };
                    }
                }
            }
            masks.push(mask);
        }
        Place {
            protections: fields.bases.iter().map(|base| base.bits.clone()).collect(),
            masks,
            bases,
            overrides,
        }
    }
}

/// A bit of state at one level.
pub struct StateBits {
    /// What it says.
    pub kind: Kind,
    /// The function that sets it.
    pub set: String,
    /// Bits it sets.
    pub mask: Bits,
    /// The old entry with them set.
    pub with: Bits,
    /// When an entry says so; a function of the old entry.
    pub reads: Option<Bool>,
    /// Macros the two functions are made of.
    pub used: BTreeSet<Symbol>,
}

/// The state an entry can have.
pub fn state_bits(scene: &mut Scene<'_, '_>, function: Modifier) -> Vec<StateBits> {
    let level = function.level();
    if function == Modifier::PgprotModify {
        return Vec::new();
    }
    let mut all: Vec<StateBits> = Vec::new();
    for state in &scene.rules.common.state {
        let set = format!("{level}_{}", state.set);
        let test = format!("{level}_{}", state.test);
        if scene.is_there(&set) == FALSE {
            continue;
        }
        let old = scene.old.clone();
        let of = format!("{level}_t");
        let variables = [("ptelint_old", of.as_str(), &old[..])];
        scene.unit.pre.used.clear();
        let Ok(with) = scene.evaluate(&format!("{set}(ptelint_old)"), &variables, TRUE) else {
            continue;
        };
        let reads = scene.evaluate(&format!("!!{test}(ptelint_old)"), &variables, TRUE);
        let used = std::mem::take(&mut scene.unit.pre.used);
        let is_argument = scene.unit.pre.logic.is_of(Class::Argument);
        let bools = &mut scene.unit.pre.logic.bools;
        let mut mask = vec![FALSE; old.len()];
        for ((place, &with), &old) in mask.iter_mut().zip(&with).zip(&old) {
            let new = bools.and_not(with, old);
            *place = bools.exists(new, &is_argument);
        }
        // Making an entry dirty makes it soft-dirty too.
        for earlier in &all {
            mask = bools.zip(&mask, &earlier.mask, Bools::and_not);
        }
        let reads = reads.ok().map(|bits| bools.any(&bits));
        // Bits that are set on the way and say something else are not this state.
        let asks = reads.map(|reads| bools.support(reads)).unwrap_or_default();
        let mut read = mask.clone();
        for (place, &old) in read.iter_mut().zip(&old) {
            if !asks.contains(&bools.number(old)) {
                *place = FALSE;
            }
        }
        if read.iter().any(|&bit| bit != FALSE) {
            mask = read;
        }
        all.push(StateBits {
            kind: state.kind.into(),
            set,
            mask,
            with,
            reads,
            used,
        });
    }
    all
}

impl Scene<'_, '_> {
    /// The entry that a protection makes of the first page frame.
    pub fn entry(&mut self, function: Modifier, prot: &[Bool]) -> Bits {
        let width = self.old.len();
        let mut bits = match function {
            _ if self.without_entries.contains(&function) => prot.to_vec(),
            Modifier::PgprotModify => prot.to_vec(),
            _ => {
                let level = function.level();
                let text = format!("pfn_{level}(0UL, ptelint_prot)");
                let variables = [("ptelint_prot", "pgprot_t", prot)];
                match self.evaluate(&text, &variables, TRUE) {
                    Ok(bits) if bits.len() > 1 && !self.is_open(&bits) => bits,
                    // An architecture without such a function puts protections in as they are.
                    _ => {
                        self.without_entries.insert(function);
                        prot.to_vec()
                    }
                }
            }
        };
        bits.resize(width, FALSE);
        bits
    }

    /// Bits of declared fields that are not at the level of a helper.
    fn declared_elsewhere(&mut self, function: Modifier) -> Bits {
        let mut all = vec![FALSE; self.old.len()];
        for field in self.rules.fields(self.arch, self.variant) {
            if !field.is_at(function.level())
                && let Some(mask) = self.mask_named(&field.name)
            {
                all = self.unit.pre.logic.bools.zip(&all, &mask, Bools::or);
            }
        }
        all
    }

    /// True if something that was not understood decides a bit.
    pub fn is_open(&self, bits: &[Bool]) -> bool {
        let logic = &self.unit.pre.logic;
        let is_open = logic.is_of(Class::NotUnderstood);
        let mut support = bits.iter().flat_map(|&bit| logic.bools.support(bit));
        support.any(is_open)
    }

    /// A mask in words: a number, or the values that hold it.
    pub fn shown(&mut self, mask: &[Bool]) -> String {
        let bools = &mut self.unit.pre.logic.bools;
        // Assumptions are not part of the name.
        let certain = mask.iter().map(|&bit| {
            let always = bools.implies(self.assumed, bit) == TRUE || bit == self.assumed;
            if always { TRUE } else { bit }
        });
        let mask: Bits = certain.collect();
        match as_constant(&mask) {
            Some(mask) => format!("{mask:#x}"),
            None => {
                let known = self.unit.pre.logic.names([self.assumed]);
                let names = self.unit.pre.logic.names(mask.iter().copied());
                let own: Vec<_> = names.difference(&known).cloned().collect();
                let names = match own.is_empty() {
                    true => names.into_iter().collect::<Vec<_>>().join(", "),
                    false => own.join(", "),
                };
                // The configuration says whether there is a bit, not which.
                let is_config = names.split(", ").all(|name| name.starts_with("CONFIG_"));
                let there: Bits = mask.iter().map(|&bit| Bool::from(bit != FALSE)).collect();
                match as_constant(&there) {
                    Some(there) if is_config => format!("{there:#x} ({names})"),
                    _ => names,
                }
            }
        }
    }

    /// Where a declared field is in what `function` changes.
    pub fn mask_of(&mut self, field: &Field, function: Modifier) -> Option<Bits> {
        let mut mask = self.mask_named(&field.name)?;
        if let Some(member) = self.member_of(field, function) {
            let width = mask.len();
            mask.truncate(member.len());
            mask.splice(0..0, vec![FALSE; member.start]);
            mask.resize(width, FALSE);
        }
        Some(mask)
    }

    /// The bits of an entry that are the member with a field.
    fn member_of(&mut self, field: &Field, function: Modifier) -> Option<Range<usize>> {
        let name = Symbol::new(field.member.as_deref()?);
        let entry = Symbol::new(&format!("{}_t", function.level()));
        let Ok(Some(Type::Struct(layout))) = self.unit.typedef(entry, TRUE) else {
            return None;
        };
        let (of, start) = layout.member(name)?;
        let start = start as usize;
        Some(start..start + of.width(self.unit.long_width))
    }

    /// The bits of a mask that is a macro of this architecture.
    pub fn mask_named(&mut self, name: &str) -> Option<Bits> {
        if self.is_there(name) == FALSE {
            return None;
        }
        let mut bits = self.evaluate(name, &[], TRUE).ok()?;
        bits.resize(self.old.len(), FALSE);
        let bools = &mut self.unit.pre.logic.bools;
        let assumed = self.assumed;
        // What cannot be makes functions large and says nothing.
        Some(bits.iter().map(|&bit| bools.and(bit, assumed)).collect())
    }
}
