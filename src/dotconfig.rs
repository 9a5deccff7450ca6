//! A kernel's `.config`, and whether a presence condition holds under it.

use rustc_hash::FxHashSet;

/// The symbols that a configuration sets.
#[derive(Clone, Debug, Default)]
pub struct Kconfig {
    /// `CONFIG_A` that are `y`, and `CONFIG_A_MODULE` for `m`.
    set: FxHashSet<String>,
}

/// Parentheses deeper than this are not looked into.
const MOST_DEPTH: usize = 64;

impl Kconfig {
    /// Reads the text of a `.config`; `None` if nothing in it looks like one.
    pub fn parse(text: &str) -> Option<Kconfig> {
        let mut set = FxHashSet::default();
        let mut is_config = false;
        for line in text.lines() {
            is_config |= line.starts_with("# CONFIG_");
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            if !name.starts_with("CONFIG_") {
                continue;
            }
            is_config = true;
            match value.trim() {
                "n" => {}
                // `#ifdef CONFIG_A` is false for a module, `IS_ENABLED(CONFIG_A)` is true. Both are
                // `CONFIG_A` in a condition, so a module counts as either.
                "m" => {
                    set.insert(format!("{name}_MODULE"));
                }
                _ => {
                    set.insert(name.to_owned());
                }
            }
        }
        is_config.then_some(Kconfig { set })
    }

    /// Whether a condition holds; `None` where it depends on more than the configuration.
    pub fn holds(&self, condition: &str) -> Option<bool> {
        let tokens = tokens(condition);
        let mut parser = Parser {
            kconfig: self,
            tokens: &tokens,
            at: 0,
            is_lost: false,
        };
        let value = parser.any(0);
        match parser.is_lost || parser.at < tokens.len() {
            true => None,
            false => value,
        }
    }

    fn symbol(&self, name: &str) -> Option<bool> {
        if !name.starts_with("CONFIG_") {
            return None;
        }
        match self.set.contains(name) {
            true => Some(true),
            false if self.set.contains(&format!("{name}_MODULE")) => None,
            false => Some(false),
        }
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let n = match first {
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            '&' if rest.starts_with("&&") => 2,
            '|' if rest.starts_with("||") => 2,
            c => c.len_utf8(),
        };
        tokens.push(&rest[..n]);
        rest = rest[n..].trim_start();
    }
    tokens
}

/// Three-valued: what is no symbol of the configuration is unknown.
struct Parser<'a> {
    kconfig: &'a Kconfig,
    tokens: &'a [&'a str],
    at: usize,
    /// True behind something that is no condition of this kind.
    is_lost: bool,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let is_here = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is_here);
        is_here
    }

    fn any(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.all(depth);
        while self.take("||") {
            value = match (value, self.all(depth)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), other) => other,
                (None, _) => None,
            };
        }
        value
    }

    fn all(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.one(depth);
        while self.take("&&") {
            value = match (value, self.one(depth)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), other) => other,
                (None, _) => None,
            };
        }
        value
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        if self.is_lost || depth > MOST_DEPTH {
            self.is_lost = true;
            return None;
        }
        if self.take("!") {
            return self.one(depth + 1).map(|value| !value);
        }
        if self.take("(") {
            let value = self.any(depth + 1);
            self.is_lost |= !self.take(")");
            return value;
        }
        let token = self.tokens.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        match token {
            "0" => Some(false),
            "1" => Some(true),
            name if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                self.kconfig.symbol(name)
            }
            _ => {
                self.is_lost = true;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_have_three_values() {
        let text = "CONFIG_A=y\nCONFIG_M=m\n# CONFIG_B is not set\nCONFIG_S=\"text\"\n";
        let kconfig = Kconfig::parse(text).expect("it is one");
        for (condition, expected) in [
            ("CONFIG_A", Some(true)),
            ("!CONFIG_A", Some(false)),
            ("CONFIG_A && !CONFIG_B", Some(true)),
            ("CONFIG_B || (CONFIG_A && CONFIG_C)", Some(false)),
            ("CONFIG_M", None),
            ("CONFIG_B && pte_modify", Some(false)),
            ("CONFIG_A && pte_modify", None),
            ("CONFIG_LEVELS > 3", None),
            ("(CONFIG_A", None),
            ("", None),
        ] {
            assert_eq!(kconfig.holds(condition), expected, "{condition}");
        }
        assert_eq!(kconfig.holds(&"(".repeat(100_000)), None);
        assert_eq!(kconfig.holds(&"!".repeat(100_000)), None);
        assert!(Kconfig::parse("hello = 3\n").is_none());
    }
}
