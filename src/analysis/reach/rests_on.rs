//! What the answer of a run, or the result of a call, depends on.

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashSet;

use crate::callgraph::FnId;
use crate::program::Symbol;

/// A question about stores: the function, the type and the member.
pub type Asked = (FnId, Symbol, Symbol);

/// What an answer or a result depends on.
#[derive(Debug)]
pub struct RestsOn {
    /// Functions on whose code.
    pub touched: Box<[FnId]>,
    /// Functions that are called there, on whose [`Face`](super::part::Face).
    pub weighed: Box<[FnId]>,
    /// Functions that could be run there, on whose [`Mentions`](super::mentions::Mentions).
    pub sighted: Box<[FnId]>,
    /// Questions about stores.
    pub asked: Box<[Asked]>,
}

/// What is different from what something rests on.
pub struct Differing<'a> {
    /// Functions with other code.
    pub code: &'a FixedBitSet,
    /// Functions with another face.
    pub faces: &'a FixedBitSet,
    /// Functions that mention or call something else, or whose calls may be followed elsewhere.
    pub mentions: &'a FixedBitSet,
    /// True for a question about stores that has another answer.
    pub is_other: &'a dyn Fn(&Asked) -> bool,
}

/// What a [`RestsOn`] is gathered in.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Functions on whose code it depends.
    pub touched: FxHashSet<FnId>,
    /// Functions that are called there.
    pub weighed: FxHashSet<FnId>,
    /// Functions that could be run there.
    pub sighted: FxHashSet<FnId>,
    /// Questions about stores.
    pub asked: FxHashSet<Asked>,
}

impl RestsOn {
    /// True unless all of it is as it was.
    pub fn is_stale(&self, differing: &Differing<'_>) -> bool {
        let has =
            |ids: &[FnId], set: &FixedBitSet| ids.iter().any(|id| set.contains(id.0 as usize));
        has(&self.touched, differing.code)
            || has(&self.weighed, differing.faces)
            || has(&self.sighted, differing.mentions)
            || self.asked.iter().any(differing.is_other)
    }

    /// The same with other numbers of functions; `None` if one has none.
    pub fn renumbered(self, number: &dyn Fn(FnId) -> Option<FnId>) -> Option<RestsOn> {
        let numbers =
            |ids: Box<[FnId]>| ids.into_iter().map(number).collect::<Option<Box<[FnId]>>>();
        let asked = self.asked.into_iter();
        let asked = asked.map(|(id, ty, member)| Some((number(id)?, ty, member)));
        Some(RestsOn {
            touched: numbers(self.touched)?,
            weighed: numbers(self.weighed)?,
            sighted: numbers(self.sighted)?,
            asked: asked.collect::<Option<_>>()?,
        })
    }
}

impl Gathered {
    /// Takes in what something else depends on.
    pub fn add(&mut self, other: &RestsOn) {
        self.touched.extend(&other.touched);
        self.weighed.extend(&other.weighed);
        self.sighted.extend(&other.sighted);
        self.asked.extend(&other.asked);
    }

    /// Takes in what something else that is being gathered depends on.
    pub fn join(&mut self, other: &Gathered) {
        self.touched.extend(&other.touched);
        self.weighed.extend(&other.weighed);
        self.sighted.extend(&other.sighted);
        self.asked.extend(&other.asked);
    }

    /// All of it. On whose code something depends, it depends on the face of as well.
    pub fn finish(self) -> RestsOn {
        let touched = self.touched;
        let weighed = self.weighed.into_iter();
        RestsOn {
            weighed: weighed.filter(|id| !touched.contains(id)).collect(),
            touched: touched.into_iter().collect(),
            sighted: self.sighted.into_iter().collect(),
            asked: self.asked.into_iter().collect(),
        }
    }
}
