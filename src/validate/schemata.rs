//! All mutants in one program: where they differ from the reference, it chooses by number.
//!
//! Operators edit text; what an edit means for the program is found by comparing syntax trees. A
//! function that differs becomes one with several bodies. A private constant that differs is defined
//! again in front of the bodies that name it, together with the constants in between. A function that
//! is new is defined inside the body that is new with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

use quote::ToTokens;
use syn::visit::Visit;
use syn::{Item, ItemConst, ItemFn};

use super::mutant::Mutant;
use super::source::{Source, range};

/// The source of the program made of all mutants.
#[derive(Default)]
pub struct Schemata {
    /// Each file of the reference.
    pub files: Vec<Schema>,
    /// The functions that differ in each mutant, by the numbers they ask for a mutant with.
    pub functions: BTreeMap<u32, BTreeSet<usize>>,
}

/// A file of the program made of all mutants.
pub struct Schema {
    /// Path below the reference's directory.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Lines, from 1, of each mutant's own text.
    lines: Vec<(Range<usize>, u32)>,
}

impl Schema {
    /// The mutant whose text a line is.
    pub fn mutant_at(&self, line: usize) -> Option<u32> {
        let found = self.lines.iter().find(|(lines, _)| lines.contains(&line));
        found.map(|(_, number)| *number)
    }
}

impl Schemata {
    /// Puts mutants into the reference.
    pub fn of(sources: &[Source], mutants: &[&Mutant]) -> Schemata {
        let mut schemata = Schemata::default();
        let mut next = 0;
        for source in sources {
            schemata.add(source, mutants, &mut next);
        }
        schemata
    }

    /// Puts the mutants of one file into it. Functions with a choice are numbered from `next` on.
    fn add(&mut self, source: &Source, mutants: &[&Mutant], next: &mut usize) {
        let mut bodies: BTreeMap<String, Vec<(u32, String)>> = BTreeMap::new();
        for mutant in mutants.iter().filter(|mutant| mutant.file == source.path) {
            for (function, body) in alternatives(source, mutant) {
                let bodies = bodies.entry(function).or_default();
                bodies.push((mutant.number, body));
            }
        }
        let mut schema = Schema {
            path: source.path.clone(),
            text: String::new(),
            lines: Vec::new(),
        };
        let mut done = 0;
        for function in source.functions() {
            let Some(bodies) = bodies.get(&function.sig.ident.to_string()) else {
                continue;
            };
            let block = range(&*function.block);
            schema.text.push_str(&source.text[done..block.start]);
            let _ = writeln!(schema.text, "{{ match crate::mutant::selected({next}) {{");
            for (number, body) in bodies {
                let first = schema.text.matches('\n').count() + 1;
                let _ = writeln!(schema.text, "{number} => {body}");
                let last = schema.text.matches('\n').count() + 1;
                schema.lines.push((first..last, *number));
                self.functions.entry(*number).or_default().insert(*next);
            }
            let _ = write!(schema.text, "_ => {}\n}} }}", &source.text[block.clone()]);
            done = block.end;
            *next += 1;
        }
        schema.text.push_str(&source.text[done..]);
        self.files.push(schema);
    }
}

/// The functions that are other ones in a mutant, with their bodies. A mutant that does not parse has
/// none.
fn alternatives(source: &Source, mutant: &Mutant) -> Vec<(String, String)> {
    let Ok(mutated) = Source::parse(&mutant.file, &mutant.text) else {
        return Vec::new();
    };
    let known: BTreeMap<String, &ItemFn> = by_name(source);
    let shadows = Shadows::of(source, &mutated);
    let new: Vec<&ItemFn> = mutated
        .functions()
        .filter(|function| !known.contains_key(&function.sig.ident.to_string()))
        .collect();
    let mut found = Vec::new();
    for function in mutated.functions() {
        let name = function.sig.ident.to_string();
        let Some(original) = known.get(&name) else {
            continue;
        };
        let is_same = tokens(*original) == tokens(function);
        let constants = shadows.named_in(function);
        if is_same && constants.is_empty() || function.sig.constness.is_some() {
            continue;
        }
        let mut body = "{\n".to_owned();
        for constant in constants {
            let _ = writeln!(body, "{}", mutated.text_of(constant));
        }
        for helper in &new {
            let _ = writeln!(body, "{}", mutated.text_of(*helper));
        }
        let _ = write!(body, "{}\n}}", mutated.text_of(&*function.block));
        found.push((name, body));
    }
    found
}

fn by_name(source: &Source) -> BTreeMap<String, &ItemFn> {
    let functions = source.functions();
    functions
        .map(|function| (function.sig.ident.to_string(), function))
        .collect()
}

fn tokens(node: &impl ToTokens) -> String {
    node.to_token_stream().to_string()
}

/// Constants that have another value in a mutant, in the order of their definition.
struct Shadows<'a>(Vec<&'a ItemConst>);

impl<'a> Shadows<'a> {
    fn of(source: &Source, mutated: &'a Source) -> Shadows<'a> {
        let values: BTreeMap<String, String> = constants(source)
            .map(|constant| (constant.ident.to_string(), tokens(constant)))
            .collect();
        let mut changed: BTreeSet<String> = BTreeSet::new();
        // A constant may be used above its definition, so that one pass need not be enough.
        loop {
            let before = changed.len();
            for constant in constants(mutated) {
                let name = constant.ident.to_string();
                let differs = values
                    .get(&name)
                    .is_some_and(|value| *value != tokens(constant));
                if differs
                    || names(&constant.expr)
                        .iter()
                        .any(|used| changed.contains(used))
                {
                    changed.insert(name);
                }
            }
            if changed.len() == before {
                break;
            }
        }
        let is_changed = |constant: &&ItemConst| changed.contains(&constant.ident.to_string());
        Shadows(constants(mutated).filter(is_changed).collect())
    }

    /// All of them if the function names one.
    fn named_in(&self, function: &ItemFn) -> Vec<&'a ItemConst> {
        let mut finder = Names::default();
        finder.visit_block(&function.block);
        let is_named = |constant: &&ItemConst| finder.0.contains(&constant.ident.to_string());
        match self.0.iter().any(is_named) {
            true => self.0.clone(),
            false => Vec::new(),
        }
    }
}

fn constants(source: &Source) -> impl Iterator<Item = &ItemConst> {
    source.tree.items.iter().filter_map(|item| match item {
        Item::Const(constant) => Some(constant),
        _ => None,
    })
}

fn names(expr: &syn::Expr) -> BTreeSet<String> {
    let mut finder = Names::default();
    finder.visit_expr(expr);
    finder.0
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl Visit<'_> for Names {
    fn visit_ident(&mut self, name: &proc_macro2::Ident) {
        self.0.insert(name.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(number: u32, text: &str) -> Mutant {
        Mutant {
            number,
            operator: "test",
            file: "mm/test.rs".to_owned(),
            line: 1,
            item: String::new(),
            constructs: false,
            replaces: false,
            what: String::new(),
            text: text.to_owned(),
        }
    }

    const TEXT: &str = "
const A: u64 = 1;
const B: u64 = A | 2;
fn one() -> u64 {
    B
}
fn two() -> u64 {
    4
}
";

    fn text_with(mutated: &str) -> Schema {
        let source = Source::parse("mm/test.rs", TEXT).expect("the test's source parses");
        let mut schemata = Schemata::of(&[source], &[&mutant(7, mutated)]);
        assert_eq!(schemata.functions[&7], BTreeSet::from([0]));
        schemata.files.remove(0)
    }

    #[test]
    fn a_function_that_differs_has_two_bodies() {
        let schema = text_with(&TEXT.replace("    4\n", "    5\n"));
        assert!(
            schema
                .text
                .contains("7 => {\n{\n    5\n}\n}\n_ => {\n    4\n}")
        );
        assert_eq!(schema.text.matches("selected(0)").count(), 1);
        let line = schema.text.lines().position(|line| line == "    5");
        assert_eq!(schema.mutant_at(line.expect("the line") + 1), Some(7));
        assert_eq!(schema.mutant_at(1), None);
    }

    #[test]
    fn a_constant_is_defined_again_with_those_that_depend_on_it() {
        let schema = text_with(&TEXT.replace("A: u64 = 1", "A: u64 = 3"));
        let body = "7 => {\nconst A: u64 = 3;\nconst B: u64 = A | 2;\n{\n    B\n}\n}";
        assert!(schema.text.contains(body), "{}", schema.text);
        assert_eq!(schema.text.matches("selected(0)").count(), 1);
    }

    #[test]
    fn a_new_function_comes_along() {
        let mutated =
            TEXT.replace("    4\n", "    helper()\n") + "fn helper() -> u64 {\n    4\n}\n";
        let schema = text_with(&mutated);
        let body = "7 => {\nfn helper() -> u64 {\n    4\n}\n{\n    helper()\n}\n}";
        assert!(schema.text.contains(body), "{}", schema.text);
    }
}
