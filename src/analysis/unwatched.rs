//! Pages in migration that user space asked to be told of, and that come back writable: the next
//! write makes no fault, and nobody is told.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::callgraph::{FnId, Program};
use crate::program::{BlockId, Body, ExprId, ExprKind, Function, Instr, Span};
use crate::vocabulary::StateBit;

use super::dictionary::{Dictionary, Word};
use super::rebuilt::is_entry_type;

/// A non-present entry that is written back without a state and with the right to write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unwatched {
    /// The function that does it.
    pub function: FnId,
    /// Where the state is taken.
    pub cleared: Span,
    /// Where the entry is written back.
    pub install: Span,
    /// The state, by name.
    pub state: String,
}

/// Finds them all, in generic code.
pub fn unwatched(program: &Program, dictionary: &Dictionary<'_>) -> Vec<Unwatched> {
    let functions: Vec<(FnId, &Function)> = program.functions().collect();
    let generic = functions.par_iter().filter(|(_, function)| {
        let is_generic = program.file(function.file).is_generic;
        is_generic && !dictionary.is_entry_helper(function.name)
    });
    let found = generic.flat_map_iter(|&(id, function)| {
        let states = dictionary.vocabulary().state_bit.iter();
        states.flat_map(move |state| of_state(program, dictionary, (id, function), state))
    });
    let found: BTreeSet<Unwatched> = found.collect();
    found.into_iter().collect()
}

fn of_state(
    program: &Program,
    dictionary: &Dictionary<'_>,
    (id, function): (FnId, &Function),
    state: &StateBit,
) -> Vec<Unwatched> {
    let bodies = function.bodies.iter();
    let places = bodies.flat_map(|body| installs(dictionary, body, state));
    let places: Vec<(Span, Span)> = places.collect();
    if places.is_empty() || takes_right(program, function, state) {
        return Vec::new();
    }
    let found = places.into_iter().map(|(cleared, install)| Unwatched {
        function: id,
        cleared,
        install,
        state: state.name.clone(),
    });
    found.collect()
}

/// True if a function takes the right to write from an entry, or calls one that does and gives the
/// entry back: one that only asks knows the same names.
fn takes_right(program: &Program, function: &Function, state: &StateBit) -> bool {
    let takes = |function: &Function| {
        function
            .names()
            .any(|name| state.cleared_with.iter().any(|with| name == with.as_str()))
    };
    let called = function
        .names()
        .flat_map(|name| program.resolve(name, function.file));
    let mut called = called.map(|id| program.function(id));
    takes(function) || called.any(|callee| gives_entry(callee) && takes(callee))
}

fn gives_entry(function: &Function) -> bool {
    let result = function.result;
    let is_absent = matches!(result.base.as_str(), "swp_entry_t" | "softleaf_t");
    result.pointers == 0 && (is_absent || is_entry_type(result.base))
}

/// Where the state is taken from an entry, and where that entry is written back.
fn installs(dictionary: &Dictionary<'_>, body: &Body, state: &StateBit) -> Vec<(Span, Span)> {
    let mut found = Vec::new();
    for (block, its) in body.blocks.iter().enumerate() {
        for (at, instr) in its.instrs.iter().enumerate() {
            let Instr::Eval { value: call } = *instr else {
                continue;
            };
            let Some((name, args)) = body.call_by_name(call) else {
                continue;
            };
            let Some(Word::Install(install)) = dictionary.word(name, args.len()) else {
                continue;
            };
            let Some(&entry) = args.get(install.entry) else {
                continue;
            };
            let clears = |value: &ExprId| {
                let name = body.call_by_name(*value).map(|(name, _)| name);
                let mut words = state.clears_absent.iter();
                name.is_some_and(|name| words.any(|word| name == word.as_str()))
            };
            if let Some(cleared) = values(body, entry, (block, at)).into_iter().find(clears) {
                found.push((body.expr(cleared).span, body.expr(call).span));
            }
        }
    }
    found
}

/// What an expression can be at an instruction: itself, or what was assigned to it last where it is
/// a variable.
fn values(body: &Body, expr: ExprId, (block, at): (usize, usize)) -> Vec<ExprId> {
    let ExprKind::Local(local) = body.expr(expr).kind else {
        return vec![expr];
    };
    let last = |block: usize, end: usize| {
        let before = body.blocks[block].instrs[..end].iter().rev();
        let mut assigned = before.filter_map(|instr| match *instr {
            Instr::Assign { target, value, .. } => {
                let is_it = matches!(body.expr(target).kind, ExprKind::Local(it) if it == local);
                is_it.then_some(value)
            }
            _ => None,
        });
        assigned.next()
    };
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![(block, at)];
    while let Some((block, end)) = pending.pop() {
        if let Some(value) = last(block, end) {
            found.push(value);
            continue;
        }
        for (above, its) in body.blocks.iter().enumerate() {
            let leads_here = |next: &BlockId| next.0 as usize == block;
            if its.terminator.successors().iter().any(leads_here) && seen.insert(above) {
                pending.push((above, its.instrs.len()));
            }
        }
    }
    found.sort();
    found
}
