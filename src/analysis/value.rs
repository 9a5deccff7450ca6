//! Abstract values and the places that hold them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::callgraph::{FnId, TableId};
use crate::program::{ExprId, LocalId, Symbol};

use super::access_path::AccessPath;
use super::bits::Bits;
use super::term::Terms;

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Anything.
    #[default]
    Unknown,
    /// An integer.
    Int(i128),
    /// Not 0: a pointer that is not NULL, or a mixture of numbers.
    NonZero,
    /// A negative number, e.g. an error code.
    Negative,
    /// A word of `vm_flags`.
    Bits(Bits),
    /// A pointer to, or the object of, a VMA.
    Vma(u8),
    /// A pointer to a `struct vm_fault` for a VMA.
    Fault(u8),
    /// A `pgprot_t`, or its value.
    Prot(Arc<Terms>),
    /// A page-table entry made with a protection.
    Entry(Arc<Terms>),
    /// A pointer to one of some global objects with initialisers. NULL may be among them.
    Tables(Arc<BTreeSet<TableId>>),
    /// One of some functions.
    Functions(Arc<BTreeSet<FnId>>),
    /// A pointer to a place.
    Pointer(Place),
    /// A name given to a macro.
    Name(Symbol),
}

impl Value {
    /// A protection.
    pub fn prot(terms: Terms) -> Value {
        Value::Prot(Arc::new(terms))
    }

    /// A pointer to one table.
    pub fn table(table: TableId) -> Value {
        Value::Tables(Arc::new(BTreeSet::from([table])))
    }

    /// Whether it is different from 0, if that is known.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Int(value) => Some(*value != 0),
            Value::Bits(bits) => bits.truth(),
            Value::NonZero
            | Value::Negative
            | Value::Vma(0)
            | Value::Fault(_)
            | Value::Tables(_)
            | Value::Functions(_)
            | Value::Pointer(_) => Some(true),
            // A VMA that was looked for may not have been found.
            Value::Vma(_) => None,
            Value::Unknown | Value::Prot(_) | Value::Entry(_) | Value::Name(_) => None,
        }
    }

    /// What holds on both of two paths.
    pub fn join(&self, other: &Value) -> Value {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Value::Bits(a), Value::Bits(b)) => Value::Bits(a.join(*b)),
            (Value::Prot(a), Value::Prot(b)) => Value::prot(a.union(b)),
            (Value::Entry(a), Value::Entry(b)) => Value::Entry(Arc::new(a.union(b))),
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
            (a, b) if a.truth() == Some(true) && b.truth() == Some(true) => Value::NonZero,
            _ => Value::Unknown,
        }
    }
}

/// A place in a function that is run.
pub type Place = AccessPath<PlaceBase>;

/// What a [`Place`] starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaceBase {
    /// A variable of the function running at a depth of the call stack.
    Local {
        /// Depth of the call stack, from 0.
        frame: u8,
        /// The variable.
        local: LocalId,
    },
    /// The result of a call, until the instruction it is part of is done.
    Result {
        /// Depth of the call stack, from 0.
        frame: u8,
        /// The call.
        call: ExprId,
    },
    /// A global variable.
    Global(Symbol),
    /// A VMA.
    Vma(u8),
}

impl Place {
    /// A whole variable.
    pub fn local(frame: u8, local: LocalId) -> Place {
        Place::whole(PlaceBase::Local { frame, local })
    }
}
