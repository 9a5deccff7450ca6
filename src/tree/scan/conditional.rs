//! `#if` and its alternatives, and what else a preprocessor line can say.

use memchr::memmem;

use super::directive::{Directive, DirectiveKind};
use super::{FILE_LEVEL, Nesting, Scanner};
use crate::program::Symbol;

/// An open `#if`.
pub(super) struct Conditional {
    /// The region it began in: the file level is region 0; each function, table and block is a
    /// region of its own.
    region: u32,
    nesting: Nesting,
    n_groups: usize,
    /// False for include guards and the like.
    is_optional: bool,
    /// True for `#ifndef __ASSEMBLY__`: what follows its `#else` is no C.
    is_not_assembler: bool,
    pub(super) at: usize,
}

/// Where the pass is with the include guard.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Guard {
    /// No directive was seen.
    Expected,
    /// `#ifndef` of this name was the first directive.
    Tested((usize, usize)),
    /// It was found, or there is none.
    Settled,
}

/// Which branches of a conditional to skip.
#[derive(Clone, Copy, PartialEq)]
enum Skip {
    /// Up to the next alternative.
    Branch,
    /// All that are left.
    Rest,
}

impl Scanner<'_> {
    /// Handles the directive whose `#` is at `hash`, met in `region` with `nesting` brackets open.
    pub(super) fn directive(&mut self, hash: usize, region: u32, nesting: &mut Nesting) {
        let directive = Directive::read(&self.lexer, hash);
        let is_inside = self.pass(hash, directive);
        let operand = || {
            let end = self.lexer.name_end(directive.operands);
            (directive.operands, end)
        };
        let guard = std::mem::replace(&mut self.guard, Guard::Settled);
        match directive.kind {
            DirectiveKind::If | DirectiveKind::IfNot => {
                if guard == Guard::Expected && directive.kind == DirectiveKind::IfNot {
                    self.guard = Guard::Tested(operand());
                }
                let text = &self.source()[directive.operands..directive.end];
                let is_optional = !is_for_tools(text);
                let names_assembler = matches!(
                    &self.source()[operand().0..operand().1],
                    b"__ASSEMBLY__" | b"__ASSEMBLER__"
                );
                let is_if = directive.kind == DirectiveKind::If;
                self.n_optional += usize::from(is_optional);
                self.conditionals.push(Conditional {
                    region,
                    nesting: *nesting,
                    n_groups: self.statement.groups.len(),
                    is_optional,
                    is_not_assembler: names_assembler && !is_if,
                    at: hash,
                });
                if is_never(text) || (names_assembler && is_if) {
                    self.skip(Skip::Branch);
                }
            }
            DirectiveKind::Else => {
                let Some(open) = self.conditionals.last() else {
                    return;
                };
                // A definition that began or ended in another branch goes on in this one in a
                // way only a parser can follow. It is skipped, as is assembler.
                if open.region != region || open.is_not_assembler {
                    self.skip(Skip::Rest);
                    return;
                }
                *nesting = open.nesting;
                if region == FILE_LEVEL {
                    self.statement.groups.truncate(open.n_groups);
                    let began_at = open.at;
                    self.statement.assigned.take_if(|at| *at > began_at);
                }
            }
            DirectiveKind::Endif => self.close_conditional(),
            DirectiveKind::Define => {
                let name = operand();
                if let Guard::Tested(tested) = guard
                    && self.source()[tested.0..tested.1] == self.source()[name.0..name.1]
                    && let Some(open) = self.conditionals.last_mut()
                    && open.is_optional
                {
                    open.is_optional = false;
                    self.n_optional -= 1;
                }
                self.define(hash, directive, is_inside);
            }
            DirectiveKind::Include => {
                let text = &self.source()[directive.operands..directive.end];
                if let Some(header) = header_name(text) {
                    self.out.entries.includes.push(header);
                }
            }
            DirectiveKind::Other => {}
        }
    }

    /// Goes on behind `directive`, which is no part of the statement around it. True if there is
    /// such a statement.
    fn pass(&mut self, hash: usize, directive: Directive) -> bool {
        self.lexer.seek(directive.end);
        let is_inside = self.lexer.skip_blanks(self.lexer.fresh) < hash;
        if !is_inside {
            self.lexer.fresh = directive.end;
        }
        is_inside
    }

    fn close_conditional(&mut self) {
        if let Some(closed) = self.conditionals.pop() {
            self.n_optional -= usize::from(closed.is_optional);
        }
    }

    /// Skips text of the innermost conditional.
    fn skip(&mut self, skip: Skip) {
        let mut n_inner = 0_usize;
        while let Some((at, byte)) = self.lexer.next() {
            if byte != b'#' {
                continue;
            }
            let directive = Directive::read(&self.lexer, at);
            self.lexer.seek(directive.end);
            match directive.kind {
                DirectiveKind::If | DirectiveKind::IfNot => n_inner += 1,
                DirectiveKind::Endif if n_inner > 0 => n_inner -= 1,
                DirectiveKind::Else if n_inner == 0 && skip == Skip::Branch => {
                    self.after_skipped(directive.end);
                    return;
                }
                DirectiveKind::Endif => {
                    self.after_skipped(directive.end);
                    self.close_conditional();
                    return;
                }
                _ => {}
            }
        }
    }

    /// A statement that had not begun before the skipped text begins behind it.
    fn after_skipped(&mut self, end: usize) {
        let began_at = self.conditionals.last().map_or(0, |open| open.at);
        if self.lexer.skip_blanks(self.lexer.fresh) >= began_at {
            self.lexer.fresh = end;
        }
    }
}

/// True for a condition that keeps a header fit for assembler, C++ or user space and says nothing
/// of the configuration.
fn is_for_tools(condition: &[u8]) -> bool {
    // Conditions are short, and most have no such name in them at all.
    let contains = |part: &[u8]| memmem::find(condition, part).is_some();
    condition.windows(2).any(|pair| pair == b"__")
        && !contains(b"CONFIG_")
        && (contains(b"__ASSEMBL") || contains(b"__KERNEL__") || contains(b"__cplusplus"))
}

/// True for `#if 0`.
fn is_never(condition: &[u8]) -> bool {
    condition.first() == Some(&b'0')
        && condition
            .get(1)
            .is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'/')
}

/// The text between the delimiters of `<linux/mm.h>` or `"internal.h"`.
fn header_name(text: &[u8]) -> Option<Symbol> {
    let close = match text.first()? {
        b'<' => b'>',
        b'"' => b'"',
        _ => return None,
    };
    let end = memchr::memchr(close, &text[1..])?;
    let header = std::str::from_utf8(&text[1..=end]).ok()?;
    Some(Symbol::new(header))
}
