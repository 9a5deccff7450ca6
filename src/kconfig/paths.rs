//! Paths as they are written in Kconfig files and Makefiles.

/// A file that a path with variables can be.
pub(super) struct Place {
    pub(super) path: String,
    /// The architecture it is for, if it is for one.
    pub(super) arch: Option<String>,
    /// False if a variable in it could be something else.
    pub(super) is_sure: bool,
}

/// The files a path relative to the root of the tree can be. `$(SRCARCH)` is the directory of the
/// architecture, and other variables are tried as one, too.
pub(super) fn places(path: &str, arches: &[&str]) -> Vec<Place> {
    let place = |path: &str, arch: Option<&str>, is_sure| {
        Some(Place {
            path: join("", path).filter(|path| !path.is_empty())?,
            arch: arch.map(str::to_owned),
            is_sure,
        })
    };
    let path = ["$(srctree)/", "${srctree}/"]
        .into_iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .unwrap_or(path);
    let Some((front, name, back)) = variable(path) else {
        return place(path, None, true).into_iter().collect();
    };
    if back.contains('$') {
        return Vec::new();
    }
    let is_sure = name == "SRCARCH";
    arches
        .iter()
        .filter_map(|arch| {
            place(
                &format!("{front}{arch}{back}"),
                is_sure.then_some(arch),
                is_sure,
            )
        })
        .collect()
}

/// The first variable of a path: what is in front of it, its name, what is behind it.
fn variable(path: &str) -> Option<(&str, &str, &str)> {
    let (front, rest) = path.split_once('$')?;
    for (open, close) in [('(', ')'), ('{', '}')] {
        if let Some(rest) = rest.strip_prefix(open) {
            let (name, back) = rest.split_once(close).unwrap_or((rest, ""));
            return Some((front, name, back));
        }
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    Some((front, &rest[..end], &rest[end..]))
}

/// A path relative to a directory as one relative to the root; `None` if it leads out of the tree.
pub(super) fn join(directory: &str, path: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in directory.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The directory a file is in; empty for the root.
pub(super) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The last name of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// True if `path` is in a directory or below it.
pub(super) fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// True if a path ends with these names.
pub(super) fn ends_with(path: &str, suffix: &str) -> bool {
    path.strip_suffix(suffix)
        .is_some_and(|front| front.is_empty() || front.ends_with('/'))
}
