//! From the tree's Kconfig files to a circuit.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::circuit::{Circuit, NodeId};
use super::expression::{Token, expression, symbol_name, tokens};
use super::paths::{self, Place};
use super::statements::{Keyword, Statements};
use super::values::{SymbolKind, Values};
use crate::tree::Tree;

/// The symbols of a tree and what they depend on.
pub(super) struct Symbols {
    by_name: FxHashMap<Box<str>, NodeId>,
    /// Where something not understood is said. If one of these is on, any symbol can be anything.
    pub(super) holes: Vec<NodeId>,
}

impl Symbols {
    /// Reads the Kconfig files from the one at the top on. `arches` are nodes of architecture
    /// directories by name.
    pub(super) fn read(
        tree: &Tree,
        circuit: &mut Circuit,
        arches: &BTreeMap<String, NodeId>,
    ) -> Symbols {
        let names: Vec<&str> = arches.keys().map(String::as_str).collect();
        let files = read_files(tree, &names);
        let mut symbols = Symbols {
            by_name: FxHashMap::default(),
            holes: Vec::new(),
        };
        // The one symbol that stands for no kernel anybody runs: it lets drivers be compiled where
        // they are of no use.
        let no = circuit.constant(Values::N);
        symbols.by_name.insert("COMPILE_TEST".into(), no);
        // Whether a file is read at all, which follows from where it is named.
        let read: BTreeMap<&str, NodeId> = files
            .keys()
            .map(|path| (path.as_str(), circuit.any()))
            .collect();
        let yes = circuit.constant(Values::Y);
        match read.get(TOP) {
            Some(&top) => circuit.add(top, yes),
            None => symbols.holes.push(yes),
        }
        for (path, file) in &files {
            let condition = read[path.as_str()];
            let mut reader = Reader {
                path,
                circuit,
                symbols: &mut symbols,
                arches,
                read: &read,
                blocks: vec![Block {
                    kind: Keyword::Source,
                    condition,
                    visible: yes,
                    is_choice: false,
                }],
                entry: None,
            };
            for (keyword, rest) in file.iter() {
                reader.statement(keyword, rest);
            }
            reader.finish_entry();
            if reader.blocks.len() != 1 {
                reader.unbalanced();
            }
        }
        symbols
    }

    /// The node of a symbol, which need not be defined.
    pub(super) fn node(&mut self, circuit: &mut Circuit, name: &str) -> NodeId {
        if let Some(&node) = self.by_name.get(name) {
            return node;
        }
        let node = circuit.symbol(name);
        self.by_name.insert(name.into(), node);
        node
    }
}

/// The file that names all others.
const TOP: &str = "Kconfig";

/// Reads all files that the one at the top names, directly or not.
fn read_files(tree: &Tree, arches: &[&str]) -> BTreeMap<String, Statements> {
    let mut files = BTreeMap::new();
    let mut seen = BTreeSet::from([TOP.to_owned()]);
    let mut wanted = vec![TOP.to_owned()];
    while !wanted.is_empty() {
        let found: Vec<(String, Statements)> = wanted
            .into_par_iter()
            .filter_map(|path| {
                let text = tree.read_build_file(&path)?;
                Some((path, Statements::new(text)))
            })
            .collect();
        wanted = Vec::new();
        for (path, file) in found {
            for place in file.iter().flat_map(|(keyword, rest)| {
                let name = source_name(&path, keyword, rest).unwrap_or_default();
                paths::places(&name, arches)
            }) {
                if seen.insert(place.path.clone()) {
                    wanted.push(place.path);
                }
            }
            files.insert(path, file);
        }
    }
    files
}

/// The file a statement names, if it does, with variables.
fn source_name(path: &str, keyword: Keyword, rest: &[u8]) -> Option<String> {
    let is_relative = match keyword {
        Keyword::Source | Keyword::OptionalSource => false,
        Keyword::RelativeSource | Keyword::OptionalRelativeSource => true,
        _ => return None,
    };
    let text = rest.trim_ascii();
    let text = text.split(|byte| *byte == b'#').next()?.trim_ascii();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let text = text.strip_suffix(b"\"").unwrap_or(text);
    let name = std::str::from_utf8(text).ok()?;
    match is_relative {
        true => paths::join(paths::directory(path), name),
        false => Some(name.to_owned()),
    }
}

/// Goes through the statements of one file.
struct Reader<'r> {
    path: &'r str,
    circuit: &'r mut Circuit,
    symbols: &'r mut Symbols,
    arches: &'r BTreeMap<String, NodeId>,
    read: &'r BTreeMap<&'r str, NodeId>,
    /// The blocks the statement is in; the first is the file.
    blocks: Vec<Block>,
    entry: Option<Entry>,
}

/// `if`, `menu` or `choice`.
#[derive(Clone, Copy)]
struct Block {
    kind: Keyword,
    condition: NodeId,
    /// Whether the user sees what is in it.
    visible: NodeId,
    /// True if at most one of the symbols in it is on.
    is_choice: bool,
}

/// What the attributes that follow belong to.
enum Entry {
    Config(Box<Config>),
    /// The innermost block.
    Block,
    Comment,
}

/// A definition of a symbol, until all its attributes are known.
struct Config {
    symbol: NodeId,
    kind: SymbolKind,
    /// What it depends on itself.
    depends: Option<NodeId>,
    /// Conditions.
    prompts: Vec<Option<NodeId>>,
    /// Conditions and values.
    defaults: Vec<(Option<NodeId>, NodeId)>,
    /// Other symbols, the condition, and whether they are only implied.
    selects: Vec<(NodeId, Option<NodeId>, bool)>,
    is_unknown: bool,
}

impl Reader<'_> {
    fn statement(&mut self, keyword: Keyword, rest: &[u8]) {
        match keyword {
            Keyword::Config => self.begin_config(rest),
            Keyword::If => {
                self.finish_entry();
                let condition = self.expression_of(rest);
                self.push_block(keyword, Some(condition));
            }
            Keyword::Menu | Keyword::Choice => {
                self.finish_entry();
                self.push_block(keyword, None);
                self.entry = Some(Entry::Block);
            }
            Keyword::EndIf => self.end_block(Keyword::If),
            Keyword::EndMenu => self.end_block(Keyword::Menu),
            Keyword::EndChoice => self.end_block(Keyword::Choice),
            Keyword::Comment => {
                self.finish_entry();
                self.entry = Some(Entry::Comment);
            }
            Keyword::Source
            | Keyword::RelativeSource
            | Keyword::OptionalSource
            | Keyword::OptionalRelativeSource => {
                self.finish_entry();
                self.source(keyword, rest);
            }
            Keyword::Irrelevant => {}
            _ => self.attribute(keyword, rest),
        }
    }

    fn begin_config(&mut self, rest: &[u8]) {
        self.finish_entry();
        let name = match tokens(rest).as_deref() {
            Some([Token::Word(word)]) => symbol_name(word),
            _ => None,
        };
        let Some(name) = name else {
            self.hole();
            self.entry = Some(Entry::Comment);
            return;
        };
        let symbol = self.symbols.node(self.circuit, name);
        self.entry = Some(Entry::Config(Box::new(Config {
            symbol,
            kind: SymbolKind::Other,
            depends: None,
            prompts: Vec::new(),
            defaults: Vec::new(),
            selects: Vec::new(),
            is_unknown: false,
        })));
    }

    fn push_block(&mut self, kind: Keyword, own: Option<NodeId>) {
        let mut block = self.block();
        block.kind = kind;
        block.is_choice |= kind == Keyword::Choice;
        if let Some(own) = own {
            block.condition = self.circuit.and(block.condition, own);
        }
        self.blocks.push(block);
    }

    fn block(&self) -> Block {
        *self.blocks.last().expect("the file's own block stays")
    }

    fn end_block(&mut self, kind: Keyword) {
        self.finish_entry();
        if self.blocks.len() > 1 && self.block().kind == kind {
            self.blocks.pop();
        } else {
            self.unbalanced();
        }
    }

    fn source(&mut self, keyword: Keyword, rest: &[u8]) {
        let is_optional = matches!(
            keyword,
            Keyword::OptionalSource | Keyword::OptionalRelativeSource
        );
        let names: Vec<&str> = self.arches.keys().map(String::as_str).collect();
        let name = source_name(self.path, keyword, rest).unwrap_or_default();
        let places = paths::places(&name, &names);
        let here = self.block().condition;
        let is_any_there = places
            .iter()
            .any(|place| self.read.contains_key(place.path.as_str()));
        if !is_any_there && !is_optional {
            self.hole();
        }
        for Place {
            path,
            arch,
            is_sure,
        } in places
        {
            let Some(&read) = self.read.get(path.as_str()) else {
                continue;
            };
            let mut condition = here;
            if let Some(&arch) = arch.and_then(|arch| self.arches.get(&arch)) {
                condition = self.circuit.and(condition, arch);
            }
            if !is_sure {
                let unknown = self.circuit.constant(Values::ALL);
                condition = self.circuit.and(condition, unknown);
            }
            self.circuit.add(read, condition);
        }
    }

    fn attribute(&mut self, keyword: Keyword, rest: &[u8]) {
        match self.entry.take() {
            Some(Entry::Config(mut config)) => {
                self.config_attribute(&mut config, keyword, rest);
                self.entry = Some(Entry::Config(config));
            }
            Some(Entry::Block) => {
                self.block_attribute(keyword, rest);
                self.entry = Some(Entry::Block);
            }
            Some(Entry::Comment) => self.entry = Some(Entry::Comment),
            None => self.hole(),
        }
    }

    fn config_attribute(&mut self, config: &mut Config, keyword: Keyword, rest: &[u8]) {
        match keyword {
            Keyword::Bool | Keyword::Tristate | Keyword::Value | Keyword::Prompt => {
                config.kind = match keyword {
                    Keyword::Bool => SymbolKind::Bool,
                    Keyword::Tristate => SymbolKind::Tristate,
                    Keyword::Value => SymbolKind::Other,
                    _ => config.kind,
                };
                let (prompt, condition) = self.conditional(rest);
                if prompt.is_none_or(|tokens| !tokens.is_empty()) {
                    config.prompts.push(condition);
                }
            }
            Keyword::DefBool | Keyword::DefTristate | Keyword::Default => {
                config.kind = match keyword {
                    Keyword::DefBool => SymbolKind::Bool,
                    Keyword::DefTristate => SymbolKind::Tristate,
                    _ => config.kind,
                };
                let (value, condition) = self.conditional(rest);
                let value = self.expression(value.as_deref());
                config.defaults.push((condition, value));
            }
            Keyword::DependsOn => {
                let condition = self.dependency(rest);
                config.depends = Some(match config.depends {
                    Some(others) => self.circuit.and(others, condition),
                    None => condition,
                });
            }
            Keyword::Select | Keyword::Imply => {
                let (name, condition) = self.conditional(rest);
                let name = match name.as_deref() {
                    Some([Token::Word(word)]) => symbol_name(word),
                    _ => None,
                };
                match name {
                    Some(name) => {
                        let other = self.symbols.node(self.circuit, name);
                        let is_implied = keyword == Keyword::Imply;
                        config.selects.push((other, condition, is_implied));
                    }
                    None => self.hole(),
                }
            }
            _ => config.is_unknown = true,
        }
    }

    /// `choice` and `menu` have conditions for all that is in them. Whether a choice is asked, and
    /// what it is by default, is left open.
    fn block_attribute(&mut self, keyword: Keyword, rest: &[u8]) {
        let mut block = self.block();
        match keyword {
            Keyword::DependsOn => {
                let condition = self.dependency(rest);
                block.condition = self.circuit.and(block.condition, condition);
            }
            Keyword::VisibleIf => {
                let condition = self.expression_of(rest);
                block.visible = self.circuit.and(block.visible, condition);
            }
            _ => {}
        }
        if let Some(last) = self.blocks.last_mut() {
            *last = block;
        }
    }

    /// Writes what is known of a symbol's definition into the circuit.
    fn finish_entry(&mut self) {
        let Some(Entry::Config(config)) = self.entry.take() else {
            return;
        };
        let block = self.block();
        let circuit = &mut *self.circuit;
        let given = |circuit: &mut Circuit, base, condition: Option<NodeId>| match condition {
            Some(condition) => circuit.and(base, condition),
            None => base,
        };
        let depends = given(circuit, block.condition, config.depends);
        let visible = circuit.and(depends, block.visible);
        let is_chosen = block.is_choice;
        let mut prompts = Vec::new();
        for condition in config.prompts {
            prompts.push(given(circuit, visible, condition));
        }
        let mut defaults = Vec::new();
        for (condition, value) in config.defaults {
            defaults.push((given(circuit, depends, condition), value));
        }
        for (other, condition, is_implied) in config.selects {
            let selecting = circuit.and(config.symbol, depends);
            let selecting = given(circuit, selecting, condition);
            if let Some(other) = circuit.symbol_mut(other) {
                match is_implied {
                    true => other.implies.push(selecting),
                    false => other.selects.push(selecting),
                }
            }
        }
        if let Some(symbol) = circuit.symbol_mut(config.symbol) {
            symbol.definitions.push(depends);
            symbol.prompts.extend(prompts);
            symbol.defaults.extend(defaults);
            symbol.is_chosen |= is_chosen;
            symbol.is_unknown |= config.is_unknown;
            // A further definition need not repeat the type.
            if symbol.kind == SymbolKind::Other || config.kind == SymbolKind::Tristate {
                symbol.kind = config.kind;
            }
        }
    }

    /// What stands in front of `if`, and the condition behind it.
    fn conditional<'t>(&mut self, rest: &'t [u8]) -> (Option<Vec<Token<'t>>>, Option<NodeId>) {
        let Some(mut front) = tokens(rest) else {
            return (None, Some(self.circuit.constant(Values::ALL)));
        };
        let Some(at) = front.iter().position(|token| *token == Token::If) else {
            return (Some(front), None);
        };
        let condition = self.expression(Some(&front[at + 1..]));
        front.truncate(at);
        (Some(front), Some(condition))
    }

    /// `depends on A if B` asks for A only where B is on.
    fn dependency(&mut self, rest: &[u8]) -> NodeId {
        let (front, condition) = self.conditional(rest);
        let wanted = self.expression(front.as_deref());
        match condition {
            Some(condition) => {
                let otherwise = self.circuit.not(condition);
                self.circuit.or(wanted, otherwise)
            }
            None => wanted,
        }
    }

    fn expression_of(&mut self, rest: &[u8]) -> NodeId {
        self.expression(tokens(rest).as_deref())
    }

    fn expression(&mut self, tokens: Option<&[Token<'_>]>) -> NodeId {
        let symbols = &mut *self.symbols;
        let node = tokens.and_then(|tokens| {
            expression(tokens, self.circuit, &mut |circuit, name| {
                symbols.node(circuit, name)
            })
        });
        node.unwrap_or_else(|| self.circuit.constant(Values::ALL))
    }

    /// Where blocks do not match, it is not known what is in which.
    fn unbalanced(&mut self) {
        let condition = self.blocks[0].condition;
        self.symbols.holes.push(condition);
    }

    fn hole(&mut self) {
        let condition = self.block().condition;
        self.symbols.holes.push(condition);
    }
}
