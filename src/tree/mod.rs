//! The first stage: find the sources, read each once, and index what a lexical pass can see.
//!
//! [`Tree::open`] walks the paths to check and recognises a Linux tree; [`Tree::index`] reads
//! every file once and runs [`index_file`] over it, a pure function from bytes to a
//! [`FileIndex`]: functions with their byte ranges and callees, function-like macros, structure
//! definitions, initialised objects, member stores. Nothing is parsed here; later stages parse
//! only the functions an answer depends on, found through the [`Index`].
//!
//! How one file is indexed:
//!
//! - `events.rs` marks the few bytes that matter (`( ) { } ; , = " ' / #`) and all
//!   identifier bytes as bit masks, 64 bytes at a time, with AVX2 where the machine has it.
//! - `scan/` walks the marked bytes with a state machine that looks *back* from a mark
//!   to the identifier in front of it. Most bytes of a file are never looked at one by one.
//! - `words.rs` looks the vocabulary up where identifiers begin, so that later stages know which
//!   functions mention it.
//! - `rust/` does the same for the few files that are Rust.
//! - Register headers, a third of a kernel tree's bytes, are recognised early and skipped.
//!
//! What is known of files on disk can be kept there for the next run (`cache/`), which then reads
//! only those that differ.
//!
//! **Invariant:** the index depends on the bytes and names of the files only, not on the number
//! of threads or the order in which files were read.
//!
//! **Invariant:** no input makes this stage panic, recurse or take more than linear time. What it
//! had to give up is a [`Problem`] that names the file.

mod buckets;
mod cache;
mod calls;
mod entries;
mod events;
mod generic;
mod git;
mod index;
mod kind;
mod names;
mod patch;
mod problem;
mod registers;
pub mod rust;
mod scan;
mod source;
#[cfg(all(test, unix))]
mod tests;
mod walk;
mod words;

pub use cache::{CacheUse, cache_folder};
pub use entries::{
    AliasEntry, FileIndex, FunctionEntry, InitializerEntry, MacroEntry, MemberPair, StructEntry,
};
pub use generic::{GenericPaths, is_below};
pub use git::{
    GitError, hooks_directory as git_hooks, revision as git_revision, staged as git_staged,
    state_files as git_state_files,
};
pub use index::{COMMENT_MARKER, Index};
pub use kind::{TreeKind, is_in_linux_tree, linux_root};
pub use names::name_hash;
pub use patch::{Changes, PatchError, apply as apply_patch};
pub use problem::{Problem, ProblemKind, TreeError};
pub use scan::index_file;
pub use source::{Language, SourceFile, Tree};
pub use walk::MAX_FILE_BYTES;
pub use words::Words;
