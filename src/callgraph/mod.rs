//! Links names to definitions: the functions, structures, tables and constants of a tree, and who
//! can call whom.
//!
//! **Invariant:** linking depends on the set of functions only, never on the order they were
//! parsed in.

mod link;
mod program;
mod types;

pub use link::Targets;
pub use program::{FileFacts, FnId, MemberStore, ObjectMacro, Parts, Program, TableId};
