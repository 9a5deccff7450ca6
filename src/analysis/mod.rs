//! What the tree does with page protections: the inventory of insertions ([`Mapping`]) and of
//! generic uses ([`Reader`]).

mod bits;
mod dictionary;
mod entry;
mod inventory;
mod machine;
mod places;
mod result;
mod state;
mod term;
mod value;

pub use result::{
    ApiAdjustment, Coverage, Cow, Evidence, Mapping, Protection, Reader, Role, Source, Step,
    UseLevel, Verdict,
};
