//! The run-time verdict on whatever reference this is compiled with.
//!
//! This file is part of two programs: of ptelint, and of the one that is made of the mutants and
//! prints its verdict for ptelint to read. It needs nothing but the reference.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use crate::reference::arch::Arch;
use crate::reference::explore::search::{Failure, Search, any_violation, search};
use crate::reference::explore::story::tell;
use crate::reference::explore::world::{WORLDS, World};
use crate::reference::invariant::Violation;

/// What running a mutant has shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A sequence breaks a part of the invariant that was asked for.
    Killed(Sighting),
    /// Only other parts of the invariant break within the bound.
    BrokenOtherwise(Sighting),
    /// The program does not survive: an index out of bounds, or a loop without end.
    Crashed {
        /// The architecture.
        arch: String,
        /// The world.
        world: String,
    },
    /// The invariant holds within the bound.
    Survived {
        /// Depends on all states seen: equal where the behaviour is. See [`fold`].
        fingerprint: u64,
    },
}

/// A shortest sequence that breaks the invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The architecture.
    pub arch: String,
    /// The world.
    pub world: String,
    /// Length of the sequence.
    pub steps: usize,
    /// The parts of the invariant that are broken after it.
    pub rules: Vec<String>,
    /// The sequence, told.
    pub story: String,
}

/// How far a mutant is explored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Longest sequence.
    pub depth: usize,
}

/// Where there is something to search: every world on every architecture, numbered.
pub fn places() -> Vec<(&'static World, Arch)> {
    let worlds = WORLDS.iter();
    worlds
        .flat_map(|world| Arch::ALL.map(|arch| (world, arch)))
        .collect()
}

/// The states of one place; `None` if the invariant does not hold there.
pub fn survey(bound: Bound, place: usize) -> Option<u64> {
    let params = search_for(place, bound.depth, usize::MAX, any_violation);
    let (fingerprint, failure) = plainly(place, &params);
    failure.is_none().then_some(fingerprint)
}

/// Searches a place: the fingerprint of all states seen, and the violation that ends the search.
pub type Searcher<'a> = &'a mut dyn FnMut(usize, &Search) -> (u64, Option<Failure>);

/// Searches by carrying out every operation.
pub fn plainly(_place: usize, params: &Search) -> (u64, Option<Failure>) {
    let outcome = search(params);
    (outcome.fingerprint, outcome.failure)
}

/// One fingerprint for the states of several places.
pub fn fold(fingerprints: impl Iterator<Item = (usize, u64)>) -> u64 {
    fingerprints.fold(0, |sum, (place, fingerprint)| {
        sum.wrapping_add(fingerprint.rotate_left(place as u32))
    })
}

/// States looked at in one place beyond a violation: there can be many that a sound model does not
/// have. All sequences of three operations lead to fewer.
const STATES_BEYOND: usize = 8_000;

/// The parts of the invariant that rules claim something about, whatever was changed.
fn is_asked_for(violation: &Violation) -> bool {
    ASKED_FOR.with(|asked_for| {
        let rule = format!("{:?}", violation.rule);
        let is_listed = asked_for.borrow().contains(&rule);
        // Of all that stops the kernel, one is a rule's.
        is_listed && (rule != "Bug" || violation.text.contains("copy-on-write"))
    })
}

thread_local! {
    static ASKED_FOR: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Explores these places, shortest sequences first. Ends at the first violation of a part of the
/// invariant that is asked for; where others break, the search goes on beyond them.
pub fn judge(
    bound: Bound,
    asked_for: &[String],
    places: &[usize],
    search: Searcher<'_>,
) -> Verdict {
    ASKED_FOR.set(asked_for.to_vec());
    let any = match explore(bound, places, (usize::MAX, any_violation), search) {
        Found::Nothing(fingerprint) => return Verdict::Survived { fingerprint },
        Found::Crash { arch, world } => return Verdict::Crashed { arch, world },
        Found::Broken(sighting, true) => return Verdict::Killed(sighting),
        Found::Broken(sighting, false) if asked_for.is_empty() => {
            return Verdict::BrokenOtherwise(sighting);
        }
        Found::Broken(sighting, false) => sighting,
    };
    match explore(bound, places, (STATES_BEYOND, is_asked_for), search) {
        Found::Broken(sighting, _) => Verdict::Killed(sighting),
        _ => Verdict::BrokenOtherwise(any),
    }
}

enum Found {
    Nothing(u64),
    /// And whether it is a violation that is asked for.
    Broken(Sighting, bool),
    Crash {
        arch: String,
        world: String,
    },
}

fn explore(
    bound: Bound,
    chosen: &[usize],
    (max_states, ends): (usize, fn(&Violation) -> bool),
    search: Searcher<'_>,
) -> Found {
    let mut fingerprints = Vec::new();
    for depth in 0..=bound.depth {
        fingerprints.clear();
        for &place in chosen {
            let params = search_for(place, depth, max_states, ends);
            let (arch, world) = (params.arch.name().to_owned(), params.world.name.to_owned());
            let Ok((fingerprint, failure)) =
                catch_unwind(AssertUnwindSafe(|| search(place, &params)))
            else {
                return Found::Crash { arch, world };
            };
            fingerprints.push((place, fingerprint));
            let Some(failure) = failure else {
                continue;
            };
            let violations = failure.violations.iter();
            let mut rules: Vec<String> = violations
                .map(|violation| format!("{:?}", violation.rule))
                .collect();
            rules.sort();
            rules.dedup();
            let sighting = Sighting {
                arch,
                world,
                steps: failure.ops.len(),
                rules,
                story: tell(&params, &failure.ops),
            };
            return Found::Broken(sighting, failure.violations.iter().any(is_asked_for));
        }
    }
    Found::Nothing(fold(fingerprints.into_iter()))
}

/// What to search in a place.
pub fn search_for(
    place: usize,
    max_depth: usize,
    max_states: usize,
    ends: fn(&Violation) -> bool,
) -> Search<'static> {
    let (world, arch) = places()[place];
    Search {
        world,
        arch,
        fault: None,
        max_depth,
        max_states,
        symmetry: true,
        ends,
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Killed(sighting) => write!(f, "killed {sighting}"),
            Verdict::BrokenOtherwise(sighting) => write!(f, "otherwise {sighting}"),
            Verdict::Crashed { arch, world } => writeln!(f, "crashed {arch} {world}"),
            Verdict::Survived { fingerprint } => writeln!(f, "survived {fingerprint:x}"),
        }
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (arch, world, steps) = (&self.arch, &self.world, self.steps);
        writeln!(f, "{arch} {world} {steps} {}", self.rules.join(","))?;
        write!(f, "{}", self.story)
    }
}

/// The text is not a verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoVerdict;

impl FromStr for Verdict {
    type Err = NoVerdict;

    fn from_str(text: &str) -> Result<Verdict, NoVerdict> {
        let (head, story) = text.split_once('\n').ok_or(NoVerdict)?;
        let words: Vec<&str> = head.split(' ').collect();
        let sighting = |arch: &str, world: &str, steps: &str, rules: &str| {
            Ok(Sighting {
                arch: arch.to_owned(),
                world: world.to_owned(),
                steps: steps.parse().map_err(|_| NoVerdict)?,
                rules: rules.split(',').map(str::to_owned).collect(),
                story: story.to_owned(),
            })
        };
        match words.as_slice() {
            ["killed", arch, world, steps, rules] => {
                Ok(Verdict::Killed(sighting(arch, world, steps, rules)?))
            }
            ["otherwise", arch, world, steps, rules] => Ok(Verdict::BrokenOtherwise(sighting(
                arch, world, steps, rules,
            )?)),
            ["crashed", arch, world] => Ok(Verdict::Crashed {
                arch: (*arch).to_owned(),
                world: (*world).to_owned(),
            }),
            ["survived", fingerprint] => Ok(Verdict::Survived {
                fingerprint: u64::from_str_radix(fingerprint, 16).map_err(|_| NoVerdict)?,
            }),
            _ => Err(NoVerdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_can_be_read_back() {
        let sighting = Sighting {
            arch: "arm64".to_owned(),
            world: "buffer".to_owned(),
            steps: 2,
            rules: vec!["Attributes".to_owned(), "Rmap".to_owned()],
            story: "1. one\n2. two\n".to_owned(),
        };
        for verdict in [
            Verdict::Killed(sighting.clone()),
            Verdict::BrokenOtherwise(sighting),
            Verdict::Crashed {
                arch: "x86-64".to_owned(),
                world: "file".to_owned(),
            },
            Verdict::Survived { fingerprint: 7 },
        ] {
            assert_eq!(verdict.to_string().parse(), Ok(verdict));
        }
        assert_eq!("nothing\n".parse::<Verdict>(), Err(NoVerdict));
    }

    #[test]
    fn the_reference_survives_as_surveyed() {
        let (bound, chosen) = (Bound { depth: 2 }, [0, 5, 20]);
        let verdict = judge(bound, &["Attributes".to_owned()], &chosen, &mut plainly);
        let surveyed = chosen.map(|place| (place, survey(bound, place).expect("it holds")));
        let fingerprint = fold(surveyed.into_iter());
        assert_eq!(verdict, Verdict::Survived { fingerprint });
        let shallow = survey(Bound { depth: 1 }, 0);
        assert_ne!(shallow, survey(bound, 0));
    }
}
