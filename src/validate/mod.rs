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
use judge::{Bound, Verdict};
use mutant::Mutant;
use program::{Program, ProgramError};
use source::Source;
use statics::{StaticVerdict, static_verdict};
use table::{AsBuilt, Dynamic, Judged, Validation};

/// Which mutants, and how far they are explored.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longest sequence of operations.
    pub bound: Bound,
    /// Only so many mutants, spread evenly.
    pub sample: Option<usize>,
    /// Only this one.
    pub mutant: Option<u32>,
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

    let reference = program.run(0, options.bound, &["Attributes"])?;
    let original = static_verdict(model::sources())?;
    let judged = compiled
        .par_iter()
        .map(|mutant| judge_one(mutant, &program, options.bound, &reference, &original))
        .collect::<Result<Vec<Judged>, ValidateError>>()?;
    let as_built = built_singly(&judged, options)?;
    let left_out = chosen
        .iter()
        .filter(|mutant| program.left_out.contains(&mutant.number))
        .map(|&mutant| mutant.clone())
        .collect();
    Ok(Validation {
        count: all.len(),
        bound: options.bound,
        reference_holds: matches!(reference, Verdict::Survived { .. }),
        judged,
        left_out,
        as_built,
    })
}

fn choose<'a>(all: &'a [Mutant], options: &Options) -> Result<Vec<&'a Mutant>, ValidateError> {
    if let Some(number) = options.mutant {
        let found = all.iter().find(|mutant| mutant.number == number);
        return found.map(|mutant| vec![mutant]).ok_or(ValidateError::NoMutant {
            number,
            count: all.len(),
        });
    }
    let wanted = options.sample.unwrap_or(all.len()).min(all.len());
    Ok((0..wanted).map(|i| &all[i * all.len() / wanted]).collect())
}

fn judge_one(
    mutant: &Mutant,
    program: &Program,
    bound: Bound,
    reference: &Verdict,
    original: &StaticVerdict,
) -> Result<Judged, ValidateError> {
    let asked_for = scope::asked_for(mutant.operator);
    let verdict = program.run(mutant.number, bound, &asked_for)?;
    let mut sources = model::sources();
    for (path, text) in &mut sources {
        if *path == mutant.file {
            *text = mutant.text.clone().into_bytes();
        }
    }
    let statics = static_verdict(sources)?.beyond(original);
    Ok(Judged::new(
        mutant.clone(),
        Dynamic::new(verdict, reference),
        statics,
    ))
}

/// Some mutants are compiled as anyone would, to see that the program of all means the same.
fn built_singly(judged: &[Judged], options: &Options) -> Result<Vec<AsBuilt>, ValidateError> {
    let every = options.singly_every;
    let picked: Vec<&Judged> = judged
        .iter()
        .enumerate()
        .filter(|(at, _)| every != 0 && at % every == 0)
        .map(|(_, judged)| judged)
        .collect();
    picked
        .par_iter()
        .map(|judged| {
            let mutant = &judged.mutant;
            let program = Program::of_one(mutant)?;
            let asked_for = scope::asked_for(mutant.operator);
            let verdict = program.run(mutant.number, options.bound, &asked_for)?;
            Ok(AsBuilt {
                number: mutant.number,
                is_same: verdict == judged.dynamic.verdict,
            })
        })
        .collect()
}
