//! Numbers as C spells them.

use super::ctype::Integer;

/// A constant and its suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The value.
    pub value: u128,
    /// `U`
    pub is_unsigned: bool,
    /// Written in decimal, which never becomes unsigned by itself.
    pub is_decimal: bool,
    /// How many `L`.
    pub n_long: usize,
}

impl Number {
    /// The type C gives it where `long` has `long_width` bits.
    pub fn integer(&self, long_width: u8) -> Integer {
        let candidates = [32, long_width, 64];
        let fits = |width: u8, signed: bool| {
            let n_bits = if signed { width - 1 } else { width };
            self.value >> n_bits == 0
        };
        for &width in &candidates[self.n_long.min(2)..] {
            if !self.is_unsigned && fits(width, true) {
                return Integer::new(width, true);
            }
            if (self.is_unsigned || !self.is_decimal) && fits(width, false) {
                return Integer::new(width, false);
            }
        }
        Integer::new(64, false)
    }
}

/// Reads a number; `None` if it is not an integer.
pub fn number(text: &str) -> Option<Number> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    let value = match digits {
        // The zero of `0L` was taken for the mark of an octal number.
        "" if radix == 8 => 0,
        _ => u128::from_str_radix(digits, radix).ok()?,
    };
    suffix
        .chars()
        .all(|c| matches!(c, 'u' | 'l'))
        .then(|| Number {
            value,
            is_unsigned: suffix.contains('u'),
            is_decimal: radix == 10,
            n_long: suffix.matches('l').count(),
        })
}

/// The value of a character constant.
pub fn character(text: &str) -> u128 {
    let inner = text.trim_matches('\'').as_bytes();
    u128::from(match inner {
        [b'\\', b'n'] => b'\n',
        [b'\\', b't'] => b'\t',
        [b'\\', b'0'] => 0,
        [b'\\', other] => *other,
        [first, ..] => *first,
        [] => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_have_the_types_of_c() {
        let of = |text| number(text).expect("a number").integer(32);
        assert_eq!(of("0"), Integer::new(32, true));
        assert_eq!(of("0xffffffff"), Integer::new(32, false));
        assert_eq!(of("4294967295"), Integer::new(64, true));
        assert_eq!(of("1UL"), Integer::new(32, false));
        assert_eq!(of("1ULL"), Integer::new(64, false));
        assert_eq!(of("0L"), Integer::new(32, true));
        assert_eq!(number("017").map(|n| n.value), Some(15));
        assert_eq!(number("1.5"), None);
    }
}
