//! The value of an `#if`.

use super::bools::{Bool, FALSE};
use super::lex::{Kind, Token};
use super::number;
use super::preprocess::Preprocessor;
use super::trouble::{Result, Trouble};
use super::variables::Class;
use super::word::{Bits, constant};

/// Preprocessors compute in the widest type.
const WIDTH: usize = 64;

/// Configuration numbers are small; fewer variables keep comparisons small.
const CONFIG_WIDTH: usize = 16;

const MAX_DEPTH: usize = 100;

/// When the condition holds, given that `live` does.
pub fn evaluate(unit: &mut Preprocessor<'_>, tokens: &[Token], live: Bool) -> Result<Bool> {
    let tokens = resolve_defined(unit, tokens);
    let tokens = unit.expand(&tokens, live)?;
    evaluate_expanded(unit, &tokens, 0)
}

fn evaluate_expanded(unit: &mut Preprocessor<'_>, tokens: &[Token], depth: usize) -> Result<Bool> {
    let mut reader = Reader {
        unit,
        tokens,
        at: 0,
        depth,
    };
    let value = reader.binary(0)?;
    if reader.at < tokens.len() {
        return Err(Trouble::new("something stands behind the condition"));
    }
    Ok(reader.unit.logic.bools.any(&value))
}

fn resolve_defined(unit: &mut Preprocessor<'_>, tokens: &[Token]) -> Vec<Token> {
    let mut result = Vec::new();
    let mut rest = tokens;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let (name, behind) = match (first.text == "defined", behind) {
            (true, [open, name, close, behind @ ..]) if open.is("(") && close.is(")") => {
                (name, behind)
            }
            (true, [name, behind @ ..]) if name.is_word() => (name, behind),
            _ => {
                result.push(*first);
                continue;
            }
        };
        rest = behind;
        let kind = Kind::Condition(unit.is_defined(name.text));
        result.push(Token { kind, ..*first });
    }
    result
}

struct Reader<'t, 'u, 's> {
    unit: &'u mut Preprocessor<'s>,
    tokens: &'t [Token],
    at: usize,
    depth: usize,
}

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

impl Reader<'_, '_, '_> {
    fn take(&mut self, mark: &str) -> bool {
        let is_next = self.tokens.get(self.at).is_some_and(|token| token.is(mark));
        self.at += usize::from(is_next);
        is_next
    }

    fn binary(&mut self, level: usize) -> Result<Bits> {
        let Some(&operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(&operator) = operators.iter().find(|operator| self.take(operator)) {
            let right = self.binary(level + 1)?;
            left = self.apply(operator, &left, &right)?;
        }
        if level == 0 && self.take("?") {
            let yes = self.binary(0)?;
            if !self.take(":") {
                return Err(Trouble::new("a `?` without `:`"));
            }
            let no = self.binary(0)?;
            let condition = self.unit.logic.bools.any(&left);
            left = self.unit.logic.bools.choose_word(condition, &yes, &no);
        }
        Ok(left)
    }

    fn apply(&mut self, operator: &str, a: &[Bool], b: &[Bool]) -> Result<Bits> {
        let bools = &mut self.unit.logic.bools;
        let truth = match operator {
            "||" | "&&" => {
                let (a, b) = (bools.any(a), bools.any(b));
                if operator == "&&" {
                    bools.and(a, b)
                } else {
                    bools.or(a, b)
                }
            }
            "==" => bools.equal(a, b),
            "!=" => {
                let equal = bools.equal(a, b);
                bools.not(equal)
            }
            "<" => bools.less(a, b, true),
            ">" => bools.less(b, a, true),
            "<=" | ">=" => {
                let (a, b) = if operator == "<=" { (b, a) } else { (a, b) };
                let less = bools.less(a, b, true);
                bools.not(less)
            }
            _ => {
                return Ok(match operator {
                    "|" => bools.zip(a, b, super::bools::Bools::or),
                    "&" => bools.zip(a, b, super::bools::Bools::and),
                    "^" => bools.zip(a, b, super::bools::Bools::xor),
                    "<<" => bools.shift(a, b, true, true),
                    ">>" => bools.shift(a, b, false, true),
                    "+" => bools.add(a, b, FALSE),
                    "-" => bools.subtract(a, b),
                    "*" => bools.multiply(a, b),
                    _ => return Err(Trouble::new("a division in a condition")),
                });
            }
        };
        Ok(word(truth))
    }

    fn unary(&mut self) -> Result<Bits> {
        if self.depth > MAX_DEPTH {
            return Err(Trouble::new("a condition is nested too deep"));
        }
        self.depth += 1;
        let value = self.operand();
        self.depth -= 1;
        value
    }

    fn operand(&mut self) -> Result<Bits> {
        let Some(&token) = self.tokens.get(self.at) else {
            return Err(Trouble::new("a condition ends too early"));
        };
        self.at += 1;
        match token.kind {
            Kind::Number => {
                let number = number::number(token.text.as_str());
                let number = number.ok_or(Trouble::new("not an integer"))?;
                Ok(constant(number.value, WIDTH))
            }
            Kind::Char => Ok(constant(number::character(token.text.as_str()), WIDTH)),
            Kind::Condition(condition) => Ok(word(condition)),
            Kind::Choice(choice) => {
                let alternatives = self.unit.choices[choice as usize].clone();
                let mut value = FALSE;
                for (when, tokens) in alternatives.iter() {
                    let own = evaluate_expanded(self.unit, tokens, self.depth)?;
                    let bools = &mut self.unit.logic.bools;
                    value = bools.choose(*when, own, value);
                }
                Ok(word(value))
            }
            Kind::Word | Kind::Painted => {
                if self.take("(") {
                    return Err(Trouble::new("a call in a condition"));
                }
                let name = token.text.as_str();
                match name.starts_with("CONFIG_") {
                    true => {
                        let logic = &mut self.unit.logic;
                        let mut value = logic.word(Class::Config, name, CONFIG_WIDTH);
                        value.resize(WIDTH, FALSE);
                        Ok(value)
                    }
                    false => Ok(constant(0, WIDTH)),
                }
            }
            _ => match token.text.as_str() {
                "(" => {
                    let value = self.binary(0)?;
                    match self.take(")") {
                        true => Ok(value),
                        false => Err(Trouble::new("a parenthesis is not closed")),
                    }
                }
                "!" => {
                    let value = self.unary()?;
                    let bools = &mut self.unit.logic.bools;
                    let any = bools.any(&value);
                    let not = bools.not(any);
                    Ok(word(not))
                }
                "-" => {
                    let value = self.unary()?;
                    let zero = constant(0, WIDTH);
                    Ok(self.unit.logic.bools.subtract(&zero, &value))
                }
                "~" => {
                    let value = self.unary()?;
                    Ok(self.unit.logic.bools.invert(&value))
                }
                "+" => self.unary(),
                _ => Err(Trouble::new("a condition is not an expression")),
            },
        }
    }
}

fn word(truth: Bool) -> Bits {
    let mut bits = vec![FALSE; WIDTH];
    bits[0] = truth;
    bits
}
