//! `ptelint.toml`: what is in force for a tree, written down beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::dotconfig::Kconfig;
use crate::pipeline::{Report, similar};
use crate::rules::{self, Finding, Severity};
use crate::tree::{GenericPaths, is_below};

/// The name of the file.
pub const FILE_NAME: &str = "ptelint.toml";

/// Every key, sorted. `docs/ptelint.schema.json` describes them.
pub const KEYS: &[&str] = &[
    "architectures",
    "baseline",
    "config",
    "drivers",
    "exclude",
    "fail-on",
    "format",
    "generic",
    "rules",
];

/// What a file says; what it does not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// Severities by rule.
    #[serde(default)]
    pub rules: BTreeMap<String, Level>,
    /// Paths below the tree whose findings are not reported.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Paths below the tree whose code is judged, though it is in a directory of drivers.
    #[serde(default)]
    pub generic: Vec<String>,
    /// Paths below the tree whose code is a driver's, in other directories.
    #[serde(default)]
    pub drivers: Vec<String>,
    /// Architecture directories; findings of others are not reported.
    #[serde(default)]
    pub architectures: Vec<String>,
    /// A kernel's `.config`; findings that it leaves out are not reported.
    pub config: Option<PathBuf>,
    /// A baseline.
    pub baseline: Option<PathBuf>,
    /// As `--fail-on`.
    pub fail_on: Option<String>,
    /// As `--format`, several.
    #[serde(default)]
    pub format: Vec<String>,
}

/// What a rule's findings count as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Errors.
    Error,
    /// Warnings.
    Warning,
    /// Notes.
    Note,
    /// They are not reported.
    Off,
}

/// A file that says something else.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// No TOML, or a value of another type.
    #[error("{0}")]
    Syntax(String),
    /// A key that means nothing.
    #[error("unknown key `{key}`{}; the keys are {}", did_you_mean(similar), KEYS.join(", "))]
    Key {
        /// As written.
        key: String,
        /// Keys that look like it.
        similar: Vec<String>,
    },
    /// A rule that is not there.
    #[error(
        "unknown rule `{rule}`{}; `ptelint rules` lists them",
        did_you_mean(similar)
    )]
    Rule {
        /// As written.
        rule: String,
        /// Rules that look like it.
        similar: Vec<String>,
    },
}

fn did_you_mean(similar: &[String]) -> String {
    match similar {
        [] => String::new(),
        names => format!(", did you mean `{}`?", names.join("`, `")),
    }
}

impl Config {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let syntax = |error: toml::de::Error| ConfigError::Syntax(error.to_string());
        let table: toml::Table = toml::from_str(text).map_err(syntax)?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(ConfigError::Key {
                key: key.clone(),
                similar: similar::among(KEYS, key),
            });
        }
        let config: Config = toml::from_str(text).map_err(syntax)?;
        let known: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
        match config
            .rules
            .keys()
            .find(|rule| !known.contains(&rule.as_str()))
        {
            None => Ok(config),
            Some(rule) => Err(ConfigError::Rule {
                rule: rule.clone(),
                similar: similar::among(&known, rule),
            }),
        }
    }

    /// Which code is generic.
    pub fn generic_paths(&self) -> GenericPaths {
        GenericPaths::new(&self.generic, &self.drivers)
    }

    /// The file that holds for a path: the nearest from it upwards.
    pub fn find(path: &Path) -> Option<PathBuf> {
        let path = std::fs::canonicalize(path).ok()?;
        let mut files = path.ancestors().map(|directory| directory.join(FILE_NAME));
        files.find(|file| file.is_file())
    }

    /// Takes out of a report what is not to be reported, and gives the rest its severity. Without
    /// a kernel's configuration, every condition can hold.
    pub fn apply(&self, report: &mut Report, kconfig: Option<&Kconfig>) {
        report.filters.configured = self.select(&mut report.findings, kconfig);
    }

    /// The same of findings alone. Returns how many were taken out.
    pub fn select(&self, findings: &mut Vec<Finding>, kconfig: Option<&Kconfig>) -> usize {
        let n_before = findings.len();
        findings.retain(|finding| {
            let is_off = self.rules.get(finding.rule) == Some(&Level::Off);
            let is_excluded = self
                .exclude
                .iter()
                .any(|path| is_below(&finding.file, path));
            let is_elsewhere = !self.architectures.is_empty()
                && !finding.arches.is_empty()
                && finding
                    .arches
                    .iter()
                    .all(|arch| !self.architectures.contains(arch));
            let is_left_out = kconfig.is_some_and(|kconfig| {
                let condition = finding.condition.as_deref();
                condition.is_some_and(|condition| kconfig.holds(condition) == Some(false))
            });
            !is_off && !is_excluded && !is_elsewhere && !is_left_out
        });
        for finding in findings.iter_mut() {
            finding.severity = match self.rules.get(finding.rule) {
                Some(Level::Error) => Severity::Error,
                Some(Level::Warning) => Severity::Warning,
                Some(Level::Note) => Severity::Note,
                Some(Level::Off) | None => finding.severity,
            };
        }
        n_before - findings.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_with_what_was_meant() {
        let error = |text: &str| Config::parse(text).unwrap_err().to_string();
        assert!(error("exlude = []").contains("did you mean `exclude`?"));
        assert!(error("[rules]\nprot-konstant = \"off\"").contains("`prot-constant`?"));
        assert!(error("[rules]\nprot-constant = \"of\"").contains("off"));
        assert!(error("exclude = 3").contains("exclude"));
    }

    #[test]
    fn the_schema_describes_every_key() {
        let schema = include_str!("../docs/ptelint.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
        let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(keys, KEYS);
        let known = schema["properties"]["rules"]["properties"]
            .as_object()
            .unwrap();
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        let rules: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(known, rules);
    }
}
