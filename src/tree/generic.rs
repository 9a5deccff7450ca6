//! Which code is generic, and which is a driver's.

/// Directories whose code is not generic: drivers and what is built like them.
const DRIVER_DIRECTORIES: [&str; 4] = ["drivers", "sound", "samples", "tools"];

/// Tells generic code from drivers by where it is.
///
/// Generic code is judged: it must not rebuild entries that it did not make. Drivers make them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericPaths {
    /// Paths, and whether what is there is generic; the longest that fits decides.
    paths: Vec<(String, bool)>,
}

impl Default for GenericPaths {
    fn default() -> GenericPaths {
        GenericPaths::new(&[], &[])
    }
}

impl GenericPaths {
    /// As by default, but for files and directories that are `generic`, and others that are
    /// `drivers`. A path that is named as both is a driver's, of which less is claimed.
    pub fn new(generic: &[String], drivers: &[String]) -> GenericPaths {
        let by_default = DRIVER_DIRECTORIES.map(|path| (path.to_owned(), false));
        let named = |paths: &[String], is_generic: bool| -> Vec<(String, bool)> {
            let paths = paths.iter().map(|path| path.trim_end_matches('/'));
            paths.map(|path| (path.to_owned(), is_generic)).collect()
        };
        let mut paths = named(drivers, false);
        paths.extend(named(generic, true));
        paths.extend(by_default);
        // The sort is stable: of one path, what comes first above stays first.
        paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        GenericPaths { paths }
    }

    /// True for the path of code that is not a driver's.
    pub fn has(&self, file: &str) -> bool {
        let mut paths = self.paths.iter();
        let place = paths.find(|(path, _)| is_below(file, path));
        place.is_none_or(|(_, is_generic)| *is_generic)
    }
}

/// True if a file is at a path or below it.
pub fn is_below(file: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let rest = file.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_whole_names() {
        assert!(is_below("drivers/staging/a.c", "drivers/staging/"));
        assert!(is_below("mm/a.c", "mm/a.c"));
        assert!(!is_below("mm2/a.c", "mm"));
    }

    #[test]
    fn the_longest_path_decides() {
        let generic = ["drivers/iommu/".to_owned()];
        let drivers = ["fs/vendor".to_owned(), "drivers/iommu/vendor".to_owned()];
        let paths = GenericPaths::new(&generic, &drivers);
        assert!(paths.has("mm/memory.c"));
        assert!(!paths.has("drivers/gpu/a.c"));
        assert!(paths.has("drivers/iommu/a.c"));
        assert!(!paths.has("drivers/iommu/vendor/a.c"));
        assert!(!paths.has("fs/vendor/a.c"));
        assert!(paths.has("fs/vendors/a.c"));
    }
}
