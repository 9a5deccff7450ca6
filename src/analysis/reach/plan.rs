//! What to run: which functions lead to a use, where the override mapping comes into view, and
//! what can change the state of an entry or set a flag.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{ExprId, Function, FunctionKind, Symbol, TypeRef};

use super::because::MAX_SETTABLE;
use super::mentions::{Mentions, Sight};
use super::part::{Face, Part, followed};
use super::stores::Stores;
use super::words::Words;

/// What does not change while the engine runs.
#[derive(Debug, Default)]
pub struct Plan {
    /// What each function contributes.
    parts: Vec<Part>,
    /// Who calls a function, by name, through a table or as a callback.
    callers: Vec<Vec<FnId>>,
    /// The tables through which the kernel enters functions with a VMA, with the member.
    entry_tables: FxHashMap<FnId, BTreeSet<(Symbol, Symbol)>>,
    /// Places that change an entry's state or set a flag.
    setters: FxHashMap<(FnId, usize, ExprId), Setter>,
    has_setters: FixedBitSet,
    /// Flags with setters, by number.
    pub settable: Vec<Symbol>,
    /// Which members functions store to.
    pub stores: Stores,
}

/// What a place changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Setter {
    /// Sets a flag with setters, by its number.
    Flag(usize),
    /// Makes a hint for NUMA balancing.
    Hint,
    /// Puts a non-present entry that remembers a page in the place of a present one.
    Encode,
}

/// What is different after a plan was renewed.
pub struct Renewed {
    /// The stores as they were, if they are others now.
    pub stores: Option<Stores>,
    /// The functions with another face.
    pub faces: FixedBitSet,
    /// The functions that mention or call something else, or whose calls may be followed elsewhere.
    pub mentions: FixedBitSet,
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
        let ids: Vec<FnId> = world.program.functions().map(|(id, _)| id).collect();
        let mut plan = Plan {
            parts: ids
                .par_iter()
                .map(|&id| Part::new(world, words, id))
                .collect(),
            entry_tables: entry_tables(world),
            ..Plan::default()
        };
        plan.stores = Stores::new(plan.parts.iter().map(|part| &part.stores));
        plan.join(world);
        plan
    }

    /// Looks again at functions whose code differs.
    pub fn renew(&mut self, world: World<'_>, words: &Words, changed: &[FnId]) -> Renewed {
        let mut renewed = Renewed {
            stores: None,
            faces: FixedBitSet::with_capacity(self.parts.len()),
            mentions: FixedBitSet::with_capacity(self.parts.len()),
        };
        let mut refaced = Vec::new();
        let mut has_other_stores = false;
        for &id in changed {
            let part = Part::new(world, words, id);
            let known = std::mem::replace(&mut self.parts[id.0 as usize], part);
            let part = &self.parts[id.0 as usize];
            has_other_stores |= known.stores != part.stores;
            renewed.faces.set(id.0 as usize, known.face != part.face);
            let is_same = known.mentions == part.mentions
                && known.callees == part.callees
                && known.followed == part.followed;
            renewed.mentions.set(id.0 as usize, !is_same);
            if known.face != part.face {
                refaced.push(id);
            }
        }
        self.join(world);
        // Whether a function is followed, its face decides.
        let callers = refaced.iter().flat_map(|id| self.callers(*id));
        let callers: BTreeSet<FnId> = callers.copied().collect();
        for id in callers {
            self.parts[id.0 as usize].followed = followed(world, id);
            renewed.mentions.insert(id.0 as usize);
        }
        if has_other_stores {
            let stores = Stores::new(self.parts.iter().map(|part| &part.stores));
            renewed.stores = Some(std::mem::replace(&mut self.stores, stores));
        }
        renewed
    }

    /// What there is to see of a function without running it.
    pub fn face(&self, id: FnId) -> &Face {
        &self.parts[id.0 as usize].face
    }

    /// What a function names.
    pub fn mentions(&self, id: FnId) -> &Mentions {
        &self.parts[id.0 as usize].mentions
    }

    /// What is named in a function and in all that are followed from there: those of a chain, and
    /// small ones. Gives those functions, too.
    pub fn sight(&self, id: FnId, chain: &FixedBitSet) -> (Sight<'_>, Vec<FnId>) {
        let mut seen = FixedBitSet::with_capacity(self.parts.len());
        seen.insert(id.0 as usize);
        let mut found = vec![id];
        let mut done = 0;
        while let Some(next) = found.get(done) {
            let part = &self.parts[next.0 as usize];
            let is_in_chain = |id: &&FnId| chain.contains(id.0 as usize);
            let callees = part.callees.iter().filter(is_in_chain);
            let callees = callees.chain(&part.followed);
            found.extend(callees.filter(|id| !seen.put(id.0 as usize)));
            done += 1;
        }
        let mentions = found.iter().map(|id| self.mentions(*id));
        (Sight::new(mentions.collect()), found)
    }

    /// Whom a function calls.
    pub fn callees(&self, id: FnId) -> &BTreeSet<FnId> {
        &self.parts[id.0 as usize].callees
    }

    /// Puts together what follows from all parts.
    fn join(&mut self, world: World<'_>) {
        self.callers = vec![Vec::new(); self.parts.len()];
        for (caller, part) in self.parts.iter().enumerate() {
            for callee in &part.callees {
                self.callers[callee.0 as usize].push(FnId(caller as u32));
            }
        }
        self.join_setters(world);
    }

    /// Who calls a function.
    pub fn callers(&self, id: FnId) -> &[FnId] {
        &self.callers[id.0 as usize]
    }

    /// The pointers to a VMA in an expression, operands first.
    pub fn lookups(&self, id: FnId, body: usize, expr: ExprId) -> &[ExprId] {
        self.parts[id.0 as usize]
            .lookups
            .get(body)
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
        let tables = self.entry_tables.get(&id).into_iter().flatten();
        if tables.clone().any(|(table, _)| is_override_table(*table)) {
            return Entered::AsRoot;
        }
        let members: BTreeSet<Symbol> = tables.map(|(_, member)| *member).collect();
        let is_called = !self.callers(id).is_empty();
        match members.is_empty() {
            true if !takes_vma(world, function) => Entered::AsRoot,
            true if !is_called => Entered::Uncalled,
            false if !is_called => Entered::ByOtherKind(members),
            _ => Entered::ByCallers,
        }
    }

    fn join_setters(&mut self, world: World<'_>) {
        self.setters.clear();
        self.settable.clear();
        self.has_setters = FixedBitSet::with_capacity(self.parts.len());
        let mut flags: BTreeMap<Symbol, Vec<(FnId, usize, ExprId)>> = BTreeMap::new();
        let mut unmanaged: BTreeSet<Symbol> = BTreeSet::new();
        for ((id, function), part) in world.program.functions().zip(&self.parts) {
            for &(body, expr, setter) in &part.setters {
                self.setters.insert((id, body, expr), setter);
                self.has_setters.insert(id.0 as usize);
            }
            if part.flags.is_empty() {
                continue;
            }
            let is_generic = world.program.file(function.file).is_generic;
            let is_managed = is_generic && takes_vma(world, function);
            for &(body, expr, name) in &part.flags {
                if is_managed {
                    flags.entry(name).or_default().push((id, body, expr));
                } else {
                    unmanaged.insert(name);
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

/// The tables through which the kernel enters functions with a VMA, with the member.
fn entry_tables(world: World<'_>) -> FxHashMap<FnId, BTreeSet<(Symbol, Symbol)>> {
    let mut found: FxHashMap<FnId, BTreeSet<(Symbol, Symbol)>> = FxHashMap::default();
    for entry in world.dictionary.entry_points {
        let member = Symbol::new(&entry.member);
        for &table in world.program.tables_of(Symbol::new(&entry.table)) {
            let name = world.program.table(table).name;
            for function in world.program.table_functions(table, member) {
                found.entry(function).or_default().insert((name, member));
            }
        }
    }
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
