//! Presence conditions: under which configurations a piece of source is compiled.

use std::fmt;

use super::Symbol;

/// A conjunction of preprocessor conditions; empty means always.
///
/// Each literal is one branch of one `#if` group, or one operand of a branch's top-level `&&`.
/// Literals are kept sorted and unique, so equal conditions compare equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Presence(Vec<Literal>);

/// The condition of one `#if` branch: the text behind `#if`, normalised
/// (`defined(CONFIG_X)`, `IS_ENABLED(CONFIG_X)` and `#ifdef CONFIG_X` all become `CONFIG_X`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// The condition's text.
    pub text: Symbol,
    /// False for the negation: `#ifndef`, `#else`.
    pub holds: bool,
}

impl Presence {
    /// Compiled in every configuration.
    pub fn always() -> Presence {
        Presence::default()
    }

    /// The conjunction of `literals`.
    pub fn all(mut literals: Vec<Literal>) -> Presence {
        literals.sort();
        literals.dedup();
        Presence(literals)
    }

    /// True if it puts no condition.
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Its literals, sorted.
    pub fn literals(&self) -> &[Literal] {
        &self.0
    }

    /// Both conditions together.
    pub fn and(&self, other: &Presence) -> Presence {
        Presence::all(self.0.iter().chain(&other.0).copied().collect())
    }

    /// True if a literal occurs with both signs: no configuration compiles it.
    pub fn is_contradiction(&self) -> bool {
        self.0
            .windows(2)
            .any(|pair| pair[0].text == pair[1].text && pair[0].holds != pair[1].holds)
    }
}

impl fmt::Display for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, literal) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" && ")?;
            }
            let is_compound = literal.text.as_str().contains(' ');
            match (literal.holds, is_compound) {
                (true, false) => write!(f, "{}", literal.text)?,
                (true, true) => write!(f, "({})", literal.text)?,
                (false, false) => write!(f, "!{}", literal.text)?,
                (false, true) => write!(f, "!({})", literal.text)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str, holds: bool) -> Literal {
        Literal {
            text: Symbol::new(text),
            holds,
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let one = Presence::all(vec![literal("CONFIG_A", true), literal("CONFIG_B", false)]);
        let two = Presence::all(vec![
            literal("CONFIG_B", false),
            literal("CONFIG_A", true),
            literal("CONFIG_A", true),
        ]);
        assert_eq!(one, two);
        assert_eq!(one.to_string(), "CONFIG_A && !CONFIG_B");
    }

    #[test]
    fn both_signs_contradict() {
        let never = Presence::all(vec![literal("CONFIG_A", true), literal("CONFIG_A", false)]);
        assert!(never.is_contradiction());
        assert!(!Presence::always().is_contradiction());
    }
}
