//! Facts about functions that every run of the machine needs, computed once.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::callgraph::{FnId, Program};
use crate::program::{
    Block, Body, ExprId, ExprKind, Function, FunctionKind, Instr, Symbol, Terminator, TypeRef,
};
use crate::vocabulary::Weakening;

use super::dictionary::Dictionary;
use super::effective::{OwnEffect, effective};

/// A program with everything that is known before the analysis begins.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The parsed tree.
    pub program: &'a Program,
    /// The vocabulary.
    pub dictionary: &'a Dictionary<'a>,
    /// Facts about the functions.
    pub facts: &'a Facts,
}

impl World<'_> {
    /// Whether the analysis is to make a mistake on purpose.
    pub fn is_weakened(&self, by: Weakening) -> bool {
        self.dictionary.vocabulary().is_weakened(by)
    }
}

/// Facts about all functions of a program.
#[derive(Debug, Default)]
pub struct Facts {
    bodies: Vec<Vec<BodyFacts>>,
    /// The functions that each names.
    named: Vec<BTreeSet<FnId>>,
    own_effects: Vec<OwnEffect>,
    /// Functions that can change a VMA or insert an entry, themselves or through what they call.
    effective: FixedBitSet,
    callers: FxHashMap<FnId, BTreeSet<FnId>>,
}

/// Facts about one body.
#[derive(Debug, Default)]
pub struct BodyFacts {
    /// The static type of each expression.
    pub types: Vec<TypeRef>,
    /// Expressions nested too deep to be evaluated: more than [`MAX_NESTING`] operators, or
    /// [`MAX_CHAIN`] members and dereferences in a row. Nobody writes them by hand.
    pub too_deep: FixedBitSet,
    /// For each block, the locals that can still be read from its start on.
    pub live: Vec<FixedBitSet>,
    /// For each expression that holds one, the calls in it, operands first.
    pub calls: FxHashMap<ExprId, Vec<ExprId>>,
    /// The functions that names and called members can mean, where there are any.
    functions: FxHashMap<ExprId, Box<[FnId]>>,
}

impl BodyFacts {
    /// The functions that a name can mean, or a member through which a call goes.
    pub fn functions(&self, expr: ExprId) -> &[FnId] {
        self.functions
            .get(&expr)
            .map(|functions| &**functions)
            .unwrap_or_default()
    }
}

impl Facts {
    /// Computes the facts.
    pub fn new(program: &Program, dictionary: &Dictionary<'_>) -> Facts {
        let ids: Vec<FnId> = program.functions().map(|(id, _)| id).collect();
        let all: Vec<_> = ids
            .par_iter()
            .map(|&id| own_facts(program, dictionary, id))
            .collect();
        let mut facts = Facts::default();
        for (bodies, named, own_effect) in all {
            facts.bodies.push(bodies);
            facts.named.push(named);
            facts.own_effects.push(own_effect);
        }
        facts.join(program, dictionary);
        facts
    }

    /// Computes those facts again that rest on the code of some functions. Gives the other
    /// functions of which something is different now.
    pub fn renew(
        &mut self,
        program: &Program,
        dictionary: &Dictionary<'_>,
        changed: &BTreeSet<FnId>,
    ) -> FixedBitSet {
        let mut differs = false;
        for &id in changed {
            let at = id.0 as usize;
            let (bodies, named, own_effect) = own_facts(program, dictionary, id);
            differs |= self.named[at] != named || self.own_effects[at] != own_effect;
            self.bodies[at] = bodies;
            self.named[at] = named;
            self.own_effects[at] = own_effect;
        }
        let mut differing = FixedBitSet::new();
        if differs {
            let known = std::mem::take(&mut self.effective);
            self.join(program, dictionary);
            differing = self.effective.clone();
            differing.symmetric_difference_with(&known);
        }
        differing
    }

    /// Puts together what follows from the facts about each function.
    fn join(&mut self, program: &Program, dictionary: &Dictionary<'_>) {
        self.callers.clear();
        for (caller, named) in self.named.iter().enumerate() {
            for target in named {
                let callers = self.callers.entry(*target).or_default();
                callers.insert(FnId(caller as u32));
            }
        }
        self.effective = effective(program, dictionary, &self.own_effects, &self.callers);
    }

    /// The functions that call one by name, or hand it over by name.
    pub fn callers(&self, function: FnId) -> impl Iterator<Item = FnId> + '_ {
        self.callers.get(&function).into_iter().flatten().copied()
    }

    /// The facts about one body of a function.
    pub fn body(&self, function: FnId, body: usize) -> &BodyFacts {
        &self.bodies[function.0 as usize][body]
    }

    /// True if an expression of a function has to do with one of some structures.
    pub fn mentions(&self, function: FnId, structs: &FxHashSet<Symbol>) -> bool {
        let bodies = &self.bodies[function.0 as usize];
        let mut types = bodies.iter().flat_map(|facts| &facts.types);
        !structs.is_empty() && types.any(|ty| structs.contains(&ty.base))
    }

    /// True if a function can do something to a VMA, an entry or a protection.
    pub fn is_effective(&self, function: FnId) -> bool {
        self.effective.contains(function.0 as usize)
    }
}

/// What follows from one function.
fn own_facts(
    program: &Program,
    dictionary: &Dictionary<'_>,
    id: FnId,
) -> (Vec<BodyFacts>, BTreeSet<FnId>, OwnEffect) {
    let function = program.function(id);
    let bodies = function.bodies.iter();
    let facts: Vec<BodyFacts> = bodies
        .map(|body| body_facts(program, function, body))
        .collect();
    let own_effect = OwnEffect::new(program, dictionary, id, &facts);
    let named = named(function, &facts);
    (facts, named, own_effect)
}

fn body_facts(program: &Program, function: &Function, body: &Body) -> BodyFacts {
    let types = program.types(function, body);
    BodyFacts {
        functions: functions(program, function, body, &types),
        too_deep: too_deep(body),
        live: live_locals(function, body),
        calls: calls(body),
        types,
    }
}

/// Operators nested deeper than this are not evaluated.
const MAX_NESTING: u32 = 200;
/// Members and dereferences in a row beyond this are not evaluated.
const MAX_CHAIN: u32 = 12;

fn too_deep(body: &Body) -> FixedBitSet {
    let mut too_deep = FixedBitSet::with_capacity(body.exprs.len());
    let mut depths: Vec<(u32, u32)> = Vec::with_capacity(body.exprs.len());
    for (i, expr) in body.exprs.iter().enumerate() {
        let (nesting, chain) = body
            .operands(ExprId(i as u32))
            .into_iter()
            .filter_map(|operand| depths.get(operand.0 as usize))
            .fold((0, 0), |all, one| (all.0.max(one.0), all.1.max(one.1)));
        let is_link = matches!(
            expr.kind,
            ExprKind::Member { .. }
                | ExprKind::Index { .. }
                | ExprKind::Deref(_)
                | ExprKind::AddrOf(_)
                | ExprKind::Cast(..)
        );
        let chain = if is_link { chain + 1 } else { 0 };
        too_deep.set(i, nesting >= MAX_NESTING || chain > MAX_CHAIN);
        depths.push((nesting + 1, chain));
    }
    too_deep
}

fn calls(body: &Body) -> FxHashMap<ExprId, Vec<ExprId>> {
    let mut found = FxHashMap::default();
    for expr in body.blocks.iter().flat_map(Block::evaluated) {
        let mut calls = Vec::new();
        body.visit(expr, &mut |id| {
            if matches!(body.expr(id).kind, ExprKind::Call { .. }) {
                calls.push(id);
            }
        });
        if !calls.is_empty() {
            found.insert(expr, calls);
        }
    }
    found
}

/// Locals that can still be read, by block: what is dead need not be told apart. A local whose
/// address is taken is always live.
fn live_locals(function: &Function, body: &Body) -> Vec<FixedBitSet> {
    let n_locals = function.locals.len();
    let n_blocks = body.blocks.len();
    let mut always = FixedBitSet::with_capacity(n_locals);
    for expr in &body.exprs {
        if let ExprKind::AddrOf(place) = expr.kind {
            add_locals(body, place, &mut always);
        }
    }
    let mut reads = vec![FixedBitSet::with_capacity(n_locals); n_blocks];
    let mut writes = vec![FixedBitSet::with_capacity(n_locals); n_blocks];
    for (i, block) in body.blocks.iter().enumerate() {
        let mut read = |expr: ExprId, written: &FixedBitSet| {
            let mut found = FixedBitSet::with_capacity(n_locals);
            add_locals(body, expr, &mut found);
            found.difference_with(written);
            reads[i].union_with(&found);
        };
        for instr in &block.instrs {
            match instr {
                Instr::Assign { target, value, .. } => {
                    read(*value, &writes[i]);
                    match body.expr(*target).kind {
                        ExprKind::Local(local) => writes[i].insert(local.0 as usize),
                        _ => read(*target, &writes[i]),
                    }
                }
                Instr::Eval { value } => read(*value, &writes[i]),
                Instr::LoopMacro { call } => read(*call, &writes[i]),
            }
        }
        match &block.terminator {
            Terminator::Branch { condition, .. } => read(*condition, &writes[i]),
            Terminator::Switch { value, arms, .. } => {
                read(*value, &writes[i]);
                for (label, _) in arms {
                    match label {
                        crate::program::CaseLabel::Value(value) => read(*value, &writes[i]),
                        crate::program::CaseLabel::Range(low, high) => {
                            read(*low, &writes[i]);
                            read(*high, &writes[i]);
                        }
                    }
                }
            }
            Terminator::Return(Some(value)) => read(*value, &writes[i]),
            _ => {}
        }
    }
    let mut live = vec![always.clone(); n_blocks];
    let mut has_changed = true;
    while has_changed {
        has_changed = false;
        for i in (0..n_blocks).rev() {
            let mut now = always.clone();
            for next in body.blocks[i].terminator.successors() {
                if let Some(next) = live.get(next.0 as usize) {
                    now.union_with(next);
                }
            }
            now.difference_with(&writes[i]);
            now.union_with(&reads[i]);
            now.union_with(&always);
            if now != live[i] {
                live[i] = now;
                has_changed = true;
            }
        }
    }
    live
}

fn add_locals(body: &Body, expr: ExprId, found: &mut FixedBitSet) {
    body.visit(expr, &mut |id| {
        if let ExprKind::Local(local) = body.expr(id).kind {
            found.insert(local.0 as usize);
        }
    });
}

/// The functions that one calls by name, or hands over by name.
fn named(function: &Function, facts: &[BodyFacts]) -> BTreeSet<FnId> {
    let mut named = BTreeSet::new();
    for (body, facts) in function.bodies.iter().zip(facts) {
        for (expr, functions) in &facts.functions {
            if matches!(body.expr(*expr).kind, ExprKind::Global(_)) {
                named.extend(functions.iter().copied());
            }
        }
    }
    named
}

/// What the names in a body, and the members through which it calls, can mean.
fn functions(
    program: &Program,
    function: &Function,
    body: &Body,
    types: &[TypeRef],
) -> FxHashMap<ExprId, Box<[FnId]>> {
    let mut found: FxHashMap<ExprId, Box<[FnId]>> = FxHashMap::default();
    let mut known: FxHashMap<Symbol, Vec<FnId>> = FxHashMap::default();
    for (i, expr) in body.exprs.iter().enumerate() {
        let (at, functions) = match &expr.kind {
            ExprKind::Global(name) => {
                let resolve = || program.resolve(*name, function.file);
                let functions = known.entry(*name).or_insert_with(resolve);
                (ExprId(i as u32), functions.clone())
            }
            ExprKind::Call { callee, .. } => {
                let callee = body.called(*callee);
                let ExprKind::Member { base, field, .. } = body.expr(callee).kind else {
                    continue;
                };
                let members = program.members(types[base.0 as usize].base, field);
                (callee, members.functions.into_iter().collect())
            }
            _ => continue,
        };
        if !functions.is_empty() {
            found.insert(at, functions.into());
        }
    }
    found
}

/// True for a function that only computes: cheap to follow for its result.
pub fn is_predicate(function: &Function) -> bool {
    const MAX_BLOCKS: usize = 24;
    function.kind == FunctionKind::Macro
        || function
            .bodies
            .iter()
            .all(|body| body.blocks.len() <= MAX_BLOCKS && !has_loop(body))
}

fn has_loop(body: &Body) -> bool {
    body.blocks.iter().enumerate().any(|(i, block)| {
        block
            .terminator
            .successors()
            .iter()
            .any(|next| next.0 as usize <= i)
    })
}
