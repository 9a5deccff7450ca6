//! Types and declarators, read from tokens: signatures, members, and types in macro arguments.

use crate::program::{Symbol, TypeRef};

use super::lex::{self, Mode, Token, WORD};
use super::normalise::words;

/// What a declaration without its initialiser says.
pub(crate) struct Declared {
    pub ty: TypeRef,
    /// The declared name's token, if there is one.
    pub name: Option<Token>,
}

/// The type written in `source`.
pub(crate) fn read_type(source: &[u8]) -> TypeRef {
    let mut text = source.to_vec();
    let mut tokens = Vec::new();
    lex::lex(&mut text, Mode::Code, &mut tokens);
    let mut matches = Vec::new();
    lex::match_brackets(&tokens, &mut matches);
    let end = tokens.len();
    read_declaration(source, &tokens, &matches, 0, end).ty
}

/// Reads the declaration in `tokens[from..to]`: specifiers and one declarator. Annotation words
/// are skipped.
pub(crate) fn read_declaration(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    from: usize,
    to: usize,
) -> Declared {
    let (base, at) = read_specifiers(text, tokens, matches, from, to);
    read_declarator(text, tokens, matches, at, to, base)
}

/// Reads specifiers; returns the base type and the index of the declarator.
pub(crate) fn read_specifiers(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    from: usize,
    to: usize,
) -> (Symbol, usize) {
    let mut primitives = Primitives::default();
    let mut base: Option<Symbol> = None;
    let mut at = from;
    while at < to {
        let token = tokens[at];
        if token.kind != WORD {
            break;
        }
        let word = token.of(text);
        if words::is_qualifier(word) || words::is_annotation(word) {
            at += 1;
        } else if words::is_annotation_call(word) {
            at = skip_call(tokens, matches, at);
        } else if words::is_tag_keyword(word) {
            at += 1;
            while at < to && tokens[at].kind == WORD {
                let tag = tokens[at].of(text);
                if words::is_annotation_call(tag) {
                    at = skip_call(tokens, matches, at);
                } else if words::is_annotation(tag) {
                    at += 1;
                } else {
                    base = Some(tagged(word, tag));
                    at += 1;
                    break;
                }
            }
            if at < to && tokens[at].kind == b'{' {
                base = base.or_else(|| Some(tagged(word, b"")));
                at = (matches[at] as usize).min(to.saturating_sub(1)) + 1;
            }
        } else if words::is_typeof(word) && at + 1 < to && tokens[at + 1].kind == b'(' {
            base = Some(Symbol::new(""));
            at = skip_call(tokens, matches, at);
        } else if words::is_primitive(word) {
            if base.is_some() {
                // `u64 int` is nothing, `foo_t long` neither: leave it to the declarator.
                break;
            }
            primitives.add(word);
            at += 1;
        } else if base.is_none() && primitives.is_empty() {
            // A macro in front of the type: a word followed by a type for certain.
            let next = tokens.get(at + 1).filter(|_| at + 1 < to);
            let is_followed_by_type = next.is_some_and(|next| {
                next.kind == WORD && {
                    let next = next.of(text);
                    words::is_tag_keyword(next) || words::is_primitive(next)
                }
            });
            if !is_followed_by_type {
                base = Some(symbol(word));
            }
            at += 1;
        } else {
            break;
        }
    }
    let base = base.unwrap_or_else(|| primitives.name());
    (base, at)
}

/// Reads one declarator of a declaration with the given base.
pub(crate) fn read_declarator(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    from: usize,
    to: usize,
    base: Symbol,
) -> Declared {
    let mut ty = TypeRef {
        base,
        pointers: 0,
        function: false,
    };
    let mut name: Option<Token> = None;
    let mut at = from;
    while at < to {
        let token = tokens[at];
        match token.kind {
            b'*' => {
                ty.pointers = ty.pointers.saturating_add(1);
                at += 1;
            }
            b'[' => {
                ty.pointers = ty.pointers.saturating_add(1);
                at = skip_bracket(matches, at);
            }
            b'(' => {
                let close = skip_bracket(matches, at).min(to);
                let is_inner = name.is_none()
                    && tokens
                        .get(at + 1)
                        .filter(|_| at + 1 < to)
                        .is_some_and(|next| {
                            next.kind == b'*'
                                || next.kind == b'('
                                || next.kind == WORD
                                    && tokens
                                        .get(at + 2)
                                        .is_some_and(|t| matches!(t.kind, b')' | b'*' | b'['))
                                    && !words::is_type_like(next.of(text))
                        });
                if is_inner {
                    let mut is_pointer = false;
                    for inner in &tokens[at + 1..close.saturating_sub(1).max(at + 1)] {
                        match inner.kind {
                            b'*' => is_pointer = true,
                            WORD if name.is_none()
                                && !words::is_qualifier(inner.of(text))
                                && !words::is_annotation(inner.of(text)) =>
                            {
                                name = Some(*inner);
                            }
                            b'(' if name.is_some() => break,
                            _ => {}
                        }
                    }
                    if close < to && tokens[close].kind == b'(' {
                        ty.function = true;
                        at = skip_bracket(matches, close);
                    } else {
                        if is_pointer {
                            ty.pointers = ty.pointers.saturating_add(1);
                        }
                        at = close;
                    }
                } else {
                    ty.function = true;
                    at = close;
                }
            }
            WORD => {
                let word = token.of(text);
                if words::is_qualifier(word) || words::is_annotation(word) {
                    at += 1;
                } else if words::is_annotation_call(word)
                    || name.is_some() && tokens.get(at + 1).is_some_and(|t| t.kind == b'(')
                {
                    at = skip_call(tokens, matches, at);
                } else {
                    // `int x __anything`: what comes behind the name annotates it, unless it was
                    // an annotation itself that came first.
                    let is_better = match name {
                        None => true,
                        Some(old) => old.of(text).starts_with(b"__") && !word.starts_with(b"__"),
                    };
                    if is_better {
                        name = Some(token);
                    }
                    at += 1;
                }
            }
            _ => break,
        }
    }
    Declared { ty, name }
}

/// Behind the word at `at` and its arguments, if there are any.
pub(crate) fn skip_call(tokens: &[Token], matches: &[u32], at: usize) -> usize {
    if tokens.get(at + 1).is_some_and(|t| t.kind == b'(') {
        skip_bracket(matches, at + 1)
    } else {
        at + 1
    }
}

/// Behind the bracket that closes the one at `at`; behind itself if nothing does.
pub(crate) fn skip_bracket(matches: &[u32], at: usize) -> usize {
    match matches[at] {
        lex::NONE => at + 1,
        close => (close as usize).max(at) + 1,
    }
}

pub(crate) fn tagged(keyword: &[u8], tag: &[u8]) -> Symbol {
    let mut name = Vec::with_capacity(keyword.len() + 1 + tag.len());
    name.extend_from_slice(keyword);
    if !tag.is_empty() {
        name.push(b' ');
        name.extend_from_slice(tag);
    }
    symbol(&name)
}

pub(crate) fn symbol(bytes: &[u8]) -> Symbol {
    match std::str::from_utf8(bytes) {
        Ok(text) => Symbol::new(text),
        Err(_) => Symbol::new(&String::from_utf8_lossy(bytes)),
    }
}

/// Collects `unsigned long int` and its permutations into one spelling.
#[derive(Default)]
pub(crate) struct Primitives {
    is_unsigned: bool,
    is_signed: bool,
    is_short: bool,
    n_longs: u8,
    base: Option<&'static str>,
    other: Option<Symbol>,
}

impl Primitives {
    pub fn add(&mut self, word: &[u8]) {
        match word {
            b"unsigned" => self.is_unsigned = true,
            b"signed" | b"__signed__" | b"__signed" => self.is_signed = true,
            b"short" => self.is_short = true,
            b"long" => self.n_longs = self.n_longs.saturating_add(1),
            b"int" => self.base = self.base.or(Some("int")),
            b"char" => self.base = Some("char"),
            b"double" => self.base = Some("double"),
            b"__int128" => self.base = Some("__int128"),
            b"_Bool" | b"bool" => self.other = Some(Symbol::new("bool")),
            _ => self.other = Some(symbol(word)),
        }
    }

    pub fn is_empty(&self) -> bool {
        !(self.is_unsigned || self.is_signed || self.is_short)
            && self.n_longs == 0
            && self.base.is_none()
            && self.other.is_none()
    }

    pub fn name(&self) -> Symbol {
        if self.is_empty() {
            return Symbol::new("");
        }
        if let Some(other) = self.other {
            return other;
        }
        let size = match (self.is_short, self.n_longs, self.base) {
            (_, _, Some("char")) => "char",
            (_, _, Some("__int128")) => "__int128",
            (_, 0, Some("double")) => "double",
            (_, _, Some("double")) => "long double",
            (true, ..) => "short",
            (_, 0, _) => "int",
            (_, 1, _) => "long",
            _ => "long long",
        };
        match (self.is_unsigned, self.is_signed && size == "char") {
            (true, _) => Symbol::new(&format!("unsigned {size}")),
            (_, true) => Symbol::new("signed char"),
            _ => Symbol::new(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_type() {
        for (text, base, pointers, function) in [
            ("struct vm_area_struct *", "struct vm_area_struct", 1, false),
            ("const struct foo __user *const *", "struct foo", 2, false),
            ("unsigned long", "unsigned long", 0, false),
            ("long unsigned int", "unsigned long", 0, false),
            ("unsigned", "unsigned int", 0, false),
            ("unsigned char", "unsigned char", 0, false),
            ("pgprot_t", "pgprot_t", 0, false),
            ("u8 [4]", "u8", 1, false),
            ("void (*)(struct page *)", "void", 0, true),
            ("struct page *(*fn)(int)", "struct page", 1, true),
            ("typeof(*x) *", "", 1, false),
        ] {
            let ty = read_type(text.as_bytes());
            let wanted = TypeRef {
                base: Symbol::new(base),
                pointers,
                function,
            };
            assert_eq!(ty, wanted, "{text}");
        }
    }
}
