//! What the analysis needs to know of files to say where something is.

use std::collections::BTreeSet;

use crate::callgraph::Program;
use crate::program::{FileId, Presence};

/// Answers about places in files. The closures reach into earlier stages, so that the analysis
/// itself reads nothing.
pub struct Places<'a> {
    /// The parsed tree.
    pub program: &'a Program,
    /// Line and column, from 1, of an offset.
    pub line_column: &'a (dyn Fn(FileId, u32) -> (u32, u32) + Sync),
    /// Presence condition of an offset.
    pub presence: &'a (dyn Fn(FileId, u32) -> Presence + Sync),
    /// The architecture directories that define a function or macro.
    pub arches_defining: &'a (dyn Fn(&str) -> BTreeSet<String> + Sync),
}

impl Places<'_> {
    /// The path of a file.
    pub fn path(&self, file: FileId) -> &str {
        &self.program.file(file).path
    }

    /// Line and column in bytes, from 1.
    pub fn line_column(&self, file: FileId, offset: u32) -> (u32, u32) {
        (self.line_column)(file, offset)
    }

    /// The presence condition of a place as text; `None` for always.
    pub fn condition(&self, file: FileId, offset: u32) -> Option<String> {
        let presence = (self.presence)(file, offset);
        (!presence.is_always()).then(|| presence.to_string())
    }

    /// The architecture directory a file is in.
    pub fn arch(&self, file: FileId) -> Option<String> {
        self.program.file(file).arch.map(|arch| arch.to_string())
    }

    /// The architecture directories that define a function or macro.
    pub fn arches_defining(&self, name: &str) -> BTreeSet<String> {
        (self.arches_defining)(name)
    }

    /// True for code that is not a driver's.
    pub fn is_generic(&self, file: FileId) -> bool {
        self.program.file(file).is_generic
    }
}
