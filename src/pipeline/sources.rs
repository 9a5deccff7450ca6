//! The contents of files that are parsed or quoted, each read once and kept for the run.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::program::FileId;
use crate::syntax::FileSyntax;
use crate::tree::Tree;

/// Contents on demand.
pub struct Sources {
    tree: Arc<Tree>,
    bytes: Vec<OnceLock<Vec<u8>>>,
}

impl Sources {
    /// No file is read yet.
    pub fn new(tree: Arc<Tree>) -> Sources {
        let bytes = (0..tree.files.len()).map(|_| OnceLock::new()).collect();
        Sources { tree, bytes }
    }

    /// Takes in that the content of one file is different now.
    pub fn replace(&mut self, tree: Arc<Tree>, file: FileId) {
        self.tree = tree;
        let bytes = &mut self.bytes[file.0 as usize];
        if bytes.get().is_some() {
            // Whether a file was read is part of the answer.
            *bytes = OnceLock::from(self.tree.read(file).unwrap_or_default());
        }
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

    /// The content of a file, which does not count as read because of it.
    pub fn peek(&self, file: FileId) -> Cow<'_, [u8]> {
        match self.bytes[file.0 as usize].get() {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(self.tree.read(file).unwrap_or_default()),
        }
    }

    /// How many files were read.
    pub fn n_read(&self) -> usize {
        self.bytes
            .iter()
            .filter(|bytes| bytes.get().is_some())
            .count()
    }
}
