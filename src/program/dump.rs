//! Functions as text, for tests and for people.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use super::{
    BinaryOp, BlockId, Body, CaseLabel, ExprId, ExprKind, Function, FunctionKind, Instr, LocalId,
    Symbol, Terminator, TypeRef, UnaryOp,
};

/// A function's lowered form as text: one line per instruction, expressions as in C.
///
/// Temporaries are `%0`, `%1` …; of several variables with one name all but the first have a
/// number behind it: `ret#2`. What was not understood is `??`. Blocks that only go on elsewhere
/// are written like any other, so that the text shows the graph as it is.
pub fn dump(function: &Function) -> String {
    let mut out = String::new();
    if function.is_static {
        out.push_str("static ");
    }
    let keyword = match function.kind {
        FunctionKind::Function => "fn",
        FunctionKind::Macro => "macro",
    };
    let params: Vec<String> = function
        .params()
        .iter()
        .map(|param| {
            if param.ty.is_unknown() {
                param.name.to_string()
            } else {
                format!("{}: {}", param.name, type_text(param.ty))
            }
        })
        .collect();
    let _ = write!(out, "{keyword} {}({})", function.name, params.join(", "));
    if !function.result.is_unknown() {
        let _ = write!(out, " -> {}", type_text(function.result));
    }
    out.push('\n');
    let names = local_names(function);
    for body in &function.bodies {
        if function.bodies.len() > 1 || !body.presence.is_always() {
            let _ = writeln!(out, "when {}", body.presence);
        }
        dump_body(&mut out, body, &names);
    }
    if !function.not_understood.is_empty() {
        let _ = writeln!(out, "not understood: {}", function.not_understood.len());
    }
    out
}

/// An expression as text.
pub fn dump_expr(function: &Function, body: &Body, id: ExprId) -> String {
    Printer {
        body,
        names: &local_names(function),
    }
    .expr(id)
}

fn local_names(function: &Function) -> Vec<String> {
    let mut seen: FxHashMap<Symbol, u32> = FxHashMap::default();
    let mut n_temporaries = 0;
    function
        .locals
        .iter()
        .map(|local| {
            if local.name.as_str().is_empty() {
                n_temporaries += 1;
                return format!("%{}", n_temporaries - 1);
            }
            let n = seen.entry(local.name).or_insert(0);
            *n += 1;
            match n {
                1 => local.name.to_string(),
                n => format!("{}#{n}", local.name),
            }
        })
        .collect()
}

fn dump_body(out: &mut String, body: &Body, names: &[String]) {
    let printer = Printer { body, names };
    for (i, block) in body.blocks.iter().enumerate() {
        let _ = writeln!(out, "{}:", name_of(BlockId(i as u32)));
        for instr in &block.instrs {
            let line = match *instr {
                Instr::Assign { target, value, .. } => {
                    format!("{} = {}", printer.expr(target), printer.expr(value))
                }
                Instr::Eval { value } => printer.expr(value),
                Instr::LoopMacro { call } => format!("loop {}", printer.expr(call)),
            };
            let _ = writeln!(out, "  {line}");
        }
        let line = match &block.terminator {
            Terminator::Goto(next) => format!("goto {}", name_of(*next)),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => format!(
                "if {} {} else {}",
                printer.expr(*condition),
                name_of(*then),
                name_of(*otherwise)
            ),
            Terminator::Switch {
                value,
                arms,
                default,
            } => {
                let mut line = format!("switch {}", printer.expr(*value));
                for (label, block) in arms {
                    let label = match *label {
                        CaseLabel::Value(value) => printer.expr(value),
                        CaseLabel::Range(low, high) => {
                            format!("{} ... {}", printer.expr(low), printer.expr(high))
                        }
                    };
                    let _ = write!(line, " {label}: {},", name_of(*block));
                }
                line + &format!(" default: {}", name_of(*default))
            }
            Terminator::Return(Some(value)) => format!("return {}", printer.expr(*value)),
            Terminator::Return(None) => "return".to_owned(),
            Terminator::Unreachable => "unreachable".to_owned(),
        };
        let _ = writeln!(out, "  {line}");
    }
}

fn name_of(block: BlockId) -> String {
    format!("b{}", block.0)
}

fn type_text(ty: TypeRef) -> String {
    let base = if ty.is_unknown() {
        "?"
    } else {
        ty.base.as_str()
    };
    let stars = "*".repeat(ty.pointers.into());
    let function = if ty.function { "()" } else { "" };
    let space = if stars.is_empty() { "" } else { " " };
    format!("{base}{space}{stars}{function}")
}

struct Printer<'a> {
    body: &'a Body,
    names: &'a [String],
}

/// Expressions nested deeper than this are cut short.
const MAX_DEPTH: usize = 200;

impl Printer<'_> {
    fn expr(&self, id: ExprId) -> String {
        self.nested(id, 0)
    }

    fn local(&self, id: LocalId) -> &str {
        self.names.get(id.0 as usize).map_or("??", String::as_str)
    }

    /// With parentheses where C needs them (and a few more).
    fn operand(&self, id: ExprId, depth: usize) -> String {
        let text = self.nested(id, depth);
        match self.body.expr(id).kind {
            ExprKind::Binary(..) | ExprKind::Cast(..) => format!("({text})"),
            ExprKind::Unary(..) | ExprKind::Deref(_) | ExprKind::AddrOf(_) => format!("({text})"),
            _ => text,
        }
    }

    fn nested(&self, id: ExprId, depth: usize) -> String {
        if depth > MAX_DEPTH {
            return "…".to_owned();
        }
        let depth = depth + 1;
        let list = |ids: &[ExprId]| -> String {
            let texts: Vec<String> = ids.iter().map(|&id| self.nested(id, depth)).collect();
            texts.join(", ")
        };
        match &self.body.expr(id).kind {
            ExprKind::Local(id) => self.local(*id).to_owned(),
            ExprKind::Global(name) => name.to_string(),
            ExprKind::Int(Some(value)) => value.to_string(),
            ExprKind::Int(None) => "<number>".to_owned(),
            ExprKind::Str => "\"\"".to_owned(),
            ExprKind::Call { callee, args } => {
                format!("{}({})", self.operand(*callee, depth), list(args))
            }
            ExprKind::Member { base, field, arrow } => {
                let dot = if *arrow { "->" } else { "." };
                format!("{}{dot}{field}", self.operand(*base, depth))
            }
            ExprKind::Index { base, index } => {
                format!(
                    "{}[{}]",
                    self.operand(*base, depth),
                    self.nested(*index, depth)
                )
            }
            ExprKind::Deref(inner) => format!("*{}", self.operand(*inner, depth)),
            ExprKind::AddrOf(inner) => format!("&{}", self.operand(*inner, depth)),
            ExprKind::Unary(op, inner) => {
                let op = match op {
                    UnaryOp::Neg => "-",
                    UnaryOp::BitNot => "~",
                    UnaryOp::Not => "!",
                };
                format!("{op}{}", self.operand(*inner, depth))
            }
            ExprKind::Binary(op, left, right) => format!(
                "{} {} {}",
                self.operand(*left, depth),
                binary_text(*op),
                self.operand(*right, depth)
            ),
            ExprKind::Cast(ty, inner) => {
                format!("({}){}", type_text(*ty), self.operand(*inner, depth))
            }
            ExprKind::Init { ty, fields } => {
                let ty = ty.map_or(String::new(), |ty| format!("({})", type_text(ty)));
                let fields: Vec<String> = fields
                    .iter()
                    .map(|field| {
                        let value = self.nested(field.value, depth);
                        match field.field {
                            Some(name) => format!(".{name} = {value}"),
                            None => value,
                        }
                    })
                    .collect();
                format!("{ty}{{{}}}", fields.join(", "))
            }
            ExprKind::Type(ty) => format!("<{}>", type_text(*ty)),
            ExprKind::Unknown => "??".to_owned(),
        }
    }
}

fn binary_text(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::And => "&",
        BinaryOp::Or => "|",
        BinaryOp::Xor => "^",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
    }
}
