//! Links names to definitions: the functions, structures, tables and constants of a tree, and who
//! can call whom.
//!
//! [`Program`] is what was parsed because an answer depends on it, linked as a whole.
//! [`CallGraph`] is the graph of the whole tree, found out as far as a search asks for it.
//!
//! **Invariant:** linking depends on the set of functions only, never on the order they were
//! parsed in.

mod estimate;
mod graph;
mod infer;
mod link;
mod neighbours;
mod program;
mod search;
mod sites;
#[cfg(test)]
mod tests;
mod types;

pub use graph::{CallEdge, CallGraph, CallKind, Contents, Node};
pub use infer::{drop_injections, infer, rename_types};
pub use link::Targets;
pub use neighbours::neighbours;
pub use program::{FileFacts, FnId, MemberStore, ObjectMacro, Parts, Program, TableId};
pub use search::{Found, Step, shortest_path};
