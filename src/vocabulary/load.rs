//! Reading rule files.

use std::path::Path;

use super::Vocabulary;

/// What is wrong with a rule file.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct VocabularyError {
    /// The file.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub message: String,
}

/// The built-in vocabulary.
pub fn builtin() -> &'static Vocabulary {
    unimplemented!()
}

/// Reads every `*.toml` in `dir`.
pub fn load_dir(_dir: &Path, _base: Option<&Vocabulary>) -> Result<Vocabulary, VocabularyError> {
    unimplemented!()
}
