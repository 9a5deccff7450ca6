//! What running functions showed, kept for as long as nothing that was looked at differs: for the
//! other alternatives of the hypothesis, and for the next analysis of the same tree.

use std::collections::BTreeSet;
use std::sync::Mutex;

use fixedbitset::FixedBitSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::callgraph::{FnId, Program};
use crate::program::{Span, Symbol};

use super::climb::{Goal, Guard, Look, Targets, TraceStep};
use super::hypothesis::Hypothesis;
use super::state::States;

/// Everything that is known of runs.
#[derive(Debug, Default)]
pub struct Looks(Mutex<FxHashMap<Run, Kept>>);

/// What a run depends on besides the source of the functions it looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    root: FnId,
    /// The functions followed.
    chain: BTreeSet<FnId>,
    targets: Targets,
    goal: Goal,
    /// The states of an override that are possible.
    possible: States,
    /// The flags that are clear, and whether there are operations: the same in all alternatives of
    /// the hypothesis.
    zeros: u128,
    has_ops: bool,
    /// The flags that are set; `None` if the run never asked about one in which the alternatives
    /// differ.
    ones: Option<u128>,
}

impl Run {
    /// A run of `root` under a hypothesis, as if it asked about no flag in which alternatives
    /// differ.
    pub fn new(
        root: FnId,
        (chain, targets): (&BTreeSet<FnId>, &Targets),
        goal: Goal,
        possible: States,
        hypothesis: &Hypothesis,
    ) -> Run {
        Run {
            root,
            chain: chain.clone(),
            targets: targets.clone(),
            goal,
            possible,
            zeros: hypothesis.flags.zeros,
            has_ops: hypothesis.has_ops,
            ones: None,
        }
    }

    /// The same run for one alternative only.
    pub fn told_apart(self, hypothesis: &Hypothesis) -> Run {
        Run {
            ones: Some(hypothesis.flags.ones),
            ..self
        }
    }
}

/// A question about stores: the function, the type and the member.
pub type Asked = (FnId, Symbol, Symbol);

/// What a run showed. Places count from the beginning of their function, so that they stay true
/// when the function moves in its file.
#[derive(Debug)]
struct Kept {
    look: Look,
    /// Every function of which the run depends on more than the name.
    touched: Box<[FnId]>,
    /// What it asked about the stores of functions, and what they call.
    asked: Box<[Asked]>,
}

impl Looks {
    /// What a run showed, unless it looked at one of the functions `without`.
    pub fn get(&self, program: &Program, run: &Run, without: &BTreeSet<FnId>) -> Option<Look> {
        let known = self.known();
        let kept = known.get(run)?;
        if !without.is_empty() && kept.touched.iter().any(|id| without.contains(id)) {
            return None;
        }
        let mut look = kept.look.clone();
        move_places(&mut look, |function, span| {
            span.moved(program.function(function).span.start.cast_signed())
        });
        Some(look)
    }

    /// Keeps what a run showed.
    pub fn put(
        &self,
        program: &Program,
        run: Run,
        look: &Look,
        (touched, asked): (BTreeSet<FnId>, FxHashSet<Asked>),
    ) {
        let mut look = look.clone();
        move_places(&mut look, |function, span| {
            span.moved(-program.function(function).span.start.cast_signed())
        });
        let kept = Kept {
            look,
            touched: touched.into_iter().collect(),
            asked: asked.into_iter().collect(),
        };
        self.known().insert(run, kept);
    }

    /// Forgets every run that looked at one of `functions`, or asked something about stores that
    /// has another answer now.
    pub fn forget(&mut self, functions: &FixedBitSet, is_other: &dyn Fn(&Asked) -> bool) {
        let is_stale = |id: &FnId| functions.contains(id.0 as usize);
        self.known().retain(|_, kept| {
            !kept.touched.iter().any(is_stale) && !kept.asked.iter().any(is_other)
        });
    }

    /// Gives functions other numbers. Runs that looked at one that has none are forgotten.
    pub fn renumber(&mut self, number: &dyn Fn(FnId) -> Option<FnId>) {
        let known = std::mem::take(&mut *self.known());
        let renumbered = known.into_iter().filter_map(|(run, kept)| {
            let chain: Option<BTreeSet<FnId>> = run.chain.into_iter().map(number).collect();
            let targets = run.targets.into_iter();
            let targets: Option<Targets> = targets
                .map(|(function, places)| Some((number(function)?, places)))
                .collect();
            let run = Run {
                root: number(run.root)?,
                chain: chain?,
                targets: targets?,
                ..run
            };
            Some((run, kept.renumbered(number)?))
        });
        *self.known() = renumbered.collect();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known().clear();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, FxHashMap<Run, Kept>> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}

impl Kept {
    fn renumbered(mut self, number: &dyn Fn(FnId) -> Option<FnId>) -> Option<Kept> {
        for id in &mut self.touched {
            *id = number(*id)?;
        }
        for (id, ..) in &mut self.asked {
            *id = number(*id)?;
        }
        // Whatever a look names was touched, and so has a number.
        let renumber = |id: FnId| number(id).unwrap_or(id);
        let steps = self.look.way.iter_mut().flat_map(|way| &mut way.steps);
        for step in steps.chain(self.look.closed.reached.iter_mut().flatten()) {
            step.function = renumber(step.function);
        }
        self.look.closed.renumber(&renumber);
        Some(self)
    }
}

/// Gives the places in a look, each in a function, another reference point.
fn move_places(look: &mut Look, moved: impl Fn(FnId, Span) -> Span) {
    let steps = look.way.iter_mut().flat_map(|way| &mut way.steps);
    let trace = look.closed.reached.iter_mut().flatten();
    for TraceStep { function, span } in steps.chain(trace) {
        *span = moved(*function, *span);
    }
    let guards = std::mem::take(&mut look.closed.guards).into_iter();
    look.closed.guards = guards
        .map(|guard| Guard {
            span: moved(guard.function, guard.span),
            ..guard
        })
        .collect();
}
