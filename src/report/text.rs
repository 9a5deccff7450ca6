//! Small pieces of prose and layout that every human-readable report shares.

use std::borrow::Cow;

use crate::rules::Finding;

/// Width that prose and long lists are wrapped to. It is fixed, not the terminal's: the same run
/// gives the same bytes everywhere.
pub const WIDTH: usize = 100;

/// `1 file`, `2 files`, `60,123 files`.
pub fn count(n: usize, singular: &str, plural: &str) -> String {
    let word = if n == 1 { singular } else { plural };
    format!("{} {word}", grouped(n as u64))
}

/// A number with its digits in groups of three.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The items joined as in a sentence: `a`, `a and b`, `a, b and c`.
pub fn enumerate(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// Names from a set, joined by `separator`.
pub fn join<T: AsRef<str>>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut out = String::new();
    for item in items {
        if !out.is_empty() {
            out.push_str(separator);
        }
        out.push_str(item.as_ref());
    }
    out
}

/// The word a value has in the machine-readable output, so that both outputs speak alike.
pub fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A finding as plain text, for formats that have one field for all of it: the message, where it
/// holds, why it matters and what to do.
pub fn paragraphs(finding: &Finding) -> String {
    let mut out = finding.message.clone();
    let mut paragraph = |head: &str, body: &str| {
        if !body.is_empty() {
            out.push_str(&format!("\n\n{head}: {body}"));
        }
    };
    paragraph("Only on", &join(&finding.arches, ", "));
    paragraph("Only if", finding.condition.as_deref().unwrap_or_default());
    paragraph("Why", &finding.why);
    paragraph("Help", &finding.help);
    out.split('\n')
        .map(printable)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Breaks `text` at spaces into lines of at most `width` characters; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        let mut line_width = 0;
        for word in paragraph.split_whitespace() {
            let word_width = word.chars().count();
            if line_width > 0 && line_width + 1 + word_width > width {
                lines.push(std::mem::take(&mut line));
                line_width = 0;
            }
            if line_width > 0 {
                line.push(' ');
                line_width += 1;
            }
            line.push_str(word);
            line_width += word_width;
        }
        lines.push(line);
    }
    lines
}

/// `text` without characters that would move the cursor, change colours or reverse the reading
/// order of a terminal. Sources and file names are not trusted.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| if is_printable(c) { c } else { '\u{FFFD}' })
            .collect(),
    )
}

/// False for control characters and for those that reorder text.
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_words_agree_with_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(count(1, "file", "files"), "1 file");
        assert_eq!(count(60_123, "file", "files"), "60,123 files");
    }

    #[test]
    fn lists_read_like_sentences() {
        let items = |n: usize| -> Vec<String> { (1..=n).map(|i| i.to_string()).collect() };
        assert_eq!(enumerate(&items(0)), "");
        assert_eq!(enumerate(&items(1)), "1");
        assert_eq!(enumerate(&items(2)), "1 and 2");
        assert_eq!(enumerate(&items(3)), "1, 2 and 3");
    }

    #[test]
    fn wrapping_keeps_paragraphs_and_long_words() {
        assert_eq!(wrap("aa bb cc\ndd", 5), ["aa bb", "cc", "dd"]);
        assert_eq!(wrap("a_very_long_word b", 4), ["a_very_long_word", "b"]);
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("mm/memory.c"), "mm/memory.c");
        assert_eq!(printable("a\u{1b}[31mb\u{202e}"), "a\u{FFFD}[31mb\u{FFFD}");
    }
}
