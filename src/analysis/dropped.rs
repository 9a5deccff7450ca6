//! Protections that a function computes and then does not use.
//!
//! Backward liveness of one variable at a time. A call that is given the variable's address reads
//! it and changes it.

use std::collections::BTreeSet;

use crate::program::{Block, BlockId, Body, ExprId, ExprKind, Function, Instr, LocalId, Symbol};

use super::dictionary::{Dictionary, Word};

/// A computation whose result nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Which of the function's bodies.
    pub body: usize,
    /// The variable.
    pub local: LocalId,
    /// The value assigned, or the call that is given the address; `None` for a parameter, which the
    /// caller computed.
    pub computed: Option<ExprId>,
    /// For a call: the function, and the position of the address among its arguments.
    pub by: Option<(Symbol, usize)>,
    /// What is behind it: the block and the number of the next instruction in it.
    at: (BlockId, usize),
}

/// The computations of protections in `function` that no way through it uses.
pub fn dropped(dictionary: &Dictionary<'_>, function: &Function) -> Vec<Dropped> {
    let locals = function.locals.iter().enumerate();
    let protections: Vec<LocalId> = locals
        .filter(|(_, local)| local.ty.base == "pgprot_t" && local.ty.pointers == 0)
        .map(|(number, _)| LocalId(number as u32))
        .collect();
    let mut found = Vec::new();
    for &local in &protections {
        for (i, body) in function.bodies.iter().enumerate() {
            let variable = Variable {
                dictionary,
                body,
                local,
                n_params: function.n_params,
            };
            for (at, computed, by) in variable.dropped() {
                found.push(Dropped {
                    body: i,
                    local,
                    computed,
                    by,
                    at,
                });
            }
        }
    }
    found
}

impl Dropped {
    /// The calls that can follow the computation, in source order.
    pub fn calls_behind(&self, body: &Body) -> Vec<ExprId> {
        let mut calls = Vec::new();
        let (block, index) = self.at;
        let mut seen: BTreeSet<BlockId> = BTreeSet::new();
        let mut pending: Vec<BlockId> = Vec::new();
        calls_in(body, body.block(block), index, &mut calls);
        pending.extend(body.block(block).terminator.successors());
        while let Some(block) = pending.pop() {
            if seen.insert(block) {
                calls_in(body, body.block(block), 0, &mut calls);
                pending.extend(body.block(block).terminator.successors());
            }
        }
        calls.sort_by_key(|&call| body.expr(call).span);
        calls
    }
}

fn calls_in(body: &Body, block: &Block, from: usize, calls: &mut Vec<ExprId>) {
    let instrs = block.instrs.iter().skip(from);
    let mut exprs: Vec<ExprId> = instrs.flat_map(|instr| instr.evaluated()).collect();
    exprs.extend(block.terminator.examined());
    for expr in exprs {
        body.visit(expr, &mut |id| {
            if matches!(body.expr(id).kind, ExprKind::Call { .. }) {
                calls.push(id);
            }
        });
    }
}

/// One variable in one body.
struct Variable<'a> {
    dictionary: &'a Dictionary<'a>,
    body: &'a Body,
    local: LocalId,
    n_params: usize,
}

/// A place, what is computed there, and the function that is given the address.
type Computation = ((BlockId, usize), Option<ExprId>, Option<(Symbol, usize)>);

impl Variable<'_> {
    fn dropped(&self) -> Vec<Computation> {
        let blocks = &self.body.blocks;
        if self.escapes() {
            return Vec::new();
        }
        let mut live_in = vec![false; blocks.len()];
        let live_out = |live_in: &[bool], block: &Block| {
            let next = block.terminator.successors();
            next.iter().any(|next| live_in[next.0 as usize])
        };
        loop {
            let mut has_changed = false;
            for (i, block) in blocks.iter().enumerate().rev() {
                let live = self.before(block, live_out(&live_in, block), &mut |_, _, _| {});
                has_changed |= live != live_in[i];
                live_in[i] = live;
            }
            if !has_changed {
                break;
            }
        }
        let mut found = Vec::new();
        for (i, block) in blocks.iter().enumerate() {
            let block_id = BlockId(i as u32);
            self.before(
                block,
                live_out(&live_in, block),
                &mut |index, computed, by| {
                    found.push(((block_id, index + 1), Some(computed), by));
                },
            );
        }
        let is_parameter = (self.local.0 as usize) < self.n_params;
        if is_parameter && !live_in[0] {
            found.push(((BlockId(0), 0), None, None));
        }
        found
    }

    /// Whether the variable is live before a block. `drop` is told of computations that are not
    /// used behind.
    fn before(
        &self,
        block: &Block,
        live_behind: bool,
        drop: &mut dyn FnMut(usize, ExprId, Option<(Symbol, usize)>),
    ) -> bool {
        let mut live = live_behind;
        live |= block
            .terminator
            .examined()
            .is_some_and(|expr| self.mentions(expr));
        for (index, &instr) in block.instrs.iter().enumerate().rev() {
            match instr {
                Instr::Assign { target, value, .. } if self.is_it(target) => {
                    if !live && self.computes(value) {
                        drop(index, value, None);
                    }
                    live = self.mentions(value);
                }
                _ => {
                    for expr in instr.evaluated() {
                        if let Some((call, by, position)) = self.handed_over(expr)
                            && !live
                        {
                            drop(index, call, Some((by, position)));
                        }
                        live |= self.mentions(expr);
                    }
                }
            }
        }
        live
    }

    /// The call in an expression that is given the address of the variable.
    fn handed_over(&self, expr: ExprId) -> Option<(ExprId, Symbol, usize)> {
        let mut found = None;
        self.body.visit(expr, &mut |id| {
            if let ExprKind::Call { callee, args } = &self.body.expr(id).kind
                && let ExprKind::Global(name) = self.body.expr(*callee).kind
                && let Some(position) = args.iter().position(|&arg| self.is_address(arg))
            {
                found = Some((id, name, position));
            }
        });
        found
    }

    fn is_address(&self, expr: ExprId) -> bool {
        match self.body.expr(expr).kind {
            ExprKind::AddrOf(place) => self.is_it(place),
            ExprKind::Cast(_, inner) => self.is_address(inner),
            _ => false,
        }
    }

    /// True if the address is kept somewhere: anybody may read the variable then.
    fn escapes(&self) -> bool {
        let handed_over: BTreeSet<ExprId> = self
            .body
            .exprs
            .iter()
            .filter_map(|expr| match &expr.kind {
                ExprKind::Call { args, .. } => Some(args),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        (0..self.body.exprs.len() as u32)
            .map(ExprId)
            .any(|id| self.is_address(id) && !handed_over.contains(&id))
    }

    /// True for the variable, or its value taken out of the wrapper.
    fn is_it(&self, expr: ExprId) -> bool {
        match &self.body.expr(expr).kind {
            ExprKind::Local(local) => *local == self.local,
            ExprKind::Member { base, .. } => self.is_it(*base),
            ExprKind::Call { callee, args } => match self.body.expr(*callee).kind {
                ExprKind::Global(name) => match self.dictionary.word(name, args.len()) {
                    Some(Word::Identity(word)) => {
                        args.get(word.argument).is_some_and(|&arg| self.is_it(arg))
                    }
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    fn mentions(&self, expr: ExprId) -> bool {
        let mut found = false;
        self.body.visit(expr, &mut |id| {
            found |=
                matches!(self.body.expr(id).kind, ExprKind::Local(local) if local == self.local);
        });
        found
    }

    /// True for a protection as it is in another variable.
    fn is_copy(&self, value: ExprId) -> bool {
        match self.body.expr(value).kind {
            ExprKind::Local(_) => true,
            ExprKind::Cast(_, inner) => self.is_copy(inner),
            _ => false,
        }
    }

    /// True for a value that has been made different from what it was made from, here or by the caller:
    /// not for another copy, and not for the default that follows from `vm_flags`.
    fn computes(&self, value: ExprId) -> bool {
        let mut found = false;
        self.body.visit(value, &mut |id| {
            found |= match &self.body.expr(id).kind {
                ExprKind::Binary(..) => true,
                // A copy to work with of what the caller computed.
                ExprKind::Local(local) => (local.0 as usize) < self.n_params && self.is_copy(value),
                ExprKind::Call { callee, args } => match self.body.expr(*callee).kind {
                    ExprKind::Global(name) => match self.dictionary.word(name, args.len()) {
                        Some(Word::Protection(word)) => {
                            word.effect == crate::vocabulary::ProtectionEffect::Derive
                        }
                        _ => false,
                    },
                    _ => false,
                },
                _ => false,
            };
        });
        found
    }
}
