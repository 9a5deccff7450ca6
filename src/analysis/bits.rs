//! Flag words of which only some bits are known.

use rustc_hash::FxHashMap;

use crate::program::Symbol;

/// Names the bits of `vm_flags`. A bit is known by its macro's name, never by its number: numbers
/// differ between versions and configurations, and some flags are 0 where a feature is off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagNames {
    index: FxHashMap<Symbol, u32>,
    names: Vec<Symbol>,
    /// Macros that stand for several flags, e.g. `VM_SPECIAL`.
    compound: FxHashMap<Symbol, u128>,
}

impl FlagNames {
    /// The word in which exactly the flag, or the flags a compound name stands for, are set.
    /// `None` if the name was never declared.
    pub fn mask(&self, name: Symbol) -> Option<u128> {
        if let Some(&mask) = self.compound.get(&name) {
            return Some(mask);
        }
        self.index.get(&name).map(|bit| 1u128 << bit)
    }

    /// Declares a single flag. The 128th and later ones are ignored: their value stays unknown.
    pub fn declare(&mut self, name: Symbol) {
        if self.index.contains_key(&name) || self.names.len() >= 127 {
            return;
        }
        self.index.insert(name, self.names.len() as u32);
        self.names.push(name);
    }

    /// Declares a name that stands for several flags.
    pub fn declare_compound(&mut self, name: Symbol, mask: u128) {
        self.compound.insert(name, mask);
    }

    /// The names of the bits set in `mask`.
    pub fn names(&self, mask: u128) -> impl Iterator<Item = Symbol> + '_ {
        self.names
            .iter()
            .enumerate()
            .filter(move |(bit, _)| mask >> bit & 1 == 1)
            .map(|(_, name)| *name)
    }
}

/// A flag word: which bits are certainly set and which certainly clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bits {
    /// Bits that are 1 on every path.
    pub ones: u128,
    /// Bits that are 0 on every path.
    pub zeros: u128,
}

impl Bits {
    /// Nothing is known.
    pub fn unknown() -> Bits {
        Bits::default()
    }

    /// Exactly `mask`.
    pub fn exactly(mask: u128) -> Bits {
        Bits {
            ones: mask,
            zeros: !mask,
        }
    }

    /// `self & other`
    pub fn and(self, other: Bits) -> Bits {
        Bits {
            ones: self.ones & other.ones,
            zeros: self.zeros | other.zeros,
        }
    }

    /// `self | other`
    pub fn or(self, other: Bits) -> Bits {
        Bits {
            ones: self.ones | other.ones,
            zeros: self.zeros & other.zeros,
        }
    }

    /// `self ^ other`
    pub fn xor(self, other: Bits) -> Bits {
        Bits {
            ones: (self.ones & other.zeros) | (self.zeros & other.ones),
            zeros: (self.ones & other.ones) | (self.zeros & other.zeros),
        }
    }

    /// `~self`
    pub fn complement(self) -> Bits {
        Bits {
            ones: self.zeros,
            zeros: self.ones,
        }
    }

    /// The opposite of what is known, for the bits of `mask` only.
    pub fn complement_in(self, mask: u128) -> Bits {
        Bits {
            ones: self.zeros & mask,
            zeros: self.ones & mask,
        }
    }

    /// What holds on both of two paths.
    pub fn join(self, other: Bits) -> Bits {
        Bits {
            ones: self.ones & other.ones,
            zeros: self.zeros & other.zeros,
        }
    }

    /// Whether the word is different from 0, if that is known.
    pub fn truth(self) -> Option<bool> {
        if self.ones != 0 {
            Some(true)
        } else if self.zeros == !0 {
            Some(false)
        } else {
            None
        }
    }

    /// Whether two words are equal, if that is known.
    pub fn equals(self, other: Bits) -> Option<bool> {
        if (self.ones & other.zeros) | (self.zeros & other.ones) != 0 {
            return Some(false);
        }
        let known_here = self.ones | self.zeros;
        let known_there = other.ones | other.zeros;
        (known_here == !0 && known_there == !0).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: u128 = 1;
    const MAYWRITE: u128 = 2;

    #[test]
    fn a_private_writable_mapping_is_cow() {
        let flags = Bits {
            ones: MAYWRITE,
            zeros: SHARED,
        };
        let masked = flags.and(Bits::exactly(SHARED | MAYWRITE));
        assert_eq!(masked.equals(Bits::exactly(MAYWRITE)), Some(true));
    }

    #[test]
    fn an_unknown_flag_decides_nothing() {
        let masked = Bits::unknown().and(Bits::exactly(SHARED));
        assert_eq!(masked.truth(), None);
        assert_eq!(masked.equals(Bits::exactly(SHARED)), None);
    }

    #[test]
    fn operations_agree_with_plain_words() {
        for a in 0..4u128 {
            for b in 0..4u128 {
                let (x, y) = (Bits::exactly(a), Bits::exactly(b));
                assert_eq!(x.and(y), Bits::exactly(a & b));
                assert_eq!(x.or(y), Bits::exactly(a | b));
                assert_eq!(x.xor(y), Bits::exactly(a ^ b));
                assert_eq!(x.complement(), Bits::exactly(!a));
                assert_eq!(x.equals(y), Some(a == b));
            }
        }
    }
}
