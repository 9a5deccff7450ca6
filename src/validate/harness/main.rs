//! The program made of all mutants: explores the one asked for and prints the verdict.

#![allow(warnings)]

mod judge;
mod mutant;
mod reference;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [number, depth, asked_for] = arguments.as_slice() else {
        panic!("which mutant, how deep, which parts of the invariant");
    };
    mutant::select(number.parse().expect("a number"));
    let depth = depth.parse().expect("a depth");
    let asked_for: Vec<String> = asked_for.split(',').map(str::to_owned).collect();
    std::panic::set_hook(Box::new(|_| {}));
    print!("{}", judge::judge(judge::Bound { depth }, &asked_for));
}
