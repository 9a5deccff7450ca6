//! Can this file be built for that architecture?
//!
//! A driver that exists on one architecture only is no example for another. Whether it exists
//! follows from Makefiles and Kconfig files: which of them lead to an object, under which
//! symbols, and what those depend on.
//!
//! - `statements.rs`, `expression.rs` and `symbols.rs` read all Kconfig files that the one at the
//!   top leads to, `makefile.rs` and `objects.rs` the Makefiles. All of it becomes one circuit, in
//!   which an architecture is an input.
//! - `circuit.rs` finds out which values each symbol, directory and object can have on one
//!   architecture, in three-valued logic (`values.rs`): the values `n`, `m` and `y`, and of each
//!   whether it is possible.
//!
//! `arch/$(SRCARCH)/Kconfig` is read for one architecture only, so a symbol such as the one that
//! stands for the architecture is always on there and not defined anywhere else.
//!
//! `COMPILE_TEST` is off: what can only be compiled for an architecture does not exist there.
//!
//! **Invariant:** a file is said not to exist only if every way to build it is known and
//! impossible. What is not understood (a variable, a function of make, a keyword, a file that is
//! missing) can be anything. Only a source that another one includes is taken for what its own
//! Makefile says.

mod circuit;
mod expression;
mod makefile;
mod objects;
mod paths;
mod statements;
mod symbols;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use rayon::prelude::*;

use circuit::{Circuit, Node, NodeId, Solution, Users};
use objects::Objects;
use symbols::Symbols;
use values::Values;

use crate::tree::Tree;

/// Tells which files of a tree are built for which architecture.
pub struct Availability {
    tree: Tree,
    /// Made when the first question is asked.
    model: OnceLock<Model>,
}

/// Whether a file is built for an architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// In no configuration, for a reason to show: `CONFIG_DRM_I915 is not possible on arm64`.
    No(String),
    /// In some configuration, or it is not known.
    Maybe,
    /// In every configuration.
    Yes,
}

/// All that Makefiles and Kconfig files say.
struct Model {
    circuit: Circuit,
    users: Users,
    objects: Objects,
    holes: Vec<NodeId>,
    /// The values on each architecture, found out when it is first asked about.
    solutions: BTreeMap<String, (u32, OnceLock<Solution>)>,
}

impl Availability {
    /// Reads nothing yet.
    pub fn new(tree: &Tree) -> Availability {
        Availability {
            tree: tree.clone(),
            model: OnceLock::new(),
        }
    }

    /// Gets ready for questions about some architectures.
    pub fn prepare(&self, arches: &BTreeSet<&str>) {
        let model = self.model.get_or_init(|| Model::read(&self.tree));
        let arches: Vec<&str> = arches.iter().copied().collect();
        arches.par_iter().for_each(|arch| {
            if let Some((number, solution)) = model.solutions.get(*arch) {
                solution.get_or_init(|| model.solve(*number));
            }
        });
    }

    /// Whether `file`, a path relative to the root of the tree, is built for the architecture
    /// with the directory `arch` below `arch/`.
    pub fn of(&self, file: &str, arch: &str) -> Built {
        let model = self.model.get_or_init(|| Model::read(&self.tree));
        model.of(file, arch)
    }
}

impl Model {
    fn read(tree: &Tree) -> Model {
        let mut circuit = Circuit::default();
        let mut arches = BTreeMap::new();
        let mut solutions = BTreeMap::new();
        for (number, name) in (0..).zip(tree.directories("arch")) {
            arches.insert(name.clone(), circuit.arch(number));
            solutions.insert(name, (number, OnceLock::new()));
        }
        let mut symbols = Symbols::read(tree, &mut circuit, &arches);
        let objects = Objects::read(tree, &mut circuit, &mut symbols, &arches);
        Model {
            users: Users::new(&circuit),
            circuit,
            objects,
            holes: symbols.holes,
            solutions,
        }
    }

    fn of(&self, file: &str, arch: &str) -> Built {
        let own_arch = file
            .strip_prefix("arch/")
            .and_then(|rest| rest.split_once('/'))
            .map(|(own, _)| own);
        let elsewhere = own_arch.filter(|own| *own != arch);
        let nodes = self.objects.of(file);
        let Some((number, solution)) = self.solutions.get(arch).filter(|_| !nodes.is_empty())
        else {
            return match elsewhere {
                Some(own) => Built::No(format!("arch/{own} is not {arch}")),
                None => Built::Maybe,
            };
        };
        let solution = solution.get_or_init(|| self.solve(*number));
        let values = nodes
            .iter()
            .fold(Values::N, |any, &node| any.or(solution.values(node)));
        if !values.can_be_on() {
            let reason = self.reason(&nodes, solution);
            return Built::No(match (reason, elsewhere) {
                (Some(symbol), None) => format!("CONFIG_{symbol} is not possible on {arch}"),
                (_, Some(own)) => format!("arch/{own} is not {arch}"),
                (None, None) => format!("no Makefile builds it for {arch}"),
            });
        }
        match values.can_be(Values::N) {
            true => Built::Maybe,
            false => Built::Yes,
        }
    }

    fn solve(&self, arch: u32) -> Solution {
        let solution = self.circuit.solve(&self.users, arch, false);
        let is_open_world = self
            .holes
            .iter()
            .any(|&hole| solution.values(hole).can_be_on());
        match is_open_world {
            true => self.circuit.solve(&self.users, arch, true),
            false => solution,
        }
    }

    /// A symbol that keeps something off.
    fn reason(&self, nodes: &[NodeId], solution: &Solution) -> Option<&str> {
        let mut waiting: Vec<NodeId> = nodes.iter().rev().copied().collect();
        // Nodes can depend on each other in circles.
        for _ in 0..MAX_REASON_STEPS {
            let node = waiting.pop()?;
            if solution.values(node) != Values::N {
                continue;
            }
            match self.circuit.node(node) {
                Node::Symbol(_) => return self.circuit.symbol_of(node).map(|symbol| &*symbol.name),
                Node::And(a, b) | Node::Or(a, b) => waiting.extend([a, b]),
                Node::Any(_) => waiting.extend(self.circuit.members(node).iter().rev()),
                _ => {}
            }
        }
        None
    }
}

/// So many steps are taken to find a reason.
const MAX_REASON_STEPS: usize = 1000;
