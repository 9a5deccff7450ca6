//! What a file says of the names in it. The parser sees one function; these few facts about the
//! others are looked up often, so they are found out once.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::program::{Span, Symbol};
use crate::tree::rust::{Outline, TokenKind};

/// The facts about one file.
#[derive(Debug, Default)]
pub struct FileNames {
    /// Functions that return an `Option`, members and parameters that are one. Methods of `Option`
    /// and `Result` share names, and mean different things.
    pub options: FxHashSet<Symbol>,
    /// Types that have methods.
    pub types: FxHashSet<Symbol>,
    /// Methods, without their type.
    pub methods: FxHashSet<Symbol>,
    /// Functions such as `fn f<T>(x: Option<T>) -> Option<T>`: of whatever type, there is nothing
    /// they could give back but what they were given.
    pub passing: FxHashSet<Symbol>,
    /// Constants, by position in the outline, of which there is one of the name.
    pub constants: FxHashMap<Symbol, Option<usize>>,
}

impl FileNames {
    /// Collects the facts.
    pub fn new(source: &[u8], outline: &Outline) -> FileNames {
        let mut names = FileNames::default();
        let tokens = &outline.tokens.list;
        let text = |at: usize| {
            let token = tokens[at];
            std::str::from_utf8(&source[token.start as usize..token.end as usize]).unwrap_or("")
        };
        for function in &outline.functions {
            let full = function.name.as_str();
            let plain = Symbol::new(full.rsplit("::").next().unwrap_or(full));
            if function.owner.is_some() {
                names.methods.insert(plain);
            }
            let head = Span::new(function.name_span.start, function.body.start);
            let signature: Vec<&str> = outline.tokens_in(head).map(text).collect();
            if let [
                "<",
                "T",
                ">",
                "(",
                ..,
                "Option",
                "<",
                "T",
                ">",
                ")",
                "-",
                ">",
                "Option",
                "<",
                "T",
                ">",
            ] = signature.get(1..).unwrap_or_default()
            {
                names.passing.insert(plain);
            }
            let mut range = outline.tokens_in(head).skip(1);
            let arrow = range.find(|&at| text(at) == ">" && text(at - 1) == "-");
            if arrow.is_some_and(|arrow| arrow + 1 < tokens.len() && text(arrow + 1) == "Option") {
                names.options.insert(plain);
            }
        }
        for at in 1..tokens.len().saturating_sub(1) {
            // `member: Option<…>`
            if tokens[at].byte == b':'
                && tokens[at].kind == TokenKind::Punct
                && tokens[at - 1].kind == TokenKind::Word
                && text(at + 1) == "Option"
            {
                names.options.insert(Symbol::new(text(at - 1)));
            }
        }
        names
            .types
            .extend(outline.impls.iter().map(|block| block.owner));
        for (at, object) in outline.objects.iter().enumerate() {
            names
                .constants
                .entry(object.name)
                .and_modify(|known| *known = None)
                .or_insert(Some(at));
        }
        names
    }
}
