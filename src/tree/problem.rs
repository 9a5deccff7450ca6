//! What can be wrong with the input, and what was done about it.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Something about one file or directory that could not be handled in full. The run goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file or directory, relative to the root of the tree.
    pub path: String,
    /// The line it shows at, counted from 1, where one can be named.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// What was done about it, as a clause: `the file was skipped`.
    pub action: &'static str,
}

/// What is wrong with a file or directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It could not be read, for the reason the system gave.
    Unreadable(String),
    /// A symbolic link leads back to itself or a directory above it.
    Loop,
    /// A symbolic link leads nowhere.
    BrokenLink,
    /// The file has this many bytes, more than [`MAX_FILE_BYTES`](super::MAX_FILE_BYTES).
    TooLarge(u64),
    /// The file holds NUL bytes.
    Binary,
    /// A comment runs to the end of the file.
    UnterminatedComment,
    /// Braces opened on this line were never closed.
    UnbalancedBraces,
    /// An `#if` without `#endif`.
    UnbalancedConditional,
}

impl Problem {
    pub(super) fn new(path: impl Into<String>, kind: ProblemKind, action: &'static str) -> Problem {
        Problem {
            path: path.into(),
            line: None,
            kind,
            action,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.kind, self.action)
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemKind::Unreadable(reason) => write!(f, "cannot be read ({reason})"),
            ProblemKind::Loop => {
                f.write_str("symbolic link leads back to itself or a directory above it")
            }
            ProblemKind::BrokenLink => f.write_str("symbolic link leads nowhere"),
            ProblemKind::TooLarge(n_bytes) => {
                let mib = n_bytes.div_ceil(1 << 20);
                write!(f, "{mib} MiB is too large for a source file")
            }
            ProblemKind::Binary => f.write_str("holds NUL bytes, so it is not C source"),
            ProblemKind::UnterminatedComment => f.write_str("comment is never closed"),
            ProblemKind::UnbalancedBraces => f.write_str("brace is never closed"),
            ProblemKind::UnbalancedConditional => f.write_str("#if without #endif"),
        }
    }
}

/// Why there is nothing to check at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TreeError {
    /// A path given by the user does not exist or cannot be looked at.
    #[error("{}: {reason}; give a Linux source tree, a directory or a .c, .h or .rs file", path.display())]
    NoSuchPath {
        /// The path as given.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// No path was given.
    #[error("no path given; give a Linux source tree, a directory or a .c, .h or .rs file")]
    NoPath,
    /// There is no source file under the paths.
    #[error("{}: no .c, .h or .rs file in here; give the top directory of a source tree", path.display())]
    NoSource {
        /// The first path as given.
        path: PathBuf,
    },
    /// A file of the tree could not be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file, relative to the root of the tree.
        path: String,
        /// What the system said.
        reason: String,
    },
}
