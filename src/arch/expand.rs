//! Macro expansion.
//!
//! As a compiler does it, with one difference: where several definitions can count, the result is
//! a token that stands for all of them ([`Kind::Choice`]).

use std::rc::Rc;

use super::bools::{Bool, FALSE};
use super::builtins::is_builtin;
use super::lex::{Kind, Token};
use super::preprocess::{Alternative, Macro, Preprocessor, asks_for_config};
use super::trouble::{Result, Trouble};
use crate::program::Symbol;

const MAX_DEPTH: usize = 100;

/// No declaration needs more.
const MAX_TOKENS: usize = 300_000;

impl Preprocessor<'_> {
    /// Replaces macros as they are under the condition `live`.
    pub fn expand(&mut self, tokens: &[Token], live: Bool) -> Result<Vec<Token>> {
        self.expansion = 0;
        self.expand_within(tokens, live, &mut Vec::new())
    }

    fn expand_within(
        &mut self,
        tokens: &[Token],
        live: Bool,
        active: &mut Vec<Symbol>,
    ) -> Result<Vec<Token>> {
        if self.depth > MAX_DEPTH {
            return Err(Trouble::new("macros are nested too deep"));
        }
        self.depth += 1;
        let n_active = active.len();
        let result = self.expand_all(tokens, live, active);
        active.truncate(n_active);
        self.depth -= 1;
        result
    }

    fn expand_all(
        &mut self,
        tokens: &[Token],
        live: Bool,
        active: &mut Vec<Symbol>,
    ) -> Result<Vec<Token>> {
        // What is left to read, the next at the end.
        let mut input: Vec<Token> = tokens.iter().rev().copied().collect();
        let mut output = Vec::new();
        while let Some(token) = input.pop() {
            self.expansion += 1;
            if self.expansion > MAX_TOKENS {
                return Err(Trouble::new("macros expand to too much"));
            }
            match token.kind {
                Kind::End => {
                    active.pop();
                    continue;
                }
                Kind::Word if active.contains(&token.text) => {
                    output.push(Token {
                        kind: Kind::Painted,
                        ..token
                    });
                    continue;
                }
                Kind::Word => {}
                _ => {
                    output.push(token);
                    continue;
                }
            }
            if asks_for_config(&token) && is_call(&mut input, active) {
                let arguments = arguments(&mut input, active)?;
                let name = arguments.first().and_then(|argument| argument.first());
                let name = name.ok_or(Trouble::new("IS_ENABLED() of nothing"))?.text;
                let kind = Kind::Condition(self.is_defined(name));
                output.push(Token { kind, ..token });
                continue;
            }
            let (counting, rest) = self.counting(token.text, live);
            let wants_call = counting.iter().any(|a| a.definition.parameters.is_some());
            let is_choice = counting.len() > 1 || rest != FALSE;
            let has_call = (wants_call || is_choice) && is_call(&mut input, active);
            if counting.is_empty() || (wants_call && !has_call) {
                output.push(token);
                continue;
            }
            if is_builtin(token.text) {
                output.push(token);
                continue;
            }
            self.used.insert(token.text);
            if let [one] = &counting[..]
                && rest == FALSE
            {
                let body = match wants_call {
                    true => {
                        let arguments = arguments(&mut input, active)?;
                        self.call(&one.definition, &arguments, live, active)?
                    }
                    false => self.call(&one.definition, &[], live, active)?,
                };
                active.push(token.text);
                input.push(Token {
                    kind: Kind::End,
                    ..token
                });
                input.extend(body.into_iter().rev());
                continue;
            }
            let call = match has_call {
                true => Some(arguments(&mut input, active)?),
                false => None,
            };
            output.push(self.choice(token, counting, rest, call, live, active)?);
        }
        Ok(output)
    }

    /// The definitions that can count under `live`, and when none does.
    fn counting(&mut self, name: Symbol, live: Bool) -> (Vec<Alternative>, Bool) {
        let all = self.alternatives(name).to_vec();
        let bools = &mut self.logic.bools;
        let mut rest = live;
        let mut counting = Vec::new();
        for alternative in all {
            if bools.and(alternative.when, live) != FALSE {
                rest = bools.and_not(rest, alternative.when);
                counting.push(alternative);
            }
        }
        (counting, rest)
    }

    fn choice(
        &mut self,
        token: Token,
        counting: Vec<Alternative>,
        rest: Bool,
        call: Option<Vec<Vec<Token>>>,
        live: Bool,
        active: &mut Vec<Symbol>,
    ) -> Result<Token> {
        let mut alternatives = Vec::new();
        let as_written = |kind: Kind| {
            let mut written = vec![Token { kind, ..token }];
            if let Some(arguments) = &call {
                written.push(mark("(", token.line));
                for (i, argument) in arguments.iter().enumerate() {
                    if i > 0 {
                        written.push(mark(",", token.line));
                    }
                    written.extend(argument);
                }
                written.push(mark(")", token.line));
            }
            written
        };
        for alternative in counting {
            let when = self.logic.bools.and(alternative.when, live);
            active.push(token.text);
            let tokens = match (&alternative.definition.parameters, &call) {
                (Some(_), Some(arguments)) => {
                    let body = self.call(&alternative.definition, arguments, when, active)?;
                    self.expand_within(&body, when, active)?
                }
                (None, call) => {
                    let mut body = self.call(&alternative.definition, &[], when, active)?;
                    if call.is_some() {
                        body.extend(&as_written(Kind::Painted)[1..]);
                    }
                    self.expand_within(&body, when, active)?
                }
                (Some(_), None) => vec![Token {
                    kind: Kind::Painted,
                    ..token
                }],
            };
            active.pop();
            alternatives.push((when, tokens));
        }
        if rest != FALSE {
            let written = as_written(Kind::Painted);
            alternatives.push((rest, self.expand_within(&written, rest, active)?));
        }
        self.choices.push(Rc::new(alternatives));
        let kind = Kind::Choice(self.choices.len() as u32 - 1);
        Ok(Token { kind, ..token })
    }

    /// A definition's body with arguments in it.
    fn call(
        &mut self,
        definition: &Macro,
        arguments: &[Vec<Token>],
        live: Bool,
        active: &mut Vec<Symbol>,
    ) -> Result<Vec<Token>> {
        let no_names = Vec::new();
        let names = definition.parameters.as_ref().unwrap_or(&no_names);
        let joined;
        let arguments = match definition.is_variadic && arguments.len() > names.len() {
            true => {
                let (own, rest) = arguments.split_at(names.len().saturating_sub(1));
                let comma = [mark(",", definition.line)];
                joined = [own, &[rest.join(&comma[..])]].concat();
                &joined
            }
            false => arguments,
        };
        let argument = |token: &Token| {
            let at = names.iter().position(|&name| name == token.text)?;
            match token.kind {
                Kind::Word => Some(arguments.get(at).map_or(&[][..], Vec::as_slice)),
                _ => None,
            }
        };
        let body = &definition.body;
        let is_mark = |at: usize, text: &str| body.get(at).is_some_and(|token| token.is(text));
        let mut result: Vec<Token> = Vec::new();
        let mut at = 0;
        while let Some(token) = body.get(at) {
            at += 1;
            if token.is("##") && !result.is_empty() {
                let right = body.get(at).copied();
                at += 1;
                let right: Vec<Token> = match right {
                    Some(right) => match argument(&right) {
                        Some(argument) => argument.to_vec(),
                        None => vec![right],
                    },
                    None => Vec::new(),
                };
                paste(&mut result, &right);
            } else if token.is("#") && definition.parameters.is_some() {
                at += 1;
                result.push(Token::made(Kind::String, "\"\""));
            } else {
                match argument(token) {
                    Some(argument) if is_mark(at, "##") => {
                        if argument.is_empty() {
                            // Pasting nothing: a mark that holds the place.
                            result.push(mark("", token.line));
                        }
                        result.extend(argument);
                    }
                    Some(argument) => {
                        let expanded = self.expand_within(argument, live, active)?;
                        result.extend(expanded);
                    }
                    None => result.push(*token),
                }
            }
        }
        result.retain(|token| !token.is(""));
        Ok(result)
    }
}

fn mark(text: &str, line: u32) -> Token {
    Token {
        line,
        ..Token::made(Kind::Mark, text)
    }
}

/// `left ## right`
fn paste(left: &mut Vec<Token>, right: &[Token]) {
    let Some((first, rest)) = right.split_first() else {
        return;
    };
    let Some(last) = left.pop() else {
        left.extend(right);
        return;
    };
    let text = format!("{}{}", last.text, first.text);
    let kind = match text.as_bytes().first() {
        Some(b'0'..=b'9') => Kind::Number,
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => Kind::Word,
        _ => Kind::Mark,
    };
    let text = Symbol::new(&text);
    left.push(Token {
        kind,
        text,
        line: first.line,
    });
    left.extend(rest);
}

/// True if an opening parenthesis comes next.
fn is_call(input: &mut Vec<Token>, active: &mut Vec<Symbol>) -> bool {
    while input.last().is_some_and(|token| token.kind == Kind::End) {
        input.pop();
        active.pop();
    }
    input.last().is_some_and(|token| token.is("("))
}

/// Reads what stands between parentheses, divided by commas.
fn arguments(input: &mut Vec<Token>, active: &mut Vec<Symbol>) -> Result<Vec<Vec<Token>>> {
    input.pop();
    let mut arguments = vec![Vec::new()];
    let mut depth = 0;
    while let Some(token) = input.pop() {
        if token.kind == Kind::End {
            active.pop();
            continue;
        }
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" if depth == 0 => return Ok(arguments),
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => {
                arguments.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(argument) = arguments.last_mut() {
            argument.push(token);
        }
    }
    Err(Trouble::new("the arguments of a macro have no end"))
}
