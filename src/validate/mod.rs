//! Are the rules right? Mutants of the [reference](crate::reference) tell: each is run, to see whether
//! it breaks the invariant, and analysed, to see whether ptelint says so.
//!
//! Read it in this order:
//!
//! 1. [`model`] is the reference's source, [`source`] what is asked of a file of it;
//! 2. [`operators`] make mutants of it, by looking for shapes in the syntax tree; none of them knows
//!    what does harm;
//! 3. [`schemata`] puts all mutants into one program, [`program`] builds and runs it, [`judge`] is the
//!    part of it that explores and gives the verdict at run time;
//! 4. [`statics`] is the analysis' verdict on a mutant's source;
//! 5. [`scope`] says which parts of the invariant the rules make claims about;
//! 6. [`table`] sets one against the other.

pub mod judge;
pub mod model;
pub mod mutant;
pub mod operators;
pub mod program;
pub mod schemata;
pub mod scope;
pub mod source;
pub mod statics;
pub mod table;

use rayon::prelude::*;

use crate::pipeline::PipelineError;
use crate::vocabulary::{self, Weakening};
use judge::Bound;
use mutant::Mutant;
use program::{Program, ProgramError, Survey, reference_verdict};
use source::Source;
use statics::{StaticVerdict, static_verdict};
use table::{AsBuilt, Disagreement, Dynamic, Judged, Validation};

/// Which mutants, and how far they are explored.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest sequence of operations.
    pub bound: Bound,
    /// Only so many mutants, spread evenly.
    pub sample: Option<usize>,
    /// Only these, by number; empty for all.
    pub only: Vec<u32>,
    /// Every so many-th mutant is also built on its own; 0 for none.
    pub singly_every: usize,
}

/// Why nothing could be validated.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// A file of the reference is no Rust.
    #[error("{file} of the reference cannot be parsed: {error}")]
    Parse {
        /// The file.
        file: String,
        /// What is wrong.
        error: syn::Error,
    },
    /// There is no such mutant.
    #[error("no mutant {number}: there are {count}, numbered from 1")]
    NoMutant {
        /// What was asked for.
        number: u32,
        /// How many there are.
        count: usize,
    },
    /// The program of the mutants could not be built or run.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A mutant could not be analysed.
    #[error(transparent)]
    Analysis(#[from] PipelineError),
}

/// The reference, parsed.
pub fn parse_model() -> Result<Vec<Source>, ValidateError> {
    let parse = |&(path, text): &(&str, &str)| {
        Source::parse(path, text).map_err(|error| ValidateError::Parse {
            file: path.to_owned(),
            error,
        })
    };
    model::FILES.iter().map(parse).collect()
}

/// Every mutant of the reference, by number.
pub fn all_mutants() -> Result<Vec<Mutant>, ValidateError> {
    Ok(operators::mutants(&parse_model()?))
}

/// Makes mutants, runs and analyses each, and compares.
pub fn validate(options: &Options) -> Result<Validation, ValidateError> {
    let sources = parse_model()?;
    let all = operators::mutants(&sources);
    let chosen = choose(&all, options)?;
    let program = Program::of_all(&sources, &chosen)?;
    let compiled: Vec<&Mutant> = chosen
        .iter()
        .copied()
        .filter(|mutant| !program.left_out.contains(&mutant.number))
        .collect();

    let original = static_verdict(model::sources())?;
    let surveys = program.survey(options.bound)?;
    let bench = Bench {
        program: &program,
        original: &original,
        bound: options.bound,
        surveys: &surveys,
    };
    let judged = compiled
        .par_iter()
        .map(|mutant| bench.judge(mutant))
        .collect::<Result<Vec<Judged>, ValidateError>>()?;
    let judged = bench.look_further(judged)?;
    let as_built = bench.build_singly(&judged, options.singly_every)?;
    let left_out = chosen
        .iter()
        .filter(|mutant| program.left_out.contains(&mutant.number))
        .map(|&mutant| mutant.clone())
        .collect();
    Ok(Validation {
        original,
        count: all.len(),
        bound: options.bound,
        judged,
        left_out,
        as_built,
    })
}

/// The same mutants, run as they were, and analysed once more by an analysis that makes a mistake on
/// purpose.
#[doc(hidden)]
pub fn weakened(result: &Validation, by: Weakening) -> Result<Validation, ValidateError> {
    let mut vocabulary = vocabulary::builtin().clone();
    vocabulary.weakening = Some(by);
    let original = statics::static_verdict_with(&vocabulary, model::sources())?;
    let judged = result.judged.par_iter().map(|judged| {
        let sources = sources_with(&judged.mutant);
        let statics = statics::static_verdict_with(&vocabulary, sources)?.beyond(&original);
        Ok(Judged {
            statics,
            ..judged.clone()
        })
    });
    let judged = judged.collect::<Result<Vec<Judged>, ValidateError>>()?;
    Ok(Validation {
        judged,
        original,
        ..result.clone()
    })
}

fn choose<'a>(all: &'a [Mutant], options: &Options) -> Result<Vec<&'a Mutant>, ValidateError> {
    if !options.only.is_empty() {
        let find = |&number: &u32| {
            let found = all.iter().find(|mutant| mutant.number == number);
            let count = all.len();
            found.ok_or(ValidateError::NoMutant { number, count })
        };
        return options.only.iter().map(find).collect();
    }
    let wanted = options.sample.unwrap_or(all.len()).min(all.len());
    Ok((0..wanted).map(|i| &all[i * all.len() / wanted]).collect())
}

/// What mutants are tried on.
struct Bench<'a> {
    program: &'a Program,
    original: &'a StaticVerdict,
    bound: Bound,
    surveys: &'a [Survey],
}

impl Bench<'_> {
    fn judge(&self, mutant: &Mutant) -> Result<Judged, ValidateError> {
        let statics = static_verdict(sources_with(mutant))?.beyond(self.original);
        let dynamic = self.run(mutant, self.bound, self.surveys)?;
        Ok(Judged::new(mutant.clone(), dynamic, self.bound, statics))
    }

    /// An alarm is worth a longer search: the harm may only lie further away than most of it.
    fn look_further(&self, judged: Vec<Judged>) -> Result<Vec<Judged>, ValidateError> {
        let is_doubtful = |judged: &Judged| {
            let is_alarm = judged.disagreement() == Some(Disagreement::FalseAlarm);
            is_alarm && judged.explanation().is_none()
        };
        if !judged.iter().any(is_doubtful) {
            return Ok(judged);
        }
        let bound = Bound {
            depth: self.bound.depth + 1,
        };
        let surveys = self.program.survey(bound)?;
        judged
            .into_par_iter()
            .map(|judged| {
                if !is_doubtful(&judged) {
                    return Ok(judged);
                }
                let dynamic = self.run(&judged.mutant, bound, &surveys)?;
                Ok(Judged::new(judged.mutant, dynamic, bound, judged.statics))
            })
            .collect()
    }

    fn run(
        &self,
        mutant: &Mutant,
        bound: Bound,
        surveys: &[Survey],
    ) -> Result<Dynamic, ValidateError> {
        let places = self.program.places(mutant.number, surveys);
        let asked_for = scope::asked_for(mutant);
        let verdict = self
            .program
            .run(mutant.number, bound, &asked_for, &places)?;
        Ok(Dynamic::new(verdict, &reference_verdict(surveys, &places)))
    }

    /// Some mutants are compiled as anyone would, to see that the program of all means the same.
    fn build_singly(&self, judged: &[Judged], every: usize) -> Result<Vec<AsBuilt>, ValidateError> {
        let picked = judged.iter().enumerate();
        let picked: Vec<&Mutant> = picked
            .filter(|(at, _)| every != 0 && at % every == 0)
            .map(|(_, judged)| &judged.mutant)
            .collect();
        // That two programs mean the same shows in shorter sequences too.
        let bound = Bound {
            depth: self.bound.depth.saturating_sub(1),
        };
        let all = |mutant: &Mutant| self.program.places(mutant.number, self.surveys);
        picked
            .par_iter()
            .map(|mutant| {
                let asked_for = scope::asked_for(mutant);
                let verdict =
                    |program: &Program| program.run(mutant.number, bound, &asked_for, &all(mutant));
                let is_same = verdict(&Program::of_one(mutant)?)? == verdict(self.program)?;
                Ok(AsBuilt {
                    number: mutant.number,
                    is_same,
                })
            })
            .collect()
    }
}

fn sources_with(mutant: &Mutant) -> Vec<(String, Vec<u8>)> {
    let mut sources = model::sources();
    for (path, text) in &mut sources {
        if *path == mutant.file {
            *text = mutant.text.clone().into_bytes();
        }
    }
    sources
}
