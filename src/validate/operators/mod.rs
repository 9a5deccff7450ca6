//! What is done to the reference: each operator looks for places of one shape in the syntax tree and
//! proposes a change for each. Nothing here knows whether a change does harm.

mod check;
mod copy;
mod flags;
mod guard;
mod handover;
mod helper;
mod mask;
mod operand;
mod order;
mod page;
mod protection;
mod rebuild;
mod state;

use std::collections::BTreeSet;

use super::mutant::{Change, Mutant};
use super::source::{Function, Signatures, Source};

/// A way to change source, wherever it applies.
pub struct Operator {
    /// Its name in reports.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    find: Find,
}

/// What an operator looks at.
enum Find {
    /// One function of the generic code or of a driver after the other.
    Function(fn(&Function<'_>) -> Vec<Change>),
    /// A file of an architecture, with its constants.
    Arch(fn(&Source) -> Vec<Change>),
}

/// Every operator; the order is that of the mutants' numbers.
pub const ALL: &[&Operator] = &[
    &guard::DROP,
    &guard::NEGATE,
    &guard::DROP_HALF,
    &guard::DUPLICATE,
    &guard::NEST,
    &check::DROP,
    &page::LOOK_BEHIND,
    &page::RETURN_PAGE,
    &flags::NARROW,
    &flags::WIDEN,
    &flags::LEAVE_UNSET,
    &rebuild::MODIFY,
    &rebuild::INSTALL,
    &rebuild::MODIFY_AGAIN,
    &protection::REREAD,
    &protection::RECOMPUTE,
    &protection::CONSTANT,
    &protection::DROP_ATTRIBUTE,
    &copy::ON_STACK,
    &handover::DROP,
    &handover::SWAP_ARGUMENTS,
    &state::SKIP,
    &state::SKIP_BRANCH,
    &mask::DROP,
    &mask::ADD,
    &operand::SWAP,
    &helper::INLINE,
    &helper::EXTRACT,
    &order::REORDER,
];

/// Every mutant of these files, numbered. Two operators that come to the same text make one mutant,
/// that of the first.
pub fn mutants(sources: &[Source]) -> Vec<Mutant> {
    let signatures = Signatures::of(sources);
    let mut mutants = Vec::new();
    let mut known = BTreeSet::new();
    for operator in ALL {
        for source in sources {
            let mut proposals = proposals(operator, source, &signatures);
            proposals.sort_by_key(|(_, change)| change.at);
            for (item, change) in proposals {
                let text = change.apply(source);
                if text == source.text || !known.insert((source.path.clone(), text.clone())) {
                    continue;
                }
                mutants.push(Mutant {
                    number: mutants.len() as u32 + 1,
                    operator: operator.name,
                    file: source.path.clone(),
                    line: source.line(change.at),
                    constructs: constructs(source, &item),
                    replaces: replaces(source, &item),
                    item,
                    what: change.what,
                    text,
                });
            }
        }
    }
    mutants
}

/// The changes an operator proposes for a file, each with the item it is in.
fn proposals(
    operator: &Operator,
    source: &Source,
    signatures: &Signatures,
) -> Vec<(String, Change)> {
    match operator.find {
        Find::Function(find) if is_mutated(&source.path) => source
            .functions()
            .filter(|function| !is_plumbing(function))
            .flat_map(|item| {
                let function = Function::new(source, item, signatures);
                let name = function.name();
                find(&function)
                    .into_iter()
                    .map(move |change| (name.clone(), change))
                    .collect::<Vec<_>>()
            })
            .collect(),
        Find::Arch(find) if source.path.starts_with("arch/") => find(source)
            .into_iter()
            .map(|change| (source.item_at(change.at), change))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a function makes an entry of a page and a protection.
fn constructs(source: &Source, function: &str) -> bool {
    let signatures = Signatures::default();
    let mut functions = source.functions();
    let found = functions.find(|found| found.sig.ident == function);
    found.is_some_and(|item| {
        let function = Function::new(source, item, &signatures);
        let makes = ["mk_pte", "mk_huge_pmd", "pfn_pte", "pfn_pmd", "pfn_pud"];
        function
            .calls()
            .any(|(name, _)| makes.contains(&name.as_str()))
    })
}

/// Whether a function installs an entry in a slot that it took another one out of, or in another slot
/// than it read one from.
fn replaces(source: &Source, function: &str) -> bool {
    let signatures = Signatures::default();
    let mut functions = source.functions();
    let found = functions.find(|found| found.sig.ident == function);
    found.is_some_and(|item| {
        let function = Function::new(source, item, &signatures);
        let (mut taken, mut read, mut filled) = (Vec::new(), Vec::new(), Vec::new());
        for (name, call) in function.calls() {
            let slot = |at: usize| call.args.iter().nth(at).map(|slot| function.text(slot));
            match name.as_str() {
                name if name.ends_with("_clear_flush") || name.ends_with("get_and_clear") => {
                    taken.extend(slot(call.args.len() - 1));
                }
                "ptep_get" | "pmdp_get" | "pudp_get" => read.extend(slot(0)),
                "set_pte_at" | "set_pmd_at" | "set_pud_at" => filled.extend(slot(2)),
                _ => {}
            }
        }
        let is_copied = !read.is_empty() && filled.iter().any(|slot| !read.contains(slot));
        is_copied || filled.iter().any(|slot| taken.contains(slot))
    })
}

/// The generic code, the drivers, and what the insertion APIs ask of the memory type table.
fn is_mutated(path: &str) -> bool {
    let is_code = path.starts_with("mm/") || path.starts_with("drivers/");
    (is_code && path != "drivers/mod.rs") || path == "arch/memtype.rs"
}

/// `branch()` and `branch_some()` note coverage and mean nothing; a function that returns an iterator
/// of no nameable type cannot have alternatives.
fn is_plumbing(function: &syn::ItemFn) -> bool {
    let name = function.sig.ident.to_string();
    let returns_impl = matches!(
        &function.sig.output,
        syn::ReturnType::Type(_, ty) if matches!(**ty, syn::Type::ImplTrait(_))
    );
    name == "branch" || name == "branch_some" || returns_impl
}

#[cfg(test)]
pub(crate) mod testing {
    //! Small source in, changed lines out.

    use super::*;

    /// What an operator makes of a file of the generic code: for each mutant the lines that are new
    /// and, where nothing is, the lines that are gone (with a `-`).
    pub fn mutate(operator: &'static Operator, text: &str) -> Vec<String> {
        let path = match operator.find {
            Find::Function(_) => "mm/test.rs",
            Find::Arch(_) => "arch/test.rs",
        };
        let source = Source::parse(path, text).expect("the test's source parses");
        let sources = [source];
        let signatures = Signatures::of(&sources);
        let mut proposals = proposals(operator, &sources[0], &signatures);
        proposals.sort_by_key(|(_, change)| change.at);
        proposals
            .into_iter()
            .map(|(_, change)| changed_lines(text, &change.apply(&sources[0])))
            .collect()
    }

    fn changed_lines(old: &str, new: &str) -> String {
        use imara_diff::{Algorithm, Diff, InternedInput};

        syn::parse_file(new).expect("the mutant parses");
        let input = InternedInput::new(old, new);
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        let pick = |text: &str, lines: std::ops::Range<u32>| -> Vec<String> {
            let picked = text.lines().skip(lines.start as usize).take(lines.len());
            picked.map(|line| line.trim().to_owned()).collect()
        };
        let mut changed: Vec<String> = Vec::new();
        for hunk in diff.hunks() {
            let added = pick(new, hunk.after);
            match added.is_empty() {
                true => changed.push(format!("- {}", pick(old, hunk.before).join(" "))),
                false => changed.extend(added),
            }
        }
        changed.join(" ")
    }
}
