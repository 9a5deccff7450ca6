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
    /// States and flags that something has to set are never set.
    Setters,
    /// A function that is handed over is not called by whom it is handed to.
    Callbacks,
    /// Calls through a table of operations, or another member of a structure, lead nowhere.
    Tables,
    /// What holds on one architecture holds on all.
    Architectures,
    /// A call does not change what it is given the address of.
    OutParameters,
    /// A variable keeps the value it had when another is assigned.
    Kills,
    /// A function has one caller.
    Callers,
    /// Nothing is known of the flags of an override mapping.
    Flags,
    /// Where insertion APIs offer alternatives, one of them is judged.
    Alternatives,
    /// A fixed protection is one like any other.
    Constants,
}

impl Weakening {
    /// All of them.
    pub const ALL: [Weakening; 12] = [
        Weakening::EarlyReturns,
        Weakening::UnknownIsFalse,
        Weakening::Setters,
        Weakening::Callbacks,
        Weakening::Tables,
        Weakening::Architectures,
        Weakening::OutParameters,
        Weakening::Kills,
        Weakening::Callers,
        Weakening::Flags,
        Weakening::Alternatives,
        Weakening::Constants,
    ];
}
