//! What a Rust file defines: functions with the type they belong to, structures, constants and
//! statics, implementations. Found from tokens, so that one place that is no Rust hides nothing
//! else.

use crate::program::{Literal, Presence, Span, Symbol};

use super::lex::{Token, TokenKind, Tokens};

/// The definitions of a file.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its tokens.
    pub tokens: Tokens,
    /// Functions with a body, inner ones and methods too, in source order.
    pub functions: Vec<FunctionItem>,
    /// Structures, unions and enumerations.
    pub structs: Vec<StructItem>,
    /// Constants and statics with a value.
    pub objects: Vec<ObjectItem>,
    /// `impl` blocks.
    pub impls: Vec<ImplItem>,
}

/// A function with a body.
#[derive(Clone, Debug)]
pub struct FunctionItem {
    /// Its name, behind that of the type it belongs to: `Page::new`.
    pub name: Symbol,
    /// The name's own place.
    pub name_span: Span,
    /// From its first modifier to its closing brace.
    pub span: Span,
    /// The braces.
    pub body: Span,
    /// The type or trait it belongs to.
    pub owner: Option<Symbol>,
    /// False if only its own file can call it.
    pub is_public: bool,
    /// True if C can call it: `#[no_mangle]`, `#[export_name = …]`.
    pub is_exported: bool,
    /// The `#[cfg(…)]` around it.
    pub presence: Presence,
}

/// A structure, union or enumeration.
#[derive(Clone, Debug)]
pub struct StructItem {
    /// Its name.
    pub name: Symbol,
    /// From its keyword to its last byte.
    pub span: Span,
    /// True for `enum`.
    pub is_enum: bool,
}

/// A constant or static.
#[derive(Clone, Debug)]
pub struct ObjectItem {
    /// Its name.
    pub name: Symbol,
    /// The name's place.
    pub name_span: Span,
    /// From its keyword to its semicolon.
    pub span: Span,
    /// Its type.
    pub ty: Span,
    /// Its value.
    pub value: Span,
    /// The type or trait it belongs to.
    pub owner: Option<Symbol>,
}

/// An `impl` block.
#[derive(Clone, Debug)]
pub struct ImplItem {
    /// The type it is for.
    pub owner: Symbol,
    /// The trait it implements.
    pub of_trait: Option<Symbol>,
    /// From `impl` to its closing brace.
    pub span: Span,
    /// Its functions, as positions in [`Outline::functions`].
    pub functions: Vec<usize>,
}

/// Modules and implementations nested deeper than this are not looked into.
const MAX_DEPTH: usize = 64;
/// Nothing that is looked for is further away than so many tokens and brackets.
const MAX_HEAD: usize = 10_000;

impl Outline {
    /// Finds the definitions in `source`.
    pub fn new(source: &[u8]) -> Outline {
        let tokens = Tokens::new(source);
        let mut finder = Finder {
            source,
            tokens: &tokens.list,
            found: Outline::default(),
        };
        let outer = Outer::default();
        finder.items((0, tokens.list.len()), &outer, 0);
        let mut found = finder.found;
        found.tokens = tokens;
        found
    }

    /// The tokens in a range of bytes.
    pub fn tokens_in(&self, span: Span) -> std::ops::Range<usize> {
        let list = &self.tokens.list;
        let from = list.partition_point(|token| token.start < span.start);
        let to = list.partition_point(|token| token.start < span.end);
        from..to.max(from)
    }
}

/// What items stand in.
#[derive(Clone, Default)]
struct Outer {
    owner: Option<Symbol>,
    of_trait: bool,
    /// The `impl` block, by position.
    block: Option<usize>,
    presence: Presence,
}

struct Finder<'s> {
    source: &'s [u8],
    tokens: &'s [Token],
    found: Outline,
}

/// What stands in front of an item.
#[derive(Default)]
struct Front {
    cfg: Vec<Literal>,
    is_exported: bool,
}

impl<'s> Finder<'s> {
    fn text(&self, at: usize) -> &'s [u8] {
        self.tokens.get(at).map_or(b"", |token| {
            &self.source[token.start as usize..token.end as usize]
        })
    }

    fn is_word(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.kind == TokenKind::Word)
    }

    fn byte(&self, at: usize) -> u8 {
        match self.tokens.get(at) {
            Some(token) if !matches!(token.kind, TokenKind::Word | TokenKind::Literal) => {
                token.byte
            }
            _ => 0,
        }
    }

    fn symbol(&self, at: usize) -> Symbol {
        let text = String::from_utf8_lossy(self.text(at));
        Symbol::new(text.strip_prefix("r#").unwrap_or(&text))
    }

    /// Behind the token at `at`, or behind its partner.
    fn skip(&self, at: usize) -> usize {
        match self.tokens.get(at) {
            Some(token) if token.kind == TokenKind::Open => (token.partner as usize).max(at) + 1,
            _ => at + 1,
        }
    }

    /// The first position from `at` on where `stop` holds outside of brackets.
    fn find(&self, at: usize, end: usize, stop: impl Fn(&Self, usize) -> bool) -> usize {
        let mut at = at;
        for _ in 0..MAX_HEAD {
            if at >= end || stop(self, at) {
                break;
            }
            at = self.skip(at);
        }
        at.min(end)
    }

    fn span(&self, from: usize, to: usize) -> Span {
        let start = self.tokens.get(from).map_or(0, |token| token.start);
        let end = match to.checked_sub(1).and_then(|last| self.tokens.get(last)) {
            Some(token) => token.end.max(start),
            None => start,
        };
        Span::new(start, end)
    }

    /// Items in a range of tokens. In a function, statements are stepped over.
    fn items(&mut self, (from, to): (usize, usize), outer: &Outer, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut at = from;
        let mut front = Front::default();
        while at < to {
            if self.byte(at) == b'#' {
                let open = at + 1 + usize::from(self.byte(at + 1) == b'!');
                if self.byte(open) == b'[' {
                    self.attribute(open, &mut front);
                    at = self.skip(open);
                    continue;
                }
            }
            at = self.item(at, to, &front, outer, depth);
            front = Front::default();
        }
    }

    /// Reads the item, statement or token at `from`; returns what follows.
    fn item(
        &mut self,
        from: usize,
        to: usize,
        front: &Front,
        outer: &Outer,
        depth: usize,
    ) -> usize {
        let mut at = from;
        let mut is_public = false;
        loop {
            match self.text(at) {
                b"pub" => {
                    is_public = true;
                    at += 1;
                    if self.byte(at) == b'(' {
                        at = self.skip(at);
                    }
                }
                b"unsafe" | b"async" | b"default" | b"safe" if self.is_word(at + 1) => at += 1,
                b"extern" if self.text(at + 2) == b"fn" => at += 2,
                b"const"
                    if matches!(self.text(at + 1), b"fn" | b"unsafe" | b"async" | b"extern") =>
                {
                    at += 1;
                }
                _ => break,
            }
        }
        let mut inner = outer.clone();
        inner.presence = outer.presence.and(&Presence::all(front.cfg.clone()));
        let is_named = self.is_word(at + 1);
        match self.text(at) {
            b"fn" if is_named => self.function((from, at, to), is_public, front, &inner, depth),
            b"mod" if is_named && self.byte(at + 2) == b'{' => {
                let end = self.skip(at + 2);
                self.items((at + 3, end - 1), &inner, depth + 1);
                end
            }
            b"extern"
                if self
                    .tokens
                    .get(at + 1)
                    .is_some_and(|t| t.kind == TokenKind::Literal)
                    && self.byte(at + 2) == b'{' =>
            {
                self.skip(at + 2)
            }
            b"impl" => self.implementation(at, to, &inner, depth),
            b"trait" if is_named => {
                inner.owner = Some(self.symbol(at + 1));
                inner.of_trait = true;
                self.block(at, to, &inner, depth)
            }
            b"struct" | b"union" | b"enum" if is_named => self.structure(at, to),
            b"const" | b"static" => self.object(at, to, outer.owner).unwrap_or(at + 1),
            // What a macro is made of is no code yet.
            b"macro_rules" | b"macro" if self.byte(at + 1) == b'!' || is_named => {
                let open = self.find(at, to, |finder, at| matches!(finder.byte(at), b'{' | b';'));
                self.skip(open)
            }
            _ if self.byte(at) == b'{' => {
                // A block, or the fields of a macro: there can be items in it.
                let end = self.skip(at);
                self.items((at + 1, end.min(to).saturating_sub(1)), &inner, depth + 1);
                end
            }
            _ => at + 1,
        }
    }

    /// `fn name<…>(…) -> T where … { … }`
    fn function(
        &mut self,
        (from, keyword, to): (usize, usize, usize),
        is_public: bool,
        front: &Front,
        outer: &Outer,
        depth: usize,
    ) -> usize {
        let name_at = keyword + 1;
        let open = self.find(name_at, to, |finder, at| {
            matches!(finder.byte(at), b'{' | b';' | b'}')
        });
        if self.byte(open) != b'{' {
            return open + 1;
        }
        let end = self.skip(open);
        let plain = self.symbol(name_at);
        let name = match outer.owner {
            Some(owner) => Symbol::new(&format!("{owner}::{plain}")),
            None => plain,
        };
        let index = self.found.functions.len();
        self.found.functions.push(FunctionItem {
            name,
            name_span: self.span(name_at, name_at + 1),
            span: self.span(from, end),
            body: self.span(open, end),
            owner: outer.owner,
            is_public: is_public || outer.of_trait || front.is_exported,
            is_exported: front.is_exported,
            presence: outer.presence.clone(),
        });
        if let Some(block) = outer.block {
            self.found.impls[block].functions.push(index);
        }
        let inner = Outer {
            presence: outer.presence.clone(),
            ..Outer::default()
        };
        self.items((open + 1, end.saturating_sub(1)), &inner, depth + 1);
        end
    }

    /// The braces of `impl` or `trait`.
    fn block(&mut self, keyword: usize, to: usize, outer: &Outer, depth: usize) -> usize {
        let open = self.find(keyword, to, |finder, at| {
            matches!(finder.byte(at), b'{' | b';')
        });
        if self.byte(open) != b'{' {
            return open + 1;
        }
        let end = self.skip(open);
        self.items((open + 1, end.saturating_sub(1)), outer, depth + 1);
        end
    }

    /// `impl<…> Trait<…> for Type<…> where … { … }`
    fn implementation(&mut self, keyword: usize, to: usize, outer: &Outer, depth: usize) -> usize {
        let open = self.find(keyword, to, |finder, at| {
            matches!(finder.byte(at), b'{' | b';' | b'}')
        });
        if self.byte(open) != b'{' {
            // `impl Trait` in a type.
            return keyword + 1;
        }
        let mut at = keyword + 1;
        if self.byte(at) == b'<' {
            at = self.skip_angles(at, open);
        }
        let mut last = None;
        let mut of_trait = None;
        while at < open {
            match self.text(at) {
                b"for" if self.byte(at + 1) != b'<' => {
                    of_trait = last.take();
                    at += 1;
                }
                b"where" => break,
                b"<" => at = self.skip_angles(at, open),
                b"const" | b"dyn" | b"mut" | b"unsafe" => at += 1,
                _ => {
                    if self.is_word(at) {
                        last = Some(self.symbol(at));
                    }
                    at = self.skip(at);
                }
            }
        }
        let Some(owner) = last else {
            return self.block(keyword, to, outer, depth);
        };
        let block = self.found.impls.len();
        let end = self.skip(open);
        self.found.impls.push(ImplItem {
            owner,
            of_trait,
            span: self.span(keyword, end),
            functions: Vec::new(),
        });
        let inner = Outer {
            owner: Some(owner),
            of_trait: of_trait.is_some(),
            block: Some(block),
            presence: outer.presence.clone(),
        };
        self.items((open + 1, end.saturating_sub(1)), &inner, depth + 1);
        end
    }

    /// Behind the `>` that closes the `<` at `at`; `->` closes nothing.
    fn skip_angles(&self, at: usize, end: usize) -> usize {
        let mut depth = 0;
        let mut at = at;
        while at < end {
            match self.byte(at) {
                b'<' => depth += 1,
                b'>' if self.byte(at.wrapping_sub(1)) != b'-' => depth -= 1,
                _ => {}
            }
            at = self.skip(at);
            if depth == 0 {
                break;
            }
        }
        at
    }

    fn structure(&mut self, keyword: usize, to: usize) -> usize {
        let open = self.find(keyword + 2, to, |finder, at| {
            matches!(finder.byte(at), b'{' | b';' | b'=' | b'}')
        });
        let end = match self.byte(open) {
            b'{' => self.skip(open),
            b';' => open + 1,
            // A variable called `union`, say.
            _ => return keyword + 1,
        };
        self.found.structs.push(StructItem {
            name: self.symbol(keyword + 1),
            span: self.span(keyword, end),
            is_enum: self.text(keyword) == b"enum",
        });
        end
    }

    /// `const NAME: T = value;`
    fn object(&mut self, keyword: usize, to: usize, owner: Option<Symbol>) -> Option<usize> {
        let name = keyword + 1 + usize::from(self.text(keyword + 1) == b"mut");
        if !self.is_word(name) || !matches!(self.byte(name + 1), b':' | b'=') {
            return None;
        }
        let equals = self.find(name + 1, to, |finder, at| {
            matches!(finder.byte(at), b'=' | b';' | b'}')
        });
        if self.byte(equals) != b'=' {
            return None;
        }
        let end = self.find(equals, to, |finder, at| {
            matches!(finder.byte(at), b';' | b'}')
        });
        self.found.objects.push(ObjectItem {
            name: self.symbol(name),
            name_span: self.span(name, name + 1),
            span: self.span(keyword, (end + 1).min(to)),
            ty: self.span((name + 2).min(equals), equals),
            value: self.span(equals + 1, end),
            owner,
        });
        Some(end + 1)
    }

    /// `#[cfg(…)]`, `#[no_mangle]`, `#[unsafe(no_mangle)]`, `#[export_name = …]`
    fn attribute(&self, open: usize, front: &mut Front) {
        let close = self.skip(open).saturating_sub(1);
        let mut at = open + 1;
        if self.text(at) == b"unsafe" && self.byte(at + 1) == b'(' {
            at += 2;
        }
        match self.text(at) {
            b"no_mangle" | b"export_name" | b"export" => front.is_exported = true,
            b"cfg" if self.byte(at + 1) == b'(' => {
                self.condition((at + 2, close.saturating_sub(1)), true, &mut front.cfg);
            }
            _ => {}
        }
    }

    /// `CONFIG_X`, `not(…)`, `all(…)`; anything else as its text.
    fn condition(&self, (from, to): (usize, usize), holds: bool, found: &mut Vec<Literal>) {
        if from >= to {
            return;
        }
        let inner = (from + 2, to - 1);
        let is_call = self.byte(from + 1) == b'(' && self.skip(from + 1) == to;
        match self.text(from) {
            b"not" if is_call => {
                let is_plain = !matches!(self.text(inner.0), b"all" | b"any" | b"not");
                if is_plain {
                    self.condition(inner, !holds, found);
                    return;
                }
            }
            b"all" if is_call && holds => {
                let mut at = inner.0;
                while at < inner.1 {
                    let end = self.find(at, inner.1, |finder, at| finder.byte(at) == b',');
                    self.condition((at, end), holds, found);
                    at = end + 1;
                }
                return;
            }
            _ => {}
        }
        let text = self.span(from, to).of(self.source);
        found.push(Literal {
            text: Symbol::new(&String::from_utf8_lossy(text)),
            holds,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(source: &str) -> Vec<String> {
        let outline = Outline::new(source.as_bytes());
        let line = |function: &FunctionItem| {
            let public = if function.is_public { "pub " } else { "" };
            let when = match function.presence.is_always() {
                true => String::new(),
                false => format!(" when {}", function.presence),
            };
            format!("{public}{}{when}", function.name)
        };
        outline.functions.iter().map(line).collect()
    }

    #[test]
    fn functions_are_named_by_their_type() {
        let source = "
            pub const unsafe extern \"C\" fn a() {}
            impl<T: Into<u8>> Page<T> { fn new() -> Self { Page(1) } pub fn get(&self) {} }
            impl Drop for kernel::Page { fn drop(&mut self) {} }
            trait Ops { fn fault(&self); fn open(&self) {} }
            mod inner { pub(crate) fn b() { fn c() {} } }
        ";
        assert_eq!(
            functions(source),
            [
                "pub a",
                "Page::new",
                "pub Page::get",
                "pub Page::drop",
                "pub Ops::open",
                "pub b",
                "c"
            ]
        );
    }

    #[test]
    fn function_types_are_no_functions() {
        assert_eq!(
            functions("fn a(f: fn(u8) -> u8) -> impl Fn(u8) { let g: fn() = h; }"),
            ["a"]
        );
    }

    #[test]
    fn conditions_are_kept() {
        let source = "
            #[cfg(CONFIG_A)] fn a() {}
            #[cfg(not(CONFIG_A))] mod m { #[cfg(all(CONFIG_B, CONFIG_C))] fn b() {} }
        ";
        assert_eq!(
            functions(source),
            [
                "a when CONFIG_A",
                "b when !CONFIG_A && CONFIG_B && CONFIG_C"
            ]
        );
    }

    #[test]
    fn what_c_can_call_is_marked() {
        let outline = Outline::new(
            b"#[no_mangle] pub extern \"C\" fn a() {} #[unsafe(no_mangle)] fn b() {} fn c() {}",
        );
        let exported: Vec<bool> = outline.functions.iter().map(|f| f.is_exported).collect();
        assert_eq!(exported, [true, true, false]);
    }

    #[test]
    fn constants_statics_and_structures_are_found() {
        let source = "const A: u8 = 1; static mut B: T = T { a: 1 }; struct C; enum D { E }
            impl C { const F: u8 = 2; } fn g() { const H: u8 = 3; let union = 4; }";
        let outline = Outline::new(source.as_bytes());
        let names: Vec<&str> = outline.objects.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "F", "H"]);
        let names: Vec<&str> = outline.structs.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["C", "D"]);
    }

    #[test]
    fn what_is_no_rust_hides_nothing_else() {
        assert_eq!(
            functions("fn a() { ) } fn b( { } @ fn c() {}"),
            ["a", "b", "c"]
        );
    }
}
