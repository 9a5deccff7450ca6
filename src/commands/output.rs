//! Writing answers: the only place that knows about terminals.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use ptelint::report::termcolor::Buffer;

use super::{ColorWhen, Global};

/// Where an answer goes, and in which colours.
pub struct Output {
    color: bool,
}

impl Output {
    /// As asked for and as the terminal can.
    pub fn new(global: &Global) -> Output {
        let color = match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => io::stdout().is_terminal() && terminal_wants_color(),
        };
        Output { color }
    }

    /// Prints what `write` writes, in one go.
    pub fn print(&self, write: impl FnOnce(&mut Buffer)) -> anyhow::Result<()> {
        let mut buffer = match self.color {
            true => Buffer::ansi(),
            false => Buffer::no_color(),
        };
        write(&mut buffer);
        to_stdout(buffer.as_slice())
    }
}

/// See <https://no-color.org>.
fn terminal_wants_color() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
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
