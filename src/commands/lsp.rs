//! `ptelint lsp`: the language server.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ptelint::lsp::{self, Start};
use ptelint::pipeline::{Options, Wanted};

use super::{Global, Status};

/// Serve an editor: findings as you type, proofs on hover (language server on stdin and stdout)
///
/// Editors start this themselves; `ptelint init --editor NAME` prints the few lines each of them
/// needs. The tree is the one that the editor has opened, or that an opened file lies in: a kernel
/// tree, or a directory with a `ptelint.toml`. Other files are left alone.
#[derive(Args)]
pub struct Lsp {
    /// The one tree to look at, whatever the editor opens
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    path: Option<PathBuf>,
    /// Talk on stdin and stdout, which is always so; some editors ask for it
    #[arg(long)]
    stdio: bool,
}

impl Lsp {
    pub fn run(self, global: &Global) -> anyhow::Result<Status> {
        if let Some(path) = &self.path {
            anyhow::ensure!(
                path.is_dir(),
                "{}: not a directory; give the top directory of a source tree",
                path.display()
            );
        }
        let start = Start {
            path: self.path,
            options: Options {
                rules_dir: global.rules.clone(),
                threads: global.threads.map(usize::from),
                wanted: Wanted::Proofs,
                cache_folder: global.cache_folder(),
                ..Options::default()
            },
        };
        // The protocol wants an exit status that tells whether the end was announced.
        Ok(match lsp::serve(start)? {
            true => Status::Clean,
            false => Status::Findings,
        })
    }
}
