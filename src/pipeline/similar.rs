//! Names that look like one that was mistyped.

use rayon::prelude::*;

use crate::tree::Index;

/// No more than this many are of help.
const MAX_NAMES: usize = 3;

/// Names of functions that look like `name`, the most similar first.
pub fn names(index: &Index, name: &str) -> Vec<String> {
    let mut found: Vec<(usize, &str)> = index
        .files
        .par_iter()
        .flat_map_iter(|file| {
            (0..file.functions.len()).filter_map(|function| {
                let other = file.function_name(function);
                Some((difference(name, other)?, other))
            })
        })
        .collect();
    found.sort();
    found.dedup();
    found.truncate(MAX_NAMES);
    found.into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// Those of `known` that look like `name`, the most similar first.
pub fn among(known: &[&str], name: &str) -> Vec<String> {
    let known = known.iter();
    let mut found: Vec<(usize, &str)> = known
        .filter_map(|other| Some((difference(name, other)?, *other)))
        .collect();
    found.sort();
    found.truncate(MAX_NAMES);
    found.into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// How different a name is; `None` if nobody would take it for the other one.
fn difference(typed: &str, other: &str) -> Option<usize> {
    let max_edits = match typed.len() {
        0..4 => 1,
        4..10 => 2,
        _ => 3,
    };
    if let Some(edits) = edits(typed.as_bytes(), other.as_bytes(), max_edits) {
        return Some(edits);
    }
    // `mprotect` for `sys_mprotect`
    let prefix = other.strip_suffix(typed)?.strip_suffix('_')?;
    (typed.len() >= 4).then_some(max_edits + prefix.len())
}

/// The number of bytes to insert, delete or replace; `None` if it is more than `max`.
fn edits(a: &[u8], b: &[u8], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
        if row.iter().all(|&n| n > max) {
            return None;
        }
    }
    row.last().copied().filter(|&n| n <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_a_limit() {
        for (a, b, n) in [
            ("do_fault", "do_fault", Some(0)),
            ("do_falt", "do_fault", Some(1)),
            ("pte_modfiy", "pte_modify", Some(2)),
            ("kitten", "sitting", Some(3)),
            ("", "abc", Some(3)),
            ("abc", "wxyz", None),
        ] {
            assert_eq!(edits(a.as_bytes(), b.as_bytes(), 3), n, "{a} {b}");
        }
    }

    #[test]
    fn a_prefix_may_be_missing() {
        assert!(difference("mprotect", "sys_mprotect").is_some());
        assert!(difference("mprotect", "mm_release").is_none());
    }
}
