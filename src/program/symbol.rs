//! Interned names.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{LazyLock, RwLock};

use rustc_hash::FxHashSet;

/// A name from a source tree, interned for the life of the process.
///
/// Two symbols are equal when their texts are equal; equality and hashing cost one pointer
/// comparison. Ordering follows the text, so that sorted output does not depend on which thread
/// interned a name first. Interned text is never freed: a tree holds a few hundred thousand
/// distinct names in the functions that are parsed, and a long-running server sees the same ones
/// again and again.
///
/// ```
/// use ptelint::program::Symbol;
/// let symbol = Symbol::new("vm_page_prot");
/// assert_eq!(symbol, Symbol::new("vm_page_prot"));
/// assert_eq!(symbol.as_str(), "vm_page_prot");
/// ```
#[derive(Clone, Copy)]
pub struct Symbol(&'static Name);

/// A text that was interned.
struct Name {
    /// Its first eight bytes, most significant first: most texts are told to be less or greater by
    /// these.
    first: u64,
    text: &'static str,
}

/// The empty name, which is also what a symbol is before it is set.
static EMPTY: Name = Name { first: 0, text: "" };

/// One lock per shard keeps parser threads out of each other's way.
const N_SHARDS: usize = 64;

static SHARDS: LazyLock<Vec<RwLock<FxHashSet<Text>>>> =
    LazyLock::new(|| (0..N_SHARDS).map(|_| RwLock::default()).collect());

/// A name, found by what it says.
#[derive(Clone, Copy)]
struct Text(&'static Name);

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.0.text
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

impl Symbol {
    /// Interns `text`.
    pub fn new(text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol(&EMPTY);
        }
        let shard = &SHARDS[shard_of(text)];
        if let Some(known) = shard.read().unwrap_or_else(|e| e.into_inner()).get(text) {
            return Symbol(known.0);
        }
        let mut names = shard.write().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = names.get(text) {
            return Symbol(known.0);
        }
        let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
        let mut first = [0; 8];
        let n_bytes = text.len().min(first.len());
        first[..n_bytes].copy_from_slice(&text.as_bytes()[..n_bytes]);
        let name: &'static Name = Box::leak(Box::new(Name {
            first: u64::from_be_bytes(first),
            text: kept,
        }));
        names.insert(Text(name));
        Symbol(name)
    }

    /// The name's text.
    pub fn as_str(self) -> &'static str {
        self.0.text
    }
}

fn shard_of(text: &str) -> usize {
    let bytes = text.as_bytes();
    let first = bytes.first().copied().unwrap_or(0) as usize;
    let last = bytes.last().copied().unwrap_or(0) as usize;
    (first.wrapping_mul(31) ^ last.wrapping_mul(7) ^ bytes.len()) % N_SHARDS
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Symbol) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Symbol {}

impl Default for Symbol {
    fn default() -> Symbol {
        Symbol(&EMPTY)
    }
}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.0.text == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.0.text == *other
    }
}

impl Hash for Symbol {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> Ordering {
        match self == other {
            true => Ordering::Equal,
            // A text with fewer bytes is the lesser one, as if zeros followed.
            false => {
                let by_first = self.0.first.cmp(&other.0.first);
                by_first.then_with(|| self.0.text.cmp(other.0.text))
            }
        }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.text)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_order_by_text_not_by_age() {
        let later = Symbol::new("zap_pte_range");
        let earlier = Symbol::new("change_pte_range");
        assert!(earlier < later);
    }

    #[test]
    fn symbols_order_as_their_texts_do() {
        let texts = [
            "",
            "a",
            "a\0",
            "abcdefg",
            "abcdefgh",
            "abcdefghi",
            "abcdefgz",
            "é",
            "zap",
        ];
        for a in texts {
            for b in texts {
                assert_eq!(Symbol::new(a).cmp(&Symbol::new(b)), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn empty_text_is_a_symbol() {
        assert_eq!(Symbol::new(""), Symbol::new(""));
        assert_ne!(Symbol::new(""), Symbol::new("a"));
    }
}
