//! The contents of files that are parsed or quoted, each read once and kept for the run.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use crate::program::FileId;
use crate::syntax::FileSyntax;
use crate::tree::Tree;

/// Contents on demand.
pub struct Sources {
    tree: Arc<Tree>,
    bytes: Vec<OnceLock<Arc<[u8]>>>,
    /// What is known of files that were not asked for yet.
    known: Vec<Option<Arc<[u8]>>>,
}

impl Sources {
    /// No file is read yet.
    pub fn new(tree: Arc<Tree>) -> Sources {
        let bytes = (0..tree.files.len()).map(|_| OnceLock::new()).collect();
        Sources {
            tree,
            bytes,
            known: Vec::new(),
        }
    }

    /// The contents of another version of a tree with the same files, which differs in `edited`.
    pub fn after(self, tree: Arc<Tree>, edited: &BTreeSet<FileId>) -> Sources {
        let files = self.bytes.into_iter().enumerate();
        let known = files.map(|(at, bytes)| match edited.contains(&FileId(at as u32)) {
            true => None,
            false => bytes.into_inner(),
        });
        Sources {
            known: known.collect(),
            ..Sources::new(tree)
        }
    }

    /// Takes in that the content of one file is different now.
    pub fn replace(&mut self, tree: Arc<Tree>, file: FileId) {
        self.tree = tree;
        if let Some(known) = self.known.get_mut(file.0 as usize) {
            *known = None;
        }
        let bytes = &mut self.bytes[file.0 as usize];
        if bytes.get().is_some() {
            // Whether a file was read is part of the answer.
            *bytes = OnceLock::from(Arc::from(self.tree.read(file).unwrap_or_default()));
        }
    }

    /// The content of a file; empty if it cannot be read any more (the index has reported it).
    pub fn bytes(&self, file: FileId) -> &[u8] {
        let at = file.0 as usize;
        self.bytes[at].get_or_init(|| match self.known.get(at) {
            Some(Some(known)) => known.clone(),
            _ => self.tree.read(file).unwrap_or_default().into(),
        })
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
