//! What the architecture calls a bit.

use std::collections::BTreeSet;

use super::analysis::Scene;
use super::bools::{Bool, FALSE, TRUE};
use super::word::Bits;
use crate::program::Symbol;

impl Scene<'_, '_> {
    /// The name of a mask among macros: of one that is this mask, or of one per bit. The mask
    /// itself if there is none.
    pub fn name_of_mask(&mut self, mask: &[Bool], among: &BTreeSet<Symbol>) -> String {
        let masks = self.masks(among);
        if let Some(name) = self.named(&masks, |i| mask[i] != FALSE, mask.len()) {
            return name;
        }
        let mut names = Vec::new();
        for bit in (0..mask.len()).filter(|&i| mask[i] != FALSE) {
            match self.named(&masks, |i| i == bit, mask.len()) {
                Some(name) => names.push(name),
                None => return self.shown(mask),
            }
        }
        names.join(" | ")
    }

    /// The macros that are words and not zero, by name.
    fn masks(&mut self, among: &BTreeSet<Symbol>) -> Vec<(Symbol, Bits)> {
        let mut masks = Vec::new();
        for &name in among {
            if let Some(bits) = self.value_of(name)
                && bits.iter().any(|&bit| bit != FALSE)
            {
                masks.push((name, bits));
            }
        }
        masks.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        masks
    }

    /// The macro of exactly these bits; of several, the one that the others are only parts of.
    fn named(
        &self,
        masks: &[(Symbol, Bits)],
        has: impl Fn(usize) -> bool,
        width: usize,
    ) -> Option<String> {
        let fits = |bits: &Bits| {
            let is_set = |i| bits.get(i).is_some_and(|&bit| bit != FALSE);
            (0..width.max(bits.len())).all(|i| is_set(i) == (i < width && has(i)))
        };
        let fitting: Vec<Symbol> = masks
            .iter()
            .filter(|(_, bits)| fits(bits))
            .map(|(name, _)| *name)
            .collect();
        let is_part = |name: &&Symbol| {
            fitting.iter().any(|other| {
                let definitions = self.unit.pre.alternatives(*other).iter();
                let mut tokens = definitions.flat_map(|one| &one.definition.body);
                other != *name && tokens.any(|token| token.text == **name)
            })
        };
        let top = fitting.iter().find(|name| !is_part(name));
        top.or(fitting.first()).map(Symbol::to_string)
    }

    /// The bits of a macro without parameters.
    pub fn value_of(&mut self, name: Symbol) -> Option<Bits> {
        if let Some(known) = self.values.get(&name) {
            return known.clone();
        }
        let is_object = self
            .unit
            .pre
            .alternatives(name)
            .first()
            .is_some_and(|one| one.definition.parameters.is_none());
        let used = self.unit.pre.used.clone();
        let value = match is_object {
            true => self.evaluate(name.as_str(), &[], TRUE).ok(),
            false => None,
        };
        self.unit.pre.used = used;
        self.values.insert(name, value.clone());
        value
    }
}
