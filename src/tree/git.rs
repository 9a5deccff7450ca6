//! Versions of a tree that git knows: what a revision or the index holds where it differs from the
//! work tree.
//!
//! Everything is read out of the object store through the `git` program; neither the work tree nor
//! the index is written to.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

use super::patch::Changes;
use super::source::Language;

/// Why git could not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no git.
    #[error("cannot run git: {reason}; install it, or compare with '--patch FILE' instead")]
    NotInstalled {
        /// What the system said.
        reason: String,
    },
    /// The tree is no repository.
    #[error(
        "{}: not in a git repository, so there is nothing to compare with; give a tree that is, \
         or '--patch FILE'", root.display()
    )]
    NoRepository {
        /// The tree.
        root: PathBuf,
    },
    /// There is no such revision.
    #[error("git knows no revision '{revision}'{}", revision_tip(*is_shallow, similar))]
    NoRevision {
        /// As typed.
        revision: String,
        /// True if the repository is a shallow clone.
        is_shallow: bool,
        /// Names of branches and tags that look like it.
        similar: Vec<String>,
    },
    /// Something else.
    #[error("git {command} failed: {reason}")]
    Failed {
        /// The command.
        command: String,
        /// What it said.
        reason: String,
    },
}

fn revision_tip(is_shallow: bool, similar: &[String]) -> String {
    match (similar, is_shallow) {
        ([], true) => "\n  tip: this clone is shallow; get more of its history with 'git fetch \
                       --deepen=100' or 'git fetch --unshallow'"
            .to_owned(),
        ([], false) => "\n  tip: 'git log --oneline' and 'git tag' list revisions".to_owned(),
        (similar, _) => format!("; did you mean '{}'?", similar.join("' or '")),
    }
}

/// What a revision or the index holds where it differs from the work tree.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// How people call it: `v6.12 (adc218676eef)`.
    pub name: String,
    /// Its files where they differ from those on disk.
    pub files: Changes,
}

/// The sources of a revision, against the work tree in `root` with all that is changed in it.
pub fn revision(root: &Path, revision: &str) -> Result<Version, GitError> {
    let git = Git::new(root)?;
    let commit = git.commit(revision)?;
    let mut files = git.differences(&[&commit])?;
    for path in git.untracked()? {
        files.insert(path, None);
    }
    Ok(Version {
        name: named(revision, &commit),
        files,
    })
}

/// The sources as they are staged, and those of HEAD, both against the work tree.
pub fn staged(root: &Path) -> Result<(Version, Version), GitError> {
    let git = Git::new(root)?;
    let mut index = git.differences(&[])?;
    for path in git.untracked()? {
        index.insert(path, None);
    }
    // Before the first commit there is nothing.
    let head = match git.commit("HEAD") {
        Ok(commit) => commit,
        Err(GitError::NoRevision { .. }) => {
            git.text(&["hash-object", "-t", "tree", "/dev/null"])?
        }
        Err(error) => return Err(error),
    };
    let mut files = index.clone();
    files.extend(git.differences(&["--cached", &head])?);
    let staged = Version {
        name: "what is staged".to_owned(),
        files: index,
    };
    let head = Version {
        name: named("HEAD", &head),
        files,
    };
    Ok((staged, head))
}

/// Where the git directory of the repository a path lies in keeps its hooks.
pub fn hooks_directory(root: &Path) -> Result<PathBuf, GitError> {
    let git = Git::new(root)?;
    Ok(root.join(git.text(&["rev-parse", "--git-path", "hooks"])?))
}

/// The files that git writes when it changes the work tree: HEAD and the index.
pub fn state_files(root: &Path) -> Result<Vec<PathBuf>, GitError> {
    let git = Git::new(root)?;
    ["HEAD", "index"]
        .iter()
        .map(|name| Ok(root.join(git.text(&["rev-parse", "--git-path", name])?)))
        .collect()
}

fn named(revision: &str, commit: &str) -> String {
    let short = commit.get(..12).unwrap_or(commit);
    match commit.starts_with(revision) {
        true => short.to_owned(),
        false => format!("{revision} ({short})"),
    }
}

struct Git<'a> {
    root: &'a Path,
}

impl Git<'_> {
    fn new(root: &Path) -> Result<Git<'_>, GitError> {
        let git = Git { root };
        match git.text(&["rev-parse", "--is-inside-work-tree"]) {
            Ok(answer) if answer == "true" => Ok(git),
            Err(error @ GitError::NotInstalled { .. }) => Err(error),
            // Git does not read a repository of somebody else's, and says what to do about it.
            Err(GitError::Failed { command, reason }) if reason.contains("safe.directory") => {
                Err(GitError::Failed { command, reason })
            }
            _ => Err(GitError::NoRepository {
                root: root.to_owned(),
            }),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("--no-optional-locks")
            .arg("-C")
            .arg(self.root)
            .args(args)
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.command(args).output().map_err(not_installed)?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(GitError::Failed {
                command: args.first().copied().unwrap_or_default().to_owned(),
                reason: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            }),
        }
    }

    fn text(&self, args: &[&str]) -> Result<String, GitError> {
        let output = self.run(args)?;
        Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    /// The commit a revision names.
    fn commit(&self, revision: &str) -> Result<String, GitError> {
        let wanted = format!("{revision}^{{commit}}");
        let args = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ];
        if let Ok(commit) = self.text(&args) {
            return Ok(commit);
        }
        let is_shallow = self.text(&["rev-parse", "--is-shallow-repository"]);
        let names = self.text(&["for-each-ref", "--format=%(refname:short)"]);
        Err(GitError::NoRevision {
            revision: revision.to_owned(),
            is_shallow: is_shallow.is_ok_and(|answer| answer == "true"),
            similar: similar(&names.unwrap_or_default(), revision),
        })
    }

    /// The sources that git does not know and would not ignore.
    fn untracked(&self) -> Result<Vec<String>, GitError> {
        let args = [
            "ls-files",
            "--others",
            "--exclude-standard",
            "-z",
            "--",
            ".",
        ];
        let output = self.run(&args)?;
        Ok(output
            .split(|&byte| byte == 0)
            .filter_map(source_path)
            .collect())
    }

    /// What `git diff` compares with, where it differs.
    fn differences(&self, with: &[&str]) -> Result<Changes, GitError> {
        let mut args = vec![
            "diff",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules=all",
            "--relative",
        ];
        args.extend(with);
        args.extend(["--", "."]);
        let output = self.run(&args)?;
        let mut fields = output.split(|&byte| byte == 0);
        let mut wanted: Vec<(String, Option<String>)> = Vec::new();
        while let (Some(entry), Some(path)) = (fields.next(), fields.next()) {
            // `:100644 100644 OLD NEW M`
            let entry = String::from_utf8_lossy(entry).into_owned();
            let mut words = entry.trim_start_matches(':').split(' ');
            let mode = words.next().unwrap_or_default();
            let object = words.nth(1).unwrap_or_default();
            if let Some(path) = source_path(path) {
                let is_file = mode.starts_with("100");
                wanted.push((path, is_file.then(|| object.to_owned())));
            }
        }
        self.contents(wanted)
    }

    /// Reads objects, one after the other, through one process.
    fn contents(&self, wanted: Vec<(String, Option<String>)>) -> Result<Changes, GitError> {
        let failed = |reason: String| GitError::Failed {
            command: "cat-file".to_owned(),
            reason,
        };
        let mut changes = Changes::new();
        if wanted.is_empty() {
            return Ok(changes);
        }
        let mut process = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(not_installed)?;
        let (Some(mut input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("it has no input and output".to_owned()));
        };
        let mut output = BufReader::new(output);
        let mut read = |object: &str| -> std::io::Result<Option<Vec<u8>>> {
            input.write_all(format!("{object}\n").as_bytes())?;
            input.flush()?;
            let mut head = String::new();
            output.read_line(&mut head)?;
            let mut words = head.split_whitespace().skip(1);
            let (Some("blob"), Some(size)) = (words.next(), words.next()) else {
                return Ok(None);
            };
            let size: usize = size.parse().map_err(std::io::Error::other)?;
            let mut content = vec![0; size + 1];
            output.read_exact(&mut content)?;
            content.pop();
            Ok(Some(content))
        };
        for (path, object) in wanted {
            let content = match object {
                None => None,
                Some(object) => match read(&object) {
                    Ok(Some(content)) => Some(content),
                    Ok(None) => {
                        return Err(failed(format!(
                            "the content of {path} is not in this clone; get it with 'git fetch'"
                        )));
                    }
                    Err(error) => return Err(failed(error.to_string())),
                },
            };
            changes.insert(path, content);
        }
        drop(input);
        // Everything has been read; how it ends does not matter any more.
        let _ = process.wait();
        Ok(changes)
    }
}

fn not_installed(error: std::io::Error) -> GitError {
    GitError::NotInstalled {
        reason: super::source::plain_reason(&error),
    }
}

fn source_path(path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    Language::of(Path::new(path)).map(|_| path.to_owned())
}

/// Names that differ in little: in case, or in a letter or two.
fn similar(names: &str, wanted: &str) -> Vec<String> {
    let plain = |name: &str| {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.collect::<String>().to_lowercase()
    };
    let wanted = plain(wanted);
    let is_similar = |name: &&str| {
        let name = plain(name);
        name == wanted
            || (name.len().abs_diff(wanted.len()) <= 1 && {
                let n_front = name.chars().zip(wanted.chars()).take_while(|(a, b)| a == b);
                let n_back = name.chars().rev().zip(wanted.chars().rev());
                let n_same = n_front.count() + n_back.take_while(|(a, b)| a == b).count();
                n_same + 2 > name.len().max(wanted.len()) && n_same > 2
            })
    };
    let found: Vec<&str> = names.lines().filter(is_similar).collect();
    let is_same = |name: &&&str| plain(name) == wanted;
    let same: Vec<&str> = found.iter().filter(is_same).copied().collect();
    let best = if same.is_empty() { found } else { same };
    best.into_iter().take(3).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_revisions_are_recognised() {
        let names = "main\nv6.12\nv6.1\norigin/main";
        assert_eq!(similar(names, "V6.12"), ["v6.12"]);
        assert_eq!(similar(names, "mian"), Vec::<String>::new());
        assert_eq!(similar(names, "maim"), ["main"]);
    }
}
