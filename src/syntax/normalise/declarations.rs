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
        while self.kind(end) == WORD && !words::is_asm(self.word_at(end)) {
            if end > i && words::is_statement_keyword(self.word_at(end)) {
                // A macro that is a statement of its own.
                self.insert_semicolon(end - 1);
                self.at_start = true;
                return end;
            }
            end += 1;
        }
        if end == i {
            return i + 1;
        }
        let n_words = end - i;
        if n_words == 1 {
            self.primitives(i, end);
            self.settle_pointer(i, is_cast);
            return self.pointers(i, end, is_cast);
        }
        if !is_cast && self.kind(end) == b'(' {
            let next = self.close_of(end).map_or(0, |close| self.kind(close + 1));
            let only_qualifiers = (i..end - 1).all(|k| words::is_qualifier(self.word_at(k)));
            if only_qualifiers && matches!(next, b';' | b'=' | b',') {
                // `static DEFINE_SOMETHING(x);`
                self.blank(i, end - 1, RewriteKind::Annotation);
                self.at_start = true;
                return end - 1;
            }
            let is_lone_macro = n_words == 2
                && self.word_at(i).iter().all(|b| !b.is_ascii_lowercase())
                && !self.is_same_line(i, i + 1);
            if is_lone_macro && self.insert_semicolon(i) {
                self.at_start = true;
                return i + 1;
            }
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
                    let is_before_type =
                        at + 1 < end && (words::is_tag_keyword(next) || words::is_primitive(next));
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
        self.primitives(i, end);
        if !has_type {
            return end;
        }
        if let [only] = candidates[..]
            && only + 1 == end
            && self.kind(end) == b'('
            && self.word_at(only).starts_with(b"__")
        {
            // `struct s __anything(x) *p`
            let to = self.end_of_call(only);
            if matches!(self.kind(to), b'*' | WORD) {
                self.blank(only, to, RewriteKind::Annotation);
                return if self.kind(to) == WORD {
                    self.specifiers(to, is_cast)
                } else {
                    self.pointers(i, to, is_cast)
                };
            }
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
            let is_declaration = end - at >= 2
                || is_cast
                || is_followed_by_pointer && {
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

    /// Words such as `unsigned long` become `int`: to the grammar, what follows them might be
    /// part of the type or not, and it tries both.
    pub(super) fn primitives(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            if words::is_tag_keyword(self.word_at(at)) && at + 1 < to {
                self.settle_tag(at);
                at += 2;
                continue;
            }
            let start = at;
            let mut is_sized = false;
            while at < to && words::is_arithmetic(self.word_at(at)) {
                is_sized |= !matches!(self.word_at(at), b"int" | b"char" | b"double");
                at += 1;
                // `unsigned const char`
                let mut next = at;
                while next < to && words::is_qualifier(self.word_at(next)) {
                    next += 1;
                }
                if next > at && next < to && words::is_arithmetic(self.word_at(next)) {
                    at = next;
                }
            }
            if is_sized {
                self.blank(start, at, RewriteKind::Primitive);
                self.overwrite(self.tokens[start].start, b"int");
            }
            at = at.max(start + 1);
        }
    }

    /// `struct tag` becomes `int` where it only names the type.
    fn settle_tag(&mut self, i: usize) {
        let (keyword, tag) = (self.tokens[i], self.tokens[i + 1]);
        let gap = &self.text[keyword.end as usize..tag.start as usize];
        if self.kind(i + 2) == b'{' || self.kind(i + 2) == b';' || gap.contains(&b'\n') {
            return;
        }
        self.text[keyword.start as usize..tag.end as usize].fill(b' ');
        self.overwrite(keyword.start, b"int");
    }

    /// `name *other = …` at the start of a statement declares; tells the grammar.
    fn settle_pointer(&mut self, i: usize, is_cast: bool) {
        let is_star = |w: &Self, k: usize| w.kind(k) == b'*' && w.tokens[k].len() == 1;
        if is_cast || !is_star(self, i + 1) {
            return;
        }
        let mut at = i + 1;
        while is_star(self, at) {
            at += 1;
        }
        let is_end = match self.kind(at + 1) {
            b';' | b',' => true,
            b'=' => self.tokens[at + 1].len() == 1,
            _ => false,
        };
        if self.kind(at) == WORD && is_end {
            self.settle_type(i);
        }
    }

    /// Makes a name a type for certain.
    fn settle_type(&mut self, i: usize) {
        let token = self.tokens[i];
        let word = self.word_at(i);
        if word.len() >= 3 && !words::is_primitive(word) && word[0] != b'$' {
            self.text[token.start as usize..token.end as usize].fill(b' ');
            self.overwrite(token.start, b"int");
        }
    }

    /// Makes a name an expression for certain: a number, as far as the grammar is concerned.
    pub(super) fn settle_name(&mut self, i: usize) {
        let token = self.tokens[i];
        if self.text[token.start as usize] != b'$' {
            self.text[token.start as usize..token.end as usize].fill(b'1');
        }
    }

    /// The inside of parentheses that are no call: a type, a declaration in `for`, an expression.
    pub(super) fn group(&mut self, i: usize, is_control: bool) -> usize {
        if self.kind(i) != WORD || words::is_expression_keyword(self.word_at(i)) {
            return i;
        }
        if words::is_statement_keyword(self.word_at(i)) || words::is_asm(self.word_at(i)) {
            return i;
        }
        let is_for = i >= 2 && self.word_at(i - 2) == b"for";
        match self.kind(i + 1) {
            WORD => return self.specifiers(i, !is_for),
            _ if is_for => return self.specifiers(i, false).min(i + 1),
            b')' if !is_control => {
                self.settle_parenthesised(i);
                return i + 1;
            }
            b'*' if !is_control && self.tokens[i + 1].len() == 1 => {
                if words::is_primitive(self.word_at(i)) {
                    self.primitives(i, i + 1);
                } else {
                    let mut at = i + 1;
                    while self.kind(at) == b'*' && self.tokens[at].len() == 1 {
                        at += 1;
                    }
                    match self.kind(at) {
                        b')' => self.settle_type(i),
                        WORD if words::is_qualifier(self.word_at(at)) => {}
                        WORD | b'0' => self.settle_name(i),
                        _ => {}
                    }
                }
                return i + 1;
            }
            _ => {}
        }
        if words::is_primitive(self.word_at(i)) {
            self.primitives(i, i + 1);
            return i + 1;
        }
        i
    }

    /// `(name)`: a cast, or a name in parentheses.
    fn settle_parenthesised(&mut self, i: usize) {
        let word = self.word_at(i);
        if words::is_primitive(word) {
            self.primitives(i, i + 1);
            return;
        }
        let is_type_like = words::is_type_like(word) || words::is_type_parameter(word);
        if word.contains(&b'$') && word[0] != b'$' {
            return self.settle_name(i);
        }
        let Some(next) = self.tokens.get(i + 2) else {
            return;
        };
        let text = next.of(self.text);
        let is_after_sizeof = i >= 2 && self.word_at(i - 2) == b"sizeof";
        match next.kind {
            _ if is_after_sizeof => {}
            WORD if !words::is_statement_keyword(text) => self.settle_type(i),
            b'0' | b'\'' | b'"' | b'~' | b'{' => self.settle_type(i),
            b'!' if next.len() == 1 => self.settle_type(i),
            b'&' | b'*' | b'-' | b'+' if next.len() == 1 => {
                if is_type_like {
                    self.settle_type(i);
                } else {
                    self.settle_name(i);
                }
            }
            b'(' if is_type_like => self.settle_type(i),
            b'(' => {}
            WORD => {}
            _ => self.settle_name(i),
        }
    }
}
