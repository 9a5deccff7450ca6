//! Enumerators and their values.

use super::lower::integer;

/// The enumerators that a file defines, with their values; `None` where a value is not a plain
/// number, or depends on the configuration.
pub fn enumerators(source: &[u8]) -> Vec<(String, Option<i128>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr::memmem::find(&source[at..], b"enum") {
        at += start + 4;
        let is_word = at == 4 + start && at == 4
            || !is_name(source[at - 5]) && source.get(at).is_some_and(|byte| !is_name(*byte));
        if is_word && let Some(body) = body(&source[at..]) {
            list(body, &mut found);
        }
    }
    found
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What stands between the braces that follow an optional name.
fn body(rest: &[u8]) -> Option<&[u8]> {
    let open = rest
        .iter()
        .position(|byte| !is_name(*byte) && !byte.is_ascii_whitespace())?;
    if rest[open] != b'{' {
        return None;
    }
    let close = memchr::memchr(b'}', &rest[open..])? + open;
    Some(&rest[open + 1..close])
}

fn list(body: &[u8], found: &mut Vec<(String, Option<i128>)>) {
    let text = without_comments(&String::from_utf8_lossy(body));
    let is_conditional = text.lines().any(|line| line.trim_start().starts_with('#'));
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ");
    let mut next = Some(0);
    for item in text.split(',') {
        let (name, value) = match item.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (item.trim(), None),
        };
        if name.is_empty() || !name.bytes().all(is_name) {
            next = None;
            continue;
        }
        let value = match value {
            Some(value) => integer(value.as_bytes()),
            None => next,
        };
        next = value.and_then(|value| value.checked_add(1));
        found.push((name.to_owned(), value.filter(|_| !is_conditional)));
    }
}

fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        kept.push_str(&rest[..start]);
        rest = match rest[start + 2..].find("*/") {
            Some(end) => &rest[start + 2 + end + 2..],
            None => "",
        };
    }
    kept.push_str(rest);
    kept.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(source: &str) -> Vec<(String, Option<i128>)> {
        enumerators(source.as_bytes())
    }

    #[test]
    fn values_count_on() {
        let found = values("enum result { OK, /* a comment, really */ BAD = 7, WORSE };");
        let expected = [("OK", 0), ("BAD", 7), ("WORSE", 8)];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), Some(value)))
        );
    }

    #[test]
    fn what_is_no_number_is_unknown() {
        let found = values("enum { A = 1 << 3, B, C = 4 }; enumerate(x); enum result f(void) { }");
        assert_eq!(
            found,
            [
                ("A".to_owned(), None),
                ("B".to_owned(), None),
                ("C".to_owned(), Some(4))
            ]
        );
    }

    #[test]
    fn conditional_values_are_unknown() {
        let found = values("enum e {\n A,\n#ifdef CONFIG_X\n B,\n#endif\n C };");
        assert!(found.iter().all(|(_, value)| value.is_none()), "{found:?}");
    }
}
