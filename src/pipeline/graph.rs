//! `ptelint graph`: paths and neighbourhoods in the call graph.

use std::path::PathBuf;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::load::file_facts;
use super::{GraphAnswer, GraphEdge, GraphNode, Options, PipelineError, Progress};
use super::{in_pool, index, open, similar, vocabulary_of};
use crate::callgraph::{
    CallEdge, CallGraph, CallKind, Contents, Found, Node, neighbours, shortest_path,
};
use crate::program::{FileId, FunctionKind};
use crate::syntax::FileSyntax;
use crate::tree::{Index, Tree, name_hash};

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
        let (tree, _) = open(paths, options)?;
        let index = index(&tree, &vocabulary, progress);
        progress.stage("search", None);
        graph_of((&tree, &index), (from, to))
    })
}

/// The same of a tree that is indexed.
pub(super) fn graph_of(
    (tree, index): (&Tree, &Index),
    (from, to): (Option<&str>, Option<&str>),
) -> Result<GraphAnswer, PipelineError> {
    let files = file_facts(tree, index);
    let mut graph = CallGraph::new(index, &files, tree);
    let mut declared = FxHashMap::default();
    let mut named = |name: &str| {
        let mut nodes = graph.nodes_named(name);
        if nodes.is_empty()
            && let Some((file, offset)) = declaration(tree, index, name)
        {
            let node = graph.declare(name, file);
            declared.insert(node, offset);
            nodes.push(node);
        }
        match nodes.is_empty() {
            true => Err(PipelineError::UnknownFunction {
                name: name.to_owned(),
                similar: similar::names(index, name),
            }),
            false => Ok(nodes),
        }
    };
    let from = from.map(&mut named).transpose()?;
    let to = to.map(&mut named).transpose()?;
    let places = Places {
        graph: &graph,
        tree,
        declared,
        known: FxHashMap::default(),
    };
    Ok(match (from, to) {
        (Some(from), Some(to)) => path(places, &from, &to),
        (Some(nodes), None) | (None, Some(nodes)) => neighbourhood(places, &nodes),
        (None, None) => GraphAnswer::default(),
    })
}

/// Where a function is declared that is called but not defined: a part of a tree calls what the
/// rest of it defines.
fn declaration(tree: &Tree, index: &Index, name: &str) -> Option<(FileId, u32)> {
    let hash = name_hash(name.as_bytes());
    let (caller, _) = index.callers_hashed(hash).min()?;
    let finder = memchr::memmem::Finder::new(name);
    let place = |file: FileId| {
        let bytes = Contents::read(tree, file);
        let is_call = |&at: &usize| {
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let behind = &bytes[at + name.len()..];
            !bytes[..at].last().is_some_and(is_name)
                && behind.trim_ascii_start().first() == Some(&b'(')
        };
        let at = finder.find_iter(&bytes).find(is_call)?;
        Some((file, at as u32))
    };
    let headers: Vec<FileId> = tree
        .file_ids()
        .filter(|&file| tree.path(file).ends_with(".h"))
        .collect();
    let in_header = headers.into_par_iter().find_map_first(place);
    in_header.or_else(|| place(caller))
}

/// The definitions of the functions and function-like macros with a name.
pub(super) fn definitions((tree, index): (&Tree, &Index), name: &str) -> Vec<GraphNode> {
    let files = file_facts(tree, index);
    let graph = CallGraph::new(index, &files, tree);
    let mut places = Places {
        graph: &graph,
        tree,
        declared: FxHashMap::default(),
        known: FxHashMap::default(),
    };
    let nodes = graph.nodes_named(name);
    nodes.into_iter().map(|node| places.node(node)).collect()
}

impl Contents for Tree {
    fn read(&self, file: FileId) -> Vec<u8> {
        // The index has reported what cannot be read.
        Tree::read(self, file).unwrap_or_default()
    }
}

fn path(places: Places<'_, '_>, from: &[Node], to: &[Node]) -> GraphAnswer {
    let found = shortest_path(places.graph, from, to, PATH_FUEL);
    let steps = found.answer.unwrap_or_default();
    let nodes: Vec<Node> = steps.iter().map(|(node, _)| *node).collect();
    let calls: Vec<(Node, CallEdge)> = steps
        .iter()
        .filter_map(|(node, edge)| Some((*node, (*edge)?)))
        .collect();
    answer(places, nodes, &calls, found.is_truncated)
}

fn neighbourhood(places: Places<'_, '_>, centre: &[Node]) -> GraphAnswer {
    let Found {
        answer: calls,
        is_truncated,
    } = neighbours(places.graph, centre, CALLERS_FUEL);
    let mut nodes: Vec<Node> = calls
        .iter()
        .flat_map(|(caller, edge)| [*caller, edge.to])
        .chain(centre.iter().copied())
        .collect();
    nodes.sort_by_key(|&node| (places.graph.file(node), node));
    nodes.dedup();
    answer(places, nodes, &calls, is_truncated)
}

fn answer(
    mut places: Places<'_, '_>,
    nodes: Vec<Node>,
    calls: &[(Node, CallEdge)],
    truncated: bool,
) -> GraphAnswer {
    let (graph, tree) = (places.graph, places.tree);
    let at: FxHashMap<Node, usize> = nodes.iter().enumerate().map(|(i, &n)| (n, i)).collect();
    let edges = calls
        .iter()
        .filter_map(|(caller, edge)| {
            let file = graph.file(*caller);
            let (line, column) = places.line_column(file, edge.offset);
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
                line,
                column,
            })
        })
        .collect();
    let nodes = nodes.into_iter().map(|node| places.node(node)).collect();
    GraphAnswer {
        nodes,
        edges,
        truncated,
    }
}

/// Lines of functions and calls.
struct Places<'g, 'a> {
    graph: &'g CallGraph<'a>,
    tree: &'g Tree,
    /// Where the names of functions stand that are declared only.
    declared: FxHashMap<Node, u32>,
    known: FxHashMap<FileId, Content>,
}

/// A file and where its lines end.
struct Content {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Places<'_, '_> {
    fn content(&mut self, file: FileId) -> &Content {
        self.known.entry(file).or_insert_with(|| {
            let bytes = Contents::read(self.tree, file);
            let ends = memchr::memchr_iter(b'\n', &bytes).map(|at| at as u32);
            Content {
                ends: ends.collect(),
                bytes,
            }
        })
    }

    fn line_column(&mut self, file: FileId, offset: u32) -> (u32, u32) {
        let ends = &self.content(file).ends;
        let line = ends.partition_point(|&end| end < offset);
        let start = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
        (line as u32 + 1, offset - start + 1)
    }

    fn node(&mut self, node: Node) -> GraphNode {
        let file = self.graph.file(node);
        let (line, column) = self.place_of_name(node);
        GraphNode {
            name: self.graph.name(node).to_owned(),
            file: self.tree.path(file).to_owned(),
            line,
            column,
        }
    }

    fn place_of_name(&mut self, node: Node) -> (u32, u32) {
        let file = self.graph.file(node);
        let Some(entry) = self.graph.entry(node) else {
            let offset = self.declared.get(&node).copied().unwrap_or(0);
            return self.line_column(file, offset);
        };
        let kind = if entry.is_macro {
            FunctionKind::Macro
        } else {
            FunctionKind::Function
        };
        let span = entry.span();
        let language = self.tree.files[file.0 as usize].language;
        let bytes = &self.content(file).bytes;
        let function = FileSyntax::of(file, bytes, language).function(span, kind);
        self.line_column(file, function.name_span.start)
    }
}
