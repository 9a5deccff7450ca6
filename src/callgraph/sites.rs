//! What a parsed function calls: directly, through a member of a structure, or by passing a
//! function on.

use rustc_hash::FxHashMap;

use crate::program::{Body, ExprId, ExprKind, Function, Instr, LocalId, Symbol, TypeRef};

use super::types::{Definitions, type_of};

/// A place in a function from which control can go elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub callee: Callee,
    /// Where the call stands.
    pub offset: u32,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callee {
    /// `name(…)`
    Name(Symbol),
    /// `p->member(…)`
    Member {
        /// The type of what `p` points to; `None` if it is not known.
        structure: Option<Symbol>,
        member: Symbol,
        n_args: usize,
    },
    /// `to(…, name, …)`, where `name` may be a function.
    Passed {
        name: Symbol,
        /// What it is passed to; `None` for a call through a pointer.
        to: Option<Symbol>,
    },
}

/// All places in all alternatives of a function, by offset.
pub(super) fn sites(function: &Function, definitions: &dyn Definitions) -> Vec<Site> {
    let mut found = Vec::new();
    for body in &function.bodies {
        let mut reader = Reader {
            function,
            body,
            definitions,
            assigned: assigned_locals(body),
            found: &mut found,
        };
        for expr in &body.exprs {
            if let ExprKind::Call { callee, args } = &expr.kind {
                reader.call(*callee, args, expr.span.start);
            }
        }
    }
    found.sort_by_key(|site: &Site| site.offset);
    found.dedup();
    found
}

/// A local that is set to more values than this is no variable for a function.
const MAX_VALUES: usize = 16;

/// What is stored to locals, as far as it can be a function.
fn assigned_locals(body: &Body) -> FxHashMap<LocalId, Vec<ExprId>> {
    let mut assigned: FxHashMap<LocalId, Vec<ExprId>> = FxHashMap::default();
    for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
        if let Instr::Assign { target, value, .. } = instr
            && let ExprKind::Local(local) = body.expr(*target).kind
        {
            let value = strip(body, *value);
            let values = assigned.entry(local).or_default();
            let may_be_function = matches!(
                body.expr(value).kind,
                ExprKind::Global(_) | ExprKind::Member { .. }
            );
            if may_be_function && values.len() < MAX_VALUES {
                values.push(value);
            }
        }
    }
    assigned
}

struct Reader<'a> {
    function: &'a Function,
    body: &'a Body,
    definitions: &'a dyn Definitions,
    assigned: FxHashMap<LocalId, Vec<ExprId>>,
    found: &'a mut Vec<Site>,
}

impl Reader<'_> {
    fn call(&mut self, callee: ExprId, args: &[ExprId], offset: u32) {
        let target = strip(self.body, callee);
        match self.body.expr(target).kind {
            ExprKind::Local(local) => {
                let values = self.assigned.get(&local).cloned().unwrap_or_default();
                for value in values {
                    self.target(value, args.len(), offset);
                }
            }
            _ => self.target(target, args.len(), offset),
        }
        let to = match self.body.expr(target).kind {
            ExprKind::Global(name) => Some(name),
            _ => None,
        };
        for &arg in args {
            let arg = strip(self.body, arg);
            let expr = self.body.expr(arg);
            if let ExprKind::Global(name) = expr.kind
                && name.as_str().bytes().any(|byte| byte.is_ascii_lowercase())
            {
                self.found.push(Site {
                    callee: Callee::Passed { name, to },
                    offset: expr.span.start,
                });
            }
        }
    }

    fn target(&mut self, target: ExprId, n_args: usize, offset: u32) {
        let callee = match self.body.expr(target).kind {
            ExprKind::Global(name) => Callee::Name(name),
            ExprKind::Member { base, field, .. } => Callee::Member {
                structure: known(type_of(self.definitions, self.function, self.body, base)),
                member: field,
                n_args,
            },
            _ => return,
        };
        self.found.push(Site { callee, offset });
    }
}

fn known(ty: TypeRef) -> Option<Symbol> {
    let is_known = !ty.is_unknown() && ty.base != "void";
    is_known.then_some(ty.base)
}

/// `(*f)`, `&f`, `(type)f` and `f[i]` call what `f` does.
pub(super) fn strip(body: &Body, mut expr: ExprId) -> ExprId {
    while let ExprKind::Deref(inner)
    | ExprKind::AddrOf(inner)
    | ExprKind::Cast(_, inner)
    | ExprKind::Index { base: inner, .. } = body.expr(expr).kind
    {
        expr = inner;
    }
    expr
}
