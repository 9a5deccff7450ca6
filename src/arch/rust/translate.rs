//! Rust into C, for functions whose values are words of bits.
//!
//! Every type is written out, since C would choose others: the result of an operation is cast to the
//! type Rust gives it. What has no counterpart here leaves its function out, with the reason.

use std::fmt::Write;

use syn::{BinOp, Block, Expr, Item, Lit, Local, Pat, Stmt, UnOp};

use super::LeftOut;
use super::names::{Names, Ty};

/// What could not be put into C.
type Result<T> = std::result::Result<T, &'static str>;

const U64: Ty = Ty::Int(64, false);

/// The items of a file as C, each on the line of its name, and the functions left out.
pub fn to_c(names: &Names, items: &[Item]) -> (String, Vec<LeftOut>) {
    let mut text = Lines::default();
    let mut left_out = Vec::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                let name = item.ident.to_string();
                if let Some(inner) = names.newtypes.get(&name) {
                    let inner = inner.in_c();
                    text.put(line(&item.ident), &format!("typedef {inner} {name};"));
                }
            }
            Item::Enum(item) => {
                let name = item.ident.to_string();
                if let Some(variants) = names.enums.get(&name) {
                    text.put(line(&item.ident), &format!("typedef u32 {name};"));
                    for (value, variant) in variants.iter().enumerate() {
                        let constant = enumerator(&name, variant);
                        text.put(0, &format!("static const u32 {constant} = {value};"));
                    }
                }
            }
            Item::Const(item) => {
                let name = item.ident.to_string();
                let Some(ty) = names.constants.get(&name) else {
                    continue;
                };
                // One that is not understood is not there for whoever uses it.
                if let Ok(value) = Translation::new(names).expr(&item.expr, Some(ty)) {
                    let ty = ty.in_c();
                    text.put(
                        line(&item.ident),
                        &format!("#define {name} (({ty}){value})"),
                    );
                }
            }
            Item::Fn(item) => {
                let name = item.sig.ident.to_string();
                let Some(signature) = names.functions.get(&name) else {
                    continue;
                };
                let mut translation = Translation::new(names);
                translation.result = signature.result.clone();
                translation.locals = signature.parameters.clone();
                let parameters: Vec<String> = signature
                    .parameters
                    .iter()
                    .map(|(name, ty)| format!("{} {name}", ty.in_c()))
                    .collect();
                let head = format!(
                    "static inline {} {name}({})",
                    signature.result.in_c(),
                    parameters.join(", ")
                );
                let line = line(&item.sig.ident);
                match translation.body(&item.block) {
                    Ok(body) => text.put(line, &format!("{head} {{ {body} }}")),
                    Err(reason) => {
                        text.put(line, &format!("{head};"));
                        left_out.push(LeftOut {
                            name,
                            reason: reason.to_owned(),
                        });
                    }
                }
            }
            _ => {}
        }
    }
    (text.text, left_out)
}

fn line(ident: &syn::Ident) -> u32 {
    ident.span().start().line as u32
}

fn enumerator(name: &str, variant: &str) -> String {
    format!("{name}__{variant}")
}

/// Text whose lines are those of another one.
#[derive(Default)]
struct Lines {
    text: String,
    n_lines: u32,
}

impl Lines {
    /// Puts text on a line, or on the first that is free.
    fn put(&mut self, line: u32, text: &str) {
        while self.n_lines + 1 < line {
            self.text.push('\n');
            self.n_lines += 1;
        }
        self.text.push_str(text);
        self.text.push('\n');
        self.n_lines += 1;
    }
}

/// One function.
struct Translation<'n> {
    names: &'n Names,
    result: Ty,
    /// Variables in scope, the innermost last.
    locals: Vec<(String, Ty)>,
}

/// Statements.
impl<'n> Translation<'n> {
    fn new(names: &'n Names) -> Translation<'n> {
        Translation {
            names,
            result: U64,
            locals: Vec::new(),
        }
    }

    fn body(&mut self, block: &Block) -> Result<String> {
        let result = self.result.clone();
        let (last, before) = block
            .stmts
            .split_last()
            .ok_or("a body without statements")?;
        let mut text = String::new();
        for statement in before {
            text += &self.statement(statement)?;
        }
        text += &match last {
            Stmt::Expr(expr @ Expr::Return(_), _) | Stmt::Expr(expr, Some(_)) => {
                self.discarded(expr)?
            }
            Stmt::Expr(expr, None) => format!("return {};", self.expr(expr, Some(&result))?),
            _ => return Err("a function that returns nothing"),
        };
        Ok(text)
    }

    /// Statements whose variables end with them.
    fn block(&mut self, block: &Block) -> Result<String> {
        let n_locals = self.locals.len();
        let statements = block.stmts.iter();
        let text = statements
            .map(|statement| self.statement(statement))
            .collect::<Result<String>>();
        self.locals.truncate(n_locals);
        Ok(format!("{{ {} }}", text?))
    }

    fn statement(&mut self, statement: &Stmt) -> Result<String> {
        match statement {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(expr, _) => self.discarded(expr),
            Stmt::Item(_) => Err("an item inside of a function"),
            Stmt::Macro(_) => Err("a macro"),
        }
    }

    fn local(&mut self, local: &Local) -> Result<String> {
        let (pat, ty) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(self.names.ty(&typed.ty).ok_or(NO_TYPE)?)),
            pat => (pat, None),
        };
        let Pat::Ident(pat) = pat else {
            return Err("a pattern in `let`");
        };
        let init = local.init.as_ref().ok_or("a variable without a value")?;
        if init.diverge.is_some() {
            return Err("`let … else`");
        }
        let ty = match ty {
            Some(ty) => ty,
            None => self.type_of(&init.expr).ok_or(NO_TYPE)?,
        };
        let value = self.expr(&init.expr, Some(&ty))?;
        let name = pat.ident.to_string();
        let text = format!("{} {name} = {value};", ty.in_c());
        self.locals.push((name, ty));
        Ok(text)
    }

    /// An expression whose value nobody takes.
    fn discarded(&mut self, expr: &Expr) -> Result<String> {
        Ok(match expr {
            Expr::Return(returned) => {
                let result = self.result.clone();
                let value = returned.expr.as_ref().ok_or("a return without a value")?;
                format!("return {};", self.expr(value, Some(&result))?)
            }
            Expr::If(branch) => {
                let condition = self.expr(&branch.cond, Some(&Ty::Bool))?;
                let mut text = format!("if ({condition}) {}", self.block(&branch.then_branch)?);
                if let Some((_, otherwise)) = &branch.else_branch {
                    let _ = write!(text, " else {{ {} }}", self.discarded(otherwise)?);
                }
                text
            }
            Expr::Block(block) => self.block(&block.block)?,
            Expr::While(round) => {
                let condition = self.expr(&round.cond, Some(&Ty::Bool))?;
                format!("while ({condition}) {}", self.block(&round.body)?)
            }
            Expr::Break(one) if one.expr.is_none() && one.label.is_none() => "break;".to_owned(),
            Expr::Continue(one) if one.label.is_none() => "continue;".to_owned(),
            Expr::Assign(assign) => {
                let ty = self.type_of(&assign.left).ok_or(NO_TYPE)?;
                let place = self.place(&assign.left)?;
                format!("{place} = {};", self.expr(&assign.right, Some(&ty))?)
            }
            Expr::Binary(binary) if operator(&binary.op).1 => {
                let ty = self.type_of(&binary.left).ok_or(NO_TYPE)?;
                let place = self.place(&binary.left)?;
                let (sign, _) = operator(&binary.op);
                let right = self.operand(&binary.right, sign, &ty)?;
                format!("{place} = ({})({place} {sign} {right});", ty.in_c())
            }
            Expr::Match(_) => format!("{};", self.matched(expr, None)?),
            _ => return Err("a statement for its effect"),
        })
    }

    /// A variable, or the word in one.
    fn place(&self, expr: &Expr) -> Result<String> {
        match expr {
            Expr::Path(path) => {
                let name = path.path.get_ident().ok_or(NO_PLACE)?.to_string();
                self.local_type(&name).ok_or(NO_PLACE)?;
                Ok(name)
            }
            Expr::Field(field) => self.place(&field.base),
            Expr::Paren(paren) => self.place(&paren.expr),
            _ => Err(NO_PLACE),
        }
    }
}

const NO_TYPE: &str = "a value whose type is not a word of bits";
const NO_PLACE: &str = "a store to something that is no variable";

/// Expressions.
impl Translation<'_> {
    /// An expression in brackets, of the type that is wanted where it says none itself.
    fn expr(&mut self, expr: &Expr, wanted: Option<&Ty>) -> Result<String> {
        Ok(match expr {
            Expr::Paren(paren) => self.expr(&paren.expr, wanted)?,
            Expr::Group(group) => self.expr(&group.expr, wanted)?,
            Expr::Lit(literal) => self.literal(&literal.lit, wanted)?,
            Expr::Path(path) => self.path(&path.path)?,
            Expr::Field(field) => {
                let ty = self.type_of(&field.base).ok_or(NO_TYPE)?;
                let is_word =
                    matches!(&ty, Ty::Named(name) if self.names.newtypes.contains_key(name));
                if !is_word {
                    return Err("a member of a structure");
                }
                self.expr(&field.base, None)?
            }
            Expr::Unary(unary) => {
                let ty = self
                    .type_of(&unary.expr)
                    .or(wanted.cloned())
                    .ok_or(NO_TYPE)?;
                let value = self.expr(&unary.expr, Some(&ty))?;
                match (&unary.op, &ty) {
                    (UnOp::Not(_), Ty::Bool) => format!("(!{value})"),
                    (UnOp::Not(_), Ty::Int(..)) if ty.is_kept() => format!("(~{value})"),
                    (UnOp::Not(_), Ty::Int(..)) => format!("(({})~{value})", ty.in_c()),
                    (UnOp::Neg(_), Ty::Int(..)) => format!("(({})-{value})", ty.in_c()),
                    _ => return Err("a pointer"),
                }
            }
            Expr::Binary(binary) => {
                let (sign, is_assignment) = operator(&binary.op);
                if is_assignment {
                    return Err("an assignment inside of an expression");
                }
                let own = self.type_of(&binary.left);
                let is_shift = matches!(sign, "<<" | ">>");
                let other = || self.type_of(&binary.right).filter(|_| !is_shift);
                let is_comparison = is_comparison(sign);
                let from_outside = wanted.cloned().filter(|_| !is_comparison);
                let ty = own.or_else(other).or(from_outside).unwrap_or(U64);
                let left = self.expr(&binary.left, Some(&ty))?;
                let right = self.operand(&binary.right, sign, &ty)?;
                // A chain of one operator need not be nested as deep as it is long.
                let left = match is_chain(&binary.left, sign) {
                    true => left[1..left.len() - 1].to_owned(),
                    false => left,
                };
                let is_kept = is_comparison || matches!(sign, "&&" | "||") || ty.is_kept();
                match is_kept {
                    true => format!("({left} {sign} {right})"),
                    false => format!("(({})({left} {sign} {right}))", ty.in_c()),
                }
            }
            Expr::Cast(cast) => {
                let to = self.names.ty(&cast.ty).ok_or(NO_TYPE)?;
                let from = self.type_of(&cast.expr);
                format!("(({}){})", to.in_c(), self.expr(&cast.expr, from.as_ref())?)
            }
            Expr::Call(call) => self.call(call)?,
            Expr::If(branch) => {
                let ty = self.type_of(expr).or(wanted.cloned());
                let condition = self.expr(&branch.cond, Some(&Ty::Bool))?;
                let yes = self.value_of_block(&branch.then_branch, ty.as_ref())?;
                let (_, no) = branch.else_branch.as_ref().ok_or("`if` without `else`")?;
                let no = self.expr(no, ty.as_ref())?;
                format!("({condition} ? {yes} : {no})")
            }
            Expr::Block(block) => self.value_of_block(&block.block, wanted)?,
            Expr::Match(_) => self.matched(expr, wanted)?,
            Expr::Let(_) => return Err("a pattern in a condition"),
            Expr::Closure(_) => return Err("a closure"),
            Expr::MethodCall(_) => return Err("a method"),
            Expr::Macro(_) => return Err("a macro"),
            Expr::Reference(_) => return Err("a reference"),
            _ => return Err("an expression that is no word of bits"),
        })
    }

    /// The right operand: how far to shift has a type of its own.
    fn operand(&mut self, expr: &Expr, sign: &str, ty: &Ty) -> Result<String> {
        let wanted = match sign {
            "<<" | ">>" => self.type_of(expr).unwrap_or(Ty::Int(32, false)),
            _ => ty.clone(),
        };
        self.expr(expr, Some(&wanted))
    }

    fn literal(&self, literal: &Lit, wanted: Option<&Ty>) -> Result<String> {
        match literal {
            Lit::Bool(value) => Ok(u8::from(value.value).to_string()),
            Lit::Int(value) => {
                let ty = literal_type(value).or(wanted.cloned()).unwrap_or(U64);
                let digits = value.base10_digits();
                Ok(match ty == U64 {
                    true => format!("{digits}ULL"),
                    false => format!("(({}){digits}ULL)", ty.in_c()),
                })
            }
            _ => Err("a literal that is no number"),
        }
    }

    /// A variable, constant or enumerator.
    fn path(&self, path: &syn::Path) -> Result<String> {
        if let Some(name) = path.get_ident().map(syn::Ident::to_string)
            && self.local_type(&name).is_some()
        {
            return Ok(name);
        }
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        if let [.., of, variant] = &segments[..]
            && let Some(variants) = self.names.enums.get(of)
            && variants.contains(variant)
        {
            return Ok(enumerator(of, variant));
        }
        let name = segments.last().ok_or(NO_TYPE)?;
        match is_limit(&segments) {
            Some(limit) => Ok(limit),
            None if self.names.constants.contains_key(name) => Ok(name.clone()),
            None => Err("a name that is not known"),
        }
    }

    fn call(&mut self, call: &syn::ExprCall) -> Result<String> {
        let Expr::Path(path) = &*call.func else {
            return Err("a call through a value");
        };
        let name = last_name(&path.path).ok_or(NO_TYPE)?;
        if let (Some(inner), 1) = (self.names.newtypes.get(&name), call.args.len()) {
            let value = self.expr(&call.args[0], Some(inner))?;
            return Ok(format!("(({name}){value})"));
        }
        let Some(signature) = self.names.functions.get(&name) else {
            // What is not here may be a macro of the settings.
            let arguments = call.args.iter().map(|argument| self.expr(argument, None));
            let arguments: Vec<String> = arguments.collect::<Result<_>>()?;
            return Ok(format!("{name}({})", arguments.join(", ")));
        };
        if signature.parameters.len() != call.args.len() {
            return Err("a call with other arguments than the function has");
        }
        let arguments = call.args.iter().zip(&signature.parameters);
        let arguments: Vec<String> = arguments
            .map(|(argument, (_, ty))| self.expr(argument, Some(ty)))
            .collect::<Result<_>>()?;
        Ok(format!("{name}({})", arguments.join(", ")))
    }

    /// A block for its value.
    fn value_of_block(&mut self, block: &Block, wanted: Option<&Ty>) -> Result<String> {
        let (last, before) = block.stmts.split_last().ok_or("a block without a value")?;
        let Stmt::Expr(last, None) = last else {
            return Err("a block without a value");
        };
        let n_locals = self.locals.len();
        let statements = before.iter().map(|statement| self.statement(statement));
        let before = statements.collect::<Result<String>>();
        let last = before.and_then(|before| Ok((before, self.expr(last, wanted)?)));
        self.locals.truncate(n_locals);
        let (before, last) = last?;
        Ok(match before.is_empty() {
            true => last,
            false => format!("({{ {before} {last}; }})"),
        })
    }

    /// `match` as a row of tests; the last arm takes what is left.
    fn matched(&mut self, expr: &Expr, wanted: Option<&Ty>) -> Result<String> {
        let Expr::Match(matched) = expr else {
            return Err(NO_TYPE);
        };
        let subject = self.type_of(&matched.expr).ok_or(NO_TYPE)?;
        let value = self.expr(&matched.expr, Some(&subject))?;
        let ty = self.type_of(expr).or(wanted.cloned());
        let mut text = format!("({{ {} rust_match = {value}; ", subject.in_c());
        let (last, arms) = matched.arms.split_last().ok_or("a match without arms")?;
        for arm in arms {
            let condition = self.pattern(&arm.pat, &subject)?;
            let _ = write!(
                text,
                "{condition} ? {} : ",
                self.expr(&arm.body, ty.as_ref())?
            );
        }
        self.pattern(&last.pat, &subject)?;
        let _ = write!(text, "{}; }})", self.expr(&last.body, ty.as_ref())?);
        Ok(text)
    }

    /// When the subject of a match fits a pattern.
    fn pattern(&mut self, pattern: &Pat, subject: &Ty) -> Result<String> {
        Ok(match pattern {
            Pat::Wild(_) => "1".to_owned(),
            Pat::Or(all) => {
                let cases = all.cases.iter();
                let cases: Vec<String> = cases
                    .map(|one| self.pattern(one, subject))
                    .collect::<Result<_>>()?;
                format!("({})", cases.join(" || "))
            }
            Pat::Lit(literal) => {
                format!(
                    "(rust_match == {})",
                    self.literal(&literal.lit, Some(subject))?
                )
            }
            Pat::Path(path) => format!("(rust_match == {})", self.path(&path.path)?),
            Pat::Ident(name) if self.names.constants.contains_key(&name.ident.to_string()) => {
                format!("(rust_match == {})", name.ident)
            }
            _ => return Err("a pattern that binds a name"),
        })
    }

    /// The type an expression has whatever is around it.
    fn type_of(&self, expr: &Expr) -> Option<Ty> {
        match expr {
            Expr::Paren(paren) => self.type_of(&paren.expr),
            Expr::Group(group) => self.type_of(&group.expr),
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(_) => Some(Ty::Bool),
                Lit::Int(value) => literal_type(value),
                _ => None,
            },
            Expr::Path(path) => {
                let own = path.path.get_ident().map(syn::Ident::to_string);
                let segments = &path.path.segments;
                let before = segments
                    .iter()
                    .rev()
                    .nth(1)
                    .map(|one| one.ident.to_string());
                own.and_then(|name| self.local_type(&name))
                    .or_else(|| before.and_then(|of| self.type_named(&of)))
                    .or_else(|| self.names.constants.get(&last_name(&path.path)?).cloned())
            }
            Expr::Field(field) => match self.type_of(&field.base)? {
                Ty::Named(name) => self.names.newtypes.get(&name).cloned(),
                _ => None,
            },
            Expr::Unary(unary) => self.type_of(&unary.expr),
            Expr::Binary(binary) => match operator(&binary.op).0 {
                "&&" | "||" => Some(Ty::Bool),
                sign if is_comparison(sign) => Some(Ty::Bool),
                "<<" | ">>" => self.type_of(&binary.left),
                _ => self
                    .type_of(&binary.left)
                    .or_else(|| self.type_of(&binary.right)),
            },
            Expr::Cast(cast) => self.names.ty(&cast.ty),
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else {
                    return None;
                };
                let name = last_name(&path.path)?;
                match self.names.functions.get(&name) {
                    Some(signature) => Some(signature.result.clone()),
                    None => self
                        .names
                        .newtypes
                        .contains_key(&name)
                        .then_some(Ty::Named(name)),
                }
            }
            Expr::If(branch) => {
                let otherwise = branch.else_branch.as_ref();
                let of_block = self.type_of_block(&branch.then_branch);
                of_block.or_else(|| self.type_of(&otherwise?.1))
            }
            Expr::Block(block) => self.type_of_block(&block.block),
            Expr::Match(matched) => matched.arms.iter().find_map(|arm| self.type_of(&arm.body)),
            _ => None,
        }
    }

    fn type_of_block(&self, block: &Block) -> Option<Ty> {
        match &block.stmts[..] {
            [Stmt::Expr(expr, None)] => self.type_of(expr),
            _ => None,
        }
    }

    /// The type of what `Type::NAME` names.
    fn type_named(&self, name: &str) -> Option<Ty> {
        match self.names.enums.contains_key(name) {
            true => Some(Ty::Named(name.to_owned())),
            false => int_named(name),
        }
    }

    fn local_type(&self, name: &str) -> Option<Ty> {
        let mut known = self.locals.iter().rev();
        known.find(|(own, _)| own == name).map(|(_, ty)| ty.clone())
    }
}

/// Whether an expression is put into C as `(a sign b)`, and can do without the brackets in front of
/// another `sign`.
fn is_chain(expr: &Expr, sign: &str) -> bool {
    match expr {
        Expr::Paren(paren) => is_chain(&paren.expr, sign),
        Expr::Binary(binary) => operator(&binary.op) == (sign, false) && matches!(sign, "&" | "|"),
        _ => false,
    }
}

/// `u64::MAX` and the like.
fn is_limit(segments: &[String]) -> Option<String> {
    let [of, limit] = segments else {
        return None;
    };
    match (int_named(of)?, limit.as_str()) {
        (Ty::Int(width, false), "MAX") => Some(format!("((u{width})~0ULL)")),
        (Ty::Int(width, false), "MIN") => Some(format!("((u{width})0ULL)")),
        _ => None,
    }
}

fn int_named(name: &str) -> Option<Ty> {
    let (sign, width) = name.split_at_checked(1)?;
    match (sign, width) {
        ("u" | "i", "8" | "16" | "32" | "64") => Some(Ty::Int(width.parse().ok()?, sign == "i")),
        ("u" | "i", "size") => Some(Ty::Int(64, sign == "i")),
        _ => None,
    }
}

fn literal_type(literal: &syn::LitInt) -> Option<Ty> {
    int_named(literal.suffix())
}

fn last_name(path: &syn::Path) -> Option<String> {
    path.segments.last().map(|one| one.ident.to_string())
}

fn is_comparison(sign: &str) -> bool {
    matches!(sign, "==" | "!=" | "<" | "<=" | ">" | ">=")
}

/// How C writes an operator, and whether it stores.
fn operator(operator: &BinOp) -> (&'static str, bool) {
    match operator {
        BinOp::Add(_) => ("+", false),
        BinOp::Sub(_) => ("-", false),
        BinOp::Mul(_) => ("*", false),
        BinOp::Div(_) => ("/", false),
        BinOp::Rem(_) => ("%", false),
        BinOp::And(_) => ("&&", false),
        BinOp::Or(_) => ("||", false),
        BinOp::BitXor(_) => ("^", false),
        BinOp::BitAnd(_) => ("&", false),
        BinOp::BitOr(_) => ("|", false),
        BinOp::Shl(_) => ("<<", false),
        BinOp::Shr(_) => (">>", false),
        BinOp::Eq(_) => ("==", false),
        BinOp::Lt(_) => ("<", false),
        BinOp::Le(_) => ("<=", false),
        BinOp::Ne(_) => ("!=", false),
        BinOp::Ge(_) => (">=", false),
        BinOp::Gt(_) => (">", false),
        BinOp::AddAssign(_) => ("+", true),
        BinOp::SubAssign(_) => ("-", true),
        BinOp::MulAssign(_) => ("*", true),
        BinOp::DivAssign(_) => ("/", true),
        BinOp::RemAssign(_) => ("%", true),
        BinOp::BitXorAssign(_) => ("^", true),
        BinOp::BitAndAssign(_) => ("&", true),
        BinOp::BitOrAssign(_) => ("|", true),
        BinOp::ShlAssign(_) => ("<<", true),
        BinOp::ShrAssign(_) => (">>", true),
        _ => ("", false),
    }
}
