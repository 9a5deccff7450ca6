//! How much of a whole kernel tree the C front end understands. A new grammar or a new rule of the
//! normaliser must not move this unseen.

#[path = "support/kernel.rs"]
mod kernel;

use std::path::Path;
use std::process::ExitCode;

use kernel::{LINUX_6_1, LINUX_6_12};
use ptelint::syntax::measure::{Counts, measure_indexed};

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let trials = [LINUX_6_12, LINUX_6_1]
        .into_iter()
        .map(|kernel| kernel.trial("nearly_every_function_is_understood", is_understood))
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

fn is_understood(tree: &Path) {
    let measurement = measure_indexed(tree);
    let total = measurement.total();
    let mm = &measurement.by_directory["mm"];
    let at_most = |counts: &Counts, share: f64| {
        assert!(
            counts.function_share() <= share,
            "{} of {} functions not understood",
            counts.n_functions_with_errors,
            counts.n_functions
        );
    };
    assert!(total.n_functions > 600_000);
    // What was reached, with room for one more unusual function; the goals are 1 % and 2 %.
    at_most(mm, 0.001);
    at_most(&total, 0.001);
    assert!(total.macro_share() < 0.05, "{total:?}");
}
