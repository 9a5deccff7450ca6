//! Structure and union definitions, read from tokens.

use crate::program::{Field, StructDef, Symbol};

use super::lex::{Mode, NONE, Token, WORD};
use super::normalise::{Work, words};
use super::types;

/// Structures nested deeper than this are left out.
const MAX_DEPTH: usize = 32;

pub(super) fn read(source: &[u8]) -> Option<StructDef> {
    let mut work = Work::default();
    work.reset(source);
    work.lex(Mode::Code);
    let open = work.tokens.iter().position(|t| t.kind == b'{')?;
    let close = match work.matches[open] {
        NONE => work.tokens.len(),
        close => close as usize,
    };
    let head = &work.tokens[..open];
    let keyword = head
        .iter()
        .rposition(|t| t.kind == WORD && words::is_tag_keyword(t.of(&work.text)))?;
    let tag = head.get(keyword + 1).filter(|t| t.kind == WORD);
    let name = match tag {
        Some(tag) => types::tagged(head[keyword].of(&work.text), tag.of(&work.text)),
        None => {
            // `typedef struct { … } name;`
            let is_typedef = head.first().is_some_and(|t| t.of(&work.text) == b"typedef");
            let name = work
                .tokens
                .get(close + 1..)
                .unwrap_or_default()
                .iter()
                .filter(|t| t.kind == WORD)
                .find(|_| is_typedef)?;
            types::symbol(name.of(&work.text))
        }
    };
    let mut reader = Reader {
        text: &work.text,
        tokens: &work.tokens,
        matches: &work.matches,
        fields: Vec::new(),
    };
    reader.members(open + 1, close, 0);
    Some(StructDef {
        name,
        fields: reader.fields,
    })
}

struct Reader<'w> {
    text: &'w [u8],
    tokens: &'w [Token],
    matches: &'w [u32],
    fields: Vec<Field>,
}

impl Reader<'_> {
    fn members(&mut self, from: usize, to: usize, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut start = from;
        let mut at = from;
        while at < to {
            match self.tokens[at].kind {
                b';' => {
                    self.member(start, at, depth);
                    start = at + 1;
                }
                b'(' if self.is_group(start, at) => {
                    // `struct_group(name, members)`: the members are this structure's own.
                    let close = types::skip_bracket(self.matches, at).min(to);
                    let first = self.group_start(at + 1, close);
                    self.members(first, close.saturating_sub(1).max(first), depth + 1);
                    at = close;
                    start = at;
                    continue;
                }
                b'(' | b'[' | b'{' if self.matches[at] != NONE => {
                    at = self.matches[at] as usize;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// True for a macro at the start of a member with members in its arguments.
    fn is_group(&self, start: usize, open: usize) -> bool {
        if open != start + 1 || self.tokens[start].kind != WORD {
            return false;
        }
        let close = match self.matches[open] {
            NONE => return false,
            close => close as usize,
        };
        self.tokens[open..close].iter().any(|t| t.kind == b';')
    }

    /// Behind the leading arguments that are no members: a name, attributes.
    fn group_start(&self, from: usize, to: usize) -> usize {
        let mut start = from;
        let mut at = from;
        while at < to {
            match self.tokens[at].kind {
                b',' => start = at + 1,
                b';' | b'{' => break,
                b'(' | b'[' if self.matches[at] != NONE => at = self.matches[at] as usize,
                _ => {}
            }
            at += 1;
        }
        start
    }

    fn member(&mut self, from: usize, to: usize, depth: usize) {
        if from >= to {
            return;
        }
        if let Some(brace) = (from..to).find(|&i| self.tokens[i].kind == b'{') {
            let close = types::skip_bracket(self.matches, brace).min(to) - 1;
            let is_named = (close + 1..to).any(|i| self.tokens[i].kind == WORD);
            let has_tag = brace > from
                && self.tokens[brace - 1].kind == WORD
                && !words::is_tag_keyword(self.tokens[brace - 1].of(self.text));
            if !is_named {
                if !has_tag {
                    self.members(brace + 1, close, depth + 1);
                }
                return;
            }
        }
        let (base, mut at) = types::read_specifiers(self.text, self.tokens, self.matches, from, to);
        // One declarator after another, up to each comma.
        let mut start = at;
        loop {
            let is_end = at >= to;
            if is_end || self.tokens[at].kind == b',' {
                self.declarator(start, at, base);
                start = at + 1;
            }
            if is_end {
                break;
            }
            at = match self.tokens[at].kind {
                b'(' | b'[' | b'{' => types::skip_bracket(self.matches, at),
                _ => at + 1,
            };
        }
    }

    fn declarator(&mut self, from: usize, to: usize, base: Symbol) {
        if from >= to {
            return;
        }
        let declared = types::read_declarator(self.text, self.tokens, self.matches, from, to, base);
        if let Some(name) = declared.name {
            self.fields.push(Field {
                name: types::symbol(name.of(self.text)),
                ty: declared.ty,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(source: &str) -> String {
        let Some(def) = read(source.as_bytes()) else {
            return "none".into();
        };
        let mut result = def.name.to_string();
        for field in def.fields {
            let stars = "*".repeat(field.ty.pointers.into());
            let function = if field.ty.function { "()" } else { "" };
            result += &format!("\n{}: {}{stars}{function}", field.name, field.ty.base);
        }
        result
    }

    #[test]
    fn members_of_every_kind() {
        let source = "struct probe {
            struct device *dev, **others;
            unsigned long flags:3, spare;
            /* comment */ char name[16];
            int (*fault)(struct vm_fault *vmf);
            pgprot_t prot __aligned(8);
            union { u32 lo; struct { u16 a; u16 b; }; };
            struct { int inner; } named;
            const struct ops __rcu *ops;
        } __packed;";
        assert_eq!(
            dump(source),
            "struct probe\ndev: struct device*\nothers: struct device**\nflags: unsigned long\n\
             spare: unsigned long\nname: char*\nfault: int()\nprot: pgprot_t\nlo: u32\na: u16\nb: u16\n\
             named: struct\nops: struct ops*"
        );
    }

    #[test]
    fn unnamed_structures_take_the_typedef_name() {
        assert_eq!(
            dump("typedef struct { unsigned long pgprot; } pgprot_t;"),
            "pgprot_t\npgprot: unsigned long"
        );
    }

    #[test]
    fn grouped_members_are_members() {
        assert_eq!(
            dump("struct s { int a; struct_group(mid, int b; int *c; ); int d; };"),
            "struct s\na: int\nb: int\nc: int*\nd: int"
        );
    }

    #[test]
    fn directives_inside_do_not_hide_members() {
        assert_eq!(
            dump("struct s {\n#ifdef A\n int a;\n#else\n int b;\n#endif\n};"),
            "struct s\na: int\nb: int"
        );
    }
}
