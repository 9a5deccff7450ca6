//! From TOML values to rule entries, with the place and a suggestion for every mistake.
//!
//! A serde deserialiser of its own, because the one in `toml` says what is wrong in prose only: here
//! the key, what was found and what was expected stay apart, and so a key that is not known can be
//! compared with those that are. What an entry's keys are is declared once, by its Rust type.

use std::fmt;
use std::ops::Range;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use toml::Spanned;
use toml::de::{DeString, DeValue};

/// The last argument number that makes sense: no kernel function has more arguments.
const LAST_ARGUMENT: u64 = 12;

/// What is wrong with a value, before it is known in which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as bytes of the file; absent until a value that has a place is reached.
    pub span: Option<Range<usize>>,
    /// The keys that lead there from the entry.
    pub path: Vec<String>,
    /// What.
    pub what: What,
}

/// Kinds of mistake inside an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A key that does not exist; those that do.
    UnknownKey(String, &'static [&'static str]),
    /// A word that does not exist; those that do.
    UnknownWord(String, &'static [&'static str]),
    /// A key that must be there.
    Missing(&'static str),
    /// A value that does not fit: what was found, what was expected.
    Misfit(String, String),
    /// Anything else.
    Other(String),
}

impl Problem {
    fn new(what: What) -> Self {
        Self {
            span: None,
            path: Vec::new(),
            what,
        }
    }

    fn at(mut self, span: Range<usize>) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn within(mut self, key: &str) -> Self {
        self.path.insert(0, key.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Problem {}

impl Error for Problem {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(What::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(What::Misfit(found.to_string(), expected.to_string()))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Str(text) => format!("{text:?}"),
            other => other.to_string(),
        };
        Self::new(What::Misfit(found, expected.to_string()))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::UnknownWord(variant.to_owned(), expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(What::UnknownKey(field.to_owned(), expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(What::Missing(field))
    }
}

/// Reads one value as a `T`.
pub fn read<'de, T: Deserialize<'de>>(value: &'de Spanned<DeValue<'de>>) -> Result<T, Problem> {
    T::deserialize(Value(value))
}

/// What a value is, for "found".
pub fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string {text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A TOML value that serde can read.
#[derive(Clone, Copy)]
struct Value<'de>(&'de Spanned<DeValue<'de>>);

impl<'de> Value<'de> {
    fn read<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        let span = self.0.span();
        seed.deserialize(self).map_err(|problem| problem.at(span))
    }

    fn misfit(self, expected: &str) -> Problem {
        let found = describe(self.0.get_ref());
        Problem::new(What::Misfit(found, expected.to_owned())).at(self.0.span())
    }

    fn text(self) -> Result<&'de str, Problem> {
        self.0
            .get_ref()
            .as_str()
            .ok_or_else(|| self.misfit("a string"))
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Problem> {
        Err(self.misfit("a string, a number, a truth value, an array or a table"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let truth = self
            .0
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.misfit("true or false"))?;
        visitor.visit_bool(truth)
    }

    /// Every number in a rule file numbers, or counts, arguments.
    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let number = self
            .0
            .get_ref()
            .as_integer()
            .and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|&number| number <= LAST_ARGUMENT);
        match number {
            Some(number) => visitor.visit_u64(number),
            None => Err(self.misfit(&format!("an argument number from 0 to {LAST_ARGUMENT}"))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let text = self.text()?;
        visitor.visit_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let Some(text) = self.0.get_ref().as_str() else {
            return Err(self.misfit(&one_of(variants)));
        };
        let word: StrDeserializer<'_, Problem> = text.into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let array = self
            .0
            .get_ref()
            .as_array()
            .ok_or_else(|| self.misfit("an array"))?;
        visitor.visit_seq(Elements(array.iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let table = self
            .0
            .get_ref()
            .as_table()
            .ok_or_else(|| self.misfit("a table"))?;
        visitor.visit_map(Members {
            rest: table.iter(),
            value: None,
        })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map identifier ignored_any
    }
}

/// The elements of an array.
struct Elements<I>(I);

impl<'de, I: Iterator<Item = &'de Spanned<DeValue<'de>>>> SeqAccess<'de> for Elements<I> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        self.0
            .next()
            .map(|value| Value(value).read(seed))
            .transpose()
    }
}

/// The members of a table.
struct Members<'de, I> {
    rest: I,
    value: Option<(&'de str, &'de Spanned<DeValue<'de>>)>,
}

impl<'de, I> MapAccess<'de> for Members<'de, I>
where
    I: Iterator<Item = (&'de Spanned<DeString<'de>>, &'de Spanned<DeValue<'de>>)>,
{
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        let name: &'de str = key.get_ref();
        self.value = Some((name, value));
        let word: StrDeserializer<'_, Problem> = name.into_deserializer();
        seed.deserialize(word)
            .map(Some)
            .map_err(|problem| problem.at(key.span()))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let (key, value) = self
            .value
            .take()
            .expect("serde asks for a key before its value");
        Value(value)
            .read(seed)
            .map_err(|problem| problem.within(key))
    }
}

/// "`a`, `b` or `c`".
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The one of `known` that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = 1 + word.len() / 4;
    known
        .iter()
        .map(|&candidate| (distance(word.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// How many bytes must be added, removed or replaced to turn `a` into `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
