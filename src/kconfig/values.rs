//! What a symbol can be.

use std::ops::BitOr;

/// The values that something can have in some configuration: a set of `n`, `m` and `y`.
///
/// A set holds every value there can be and may hold more, so that a value that is missing is
/// certainly impossible. The empty set stands for something not looked at yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Values(u8);

impl Values {
    pub(super) const NONE: Values = Values(0);
    pub(super) const N: Values = Values(1);
    pub(super) const M: Values = Values(2);
    pub(super) const Y: Values = Values(4);
    /// Off or on, as the outcome of a comparison.
    pub(super) const EITHER: Values = Values(1 | 4);
    pub(super) const ALL: Values = Values(7);

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) fn can_be(self, value: Values) -> bool {
        self.0 & value.0 != 0
    }

    /// True if some value is `m` or `y`.
    pub(super) fn can_be_on(self) -> bool {
        self.can_be(Values::M | Values::Y)
    }

    pub(super) fn and(self, other: Values) -> Values {
        let (a, b) = (self, other);
        let m = a.can_be(Values::M) && b.can_be_on() || b.can_be(Values::M) && a.can_be_on();
        Values((a.0 | b.0) & 1 | u8::from(m) << 1 | a.0 & b.0 & 4)
    }

    pub(super) fn or(self, other: Values) -> Values {
        self.not().and(other.not()).not()
    }

    pub(super) fn not(self) -> Values {
        Values((self.0 & 1) << 2 | self.0 & 2 | (self.0 & 4) >> 2)
    }

    /// Whether both have the same value.
    pub(super) fn same(self, other: Values) -> Values {
        if self.is_none() || other.is_none() {
            return Values::NONE;
        }
        let is_one = self.0.is_power_of_two() && self == other;
        match self.can_be(other) {
            false => Values::N,
            true if is_one => Values::Y,
            true => Values::EITHER,
        }
    }

    /// What a symbol can be that may be as much as this: a symbol of two values takes `m` for
    /// `y`, one of three can also be less than `y`.
    pub(super) fn lifted(self, kind: SymbolKind) -> Values {
        if !self.can_be_on() {
            return Values::NONE;
        }
        match kind {
            SymbolKind::Bool => Values::Y,
            SymbolKind::Tristate => Values::M | Values(self.0 & 4),
            SymbolKind::Other => Values::M | Values::Y,
        }
    }
}

impl BitOr for Values {
    type Output = Values;

    fn bitor(self, other: Values) -> Values {
        Values(self.0 | other.0)
    }
}

/// What kind of values a symbol has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SymbolKind {
    Bool,
    Tristate,
    /// A number, a text, or no type at all.
    #[default]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every set of values.
    fn sets() -> impl Iterator<Item = Values> {
        (0..8).map(Values)
    }

    /// The values in a set, as 0, 1, 2.
    fn members(set: Values) -> Vec<usize> {
        let bits = [Values::N, Values::M, Values::Y];
        (0..3).filter(|&i| set.can_be(bits[i])).collect()
    }

    fn set_of(members: impl Iterator<Item = usize>) -> Values {
        let bits = [Values::N, Values::M, Values::Y];
        members.fold(Values::NONE, |set, i| set | bits[i])
    }

    #[test]
    fn operations_on_sets_are_those_on_their_members() {
        for a in sets().filter(|set| !set.is_none()) {
            assert_eq!(a.not(), set_of(members(a).into_iter().map(|x| 2 - x)));
            for b in sets().filter(|set| !set.is_none()) {
                let pairs = |f: &dyn Fn(usize, usize) -> usize| {
                    let (a, b) = (members(a), members(b));
                    set_of(a.iter().flat_map(|&x| b.iter().map(move |&y| f(x, y))))
                };
                assert_eq!(a.and(b), pairs(&|x, y| x.min(y)));
                assert_eq!(a.or(b), pairs(&|x, y| x.max(y)));
                assert_eq!(a.same(b), pairs(&|x, y| if x == y { 2 } else { 0 }));
            }
        }
    }

    #[test]
    fn a_larger_set_never_gives_a_smaller_one() {
        let within = |a: Values, b: Values| a | b == b;
        for (a, larger) in sets().flat_map(|a| sets().map(move |b| (a, a | b))) {
            assert!(within(a.not(), larger.not()));
            for c in sets() {
                assert!(within(a.and(c), larger.and(c)));
                assert!(within(a.or(c), larger.or(c)));
                assert!(within(a.same(c), larger.same(c)));
            }
        }
    }
}
