//! The program on a whole kernel tree, beside two programs that read the same tree: `rg`, which
//! finds a word, and `weggli`, which parses.
//!
//! `cargo bench --bench whole_tree`; the tree is `PTELINT_LINUX`, else what
//! `scripts/unpack-kernel` left in `kernels/`. All are run once to warm the cache, then in turns,
//! so that a machine that slows down slows all of them. The index that is kept between runs is in use
//! where it is not said otherwise. Figures are medians of wall time, and
//! peaks of resident memory.

#[path = "../tests/support/kernel.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod kernel;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use kernel::LINUX_6_12;
use ptelint::tree::{Tree, Words};

const N_RUNS: usize = 5;

/// Something to measure.
struct Subject {
    name: &'static str,
    /// What is started; the index stage alone runs in a process of its own, too, this one.
    program: PathBuf,
    args: Vec<String>,
    runs: Vec<Run>,
}

#[derive(Clone, Copy)]
struct Run {
    time: Duration,
    peak_kib: Option<u64>,
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    if let (Some("--index-only"), Some(path)) = (args.next().as_deref(), args.next()) {
        return index_only(Path::new(&path));
    }
    let Some(tree) = LINUX_6_12.tree() else {
        println!(
            "no kernel tree to measure on: type `scripts/unpack-kernel 6.12`, or set PTELINT_LINUX"
        );
        return ExitCode::SUCCESS;
    };
    println!("tree: {}", tree.display());
    let mut subjects = subjects(&tree);
    for subject in &subjects {
        if let Err(error) = run(subject) {
            eprintln!("{}: {error}", subject.name);
            return ExitCode::FAILURE;
        }
    }
    for _ in 0..N_RUNS {
        for subject in &mut subjects {
            match run(subject) {
                Ok(run) => subject.runs.push(run),
                Err(error) => {
                    eprintln!("{}: {error}", subject.name);
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    print(&subjects);
    ExitCode::SUCCESS
}

fn subjects(tree: &Path) -> Vec<Subject> {
    let ptelint = PathBuf::from(env!("CARGO_BIN_EXE_ptelint"));
    let path = |below: &str| tree.join(below).display().to_string();
    let whole = path("");
    let subset: Vec<String> = ["mm", "include", "drivers/gpu/drm/ttm"].map(path).to_vec();
    let mut subjects = Vec::new();
    let mut add = |name, program: &Path, args: Vec<String>| {
        subjects.push(Subject {
            name,
            program: program.to_owned(),
            args,
            runs: Vec::new(),
        });
    };
    let of = |args: &[&str], paths: &[String]| -> Vec<String> {
        let args = args.iter().map(|arg| (*arg).to_owned());
        args.chain(paths.iter().cloned()).collect()
    };
    let everything = std::slice::from_ref(&whole);
    if let Ok(this) = std::env::current_exe() {
        add("index alone", &this, of(&["--index-only"], everything));
    }
    add("ptelint mappings", &ptelint, of(&["mappings"], everything));
    add("ptelint check", &ptelint, of(&["check"], everything));
    add(
        "ptelint check --no-cache",
        &ptelint,
        of(&["check", "--no-cache"], everything),
    );
    add(
        "ptelint check, mm include ttm",
        &ptelint,
        of(&["check"], &subset),
    );
    add(
        "ptelint graph",
        &ptelint,
        of(
            &[
                "graph",
                "--from",
                "do_user_addr_fault",
                "--to",
                "vmf_insert_pfn_prot",
            ],
            everything,
        ),
    );
    for (name, program, args) in [
        ("rg -c vm_page_prot", "rg", vec!["-c", "vm_page_prot"]),
        (
            "weggli, calls of pte_modify",
            "weggli",
            vec!["{ pte_modify(_, $vma->vm_page_prot); }"],
        ),
    ] {
        match is_installed(program) {
            true => add(name, Path::new(program), of(&args, everything)),
            false => println!("{program} is not installed and left out"),
        }
    }
    subjects
}

fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--help")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// What `--index-only` does: the first stage and nothing else.
fn index_only(path: &Path) -> ExitCode {
    match Tree::open(&[path.to_owned()]) {
        Ok(tree) => {
            let index = tree.index(&Words::new(&[("vm_page_prot", 0)]), &|_| {});
            println!("{}", index.n_functions);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(subject: &Subject) -> Result<Run, String> {
    let begin = Instant::now();
    let child = Command::new(&subject.program)
        .args(&subject.args)
        .env(
            "PTELINT_CACHE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (status, peak_kib) = wait(child).map_err(|error| error.to_string())?;
    let time = begin.elapsed();
    // Two is a failure of ptelint and rg; weggli has no such convention.
    match status {
        Some(0 | 1) => Ok(Run { time, peak_kib }),
        status => Err(format!("ended with status {status:?}")),
    }
}

/// Waits for a process, looking at its memory meanwhile: the system keeps the peak, and the last
/// look before the end is close to it.
fn wait(mut child: std::process::Child) -> std::io::Result<(Option<i32>, Option<u64>)> {
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status.code(), peak));
        }
        if let Some(now) = peak_kib(&status_file) {
            peak = peak.max(Some(now));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn peak_kib(status_file: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status_file).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn print(subjects: &[Subject]) {
    let median = |subject: &Subject| {
        let mut times: Vec<Duration> = subject.runs.iter().map(|run| run.time).collect();
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let rg = subjects
        .iter()
        .find(|subject| subject.name.starts_with("rg"));
    let rg = rg.map(median);
    println!(
        "{:<32}{:>10}{:>10}{:>12}",
        "", "median", "to rg", "peak memory"
    );
    for subject in subjects {
        let time = median(subject);
        let ratio = rg.map_or("-".to_owned(), |rg| format!("{:.1}", time / rg));
        let peak = subject.runs.iter().filter_map(|run| run.peak_kib).max();
        let peak = peak.map_or("-".to_owned(), |kib| format!("{} MiB", kib / 1024));
        println!("{:<32}{:>8.2} s{ratio:>10}{peak:>12}", subject.name, time);
    }
}
