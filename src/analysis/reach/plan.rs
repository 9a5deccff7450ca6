//! What to run: which functions lead to a use, where the override mapping comes into view, and
//! what can change the state of an entry or set a flag.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::analysis::dictionary::Word;
use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{
    BinaryOp, Body, Expr, ExprId, ExprKind, Function, FunctionKind, Instr, Symbol, Terminator,
    TypeRef, UnaryOp,
};

use super::because::MAX_SETTABLE;
use super::stores::Stores;
use super::words::{Meaning, Words};

/// What does not change while the engine runs.
#[derive(Debug, Default)]
pub struct Plan {
    /// Who calls a function, by name, through a table or as a callback.
    callers: Vec<Vec<FnId>>,
    /// Expressions that are a pointer to a VMA, by the expression or instruction they are part of.
    lookups: FxHashMap<(FnId, usize), FxHashMap<ExprId, Vec<ExprId>>>,
    /// Places that change an entry's state or set a flag.
    setters: FxHashMap<(FnId, usize, ExprId), Setter>,
    has_setters: FixedBitSet,
    /// Flags with setters, by number.
    pub settable: Vec<Symbol>,
    /// Which members functions store to.
    pub stores: Stores,
}

/// What a place changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setter {
    /// Sets a flag with setters, by its number.
    Flag(usize),
    /// Makes a hint for NUMA balancing.
    Hint,
    /// Puts a non-present entry that remembers a page in the place of a present one.
    Encode,
}

/// How a VMA gets to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// The function finds it itself, or the kernel enters it with an override mapping.
    AsRoot,
    /// From somebody the tree does not show.
    Uncalled,
    /// Only through tables of operations that no override mapping has; the members of those
    /// tables.
    ByOtherKind(BTreeSet<Symbol>),
    /// From those who call it.
    ByCallers,
}

impl Plan {
    /// Looks at all functions.
    pub fn new(world: World<'_>, words: &Words) -> Plan {
        let n_functions = world.program.n_functions();
        let mut plan = Plan {
            callers: callers(world),
            lookups: lookups(world),
            has_setters: FixedBitSet::with_capacity(n_functions),
            stores: Stores::new(world),
            ..Plan::default()
        };
        plan.find_setters(world, words);
        plan
    }

    /// Who calls a function.
    pub fn callers(&self, id: FnId) -> &[FnId] {
        &self.callers[id.0 as usize]
    }

    /// The pointers to a VMA in an expression, operands first.
    pub fn lookups(&self, id: FnId, body: usize, expr: ExprId) -> &[ExprId] {
        self.lookups
            .get(&(id, body))
            .and_then(|its| its.get(&expr))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// What an expression sets, if it does.
    pub fn setter(&self, id: FnId, body: usize, expr: ExprId) -> Option<Setter> {
        if !self.has_setters.contains(id.0 as usize) {
            return None;
        }
        self.setters.get(&(id, body, expr)).copied()
    }

    /// The functions that hold a setter, with its places there: body and expression.
    pub fn places_setting(&self, setter: Setter) -> BTreeMap<FnId, Vec<(usize, ExprId)>> {
        let mut found: BTreeMap<FnId, Vec<(usize, ExprId)>> = BTreeMap::new();
        for ((function, body, expr), its) in &self.setters {
            if *its == setter {
                found.entry(*function).or_default().push((*body, *expr));
            }
        }
        for places in found.values_mut() {
            places.sort();
        }
        found
    }

    /// How a VMA gets to a function. `is_override_table` tells whether mappings with a table of
    /// operations, by its name, hold overrides.
    pub fn entered(
        &self,
        world: World<'_>,
        id: FnId,
        is_override_table: &(dyn Fn(Symbol) -> bool + Sync),
    ) -> Entered {
        let function = world.program.function(id);
        if function.kind == FunctionKind::Macro
            || !world.program.file(function.file).is_generic
            || world.dictionary.is_insert(function.name)
        {
            return Entered::ByCallers;
        }
        // What the kernel enters through a table belongs to the VMAs that have the table.
        let tables = entry_tables(world, id);
        if tables.iter().any(|(table, _)| is_override_table(*table)) {
            return Entered::AsRoot;
        }
        let is_called = !self.callers(id).is_empty();
        match tables.is_empty() {
            true if !takes_vma(world, function) => Entered::AsRoot,
            true if !is_called => Entered::Uncalled,
            false if !is_called => {
                Entered::ByOtherKind(tables.into_iter().map(|(_, member)| member).collect())
            }
            _ => Entered::ByCallers,
        }
    }

    fn find_setters(&mut self, world: World<'_>, words: &Words) {
        let is_generic: Vec<bool> = world
            .program
            .functions()
            .map(|(_, function)| world.program.file(function.file).is_generic)
            .collect();
        let mut flags: BTreeMap<Symbol, Vec<(FnId, usize, ExprId)>> = BTreeMap::new();
        let mut unmanaged: BTreeSet<Symbol> = BTreeSet::new();
        for (id, function) in world.program.functions() {
            let generic = is_generic[id.0 as usize];
            for (index, body) in function.bodies.iter().enumerate() {
                for (expr, name) in flags_set(world, body) {
                    if generic && takes_vma(world, function) {
                        flags.entry(name).or_default().push((id, index, expr));
                    } else {
                        unmanaged.insert(name);
                    }
                }
                if !generic {
                    continue;
                }
                let callee_of = |expr: &Expr| match &expr.kind {
                    ExprKind::Call { callee, args } => match body.expr(*callee).kind {
                        ExprKind::Global(name) => Some((name, args.len())),
                        _ => None,
                    },
                    _ => None,
                };
                let encodes = body.exprs.iter().any(|expr| {
                    callee_of(expr).is_some_and(|(name, _)| {
                        matches!(words.meaning(name), Some(Meaning::Encode))
                    })
                });
                for (i, expr) in body.exprs.iter().enumerate() {
                    let expr_id = ExprId(i as u32);
                    let is_install = || {
                        callee_of(expr).is_some_and(|(name, n_args)| {
                            let word = world.dictionary.word(name, n_args);
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
                    if let Some(setter) = setter
                        && handles_vma(world, function)
                    {
                        self.setters.insert((id, index, expr_id), setter);
                        self.has_setters.insert(id.0 as usize);
                    }
                }
            }
        }
        // What an insertion API is about cannot be ruled out.
        for insert in world.dictionary.inserts() {
            for name in insert.sets.iter().chain(&insert.demands_one_of) {
                unmanaged.insert(Symbol::new(name));
            }
        }
        for (name, places) in flags {
            let is_one = world
                .dictionary
                .flags
                .mask(name)
                .is_some_and(|mask| mask.count_ones() == 1);
            if unmanaged.contains(&name) || !is_one || self.settable.len() >= MAX_SETTABLE {
                continue;
            }
            let setter = Setter::Flag(self.settable.len());
            self.settable.push(name);
            for (id, index, expr) in places {
                self.setters.insert((id, index, expr), setter);
                self.has_setters.insert(id.0 as usize);
            }
        }
    }
}

/// True if a VMA, or what leads to one, is a parameter or variable of a function.
fn handles_vma(world: World<'_>, function: &Function) -> bool {
    function
        .locals
        .iter()
        .any(|local| is_carrier(world, local.ty))
}

fn takes_vma(world: World<'_>, function: &Function) -> bool {
    function
        .params()
        .iter()
        .any(|param| is_carrier(world, param.ty))
}

/// True for a pointer to a VMA, or to a structure that has one.
pub fn is_carrier(world: World<'_>, ty: TypeRef) -> bool {
    let is_structure = |base: Symbol| base.as_str().starts_with("struct ");
    if ty.pointers != 1 || !is_structure(ty.base) || ty.base == "struct mm_struct" {
        return ty.pointers == 2 && world.dictionary.is_vma_type(ty.base);
    }
    world.dictionary.is_vma_type(ty.base)
        || world.program.structs_named(ty.base).any(|(_, def)| {
            def.fields
                .iter()
                .any(|field| field.ty.pointers == 1 && world.dictionary.is_vma_type(field.ty.base))
        })
}

/// The tables through which the kernel enters a function with a VMA, with the member.
fn entry_tables(world: World<'_>, id: FnId) -> BTreeSet<(Symbol, Symbol)> {
    let mut found = BTreeSet::new();
    for entry in world.dictionary.entry_points {
        let member = Symbol::new(&entry.member);
        for &table in world.program.tables_of(Symbol::new(&entry.table)) {
            if world.program.table_functions(table, member).contains(&id) {
                found.insert((world.program.table(table).name, member));
            }
        }
    }
    found
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
                    if let crate::program::CaseLabel::Value(label) = label {
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

/// Who calls what: by name, through a member of a structure, or by handing it over.
fn callers(world: World<'_>) -> Vec<Vec<FnId>> {
    let program = world.program;
    let ids: Vec<FnId> = program.functions().map(|(id, _)| id).collect();
    let edges: Vec<Vec<FnId>> = ids
        .par_iter()
        .map(|&id| callees(world, id).into_iter().collect())
        .collect();
    let mut callers = vec![Vec::new(); ids.len()];
    for (caller, callees) in ids.iter().zip(edges) {
        for callee in callees {
            callers[callee.0 as usize].push(*caller);
        }
    }
    callers
}

/// More functions than this behind a member say nothing.
const MAX_TARGETS: usize = 200;

fn callees(world: World<'_>, id: FnId) -> BTreeSet<FnId> {
    let program = world.program;
    let function = program.function(id);
    let mut found = BTreeSet::new();
    if !program.file(function.file).is_generic {
        return found;
    }
    for (index, body) in function.bodies.iter().enumerate() {
        let types = &world.facts.body(id, index).types;
        for expr in &body.exprs {
            match &expr.kind {
                ExprKind::Global(name) => found.extend(program.resolve(*name, function.file)),
                ExprKind::Call { callee, .. } => {
                    let callee = strip(body, *callee);
                    let ExprKind::Member { base, field, .. } = body.expr(callee).kind else {
                        continue;
                    };
                    let ty = types[base.0 as usize];
                    if ty.is_unknown() || is_entry_point(world, ty.base, field) {
                        continue;
                    }
                    let targets = program.members(ty.base, field).functions;
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

/// True for the members through which the kernel enters a driver: what is behind them is entered
/// from there.
pub fn is_entry_point(world: World<'_>, table: Symbol, member: Symbol) -> bool {
    world
        .dictionary
        .entry_points
        .iter()
        .any(|entry| table == entry.table.as_str() && member == entry.member.as_str())
}

/// The callee without parentheses, `*` and casts that change nothing for a function.
pub fn strip(body: &Body, mut callee: ExprId) -> ExprId {
    loop {
        match body.expr(callee).kind {
            ExprKind::Deref(inner) | ExprKind::Cast(_, inner) => callee = inner,
            _ => return callee,
        }
    }
}

/// For every expression an instruction evaluates, the pointers to VMAs in it.
fn lookups(world: World<'_>) -> FxHashMap<(FnId, usize), FxHashMap<ExprId, Vec<ExprId>>> {
    let mut found = FxHashMap::default();
    for (id, function) in world.program.functions() {
        if !world.program.file(function.file).is_generic {
            continue;
        }
        for (index, body) in function.bodies.iter().enumerate() {
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
                match &block.terminator {
                    Terminator::Branch { condition, .. } => note(*condition),
                    Terminator::Switch { value, .. } => note(*value),
                    Terminator::Return(Some(value)) => note(*value),
                    _ => {}
                }
            }
            if !its.is_empty() {
                found.insert((id, index), its);
            }
        }
    }
    found
}
