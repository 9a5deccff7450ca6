//! What the variables of functions stand for.
//!
//! How large functions get depends on the order of their variables. Configuration symbols come
//! first: few, and they choose between whole words. Words that meet bit by bit (the old entry, the
//! new protection, masks that are known at run time) take turns, so that what was decided about a
//! bit can be forgotten before the next.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::bools::{Bool, Bools, Substitution};
use super::word::Bits;

/// Why a value is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Given to the function.
    Argument,
    /// A configuration symbol.
    Config,
    /// Known when the kernel runs.
    Runtime,
    /// The source was not understood here.
    NotUnderstood,
}

/// Functions and the names of their variables.
#[derive(Debug, Default)]
pub struct Logic {
    /// The functions.
    pub bools: Bools,
    names: FxHashMap<u32, (Class, String)>,
    words: FxHashMap<String, Bits>,
    n_config: u32,
    n_columns: u32,
    n_others: u32,
}

/// Variables kept free for configuration symbols.
const MAX_CONFIG: u32 = 512;
/// Bits of words that take turns.
const MAX_ROWS: u32 = 128;
/// How many words take turns.
const MAX_COLUMNS: u32 = 48;
const FIRST_OTHER: u32 = MAX_CONFIG + MAX_ROWS * MAX_COLUMNS;

/// Narrower words do not meet entries bit by bit.
const MIN_COLUMN_WIDTH: usize = 16;

impl Logic {
    /// The word with this name: the same bits every time.
    pub fn word(&mut self, class: Class, name: &str, width: usize) -> Bits {
        let mut bits = self.words.get(name).cloned().unwrap_or_default();
        if bits.len() >= width {
            bits.truncate(width);
            return bits;
        }
        let is_column = bits.is_empty()
            && class != Class::Config
            && (MIN_COLUMN_WIDTH..=MAX_ROWS as usize).contains(&width)
            && self.n_columns < MAX_COLUMNS;
        let column = self.n_columns;
        self.n_columns += u32::from(is_column);
        while bits.len() < width {
            let number = match class {
                _ if is_column => MAX_CONFIG + bits.len() as u32 * MAX_COLUMNS + column,
                Class::Config if self.n_config < MAX_CONFIG => {
                    self.n_config += 1;
                    self.n_config - 1
                }
                _ => {
                    self.n_others += 1;
                    FIRST_OTHER + self.n_others - 1
                }
            };
            bits.push(self.bools.variable(number));
            self.names.insert(number, (class, name.to_owned()));
        }
        self.words.insert(name.to_owned(), bits.clone());
        bits
    }

    /// The condition with this name.
    pub fn condition(&mut self, class: Class, name: &str) -> Bool {
        self.word(class, name, 1)[0]
    }

    /// What takes the place of words whose value is known after all.
    pub fn settled(&self, value: &dyn Fn(Class, &str) -> Option<u128>) -> Substitution {
        let mut by = Substitution::default();
        for (name, bits) in &self.words {
            for (i, &bit) in bits.iter().enumerate() {
                let number = self.bools.number(bit);
                let class = self.names.get(&number).map(|known| known.0);
                if let Some(value) = class.and_then(|class| value(class, name)) {
                    by.insert(number, Bool::from(value >> i & 1 == 1));
                }
            }
        }
        by
    }

    /// A test for variables of a class.
    pub fn is_of(&self, class: Class) -> impl Fn(u32) -> bool + use<> {
        let of_class = self.names.iter().filter(|(_, name)| name.0 == class);
        let numbers: BTreeSet<u32> = of_class.map(|(&number, _)| number).collect();
        move |number| numbers.contains(&number)
    }

    /// Names of what functions depend on, arguments left out.
    pub fn names(&self, functions: impl IntoIterator<Item = Bool>) -> BTreeSet<String> {
        let support = functions.into_iter().flat_map(|f| self.bools.support(f));
        support
            .filter_map(|variable| self.names.get(&variable))
            .filter(|name| name.0 != Class::Argument)
            .map(|name| name.1.clone())
            .collect()
    }
}
