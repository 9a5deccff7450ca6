//! Architectures whose page tables are written in Rust.
//!
//! Such an architecture is a file, `arch/<name>.rs` or `arch/<name>/mod.rs`, that defines
//! `pte_modify()`. What the helpers of page tables are made of (constants, words of bits, functions
//! without side effects) is put into C, item by item and line by line, so that one machine runs
//! both. Names are looked up in the file and then in those it imports from.

mod names;
mod translate;

use std::collections::{BTreeSet, VecDeque};

use syn::{Item, UseTree};

use super::headers::{Architecture, Headers};
use super::lex::{self, Source};
use crate::syntax::rust::{parse_whole, with_deep_stack};
use names::Names;

/// A file of an architecture, put into C.
pub struct RustSource {
    /// Its path.
    pub path: String,
    /// As tokens of C.
    pub source: Source,
    /// Functions that could not be put into C: name and reason.
    pub left_out: Vec<LeftOut>,
    /// Bytes of Rust.
    pub size: u64,
}

/// A function that could not be put into C.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The architectures written in Rust.
pub fn arches(headers: &dyn Headers) -> Vec<Architecture> {
    let named = |path: String| {
        let below = path
            .rsplit_once("arch/")
            .filter(|(before, _)| before.is_empty() || before.ends_with('/'))?;
        let stem = below.1.strip_suffix(".rs")?;
        let name = stem.strip_suffix("/mod").unwrap_or(stem);
        let is_one = !name.contains('/') && name != "mod";
        (is_one && defines_modify(&headers.read(&path)?)).then(|| Architecture {
            name: name.to_owned(),
            rust: Some(path.clone()),
        })
    };
    headers.below("").into_iter().filter_map(named).collect()
}

/// A glance that spares parsing.
fn defines_modify(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"fn pte_modify(").is_some()
}

/// Imports of imports are followed this far.
const MAX_FILES: usize = 32;

/// An architecture's file and those it imports names from, each put into C. Where two define a name,
/// the one nearer to the architecture does.
pub fn read(headers: &dyn Headers, path: &str) -> Vec<RustSource> {
    with_deep_stack(|| read_here(headers, path)).unwrap_or_default()
}

fn read_here(headers: &dyn Headers, path: &str) -> Vec<RustSource> {
    let mut names = Names::default();
    let mut files: Vec<(String, Vec<Item>, u64)> = Vec::new();
    let mut left = VecDeque::from([path.to_owned()]);
    let mut seen: BTreeSet<String> = left.iter().cloned().collect();
    while let Some(path) = left.pop_front() {
        if files.len() >= MAX_FILES {
            break;
        }
        let Some(text) = headers.read(&path) else {
            continue;
        };
        let Some(file) = parse_whole(&text) else {
            continue;
        };
        let imported = imports(headers, &path, &file.items);
        left.extend(
            imported
                .into_iter()
                .filter(|path| seen.insert(path.clone())),
        );
        let items = names.declare(file.items);
        files.push((path, items, text.len() as u64));
    }
    for (_, items, _) in &files {
        names.declare_values(items);
    }
    files
        .into_iter()
        .map(|(path, items, size)| {
            let (text, left_out) = translate::to_c(&names, &items);
            RustSource {
                path,
                source: lex::read(text.as_bytes()),
                left_out,
                size,
            }
        })
        .collect()
}

/// The files that the `use` items of a file name.
fn imports(headers: &dyn Headers, path: &str, items: &[Item]) -> Vec<String> {
    let mut found = Vec::new();
    for item in items {
        let Item::Use(item) = item else {
            continue;
        };
        let mut modules = Vec::new();
        module_paths(&item.tree, &mut Vec::new(), &mut modules);
        for module in modules {
            found.extend(resolve(headers, path, &module));
        }
    }
    found
}

/// The paths in a tree of imports: every prefix can be a module.
fn module_paths(tree: &UseTree, before: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            module_paths(&path.tree, before, out);
            before.pop();
        }
        UseTree::Name(name) => {
            let own = [name.ident.to_string()];
            out.push(before.iter().cloned().chain(own).collect());
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                module_paths(tree, before, out);
            }
        }
        _ => out.push(before.clone()),
    }
}

/// The file of a module, or of the module an item is in. Where the crate begins is not known: the
/// nearest directory that fits counts.
fn resolve(headers: &dyn Headers, from: &str, module: &[String]) -> Option<String> {
    let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
    let is_directory_of_its_own = from.ends_with("/mod.rs");
    let mut ancestors: Vec<&str> = vec![directory];
    while let Some((above, _)) = ancestors[ancestors.len() - 1].rsplit_once('/') {
        ancestors.push(above);
    }
    if !ancestors.contains(&"") {
        ancestors.push("");
    }
    let n_up = module.iter().take_while(|name| *name == "super").count();
    let (bases, names) = match n_up {
        0 => (&ancestors[..], module),
        _ => {
            let up = n_up - usize::from(!is_directory_of_its_own);
            let base = ancestors.get(up..up + 1)?;
            (base, &module[n_up..])
        }
    };
    let in_file = |base: &str, names: &[String]| {
        let mut path = base.to_owned();
        for name in names {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
        let itself = format!("{path}.rs");
        let inside = format!("{path}/mod.rs").trim_start_matches('/').to_owned();
        let candidates = [itself, inside].into_iter();
        candidates
            .filter(|path| path != from)
            .find(|path| headers.read(path).is_some())
    };
    // The last name, or none, may be an item's.
    for end in [names.len(), names.len().saturating_sub(1)] {
        let names = &names[..end];
        let starts = match n_up {
            0 => names.len().min(8),
            _ => 1,
        };
        for start in 0..starts.max(1) {
            let names = &names[start.min(names.len())..];
            if names.is_empty() && n_up == 0 {
                continue;
            }
            if let Some(path) = bases.iter().find_map(|base| in_file(base, names)) {
                return Some(path);
            }
        }
    }
    None
}
