//! `--format` and `--output`: in which forms an answer is written, and where to.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Every format of any command; each accepts [some of them](among).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One line for each finding.
    Short,
    /// For people, of a graph.
    Text,
    /// For Graphviz.
    Dot,
    /// For programs.
    Json,
    /// For code scanning services.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// Test results.
    Junit,
    /// For Jenkins and others.
    Checkstyle,
}

/// `F` or `F=FILE`, as typed.
#[derive(Clone, Debug)]
pub struct FormatTo {
    /// The format.
    pub format: Format,
    /// The file it is written to; absent: where `--output` says, else stdout.
    pub file: Option<PathBuf>,
}

/// Accepts one of `formats`, each alone or with `=FILE`.
pub fn among(formats: &'static [Format]) -> impl TypedValueParser<Value = FormatTo> {
    Among(formats)
}

/// Reads a format out of a file with settings, as it would be typed.
pub fn parse(formats: &'static [Format], text: &str) -> anyhow::Result<FormatTo> {
    let (word, file) = match text.split_once('=') {
        Some((word, file)) => (word, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let names = || formats.iter().filter_map(Format::to_possible_value);
    let format = formats.iter().find(|format| {
        let name = format.to_possible_value();
        name.is_some_and(|name| name.matches(word, false))
    });
    match format {
        Some(&format) => Ok(FormatTo { format, file }),
        None => {
            let names: Vec<String> = names().map(|name| name.get_name().to_owned()).collect();
            anyhow::bail!("no format `{word}`; type one of {}", names.join(", "))
        }
    }
}

#[derive(Clone)]
struct Among(&'static [Format]);

impl TypedValueParser for Among {
    type Value = FormatTo;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<FormatTo, clap::Error> {
        let (word, file) = match value.to_str().and_then(|text| text.split_once('=')) {
            Some((word, file)) => (OsStr::new(word), Some(PathBuf::from(file))),
            None => (value, None),
        };
        let words = self.0.iter().filter_map(Format::to_possible_value);
        let word = PossibleValuesParser::new(words).parse_ref(command, arg, word)?;
        if file
            .as_ref()
            .is_some_and(|file| file.as_os_str().is_empty())
        {
            let message = format!("type the name of a file behind '{word}='");
            return Err(command
                .clone()
                .error(clap::error::ErrorKind::ValueValidation, message));
        }
        Ok(FormatTo {
            // Only words of these formats get here.
            format: Format::from_str(&word, false).unwrap_or(Format::Human),
            file,
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            self.0.iter().filter_map(Format::to_possible_value),
        ))
    }
}
