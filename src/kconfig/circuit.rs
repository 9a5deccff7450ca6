//! What depends on what, and what follows for one architecture.

use super::values::{SymbolKind, Values};

/// Symbols, files, directories, objects and the conditions between them, as one circuit.
///
/// Whatever can be on or off is a node whose values follow from those of other nodes. Nodes may
/// depend on each other in circles. [`Circuit::solve`] finds the smallest sets of values that
/// agree with all nodes, so that what could only be on because of itself is off.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    nodes: Vec<Node>,
    /// The members of each [`Node::Any`].
    members: Vec<Vec<NodeId>>,
    symbols: Vec<Symbol>,
}

/// A node of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

/// How the values of a node follow.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Constant(Values),
    /// On for one architecture only.
    Arch(u32),
    Not(NodeId),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    Same(NodeId, NodeId),
    /// On if one of a list is on.
    Any(u32),
    Symbol(u32),
}

/// All that is said about a symbol anywhere. Conditions include those of the blocks around.
#[derive(Debug, Default)]
pub(super) struct Symbol {
    pub(super) name: Box<str>,
    pub(super) kind: SymbolKind,
    /// What each definition depends on.
    pub(super) definitions: Vec<NodeId>,
    /// When the user is asked.
    pub(super) prompts: Vec<NodeId>,
    /// Conditions and values.
    pub(super) defaults: Vec<(NodeId, NodeId)>,
    pub(super) selects: Vec<NodeId>,
    pub(super) implies: Vec<NodeId>,
    /// True for one of a choice, which is off if another is chosen.
    pub(super) is_chosen: bool,
    /// True if something about it was not understood.
    pub(super) is_unknown: bool,
}

/// The values of all nodes for one architecture.
pub(super) struct Solution(Vec<Values>);

impl Solution {
    pub(super) fn values(&self, node: NodeId) -> Values {
        self.0[node.0 as usize]
    }
}

impl Circuit {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId((self.nodes.len() - 1) as u32)
    }

    pub(super) fn constant(&mut self, values: Values) -> NodeId {
        self.push(Node::Constant(values))
    }

    pub(super) fn arch(&mut self, arch: u32) -> NodeId {
        self.push(Node::Arch(arch))
    }

    pub(super) fn not(&mut self, a: NodeId) -> NodeId {
        self.push(Node::Not(a))
    }

    pub(super) fn and(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let is_yes = |node| matches!(self.node(node), Node::Constant(Values::Y));
        if is_yes(a) || a == b {
            return b;
        }
        if is_yes(b) {
            return a;
        }
        self.push(Node::And(a, b))
    }

    pub(super) fn or(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.push(Node::Or(a, b))
    }

    pub(super) fn same(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.push(Node::Same(a, b))
    }

    /// A node that is on if one of its members is; without any it is off.
    pub(super) fn any(&mut self) -> NodeId {
        self.members.push(Vec::new());
        self.push(Node::Any((self.members.len() - 1) as u32))
    }

    /// Adds a member to a node made by [`Circuit::any`].
    pub(super) fn add(&mut self, any: NodeId, member: NodeId) {
        if let Node::Any(list) = self.node(any) {
            self.members[list as usize].push(member);
        }
    }

    pub(super) fn symbol(&mut self, name: &str) -> NodeId {
        self.symbols.push(Symbol {
            name: name.into(),
            ..Symbol::default()
        });
        self.push(Node::Symbol((self.symbols.len() - 1) as u32))
    }

    /// What is said about the symbol of a node.
    pub(super) fn symbol_mut(&mut self, node: NodeId) -> Option<&mut Symbol> {
        match self.node(node) {
            Node::Symbol(symbol) => self.symbols.get_mut(symbol as usize),
            _ => None,
        }
    }

    pub(super) fn symbol_of(&self, node: NodeId) -> Option<&Symbol> {
        match self.node(node) {
            Node::Symbol(symbol) => self.symbols.get(symbol as usize),
            _ => None,
        }
    }

    pub(super) fn node(&self, node: NodeId) -> Node {
        self.nodes[node.0 as usize]
    }

    /// The members of a node made by [`Circuit::any`].
    pub(super) fn members(&self, any: NodeId) -> &[NodeId] {
        match self.node(any) {
            Node::Any(list) => &self.members[list as usize],
            _ => &[],
        }
    }

    /// The values of all nodes for one architecture. In an open world, where a part of what is
    /// said about symbols is not known, every symbol can be anything.
    pub(super) fn solve(&self, users: &Users, arch: u32, is_open_world: bool) -> Solution {
        let n_nodes = self.nodes.len();
        let mut values = vec![Values::NONE; n_nodes];
        let mut is_waiting = vec![true; n_nodes];
        let mut waiting: Vec<u32> = (0..n_nodes as u32).rev().collect();
        loop {
            while let Some(at) = waiting.pop() {
                is_waiting[at as usize] = false;
                let old = values[at as usize];
                let new = match self.nodes[at as usize] {
                    Node::Symbol(_) if is_open_world => Values::ALL,
                    node => old | self.evaluate(node, arch, &values),
                };
                if new == old {
                    continue;
                }
                values[at as usize] = new;
                for &user in users.of(at) {
                    if !std::mem::replace(&mut is_waiting[user as usize], true) {
                        waiting.push(user);
                    }
                }
            }
            // What contradicts itself, as a default of its own opposite, has no value at all.
            let undecided = (0..n_nodes).filter(|&at| values[at].is_none());
            let undecided: Vec<usize> = undecided.collect();
            if undecided.is_empty() {
                return Solution(values);
            }
            for at in undecided {
                values[at] = Values::ALL;
                for &user in users.of(at as u32) {
                    if !std::mem::replace(&mut is_waiting[user as usize], true) {
                        waiting.push(user);
                    }
                }
            }
        }
    }

    fn evaluate(&self, node: Node, arch: u32, values: &[Values]) -> Values {
        let value = |node: NodeId| values[node.0 as usize];
        match node {
            Node::Constant(values) => values,
            Node::Arch(only) if only == arch => Values::Y,
            Node::Arch(_) => Values::N,
            Node::Not(a) => value(a).not(),
            Node::And(a, b) => value(a).and(value(b)),
            Node::Or(a, b) => value(a).or(value(b)),
            Node::Same(a, b) => {
                let same = value(a).same(value(b));
                same | self.named(a, b, value) | self.named(b, a, value)
            }
            Node::Any(list) => self.members[list as usize]
                .iter()
                .fold(Values::N, |all, &member| all.or(value(member))),
            Node::Symbol(symbol) => self.symbols[symbol as usize].evaluate(value),
        }
    }

    /// What a comparison with `other` can be because a symbol is not defined. Its value is then the
    /// text of its name, which is none of `n`, `m` and `y`.
    fn named(&self, symbol: NodeId, other: NodeId, value: impl Fn(NodeId) -> Values) -> Values {
        let is_undefined = self.symbol_of(symbol).is_some_and(|symbol| {
            let mut definitions = symbol.definitions.iter();
            definitions.all(|&at| value(at) == Values::N)
        });
        match self.node(other) {
            _ if !is_undefined => Values::NONE,
            Node::Constant(values) if values != Values::ALL => Values::N,
            _ => Values::EITHER,
        }
    }

    fn visit_inputs(&self, node: Node, visit: &mut impl FnMut(NodeId)) {
        match node {
            Node::Constant(_) | Node::Arch(_) => {}
            Node::Not(a) => visit(a),
            Node::And(a, b) | Node::Or(a, b) => {
                visit(a);
                visit(b);
            }
            Node::Same(a, b) => {
                for side in [a, b] {
                    visit(side);
                    let definitions = self.symbol_of(side).map(|symbol| &symbol.definitions);
                    definitions
                        .into_iter()
                        .flatten()
                        .copied()
                        .for_each(&mut *visit);
                }
            }
            Node::Any(list) => self.members[list as usize].iter().copied().for_each(visit),
            Node::Symbol(symbol) => {
                let symbol = &self.symbols[symbol as usize];
                let lists = [
                    &symbol.definitions,
                    &symbol.prompts,
                    &symbol.selects,
                    &symbol.implies,
                ];
                let defaults = symbol.defaults.iter().flat_map(|&(cond, of)| [cond, of]);
                let others = lists.into_iter().flatten().copied();
                others.chain(defaults).for_each(visit);
            }
        }
    }
}

impl Symbol {
    fn evaluate(&self, value: impl Fn(NodeId) -> Values) -> Values {
        if self.definitions.is_empty() {
            return Values::N;
        }
        if self.is_unknown || self.kind == SymbolKind::Other {
            return Values::ALL;
        }
        let defined = self.definitions.iter().any(|&at| value(at).can_be_on());
        let implies = self.implies.iter().filter(|_| defined);
        let given = self.prompts.iter().chain(&self.selects).chain(implies);
        let on = given.fold(Values::NONE, |on, &at| on | value(at).lifted(self.kind));
        let on = self.defaults.iter().fold(on, |on, &(condition, of)| {
            on | value(condition).and(value(of)).lifted(self.kind)
        });
        match self.is_always_on(value) {
            true => on,
            false => on | Values::N,
        }
    }

    /// True if it is never off: something that is always on selects it, or nobody is asked and
    /// every default that can apply is on.
    fn is_always_on(&self, value: impl Fn(NodeId) -> Values) -> bool {
        if self.is_chosen {
            return false;
        }
        let is_never_off = |at: NodeId| !value(at).can_be(Values::N);
        if self.selects.iter().any(|&at| is_never_off(at)) {
            return true;
        }
        let is_asked = self.prompts.iter().any(|&at| value(at).can_be_on());
        let mut defaults = self.defaults.iter();
        let is_off_by_default = defaults
            .clone()
            .any(|&(condition, of)| value(condition).can_be_on() && !is_never_off(of));
        let is_on_by_default =
            defaults.any(|&(condition, of)| is_never_off(condition) && is_never_off(of));
        !is_asked && !is_off_by_default && is_on_by_default
    }
}

/// For each node, the nodes whose values follow from it.
pub(super) struct Users {
    starts: Vec<u32>,
    users: Vec<u32>,
}

impl Users {
    pub(super) fn new(circuit: &Circuit) -> Users {
        let n_nodes = circuit.nodes.len();
        let mut starts = vec![0_u32; n_nodes + 1];
        for &node in &circuit.nodes {
            circuit.visit_inputs(node, &mut |input| starts[input.0 as usize + 1] += 1);
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        // Filling moves each start to the start of the next node.
        let mut users = vec![0; starts[n_nodes] as usize];
        for (user, &node) in circuit.nodes.iter().enumerate() {
            circuit.visit_inputs(node, &mut |input| {
                let next = &mut starts[input.0 as usize];
                users[*next as usize] = user as u32;
                *next += 1;
            });
        }
        starts.rotate_right(1);
        starts[0] = 0;
        Users { starts, users }
    }

    fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.users[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}
