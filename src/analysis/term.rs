//! Symbolic protections: where a `pgprot_t` comes from and what was done to it.

use std::collections::BTreeSet;

use crate::program::{Span, Symbol};
use crate::vocabulary::Kind;

/// A symbolic `pgprot_t`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// Where it comes from.
    pub base: Base,
    /// What was done to it, oldest first; at most `MAX_STEPS` are kept apart.
    pub steps: Vec<Step>,
}

/// Derivations beyond this many are dropped: a loop that derives again and again must come to an
/// end, and nobody derives five times for a purpose.
pub const MAX_STEPS: usize = 4;

/// Sets of terms beyond this size become [`Base::Unknown`].
pub const MAX_TERMS: usize = 24;

/// Where a protection comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// `vm_page_prot` of a VMA, as it was when the analysed operation was entered.
    Own {
        /// Which of the VMAs in play.
        vma: u8,
    },
    /// Made anew from `vm_flags`.
    Recomputed,
    /// A fixed protection, by name.
    Constant(Symbol),
    /// Made from fixed flags: the text of the call, and the flags.
    OfFlags(Symbol, u128),
    /// A parameter of the function the analysis started in.
    Parameter(u8),
    /// That of an entry which is there already.
    Entry,
    /// Read from somewhere the analysis does not follow; the text of the expression.
    Unknown(Symbol),
}

/// One derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step {
    /// The helper, or the attribute bit, by name.
    pub by: Symbol,
    /// Which bits it changes.
    pub kind: Kind,
}

impl Term {
    /// A term nothing was done to.
    pub fn new(base: Base) -> Term {
        Term {
            base,
            steps: Vec::new(),
        }
    }

    /// The term after one more derivation. Deriving the same way twice changes nothing.
    pub fn derive(&self, step: Step) -> Term {
        let mut term = self.clone();
        if !term.steps.contains(&step) && term.steps.len() < MAX_STEPS {
            term.steps.push(step);
        }
        term
    }

    /// The kinds of bits changed on the way.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.steps.iter().map(|step| step.kind).collect()
    }
}

/// The protections a value can be, with the places `vm_page_prot` was read for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Terms {
    /// The alternatives.
    pub set: BTreeSet<Term>,
    /// Reads of `vm_page_prot` that flow into the value.
    pub reads: BTreeSet<Span>,
}

impl Terms {
    /// A single alternative.
    pub fn one(base: Base) -> Terms {
        Terms {
            set: BTreeSet::from([Term::new(base)]),
            reads: BTreeSet::new(),
        }
    }

    /// All alternatives of both.
    pub fn union(&self, other: &Terms) -> Terms {
        let mut set = self.set.clone();
        set.extend(other.set.iter().cloned());
        if set.len() > MAX_TERMS {
            set = BTreeSet::from([Term::new(Base::Unknown(Symbol::new("too many values")))]);
        }
        let mut reads = self.reads.clone();
        reads.extend(other.reads.iter().copied());
        Terms { set, reads }
    }

    /// Every alternative derived once more.
    pub fn derive(&self, step: Step) -> Terms {
        Terms {
            set: self.set.iter().map(|term| term.derive(step)).collect(),
            reads: self.reads.clone(),
        }
    }

    /// True if one of the alternatives is the protection of a VMA, unchanged or derived.
    pub fn has_own(&self) -> bool {
        self.set
            .iter()
            .any(|term| matches!(term.base, Base::Own { .. }))
    }

    /// The same alternatives, known to have been read at `place`.
    pub fn read_at(&self, place: Span) -> Terms {
        let mut terms = self.clone();
        terms.reads.insert(place);
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deriving_comes_to_an_end() {
        let mut term = Term::new(Base::Own { vma: 0 });
        for i in 0..10 {
            term = term.derive(Step {
                by: Symbol::new(&format!("helper_{i}")),
                kind: Kind::Caching,
            });
        }
        assert_eq!(term.steps.len(), MAX_STEPS);
        assert_eq!(term.kinds(), BTreeSet::from([Kind::Caching]));
    }
}
