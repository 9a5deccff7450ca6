//! Boolean functions of many variables, as reduced ordered decision diagrams.
//!
//! A bit of an entry is a function of bits of the old entry, bits of the new protection,
//! configuration symbols and values known at run time only. Equal functions are the same
//! [`Bool`], so "always", "never" and "the same as" are comparisons.

use rustc_hash::{FxHashMap, FxHashSet};

/// A function; valid for the [`Bools`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bool(u32);

/// Never true.
pub const FALSE: Bool = Bool(0);
/// Always true.
pub const TRUE: Bool = Bool(1);

impl From<bool> for Bool {
    fn from(value: bool) -> Bool {
        if value { TRUE } else { FALSE }
    }
}

/// Functions, their variables, and how to make new ones.
#[derive(Debug)]
pub struct Bools {
    nodes: Vec<Branch>,
    unique: FxHashMap<Branch, Bool>,
    known: FxHashMap<(Bool, Bool, Bool), Bool>,
    n_variables: usize,
    exhausted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Branch {
    variable: u32,
    no: Bool,
    yes: Bool,
}

/// More nodes than any architecture needs; reached only by functions without structure.
const MAX_NODES: usize = 1 << 20;

/// As many operations.
const MAX_STEPS: usize = 1 << 21;

/// Bounds the depth of recursion.
const MAX_VARIABLES: usize = 4096;

/// Constants stand below every variable.
const BELOW_ALL: u32 = u32::MAX;

impl Default for Bools {
    fn default() -> Bools {
        let constant = |value| Branch {
            variable: BELOW_ALL,
            no: value,
            yes: value,
        };
        Bools {
            nodes: vec![constant(FALSE), constant(TRUE)],
            unique: FxHashMap::default(),
            known: FxHashMap::default(),
            n_variables: 0,
            exhausted: false,
        }
    }
}

impl Bools {
    /// The variable with a number. The lower the number, the earlier functions ask for it.
    pub fn variable(&mut self, number: u32) -> Bool {
        let n_before = self.nodes.len();
        let variable = self.branch(number, FALSE, TRUE);
        self.n_variables += usize::from(self.nodes.len() > n_before);
        self.exhausted |= self.n_variables > MAX_VARIABLES;
        variable
    }

    /// The number of a function that is one variable.
    pub fn number(&self, variable: Bool) -> u32 {
        self.nodes[variable.0 as usize].variable
    }

    /// True if a budget ran out: nothing computed since means anything, and nothing more is
    /// computed.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// `condition ? yes : no`
    pub fn choose(&mut self, condition: Bool, yes: Bool, no: Bool) -> Bool {
        match (condition, yes, no) {
            (TRUE, _, _) => return yes,
            (FALSE, _, _) => return no,
            (_, TRUE, FALSE) => return condition,
            _ if yes == no => return yes,
            _ => {}
        }
        if let Some(&known) = self.known.get(&(condition, yes, no)) {
            return known;
        }
        if self.known.len() >= MAX_STEPS {
            self.exhausted = true;
        }
        if self.exhausted {
            return FALSE;
        }
        let all = [condition, yes, no];
        let top = all.map(|f| self.nodes[f.0 as usize].variable);
        let variable = top.into_iter().min().unwrap_or(BELOW_ALL);
        let cofactors = all.map(|f| {
            let branch = self.nodes[f.0 as usize];
            match branch.variable == variable {
                true => (branch.no, branch.yes),
                false => (f, f),
            }
        });
        let [c, y, n] = cofactors;
        let if_no = self.choose(c.0, y.0, n.0);
        let if_yes = self.choose(c.1, y.1, n.1);
        let result = self.branch(variable, if_no, if_yes);
        self.known.insert((condition, yes, no), result);
        result
    }

    fn branch(&mut self, variable: u32, no: Bool, yes: Bool) -> Bool {
        if no == yes {
            return no;
        }
        let branch = Branch { variable, no, yes };
        if let Some(&known) = self.unique.get(&branch) {
            return known;
        }
        if self.nodes.len() >= MAX_NODES {
            self.exhausted = true;
            return FALSE;
        }
        let new = Bool(self.nodes.len() as u32);
        self.nodes.push(branch);
        self.unique.insert(branch, new);
        new
    }

    /// `!a`
    pub fn not(&mut self, a: Bool) -> Bool {
        self.choose(a, FALSE, TRUE)
    }

    /// `a && b`
    pub fn and(&mut self, a: Bool, b: Bool) -> Bool {
        self.choose(a, b, FALSE)
    }

    /// `a || b`
    pub fn or(&mut self, a: Bool, b: Bool) -> Bool {
        self.choose(a, TRUE, b)
    }

    /// `a != b`
    pub fn xor(&mut self, a: Bool, b: Bool) -> Bool {
        let not_b = self.not(b);
        self.choose(a, not_b, b)
    }

    /// `a == b`
    pub fn same(&mut self, a: Bool, b: Bool) -> Bool {
        let different = self.xor(a, b);
        self.not(different)
    }

    /// `!a || b`
    pub fn implies(&mut self, a: Bool, b: Bool) -> Bool {
        self.choose(a, b, TRUE)
    }

    /// `a && !b`
    pub fn and_not(&mut self, a: Bool, b: Bool) -> Bool {
        let not_b = self.not(b);
        self.and(a, not_b)
    }

    /// The variables a function depends on.
    pub fn support(&self, function: Bool) -> FxHashSet<u32> {
        let mut seen = FxHashSet::default();
        let mut variables = FxHashSet::default();
        let mut left = vec![function];
        while let Some(f) = left.pop() {
            if f <= TRUE || !seen.insert(f) {
                continue;
            }
            let branch = self.nodes[f.0 as usize];
            variables.insert(branch.variable);
            left.extend([branch.no, branch.yes]);
        }
        variables
    }

    /// The function with some variables replaced by functions.
    pub fn substitute(&mut self, function: Bool, by: &Substitution) -> Bool {
        self.substitute_known(function, by, &mut FxHashMap::default())
    }

    fn substitute_known(
        &mut self,
        function: Bool,
        by: &Substitution,
        known: &mut FxHashMap<Bool, Bool>,
    ) -> Bool {
        if function <= TRUE {
            return function;
        }
        if self.exhausted {
            return FALSE;
        }
        if let Some(&known) = known.get(&function) {
            return known;
        }
        let branch = self.nodes[function.0 as usize];
        let no = self.substitute_known(branch.no, by, known);
        let yes = self.substitute_known(branch.yes, by, known);
        let variable = match by.get(&branch.variable) {
            Some(&replacement) => replacement,
            None => self.branch(branch.variable, FALSE, TRUE),
        };
        let result = self.choose(variable, yes, no);
        known.insert(function, result);
        result
    }

    /// True for some value of the variables that `of` names.
    pub fn exists(&mut self, function: Bool, of: &dyn Fn(u32) -> bool) -> Bool {
        self.exists_known(function, of, &mut FxHashMap::default())
    }

    fn exists_known(
        &mut self,
        function: Bool,
        of: &dyn Fn(u32) -> bool,
        known: &mut FxHashMap<Bool, Bool>,
    ) -> Bool {
        if function <= TRUE {
            return function;
        }
        if self.exhausted {
            return FALSE;
        }
        if let Some(&known) = known.get(&function) {
            return known;
        }
        let branch = self.nodes[function.0 as usize];
        let no = self.exists_known(branch.no, of, known);
        let yes = self.exists_known(branch.yes, of, known);
        let result = match of(branch.variable) {
            true => self.or(no, yes),
            false => {
                let variable = self.branch(branch.variable, FALSE, TRUE);
                self.choose(variable, yes, no)
            }
        };
        known.insert(function, result);
        result
    }

    /// True for all values of the variables that `of` names.
    pub fn for_all(&mut self, function: Bool, of: &dyn Fn(u32) -> bool) -> Bool {
        let not = self.not(function);
        let counterexample = self.exists(not, of);
        self.not(counterexample)
    }
}

/// What takes the place of variables, by their numbers.
pub type Substitution = FxHashMap<u32, Bool>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_functions_are_the_same() {
        let mut bools = Bools::default();
        let (a, b) = (bools.variable(0), bools.variable(1));
        let and = bools.and(a, b);
        let (not_a, not_b) = (bools.not(a), bools.not(b));
        let neither = bools.or(not_a, not_b);
        assert_eq!(bools.not(neither), and);
        assert_eq!(bools.xor(a, a), FALSE);
        assert_eq!(bools.same(and, and), TRUE);
    }

    #[test]
    fn variables_are_replaced_at_once() {
        let mut bools = Bools::default();
        let (a, b) = (bools.variable(0), bools.variable(1));
        let only_a = bools.and_not(a, b);
        let swap = Substitution::from_iter([(bools.number(a), b), (bools.number(b), a)]);
        let only_b = bools.and_not(b, a);
        assert_eq!(bools.substitute(only_a, &swap), only_b);
    }

    #[test]
    fn what_is_quantified_is_gone() {
        let mut bools = Bools::default();
        let (a, b) = (bools.variable(0), bools.variable(1));
        let both = bools.and(a, b);
        let is_a = |variable| variable == 0;
        assert_eq!(bools.exists(both, &is_a), b);
        assert_eq!(bools.for_all(both, &is_a), FALSE);
        assert_eq!(bools.support(both).len(), 2);
    }

    #[test]
    fn variables_are_not_without_end() {
        let mut bools = Bools::default();
        for number in 0..MAX_VARIABLES as u32 {
            bools.variable(2 * number);
        }
        assert!(!bools.is_exhausted());
        bools.variable(1);
        assert!(bools.is_exhausted());
    }
}
