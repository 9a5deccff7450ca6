//! Runs every function on its own and records what it does with protections; who passes which
//! protection to whom follows from that.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::callgraph::{FnId, Program};
use crate::program::{Expr, ExprKind, Symbol};

use super::facts::World;
use super::machine::{Depth, Event, EventKind, Memory};
use super::state::State;
use super::term::{Base, Term, Terms};

/// What all functions do with protections, and where their parameters come from.
#[derive(Debug, Default)]
pub struct Uses {
    /// The events in each function itself, not in what it calls.
    pub events: BTreeMap<FnId, Vec<Event>>,
    /// Every base that can arrive at a protection parameter, parameters of callers resolved.
    pub arriving: BTreeMap<(FnId, usize), BTreeSet<Term>>,
    /// Functions that pass a protection to a function.
    pub passed_by: BTreeMap<FnId, BTreeSet<FnId>>,
}

/// Looks at every function of the program.
pub fn uses(world: World<'_>, memory: &Memory) -> Uses {
    let events: BTreeMap<FnId, Vec<Event>> = (0..world.program.n_functions())
        .into_par_iter()
        .filter_map(|i| {
            let id = FnId(i as u32);
            let events = events_of(world, memory, id);
            (!events.is_empty()).then_some((id, events))
        })
        .collect();
    let mut uses = Uses {
        events,
        ..Uses::default()
    };
    uses.link(world);
    uses
}

fn events_of(world: World<'_>, memory: &Memory, id: FnId) -> Vec<Event> {
    if !deals_with_protections(world, id) {
        return Vec::new();
    }
    let ran = memory.run(world, id, Depth::Local, State::default());
    let own = ran.events.iter().filter(|event| event.path.len() == 1);
    let mut unique: Vec<Event> = Vec::new();
    for event in own {
        let is_known = unique.iter().any(|known| {
            known.body == event.body && known.expr == event.expr && known.kind == event.kind
        });
        if !is_known {
            unique.push(event.clone());
        }
    }
    unique
}

/// True if a protection can occur in a function: in its declarations, in a member it accesses, or
/// in a call it makes.
fn deals_with_protections(world: World<'_>, id: FnId) -> bool {
    let function = world.program.function(id);
    let is_declared = function
        .locals
        .iter()
        .map(|local| local.ty)
        .chain([function.result])
        .any(|ty| ty.base == "pgprot_t");
    let is_used = |expr: &Expr| match &expr.kind {
        ExprKind::Member { field, .. } => world.dictionary.is_protection_member(*field),
        ExprKind::Global(name) => {
            world.dictionary.deals_with_protections(*name)
                || world.dictionary.constant(*name).is_some()
        }
        _ => false,
    };
    is_declared
        || function
            .bodies
            .iter()
            .any(|body| body.exprs.iter().any(is_used))
}

impl Uses {
    /// Resolves parameters: the least set of terms closed under all passes.
    fn link(&mut self, world: World<'_>) {
        let mut passes: Vec<(FnId, usize, FnId, BTreeSet<Term>)> = Vec::new();
        for (caller, events) in &self.events {
            for event in events {
                if let EventKind::Pass {
                    argument,
                    targets,
                    protection,
                } = &event.kind
                {
                    for target in targets {
                        passes.push((*target, *argument, *caller, protection.set.clone()));
                        self.passed_by.entry(*target).or_default().insert(*caller);
                    }
                }
                // What drivers hand to an insertion API arrives in its body; who they are does not
                // matter to what the body does on their behalf.
                if let EventKind::Insert {
                    protection: Some(protection),
                    ..
                } = &event.kind
                    && let Some(name) = called_name(world.program, event)
                {
                    let file = world.program.function(*caller).file;
                    for target in world.program.resolve(name, file) {
                        let params = world.program.function(target).params();
                        let position = params.iter().position(|p| p.ty.base == "pgprot_t");
                        if let Some(position) = position {
                            passes.push((target, position, *caller, protection.set.clone()));
                        }
                    }
                }
            }
        }
        loop {
            let mut has_changed = false;
            for (target, argument, caller, terms) in &passes {
                let mut arriving = BTreeSet::new();
                for term in terms {
                    match term.base {
                        Base::Parameter(i) => {
                            let above = self.arriving.get(&(*caller, usize::from(i)));
                            arriving.extend(above.into_iter().flatten().cloned());
                        }
                        _ => {
                            arriving.insert(Term::new(term.base.clone()));
                        }
                    }
                }
                let known = self.arriving.entry((*target, *argument)).or_default();
                let n_before = known.len();
                known.extend(arriving);
                has_changed |= known.len() != n_before;
            }
            if !has_changed {
                return;
            }
        }
    }

    /// The bases of a protection in a function, with parameters replaced by what arrives there.
    pub fn bases(&self, function: FnId, terms: &Terms) -> BTreeSet<Base> {
        let mut bases = BTreeSet::new();
        for term in &terms.set {
            match term.base {
                Base::Parameter(i) => {
                    match self.arriving.get(&(function, usize::from(i))) {
                        Some(arriving) => {
                            bases.extend(arriving.iter().map(|term| term.base.clone()));
                        }
                        None => {
                            bases.insert(term.base.clone());
                        }
                    };
                }
                _ => {
                    bases.insert(term.base.clone());
                }
            }
        }
        bases
    }
}

/// The name a call expression calls, if it calls by name.
pub fn called_name(program: &Program, event: &Event) -> Option<Symbol> {
    let body = &program.function(event.function).bodies[event.body];
    let (name, _) = body.call_by_name(event.expr)?;
    Some(name)
}
