//! Function bodies and macro replacements: calls, arguments, stores to members.

use super::table::LocalTable;
use super::{Nesting, Scanner};
use crate::tree::entries::MemberPair;
use crate::tree::names::is_all_caps;

use super::head::is_keyword;
use super::lexer::is_blank;

/// The last two events, as far as they tell what the next one ends.
#[derive(Clone, Copy)]
pub(super) struct Recent {
    /// The last event.
    pub(super) last: usize,
    /// The one before it.
    pub(super) before: usize,
    /// True if an argument can begin behind the last one.
    takes_argument: bool,
}

impl Scanner<'_> {
    /// Reads the function body that opens at `open`; returns where it ends.
    pub(super) fn body(&mut self, open: usize) -> usize {
        let region = self.new_region();
        let opens_line = self.is_first_in_line(open);
        let mut nesting = Nesting {
            braces: 1,
            parens: 0,
        };
        let mut recent = Recent::at(open);
        let mut table = LocalTable::none();
        let mut saw_conditional = false;
        while let Some((at, byte)) = self.lexer.next() {
            match byte {
                b'{' => {
                    self.open_local_table(&mut table, at, recent, nesting.braces);
                    nesting.braces += 1;
                    recent.takes_argument = false;
                }
                b'}' => {
                    if self.closes_function(at, nesting.braces, opens_line, saw_conditional) {
                        self.close_local_table(&mut table, at);
                        return at + 1;
                    }
                    nesting.braces = (nesting.braces - 1).max(1);
                    if table.is_closed_at(nesting.braces) {
                        self.close_local_table(&mut table, at);
                    }
                    recent.takes_argument = false;
                }
                b'#' => {
                    saw_conditional = true;
                    self.directive(at, region, &mut nesting);
                }
                _ => self.expression_event(at, byte, &mut nesting, &mut recent, &mut table),
            }
            recent.before = recent.last;
            recent.last = at;
        }
        let end = self.unclosed(open);
        self.close_local_table(&mut table, end.saturating_sub(1));
        end
    }

    /// Reads the replacement of macro `name`, in `start..end`.
    pub(super) fn replacement(&mut self, name: (usize, usize), start: usize, end: usize) {
        let inner = self.lexer.for_replacement(start, end);
        let outer = std::mem::replace(&mut self.lexer, inner);
        let mut nesting = Nesting {
            braces: 1,
            parens: 0,
        };
        let mut recent = Recent::at(start);
        let mut table = LocalTable::in_macro(name, start);
        while let Some((at, byte)) = self.lexer.next() {
            match byte {
                b'{' => {
                    self.open_local_table(&mut table, at, recent, nesting.braces);
                    nesting.braces += 1;
                    recent.takes_argument = false;
                }
                b'}' => {
                    nesting.braces = (nesting.braces - 1).max(1);
                    if table.is_closed_at(nesting.braces) {
                        self.close_local_table(&mut table, at);
                    }
                    recent.takes_argument = false;
                }
                _ => self.expression_event(at, byte, &mut nesting, &mut recent, &mut table),
            }
            recent.before = recent.last;
            recent.last = at;
        }
        self.close_local_table(&mut table, end.saturating_sub(1));
        self.lexer = outer;
    }

    /// Handles `( ) , = ;`.
    #[inline]
    fn expression_event(
        &mut self,
        at: usize,
        byte: u8,
        nesting: &mut Nesting,
        recent: &mut Recent,
        table: &mut LocalTable,
    ) {
        match byte {
            b'(' => {
                recent.takes_argument = self.call(at);
                nesting.parens += 1;
            }
            b',' => {
                if recent.takes_argument {
                    self.argument(recent.last + 1, at);
                }
                recent.takes_argument = nesting.parens > 0;
            }
            b')' => {
                if recent.takes_argument {
                    self.argument(recent.last + 1, at);
                }
                recent.takes_argument = false;
                nesting.parens = nesting.parens.saturating_sub(1);
            }
            b'=' => {
                recent.takes_argument = false;
                self.assignment(at, table);
            }
            _ => recent.takes_argument = false,
        }
    }

    /// True if the brace at `at` ends the function, with `n_braces` open.
    ///
    /// Unless `#if` alternatives unbalance it, a function ends where its braces match. A brace
    /// in column 0 with nothing behind it, followed by text in column 0, ends one that opened in
    /// column 0 however many braces seem open; and a brace further right does not, if the text
    /// behind it is not in column 0.
    fn closes_function(
        &self,
        at: usize,
        n_braces: u32,
        opens_line: bool,
        saw_conditional: bool,
    ) -> bool {
        let in_column_0 = self.is_first_in_line(at);
        if n_braces == 1 {
            return in_column_0 || !saw_conditional || self.file_level_follows(at + 1);
        }
        in_column_0 && opens_line && self.ends_line(at + 1) && self.file_level_follows(at + 1)
    }

    fn ends_line(&self, at: usize) -> bool {
        self.source()[at..]
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
            .is_none_or(|&byte| byte == b'\n')
    }

    /// True if the next text from `at` on stands in column 0, as it does at file level.
    fn file_level_follows(&self, at: usize) -> bool {
        let next = self.lexer.skip_blanks(at);
        match self.source().get(next) {
            None => true,
            Some(b'}') => false,
            Some(_) => self.is_first_in_line(next),
        }
    }

    /// Records the call whose arguments open at `open`. True if there are arguments.
    #[inline]
    fn call(&mut self, open: usize) -> bool {
        let source = self.source();
        let end = self.lexer.skip_blanks_back(open);
        let start = self.lexer.name_start(end);
        if start == end {
            if source[..end].last() == Some(&b')') {
                self.call_in_parentheses(end - 1);
                return true;
            }
            // `table[i](x)`
            return source[..end].last() == Some(&b']');
        }
        let name = &source[start..end];
        if is_keyword(name) {
            return false;
        }
        let hash = self.lexer.hash((start, end));
        if is_member(source, start) {
            self.calls.member_calls.push(hash);
        } else {
            self.calls.callees.push(hash);
        }
        true
    }

    /// Records the member of `(*p->f)(x)`; `close` is where the parenthesis closes.
    fn call_in_parentheses(&mut self, close: usize) {
        let end = self.lexer.skip_blanks_back(close);
        let start = self.lexer.name_start(end);
        if start < end && is_member(self.source(), start) {
            let hash = self.lexer.hash((start, end));
            self.calls.member_calls.push(hash);
        }
    }

    /// Records the argument in `start..end` if it is a name or the address of one.
    #[inline]
    fn argument(&mut self, start: usize, end: usize) {
        let source = self.source();
        let mut name_start = self.lexer.skip_blanks(start);
        if source[name_start] == b'&' {
            name_start = self.lexer.skip_blanks(name_start + 1);
        }
        let name_end = self.lexer.name_end(name_start);
        if name_start < name_end
            && self.lexer.skip_blanks(name_end) == end
            && !is_all_caps(&source[name_start..name_end])
        {
            self.calls
                .args
                .push(self.lexer.hash((name_start, name_end)));
        }
    }

    /// Records the member assigned to at `equals`, in a table or through a pointer.
    fn assignment(&mut self, equals: usize, table: &mut LocalTable) {
        let source = self.source();
        let next = self.lexer.skip_blanks(equals + 1);
        if source.get(next) == Some(&b'{') {
            table.expect(equals, next);
            return;
        }
        let Some(member) = self.lexer.name_before(equals) else {
            return;
        };
        if !is_member(source, member.0) {
            return;
        }
        let Some(value) = self.value(equals + 1) else {
            return;
        };
        let pair = MemberPair {
            member_hash: self.lexer.hash(member),
            value_hash: self.lexer.hash(value),
            offset: value.0 as u32,
        };
        let is_designator = source[member.0 - 1] == b'.'
            && (table.is_open()
                || !source[..member.0 - 1]
                    .last()
                    .is_some_and(|&byte| byte == b')' || byte == b']' || is_operand_end(byte)));
        if !is_designator {
            self.out.entries.member_stores.push(pair);
        } else if self.open_macro_table(table) {
            self.out.entries.pairs.push(pair);
        }
    }

    /// The name that is the whole value from `start` on: `name`, `&name`, `(type *)name`. Names in
    /// capitals are constants and left out, save `NULL`.
    pub(super) fn value(&self, start: usize) -> Option<(usize, usize)> {
        let source = self.source();
        let mut at = self.lexer.skip_blanks(start);
        if source.get(at) == Some(&b'(') {
            at = self.lexer.skip_blanks(self.cast_end(at)?);
        }
        if source.get(at) == Some(&b'&') {
            at = self.lexer.skip_blanks(at + 1);
        }
        let end = self.lexer.name_end(at);
        let name = &source[at..end];
        if name.is_empty() || (is_all_caps(name) && name != b"NULL") {
            return None;
        }
        let behind = self.lexer.skip_blanks(end);
        let is_whole = match source.get(behind) {
            Some(b';' | b',' | b'}' | b'/') | None => true,
            Some(_) => !self.lexer.contains(behind),
        };
        is_whole.then_some((at, end))
    }

    /// Just behind the cast that opens at `open`.
    fn cast_end(&self, open: usize) -> Option<usize> {
        const MAX_CAST: usize = 80;
        let source = self.source();
        let window = &source[open + 1..source.len().min(open + MAX_CAST)];
        let length = window
            .iter()
            .position(|&byte| !(is_operand_end(byte) || is_blank(byte) || byte == b'*'))?;
        (window[length] == b')').then_some(open + 1 + length + 1)
    }
}

impl Recent {
    pub(super) fn at(at: usize) -> Recent {
        Recent {
            last: at,
            before: at,
            takes_argument: false,
        }
    }
}

/// True if the name at `start` is reached through `.` or `->`.
#[inline]
fn is_member(source: &[u8], start: usize) -> bool {
    match source[..start] {
        [.., b'-', b'>'] => true,
        // Not the `...` of a variadic macro.
        [.., before, b'.'] => before != b'.',
        [b'.'] => true,
        _ => false,
    }
}

fn is_operand_end(byte: u8) -> bool {
    crate::tree::names::is_name_byte(byte)
}
