//! The program made of all mutants: explores the one asked for and prints the verdict.

#![allow(warnings)]

mod judge;
mod mutant;
mod reference;

use judge::Bound;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["survey", depth] => survey(bound(depth)),
        [number, depth, asked_for, places] => judge(number, bound(depth), asked_for, places),
        _ => panic!("which mutant, how deep, which parts of the invariant, where"),
    }
}

fn bound(depth: &str) -> Bound {
    let depth = depth.parse().expect("a depth");
    Bound { depth }
}

/// For each place a line: the fingerprint of the reference and the functions it calls there.
fn survey(bound: Bound) {
    for place in 0..judge::places().len() {
        mutant::forget_calls();
        let fingerprint = judge::survey(bound, place).expect("the reference keeps the invariant");
        let called: Vec<String> = mutant::called().map(|id| id.to_string()).collect();
        println!("{fingerprint:x} {}", called.join(","));
    }
}

fn judge(number: &str, bound: Bound, asked_for: &str, places: &str) {
    mutant::select(number.parse().expect("a number"));
    let asked_for = asked_for.split(',').filter(|part| !part.is_empty());
    let asked_for: Vec<String> = asked_for.map(str::to_owned).collect();
    let places = places.split(',').filter(|place| !place.is_empty());
    let places: Vec<usize> = places.map(|place| place.parse().expect("a place")).collect();
    std::panic::set_hook(Box::new(|_| {}));
    print!("{}", judge::judge(bound, &asked_for, &places));
}
