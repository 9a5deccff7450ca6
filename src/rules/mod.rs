//! The rules: each finds one shape of the defect family.

mod finding;

pub use finding::{Finding, Label, Severity, TraceStep};
