//! Puts blocks and expressions together.

use crate::program::{
    BlockId, Body, Expr, ExprId, ExprKind, Instr, Local, LocalId, Presence, Span, Symbol,
    Terminator, TypeRef,
};
use crate::syntax::blocks::{self, OpenBlock};

/// Deeper expressions become unknown: those who use the model go down.
const MAX_HEIGHT: u16 = 200;

/// A body that is being built.
pub struct Builder<'f> {
    pub locals: &'f mut Vec<Local>,
    pub not_understood: &'f mut Vec<Span>,
    exprs: Vec<Expr>,
    heights: Vec<u16>,
    blocks: Vec<OpenBlock>,
    current: BlockId,
}

/// A place in a block, between instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub block: BlockId,
    at: usize,
}

impl<'f> Builder<'f> {
    pub fn new(locals: &'f mut Vec<Local>, not_understood: &'f mut Vec<Span>) -> Builder<'f> {
        Builder {
            locals,
            not_understood,
            exprs: Vec::new(),
            heights: Vec::new(),
            blocks: vec![(Vec::new(), None)],
            current: BlockId(0),
        }
    }

    // Expressions.

    pub fn kind(&self, expr: ExprId) -> &ExprKind {
        &self.exprs[expr.0 as usize].kind
    }

    pub fn span(&self, expr: ExprId) -> Span {
        self.exprs[expr.0 as usize].span
    }

    pub fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        let height = self.height_above(&kind);
        let kind = if height > MAX_HEIGHT {
            self.not_understood.push(span);
            self.heights.push(0);
            ExprKind::Unknown
        } else {
            self.heights.push(height);
            kind
        };
        self.exprs.push(Expr { kind, span });
        id
    }

    fn height_above(&self, kind: &ExprKind) -> u16 {
        let of = |operand: &ExprId| 1 + self.heights.get(operand.0 as usize).copied().unwrap_or(0);
        match kind {
            ExprKind::Call { callee, args } => args.iter().map(of).fold(of(callee), u16::max),
            ExprKind::Member { base, .. } => of(base),
            ExprKind::Index { base, index } => of(base).max(of(index)),
            ExprKind::Deref(inner)
            | ExprKind::AddrOf(inner)
            | ExprKind::Unary(_, inner)
            | ExprKind::Cast(_, inner) => of(inner),
            ExprKind::Binary(_, a, b) => of(a).max(of(b)),
            ExprKind::Init { fields, .. } => {
                fields.iter().map(|init| of(&init.value)).max().unwrap_or(0)
            }
            _ => 0,
        }
    }

    pub fn unknown(&mut self, span: Span) -> ExprId {
        self.add(ExprKind::Unknown, span)
    }

    pub fn int(&mut self, value: i128, span: Span) -> ExprId {
        self.add(ExprKind::Int(Some(value)), span)
    }

    pub fn global(&mut self, name: &str, span: Span) -> ExprId {
        self.add(ExprKind::Global(Symbol::new(name)), span)
    }

    pub fn local(&mut self, local: LocalId, span: Span) -> ExprId {
        self.add(ExprKind::Local(local), span)
    }

    pub fn member(&mut self, base: ExprId, field: &str, span: Span) -> ExprId {
        let kind = ExprKind::Member {
            base,
            field: Symbol::new(field.trim_start_matches("r#")),
            arrow: false,
        };
        self.add(kind, span)
    }

    pub fn call(&mut self, name: &str, args: Vec<ExprId>, span: Span) -> ExprId {
        let callee = self.global(name, span);
        self.add(ExprKind::Call { callee, args }, span)
    }

    pub fn has_call(&self, expr: ExprId) -> bool {
        let mut todo = vec![expr];
        while let Some(id) = todo.pop() {
            match self.kind(id) {
                ExprKind::Call { .. } => return true,
                ExprKind::Member { base, .. } => todo.push(*base),
                ExprKind::Index { base, index } => todo.extend([*base, *index]),
                ExprKind::Deref(inner)
                | ExprKind::AddrOf(inner)
                | ExprKind::Unary(_, inner)
                | ExprKind::Cast(_, inner) => todo.push(*inner),
                ExprKind::Binary(_, a, b) => todo.extend([*a, *b]),
                ExprKind::Init { fields, .. } => todo.extend(fields.iter().map(|f| f.value)),
                _ => {}
            }
        }
        false
    }

    // Variables.

    pub fn new_local(&mut self, name: &str, ty: TypeRef, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local {
            name: Symbol::new(name),
            ty,
            span,
        });
        id
    }

    pub fn temporary(&mut self, span: Span) -> LocalId {
        self.new_local("", TypeRef::unknown(), span)
    }

    /// A variable that holds `value` from here on.
    pub fn kept(&mut self, value: ExprId, span: Span) -> LocalId {
        let local = self.temporary(span);
        self.set(local, value, span);
        local
    }

    /// `local = value`
    pub fn set(&mut self, local: LocalId, value: ExprId, span: Span) {
        let target = self.local(local, span);
        self.assign(target, value, span);
    }

    pub fn assign(&mut self, target: ExprId, value: ExprId, span: Span) {
        self.emit(Instr::Assign {
            target,
            value,
            span,
        });
    }

    /// Evaluates a value that nobody wants, if that can have an effect.
    pub fn discard(&mut self, value: ExprId) {
        if self.has_call(value) {
            self.emit(Instr::Eval { value });
        }
    }

    // Blocks.

    pub fn emit(&mut self, instr: Instr) {
        self.blocks[self.current.0 as usize].0.push(instr);
    }

    /// The place the next instruction is put in.
    pub fn mark(&self) -> Mark {
        Mark {
            block: self.current,
            at: self.blocks[self.current.0 as usize].0.len(),
        }
    }

    /// Puts `value` into a variable at an earlier place, so that it is evaluated there.
    pub fn keep_at(&mut self, mark: Mark, value: ExprId) -> ExprId {
        let span = self.span(value);
        let local = self.temporary(span);
        let target = self.local(local, span);
        let instr = Instr::Assign {
            target,
            value,
            span,
        };
        self.blocks[mark.block.0 as usize].0.insert(mark.at, instr);
        self.local(local, span)
    }

    pub fn new_block(&mut self) -> BlockId {
        self.blocks.push((Vec::new(), None));
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// Goes on in `block`.
    pub fn enter(&mut self, block: BlockId) {
        self.current = block;
    }

    /// Ends the current block, if it has not ended. What follows is never reached.
    pub fn terminate(&mut self, terminator: Terminator) {
        let end = &mut self.blocks[self.current.0 as usize].1;
        if end.is_none() {
            *end = Some(terminator);
        }
        self.current = self.new_block();
    }

    pub fn go(&mut self, block: BlockId) {
        self.terminate(Terminator::Goto(block));
    }

    /// Ends the current block by going to `block`, and goes on there.
    pub fn fall_into(&mut self, block: BlockId) {
        self.go(block);
        self.enter(block);
    }

    pub fn branch(&mut self, condition: ExprId, then: BlockId, otherwise: BlockId) {
        let terminator = blocks::branch(&self.exprs, condition, then, otherwise);
        self.terminate(terminator);
    }

    /// Two ways of which nothing is known.
    pub fn maybe(&mut self, then: BlockId, otherwise: BlockId, span: Span) {
        let condition = self.unknown(span);
        self.branch(condition, then, otherwise);
    }

    /// The body; `result` is returned where control gets to its end.
    pub fn finish(mut self, presence: Presence) -> Body {
        self.terminate(Terminator::Return(None));
        blocks::body(self.blocks, self.exprs, presence)
    }
}
