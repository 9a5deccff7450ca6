//! The `ptelint` program: parse arguments, run a command, turn its answer into an exit code.

mod commands;

use std::io::{self, Write};
use std::process::ExitCode;

/// Most of a run is spent on many small values that live shortly, on all threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run() {
        Ok(status) => status.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr is no reason to panic.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            commands::Status::Failed.into()
        }
    }
}

/// `ptelint mappings | head` ends when `head` has seen enough; that is not a failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.chain().find_map(|e| e.downcast_ref::<io::Error>());
    cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
