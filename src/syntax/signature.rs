//! Signatures, read from tokens: names, parameters and results of functions, of system calls and
//! of macros.

use crate::program::{Span, Symbol, TypeRef};

use super::lex::{NONE, Token, WORD};
use super::types;

/// What stands before a function's body.
pub(crate) struct Signature {
    pub name: Symbol,
    /// Relative to the definition.
    pub name_span: Span,
    pub is_static: bool,
    pub result: TypeRef,
    pub params: Vec<Param>,
    /// Index of the token `{`; `None` if there is no body.
    pub body: Option<usize>,
    /// False if nothing like a parameter list was found.
    pub is_understood: bool,
}

/// A parameter; the span is relative to the definition.
pub(crate) struct Param {
    pub name: Symbol,
    pub ty: TypeRef,
    pub span: Span,
}

/// Reads the signature of a function definition.
pub(crate) fn read(text: &[u8], tokens: &[Token], matches: &[u32]) -> Signature {
    let mut groups: Vec<usize> = Vec::new();
    let mut body = None;
    let mut seen_semicolon = false;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].kind {
            b'{' => {
                let is_type = at >= 1 && is_tag(text, tokens, at - 1)
                    || at >= 2 && is_tag(text, tokens, at - 2);
                if !is_type || matches[at] == NONE {
                    body = Some(at);
                    break;
                }
                at = matches[at] as usize;
            }
            b'(' => {
                if at > 0 && tokens[at - 1].kind == WORD && !seen_semicolon {
                    groups.push(at);
                }
                if matches[at] != NONE {
                    at = matches[at] as usize;
                }
            }
            b';' => seen_semicolon = true,
            _ => {}
        }
        at += 1;
    }
    let limit = body.unwrap_or(tokens.len());
    let is_static = tokens[..limit]
        .iter()
        .take_while(|t| t.kind != b'(')
        .any(|t| t.kind == WORD && t.of(text) == b"static");
    let Some(open) = parameter_list(text, tokens, matches, &groups) else {
        let name = tokens[..limit].iter().rfind(|t| t.kind == WORD);
        return Signature {
            name: name.map_or(Symbol::new(""), |t| types::symbol(t.of(text))),
            name_span: name.map_or(Span::default(), |t| Span::new(t.start, t.end)),
            is_static,
            result: TypeRef::unknown(),
            params: Vec::new(),
            body,
            is_understood: false,
        };
    };
    let close = types::skip_bracket(matches, open).min(limit.max(open + 1)) - 1;
    let name_token = tokens[open - 1];
    let word = name_token.of(text);
    if let Some(prefix) = system_call_prefix(word) {
        return system_call(prefix, text, tokens, matches, (open, close), body);
    }
    let result_end = if open >= 3 && tokens[open - 2].kind == b'*' && is_inside_group(tokens, open)
    {
        // `int (*f(int x))(void)`
        tokens[..open]
            .iter()
            .rposition(|t| t.kind == b'(')
            .unwrap_or(open - 1)
    } else {
        open - 1
    };
    let result = types::read_declaration(text, tokens, matches, 0, result_end).ty;
    // A macro with arguments stands for the type.
    let result = if result.function {
        TypeRef::unknown()
    } else {
        result
    };
    let mut params = parameters(text, tokens, matches, open + 1, close);
    old_style_types(text, tokens, matches, (close + 1, limit), &mut params);
    Signature {
        name: types::symbol(word),
        name_span: Span::new(name_token.start, name_token.end),
        is_static,
        result,
        params,
        body,
        is_understood: true,
    }
}

fn is_tag(text: &[u8], tokens: &[Token], i: usize) -> bool {
    tokens[i].kind == WORD && super::normalise::words::is_tag_keyword(tokens[i].of(text))
}

fn is_inside_group(tokens: &[Token], open: usize) -> bool {
    let mut depth = 0;
    for token in &tokens[..open] {
        match token.kind {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// The parenthesis that opens the parameter list, of those that stand behind a word.
fn parameter_list(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    groups: &[usize],
) -> Option<usize> {
    let mut groups = groups.to_vec();
    while let [.., before, last] = groups[..] {
        // `int f(void) __anything(x)`: the last one annotates.
        let is_behind = matches[before] != NONE && matches[before] as usize + 2 == last;
        let is_annotation = tokens[last - 1].of(text).starts_with(b"__");
        if is_behind && is_annotation {
            groups.pop();
        } else {
            break;
        }
    }
    let last = groups.last().copied()?;
    // `int (*f(int x))(void)`: the name is inside.
    if tokens.get(last + 1).is_some_and(|t| t.kind == b'*') && matches[last] != NONE {
        let end = matches[last] as usize;
        if tokens.get(end + 1).is_some_and(|t| t.kind == b'(') {
            return (last + 1..end)
                .find(|&i| tokens[i].kind == b'(' && tokens[i - 1].kind == WORD)
                .or(Some(last));
        }
    }
    Some(last)
}

fn parameters(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    from: usize,
    to: usize,
) -> Vec<Param> {
    let mut params = Vec::new();
    for (start, end) in split(tokens, matches, from, to) {
        let first = tokens[start];
        let span = Span::new(first.start, tokens[end - 1].end);
        if first.kind == b'.' || end == start + 1 && first.of(text) == b"void" {
            continue;
        }
        let declared = types::read_declaration(text, tokens, matches, start, end);
        params.push(Param {
            name: declared
                .name
                .map_or(Symbol::new(""), |t| types::symbol(t.of(text))),
            ty: declared.ty,
            span,
        });
    }
    params
}

/// The non-empty pieces between commas.
fn split(tokens: &[Token], matches: &[u32], from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut start = from;
    let mut at = from;
    while at < to {
        match tokens[at].kind {
            b',' => {
                if at > start {
                    pieces.push((start, at));
                }
                start = at + 1;
            }
            b'(' | b'[' | b'{' if matches[at] != NONE => at = matches[at] as usize,
            _ => {}
        }
        at += 1;
    }
    if to > start {
        pieces.push((start, to));
    }
    pieces
}

/// Types of parameters declared between the list and the body.
fn old_style_types(
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    (from, to): (usize, usize),
    params: &mut [Param],
) {
    let mut start = from;
    let mut has_declarations = false;
    for at in from..to {
        if tokens[at].kind != b';' {
            continue;
        }
        if !has_declarations {
            // A lone name was read as a type.
            has_declarations = true;
            for param in params.iter_mut() {
                if param.name.as_str().is_empty() {
                    param.name = param.ty.base;
                    param.ty = TypeRef::unknown();
                }
            }
        }
        let (base, declarators) = types::read_specifiers(text, tokens, matches, start, at);
        for (start, end) in split(tokens, matches, declarators, at) {
            let declared = types::read_declarator(text, tokens, matches, start, end, base);
            let name = declared
                .name
                .map_or(Symbol::new(""), |t| types::symbol(t.of(text)));
            if let Some(param) = params.iter_mut().find(|param| param.name == name) {
                param.ty = declared.ty;
            }
        }
        start = at + 1;
    }
}

/// The prefix of the name a macro of the `SYSCALL_DEFINE` family makes.
fn system_call_prefix(word: &[u8]) -> Option<&'static str> {
    let stem = word.strip_suffix(&[*word.last()?])?;
    if !word.last()?.is_ascii_digit() {
        return None;
    }
    match stem {
        b"SYSCALL_DEFINE" | b"PPC32_SYSCALL_DEFINE" => Some("sys_"),
        b"COMPAT_SYSCALL_DEFINE" => Some("compat_sys_"),
        b"BPF_CALL_" => Some(""),
        _ if stem.ends_with(b"SYSCALL_DEFINE") => Some("sys_"),
        _ => None,
    }
}

/// `SYSCALL_DEFINE2(name, type, arg, type, arg)`
fn system_call(
    prefix: &str,
    text: &[u8],
    tokens: &[Token],
    matches: &[u32],
    (open, close): (usize, usize),
    body: Option<usize>,
) -> Signature {
    let pieces = split(tokens, matches, open + 1, close);
    let name = pieces.first().map_or(tokens[open - 1], |p| tokens[p.0]);
    let params = pieces
        .get(1..)
        .unwrap_or_default()
        .chunks(2)
        .filter_map(|pair| {
            let [ty, name] = pair else { return None };
            let declared = types::read_declaration(text, tokens, matches, ty.0, ty.1);
            let token = tokens[name.0];
            Some(Param {
                name: types::symbol(token.of(text)),
                ty: declared.ty,
                span: Span::new(tokens[ty.0].start, token.end),
            })
        })
        .collect();
    Signature {
        name: Symbol::new(&format!("{prefix}{}", types::symbol(name.of(text)))),
        name_span: Span::new(name.start, name.end),
        is_static: false,
        result: TypeRef::named("long", 0),
        params,
        body,
        is_understood: true,
    }
}

/// The head of `#define name(params) replacement`.
pub(crate) struct MacroHead {
    pub name: Symbol,
    pub name_span: Span,
    pub params: Vec<Param>,
    /// Where the replacement begins.
    pub body: usize,
}

/// Reads the head of a function-like macro; `None` if it is none.
pub(crate) fn read_macro(source: &[u8]) -> Option<MacroHead> {
    let mut at = 0;
    let is_blank = |b: u8| b.is_ascii_whitespace() || b == b'\\';
    let skip = |mut at: usize| {
        while at < source.len() {
            if is_blank(source[at]) {
                at += 1;
            } else if source[at..].starts_with(b"/*") {
                at = super::lex::comment_end(source, at);
            } else {
                break;
            }
        }
        at
    };
    at = skip(at);
    if source.get(at) != Some(&b'#') {
        return None;
    }
    at = skip(at + 1);
    at += source[at..].strip_prefix(b"define").map(|_| 6)?;
    at = skip(at);
    let start = at;
    while at < source.len() && super::lex::IS_WORD[source[at] as usize] {
        at += 1;
    }
    let name_span = Span::new(start as u32, at as u32);
    if at == start || source.get(at) != Some(&b'(') {
        return None;
    }
    let close = at + memchr::memchr(b')', &source[at..])?;
    let mut params = Vec::new();
    let mut word_start = None;
    for i in at..=close {
        let is_word = super::lex::IS_WORD[source[i] as usize];
        match (is_word, word_start) {
            (true, None) => word_start = Some(i),
            (false, Some(start)) => {
                params.push(Param {
                    name: types::symbol(&source[start..i]),
                    ty: TypeRef::unknown(),
                    span: Span::new(start as u32, i as u32),
                });
                word_start = None;
            }
            _ => {}
        }
    }
    // `...` is named `__VA_ARGS__` inside; `args...` has its name already.
    let list = source[at..close].trim_ascii_end();
    if let Some(before) = list.strip_suffix(b"...") {
        let end = (at + list.len()) as u32;
        let is_named = before
            .last()
            .is_some_and(|&b| super::lex::IS_WORD[b as usize]);
        if !is_named {
            params.push(Param {
                name: Symbol::new("__VA_ARGS__"),
                ty: TypeRef::unknown(),
                span: Span::new(end - 3, end),
            });
        }
    }
    Some(MacroHead {
        name: types::symbol(name_span.of(source)),
        name_span,
        params,
        body: close + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::lex::Mode;
    use crate::syntax::normalise::Work;

    fn dump(source: &str) -> String {
        let mut work = Work::default();
        work.reset(source.as_bytes());
        work.lex(Mode::Code);
        let signature = read(&work.text, &work.tokens, &work.matches);
        let text = |ty: TypeRef| {
            let function = if ty.function { "()" } else { "" };
            format!("{}{}{function}", ty.base, "*".repeat(ty.pointers.into()))
        };
        let params: Vec<String> = signature
            .params
            .iter()
            .map(|param| format!("{}: {}", param.name, text(param.ty)))
            .collect();
        format!(
            "{} {}({})",
            text(signature.result),
            signature.name,
            params.join(", ")
        )
    }

    #[test]
    fn signatures_of_all_ages() {
        for (source, wanted) in [
            ("int f(void) {}", "int f()"),
            ("int f() {}", "int f()"),
            (
                "static inline pte_t f(pte_t pte, ...) {}",
                "pte_t f(pte: pte_t)",
            ),
            (
                "int f(a, b) int a; struct s *b; {}",
                "int f(a: int, b: struct s*)",
            ),
            (
                "struct s *f(int a[3]) __anything(x) {}",
                "struct s* f(a: int*)",
            ),
            ("STATIC_MACRO(int) f(int a) {}", " f(a: int)"),
            ("int (*f(int x))(void) {}", "int f(x: int)"),
            (
                "void __unknown f(struct s { int a; } *x) {}",
                "void f(x: struct s*)",
            ),
            (
                "vm_fault_t f(const struct vm_fault *) {}",
                "vm_fault_t f(: struct vm_fault*)",
            ),
            (
                "BPF_CALL_2(f, u64, a, struct s *, b) {}",
                "long f(a: u64, b: struct s*)",
            ),
            ("SYSCALL_DEFINE0(getpid) {}", "long sys_getpid()"),
        ] {
            assert_eq!(dump(source), wanted, "{source}");
        }
    }

    #[test]
    fn heads_of_macros() {
        let names = |source: &str| -> Option<String> {
            let head = read_macro(source.as_bytes())?;
            let params: Vec<&str> = head.params.iter().map(|p| p.name.as_str()).collect();
            Some(format!("{}({})", head.name, params.join(",")))
        };
        assert_eq!(names("#define m(a, b) a").as_deref(), Some("m(a,b)"));
        assert_eq!(
            names("# define m(a, \\\n  ...) a").as_deref(),
            Some("m(a,__VA_ARGS__)")
        );
        assert_eq!(names("#define m(args...) a").as_deref(), Some("m(args)"));
        assert_eq!(names("#define m (a)"), None);
        assert_eq!(names("#undef m"), None);
    }
}
