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
    /// An entry can be in every state, whether or not anybody puts it there.
    Setters,
    /// The kernel does not enter drivers through their tables of operations.
    Tables,
    /// What holds on one architecture holds on all.
    Architectures,
    /// Helpers that modify an entry keep its attributes.
    Modifiers,
    /// A call does not change what it is given the address of.
    OutParameters,
    /// What is stored does not take the place of what was there.
    Kills,
    /// Nothing is known of the flags of an override mapping.
    Flags,
    /// No mapping is copied on write.
    Copies,
    /// A fixed protection is one like any other.
    Constants,
}

impl Weakening {
    /// All of them.
    pub const ALL: [Weakening; 11] = [
        Weakening::EarlyReturns,
        Weakening::UnknownIsFalse,
        Weakening::Setters,
        Weakening::Tables,
        Weakening::Architectures,
        Weakening::Modifiers,
        Weakening::OutParameters,
        Weakening::Kills,
        Weakening::Flags,
        Weakening::Copies,
        Weakening::Constants,
    ];
}
