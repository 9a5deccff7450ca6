//! Marks: which bytes of a file the scanner has to look at.
//!
//! A file is classified as a whole, 64 bytes to a word, into two bit masks: *events*, the bytes
//! that can change the scanner's state, and *names*, the bytes identifiers are made of. The
//! scanner then jumps from event to event, and finds the identifier in front of one by counting
//! bits. Bits that a neighbouring byte already rules out (`/` that begins no comment, `=` of
//! `==` and `<=`) are cleared here, where it costs next to nothing.
//!
//! There is an AVX2 and a portable implementation; both give the same masks for the same bytes.

/// The masks of one file. Reused from file to file.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) events: Vec<u64>,
    pub(super) names: Vec<u64>,
}

const BLOCK: usize = 64;

impl Marks {
    /// Classifies `source`, in the fastest way this machine offers.
    pub(super) fn classify(&mut self, source: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has AVX2.
            unsafe { self.classify_avx2(source) };
            return;
        }
        self.classify_with(source, portable_masks);
    }

    /// # Safety
    ///
    /// The machine must have AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn classify_avx2(&mut self, source: &[u8]) {
        self.classify_with(source, |block| avx2::masks(block));
    }

    /// Where identifiers begin in a block, as bits. Numbers begin like them.
    #[inline]
    pub(super) fn name_starts(&self, block: usize) -> u64 {
        let names = self.names[block];
        let carried = match block.checked_sub(1) {
            Some(before) => self.names[before] >> 63,
            None => 0,
        };
        names & !(names << 1 | carried)
    }

    /// Where the run of identifier bytes from `start` on ends, in a file of `n_bytes`.
    #[inline]
    pub(super) fn name_run_end(&self, start: usize, n_bytes: usize) -> usize {
        let mut at = start;
        while at < n_bytes {
            let ahead = 64 - at % 64;
            let n = (self.names[at / 64] >> (at % 64)).trailing_ones() as usize;
            at += n.min(ahead);
            if n < ahead {
                break;
            }
        }
        at
    }

    /// Classifies `source` without SIMD.
    #[cfg(test)]
    pub(super) fn classify_portably(&mut self, source: &[u8]) {
        self.classify_with(source, portable_masks);
    }

    #[inline(always)]
    fn classify_with(&mut self, source: &[u8], masks: impl Fn(&[u8; BLOCK]) -> RawMasks) {
        self.events.clear();
        self.names.clear();
        let n_blocks = source.len().div_ceil(BLOCK);
        self.events.reserve(n_blocks);
        self.names.reserve(n_blocks);
        let (blocks, rest) = source.as_chunks::<BLOCK>();
        for block in blocks {
            self.push(masks(block));
        }
        if !rest.is_empty() {
            // Padding with NUL, which is in no class.
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            self.push(masks(&block));
        }
    }

    #[inline(always)]
    fn push(&mut self, raw: RawMasks) {
        self.events.push(raw.events());
        self.names.push(raw.names);
    }
}

/// The classes of one block before neighbours are taken into account.
struct RawMasks {
    /// `( ) { } ; , = " ' / #`
    special: u64,
    names: u64,
    slash: u64,
    star: u64,
    equals: u64,
    /// `! < >`: in front of `=`, they make it a comparison.
    compares: u64,
}

impl RawMasks {
    #[inline(always)]
    fn events(&self) -> u64 {
        const FIRST: u64 = 1;
        const LAST: u64 = 1 << 63;
        // The bytes outside the block are unknown, so what depends on them stays in.
        let begins_comment = (self.slash | self.star) >> 1 | LAST;
        let not_comment = self.slash & !begins_comment;
        let after_equals = self.equals >> 1;
        let before_equals = (self.equals | self.compares) << 1 & !FIRST;
        let not_assignment = self.equals & (after_equals | before_equals);
        self.special & !not_comment & !not_assignment
    }
}

const SPECIAL: u8 = 1;
const NAME: u8 = 2;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'(' | b')' | b'{' | b'}' | b';' | b',' | b'=' | b'"' | b'\'' | b'/' | b'#' => SPECIAL,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => NAME,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn portable_masks(block: &[u8; BLOCK]) -> RawMasks {
    let mut raw = RawMasks {
        special: 0,
        names: 0,
        slash: 0,
        star: 0,
        equals: 0,
        compares: 0,
    };
    for (i, &byte) in block.iter().enumerate() {
        let class = CLASSES[usize::from(byte)];
        raw.special |= u64::from(class & SPECIAL) << i;
        raw.names |= u64::from(class >> 1) << i;
        raw.slash |= u64::from(byte == b'/') << i;
        raw.star |= u64::from(byte == b'*') << i;
        raw.equals |= u64::from(byte == b'=') << i;
        raw.compares |= u64::from(matches!(byte, b'!' | b'<' | b'>')) << i;
    }
    raw
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{BLOCK, RawMasks};

    // A byte's class is LOW[its low four bits] & HIGH[its high four bits]. Each class bit stands
    // for a product of a set of low and a set of high halves:
    //   1: high 2, low of ( ) , " ' / #        2: high 3 or 7, low of ; = and { }
    //   4: high 3, low 0-9 (digits)            8: high 4 or 6, low 1-F (A-O, a-o)
    //  16: high 5 or 7, low 0-A (P-Z, p-z)    32: high 5, low F (_)
    const SPECIAL: i8 = 1 | 2;
    const NAME: i8 = 4 | 8 | 16 | 32;
    const LOW: [i8; 16] = [
        4 | 16,
        4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        4 | 8 | 16,
        4 | 8 | 16,
        4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        1 | 4 | 8 | 16,
        8 | 16,
        2 | 8,
        1 | 8,
        2 | 8,
        8,
        1 | 8 | 32,
    ];
    const HIGH: [i8; 16] = [
        0,
        0,
        1,
        2 | 4,
        8,
        16 | 32,
        8,
        2 | 16,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];

    /// # Safety
    ///
    /// The machine must have AVX2.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn masks(block: &[u8; BLOCK]) -> RawMasks {
        let low = half(block.first_chunk().expect("64 bytes"));
        let high = half(block.last_chunk().expect("64 bytes"));
        let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        RawMasks {
            special: join(low[0], high[0]),
            names: join(low[1], high[1]),
            slash: join(low[2], high[2]),
            star: join(low[3], high[3]),
            equals: join(low[4], high[4]),
            compares: join(low[5], high[5]),
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn half(bytes: &[u8; 32]) -> [u32; 6] {
        // SAFETY: the load is unaligned and inside the array; so are the loads of the tables.
        let (bytes, low_table, high_table) = unsafe {
            (
                _mm256_loadu_si256(bytes.as_ptr().cast()),
                _mm256_broadcastsi128_si256(_mm_loadu_si128(LOW.as_ptr().cast())),
                _mm256_broadcastsi128_si256(_mm_loadu_si128(HIGH.as_ptr().cast())),
            )
        };
        let nibble = _mm256_set1_epi8(0x0f);
        // For bytes from 0x80 on the shuffle by the byte itself gives 0: no class.
        let by_low = _mm256_shuffle_epi8(low_table, bytes);
        let high_halves = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        let by_high = _mm256_shuffle_epi8(high_table, high_halves);
        let class = _mm256_and_si256(by_low, by_high);
        let has = |bits: i8| {
            let without = _mm256_cmpeq_epi8(
                _mm256_and_si256(class, _mm256_set1_epi8(bits)),
                _mm256_setzero_si256(),
            );
            !_mm256_movemask_epi8(without) as u32
        };
        let is = |byte: u8| {
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8))) as u32
        };
        [
            has(SPECIAL),
            has(NAME),
            is(b'/'),
            is(b'*'),
            is(b'='),
            is(b'!') | is(b'<') | is(b'>'),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marks(source: &[u8], classify: fn(&mut Marks, &[u8])) -> (Vec<u64>, Vec<u64>) {
        let mut marks = Marks::default();
        classify(&mut marks, source);
        (marks.events, marks.names)
    }

    fn event_bytes(source: &str) -> String {
        let (events, _) = marks(source.as_bytes(), Marks::classify_portably);
        source
            .bytes()
            .enumerate()
            .filter(|(i, _)| events[i / BLOCK] >> (i % BLOCK) & 1 == 1)
            .map(|(_, byte)| byte as char)
            .collect()
    }

    #[test]
    fn every_byte_value_alone() {
        for byte in 0..=255 {
            let source = [b'a', byte, b'a'];
            assert_eq!(
                marks(&source, Marks::classify),
                marks(&source, Marks::classify_portably),
                "byte {byte:#x}"
            );
        }
    }

    #[test]
    fn neighbours_rule_bytes_out() {
        assert_eq!(event_bytes("a / b"), "");
        assert_eq!(event_bytes("a /* b"), "/");
        assert_eq!(event_bytes("a // b"), "/");
        assert_eq!(event_bytes("a == b != c <= d"), "");
        assert_eq!(event_bytes("a = b += c"), "==");
        assert_eq!(event_bytes("f(x, y);"), "(,);");
    }

    proptest! {
        #[test]
        fn both_implementations_agree(source in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(
                marks(&source, Marks::classify),
                marks(&source, Marks::classify_portably)
            );
        }

        #[test]
        fn both_implementations_agree_on_c(source in "[-a-zA-Z0-9_(){};,='\"/#*!<>+ \\n\\\\]{0,300}") {
            prop_assert_eq!(
                marks(source.as_bytes(), Marks::classify),
                marks(source.as_bytes(), Marks::classify_portably)
            );
        }
    }
}
