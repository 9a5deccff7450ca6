//! Which members a function may store to, itself or by what it calls: a call that is not followed
//! changes these and no others.

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Instr, Symbol, TypeRef};

/// What every function may store to.
#[derive(Debug, Default)]
pub struct Stores {
    /// Numbers of members by the type they are of; `None` where that is not known.
    numbers: FxHashMap<(Option<Symbol>, Symbol), usize>,
    members: Vec<FixedBitSet>,
    /// Types to which a pointer leaves what was read, or which are overwritten as a whole; by name.
    escapes: Vec<FxHashSet<Symbol>>,
}

impl Stores {
    /// Joins what functions store to themselves along calls until nothing changes.
    pub fn new<'s>(own: impl Iterator<Item = &'s OwnStores>) -> Stores {
        let mut stores = Stores::default();
        let mut calls: Vec<Vec<usize>> = Vec::new();
        let mut direct: Vec<Vec<usize>> = Vec::new();
        for its in own {
            let numbers = &mut stores.numbers;
            let members = its.members.iter().map(|member| {
                let next = numbers.len();
                *numbers.entry(*member).or_insert(next)
            });
            direct.push(members.collect());
            stores.escapes.push(its.escapes.clone());
            calls.push(its.calls.iter().map(|id| id.0 as usize).collect());
        }
        let n_members = stores.numbers.len();
        stores.members = direct
            .iter()
            .map(|its| {
                let mut set = FixedBitSet::with_capacity(n_members);
                set.extend(its.iter().copied());
                set
            })
            .collect();
        stores.join(&calls);
        stores
    }

    /// True if a function may store to a member of an object of type `ty`.
    pub fn may_set(&self, function: FnId, ty: Symbol, member: Symbol) -> bool {
        let at = function.0 as usize;
        let numbers = [
            self.numbers.get(&(Some(ty), member)),
            self.numbers.get(&(None, member)),
        ];
        let mut numbers = numbers.into_iter().flatten();
        numbers.any(|number| self.members[at].contains(*number)) || self.escapes[at].contains(&ty)
    }

    fn join(&mut self, calls: &[Vec<usize>]) {
        let mut callers: Vec<Vec<usize>> = vec![Vec::new(); calls.len()];
        for (caller, callees) in calls.iter().enumerate() {
            for &callee in callees {
                callers[callee].push(caller);
            }
        }
        let mut pending: Vec<usize> = (0..calls.len()).collect();
        let mut is_pending = vec![true; calls.len()];
        while let Some(callee) = pending.pop() {
            is_pending[callee] = false;
            let members = self.members[callee].clone();
            let escapes: Vec<Symbol> = self.escapes[callee].iter().copied().collect();
            for &caller in &callers[callee] {
                let before = (
                    self.members[caller].count_ones(..),
                    self.escapes[caller].len(),
                );
                self.members[caller].union_with(&members);
                self.escapes[caller].extend(escapes.iter().copied());
                let after = (
                    self.members[caller].count_ones(..),
                    self.escapes[caller].len(),
                );
                if before != after && !is_pending[caller] {
                    is_pending[caller] = true;
                    pending.push(caller);
                }
            }
        }
    }
}

/// What one function does itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnStores {
    members: FxHashSet<(Option<Symbol>, Symbol)>,
    escapes: FxHashSet<Symbol>,
    calls: FxHashSet<FnId>,
}

impl OwnStores {
    /// Looks at a function.
    pub fn new(world: World<'_>, id: FnId) -> OwnStores {
        let mut own = OwnStores::default();
        for index in 0..world.program.function(id).bodies.len() {
            own.body(world, id, index);
        }
        own
    }

    fn body(&mut self, world: World<'_>, id: FnId, index: usize) {
        let body = &world.program.function(id).bodies[index];
        let facts = world.facts.body(id, index);
        let types = &facts.types;
        for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
            match *instr {
                Instr::Assign { target, .. } => {
                    self.target(body, types, target);
                    if matches!(body.expr(target).kind, ExprKind::Deref(_)) {
                        self.escapes.insert(types[target.0 as usize].base);
                    }
                }
                Instr::LoopMacro { call } => {
                    if let ExprKind::Call { args, .. } = &body.expr(call).kind {
                        args.iter().for_each(|&arg| self.target(body, types, arg));
                    }
                }
                Instr::Eval { .. } => {}
            }
        }
        for expr in &body.exprs {
            match &expr.kind {
                // Whoever gets the address may store there.
                ExprKind::AddrOf(place) => self.target(body, types, *place),
                ExprKind::Call { callee, args } => {
                    let targets = facts.functions(body.called(*callee));
                    if targets.is_empty() {
                        let pointers = args.iter().map(|arg| types[arg.0 as usize]);
                        let pointers = pointers.filter(|ty| ty.pointers > 0);
                        self.escapes.extend(pointers.map(|ty| ty.base));
                    }
                    self.calls.extend(targets);
                }
                _ => {}
            }
        }
    }

    /// The members on the way to what is stored to.
    fn target(&mut self, body: &Body, types: &[TypeRef], target: ExprId) {
        let mut at = target;
        loop {
            match body.expr(at).kind {
                ExprKind::Member { base, field, .. } => {
                    let ty = types[base.0 as usize];
                    self.members
                        .insert(((!ty.is_unknown()).then_some(ty.base), field));
                    at = base;
                }
                ExprKind::Cast(_, inner) => at = inner,
                _ => return,
            }
        }
    }
}
