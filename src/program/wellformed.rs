//! What every function of the model satisfies, checked.

use super::{Body, CaseLabel, ExprId, ExprKind, Function, Instr, Span, Terminator};

/// Checks the model's invariants on a function of a file of `file_len` bytes: ids refer to
/// something, operands precede what they are used in, spans lie in the file. For tests of front
/// ends.
///
/// # Errors
///
/// Says what is wrong.
pub fn check_function(function: &Function, file_len: u32) -> Result<(), String> {
    let in_file = |span: Span, what: &str| {
        if span.start <= span.end && span.end <= file_len {
            Ok(())
        } else {
            Err(format!("{what} at {span:?} is outside the file"))
        }
    };
    in_file(function.span, "the function")?;
    in_file(function.name_span, "its name")?;
    for &span in &function.not_understood {
        in_file(span, "a place not understood")?;
    }
    for local in &function.locals {
        in_file(local.span, "a local")?;
    }
    if function.n_params > function.locals.len() {
        return Err("more parameters than locals".to_owned());
    }
    if function.bodies.is_empty() {
        return Err("no body".to_owned());
    }
    for body in &function.bodies {
        for (i, expr) in body.exprs.iter().enumerate() {
            in_file(expr.span, "an expression")?;
            check_operands(&expr.kind, i as u32, function.locals.len())?;
        }
        check_blocks(body)?;
    }
    Ok(())
}

fn check_operands(kind: &ExprKind, id: u32, n_locals: usize) -> Result<(), String> {
    let before = |operand: &ExprId| {
        if operand.0 < id {
            Ok(())
        } else {
            Err(format!("operand {} does not precede {id}", operand.0))
        }
    };
    match kind {
        ExprKind::Local(local) if local.0 as usize >= n_locals => {
            Err(format!("no local {}", local.0))
        }
        ExprKind::Local(_)
        | ExprKind::Global(_)
        | ExprKind::Int(_)
        | ExprKind::Str
        | ExprKind::Type(_)
        | ExprKind::Unknown => Ok(()),
        ExprKind::Call { callee, args } => {
            before(callee)?;
            args.iter().try_for_each(before)
        }
        ExprKind::Member { base, .. } => before(base),
        ExprKind::Index { base, index } => {
            before(base)?;
            before(index)
        }
        ExprKind::Deref(inner)
        | ExprKind::AddrOf(inner)
        | ExprKind::Unary(_, inner)
        | ExprKind::Cast(_, inner) => before(inner),
        ExprKind::Binary(_, left, right) => {
            before(left)?;
            before(right)
        }
        ExprKind::Init { fields, .. } => fields.iter().try_for_each(|field| before(&field.value)),
    }
}

fn check_blocks(body: &Body) -> Result<(), String> {
    let known = |id: ExprId| {
        if (id.0 as usize) < body.exprs.len() {
            Ok(())
        } else {
            Err(format!("no expression {}", id.0))
        }
    };
    if body.blocks.is_empty() {
        return Err("a body without an entry".to_owned());
    }
    for block in &body.blocks {
        for instr in &block.instrs {
            match *instr {
                Instr::Assign { target, value, .. } => {
                    known(target)?;
                    known(value)?;
                }
                Instr::Eval { value } => known(value)?,
                Instr::LoopMacro { call } => {
                    known(call)?;
                    if !matches!(body.expr(call).kind, ExprKind::Call { .. }) {
                        return Err("a loop macro that is no call".to_owned());
                    }
                }
            }
        }
        match &block.terminator {
            Terminator::Branch { condition, .. } => known(*condition)?,
            Terminator::Switch { value, arms, .. } => {
                known(*value)?;
                for (label, _) in arms {
                    match *label {
                        CaseLabel::Value(value) => known(value)?,
                        CaseLabel::Range(low, high) => {
                            known(low)?;
                            known(high)?;
                        }
                    }
                }
            }
            Terminator::Return(Some(value)) => known(*value)?,
            _ => {}
        }
        for next in block.terminator.successors() {
            if next.0 as usize >= body.blocks.len() {
                return Err(format!("no block {}", next.0));
            }
        }
    }
    Ok(())
}
