//! `ptelint why`: the proof of one use, and what falls without a guard or an axiom.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::analysis::{
    self, Coverage, Doubt, GenericUse, GuardKind, Mapping, Question, Reader, SetState, Step,
    TraceStep, Use, Uses, Verdict, Without,
};
use crate::arch::Matrix;
use crate::callgraph::FnId;
use crate::program::{FileId, Instr, Span, Terminator};

use super::load::{self, Scope};
use super::session::{self, Session};
use super::stats::Clock;
use super::{
    Options, PipelineError, Progress, SourceLookup, TreeSummary, in_pool, index, open, rules_of,
    similar,
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

/// One generic use with its whole proof, or the way to it.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// Its row.
    #[serde(flatten)]
    pub reader: Reader,
    /// What keeps override mappings away.
    pub guards: Vec<ExplainedGuard>,
    /// What no source tells and the proof rests on.
    pub axioms: Vec<ExplainedAxiom>,
    /// From where an override mapping comes into view to the use.
    pub trace: Vec<Step>,
    /// States of an entry that the way depends on, and how an entry gets there.
    pub states: Vec<ExplainedState>,
    /// What a person has to find out.
    pub questions: Vec<String>,
}

/// A guard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExplainedGuard {
    /// Where it is.
    #[serde(flatten)]
    pub place: Step,
    /// What it tells.
    pub says: &'static str,
    /// True if the proof falls without it alone; `None` for what cannot be taken out.
    pub bears: Option<bool>,
}

/// An axiom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExplainedAxiom {
    /// Its name.
    pub name: String,
    /// What it says.
    pub says: String,
    /// Where a person can read why.
    pub source: String,
}

/// A state of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExplainedState {
    /// What the entry is.
    pub state: &'static str,
    /// The way to the place that makes it so.
    pub trace: Vec<Step>,
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
            let matrix = session.matrix(&arch_rules);
            let asker = Asker {
                session,
                uses: &uses,
                matrix: &matrix,
            };
            asker.answer(query, is_sample)
        };
        progress.stage("parse", None);
        let version = (&tree, &index);
        let loaded = load::load(version, &vocabulary, Scope::Everything, None);
        let mut answer = session::open(version, &loaded, &vocabulary, &mut clock, progress, ask)?;
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
            assumptions: self.assumptions(),
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
                .map(|&(function, span)| self.step(function, span))
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
        self.session.generic_uses(self.uses, self.matrix, question)
    }

    fn assumptions(&self) -> Vec<String> {
        let assumed = analysis::assumptions(self.session.world).into_iter();
        let texts: BTreeSet<String> = assumed
            .map(|(flags, has_ops)| {
                let flags: Vec<String> = flags.into_iter().collect();
                let flags = match flags.is_empty() {
                    true => "no flag is certain".to_owned(),
                    false => format!("{} set", flags.join(" and ")),
                };
                match has_ops {
                    true => format!("{flags}, vm_ops not NULL"),
                    false => format!("{flags}, vm_ops unknown"),
                }
            })
            .collect();
        texts.into_iter().collect()
    }

    fn explain(&self, one: &GenericUse) -> Explained {
        let mut explained = Explained {
            reader: one.reader.clone(),
            guards: Vec::new(),
            axioms: Vec::new(),
            trace: Vec::new(),
            states: Vec::new(),
            questions: Vec::new(),
        };
        let Some(judgement) = &one.judgement else {
            return explained;
        };
        let is_safe = one.reader.verdict == Verdict::Safe;
        let guards: Vec<_> = judgement.guards.iter().collect();
        let mut guards: Vec<ExplainedGuard> = guards
            .into_par_iter()
            .map(|guard| ExplainedGuard {
                place: self.step(guard.function, guard.span),
                says: match guard.kind {
                    GuardKind::Condition => "override mappings are turned away",
                    GuardKind::Entry => "the entry is no override",
                    GuardKind::Tables => {
                        "only entered through operations of mappings without overrides"
                    }
                },
                bears: (is_safe && guard.kind != GuardKind::Tables)
                    .then(|| self.bears(one, (guard.function, guard.span))),
            })
            .collect();
        guards.sort();
        guards.dedup();
        explained.guards = guards;
        let axioms = self.session.world.dictionary.axioms().iter();
        explained.axioms = axioms
            .filter(|axiom| judgement.axioms.contains(&axiom.name))
            .map(|axiom| ExplainedAxiom {
                name: axiom.name.clone(),
                says: axiom.says.clone(),
                source: axiom.source.clone(),
            })
            .collect();
        explained.trace = self.trace(&judgement.trace);
        explained.states = judgement
            .set
            .iter()
            .map(|(state, trace)| ExplainedState {
                state: match state {
                    SetState::Hinted => "made inaccessible as a NUMA hint",
                    SetState::Encoded => "replaced by one that remembers the page",
                },
                trace: self.trace(trace),
            })
            .collect();
        if one.reader.verdict == Verdict::Unproven {
            explained.questions = judgement
                .doubts
                .iter()
                .map(|doubt| self.question(one, *doubt))
                .collect();
        }
        explained
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
                        .map(|judgement| self.trace(&judgement.trace))
                        .unwrap_or_default(),
                })
            })
            .collect();
        fallen.sort();
        fallen
    }

    fn question(&self, one: &GenericUse, doubt: Doubt) -> String {
        let name = |function: FnId| self.session.world.program.function(function).name;
        match doubt {
            Doubt::Uncalled(function) => format!(
                "Who calls {}()? Nothing in what was read does; with which mappings?",
                name(function)
            ),
            Doubt::Page(function, span) => {
                let place = self.step(function, span);
                format!(
                    "Which page does the entry made at {}:{} map? Nothing that was found tells \
                     whether a driver inserted it.",
                    place.file, place.line
                )
            }
            Doubt::Exhausted(function) => format!(
                "Can an override mapping get through {}()? It was too intricate to be followed to \
                 its end.",
                name(function)
            ),
            Doubt::TooManyWays(function) => format!(
                "Which of the many ways to {}() can an override mapping take? Not all were tried.",
                name(function)
            ),
            Doubt::NoReason => format!(
                "What keeps override mappings from this line of {}()? None was found to get here, \
                 and no reason why.",
                one.reader.function
            ),
        }
    }

    fn trace(&self, steps: &[TraceStep]) -> Vec<Step> {
        let steps = steps.iter();
        steps
            .map(|step| self.step(step.function, step.span))
            .collect()
    }

    fn step(&self, function: FnId, span: Span) -> Step {
        let function = self.session.world.program.function(function);
        Step {
            file: self.session.places.path(function.file).to_owned(),
            line: self.session.places.line_column(function.file, span.start).0,
            function: function.name.to_string(),
        }
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
