//! Text for people, in Markdown.

/// Text of ours for people, in which names stand between backticks.
pub fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // One backtick has no other.
        return escaped(text);
    }
    let parts = parts.iter().enumerate();
    parts
        .map(|(i, part)| match i % 2 {
            0 => escaped(part),
            _ if part.is_empty() => String::new(),
            _ => code(part),
        })
        .collect()
}

/// Text of any origin, so that nothing in it is taken for markup. What is certain not to be is left
/// alone, for editors that show Markdown as it is.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    let is_word = |i: Option<usize>| {
        let found = i.and_then(|i| characters.get(i));
        found.is_some_and(|character| character.is_alphanumeric())
    };
    for (i, &character) in characters.iter().enumerate() {
        let is_markup = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' | '&' => true,
            // Within a word it is a part of it.
            '_' => !(is_word(i.checked_sub(1)) && is_word(Some(i + 1))),
            '#' | '+' | '-' | '>' => i == 0,
            _ => false,
        };
        if is_markup {
            out.push('\\');
        }
        out.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    out
}

/// A piece of source within a line.
pub fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// A list as `a`, `b` and `c`.
pub fn codes<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(code).collect();
    items.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_is_never_markup() {
        assert_eq!(escaped("a_b*[x](y)"), r"a_b\*\[x\](y)");
        assert_eq!(escaped("__a__ #"), r"\_\_a\_\_ #");
        assert_eq!(escaped("# <b> &amp; \u{7}"), r"\# \<b> \&amp;  ");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\u{1b}[31m"), "`a [31m`");
    }

    #[test]
    fn names_between_backticks_stay_names() {
        assert_eq!(prose("`a_b` maps *x*"), r"`a_b` maps \*x\*");
        assert_eq!(prose("one ` alone"), r"one \` alone");
    }
}
