//! `ptelint graph`: paths and neighbourhoods in the call graph.

use std::path::PathBuf;

use rustc_hash::FxHashMap;

use super::load::file_facts;
use super::{GraphAnswer, GraphEdge, GraphNode, Options, PipelineError, Progress};
use super::{in_pool, index, open, similar, vocabulary_of};
use crate::callgraph::{
    CallEdge, CallGraph, CallKind, Contents, Found, Node, neighbours, shortest_path,
};
use crate::program::{FileId, FunctionKind};
use crate::syntax::FileSyntax;
use crate::tree::Tree;

/// Functions that are parsed in search of a path. Most paths take a few thousand.
const PATH_FUEL: usize = 100_000;

/// Functions that are parsed to see whether they call a function.
const CALLERS_FUEL: usize = 20_000;

/// A shortest call path between two functions, or the neighbourhood of one.
pub fn graph(
    paths: &[PathBuf],
    options: &Options,
    from: Option<&str>,
    to: Option<&str>,
    progress: &dyn Progress,
) -> Result<GraphAnswer, PipelineError> {
    in_pool(options, || {
        let vocabulary = vocabulary_of(options)?;
        let (tree, _) = open(paths)?;
        let index = index(&tree, &vocabulary, progress);
        progress.stage("search", None);
        let files = file_facts(&tree, &index);
        let graph = CallGraph::new(&index, &files, &tree);
        let named = |name: &str| match graph.nodes_named(name) {
            nodes if nodes.is_empty() => Err(PipelineError::UnknownFunction {
                name: name.to_owned(),
                similar: similar::names(&index, name),
            }),
            nodes => Ok(nodes),
        };
        Ok(match (from, to) {
            (Some(from), Some(to)) => path(&graph, &tree, &named(from)?, &named(to)?),
            (Some(name), None) | (None, Some(name)) => {
                neighbourhood(&graph, &tree, &named(name)?)
            }
            (None, None) => GraphAnswer::default(),
        })
    })
}

impl Contents for Tree {
    fn read(&self, file: FileId) -> Vec<u8> {
        // The index has reported what cannot be read.
        Tree::read(self, file).unwrap_or_default()
    }
}

fn path(graph: &CallGraph<'_>, tree: &Tree, from: &[Node], to: &[Node]) -> GraphAnswer {
    let found = shortest_path(graph, from, to, PATH_FUEL);
    let steps = found.answer.unwrap_or_default();
    let nodes: Vec<Node> = steps.iter().map(|(node, _)| *node).collect();
    let calls: Vec<(Node, CallEdge)> = steps
        .iter()
        .filter_map(|(node, edge)| Some((*node, (*edge)?)))
        .collect();
    // A path may be shortened by no more than fuel: what was found is an answer.
    let is_truncated = found.is_truncated && nodes.is_empty();
    answer(graph, tree, nodes, &calls, is_truncated)
}

fn neighbourhood(graph: &CallGraph<'_>, tree: &Tree, centre: &[Node]) -> GraphAnswer {
    let Found {
        answer: calls,
        is_truncated,
    } = neighbours(graph, centre, CALLERS_FUEL);
    let mut others: Vec<Node> = calls
        .iter()
        .flat_map(|(caller, edge)| [*caller, edge.to])
        .filter(|node| !centre.contains(node))
        .collect();
    others.sort();
    others.dedup();
    let nodes = centre.iter().copied().chain(others).collect();
    answer(graph, tree, nodes, &calls, is_truncated)
}

fn answer(
    graph: &CallGraph<'_>,
    tree: &Tree,
    nodes: Vec<Node>,
    calls: &[(Node, CallEdge)],
    truncated: bool,
) -> GraphAnswer {
    let at: FxHashMap<Node, usize> = nodes.iter().enumerate().map(|(i, &n)| (n, i)).collect();
    let mut lines = Lines {
        graph,
        tree,
        known: FxHashMap::default(),
    };
    let edges = calls
        .iter()
        .filter_map(|(caller, edge)| {
            let (file, _) = graph.place(*caller);
            Some(GraphEdge {
                from: *at.get(caller)?,
                to: *at.get(&edge.to)?,
                kind: match edge.kind {
                    CallKind::Direct => "direct",
                    CallKind::Ops => "ops",
                    CallKind::Callback => "callback",
                },
                label: edge.label.to_string(),
                file: tree.path(file).to_owned(),
                line: lines.of_offset(file, edge.offset),
            })
        })
        .collect();
    let nodes = nodes
        .into_iter()
        .map(|node| GraphNode {
            name: graph.name(node).to_owned(),
            file: tree.path(graph.place(node).0).to_owned(),
            line: lines.of_function(node),
        })
        .collect();
    GraphAnswer {
        nodes,
        edges,
        truncated,
    }
}

/// Lines of places, each file's counted once.
struct Lines<'g, 'a> {
    graph: &'g CallGraph<'a>,
    tree: &'g Tree,
    known: FxHashMap<FileId, Newlines>,
}

/// Where the lines of a file end.
struct Newlines {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Lines<'_, '_> {
    fn newlines(&mut self, file: FileId) -> &Newlines {
        self.known.entry(file).or_insert_with(|| {
            let bytes = Contents::read(self.tree, file);
            let ends = memchr::memchr_iter(b'\n', &bytes).map(|at| at as u32);
            Newlines {
                ends: ends.collect(),
                bytes,
            }
        })
    }

    fn of_offset(&mut self, file: FileId, offset: u32) -> u32 {
        let ends = &self.newlines(file).ends;
        ends.partition_point(|&end| end < offset) as u32 + 1
    }

    /// The line of a function's name.
    fn of_function(&mut self, node: Node) -> u32 {
        let (file, _) = self.graph.place(node);
        let entry = self.graph.entry(node);
        let kind = if entry.is_macro {
            FunctionKind::Macro
        } else {
            FunctionKind::Function
        };
        let span = entry.span();
        let function = FileSyntax::new(file, &self.newlines(file).bytes).function(span, kind);
        self.of_offset(file, function.name_span.start)
    }
}
