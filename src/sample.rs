//! The kernel-style sample that is checked when there is nothing else to check.

/// Path inside the sample and content of each of its files, sorted by path.
pub const FILES: &[(&str, &[u8])] = &[
    (
        "drivers/gpu/sample_gem.c",
        include_bytes!("../testdata/sample/drivers/gpu/sample_gem.c"),
    ),
    (
        "drivers/video/sample_fb.c",
        include_bytes!("../testdata/sample/drivers/video/sample_fb.c"),
    ),
    (
        "include/linux/mm.h",
        include_bytes!("../testdata/sample/include/linux/mm.h"),
    ),
    (
        "mm/sample_protect.c",
        include_bytes!("../testdata/sample/mm/sample_protect.c"),
    ),
];

/// The content of the sample's file `path`.
pub fn file(path: &str) -> Option<&'static [u8]> {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map(|&(_, content)| content)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use walkdir::WalkDir;

    use super::*;

    #[test]
    fn every_source_file_of_the_folder_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sample");
        let on_disk: Vec<String> = WalkDir::new(&root)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.expect("testdata/sample is readable"))
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let path = entry.path().strip_prefix(&root).expect("below the root");
                path.to_string_lossy().replace('\\', "/")
            })
            .filter(|path| !path.ends_with(".md"))
            .collect();
        let built_in: Vec<&str> = FILES.iter().map(|&(path, _)| path).collect();
        assert_eq!(built_in, on_disk);
    }
}
