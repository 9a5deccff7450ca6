//! What a run cost, and what was wrong with its input.

use std::fmt::Display;

use super::{describe_coverage, describe_tree, megabytes, text};
use crate::pipeline::Report;
use crate::tree::CacheUse;

/// Problems shown; the rest is counted.
const MOST_PROBLEMS: usize = 20;

/// Time and memory for each stage, then coverage.
pub fn stats(report: &Report) -> String {
    let mut out = format!("{:<14}{:>10}{:>14}\n", "stage", "time", "peak memory");
    let mut row = |name: &str, seconds: f64, peak: Option<u64>| {
        let time = format!("{seconds:.3} s");
        let peak = peak.map_or("-".to_owned(), megabytes);
        out.push_str(&format!("{name:<14}{time:>10}{peak:>14}\n"));
    };
    for stage in &report.stats {
        row(stage.name, stage.seconds, stage.peak_rss_bytes);
    }
    let total = report.stats.iter().map(|stage| stage.seconds).sum();
    let peak = report.stats.iter().filter_map(|s| s.peak_rss_bytes).max();
    row("total", total, peak);
    if let Some(cache) = &report.cache {
        out.push_str(&format!(
            "cache         {}\n",
            describe_cache(cache, report.n_recalled)
        ));
    }
    out.push_str(&format!("checked       {}\n", describe_tree(&report.tree)));
    out.push_str(&format!(
        "coverage      {}\n",
        describe_coverage(&report.coverage)
    ));
    out
}

fn describe_cache(cache: &CacheUse, n_recalled: usize) -> String {
    let known = text::grouped(cache.n_known as u64);
    let of = text::count(cache.n_files, "file known", "files known");
    let unwritten = match &cache.unwritten {
        Some(reason) => format!("; not written: {}", text::printable(reason)),
        None => String::new(),
    };
    let recalled = text::count(n_recalled, "run", "runs");
    format!("{known} of {of}, {recalled} of the engine{unwritten}")
}

/// A warning for each problem, as far as anybody would read.
pub fn problems(problems: &[impl Display]) -> String {
    let mut out = String::new();
    for problem in problems.iter().take(MOST_PROBLEMS) {
        let problem = problem.to_string();
        out.push_str(&format!("warning: {}\n", text::printable(&problem)));
    }
    if let Some(n_more @ 1..) = problems.len().checked_sub(MOST_PROBLEMS) {
        let more = text::count(n_more, "more warning", "more warnings");
        out.push_str(&format!("warning: and {more} of this kind\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_problems_are_counted_not_listed() {
        let many: Vec<String> = (0..50).map(|i| format!("a{i}.c: cannot be read")).collect();
        let shown = problems(&many);
        assert_eq!(shown.lines().count(), MOST_PROBLEMS + 1);
        assert!(shown.ends_with("warning: and 30 more warnings of this kind\n"));
        assert_eq!(problems(&many[..1]), "warning: a0.c: cannot be read\n");
        assert_eq!(problems(&many[..0]), "");
    }
}
