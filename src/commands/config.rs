//! `ptelint config`: what is in force for a tree.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ptelint::config;
use ptelint::settings::Settings;

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
        output::to_stdout(describe(&settings).as_bytes())?;
        Ok(Status::Clean)
    }
}

fn describe(settings: &Settings) -> String {
    let Some(file) = &settings.file else {
        return format!(
            "# no {} here or above: everything is as by default\n",
            config::FILE_NAME
        );
    };
    let values = &settings.values;
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
