//! A generic use with what its verdict rests on, in places of the source.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::analysis::{
    self, Doubt, GenericUse, GuardKind, Reader, SetState, Step, TraceStep, Verdict,
};
use crate::callgraph::FnId;
use crate::program::{Span, Symbol};

use super::Proofs;
use super::session::Session;

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
    /// All of the expression.
    #[serde(skip)]
    pub range: SourceRange,
}

/// A guard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExplainedGuard {
    /// Where it is.
    #[serde(flatten)]
    pub place: Step,
    /// What it tells.
    pub says: &'static str,
    /// True if the proof falls without it alone; `None` for what cannot be taken out, or was not
    /// tried.
    pub bears: Option<bool>,
    /// The conditions of the line, in the file of `place`.
    #[serde(skip)]
    pub ranges: Vec<SourceRange>,
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

/// A part of a file. Lines and columns count from 1, columns in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceRange {
    /// Line and column of the first byte.
    pub start: (u32, u32),
    /// Line and column just behind the last byte.
    pub end: (u32, u32),
}

impl Session<'_> {
    /// What the verdicts on the generic uses rest on. Which guards bear a proof alone is not tried.
    pub fn proofs(&self, uses: &[GenericUse]) -> Proofs {
        let program = self.world.program;
        let names: BTreeSet<&str> = self.mappings.iter().map(|row| row.api.as_str()).collect();
        let mut helpers: Vec<Step> = names
            .into_iter()
            .flat_map(|name| program.functions_named(Symbol::new(name)))
            .map(|&id| self.step(id, program.function(id).name_span))
            .collect();
        helpers.sort();
        Proofs {
            uses: uses
                .iter()
                .map(|one| self.explain(one, &|_, _| None))
                .collect(),
            assumptions: self.assumptions(),
            helpers,
        }
    }

    /// A use with what its verdict rests on. `bears` tells of a guard whether the proof falls
    /// without it alone, if that is to be found out.
    pub fn explain(
        &self,
        one: &GenericUse,
        bears: &dyn Fn(GuardKind, (FnId, Span)) -> Option<bool>,
    ) -> Explained {
        let mut explained = Explained {
            reader: one.reader.clone(),
            guards: Vec::new(),
            axioms: Vec::new(),
            trace: Vec::new(),
            states: Vec::new(),
            questions: Vec::new(),
            range: self.range(one.function, one.span),
        };
        let Some(judgement) = &one.judgement else {
            return explained;
        };
        let mut guards: Vec<ExplainedGuard> = judgement
            .guards
            .iter()
            .map(|guard| ExplainedGuard {
                place: self.step(guard.function, guard.span),
                says: match guard.kind {
                    GuardKind::Condition => "override mappings are turned away",
                    GuardKind::Entry => "the entry is no override",
                    GuardKind::Tables => {
                        "only entered through operations of mappings without overrides"
                    }
                },
                bears: bears(guard.kind, (guard.function, guard.span)),
                ranges: vec![self.range(guard.function, guard.span)],
            })
            .collect();
        guards.sort();
        guards.dedup_by(|later, kept| {
            let is_same =
                (&later.place, later.says, later.bears) == (&kept.place, kept.says, kept.bears);
            if is_same {
                kept.ranges.append(&mut later.ranges);
            }
            is_same
        });
        explained.guards = guards;
        let axioms = self.world.dictionary.axioms().iter();
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

    /// What is certain about an override mapping, one text for each alternative.
    pub fn assumptions(&self) -> Vec<String> {
        let assumed = analysis::assumptions(self.world).into_iter();
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

    fn question(&self, one: &GenericUse, doubt: Doubt) -> String {
        let name = |function: FnId| self.world.program.function(function).name;
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

    /// Places of a way.
    pub fn trace(&self, steps: &[TraceStep]) -> Vec<Step> {
        let steps = steps.iter();
        steps
            .map(|step| self.step(step.function, step.span))
            .collect()
    }

    /// Where something in a function begins.
    pub fn step(&self, function: FnId, span: Span) -> Step {
        let function = self.world.program.function(function);
        Step {
            file: self.places.path(function.file).to_owned(),
            line: self.places.line_column(function.file, span.start).0,
            function: function.name.to_string(),
        }
    }

    fn range(&self, function: FnId, span: Span) -> SourceRange {
        let file = self.world.program.function(function).file;
        SourceRange {
            start: self.places.line_column(file, span.start),
            end: self.places.line_column(file, span.end),
        }
    }
}
