//! One test per shape of definition.
