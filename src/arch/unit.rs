//! What the code of one variant declares.
//!
//! Declarations are found by a glance at their tokens and read when somebody asks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ast::Expr;
use super::bools::{Bool, FALSE, TRUE};
use super::ctype::{Integer, Type};
use super::declaration::Function;
use super::headers::Sources;
use super::lex::{self, Kind, Token};
use super::machine::Machine;
use super::parse::{self, Parser};
use super::preprocess::{Preprocessor, Search};
use super::rust::LeftOut;
use super::trouble::{Result, Trouble};
use super::word::{Bits, as_constant};
use crate::program::Symbol;

/// The code of one variant.
pub struct Unit<'s> {
    /// The stage before.
    pub pre: Preprocessor<'s>,
    /// Width of `long` and of pointers.
    pub long_width: u8,
    sources: &'s Sources<'s>,
    arch: String,
    n_indexed: usize,
    items: FxHashMap<(What, Symbol), Vec<Rc<Item>>>,
    types: FxHashMap<(What, Symbol), Type>,
    /// Types that are being read.
    open: Vec<(What, Symbol)>,
    /// Functions that were read, and the macros in them.
    functions: FxHashMap<usize, (Rc<Result<Function>>, BTreeSet<Symbol>)>,
    enumerators: FxHashMap<Symbol, Rc<Vec<Constant>>>,
    read_enums: FxHashSet<usize>,
    looked_for: Vec<Symbol>,
    /// What assembler in a function leaves in a variable, by function and variable.
    pub meanings: FxHashMap<(Symbol, Symbol), String>,
    /// Functions whose bodies were not understood, with place and reason.
    pub troubles: BTreeMap<Symbol, (String, u32, Trouble)>,
    /// Functions without a body here that have one in the source, and why.
    left_out: FxHashMap<Symbol, Trouble>,
    /// Words that needed a name.
    words: FxHashMap<Bits, usize>,
}

/// What a declaration declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Function,
    Prototype,
    Type,
    Tag,
    Enumerator,
    Object,
}

/// A declaration or definition.
pub struct Item {
    /// When it is there.
    pub when: Bool,
    /// Its file, by number.
    pub file: u32,
    /// The line of the name, for a function.
    pub line: u32,
    tokens: Vec<Token>,
}

/// The value of an enumerator where it has one.
#[derive(Clone, Debug)]
pub struct Constant {
    /// When it has this value.
    pub when: Bool,
    /// The value.
    pub bits: Bits,
    /// Its type.
    pub integer: Integer,
}

/// Declarations with more alternatives are given up.
const MAX_ALTERNATIVES: usize = 64;

/// Parse depth of constants inside types.
const MAX_OPEN: usize = 20;

impl<'s> Unit<'s> {
    /// Nothing is read yet.
    pub fn new(
        sources: &'s Sources<'s>,
        search: Search,
        config: FxHashMap<Symbol, bool>,
        long_width: u8,
    ) -> Unit<'s> {
        Unit {
            arch: search.arch.clone(),
            pre: Preprocessor::new(sources, search, config),
            long_width,
            sources,
            n_indexed: 0,
            items: FxHashMap::default(),
            types: FxHashMap::default(),
            open: Vec::new(),
            functions: FxHashMap::default(),
            enumerators: FxHashMap::default(),
            read_enums: FxHashSet::default(),
            looked_for: Vec::new(),
            meanings: FxHashMap::default(),
            troubles: BTreeMap::new(),
            left_out: FxHashMap::default(),
            words: FxHashMap::default(),
        }
    }

    /// What assembler in a function leaves in a variable, if the variant says so.
    pub fn assembler(&self, function: Symbol, variable: Symbol) -> Option<String> {
        self.meanings.get(&(function, variable)).cloned()
    }

    /// Remembers a function whose body was not understood.
    pub fn note(&mut self, name: Symbol, item: &Item, trouble: &Trouble) {
        let place = self.pre.path(item.file).to_owned();
        self.troubles
            .entry(name)
            .or_insert((place, item.line, trouble.clone()));
    }

    /// Remembers why there is no body of some functions.
    pub fn leave_out(&mut self, functions: Vec<LeftOut>) {
        let reasons = functions.into_iter();
        self.left_out
            .extend(reasons.map(|one| (Symbol::new(&one.name), Trouble::new(one.reason))));
    }

    /// Remembers a function that is declared and whose body is nowhere.
    pub fn note_missing(&mut self, name: Symbol) {
        let nowhere = || Trouble::new("it is declared, and defined nowhere in the tree");
        let trouble = self.left_out.get(&name).cloned();
        let trouble = trouble.unwrap_or_else(nowhere);
        if let Some(item) = self.items(What::Prototype, name, TRUE).first().cloned() {
            self.note(name, &item, &trouble);
        }
    }

    /// A name for a word that is no constant, the same for equal words.
    pub fn name_of(&mut self, bits: &Bits) -> String {
        let n = self.words.len();
        let n = *self.words.entry(bits.clone()).or_insert(n);
        let names = self.pre.logic.names(bits.iter().copied());
        match names.iter().next() {
            Some(name) if names.len() == 1 => name.clone(),
            _ => format!("value {}", n + 1),
        }
    }

    /// Indexes what the preprocessor has read since the last call.
    pub fn index(&mut self) {
        let pieces: Vec<_> = self.pre.stream.drain(..).collect();
        let mut item: Vec<(Token, Bool)> = Vec::new();
        let mut scan = Scan::default();
        let mut file = u32::MAX;
        for piece in &pieces {
            if piece.file != file {
                // Nothing reaches from one file into another.
                self.take_item(&mut item, file, 0);
                scan = Scan::default();
                file = piece.file;
            }
            for &token in &piece.tokens {
                item.push((token, piece.when));
                if scan.ends_with(token) {
                    self.take_item(&mut item, file, 0);
                    scan = Scan::default();
                }
            }
        }
        self.take_item(&mut item, file, 0);
        self.n_indexed += pieces.len();
    }

    fn take_item(&mut self, item: &mut Vec<(Token, Bool)>, file: u32, depth: usize) {
        let tokens = std::mem::take(item);
        let Some(&(_, first)) = tokens.first() else {
            return;
        };
        if tokens.iter().all(|&(_, when)| when == first) {
            let tokens = tokens.into_iter().map(|(token, _)| token).collect();
            return self.register(tokens, first, file, depth);
        }
        // One item per way through the conditions inside.
        let mut ways = vec![(TRUE, Vec::new())];
        for (token, when) in tokens {
            let mut next = Vec::with_capacity(ways.len());
            for (way, mut kept) in ways {
                let bools = &mut self.pre.logic.bools;
                let (with, without) = (bools.and(way, when), bools.and_not(way, when));
                if with == FALSE || without == FALSE {
                    if with != FALSE {
                        kept.push(token);
                    }
                    next.push((way, kept));
                    continue;
                }
                next.push((without, kept.clone()));
                kept.push(token);
                next.push((with, kept));
            }
            ways = next;
            if ways.len() > MAX_ALTERNATIVES {
                return;
            }
        }
        for (when, tokens) in ways {
            if !tokens.is_empty() {
                self.register(tokens, when, file, depth);
            }
        }
    }

    fn register(&mut self, mut tokens: Vec<Token>, when: Bool, file: u32, depth: usize) {
        let n_empty = tokens.iter().take_while(|token| token.is(";")).count();
        tokens.drain(..n_empty);
        let Some(&first) = tokens.first() else {
            return;
        };
        let makes_declarations = first.kind == Kind::Word
            && tokens.get(1).is_some_and(|next| next.is("("))
            && !self.pre.alternatives(first.text).is_empty();
        if makes_declarations && depth < 4 {
            let Ok(expanded) = self.pre.expand(&tokens, when) else {
                return;
            };
            let mut item = Vec::new();
            let mut scan = Scan::default();
            for token in expanded {
                // The macro's line, not that of its definition.
                let token = Token {
                    line: first.line,
                    ..token
                };
                item.push((token, when));
                if scan.ends_with(token) {
                    self.take_item(&mut item, file, depth + 1);
                    scan = Scan::default();
                }
            }
            return self.take_item(&mut item, file, depth + 1);
        }
        let (names, line) = declared_names(&tokens);
        let item = Rc::new(Item {
            when,
            file,
            line,
            tokens,
        });
        for name in names {
            self.items.entry(name).or_default().push(item.clone());
        }
    }

    fn items(&mut self, what: What, name: Symbol, live: Bool) -> Vec<Rc<Item>> {
        let all = self.items.get(&(what, name)).cloned().unwrap_or_default();
        let bools = &mut self.pre.logic.bools;
        let counts = |item: &Rc<Item>| bools.and(item.when, live) != FALSE;
        all.into_iter().filter(counts).collect()
    }

    /// The definitions of a function that can count.
    pub fn functions(&mut self, name: Symbol, live: Bool) -> Vec<Rc<Item>> {
        let found = self.items(What::Function, name, live);
        let bools = &mut self.pre.logic.bools;
        let rest = found
            .iter()
            .fold(live, |rest, item| bools.and_not(rest, item.when));
        let is_complete = rest == FALSE || !self.items.contains_key(&(What::Prototype, name));
        if is_complete || self.looked_for.contains(&name) {
            return found;
        }
        self.looked_for.push(name);
        let all = self.sources.defining(&self.arch, name.as_str());
        let own: Vec<&String> = all.iter().filter(|path| path.contains("/mm/")).collect();
        let path = match (&own[..], &all[..]) {
            ([one], _) => one.as_str(),
            ([], [one]) => one,
            // Several platforms, each with its own.
            _ => return found,
        };
        self.aside(|unit| {
            unit.pre.source(path);
            unit.index();
        });
        self.items(What::Function, name, live)
    }

    /// True if there is a declaration without a body.
    pub fn is_declared(&mut self, name: Symbol) -> bool {
        self.items.contains_key(&(What::Prototype, name))
    }

    /// The type a declared function without a body returns.
    pub fn returned(&mut self, name: Symbol, live: Bool) -> Option<Type> {
        let item = self.items(What::Prototype, name, live).into_iter().next()?;
        let mut tokens = item.tokens.clone();
        // Read as a function that does nothing.
        if tokens.last().is_some_and(|token| token.is(";")) {
            tokens.pop();
        }
        tokens.push(Token::made(Kind::Mark, "{"));
        tokens.push(Token::made(Kind::Mark, "}"));
        paint(&mut tokens, name);
        let tokens = self.pre.expand(&tokens, item.when).ok()?;
        let mut parser = Parser {
            unit: self,
            tokens: &tokens,
            at: 0,
            live,
            depth: 0,
        };
        parser.function().ok().map(|function| function.returns)
    }

    /// A function's parameters and body.
    pub fn function(&mut self, item: &Rc<Item>, name: Symbol) -> Rc<Result<Function>> {
        let key = Rc::as_ptr(item) as usize;
        if let Some((known, used)) = self.functions.get(&key) {
            self.pre.used.extend(used);
            return known.clone();
        }
        let used_before = std::mem::take(&mut self.pre.used);
        let mut tokens = item.tokens.clone();
        paint(&mut tokens, name);
        let function = self.pre.expand(&tokens, item.when).and_then(|tokens| {
            let mut parser = Parser {
                unit: self,
                tokens: &tokens,
                at: 0,
                live: item.when,
                depth: 0,
            };
            parser.function()
        });
        let function = Rc::new(function);
        let used = self.pre.used.clone();
        self.pre.used.extend(used_before);
        self.functions.insert(key, (function.clone(), used));
        function
    }

    /// Reads what whoever asks first shares with all others: the macros it is made of are not
    /// counted as used, so that an answer does not depend on what was asked before.
    fn aside<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let used = std::mem::take(&mut self.pre.used);
        let result = read(self);
        self.pre.used = used;
        result
    }

    /// True for the name of a type.
    pub fn is_type(&self, name: Symbol) -> bool {
        builtin(name.as_str(), self.long_width).is_some()
            || self.items.contains_key(&(What::Type, name))
    }

    /// The type of a `typedef`.
    pub fn typedef(&mut self, name: Symbol, live: Bool) -> Result<Option<Type>> {
        if self.items.contains_key(&(What::Type, name)) {
            return self.read_type(What::Type, name, live).map(Some);
        }
        if matches!(
            name.as_str(),
            "phys_addr_t" | "dma_addr_t" | "resource_size_t"
        ) {
            let wide = self
                .pre
                .is_configured(Symbol::new("CONFIG_PHYS_ADDR_T_64BIT"));
            let width = if wide == FALSE { self.long_width } else { 64 };
            return Ok(Some(Type::integer(width, false)));
        }
        Ok(builtin(name.as_str(), self.long_width))
    }

    /// The type of a structure by its tag; one that is not defined is as good as `void`.
    pub fn tag(&mut self, name: Symbol, live: Bool) -> Result<Type> {
        match self.items.contains_key(&(What::Tag, name)) {
            true => Ok(self.read_type(What::Tag, name, live).unwrap_or(Type::Void)),
            false => Ok(Type::Void),
        }
    }

    fn read_type(&mut self, what: What, name: Symbol, live: Bool) -> Result<Type> {
        if let Some(known) = self.types.get(&(what, name)) {
            return Ok(known.clone());
        }
        if self.open.contains(&(what, name)) {
            return Ok(Type::Void);
        }
        if self.open.len() > MAX_OPEN {
            return Err(Trouble::new("types are nested too deep"));
        }
        self.open.push((what, name));
        let items = self.items(what, name, live);
        let mut found: Vec<Type> = Vec::new();
        let mut trouble = Trouble::new(format!("there is no type `{name}` here"));
        for item in &items {
            match self.aside(|unit| unit.read_type_item(item, what, name)) {
                Ok(of) if found.contains(&of) => {}
                Ok(of) => found.push(of),
                Err(new) => trouble = new,
            }
        }
        self.open.pop();
        match &found[..] {
            [] => Err(trouble),
            [one] => {
                self.types.insert((what, name), one.clone());
                Ok(one.clone())
            }
            _ => Err(Trouble::new(format!(
                "the configuration decides what `{name}` is"
            ))),
        }
    }

    fn read_type_item(&mut self, item: &Item, what: What, name: Symbol) -> Result<Type> {
        let mut tokens = item.tokens.clone();
        paint(&mut tokens, name);
        let tokens = self.pre.expand(&tokens, item.when)?;
        let mut parser = Parser {
            unit: self,
            tokens: &tokens,
            at: 0,
            live: item.when,
            depth: 0,
        };
        match what {
            What::Tag => parser.tagged(),
            _ => parser.declared(name),
        }
    }

    /// The type of a global object; `None` if there is none of this name.
    pub fn object(&mut self, name: Symbol, live: Bool) -> Option<Type> {
        let items = self.items(What::Object, name, live);
        let types = items
            .iter()
            .map(|item| self.read_type_item(item, What::Object, name));
        let types: Vec<_> = types.collect();
        if types.is_empty() {
            return None;
        }
        let known = types.into_iter().find_map(std::result::Result::ok);
        Some(known.unwrap_or(Type::Void))
    }

    /// The value of a constant object, where each definition has one.
    pub fn constants(&mut self, name: Symbol, live: Bool) -> Vec<Constant> {
        let mut constants = Vec::new();
        for item in self.items(What::Object, name, live) {
            let tokens = &item.tokens;
            let is_const = tokens.iter().any(|token| token.text == "const");
            let start = tokens.iter().position(|token| token.is("="));
            let value = start.map(|start| &tokens[start + 1..tokens.len() - 1]);
            let Some(value) = value.filter(|_| is_const) else {
                return Vec::new();
            };
            let (Ok((bits, own)), Ok(Type::Integer(integer))) = (
                self.evaluate_word(value, item.when),
                self.read_type_item(&item, What::Object, name),
            ) else {
                return Vec::new();
            };
            constants.push(Constant {
                when: item.when,
                bits: super::word::resize(&bits, integer.width.into(), own.signed),
                integer,
            });
        }
        constants
    }

    /// The values of an enumerator; empty if there is none of this name.
    pub fn enumerator(&mut self, name: Symbol, live: Bool) -> Rc<Vec<Constant>> {
        if !self.items.contains_key(&(What::Enumerator, name)) {
            return Rc::default();
        }
        for item in self.items(What::Enumerator, name, live) {
            // An enumeration that is being read uses its own earlier names.
            if self.read_enums.insert(Rc::as_ptr(&item) as usize) {
                self.aside(|unit| unit.read_enum(&item));
            }
        }
        self.enumerators.get(&name).cloned().unwrap_or_default()
    }

    fn read_enum(&mut self, item: &Item) {
        let Some(open) = item.tokens.iter().position(|token| token.is("{")) else {
            return;
        };
        let mut next = super::word::constant(0, 32);
        let mut integer = Integer::new(32, true);
        for enumerator in split(&item.tokens[open + 1..]) {
            let Some((name, rest)) = enumerator.split_first() else {
                continue;
            };
            if let Some((_, value)) = rest.split_first()
                && let Ok((bits, own)) = self.evaluate_word(value, item.when)
            {
                (next, integer) = (bits, own);
            }
            let constant = Constant {
                when: item.when,
                bits: next.clone(),
                integer,
            };
            let known = self.enumerators.entry(name.text).or_default();
            Rc::make_mut(known).push(constant);
            let one = super::word::constant(1, next.len());
            next = self.pre.logic.bools.add(&next, &one, FALSE);
        }
    }

    fn evaluate_word(&mut self, tokens: &[Token], live: Bool) -> Result<(Bits, Integer)> {
        let expr = self.read_expression(tokens, live)?;
        Machine::new(self, live).word(&expr)
    }

    /// An expression, its macros expanded.
    pub fn read_expression(&mut self, tokens: &[Token], live: Bool) -> Result<Expr> {
        let tokens = self.pre.expand(tokens, live)?;
        parse::expression(self, &tokens, live)
    }

    /// An expression given as text.
    pub fn read_text(&mut self, text: &str, live: Bool) -> Result<Expr> {
        self.read_expression(&lex::tokens(text), live)
    }

    /// The value of a constant expression.
    pub fn constant(&mut self, expr: &Expr) -> Option<u128> {
        let (bits, _) = Machine::new(self, TRUE).word(expr).ok()?;
        as_constant(&bits)
    }
}

/// Divides the inside of braces at commas, up to the closing brace.
fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "}" if depth == 0 => {
                parts.push(&tokens[start..at]);
                return parts;
            }
            "(" | "{" | "[" => depth += 1,
            ")" | "}" | "]" => depth -= 1,
            "," if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

/// A function keeps its name even if a macro of that name exists.
fn paint(tokens: &mut [Token], name: Symbol) {
    let own = tokens.iter_mut().find(|token| token.text == name);
    if let Some(token) = own.filter(|token| token.kind == Kind::Word) {
        token.kind = Kind::Painted;
    }
}

/// Finds the ends of declarations.
#[derive(Default)]
struct Scan {
    depth: u32,
    has_parameters: bool,
    has_value: bool,
    is_function: bool,
}

impl Scan {
    fn ends_with(&mut self, token: Token) -> bool {
        if token.kind != Kind::Mark {
            return false;
        }
        match token.text.as_str() {
            "(" | "[" => {
                self.has_parameters |= self.depth == 0 && token.is("(");
                self.depth += 1;
            }
            "{" => {
                if self.depth == 0 {
                    self.is_function = self.has_parameters && !self.has_value;
                }
                self.depth += 1;
            }
            ")" | "]" => self.depth = self.depth.saturating_sub(1),
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0 && self.is_function;
            }
            "=" => self.has_value |= self.depth == 0,
            ";" => return self.depth == 0,
            _ => {}
        }
        false
    }
}

/// What a declaration declares, and the line of a function's name.
fn declared_names(tokens: &[Token]) -> (Vec<(What, Symbol)>, u32) {
    let mut names = Vec::new();
    let mut line = tokens[0].line;
    let is_typedef = tokens[0].text == "typedef";
    let mut depth = 0u32;
    let mut last_word: Option<Token> = None;
    let mut function: Option<Token> = None;
    let mut has_body = false;
    let mut in_value = false;
    let mut in_enum = None;
    for (at, token) in tokens.iter().enumerate() {
        let previous = at.checked_sub(1).map(|at| tokens[at]);
        match token.text.as_str() {
            "(" if depth == 0 => {
                if function.is_none()
                    && let Some(name) = previous.filter(Token::is_word)
                    && !name.text.as_str().starts_with("__attribute")
                    && !matches!(name.text.as_str(), "typeof" | "__typeof__" | "__aligned")
                    && at > 1
                {
                    function = Some(name);
                }
                depth += 1;
            }
            "{" if depth == 0 => {
                let before = at.checked_sub(2).map(|at| tokens[at].text.as_str());
                match (previous.map(|token| token.text.as_str()), before) {
                    (Some("enum"), _) | (_, Some("enum")) => in_enum = Some(at),
                    (Some(_), Some("struct" | "union")) => {
                        names.extend(previous.map(|tag| (What::Tag, tag.text)));
                    }
                    _ => has_body = !in_value,
                }
                depth += 1;
            }
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "=" if depth == 0 => in_value = true,
            _ if depth == 0 && token.is_word() && !in_value => {
                last_word = Some(*token);
                if function.is_none() && !is_typedef {
                    names.push((What::Object, token.text));
                }
            }
            _ => {}
        }
    }
    if let Some(open) = in_enum {
        let first = |part: &[Token]| part.first().map(|token| (What::Enumerator, token.text));
        names.extend(split(&tokens[open + 1..]).into_iter().filter_map(first));
    }
    if is_typedef {
        names.extend(last_word.map(|name| (What::Type, name.text)));
    } else if let Some(name) = function {
        let what = if has_body {
            What::Function
        } else {
            What::Prototype
        };
        names.push((what, name.text));
        line = name.line;
    }
    (names, line)
}

/// Types every part of the kernel has.
fn builtin(name: &str, long_width: u8) -> Option<Type> {
    let (width, signed) = match name {
        "u8" | "__u8" | "uint8_t" => (8, false),
        "u16" | "__u16" | "uint16_t" | "__be16" | "__le16" => (16, false),
        "u32" | "__u32" | "uint32_t" | "__be32" | "__le32" | "uint" => (32, false),
        "u64" | "__u64" | "uint64_t" | "__be64" | "__le64" => (64, false),
        "s8" | "__s8" | "int8_t" => (8, true),
        "s16" | "__s16" | "int16_t" => (16, true),
        "s32" | "__s32" | "int32_t" => (32, true),
        "s64" | "__s64" | "int64_t" => (64, true),
        "size_t" | "uintptr_t" | "ulong" => (long_width, false),
        "ssize_t" | "ptrdiff_t" => (long_width, true),
        "vm_flags_t" => (long_width, false),
        "phys_addr_t" | "dma_addr_t" | "resource_size_t" => (64, false),
        _ => return None,
    };
    Some(Type::integer(width, signed))
}
