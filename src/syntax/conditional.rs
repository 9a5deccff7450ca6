//! `#if` groups: what encloses a byte, and which alternatives a function has.

use crate::program::{Literal, Presence, Span, Symbol};

use super::lex;

/// The groups of a file, outer ones before the ones inside them.
#[derive(Default)]
pub(crate) struct Conditionals {
    groups: Vec<Group>,
}

/// One `#if … #endif`.
struct Group {
    /// Never empty; the first is the `#if` itself.
    branches: Vec<Branch>,
    /// The line of `#endif`; empty at the file's end if there is none.
    end: Span,
    /// The group and branch around it.
    parent: Option<(usize, usize)>,
    /// `#ifndef X`, `#define X` around the whole file: no condition in truth.
    is_include_guard: bool,
}

struct Branch {
    /// `#if`, `#elif`, `#else` with its continuation lines.
    directive: Span,
    /// What it asks, without what earlier branches leave over; `None` for `#else`.
    condition: Option<Condition>,
    /// From behind the directive to the next one of its group.
    body: Span,
}

#[derive(Clone, PartialEq, Eq)]
enum Condition {
    Constant(bool),
    /// All of these.
    All(Vec<Literal>),
}

/// One way to compile a function: a choice of branches.
pub(crate) struct Alternative {
    pub presence: Presence,
    /// What is not compiled, directives included, in source order.
    pub hidden: Vec<Span>,
}

/// More alternatives than this are not parsed.
pub(crate) const MAX_ALTERNATIVES: usize = 16;

impl Conditionals {
    /// Reads the structure of a file. Anything unbalanced is taken as it comes: `#endif` without
    /// `#if` is ignored, `#if` without `#endif` lasts to the end.
    pub fn new(source: &[u8]) -> Conditionals {
        let mut groups: Vec<Group> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut last_directive_end = 0;
        // The first directive behind `#ifndef X`, if it is the file's first group.
        let mut guard: Option<(usize, Vec<u8>, bool)> = None;
        for_each_directive(source, |directive, name, rest| {
            let rest_text = Span::new(rest, directive.end).of(source);
            match name {
                b"if" | b"ifdef" | b"ifndef" | b"elif" | b"elifdef" | b"elifndef" => {
                    let condition = read_condition(name, rest_text);
                    let branch = Branch {
                        directive,
                        condition: Some(condition),
                        body: Span::new(directive.end, directive.end),
                    };
                    if name.starts_with(b"el") {
                        if let Some(&top) = open.last() {
                            close_branch(&mut groups[top], directive.start);
                            groups[top].branches.push(branch);
                        }
                    } else {
                        let parent = open
                            .last()
                            .map(|&top| (top, groups[top].branches.len() - 1));
                        if groups.is_empty() && name == b"ifndef" {
                            let word = clean_condition(rest_text);
                            guard = Some((0, word, false));
                        }
                        open.push(groups.len());
                        groups.push(Group {
                            branches: vec![branch],
                            end: Span::default(),
                            parent,
                            is_include_guard: false,
                        });
                    }
                }
                b"else" => {
                    if let Some(&top) = open.last() {
                        close_branch(&mut groups[top], directive.start);
                        groups[top].branches.push(Branch {
                            directive,
                            condition: None,
                            body: Span::new(directive.end, directive.end),
                        });
                    }
                }
                b"endif" => {
                    if let Some(top) = open.pop() {
                        close_branch(&mut groups[top], directive.start);
                        groups[top].end = directive;
                    }
                }
                b"define" => {
                    if let Some((_, word, is_defined)) = &mut guard
                        && open == [0]
                        && groups.len() == 1
                    {
                        let text = clean_condition(rest_text);
                        let length = text
                            .iter()
                            .position(|&b| !lex::IS_WORD[b as usize])
                            .unwrap_or(text.len());
                        *is_defined |= text[..length] == word[..];
                    }
                }
                _ => {}
            }
            last_directive_end = directive.end;
        });
        let end = source.len() as u32;
        while let Some(top) = open.pop() {
            close_branch(&mut groups[top], end);
            groups[top].end = Span::new(end, end);
        }
        if let Some((group, _, true)) = guard
            && groups[group].end.end == last_directive_end
            && groups[group].branches.len() == 1
        {
            groups[group].is_include_guard = true;
        }
        Conditionals { groups }
    }

    /// The conjunction of the branches around a byte.
    pub fn presence_at(&self, offset: u32) -> Presence {
        let mut literals = Vec::new();
        for group in &self.groups {
            if group.is_include_guard {
                continue;
            }
            if group.branches[0].directive.start > offset {
                break;
            }
            let branch = group
                .branches
                .iter()
                .position(|branch| branch.body.contains(offset));
            if let Some(branch) = branch {
                group.literals_of(branch, &mut literals);
            }
        }
        Presence::all(literals)
    }

    /// The alternatives of the code in `span`, the one with first branches everywhere first. The
    /// second value is true if there are more than [`MAX_ALTERNATIVES`].
    pub fn alternatives(&self, span: Span, source: &[u8]) -> (Vec<Alternative>, bool) {
        let inside: Vec<usize> = self.inside(span);
        if inside.is_empty() {
            let only = Alternative {
                presence: Presence::always(),
                hidden: Vec::new(),
            };
            return (vec![only], false);
        }
        let mut choices: Vec<Vec<Option<usize>>> = Vec::new();
        let mut result = Vec::new();
        let mut is_capped = false;
        let base = self.choose(span, &inside, Vec::new());
        let mut consider = |choice: (Vec<Option<usize>>, Presence)| {
            if choices.contains(&choice.0) {
                return;
            }
            if result.len() == MAX_ALTERNATIVES {
                is_capped = true;
                return;
            }
            let hidden = self.hidden(span, &inside, &choice.0);
            choices.push(choice.0);
            result.push(Alternative {
                presence: choice.1,
                hidden,
            });
        };
        consider(base);
        for &g in &inside {
            let group = &self.groups[g];
            if self.fixed_branch(g, span).is_some() || !group.encloses_code(span, source) {
                continue;
            }
            for branch in 0..=group.branches.len() {
                let is_implicit_else = branch == group.branches.len();
                if is_implicit_else && group.has_else() {
                    continue;
                }
                // What must hold for this branch to be looked at at all.
                let mut forced = Vec::new();
                let mut possible = group.literals_of(branch, &mut forced);
                let mut parent = group.parent;
                while let Some((p, b)) = parent {
                    if inside.binary_search(&p).is_ok() {
                        possible &= self.groups[p].literals_of(b, &mut forced);
                    }
                    parent = self.groups[p].parent;
                }
                if possible && !Presence::all(forced.clone()).is_contradiction() {
                    consider(self.choose(span, &inside, forced));
                }
            }
        }
        (result, is_capped)
    }

    /// The groups with a directive in `span`, as sorted indices.
    fn inside(&self, span: Span) -> Vec<usize> {
        let mut inside = Vec::new();
        for (i, group) in self.groups.iter().enumerate() {
            if group.branches[0].directive.start >= span.end {
                break;
            }
            let touches = |directive: Span| span.contains(directive.start);
            if !group.is_include_guard
                && (touches(group.end) || group.branches.iter().any(|b| touches(b.directive)))
            {
                inside.push(i);
            }
        }
        inside
    }

    /// The branch of a group that reaches beyond `span`: the one the span begins or ends in.
    fn fixed_branch(&self, group: usize, span: Span) -> Option<usize> {
        let group = &self.groups[group];
        let at = |offset| group.branches.iter().position(|b| b.body.contains(offset));
        if group.branches[0].directive.start < span.start {
            // Where the body ends, if the group lasts that long; else where the signature begins.
            at(span.end.saturating_sub(1)).or_else(|| at(span.start))
        } else if group.end.start >= span.end {
            at(span.end.saturating_sub(1))
        } else {
            None
        }
    }

    /// Chooses a branch for every group that is compiled: what `forced` says, else the first.
    fn choose(
        &self,
        span: Span,
        inside: &[usize],
        forced: Vec<Literal>,
    ) -> (Vec<Option<usize>>, Presence) {
        let mut known = forced;
        let mut choice = vec![None; inside.len()];
        let mut literals = Vec::new();
        for (i, &g) in inside.iter().enumerate() {
            let group = &self.groups[g];
            let is_live = match group.parent {
                Some((p, b)) => match inside.binary_search(&p) {
                    Ok(position) => choice[position] == Some(b),
                    Err(_) => true,
                },
                None => true,
            };
            if !is_live {
                continue;
            }
            let fixed = self.fixed_branch(g, span);
            let chosen = fixed.unwrap_or_else(|| group.first_possible(&known));
            choice[i] = Some(chosen);
            if fixed.is_none() {
                let mut taken = Vec::new();
                group.literals_of(chosen, &mut taken);
                known.extend_from_slice(&taken);
                literals.append(&mut taken);
            }
        }
        (choice, Presence::all(literals))
    }

    fn hidden(&self, span: Span, inside: &[usize], choice: &[Option<usize>]) -> Vec<Span> {
        let mut hidden = Vec::new();
        for (&g, &chosen) in inside.iter().zip(choice) {
            let Some(chosen) = chosen else { continue };
            let group = &self.groups[g];
            for (b, branch) in group.branches.iter().enumerate() {
                hidden.push(branch.directive);
                if b != chosen {
                    hidden.push(branch.body);
                }
            }
            hidden.push(group.end);
        }
        hidden.retain_mut(|hidden| {
            hidden.start = hidden.start.max(span.start);
            hidden.end = hidden.end.min(span.end);
            hidden.start < hidden.end
        });
        hidden
    }
}

impl Group {
    fn has_else(&self) -> bool {
        self.branches.last().is_some_and(|b| b.condition.is_none())
    }

    /// Adds what holds in a branch; an index behind the last is the implicit `#else`. False if it
    /// never compiles.
    fn literals_of(&self, branch: usize, literals: &mut Vec<Literal>) -> bool {
        let mut possible = true;
        for (i, earlier) in self.branches.iter().enumerate().take(branch + 1) {
            let Some(condition) = &earlier.condition else {
                continue;
            };
            if i == branch {
                match condition {
                    Condition::Constant(value) => possible &= value,
                    Condition::All(all) => literals.extend_from_slice(all),
                }
            } else {
                match condition {
                    Condition::Constant(value) => possible &= !value,
                    Condition::All(all) => literals.push(negation(all)),
                }
            }
        }
        possible
    }

    /// The first branch `known` does not rule out.
    fn first_possible(&self, known: &[Literal]) -> usize {
        for (i, branch) in self.branches.iter().enumerate() {
            match &branch.condition {
                None | Some(Condition::Constant(true)) => return i,
                Some(Condition::Constant(false)) => {}
                Some(Condition::All(all)) => {
                    let contradicts = |literal: &Literal| {
                        known
                            .iter()
                            .any(|k| k.text == literal.text && k.holds != literal.holds)
                    };
                    let is_negated = all.len() > 1 && known.contains(&negation(all));
                    if !is_negated && !all.iter().any(contradicts) {
                        return i;
                    }
                }
            }
        }
        self.branches.len()
    }

    /// True if any branch holds more than blanks, comments and directives.
    fn encloses_code(&self, span: Span, source: &[u8]) -> bool {
        self.branches.iter().any(|branch| {
            let start = branch.body.start.max(span.start);
            let end = branch.body.end.min(span.end);
            if start >= end {
                return false;
            }
            let mut text = Span::new(start, end).of(source).to_vec();
            let mut tokens = Vec::new();
            lex::lex(&mut text, lex::Mode::Code, &mut tokens);
            !tokens.is_empty()
        })
    }
}

fn close_branch(group: &mut Group, at: u32) {
    if let Some(branch) = group.branches.last_mut() {
        branch.body.end = at;
    }
}

fn negation(all: &[Literal]) -> Literal {
    if let [only] = all {
        return Literal {
            text: only.text,
            holds: !only.holds,
        };
    }
    let text: Vec<String> = all
        .iter()
        .map(|literal| {
            let is_compound = literal.text.as_str().contains(' ');
            match (literal.holds, is_compound) {
                (true, false) => literal.text.as_str().to_owned(),
                (true, true) => format!("({})", literal.text),
                (false, false) => format!("!{}", literal.text),
                (false, true) => format!("!({})", literal.text),
            }
        })
        .collect();
    Literal {
        text: Symbol::new(&text.join(" && ")),
        holds: false,
    }
}

/// The conditions in a part of a file, in order and as they are written. `None` if there are other
/// directives in it.
pub fn conditions(source: &[u8]) -> Option<Vec<&[u8]>> {
    let mut conditions = Some(Vec::new());
    for_each_directive(source, |directive, name, _| {
        let is_condition = [&b"if"[..], b"el", b"endif"]
            .iter()
            .any(|start| name.starts_with(start));
        match &mut conditions {
            Some(known) if is_condition => known.push(directive.of(source)),
            _ => conditions = None,
        }
    });
    conditions
}

/// Calls `found` with each directive's span, its name and where the text behind the name begins.
fn for_each_directive(source: &[u8], mut found: impl FnMut(Span, &[u8], u32)) {
    let mut at = 0;
    let mut line_start = 0;
    while let Some(length) = memchr::memchr3(b'#', b'/', b'"', &source[at..]) {
        let here = at + length;
        match source[here] {
            b'/' => match source.get(here + 1) {
                Some(b'*') => at = lex::comment_end(source, here),
                Some(b'/') => at = lex::logical_line_end(source, here),
                _ => at = here + 1,
            },
            b'"' => {
                let is_char =
                    here > 0 && source[here - 1] == b'\'' && source.get(here + 1) == Some(&b'\'');
                at = if is_char {
                    here + 2
                } else {
                    string_end(source, here)
                };
            }
            _ => {
                // Only blanks and comments may stand before it on the line.
                line_start = memchr::memrchr(b'\n', &source[line_start..here])
                    .map_or(line_start, |newline| line_start + newline + 1);
                at = here + 1;
                if !is_blank_or_comment(&source[line_start..here]) {
                    continue;
                }
                let end = lex::directive_end(source, here);
                let line = &source[here + 1..end];
                let blanks = line
                    .iter()
                    .position(|b| *b != b' ' && *b != b'\t')
                    .unwrap_or(line.len());
                let name_length = line[blanks..]
                    .iter()
                    .position(|b| !lex::IS_WORD[*b as usize])
                    .unwrap_or(line.len() - blanks);
                let name = &line[blanks..blanks + name_length];
                let rest = here + 1 + blanks + name_length;
                found(Span::new(here as u32, end as u32), name, rest as u32);
                at = end.max(here + 1);
            }
        }
    }
}

fn string_end(source: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(length) = memchr::memchr3(b'"', b'\\', b'\n', &source[at.min(source.len())..]) {
        let here = at + length;
        match source[here] {
            b'\\' => at = here + 2,
            _ => return here + 1,
        }
    }
    source.len()
}

fn is_blank_or_comment(mut text: &[u8]) -> bool {
    loop {
        text = text.trim_ascii_start();
        if text.is_empty() {
            return true;
        }
        if text.starts_with(b"/*") {
            text = &text[lex::comment_end(text, 0).min(text.len())..];
        } else if let Some(end) = memchr::memmem::find(text, b"*/") {
            // The end of a comment begun on an earlier line.
            text = &text[end + 2..];
        } else {
            return false;
        }
    }
}

fn read_condition(name: &[u8], rest: &[u8]) -> Condition {
    let mut text = clean_condition(rest);
    if name.ends_with(b"def") {
        let length = text
            .iter()
            .position(|&b| !lex::IS_WORD[b as usize])
            .unwrap_or(text.len());
        text.truncate(length);
        let word = String::from_utf8_lossy(&text);
        return Condition::All(vec![Literal {
            text: Symbol::new(&word),
            holds: !name.ends_with(b"ndef"),
        }]);
    }
    let text = normalise_condition(&String::from_utf8_lossy(&text));
    let mut literals = Vec::new();
    for part in split_conjunction(&text) {
        let (part, holds) = strip_negations(part);
        match part {
            "0" | "1" => {
                if (part == "1") != holds {
                    return Condition::Constant(false);
                }
            }
            _ => literals.push(Literal {
                text: Symbol::new(part),
                holds,
            }),
        }
    }
    if literals.is_empty() {
        Condition::Constant(true)
    } else {
        literals.sort();
        literals.dedup();
        Condition::All(literals)
    }
}

/// The text of a condition without comments and continuations, blanks collapsed.
fn clean_condition(text: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            at = lex::comment_end(text, at);
            clean.push(b' ');
        } else if text[at..].starts_with(b"//") {
            break;
        } else if text[at].is_ascii_whitespace() || text[at] == b'\\' {
            if clean.last() != Some(&b' ') {
                clean.push(b' ');
            }
            at += 1;
        } else {
            clean.push(text[at]);
            at += 1;
        }
    }
    clean.trim_ascii().to_vec()
}

/// `defined(X)`, `defined X`, `IS_ENABLED(X)` and their like become `X`; operators get one blank
/// on each side.
fn normalise_condition(text: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let length = match rest.as_bytes()[0] {
            byte if lex::IS_WORD[byte as usize] => rest
                .bytes()
                .position(|b| !lex::IS_WORD[b as usize])
                .unwrap_or(rest.len()),
            b'&' | b'|' | b'=' | b'!' | b'<' | b'>' => {
                let second = rest.as_bytes().get(1).copied().unwrap_or(0);
                let first = rest.as_bytes()[0];
                let is_double = second == b'=' || second == first && first != b'!' && first != b'=';
                if is_double { 2 } else { 1 }
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut i = 0;
    while i < words.len() {
        let is_query = matches!(
            words[i],
            "defined" | "IS_ENABLED" | "IS_BUILTIN" | "IS_REACHABLE" | "IS_MODULE"
        );
        if is_query && words.get(i + 1) == Some(&"(") && words.get(i + 3) == Some(&")") {
            kept.push(words[i + 2]);
            i += 4;
        } else if words[i] == "defined" && i + 1 < words.len() {
            kept.push(words[i + 1]);
            i += 2;
        } else {
            kept.push(words[i]);
            i += 1;
        }
    }
    let mut result = String::new();
    for (i, word) in kept.iter().enumerate() {
        let is_binary = matches!(
            *word,
            "&&" | "||"
                | "=="
                | "!="
                | "<"
                | ">"
                | "<="
                | ">="
                | "+"
                | "-"
                | "*"
                | "/"
                | "&"
                | "|"
                | "<<"
                | ">>"
        );
        let is_adjacent_word = i > 0
            && lex::IS_WORD[kept[i - 1].as_bytes()[0] as usize]
            && lex::IS_WORD[word.as_bytes()[0] as usize];
        if is_adjacent_word {
            result.push(' ');
        }
        if is_binary {
            result.push(' ');
            result.push_str(word);
            result.push(' ');
        } else {
            result.push_str(word);
        }
    }
    result.trim().to_owned()
}

/// The operands of a top-level `&&`; the whole text if there is a top-level `||` or `?`.
fn split_conjunction(text: &str) -> Vec<&str> {
    let text = strip_parentheses(text);
    let bytes = text.as_bytes();
    let mut depth = 0i32;
    let mut start = 0;
    let mut parts = Vec::new();
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'?' if depth == 0 => return vec![text],
            b'|' if depth == 0 && bytes.get(i + 1) == Some(&b'|') => return vec![text],
            b'&' if depth == 0 && bytes.get(i + 1) == Some(&b'&') => {
                parts.push(text[start..i].trim());
                start = i + 2;
            }
            _ => {}
        }
    }
    parts.push(text[start.min(text.len())..].trim());
    if parts.len() == 1 {
        return vec![text];
    }
    parts
        .into_iter()
        .map(strip_parentheses)
        .filter(|part| !part.is_empty())
        .collect()
}

fn strip_negations(mut text: &str) -> (&str, bool) {
    let mut holds = true;
    loop {
        text = strip_parentheses(text.trim());
        let Some(rest) = text.strip_prefix('!') else {
            return (text, holds);
        };
        // `!A || B` is no negation of the whole.
        let is_one_operand = strip_parentheses(rest.trim()).len() < rest.trim().len()
            || rest
                .trim()
                .bytes()
                .all(|b| lex::IS_WORD[b as usize] || b == b'!');
        if !is_one_operand {
            return (text, holds);
        }
        holds = !holds;
        text = rest;
    }
}

/// Removes parentheses around the whole text.
fn strip_parentheses(mut text: &str) -> &str {
    loop {
        text = text.trim();
        let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) else {
            return text;
        };
        let mut depth = 0i32;
        for byte in inner.bytes() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return text;
            }
        }
        text = inner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(source: &str) -> String {
        let at = source.find('@').expect("a mark") as u32;
        Conditionals::new(source.as_bytes())
            .presence_at(at)
            .to_string()
    }

    fn alternatives(source: &str) -> Vec<(String, String)> {
        let span = Span::new(0, source.len() as u32);
        let (alternatives, _) =
            Conditionals::new(source.as_bytes()).alternatives(span, source.as_bytes());
        alternatives
            .into_iter()
            .map(|alternative| {
                let mut text = source.as_bytes().to_vec();
                for span in &alternative.hidden {
                    lex::blank(&mut text[span.start as usize..span.end as usize]);
                }
                let text = String::from_utf8(text).expect("ASCII");
                let words: Vec<&str> = text.split_whitespace().collect();
                (alternative.presence.to_string(), words.join(" "))
            })
            .collect()
    }

    #[test]
    fn spellings_of_one_condition_are_one_literal() {
        for directive in [
            "#ifdef CONFIG_MMU",
            "#if defined(CONFIG_MMU)",
            "#if defined CONFIG_MMU",
            "# if IS_ENABLED(CONFIG_MMU) /* why */",
            "#if (IS_BUILTIN( CONFIG_MMU )) // why",
            "#if \\\n  CONFIG_MMU",
        ] {
            assert_eq!(presence(&format!("{directive}\n@\n#endif\n")), "CONFIG_MMU");
        }
        assert_eq!(presence("#ifndef A\n@\n#endif\n"), "!A");
        assert_eq!(presence("#if !defined(A)\n@\n#endif\n"), "!A");
    }

    #[test]
    fn later_branches_exclude_earlier_ones() {
        let source = "#if defined(A)\n#elif defined(B)\n@\n#else\n#endif\n";
        assert_eq!(presence(source), "!A && B");
        assert_eq!(presence("#ifdef A\n#else\n@\n#endif\n"), "!A");
        assert_eq!(
            presence("#if defined(A) || B > 2\n@\n#endif\n"),
            "(A || B > 2)"
        );
        assert_eq!(
            presence("#if defined(A) && !defined(B)\n@\n#endif\n"),
            "A && !B"
        );
        assert_eq!(
            presence("#if defined(A) && !defined(B)\n#else\n@\n#endif\n"),
            "!(!B && A)".replace("!B && A", "A && !B")
        );
    }

    #[test]
    fn an_include_guard_is_no_condition() {
        assert_eq!(
            presence("/* x */\n#ifndef H_\n#define H_ 1\n@\n#endif /* H_ */\n"),
            ""
        );
        assert_eq!(
            presence("#ifndef H_\n#define H_\n#ifdef A\n@\n#endif\n#endif\n"),
            "A"
        );
        assert_eq!(
            presence("#ifndef A\n#define A\n@\n#endif\n#ifdef B\n#endif\n"),
            "!A"
        );
    }

    #[test]
    fn directives_in_comments_and_strings_do_not_count() {
        assert_eq!(presence("/*\n#if A\n*/\n@"), "");
        assert_eq!(presence("\"\\\n#if A\n\"\n@"), "");
    }

    #[test]
    fn a_part_has_conditions_and_nothing_else() {
        let lines = |text: &'static str| super::conditions(text.as_bytes());
        let found = lines("a();\n#ifdef A\nb(); /*\n#else\n*/\n# endif\n");
        assert_eq!(found, Some(vec![&b"#ifdef A"[..], b"# endif"]));
        assert_eq!(lines("f(\"#x\");\n"), Some(Vec::new()));
        assert_eq!(lines("#ifdef A\n#define B\n#endif\n"), None);
    }

    #[test]
    fn each_group_is_varied_alone() {
        assert_eq!(
            alternatives("a\n#ifdef A\nb\n#endif\nc\n#ifdef B\nd\n#else\ne\n#endif\n"),
            [
                ("A && B".into(), "a b c d".into()),
                ("!A && B".into(), "a c d".into()),
                ("A && !B".into(), "a b c e".into()),
            ]
        );
    }

    #[test]
    fn equal_conditions_are_chosen_together() {
        assert_eq!(
            alternatives("#ifdef A\nb\n#endif\nc\n#ifndef A\nd\n#else\ne\n#endif\n"),
            [("A".into(), "b c e".into()), ("!A".into(), "c d".into())]
        );
    }

    #[test]
    fn nested_groups_bring_their_parents_along() {
        assert_eq!(
            alternatives(
                "#ifdef A\na\n#ifdef B\nb\n#endif\n#else\nc\n#ifdef C\nd\n#endif\n#endif\n"
            ),
            [
                ("A && B".into(), "a b".into()),
                ("!A && C".into(), "c d".into()),
                ("!B && A".replace("!B && A", "A && !B"), "a".into()),
                ("!A && !C".into(), "c".into()),
            ]
        );
    }

    #[test]
    fn constant_conditions_are_decided() {
        assert_eq!(
            alternatives("#if 0\na\n#else\nb\n#endif\n#if 1\nc\n#endif\n"),
            [("".into(), "b c".into())]
        );
    }

    #[test]
    fn a_group_that_begins_before_the_code_is_decided_by_its_end() {
        let source = "#ifdef A\na\n#else\nb\n#endif\n";
        let start = source.find("a\n").expect("a") as u32;
        let end = source.find("#endif").expect("the end") as u32;
        let conditionals = Conditionals::new(source.as_bytes());
        let (alternatives, _) = conditionals.alternatives(Span::new(start, end), source.as_bytes());
        assert_eq!(alternatives.len(), 1);
        let hidden: Vec<&[u8]> = alternatives[0]
            .hidden
            .iter()
            .map(|span| span.of(source.as_bytes()))
            .collect();
        assert_eq!(hidden, [b"\na\n".get(1..).expect("a"), b"#else"]);
    }

    #[test]
    fn groups_without_code_make_no_alternatives() {
        assert_eq!(
            alternatives("a\n#ifndef X\n#define X 1\n#endif\nb\n").len(),
            1
        );
    }
}
