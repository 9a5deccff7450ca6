//! What could not be understood.

use std::borrow::Cow;
use std::fmt;

/// The result of a step that can fail to understand.
pub type Result<T> = std::result::Result<T, Trouble>;

/// Why a piece of source was not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble(Cow<'static, str>);

impl Trouble {
    /// For a reason that names what it is about.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Trouble {
        Trouble(reason.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
