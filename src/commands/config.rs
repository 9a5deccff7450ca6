//! `ptelint config`, and how `ptelint.toml` and options come together.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueHint};
use ptelint::config;
use ptelint::dotconfig::Kconfig;

use super::{Global, Status, output};

/// Print what is in force for a tree, and from where
///
/// Settings stand in `ptelint.toml`, which is looked for in the tree and in the directories above
/// it. What is typed on the command line wins.
#[derive(Args)]
pub struct Config {
    /// The tree
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
}

impl Config {
    pub fn run(self, _global: &Global) -> anyhow::Result<Status> {
        let settings = Settings::find(&[self.path])?;
        output::to_stdout(settings.describe().as_bytes())?;
        Ok(Status::Clean)
    }
}

/// A file, or none.
#[derive(Default)]
pub struct Settings {
    file: Option<PathBuf>,
    /// What it says, paths made absolute.
    pub values: config::Config,
}

impl Settings {
    /// What holds for the first of `paths`, or for the current directory.
    pub fn find(paths: &[PathBuf]) -> anyhow::Result<Settings> {
        let path = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let Some(file) = config::Config::find(path) else {
            return Ok(Settings::default());
        };
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut values =
            config::Config::parse(&text).with_context(|| file.display().to_string())?;
        let directory = file.parent().unwrap_or(Path::new("/"));
        for path in [&mut values.config, &mut values.baseline] {
            *path = path.take().map(|path| directory.join(path));
        }
        Ok(Settings {
            file: Some(file),
            values,
        })
    }

    fn describe(&self) -> String {
        let Some(file) = &self.file else {
            return format!(
                "# no {} here or above: everything is as by default\n",
                config::FILE_NAME
            );
        };
        let values = &self.values;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let list = |list: &[String]| (!list.is_empty()).then(|| format!("{list:?}"));
        let quoted = |text: Option<String>| text.map(|text| format!("{text:?}"));
        let rules: Vec<String> = values
            .rules
            .iter()
            .map(|(rule, level)| format!("{rule} = {:?}", format!("{level:?}").to_lowercase()))
            .collect();
        let rules = (!rules.is_empty()).then(|| format!("{{ {} }}", rules.join(", ")));
        let file = file.display();
        [
            ("architectures", list(&values.architectures), "all"),
            ("baseline", quoted(path(&values.baseline)), "none"),
            ("config", quoted(path(&values.config)), "none"),
            (
                "drivers",
                list(&values.drivers),
                "drivers, sound, samples, tools",
            ),
            ("exclude", list(&values.exclude), "nothing"),
            ("fail-on", quoted(values.fail_on.clone()), "\"note\""),
            ("format", list(&values.format), "[\"human\"]"),
            ("generic", list(&values.generic), "all other directories"),
            ("rules", rules, "as each rule says"),
        ]
        .into_iter()
        .map(|(key, value, default)| match value {
            Some(value) => format!("{key} = {value}  # {file}\n"),
            None => format!("# {key}: {default}, by default\n"),
        })
        .collect()
    }
}

/// Reads a kernel's `.config`.
pub fn kconfig(file: &Path) -> anyhow::Result<Kconfig> {
    let text = fs::read(file).with_context(|| {
        format!(
            "cannot read {}: give a kernel's .config, such as /boot/config-6.12",
            file.display()
        )
    })?;
    match Kconfig::parse(&String::from_utf8_lossy(&text)) {
        Some(kconfig) => Ok(kconfig),
        None => bail!(
            "{}: no line `CONFIG_…=y`; give a kernel's .config, such as /boot/config-6.12",
            file.display()
        ),
    }
}
