//! Expressions and statements of C.

use super::bools::Bool;
use super::ctype::{Integer, Type};
use crate::program::Symbol;

/// An expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A number or character.
    Number(u128, Integer),
    /// What the preprocessor knows as a function.
    Condition(Bool),
    /// A string.
    String,
    /// A variable, enumerator or function.
    Name(Symbol),
    /// `callee(arguments)`
    Call(Symbol, Vec<Expr>),
    /// A call through an expression.
    IndirectCall,
    /// `-a`, `~a`, `!a`, `*a`, `&a`
    Unary(&'static str, Box<Expr>),
    /// `a + b` and the like.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `a = b`, or `a += b` with its operator.
    Assign(Option<&'static str>, Box<Expr>, Box<Expr>),
    /// `++a`, `a++`: the operator, and whether the old value counts.
    Step(&'static str, Box<Expr>, bool),
    /// `a ? b : c`; without `b` it is `a`.
    Choose(Box<Expr>, Option<Box<Expr>>, Box<Expr>),
    /// `(type)a`
    Cast(TypeName, Box<Expr>),
    /// `(type){ … }`
    Literal(TypeName, Init),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `a.b`
    Member(Box<Expr>, Symbol),
    /// `sizeof(type)`
    SizeOfType(TypeName),
    /// `sizeof a`
    SizeOf(Box<Expr>),
    /// `({ … })`
    Block(Vec<Stmt>),
    /// `a, b`
    Comma(Box<Expr>, Box<Expr>),
    /// Alternatives of a macro.
    Alternatives(Vec<(Bool, Expr)>),
}

/// A type as written.
#[derive(Clone, Debug)]
pub enum TypeName {
    /// With a name.
    Known(Type),
    /// `typeof(expression)`
    Of(Box<Expr>),
}

/// What an object starts with.
#[derive(Clone, Debug)]
pub enum Init {
    /// One value.
    Value(Box<Expr>),
    /// `{ a, .b = c }`
    List(Vec<(Option<Symbol>, Init)>),
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// `;`, and what only compilers look at.
    Empty,
    /// An expression.
    Expr(Expr),
    /// A variable.
    Declare(TypeName, Symbol, Option<Init>),
    /// `if`
    If(Expr, Box<Stmt>, Box<Stmt>),
    /// `{ … }`
    Block(Vec<Stmt>),
    /// `return`
    Return(Option<Expr>),
    /// `switch`
    Switch(Expr, Box<Stmt>),
    /// `case a ... b:`
    Case(Expr, Option<Expr>),
    /// `default:`
    Default,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// A loop: before, condition, after each round, body; `true` runs the body first.
    Loop(Box<Stmt>, Option<Expr>, Option<Expr>, Box<Stmt>, bool),
    /// Assembler: outputs by name and all operands in order.
    Asm(Vec<(Symbol, Expr)>, Vec<Expr>),
    /// Alternatives of a macro.
    Alternatives(Vec<(Bool, Vec<Stmt>)>),
}
