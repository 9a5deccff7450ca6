//! What one function contributes to the [plan](super::plan): it follows from the function itself,
//! and from what the names in it mean.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use crate::analysis::dictionary::Word;
use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{
    BinaryOp, Body, CaseLabel, ExprId, ExprKind, Function, FunctionKind, Instr, Symbol, Terminator,
    TypeRef, UnaryOp,
};

use super::call::{MAX_TARGETS, can_be_followed, is_small};
use super::mentions::Mentions;
use super::plan::{Setter, is_carrier, is_entry_point};
use super::stores::OwnStores;
use super::words::{Meaning, Words};

/// One function's part.
#[derive(Debug)]
pub struct Part {
    /// What decides whether calls of it are followed.
    pub face: Face,
    /// Whom it calls: by name, through a member of a structure, or by handing it over.
    pub callees: BTreeSet<FnId>,
    /// Those of them that it calls by name and that may be followed.
    pub followed: BTreeSet<FnId>,
    /// For each body, the pointers to VMAs in the expressions that instructions evaluate.
    pub lookups: Vec<FxHashMap<ExprId, Vec<ExprId>>>,
    /// The flags it sets, with the place: body and expression.
    pub flags: Vec<(usize, ExprId, Symbol)>,
    /// Where it changes what an entry is.
    pub setters: Vec<(usize, ExprId, Setter)>,
    /// What it names.
    pub mentions: Mentions,
    /// What it stores to.
    pub stores: OwnStores,
}

/// What there is to see of a function without running it.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    kind: FunctionKind,
    result: TypeRef,
    params: Vec<TypeRef>,
    is_small: bool,
}

impl Face {
    fn new(function: &Function) -> Face {
        Face {
            kind: function.kind,
            result: function.result,
            params: function.params().iter().map(|param| param.ty).collect(),
            is_small: is_small(function),
        }
    }
}

impl Part {
    /// Looks at a function.
    pub fn new(world: World<'_>, words: &Words, id: FnId) -> Part {
        let function = world.program.function(id);
        let bodies = || function.bodies.iter().enumerate();
        let is_generic = world.program.file(function.file).is_generic;
        let of_body = |(index, body)| {
            let set = flags_set(world, body).into_iter();
            set.map(move |(expr, name)| (index, expr, name))
        };
        let (lookups, setters) = match is_generic {
            true => (
                (0..function.bodies.len())
                    .map(|index| lookups(world, id, index))
                    .collect(),
                setters(world, words, function),
            ),
            false => (Vec::new(), Vec::new()),
        };
        Part {
            face: Face::new(function),
            callees: callees(world, id),
            followed: followed(world, id),
            lookups,
            flags: bodies().flat_map(of_body).collect(),
            setters,
            mentions: Mentions::new(world, words, id),
            stores: OwnStores::new(world, id),
        }
    }
}

/// Where a function makes a hint, or remembers a page in a non-present entry.
fn setters(world: World<'_>, words: &Words, function: &Function) -> Vec<(usize, ExprId, Setter)> {
    if !handles_vma(world, function) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, body) in function.bodies.iter().enumerate() {
        let ids = || (0..body.exprs.len() as u32).map(ExprId);
        let encodes = ids().any(|id| {
            body.call_by_name(id)
                .is_some_and(|(name, _)| matches!(words.meaning(name), Some(Meaning::Encode)))
        });
        for id in ids() {
            let expr = body.expr(id);
            let is_install = || {
                body.call_by_name(id).is_some_and(|(name, args)| {
                    let word = world.dictionary.word(name, args.len());
                    matches!(word, Some(Word::Install(_)))
                })
            };
            let setter = match &expr.kind {
                ExprKind::Global(name) => match words.meaning(*name) {
                    Some(Meaning::Hint) => Some(Setter::Hint),
                    _ => None,
                },
                _ if encodes && is_install() => Some(Setter::Encode),
                _ => None,
            };
            found.extend(setter.map(|setter| (index, id, setter)));
        }
    }
    found
}

/// The functions that a function calls by name and that may be followed.
pub fn followed(world: World<'_>, id: FnId) -> BTreeSet<FnId> {
    let mut found = BTreeSet::new();
    for (index, body) in world.program.function(id).bodies.iter().enumerate() {
        let facts = world.facts.body(id, index);
        for expr in &body.exprs {
            if let ExprKind::Call { callee, args } = &expr.kind
                && let callee = body.called(*callee)
                && let ExprKind::Global(name) = body.expr(callee).kind
                && world.dictionary.word(name, args.len()).is_none()
            {
                let functions = facts.functions(callee).iter().copied();
                found.extend(functions.filter(|id| can_be_followed(world, *id)));
            }
        }
    }
    found
}

fn callees(world: World<'_>, id: FnId) -> BTreeSet<FnId> {
    let program = world.program;
    let function = program.function(id);
    let mut found = BTreeSet::new();
    if !program.file(function.file).is_generic {
        return found;
    }
    for (index, body) in function.bodies.iter().enumerate() {
        let facts = world.facts.body(id, index);
        for (i, expr) in body.exprs.iter().enumerate() {
            match &expr.kind {
                ExprKind::Global(_) => found.extend(facts.functions(ExprId(i as u32))),
                ExprKind::Call { callee, .. } => {
                    let callee = body.called(*callee);
                    let ExprKind::Member { base, field, .. } = body.expr(callee).kind else {
                        continue;
                    };
                    let ty = facts.types[base.0 as usize];
                    if ty.is_unknown() || is_entry_point(world, ty.base, field) {
                        continue;
                    }
                    let targets = facts.functions(callee);
                    if targets.len() <= MAX_TARGETS {
                        found.extend(targets);
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|target| program.file(program.function(*target).file).is_generic && *target != id);
    found
}

/// True if a VMA, or what leads to one, is a parameter or variable of a function.
fn handles_vma(world: World<'_>, function: &Function) -> bool {
    function
        .locals
        .iter()
        .any(|local| is_carrier(world, local.ty))
}

/// The flags an expression of a body sets: every mention of one that is no test, no comparison and
/// no mask of bits to clear.
fn flags_set(world: World<'_>, body: &Body) -> Vec<(ExprId, Symbol)> {
    let mut found = Vec::new();
    let mut is_no_setting = FixedBitSet::with_capacity(body.exprs.len());
    // Operands stand before what uses them, so going backwards meets the use first.
    for i in (0..body.exprs.len()).rev() {
        let id = ExprId(i as u32);
        let inherited = is_no_setting.contains(i);
        let mut rule_out = |expr: ExprId| is_no_setting.insert(expr.0 as usize);
        match &body.expr(id).kind {
            ExprKind::Binary(op, a, b) => {
                let is_test = !matches!(op, BinaryOp::Or | BinaryOp::Add | BinaryOp::Xor);
                if is_test || inherited {
                    rule_out(*a);
                    rule_out(*b);
                }
            }
            ExprKind::Unary(UnaryOp::BitNot, inner) => rule_out(*inner),
            ExprKind::Call { callee, args } => {
                let word = match body.expr(*callee).kind {
                    ExprKind::Global(name) => world.dictionary.word(name, args.len()),
                    _ => None,
                };
                for (position, arg) in args.iter().enumerate() {
                    let is_set = match word {
                        Some(Word::Flags(change)) => {
                            change.set == Some(position) || change.assign == Some(position)
                        }
                        Some(Word::Identity(_) | Word::Assertion(_)) => !inherited,
                        _ => false,
                    };
                    if !is_set {
                        rule_out(*arg);
                    }
                }
            }
            ExprKind::Cast(_, inner) | ExprKind::Unary(_, inner) if inherited => rule_out(*inner),
            ExprKind::Global(name)
                if !inherited && world.dictionary.flags.mask(*name).is_some() =>
            {
                found.push((id, *name));
            }
            _ => {}
        }
    }
    // Labels of a switch and conditions are tests too.
    let mut tests = FixedBitSet::with_capacity(body.exprs.len());
    for block in &body.blocks {
        match &block.terminator {
            Terminator::Switch { value, arms, .. } => {
                body.visit(*value, &mut |id| tests.insert(id.0 as usize));
                for (label, _) in arms {
                    if let CaseLabel::Value(label) = label {
                        body.visit(*label, &mut |id| tests.insert(id.0 as usize));
                    }
                }
            }
            Terminator::Branch { condition, .. } => {
                body.visit(*condition, &mut |id| tests.insert(id.0 as usize));
            }
            _ => {}
        }
    }
    found.retain(|(id, _)| !tests.contains(id.0 as usize));
    found
}

/// For every expression an instruction of a body evaluates, the pointers to VMAs in it.
fn lookups(world: World<'_>, id: FnId, index: usize) -> FxHashMap<ExprId, Vec<ExprId>> {
    let body = &world.program.function(id).bodies[index];
    let types = &world.facts.body(id, index).types;
    // A variable whose address is taken is about to be set, not read.
    let mut is_set = FixedBitSet::with_capacity(body.exprs.len());
    for expr in &body.exprs {
        if let ExprKind::AddrOf(place) = expr.kind {
            is_set.insert(place.0 as usize);
        }
    }
    let is_lookup = |expr: ExprId| {
        let ty = types[expr.0 as usize];
        !is_set.contains(expr.0 as usize)
            && ty.pointers == 1
            && world.dictionary.is_vma_type(ty.base)
            && matches!(
                body.expr(expr).kind,
                ExprKind::Local(_) | ExprKind::Member { .. } | ExprKind::Deref(_)
            )
    };
    let mut its: FxHashMap<ExprId, Vec<ExprId>> = FxHashMap::default();
    let mut note = |root: ExprId| {
        let mut inside = Vec::new();
        body.visit(root, &mut |expr| {
            if is_lookup(expr) {
                inside.push(expr);
            }
        });
        if !inside.is_empty() {
            its.insert(root, inside);
        }
    };
    for block in &body.blocks {
        for instr in &block.instrs {
            match *instr {
                Instr::Assign { value, target, .. } => {
                    note(value);
                    if !matches!(body.expr(target).kind, ExprKind::Local(_)) {
                        note(target);
                    }
                }
                Instr::Eval { value } => note(value),
                Instr::LoopMacro { .. } => {}
            }
        }
        if let Some(examined) = block.terminator.examined() {
            note(examined);
        }
    }
    its
}
