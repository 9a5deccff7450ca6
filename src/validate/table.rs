//! One verdict against the other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judge::{Bound, Sighting, Verdict};
use super::mutant::Mutant;
use super::scope;
use super::statics::{Alarm, StaticVerdict};

/// What running a mutant has shown, seen beside the reference.
#[derive(Clone, Debug)]
pub struct Dynamic {
    /// As the program gave it.
    pub verdict: Verdict,
    /// In one word.
    pub kind: DynamicKind,
}

/// Running a mutant, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DynamicKind {
    /// Breaks what the rules make claims about.
    Harmful,
    /// Breaks something else only, or does not run to its end.
    Broken,
    /// Behaves otherwise than the reference, and breaks nothing within the bound.
    Survived,
    /// Behaves as the reference within the bound.
    Equal,
}

impl Dynamic {
    /// Tells what behaves as the reference from what does not.
    pub fn new(verdict: Verdict, reference: &Verdict) -> Dynamic {
        let kind = match &verdict {
            Verdict::Killed(_) => DynamicKind::Harmful,
            Verdict::BrokenOtherwise(_) | Verdict::Crashed { .. } => DynamicKind::Broken,
            Verdict::Survived { .. } if verdict == *reference => DynamicKind::Equal,
            Verdict::Survived { .. } => DynamicKind::Survived,
        };
        Dynamic { verdict, kind }
    }

    /// The sequence that breaks the invariant.
    pub fn sighting(&self) -> Option<&Sighting> {
        match &self.verdict {
            Verdict::Killed(sighting) | Verdict::BrokenOtherwise(sighting) => Some(sighting),
            Verdict::Crashed { .. } | Verdict::Survived { .. } => None,
        }
    }
}

/// The analysis of a mutant, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaticKind {
    /// An error or a warning of a rule about run time, which the reference does not have.
    Alarm,
    /// One of a rule about the shape of code: it need not show at run time.
    Pattern,
    /// None, but a use that was proved safe is not any more.
    Unproven,
    /// Neither.
    Silent,
}

/// One mutant with both verdicts.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The mutant.
    pub mutant: Mutant,
    /// What running it has shown.
    pub dynamic: Dynamic,
    /// How far it was explored.
    pub bound: Bound,
    /// What is found in it and not in the reference.
    pub statics: StaticVerdict,
}

/// Two verdicts that do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disagreement {
    /// It does harm, and there is no alarm.
    Missed,
    /// There is an alarm, and it does no harm.
    FalseAlarm,
}

impl Judged {
    /// Puts them together.
    pub fn new(mutant: Mutant, dynamic: Dynamic, bound: Bound, statics: StaticVerdict) -> Judged {
        Judged {
            mutant,
            dynamic,
            bound,
            statics,
        }
    }

    /// The analysis in one word.
    pub fn static_kind(&self) -> StaticKind {
        let mut alarms = self.statics.findings.iter().filter(|alarm| alarm.counts());
        match alarms.clone().any(|alarm| alarm.is_invariant) {
            true => StaticKind::Alarm,
            false if alarms.next().is_some() => StaticKind::Pattern,
            false if !self.statics.unproven.is_empty() => StaticKind::Unproven,
            false => StaticKind::Silent,
        }
    }

    /// How the verdicts differ, if they do. What breaks things no rule makes a claim about may be found
    /// or not.
    pub fn disagreement(&self) -> Option<Disagreement> {
        match (self.dynamic.kind, self.static_kind()) {
            (DynamicKind::Harmful, StaticKind::Silent | StaticKind::Unproven) => {
                Some(Disagreement::Missed)
            }
            (DynamicKind::Survived | DynamicKind::Equal, StaticKind::Alarm) => {
                Some(Disagreement::FalseAlarm)
            }
            _ => None,
        }
    }
}

impl Judged {
    /// Why the verdicts differ, or why nobody asks for an alarm although entries or protections have
    /// wrong attributes.
    pub fn explanation(&self) -> Option<&'static str> {
        if self.disagreement().is_some() {
            let is_open = self.static_kind() == StaticKind::Unproven;
            let says_so = is_open.then_some("the analysis says that it cannot tell: unproven");
            return scope::stated_limit(&self.mutant).or(says_so);
        }
        let is_wrong = |rule: &String| rule == "Attributes" || rule == "Default";
        let sighting = self.dynamic.sighting()?;
        let is_broken = self.dynamic.kind == DynamicKind::Broken;
        let has_wrong = sighting.rules.iter().any(is_wrong);
        (is_broken && has_wrong).then(|| scope::no_claim(&self.mutant))?
    }
}

/// A mutant built on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AsBuilt {
    /// The mutant.
    pub number: u32,
    /// Whether it gets the verdict it gets in the program of all.
    pub is_same: bool,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Validation {
    /// What is found in the reference itself, which is right.
    pub original: StaticVerdict,
    /// Mutants there are.
    pub count: usize,
    /// How far they were explored.
    pub bound: Bound,
    /// Mutants with both verdicts, by number.
    pub judged: Vec<Judged>,
    /// Mutants that do not compile.
    pub left_out: Vec<Mutant>,
    /// Mutants built on their own.
    pub as_built: Vec<AsBuilt>,
}

impl Validation {
    /// How many mutants have each pair of verdicts.
    pub fn table(&self) -> BTreeMap<(DynamicKind, StaticKind), usize> {
        let mut table = BTreeMap::new();
        for judged in &self.judged {
            let pair = (judged.dynamic.kind, judged.static_kind());
            *table.entry(pair).or_default() += 1;
        }
        table
    }

    /// The mutants whose verdicts differ without an explanation.
    pub fn disagreements(&self) -> impl Iterator<Item = (&Judged, Disagreement)> {
        let unexplained = |judged: &&Judged| judged.explanation().is_none();
        let judged = self.judged.iter().filter(unexplained);
        judged.filter_map(|judged| Some((judged, judged.disagreement()?)))
    }

    /// The mutants with an explanation.
    pub fn explained(&self) -> impl Iterator<Item = (&Judged, &'static str)> {
        let judged = self.judged.iter();
        judged.filter_map(|judged| Some((judged, judged.explanation()?)))
    }

    /// Whether the run says that something is wrong.
    pub fn has_trouble(&self) -> bool {
        let is_other = |built: &AsBuilt| !built.is_same;
        self.original.findings.iter().any(Alarm::counts)
            || self.disagreements().next().is_some()
            || self.as_built.iter().any(is_other)
    }
}
