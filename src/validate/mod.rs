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
use judge::{Bound, Verdict};
use mutant::Mutant;
use program::{Program, ProgramError, Run, Survey, reference_verdict};
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
    let judged = bench.judge(&compiled)?;
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
    fn judge(&self, mutants: &[&Mutant]) -> Result<Vec<Judged>, ValidateError> {
        let statics = mutants.par_iter().map(|mutant| {
            let verdict = static_verdict(sources_with(mutant))?;
            Ok(verdict.beyond(self.original))
        });
        let statics = statics.collect::<Result<Vec<StaticVerdict>, ValidateError>>()?;
        let dynamic = self.run(mutants, self.bound, self.surveys)?;
        let both = mutants.iter().zip(dynamic.into_iter().zip(statics));
        let judged = both.map(|(&mutant, (dynamic, statics))| {
            Judged::new(mutant.clone(), dynamic, self.bound, statics)
        });
        Ok(judged.collect())
    }

    /// An alarm is worth a longer search: the harm may only lie further away than most of it.
    fn look_further(&self, mut judged: Vec<Judged>) -> Result<Vec<Judged>, ValidateError> {
        let is_doubtful = |judged: &Judged| {
            let is_alarm = judged.disagreement() == Some(Disagreement::FalseAlarm);
            is_alarm && judged.explanation().is_none()
        };
        let mut doubtful: Vec<&mut Judged> = judged.iter_mut().collect();
        doubtful.retain(|judged| is_doubtful(judged));
        if !doubtful.is_empty() {
            let bound = Bound {
                depth: self.bound.depth + 1,
            };
            let surveys = self.program.survey(bound)?;
            let mutants: Vec<Mutant> = doubtful.iter().map(|one| one.mutant.clone()).collect();
            let dynamic = self.run(&mutants.iter().collect::<Vec<_>>(), bound, &surveys)?;
            for (judged, dynamic) in doubtful.into_iter().zip(dynamic) {
                (judged.dynamic, judged.bound) = (dynamic, bound);
            }
        }
        Ok(judged)
    }

    fn run(
        &self,
        mutants: &[&Mutant],
        bound: Bound,
        surveys: &[Survey],
    ) -> Result<Vec<Dynamic>, ValidateError> {
        let runs: Vec<Run> = mutants
            .iter()
            .map(|mutant| self.run_of(mutant, surveys))
            .collect();
        let verdicts = self.program.run_all(&runs, bound)?;
        let verdicts = verdicts.into_iter().zip(&runs);
        let dynamic = verdicts
            .map(|(verdict, run)| Dynamic::new(verdict, &reference_verdict(surveys, &run.places)));
        Ok(dynamic.collect())
    }

    fn run_of(&self, mutant: &Mutant, surveys: &[Survey]) -> Run<'static> {
        Run {
            number: mutant.number,
            asked_for: scope::asked_for(mutant),
            places: self.program.places(mutant.number, surveys),
        }
    }

    /// Some mutants are compiled as anyone would, and every operation of theirs carried out, to see
    /// that what the program of all says of them is the same. A mutant that runs without end is none
    /// of them: only that program stops it.
    fn build_singly(&self, judged: &[Judged], every: usize) -> Result<Vec<AsBuilt>, ValidateError> {
        let picked = judged.iter().enumerate();
        let picked = picked.filter(|(at, _)| every != 0 && at % every == 0);
        let picked = picked.map(|(_, judged)| judged);
        let runs: Vec<(&Mutant, Run)> = picked
            .filter(|judged| !matches!(judged.dynamic.verdict, Verdict::Crashed { .. }))
            .map(|judged| (&judged.mutant, self.run_of(&judged.mutant, self.surveys)))
            .collect();
        // That two programs mean the same shows in shorter sequences too.
        let bound = Bound {
            depth: self.bound.depth.saturating_sub(1),
        };
        let (mutants, runs): (Vec<&Mutant>, Vec<Run>) = runs.into_iter().unzip();
        let together = self.program.run_all(&runs, bound)?;
        let both = (mutants, runs, together).into_par_iter();
        both.map(|(mutant, run, together)| {
            let alone = Program::of_one(mutant)?.run_plainly(&run, bound)?;
            Ok(AsBuilt {
                number: mutant.number,
                is_same: alone == together,
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
