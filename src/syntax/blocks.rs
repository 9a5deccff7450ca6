//! From the blocks a front end leaves behind to the body of a function.

use crate::program::{Block, BlockId, Body, Expr, ExprId, ExprKind, Instr, Presence, Terminator};

/// A block that may not have ended yet.
pub type OpenBlock = (Vec<Instr>, Option<Terminator>);

/// The body that begins with the first block: blocks that only go on are skipped, dead ones dropped,
/// and the others numbered in the order a depth-first walk meets them.
pub fn body(mut blocks: Vec<OpenBlock>, exprs: Vec<Expr>, presence: Presence) -> Body {
    let targets = targets(&blocks);
    let target = |id: BlockId| targets[id.0 as usize];
    let mut names = vec![None; blocks.len()];
    let mut order = Vec::with_capacity(blocks.len());
    let mut pending = vec![BlockId(0)];
    while let Some(block) = pending.pop() {
        let name = &mut names[block.0 as usize];
        if name.is_some() {
            continue;
        }
        *name = Some(BlockId(order.len() as u32));
        order.push(block);
        if let Some(terminator) = &blocks[block.0 as usize].1 {
            pending.extend(terminator.successors().into_iter().rev().map(target));
        }
    }
    let rename = |id: BlockId| names[target(id).0 as usize].unwrap_or(BlockId(0));
    let blocks = order.iter().map(|&block| {
        let (instrs, terminator) = std::mem::take(&mut blocks[block.0 as usize]);
        let terminator = match terminator.unwrap_or(Terminator::Unreachable) {
            Terminator::Goto(next) => Terminator::Goto(rename(next)),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => Terminator::Branch {
                condition,
                then: rename(then),
                otherwise: rename(otherwise),
            },
            Terminator::Switch {
                value,
                arms,
                default,
            } => Terminator::Switch {
                value,
                arms: arms
                    .into_iter()
                    .map(|(label, block)| (label, rename(block)))
                    .collect(),
                default: rename(default),
            },
            other => other,
        };
        Block { instrs, terminator }
    });
    let blocks = blocks.collect();
    Body {
        presence,
        blocks,
        exprs,
    }
}

/// For each block the one control really gets to: blocks that only go on are skipped.
fn targets(blocks: &[OpenBlock]) -> Vec<BlockId> {
    let mut targets: Vec<BlockId> = (0..blocks.len() as u32).map(BlockId).collect();
    for i in 0..targets.len() {
        let mut path = Vec::new();
        let mut at = BlockId(i as u32);
        while let (instrs, Some(Terminator::Goto(next))) = &blocks[at.0 as usize] {
            // An empty endless loop stays what it is.
            if !instrs.is_empty() || path.contains(next) || *next == at || path.len() > 64 {
                break;
            }
            path.push(at);
            at = targets[next.0 as usize];
        }
        for block in path {
            targets[block.0 as usize] = at;
        }
    }
    targets
}

/// The end of a block that goes one of two ways; a constant decides at once.
pub fn branch(exprs: &[Expr], condition: ExprId, then: BlockId, otherwise: BlockId) -> Terminator {
    match exprs[condition.0 as usize].kind {
        ExprKind::Int(Some(0)) => Terminator::Goto(otherwise),
        ExprKind::Int(Some(_)) => Terminator::Goto(then),
        _ => Terminator::Branch {
            condition,
            then,
            otherwise,
        },
    }
}
