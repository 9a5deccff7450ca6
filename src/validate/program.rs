//! The program made of the mutants: written to a temporary directory, built with cargo, and run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use tempfile::TempDir;

use super::judge::{self, Bound, Verdict};
use super::model;
use super::mutant::Mutant;
use super::schemata::{Schema, Schemata};
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
    /// The functions that differ in each mutant.
    functions: BTreeMap<u32, BTreeSet<usize>>,
}

/// What the reference does in one place.
pub struct Survey {
    /// Of the states it gets into.
    fingerprint: u64,
    /// The functions it calls, of those that differ in some mutant.
    called: BTreeSet<usize>,
}

/// A mutant to run, and where.
pub struct Run<'a> {
    /// The mutant; 0 is the reference itself.
    pub number: u32,
    /// The parts of the invariant that rules claim something about.
    pub asked_for: Vec<&'a str>,
    /// Numbers of places, see [`judge::places`].
    pub places: Vec<usize>,
}

/// How much a program is worth optimising.
#[derive(Clone, Copy)]
enum Effort {
    /// One program explores every mutant, deeply.
    Much = 3,
    /// One of many, each of which runs once and not deeply: compiling takes longer than running.
    None = 0,
}

fn manifest(effort: Effort) -> String {
    format!(
        "\
[package]
name = \"mutants\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]

[profile.release]
opt-level = {}
debug = false
",
        effort as u8
    )
}

impl Program {
    /// Builds one program of many mutants. Those that do not compile are left out.
    pub fn of_all(sources: &[Source], mutants: &[&Mutant]) -> Result<Program, ProgramError> {
        let mut left_out = BTreeSet::new();
        loop {
            let compiled = mutants.iter().copied();
            let compiled: Vec<&Mutant> = compiled
                .filter(|mutant| !left_out.contains(&mutant.number))
                .collect();
            let schemata = Schemata::of(sources, &compiled);
            let files = schemata.files.iter();
            let files = files.map(|schema| (schema.path.as_str(), schema.text.as_str()));
            let folder = write(files, Effort::Much)?;
            let errors = check(folder.path())?;
            if errors.is_empty() {
                build(folder.path())?;
                return Ok(Program {
                    folder,
                    left_out,
                    functions: schemata.functions,
                });
            }
            let blamed: BTreeSet<u32> = errors
                .iter()
                .filter_map(|error| error.mutant(&schemata.files))
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
        let files = model::FILES
            .iter()
            .map(|&(path, text)| match path == mutant.file {
                true => (path, mutant.text.as_str()),
                false => (path, text),
            });
        let folder = write(files, Effort::None)?;
        build(folder.path())?;
        Ok(Program {
            folder,
            left_out: BTreeSet::new(),
            functions: BTreeMap::new(),
        })
    }

    /// What the reference does in each place. Fails if it breaks the invariant.
    pub fn survey(&self, bound: Bound) -> Result<Vec<Survey>, ProgramError> {
        let (_, text) = self.execute(&["survey", &bound.depth.to_string()])?;
        let line = |line: &str| {
            let (fingerprint, called) = line.split_once(' ')?;
            let called = called.split(',').filter(|id| !id.is_empty());
            Some(Survey {
                fingerprint: u64::from_str_radix(fingerprint, 16).ok()?,
                called: called.map(|id| id.parse().ok()).collect::<Option<_>>()?,
            })
        };
        let surveys: Option<Vec<Survey>> = text.lines().map(line).collect();
        let is_whole = |surveys: &Vec<Survey>| surveys.len() == judge::places().len();
        let no_verdict = ProgramError::NoVerdict {
            number: 0,
            text: text.clone(),
        };
        surveys.filter(is_whole).ok_or(no_verdict)
    }

    /// The places where a mutant can differ from the reference: up to the first call of a function
    /// that differs, both do the same.
    pub fn places(&self, number: u32, surveys: &[Survey]) -> Vec<usize> {
        let functions = self.functions.get(&number);
        (0..surveys.len())
            .filter(|&place| {
                let is_called = |id: &usize| surveys[place].called.contains(id);
                functions.is_some_and(|functions| functions.iter().any(is_called))
            })
            .collect()
    }

    /// Runs one mutant, by carrying out every operation.
    pub fn run_plainly(&self, run: &Run, bound: Bound) -> Result<Verdict, ProgramError> {
        let (is_success, text) =
            self.execute(&["plainly", &bound.depth.to_string(), &self.told(run)])?;
        let mut verdicts = verdicts(&text, run.number)?;
        match verdicts.pop() {
            Some(verdict) => Ok(verdict),
            None => died(is_success, run.number, &text),
        }
    }

    /// Runs mutants in as many processes as there are threads, each of which explores the reference
    /// once and of a mutant only what is different. The verdicts, in the order of `runs`.
    pub fn run_all(&self, runs: &[Run], bound: Bound) -> Result<Vec<Verdict>, ProgramError> {
        let n_batches = rayon::current_num_threads();
        // Neighbours are alike, and so is the time they take.
        let batch = |first: usize| runs.iter().skip(first).step_by(n_batches);
        let batches = (0..n_batches).into_par_iter();
        let batches = batches.map(|first| self.run_batch(&batch(first).collect::<Vec<_>>(), bound));
        let batches = batches.collect::<Result<Vec<_>, ProgramError>>()?;
        let mut batches: Vec<_> = batches.into_iter().map(Vec::into_iter).collect();
        let in_turn = (0..runs.len()).filter_map(|at| batches[at % n_batches].next());
        Ok(in_turn.collect())
    }

    fn run_batch(&self, runs: &[&Run], bound: Bound) -> Result<Vec<Verdict>, ProgramError> {
        let depth = bound.depth.to_string();
        let mut all = Vec::new();
        while all.len() < runs.len() {
            let told: Vec<String> = runs[all.len()..].iter().map(|run| self.told(run)).collect();
            let mut arguments = vec!["batch", &depth];
            arguments.extend(told.iter().map(String::as_str));
            let (is_success, text) = self.execute(&arguments)?;
            all.extend(verdicts(&text, runs[all.len()].number)?);
            if let Some(last) = runs.get(all.len()) {
                all.push(died(is_success, last.number, &text)?);
            }
        }
        Ok(all)
    }

    /// A run as the program takes it.
    fn told(&self, run: &Run) -> String {
        let functions = self.functions.get(&run.number);
        let functions = functions.into_iter().flatten();
        format!(
            "{}/{}/{}/{}",
            run.number,
            run.asked_for.join(","),
            list(run.places.iter()),
            list(functions),
        )
    }

    fn execute(&self, arguments: &[&str]) -> Result<(bool, String), ProgramError> {
        let mut command = Command::new(executable(self.folder.path()));
        let output = command.args(arguments).output();
        let output = output.map_err(|error| ProgramError::NoCargo {
            command: "the mutants' program".to_owned(),
            error,
        })?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((output.status.success(), text))
    }
}

fn list<'a>(numbers: impl Iterator<Item = &'a usize>) -> String {
    let numbers: Vec<String> = numbers.map(usize::to_string).collect();
    numbers.join(",")
}

/// The verdicts a program gave before it ended; `number` is the first mutant it ran.
fn verdicts(text: &str, number: u32) -> Result<Vec<Verdict>, ProgramError> {
    let ended = text.split_inclusive("\n.\n");
    let ended = ended.filter_map(|part| part.strip_suffix(".\n"));
    let parse = |part: &str| {
        part.parse().map_err(|_| ProgramError::NoVerdict {
            number,
            text: part.to_owned(),
        })
    };
    ended.map(parse).collect()
}

/// The verdict on a mutant that ends the whole process: a stack that overflows cannot be caught
/// inside.
fn died(is_success: bool, number: u32, text: &str) -> Result<Verdict, ProgramError> {
    match is_success {
        true => Err(ProgramError::NoVerdict {
            number,
            text: text.to_owned(),
        }),
        false => Ok(Verdict::Crashed {
            arch: "any".to_owned(),
            world: "any".to_owned(),
        }),
    }
}

/// What the reference's verdict in these places is.
pub fn reference_verdict(surveys: &[Survey], places: &[usize]) -> Verdict {
    let fingerprints = places
        .iter()
        .map(|&place| (place, surveys[place].fingerprint));
    Verdict::Survived {
        fingerprint: judge::fold(fingerprints),
    }
}

fn executable(folder: &Path) -> PathBuf {
    let name = format!("mutants{}", std::env::consts::EXE_SUFFIX);
    folder.join("target").join("release").join(name)
}

/// The program's source in a new directory.
fn write<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    effort: Effort,
) -> Result<TempDir, ProgramError> {
    let folder = tempfile::Builder::new()
        .prefix("ptelint-mutants-")
        .tempdir()?;
    let src = folder.path().join("src");
    fs::create_dir_all(&src)?;
    fs::write(folder.path().join("Cargo.toml"), manifest(effort))?;
    fs::write(src.join("main.rs"), include_str!("harness/main.rs"))?;
    fs::write(src.join("mutant.rs"), include_str!("harness/mutant.rs"))?;
    fs::write(src.join("replay.rs"), include_str!("harness/replay.rs"))?;
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
            let schema = schemata
                .iter()
                .find(|schema| file.ends_with(&schema.path))?;
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
    let spans = message["spans"]
        .as_array()
        .filter(|spans| !spans.is_empty())?;
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
