//! Reading statements.

use super::ast::{Expr, Stmt};
use super::lex::Kind;
use super::parse::Parser;
use super::trouble::{Result, Trouble};

impl Parser<'_, '_, '_> {
    /// `{ … }`
    pub fn block(&mut self) -> Result<Vec<Stmt>> {
        self.expect("{")?;
        let mut statements = Vec::new();
        while !self.take("}") {
            self.statement_into(&mut statements)?;
        }
        Ok(statements)
    }

    fn statement(&mut self) -> Result<Stmt> {
        let mut statements = Vec::new();
        self.statement_into(&mut statements)?;
        Ok(match statements.len() {
            1 => statements.remove(0),
            _ => Stmt::Block(statements),
        })
    }

    /// One statement; a declaration of several variables is several.
    fn statement_into(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        self.enter()?;
        let result = self.statement_inside(out);
        self.depth -= 1;
        result
    }

    fn statement_inside(&mut self, out: &mut Vec<Stmt>) -> Result<()> {
        let Some(token) = self.tokens.get(self.at).copied() else {
            return Err(self.unexpected("a statement"));
        };
        if self.is("{") {
            out.push(Stmt::Block(self.block()?));
            return Ok(());
        }
        if self.take(";") {
            return Ok(());
        }
        if let Kind::Choice(choice) = token.kind
            && self
                .tokens
                .get(self.at + 1)
                .is_none_or(|next| next.is(";") || next.is("}"))
        {
            self.at += 1;
            self.take(";");
            out.push(self.statement_alternatives(choice)?);
            return Ok(());
        }
        let word = if token.is_word() {
            token.text.as_str()
        } else {
            ""
        };
        match word {
            "if" => {
                self.at += 1;
                let condition = self.condition()?;
                let yes = self.statement()?;
                let no = match self.is_word("else") {
                    true => {
                        self.at += 1;
                        self.statement()?
                    }
                    false => Stmt::Empty,
                };
                out.push(Stmt::If(condition, Box::new(yes), Box::new(no)));
            }
            "return" => {
                self.at += 1;
                let value = match self.is(";") {
                    true => None,
                    false => Some(self.expression()?),
                };
                self.expect(";")?;
                out.push(Stmt::Return(value));
            }
            "switch" => {
                self.at += 1;
                let value = self.condition()?;
                out.push(Stmt::Switch(value, Box::new(self.statement()?)));
            }
            "case" => {
                self.at += 1;
                let first = self.conditional()?;
                let last = match self.take("...") {
                    true => Some(self.conditional()?),
                    false => None,
                };
                self.expect(":")?;
                out.push(Stmt::Case(first, last));
            }
            "default" => {
                self.at += 1;
                self.expect(":")?;
                out.push(Stmt::Default);
            }
            "break" | "continue" => {
                self.at += 1;
                self.expect(";")?;
                let is_break = word == "break";
                out.push(if is_break {
                    Stmt::Break
                } else {
                    Stmt::Continue
                });
            }
            "while" => {
                self.at += 1;
                let condition = self.condition()?;
                let body = Box::new(self.statement()?);
                let before = Box::new(Stmt::Empty);
                out.push(Stmt::Loop(before, Some(condition), None, body, false));
            }
            "do" => {
                self.at += 1;
                let body = Box::new(self.statement()?);
                if !self.is_word("while") {
                    return Err(self.unexpected("while"));
                }
                self.at += 1;
                let condition = self.condition()?;
                self.take(";");
                let before = Box::new(Stmt::Empty);
                out.push(Stmt::Loop(before, Some(condition), None, body, true));
            }
            "for" => out.push(self.for_loop()?),
            "asm" | "__asm__" | "__asm" => out.push(self.assembler()?),
            "goto" => return Err(Trouble::new("a goto")),
            "static_assert" | "_Static_assert" => {
                while !self.take(";") {
                    self.at += 1;
                    if self.at > self.tokens.len() {
                        return Err(self.unexpected(";"));
                    }
                }
            }
            _ if self.is_type_at(self.at) => self.declaration(out)?,
            _ => {
                let expr = self.expression()?;
                self.take(";");
                out.push(Stmt::Expr(expr));
            }
        }
        Ok(())
    }

    fn statement_alternatives(&mut self, choice: u32) -> Result<Stmt> {
        let alternatives = self.unit.pre.choices[choice as usize].clone();
        let mut all = Vec::new();
        for (when, tokens) in alternatives.iter() {
            let when = self.unit.pre.logic.bools.and(*when, self.live);
            let mut parser = self.inside(tokens, when);
            let mut statements = Vec::new();
            while parser.at < tokens.len() {
                parser.statement_into(&mut statements)?;
            }
            all.push((when, statements));
        }
        Ok(Stmt::Alternatives(all))
    }

    fn condition(&mut self) -> Result<Expr> {
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        Ok(condition)
    }

    fn for_loop(&mut self) -> Result<Stmt> {
        self.at += 1;
        self.expect("(")?;
        let mut before = Vec::new();
        self.statement_into(&mut before)?;
        let optional = |parser: &mut Self, end: &str| match parser.is(end) {
            true => Ok(None),
            false => parser.expression().map(Some),
        };
        let condition = optional(self, ";")?;
        self.expect(";")?;
        let step = optional(self, ")")?;
        self.expect(")")?;
        let body = Box::new(self.statement()?);
        let before = Box::new(Stmt::Block(before));
        Ok(Stmt::Loop(before, condition, step, body, false))
    }

    /// `asm volatile ("…" : "=r" (a) : "i" (b) : "memory")`
    fn assembler(&mut self) -> Result<Stmt> {
        self.at += 1;
        while !self.is("(") {
            self.name()?;
        }
        self.at += 1;
        let mut outputs = Vec::new();
        let mut operands = Vec::new();
        let mut section = 0;
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at).copied() {
            if depth == 0 && token.is(")") {
                self.at += 1;
                self.take(";");
                return Ok(Stmt::Asm(outputs, operands));
            }
            self.at += 1;
            match token.text.as_str() {
                ":" if depth == 0 => section += 1,
                "[" => depth += 1,
                "]" => depth -= 1,
                "(" if section == 1 || section == 2 => {
                    let operand = self.expression()?;
                    self.expect(")")?;
                    if section == 1
                        && let Some(name) = operand.as_name()
                    {
                        outputs.push((name, operand.clone()));
                    }
                    operands.push(operand);
                }
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
        }
        Err(self.unexpected(")"))
    }
}
