//! The lexical index of Rust files.
//!
//! There are few of them, so this is written for clarity: [`Outline`] finds the definitions from
//! tokens, [`index_rust_file`] makes the same entries of them as the C scanner does. The front end goes by
//! the same outline.

mod index;
mod lex;
mod naming;
mod outline;
mod tables;

pub use index::index_rust_file;
pub use lex::{Token, TokenKind, Tokens};
pub use naming::{is_capitals, path_name, struct_name};
pub use outline::{FunctionItem, ImplItem, ObjectItem, Outline, StructItem};
