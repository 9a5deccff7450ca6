//! How deep the parser would have to go. It is recursive, so what is too deep must not reach it.

use crate::tree::rust::{Token, TokenKind};

/// Functions nested deeper than this are not parsed.
pub const MAX_NESTING: usize = 500;

/// Up to this depth the stack of any thread will do.
pub const SHALLOW: usize = 60;

/// An upper bound of how deep the parser goes in `tokens`: brackets, and in the statement open in
/// each of them everything that can make it descend without one, such as `!`, `&` or `else`.
pub fn nesting(tokens: &[Token]) -> usize {
    // For each open bracket, how deep the statement inside it is so far.
    let mut open: Vec<usize> = vec![0];
    let mut total: usize = 0;
    let mut deepest = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => {
                open.push(1);
                total += 1;
            }
            TokenKind::Close => {
                if open.len() > 1 {
                    total -= open.pop().unwrap_or(0);
                }
                // `x[0][0]`, `f()()`: what is applied to the rest is one deeper.
                if let Some(last) = open.last_mut() {
                    *last += 1;
                    total += 1;
                }
                // A block ends a statement, unless an operator or `else` follows.
                let goes_on = tokens.get(i + 1).is_some_and(|next| {
                    let is_short_word = next.kind == TokenKind::Word && next.end - next.start <= 4;
                    next.kind == TokenKind::Punct && next.byte != b'#' || is_short_word
                });
                if token.byte == b'}' && !goes_on {
                    reset(&mut open, &mut total);
                }
            }
            TokenKind::Punct if matches!(token.byte, b';' | b',') => reset(&mut open, &mut total),
            TokenKind::Punct | TokenKind::Lifetime | TokenKind::Word => {
                // A chain of names and dots is as deep as it has links; half of it, names, count.
                let is_link = token.kind != TokenKind::Word || token.end - token.start <= 6;
                if let Some(last) = open.last_mut()
                    && is_link
                {
                    *last += 1;
                    total += 1;
                }
            }
            TokenKind::Literal => {}
        }
        deepest = deepest.max(total);
    }
    deepest
}

fn reset(open: &mut [usize], total: &mut usize) {
    let depth = open.len();
    if let Some(last) = open.last_mut() {
        let rest = usize::from(depth > 1);
        *total -= last.saturating_sub(rest);
        *last = rest.min(*last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::rust::Tokens;

    fn depth(source: &str) -> usize {
        nesting(&Tokens::new(source.as_bytes()).list)
    }

    #[test]
    fn brackets_and_prefixes_nest() {
        assert!(depth(&"(".repeat(600)) > MAX_NESTING);
        assert!(depth(&"!".repeat(600)) > MAX_NESTING);
        assert!(depth(&"a + ".repeat(600)) > MAX_NESTING);
        assert!(depth(&"[0]".repeat(600)) > MAX_NESTING);
        assert!(depth(&"if a {} else ".repeat(300)) > MAX_NESTING);
        assert!(depth(&"S {} + ".repeat(300)) > MAX_NESTING);
    }

    #[test]
    fn what_stands_side_by_side_does_not() {
        assert!(depth(&"{ let a = f(&b, !c); }".repeat(600)) < SHALLOW);
        assert!(depth(&"f(a, b, c); ".repeat(600)) < SHALLOW);
    }
}
