//! Reading rule files into a [`Vocabulary`].
//!
//! A rule file is TOML. Its sections are the members of [`Vocabulary`], each an array of tables
//! whose keys are the members of the section's type:
//!
//! ```toml
//! [[insert]]
//! name = "my_insert_pfn"
//! target = 0
//! level = "pte"
//! entry = "raw"
//! ```
//!
//! Files given by the user are read on top of the built-in ones: an entry takes the place of all
//! built-in entries of its section and name, and `replace = true` at the top of any file drops the
//! built-in vocabulary as a whole. Within one load a section may declare a name twice only where
//! the two can be told apart (disjoint ranges of versions, or different numbers of arguments).
//!
//! [`parse`] does no I/O; only [`load_dir`] does.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reader::{self, What};
use super::{
    Assertion, AttributeBit, Axiom, Constant, Construct, EntryPoint, EntryRead, EntryTest,
    EntryWord, FlagFamily, FlagsChange, Identity, Insert, Install, Lookup, MemberAccess, Modify,
    Protection, ProtectionEffect, RustType, StateBit, VmaType, Vocabulary,
};

/// The rule files built into the binary, in the order of their names.
const BUILTIN: &[(&str, &str)] = &[
    (
        "assertions.toml",
        include_str!("../../rules/assertions.toml"),
    ),
    (
        "attributes.toml",
        include_str!("../../rules/attributes.toml"),
    ),
    ("axioms.toml", include_str!("../../rules/axioms.toml")),
    ("entries.toml", include_str!("../../rules/entries.toml")),
    (
        "entry_points.toml",
        include_str!("../../rules/entry_points.toml"),
    ),
    (
        "entry_states.toml",
        include_str!("../../rules/entry_states.toml"),
    ),
    ("flags.toml", include_str!("../../rules/flags.toml")),
    (
        "identities.toml",
        include_str!("../../rules/identities.toml"),
    ),
    ("insertion.toml", include_str!("../../rules/insertion.toml")),
    ("lookups.toml", include_str!("../../rules/lookups.toml")),
    (
        "protections.toml",
        include_str!("../../rules/protections.toml"),
    ),
    ("rust.toml", include_str!("../../rules/rust.toml")),
];

/// A rule file larger than this is not one.
const MAX_BYTES: u64 = 1 << 20;

/// Why there is no vocabulary.
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    /// A directory or file could not be read.
    #[error("cannot read rules from {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A directory without rule files.
    #[error("no rule file (*.toml) in {}", .0.display())]
    Empty(PathBuf),
    /// Rule files with mistakes, in the order of file and place.
    #[error("{}", lines(.0))]
    Mistakes(Vec<Mistake>),
}

/// One mistake in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What was found, what was expected and, where one is near, what was probably meant.
    pub message: String,
}

/// A line of a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .map(Mistake::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The vocabulary built into the binary.
pub fn builtin() -> &'static Vocabulary {
    static PARSED: OnceLock<Vocabulary> = OnceLock::new();
    PARSED.get_or_init(|| match parse(BUILTIN, None) {
        Ok(vocabulary) => vocabulary,
        // A test parses them: this cannot be reached in a released binary.
        Err(error) => panic!("the built-in rule files are wrong:\n{error}"),
    })
}

/// Reads every `*.toml` in `dir`, in the order of their names, on top of `base`.
///
/// # Errors
///
/// If `dir` or a file in it cannot be read, holds no rule file, or a rule file has mistakes: then
/// all of them are named.
pub fn load_dir(dir: &Path, base: Option<&Vocabulary>) -> Result<Vocabulary, VocabularyError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| VocabularyError::Io { path, source }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io(dir))? {
        let path = entry.map_err(io(dir))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(VocabularyError::Empty(dir.to_owned()));
    }
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let size = std::fs::metadata(&path).map_err(io(&path))?.len();
        if size > MAX_BYTES {
            let reason = format!("{size} bytes are more than a rule file can have ({MAX_BYTES})");
            return Err(io(&path)(std::io::Error::other(reason)));
        }
        let text = std::fs::read_to_string(&path).map_err(io(&path))?;
        files.push((path.display().to_string(), text));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(file, text)| (file.as_str(), text.as_str()))
        .collect();
    parse(&files, base)
}

/// Reads rule files, given as name and text, on top of `base`.
///
/// # Errors
///
/// If a file has mistakes: then all of them are named.
pub fn parse(
    files: &[(&str, &str)],
    base: Option<&Vocabulary>,
) -> Result<Vocabulary, VocabularyError> {
    let mut load = Load::default();
    for &(file, text) in files {
        load.file(&Source { file, text });
    }
    if !load.mistakes.is_empty() {
        return Err(VocabularyError::Mistakes(load.mistakes));
    }
    let base = if load.replace { None } else { base };
    Ok(merge(base, load.vocabulary))
}

/// One rule file.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, byte: usize) -> Place {
        let before = &self.text.as_bytes()[..byte.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Place {
            file: self.file.to_owned(),
            line,
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Load {
    vocabulary: Vocabulary,
    /// True if a file wants nothing built in.
    replace: bool,
    /// Where each entry is, by section and what names it, with its number in the section.
    declared: HashMap<(&'static str, String), Vec<(usize, Place)>>,
    mistakes: Vec<Mistake>,
}

impl Load {
    fn mistake(&mut self, place: Place, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            place,
            message: message.into(),
        });
    }

    fn file(&mut self, source: &Source<'_>) {
        let (table, errors) = DeTable::parse_recoverable(source.text);
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        // What follows the first syntax error is usually its consequence.
        if let Some(error) = errors.iter().min_by_key(|error| start(error)) {
            let message = error.message().replace('\n', "; ");
            self.mistake(source.place(start(error)), format!("not TOML: {message}"));
            return;
        }
        let table = table.get_ref();
        let mut members: Vec<_> = table.iter().collect();
        members.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in members {
            if key.get_ref() == "replace" {
                match value.get_ref().as_bool() {
                    Some(replace) => self.replace |= replace,
                    None => {
                        let found = reader::describe(value.get_ref());
                        let place = source.place(value.span().start);
                        self.mistake(
                            place,
                            format!("`replace` is {found}; expected true or false"),
                        );
                    }
                }
            } else if !self.section(source, key.get_ref(), value) {
                let place = source.place(key.span().start);
                let hint = hint(key.get_ref(), SECTIONS);
                let known = reader::one_of(SECTIONS);
                self.mistake(
                    place,
                    format!(
                        "unknown section `{}`{hint}; expected {known}",
                        key.get_ref()
                    ),
                );
            }
        }
    }

    /// Reads the entries of one section onto `into`.
    fn entries<'de, T: Entry + serde::Deserialize<'de>>(
        &mut self,
        source: &Source<'_>,
        section: &'static str,
        value: &'de Spanned<DeValue<'de>>,
        into: fn(&mut Vocabulary) -> &mut Vec<T>,
    ) {
        let Some(array) = value.get_ref().as_array() else {
            let found = reader::describe(value.get_ref());
            let place = source.place(value.span().start);
            self.mistake(
                place,
                format!("`{section}` is {found}; expected tables, as [[{section}]]"),
            );
            return;
        };
        for value in array.iter() {
            let entry: T = match reader::read(value) {
                Ok(entry) => entry,
                Err(problem) => {
                    let at = problem.span.as_ref().unwrap_or(&value.span()).start;
                    self.mistake(source.place(at), explain(section, &problem));
                    continue;
                }
            };
            let place = source.place(value.span().start);
            if let Err(message) = entry.check() {
                self.mistake(place, format!("[[{section}]] `{}`: {message}", entry.key()));
                continue;
            }
            let earlier = self.declared.entry((section, entry.key())).or_default();
            let present = into(&mut self.vocabulary);
            match earlier
                .iter()
                .find(|&&(at, _)| !present[at].coexists(&entry))
            {
                Some((_, first)) => {
                    let message = format!(
                        "[[{section}]] `{}` is declared twice, first in {first}{}",
                        entry.key(),
                        T::APART
                    );
                    self.mistake(place, message);
                }
                None => {
                    earlier.push((present.len(), place));
                    present.push(entry);
                }
            }
        }
    }
}

/// What is wrong with an entry of a section, in words.
fn explain(section: &str, problem: &reader::Problem) -> String {
    let (within, key) = match problem.path.split_last() {
        Some((key, outer)) => (
            outer.iter().map(String::as_str).collect::<Vec<_>>(),
            key.as_str(),
        ),
        None => (Vec::new(), ""),
    };
    let owner = |path: &[&str]| match path {
        [] => format!("[[{section}]]"),
        path => format!("`{}` of [[{section}]]", path.join(".")),
    };
    let whole: Vec<&str> = problem.path.iter().map(String::as_str).collect();
    match &problem.what {
        What::UnknownKey(found, known) => format!(
            "unknown key `{found}` in {}{}; expected {}",
            owner(&whole),
            hint(found, known),
            reader::one_of(known)
        ),
        What::Missing(missing) => format!("{} has no `{missing}`", owner(&whole)),
        What::UnknownWord(found, known) => format!(
            "`{key}` in {} is \"{found}\"{}; expected {}",
            owner(&within),
            hint(found, known),
            reader::one_of(known)
        ),
        What::Misfit(found, expected) if problem.path.is_empty() => {
            format!("an entry of [[{section}]] is {found}; expected {expected}")
        }
        What::Misfit(found, expected) => {
            format!(
                "`{key}` in {} is {found}; expected {expected}",
                owner(&within)
            )
        }
        What::Other(message) => format!("{}: {message}", owner(&whole)),
    }
}

fn hint(found: &str, known: &[&str]) -> String {
    reader::nearest(found, known).map_or(String::new(), |near| format!(", did you mean `{near}`?"))
}

/// An entry of a section.
trait Entry {
    /// How entries that have the same name may differ, as the end of a message.
    const APART: &'static str = "";

    /// What names it within its section.
    fn key(&self) -> String;

    /// Whether its parts fit together.
    fn check(&self) -> Result<(), String>;

    /// Whether this and another of the same name can be told apart.
    fn coexists(&self, _other: &Self) -> bool {
        false
    }
}

macro_rules! sections {
    ($($section:ident: $entry:ty),* $(,)?) => {
        /// The sections of a rule file.
        const SECTIONS: &[&str] = &[$(stringify!($section)),*];

        impl Load {
            /// Reads a section; false if there is none of that name.
            fn section<'de>(
                &mut self,
                source: &Source<'_>,
                name: &str,
                value: &'de Spanned<DeValue<'de>>,
            ) -> bool {
                match name {
                    $(stringify!($section) => self.entries::<$entry>(
                        source,
                        stringify!($section),
                        value,
                        |vocabulary| &mut vocabulary.$section,
                    ),)*
                    _ => return false,
                }
                true
            }
        }

        /// `base` without what `over` declares, then `over`.
        fn merge(base: Option<&Vocabulary>, over: Vocabulary) -> Vocabulary {
            match base {
                None => over,
                Some(base) => Vocabulary {
                    $($section: merged(&base.$section, over.$section),)*
                    weakening: base.weakening,
                },
            }
        }
    };
}

sections! {
    insert: Insert,
    construct: Construct,
    modify: Modify,
    install: Install,
    protection: Protection,
    constant: Constant,
    identity: Identity,
    member_access: MemberAccess,
    flags: FlagsChange,
    entry_point: EntryPoint,
    vma: VmaType,
    attribute_bit: AttributeBit,
    assertion: Assertion,
    lookup: Lookup,
    entry_test: EntryTest,
    entry_compare: EntryWord,
    entry_read: EntryRead,
    state_bit: StateBit,
    entry_page: EntryWord,
    entry_encode: EntryWord,
    entry_decode: EntryWord,
    entry_unlock: EntryWord,
    axiom: Axiom,
    flag_family: FlagFamily,
    rust_type: RustType,
    rust_injection: EntryWord,
}

fn merged<T: Entry + Clone>(base: &[T], over: Vec<T>) -> Vec<T> {
    let names: Vec<String> = over.iter().map(T::key).collect();
    let mut all: Vec<T> = base
        .iter()
        .filter(|entry| !names.contains(&entry.key()))
        .cloned()
        .collect();
    all.extend(over);
    all
}

impl Entry for Insert {
    const APART: &'static str = "; two forms of one call need disjoint `since` and `until`, or \
                                 different `arguments`";

    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        distinct("target", Some(self.target), "protection", self.protection)?;
        if let Some(arguments) = self.arguments {
            below("target", Some(self.target), arguments)?;
            below("protection", self.protection, arguments)?;
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if since > until => {
                Err(format!("`since` {since} is later than `until` {until}"))
            }
            _ => Ok(()),
        }
    }

    fn coexists(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| match (a.until, b.since) {
            (Some(until), Some(since)) => until < since,
            _ => false,
        };
        before(self, other) || before(other, self) || differ(self.arguments, other.arguments)
    }
}

impl Entry for Construct {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for Modify {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        distinct(
            "entry",
            Some(self.entry),
            "protection",
            Some(self.protection),
        )
    }
}

impl Entry for Install {
    const APART: &'static str = "; two forms of one call need different `arguments`";

    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        distinct("mm", self.mm, "vma", self.vma)?;
        distinct("mm", self.mm, "entry", Some(self.entry))?;
        distinct("vma", self.vma, "entry", Some(self.entry))?;
        match self.arguments {
            Some(arguments) => below("entry", Some(self.entry), arguments),
            None => Ok(()),
        }
    }

    fn coexists(&self, other: &Self) -> bool {
        differ(self.arguments, other.arguments)
    }
}

impl Entry for Protection {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        match (self.effect, self.kind) {
            (ProtectionEffect::Derive, None) => {
                Err("a `derive` needs `kind`: which bits it changes".to_owned())
            }
            (ProtectionEffect::Recompute | ProtectionEffect::Extract, Some(_)) => {
                Err("only a `derive` or `merge` has a `kind`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl Entry for Constant {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        pattern(&self.name)
    }
}

impl Entry for Identity {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for MemberAccess {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        distinct("object", Some(self.object), "member", Some(self.member))
    }
}

impl Entry for FlagsChange {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        if self.set.is_none() && self.clear.is_none() && self.assign.is_none() {
            return Err("changes nothing; expected `set`, `clear` or `assign`".to_owned());
        }
        for (key, position) in [
            ("set", self.set),
            ("clear", self.clear),
            ("assign", self.assign),
        ] {
            distinct("target", Some(self.target), key, position)?;
        }
        distinct("set", self.set, "clear", self.clear)
    }
}

impl Entry for EntryPoint {
    fn key(&self) -> String {
        format!("{}.{}", self.table, self.member)
    }

    fn check(&self) -> Result<(), String> {
        structure(&self.table)?;
        identifier(&self.member)
    }
}

impl Entry for VmaType {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        structure(&self.name)?;
        self.protection
            .iter()
            .chain(&self.flags)
            .try_for_each(|name| identifier(name))?;
        identifier(&self.ops)
    }
}

impl Entry for AttributeBit {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        pattern(&self.name)
    }
}

impl Entry for Assertion {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for Lookup {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for EntryTest {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        match self.holds.iter().find(|state| self.may.contains(state)) {
            Some(state) => Err(format!("{state:?} is in both `holds` and `may`")),
            None => Ok(()),
        }
    }
}

impl Entry for EntryWord {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for StateBit {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        let mut names = self.sets.iter().chain(&self.tells).chain(&self.settled_by);
        names.try_for_each(|name| identifier(name))
    }
}

impl Entry for EntryRead {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)
    }
}

impl Entry for Axiom {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        if self.source.is_empty() {
            return Err("an axiom without a `source`; say where a person can read why".to_owned());
        }
        self.functions.iter().try_for_each(|name| identifier(name))
    }
}

impl Entry for RustType {
    fn key(&self) -> String {
        self.name.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        identifier(self.is.strip_prefix("struct ").unwrap_or(&self.is))
    }
}

impl Entry for FlagFamily {
    fn key(&self) -> String {
        self.prefix.clone()
    }

    fn check(&self) -> Result<(), String> {
        identifier(&self.prefix)?;
        self.no_page.iter().try_for_each(|name| identifier(name))
    }
}

fn identifier(name: &str) -> Result<(), String> {
    let mut bytes = name.bytes();
    let starts = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        Ok(())
    } else {
        Err(format!("\"{name}\" is not a C identifier"))
    }
}

fn pattern(name: &str) -> Result<(), String> {
    identifier(name.strip_suffix('*').unwrap_or(name))
        .map_err(|_| format!("\"{name}\" is not a C identifier, nor the start of one before a `*`"))
}

fn structure(name: &str) -> Result<(), String> {
    name.strip_prefix("struct ")
        .ok_or_else(|| format!("\"{name}\" is not a structure; expected \"struct {name}\""))
        .and_then(identifier)
}

fn distinct(first: &str, a: Option<usize>, second: &str, b: Option<usize>) -> Result<(), String> {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Err(format!(
            "`{first}` and `{second}` are the same argument, {a}"
        )),
        _ => Ok(()),
    }
}

fn differ(a: Option<usize>, b: Option<usize>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a != b)
}

fn below(key: &str, position: Option<usize>, arguments: usize) -> Result<(), String> {
    match position {
        Some(position) if position >= arguments => Err(format!(
            "`{key}` is argument {position}, but there are only {arguments}"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
