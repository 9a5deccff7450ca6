//! Deliberate mistakes of the analysis.
//!
//! Validation claims to notice when the rules are wrong. A test makes them wrong, one mistake at a time,
//! and looks whether it does. Nothing else sets a [`Weakening`], and no option or file can.

/// A mistake that an analysis could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakening {
    /// The side of a branch that returns at once is never taken.
    EarlyReturns,
    /// Of a condition that is not known only the false side is followed.
    UnknownIsFalse,
    /// The kernel does not enter drivers through their tables of operations.
    Tables,
    /// What holds on one architecture holds on all.
    Architectures,
    /// Helpers that modify an entry keep its attributes.
    Modifiers,
    /// Helpers that modify an entry keep its state and take all rights from the new protection.
    States,
    /// A call does not change what it is given the address of.
    OutParameters,
    /// What a function is handed it uses.
    Parameters,
    /// No mapping is copied on write.
    Copies,
    /// What is made of fixed flags is a protection like any other.
    Constants,
}

impl Weakening {
    /// All of them.
    pub const ALL: [Weakening; 10] = [
        Weakening::EarlyReturns,
        Weakening::UnknownIsFalse,
        Weakening::Tables,
        Weakening::Architectures,
        Weakening::Modifiers,
        Weakening::States,
        Weakening::OutParameters,
        Weakening::Parameters,
        Weakening::Copies,
        Weakening::Constants,
    ];
}
