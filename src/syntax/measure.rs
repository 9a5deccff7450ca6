//! How much of a tree is understood: parses every function and counts.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::program::{FileId, FunctionKind, Span};

use super::{FileSyntax, lex};
use crate::tree::rust::index_rust_file;
use crate::tree::{Language, Words, index_file};

/// Counts for a set of definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Function definitions.
    pub n_functions: u64,
    /// Those with something in them that was not understood.
    pub n_functions_with_errors: u64,
    /// Function-like macros.
    pub n_macros: u64,
    /// Those with something in them that was not understood.
    pub n_macros_with_errors: u64,
    /// Bytes of all of them.
    pub n_bytes: u64,
    /// Alternatives parsed.
    pub n_bodies: u64,
}

impl Counts {
    /// Adds another set's counts.
    pub fn add(&mut self, other: &Counts) {
        self.n_functions += other.n_functions;
        self.n_functions_with_errors += other.n_functions_with_errors;
        self.n_macros += other.n_macros;
        self.n_macros_with_errors += other.n_macros_with_errors;
        self.n_bytes += other.n_bytes;
        self.n_bodies += other.n_bodies;
    }

    /// Share of functions with something not understood, from 0 to 1.
    pub fn function_share(&self) -> f64 {
        share(self.n_functions_with_errors, self.n_functions)
    }

    /// Share of macros with something not understood, from 0 to 1.
    pub fn macro_share(&self) -> f64 {
        share(self.n_macros_with_errors, self.n_macros)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A definition that was not understood in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstood {
    /// The file, relative to the tree.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The first place not understood.
    pub line: u32,
    /// What it was written as.
    pub kind: FunctionKind,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measurement {
    /// By top directory of the tree.
    pub by_directory: BTreeMap<String, Counts>,
    /// Sorted by path and line.
    pub misunderstood: Vec<Misunderstood>,
}

impl Measurement {
    /// The sum over all directories.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for counts in self.by_directory.values() {
            total.add(counts);
        }
        total
    }
}

/// Parses every function of the files below `root` that are written in `language`. `find` lists the
/// definitions in a file.
pub fn measure(
    root: &Path,
    language: Language,
    find: impl Fn(&[u8]) -> Vec<(Span, FunctionKind)> + Sync,
) -> Measurement {
    let mut paths: Vec<_> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| Language::of(path) == Some(language))
        .collect();
    paths.sort();
    let parts: Vec<(String, Counts, Vec<Misunderstood>)> = paths
        .par_iter()
        .map(|path| {
            let relative = path.strip_prefix(root).unwrap_or(path);
            let text = relative.to_string_lossy().into_owned();
            let directory = text.split('/').next().unwrap_or_default().to_owned();
            let source = std::fs::read(path).unwrap_or_default();
            let mut counts = Counts::default();
            let mut misunderstood = Vec::new();
            let definitions = find(&source);
            let file = FileSyntax::of(FileId(0), &source, language);
            for (span, kind) in definitions {
                let function = file.function(span, kind);
                let has_error = !function.not_understood.is_empty();
                counts.n_bytes += u64::from(span.end - span.start);
                counts.n_bodies += function.bodies.len() as u64;
                match kind {
                    FunctionKind::Function => {
                        counts.n_functions += 1;
                        counts.n_functions_with_errors += u64::from(has_error);
                    }
                    FunctionKind::Macro => {
                        counts.n_macros += 1;
                        counts.n_macros_with_errors += u64::from(has_error);
                    }
                }
                if let Some(place) = function.not_understood.first() {
                    misunderstood.push(Misunderstood {
                        path: text.clone(),
                        name: function.name.to_string(),
                        line: file.line_column(place.start).0,
                        kind,
                    });
                }
            }
            (directory, counts, misunderstood)
        })
        .collect();
    let mut result = Measurement::default();
    for (directory, counts, misunderstood) in parts {
        result
            .by_directory
            .entry(directory)
            .or_default()
            .add(&counts);
        result.misunderstood.extend(misunderstood);
    }
    result
}

/// [`measure`] with the definitions of the tree's own index.
pub fn measure_indexed(root: &Path, language: Language) -> Measurement {
    let words = Words::new(&[]);
    measure(root, language, |source| {
        let index = match language {
            Language::C => index_file(source, &words),
            Language::Rust => index_rust_file(source, &words),
        };
        index
            .functions
            .iter()
            .map(|entry| {
                let kind = if entry.is_macro {
                    FunctionKind::Macro
                } else {
                    FunctionKind::Function
                };
                (entry.span(), kind)
            })
            .collect()
    })
}

/// Finds functions by the convention that their braces stand in column 0, and function-like
/// macros by their directive. Good enough to measure with, not to analyse with.
pub fn find_by_layout(source: &[u8]) -> Vec<(Span, FunctionKind)> {
    let mut found = Vec::new();
    let mut line_start = 0;
    // Where the text that may be a signature began: behind the last blank line, directive,
    // semicolon or closing brace at a line's end.
    let mut signature: Option<usize> = None;
    let mut body: Option<usize> = None;
    let mut is_in_comment = false;
    while line_start < source.len() {
        let line_end = memchr::memchr(b'\n', &source[line_start..])
            .map_or(source.len(), |length| line_start + length);
        let line = &source[line_start..line_end];
        let trimmed = line.trim_ascii();
        let mut next = line_end + 1;
        if is_in_comment {
            is_in_comment = memchr::memmem::find(line, b"*/").is_none();
        } else if let Some(start) = body {
            if trimmed.starts_with(b"#") {
                next = lex::logical_line_end(source, line_start) + 1;
            } else if line.starts_with(b"}") {
                found.push((
                    Span::new(start as u32, (line_start + 1) as u32),
                    FunctionKind::Function,
                ));
                body = None;
                signature = None;
            }
        } else if trimmed.starts_with(b"#") {
            let end = lex::logical_line_end(source, line_start);
            if is_function_macro(trimmed) {
                let start = line_start + memchr::memchr(b'#', line).unwrap_or(0);
                let end = lex::directive_end(source, start);
                found.push((Span::new(start as u32, end as u32), FunctionKind::Macro));
            }
            signature = None;
            next = end + 1;
        } else if trimmed.starts_with(b"/*") {
            is_in_comment = memchr::memmem::find(trimmed, b"*/").is_none();
            signature = None;
        } else if line.starts_with(b"{") && trimmed.len() > 1 && trimmed.ends_with(b"}") {
            if let Some(start) = signature.filter(|&start| is_signature(&source[start..line_start]))
            {
                let end = line_start + line.trim_ascii_end().len();
                found.push((Span::new(start as u32, end as u32), FunctionKind::Function));
            }
            signature = None;
        } else if line.starts_with(b"{") {
            body = signature.filter(|&start| is_signature(&source[start..line_start]));
            signature = None;
        } else if trimmed.is_empty() || trimmed.ends_with(b";") || trimmed.ends_with(b"}") {
            signature = None;
        } else if signature.is_none() && !line[0].is_ascii_whitespace() {
            signature = Some(line_start);
        }
        line_start = next;
    }
    found
}

fn is_signature(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.contains(&b'(')
        && !text.contains(&b'=')
        && !text.contains(&b'{')
        && !text.starts_with(b"TRACE_EVENT")
        && !text.starts_with(b"DECLARE_EVENT")
        && !text.starts_with(b"FIXTURE")
}

fn is_function_macro(line: &[u8]) -> bool {
    let Some(rest) = line[1..].trim_ascii_start().strip_prefix(b"define") else {
        return false;
    };
    let name = rest.trim_ascii_start();
    let length = name
        .iter()
        .position(|&b| !lex::IS_WORD[b as usize])
        .unwrap_or(0);
    length > 0 && name[length] == b'('
}
