//! The model is sound as far as a quick search goes, and every deliberate fault
//! is found out.

use ptelint::reference::arch::Arch;
use ptelint::reference::explore::key::key;
use ptelint::reference::explore::op::KINDS;
use ptelint::reference::explore::report::{Summary, find_fault};
use ptelint::reference::explore::scenario::tell_scenario;
use ptelint::reference::explore::search::{Search, any_violation, search, start};
use ptelint::reference::explore::world::{WORLDS, World};
use ptelint::reference::faults;
use ptelint::reference::invariant::check;
use ptelint::reference::machine::{load, save};
use std::collections::HashSet;
use std::fmt::Write;

/// Depth of the quick search of each world.
const QUICK_DEPTH: usize = 4;

fn params(world: &World, arch: Arch, max_depth: usize) -> Search<'_> {
    Search {
        world,
        arch,
        fault: None,
        max_depth,
        max_states: usize::MAX,
        symmetry: true,
        ends: any_violation,
    }
}

fn world(name: &str) -> &'static World {
    WORLDS
        .iter()
        .find(|world| world.name == name)
        .expect("a world of this name")
}

/// Quick searches of every world; together with three longer ones they reach
/// every branch of the generic code.
#[test]
fn the_invariant_holds_and_every_branch_is_reached() {
    let mut summary = Summary::new();
    for arch in Arch::ALL {
        for world in &WORLDS {
            let outcome = search(&params(world, arch, QUICK_DEPTH));
            assert!(outcome.failure.is_none(), "{arch:?} {}", world.name);
            assert!(outcome.complete);
            summary.add(&outcome);
        }
    }
    for (name, arch) in [
        ("forked-anonymous", Arch::Arm64),
        ("forked-buffer", Arch::Riscv64),
        ("file", Arch::Arm64),
    ] {
        let outcome = search(&params(world(name), arch, QUICK_DEPTH + 1));
        assert!(outcome.failure.is_none(), "{arch:?} {name}");
        summary.add(&outcome);
    }
    assert!(
        summary.effective.iter().all(|count| *count != 0),
        "{}",
        summary.text()
    );
    assert_eq!(summary.coverage.missing(), Vec::<String>::new());
    let (reached, all) = summary.coverage.count();
    assert_eq!(reached, all);
    assert!(all > 600, "only {all} outcomes of conditions");
}

/// A search that ignores symmetry finds the same states, up to renaming.
#[test]
fn symmetry_loses_nothing() {
    for (name, depth) in [
        ("forked-anonymous", 4),
        ("scarce", 4),
        ("private-buffer", 4),
    ] {
        for arch in Arch::ALL {
            let params = params(world(name), arch, depth);
            let reduced = search(&params).states();
            let (all, classes) = enumerate(&params);
            assert_eq!(reduced, classes, "{name} {arch:?}");
            assert!(all >= classes);
        }
    }
}

/// Every state up to the depth, and how many differ in more than names.
fn enumerate(params: &Search) -> (usize, usize) {
    let ops = params.world.ops(params.arch);
    let mut level = vec![start(params)];
    let mut all = HashSet::from([key(&level[0], false)]);
    let mut classes = HashSet::from([key(&level[0], true)]);
    for _ in 0..params.max_depth {
        let mut next = Vec::new();
        for before in level {
            for op in &ops {
                if !op.applicable(&before) {
                    continue;
                }
                load(&before);
                op.apply();
                let after = save();
                if all.insert(key(&after, false)) {
                    assert!(check(&after).is_empty());
                    classes.insert(key(&after, true));
                    next.push(after);
                }
            }
        }
        level = next;
    }
    (all.len(), classes.len())
}

#[test]
fn two_runs_are_equal() {
    let params = params(world("mixed"), Arch::X86_64, 4);
    let (one, other) = (search(&params), search(&params));
    assert_eq!(one.levels, other.levels);
    assert_eq!(one.transitions, other.transitions);
    assert!(one.coverage == other.coverage);
}

/// A budget of states ends the search early, and the report says so.
#[test]
fn a_search_can_run_out_of_states() {
    let mut params = params(world("file"), Arch::Arm64, 6);
    params.max_states = 1000;
    let outcome = search(&params);
    assert!(!outcome.complete);
    assert_eq!(outcome.states(), 1000);
    assert!(outcome.depth() < 6);
}

#[test]
fn kinds_and_names_agree() {
    for world in &WORLDS {
        for op in world.ops(Arch::X86_64) {
            assert!(op.kind() < KINDS.len());
            assert!(!op.words().is_empty());
        }
    }
}

/// The shortest sequence for each deliberate fault, on each architecture.
#[test]
fn deliberate_faults_are_found() {
    for fault in faults::ALL {
        let mut stories = String::new();
        for arch in Arch::ALL {
            let possible = match fault.name {
                "lost-uffd-wp" => arch.has_uffd_wp(),
                "lost-soft-dirty" => arch.has_soft_dirty(),
                _ => true,
            };
            let name = arch.name();
            if !possible {
                let _ = writeln!(stories, "{name}: entries have no such bit\n");
                continue;
            }
            let found = find_fault(arch, fault, 5);
            let found = found.unwrap_or_else(|| panic!("{} on {name}", fault.name));
            let (world, steps) = (found.world, found.ops);
            let _ = writeln!(stories, "{name}, world \"{world}\", {steps} steps");
            let _ = writeln!(stories, "{}", found.story);
        }
        insta::assert_snapshot!(fault.name, stories);
    }
}

/// The walk-through shows what the explorer prints.
#[test]
fn the_walkthrough_is_up_to_date() {
    let page = include_str!("../docs/reference-walkthrough.md");
    let split = faults::by_name("rebuild-in-split");
    let lossy = faults::by_name("lossy-pte-modify");
    for (what, story) in [
        ("the scenario", tell_scenario(Arch::X86_64, None, 7)),
        ("rebuild-in-split", tell_scenario(Arch::X86_64, split, 3)),
        ("lossy-pte-modify", tell_scenario(Arch::Arm64, lossy, 5)),
        ("lost-soft-dirty", shortest("lost-soft-dirty", Arch::X86_64)),
    ] {
        assert!(page.contains(&story), "{what} should read:\n{story}");
    }
}

fn shortest(fault: &str, arch: Arch) -> String {
    let fault = faults::by_name(fault).expect("a fault of this name");
    let found = find_fault(arch, fault, 5);
    found.expect("a sequence").story
}
