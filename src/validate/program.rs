//! The program made of the mutants: written to a temporary directory, built with cargo, run once for
//! each mutant.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::judge::{Bound, Verdict};
use super::model;
use super::mutant::Mutant;
use super::schemata::{Schema, schema};
use super::source::Source;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// No file can be written.
    #[error("cannot write the mutants' program: {0}; is there room in the temporary directory?")]
    Write(#[from] io::Error),
    /// There is no cargo.
    #[error("cannot run `{command}`: {error}; mutants are compiled, which takes a Rust toolchain")]
    NoCargo {
        /// What was to be run.
        command: String,
        /// Why it was not.
        error: io::Error,
    },
    /// The program does not compile, and no mutant is to blame.
    #[error("the mutants' program does not compile:\n{0}")]
    Compile(String),
    /// The program did not say what it found.
    #[error("mutant {number} ended without a verdict: {text}")]
    NoVerdict {
        /// The mutant.
        number: u32,
        /// What it said instead.
        text: String,
    },
}

/// A program that can be run. Its directory goes with it.
pub struct Program {
    folder: TempDir,
    /// Mutants that are not in it, for they do not compile.
    pub left_out: BTreeSet<u32>,
}

const MANIFEST: &str = "\
[package]
name = \"mutants\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]

[profile.release]
opt-level = 2
debug = false
";

impl Program {
    /// Builds one program of many mutants. Those that do not compile are left out.
    pub fn of_all(sources: &[Source], mutants: &[&Mutant]) -> Result<Program, ProgramError> {
        let mut left_out = BTreeSet::new();
        loop {
            let schemata: Vec<Schema> = sources
                .iter()
                .map(|source| {
                    let compiled = mutants.iter().copied();
                    schema(source, compiled.filter(|mutant| !left_out.contains(&mutant.number)))
                })
                .collect();
            let files = schemata.iter().map(|schema| (schema.path.as_str(), schema.text.as_str()));
            let folder = write(files)?;
            let errors = check(folder.path())?;
            if errors.is_empty() {
                build(folder.path())?;
                return Ok(Program { folder, left_out });
            }
            let blamed: BTreeSet<u32> = errors
                .iter()
                .filter_map(|error| error.mutant(&schemata))
                .collect();
            if blamed.is_empty() {
                let texts: Vec<&str> = errors.iter().map(|error| error.text.as_str()).collect();
                return Err(ProgramError::Compile(texts.join("\n")));
            }
            left_out.extend(blamed);
        }
    }

    /// Builds one mutant as anyone would.
    pub fn of_one(mutant: &Mutant) -> Result<Program, ProgramError> {
        let files = model::FILES.iter().map(|&(path, text)| match path == mutant.file {
            true => (path, mutant.text.as_str()),
            false => (path, text),
        });
        let folder = write(files)?;
        build(folder.path())?;
        Ok(Program {
            folder,
            left_out: BTreeSet::new(),
        })
    }

    /// Runs a mutant; 0 is the reference itself.
    pub fn run(
        &self,
        number: u32,
        bound: Bound,
        asked_for: &[&str],
    ) -> Result<Verdict, ProgramError> {
        let mut command = Command::new(executable(self.folder.path()));
        command.args([number.to_string(), bound.depth.to_string(), asked_for.join(",")]);
        let output = command.output().map_err(|error| ProgramError::NoCargo {
            command: "the mutants' program".to_owned(),
            error,
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.parse() {
            Ok(verdict) => Ok(verdict),
            // A stack that overflows cannot be caught inside.
            Err(_) if !output.status.success() => Ok(Verdict::Crashed {
                arch: "any".to_owned(),
                world: "any".to_owned(),
            }),
            Err(_) => Err(ProgramError::NoVerdict {
                number,
                text: text.into_owned(),
            }),
        }
    }
}

fn executable(folder: &Path) -> PathBuf {
    let name = format!("mutants{}", std::env::consts::EXE_SUFFIX);
    folder.join("target").join("release").join(name)
}

/// The program's source in a new directory.
fn write<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<TempDir, ProgramError> {
    let folder = tempfile::Builder::new().prefix("ptelint-mutants-").tempdir()?;
    let src = folder.path().join("src");
    fs::create_dir_all(&src)?;
    fs::write(folder.path().join("Cargo.toml"), MANIFEST)?;
    fs::write(src.join("main.rs"), include_str!("harness/main.rs"))?;
    fs::write(src.join("mutant.rs"), include_str!("harness/mutant.rs"))?;
    fs::write(src.join("judge.rs"), include_str!("judge.rs"))?;
    for (path, text) in files {
        let file = src.join("reference").join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(file, text)?;
    }
    Ok(folder)
}

/// An error of the compiler.
struct CompileError {
    /// File and line of each place it is about.
    places: Vec<(String, usize)>,
    text: String,
}

impl CompileError {
    /// The mutant whose text is wrong.
    fn mutant(&self, schemata: &[Schema]) -> Option<u32> {
        self.places.iter().find_map(|(file, line)| {
            let schema = schemata.iter().find(|schema| file.ends_with(&schema.path))?;
            schema.mutant_at(*line)
        })
    }
}

fn check(folder: &Path) -> Result<Vec<CompileError>, ProgramError> {
    let output = cargo(folder, &["check", "--message-format=json"])?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let errors: Vec<CompileError> = stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| compile_error(&message["message"]))
        .collect();
    if errors.is_empty() && !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(ProgramError::Compile(stderr.into_owned()));
    }
    Ok(errors)
}

/// What cargo's message says, if it is of an error with a place.
fn compile_error(message: &serde_json::Value) -> Option<CompileError> {
    let is_error = message["level"] == "error";
    let spans = message["spans"].as_array().filter(|spans| !spans.is_empty())?;
    let place = |span: &serde_json::Value| {
        let file = span["file_name"].as_str()?.to_owned();
        Some((file, span["line_start"].as_u64()? as usize))
    };
    is_error.then(|| CompileError {
        places: spans.iter().filter_map(place).collect(),
        text: message["rendered"].as_str().unwrap_or_default().to_owned(),
    })
}

fn build(folder: &Path) -> Result<(), ProgramError> {
    let output = cargo(folder, &["build", "--quiet"])?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            Err(ProgramError::Compile(stderr.into_owned()))
        }
    }
}

/// Runs cargo in a program's directory. Nothing is fetched: there are no dependencies.
fn cargo(folder: &Path, arguments: &[&str]) -> Result<std::process::Output, ProgramError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command
        .args(arguments)
        .args(["--release", "--offline"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"));
    command.output().map_err(|error| ProgramError::NoCargo {
        command: cargo.to_string_lossy().into_owned(),
        error,
    })
}
