//! From headers to a stream of tokens, each with the condition it is there under.
//!
//! Nothing is chosen: a configuration symbol that the variant does not settle is a variable, and
//! what stands under an `#if` on it is there under that condition. A macro has one definition per
//! condition.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::bools::{Bool, FALSE, TRUE};
use super::condition;
use super::headers::Sources;
use super::lex::{Kind, MacroSource, Part, Source, Token};
use super::variables::{Class, Logic};
use crate::program::Symbol;

/// What one variant of one architecture compiles.
pub struct Preprocessor<'s> {
    /// Variables and functions of them.
    pub logic: Logic,
    /// All code read so far.
    pub stream: Vec<Piece>,
    /// Paths of files, by number.
    pub files: Vec<String>,
    /// Headers that should be there and are not.
    pub missing: BTreeSet<String>,
    /// Alternatives of tokens of that kind.
    pub choices: Vec<Rc<Choice>>,
    /// Macros used since somebody emptied it.
    pub used: BTreeSet<Symbol>,
    /// What is left to spend.
    pub(super) fuel: usize,
    /// Tokens of the expansion that runs.
    pub(super) expansion: usize,
    /// How deep expansions are nested.
    pub(super) depth: usize,
    sources: &'s Sources<'s>,
    search: Search,
    macros: FxHashMap<Symbol, Vec<Alternative>>,
    config: FxHashMap<Symbol, bool>,
    /// Macros the variant itself defines: the tree does not change them.
    settled: FxHashSet<Symbol>,
}

/// Tokens with the condition under which they are meant.
pub type Choice = Vec<(Bool, Vec<Token>)>;

/// Code without directives.
pub struct Piece {
    /// When it is there; never [`FALSE`].
    pub when: Bool,
    /// Its file, by number.
    pub file: u32,
    /// What it is.
    pub tokens: Vec<Token>,
}

/// One definition of a macro.
#[derive(Clone)]
pub struct Alternative {
    /// When it counts.
    pub when: Bool,
    /// What it says.
    pub definition: Rc<Macro>,
}

/// A definition and where it stands.
pub struct Macro {
    /// Names of parameters; `None` for an object-like macro.
    pub parameters: Option<Vec<Symbol>>,
    /// The last parameter takes all further arguments.
    pub is_variadic: bool,
    /// The replacement.
    pub body: Vec<Token>,
    /// Its file, by number.
    pub file: u32,
    /// Its line.
    pub line: u32,
}

/// Where headers are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The architecture's directory below `arch/`.
    pub arch: String,
    /// Further directories with headers, relative to the tree.
    pub directories: Vec<String>,
    /// Headers outside of the architecture and `asm-generic` that are read.
    pub declared: Vec<String>,
}

const MAX_DEPTH: usize = 64;
const FUEL: usize = 20_000_000;

impl<'s> Preprocessor<'s> {
    /// Nothing is read yet; `config` is what the variant settles.
    pub fn new(
        sources: &'s Sources<'s>,
        search: Search,
        config: FxHashMap<Symbol, bool>,
    ) -> Preprocessor<'s> {
        Preprocessor {
            logic: Logic::default(),
            stream: Vec::new(),
            files: Vec::new(),
            missing: BTreeSet::new(),
            choices: Vec::new(),
            used: BTreeSet::new(),
            fuel: FUEL,
            expansion: 0,
            depth: 0,
            sources,
            search,
            macros: FxHashMap::default(),
            config,
            settled: FxHashSet::default(),
        }
    }

    /// Defines a macro for good, whatever the tree says.
    pub fn define(&mut self, source: &MacroSource) {
        self.define_in(source, TRUE, u32::MAX);
        self.settled.insert(source.name);
    }

    /// The definitions of a macro.
    pub fn alternatives(&self, name: Symbol) -> &[Alternative] {
        self.macros.get(&name).map_or(&[], Vec::as_slice)
    }

    /// The path of a file.
    pub fn path(&self, file: u32) -> &str {
        self.files.get(file as usize).map_or("", String::as_str)
    }

    /// When a configuration symbol is set.
    pub fn is_configured(&mut self, name: Symbol) -> Bool {
        match self.config.get(&name) {
            Some(&is_set) => is_set.into(),
            None => self.logic.condition(Class::Config, name.as_str()),
        }
    }

    /// When a macro is defined.
    pub fn is_defined(&mut self, name: Symbol) -> Bool {
        let mut defined = FALSE;
        for i in 0..self.alternatives(name).len() {
            let when = self.alternatives(name)[i].when;
            defined = self.logic.bools.or(defined, when);
        }
        if name.as_str().starts_with("CONFIG_") {
            let configured = self.is_configured(name);
            defined = self.logic.bools.or(defined, configured);
        }
        defined
    }

    /// Reads a header by the name it is included by; false if there is none.
    pub fn include(&mut self, name: &str) -> bool {
        match self.resolve(name, None) {
            Some(path) => {
                self.file(&path, TRUE, 0, true);
                true
            }
            None => false,
        }
    }

    /// Reads a source file for its own definitions, without what it includes.
    pub fn source(&mut self, path: &str) {
        self.file(path, TRUE, 0, false);
    }

    fn file(&mut self, path: &str, live: Bool, depth: usize, follow: bool) {
        let Some(shared) = self.sources.file(path) else {
            return;
        };
        let Some(source) = shared.source() else {
            return;
        };
        if depth > MAX_DEPTH || self.fuel == 0 {
            return;
        }
        self.parts(path, source, live, depth, follow);
    }

    /// Reads a source that stands in no header, for its own definitions.
    pub fn put(&mut self, path: &str, source: &Source) {
        self.parts(path, source, TRUE, 0, false);
    }

    fn parts(&mut self, path: &str, source: &Source, live: Bool, depth: usize, follow: bool) {
        let file = match self.files.iter().position(|known| known == path) {
            Some(at) => at as u32,
            None => {
                self.files.push(path.to_owned());
                self.files.len() as u32 - 1
            }
        };
        let mut now = live;
        let mut groups: Vec<Group> = Vec::new();
        for part in &source.parts {
            self.fuel = self.fuel.saturating_sub(1);
            match part {
                Part::Code(tokens) if now != FALSE => {
                    self.fuel = self.fuel.saturating_sub(tokens.len());
                    self.stream.push(Piece {
                        when: now,
                        file,
                        tokens: tokens.clone(),
                    });
                }
                Part::Define(source) if now != FALSE => self.define_in(source, now, file),
                Part::Undef(name) if now != FALSE => self.forget(*name, now),
                Part::Include { path, is_quoted } if now != FALSE && follow => {
                    let beside = is_quoted.then(|| self.path(file).to_owned());
                    match self.resolve(path, beside.as_deref()) {
                        Some(path) => self.file(&path, now, depth + 1, true),
                        None => self.note_missing(path),
                    }
                }
                Part::If(tokens) => {
                    let condition = self.condition(tokens, now);
                    groups.push(Group {
                        outer: now,
                        taken: condition,
                    });
                    now = self.logic.bools.and(now, condition);
                }
                Part::Elif(tokens) => {
                    let Some(group) = groups.last().copied() else {
                        continue;
                    };
                    let left = self.logic.bools.and_not(group.outer, group.taken);
                    let condition = self.condition(tokens, left);
                    now = self.logic.bools.and(left, condition);
                    let taken = self.logic.bools.or(group.taken, condition);
                    if let Some(group) = groups.last_mut() {
                        group.taken = taken;
                    }
                }
                Part::Else => {
                    let Some(group) = groups.last_mut() else {
                        continue;
                    };
                    now = self.logic.bools.and_not(group.outer, group.taken);
                    group.taken = TRUE;
                }
                Part::Endif => {
                    if let Some(group) = groups.pop() {
                        now = group.outer;
                    }
                }
                _ => {}
            }
        }
    }

    /// The value of an `#if`; a condition nobody can understand is one of its own.
    fn condition(&mut self, tokens: &[Token], live: Bool) -> Bool {
        if live == FALSE {
            return FALSE;
        }
        match condition::evaluate(self, tokens, live) {
            Ok(condition) => condition,
            Err(_) => {
                let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
                let name = format!("#if {}", words.join(" "));
                self.logic.condition(Class::NotUnderstood, &name)
            }
        }
    }

    fn define_in(&mut self, source: &MacroSource, when: Bool, file: u32) {
        if self.settled.contains(&source.name) {
            return;
        }
        self.forget(source.name, when);
        let definition = Rc::new(Macro {
            parameters: source.parameters.clone(),
            is_variadic: source.is_variadic,
            body: source.body.clone(),
            file,
            line: source.line,
        });
        let alternative = Alternative { when, definition };
        self.macros
            .entry(source.name)
            .or_default()
            .push(alternative);
    }

    fn forget(&mut self, name: Symbol, when: Bool) {
        if self.settled.contains(&name) {
            return;
        }
        let Some(alternatives) = self.macros.get_mut(&name) else {
            return;
        };
        let bools = &mut self.logic.bools;
        for alternative in alternatives.iter_mut() {
            alternative.when = bools.and_not(alternative.when, when);
        }
        alternatives.retain(|alternative| alternative.when != FALSE);
    }

    fn resolve(&self, name: &str, beside: Option<&str>) -> Option<String> {
        let exists = |path: String| self.sources.file(&path).is_some().then_some(path);
        let arch = &self.search.arch;
        if let Some(beside) = beside {
            let directory = beside
                .rsplit_once('/')
                .map_or("", |(directory, _)| directory);
            let found = exists(format!("{directory}/{name}"));
            if found.is_some() {
                return found;
            }
        }
        let first = ["arch/", "/include/"].join(arch);
        let own = [first.clone(), format!("{first}uapi/")];
        let others = self.search.directories.iter().map(|d| format!("{d}/"));
        for directory in own.into_iter().chain(others) {
            let found = exists(format!("{directory}{name}"));
            if found.is_some() {
                return found;
            }
        }
        if let Some(name) = name.strip_prefix("asm/") {
            return ["include/asm-generic/", "include/uapi/asm-generic/"]
                .into_iter()
                .find_map(|directory| exists(format!("{directory}{name}")));
        }
        let is_declared = name.starts_with("asm-generic/")
            || self.search.declared.iter().any(|declared| declared == name);
        let generic = ["include/", "include/uapi/"];
        is_declared.then(|| {
            let mut paths = generic.into_iter();
            paths.find_map(|directory| exists(format!("{directory}{name}")))
        })?
    }

    fn note_missing(&mut self, name: &str) {
        if name.starts_with("asm/") || name.starts_with("generated/") {
            self.missing.insert(name.to_owned());
        }
    }
}

/// An `#if` whose `#endif` has not come yet.
#[derive(Clone, Copy)]
struct Group {
    outer: Bool,
    /// When one of its branches so far was taken.
    taken: Bool,
}

/// True for a word the preprocessor answers itself.
pub fn asks_for_config(token: &Token) -> bool {
    token.kind == Kind::Word
        && matches!(
            token.text.as_str(),
            "IS_ENABLED" | "IS_BUILTIN" | "IS_REACHABLE" | "IS_MODULE"
        )
}
