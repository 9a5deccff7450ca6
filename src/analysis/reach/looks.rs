//! What running functions showed, kept for as long as nothing that was looked at differs: for the
//! other alternatives of the hypothesis, and for the next analysis of the same tree.

use std::collections::BTreeSet;
use std::sync::Mutex;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::callgraph::{FnId, Program};
use crate::program::{ExprId, Function, Span};

use super::climb::{Goal, Guard, Look, Targets, TraceStep};
use super::hypothesis::Hypothesis;
use super::rests_on::RestsOn;
use super::state::States;

/// Everything that is known of runs.
#[derive(Debug, Default)]
pub struct Looks(Mutex<FxHashMap<Run, Kept>>);

/// What a run depends on besides the source of the functions it looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What a run showed.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    look: Look,
    /// The places in it, in order.
    anchors: Box<[Anchor]>,
    /// What that depends on.
    rests_on: RestsOn,
}

impl Looks {
    /// What a run showed, unless it looked at one of the functions `without`.
    pub fn get(&self, program: &Program, run: &Run, without: &BTreeSet<FnId>) -> Option<Look> {
        let known = self.known();
        let kept = known.get(run)?;
        if !without.is_empty() && kept.rests_on.touched.iter().any(|id| without.contains(id)) {
            return None;
        }
        let mut look = kept.look.clone();
        let mut anchors = kept.anchors.iter();
        move_places(&mut look, |function, span| {
            anchors
                .next()
                .map_or(span, |anchor| anchor.place(program.function(function)))
        });
        Some(look)
    }

    /// Keeps what a run showed.
    pub fn put(&self, program: &Program, run: Run, look: &Look, rests_on: RestsOn) {
        let mut look = look.clone();
        let mut anchors = Vec::new();
        move_places(&mut look, |function, span| {
            anchors.push(Anchor::new(program.function(function), span));
            span
        });
        let kept = Kept {
            look,
            anchors: anchors.into(),
            rests_on,
        };
        self.known().insert(run, kept);
    }

    /// How many runs are known.
    pub fn len(&self) -> usize {
        self.known().len()
    }

    /// All of it as text.
    pub fn to_text(&self) -> Vec<u8> {
        let known = self.known();
        let runs: Vec<(&Run, &Kept)> = known.iter().collect();
        // Nothing in it can fail to be written.
        serde_json::to_vec(&runs).unwrap_or_default()
    }

    /// What [`Looks::to_text`] gave; `None` if it did not.
    pub fn of_text(text: &[u8]) -> Option<Looks> {
        let runs: Vec<(Run, Kept)> = serde_json::from_slice(text).ok()?;
        Some(Looks(Mutex::new(runs.into_iter().collect())))
    }

    /// Forgets what rests on something that is not as it was.
    pub fn forget(&mut self, is_stale: &dyn Fn(&RestsOn) -> bool) {
        self.known().retain(|_, kept| !is_stale(&kept.rests_on));
    }

    /// Forgets every run that names a place in one of `functions`, whose code stands at other
    /// places now, and would not find it.
    pub fn forget_places(&mut self, functions: &BTreeSet<FnId>) {
        self.known().retain(|_, kept| {
            let looks_there = kept
                .rests_on
                .touched
                .iter()
                .any(|id| functions.contains(id));
            let is_lost = |anchor: &Anchor| matches!(anchor, Anchor::Offset(_));
            !(looks_there && kept.anchors.iter().any(is_lost))
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

/// A place in a function that can be found again when the function moves, and mostly when what is
/// in it does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Anchor {
    /// That of an expression, by the number of its body and its own.
    Expr(usize, ExprId),
    /// Counted from the beginning of the function.
    Offset(Span),
}

impl Anchor {
    fn new(function: &Function, span: Span) -> Anchor {
        for (index, body) in function.bodies.iter().enumerate() {
            let found = body.exprs.iter().position(|expr| expr.span == span);
            if let Some(expr) = found {
                return Anchor::Expr(index, ExprId(expr as u32));
            }
        }
        Anchor::Offset(span.moved(-function.span.start.cast_signed()))
    }

    fn place(self, function: &Function) -> Span {
        match self {
            Anchor::Expr(body, expr) => function.bodies[body].expr(expr).span,
            Anchor::Offset(span) => span.moved(function.span.start.cast_signed()),
        }
    }
}

impl Kept {
    fn renumbered(mut self, number: &dyn Fn(FnId) -> Option<FnId>) -> Option<Kept> {
        self.rests_on = self.rests_on.renumbered(number)?;
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

/// Gives each place in a look, in order, what `moved` says.
fn move_places(look: &mut Look, mut moved: impl FnMut(FnId, Span) -> Span) {
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
