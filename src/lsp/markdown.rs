//! Text for people, in Markdown.

/// Text of a source file or a path, so that nothing in it is taken for markup.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_{}[]<>()#+!|&~".contains(character) {
            out.push('\\');
        }
        match character.is_control() {
            true => out.push(' '),
            false => out.push(character),
        }
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
        assert_eq!(escaped("a_b*[x](y)"), r"a\_b\*\[x\]\(y\)");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\u{1b}[31m"), "`a [31m`");
    }
}
