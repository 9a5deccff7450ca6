//! Do `pte_modify()` and its friends keep the attribute bits? Decided from each architecture's
//! headers, bit by bit.
//!
//! The rule that core mm may change entries whose protection differs from `vm_page_prot` rests on
//! the architectures: what changes an entry's protection has to leave its caching and encryption
//! bits alone. [`matrix()`] computes the helpers of each architecture variant on symbolic bits and
//! compares memory types before and after.
//!
//! How one variant is computed:
//!
//! - `variants.rs` reads what variants there are: configuration symbols, and the few things no C
//!   source says (what patched assembler does on this machine).
//! - `lex.rs` and `preprocess.rs` turn headers into code and macros, each with the condition it is
//!   there under; `expand.rs` replaces macros.
//! - `unit.rs` finds declarations, `parse.rs` and its neighbours read them.
//! - `machine.rs` runs functions on words (`word.rs`) whose bits are functions of the arguments,
//!   of configuration symbols and of values known at run time (`bools.rs`, `variables.rs`).
//! - `fields.rs` finds out which bits are memory types, encryption and state; `verdict.rs` judges.
//! - `rust/` puts an architecture written in Rust into C first.
//! - `names.rs` finds what the architecture calls a bit.
//! - `probe.rs` applies a helper to given entries, to compare it with what a compiler makes of it.
//!
//! **Invariant:** nothing is guessed. A value nobody can know here is a variable with a name; an
//! answer that depends on it says so.

mod analysis;
mod ast;
mod bools;
mod builtins;
mod condition;
mod ctype;
mod declaration;
mod expand;
mod fields;
mod headers;
mod lex;
mod machine;
mod matrix;
mod names;
mod number;
mod parse;
mod preprocess;
mod probe;
mod rust;
mod statement;
mod trouble;
mod unit;
mod variables;
mod variants;
mod verdict;
mod word;

pub use headers::Headers;
pub use matrix::{
    Bit, Effect, Kind, Matrix, Missed, Modifier, Origin, Regression, Row, Used, Verdict, matrix,
};
pub use probe::{Probe, results};
pub use variants::{Remark, Rules, RulesError};
