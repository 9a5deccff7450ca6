//! `ptelint arch`: what the architectures' helpers do.

use std::path::PathBuf;

use super::{Options, PipelineError, Progress, TreeSummary};
use super::{arch_rules_of, in_pool, kind_of, open, similar};
use crate::analysis::Coverage;
use crate::arch::{self, Matrix, Verdict};

/// The matrix of a tree.
pub struct ArchAnswer {
    /// What was checked.
    pub tree: TreeSummary,
    /// What was understood.
    pub coverage: Coverage,
    /// The answer.
    pub matrix: Matrix,
}

/// Computes the matrix of `paths`; without any, as for a check.
pub fn arch(
    paths: &[PathBuf],
    options: &Options,
    progress: &dyn Progress,
) -> Result<ArchAnswer, PipelineError> {
    in_pool(options, || {
        let rules = arch_rules_of(options)?;
        let (tree, is_sample) = open(paths, options)?;
        progress.stage("architectures", None);
        let answer = arch::matrix(&tree, &rules);
        let unknown = answer
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::Unknown);
        let coverage = Coverage {
            functions: answer.rows.len(),
            not_understood: answer.missed.len(),
            indirect_unresolved: 0,
            unproven: unknown.count(),
        };
        Ok(ArchAnswer {
            tree: TreeSummary {
                kind: kind_of(&tree, is_sample),
                version: tree.version.clone(),
                files_scanned: tree.files.len(),
                files_parsed: answer.n_files,
                bytes: answer.n_bytes,
            },
            coverage,
            matrix: answer,
        })
    })
}

impl ArchAnswer {
    /// An error if an architecture is not in the tree.
    pub fn has(&self, arch: &str) -> Result<(), PipelineError> {
        let rows = self.matrix.rows.iter();
        let mut known: Vec<&str> = rows.map(|row| row.arch.as_str()).collect();
        known.dedup();
        if known.contains(&arch) {
            return Ok(());
        }
        Err(PipelineError::UnknownArch {
            name: arch.to_owned(),
            similar: similar::among(&known, arch),
            known: known.into_iter().map(str::to_owned).collect(),
        })
    }
}
