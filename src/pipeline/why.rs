//! `ptelint why`: the proof of one use, and what falls without a guard or an axiom.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::analysis::{
    Coverage, GenericUse, GuardKind, Mapping, Question, Reader, Step, Use, Uses, Verdict, Without,
};
use crate::arch::Matrix;
use crate::callgraph::FnId;
use crate::program::{FileId, Instr, Span, Terminator};

use super::explain::Explained;
use super::load::{self, Scope};
use super::session::{self, Kept, Session};
use super::stats::Clock;
use super::{
    NoProgress, Options, PipelineError, Progress, SourceLookup, TreeSummary, in_pool, index, open,
    rules_of, similar,
};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct WhyQuery {
    /// The use or insertion to explain.
    pub place: Option<SourceLine>,
    /// A line whose conditions become unknown.
    pub if_removed: Option<SourceLine>,
    /// Axioms to do without.
    pub without_axioms: BTreeSet<String>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Path relative to the tree, or one that ends so.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// What was found out.
pub struct WhyAnswer {
    /// What was checked.
    pub tree: TreeSummary,
    /// What was understood.
    pub coverage: Coverage,
    /// What is certain about an override mapping, one text for each alternative.
    pub assumptions: Vec<String>,
    /// The generic uses at the place.
    pub uses: Vec<Explained>,
    /// The insertions at the place.
    pub mappings: Vec<Mapping>,
    /// The conditions that were taken to be unknown.
    pub removed: Vec<Step>,
    /// How many proofs there are, of which some were tried.
    pub n_proofs: usize,
    /// Proofs that fall without what was left out.
    pub fallen: Vec<Fallen>,
    /// Sources to quote.
    pub sources: SourceLookup,
}

/// A proof that falls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fallen {
    /// The row as it is with everything in place.
    #[serde(flatten)]
    pub reader: Reader,
    /// What becomes of it.
    pub becomes: Verdict,
    /// The way that is open then.
    pub trace: Vec<Step>,
}

/// Explains a use, or says which proofs fall.
pub fn why(
    paths: &[PathBuf],
    options: &Options,
    query: &WhyQuery,
    progress: &dyn Progress,
) -> Result<WhyAnswer, PipelineError> {
    in_pool(options, || {
        let (vocabulary, arch_rules) = rules_of(options)?;
        let axioms: Vec<&str> = vocabulary
            .axiom
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        for name in &query.without_axioms {
            if !axioms.contains(&name.as_str()) {
                return Err(PipelineError::UnknownAxiom {
                    name: name.clone(),
                    known: axioms.iter().map(|&name| name.to_owned()).collect(),
                });
            }
        }
        let mut clock = Clock::start();
        let (tree, is_sample) = open(paths, options)?;
        let tree = Arc::new(tree);
        let index = index(&tree, &vocabulary, progress);
        let ask = |session: &Session<'_>, _: &mut Clock| {
            let uses = session.uses();
            let matrix = session.matrix(&vocabulary, &arch_rules);
            let asker = Asker {
                session,
                uses: &uses,
                matrix,
            };
            asker.answer(query, is_sample)
        };
        progress.stage("parse", None);
        let version = (&tree, &index);
        let loaded = load::load(version, &vocabulary, Scope::Everything, None);
        let mut answer = session::open(
            (&tree, &index),
            &loaded,
            &vocabulary,
            &mut Kept::default(),
            (&mut clock, progress),
            ask,
        )?;
        drop(loaded);
        answer.sources = Box::new(move |path| tree.read(tree.file_at(path)?).ok());
        Ok(answer)
    })
}

/// Asks one session several questions.
struct Asker<'a, 's> {
    session: &'a Session<'s>,
    uses: &'a Uses,
    matrix: &'a Matrix,
}

impl Asker<'_, '_> {
    fn answer(&self, query: &WhyQuery, is_sample: bool) -> Result<WhyAnswer, PipelineError> {
        let all = self.ask(&Question::default());
        let mut answer = WhyAnswer {
            tree: self.session.summary(is_sample),
            coverage: self.session.coverage(&all),
            assumptions: self.session.assumptions(),
            uses: Vec::new(),
            mappings: Vec::new(),
            removed: Vec::new(),
            n_proofs: all.iter().filter(|one| is_proof(one)).count(),
            fallen: Vec::new(),
            sources: Box::new(|_| None),
        };
        let mut at_place: Option<Vec<&GenericUse>> = None;
        if let Some(place) = &query.place {
            let file = self.file(place)?;
            let path = self.session.places.path(file);
            let is_there = |row_file: &str, line: u32| row_file == path && line == place.line;
            let found: Vec<&GenericUse> = all
                .iter()
                .filter(|one| is_there(&one.reader.file, one.reader.line))
                .collect();
            let mappings = self.session.mappings.iter();
            answer.mappings = mappings
                .filter(|row| is_there(&row.file, row.line))
                .cloned()
                .collect();
            if found.is_empty() && answer.mappings.is_empty() {
                return Err(self.nothing_at(path, place.line, &all));
            }
            answer.uses = found.iter().map(|one| self.explain(one)).collect();
            at_place = Some(found);
        }
        let mut without = Without {
            axioms: query.without_axioms.clone(),
            ..Without::default()
        };
        if let Some(place) = &query.if_removed {
            without.conditions = self.conditions(place)?;
            let mut removed: Vec<Step> = without
                .conditions
                .iter()
                .map(|&(function, span)| self.session.step(function, span))
                .collect();
            removed.sort();
            removed.dedup();
            answer.removed = removed;
        }
        if !without.axioms.is_empty() || !without.conditions.is_empty() {
            let rest = self.ask(&Question {
                without,
                only: None,
            });
            answer.fallen = self.fallen(&all, &rest);
            if let Some(found) = at_place {
                answer
                    .fallen
                    .retain(|fallen| found.iter().any(|one| one.reader == fallen.reader));
            }
        }
        Ok(answer)
    }

    fn ask(&self, question: &Question) -> Vec<GenericUse> {
        let asked = (question, &NoProgress as &dyn Progress);
        self.session.generic_uses(self.uses, self.matrix, asked)
    }

    fn explain(&self, one: &GenericUse) -> Explained {
        let is_safe = one.reader.verdict == Verdict::Safe;
        let guards = one.judgement.iter().flat_map(|judgement| &judgement.guards);
        let tried: FxHashMap<(FnId, Span), bool> = guards
            .filter(|guard| is_safe && guard.kind != GuardKind::Tables)
            .map(|guard| (guard.function, guard.span))
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|place| (place, self.bears(one, place)))
            .collect();
        self.session.explain(one, &|kind, place| {
            let found = tried.get(&place).copied();
            found.filter(|_| kind != GuardKind::Tables)
        })
    }

    /// True if a proof falls without one condition.
    fn bears(&self, one: &GenericUse, condition: (FnId, Span)) -> bool {
        let rest = self.ask(&Question {
            without: Without {
                conditions: FxHashSet::from_iter([condition]),
                ..Without::default()
            },
            only: Some(Use {
                function: one.function,
                span: one.span,
            }),
        });
        let after = rest.iter().find(|other| is_same(one, other));
        after.is_some_and(|after| after.reader.verdict > one.reader.verdict)
    }

    fn fallen(&self, before: &[GenericUse], after: &[GenericUse]) -> Vec<Fallen> {
        let mut fallen: Vec<Fallen> = before
            .iter()
            .filter_map(|one| {
                let now = after.iter().find(|other| is_same(one, other))?;
                (now.reader.verdict > one.reader.verdict).then(|| Fallen {
                    reader: one.reader.clone(),
                    becomes: now.reader.verdict,
                    trace: now
                        .judgement
                        .as_ref()
                        .map(|judgement| self.session.trace(&judgement.trace))
                        .unwrap_or_default(),
                })
            })
            .collect();
        fallen.sort();
        fallen
    }

    /// The file of a place: by its path in the tree, or the only one whose path ends so.
    fn file(&self, place: &SourceLine) -> Result<FileId, PipelineError> {
        let program = self.session.world.program;
        let typed = place.file.trim_start_matches("./");
        let files = program.files().iter().enumerate();
        let found: Vec<FileId> = files
            .filter(|(_, file)| *file.path == *typed || typed.ends_with(&format!("/{}", file.path)))
            .map(|(i, _)| FileId(i as u32))
            .collect();
        let exact = found
            .iter()
            .find(|&&file| self.session.places.path(file) == typed);
        match (exact, found.as_slice()) {
            (Some(&file), _) | (None, &[file]) => Ok(file),
            _ => {
                let known: Vec<&str> = program.files().iter().map(|file| &*file.path).collect();
                Err(PipelineError::UnknownFile {
                    name: place.file.clone(),
                    similar: similar::among(&known, typed),
                })
            }
        }
    }

    /// The conditions on a line, and the values that are assigned or returned there.
    fn conditions(&self, place: &SourceLine) -> Result<FxHashSet<(FnId, Span)>, PipelineError> {
        let file = self.file(place)?;
        let mut found = FxHashSet::default();
        let mut lines: BTreeSet<u32> = BTreeSet::new();
        for (id, function) in self.session.world.program.functions() {
            if function.file != file {
                continue;
            }
            for body in &function.bodies {
                let values = body.blocks.iter().flat_map(|block| {
                    let assigned = block.instrs.iter().filter_map(|instr| match instr {
                        Instr::Assign { value, .. } => Some((*value, false)),
                        _ => None,
                    });
                    let decided = match &block.terminator {
                        Terminator::Branch { condition, .. } => Some((*condition, true)),
                        Terminator::Switch { value, .. } => Some((*value, true)),
                        Terminator::Return(Some(value)) => Some((*value, true)),
                        _ => None,
                    };
                    assigned.chain(decided).collect::<Vec<_>>()
                });
                for (value, decides) in values {
                    let span = body.expr(value).span;
                    let at = |offset| self.session.places.line_column(file, offset).0;
                    let (first, last) = (at(span.start), at(span.end));
                    if decides {
                        lines.insert(first);
                    }
                    if (first..=last).contains(&place.line) {
                        found.insert((id, span));
                    }
                }
            }
        }
        match found.is_empty() {
            false => Ok(found),
            true => Err(PipelineError::NothingAt {
                what: "condition",
                file: self.session.places.path(file).to_owned(),
                line: place.line,
                near: nearest(lines, place.line),
            }),
        }
    }

    fn nothing_at(&self, path: &str, line: u32, all: &[GenericUse]) -> PipelineError {
        let uses = all.iter().map(|one| (&one.reader.file, one.reader.line));
        let mappings = self.session.mappings.iter();
        let rows = uses.chain(mappings.map(|row| (&row.file, row.line)));
        let lines = rows.filter(|(file, _)| *file == path).map(|(_, line)| line);
        PipelineError::NothingAt {
            what: "generic use or insertion",
            file: path.to_owned(),
            line,
            near: nearest(lines.collect(), line),
        }
    }
}

/// True for a row that rests on a proof.
fn is_proof(one: &GenericUse) -> bool {
    one.reader.verdict == Verdict::Safe
}

fn is_same(one: &GenericUse, other: &GenericUse) -> bool {
    (one.function, one.span, one.reader.role) == (other.function, other.span, other.reader.role)
}

/// The lines nearest to one, in order.
fn nearest(lines: BTreeSet<u32>, line: u32) -> Vec<u32> {
    const MOST: usize = 5;
    let mut lines: Vec<u32> = lines.into_iter().collect();
    lines.sort_by_key(|other| other.abs_diff(line));
    lines.truncate(MOST);
    lines.sort();
    lines
}
