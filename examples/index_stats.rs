//! Indexes a tree and prints what was found and how long it took.
//!
//! `cargo run --release --example index_stats -- PATH... [--runs N]`
//! or `PATH... --functions` to list all functions with their byte ranges.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant;

use ptelint::tree::{Tree, Words};

const WORDS: &[(&str, u8)] = &[
    ("vm_area_struct", 0),
    ("vm_fault", 0),
    ("mm_walk", 0),
    ("pgprot_t", 1),
    ("pte_t", 2),
    ("pmd_t", 2),
    ("pud_t", 2),
    ("vm_page_prot", 3),
    ("vm_get_page_prot", 3),
    ("mk_pte", 4),
    ("pfn_pte", 4),
    ("mk_huge_pmd", 4),
    ("pfn_pmd", 4),
    ("pfn_pud", 4),
    ("pte_modify", 5),
    ("pmd_modify", 5),
    ("pud_modify", 5),
    ("huge_pte_modify", 5),
    ("set_pte_at", 6),
    ("set_ptes", 6),
    ("set_pmd_at", 6),
    ("remap_pfn_range", 7),
    ("io_remap_pfn_range", 7),
    ("vm_iomap_memory", 7),
    ("vmf_insert_pfn", 7),
    ("vmf_insert_pfn_prot", 7),
    ("vmf_insert_mixed", 7),
    ("vmf_insert_mixed_prot", 7),
    ("vm_insert_page", 7),
    ("vm_insert_pfn", 7),
    ("vm_insert_mixed", 7),
    ("vmf_insert_pfn_pmd", 7),
    ("vmf_insert_pfn_pud", 7),
];

fn main() {
    let mut paths = Vec::new();
    let mut n_runs = 1;
    let mut lists_functions = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--runs" => n_runs = args.next().and_then(|n| n.parse().ok()).unwrap_or(1),
            "--functions" => lists_functions = true,
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let words = Words::new(WORDS);
    if lists_functions {
        list_functions(&paths, &words);
        return;
    }
    let mut times = Vec::new();
    for run in 0..n_runs {
        let begin = Instant::now();
        let tree = match Tree::open(&paths) {
            Ok(tree) => tree,
            Err(e) => {
                eprintln!("{e}");
                std::process::exit(2);
            }
        };
        let walked = begin.elapsed();
        let index = tree.index(&words, &|_| {});
        let total = begin.elapsed();
        times.push(total);
        println!("walk {walked:.3?}, walk and index {total:.3?}");
        if run > 0 {
            continue;
        }
        let sum = |f: &dyn Fn(&ptelint::tree::FileIndex) -> usize| -> usize {
            index.files.iter().map(|file| f(file)).sum()
        };
        println!("{:?} {:?}", tree.kind, tree.version);
        println!("files {} bytes {}", tree.files.len(), index.n_bytes);
        println!(
            "functions {} of these macros {}",
            index.n_functions,
            sum(&|f| f.functions.iter().filter(|f| f.is_macro).count())
        );
        println!(
            "structs {} initializers {} pairs {} stores {} aliases {} macros {} includes {}",
            sum(&|f| f.structs.len()),
            sum(&|f| f.initializers.len()),
            sum(&|f| f.initializers.iter().map(|i| f.pairs(i).len()).sum()),
            sum(&|f| f.member_stores.len()),
            sum(&|f| f.aliases.len()),
            sum(&|f| f.macros.len()),
            sum(&|f| f.includes.len()),
        );
        println!(
            "callees {} member calls {} args {}",
            sum(&|f| (0..f.functions.len()).map(|i| f.callees(i).len()).sum()),
            sum(&|f| (0..f.functions.len())
                .map(|i| f.member_calls(i).len())
                .sum()),
            sum(&|f| (0..f.functions.len()).map(|i| f.args(i).len()).sum()),
        );
        println!(
            "register headers {}, mentioning files {}",
            sum(&|f| usize::from(f.register_header)),
            sum(&|f| usize::from(f.mentions != 0)),
        );
        println!("memory {:.1} MiB", index.n_heap_bytes() as f64 / 1048576.0);
        println!("problems {}", tree.problems.len() + index.problems.len());
        for problem in tree.problems.iter().chain(&index.problems).take(40) {
            println!("  {problem}");
        }
        std::mem::forget(index);
    }
    times.sort();
    println!("median {:.3?} of {n_runs}", times[times.len() / 2]);
}

fn list_functions(paths: &[PathBuf], words: &Words) {
    let tree = match Tree::open(paths) {
        Ok(tree) => tree,
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(2);
        }
    };
    let index = tree.index(words, &|_| {});
    let mut out = BufWriter::new(std::io::stdout().lock());
    for id in tree.file_ids() {
        let file = index.file(id);
        for (i, function) in file.functions.iter().enumerate() {
            let kind = if function.is_macro {
                "macro"
            } else {
                "function"
            };
            let written = writeln!(
                out,
                "{}\t{}\t{kind}\t{}\t{}\t{}",
                tree.path(id),
                file.function_name(i),
                function.start,
                function.body_start,
                function.end
            );
            if written.is_err() {
                return;
            }
        }
    }
}
