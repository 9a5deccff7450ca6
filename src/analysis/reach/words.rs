//! The vocabulary of entries and axioms, ready for look-ups by name.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::program::Symbol;
use crate::vocabulary::{Axiom, AxiomEffect, Vocabulary};

use super::because::MAX_AXIOMS;
use super::state::States;

/// What a name means to the engine.
#[derive(Clone, Copy, Debug)]
pub enum Meaning {
    /// Tells states of an entry apart.
    Test {
        /// Position of the entry.
        entry: usize,
        /// States it holds for.
        holds: States,
        /// States it may hold for.
        may: States,
    },
    /// Compares two entries.
    Compare,
    /// Reads an entry.
    Read {
        /// Position of the pointer.
        slot: usize,
    },
    /// Gives the page of an entry.
    Page,
    /// Makes a non-present entry that remembers a page.
    Encode,
    /// Lets others change entries.
    Unlock,
    /// Finds no override that is present, by an axiom.
    FindsCounted(usize),
    /// Gives the normal page of an entry, by an axiom.
    NormalPage(usize),
    /// Gives a new page, by an axiom.
    NewPage(usize),
    /// Makes a hint, by an axiom.
    Hint,
    /// A flag of a kind without overrides, by an axiom.
    ExcludedKind(usize),
}

/// Look-ups over one vocabulary.
#[derive(Debug, Default)]
pub struct Words {
    meanings: FxHashMap<Symbol, Meaning>,
    /// Operations that leave a page in the fault, with the axiom.
    handlers: FxHashMap<Symbol, usize>,
}

impl Words {
    /// Prepares a vocabulary; axioms in `without` are left out.
    pub fn new(vocabulary: &Vocabulary, without: &BTreeSet<String>) -> Words {
        let mut words = Words::default();
        let mut add = |name: &str, meaning: Meaning| {
            words.meanings.insert(Symbol::new(name), meaning);
        };
        for test in &vocabulary.entry_test {
            add(
                &test.name,
                Meaning::Test {
                    entry: test.entry,
                    holds: States::of(&test.holds),
                    may: States::of(&test.may),
                },
            );
        }
        for word in &vocabulary.entry_compare {
            add(&word.name, Meaning::Compare);
        }
        for word in &vocabulary.entry_read {
            add(&word.name, Meaning::Read { slot: word.slot });
        }
        for word in &vocabulary.entry_page {
            add(&word.name, Meaning::Page);
        }
        for word in &vocabulary.entry_encode {
            add(&word.name, Meaning::Encode);
        }
        for word in &vocabulary.entry_unlock {
            add(&word.name, Meaning::Unlock);
        }
        for (number, axiom) in vocabulary.axiom.iter().enumerate().take(MAX_AXIOMS) {
            if without.contains(&axiom.name) {
                continue;
            }
            for name in &axiom.functions {
                let name = Symbol::new(name);
                if axiom.effect == AxiomEffect::HandlerPage {
                    words.handlers.insert(name, number);
                } else if let Some(meaning) = meaning(axiom, number) {
                    words.meanings.insert(name, meaning);
                }
            }
        }
        words
    }

    /// What a name means, if it means something.
    pub fn meaning(&self, name: Symbol) -> Option<Meaning> {
        self.meanings.get(&name).copied()
    }

    /// The axiom about the page that an operation of a VMA leaves in the fault.
    pub fn handler(&self, member: Symbol) -> Option<usize> {
        self.handlers.get(&member).copied()
    }
}

fn meaning(axiom: &Axiom, number: usize) -> Option<Meaning> {
    match axiom.effect {
        AxiomEffect::FindsCounted => Some(Meaning::FindsCounted(number)),
        AxiomEffect::NormalPage => Some(Meaning::NormalPage(number)),
        AxiomEffect::NewPage => Some(Meaning::NewPage(number)),
        AxiomEffect::Hint => Some(Meaning::Hint),
        AxiomEffect::ExcludedKind => Some(Meaning::ExcludedKind(number)),
        AxiomEffect::HandlerPage => None,
    }
}
