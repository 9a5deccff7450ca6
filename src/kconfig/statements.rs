//! A Kconfig file as a list of statements.

use std::ops::Range;

/// A Kconfig file: its text and where in it the statements are. Comments and help are left out.
pub(super) struct Statements {
    text: Vec<u8>,
    statements: Vec<(Keyword, Range<usize>)>,
}

/// What a statement begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Config,
    Choice,
    EndChoice,
    Menu,
    EndMenu,
    If,
    EndIf,
    Source,
    /// `source` relative to the file it is in.
    RelativeSource,
    /// `source` of a file that need not be there.
    OptionalSource,
    OptionalRelativeSource,
    Comment,
    Bool,
    Tristate,
    /// A type of numbers or texts.
    Value,
    DefBool,
    DefTristate,
    Prompt,
    Default,
    DependsOn,
    VisibleIf,
    Select,
    Imply,
    /// Says nothing about what a symbol can be.
    Irrelevant,
    Unknown,
}

impl Statements {
    pub(super) fn new(mut text: Vec<u8>) -> Statements {
        let mut statements = Vec::new();
        let mut at = 0;
        let mut help = None;
        while at < text.len() {
            let mut end = line_end(&text, at);
            let next = end + 1;
            let line = &text[at..end];
            let Some(indent) = indent(line) else {
                at = next;
                continue;
            };
            if let Some(deepest) = help {
                if indent > 0 && (deepest == 0 || indent >= deepest) {
                    help = Some(if deepest == 0 { indent } else { deepest });
                    at = next;
                    continue;
                }
                help = None;
            }
            let start = at + line.iter().take_while(|byte| is_blank(**byte)).count();
            if text[start] == b'#' {
                at = next;
                continue;
            }
            // Lines that go on are joined in place.
            while let Some(backslash) = continuation(&text[start..end]) {
                text[start + backslash..end].fill(b' ');
                if end >= text.len() {
                    break;
                }
                text[end] = b' ';
                end = line_end(&text, end);
            }
            at = end + 1;
            let n_word = text[start..end]
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
                .count();
            let rest = start + n_word..end;
            match &text[start..start + n_word] {
                b"help" | b"---help---" => help = Some(0),
                word => statements.extend(statement(word, rest, &text)),
            }
        }
        Statements { text, statements }
    }

    /// Each statement and what follows its keyword.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Keyword, &[u8])> {
        let statements = self.statements.iter();
        statements.map(|(keyword, rest)| (*keyword, &self.text[rest.clone()]))
    }
}

fn statement(word: &[u8], rest: Range<usize>, text: &[u8]) -> Option<(Keyword, Range<usize>)> {
    let after = text[rest.clone()].trim_ascii_start();
    // A variable for macros, or a macro, which leaves no statement behind.
    if after.starts_with(b"=")
        || after.starts_with(b":=")
        || after.starts_with(b"+=")
        || word.is_empty() && after.starts_with(b"$(")
    {
        return None;
    }
    let second = |keyword, wanted: &[u8]| match after.strip_prefix(wanted) {
        Some(others)
            if others
                .first()
                .is_none_or(|byte| !byte.is_ascii_alphanumeric()) =>
        {
            (keyword, rest.end - others.len()..rest.end)
        }
        _ => (Keyword::Unknown, rest.clone()),
    };
    let keyword = match word {
        b"config" | b"menuconfig" => Keyword::Config,
        b"choice" => Keyword::Choice,
        b"endchoice" => Keyword::EndChoice,
        b"menu" => Keyword::Menu,
        b"endmenu" => Keyword::EndMenu,
        b"if" => Keyword::If,
        b"endif" => Keyword::EndIf,
        b"source" => Keyword::Source,
        b"rsource" => Keyword::RelativeSource,
        b"osource" => Keyword::OptionalSource,
        b"orsource" => Keyword::OptionalRelativeSource,
        b"comment" => Keyword::Comment,
        b"bool" | b"boolean" => Keyword::Bool,
        b"tristate" => Keyword::Tristate,
        b"int" | b"hex" | b"string" | b"def_int" | b"def_hex" | b"def_string" => Keyword::Value,
        b"def_bool" => Keyword::DefBool,
        b"def_tristate" => Keyword::DefTristate,
        b"prompt" => Keyword::Prompt,
        b"default" => Keyword::Default,
        b"depends" => return Some(second(Keyword::DependsOn, b"on")),
        b"visible" => return Some(second(Keyword::VisibleIf, b"if")),
        b"select" => Keyword::Select,
        b"imply" => Keyword::Imply,
        b"mainmenu" | b"range" | b"option" | b"optional" | b"modules" | b"transitional" => {
            Keyword::Irrelevant
        }
        _ => Keyword::Unknown,
    };
    Some((keyword, rest))
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n)
}

/// The column of the first character; `None` for a line without any.
fn indent(line: &[u8]) -> Option<usize> {
    let mut column = 0;
    for byte in line {
        match byte {
            b'\t' => column = (column / 8 + 1) * 8,
            b' ' | b'\r' => column += 1,
            _ => return Some(column),
        }
    }
    None
}

/// Where the backslash is that ends a line.
fn continuation(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.ends_with(b"\\").then(|| line.len() - 1)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}
