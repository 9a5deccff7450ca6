//! Writing answers: the only place that knows about terminals.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ptelint::report::termcolor::Buffer;

use super::format::{Format, FormatTo};
use super::{ColorWhen, Global};

/// Where an answer goes, in which formats and colours.
pub struct Output {
    targets: Vec<(Format, Option<PathBuf>)>,
    color: bool,
}

impl Output {
    /// As asked for and as the terminal can. Two formats in one place are a mistake.
    pub fn new(global: &Global, formats: &[FormatTo]) -> anyhow::Result<Output> {
        let targets: Vec<(Format, Option<PathBuf>)> = formats
            .iter()
            .map(|to| (to.format, to.file.clone().or_else(|| global.output.clone())))
            .collect();
        for (i, (_, file)) in targets.iter().enumerate() {
            if !targets[..i].iter().any(|(_, earlier)| earlier == file) {
                continue;
            }
            match file {
                Some(file) => bail!(
                    "two formats would be written to {}\n  tip: give each its own file: \
                     '--format sarif=FILE'",
                    file.display()
                ),
                None => bail!(
                    "two formats would be written to stdout\n  tip: give all but one a file: \
                     '--format sarif=FILE'"
                ),
            }
        }
        let color = match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => io::stdout().is_terminal() && terminal_wants_color(),
        };
        Ok(Output { targets, color })
    }

    /// Writes what `render` makes of each format, in one go, to where it belongs. Only on stdout
    /// are there colours.
    pub fn write(
        &self,
        render: impl Fn(Format, &mut Buffer) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for (format, file) in &self.targets {
            let mut buffer = match self.color && file.is_none() {
                true => Buffer::ansi(),
                false => Buffer::no_color(),
            };
            render(*format, &mut buffer)?;
            match file {
                Some(file) => to_file(file, buffer.as_slice())?,
                None => to_stdout(buffer.as_slice())?,
            }
        }
        Ok(())
    }
}

/// Puts text without colours into a buffer.
pub fn put(buffer: &mut Buffer, text: &str) -> anyhow::Result<()> {
    buffer.write_all(text.as_bytes())?;
    Ok(())
}

/// See <https://no-color.org>.
fn terminal_wants_color() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes to a file that the user named.
pub fn to_file(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(file, bytes).with_context(|| {
        format!(
            "cannot write {}: give a file in a directory that exists and can be written",
            file.display()
        )
    })
}

/// Writes to stdout.
pub fn to_stdout(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .context("cannot write the answer")
}

/// Writes to stderr.
pub fn to_stderr(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(text.as_bytes())
}
