//! The vocabulary whose mention in a function makes it worth a closer look.
//!
//! Searching a kernel tree for two hundred words with a general automaton takes longer than all
//! the rest of the index. Words are whole identifiers, though, and where identifiers begin is
//! already marked. So a filter looks at the first three bytes from each mark, 32 places at a
//! time with AVX2, and only what passes is looked up.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use super::events::Marks;
use super::names::name_hash;

/// A set of whole words, each in one of 32 classes.
///
/// The index keeps, per file and per function, which classes are mentioned, as a bit set. Words
/// in comments and strings count: the set selects what to parse, and one function too many costs
/// little.
#[derive(Debug)]
pub struct Words {
    /// The words by hash, each with its classes as bits.
    words: FxHashMap<u32, Vec<(Box<str>, u32)>>,
    filter: Filter,
}

/// One word found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) at: u32,
    /// Its classes, as bits.
    pub(super) classes: u32,
}

impl Words {
    /// Prepares a search for `words`, each an identifier with its class, a number below 32. A
    /// word may be in several classes.
    ///
    /// # Panics
    ///
    /// Panics if a class is 32 or more.
    pub fn new(words: &[(&str, u8)]) -> Words {
        assert!(
            words.iter().all(|&(_, class)| class < 32),
            "word classes are numbered 0 to 31"
        );
        let mut by_hash: FxHashMap<u32, Vec<(Box<str>, u32)>> = FxHashMap::default();
        for &(word, class) in words {
            let same_hash = by_hash.entry(name_hash(word.as_bytes())).or_default();
            match same_hash.iter_mut().find(|(known, _)| **known == *word) {
                Some((_, classes)) => *classes |= 1 << class,
                None => same_hash.push((word.into(), 1 << class)),
            }
        }
        Words {
            words: by_hash,
            filter: Filter::new(words.iter().map(|(word, _)| word.as_bytes())),
        }
    }

    /// Appends all mentions in `source` to `found`, in order. `marks` are those of `source`.
    pub(super) fn find_all(&self, source: &[u8], marks: &Marks, found: &mut Vec<Mention>) {
        if self.words.is_empty() {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2.
            unsafe { self.find_all_avx2(source, marks, found) };
            return;
        }
        self.find_portably(source, marks, 0, found);
    }

    /// Looks up all identifiers that begin in `first_block` or later.
    fn find_portably(
        &self,
        source: &[u8],
        marks: &Marks,
        first_block: usize,
        found: &mut Vec<Mention>,
    ) {
        for block in first_block..marks.names.len() {
            let mut starts = marks.name_starts(block);
            while starts != 0 {
                let at = block * 64 + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                if self.filter.passes(&source[at..]) {
                    self.look_up(source, marks, at, found);
                }
            }
        }
    }

    /// # Safety
    ///
    /// The machine must have AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn find_all_avx2(&self, source: &[u8], marks: &Marks, found: &mut Vec<Mention>) {
        let filter = avx2::Filter::new(&self.filter);
        // The filter looks two bytes beyond its block.
        let n_whole = source.len().saturating_sub(2) / 64;
        for block in 0..n_whole {
            let starts = marks.name_starts(block);
            let window = source[block * 64..]
                .first_chunk()
                .expect("two bytes follow the block");
            let mut passed = filter.passed(window) & starts;
            while passed != 0 {
                let at = block * 64 + passed.trailing_zeros() as usize;
                passed &= passed - 1;
                self.look_up(source, marks, at, found);
            }
        }
        self.find_portably(source, marks, n_whole, found);
    }

    fn look_up(&self, source: &[u8], marks: &Marks, at: usize, found: &mut Vec<Mention>) {
        let end = marks.name_run_end(at, source.len());
        let name = &source[at..end];
        let same_hash = self.words.get(&name_hash(name));
        let word = same_hash
            .into_iter()
            .flatten()
            .find(|(word, _)| word.as_bytes() == name);
        if let Some(&(_, classes)) = word {
            found.push(Mention {
                at: at as u32,
                classes,
            });
        }
    }
}

impl Hash for Words {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let words: BTreeSet<&(Box<str>, u32)> = self.words.values().flatten().collect();
        words.hash(state);
    }
}

/// The classes mentioned between `start` and `end`, as bits.
pub(super) fn classes_between(mentions: &[Mention], start: usize, end: usize) -> u32 {
    let first = mentions.partition_point(|mention| (mention.at as usize) < start);
    mentions[first..]
        .iter()
        .take_while(|mention| (mention.at as usize) < end)
        .fold(0, |bits, mention| bits | mention.classes)
}

/// How many bytes of a word the filter looks at.
const N_PREFIX: usize = 3;
/// Words are dealt into so many groups, one bit each.
const N_GROUPS: usize = 8;

/// For each of the first bytes of a word: which groups a byte with these low and these high four
/// bits can belong to. A place passes if some group allows all its bytes.
#[derive(Debug, Default)]
struct Filter {
    low: [[u8; 16]; N_PREFIX],
    high: [[u8; 16]; N_PREFIX],
}

impl Filter {
    fn new<'w>(words: impl Iterator<Item = &'w [u8]>) -> Filter {
        let mut prefixes: Vec<&[u8]> = words
            .filter(|word| !word.is_empty())
            .map(|word| &word[..word.len().min(N_PREFIX)])
            .collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        // Neighbours share their first bytes, so that their group allows few others.
        let mut filter = Filter::default();
        for (i, prefix) in prefixes.iter().enumerate() {
            let group = 1_u8 << (i * N_GROUPS / prefixes.len());
            for place in 0..N_PREFIX {
                match prefix.get(place) {
                    Some(&byte) => {
                        filter.low[place][usize::from(byte & 15)] |= group;
                        filter.high[place][usize::from(byte >> 4)] |= group;
                    }
                    None => {
                        filter.low[place].iter_mut().for_each(|bits| *bits |= group);
                        filter.high[place]
                            .iter_mut()
                            .for_each(|bits| *bits |= group);
                    }
                }
            }
        }
        filter
    }

    /// True if a word may begin `text`. Bytes beyond its end count as NUL.
    fn passes(&self, text: &[u8]) -> bool {
        let groups = (0..N_PREFIX).fold(u8::MAX, |groups, place| {
            let byte = text.get(place).copied().unwrap_or(0);
            groups
                & self.low[place][usize::from(byte & 15)]
                & self.high[place][usize::from(byte >> 4)]
        });
        groups != 0
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::N_PREFIX;

    /// The filter's tables in registers.
    pub(super) struct Filter {
        low: [__m256i; N_PREFIX],
        high: [__m256i; N_PREFIX],
    }

    impl Filter {
        #[target_feature(enable = "avx2")]
        #[inline]
        pub(super) fn new(filter: &super::Filter) -> Filter {
            let load = |table: &[u8; 16]| {
                // SAFETY: the load is unaligned and covers the array.
                _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
            };
            Filter {
                low: filter.low.each_ref().map(&load),
                high: filter.high.each_ref().map(load),
            }
        }

        /// The places of the first 64 in `window` that pass, as bits.
        #[target_feature(enable = "avx2")]
        #[inline]
        pub(super) fn passed(&self, window: &[u8; 64 + N_PREFIX - 1]) -> u64 {
            let low = self.half(window.first_chunk().expect("34 of 66 bytes"));
            let high = self.half(window.last_chunk().expect("34 of 66 bytes"));
            u64::from(low) | u64::from(high) << 32
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn half(&self, window: &[u8; 32 + N_PREFIX - 1]) -> u32 {
            let nibble = _mm256_set1_epi8(0x0f);
            let mut groups = _mm256_set1_epi8(-1);
            for place in 0..N_PREFIX {
                // SAFETY: the load is unaligned, and 32 bytes follow each of the first three.
                let bytes = unsafe { _mm256_loadu_si256(window.as_ptr().add(place).cast()) };
                let low_halves = _mm256_and_si256(bytes, nibble);
                let by_low = _mm256_shuffle_epi8(self.low[place], low_halves);
                let high_halves = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
                let by_high = _mm256_shuffle_epi8(self.high[place], high_halves);
                groups = _mm256_and_si256(groups, _mm256_and_si256(by_low, by_high));
            }
            let none = _mm256_cmpeq_epi8(groups, _mm256_setzero_si256());
            !_mm256_movemask_epi8(none) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mentions(words: &[(&str, u8)], source: &str) -> Vec<Mention> {
        let mut marks = Marks::default();
        marks.classify(source.as_bytes());
        let mut found = Vec::new();
        Words::new(words).find_all(source.as_bytes(), &marks, &mut found);
        found
    }

    fn classes(words: &[(&str, u8)], source: &str) -> u32 {
        classes_between(&mentions(words, source), 0, source.len())
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
    fn short_words_are_found_at_the_end() {
        assert_eq!(classes(&[("p", 0), ("io", 1)], "a = io"), 2);
        assert_eq!(classes(&[("p", 0), ("io", 1)], "p"), 1);
    }

    #[test]
    fn a_word_can_be_in_two_classes() {
        assert_eq!(classes(&[("pte", 0), ("pte", 2)], "pte"), 5);
    }

    #[test]
    fn no_words_find_nothing() {
        assert_eq!(classes(&[], "pte"), 0);
        assert_eq!(classes(&[("", 1)], "pte"), 0);
    }

    proptest! {
        #[test]
        fn all_searches_find_what_splitting_finds(
            source in "[abp_ (\u{e9}]{0,300}",
            words in proptest::collection::btree_set("[abp_]{1,5}", 0..40),
        ) {
            let words: Vec<(&str, u8)> =
                words.iter().zip(0_u8..).map(|(word, i)| (&**word, i % 32)).collect();
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let mut expected = Vec::new();
            for name in source.split(|c| !is_name(c)) {
                let at = name.as_ptr() as usize - source.as_ptr() as usize;
                if let Some(&(_, class)) = words.iter().find(|(word, _)| *word == name) {
                    expected.push(Mention { at: at as u32, classes: 1 << class });
                }
            }
            prop_assert_eq!(&mentions(&words, &source), &expected);

            let mut marks = Marks::default();
            marks.classify_portably(source.as_bytes());
            let mut portable = Vec::new();
            Words::new(&words).find_portably(source.as_bytes(), &marks, 0, &mut portable);
            prop_assert_eq!(&portable, &expected);
        }
    }
}
