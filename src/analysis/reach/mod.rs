//! Is a use still reachable for an override mapping? The engine assumes that a VMA is one, runs
//! the generic code in three-valued logic, and keeps what it pruned as the proof.

mod because;
mod call;
mod calls;
mod climb;
mod eval;
mod hypothesis;
mod looks;
mod memory;
mod mentions;
mod part;
mod passage;
mod plan;
mod proof;
mod refine;
mod rests_on;
mod run;
mod state;
mod stores;
mod value;
mod words;

pub use climb::{Doubt, Guard, GuardKind, TraceStep};
pub use memory::Memory;
pub use proof::{Judgement, Reason, SetState, Use, Without, assumptions, prove};
