//! What the tree does with page protections: the inventory of insertions ([`Mapping`]) and of
//! generic uses ([`Reader`]).

mod result;

pub use result::{
    ApiAdjustment, Coverage, Cow, Evidence, Mapping, Protection, Reader, Role, Source, Step,
    UseLevel, Verdict,
};
