//! The file level: statements, and what a brace there begins.

use memchr::{memchr, memmem, memrchr};

use super::directive::Directive;
use super::head::{Group, Head, function_head, is_annotation, is_keyword};
use super::lexer::MAX_NAME;
use super::output::Definition;
use super::{FILE_LEVEL, Nesting, Scanner};
use crate::tree::entries::{AliasEntry, MacroEntry, StructEntry};
use crate::tree::names::{is_name_byte, name_hash};

/// Groups of a statement kept at most; the last ones decide.
const MAX_GROUPS: usize = 16;

/// The length of `struct`.
const MAX_TAG: usize = 6;

/// A function-like macro.
pub(super) struct MacroDefinition {
    start: usize,
    name: (usize, usize),
    body_start: usize,
    end: usize,
    in_conditional: bool,
}

impl Scanner<'_> {
    /// Reads the whole file.
    pub(super) fn file(&mut self) {
        let mut nesting = Nesting::default();
        while let Some((at, byte)) = self.lexer.next() {
            match byte {
                b'#' => self.directive(at, FILE_LEVEL, &mut nesting),
                b'(' => {
                    self.open_group(at, nesting.parens);
                    nesting.parens += 1;
                }
                b')' => {
                    nesting.parens = nesting.parens.saturating_sub(1);
                    if nesting.parens == 0
                        && let Some(group) = self.statement.groups.last_mut()
                    {
                        group.close = at;
                    }
                }
                b'=' if nesting.parens == 0 => {
                    self.statement.assigned.get_or_insert(at);
                }
                b';' if nesting.parens == 0 => self.end_statement(at),
                b'{' => self.open_brace(at, &mut nesting),
                b'}' => {
                    if self.is_first_in_line(at) {
                        nesting.parens = 0;
                    }
                    self.reset_statement(at + 1);
                }
                _ => {}
            }
        }
        self.emit_macros_before(self.source().len());
    }

    fn open_group(&mut self, at: usize, n_parens: u32) {
        let name = self.lexer.name_before(at).unwrap_or((at, at));
        let groups = &mut self.statement.groups;
        if n_parens == 0 {
            if groups.len() == MAX_GROUPS {
                groups.remove(0);
            }
            groups.push(Group {
                name,
                open: at,
                close: at,
                inner: (at, at),
            });
        } else if let Some(group) = groups.last_mut()
            && group.inner.0 == group.inner.1
        {
            group.inner = name;
        }
    }

    fn end_statement(&mut self, at: usize) {
        self.name_typedef(at);
        let Some(last) = self.statement.groups.last() else {
            self.reset_statement(at + 1);
            return;
        };
        let behind = self.lexer.skip_blanks(last.close + 1);
        let is_old_style = self.statement.assigned.is_none()
            && self.statement.structure.is_none()
            && behind < at
            && is_name_byte(self.source()[behind]);
        self.statement.old_style = is_old_style.then(|| {
            let start = self.lexer.skip_blanks(self.lexer.fresh);
            (std::mem::take(&mut self.statement.groups), start)
        });
        self.reset_statement(at + 1);
    }

    /// The next statement begins at `next`.
    fn reset_statement(&mut self, next: usize) {
        self.statement.groups.clear();
        self.statement.assigned = None;
        self.statement.structure = None;
        self.lexer.fresh = next;
        self.emit_macros_before(next);
    }

    fn open_brace(&mut self, at: usize, nesting: &mut Nesting) {
        if nesting.parens > 0 {
            // A brace in column 0 begins a function; the parenthesis before it was lost.
            if !self.is_first_in_line(at) {
                self.skip_block(at);
                return;
            }
            nesting.parens = 0;
        }
        let before = self.lexer.skip_blanks_back(at);
        match self.source()[..before].last() {
            // `extern "C" {` encloses what is file level all the same.
            Some(b'"') => {
                self.reset_statement(at + 1);
                return;
            }
            _ if self.is_head_behind_lost_assignment(before) => {}
            Some(b'=' | b')') if self.statement.assigned.is_some() => {
                let end = self.table(at);
                self.end_unfinished_statement(end);
                return;
            }
            _ if self.statement.assigned.is_some() => {
                self.skip_block(at);
                return;
            }
            _ => {}
        }
        if let Some((tag, name)) = self.tag_before(at) {
            self.structure(tag, name, at);
            return;
        }
        // `define_machine(name) { .member = value }`
        if self.begins_designator(self.lexer.skip_blanks(at + 1)) {
            let end = self.table(at);
            self.reset_statement(end);
            return;
        }
        let end = match self.head(at) {
            Some((head, start)) => self.function(head, start, at),
            None => self.skip_block(at),
        };
        self.statement.old_style = None;
        self.reset_statement(end);
    }

    /// True if a named group ends at `end` behind an `=`. No initialiser looks like that; the
    /// assignment belongs to a table whose braces a macro brings, as `MACHINE_START` does.
    fn is_head_behind_lost_assignment(&self, end: usize) -> bool {
        let Some(last) = self.statement.groups.last() else {
            return false;
        };
        let (start, name_end) = last.name;
        self.statement.assigned.is_some_and(|at| at < start)
            && last.close + 1 == end
            && start < name_end
            && !self.source()[start..name_end].starts_with(b"__")
    }

    /// Ends a statement that ended at `end` without a semicolon: macros such as `MACHINE_END` bring
    /// their own.
    fn end_unfinished_statement(&mut self, end: usize) {
        let next = self.lexer.skip_blanks(end);
        if !self.is_first_in_line(next) || self.lexer.name_end(next) == next {
            return;
        }
        let word_end = self.lexer.name_end(next);
        let is_alone = self.source().get(word_end) == Some(&b'\n');
        self.reset_statement(if is_alone { word_end } else { next });
    }

    fn begins_designator(&self, at: usize) -> bool {
        self.source().get(at) == Some(&b'.') && self.lexer.name_end(at + 1) > at + 1
    }

    /// The head of the function whose body opens at `brace`, and where its definition begins.
    fn head(&mut self, brace: usize) -> Option<(Head, usize)> {
        let had_assignment = self.statement.assigned.take().is_some();
        let mut start = self.lexer.skip_blanks(self.lexer.fresh);
        if start == brace && self.statement.groups.is_empty() {
            let (groups, old_start) = self.statement.old_style.take()?;
            self.statement.groups = groups;
            start = old_start;
        }
        let head = function_head(&self.lexer, &self.statement.groups)?;
        if is_keyword(&self.source()[head.name.0..head.name.1]) {
            return None;
        }
        if had_assignment {
            let line = memrchr(b'\n', &self.source()[..head.name.0]).map_or(0, |at| at + 1);
            start = start.max(line);
        } else if let Some(not_before) = head.not_before {
            start = start.max(self.lexer.skip_blanks(not_before));
        }
        Some((head, start.min(head.name.0)))
    }

    fn function(&mut self, head: Head, start: usize, open: usize) -> usize {
        let in_conditional = self.n_optional > 0;
        self.emit_macros_before(start);
        let end = self.body(open);
        self.out.function(
            Definition {
                prefix: head.prefix,
                name: head.name,
                start,
                body_start: open,
                end,
                is_static: has_word(&self.source()[start..head.name.0], b"static"),
                is_macro: false,
                in_conditional,
            },
            self.calls,
        );
        end
    }

    /// Records the macros that were kept until the definition around them was.
    fn emit_macros_before(&mut self, at: usize) {
        let n_before = self
            .inner_macros
            .partition_point(|definition| definition.start < at);
        if n_before > 0 {
            let behind = self.inner_macros.split_off(n_before);
            for definition in std::mem::replace(&mut self.inner_macros, behind) {
                self.function_macro(definition);
            }
        }
    }

    /// The tag word and name of a structure whose members open at `brace`; the name is empty for
    /// an unnamed one.
    fn tag_before(&self, brace: usize) -> Option<((usize, usize), (usize, usize))> {
        const MAX_WORDS: usize = 8;
        let text = |(start, end): (usize, usize)| &self.source()[start..end];
        let mut at = brace;
        let mut name = (brace, brace);
        let mut groups = self.statement.groups.as_slice();
        for _ in 0..MAX_WORDS {
            let end = self.lexer.skip_blanks_back(at);
            // Attributes can stand on either side of the name.
            if let Some((group, others)) = groups.split_last()
                && group.close + 1 == end
            {
                if !is_annotation(text(group.name)) {
                    return None;
                }
                groups = others;
                at = group.name.0;
                continue;
            }
            let word = (self.lexer.name_start(end), end);
            if matches!(text(word), b"struct" | b"union" | b"enum") {
                return Some((word, name));
            }
            let may_annotate = |word| text(word).starts_with(b"__");
            if word.0 == word.1 {
                return None;
            } else if name.0 == name.1 || may_annotate(name) {
                name = word;
            } else if !may_annotate(word) {
                return None;
            }
            at = word.0;
        }
        None
    }

    fn structure(&mut self, tag: (usize, usize), name: (usize, usize), open: usize) {
        let start = self.lexer.skip_blanks(self.lexer.fresh).min(tag.0);
        let name_hash = match name.0 == name.1 {
            true => 0,
            false => self.tagged_hash(tag, name),
        };
        let end = self.skip_block(open);
        self.statement.structure = Some(self.out.entries.structs.len());
        self.statement.groups.clear();
        self.out.entries.structs.push(StructEntry {
            name_hash,
            start: start as u32,
            end: end as u32,
        });
    }

    /// Names a `typedef struct { … } name;` after the typedef.
    fn name_typedef(&mut self, semicolon: usize) {
        let Some(structure) = self.statement.structure else {
            return;
        };
        let entry = &self.out.entries.structs[structure];
        if entry.name_hash != 0 || !self.source()[entry.start as usize..].starts_with(b"typedef") {
            return;
        }
        let mut at = entry.end as usize;
        while at < semicolon {
            let end = self.lexer.name_end(at);
            if end == at {
                at += 1;
                continue;
            }
            let name = &self.source()[at..end];
            if !name.starts_with(b"__") {
                self.out.entries.structs[structure].name_hash = name_hash(name);
                return;
            }
            at = end;
        }
    }

    /// The hash of `struct name`, however the two are spaced.
    pub(super) fn tagged_hash(&self, tag: (usize, usize), name: (usize, usize)) -> u32 {
        let mut text = [0; MAX_TAG + 1 + MAX_NAME];
        let tag = &self.source()[tag.0..tag.1];
        let name = &self.source()[name.0..name.1];
        let end = tag.len() + 1 + name.len();
        text[..tag.len()].copy_from_slice(tag);
        text[tag.len()] = b' ';
        text[tag.len() + 1..end].copy_from_slice(name);
        name_hash(&text[..end])
    }

    /// Records the macro a `#define` defines. `is_inside` some statement or function, it has to
    /// wait for that to be recorded.
    pub(super) fn define(&mut self, hash: usize, directive: Directive, is_inside: bool) {
        let source = self.source();
        let name = (directive.operands, self.lexer.name_end(directive.operands));
        let (start, end) = name;
        if start == end || end > directive.end {
            return;
        }
        if source.get(end) == Some(&b'(') {
            let Some(n) = memchr(b')', &source[end..directive.end]) else {
                return;
            };
            let definition = MacroDefinition {
                start: hash,
                name,
                body_start: self.lexer.skip_blanks(end + n + 1).min(directive.end),
                end: directive.end,
                in_conditional: self.n_optional > 0,
            };
            self.statement.old_style = None;
            if is_inside {
                self.inner_macros.push(definition);
            } else {
                self.function_macro(definition);
            }
            return;
        }
        let name_hash = self.lexer.hash(name);
        self.out.entries.macros.push(MacroEntry {
            name_hash,
            start: start as u32,
            end: directive.end as u32,
        });
        let body = self.lexer.skip_blanks(end).min(directive.end);
        match source[body..directive.end].first() {
            Some(b'.' | b'{') => {
                self.replacement(name, body, directive.end);
                self.calls.clear();
            }
            Some(_) => {
                let body_end = self.lexer.name_end(body).min(directive.end);
                let rest = self.lexer.skip_blanks(body_end).min(directive.end);
                let is_alone = rest == directive.end || source[rest] == b'/';
                if body < body_end && is_alone {
                    self.out.entries.aliases.push(AliasEntry {
                        name_hash,
                        target_hash: self.lexer.hash((body, body_end)),
                        start: start as u32,
                    });
                }
            }
            None => {}
        }
    }

    fn function_macro(&mut self, definition: MacroDefinition) {
        self.replacement(definition.name, definition.body_start, definition.end);
        self.out.function(
            Definition {
                prefix: "",
                name: definition.name,
                start: definition.start,
                body_start: definition.body_start,
                end: definition.end,
                is_static: false,
                is_macro: true,
                in_conditional: definition.in_conditional,
            },
            self.calls,
        );
    }

    pub(super) fn is_first_in_line(&self, at: usize) -> bool {
        at == 0 || self.source()[at - 1] == b'\n'
    }
}

/// True if `word` stands in `text` on its own.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    // Nearly always it is the first.
    if text.starts_with(word) && text.get(word.len()).is_none_or(|&b| !is_name_byte(b)) {
        return true;
    }
    memmem::find_iter(text, word).any(|at| {
        let is_start = at == 0 || !is_name_byte(text[at - 1]);
        is_start && text.get(at + word.len()).is_none_or(|&b| !is_name_byte(b))
    })
}
