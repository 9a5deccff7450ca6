//! Reading expressions of C from tokens without macros.

use super::ast::{Expr, Init};
use super::bools::Bool;
use super::ctype::Integer;
use super::lex::{Kind, Token};
use super::number;
use super::trouble::{Result, Trouble};
use super::unit::Unit;
use crate::program::Symbol;

/// A place in a list of tokens.
pub struct Parser<'t, 'u, 's> {
    pub(super) unit: &'u mut Unit<'s>,
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    /// What is known to hold here.
    pub(super) live: Bool,
    pub(super) depth: usize,
}

/// Deeper nesting is not understood.
pub(super) const MAX_DEPTH: usize = 60;

/// Longer chains of operators make trees as deep.
const MAX_LENGTH: usize = 1000;

/// Binary operators from the weakest to the strongest.
const LEVELS: &[&[&str]] = &[
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<", ">", "<=", ">="],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

const ASSIGNMENTS: &[(&str, Option<&str>)] = &[
    ("=", None),
    ("|=", Some("|")),
    ("&=", Some("&")),
    ("^=", Some("^")),
    ("+=", Some("+")),
    ("-=", Some("-")),
    ("<<=", Some("<<")),
    (">>=", Some(">>")),
    ("*=", Some("*")),
];

/// Reads all of `tokens` as one expression.
pub fn expression(unit: &mut Unit<'_>, tokens: &[Token], live: Bool) -> Result<Expr> {
    let mut parser = Parser {
        unit,
        tokens,
        at: 0,
        live,
        depth: 0,
    };
    let expr = parser.expression()?;
    match parser.at == tokens.len() {
        true => Ok(expr),
        false => Err(parser.unexpected("an operator")),
    }
}

impl<'s> Parser<'_, '_, 's> {
    /// With commas.
    pub fn expression(&mut self) -> Result<Expr> {
        let mut left = self.assignment()?;
        let mut length = 0;
        while self.take(",") {
            length += 1;
            if length > MAX_LENGTH {
                return Err(Trouble::new("an expression is too long"));
            }
            let right = self.assignment()?;
            left = Expr::Comma(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// Without commas.
    pub fn assignment(&mut self) -> Result<Expr> {
        self.enter()?;
        let result = self.assignment_inside();
        self.depth -= 1;
        result
    }

    fn assignment_inside(&mut self) -> Result<Expr> {
        let left = self.conditional()?;
        for &(mark, operator) in ASSIGNMENTS {
            if self.take(mark) {
                let right = self.assignment()?;
                return Ok(Expr::Assign(operator, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    /// As in constants: no assignment.
    pub fn conditional(&mut self) -> Result<Expr> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = match self.is(":") {
            true => None,
            false => Some(Box::new(self.expression()?)),
        };
        self.expect(":")?;
        self.enter()?;
        let no = self.conditional();
        self.depth -= 1;
        Ok(Expr::Choose(Box::new(condition), yes, Box::new(no?)))
    }

    fn binary(&mut self, level: usize) -> Result<Expr> {
        let Some(&operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        let mut length = 0;
        while let Some(&operator) = operators.iter().find(|operator| self.take(operator)) {
            length += 1;
            if length > MAX_LENGTH {
                return Err(Trouble::new("an expression is too long"));
            }
            let right = self.binary(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr> {
        self.enter()?;
        let result = self.unary_inside();
        self.depth -= 1;
        result
    }

    fn unary_inside(&mut self) -> Result<Expr> {
        for (step, operator) in [("++", "+"), ("--", "-")] {
            if self.take(step) {
                let of = self.unary()?;
                return Ok(Expr::Step(operator, Box::new(of), false));
            }
        }
        for operator in ["-", "~", "!", "*", "&", "+"] {
            if self.take(operator) {
                let of = self.unary()?;
                return Ok(Expr::Unary(operator, Box::new(of)));
            }
        }
        if self.is_word("sizeof") {
            self.at += 1;
            if self.is("(") && self.is_type_at(self.at + 1) {
                self.at += 1;
                let name = self.type_name()?;
                self.expect(")")?;
                return Ok(Expr::SizeOfType(name));
            }
            return Ok(Expr::SizeOf(Box::new(self.unary()?)));
        }
        if self.is("(") && self.is_type_at(self.at + 1) {
            self.at += 1;
            let name = self.type_name()?;
            self.expect(")")?;
            if self.is("{") {
                let literal = Expr::Literal(name, self.initializer()?);
                return self.postfix(literal);
            }
            return Ok(Expr::Cast(name, Box::new(self.unary()?)));
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn postfix(&mut self, mut expr: Expr) -> Result<Expr> {
        for _ in 0..MAX_LENGTH {
            if self.take("(") {
                let mut arguments = Vec::new();
                while !self.is(")") {
                    // A type can be an argument of what only compilers know.
                    if self.is_type_at(self.at) {
                        let name = self.type_name()?;
                        arguments.push(Expr::SizeOfType(name));
                    } else {
                        arguments.push(self.assignment()?);
                    }
                    if !self.take(",") {
                        break;
                    }
                }
                self.expect(")")?;
                expr = match expr {
                    Expr::Name(name) => Expr::Call(name, arguments),
                    _ => Expr::IndirectCall,
                };
            } else if self.take("[") {
                let index = self.expression()?;
                self.expect("]")?;
                expr = Expr::Index(Box::new(expr), Box::new(index));
            } else if self.take(".") {
                expr = Expr::Member(Box::new(expr), self.name()?);
            } else if self.take("->") {
                let object = Expr::Unary("*", Box::new(expr));
                expr = Expr::Member(Box::new(object), self.name()?);
            } else if self.take("++") {
                expr = Expr::Step("+", Box::new(expr), true);
            } else if self.take("--") {
                expr = Expr::Step("-", Box::new(expr), true);
            } else {
                return Ok(expr);
            }
        }
        Err(Trouble::new("an expression is too long"))
    }

    fn primary(&mut self) -> Result<Expr> {
        let Some(&token) = self.tokens.get(self.at) else {
            return Err(self.unexpected("an operand"));
        };
        self.at += 1;
        match token.kind {
            Kind::Number => {
                let number = number::number(token.text.as_str())
                    .ok_or_else(|| Trouble::new(format!("`{}` is not an integer", token.text)))?;
                let integer = number.integer(self.unit.long_width);
                Ok(Expr::Number(number.value, integer))
            }
            Kind::Char => {
                let value = number::character(token.text.as_str());
                Ok(Expr::Number(value, Integer::new(32, true)))
            }
            Kind::String => {
                while self
                    .tokens
                    .get(self.at)
                    .is_some_and(|t| t.kind == Kind::String)
                {
                    self.at += 1;
                }
                Ok(Expr::String)
            }
            Kind::Condition(condition) => Ok(Expr::Condition(condition)),
            Kind::Choice(choice) => self.alternatives(choice),
            Kind::Word | Kind::Painted => match token.text.as_str() {
                "__extension__" => self.unary(),
                _ => Ok(Expr::Name(token.text)),
            },
            _ if token.is("(") && self.is("{") => {
                let statements = self.block()?;
                self.expect(")")?;
                Ok(Expr::Block(statements))
            }
            _ if token.is("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected("an operand"))
            }
        }
    }

    fn alternatives(&mut self, choice: u32) -> Result<Expr> {
        let alternatives = self.unit.pre.choices[choice as usize].clone();
        let mut exprs = Vec::new();
        for (when, tokens) in alternatives.iter() {
            let when = self.unit.pre.logic.bools.and(*when, self.live);
            let mut parser = self.inside(tokens, when);
            let expr = match tokens.is_empty() {
                true => Expr::Number(0, Integer::new(32, true)),
                false => parser.expression()?,
            };
            if parser.at < tokens.len() {
                return Err(parser.unexpected("the end of a macro"));
            }
            exprs.push((when, expr));
        }
        Ok(Expr::Alternatives(exprs))
    }

    /// A parser for other tokens in the same place.
    pub(super) fn inside<'p>(&'p mut self, tokens: &'p [Token], live: Bool) -> Parser<'p, 'p, 's> {
        Parser {
            depth: self.depth,
            unit: self.unit,
            tokens,
            at: 0,
            live,
        }
    }

    /// `{ a, .b = c, [d] = e }` or a value.
    pub fn initializer(&mut self) -> Result<Init> {
        if !self.take("{") {
            return Ok(Init::Value(Box::new(self.assignment()?)));
        }
        self.enter()?;
        let mut items = Vec::new();
        while !self.is("}") {
            let mut way = Vec::new();
            while self.take(".") {
                way.push(self.name()?);
            }
            if !way.is_empty() {
                self.expect("=")?;
            } else if self.take("[") {
                return Err(Trouble::new("an array with an initialiser"));
            }
            let mut value = self.initializer()?;
            let first = (!way.is_empty()).then(|| way.remove(0));
            for &name in way.iter().rev() {
                value = Init::List(vec![(Some(name), value)]);
            }
            items.push((first, value));
            if !self.take(",") {
                break;
            }
        }
        self.depth -= 1;
        self.expect("}")?;
        Ok(Init::List(items))
    }

    pub(super) fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => Err(Trouble::new("nested too deep")),
            false => Ok(()),
        }
    }

    pub(super) fn is(&self, mark: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(mark))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        let token = self.tokens.get(self.at);
        token.is_some_and(|token| token.is_word() && token.text == word)
    }

    pub(super) fn take(&mut self, mark: &str) -> bool {
        let is_next = self.is(mark);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, mark: &str) -> Result<()> {
        match self.take(mark) {
            true => Ok(()),
            false => Err(self.unexpected(mark)),
        }
    }

    pub(super) fn name(&mut self) -> Result<Symbol> {
        match self.tokens.get(self.at) {
            Some(token) if token.is_word() => {
                self.at += 1;
                Ok(token.text)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Trouble {
        let found = match self.tokens.get(self.at) {
            Some(token) => format!("`{}` in line {}", token.text, token.line),
            None => "the end".to_owned(),
        };
        Trouble::new(format!("{found} where {wanted} belongs"))
    }
}

/// Statements of an expression.
impl Expr {
    /// The name of a variable, if the expression is one.
    pub fn as_name(&self) -> Option<Symbol> {
        match self {
            Expr::Name(name) => Some(*name),
            Expr::Cast(_, of) => of.as_name(),
            _ => None,
        }
    }
}
