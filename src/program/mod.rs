//! The language-neutral model of a program: what the analysis reads.
//!
//! A front end (`syntax`) lowers source into this model; nothing behind it knows C or Rust. A
//! [`Function`] owns one [`Body`] per alternative of its `#if` groups; a body is a control-flow
//! graph of [`Block`]s over an arena of [`Expr`]essions. Conditions are atomic: `&&`, `||`, `!`
//! and `?:` have become branches, so that each guard is one [`Terminator::Branch`].
//!
//! **Invariant:** every [`Span`] refers to the bytes of the file as it is on disk.
//!
//! **Invariant:** the model holds no tree-wide facts; linking a name to its definitions is the
//! call graph's work.

mod body;
mod dump;
mod function;
mod presence;
mod span;
mod symbol;
mod table;
mod wellformed;

pub use body::{
    BinaryOp, Block, BlockId, Body, CaseLabel, Expr, ExprId, ExprKind, FieldInit, Instr, LocalId,
    Terminator, UnaryOp,
};
pub use dump::{dump, dump_expr};
pub use function::{Function, FunctionKind, Local, TypeRef};
pub use presence::{Literal, Presence};
pub use span::{FileId, Span};
pub use symbol::Symbol;
pub use table::{Field, Initializer, StructDef, Table, TableEntry};
pub use wellformed::check_function;
