//! Runs on two versions of a tree: what did a change do?

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::both::{Both, analyse_both};
use super::load::{self, Scope};
use super::{
    Options, PipelineError, Progress, Report, TreeSummary, in_pool, kind_of, open_on_disk, rules_of,
};
use crate::analysis::Coverage;
use crate::arch::Rules;
use crate::compare::{Change, Comparison, compare};
use crate::tree::{self, Changes, Tree, Words, index_file};
use crate::vocabulary::{self, Vocabulary};

/// What a tree is compared with.
#[derive(Clone, Debug)]
pub enum Against {
    /// The tree is as before a patch; the patch is applied in memory.
    Patch {
        /// How the user calls it.
        name: String,
        /// Its text.
        text: Vec<u8>,
    },
    /// The tree is the work tree, with all that is changed in it; the old version is a revision.
    Since(String),
    /// What is staged for the next commit, against the last.
    Staged,
}

/// Both versions of a tree, and how to call them.
struct Versions {
    old: Tree,
    new: Tree,
    /// Paths that differ.
    files: BTreeSet<String>,
    old_name: String,
    new_name: String,
}

/// Finds what a change did to the tree that `paths` belong to.
pub fn run_change(
    paths: &[PathBuf],
    options: &Options,
    against: &Against,
    progress: &dyn Progress,
) -> Result<Report, PipelineError> {
    in_pool(options, || {
        let (vocabulary, arch_rules) = rules_of(options)?;
        if paths.is_empty() && !tree::is_in_linux_tree() {
            return Err(PipelineError::NothingToCompare);
        }
        let versions = versions(open_on_disk(paths, options)?, against)?;
        Ok(run_on(versions, (&vocabulary, &arch_rules), progress))
    })
}

/// What a patch does to files that are given with their paths, by the built-in vocabulary.
pub fn check_patch(files: Vec<(String, Vec<u8>)>, patch: &[u8]) -> Result<Report, PipelineError> {
    let against = Against::Patch {
        name: "the patch".to_owned(),
        text: patch.to_vec(),
    };
    let versions = versions(Tree::in_memory(files), &against)?;
    let rules = (vocabulary::builtin(), Rules::builtin());
    Ok(run_on(versions, rules, &super::NoProgress))
}

fn versions(tree: Tree, against: &Against) -> Result<Versions, PipelineError> {
    let root = || {
        let root = tree.root();
        root.ok_or(PipelineError::NothingToCompare)
    };
    let (old, new, old_name, new_name) = match against {
        Against::Patch { name, text } => {
            let read = |path: &str| tree.read(tree.file_at(path)?).ok();
            let changes = tree::apply_patch(text, &read).map_err(|error| PipelineError::Patch {
                name: name.clone(),
                error: Box::new(error),
            })?;
            let old_name = "the tree as it is".to_owned();
            (Changes::new(), changes, old_name, format!("{name} applied"))
        }
        Against::Since(revision) => {
            let old = tree::git_revision(root()?, revision)?;
            let new_name = "the work tree".to_owned();
            (old.files, Changes::new(), old.name, new_name)
        }
        Against::Staged => {
            let (staged, head) = tree::git_staged(root()?)?;
            (head.files, staged.files, head.name, staged.name)
        }
    };
    let (old, new) = (tree.with_changes(&old), tree.with_changes(&new));
    let files = differing(&old, &new);
    Ok(Versions {
        old,
        new,
        files,
        old_name,
        new_name,
    })
}

/// The paths of the files that differ. Only what is not read from disk in both can.
fn differing(old: &Tree, new: &Tree) -> BTreeSet<String> {
    let touched = old.replaced_paths().chain(new.replaced_paths());
    let only = |one: &Tree, other: &Tree| {
        let paths = one.files.iter().map(|file| file.path.to_string());
        let gone: Vec<String> = paths.filter(|path| other.file_at(path).is_none()).collect();
        gone
    };
    touched
        .map(str::to_owned)
        .chain(only(old, new))
        .chain(only(new, old))
        .filter(|path| content(old, path) != content(new, path))
        .collect()
}

fn content(tree: &Tree, path: &str) -> Option<Vec<u8>> {
    tree.read(tree.file_at(path)?).ok()
}

fn run_on(versions: Versions, rules: (&Vocabulary, &Rules), progress: &dyn Progress) -> Report {
    let Versions {
        old,
        new,
        files,
        old_name,
        new_name,
    } = versions;
    let mut comparison = Comparison {
        new: new_name,
        old: old_name,
        files: files.len(),
        known: 0,
        fixed: 0,
        lost_proofs: 0,
        analysed: true,
    };
    let words = load::words(rules.0);
    let matters = |path: &String| {
        let is_generic = new.generic.has(path);
        let (old, new) = (content(&old, path), content(&new, path));
        what_matters((path, is_generic), old, &words)
            != what_matters((path, is_generic), new, &words)
    };
    if !files.iter().any(matters) {
        comparison.analysed = false;
        let mut report = unanalysed(&new);
        report.filters.comparison = Some(comparison);
        return report;
    }
    let Some(Both { old, mut report }) = analyse_both(old, &new, &files, rules, progress) else {
        comparison.analysed = false;
        let mut report = unanalysed(&new);
        report.filters.comparison = Some(comparison);
        return report;
    };
    let change = Change {
        old: &old,
        files: &files,
    };
    compare(&change, &mut report, &mut comparison);
    report.filters.comparison = Some(comparison);
    let (sources, old_sources) = (report.sources, old.sources);
    report.sources = Box::new(move |path| {
        // Lines that have gone are quoted from the old version, by the name they have in patches.
        sources(path).or_else(|| old_sources(path.strip_prefix("a/")?))
    });
    super::finish(report, true)
}

/// The answer where nothing that any answer depends on has changed.
fn unanalysed(tree: &Tree) -> Report {
    let summary = TreeSummary {
        kind: kind_of(tree, false),
        version: tree.version.clone(),
        files_scanned: tree.files.len(),
        files_parsed: 0,
        bytes: tree.n_bytes(),
    };
    Report {
        tree: summary,
        coverage: Coverage::default(),
        mappings: Vec::new(),
        readers: Vec::new(),
        proofs: super::Proofs::default(),
        findings: Vec::new(),
        problems: Vec::new(),
        stats: Vec::new(),
        cache: None,
        n_recalled: 0,
        sources: Box::new(|_| None),
        covers: Box::new(|_| false),
        comments: Vec::new(),
        filters: super::Filters::default(),
    }
}

/// Text, and the stores of names to members, by hash.
type Matter = (Vec<u8>, Vec<(u32, u32)>);

/// What of a file an answer can depend on: its text without comments, and without the bodies of
/// functions that are never parsed.
fn what_matters(
    (path, is_generic): (&str, bool),
    content: Option<Vec<u8>>,
    words: &Words,
) -> Option<Matter> {
    let mut content = content?;
    match tree::Language::of(std::path::Path::new(path)) {
        Some(tree::Language::C) => {}
        // What a function in Rust matters for shows in what it calls; there are few of them.
        Some(tree::Language::Rust) => return Some((content, Vec::new())),
        None => {
            let has_comment = !crate::rules::comments(&content).is_empty();
            return Some((if has_comment { content } else { Vec::new() }, Vec::new()));
        }
    }
    if !crate::rules::comments(&content).is_empty() {
        // Comments for ptelint matter, too.
        return Some((content, Vec::new()));
    }
    let index = index_file(&content, words);
    let stores = index.member_stores.iter();
    let stores = stores
        .map(|store| (store.member_hash, store.value_hash))
        .collect();
    for function in &index.functions {
        let body = function.body().start as usize..function.end as usize;
        let holds_object = index
            .initializers
            .iter()
            .any(|entry| body.contains(&(entry.start as usize)));
        let matters = function.is_macro
            || holds_object
            || load::relevance(function, is_generic, Scope::Everything).is_some()
            || memchr::memchr(b'#', &content[body.clone()]).is_some();
        if !matters {
            content[body].fill(b' ');
        }
    }
    Some((without_comments(&content), stores))
}

/// The text with comments removed and blanks made one; lines stay lines.
pub(super) fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut at = 0;
    let blank = |out: &mut Vec<u8>, byte: u8| match out.last() {
        None | Some(b'\n') => {}
        Some(b' ') if byte == b'\n' => {
            out.pop();
            if out.last().is_some_and(|&last| last != b'\n') {
                out.push(b'\n');
            }
        }
        Some(b' ') => {}
        Some(_) => out.push(byte),
    };
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(b"/*") {
            blank(&mut out, b' ');
            at += memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |n| n + 4);
        } else if rest.starts_with(b"//") {
            at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        } else if rest[0] == b'"' || rest[0] == b'\'' {
            let end = literal_end(rest);
            out.extend(&rest[..end]);
            at += end;
        } else if rest[0].is_ascii_whitespace() {
            blank(&mut out, if rest[0] == b'\n' { b'\n' } else { b' ' });
            at += 1;
        } else {
            out.push(rest[0]);
            at += 1;
        }
    }
    out
}

/// Where a literal ends, at the latest with its line.
fn literal_end(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if byte == text[0] => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matters(old: &str, new: &str) -> bool {
        let words = load::words(vocabulary::builtin());
        let of =
            |text: &str| what_matters(("mm/a.c", true), Some(text.as_bytes().to_vec()), &words);
        of(old) != of(new)
    }

    #[test]
    fn comments_and_bodies_that_are_never_parsed_do_not_matter() {
        let old = "int f(int a)\n{\n\treturn a;\n}\n";
        assert!(!matters(old, "int f(int a)\n{\n\treturn a + 1;\n}\n"));
        assert!(!matters(
            old,
            "/* new */ int f(int a) // x\n{\n\n\treturn a;\n}\n"
        ));
        assert!(matters(old, "int f(long a)\n{\n\treturn a;\n}\n"));
        let old = "int f(struct vm_area_struct *vma)\n{\n\treturn 1;\n}\n";
        assert!(matters(old, &old.replace('1', "0")));
        assert!(matters("#define A 1\n", "#define A 2\n"));
        assert!(matters(
            old,
            &old.replace("return", "/* ptelint: allow */ return")
        ));
    }
}
