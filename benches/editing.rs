//! Fresh diagnostics after edits: `ptelint lsp` on a whole kernel tree, driven over stdio with a
//! recorded session.
//!
//! `cargo bench --bench editing`; the tree is `PTELINT_LINUX`, else what `scripts/unpack-kernel`
//! left in `kernels/`. The session is `benches/editing.session`: edits of one file, each at a text
//! that is looked for, so that it fits other versions of the tree. Each edit is sent as one
//! `didChange`, and is over when the server has analysed that version: as diagnostics need not
//! change, the server is asked for them. Printed are the median and the 95th percentile, and the
//! peak of resident memory.

#[path = "../tests/support/editor.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod editor;
#[path = "../tests/support/kernel.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod kernel;
#[path = "../tests/support/session.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod session;

use std::process::ExitCode;
use std::time::Duration;

use kernel::LINUX_6_12;
use session::{Session, replay};

fn main() -> ExitCode {
    let Some(tree) = LINUX_6_12.tree() else {
        println!(
            "no kernel tree to measure on: type `scripts/unpack-kernel 6.12`, or set PTELINT_LINUX"
        );
        return ExitCode::SUCCESS;
    };
    let session = Session::parse(include_str!("editing.session"));
    println!("tree: {}", tree.display());
    println!("file: {}, {} edits", session.file, session.n_edits());
    let replayed = replay(&session, &tree);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    println!("first answer      {:>8.0} ms", milliseconds(replayed.first));
    println!("{:<30}{:>6}{:>10}{:>10}", "", "edits", "median", "p95");
    for (name, times) in &replayed.times {
        print(name, times);
    }
    let mut all: Vec<Duration> = Vec::new();
    for (_, times) in &replayed.times {
        all.extend(times);
    }
    print("all", &all);
    match replayed.peak_kib {
        Some(kib) => println!("peak of memory    {:>8} MiB", kib / 1024),
        None => println!("peak of memory    unknown on this system"),
    }
    ExitCode::SUCCESS
}

fn print(name: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort();
    let at = |part: f64| {
        let last = times.len().saturating_sub(1);
        times.get((last as f64 * part).round() as usize).copied()
    };
    let shown = |time: Option<Duration>| {
        time.map_or("-".to_owned(), |time| {
            format!("{:.0} ms", time.as_secs_f64() * 1000.0)
        })
    };
    let (median, p95) = (shown(at(0.5)), shown(at(0.95)));
    println!("{name:<30}{:>6}{median:>10}{p95:>10}", times.len());
}
