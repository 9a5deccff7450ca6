//! Recognising a Linux tree by its top Makefile.

use std::fs;
use std::path::{Path, PathBuf};

/// What the checked paths belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TreeKind {
    /// A Linux tree, whole or in part: its top Makefile was found.
    Linux,
    /// Some other directory, or several.
    Directory,
    /// A single file that belongs to no Linux tree.
    File,
}

/// Enough for the lines that name the version; they are the first of the Makefile.
const MAX_MAKEFILE_BYTES: usize = 8 << 10;

/// The nearest directory from `path` upwards that is the top of a Linux tree, and its version.
pub(super) fn find_linux_root(path: &Path) -> Option<(PathBuf, String)> {
    path.ancestors().find_map(|dir| {
        let version = linux_version(&fs::read(dir.join("Makefile")).ok()?)?;
        Some((dir.to_owned(), version))
    })
}

/// The top of the Linux tree that a path lies in.
pub fn linux_root(path: &Path) -> Option<PathBuf> {
    find_linux_root(path).map(|(root, _)| root)
}

/// True if the current directory is a Linux tree or lies in one.
pub fn is_in_linux_tree() -> bool {
    std::env::current_dir().is_ok_and(|dir| find_linux_root(&dir).is_some())
}

/// The version a top Makefile of Linux declares, without the local `EXTRAVERSION`.
pub(super) fn linux_version(makefile: &[u8]) -> Option<String> {
    let head = &makefile[..makefile.len().min(MAX_MAKEFILE_BYTES)];
    let head = String::from_utf8_lossy(head);
    let value = |variable: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            let value = value.trim();
            let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
            (name.trim() == variable && is_number).then_some(value)
        })
    };
    let version = value("VERSION")?;
    let patch_level = value("PATCHLEVEL")?;
    let sub_level = value("SUBLEVEL")?;
    Some(format!("{version}.{patch_level}.{sub_level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_of_a_top_makefile() {
        let makefile = b"# comment\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n";
        assert_eq!(linux_version(makefile).as_deref(), Some("6.12.117"));
    }

    #[test]
    fn other_makefiles_have_none() {
        assert_eq!(linux_version(b"VERSION = 6\nall:\n"), None);
        assert_eq!(
            linux_version(b"VERSION = $(X)\nPATCHLEVEL = 1\nSUBLEVEL = 2\n"),
            None
        );
        assert_eq!(linux_version(b"\xff\xfe\0"), None);
    }
}
