//! What the tree does with page protections: the inventory of insertions ([`Mapping`]) and of
//! generic uses ([`Reader`]).

mod access_path;
mod bits;
mod dictionary;
mod dropped;
mod effective;
mod entry;
mod facts;
mod inventory;
mod machine;
mod memory;
mod places;
mod reach;
mod readers;
mod rebuilt;
mod renumbered;
mod result;
mod returned;
mod state;
mod term;
mod unwatched;
mod uses;
mod value;

pub use result::{
    ApiAdjustment, Coverage, Cow, Evidence, Mapping, Protection, Reader, Role, Source, Step,
    UseLevel, Verdict,
};

pub use dictionary::{Dictionary, Word};
pub use dropped::{Dropped, dropped};
pub use entry::{Run, n_exhausted, n_unresolved, run_all};
pub use facts::{Facts, World};
pub use inventory::mappings;
pub use machine::{CallPath, Event, EventKind, Memory as RunMemory};
pub use memory::{Edit, Memory};
pub use places::Places;
pub use reach::{
    Doubt, Guard, GuardKind, Judgement, Memory as ReachMemory, Reason, SetState, TraceStep, Use,
    Without, assumptions,
};
pub use readers::{GenericUse, Question, readers};
pub use rebuilt::{Rebuilt, rebuilt};
pub use renumbered::Renumbered;
pub use returned::{Returned, returned};
pub use state::VmaState;
pub use term::{Base, Step as TermStep, Term, Terms};
pub use unwatched::{Unwatched, unwatched};
pub use uses::{Uses, uses};
