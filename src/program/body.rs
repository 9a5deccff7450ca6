//! Bodies of functions: blocks, instructions, expressions.

use serde::{Deserialize, Serialize};

use super::{Presence, Span, Symbol, TypeRef};

/// One alternative of a function's code: the control-flow graph that remains when one branch of
/// every `#if` group has been chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Which configurations compile this alternative; always true for code without `#if`.
    pub presence: Presence,
    /// Arena of expressions; an operand precedes the expression it is used in.
    pub exprs: Vec<Expr>,
    /// Basic blocks; block 0 is the entry.
    pub blocks: Vec<Block>,
}

impl Body {
    /// The expression behind an id.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// The block behind an id.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    /// Calls `see` with every place in it.
    pub(super) fn each_place(&mut self, see: impl FnMut(&mut Span)) {
        let exprs = self.exprs.iter_mut().map(|expr| &mut expr.span);
        let instrs = self.blocks.iter_mut().flat_map(|block| &mut block.instrs);
        let assignments = instrs.filter_map(|instr| match instr {
            Instr::Assign { span, .. } => Some(span),
            Instr::Eval { .. } | Instr::LoopMacro { .. } => None,
        });
        exprs.chain(assignments).for_each(see);
    }

    /// True if control returns from a block at once, with nothing done before.
    pub fn returns(&self, mut block: BlockId) -> bool {
        for _ in 0..self.blocks.len() {
            let at = self.block(block);
            match at.terminator {
                _ if !at.instrs.is_empty() => return false,
                Terminator::Return(_) => return true,
                Terminator::Goto(next) => block = next,
                _ => return false,
            }
        }
        false
    }

    /// The name and the arguments of a call by name.
    pub fn call_by_name(&self, call: ExprId) -> Option<(Symbol, &[ExprId])> {
        let ExprKind::Call { callee, args } = &self.expr(call).kind else {
            return None;
        };
        match self.expr(*callee).kind {
            ExprKind::Global(name) => Some((name, args)),
            _ => None,
        }
    }

    /// A callee without parentheses, `*` and casts that change nothing for a function.
    pub fn called(&self, mut callee: ExprId) -> ExprId {
        while let ExprKind::Deref(inner) | ExprKind::Cast(_, inner) = self.expr(callee).kind {
            callee = inner;
        }
        callee
    }

    /// The direct operands of an expression, left to right.
    pub fn operands(&self, expr: ExprId) -> Vec<ExprId> {
        match &self.expr(expr).kind {
            ExprKind::Call { callee, args } => [*callee].into_iter().chain(args.clone()).collect(),
            ExprKind::Member { base, .. } => vec![*base],
            ExprKind::Index { base, index } => vec![*base, *index],
            ExprKind::Deref(inner)
            | ExprKind::AddrOf(inner)
            | ExprKind::Unary(_, inner)
            | ExprKind::Cast(_, inner) => vec![*inner],
            ExprKind::Binary(_, a, b) => vec![*a, *b],
            ExprKind::Init { fields, .. } => fields.iter().map(|init| init.value).collect(),
            ExprKind::Local(_)
            | ExprKind::Global(_)
            | ExprKind::Int(_)
            | ExprKind::Str
            | ExprKind::Type(_)
            | ExprKind::Unknown => Vec::new(),
        }
    }

    /// Calls `see` for every expression below and including `expr`, operands first, from left to
    /// right. Nesting costs memory, not stack.
    pub fn visit(&self, expr: ExprId, see: &mut impl FnMut(ExprId)) {
        enum Task {
            Enter(ExprId),
            Leave(ExprId),
        }
        let mut tasks = vec![Task::Enter(expr)];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Leave(id) => see(id),
                Task::Enter(id) => {
                    tasks.push(Task::Leave(id));
                    let operands = self.operands(id);
                    tasks.extend(operands.into_iter().rev().map(Task::Enter));
                }
            }
        }
    }
}

/// Index into [`Body::exprs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExprId(pub u32);

/// Index into [`Body::blocks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

/// Index into [`super::Function::locals`]; parameters come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// Straight-line code with one way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What is done, in order.
    pub instrs: Vec<Instr>,
    /// Where control goes then.
    pub terminator: Terminator,
}

impl Block {
    /// The expressions it evaluates, in order.
    pub fn evaluated(&self) -> Vec<ExprId> {
        let instrs = self.instrs.iter().flat_map(|instr| instr.evaluated());
        instrs.chain(self.terminator.examined()).collect()
    }
}

/// One step of straight-line code. Calls nested in an expression are part of its evaluation, from
/// left to right, operands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instr {
    /// `target = value`. A declaration with an initialiser is an assignment to its local; compound
    /// assignments and `++` have been expanded into the binary operation they stand for.
    Assign {
        /// An lvalue: local, global, member, index or dereference.
        target: ExprId,
        /// The value stored.
        value: ExprId,
        /// The whole assignment or declarator.
        span: Span,
    },
    /// An expression evaluated for its effect.
    Eval {
        /// The expression.
        value: ExprId,
    },
    /// The head of a loop written as a macro (`for_each_vma(vmi, vma)`), at the top of every
    /// iteration. Which arguments it rebinds is in the macro's own body.
    LoopMacro {
        /// A [`ExprKind::Call`] of the macro.
        call: ExprId,
    },
}

impl Instr {
    /// The expressions it evaluates, in order: of an assignment the value, then the target.
    pub fn evaluated(self) -> Vec<ExprId> {
        match self {
            Instr::Assign { target, value, .. } => vec![value, target],
            Instr::Eval { value } => vec![value],
            Instr::LoopMacro { call } => vec![call],
        }
    }
}

/// How control leaves a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// Unconditional.
    Goto(BlockId),
    /// Two ways on an atomic condition.
    Branch {
        /// The condition: true if it is not 0 / not NULL / `true`. Front ends have removed `!`.
        condition: ExprId,
        /// Taken when the condition holds.
        then: BlockId,
        /// Taken when it does not.
        otherwise: BlockId,
    },
    /// A `switch` or `match`.
    Switch {
        /// What is examined.
        value: ExprId,
        /// Labels with the block each leads to, in source order.
        arms: Vec<(CaseLabel, BlockId)>,
        /// Where everything else goes.
        default: BlockId,
    },
    /// Leaves the function.
    Return(Option<ExprId>),
    /// Control does not get here, or does not leave.
    Unreachable,
}

impl Terminator {
    /// The expression that decides where control goes, or that is returned.
    pub fn examined(&self) -> Option<ExprId> {
        match self {
            Terminator::Branch { condition, .. } => Some(*condition),
            Terminator::Switch { value, .. } => Some(*value),
            Terminator::Return(value) => *value,
            Terminator::Goto(_) | Terminator::Unreachable => None,
        }
    }

    /// The blocks control may go to, in source order.
    pub fn successors(&self) -> Vec<BlockId> {
        match self {
            Terminator::Goto(next) => vec![*next],
            Terminator::Branch {
                then, otherwise, ..
            } => vec![*then, *otherwise],
            Terminator::Switch { arms, default, .. } => arms
                .iter()
                .map(|(_, block)| *block)
                .chain([*default])
                .collect(),
            Terminator::Return(_) | Terminator::Unreachable => Vec::new(),
        }
    }
}

/// A label of a `switch` arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseLabel {
    /// `case value:`
    Value(ExprId),
    /// `case low ... high:`
    Range(ExprId, ExprId),
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the file.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    /// A parameter or local variable.
    Local(LocalId),
    /// Any other name: function, global variable, enumerator, object-like macro.
    Global(Symbol),
    /// An integer or character constant; `None` when it does not fit or could not be read.
    Int(Option<i128>),
    /// A string literal.
    Str,
    /// A call of a function, function-like macro or function pointer.
    Call {
        /// What is called; [`ExprKind::Global`] for a call by name.
        callee: ExprId,
        /// The arguments in order; a type as argument is [`ExprKind::Type`].
        args: Vec<ExprId>,
    },
    /// `base->field` or `base.field`.
    Member {
        /// The pointer or structure.
        base: ExprId,
        /// The member's name.
        field: Symbol,
        /// True for `->`. Rust's automatic dereference counts as `.`.
        arrow: bool,
    },
    /// `base[index]`.
    Index {
        /// The array or pointer.
        base: ExprId,
        /// The index.
        index: ExprId,
    },
    /// `*pointer`.
    Deref(ExprId),
    /// `&place`.
    AddrOf(ExprId),
    /// `-x`, `~x`, and `!x` outside a condition.
    Unary(UnaryOp, ExprId),
    /// Arithmetic, bit operations, comparisons.
    Binary(BinaryOp, ExprId, ExprId),
    /// `(type)value`.
    Cast(TypeRef, ExprId),
    /// `{ .field = value, … }`, also with a type in front: `(struct s){ … }`.
    Init {
        /// The type written in front, if any.
        ty: Option<TypeRef>,
        /// The elements in order.
        fields: Vec<FieldInit>,
    },
    /// A type where an expression is expected: `sizeof(struct s)`, `container_of(p, struct s, m)`.
    Type(TypeRef),
    /// What the front end could not understand; its value and effects are unknown.
    Unknown,
}

/// One element of an initialiser list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInit {
    /// The member's name, if it is designated.
    pub field: Option<Symbol>,
    /// Its value.
    pub value: ExprId,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `~` (Rust: `!` of an integer)
    BitNot,
    /// `!`
    Not,
}

/// Operators with two operands, without the short-circuit ones, which are control flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `<<`
    Shl,
    /// `>>`
    Shr,
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}
