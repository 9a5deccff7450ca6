//! Assembler: only what it stores to and where it may jump is of interest.

use crate::program::{ExprKind, Instr, Span, Terminator};
use crate::syntax::lex::{self, Mode, NONE, STRING, WORD};

use super::Lowerer;

impl Lowerer<'_> {
    /// `asm("…" : outputs : inputs : clobbers : labels)`; outputs that are variables are assigned
    /// something unknown.
    pub(super) fn assembler(&mut self, source: &[u8], span: Span) {
        let value = self.unknown(span);
        self.emit(Instr::Eval { value });
        let mut text = source.to_vec();
        let mut tokens = Vec::new();
        lex::lex(&mut text, Mode::Code, &mut tokens);
        let mut matches = Vec::new();
        lex::match_brackets(&tokens, &mut matches);
        let Some(open) = tokens.iter().position(|t| t.kind == b'(') else {
            return;
        };
        let close = match matches[open] {
            NONE => tokens.len(),
            close => close as usize,
        };
        let mut section = 0;
        let mut labels = Vec::new();
        let mut at = open + 1;
        while at < close {
            let token = tokens[at];
            match token.kind {
                b':' => section += 1,
                // An operand that is a variable; other places are not followed.
                b'(' if section == 1
                    && tokens[at - 1].kind == STRING
                    && tokens.get(at + 1).is_some_and(|t| t.kind == WORD)
                    && tokens.get(at + 2).is_some_and(|t| t.kind == b')') =>
                {
                    let name = self.symbol_of(tokens[at + 1].of(source));
                    if let Some(id) = self.lookup(name) {
                        let target = self.local(id, span);
                        let value = self.unknown(span);
                        self.assign(target, value, span);
                    }
                }
                WORD if section == 4 => labels.push(self.symbol_of(token.of(source))),
                _ => {}
            }
            if matches!(token.kind, b'(' | b'[') && matches[at] != NONE {
                at = matches[at] as usize;
            }
            at += 1;
        }
        for label in labels {
            let target = self.label(label);
            let next = self.new_block();
            let condition = self.add(ExprKind::Unknown, span);
            self.terminate(Terminator::Branch {
                condition,
                then: target,
                otherwise: next,
            });
            self.enter(next);
        }
    }
}
