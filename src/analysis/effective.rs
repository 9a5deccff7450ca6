//! Which functions can do something to a VMA or insert an entry: the others need not be run.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

use crate::callgraph::{FnId, Program};
use crate::program::{Body, ExprId, ExprKind, Function, Instr, Symbol};

use super::dictionary::{Dictionary, Word};
use super::facts::BodyFacts;
use super::machine::is_store;

/// What a function does itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnEffect {
    has_effect: bool,
    /// The members it mentions; none for what only matters to where a VMA can get.
    mentioned: BTreeSet<Member>,
}

impl OwnEffect {
    /// Looks at a function; `facts` are those about its bodies.
    pub fn new(
        program: &Program,
        dictionary: &Dictionary<'_>,
        id: FnId,
        facts: &[BodyFacts],
    ) -> OwnEffect {
        if program.is_passage(id) {
            return OwnEffect::default();
        }
        let function = program.function(id);
        let bodies = function.bodies.iter();
        let printed: Vec<FixedBitSet> = bodies
            .map(|body| printed(program, function, body))
            .collect();
        let mut mentioned = mentioned(program, function, (facts, &printed));
        // What is behind an entry point is looked at from there.
        mentioned.retain(|member| !is_entry_point(dictionary, *member));
        OwnEffect {
            has_effect: has_effect(program, dictionary, function, (facts, &printed)),
            mentioned,
        }
    }
}

/// Functions with an effect of their own, and all their callers: by name, and through members of
/// tables.
pub fn effective(
    program: &Program,
    dictionary: &Dictionary<'_>,
    own: &[OwnEffect],
    callers: &FxHashMap<FnId, BTreeSet<FnId>>,
) -> FixedBitSet {
    let mut effective = FixedBitSet::with_capacity(program.n_functions());
    let mut users: FxHashMap<Symbol, BTreeMap<Member, Vec<FnId>>> = FxHashMap::default();
    let mut pending = Vec::new();
    for ((id, _), own) in program.functions().zip(own) {
        if own.has_effect {
            pending.push(id);
        }
        for member in &own.mentioned {
            let of_name = users.entry(member.name).or_default();
            of_name.entry(*member).or_default().push(id);
        }
    }
    let held = held(program);
    while let Some(id) = pending.pop() {
        if program.is_passage(id) || effective.put(id.0 as usize) {
            continue;
        }
        // What the vocabulary tells the meaning of is not run.
        let function = program.function(id);
        if dictionary.word(function.name, function.n_params).is_none() {
            pending.extend(callers.get(&id).into_iter().flatten());
        }
        let behind = held.get(&id).into_iter().flatten();
        for member in behind.filter(|member| !is_entry_point(dictionary, **member)) {
            let of_name = users.get(&member.name).into_iter().flatten();
            let matching = of_name.filter(|(other, _)| member.may_be(**other));
            pending.extend(matching.flat_map(|(_, users)| users));
        }
    }
    effective
}

/// A member of a structure that can hold a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    /// `None` if the structure is not known.
    structure: Option<Symbol>,
    name: Symbol,
}

impl Member {
    fn may_be(self, other: Member) -> bool {
        self.name == other.name
            && (self.structure.is_none()
                || other.structure.is_none()
                || self.structure == other.structure)
    }
}

/// The members a function mentions.
fn mentioned(
    program: &Program,
    function: &Function,
    (facts, printed): (&[BodyFacts], &[FixedBitSet]),
) -> BTreeSet<Member> {
    let mut found = BTreeSet::new();
    for ((body, facts), printed) in function.bodies.iter().zip(facts).zip(printed) {
        for (i, expr) in body.exprs.iter().enumerate() {
            if printed.contains(i) {
                continue;
            }
            found.extend(match expr.kind {
                // The name of a member given to a macro is an ordinary name here.
                ExprKind::Global(name) => Some(Member {
                    structure: None,
                    name,
                }),
                ExprKind::Member { base, field, .. } => {
                    let structure = facts.types[base.0 as usize].base;
                    let is_known = !program.tables_of(structure).is_empty();
                    Some(Member {
                        structure: is_known.then_some(structure),
                        name: field,
                    })
                }
                _ => None,
            });
        }
    }
    found
}

/// The arguments that stand for `...`, and what the temporaries among them are set to: whoever
/// takes any number of any things calls none of them.
fn printed(program: &Program, function: &Function, body: &Body) -> FixedBitSet {
    let mut printed = FixedBitSet::with_capacity(body.exprs.len());
    let mut temporaries = BTreeSet::new();
    for expr in &body.exprs {
        let ExprKind::Call { callee, args } = &expr.kind else {
            continue;
        };
        let ExprKind::Global(name) = body.expr(*callee).kind else {
            continue;
        };
        let targets = program.resolve(name, function.file);
        let is_named = |position: usize| {
            let mut params = targets.iter().map(|&id| program.function(id).params());
            params.any(|params| {
                let param = params.get(position);
                param.is_some_and(|param| param.name != VARIABLE_ARGUMENTS)
            })
        };
        if targets.is_empty() {
            continue;
        }
        for (_, &arg) in args.iter().enumerate().filter(|(i, _)| !is_named(*i)) {
            printed.insert(arg.0 as usize);
            if let ExprKind::Local(local) = body.expr(arg).kind
                && function.locals[local.0 as usize].name.as_str().is_empty()
            {
                temporaries.insert(local);
            }
        }
    }
    for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
        if let Instr::Assign { target, value, .. } = instr
            && let ExprKind::Local(local) = body.expr(*target).kind
            && temporaries.contains(&local)
        {
            printed.insert(value.0 as usize);
        }
    }
    printed
}

/// What `...` is called in a macro.
const VARIABLE_ARGUMENTS: &str = "__VA_ARGS__";

/// The members that hold a function.
fn held(program: &Program) -> FxHashMap<FnId, BTreeSet<Member>> {
    let mut held: FxHashMap<FnId, BTreeSet<Member>> = FxHashMap::default();
    for (table, its) in program.tables() {
        for entry in &its.entries {
            // The member of a nested initialiser is one of another structure.
            let mut definitions = program.structs_named(its.struct_name);
            let is_own = definitions
                .any(|(_, known)| known.fields.iter().any(|field| field.name == entry.member));
            let member = Member {
                structure: is_own.then_some(its.struct_name),
                name: entry.member,
            };
            for function in program.table_functions(table, entry.member) {
                held.entry(function).or_default().insert(member);
            }
        }
    }
    for store in program.stores() {
        for function in program.resolve(store.value, store.file) {
            held.entry(function).or_default().insert(Member {
                structure: None,
                name: store.member,
            });
        }
    }
    held
}

/// True for a member through which only the core calls, where a run begins.
fn is_entry_point(dictionary: &Dictionary<'_>, member: Member) -> bool {
    let mut named = dictionary
        .entry_points
        .iter()
        .filter(|entry| member.name == entry.member.as_str())
        .filter(|entry| {
            let structure = member.structure;
            structure.is_none_or(|structure| structure == entry.table.as_str())
        })
        .peekable();
    named.peek().is_some() && named.all(|entry| !entry.secondary)
}

/// True if a function itself inserts, stores to a member of a VMA, changes its flags, or leaves a
/// page in a fault. Writing an
/// entry counts in drivers only: what generic code writes is no insertion on somebody's behalf.
fn has_effect(
    program: &Program,
    dictionary: &Dictionary<'_>,
    function: &Function,
    (facts, printed): (&[BodyFacts], &[FixedBitSet]),
) -> bool {
    let is_generic = program.file(function.file).is_generic;
    let mut bodies = function.bodies.iter().zip(facts).zip(printed);
    bodies.any(|((body, facts), printed)| {
        let is_vma_member = |expr: ExprId| is_vma_member(dictionary, body, facts, expr);
        // A pointer to a member lets others change it.
        let is_pointer = |expr: ExprId| match body.expr(expr).kind {
            ExprKind::AddrOf(place) => !printed.contains(expr.0 as usize) && is_vma_member(place),
            _ => false,
        };
        let stores = body
            .blocks
            .iter()
            .flat_map(|block| &block.instrs)
            .any(|instr| match instr {
                Instr::Assign { target, value, .. } => {
                    is_vma_member(*target)
                        || is_pointer(*value)
                        || is_page_of_fault(body, facts, *target)
                }
                _ => false,
            });
        let calls = body.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Call { callee, args } => match body.expr(*callee).kind {
                ExprKind::Global(name) if is_store(name) => {
                    args.first().is_some_and(|&target| is_vma_member(target))
                }
                ExprKind::Global(name) => match dictionary.word(name, args.len()) {
                    Some(Word::Insert(_) | Word::Flags(_)) => true,
                    Some(Word::Install(_)) => !is_generic,
                    Some(_) => false,
                    None => {
                        let is_parsed = !program.resolve(name, function.file).is_empty();
                        is_parsed && args.iter().any(|&arg| is_pointer(arg))
                    }
                },
                _ => args.iter().any(|&arg| is_pointer(arg)),
            },
            _ => false,
        });
        stores || calls
    })
}

/// True for `vmf->page`, where a fault handler leaves a page for the core to map.
fn is_page_of_fault(body: &Body, facts: &BodyFacts, expr: ExprId) -> bool {
    match body.expr(expr).kind {
        ExprKind::Member { base, field, .. } => {
            field == "page" && facts.types[base.0 as usize].base == "struct vm_fault"
        }
        _ => false,
    }
}

fn is_vma_member(
    dictionary: &Dictionary<'_>,
    body: &Body,
    facts: &BodyFacts,
    expr: ExprId,
) -> bool {
    let mut found = false;
    body.visit(expr, &mut |id| {
        if let ExprKind::Member { base, field, .. } = body.expr(id).kind {
            let of = facts.types[base.0 as usize];
            found |= (of.is_unknown() || dictionary.is_vma_type(of.base))
                && super::state::vma_member(dictionary.vmas, field).is_some();
        }
    });
    found
}
