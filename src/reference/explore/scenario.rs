//! The scenario that raises the question: a buffer object moves while it is mapped, the next fault
//! makes an override, and core mm comes by twice.

use super::super::arch::Arch;
use super::super::drivers::ttm::{TTM_PL_SYSTEM, TTM_PL_VRAM};
use super::super::faults::DeliberateFault;
use super::super::types::*;
use super::op::{Mapping, Op, Range, Sharing};
use super::search::{Search, any_violation};
use super::story::tell;
use super::world::World;

/// Tells the scenario on an architecture, with a fault switched in or without.
/// It goes on when the invariant breaks; the verdict is on the last state.
pub fn tell_scenario(arch: Arch, fault: Option<DeliberateFault>, steps: usize) -> String {
    let params = Search {
        world: &WORLD,
        arch,
        fault,
        max_depth: 0,
        max_states: 0,
        symmetry: true,
        ends: any_violation,
    };
    tell(&params, &STEPS[..steps.min(STEPS.len())])
}

/// Two pages of the buffer, so that a PMD leaf maps them all.
pub const WORLD: World = World {
    name: "scenario",
    about: "two pages of the buffer, so that a PMD leaf maps them all",
    mappings: &[Mapping {
        range: Range {
            start: 0,
            nr_pages: 2,
        },
        file: Some(address_space::BufferObject),
        sharing: Sharing::Shared,
        huge: true,
    }],
    more_mappings: &[],
    scarcity: (0, 0),
    pages: &[],
    ranges: &[],
    moves: &[],
    events: &[],
};

const FIRST_PAGE: Range = Range {
    start: 0,
    nr_pages: 1,
};

const SECOND_PAGE: Range = Range {
    start: 1,
    nr_pages: 1,
};

/// What happens, in order.
pub const STEPS: [Op; 7] = [
    Op::BoMove(TTM_PL_VRAM),
    Op::Write(0, 0),
    Op::Mprotect(0, FIRST_PAGE, VM_READ),
    Op::Read(0, 1),
    Op::Mprotect(0, SECOND_PAGE, VM_READ),
    Op::BoMove(TTM_PL_SYSTEM),
    Op::Read(0, 0),
];
