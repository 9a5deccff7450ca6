//! Abstract values of the reachability engine, and the places that hold them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::access_path::AccessPath;
use crate::analysis::bits::Bits;
use crate::callgraph::{FnId, TableId};
use crate::program::{ExprId, LocalId, Symbol};

use super::because::Because;

/// A value and why it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known {
    /// The value.
    pub value: Value,
    /// The facts about override mappings it rests on.
    pub because: Because,
}

/// What is known of a value under the hypothesis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Anything.
    #[default]
    Unknown,
    /// An object that was set to 0 before some of its members were set.
    Zeroed,
    /// Anything, in an object of which other members are known to be 0.
    Lost,
    /// What a caller knows and did not tell: nothing that is run here names the place.
    Untold,
    /// An integer.
    Int(i128),
    /// Not 0.
    NonZero,
    /// A negative number.
    Negative,
    /// A word of `vm_flags`, and whether it is that of the override mapping or a part of it.
    Flags(Bits, bool),
    /// A word of other flags.
    Word(Bits),
    /// A flag of a kind of mapping that is not under examination.
    OtherKind(Because),
    /// The override mapping.
    Vma,
    /// Another VMA, or NULL.
    OtherVma,
    /// The operations of the override mapping.
    Ops,
    /// A protection.
    Protection(ProtectionFrom),
    /// A pointer to an entry.
    Slot(u8),
    /// An entry.
    Entry(u8),
    /// The page behind an entry if it is a normal one, or NULL.
    NormalPage(u8),
    /// The page behind an entry.
    EntryPage(u8),
    /// A page from somewhere else.
    Page(PageFrom),
    /// One of some global objects.
    Tables(Arc<BTreeSet<TableId>>),
    /// One of some functions.
    Functions(Arc<BTreeSet<FnId>>),
    /// A pointer to a place.
    Pointer(Place),
}

/// Where a protection comes from: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProtectionFrom(u8);

impl ProtectionFrom {
    /// `vm_page_prot` of the override mapping, or made from its flags.
    pub const OWN: ProtectionFrom = ProtectionFrom(1);
    /// `vm_page_prot` of another VMA.
    pub const OTHER: ProtectionFrom = ProtectionFrom(2);
    /// A fixed protection.
    pub const CONSTANT: ProtectionFrom = ProtectionFrom(4);
    /// The entry it is for.
    pub const ENTRY: ProtectionFrom = ProtectionFrom(8);
    /// Anything.
    pub const UNKNOWN: ProtectionFrom = ProtectionFrom(16);

    /// The alternatives of both.
    pub fn union(self, other: ProtectionFrom) -> ProtectionFrom {
        ProtectionFrom(self.0 | other.0)
    }
}

/// Where a page comes from: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PageFrom {
    /// It may be newly allocated, and by which axiom that is harmless.
    pub new: Option<u8>,
    /// It may be what an operation of the VMA gave, and by which axiom that is harmless.
    pub handler: Option<u8>,
}

impl Known {
    /// A value that is known of the path, not of override mappings.
    pub fn plain(value: Value) -> Known {
        Known {
            value,
            because: Because::NOTHING,
        }
    }

    /// A value and its grounds.
    pub fn new(value: Value, because: Because) -> Known {
        Known { value, because }
    }

    /// What holds on both of two paths.
    pub fn join(&self, other: &Known) -> Known {
        let value = self.value.join(&other.value);
        let because = match value {
            Value::Unknown => Because::NOTHING,
            _ => self.because | other.because,
        };
        Known { value, because }
    }
}

impl Value {
    /// Whether it is different from 0, if that is known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Int(value) => Some(*value != 0),
            Value::Flags(bits, _) | Value::Word(bits) => bits.truth(),
            Value::NonZero
            | Value::Negative
            | Value::Vma
            | Value::Ops
            | Value::Tables(_)
            | Value::Functions(_)
            | Value::Pointer(_) => Some(true),
            _ => None,
        }
    }

    /// True if it tells nothing.
    pub fn is_unknown(&self) -> bool {
        matches!(
            self,
            Value::Unknown | Value::Zeroed | Value::Lost | Value::Untold
        )
    }

    /// True for what can be called.
    pub fn is_code(&self) -> bool {
        matches!(self, Value::Tables(_) | Value::Functions(_))
    }

    /// What holds on both of two paths.
    pub fn join(&self, other: &Value) -> Value {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Value::Flags(a, own), Value::Flags(b, also)) => {
                Value::Flags(a.join(*b), *own && *also)
            }
            (Value::Word(a), Value::Word(b)) => Value::Word(a.join(*b)),
            (Value::Word(a), Value::Int(0)) | (Value::Int(0), Value::Word(a)) => {
                Value::Word(a.join(Bits::exactly(0)))
            }
            (Value::Protection(a), Value::Protection(b)) => Value::Protection(a.union(*b)),
            (Value::Page(a), Value::Page(b)) => Value::Page(PageFrom {
                new: a.new.or(b.new),
                handler: a.handler.or(b.handler),
            }),
            (Value::Tables(a), Value::Tables(b)) => {
                Value::Tables(Arc::new(a.union(b).copied().collect()))
            }
            (Value::Functions(a), Value::Functions(b)) => {
                Value::Functions(Arc::new(a.union(b).copied().collect()))
            }
            (Value::Int(a), Value::Int(b)) if *a < 0 && *b < 0 => Value::Negative,
            (Value::Int(a), Value::Negative) | (Value::Negative, Value::Int(a)) if *a < 0 => {
                Value::Negative
            }
            (Value::Slot(_), Value::Slot(_)) => Value::Unknown,
            (a, b) if a.truth() == Some(true) && b.truth() == Some(true) => Value::NonZero,
            _ => Value::Unknown,
        }
    }

    /// True for what may be followed into a callee: it says something about the override mapping
    /// or an entry.
    pub fn is_telling(&self) -> bool {
        !self.is_unknown()
            && !matches!(
                self,
                Value::Int(_) | Value::NonZero | Value::Negative | Value::OtherVma
            )
    }
}

/// A place in a function that is run.
pub type Place = AccessPath<Base>;

/// What a [`Place`] starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// A variable of the running function.
    Local(LocalId),
    /// The result of a call, until the instruction it is part of is done.
    Result(ExprId),
    /// An object of a caller's, numbered in the order in which arguments lead to them.
    Object(u8),
    /// A global variable.
    Global(Symbol),
}
