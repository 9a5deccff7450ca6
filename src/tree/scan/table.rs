//! Initialised objects, above all tables of operations.

use super::body::Recent;
use super::{Nesting, Scanner};
use crate::program::Span;
use crate::tree::entries::{InitializerEntry, MemberPair};
use crate::tree::names::is_all_caps;

/// The initialiser being read inside a function or macro. Nested ones belong to the outermost.
pub(super) struct LocalTable {
    /// Position in the output, once it is open.
    entry: Option<usize>,
    /// Braces open around it.
    depth: u32,
    /// The `=` and the `{` of an initialiser whose brace comes next.
    expected: (usize, usize),
    /// In a macro, designators outside any brace form a table named like the macro.
    macro_name: Option<((usize, usize), usize)>,
}

impl LocalTable {
    pub(super) fn none() -> LocalTable {
        LocalTable {
            entry: None,
            depth: 0,
            expected: (0, 0),
            macro_name: None,
        }
    }

    /// In the replacement of macro `name`, which begins at `start`.
    pub(super) fn in_macro(name: (usize, usize), start: usize) -> LocalTable {
        LocalTable {
            macro_name: Some((name, start)),
            ..LocalTable::none()
        }
    }

    /// An `=` is followed by a brace.
    pub(super) fn expect(&mut self, equals: usize, brace: usize) {
        self.expected = (equals, brace);
    }

    pub(super) fn is_open(&self) -> bool {
        self.entry.is_some()
    }

    /// True if it ends where `n_braces` are left open.
    pub(super) fn is_closed_at(&self, n_braces: u32) -> bool {
        self.entry.is_some() && n_braces <= self.depth
    }
}

/// What stands in front of `=`.
struct Declarator {
    struct_hash: u32,
    name: (usize, usize),
    start: usize,
}

impl Scanner<'_> {
    /// Reads the initialiser at file level that opens at `open`; returns where it ends.
    pub(super) fn table(&mut self, open: usize) -> usize {
        let region = self.new_region();
        let equals = self.statement.assigned.unwrap_or(open);
        let declarator = self.declarator(equals);
        let start = self.lexer.skip_blanks(self.lexer.fresh);
        let entry = self.begin_entry(declarator, start.min(open), true);
        let mut nesting = Nesting {
            braces: 1,
            parens: 0,
        };
        let mut last = open;
        // True behind `{` and `,`, where a value without designator can begin.
        let mut value_begins = true;
        let end = loop {
            let Some((at, byte)) = self.lexer.next() else {
                break self.unclosed(open);
            };
            match byte {
                b'{' => {
                    nesting.braces += 1;
                    value_begins = true;
                }
                b',' => {
                    if value_begins {
                        self.plain_value(last + 1, at);
                    }
                    value_begins = nesting.parens == 0;
                }
                b'}' => {
                    if value_begins {
                        self.plain_value(last + 1, at);
                    }
                    value_begins = false;
                    nesting.braces -= 1;
                    if nesting.braces == 0 || self.ends_table(at) {
                        break at + 1;
                    }
                }
                b'(' => {
                    nesting.parens += 1;
                    value_begins = false;
                }
                b')' => {
                    nesting.parens = nesting.parens.saturating_sub(1);
                    value_begins = false;
                }
                b'=' => {
                    self.designated_value(at);
                    value_begins = false;
                }
                b'#' => {
                    self.directive(at, region, &mut nesting);
                    nesting.braces = nesting.braces.max(1);
                }
                _ => value_begins = false,
            }
            last = at;
        };
        self.end_entry(entry, end);
        end
    }

    /// A brace in column 0 with a semicolon ends a table, whatever braces were lost.
    fn ends_table(&self, at: usize) -> bool {
        self.is_first_in_line(at) && self.source().get(at + 1) == Some(&b';')
    }

    fn plain_value(&mut self, start: usize, end: usize) {
        let mut at = self.lexer.skip_blanks(start);
        if self.source()[at] == b'&' {
            at = self.lexer.skip_blanks(at + 1);
        }
        let name_end = self.lexer.name_end(at);
        if at < name_end
            && self.lexer.skip_blanks(name_end) == end
            && !is_all_caps(&self.source()[at..name_end])
        {
            self.out.entries.pairs.push(MemberPair {
                member_hash: 0,
                value_hash: self.lexer.hash((at, name_end)),
                offset: at as u32,
            });
        }
    }

    fn designated_value(&mut self, equals: usize) {
        // `[INDEX] = f` sets no member.
        let member_hash = match self.lexer.name_before(equals) {
            Some(member) if self.source()[..member.0].ends_with(b".") => self.lexer.hash(member),
            _ => 0,
        };
        if let Some(value) = self.value(equals + 1) {
            self.out.entries.pairs.push(MemberPair {
                member_hash,
                value_hash: self.lexer.hash(value),
                offset: value.0 as u32,
            });
        }
    }

    /// Opens a table in a function if the brace at `open` begins one.
    pub(super) fn open_local_table(
        &mut self,
        table: &mut LocalTable,
        open: usize,
        recent: Recent,
        n_braces: u32,
    ) {
        if table.is_open() {
            return;
        }
        let declarator = if table.expected.1 == open && open > 0 {
            self.declarator(table.expected.0)
        } else if let Some(declarator) = self.compound_literal(open, recent) {
            declarator
        } else {
            return;
        };
        let start = declarator.start;
        table.entry = Some(self.begin_entry(declarator, start, false));
        table.depth = n_braces;
    }

    pub(super) fn close_local_table(&mut self, table: &mut LocalTable, last: usize) {
        if let Some(entry) = table.entry.take() {
            self.end_entry(entry, last + 1);
        }
    }

    /// Makes sure a table is open for a designator; only a macro opens one here.
    pub(super) fn open_macro_table(&mut self, table: &mut LocalTable) -> bool {
        if table.is_open() {
            return true;
        }
        let Some((name, start)) = table.macro_name else {
            return false;
        };
        let declarator = Declarator {
            struct_hash: 0,
            name,
            start,
        };
        table.entry = Some(self.begin_entry(declarator, start, true));
        table.depth = 0;
        true
    }

    fn begin_entry(&mut self, declarator: Declarator, start: usize, is_file_scope: bool) -> usize {
        let (name_start, name_end) = declarator.name;
        self.out.entries.initializers.push(InitializerEntry {
            struct_hash: declarator.struct_hash,
            name_hash: match name_start < name_end {
                true => self.lexer.hash(declarator.name),
                false => 0,
            },
            name: Span::new(name_start as u32, name_end as u32),
            start: start as u32,
            end: start as u32,
            pairs_at: self.out.entries.pairs.len() as u32,
            n_pairs: 0,
            is_file_scope,
        });
        self.out.entries.initializers.len() - 1
    }

    fn end_entry(&mut self, entry: usize, end: usize) {
        let n_pairs = self.out.entries.pairs.len() as u32;
        let entry = &mut self.out.entries.initializers[entry];
        entry.end = end as u32;
        entry.n_pairs = n_pairs - entry.pairs_at;
    }

    /// `(struct name) {`
    fn compound_literal(&self, open: usize, recent: Recent) -> Option<Declarator> {
        let source = self.source();
        if source[recent.last] != b')' || source[recent.before] != b'(' {
            return None;
        }
        if self.lexer.skip_blanks(recent.last + 1) != open {
            return None;
        }
        let tag_start = self.lexer.skip_blanks(recent.before + 1);
        let tag = (tag_start, self.lexer.name_end(tag_start));
        if !is_tag(&source[tag.0..tag.1]) {
            return None;
        }
        let name_start = self.lexer.skip_blanks(tag.1);
        let name = (name_start, self.lexer.name_end(name_start));
        Some(Declarator {
            struct_hash: self.tagged_hash(tag, name),
            name: (open, open),
            start: recent.before,
        })
    }

    /// Reads the declarator in front of `equals` backwards: words, `*`, array bounds, attributes.
    fn declarator(&self, equals: usize) -> Declarator {
        const MAX_WORDS: usize = 8;
        let source = self.source();
        let mut words = [(equals, equals); MAX_WORDS];
        let mut n_words = 0;
        let mut at = equals;
        while n_words < MAX_WORDS {
            let mut end = self.lexer.skip_blanks_back(at);
            // What is declared rarely spreads over lines, and the line before is often a
            // directive or a label.
            if n_words >= 2 && source[end..at].contains(&b'\n') {
                break;
            }
            while end > 0 && source[end - 1] == b'*' {
                end = self.lexer.skip_blanks_back(end - 1);
            }
            let start = self.lexer.name_start(end);
            at = match source[..end].last() {
                _ if start < end => {
                    words[n_words] = (start, end);
                    n_words += 1;
                    start
                }
                Some(b']') => match self.opening(end - 1, b'[') {
                    Some(open) => open,
                    None => break,
                },
                Some(b')') => match self.opening(end - 1, b'(') {
                    Some(open) => {
                        let callee_end = self.lexer.skip_blanks_back(open);
                        let callee = self.lexer.name_start(callee_end);
                        if !source[callee..callee_end].starts_with(b"__") {
                            return self.declarator_in_macro(open, end - 1, callee);
                        }
                        callee
                    }
                    None => break,
                },
                _ => break,
            };
        }
        words[..n_words].reverse();
        self.interpret(&words[..n_words], equals)
    }

    /// `DEFINE_PER_CPU(struct type, name)`: the words of the first two arguments.
    fn declarator_in_macro(&self, open: usize, close: usize, start: usize) -> Declarator {
        const MAX_WORDS: usize = 4;
        let mut words = [(open, open); MAX_WORDS];
        let mut n_words = 0;
        let mut at = open + 1;
        while at < close && n_words < MAX_WORDS {
            let end = self.lexer.name_end(at);
            if end > at {
                words[n_words] = (at, end);
                n_words += 1;
                at = end;
            } else {
                at += 1;
            }
        }
        let declarator = self.interpret(&words[..n_words], open);
        Declarator {
            start,
            ..declarator
        }
    }

    /// Tells type and name in the words of a declaration.
    fn interpret(&self, words: &[(usize, usize)], equals: usize) -> Declarator {
        let text = |(start, end): (usize, usize)| &self.source()[start..end];
        let is_qualifier = |word: (usize, usize)| {
            matches!(
                text(word),
                b"static" | b"const" | b"extern" | b"volatile" | b"register" | b"inline"
            )
        };
        let start = words.first().map_or(equals, |word| word.0);
        let nameless = (equals, equals);
        let tag = words.iter().position(|&word| is_tag(text(word)));
        let mut rest = words[tag.map_or(0, |tag| tag + 1)..]
            .iter()
            .copied()
            .filter(|&word| !is_qualifier(word))
            .peekable();
        let first = rest.next();
        let is_annotation = |word: (usize, usize)| text(word).starts_with(b"__");
        let mut second = rest.next();
        // `struct t __aligned name`; but `struct t __name` and `struct t name __aligned`.
        if let (Some(annotation), Some(&name)) = (second, rest.peek())
            && is_annotation(annotation)
            && !is_annotation(name)
        {
            second = Some(name);
        }
        match (tag, first, second) {
            (Some(tag), Some(type_name), name) => Declarator {
                struct_hash: self.tagged_hash(words[tag], type_name),
                name: name.unwrap_or(nameless),
                start,
            },
            (None, Some(type_name), Some(name)) => Declarator {
                struct_hash: self.lexer.hash(type_name),
                name,
                start,
            },
            // `struct t { … } name = { … }`: the type is the structure just defined.
            (None, Some(name), None) => Declarator {
                struct_hash: self
                    .statement
                    .structure
                    .map_or(0, |structure| self.out.entries.structs[structure].name_hash),
                name,
                start,
            },
            _ => Declarator {
                struct_hash: 0,
                name: nameless,
                start,
            },
        }
    }

    /// The bracket that `close` closes, if it is near.
    fn opening(&self, close: usize, open: u8) -> Option<usize> {
        const MAX_BRACKET: usize = 256;
        let source = self.source();
        let closing = source[close];
        let mut depth = 0;
        let first = close.saturating_sub(MAX_BRACKET);
        for at in (first..=close).rev() {
            if source[at] == closing {
                depth += 1;
            } else if source[at] == open {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }
}

fn is_tag(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}
