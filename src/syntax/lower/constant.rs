//! Constants.

/// The value of an integer constant with its suffix.
pub(crate) fn integer(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?;
    // The grammar takes a sign for part of the number where it can.
    if let Some(rest) = text.strip_prefix('-') {
        return integer(rest.trim_start().as_bytes()).map(|value| -value);
    }
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let (digits, radix) = if let Some(hex) = strip_prefix(digits, "0x") {
        (hex, 16)
    } else if let Some(binary) = strip_prefix(digits, "0b") {
        (binary, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (&digits[1..], 8)
    } else {
        (digits, 10)
    };
    i128::from_str_radix(digits, radix).ok()
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..2)?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[2..])
}

/// The value of a character constant.
pub(super) fn character(text: &[u8]) -> Option<i128> {
    let start = text.iter().position(|&b| b == b'\'')? + 1;
    let inner = text[start..].strip_suffix(b"'")?;
    let value = match inner {
        [b'\\', rest @ ..] => match rest {
            b"n" => 10,
            b"t" => 9,
            b"r" => 13,
            b"a" => 7,
            b"b" => 8,
            b"v" => 11,
            b"f" => 12,
            b"e" => 27,
            [b'x', digits @ ..] => return radix(digits, 16),
            [b'0'..=b'7', ..] => return radix(rest, 8),
            [only] => *only,
            _ => return None,
        },
        [only] => *only,
        _ => return None,
    };
    Some(i128::from(value))
}

fn radix(digits: &[u8], radix: u32) -> Option<i128> {
    i128::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_every_radix() {
        for (text, value) in [
            ("0", Some(0)),
            ("42", Some(42)),
            ("0xffUL", Some(255)),
            ("0B101", Some(5)),
            ("0777", Some(511)),
            ("18446744073709551615ULL", Some(18_446_744_073_709_551_615)),
            ("1.5", None),
            ("0x", None),
            ("-0x10", Some(-16)),
        ] {
            assert_eq!(integer(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn characters_and_escapes() {
        for (text, value) in [
            (r"'a'", Some(97)),
            (r"'\n'", Some(10)),
            (r"'\0'", Some(0)),
            (r"'\x1b'", Some(27)),
            (r"'\''", Some(39)),
            (r"L'x'", Some(120)),
            (r"'ab'", None),
        ] {
            assert_eq!(character(text.as_bytes()), value, "{text}");
        }
    }
}
