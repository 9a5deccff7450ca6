//! Declarations: finding, by shape, the words in them that only annotate.

use super::RewriteKind;
use super::walk::Walker;
use super::words;
use crate::syntax::lex::WORD;

impl Walker<'_> {
    /// Looks at the words that begin a declaration (or are an expression) at token `i`. `is_cast`
    /// says that no name is declared. Returns where to go on.
    pub(super) fn specifiers(&mut self, i: usize, is_cast: bool) -> usize {
        self.at_start = false;
        let mut end = i;
        while self.kind(end) == WORD {
            if end > i && words::is_statement_keyword(self.word_at(end)) {
                // A macro that is a statement of its own.
                self.insert_semicolon(end - 1);
                self.at_start = true;
                return end;
            }
            end += 1;
        }
        let n_words = end - i;
        if n_words == 1 {
            return self.pointers(i, end, is_cast);
        }
        // Words that are neither qualifiers nor part of the type: at most one is the name.
        let mut has_type = false;
        let mut candidates: Vec<usize> = Vec::new();
        let mut at = i;
        while at < end {
            let word = self.word_at(at);
            if words::is_tag_keyword(word) {
                has_type = true;
                at += 2;
                continue;
            }
            if words::is_primitive(word) {
                has_type = true;
            } else if word == b"auto" && self.kind(end) == b'=' && n_words == 2 {
                // A type to be inferred: an unknown one.
                let start = self.tokens[at].start;
                self.overwrite(start, b"x");
                return end;
            } else if !words::is_qualifier(word) {
                if has_type {
                    candidates.push(at);
                } else {
                    let next = self.word_at(at + 1);
                    let is_before_type = at + 1 < end
                        && (words::is_tag_keyword(next) || words::is_primitive(next));
                    let is_before_two = word.starts_with(b"__")
                        && !words::is_type_like(word)
                        && at + 2 < end
                        && !words::is_qualifier(next);
                    if is_before_type || is_before_two {
                        self.blank(at, at + 1, RewriteKind::Annotation);
                    } else {
                        has_type = true;
                    }
                }
            }
            at += 1;
        }
        if !has_type {
            return end;
        }
        let is_before_pointer = self.kind(end) == b'*';
        if is_cast || is_before_pointer {
            for at in candidates {
                self.blank(at, at + 1, RewriteKind::Annotation);
            }
            return self.pointers(i, end, is_cast);
        }
        self.annotations_beside_name(&candidates, end)
    }

    /// Of words in a row behind a type one is the declared name; blanks the others.
    fn annotations_beside_name(&mut self, candidates: &[usize], end: usize) -> usize {
        if candidates.len() < 2 {
            return end;
        }
        let name = candidates
            .iter()
            .position(|&at| !self.word_at(at).starts_with(b"__"))
            .unwrap_or(candidates.len() - 1);
        let mut result = end;
        for (k, &at) in candidates.iter().enumerate() {
            if k == name {
                continue;
            }
            let mut to = at + 1;
            if to == end && k > name {
                to = self.end_of_call(at);
                result = to;
            }
            self.blank(at, to, RewriteKind::Annotation);
        }
        result
    }

    /// Stars and what stands between them and the name.
    fn pointers(&mut self, start: usize, mut at: usize, is_cast: bool) -> usize {
        if self.kind(at) != b'*' {
            return at;
        }
        loop {
            while self.kind(at) == b'*' && self.tokens[at].len() == 1 {
                at += 1;
            }
            let mut end = at;
            while self.kind(end) == WORD {
                end += 1;
            }
            let is_followed_by_pointer = self.kind(end) == b'*' && end > at;
            let is_declaration = end - at >= 2 || is_cast || is_followed_by_pointer && {
                // `a * b * c` is a product.
                at - start > 2 || words::is_qualifier(self.word_at(at))
            };
            if !is_declaration || end == at {
                return at;
            }
            let candidates: Vec<usize> = (at..end)
                .filter(|&k| !words::is_qualifier(self.word_at(k)))
                .collect();
            if is_cast || is_followed_by_pointer {
                for k in candidates {
                    self.blank(k, k + 1, RewriteKind::Annotation);
                }
            } else {
                return self.annotations_beside_name(&candidates, end);
            }
            if !is_followed_by_pointer {
                return end;
            }
            at = end;
        }
    }

    /// The inside of parentheses that are no call: a type, a declaration in `for`, an expression.
    pub(super) fn group(&mut self, i: usize) -> usize {
        let is_for = i >= 2 && self.word_at(i - 2) == b"for";
        let starts_with_two_words = self.kind(i) == WORD
            && self.kind(i + 1) == WORD
            && !words::is_expression_keyword(self.word_at(i));
        if !starts_with_two_words {
            return i;
        }
        self.specifiers(i, !is_for)
    }
}
