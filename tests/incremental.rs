//! An open tree that takes in edits gives the same answers as one that is opened after them.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Trial};

use ptelint::pipeline::{Options, Progress, Report, Stopped, Workspace};
use support::kernel::LINUX_6_12;

struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &'static str, _steps: Option<u64>) {}
    fn advance(&self, _steps: u64) {}
}

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("sample_takes_edits", || {
        sample_takes_edits();
        Ok(())
    })];
    trials.push(LINUX_6_12.trial("mm_takes_edits", mm_takes_edits));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Everything an answer says.
fn told(report: &Report) -> Vec<String> {
    let mut told = vec![
        format!("{:#?}", report.coverage),
        format!("{:#?}", report.tree),
        format!("{:#?}", report.problems),
    ];
    told.extend(report.mappings.iter().map(|row| format!("{row:#?}")));
    told.extend(report.readers.iter().map(|row| format!("{row:#?}")));
    told.extend(report.findings.iter().map(|row| format!("{row:#?}")));
    told.extend(report.proofs.uses.iter().map(|row| format!("{row:#?}")));
    told
}

/// Overlays one after the other, each compared with an analysis that knows nothing.
fn compare(paths: &[PathBuf], edits: &[(String, Vec<u8>)]) {
    let open = || Workspace::open(paths, &Options::default()).expect("the tree is there");
    let mut workspace = open();
    let mut overlays: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    workspace.analyse(&Silent, &|| false).expect("is analysed");
    for (number, (path, content)) in edits.iter().enumerate() {
        overlays.insert(path.clone(), content.clone());
        workspace.overlay(path, Some(content.clone()));
        // Another change comes before the answer: what was found by then is not an answer, and does
        // no harm to the next one.
        let n_asked = AtomicUsize::new(0);
        let is_cancelled = || n_asked.fetch_add(1, Ordering::Relaxed) > 5 * number;
        let stopped = workspace.analyse(&Silent, &is_cancelled);
        assert!(matches!(stopped, Ok(_) | Err(Stopped::Cancelled)));
        workspace.overlay(path, Some(content.clone()));
        let start = std::time::Instant::now();
        let warm = workspace.analyse(&Silent, &|| false).expect("is analysed");
        if std::env::var_os("PTELINT_TIMES").is_some() {
            let stages = warm.stats.iter();
            let stages: Vec<String> = stages
                .map(|stage| format!("{} {:.0}", stage.name, stage.seconds * 1e3))
                .collect();
            eprintln!("edit {number}: {:?} {stages:?}", start.elapsed());
        }
        let mut cold = open();
        for (path, content) in &overlays {
            cold.overlay(path, Some(content.clone()));
        }
        let cold = cold.analyse(&Silent, &|| false).expect("is analysed");
        for (one, other) in told(&warm).iter().zip(&told(&cold)) {
            assert_eq!(one, other, "after edit {number} of {path}");
        }
        assert_eq!(
            told(&warm).len(),
            told(&cold).len(),
            "after edit {number} of {path}"
        );
    }
}

/// Random numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Edits of a file as people make them: a line is taken out, doubled, commented, negated, given a
/// call, or what is in the middle of being typed.
fn edits(
    path: &str,
    content: &[u8],
    n_edits: usize,
    random: &mut Random,
) -> Vec<(String, Vec<u8>)> {
    let mut lines: Vec<String> = String::from_utf8_lossy(content)
        .lines()
        .map(str::to_owned)
        .collect();
    let mut found = Vec::new();
    for _ in 0..n_edits {
        let at = random.below(lines.len());
        match random.below(12) {
            0 => lines.insert(at, "\t/* a remark */".to_owned()),
            1 => lines.insert(at, String::new()),
            2 => {
                lines.remove(at);
            }
            3 => lines.insert(at, lines[at].clone()),
            4 => lines[at] = lines[at].replace("if (", "if (!"),
            5 => lines[at] = lines[at].replace("vma", "vma2"),
            6 => lines.insert(at, "\tif (vma_is_anonymous(vma))\n\t\treturn;".to_owned()),
            7 => lines.insert(at, "\tif (vma->vm_flags & VM_MIXE)\n\t\treturn;".to_owned()),
            8 => lines.insert(at, "\tretur".to_owned()),
            9 => lines.insert(at, "\twalker->half_typ = wrap(vma);".to_owned()),
            10 => lines.insert(at, "/*".to_owned()),
            _ => lines[at].push_str(" /* x */"),
        }
        found.push((path.to_owned(), (lines.join("\n") + "\n").into_bytes()));
    }
    found
}

fn sample_takes_edits() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut files = Vec::new();
    for &(path, content) in ptelint::sample::FILES {
        let place = directory.path().join(path);
        std::fs::create_dir_all(place.parent().expect("a directory")).expect("is made");
        std::fs::write(&place, content).expect("is written");
        if path.ends_with(".c") {
            files.push((path, content));
        }
    }
    let mut random = Random(1);
    for (path, content) in files {
        let edits = edits(path, content, 25, &mut random);
        compare(&[directory.path().to_owned()], &edits);
    }
}

fn mm_takes_edits(tree: &Path) {
    let paths = [
        tree.join("mm"),
        tree.join("include"),
        tree.join("drivers/gpu/drm/ttm"),
    ];
    let n_edits = std::env::var("PTELINT_EDITS").map_or(6, |n| n.parse().expect("a number"));
    let mut random = Random(7);
    for path in ["mm/huge_memory.c", "mm/mprotect.c", "mm/memory.c"] {
        let content = std::fs::read(tree.join(path)).expect("is there");
        compare(&paths, &edits(path, &content, n_edits, &mut random));
    }
}
