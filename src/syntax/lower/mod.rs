//! Lowers a parsed body into the program model.
//!
//! Everything with control in it — `&&`, `||`, `!` in conditions, `?:`, `({ })` — becomes blocks
//! and temporaries; what remains are expressions that are evaluated in one go. An operand with a
//! call in it is put into a temporary when something later in the same expression needs control
//! flow, so that calls stay in the order they are written.

mod assembler;
mod condition;
mod constant;
mod declaration;
mod expression;
mod macros;
mod statement;
mod switch;

pub(crate) use constant::integer;

use rustc_hash::FxHashMap;

use crate::program::{
    BlockId, Body, CaseLabel, Expr, ExprId, ExprKind, Instr, Local, LocalId, Presence, Span,
    Symbol, Terminator, TypeRef,
};

use super::blocks::{self, OpenBlock};
use super::normalise::{Rewrite, RewriteKind};
use super::parse::{Ast, Kind, NodeId};
use super::types;

/// What a body is lowered from.
pub(crate) struct Input<'a> {
    pub ast: &'a Ast,
    /// The function's original bytes.
    pub source: &'a [u8],
    /// What was parsed; as long as `source`, give or take a suffix.
    pub text: &'a [u8],
    pub rewrites: &'a [Rewrite],
    /// Added to an offset in the tree for one in `source`.
    pub tree_base: u32,
    /// Added to an offset in `source` for one in the file.
    pub file_base: u32,
    /// Names of the parameters in this alternative.
    pub params: Vec<(Symbol, LocalId)>,
    /// The body is one expression, the function's value.
    pub is_expression: bool,
    /// Statements that stand as arguments of macros, parsed by themselves.
    pub parts: &'a [Part],
}

/// Statements that were an argument.
pub(crate) struct Part {
    pub ast: Ast,
    /// What was parsed: the statements in braces.
    pub text: Vec<u8>,
    /// With spans relative to the function.
    pub rewrites: Vec<Rewrite>,
    /// Where the argument is, relative to the function.
    pub span: Span,
}

/// The tree that is being lowered: the body's or a part's.
struct View<'a> {
    ast: &'a Ast,
    text: &'a [u8],
    rewrite_list: &'a [Rewrite],
    rewrites: FxHashMap<u32, Rewrite>,
    /// Offsets in the function of arguments that are gone from the tree.
    lost_arguments: Vec<u32>,
    /// Added to an offset in the tree for one in the function.
    tree_base: u32,
}

impl<'a> View<'a> {
    fn new(ast: &'a Ast, text: &'a [u8], list: &'a [Rewrite], tree_base: u32) -> View<'a> {
        let mut lost_arguments: Vec<u32> = list
            .iter()
            .filter(|r| r.kind == RewriteKind::EmptyArgument && r.span.start == r.span.end)
            .map(|r| r.span.start)
            .collect();
        lost_arguments.sort_unstable();
        View {
            ast,
            text,
            rewrite_list: list,
            rewrites: list
                .iter()
                .filter(|r| r.kind != RewriteKind::Annotation)
                .map(|r| (r.span.start, *r))
                .collect(),
            lost_arguments,
            tree_base,
        }
    }
}

/// Nodes nested deeper than this are not looked into.
const MAX_DEPTH: usize = 300;

/// Deeper expressions become unknown. A chain, `a->b->c` or `a + b + c`, is read without going
/// down, but those who use the model go down.
const MAX_HEIGHT: u16 = 200;

/// Lowers one alternative. Locals and places not understood are added to the function's.
pub(crate) fn lower(
    input: Input<'_>,
    presence: Presence,
    locals: &mut Vec<Local>,
    not_understood: &mut Vec<Span>,
) -> Body {
    let mut lowerer = Lowerer::new(&input, locals, not_understood);
    lowerer.body();
    lowerer.finish(presence)
}

struct Lowerer<'a> {
    input: &'a Input<'a>,
    /// The tree being lowered.
    ast: &'a Ast,
    view: View<'a>,
    locals: &'a mut Vec<Local>,
    not_understood: &'a mut Vec<Span>,
    exprs: Vec<Expr>,
    /// How deep each of `exprs` is.
    heights: Vec<u16>,
    blocks: Vec<OpenBlock>,
    current: BlockId,
    /// Names in scope, inner ones last.
    scope: Vec<(Symbol, Option<LocalId>)>,
    labels: FxHashMap<Symbol, BlockId>,
    breaks: Vec<BlockId>,
    continues: Vec<BlockId>,
    switches: Vec<switch::Open>,
    depth: usize,
}

impl<'a> Lowerer<'a> {
    fn new(
        input: &'a Input<'a>,
        locals: &'a mut Vec<Local>,
        not_understood: &'a mut Vec<Span>,
    ) -> Lowerer<'a> {
        Lowerer {
            input,
            ast: input.ast,
            view: View::new(input.ast, input.text, input.rewrites, input.tree_base),
            locals,
            not_understood,
            exprs: Vec::with_capacity(input.ast.nodes.len() / 2),
            heights: Vec::with_capacity(input.ast.nodes.len() / 2),
            blocks: vec![(Vec::new(), None)],
            current: BlockId(0),
            scope: input.params.iter().map(|&(n, id)| (n, Some(id))).collect(),
            labels: FxHashMap::default(),
            breaks: Vec::new(),
            continues: Vec::new(),
            switches: Vec::new(),
            depth: 0,
        }
    }

    fn body(&mut self) {
        self.count_errors();
        let Some(root) = self.ast.nodes.first() else {
            return;
        };
        // A tree that is wrong altogether has an error for its root.
        let mut item = root.first_child;
        while item != super::parse::NO_NODE {
            let is_block = self.ast.node(item).kind == Kind::Compound;
            match (is_block, self.input.is_expression) {
                (true, true) => self.value_body(item),
                _ => self.statement(item),
            }
            item = self.ast.node(item).next;
        }
    }

    /// Lowers statements that are an argument. Whether the macro runs them is not known.
    fn part(&mut self, part: &'a Part) {
        let view = View::new(
            &part.ast,
            &part.text,
            &part.rewrites,
            part.span.start.wrapping_sub(1),
        );
        let outer = std::mem::replace(&mut self.view, view);
        self.ast = &part.ast;
        self.count_errors();
        let base = self.input.file_base;
        let span = Span::new(part.span.start + base, part.span.end + base);
        let (inner, end) = (self.new_block(), self.new_block());
        let condition = self.unknown(span);
        self.terminate(Terminator::Branch {
            condition,
            then: inner,
            otherwise: end,
        });
        self.enter(inner);
        self.breaks.push(end);
        self.continues.push(end);
        let n_outer = self.scope.len();
        let mut item = self
            .ast
            .nodes
            .first()
            .map_or(super::parse::NO_NODE, |root| root.first_child);
        while item != super::parse::NO_NODE {
            self.statement(item);
            item = self.ast.node(item).next;
        }
        self.scope.truncate(n_outer);
        self.breaks.pop();
        self.continues.pop();
        self.fall_into(end);
        self.ast = outer.ast;
        self.view = outer;
    }

    fn count_errors(&mut self) {
        for &(start, end) in &self.ast.errors {
            let start = self.place(start);
            let end = self.place(end).max(start + 1);
            self.not_understood.push(Span::new(start, end));
        }
        for rewrite in self.view.rewrite_list {
            if matches!(
                rewrite.kind,
                RewriteKind::TooDeep | RewriteKind::ComputedGoto
            ) {
                let base = self.input.file_base;
                let span = rewrite.span;
                self.not_understood
                    .push(Span::new(span.start + base, span.end + base));
            }
        }
    }

    /// The body of a macro that is an expression.
    fn value_body(&mut self, block: NodeId) {
        let n_marks = self.scope.len();
        let value = self.block_value(block);
        self.scope.truncate(n_marks);
        self.terminate(Terminator::Return(value));
    }

    fn finish(mut self, presence: Presence) -> Body {
        self.terminate(Terminator::Return(None));
        blocks::body(self.blocks, self.exprs, presence)
    }

    // Places.

    /// The place in the file of an offset in the tree.
    fn place(&self, offset: u32) -> u32 {
        let end = self.input.source.len() as u32;
        (offset + self.view.tree_base).min(end) + self.input.file_base
    }

    fn span(&self, node: NodeId) -> Span {
        let node = self.ast.node(node);
        Span::new(self.place(node.start), self.place(node.end))
    }

    /// The original text of a node.
    fn source(&self, node: NodeId) -> &'a [u8] {
        let node = self.ast.node(node);
        let base = self.view.tree_base;
        let end = self.input.source.len().min((node.end + base) as usize);
        self.input
            .source
            .get((node.start + base) as usize..end)
            .unwrap_or_default()
    }

    /// The text of a node as it was parsed.
    fn text(&self, node: NodeId) -> &'a [u8] {
        let node = self.ast.node(node);
        self.view
            .text
            .get(node.start as usize..node.end as usize)
            .unwrap_or_default()
    }

    /// What was overwritten at the beginning of a node.
    fn rewrite_at(&self, node: NodeId) -> Option<Rewrite> {
        if self.view.rewrites.is_empty() {
            return None;
        }
        let start = self.ast.node(node).start + self.view.tree_base;
        self.view.rewrites.get(&start).copied()
    }

    fn symbol(&self, node: NodeId) -> Symbol {
        self.symbol_of(self.source(node))
    }

    fn symbol_of(&self, text: &[u8]) -> Symbol {
        if text.contains(&b'#') {
            // Pasted together: blanks and continuations around `##` are not part of the name.
            let joined: Vec<u8> = text
                .iter()
                .copied()
                .filter(|b| !b.is_ascii_whitespace() && *b != b'\\')
                .collect();
            return types::symbol(&joined);
        }
        types::symbol(text)
    }

    fn not_understood(&mut self, node: NodeId) {
        let span = self.span(node);
        self.not_understood.push(span);
    }

    // Building.

    fn add(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        let height = self.height_above(&kind);
        if height > MAX_HEIGHT {
            self.not_understood.push(span);
            self.heights.push(0);
            let kind = ExprKind::Unknown;
            self.exprs.push(Expr { kind, span });
            return id;
        }
        self.heights.push(height);
        self.exprs.push(Expr { kind, span });
        id
    }

    /// How deep an expression of this kind is.
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
                let values = fields.iter().map(|init| of(&init.value));
                values.max().unwrap_or(0)
            }
            ExprKind::Local(_)
            | ExprKind::Global(_)
            | ExprKind::Int(_)
            | ExprKind::Str
            | ExprKind::Type(_)
            | ExprKind::Unknown => 0,
        }
    }

    fn emit(&mut self, instr: Instr) {
        self.blocks[self.current.0 as usize].0.push(instr);
    }

    fn assign(&mut self, target: ExprId, value: ExprId, span: Span) {
        self.emit(Instr::Assign {
            target,
            value,
            span,
        });
    }

    fn new_block(&mut self) -> BlockId {
        let id = BlockId(self.blocks.len() as u32);
        self.blocks.push((Vec::new(), None));
        id
    }

    /// Ends the current block; what follows is dead until a block is entered.
    fn terminate(&mut self, terminator: Terminator) {
        let block = &mut self.blocks[self.current.0 as usize];
        if block.1.is_none() {
            block.1 = Some(terminator);
        }
        self.current = self.new_block();
    }

    fn enter(&mut self, block: BlockId) {
        self.current = block;
    }

    /// Goes on in `block`.
    fn fall_into(&mut self, block: BlockId) {
        let current = &mut self.blocks[self.current.0 as usize];
        if current.1.is_none() {
            current.1 = Some(Terminator::Goto(block));
        }
        self.current = block;
    }

    fn temporary(&mut self, span: Span) -> LocalId {
        self.new_local(Symbol::new(""), TypeRef::unknown(), span)
    }

    fn new_local(&mut self, name: Symbol, ty: TypeRef, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(Local { name, ty, span });
        id
    }

    fn local(&mut self, id: LocalId, span: Span) -> ExprId {
        self.add(ExprKind::Local(id), span)
    }

    fn lookup(&self, name: Symbol) -> Option<LocalId> {
        self.scope
            .iter()
            .rev()
            .find(|(n, _)| *n == name)
            .and_then(|(_, id)| *id)
    }

    fn label(&mut self, name: Symbol) -> BlockId {
        if let Some(&block) = self.labels.get(&name) {
            return block;
        }
        let block = self.new_block();
        self.labels.insert(name, block);
        block
    }

    fn unknown(&mut self, span: Span) -> ExprId {
        self.add(ExprKind::Unknown, span)
    }

    /// Goes one level down; false if that is too deep.
    fn descend(&mut self, node: NodeId) -> bool {
        if self.depth >= MAX_DEPTH {
            self.not_understood(node);
            return false;
        }
        self.depth += 1;
        true
    }

    fn ascend(&mut self) {
        self.depth -= 1;
    }
}

/// Arms of a `switch` while it is read.
type Arms = Vec<(CaseLabel, BlockId)>;
