//! A recorded editing session, and how long the server takes to follow it.
//!
//! A session is text, a command a line, its arguments JSON strings:
//!
//! - `file "PATH"`: what is edited; the first line.
//! - `group "NAME"`: what the following edits are counted as.
//! - `at "TEXT"`: the cursor goes before the text, looked for from the beginning of the file.
//! - `next "TEXT"`: the same, from the cursor on.
//! - `type "TEXT"`: inserted character by character, each an edit.
//! - `paste "TEXT"`: inserted in one go.
//! - `replace "OLD" "NEW"`: at the next place from the cursor on.
//! - `undo`: everything since the group began, in one edit.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::editor::{Editor, position_at};

/// A session.
pub struct Session {
    /// The file that is edited.
    pub file: String,
    commands: Vec<Command>,
}

enum Command {
    Group(String),
    At(String),
    Next(String),
    Type(String),
    Paste(String),
    Replace(String, String),
    Undo,
}

/// What a replay took.
pub struct Replayed {
    /// From the start of the program to the first answer.
    pub first: Duration,
    /// By group, from each change to its diagnostics.
    pub times: Vec<(String, Vec<Duration>)>,
    /// The most memory that was resident.
    pub peak_kib: Option<u64>,
    /// The rules of the diagnostics of the file: at first, and after each edit.
    pub rules: Vec<Vec<String>>,
}

impl Session {
    /// Reads a session.
    pub fn parse(text: &str) -> Session {
        let mut file = String::new();
        let mut commands = Vec::new();
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            let texts: Vec<String> = serde_json::Deserializer::from_str(rest)
                .into_iter::<String>()
                .map(|text| text.unwrap_or_else(|error| panic!("{line}: {error}")))
                .collect();
            let command = match (name, texts.as_slice()) {
                ("file", [path]) => {
                    file.clone_from(path);
                    continue;
                }
                ("group", [name]) => Command::Group(name.clone()),
                ("at", [text]) => Command::At(text.clone()),
                ("next", [text]) => Command::Next(text.clone()),
                ("type", [text]) => Command::Type(text.clone()),
                ("paste", [text]) => Command::Paste(text.clone()),
                ("replace", [old, new]) => Command::Replace(old.clone(), new.clone()),
                ("undo", []) => Command::Undo,
                _ => panic!("no command: {line}"),
            };
            commands.push(command);
        }
        Session { file, commands }
    }

    /// How many edits it has.
    pub fn n_edits(&self) -> usize {
        let commands = self.commands.iter();
        commands
            .map(|command| match command {
                Command::Group(_) | Command::At(_) | Command::Next(_) => 0,
                Command::Type(text) => text.chars().count(),
                Command::Paste(_) | Command::Replace(..) | Command::Undo => 1,
            })
            .sum()
    }
}

/// Plays a session in a tree, each edit when the one before has been answered.
pub fn replay(session: &Session, tree: &Path) -> Replayed {
    let begin = Instant::now();
    let capabilities = json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } }
    });
    let mut editor = Editor::open(tree, capabilities);
    let mut player = Player {
        path: session.file.clone(),
        text: editor.open_file(&session.file),
        version: 1,
        cursor: 0,
        replayed: Replayed {
            first: Duration::ZERO,
            times: Vec::new(),
            peak_kib: None,
            rules: Vec::new(),
        },
        editor: &mut editor,
    };
    player.hear();
    player.replayed.first = begin.elapsed();
    let mut before = player.text.clone();
    for command in &session.commands {
        match command {
            Command::Group(name) => {
                before.clone_from(&player.text);
                player.replayed.times.push((name.clone(), Vec::new()));
            }
            Command::At(text) => {
                player.cursor = 0;
                player.cursor = player.find(text);
            }
            Command::Next(text) => player.cursor = player.find(text),
            Command::Type(text) => {
                for character in text.chars() {
                    let mut bytes = [0; 4];
                    let cursor = player.cursor;
                    player.edit(cursor, cursor, character.encode_utf8(&mut bytes));
                }
            }
            Command::Paste(text) => {
                let cursor = player.cursor;
                player.edit(cursor, cursor, text);
            }
            Command::Replace(old, new) => {
                let start = player.find(old);
                player.edit(start, start + old.len(), new);
            }
            Command::Undo => {
                let all = player.text.len();
                player.edit(0, all, &before.clone());
            }
        }
    }
    let mut replayed = player.replayed;
    replayed.peak_kib = peak_kib(editor.id());
    editor.close();
    replayed
}

struct Player<'e> {
    editor: &'e mut Editor,
    path: String,
    text: String,
    version: u64,
    cursor: usize,
    replayed: Replayed,
}

impl Player<'_> {
    fn find(&self, text: &str) -> usize {
        let found = self.text[self.cursor..].find(text);
        self.cursor + found.unwrap_or_else(|| panic!("{}: no {text:?}", self.path))
    }

    fn edit(&mut self, start: usize, end: usize, new: &str) {
        let range = json!({
            "start": position_at(&self.text, start), "end": position_at(&self.text, end)
        });
        self.text.replace_range(start..end, new);
        self.cursor = start + new.len();
        self.version += 1;
        let begin = Instant::now();
        self.editor.change(&self.path, self.version, range, new);
        self.hear();
        let time = begin.elapsed();
        if let Some((_, times)) = self.replayed.times.last_mut() {
            times.push(time);
        }
    }

    /// Waits until the server knows something new, and asks what.
    fn hear(&mut self) {
        self.editor
            .wait_for("workspace/diagnostic/refresh", |_| true);
        let uri = self.editor.uri(&self.path);
        let params = json!({ "textDocument": { "uri": uri } });
        let report = self.editor.request("textDocument/diagnostic", params);
        let items = report["items"].as_array();
        let rules = items.into_iter().flatten().map(|item| match &item["code"] {
            Value::String(rule) => rule.clone(),
            other => panic!("a diagnostic without a rule: {other}"),
        });
        self.replayed.rules.push(rules.collect());
    }
}

fn peak_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
