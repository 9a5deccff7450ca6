//! The program made of all mutants: explores those asked for and prints the verdicts.

#![allow(warnings)]

mod judge;
mod mutant;
mod reference;
mod replay;

use std::collections::HashMap;

use judge::{Bound, Verdict};
use mutant::Functions;
use reference::explore::search::{Search, any_violation};
use replay::Recording;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["survey", depth] => survey(bound(depth)),
        ["plainly", depth, run] => plainly(bound(depth), &Run::parse(run)),
        ["batch", depth, runs @ ..] => {
            let runs: Vec<Run> = runs.iter().map(|run| Run::parse(run)).collect();
            batch(bound(depth), &runs);
        }
        _ => panic!("survey, plainly or batch; how deep; which mutants"),
    }
}

fn bound(depth: &str) -> Bound {
    let depth = depth.parse().expect("a depth");
    Bound { depth }
}

/// A mutant, the parts of the invariant that are asked for, where it is searched, and the functions
/// that differ in it.
struct Run {
    number: u32,
    asked_for: Vec<String>,
    places: Vec<usize>,
    functions: Functions,
}

impl Run {
    fn parse(text: &str) -> Run {
        let parts: Vec<&str> = text.split('/').collect();
        let [number, asked_for, places, functions] = parts[..] else {
            panic!("number/parts/places/functions");
        };
        let list = |text: &str| -> Vec<String> {
            let words = text.split(',').filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let numbers = |text: &str| -> Vec<usize> {
            let words = list(text).into_iter();
            words.map(|word| word.parse().expect("a number")).collect()
        };
        Run {
            number: number.parse().expect("a number"),
            asked_for: list(asked_for),
            places: numbers(places),
            functions: numbers(functions).into_iter().collect(),
        }
    }
}

/// For each place a line: the fingerprint of the reference and the functions it calls there.
fn survey(bound: Bound) {
    mutant::select(0);
    for place in 0..judge::places().len() {
        mutant::forget_calls();
        let fingerprint = judge::survey(bound, place).expect("the reference keeps the invariant");
        let called: Vec<String> = mutant::called()
            .numbers()
            .map(|id| id.to_string())
            .collect();
        println!("{fingerprint:x} {}", called.join(","));
    }
}

/// One mutant, with nothing known of the reference.
fn plainly(bound: Bound, run: &Run) {
    std::panic::set_hook(Box::new(|_| {}));
    mutant::select(run.number);
    let verdict = judge::judge(bound, &run.asked_for, &run.places, &mut judge::plainly);
    end(&verdict);
}

/// One mutant after the other, with what is known of the reference.
fn batch(bound: Bound, runs: &[Run]) {
    std::panic::set_hook(Box::new(|_| {}));
    let mut recordings: HashMap<usize, Recording> = HashMap::new();
    for run in runs {
        for &place in &run.places {
            recordings.entry(place).or_insert_with(|| {
                Recording::new(&judge::search_for(
                    place,
                    bound.depth,
                    usize::MAX,
                    any_violation,
                ))
            });
        }
        mutant::select(run.number);
        let mut search =
            |place: usize, params: &Search| recordings[&place].search(params, &run.functions);
        end(&judge::judge(
            bound,
            &run.asked_for,
            &run.places,
            &mut search,
        ));
    }
}

/// A verdict ends with a line that no story has.
fn end(verdict: &Verdict) {
    use std::io::Write;
    print!("{verdict}.\n");
    std::io::stdout().flush().expect("somebody reads");
}
