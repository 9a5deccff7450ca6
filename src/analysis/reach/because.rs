//! Why something is known: the facts about override mappings that a value rests on.

use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Serialize};

/// A set of facts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Because(u64);

/// Axioms are numbered up to this.
pub const MAX_AXIOMS: usize = 16;
/// Flags with setters are numbered up to this.
pub const MAX_SETTABLE: usize = 24;

const FIRST_AXIOM: usize = 12;
const FIRST_FLAG: usize = FIRST_AXIOM + MAX_AXIOMS;

impl Because {
    /// Nothing about override mappings: other knowledge, of the path.
    pub const NOTHING: Because = Because(0);
    /// `vm_ops` is not NULL.
    pub const OPS: Because = Because(1);
    /// Flags that the insertion APIs enforce.
    pub const FLAGS: Because = Because(1 << 1);
    /// The mapping is of a kind that holds overrides, or its table of operations is a known one.
    pub const KIND: Because = Because(1 << 2);
    /// The state of the entry.
    pub const ENTRY: Because = Because(1 << 3);
    /// No hint for NUMA balancing is ever set in an override.
    pub const NEVER_HINTED: Because = Because(1 << 4);
    /// An override's page is never remembered in a non-present entry.
    pub const NEVER_ENCODED: Because = Because(1 << 5);

    /// An axiom by its number.
    pub fn axiom(number: usize) -> Because {
        Because(1 << (FIRST_AXIOM + number.min(MAX_AXIOMS - 1)))
    }

    /// The axioms in it, by number.
    pub fn axioms(self) -> impl Iterator<Item = usize> {
        (0..MAX_AXIOMS).filter(move |number| self.has(Because::axiom(*number)))
    }

    /// A flag that nothing sets in an override mapping, by its number.
    pub fn never_set(number: usize) -> Because {
        Because(1 << (FIRST_FLAG + number.min(MAX_SETTABLE - 1)))
    }

    /// The flags nothing sets, by number.
    pub fn never_sets(self) -> impl Iterator<Item = usize> {
        (0..MAX_SETTABLE).filter(move |number| self.has(Because::never_set(*number)))
    }

    /// True if all facts of `other` are in it.
    pub fn has(self, other: Because) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if there is no fact in it.
    pub fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Because {
    type Output = Because;

    fn bitor(self, other: Because) -> Because {
        Because(self.0 | other.0)
    }
}

impl BitOrAssign for Because {
    fn bitor_assign(&mut self, other: Because) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_do_not_overlap() {
        let mut all = Because::OPS
            | Because::FLAGS
            | Because::KIND
            | Because::ENTRY
            | Because::NEVER_HINTED
            | Because::NEVER_ENCODED;
        for number in 0..MAX_AXIOMS {
            assert!(!all.has(Because::axiom(number)));
            all |= Because::axiom(number);
        }
        for number in 0..MAX_SETTABLE {
            assert!(!all.has(Because::never_set(number)));
            all |= Because::never_set(number);
        }
        assert_eq!(all.axioms().count(), MAX_AXIOMS);
        assert_eq!(all.never_sets().count(), MAX_SETTABLE);
    }
}
