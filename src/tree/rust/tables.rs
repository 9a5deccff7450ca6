//! Tables of operations in Rust: statics and constants that are written as structures, and `impl`
//! blocks, in which a type is a table of its methods.

use crate::program::{FileId, Initializer, Span, Symbol, Table, TableEntry};

use super::lex::TokenKind;
use super::naming::{path_name, struct_name};
use super::outline::{ImplItem, ObjectItem, Outline};

impl Outline {
    /// All tables of the file, by place.
    pub fn tables(&self, file: FileId, source: &[u8]) -> Vec<Table> {
        self.tables_in(file, source, Span::new(0, u32::MAX))
    }

    /// The tables that are defined in a range of bytes.
    pub fn tables_in(&self, file: FileId, source: &[u8], span: Span) -> Vec<Table> {
        let is_inside = |its: Span| span.start <= its.start && its.end <= span.end;
        let first = self
            .objects
            .partition_point(|object| object.span.start < span.start);
        let objects = self.objects[first..].iter();
        let objects = objects
            .take_while(|object| object.span.start < span.end)
            .filter(|object| is_inside(object.span))
            .filter_map(|object| self.object_table(file, source, object));
        let first = self
            .impls
            .partition_point(|block| block.span.start < span.start);
        let impls = self.impls[first..].iter();
        let impls = impls
            .take_while(|block| block.span.start < span.end)
            .filter(|block| is_inside(block.span))
            .flat_map(|block| self.impl_tables(file, block));
        let mut tables: Vec<Table> = objects.chain(impls).collect();
        tables.sort_by_key(|table| (table.span, table.struct_name));
        tables
    }

    /// `static NAME: T = T { member: value, … };`
    fn object_table(&self, file: FileId, source: &[u8], object: &ObjectItem) -> Option<Table> {
        let tokens = &self.tokens.list;
        let range = self.tokens_in(object.value);
        let open = range.clone().find(|&at| tokens[at].byte == b'{')?;
        // `T {`, `a::T {`, `Opaque::new(T {`: the type stands right in front.
        let text = |at: usize| {
            let token = tokens[at];
            std::str::from_utf8(&source[token.start as usize..token.end as usize]).unwrap_or("")
        };
        let ty = open.checked_sub(1).filter(|ty| range.contains(ty))?;
        if tokens[ty].kind != TokenKind::Word {
            return None;
        }
        let close = tokens[open].partner as usize;
        let mut entries = Vec::new();
        let mut at = open + 1;
        while at < close {
            let mut end = at;
            while end < close && !(tokens[end].kind == TokenKind::Punct && tokens[end].byte == b',')
            {
                end = match tokens[end].kind {
                    TokenKind::Open => (tokens[end].partner as usize).max(end) + 1,
                    _ => end + 1,
                };
            }
            let end = end.min(close);
            if tokens[at].kind == TokenKind::Word && at < end {
                let member = Symbol::new(text(at).trim_start_matches("r#"));
                let is_short = at + 1 == end;
                let from = match is_short {
                    true => at,
                    false => at + 2,
                };
                let words: Vec<&str> = (from..end).map(text).collect();
                let last = tokens[end - 1].end;
                let start = tokens.get(from).map_or(last, |token| token.start);
                entries.push(TableEntry {
                    member,
                    value: value_of(&words, object.owner),
                    span: Span::new(start.min(last), last),
                });
            }
            at = end + 1;
        }
        Some(Table {
            name: object.name,
            struct_name: struct_name(text(ty)),
            file,
            span: object.span,
            entries,
        })
    }

    /// An implementation is a table of its type, and of the trait it implements.
    fn impl_tables(&self, file: FileId, block: &ImplItem) -> Vec<Table> {
        let entries: Vec<TableEntry> = block
            .functions
            .iter()
            .map(|&at| {
                let function = &self.functions[at];
                let name = function.name.as_str();
                TableEntry {
                    member: Symbol::new(name.rsplit("::").next().unwrap_or(name)),
                    value: Initializer::Name(function.name),
                    span: function.name_span,
                }
            })
            .collect();
        [Some(block.owner), block.of_trait]
            .into_iter()
            .flatten()
            .map(|name| Table {
                name: block.owner,
                struct_name: struct_name(name.as_str()),
                file,
                span: block.span,
                entries: entries.clone(),
            })
            .collect()
    }
}

/// `Some(f)`, `&table`, `a::f`, `None`; casts and calls of constructors are seen through.
fn value_of(words: &[&str], owner: Option<Symbol>) -> Initializer {
    let mut words = words;
    loop {
        words = match words {
            ["&", "raw", "const" | "mut", rest @ ..]
            | ["&", "mut", rest @ ..]
            | ["&", rest @ ..] => rest,
            ["Some", "(", inner @ .., ")"] | ["(", inner @ .., ")"] => inner,
            [inner @ .., ","] => inner,
            [inner @ .., "as", "_"] => inner,
            _ => break,
        };
    }
    match words {
        ["None" | "null"] | [.., "null" | "null_mut", "(", ")"] => Initializer::Null,
        [] => Initializer::Other,
        [only] if is_name(only) => Initializer::Name(Symbol::new(only)),
        // A path, without generic arguments.
        path => {
            let path = match path.iter().position(|word| *word == "<") {
                Some(at) => path[..at].strip_suffix(&[":", ":"]).unwrap_or(&path[..at]),
                None => path,
            };
            match path {
                [.., before, ":", ":", last]
                    if path.iter().all(|word| *word == ":" || is_name(word)) && is_name(last) =>
                {
                    let before = match (*before, owner) {
                        ("Self", Some(owner)) => owner.as_str(),
                        (before, _) => before,
                    };
                    Initializer::Name(path_name(Some(before), last))
                }
                _ => Initializer::Other,
            }
        }
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(source: &str) -> Vec<String> {
        let outline = Outline::new(source.as_bytes());
        let line = |table: &Table| {
            let entries: Vec<String> = table
                .entries
                .iter()
                .map(|entry| match entry.value {
                    Initializer::Name(name) => format!(".{} = {name}", entry.member),
                    Initializer::Null => format!(".{} = NULL", entry.member),
                    Initializer::Other => format!(".{} = ?", entry.member),
                })
                .collect();
            format!(
                "{} {}: {}",
                table.struct_name,
                table.name,
                entries.join(", ")
            )
        };
        let tables = outline.tables(FileId(0), source.as_bytes());
        tables.iter().map(line).collect()
    }

    #[test]
    fn statics_are_tables() {
        let source = "static OPS: vm_operations_struct = vm_operations_struct {
            fault: Some(first::fault), open: None, name: \"x\", next: &OTHER, close,
        };";
        assert_eq!(
            tables(source),
            [
                "struct vm_operations_struct OPS: .fault = fault, .open = NULL, .name = ?, \
             .next = OTHER, .close = close"
            ]
        );
    }

    #[test]
    fn generic_methods_in_tables_belong_to_their_type() {
        let source =
            "const V: bindings::ops = bindings::ops { a: Some(Self::a), b: Some(f::<T>) };";
        assert_eq!(tables(source), ["struct ops V: .a = Self::a, .b = ?"]);
    }

    #[test]
    fn implementations_are_tables_of_the_type_and_the_trait() {
        let source = "impl Ops for Page { fn get(&self) {} } impl Page { fn put(&self) {} }";
        assert_eq!(
            tables(source),
            [
                "struct Ops Page: .get = Page::get",
                "struct Page Page: .get = Page::get",
                "struct Page Page: .put = Page::put",
            ]
        );
    }
}
