//! What a condition teaches: the state on each side of a branch.

use crate::analysis::bits::Bits;
use crate::analysis::dictionary::Word;
use crate::analysis::state::State;
use crate::analysis::value::{Place, Value};
use crate::program::{BinaryOp, BlockId, CaseLabel, ExprId, ExprKind};

use super::{EventKind, Frame, Machine, forget_results};

impl<'p> Machine<'p> {
    /// The state in which `condition` is `holds`; `None` if it cannot be.
    pub(super) fn refine(
        &mut self,
        frame: Frame<'p>,
        condition: ExprId,
        holds: bool,
        state: &State,
    ) -> Option<State> {
        let mut state = state.clone();
        let value = self.eval(frame, &mut state, condition);
        if value.truth().is_some_and(|truth| truth != holds) {
            return None;
        }
        self.learn(frame, condition, holds, &mut state);
        Some(state)
    }

    fn learn(&mut self, frame: Frame<'p>, condition: ExprId, holds: bool, state: &mut State) {
        if frame.facts.too_deep.contains(condition.0 as usize) {
            return;
        }
        match &frame.body.expr(condition).kind {
            ExprKind::Binary(BinaryOp::And, a, b) => {
                // `flags & MASK`: false means that all of it is clear, true that one bit is set.
                let Some((word, mask)) = self.word_and_mask(frame, state, *a, *b) else {
                    return;
                };
                if !holds {
                    self.learn_bits(
                        frame,
                        state,
                        word,
                        Bits {
                            ones: 0,
                            zeros: mask,
                        },
                    );
                } else if mask.count_ones() == 1 {
                    self.learn_bits(
                        frame,
                        state,
                        word,
                        Bits {
                            ones: mask,
                            zeros: 0,
                        },
                    );
                }
            }
            ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b) => {
                let is_equal = (*op == BinaryOp::Eq) == holds;
                self.learn_equality(frame, state, *a, *b, is_equal);
            }
            ExprKind::Binary(BinaryOp::Lt, a, b) if holds => {
                if self.eval(frame, state, *b) == Value::Int(0)
                    && let Some(place) = self.place_of(frame, state, *a)
                {
                    self.learn_value(state, &place, Value::Negative);
                }
            }
            ExprKind::Call { callee, args } => {
                let Some(name) = self.callee_name(frame, *callee) else {
                    return;
                };
                match self.dictionary.word(name, args.len()) {
                    Some(Word::Identity(identity)) => {
                        if let Some(&argument) = args.get(identity.argument) {
                            self.learn(frame, argument, holds, state);
                        }
                    }
                    // `if (WARN_ON(condition))`
                    Some(Word::Assertion(assertion)) => {
                        if let Some(&argument) =
                            assertion.condition.and_then(|position| args.get(position))
                        {
                            self.learn(frame, argument, holds, state);
                        }
                    }
                    _ => {}
                }
            }
            ExprKind::Unary(crate::program::UnaryOp::Not, inner) => {
                self.learn(frame, *inner, !holds, state);
            }
            ExprKind::Cast(_, inner) => self.learn(frame, *inner, holds, state),
            ExprKind::Local(_) | ExprKind::Member { .. } => {
                if let Some(place) = self.place_of(frame, state, condition) {
                    let value = if holds { Value::NonZero } else { Value::Int(0) };
                    self.learn_value(state, &place, value);
                }
            }
            _ => {}
        }
    }

    fn learn_equality(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        a: ExprId,
        b: ExprId,
        is_equal: bool,
    ) {
        for (expr, constant) in [(a, b), (b, a)] {
            let value = self.eval(frame, state, constant);
            match (&frame.body.expr(expr).kind, &value) {
                // `(flags & MASK) == VALUE`
                (ExprKind::Binary(BinaryOp::And, x, y), Value::Bits(_) | Value::Int(0)) => {
                    let wanted = match value {
                        Value::Bits(bits) => bits,
                        _ => Bits::exactly(0),
                    };
                    let Some((word, mask)) = self.word_and_mask(frame, state, *x, *y) else {
                        continue;
                    };
                    let wanted = Bits {
                        ones: wanted.ones & mask,
                        zeros: wanted.zeros & mask,
                    };
                    if is_equal {
                        self.learn_bits(frame, state, word, wanted);
                    } else if mask.count_ones() == 1 {
                        self.learn_bits(frame, state, word, wanted.complement_in(mask));
                    } else {
                        self.learn_inequality(frame, state, word, wanted, mask);
                    }
                }
                (ExprKind::Local(_) | ExprKind::Member { .. }, Value::Int(0)) => {
                    if let Some(place) = self.place_of(frame, state, expr) {
                        let value = if is_equal {
                            Value::Int(0)
                        } else {
                            Value::NonZero
                        };
                        self.learn_value(state, &place, value);
                    }
                }
                (ExprKind::Local(_) | ExprKind::Member { .. }, Value::Int(_)) if is_equal => {
                    if let Some(place) = self.place_of(frame, state, expr) {
                        self.learn_value(state, &place, value.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// `(word & mask) != wanted`: if all bits of the mask but one are known to be as wanted, that
    /// one is not.
    fn learn_inequality(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        word: ExprId,
        wanted: Bits,
        mask: u128,
    ) {
        let Value::Bits(known) = self.eval(frame, state, word) else {
            return;
        };
        let agreed = (known.ones & wanted.ones) | (known.zeros & wanted.zeros);
        let open = mask & !agreed;
        if open.count_ones() == 1 {
            self.learn_bits(frame, state, word, wanted.complement_in(open));
        }
    }

    /// Splits the operands of `&` into a word of flags and a constant mask.
    fn word_and_mask(
        &mut self,
        frame: Frame<'p>,
        state: &mut State,
        a: ExprId,
        b: ExprId,
    ) -> Option<(ExprId, u128)> {
        for (word, mask) in [(a, b), (b, a)] {
            if let Value::Bits(bits) = self.eval(frame, state, mask)
                && bits.ones | bits.zeros == !0
                && !matches!(frame.body.expr(word).kind, ExprKind::Global(_))
            {
                return Some((word, bits.ones));
            }
        }
        None
    }

    fn learn_bits(&mut self, frame: Frame<'p>, state: &mut State, word: ExprId, learnt: Bits) {
        let Some(place) = self.place_of(frame, state, word) else {
            return;
        };
        let known = match state.load(&place, self.dictionary.vmas) {
            Value::Bits(bits) => bits,
            Value::Unknown => Bits::unknown(),
            _ => return,
        };
        let known = Bits {
            ones: known.ones | learnt.ones,
            zeros: known.zeros | learnt.zeros,
        };
        state.store(&place, Value::Bits(known), self.dictionary.vmas);
    }

    /// Remembers a value, unless more is known of the place already.
    fn learn_value(&mut self, state: &mut State, place: &Place, value: Value) {
        if state.load(place, self.dictionary.vmas) == Value::Unknown {
            state.store(place, value, self.dictionary.vmas);
        }
    }

    /// Comparisons and tests of protections are uses of them.
    pub(super) fn observe_condition(&mut self, frame: Frame<'p>, condition: ExprId, state: &State) {
        if let Value::Prot(protection) = self.eval(frame, &mut state.clone(), condition) {
            self.observe(frame, condition, EventKind::Compare { protection });
        }
    }

    pub(super) fn switch(
        &mut self,
        frame: Frame<'p>,
        value: ExprId,
        arms: &[(CaseLabel, BlockId)],
        default: BlockId,
        mut state: State,
    ) -> Vec<(BlockId, State)> {
        let examined = self.eval(frame, &mut state, value);
        let mut next = Vec::new();
        let mut is_decided = false;
        for (label, target) in arms {
            if let (CaseLabel::Value(label), Value::Int(number)) = (label, &examined)
                && let Value::Int(wanted) = self.eval(frame, &mut state, *label)
            {
                if wanted != *number {
                    continue;
                }
                is_decided = true;
            }
            next.push(*target);
            if is_decided {
                break;
            }
        }
        if !is_decided {
            next.push(default);
        }
        next.sort();
        next.dedup();
        forget_results(&mut state, frame.depth);
        next.into_iter()
            .map(|target| (target, state.clone()))
            .collect()
    }
}
