//! The reference's own source: what is mutated, compiled and analysed.

/// Each file of the reference, by its path below `src/reference`, sorted. The text is in the program,
/// so that an installed one can mutate it too.
macro_rules! files {
    ($($path:literal,)*) => {
        /// Path and text of each file of the reference, sorted by path.
        pub const FILES: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../reference/", $path)))),*];
    };
}

files! {
    "arch/arm64.rs",
    "arch/memtype.rs",
    "arch/mod.rs",
    "arch/riscv.rs",
    "arch/x86.rs",
    "cover.rs",
    "drivers/doorbell.rs",
    "drivers/file.rs",
    "drivers/mod.rs",
    "drivers/shared_page.rs",
    "drivers/ttm.rs",
    "explore/apply.rs",
    "explore/ghost.rs",
    "explore/key.rs",
    "explore/mod.rs",
    "explore/op.rs",
    "explore/report.rs",
    "explore/scenario.rs",
    "explore/search.rs",
    "explore/story.rs",
    "explore/words.rs",
    "explore/world.rs",
    "faults.rs",
    "hardware.rs",
    "invariant.rs",
    "machine.rs",
    "mm/anon.rs",
    "mm/cow.rs",
    "mm/do_fault.rs",
    "mm/fork.rs",
    "mm/huge_memory.rs",
    "mm/insert.rs",
    "mm/madvise.rs",
    "mm/memory.rs",
    "mm/migrate.rs",
    "mm/mmap.rs",
    "mm/mod.rs",
    "mm/mprotect.rs",
    "mm/mremap.rs",
    "mm/numa.rs",
    "mm/page.rs",
    "mm/pgtable.rs",
    "mm/rmap.rs",
    "mm/soft_dirty.rs",
    "mm/swap.rs",
    "mm/userfaultfd.rs",
    "mm/vma.rs",
    "mm/writeback.rs",
    "mm/zap.rs",
    "mod.rs",
    "types.rs",
}

/// Owned copies of all files, as the analysis takes them.
pub fn sources() -> Vec<(String, Vec<u8>)> {
    let owned = |&(path, text): &(&str, &str)| (path.to_owned(), text.as_bytes().to_vec());
    FILES.iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_missing() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/reference");
        let on_disk: Vec<String> = walkdir::WalkDir::new(root)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.expect("the reference can be read"))
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let path = entry.path().strip_prefix(root).expect("a path below it");
                path.to_string_lossy().into_owned()
            })
            .collect();
        let mut listed: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        listed.sort();
        let mut on_disk: Vec<&str> = on_disk.iter().map(String::as_str).collect();
        on_disk.sort();
        assert_eq!(listed, on_disk);
    }
}
