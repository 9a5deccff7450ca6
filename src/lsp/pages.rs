//! Pages to read: those of the rules, and proofs, as files that any editor can open.
//!
//! They are written to the user's cache, never into a tree.

use std::fs;
use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

use crate::rules;
use crate::tree::cache_folder;

use super::uri;

/// A folder of pages.
pub struct Pages {
    folder: Option<PathBuf>,
}

impl Pages {
    /// Pages in the user's cache; none where there is no such folder.
    pub fn in_cache() -> Pages {
        let folder = cache_folder().and_then(|folder| std::path::absolute(folder).ok());
        Pages::in_folder(folder.map(|folder| folder.join(env!("CARGO_PKG_VERSION"))))
    }

    /// Pages in a folder, which is made. Those of the rules are written now.
    pub fn in_folder(folder: Option<PathBuf>) -> Pages {
        let folder = folder.filter(|folder| {
            let mut pages = rules::ALL.iter();
            fs::create_dir_all(folder).is_ok()
                && pages.all(|rule| write(&folder.join(format!("{}.md", rule.id)), rule.page))
        });
        Pages { folder }
    }

    /// The page of a rule.
    pub fn rule(&self, id: &str) -> Option<Uri> {
        let folder = self.folder.as_ref()?;
        rules::ALL.iter().find(|rule| rule.id == id)?;
        Some(uri::of(&folder.join(format!("{id}.md"))))
    }

    /// A page with a text, which stands until the next one is written.
    pub fn text(&self, text: &str) -> Option<Uri> {
        let file = self.folder.as_ref()?.join("proof.txt");
        write(&file, text).then(|| uri::of(&file))
    }
}

/// Writes a file, unless it says that already.
fn write(file: &Path, text: &str) -> bool {
    let is_there = fs::read(file).is_ok_and(|known| known == text.as_bytes());
    is_there || fs::write(file, text).is_ok()
}
