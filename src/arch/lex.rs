//! A header as tokens and directives.
//!
//! Each file is read into a [`Source`] once, for all architectures: the tokens do not depend on
//! macros, only the way through the directives does.

use crate::program::Symbol;

/// A file cut into directives and the code between them.
#[derive(Debug, Default)]
pub struct Source {
    /// In source order.
    pub parts: Vec<Part>,
}

/// A directive, or code without one.
#[derive(Debug)]
pub enum Part {
    /// Code up to the next directive.
    Code(Vec<Token>),
    /// `#define`
    Define(MacroSource),
    /// `#undef NAME`
    Undef(Symbol),
    /// `#if`, also `#ifdef` and `#ifndef` written out.
    If(Vec<Token>),
    /// `#elif`
    Elif(Vec<Token>),
    /// `#else`
    Else,
    /// `#endif`
    Endif,
    /// `#include`
    Include {
        /// What stands between the delimiters.
        path: String,
        /// `"path"` looks beside the file first.
        is_quoted: bool,
    },
}

/// A macro as defined.
#[derive(Debug)]
pub struct MacroSource {
    /// Its name.
    pub name: Symbol,
    /// Names of its parameters; `None` for an object-like macro.
    pub parameters: Option<Vec<Symbol>>,
    /// The last parameter takes all further arguments.
    pub is_variadic: bool,
    /// The replacement.
    pub body: Vec<Token>,
    /// The line of its name.
    pub line: u32,
}

/// A word, number, literal or mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// As written; of a string `""`.
    pub text: Symbol,
    /// Its line, from 1.
    pub line: u32,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier or keyword.
    Word,
    /// A word that is not to be expanded any more.
    Painted,
    /// A number.
    Number,
    /// A character constant.
    Char,
    /// A string.
    String,
    /// An operator or bracket.
    Mark,
    /// A condition that is known as a function; made by the preprocessor.
    Condition(super::bools::Bool),
    /// Alternatives; made by the preprocessor.
    Choice(u32),
    /// The end of a macro's replacement; made by the preprocessor.
    End,
}

impl Token {
    /// A token that stands in no file.
    pub fn made(kind: Kind, text: &str) -> Token {
        let text = Symbol::new(text);
        Token {
            kind,
            text,
            line: 0,
        }
    }

    /// True for a word, painted or not.
    pub fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Painted)
    }

    /// True for this operator or bracket.
    pub fn is(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// Reads a file.
pub fn read(bytes: &[u8]) -> Source {
    let mut source = Source::default();
    let mut lexer = Lexer::new(bytes);
    let mut code = Vec::new();
    loop {
        if lexer.peek_mark() == Some(b'#') {
            let directive = lexer.directive();
            if let Some(part) = part(&directive) {
                if !code.is_empty() {
                    source.parts.push(Part::Code(std::mem::take(&mut code)));
                }
                source.parts.push(part);
            }
            continue;
        }
        match lexer.next() {
            Some(token) => code.push(token),
            None => break,
        }
    }
    if !code.is_empty() {
        source.parts.push(Part::Code(code));
    }
    source
}

/// The tokens of a text that is not a file.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer::new(text.as_bytes());
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

/// A directive's tokens with what only the lexer can see.
struct Directive {
    tokens: Vec<Token>,
    /// For a `#define`: its name is directly followed by a parenthesis.
    has_parameters: bool,
    text: String,
}

fn part(directive: &Directive) -> Option<Part> {
    let (first, rest) = directive.tokens.split_first()?;
    let defined = |negated: bool| {
        let mark = |text| Token::made(Kind::Mark, text);
        let mut tokens = Vec::new();
        if negated {
            tokens.push(mark("!"));
        }
        tokens.push(Token::made(Kind::Word, "defined"));
        tokens.extend(rest.first());
        Part::If(tokens)
    };
    Some(match first.text.as_str() {
        "define" => Part::Define(definition(rest, directive.has_parameters)?),
        "undef" => Part::Undef(rest.first()?.text),
        "if" => Part::If(rest.to_vec()),
        "ifdef" => defined(false),
        "ifndef" => defined(true),
        "elif" => Part::Elif(rest.to_vec()),
        "else" => Part::Else,
        "endif" => Part::Endif,
        "include" => {
            let text = directive.text.trim_start();
            let text = text.strip_prefix("include")?.trim();
            let is_quoted = text.starts_with('"');
            let end = if is_quoted { '"' } else { '>' };
            let path = text.get(1..)?.split(end).next()?.to_owned();
            Part::Include { path, is_quoted }
        }
        _ => return None,
    })
}

fn definition(tokens: &[Token], has_parameters: bool) -> Option<MacroSource> {
    let (name, rest) = tokens.split_first()?;
    let mut is_variadic = false;
    let (parameters, body) = match has_parameters {
        false => (None, rest),
        true => {
            let close = rest.iter().position(|token| token.is(")"))?;
            let mut names: Vec<Symbol> = Vec::new();
            for token in &rest[1..close] {
                if token.is("...") {
                    is_variadic = true;
                    // `args...` names the rest, `...` alone leaves it `__VA_ARGS__`.
                    if rest[1..close].len() < 2 || !rest[close - 2].is_word() {
                        names.push(Symbol::new("__VA_ARGS__"));
                    }
                } else if token.is_word() {
                    names.push(token.text);
                }
            }
            (Some(names), &rest[close + 1..])
        }
    };
    Some(MacroSource {
        name: name.text,
        parameters,
        is_variadic,
        body: body.to_vec(),
        line: name.line,
    })
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    at_line_start: bool,
}

/// Operators of more than one byte, longest first.
const MARKS: &[&str] = &[
    "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "##",
];

impl<'a> Lexer<'a> {
    fn new(bytes: &'a [u8]) -> Lexer<'a> {
        Lexer {
            bytes,
            at: 0,
            line: 1,
            at_line_start: true,
        }
    }

    /// Skips blanks and comments; in a directive not the end of its line.
    fn skip(&mut self, in_directive: bool) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' if in_directive => return,
                b'\n' => {
                    self.at_line_start = true;
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'\\' if self.continues().is_some() => {
                    self.at = self.continues().unwrap_or(self.at);
                    self.line += 1;
                }
                b'/' if self.bytes.get(self.at + 1) == Some(&b'*') => self.skip_comment(),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => {
                    while self.bytes.get(self.at).is_some_and(|&byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Behind the line end that a backslash hides.
    fn continues(&self) -> Option<usize> {
        match self.bytes.get(self.at + 1..)? {
            [b'\n', ..] => Some(self.at + 2),
            [b'\r', b'\n', ..] => Some(self.at + 3),
            _ => None,
        }
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes[self.at + 2..];
        let n = memchr::memmem::find(rest, b"*/").map_or(rest.len(), |at| at + 2);
        self.line += memchr::memchr_iter(b'\n', &rest[..n]).count() as u32;
        self.at += 2 + n;
    }

    fn peek_mark(&mut self) -> Option<u8> {
        self.skip(false);
        match self.at_line_start {
            true => self.bytes.get(self.at).copied(),
            false => None,
        }
    }

    fn directive(&mut self) -> Directive {
        self.at += 1;
        let start = self.at;
        let mut directive = Directive {
            tokens: Vec::new(),
            has_parameters: false,
            text: String::new(),
        };
        loop {
            self.skip(true);
            if self.bytes.get(self.at).is_none_or(|&byte| byte == b'\n') {
                break;
            }
            let behind = self.at;
            let Some(token) = self.token() else { break };
            directive.tokens.push(token);
            if directive.tokens.len() == 2 && directive.tokens[0].text == "define" {
                directive.has_parameters = self.bytes.get(self.at) == Some(&b'(');
            }
            if self.at == behind {
                break;
            }
        }
        if directive
            .tokens
            .first()
            .is_some_and(|t| t.text == "include")
        {
            directive.text = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        }
        self.at_line_start = true;
        directive
    }

    fn next(&mut self) -> Option<Token> {
        self.skip(false);
        self.at_line_start = false;
        self.token()
    }

    fn token(&mut self) -> Option<Token> {
        let start = self.at;
        let line = self.line;
        let byte = *self.bytes.get(start)?;
        let kind = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => {
                self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Kind::Word
            }
            b'0'..=b'9' => {
                self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Kind::Number
            }
            b'"' | b'\'' => return Some(self.literal(byte)),
            _ => {
                let rest = &self.bytes[start..];
                let mark = MARKS.iter().find(|mark| rest.starts_with(mark.as_bytes()));
                let n = mark.map_or(1, |mark| mark.len());
                self.at += n;
                Kind::Mark
            }
        };
        let text = match std::str::from_utf8(&self.bytes[start..self.at]) {
            Ok(text) => Symbol::new(text),
            Err(_) => Symbol::new("?"),
        };
        Some(Token { kind, text, line })
    }

    fn take_while(&mut self, belongs: fn(u8) -> bool) {
        self.at += 1;
        while self.bytes.get(self.at).is_some_and(|&byte| belongs(byte)) {
            self.at += 1;
        }
    }

    /// A literal ends at its quote, or at the end of the line.
    fn literal(&mut self, quote: u8) -> Token {
        let start = self.at;
        let line = self.line;
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => break,
                b'\\' => {
                    if self.bytes.get(self.at + 1) == Some(&b'\n') {
                        self.line += 1;
                    }
                    self.at += 2;
                    continue;
                }
                _ => self.at += 1,
            }
            if byte == quote {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
        let (kind, text) = match quote {
            b'"' => (Kind::String, Symbol::new("\"\"")),
            _ => {
                let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
                (Kind::Char, Symbol::new(&text))
            }
        };
        Token { kind, text, line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tokens: &[Token]) -> String {
        let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        words.join(" ")
    }

    #[test]
    fn directives_run_over_continued_lines_and_comments() {
        let source = read(
            b"#define A(x, y) /* two\nlines */ ((x) << \\\n  (y))\nint b; // A\n#include <asm/c.h>\n",
        );
        let [Part::Define(a), Part::Code(b), Part::Include { path, .. }] = &source.parts[..] else {
            panic!("{source:?}");
        };
        assert_eq!(shown(&a.body), "( ( x ) << ( y ) )");
        assert_eq!(a.parameters.as_ref().map(Vec::len), Some(2));
        assert_eq!((shown(b).as_str(), b[0].line), ("int b ;", 4));
        assert_eq!(path, "asm/c.h");
    }

    #[test]
    fn a_blank_before_the_parenthesis_makes_an_object() {
        let source = read(b"#define A (x)\n");
        let [Part::Define(a)] = &source.parts[..] else {
            panic!("{source:?}");
        };
        assert!(a.parameters.is_none());
    }

    #[test]
    fn any_bytes_are_tokens() {
        for bytes in [
            &b"\"\\"[..],
            b"#",
            b"#define",
            b"#define A(",
            b"'\\\n",
            b"/*",
            b"\xff\\",
        ] {
            read(bytes);
        }
    }
}
