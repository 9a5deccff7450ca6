//! Do two versions of a tree come to the same program?
//!
//! Most changes to a kernel touch nothing that an answer depends on: of the files that differ, what
//! was parsed has the same text. Then all answers are the same, but for line numbers.

use std::collections::BTreeSet;

use crate::program::{FileId, Span};
use crate::tree::Tree;

use super::change::without_comments;
use super::load::Loaded;

/// True if the two versions, which differ in `files`, come to the same program.
pub fn is_same_program(
    (old_tree, old): (&Tree, &Loaded),
    (new_tree, new): (&Tree, &Loaded),
    files: &BTreeSet<String>,
) -> bool {
    // The helpers of architectures are read beside the program.
    let is_about_arches = |path: &String| path.starts_with("arch/") || path.starts_with("include/");
    let paths = |tree: &Tree| -> Vec<Box<str>> {
        let files = tree.files.iter();
        files.map(|file| file.path.clone()).collect()
    };
    !files.iter().any(is_about_arches)
        && paths(old_tree) == paths(new_tree)
        && old.program.enumerators() == new.program.enumerators()
        && Digest::of(old_tree, old, files) == Digest::of(new_tree, new, files)
}

/// A program without the places of what stands in files that differ.
#[derive(PartialEq, Eq)]
struct Digest {
    includes: Vec<String>,
    items: Vec<Item>,
}

/// Something that was parsed.
#[derive(PartialEq, Eq)]
enum Item {
    /// In a file that both versions have in common.
    At(FileId, Span),
    /// In a file that differs: what it is, and under which condition.
    Text(FileId, Vec<u8>, String),
}

impl Digest {
    fn of(tree: &Tree, loaded: &Loaded, files: &BTreeSet<String>) -> Digest {
        let program = &loaded.program;
        let differing: BTreeSet<FileId> =
            files.iter().filter_map(|path| tree.file_at(path)).collect();
        let item = |file: FileId, span: Span| match differing.contains(&file) {
            false => Item::At(file, span),
            true => {
                let syntax = loaded.sources.syntax(file);
                let text = without_comments(span.of(loaded.sources.bytes(file)));
                Item::Text(file, text, syntax.presence_at(span.start).to_string())
            }
        };
        // Without a place of their own, these are compared by what they say.
        let said = |file: FileId, what: String| Item::Text(file, what.into_bytes(), String::new());
        let mut items: Vec<Item> = Vec::new();
        items.extend(program.functions().map(|(_, it)| item(it.file, it.span)));
        items.extend(program.tables().map(|(_, it)| item(it.file, it.span)));
        items.extend(program.stores().iter().map(|it| item(it.file, it.span)));
        for (file, def) in program.structs() {
            items.push(said(*file, format!("{def:?}")));
        }
        for it in program.macros() {
            items.push(said(it.file, format!("{} {}", it.name, it.text)));
        }
        let facts = differing.iter().map(|file| program.file(*file));
        Digest {
            includes: facts.map(|facts| format!("{:?}", facts.includes)).collect(),
            items,
        }
    }
}
