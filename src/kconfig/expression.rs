//! Expressions of Kconfig.

use super::circuit::{Circuit, NodeId};
use super::values::Values;

/// A token of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t [u8]),
    /// In quotes, without them.
    Text(&'t [u8]),
    /// Something that depends on a macro or a variable.
    Macro,
    If,
    Not,
    And,
    Or,
    Equal,
    Unequal,
    /// One of `<`, `<=`, `>`, `>=`.
    Order,
    Open,
    Close,
}

/// The tokens of what follows a keyword; `None` if there is something else.
pub(super) fn tokens(text: &[u8]) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (token, n_bytes) = match rest {
            [b' ' | b'\t' | b'\r', ..] => {
                at += 1;
                continue;
            }
            [b'#', ..] => break,
            [quote @ (b'"' | b'\''), inner @ ..] => {
                let n_inner = quoted(*quote, inner)?;
                let inner = &inner[..n_inner];
                let token = match inner.contains(&b'$') {
                    true => Token::Macro,
                    false => Token::Text(inner),
                };
                (token, n_inner + 2)
            }
            [b'&', b'&', ..] => (Token::And, 2),
            [b'|', b'|', ..] => (Token::Or, 2),
            [b'!', b'=', ..] => (Token::Unequal, 2),
            [b'!', ..] => (Token::Not, 1),
            [b'=', ..] => (Token::Equal, 1),
            [b'<' | b'>', b'=', ..] => (Token::Order, 2),
            [b'<' | b'>', ..] => (Token::Order, 1),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            _ => word(rest)?,
        };
        tokens.push(token);
        at += n_bytes;
    }
    Some(tokens)
}

/// How many bytes are in front of the closing quote.
fn quoted(quote: u8, inner: &[u8]) -> Option<usize> {
    let mut at = 0;
    while *inner.get(at)? != quote {
        at += if inner[at] == b'\\' { 2 } else { 1 };
    }
    Some(at)
}

/// A word, which may have macros in it.
fn word(text: &[u8]) -> Option<(Token<'_>, usize)> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'$' if text.get(at + 1) == Some(&b'(') => {
                depth += 1;
                at += 1;
            }
            b'(' if depth > 0 => depth += 1,
            b')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b'$' | b'_' | b'-' | b'.' | b'/' => {}
            byte if byte.is_ascii_alphanumeric() => {}
            _ => break,
        }
        at += 1;
    }
    let word = &text[..at];
    match word {
        _ if at == 0 || depth > 0 => None,
        b"if" => Some((Token::If, at)),
        _ if word.contains(&b'$') => Some((Token::Macro, at)),
        _ => Some((Token::Word(word), at)),
    }
}

/// Builds the node of an expression; `None` if it is none. `symbol` gives the node of a symbol.
pub(super) fn expression(
    tokens: &[Token<'_>],
    circuit: &mut Circuit,
    symbol: &mut dyn FnMut(&mut Circuit, &str) -> NodeId,
) -> Option<NodeId> {
    let mut operands: Vec<NodeId> = Vec::new();
    let mut operators: Vec<Token<'_>> = Vec::new();
    let mut wants_operand = true;
    for &token in tokens {
        match token {
            Token::Word(_) | Token::Text(_) | Token::Macro if wants_operand => {
                operands.push(operand(token, circuit, symbol));
                wants_operand = false;
            }
            Token::Not | Token::Open if wants_operand => operators.push(token),
            Token::Close if !wants_operand => {
                while *operators.last()? != Token::Open {
                    apply(operators.pop()?, &mut operands, circuit)?;
                }
                operators.pop();
            }
            Token::And | Token::Or | Token::Equal | Token::Unequal | Token::Order
                if !wants_operand =>
            {
                while let Some(&last) = operators.last()
                    && strength(last) >= strength(token)
                {
                    operators.pop();
                    apply(last, &mut operands, circuit)?;
                }
                operators.push(token);
                wants_operand = true;
            }
            _ => return None,
        }
    }
    if wants_operand {
        return None;
    }
    while let Some(operator) = operators.pop() {
        apply(operator, &mut operands, circuit)?;
    }
    operands.pop()
}

fn operand(
    token: Token<'_>,
    circuit: &mut Circuit,
    symbol: &mut dyn FnMut(&mut Circuit, &str) -> NodeId,
) -> NodeId {
    let unknown = Values::ALL;
    match token {
        Token::Word(b"y") | Token::Text(b"y") => circuit.constant(Values::Y),
        Token::Word(b"n") | Token::Text(b"n") => circuit.constant(Values::N),
        Token::Text(b"m") => circuit.constant(Values::M),
        // It is `n` in a kernel without modules.
        Token::Word(b"m") => circuit.constant(Values::N | Values::M),
        Token::Word(word) if is_number(word) => circuit.constant(unknown),
        Token::Word(word) => match symbol_name(word) {
            Some(name) => symbol(circuit, name),
            None => circuit.constant(unknown),
        },
        _ => circuit.constant(unknown),
    }
}

fn is_number(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit) || word.starts_with(b"0x")
}

/// A word as the name of a symbol, which can begin with a digit.
pub(super) fn symbol_name(word: &[u8]) -> Option<&str> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match word.iter().all(is_name) {
        true => std::str::from_utf8(word).ok(),
        false => None,
    }
}

fn strength(operator: Token<'_>) -> u8 {
    match operator {
        Token::Or => 1,
        Token::And => 2,
        Token::Not => 3,
        Token::Equal | Token::Unequal | Token::Order => 4,
        _ => 0,
    }
}

fn apply(operator: Token<'_>, operands: &mut Vec<NodeId>, circuit: &mut Circuit) -> Option<()> {
    let last = operands.pop()?;
    let result = match operator {
        Token::Not => circuit.not(last),
        Token::And => {
            let first = operands.pop()?;
            circuit.and(first, last)
        }
        Token::Or => {
            let first = operands.pop()?;
            circuit.or(first, last)
        }
        Token::Equal | Token::Unequal => {
            let first = operands.pop()?;
            let same = circuit.same(first, last);
            match operator {
                Token::Equal => same,
                _ => circuit.not(same),
            }
        }
        Token::Order => {
            operands.pop()?;
            circuit.constant(Values::EITHER)
        }
        _ => return None,
    };
    operands.push(result);
    Some(())
}
