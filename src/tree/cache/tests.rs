//! An index with a cache is the index without one, whatever happened to the files and to the cache.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use tempfile::TempDir;

use super::store::{Writer, load};
use super::*;
use crate::tree::{Changes, Index, walk};

/// More files than are read sooner than a cache is written.
const N_FILES: usize = MAX_UNWRITTEN + 50;

/// A tree with a cache beside it.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for number in 0..N_FILES {
            place.write(&format!("a/{number:03}.c"), &source(number));
        }
        place.write("b/open.c", "int open_brace(void)\n{\n\tif (1) {\n");
        place.write("b/binary.c", "int a;\0");
        place.write(
            "b/comment.h",
            "/* ptelint: allow */\nstruct allowed { int a; };\n",
        );
        place.write("b/one.rs", "pub fn one(a: u32) -> u32 { two(a, helper) }\n");
        place.write("b/empty.h", "");
        place
    }

    fn tree_folder(&self) -> PathBuf {
        self.0.path().join("tree")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.tree_folder().join(path)
    }

    fn cache_folder(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The tree as a walk finds it that begins so long from now.
    fn tree_in(&self, wait: Duration) -> Tree {
        let now = SystemTime::now() + wait;
        let mut tree = walk::open(&[self.tree_folder()], now).unwrap();
        tree.cache_folder = Some(self.cache_folder());
        tree
    }

    /// The tree as a walk finds it once all files have been left alone for a while.
    fn tree(&self) -> Tree {
        self.tree_in(Duration::from_secs(60))
    }

    /// Indexes the tree, which has to come out as without a cache; how many files were known.
    fn n_known(&self) -> usize {
        n_known(&self.tree())
    }
}

fn source(number: usize) -> String {
    format!(
        "#include <linux/mm.h>\n#include \"{number}.h\"\n#define ALIAS_{number} helper_{number}\n\
         #define LIMIT_{number} 4096\nstruct state_{number} {{ int a; }};\n\
         static int helper_{number}(struct vm_area_struct *vma)\n{{\n\tint local;\n\
         \tregister_it(helper_{0}, local, late);\n\tvma->vm_ops = &ops_{0};\n\treturn 0;\n}}\n\
         static const struct vm_operations_struct ops_{number} = {{ .fault = helper_{number}, \
         .open = late, }};\n",
        (number + 1) % N_FILES
    )
}

fn words() -> Words {
    Words::new(&[("vm_area_struct", 3)])
}

fn index(tree: &Tree) -> Index {
    tree.index(&words(), &|_| {})
}

fn uncached(tree: &Tree) -> Tree {
    let mut tree = tree.clone();
    tree.cache_folder = None;
    tree
}

/// All that can be asked of an index rests on this.
fn assert_same(index: &Index, other: &Index) {
    assert_eq!(index.files, other.files);
    assert_eq!(index.problems, other.problems);
    assert_eq!(index.n_functions, other.n_functions);
    assert_eq!(index.n_bytes, other.n_bytes);
    assert_eq!(index.with_comments, other.with_comments);
}

fn n_known(tree: &Tree) -> usize {
    let with = index(tree);
    assert_same(&with, &index(&uncached(tree)));
    let cache = with.cache.expect("there is a cache folder");
    assert_eq!(cache.unwritten, None);
    assert_eq!(cache.n_files, tree.files.len());
    cache.n_known
}

#[test]
fn a_second_run_reads_nothing() {
    let place = Place::new();
    let tree = place.tree();
    assert_eq!(n_known(&tree), 0);
    assert_eq!(place.n_known(), tree.files.len());
    let problems: Vec<String> = index(&tree)
        .problems
        .iter()
        .map(|it| it.to_string())
        .collect();
    assert_eq!(
        problems,
        [
            "b/binary.c: holds NUL bytes, so it is not C source; the file was skipped",
            "b/open.c:2: brace is never closed; it was taken to end with the file"
        ]
    );
}

#[test]
fn few_files_are_sooner_read_than_kept() {
    let place = Place(tempfile::tempdir().unwrap());
    place.write("a.c", "int a;\n");
    assert_eq!(place.n_known(), 0);
    assert_eq!(place.n_known(), 0);
    assert!(!place.cache_folder().exists());
}

#[test]
fn files_that_differ_are_read_again() {
    let place = Place::new();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    place.write("a/007.c", "int other;\n");
    // Of the same size.
    let edited = source(8).replace("return 0", "return 1");
    place.write("a/008.c", &edited);
    // As it was, which nobody can tell without reading it.
    place.write("a/009.c", &source(9));
    assert_eq!(place.n_known(), n_files - 3);
    // Nothing is written for three files.
    assert_eq!(place.n_known(), n_files - 3);
}

#[test]
fn a_time_that_is_set_back_hides_nothing() {
    let place = Place::new();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    let path = place.path("a/008.c");
    let modified = path.metadata().unwrap().modified().unwrap();
    place.write("a/008.c", &source(8).replace("helper", "HELPER"));
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(place.n_known(), n_files - 1);
}

#[test]
fn a_file_that_takes_the_place_of_another_is_read() {
    let place = Place::new();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    fs::rename(place.path("a/008.c"), place.path("a/007.c")).unwrap();
    assert_eq!(place.n_known(), n_files - 2);
}

#[test]
fn what_was_just_changed_is_not_kept() {
    let place = Place::new();
    assert_eq!(n_known(&place.tree_in(Duration::ZERO)), 0);
    assert!(!place.cache_folder().exists());
    // Nor is a file with a time in the future.
    assert_eq!(place.n_known(), 0);
    let file = File::options()
        .write(true)
        .open(place.path("a/008.c"))
        .unwrap();
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    file.set_modified(SystemTime::now() + year).unwrap();
    fs::remove_dir_all(place.cache_folder()).unwrap();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    assert_eq!(place.n_known(), n_files - 1);
}

#[test]
fn files_come_and_go() {
    let place = Place::new();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    fs::remove_file(place.path("a/020.c")).unwrap();
    fs::remove_file(place.path("b/empty.h")).unwrap();
    place.write("a/010b.c", "int added(void) { return 0; }\n");
    assert_eq!(place.n_known(), n_files - 2);
}

#[test]
fn a_new_name_shows_in_files_that_are_as_they_were() {
    let place = Place::new();
    assert_eq!(place.n_known(), 0);
    let passers = |tree: &Tree| {
        let late = crate::tree::name_hash(b"late");
        let passers: BTreeSet<_> = index(tree).passers_hashed(late).collect();
        passers.len()
    };
    assert_eq!(passers(&place.tree()), 0);
    place.write("b/late.c", "int late(int a)\n{\n\treturn a;\n}\n");
    assert!(place.n_known() > 0);
    assert_eq!(passers(&place.tree()), N_FILES);
}

#[test]
fn with_many_files_that_differ_all_is_written_again() {
    let place = Place::new();
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    for number in 0..=MAX_UNWRITTEN {
        place.write(&format!("a/{number:03}.c"), &source(number + 1));
    }
    assert_eq!(place.n_known(), n_files - MAX_UNWRITTEN - 1);
    assert_eq!(place.n_known(), n_files);
}

#[test]
fn other_words_are_another_cache() {
    let place = Place::new();
    assert_eq!(place.n_known(), 0);
    let tree = place.tree();
    let other = Words::new(&[("vm_area_struct", 3), ("vm_ops", 4)]);
    let with = tree.index(&other, &|_| {});
    assert_eq!(with.cache.as_ref().map(|cache| cache.n_known), Some(0));
    assert_same(&with, &uncached(&tree).index(&other, &|_| {}));
}

#[test]
fn words_are_a_set() {
    let key = |words: &[(&str, u8)]| key(&Words::new(words)).expect("the program is a file");
    let words = [("a", 1), ("b", 2), ("c", 2)];
    assert_eq!(key(&words), key(&[("c", 2), ("b", 2), ("a", 1)]));
    assert_ne!(key(&words), key(&words[..2]));
    assert_ne!(key(&words), key(&[("a", 1), ("b", 2), ("c", 3)]));
}

#[test]
fn a_part_of_a_tree_has_a_cache_of_its_own() {
    let place = Place::new();
    place.write("Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n");
    let n_files = place.tree().files.len();
    assert_eq!(place.n_known(), 0);
    let now = SystemTime::now() + Duration::from_secs(60);
    let mut part = walk::open(&[place.path("a")], now).unwrap();
    part.cache_folder = Some(place.cache_folder());
    assert_eq!(part.root(), place.tree().root());
    assert_eq!(n_known(&part), 0);
    assert_eq!(n_known(&part), N_FILES);
    assert_eq!(place.n_known(), n_files);
}

#[test]
fn what_is_laid_over_files_is_neither_looked_up_nor_kept() {
    let place = Place::new();
    let tree = place.tree();
    let n_files = tree.files.len();
    let changes = Changes::from([
        ("a/008.c".to_owned(), Some(b"int in_memory;\n".to_vec())),
        ("a/009.c".to_owned(), None),
        ("a/new.c".to_owned(), Some(b"int a_new_one;\n".to_vec())),
    ]);
    let changed = tree.with_changes(&changes);
    assert_eq!(n_known(&changed), 0);
    assert_eq!(n_known(&changed), n_files - 2);
    assert_eq!(n_known(&tree), n_files - 2);
    let one = tree.with_content(tree.file_at("a/011.c").unwrap(), Some(b"int in_memory;\n"));
    assert_eq!(n_known(&one), n_files - 3);

    let differing = changes.keys().cloned().collect();
    let (old, new) = tree.index_with(&changed, &differing, &words(), &|_| {});
    let (tree, changed) = (uncached(&tree), uncached(&changed));
    let expected = tree.index_with(&changed, &differing, &words(), &|_| {});
    assert_same(&old, &expected.0);
    assert_same(&new, &expected.1);
}

#[test]
fn a_folder_that_cannot_be_written_changes_no_answer() {
    let place = Place::new();
    fs::write(place.cache_folder(), "a file").unwrap();
    let tree = place.tree();
    let with = index(&tree);
    assert_same(&with, &index(&uncached(&tree)));
    let cache = with.cache.unwrap();
    assert_eq!(cache.n_known, 0);
    assert!(cache.unwritten.is_some());
}

#[test]
fn what_nobody_uses_is_removed() {
    let place = Place::new();
    let folder = place.cache_folder();
    fs::create_dir(&folder).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    for (name, age) in [
        ("old.index", 31),
        ("young.index", 29),
        ("old.index-tmp", 31),
        ("old.md", 31),
    ] {
        let file = File::create(folder.join(name)).unwrap();
        file.set_modified(SystemTime::now() - day * age).unwrap();
    }
    assert_eq!(place.n_known(), 0);
    let own = folder::file_of(&place.tree()).unwrap();
    let own_name = own.file_name().unwrap().to_str().unwrap().to_owned();
    let mut left: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let mut expected = [own_name.as_str(), "old.md", "young.index"];
    expected.sort_unstable();
    assert_eq!(left, expected);

    // Reading is using.
    let file = File::options().write(true).open(&own).unwrap();
    file.set_modified(SystemTime::now() - 2 * day).unwrap();
    assert!(place.n_known() > 0);
    let used = own.metadata().unwrap().modified().unwrap();
    assert!(used.elapsed().unwrap_or_default() < day);
}

/// A cache of a few files, and the tree they are in.
fn small_cache(folder: &Path) -> (Tree, PathBuf) {
    let place = folder.join("tree");
    fs::create_dir(&place).unwrap();
    for number in 0..3 {
        fs::write(place.join(format!("{number}.c")), source(number)).unwrap();
    }
    fs::write(place.join("open.c"), "int open_brace(void)\n{\n").unwrap();
    let now = SystemTime::now() + Duration::from_secs(60);
    let tree = walk::open(&[place], now).unwrap();
    let path = folder.join("cache.index");
    let writer = Writer::create(&path).unwrap();
    for ids in [[FileId(0), FileId(1)], [FileId(2), FileId(3)]] {
        writer.add(&block_of(&tree, &ids));
    }
    writer.finish(KEY, &path).unwrap();
    (tree, path)
}

const KEY: u64 = 12345;

fn block_of(tree: &Tree, ids: &[FileId]) -> Vec<u8> {
    let scans: Vec<Scan> = ids.iter().map(|&id| scan_of(tree, id)).collect();
    let seen = ids.iter().zip(&scans);
    block::encode(seen.map(|(&id, scan)| (lasting(tree, id, scan).unwrap(), scan)))
}

fn scan_of(tree: &Tree, id: FileId) -> Scan {
    tree.scan(id, &words(), &|_| {})
}

#[test]
fn a_damaged_cache_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, path) = small_cache(folder.path());
    let whole = fs::read(&path).unwrap();
    let seen: Vec<(FileId, Scan)> = tree.file_ids().map(|id| (id, scan_of(&tree, id))).collect();
    assert_eq!(load(&path, KEY, &tree), Some(seen));
    assert_eq!(load(&path, KEY + 1, &tree), None);
    for n_bytes in 0..whole.len() {
        fs::write(&path, &whole[..n_bytes]).unwrap();
        assert_eq!(load(&path, KEY, &tree), None, "{n_bytes} bytes of it");
    }
    let mut longer = whole.clone();
    longer.push(0);
    fs::write(&path, longer).unwrap();
    assert_eq!(load(&path, KEY, &tree), None);
    let mut damaged = whole;
    for at in 0..damaged.len() {
        let bit = 1 << (at % 8);
        damaged[at] ^= bit;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(load(&path, KEY, &tree), None, "byte {at}");
        damaged[at] ^= bit;
    }
}

/// Asks all that an index is asked of one file.
#[test]
fn a_note_is_found_by_its_kind_and_key() {
    let place = Place::new();
    let tree = place.tree();
    assert_eq!(tree.note("kind", 1), None);
    tree.keep_note("kind", 1, b"said").unwrap();
    assert_eq!(tree.note("kind", 1).as_deref(), Some(b"said".as_slice()));
    assert_eq!(tree.note("kind", 2), None);
    assert_eq!(tree.note("other", 1), None);
    assert_eq!(uncached(&tree).note("kind", 1), None);
    uncached(&tree).keep_note("kind", 2, b"unsaid").unwrap();
    assert_eq!(tree.note("kind", 2), None);
}

#[test]
fn a_damaged_note_is_none() {
    let place = Place::new();
    let tree = place.tree();
    tree.keep_note("kind", 1, b"said").unwrap();
    let mut entries = fs::read_dir(place.cache_folder()).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(tree.note("kind", 1), None, "{at} bytes");
        let mut wrong = whole.clone();
        wrong[at] ^= 1;
        fs::write(&path, &wrong).unwrap();
        assert_eq!(tree.note("kind", 1), None, "byte {at}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(tree.note("kind", 1).as_deref(), Some(b"said".as_slice()));
}

#[test]
fn only_the_newest_notes_of_a_kind_stay() {
    let place = Place::new();
    let tree = place.tree();
    tree.keep_note("other", 0, b"other").unwrap();
    for key in 0..20 {
        tree.keep_note("kind", key, b"said").unwrap();
        std::thread::sleep(Duration::from_millis(15));
    }
    let known: Vec<u64> = (0..20)
        .filter(|key| tree.note("kind", *key).is_some())
        .collect();
    assert_eq!(known, (12..20).collect::<Vec<u64>>());
    assert!(tree.note("other", 0).is_some());
}

#[test]
fn a_fingerprint_tells_contents_apart() {
    let place = Place::new();
    let file = FileId(0);
    let before = place.tree().fingerprint(file);
    assert_eq!(place.tree().fingerprint(file), before);
    let path = place.tree().path(file).to_owned();
    let changes = Changes::from([(path.clone(), Some(b"int other;\n".to_vec()))]);
    let laid_over = place.tree().with_changes(&changes);
    assert_ne!(laid_over.fingerprint(file), before);
    assert_eq!(
        laid_over.fingerprint(file),
        place.tree().with_changes(&changes).fingerprint(file)
    );
    place.write(&path, "int more;\n");
    assert_ne!(place.tree().fingerprint(file), before);
}

fn use_all_of(scan: &Scan) {
    let file = &scan.file;
    for function in 0..file.functions.len() {
        file.function_name(function);
        file.callees(function);
        file.member_calls(function);
        file.args(function);
        file.function_at(file.functions[function].start);
    }
    for initializer in &file.initializers {
        file.pairs(initializer);
    }
}

proptest! {
    /// A checksum may be right by chance, or on purpose.
    #[test]
    fn no_bytes_are_a_block_that_does_harm(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        n_left in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (tree, _) = small_cache(folder.path());
        let ids: Vec<FileId> = tree.file_ids().collect();
        let mut block = block_of(&tree, &ids);
        for (at, byte) in edits {
            let at = at.index(block.len());
            block[at] = byte;
        }
        if is_cut {
            block.truncate(n_left.index(block.len()));
        }
        for (_, scan) in block::decode(&block, &tree).unwrap_or_default() {
            use_all_of(&scan);
            super::super::index::keep_known_names(vec![&mut scan.clone()]);
        }
    }
}
