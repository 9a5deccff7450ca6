//! What a condition teaches: the state on each side of a branch.

use std::collections::BTreeSet;

use crate::analysis::bits::Bits;
use crate::analysis::dictionary::Word;
use crate::program::{BinaryOp, BlockId, CaseLabel, ExprId, ExprKind, UnaryOp};
use crate::vocabulary::EntryState;

use super::because::Because;
use super::run::{Engine, Frame};
use super::state::{Cleared, State, States};
use super::value::{Known, Value};
use super::words::Meaning;

impl<'p> Engine<'p> {
    /// The state in which `condition` is `holds`; the reason if it cannot be.
    pub(super) fn refine(
        &mut self,
        frame: Frame<'p>,
        condition: ExprId,
        holds: bool,
        state: &State,
    ) -> Result<State, Because> {
        let mut state = state.clone();
        if self.is_removed(frame, condition) {
            return Ok(state);
        }
        let known = self.eval(frame, &mut state, condition);
        match known.value.truth() {
            Some(truth) if truth != holds => return Err(known.because),
            Some(_) => {}
            None => {
                let is_of_flags = matches!(known.value, Value::Word(_));
                self.contexts[frame.context].asks_flags |= is_of_flags;
            }
        }
        self.learn(frame, condition, condition, holds, &mut state)?;
        Ok(state)
    }

    /// `branch` is the whole condition, of which `condition` is a part.
    fn learn(
        &mut self,
        frame: Frame<'p>,
        branch: ExprId,
        condition: ExprId,
        holds: bool,
        state: &mut State,
    ) -> Result<(), Because> {
        if frame.facts.too_deep.contains(condition.0 as usize) {
            return Ok(());
        }
        let known = self.eval(frame, state, condition);
        match known.value {
            Value::Flags(bits, true) if holds => self.learn_flags(frame, branch, bits, state)?,
            Value::NormalPage(entry) if holds => {
                let allowed = States::ALL.without(States::OVERRIDE);
                self.narrow(frame, branch, entry, allowed, known.because, state)?;
            }
            _ => {}
        }
        match &frame.body.expr(condition).kind {
            ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b) => {
                let is_equal = (*op == BinaryOp::Eq) == holds;
                self.learn_equality(frame, branch, (*a, *b), is_equal, state)?;
            }
            ExprKind::Binary(BinaryOp::And, a, b) if !holds => {
                self.learn_clear(frame, (*a, *b), state);
            }
            ExprKind::Binary(BinaryOp::Lt, a, b)
                if holds && self.eval(frame, state, *b).value == Value::Int(0) =>
            {
                self.learn_value(frame, *a, Value::Negative, state);
            }
            ExprKind::Call { callee, args } => {
                let Some(name) = self.callee_name(frame, *callee) else {
                    return Ok(());
                };
                match self.setting.words.meaning(name) {
                    Some(Meaning::Test {
                        entry,
                        holds: always,
                        may,
                    }) => {
                        if let Some(&argument) = args.get(entry)
                            && let Value::Entry(entry) = self.eval(frame, state, argument).value
                        {
                            let allowed = match holds {
                                true => always.or(may),
                                false => States::ALL.without(always),
                            };
                            self.narrow(frame, branch, entry, allowed, Because::NOTHING, state)?;
                        }
                        return Ok(());
                    }
                    Some(Meaning::Compare) if holds => {
                        if let [a, b, ..] = args.as_slice() {
                            self.learn_same(frame, branch, (*a, *b), state)?;
                        }
                        return Ok(());
                    }
                    _ => {}
                }
                match self.setting.world.dictionary.word(name, args.len()) {
                    Some(Word::Identity(identity)) => {
                        if let Some(&argument) = args.get(identity.argument) {
                            self.learn(frame, branch, argument, holds, state)?;
                        }
                    }
                    // `if (WARN_ON(condition))`
                    Some(Word::Assertion(assertion)) => {
                        if let Some(&argument) =
                            assertion.condition.and_then(|position| args.get(position))
                        {
                            self.learn(frame, branch, argument, holds, state)?;
                        }
                    }
                    _ => {}
                }
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                self.learn(frame, branch, *inner, !holds, state)?;
            }
            ExprKind::Cast(_, inner) => self.learn(frame, branch, *inner, holds, state)?,
            ExprKind::Local(_) | ExprKind::Member { .. } => {
                let value = match holds {
                    true => Value::NonZero,
                    false => Value::Int(0),
                };
                self.learn_value(frame, condition, value, state);
            }
            _ => {}
        }
        Ok(())
    }

    fn learn_equality(
        &mut self,
        frame: Frame<'p>,
        branch: ExprId,
        (a, b): (ExprId, ExprId),
        is_equal: bool,
        state: &mut State,
    ) -> Result<(), Because> {
        for (expr, constant) in [(a, b), (b, a)] {
            let constant = self.eval(frame, state, constant).value;
            match constant {
                Value::Int(0) => self.learn(frame, branch, expr, !is_equal, state)?,
                Value::Int(_) if is_equal => self.learn_value(frame, expr, constant, state),
                _ => {}
            }
        }
        Ok(())
    }

    /// A part of the override mapping's flags is not 0: if only access can have made it so, the
    /// mapping allows some. Nothing else is remembered: what the hypothesis says of the flags
    /// decides, and every bit remembered would double the states.
    fn learn_flags(
        &mut self,
        frame: Frame<'p>,
        branch: ExprId,
        part: Bits,
        state: &mut State,
    ) -> Result<(), Because> {
        let access = self.setting.access;
        let open = !(part.ones | part.zeros);
        if access == 0 || (part.ones | open) & !access != 0 {
            return Ok(());
        }
        state.is_accessible = true;
        let allowed = States::ALL.without(States::of(&[EntryState::Inaccessible]));
        let entries: Vec<u8> = state.entries.keys().copied().collect();
        for entry in entries {
            self.narrow(frame, branch, entry, allowed, Because::NEVER_HINTED, state)?;
        }
        Ok(())
    }

    /// `word & MASK` is 0, for several flags at once: all but what is supported is turned away.
    fn learn_clear(&mut self, frame: Frame<'p>, (a, b): (ExprId, ExprId), state: &mut State) {
        for (word, mask) in [(a, b), (b, a)] {
            let Value::Word(mask) = self.eval(frame, state, mask).value else {
                continue;
            };
            if mask.ones | mask.zeros != !0 || mask.ones.count_ones() < 2 {
                continue;
            }
            let known = match self.eval(frame, state, word).value {
                Value::Word(bits) => bits,
                Value::Unknown => Bits::unknown(),
                _ => continue,
            };
            if let Some(place) = self.place_of(frame, state, word) {
                let known = Bits {
                    ones: known.ones & !mask.ones,
                    zeros: known.zeros | mask.ones,
                };
                state.set(place, Known::plain(Value::Word(known)));
                return;
            }
        }
    }

    /// Two entries are equal.
    fn learn_same(
        &mut self,
        frame: Frame<'p>,
        branch: ExprId,
        (a, b): (ExprId, ExprId),
        state: &mut State,
    ) -> Result<(), Because> {
        let a = self.eval(frame, state, a).value;
        let b = self.eval(frame, state, b).value;
        for (one, other) in [(&a, &b), (&b, &a)] {
            if let (Value::Entry(one), Value::Entry(other)) = (one, other)
                && let Some(entry) = state.entries.get(other).copied()
            {
                let because = entry
                    .cleared_by
                    .map_or(Because::NOTHING, |cleared| cleared.because);
                self.narrow(frame, branch, *one, entry.states, because, state)?;
            }
        }
        Ok(())
    }

    /// An entry is in one of the `allowed` states only.
    fn narrow(
        &mut self,
        frame: Frame<'p>,
        branch: ExprId,
        entry: u8,
        allowed: States,
        because: Because,
        state: &mut State,
    ) -> Result<(), Because> {
        let Some(known) = state.entries.get_mut(&entry) else {
            return Ok(());
        };
        let was_override = known.states.is_override();
        known.states = known.states.and(allowed);
        if !was_override || known.states.is_override() {
            return match known.states.is_empty() {
                true => Err(Because::NOTHING),
                false => Ok(()),
            };
        }
        // An override in a state that the condition allows would have got through, if it could be
        // in that state.
        let ruled_out = allowed.and(States::OVERRIDE).without(self.possible);
        let is_ruled_out = |state: EntryState| !ruled_out.and(States::of(&[state])).is_empty();
        let because = if because.has(Because::NEVER_HINTED) {
            because
        } else if is_ruled_out(EntryState::Hinted) {
            because | Because::NEVER_HINTED
        } else if is_ruled_out(EntryState::Encoded) {
            because | Because::ENTRY | Because::NEVER_ENCODED
        } else {
            because | Because::ENTRY
        };
        if known.states.is_empty() {
            return Err(because);
        }
        known.cleared_by = Some(Cleared {
            function: frame.id,
            body: frame.body_index,
            condition: branch,
            because,
        });
        Ok(())
    }

    /// Remembers a value, unless more is known of the place already.
    fn learn_value(&mut self, frame: Frame<'p>, expr: ExprId, value: Value, state: &mut State) {
        if self.eval(frame, state, expr).value != Value::Unknown {
            return;
        }
        let is_place = matches!(
            frame.body.expr(expr).kind,
            ExprKind::Local(_) | ExprKind::Member { .. }
        );
        if is_place && let Some(place) = self.place_of(frame, state, expr) {
            // What is known of members behind a pointer stays.
            state.store.insert(place, Known::plain(value));
        }
    }

    pub(super) fn switch(
        &mut self,
        frame: Frame<'p>,
        block: BlockId,
        value: ExprId,
        (arms, default): (&[(CaseLabel, BlockId)], BlockId),
        mut state: State,
    ) -> Vec<(BlockId, State)> {
        let examined = match self.is_removed(frame, value) {
            true => Known::default(),
            false => self.eval(frame, &mut state, value),
        };
        let mut next: BTreeSet<BlockId> = BTreeSet::new();
        let mut never: Vec<(BlockId, Because)> = Vec::new();
        let mut is_decided = false;
        let mut because = Because::NOTHING;
        for (label, target) in arms {
            if is_decided {
                never.push((*target, because));
                continue;
            }
            let CaseLabel::Value(label) = label else {
                next.insert(*target);
                continue;
            };
            let wanted = self.eval(frame, &mut state, *label);
            let equal = self.eval_binary(&state, BinaryOp::Eq, examined.clone(), wanted);
            because |= equal.because;
            match equal.value.truth() {
                Some(false) => never.push((*target, equal.because)),
                truth => {
                    is_decided = truth == Some(true);
                    next.insert(*target);
                }
            }
        }
        match is_decided {
            true => never.push((default, because)),
            false => {
                next.insert(default);
            }
        }
        for (target, because) in never {
            if !next.contains(&target) {
                self.cut(frame, (block, target), value, because, &state);
            }
        }
        for target in &next {
            self.pass(frame, block, *target, state.is_bound);
        }
        state.forget_results();
        next.into_iter()
            .map(|target| (target, state.clone()))
            .collect()
    }
}
