//! Patches: reading `git diff` and mailed patches, and applying them to contents in memory.
//!
//! What a patch program does with a work tree is done here with strings: hunks are looked for
//! where they say they are, then further and further away, and each line they expect has to be
//! there. A patch that does not apply says which line it expected and what stands there instead.

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

use super::source::Language;

/// The files a patch makes of the old ones: their paths and contents, `None` for a file that is
/// removed.
pub type Changes = BTreeMap<String, Option<Vec<u8>>>;

/// Why a patch cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatchError {
    /// There is no change in it.
    #[error(
        "no change found; give the output of 'git diff' or 'git format-patch', or a mail with one"
    )]
    Empty,
    /// A line that cannot stand where it does.
    #[error("line {line}: {reason}; the patch is damaged, perhaps by a mail program: get it again")]
    Damaged {
        /// In the patch, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The change of a file that is not text.
    #[error("line {line}: {path} is changed as binary data, which cannot be applied; leave it out")]
    Binary {
        /// In the patch, from 1.
        line: usize,
        /// The file.
        path: String,
    },
    /// The file to change is not there.
    #[error(
        "it does not apply: there is no {path}; was it made for another tree or another version?"
    )]
    NoFile {
        /// The file.
        path: String,
    },
    /// The file to add is there.
    #[error("it does not apply: {path} is to be added and is there already{}", applied(*is_applied))]
    Exists {
        /// The file.
        path: String,
        /// True if it is there as the patch would make it.
        is_applied: bool,
    },
    /// A hunk has no place.
    #[error(
        "it does not apply: {path}:{line}, hunk {hunk} of {n_hunks}, expects\n  `{expected}`\nwhere \
         {found}{}", applied(*is_applied)
    )]
    Hunk {
        /// The file.
        path: String,
        /// Where the line should be, from 1.
        line: usize,
        /// Which hunk, from 1.
        hunk: usize,
        /// How many the file has.
        n_hunks: usize,
        /// The line the hunk has.
        expected: String,
        /// What is there.
        found: String,
        /// True if the hunk's new lines are there.
        is_applied: bool,
    },
}

fn applied(is_applied: bool) -> &'static str {
    match is_applied {
        true => "\n  tip: it is applied already; to see what it did, type '--since REV' instead",
        false => {
            "\n  tip: check out the version it was made for, or the patches it depends on first"
        }
    }
}

/// Applies `patch`; `read` gives the content of a file of the tree.
pub fn apply(patch: &[u8], read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Changes, PatchError> {
    let files = parse(patch)?;
    let strip = prefix(&files, read);
    let mut changes = Changes::new();
    for file in &files {
        let of = |path: &Option<String>| path.as_deref().map(|path| strip.path(path).to_owned());
        let (old, new) = match file.is_plain {
            // Extended headers name files without a prefix.
            true => (file.old.clone(), file.new.clone()),
            false => (of(&file.old), of(&file.new)),
        };
        let is_source = |path: &String| Language::of(Path::new(path)).is_some();
        // Documents and Makefiles are not looked at, and need not be there.
        if old.iter().chain(&new).any(is_source) {
            apply_file(file, old, new, read, &mut changes)?;
        }
    }
    Ok(changes)
}

fn apply_file(
    file: &FilePatch,
    old: Option<String>,
    new: Option<String>,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    changes: &mut Changes,
) -> Result<(), PatchError> {
    // Several patches in one mailbox: the later sees what the earlier left.
    let current = |path: &str| match changes.get(path) {
        Some(content) => content.clone(),
        None => read(path),
    };
    let content = match &old {
        Some(path) => current(path).ok_or_else(|| PatchError::NoFile { path: path.clone() })?,
        None => Vec::new(),
    };
    let path = new.as_ref().or(old.as_ref()).cloned().unwrap_or_default();
    let result = apply_hunks(&content, &file.hunks, &path)?;
    if old.is_none()
        && let Some(there) = current(&path)
    {
        let is_applied = there == result;
        return Err(PatchError::Exists { path, is_applied });
    }
    if let Some(old) = old
        && Some(&old) != new.as_ref()
        && !file.is_copy
    {
        changes.insert(old, None);
    }
    if new.is_some() {
        changes.insert(path, Some(result));
    }
    Ok(())
}

/// The change of one file.
#[derive(Debug, Default)]
struct FilePatch {
    /// `None` if it is added.
    old: Option<String>,
    /// `None` if it is removed.
    new: Option<String>,
    /// True if the paths stand without `a/` and `b/`.
    is_plain: bool,
    is_copy: bool,
    hunks: Vec<Hunk>,
}

#[derive(Debug, Default)]
struct Hunk {
    /// First line in the old file, from 1.
    start: usize,
    /// Lines with their ends.
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
    /// Lines of context in front of the first change and behind the last.
    n_before: usize,
    n_after: usize,
}

/// What stands in front of every path of a patch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    /// `a/` and `b/`.
    One,
    Nothing,
}

impl Prefix {
    fn path(self, path: &str) -> &str {
        match self {
            Prefix::One => path.split_once('/').map_or(path, |(_, rest)| rest),
            Prefix::Nothing => path,
        }
    }
}

/// Paths have a prefix unless only without one stripped they name files of the tree.
fn prefix(files: &[FilePatch], read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Prefix {
    let prefixed = files.iter().filter(|file| !file.is_plain);
    let mut old = prefixed.filter_map(|file| file.old.as_deref());
    let has = |strip: Prefix, path: &str| read(strip.path(path)).is_some();
    match old.any(|path| !has(Prefix::One, path) && has(Prefix::Nothing, path)) {
        true => Prefix::Nothing,
        false => Prefix::One,
    }
}

struct Lines<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        self.lines.get(self.at).copied()
    }

    fn damaged(&self, reason: impl Into<String>) -> PatchError {
        PatchError::Damaged {
            line: self.at + 1,
            reason: reason.into(),
        }
    }
}

fn parse(patch: &[u8]) -> Result<Vec<FilePatch>, PatchError> {
    let mut lines = Lines {
        lines: patch.split_inclusive(|&byte| byte == b'\n').collect(),
        at: 0,
    };
    let mut files: Vec<FilePatch> = Vec::new();
    // From the extended headers of git: they alone tell of renames and empty files.
    let mut header: Option<FilePatch> = None;
    while let Some(line) = lines.peek() {
        let text = trimmed(line);
        if let Some(rest) = text.strip_prefix("diff --git ") {
            files.extend(header.take());
            header = git_names(rest);
        } else if let Some(path) = text.strip_prefix("rename from ") {
            set(&mut header, |file| file.old = Some(unquoted(path)));
        } else if let Some(path) = text.strip_prefix("copy from ") {
            set(&mut header, |file| {
                file.old = Some(unquoted(path));
                file.is_copy = true;
            });
        } else if let Some(path) = text
            .strip_prefix("rename to ")
            .or_else(|| text.strip_prefix("copy to "))
        {
            set(&mut header, |file| {
                file.new = Some(unquoted(path));
                file.is_plain = true;
            });
        } else if text.starts_with("new file mode ") {
            set(&mut header, |file| file.old = None);
        } else if text.starts_with("deleted file mode ") {
            set(&mut header, |file| file.new = None);
        } else if header.is_some()
            && (text == "GIT binary patch" || text.starts_with("Binary files "))
        {
            // Images and firmware are no sources; what they hold does not matter here.
            let path = header.take().and_then(|file| file.new.or(file.old));
            let path = path.unwrap_or_default();
            if path.ends_with(".c") || path.ends_with(".h") || path.ends_with(".rs") {
                let line = lines.at + 1;
                return Err(PatchError::Binary { line, path });
            }
        } else if text.starts_with("--- ")
            && let Some(next) = lines.lines.get(lines.at + 1)
            && trimmed(next).starts_with("+++ ")
        {
            let mut file = header.take().unwrap_or_default();
            let old = file_name(&text[4..]);
            let new = file_name(&trimmed(next)[4..]);
            if old.is_none() && new.is_none() {
                return Err(lines.damaged("both files are /dev/null"));
            }
            if !file.is_plain {
                (file.old, file.new) = (old, new);
            }
            lines.at += 2;
            while let Some(line) = lines.peek()
                && line.starts_with(b"@@ -")
            {
                file.hunks.push(hunk(&mut lines)?);
            }
            if file.hunks.is_empty() {
                return Err(lines.damaged("a file without a hunk (`@@ -1,2 +1,2 @@`)"));
            }
            files.push(file);
            continue;
        }
        lines.at += 1;
    }
    files.extend(header);
    match files.is_empty() {
        true => Err(PatchError::Empty),
        false => Ok(files),
    }
}

fn set(header: &mut Option<FilePatch>, change: impl FnOnce(&mut FilePatch)) {
    if let Some(file) = header {
        change(file);
    }
}

/// A line as text, without its end; bytes that are no UTF-8 cannot be part of a header.
fn trimmed(line: &[u8]) -> &str {
    let text = std::str::from_utf8(line).unwrap_or_default();
    text.trim_end_matches(['\n', '\r'])
}

/// The names behind `diff --git`, as far as they are certain: the same name twice.
fn git_names(rest: &str) -> Option<FilePatch> {
    let (old, new) = match rest.strip_prefix('"') {
        Some(_) => {
            let end = rest[1..].find("\" ")? + 2;
            (unquoted(&rest[..end]), unquoted(rest[end..].trim_start()))
        }
        None => {
            let middle = rest.len() / 2;
            let is_middle = rest.is_char_boundary(middle) && rest[middle..].starts_with(' ');
            match is_middle {
                true => (rest[..middle].to_owned(), rest[middle + 1..].to_owned()),
                // A rename; the lines that follow name both.
                false => (String::new(), String::new()),
            }
        }
    };
    Some(FilePatch {
        old: Some(old),
        new: Some(new),
        ..FilePatch::default()
    })
}

/// The name behind `---` or `+++`; `None` for `/dev/null`.
fn file_name(rest: &str) -> Option<String> {
    // Some programs put a time behind a tab.
    let name = match rest.starts_with('"') {
        true => rest,
        false => rest.split('\t').next().unwrap_or(rest),
    };
    let name = name.trim_end();
    (name != "/dev/null").then(|| unquoted(name))
}

/// A name without git's quotes; escapes stand for bytes.
fn unquoted(name: &str) -> String {
    let Some(inner) = name
        .strip_prefix('"')
        .and_then(|rest| rest.trim_end().strip_suffix('"'))
    else {
        return name.to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(digit @ b'0'..=b'3') => {
                let mut value = digit - b'0';
                while let Some(digit @ b'0'..=b'7') = rest.peek().copied()
                    && value < 32
                {
                    value = value * 8 + (digit - b'0');
                    rest.next();
                }
                bytes.push(value);
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads `@@ -10,7 +10,6 @@` and the lines that belong to it.
fn hunk(lines: &mut Lines) -> Result<Hunk, PatchError> {
    let head = String::from_utf8_lossy(lines.peek().unwrap_or_default()).into_owned();
    let ranges = head
        .strip_prefix("@@ -")
        .and_then(|rest| rest.split_once(" @@"))
        .and_then(|(ranges, _)| ranges.split_once(" +"))
        .and_then(|(old, new)| Some((range(old)?, range(new)?)));
    let Some(((start, mut n_old), (_, mut n_new))) = ranges else {
        return Err(lines.damaged("this is no head of a hunk (`@@ -10,7 +10,6 @@`)"));
    };
    lines.at += 1;
    // An insertion into nothing names the line in front of it.
    let mut hunk = Hunk {
        start: start + usize::from(n_old == 0),
        ..Hunk::default()
    };
    let mut n_context = 0;
    let mut is_changed = false;
    let mut last = b' ';
    while n_old > 0 || n_new > 0 || lines.peek().is_some_and(|line| line.starts_with(b"\\")) {
        let Some(line) = lines.peek() else {
            return Err(lines.damaged("the patch ends in the middle of a hunk"));
        };
        // Mail programs remove the blank of an empty line of context.
        let (kind, rest) = match line.split_first() {
            Some((b'\n', _)) => (b' ', line),
            Some((b'\r', _)) if line == b"\r\n" => (b' ', line),
            Some((kind, rest)) => (*kind, rest),
            None => (b' ', line),
        };
        match kind {
            b' ' if n_old > 0 && n_new > 0 => {
                hunk.old.push(rest.to_vec());
                hunk.new.push(rest.to_vec());
                (n_old, n_new) = (n_old - 1, n_new - 1);
                n_context += 1;
            }
            b'-' if n_old > 0 => {
                hunk.old.push(rest.to_vec());
                n_old -= 1;
            }
            b'+' if n_new > 0 => {
                hunk.new.push(rest.to_vec());
                n_new -= 1;
            }
            b'\\' => {
                // No newline at the end of the file, in front of this line.
                let strip = |lines: &mut Vec<Vec<u8>>| {
                    if let Some(line) = lines.last_mut()
                        && line.last() == Some(&b'\n')
                    {
                        line.pop();
                    }
                };
                if last != b'+' {
                    strip(&mut hunk.old);
                }
                if last != b'-' {
                    strip(&mut hunk.new);
                }
            }
            _ => return Err(lines.damaged("a line of a hunk begins with a blank, `-` or `+`")),
        }
        if matches!(kind, b'-' | b'+') {
            if !is_changed {
                hunk.n_before = n_context;
            }
            is_changed = true;
            n_context = 0;
        }
        last = kind;
        lines.at += 1;
    }
    hunk.n_after = n_context;
    Ok(hunk)
}

/// `10,7` or `10`, which has one line.
fn range(text: &str) -> Option<(usize, usize)> {
    match text.split_once(',') {
        Some((start, n)) => Some((start.parse().ok()?, n.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

fn apply_hunks(content: &[u8], hunks: &[Hunk], path: &str) -> Result<Vec<u8>, PatchError> {
    let lines: Vec<&[u8]> = content.split_inclusive(|&byte| byte == b'\n').collect();
    let mut result = Vec::with_capacity(content.len());
    // Lines taken over so far, and how far the last hunk was from where it said.
    let mut done = 0;
    let mut shift: isize = 0;
    for (i, hunk) in hunks.iter().enumerate() {
        let wanted = (hunk.start - usize::from(hunk.start > 0)).saturating_add_signed(shift);
        let Some(at) = find(&lines, &hunk.old, done, wanted, hunk) else {
            let is_applied = find(&lines, &hunk.new, 0, wanted, hunk).is_some();
            return Err(misfit(
                &lines,
                hunk,
                wanted,
                path,
                (i, hunks.len()),
                is_applied,
            ));
        };
        shift = at as isize - (hunk.start - usize::from(hunk.start > 0)) as isize;
        result.extend(lines[done..at].iter().copied().flatten());
        result.extend(hunk.new.iter().flatten());
        done = at + hunk.old.len();
    }
    result.extend(lines[done..].iter().copied().flatten());
    Ok(result)
}

/// Where `wanted` lines stand, not before `done`, nearest to `near`.
fn find(
    lines: &[&[u8]],
    wanted: &[Vec<u8>],
    done: usize,
    near: usize,
    hunk: &Hunk,
) -> Option<usize> {
    let last = lines.len().checked_sub(wanted.len())?;
    let fits = |at: usize| {
        let here = &lines[at..at + wanted.len()];
        here.iter().zip(wanted).all(|(a, b)| same(a, b))
    };
    // A hunk with less context on one side touches that end of the file.
    let (at_start, at_end) = (
        hunk.start <= 1 && hunk.n_before < hunk.n_after,
        hunk.n_after < hunk.n_before,
    );
    let fits = |at: usize| {
        (done..=last).contains(&at) && (!at_start || at == 0) && (!at_end || at == last) && fits(at)
    };
    if fits(near) {
        return Some(near);
    }
    if wanted.is_empty() {
        return (lines.is_empty()).then_some(0);
    }
    (1..=lines.len().max(near)).find_map(|distance| {
        let above = near.checked_sub(distance).filter(|&at| fits(at));
        above.or_else(|| Some(near + distance).filter(|&at| fits(at)))
    })
}

/// Equal but for the carriage returns that mail programs add or take away.
fn same(a: &[u8], b: &[u8]) -> bool {
    let end = |line: &[u8]| {
        line.strip_suffix(b"\r\n")
            .map_or(line.to_vec(), |l| [l, b"\n"].concat())
    };
    a == b || end(a) == end(b)
}

/// Says which line is wrong: the first that differs where the hunk says it belongs.
fn misfit(
    lines: &[&[u8]],
    hunk: &Hunk,
    wanted: usize,
    path: &str,
    (i, n_hunks): (usize, usize),
    is_applied: bool,
) -> PatchError {
    let differs = |&n: &usize| {
        lines
            .get(wanted + n)
            .is_none_or(|line| !same(line, &hunk.old[n]))
    };
    let n = (0..hunk.old.len()).find(differs).unwrap_or(0);
    let shown = |line: &[u8]| String::from_utf8_lossy(line).trim_end().to_owned();
    PatchError::Hunk {
        path: path.to_owned(),
        line: wanted + n + 1,
        hunk: i + 1,
        n_hunks,
        expected: hunk.old.get(n).map_or(String::new(), |line| shown(line)),
        found: match lines.get(wanted + n) {
            Some(line) => format!("the tree has\n  `{}`", shown(line)),
            None => "the file has ended".to_owned(),
        },
        is_applied,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

    fn tree(path: &str) -> Option<Vec<u8>> {
        (path == "mm/a.c").then(|| OLD.as_bytes().to_vec())
    }

    fn applied_to_a(patch: &str) -> String {
        let changes = apply(patch.as_bytes(), &tree).expect("it applies");
        let content = changes["mm/a.c"].clone().expect("it is still there");
        String::from_utf8(content).unwrap()
    }

    #[test]
    fn a_mailed_patch_applies() {
        let mail = "From: A <a@b>\nSubject: [PATCH] mm: two\n\nText\n---\n mm/a.c | 2 +-\n\n\
                    diff --git a/mm/a.c b/mm/a.c\nindex 1..2 100644\n--- a/mm/a.c\n+++ b/mm/a.c\n\
                    @@ -1,4 +1,4 @@ f()\n one\n-two\n+TWO\n three\n four\n-- \n2.47\n";
        assert_eq!(applied_to_a(mail), OLD.replace("two", "TWO"));
    }

    #[test]
    fn a_hunk_may_have_moved() {
        let patch = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -40,3 +40,2 @@\n three\n-four\n five\n";
        assert_eq!(applied_to_a(patch), OLD.replace("four\n", ""));
    }

    #[test]
    fn paths_may_stand_without_a_prefix() {
        let patch = "--- mm/a.c\n+++ mm/a.c\n@@ -3,3 +3,2 @@\n three\n-four\n five\n";
        assert_eq!(applied_to_a(patch), OLD.replace("four\n", ""));
    }

    #[test]
    fn files_are_added_removed_and_renamed() {
        let patch = "diff --git a/mm/b.c b/mm/b.c\nnew file mode 100644\n--- /dev/null\n\
                     +++ b/mm/b.c\n@@ -0,0 +1,2 @@\n+x\n+y\n\\ No newline at end of file\n\
                     diff --git a/mm/a.c b/mm/new.c\nsimilarity index 90%\nrename from mm/a.c\n\
                     rename to mm/new.c\n";
        let changes = apply(patch.as_bytes(), &tree).expect("it applies");
        assert_eq!(changes["mm/b.c"].as_deref(), Some(b"x\ny".as_slice()));
        assert_eq!(changes["mm/a.c"], None);
        assert_eq!(changes["mm/new.c"].as_deref(), Some(OLD.as_bytes()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let patch = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,2 +1,1 @@\n one\n-deux\n";
        let error = apply(patch.as_bytes(), &tree).unwrap_err().to_string();
        assert!(
            error.contains("mm/a.c:2, hunk 1 of 1, expects\n  `deux`"),
            "{error}"
        );
        assert!(error.contains("the tree has\n  `two`"), "{error}");
        let error = apply(b"hello\n", &tree).unwrap_err();
        assert_eq!(error, PatchError::Empty);
    }

    #[test]
    fn a_patch_that_is_applied_already_is_recognised() {
        let patch =
            "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,4 +1,4 @@\n one\n-zwei\n+two\n three\n four\n";
        let error = apply(patch.as_bytes(), &tree).unwrap_err().to_string();
        assert!(error.contains("it is applied already"), "{error}");
    }

    #[test]
    fn damaged_patches_are_errors() {
        for hunk in [
            "@@ -1,9 +1,9 @@\n one\n",
            "@@ -x +y @@\n",
            "@@ -1 +1 @@\n?\n",
            "",
        ] {
            let patch = format!("--- a/mm/a.c\n+++ b/mm/a.c\n{hunk}");
            let error = apply(patch.as_bytes(), &tree).unwrap_err();
            assert!(matches!(error, PatchError::Damaged { .. }), "{error}");
        }
    }
}
