//! The vocabulary whose mention in a function makes it worth a closer look.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::names::is_name_byte;

/// A set of whole words, each in one of 32 classes.
///
/// The index keeps, per file and per function, which classes are mentioned, as a bit set. Words
/// in comments and strings count: the set selects what to parse, and one function too many costs
/// little.
pub struct Words {
    automaton: AhoCorasick,
    classes: Vec<u8>,
}

/// One word found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) at: u32,
    pub(super) class: u8,
}

impl Words {
    /// Prepares a search for `words`. A class is a number below 32; empty words are ignored.
    ///
    /// # Panics
    ///
    /// Panics if a class is 32 or more, or the words do not fit an automaton (some 10 MB).
    pub fn new(words: &[(&str, u8)]) -> Words {
        assert!(
            words.iter().all(|&(_, class)| class < 32),
            "word classes are numbered 0 to 31"
        );
        let mut words: Vec<(&str, u8)> = words
            .iter()
            .copied()
            .filter(|(word, _)| !word.is_empty())
            .collect();
        // The leftmost-first automaton is three times as fast as one that reports overlaps, and
        // reports the first of several words that start at one place. Only the longest can be a
        // whole word there, so the longest comes first.
        words.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then(a.cmp(b)));
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words.iter().map(|(word, _)| word))
            .expect("the vocabulary fits an automaton");
        let classes = words.iter().map(|&(_, class)| class).collect();
        Words { automaton, classes }
    }

    /// Appends all whole-word mentions in `source` to `found`, in order.
    pub(super) fn find_all(&self, source: &[u8], found: &mut Vec<Mention>) {
        if self.classes.is_empty() {
            return;
        }
        for hit in self.automaton.find_iter(source) {
            let is_inner = hit.start() > 0 && is_name_byte(source[hit.start() - 1]);
            let is_prefix = source.get(hit.end()).is_some_and(|&b| is_name_byte(b));
            if !is_inner && !is_prefix {
                found.push(Mention {
                    at: hit.start() as u32,
                    class: self.classes[hit.pattern().as_usize()],
                });
            }
        }
    }
}

/// The classes mentioned between `start` and `end`, as bits.
pub(super) fn classes_between(mentions: &[Mention], start: usize, end: usize) -> u32 {
    let first = mentions.partition_point(|mention| (mention.at as usize) < start);
    mentions[first..]
        .iter()
        .take_while(|mention| (mention.at as usize) < end)
        .fold(0, |bits, mention| bits | 1 << mention.class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(words: &[(&str, u8)], source: &str) -> u32 {
        let mut found = Vec::new();
        Words::new(words).find_all(source.as_bytes(), &mut found);
        classes_between(&found, 0, source.len())
    }

    #[test]
    fn only_whole_words_count() {
        let words = [("pte_t", 0), ("pte", 1)];
        assert_eq!(classes(&words, "pte_table xpte pte_tx"), 0);
        assert_eq!(classes(&words, "pte_t x;"), 1);
        assert_eq!(classes(&words, "*pte"), 2);
    }

    #[test]
    fn a_word_that_begins_another_does_not_hide_it() {
        let words = [("vm_fault", 3), ("vm_fault_t", 4)];
        assert_eq!(classes(&words, "vm_fault_t f(struct vm_fault *v)"), 0x18);
        assert_eq!(classes(&words, "vm_fault_tt"), 0);
    }

    #[test]
    fn no_words_find_nothing() {
        assert_eq!(classes(&[], "pte"), 0);
        assert_eq!(classes(&[("", 1)], "pte"), 0);
    }
}
