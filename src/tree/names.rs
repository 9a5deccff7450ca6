//! Names as the index stores them.

/// A 32-bit hash of a name. The index stores most names as hashes only: with the half a million
/// names of a kernel tree a lookup meets a wrong one about once in ten thousand, so whoever acts
/// on a hash compares the text once the file is read.
///
/// The value depends on the text only, not on the machine or the run. It is never 0, which
/// stands for "no name".
pub fn name_hash(text: &[u8]) -> u32 {
    const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
    // The length is spread over all bits, lest it cancel out with a byte.
    let mut hash = SEED.wrapping_mul(2 * text.len() as u64 + 1);
    let mut rest = text;
    while rest.len() > 16 {
        hash = mix(hash, word(rest));
        rest = &rest[8..];
    }
    // The last 16 bytes as two words that overlap where there are fewer.
    if rest.len() >= 8 {
        hash = mix(hash, word(rest));
        hash = mix(hash, word(&rest[rest.len() - 8..]));
    } else if rest.len() >= 4 {
        let low = half(rest);
        let high = half(&rest[rest.len() - 4..]);
        hash = mix(hash, low | high << 32);
    } else if let [first, .., last] | [first @ last] = rest {
        let middle = rest[rest.len() / 2];
        hash = mix(
            hash,
            u64::from(*first) | u64::from(middle) << 8 | u64::from(*last) << 16,
        );
    }
    let folded = (hash ^ hash >> 32) as u32;
    folded.max(1)
}

fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (product as u64) ^ (product >> 64) as u64
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("at least 8 bytes"))
}

fn half(bytes: &[u8]) -> u64 {
    u64::from(u32::from_le_bytes(
        *bytes.first_chunk().expect("at least 4 bytes"),
    ))
}

/// True for the bytes an identifier or number is made of.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// True for a name written without lower-case letters: by custom a constant or a macro, never a
/// function whose address is taken.
pub(super) fn is_all_caps(text: &[u8]) -> bool {
    !text.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustc_hash::FxHashSet;

    #[test]
    fn names_of_any_length_hash_apart() {
        let long = "abcdefghijklmnopqrstuvwxyz_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut seen = FxHashSet::from_iter([name_hash(b"")]);
        for start in 0..long.len() {
            for end in start + 1..=long.len() {
                assert!(seen.insert(name_hash(&long.as_bytes()[start..end])));
            }
        }
    }

    #[test]
    fn every_byte_counts() {
        for len in 1..40 {
            let mut text = vec![b'a'; len];
            let plain = name_hash(&text);
            for i in 0..len {
                text[i] = b'b';
                assert_ne!(name_hash(&text), plain, "byte {i} of {len}");
                text[i] = b'a';
            }
        }
    }

    #[test]
    fn all_caps() {
        assert!(is_all_caps(b"VM_FAULT_NOPAGE"));
        assert!(!is_all_caps(b"vm_fault"));
    }
}
