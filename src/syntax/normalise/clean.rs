//! The first pass: annotations, `typeof`, and the operators of macro replacements leave the token
//! list, so that later rules see words next to each other that belong together.

use crate::program::Span;

use super::words;
use super::{Rewrite, RewriteKind, Work};
use crate::syntax::lex::{self, Mode, NONE, NUMBER, STRING, Token, WORD};

pub(super) fn clean(work: &mut Work, mode: Mode) {
    let Work {
        text,
        tokens,
        matches,
        rewrites,
    } = work;
    let mut kept = 0;
    let mut changed = false;
    let mut i = 0;
    while i < tokens.len() {
        let token = tokens[i];
        let previous = if kept > 0 {
            Some(tokens[kept - 1])
        } else {
            None
        };
        let mut end = i + 1;
        let mut replacement = Some(token);
        if token.kind == WORD {
            let is_member = previous.is_some_and(|p| {
                p.kind == b'.' && p.len() == 1 || p.kind == b'-' && p.of(text) == b"->"
            });
            let word = token.of(text);
            let arguments = tokens.get(i + 1).filter(|t| t.kind == b'(').map(|_| i + 1);
            let close = arguments.map(|open| matches[open]).filter(|&c| c != NONE);
            if is_member {
            } else if words::is_annotation(word) {
                // Some of them exist with arguments, too.
                let takes_arguments =
                    word.starts_with(b"__no_sanitize") || word.starts_with(b"__attribute");
                if let (true, Some(close)) = (takes_arguments, close) {
                    end = close as usize + 1;
                }
                hide(text, rewrites, tokens, i, end, RewriteKind::Annotation);
                replacement = None;
            } else if let Some(close) = close {
                if words::is_annotation_call(word)
                    || mode == Mode::Replacement && word == b"__VA_OPT__"
                {
                    end = close as usize + 1;
                    hide(text, rewrites, tokens, i, end, RewriteKind::Annotation);
                    replacement = None;
                } else if words::is_typeof(word) {
                    end = close as usize + 1;
                    hide(text, rewrites, tokens, i, end, RewriteKind::TypeOf);
                    text[token.start as usize] = b'$';
                    replacement = Some(Token {
                        end: tokens[close as usize].end,
                        ..token
                    });
                }
            }
        } else if token.kind == b'#' && mode == Mode::Replacement {
            let next = tokens.get(i + 1).copied();
            if token.len() == 1 {
                // Stringification: `#x` is a string.
                replacement = None;
                if let Some(next) = next.filter(|t| t.kind == WORD) {
                    lex::blank(&mut text[token.start as usize..next.end as usize]);
                    if text[token.start as usize + 1] != b'\n' {
                        text[token.start as usize..][..2].fill(b'"');
                        replacement = Some(Token {
                            kind: STRING,
                            start: token.start,
                            end: next.end,
                        });
                    }
                    end = i + 2;
                } else {
                    text[token.start as usize] = b' ';
                }
            } else {
                // Pasting: `a ## b` is one word, spelt with underscores until it is read.
                replacement = None;
                text[token.start as usize..token.end as usize].fill(b' ');
                let can_paste = |t: &Token| t.kind == WORD || t.kind == NUMBER;
                if let (Some(before), Some(next)) =
                    (previous.filter(can_paste), next.filter(can_paste))
                {
                    let gap = before.end as usize..next.start as usize;
                    let is_one_line = !text[gap.clone()].contains(&b'\n');
                    if is_one_line {
                        text[gap].fill(if before.kind == WORD { b'_' } else { b'1' });
                    } else {
                        lex::blank(&mut text[before.end as usize..next.end as usize]);
                    }
                    if before.kind == NUMBER {
                        let pasted = before.start as usize..next.end as usize;
                        if is_one_line {
                            text[pasted].fill(b'1');
                        }
                    }
                    kept -= 1;
                    replacement = Some(Token {
                        end: if is_one_line { next.end } else { before.end },
                        ..before
                    });
                    end = i + 2;
                }
            }
        }
        changed |= end != i + 1 || replacement.is_none();
        if let Some(token) = replacement {
            tokens[kept] = token;
            kept += 1;
        }
        i = end;
    }
    tokens.truncate(kept);
    if changed {
        lex::match_brackets(tokens, matches);
    }
}

fn hide(
    text: &mut [u8],
    rewrites: &mut Vec<Rewrite>,
    tokens: &[Token],
    from: usize,
    to: usize,
    kind: RewriteKind,
) {
    let span = Span::new(tokens[from].start, tokens[to - 1].end);
    lex::blank(&mut text[span.start as usize..span.end as usize]);
    rewrites.push(Rewrite { span, kind });
}
