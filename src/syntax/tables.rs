//! Initialised objects at file scope, read from tokens.

use crate::program::{FileId, Initializer, Span, Table, TableEntry};

use super::lex::{self, Mode, NONE, Token, WORD};
use super::normalise::{Work, words};
use super::types;

/// Initialisers nested deeper than this are left out.
const MAX_DEPTH: usize = 32;

pub(super) fn read(file: FileId, source: &[u8], span: Span) -> Vec<Table> {
    let mut work = Work::default();
    work.reset(span.of(source));
    work.lex(Mode::Code);
    let tokens = &work.tokens;
    // `= {` is the initialiser; a brace before it belongs to the type.
    let Some(equals) = (0..tokens.len()).find(|&i| {
        tokens[i].of(&work.text) == b"="
            && tokens
                .get(i + 1)
                .is_some_and(|t| t.kind == b'{' || t.kind == b'(')
    }) else {
        return Vec::new();
    };
    // A macro call without a semicolon can stand before the definition and look like part of it.
    let from = (0..equals)
        .rev()
        .find(|&i| matches!(tokens[i].of(&work.text), b"struct" | b"union"))
        .unwrap_or(0);
    let declared = types::read_declaration(&work.text, tokens, &work.matches, from, equals);
    let Some(name) = declared.name else {
        return Vec::new();
    };
    let mut open = equals + 1;
    if tokens[open].kind == b'(' {
        // `= (struct s) { … }`
        open = types::skip_bracket(&work.matches, open);
        if tokens.get(open).is_none_or(|t| t.kind != b'{') {
            return Vec::new();
        }
    }
    let reader = Reader {
        text: &work.text,
        source: span.of(source),
        tokens,
        matches: &work.matches,
        base: span.start,
    };
    let table = |entries| Table {
        name: types::symbol(name.of(&work.text)),
        struct_name: declared.ty.base,
        file,
        span,
        entries,
    };
    let is_array = tokens[..equals].iter().any(|t| t.kind == b'[');
    if !is_array {
        let mut entries = Vec::new();
        reader.entries(open, 0, &mut entries);
        return vec![table(entries)];
    }
    reader
        .elements(open)
        .into_iter()
        .filter_map(|element| {
            let brace = (element.value..element.end).find(|&i| tokens[i].kind == b'{')?;
            let mut entries = Vec::new();
            reader.entries(brace, 0, &mut entries);
            Some(table(entries))
        })
        .collect()
}

struct Reader<'w> {
    text: &'w [u8],
    source: &'w [u8],
    tokens: &'w [Token],
    matches: &'w [u32],
    base: u32,
}

/// One element of a braced list, in token indices.
struct Element {
    /// The last name of its designator.
    member: Option<usize>,
    value: usize,
    end: usize,
}

impl Reader<'_> {
    fn elements(&self, open: usize) -> Vec<Element> {
        let close = match self.matches[open] {
            NONE => self.tokens.len(),
            close => close as usize,
        };
        let mut elements = Vec::new();
        let mut at = open + 1;
        while at < close {
            let mut end = at;
            while end < close && self.tokens[end].kind != b',' {
                end = match self.tokens[end].kind {
                    b'(' | b'[' | b'{' => types::skip_bracket(self.matches, end),
                    _ => end + 1,
                };
            }
            let end = end.min(close);
            if end > at {
                elements.push(self.element(at, end));
            }
            at = end + 1;
        }
        elements
    }

    fn element(&self, from: usize, to: usize) -> Element {
        let mut member = None;
        let mut at = from;
        // `.a.b[3] =`, `[3].a =`, or the old `a:`.
        loop {
            match self.tokens[at].kind {
                b'.' if at + 1 < to && self.tokens[at + 1].kind == WORD => {
                    member = Some(at + 1);
                    at += 2;
                }
                b'[' => at = types::skip_bracket(self.matches, at),
                b'=' if at > from => {
                    return Element {
                        member,
                        value: (at + 1).min(to),
                        end: to,
                    };
                }
                WORD if at == from && at + 1 < to && self.tokens[at + 1].kind == b':' => {
                    return Element {
                        member: Some(at),
                        value: (at + 2).min(to),
                        end: to,
                    };
                }
                _ => break,
            }
            if at >= to {
                break;
            }
        }
        Element {
            member: None,
            value: from,
            end: to,
        }
    }

    fn entries(&self, open: usize, depth: usize, entries: &mut Vec<TableEntry>) {
        if depth > MAX_DEPTH {
            return;
        }
        for element in self.elements(open) {
            if element.value >= element.end {
                continue;
            }
            let first = self.tokens[element.value];
            if first.kind == b'{' {
                self.entries(element.value, depth + 1, entries);
                continue;
            }
            let Some(member) = element.member else {
                // A macro for several designators, or a value without one: a list inside it may
                // still name members.
                continue;
            };
            let last = self.tokens[element.end - 1];
            entries.push(TableEntry {
                member: types::symbol(self.tokens[member].of(self.text)),
                value: self.value(element.value, element.end),
                span: Span::new(first.start + self.base, last.end + self.base),
            });
        }
    }

    fn value(&self, mut from: usize, mut to: usize) -> Initializer {
        loop {
            let first = self.tokens[from];
            let closes = (self.matches[from] as usize).wrapping_add(1);
            if first.kind == b'(' && closes == to && to > from + 2 {
                from += 1;
                to -= 1;
            } else if first.kind == b'(' && closes < to && self.is_type(from + 1) {
                // A cast.
                from = closes;
            } else if first.kind == b'&' && first.len() == 1 && from + 1 < to {
                from += 1;
            } else {
                break;
            }
        }
        let token = self.tokens[from];
        if to != from + 1 {
            return Initializer::Other;
        }
        match token.kind {
            WORD if token.of(self.text) == b"NULL" => Initializer::Null,
            WORD => Initializer::Name(types::symbol(token.of(self.text))),
            lex::NUMBER if token.of(self.source) == b"0" => Initializer::Null,
            _ => Initializer::Other,
        }
    }

    fn is_type(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).filter(|t| t.kind == WORD) else {
            return false;
        };
        let word = token.of(self.text);
        let next = self.tokens.get(at + 1).map_or(0, |t| t.kind);
        words::is_tag_keyword(word)
            || words::is_qualifier(word)
            || words::is_type_like(word)
            || matches!(next, b'*' | WORD | b')')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(source: &str) -> String {
        let span = Span::new(0, source.len() as u32);
        let mut result = String::new();
        for table in read(FileId(0), source.as_bytes(), span) {
            result += &format!("{} {}\n", table.struct_name, table.name);
            for entry in table.entries {
                let place = String::from_utf8_lossy(entry.span.of(source.as_bytes())).into_owned();
                let value = match entry.value {
                    Initializer::Name(name) => name.to_string(),
                    Initializer::Null => "NULL".into(),
                    Initializer::Other => "?".into(),
                };
                result += &format!("  .{} = {value} <{place}>\n", entry.member);
            }
        }
        result
    }

    #[test]
    fn designated_members() {
        assert_eq!(
            dump(
                "static const struct vm_operations_struct probe_ops __ro_after_init = {\n\
                 .fault = probe_fault, /* why */\n .open = &probe_open, .close = NULL,\n\
                 .access = (void *)probe_access, .flags = A | B, };"
            ),
            "struct vm_operations_struct probe_ops\n  .fault = probe_fault <probe_fault>\n  \
             .open = probe_open <&probe_open>\n  .close = NULL <NULL>\n  \
             .access = probe_access <(void *)probe_access>\n  .flags = ? <A | B>\n"
        );
    }

    #[test]
    fn a_macro_call_before_the_definition_is_no_part_of_it() {
        assert_eq!(
            dump("MAKE_OPS(probe, a_fn)\nstatic const struct t probe = { .fault = f };"),
            "struct t probe\n  .fault = f <f>\n"
        );
    }

    #[test]
    fn nested_members_keep_their_last_name() {
        assert_eq!(
            dump("struct t x = { .base.fault = f, .base = { .open = g, .in.close = h }, .n = 0 };"),
            "struct t x\n  .fault = f <f>\n  .open = g <g>\n  .close = h <h>\n  .n = NULL <0>\n"
        );
    }

    #[test]
    fn arrays_give_a_table_per_element() {
        assert_eq!(
            dump("struct t x[] = { { .a = f }, [3] = { .a = g }, { 1, 2 } };"),
            "struct t x\n  .a = f <f>\nstruct t x\n  .a = g <g>\nstruct t x\n"
        );
    }

    #[test]
    fn conditional_members_are_all_listed() {
        assert_eq!(
            dump("struct t x = {\n#ifdef A\n.a = f,\n#else\n.a = g,\n#endif\n};"),
            "struct t x\n  .a = f <f>\n  .a = g <g>\n"
        );
    }
}
