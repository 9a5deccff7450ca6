//! One variant of one architecture: its helpers, its fields, and the verdicts.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::bools::{Bool, FALSE, Substitution, TRUE};
use super::fields::{Fields, Place};
use super::headers::{Architecture, Sources};
use super::lex::{self, Part};
use super::machine::Machine;
use super::matrix::{Matrix, Missed, Modifier, Row, Used, Verdict};
use super::preprocess::Search;
use super::trouble::{Result, Trouble};
use super::unit::Unit;
use super::variables::Class;
use super::variants::{Rules, Variant};
use super::verdict;
use super::word::{Bits, as_constant, resize};
use crate::program::Symbol;

/// What all questions about one variant share.
pub struct Scene<'a, 's> {
    /// The code.
    pub unit: Unit<'s>,
    /// The rules.
    pub rules: &'a Rules,
    /// The architecture's name.
    pub arch: &'a str,
    /// Protections a VMA starts with, of this architecture alone.
    pub bases: &'a [String],
    /// Names beside it are those of another language.
    pub is_rust: bool,
    /// The variant's name.
    pub variant: &'a str,
    /// Bits of the old entry.
    pub old: Bits,
    /// Bits of the new protection.
    pub new: Bits,
    /// What holds at run time.
    pub assumed: Bool,
    /// Width of a protection.
    pub prot_width: usize,
    /// Helpers of whose level no entry could be made from a protection.
    pub without_entries: BTreeSet<Modifier>,
    /// Values of macros that somebody asked for.
    pub values: FxHashMap<Symbol, Option<Bits>>,
}

/// A helper, computed.
pub struct Computed {
    /// Which.
    pub function: Modifier,
    /// When it is there.
    pub when: Bool,
    /// Its result.
    pub result: Bits,
    /// Where it is defined.
    pub file: String,
    /// The line of its name.
    pub line: u32,
    /// Macros it is made of.
    pub used: BTreeSet<Symbol>,
}

/// Entries are at most two words wide, protections too.
const MAX_WIDTH: usize = 128;

/// Computes all rows of a variant.
pub fn analyse(
    sources: &Sources<'_>,
    rules: &Rules,
    arch: &Architecture,
    variant: &Variant,
) -> Matrix {
    let mut scene = Scene::new(sources, rules, arch, variant);
    let fields = Fields::find(&mut scene);
    let mut matrix = Matrix::default();
    for function in Modifier::ALL {
        let n_troubles = scene.unit.troubles.len();
        let Some(computed) = scene.compute(function) else {
            continue;
        };
        // A level that is folded into the next has no leaves of its own; what is defined for it
        // need not make sense.
        if scene.is_folded(function) && scene.unit.troubles.len() > n_troubles {
            continue;
        }
        let place = Place::find(&mut scene, &fields, function);
        let judged = verdict::judge(&mut scene, &fields, &place, &computed);
        let used = scene.explain(&computed.used);
        matrix.regressions.extend(judged.regressions);
        matrix.rows.push(Row {
            arch: arch.name.clone(),
            variant: variant.name.clone(),
            function,
            file: computed.file,
            line: computed.line,
            bits: judged.bits,
            verdict: judged.verdict,
            caching: judged.caching,
            encryption: judged.encryption,
            config: variant.config.clone(),
            unknown: judged.unknown,
            used,
            forgets: judged.forgets,
        });
    }
    if scene.unit.pre.logic.bools.is_exhausted() {
        // What was computed since the budget ran out means nothing.
        for row in &mut matrix.rows {
            (row.verdict, row.caching, row.encryption) =
                (Verdict::Unknown, Verdict::Unknown, Verdict::Unknown);
            row.bits.clear();
            row.unknown = BTreeSet::from(["more values than can be followed".to_owned()]);
        }
        matrix.regressions.clear();
    }
    let troubles = scene.unit.troubles.iter();
    matrix.missed = troubles
        .map(|(name, (file, line, trouble))| Missed {
            arch: arch.name.clone(),
            function: name.to_string(),
            file: file.clone(),
            line: *line,
            reason: trouble.to_string(),
        })
        .collect();
    matrix
}

impl<'a, 's> Scene<'a, 's> {
    pub(super) fn new(
        sources: &'s Sources<'s>,
        rules: &'a Rules,
        arch: &'a Architecture,
        variant: &'a Variant,
    ) -> Scene<'a, 's> {
        let search = Search {
            arch: arch.name.clone(),
            directories: variant.include.clone(),
            declared: rules.common.headers.clone(),
        };
        let config: FxHashMap<Symbol, bool> = variant
            .settled()
            .map(|(name, is_set)| (Symbol::new(name), is_set))
            .collect();
        let mut unit = Unit::new(sources, search, config, variant.bits);
        let [old, new] = ["the old entry", "the new protection"]
            .map(|name| unit.pre.logic.word(Class::Argument, name, MAX_WIDTH));
        // What compilers and their headers say.
        let bits = variant.bits;
        let given = format!(
            "#define __KERNEL__ 1\n#define BITS_PER_LONG {bits}\n#define __BITS_PER_LONG {bits}\n\
             #define BITS_PER_LONG_LONG 64\n#define __BITS_PER_LONG_LONG 64\n"
        );
        for part in lex::read(given.as_bytes()).parts {
            if let Part::Define(source) = part {
                unit.pre.define(&source);
            }
        }
        for source in variant.macros() {
            unit.pre.define(&source);
        }
        for line in &variant.assembler {
            if let Some((place, meaning)) = line.split_once('=')
                && let Some((function, name)) = place.split_once(':')
            {
                let key = (Symbol::new(function.trim()), Symbol::new(name.trim()));
                unit.meanings.insert(key, meaning.trim().to_owned());
            }
        }
        match &arch.rust {
            None => {
                for root in rules.roots(arch) {
                    unit.pre.include(root);
                }
            }
            Some(path) => {
                for file in sources.rust(path) {
                    unit.pre.put(&file.path, &file.source);
                    unit.leave_out(file.left_out);
                }
            }
        }
        unit.index();
        let mut scene = Scene {
            unit,
            rules,
            arch: &arch.name,
            bases: rules.bases(arch),
            is_rust: arch.rust.is_some(),
            variant: &variant.name,
            old,
            new,
            assumed: TRUE,
            prot_width: 0,
            without_entries: BTreeSet::new(),
            values: FxHashMap::default(),
        };
        scene.prot_width = scene.width_of("pgprot_t");
        let widths = ["pte_t", "pmd_t", "pud_t"].map(|name| scene.width_of(name));
        let width = widths.into_iter().fold(scene.prot_width, usize::max);
        scene.old.truncate(width);
        scene.new.truncate(scene.prot_width);
        // What helpers use is read when they are computed; assumptions speak of it.
        let new = scene.new.clone();
        for helper in &rules.common.helper {
            let text = format!("{}(ptelint_new)", helper.name);
            if scene.is_there(&helper.name) != FALSE {
                let variables = [("ptelint_new", "pgprot_t", &new[..])];
                scene.evaluate(&text, &variables, TRUE).ok();
            }
        }
        for assumption in rules.assumptions(arch) {
            if let Ok(bits) = scene.evaluate(assumption, &[], TRUE) {
                let bools = &mut scene.unit.pre.logic.bools;
                let holds = bools.any(&bits);
                scene.assumed = bools.and(scene.assumed, holds);
            }
        }
        scene
    }

    /// The width of a type; 0 if it is not known.
    pub fn width_of(&mut self, name: &str) -> usize {
        let of = self.unit.typedef(Symbol::new(name), TRUE);
        match of {
            Ok(Some(of)) => of.width(self.unit.long_width).min(MAX_WIDTH),
            _ => 0,
        }
    }

    /// The bits of an expression with some variables, each of a type by name.
    pub fn evaluate(
        &mut self,
        text: &str,
        variables: &[(&str, &str, &[Bool])],
        live: Bool,
    ) -> Result<Bits> {
        let expr = self.unit.read_text(text, live)?;
        let mut bound = Vec::new();
        for (name, of, bits) in variables {
            let of = self.unit.typedef(Symbol::new(of), live)?;
            let of = of.ok_or(Trouble::new("an entry type is not declared"))?;
            let bits = resize(bits, of.width(self.unit.long_width), false);
            bound.push((Symbol::new(name), bits, of));
        }
        let mut machine = Machine::new(&mut self.unit, live);
        for (name, bits, of) in bound {
            machine.bind(name, bits, of);
        }
        machine.value(&expr).map(|value| value.bits)
    }

    /// True if the level of a helper is folded into the next.
    pub fn is_folded(&mut self, function: Modifier) -> bool {
        let folded = format!("__PAGETABLE_{}_FOLDED", function.level().to_uppercase());
        self.unit.pre.is_defined(Symbol::new(&folded)) == TRUE
    }

    /// When a function or macro is there.
    pub fn is_there(&mut self, name: &str) -> Bool {
        let name = Symbol::new(name);
        let mut there = self.unit.pre.is_defined(name);
        for item in self.unit.functions(name, TRUE) {
            there = self.unit.pre.logic.bools.or(there, item.when);
        }
        // Declared here and defined for another platform, or an object.
        let is_object = self.unit.object(name, TRUE).is_some();
        if there == FALSE && (is_object || self.unit.is_declared(name)) {
            there = TRUE;
        }
        there
    }

    /// Computes a helper; `None` if there is none.
    pub fn compute(&mut self, function: Modifier) -> Option<Computed> {
        let name = function.name();
        let when = self.is_there(name);
        if when == FALSE {
            return None;
        }
        self.unit.pre.used.clear();
        let (old, new) = (self.old.clone(), self.new.clone());
        let level = format!("{}_t", function.level());
        let text = format!("{name}(ptelint_old, ptelint_new)");
        let variables = [
            ("ptelint_old", level.as_str(), &old[..]),
            ("ptelint_new", "pgprot_t", &new[..]),
        ];
        let result = self.evaluate(&text, &variables, when);
        let used = std::mem::take(&mut self.unit.pre.used);
        let (file, line) = self.place_of(Symbol::new(name));
        let result = match result {
            Ok(result) => result,
            Err(trouble) => {
                self.unit
                    .troubles
                    .insert(Symbol::new(name), (file.clone(), line, trouble));
                let class = Class::NotUnderstood;
                let width = self.width_of(&level);
                self.unit.pre.logic.word(class, name, width)
            }
        };
        Some(Computed {
            function,
            when,
            result,
            file,
            line,
            used,
        })
    }

    /// Where a function or macro is defined.
    pub fn place_of(&mut self, name: Symbol) -> (String, u32) {
        if let Some(item) = self.unit.functions(name, TRUE).first() {
            return (self.unit.pre.path(item.file).to_owned(), item.line);
        }
        match self.unit.pre.alternatives(name).first() {
            Some(one) => {
                let definition = one.definition.clone();
                (
                    self.unit.pre.path(definition.file).to_owned(),
                    definition.line,
                )
            }
            None => (String::new(), 0),
        }
    }

    fn explain(&mut self, used: &BTreeSet<Symbol>) -> Vec<Used> {
        let mut all = Vec::new();
        for &name in used {
            let Some(one) = self.unit.pre.alternatives(name).first().cloned() else {
                continue;
            };
            if one.definition.parameters.is_some() || one.definition.file == u32::MAX {
                continue;
            }
            let value = self.value_of(name).and_then(|bits| as_constant(&bits));
            all.push(Used {
                name: name.to_string(),
                value,
                file: self.unit.pre.path(one.definition.file).to_owned(),
                line: one.definition.line,
            });
        }
        all.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        all
    }

    /// Replaces the bits of the old entry and of the new protection.
    pub fn apply(&mut self, function: &[Bool], old: Option<&[Bool]>, new: Option<&[Bool]>) -> Bits {
        let mut by = Substitution::default();
        let bools = &mut self.unit.pre.logic.bools;
        let pairs = [(&self.old, old), (&self.new, new)];
        for (variables, values) in pairs {
            for (&variable, &value) in variables.iter().zip(values.unwrap_or(&[])) {
                by.insert(bools.number(variable), value);
            }
        }
        function
            .iter()
            .map(|&bit| bools.substitute(bit, &by))
            .collect()
    }
}
