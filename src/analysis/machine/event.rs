//! What the machine observes while it runs.

use std::sync::Arc;

use crate::analysis::state::VmaState;
use crate::analysis::term::Terms;
use crate::callgraph::FnId;
use crate::program::{ExprId, Span};

/// The call chain that led to an event: functions with the place each was called at, outermost
/// first. The first has no call site.
pub type CallPath = Arc<Vec<(FnId, Option<Span>)>>;

/// Something worth knowing that happened at a place of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The function it happened in.
    pub function: FnId,
    /// Which of its bodies.
    pub body: usize,
    /// The expression.
    pub expr: ExprId,
    /// Its place.
    pub span: Span,
    /// How control got there.
    pub path: CallPath,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An insertion API was called.
    Insert {
        /// The VMA's number, if it is known which.
        vma: Option<u8>,
        /// The VMA's state at the call.
        state: VmaState,
        /// The protection argument; `None` if the API takes none.
        protection: Option<Arc<Terms>>,
    },
    /// An entry was written into a page table.
    Install {
        /// The VMA's number, if the call names one.
        vma: Option<u8>,
        /// The state of that VMA, or of VMA 0.
        state: VmaState,
        /// The protection the entry was made with.
        protection: Arc<Terms>,
        /// True if the page table is not one of a process.
        is_kernel: bool,
    },
    /// An entry was constructed or modified.
    Entry {
        /// The protection argument.
        protection: Arc<Terms>,
    },
    /// A protection was passed to another function.
    Pass {
        /// Position of the argument.
        argument: usize,
        /// The functions called.
        targets: Vec<FnId>,
        /// The protection.
        protection: Arc<Terms>,
    },
    /// A protection was derived from another by a helper.
    Derive {
        /// What it was derived from.
        from: Arc<Terms>,
    },
    /// A protection was compared or tested.
    Compare {
        /// The protection.
        protection: Arc<Terms>,
    },
    /// `vm_page_prot` was stored to.
    StoreProtection {
        /// Which VMA.
        vma: u8,
        /// The value.
        protection: Arc<Terms>,
        /// What was there.
        before: Arc<Terms>,
        /// True if the VMA is a copy on the stack.
        is_copy: bool,
    },
    /// `vm_page_prot` was read.
    ReadProtection,
    /// A protection was returned to the caller.
    ReturnProtection {
        /// The protection.
        protection: Arc<Terms>,
    },
    /// A protection was stored to a member of something that is no VMA.
    KeepProtection {
        /// The protection.
        protection: Arc<Terms>,
    },
    /// A VMA was copied into a variable.
    CopyVma {
        /// The number of the copy.
        copy: u8,
    },
    /// An indirect call had no known target.
    Unresolved,
}
