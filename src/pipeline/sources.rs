//! The contents of files that are parsed or quoted, each read once and kept for the run.

use std::sync::OnceLock;

use crate::program::FileId;
use crate::syntax::FileSyntax;
use crate::tree::Tree;

/// Contents on demand.
pub struct Sources<'a> {
    tree: &'a Tree,
    bytes: Vec<OnceLock<Vec<u8>>>,
}

impl<'a> Sources<'a> {
    /// No file is read yet.
    pub fn new(tree: &'a Tree) -> Sources<'a> {
        let bytes = (0..tree.files.len()).map(|_| OnceLock::new()).collect();
        Sources { tree, bytes }
    }

    /// The content of a file; empty if it cannot be read any more (the index has reported it).
    pub fn bytes(&self, file: FileId) -> &[u8] {
        self.bytes[file.0 as usize].get_or_init(|| self.tree.read(file).unwrap_or_default())
    }

    /// The content of a file with what the front end knows of it.
    pub fn syntax(&self, file: FileId) -> FileSyntax<'_> {
        FileSyntax::of(
            file,
            self.bytes(file),
            self.tree.files[file.0 as usize].language,
        )
    }

    /// How many files were read.
    pub fn n_read(&self) -> usize {
        self.bytes
            .iter()
            .filter(|bytes| bytes.get().is_some())
            .count()
    }
}
