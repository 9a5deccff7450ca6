//! A Makefile as a list of lines.

/// A line of a Makefile that can say what is built.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `name = value`, with any kind of `=`.
    Assign {
        name: String,
        value: String,
    },
    /// `include path`
    Include(String),
    If(Test),
    /// `else`, or `else ifeq …`
    Else(Option<Test>),
    EndIf,
}

/// The condition of `ifdef`, `ifeq` and their opposites.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    pub(super) kind: TestKind,
    pub(super) is_negated: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum TestKind {
    Defined(String),
    Equal(String, String),
    Unknown,
}

/// The lines of a Makefile. Rules and recipes are left out.
pub(super) fn lines(text: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(text);
    let mut lines = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
        match line.strip_suffix('\\') {
            Some(front) => {
                joined.push_str(front);
                joined.push(' ');
            }
            None => {
                joined.push_str(line);
                lines.extend(self::line(&joined));
                joined.clear();
            }
        }
    }
    lines.extend(line(&joined));
    lines
}

fn line(text: &str) -> Option<Line> {
    let text = without_comment(text).trim();
    let (word, rest) = text
        .split_once(|c: char| c.is_ascii_whitespace() || c == '(')
        .map_or((text, ""), |(word, _)| (word, text[word.len()..].trim()));
    match word {
        "ifeq" | "ifneq" | "ifdef" | "ifndef" => Some(Line::If(test(word, rest))),
        "else" => {
            let (word, rest) = rest
                .split_once([' ', '\t', '('])
                .map_or(("", ""), |(word, _)| (word, rest[word.len()..].trim()));
            Some(Line::Else(word.starts_with("if").then(|| test(word, rest))))
        }
        "endif" => Some(Line::EndIf),
        "include" | "-include" | "sinclude" => Some(Line::Include(rest.to_owned())),
        _ => assignment(text),
    }
}

fn without_comment(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find('#').map(|at| from + at) {
        if !line[..at].ends_with('\\') {
            return &line[..at];
        }
        from = at + 1;
    }
    line
}

fn assignment(text: &str) -> Option<Line> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => {
                let name = text[..at].trim_end_matches(['+', ':', '?', '!']).trim();
                // A target with a variable of its own has a colon and words.
                let is_name = !name.is_empty() && !outside_variables(name, char::is_whitespace);
                return is_name.then(|| Line::Assign {
                    name: name.to_owned(),
                    value: text[at + 1..].trim().to_owned(),
                });
            }
            // A rule, unless the colon belongs to `:=`.
            ':' if depth == 0 && !text[at..].trim_start_matches(':').starts_with('=') => {
                return None;
            }
            _ => {}
        }
    }
    None
}

/// True if a character outside of `$(…)` is of a kind.
fn outside_variables(text: &str, kind: impl Fn(char) -> bool) -> bool {
    let mut depth = 0_usize;
    text.chars().any(|c| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && kind(c)
    })
}

fn test(word: &str, rest: &str) -> Test {
    let kind = match word {
        "ifdef" | "ifndef" => TestKind::Defined(rest.to_owned()),
        _ => equal(rest).unwrap_or(TestKind::Unknown),
    };
    Test {
        kind,
        is_negated: matches!(word, "ifneq" | "ifndef"),
    }
}

/// `(a,b)` or `"a" "b"`.
fn equal(rest: &str) -> Option<TestKind> {
    if let Some(inner) = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let mut depth = 0_usize;
        let comma = inner.char_indices().find(|&(_, c)| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        let (a, b) = inner.split_at(comma?.0);
        return Some(TestKind::Equal(
            a.trim().to_owned(),
            b[1..].trim().to_owned(),
        ));
    }
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let parts: Vec<&str> = rest.split(quote).collect();
    match parts[..] {
        ["", a, between, b, ""] if between.trim().is_empty() => {
            Some(TestKind::Equal(a.to_owned(), b.to_owned()))
        }
        _ => None,
    }
}

/// Words of a value; what is in parentheses stays together.
pub(super) fn words(value: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut start = None;
    for (at, c) in value.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && c.is_ascii_whitespace() {
            words.extend(start.take().map(|start| &value[start..at]));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|start| &value[start..]));
    words
}

/// The names of variables a text refers to, functions among them.
pub(super) fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split('$').skip(1).filter_map(|part| {
        let inner = part.strip_prefix('(').or_else(|| part.strip_prefix('{'))?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        Some(&inner[..end])
    })
}
