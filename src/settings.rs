//! What is in force for a tree: its `ptelint.toml`, and the files that this names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::baseline::{Baseline, BaselineError};
use crate::config::{Config, ConfigError};
use crate::dotconfig::Kconfig;
use crate::pipeline::Report;
use crate::rules::{Finding, Selection};

/// A `ptelint.toml`, or none.
#[derive(Default)]
pub struct Settings {
    /// The file.
    pub file: Option<PathBuf>,
    /// What it says, paths made absolute.
    pub values: Config,
}

/// A file that is not what it should be.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A `ptelint.toml` that cannot be read.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A `ptelint.toml` that says something else.
    #[error("{}", .0.display())]
    Wrong(PathBuf, #[source] ConfigError),
    /// A kernel's configuration that cannot be read.
    #[error(
        "cannot read {}: give a kernel's .config, such as /boot/config-6.12",
        .0.display()
    )]
    NoKconfig(PathBuf, #[source] io::Error),
    /// A file that is no kernel's configuration.
    #[error(
        "{}: no line `CONFIG_…=y`; give a kernel's .config, such as /boot/config-6.12",
        .0.display()
    )]
    EmptyKconfig(PathBuf),
    /// A baseline that cannot be read.
    #[error(
        "cannot read {file}; to make one, type 'ptelint baseline write --baseline {file} PATH'",
        file = .0.display()
    )]
    NoBaseline(PathBuf, #[source] io::Error),
    /// A file that is no baseline.
    #[error("{}", .0.display())]
    WrongBaseline(PathBuf, #[source] BaselineError),
}

impl Settings {
    /// What holds for the first of `paths`, or for the current directory.
    pub fn find(paths: &[PathBuf]) -> Result<Settings, SettingsError> {
        let path = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let Some(file) = Config::find(path) else {
            return Ok(Settings::default());
        };
        let text = fs::read_to_string(&file)
            .map_err(|error| SettingsError::Unreadable(file.clone(), error))?;
        let mut values =
            Config::parse(&text).map_err(|error| SettingsError::Wrong(file.clone(), error))?;
        let directory = file.parent().unwrap_or(Path::new("/"));
        for path in [&mut values.config, &mut values.baseline] {
            *path = path.take().map(|path| directory.join(path));
        }
        Ok(Settings {
            file: Some(file),
            values,
        })
    }

    /// The same with the files that it names.
    pub fn filter(self) -> Result<Filter, SettingsError> {
        Ok(Filter {
            kconfig: self.values.config.as_deref().map(kconfig).transpose()?,
            baseline: self.values.baseline.as_deref().map(baseline).transpose()?,
            values: self.values,
        })
    }
}

/// Which findings `check` shows, if no option says otherwise.
#[derive(Default)]
pub struct Filter {
    values: Config,
    kconfig: Option<Kconfig>,
    baseline: Option<Baseline>,
}

impl Filter {
    /// The findings of a report that are shown, with their severities.
    pub fn findings(&self, report: &Report) -> Vec<Finding> {
        let selection = Selection::default();
        let findings = report.findings.iter();
        let mut shown: Vec<Finding> = findings
            .filter(|finding| selection.has(finding))
            .cloned()
            .collect();
        self.values.select(&mut shown, self.kconfig.as_ref());
        match &self.baseline {
            Some(baseline) => baseline.unknown(shown, report).0,
            None => shown,
        }
    }
}

/// Reads a kernel's `.config`.
pub fn kconfig(file: &Path) -> Result<Kconfig, SettingsError> {
    let text = fs::read(file).map_err(|error| SettingsError::NoKconfig(file.to_owned(), error))?;
    Kconfig::parse(&String::from_utf8_lossy(&text))
        .ok_or_else(|| SettingsError::EmptyKconfig(file.to_owned()))
}

/// Reads a baseline that the user named.
pub fn baseline(file: &Path) -> Result<Baseline, SettingsError> {
    let text = fs::read_to_string(file)
        .map_err(|error| SettingsError::NoBaseline(file.to_owned(), error))?;
    Baseline::parse(&text).map_err(|error| SettingsError::WrongBaseline(file.to_owned(), error))
}
