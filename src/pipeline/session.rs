//! A tree that was parsed and linked, and whose entry points were run: ready to be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use crate::analysis::{
    self, Coverage, Dictionary, Edit, GenericUse, Mapping, Memory, Places, Question, ReachMemory,
    Renumbered, Returned, Run, RunMemory, Uses, Verdict, World,
};
use crate::arch::{self as arch_stage, Matrix, Rules};
use crate::kconfig::{Availability, Built};
use crate::program::{FileId, Presence};
use crate::rules::{self, Finding};
use crate::tree::{Index, Tree};
use crate::vocabulary::Weakening;
use crate::vocabulary::{Version, Vocabulary};

use super::load::Loaded;
use super::remembered::{self, is_about_arches};
use super::sources::Sources;
use super::stats::Clock;
use super::{Progress, TreeSummary, kind_of};

/// What can be asked of a tree.
pub struct Session<'a> {
    tree: &'a Tree,
    index: &'a Index,
    sources: &'a Sources,
    /// The program and its vocabulary.
    pub world: World<'a>,
    /// Where things are.
    pub places: &'a Places<'a>,
    /// What the entry points do.
    runs: Vec<Run>,
    run_memory: &'a RunMemory,
    reach_memory: Mutex<&'a mut ReachMemory>,
    built: &'a OnceLock<Availability>,
    known_matrix: &'a OnceLock<Matrix>,
    /// The inventory of insertions.
    pub mappings: Vec<Mapping>,
    /// What fault handlers return beside overrides.
    returned: Vec<Returned>,
}

/// What is kept of a session for the next one on the same tree.
#[derive(Default)]
pub struct Kept {
    /// What the analysis keeps.
    pub memory: Memory,
    built: OnceLock<Availability>,
    matrix: OnceLock<Matrix>,
}

impl Kept {
    /// Finds out what does not depend on the program: what the helpers of architectures do, and what
    /// can be built for those that matter.
    pub fn prepare(&self, tree: &Tree, vocabulary: &Vocabulary, rules: &Rules) {
        let matrix = || matrix(tree, vocabulary, rules);
        let losing = self.matrix.get_or_init(matrix).losing_any();
        if !losing.is_empty() {
            let availability = self.built.get_or_init(|| Availability::new(tree));
            availability.prepare(&losing);
        }
    }

    /// Takes in an edit of the file at `path`.
    pub fn expect(&mut self, path: &str, edit: Edit) {
        self.expect_content(path);
        self.memory.expect(edit);
    }

    /// Takes in that the files at `paths` were edited, and there are other functions; `None` if
    /// there is more that differs.
    pub fn expect_renumbered(&mut self, paths: &[&str], renumbered: Option<Renumbered>) {
        paths.iter().for_each(|path| self.expect_content(path));
        match renumbered {
            Some(renumbered) => self.memory.expect_renumbered(renumbered),
            None => {
                self.memory = Memory::default();
                // One source can include another, and is then part of what is built.
                self.built = OnceLock::new();
            }
        }
    }

    fn expect_content(&mut self, path: &str) {
        // The helpers of architectures are read beside the program.
        if is_about_arches(path) {
            self.matrix = OnceLock::new();
        }
    }
}

/// Runs the entry points of what was parsed, and answers what `ask` asks.
pub fn open<T>(
    (tree, index): (&Tree, &Index),
    loaded: &Loaded,
    vocabulary: &Vocabulary,
    kept: &mut Kept,
    (clock, progress): (&mut Clock, &dyn Progress),
    ask: impl FnOnce(&Session<'_>, &mut Clock) -> T,
) -> T {
    progress.stage("analysis", None);
    let (sources, program) = (&loaded.sources, &loaded.program);
    let version: Option<Version> = tree.version.as_deref().and_then(major_minor);
    let dictionary = Dictionary::new(vocabulary, program, version);
    kept.memory.renew(program, &dictionary);
    let (facts, run_memory, reach_memory) = kept.memory.split();
    let world = World {
        program,
        dictionary: &dictionary,
        facts,
    };
    clock.stage("facts");
    let syntax = Mutex::new(BTreeMap::new());
    let with_syntax = |file: FileId, answer: &mut dyn FnMut(&crate::syntax::FileSyntax<'_>)| {
        let mut known = syntax.lock().unwrap_or_else(|error| error.into_inner());
        answer(known.entry(file).or_insert_with(|| sources.syntax(file)));
    };
    let places = Places {
        program,
        line_column: &|file, offset| {
            let mut found = (1, 1);
            with_syntax(file, &mut |syntax| found = syntax.line_column(offset));
            found
        },
        presence: &|file, offset| {
            let mut found = Presence::always();
            with_syntax(file, &mut |syntax| found = syntax.presence_at(offset));
            found
        },
        arches_defining: &|name| arches_defining(tree, index, name),
    };
    let runs = match world.is_weakened(Weakening::Tables) {
        true => Vec::new(),
        false => analysis::run_all(world, run_memory),
    };
    clock.stage("entry points");
    let mappings = analysis::mappings(program, &dictionary, &places, &runs);
    clock.stage("mappings");
    let session = Session {
        tree,
        index,
        sources,
        world,
        places: &places,
        returned: analysis::returned(world, &runs),
        runs,
        run_memory,
        reach_memory: Mutex::new(reach_memory),
        built: &kept.built,
        known_matrix: &kept.matrix,
        mappings,
    };
    ask(&session, clock)
}

impl Session<'_> {
    /// What every function does on its own.
    pub fn uses(&self) -> Uses {
        analysis::uses(self.world, self.run_memory)
    }

    /// What the helpers of the architectures do.
    pub fn matrix(&self, vocabulary: &Vocabulary, rules: &Rules) -> &Matrix {
        self.known_matrix
            .get_or_init(|| matrix(self.tree, vocabulary, rules))
    }

    /// The generic uses with their verdicts.
    pub fn generic_uses(
        &self,
        uses: &Uses,
        matrix: &Matrix,
        (question, progress): (&Question, &dyn Progress),
    ) -> Vec<GenericUse> {
        let override_tables: BTreeSet<&str> = self
            .mappings
            .iter()
            .filter(|mapping| mapping.is_override)
            .flat_map(|mapping| mapping.vm_ops.iter().map(String::as_str))
            .collect();
        let mut memory = self
            .reach_memory
            .lock()
            .unwrap_or_else(|error| error.into_inner());
        analysis::readers(
            self.world,
            self.places,
            uses,
            &|table| override_tables.contains(table.as_str()),
            &|name| match self.world.is_weakened(Weakening::Modifiers) {
                true => Some(BTreeSet::new()),
                false => losing(matrix, name),
            },
            !self.returned.is_empty(),
            (question, &mut memory, &|| progress.is_cancelled()),
        )
    }

    /// What the rules find.
    pub fn findings(
        &self,
        uses: &Uses,
        matrix: &Matrix,
        generic_uses: &[GenericUse],
        arch_rules: &Rules,
    ) -> Vec<Finding> {
        let availability = self.built.get_or_init(|| Availability::new(self.tree));
        rules::check(&rules::Input {
            program: self.world.program,
            dictionary: self.world.dictionary,
            places: self.places,
            runs: &self.runs,
            matrix,
            uses,
            generic_uses,
            mappings: &self.mappings,
            returned: &self.returned,
            arch_rules,
            can_be_built: &|file, arch| !matches!(availability.of(file, arch), Built::No(_)),
        })
    }

    /// Comments addressed to ptelint, by file.
    pub fn comments(&self) -> Vec<(String, Vec<rules::Comment>)> {
        let files = self.index.with_comments.iter();
        files
            .map(|&file| {
                let comments = rules::comments(self.sources.bytes(file));
                (self.tree.path(file).to_owned(), comments)
            })
            .collect()
    }

    /// What was understood, and what was not.
    pub fn coverage(&self, generic_uses: &[GenericUse]) -> Coverage {
        let program = self.world.program;
        Coverage {
            functions: program.n_functions(),
            not_understood: program
                .functions()
                .filter(|(_, function)| !function.not_understood.is_empty())
                .count()
                + analysis::n_exhausted(&self.runs),
            indirect_unresolved: analysis::n_unresolved(&self.runs),
            unproven: generic_uses
                .iter()
                .filter(|one| one.reader.verdict == Verdict::Unproven)
                .count(),
        }
    }

    /// What was checked.
    pub fn summary(&self, is_sample: bool) -> TreeSummary {
        TreeSummary {
            kind: kind_of(self.tree, is_sample),
            version: self.tree.version.clone(),
            files_scanned: self.tree.files.len(),
            files_parsed: self.sources.n_read(),
            bytes: self.index.n_bytes,
        }
    }
}

/// What the helpers of a tree's architectures do.
fn matrix(tree: &Tree, vocabulary: &Vocabulary, rules: &Rules) -> Matrix {
    let mut matrix = remembered::matrix(tree, rules);
    if vocabulary.is_weakened(Weakening::Architectures)
        && let Some(first) = matrix.rows.first().map(|row| row.arch.clone())
    {
        matrix.rows.retain(|row| row.arch == first);
        matrix.regressions.retain(|found| found.arch == first);
    }
    if vocabulary.is_weakened(Weakening::States) {
        matrix.regressions.clear();
    }
    matrix
}

/// On which architectures a function that modifies an entry loses caching or encryption; `None` if
/// no architecture of the tree shows it, or none that is understood loses them while others are
/// not understood.
fn losing(matrix: &Matrix, name: &str) -> Option<BTreeSet<String>> {
    let modifier = arch_stage::Modifier::of_call(name)?;
    let kinds = [arch_stage::Kind::Caching, arch_stage::Kind::Encryption];
    let losing: BTreeSet<String> = kinds
        .into_iter()
        .flat_map(|kind| matrix.loses(modifier, kind))
        .map(str::to_owned)
        .collect();
    let mut rows = matrix
        .rows
        .iter()
        .filter(|row| row.function == modifier)
        .peekable();
    let is_shown = rows.peek().is_some();
    let is_understood = rows.all(|row| row.verdict != arch_stage::Verdict::Unknown);
    (is_shown && (is_understood || !losing.is_empty())).then_some(losing)
}

/// The architecture directories with a definition of `name`, as a function or a macro.
fn arches_defining(tree: &Tree, index: &Index, name: &str) -> BTreeSet<String> {
    let functions = index.functions_named(name).map(|(file, _)| file);
    let macros = index.macros_named(name);
    functions
        .chain(macros.into_iter().map(|(file, _)| file))
        .filter_map(|file| tree.files[file.0 as usize].arch)
        .map(|arch| arch.to_string())
        .collect()
}

/// "6.12.117" is 6.12.
fn major_minor(version: &str) -> Option<Version> {
    let mut parts = version.splitn(3, '.');
    format!("{}.{}", parts.next()?, parts.next()?).parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::analysis::Without;
    use crate::callgraph::FnId;
    use crate::pipeline::NoProgress;
    use crate::pipeline::load::{self, Scope};
    use crate::program::Span;
    use crate::validate::model;
    use crate::vocabulary;

    use super::*;

    /// The generic uses of the reference, with nothing known of it before.
    fn uses_of_reference(without: Without) -> Vec<GenericUse> {
        let tree = Arc::new(Tree::in_memory(model::sources()));
        let vocabulary = vocabulary::builtin();
        let index = crate::pipeline::index(&tree, vocabulary, &NoProgress);
        let loaded = load::load((&tree, &index), vocabulary, Scope::Everything, None);
        let mut clock = Clock::start();
        open(
            (&tree, &index),
            &loaded,
            vocabulary,
            &mut Kept::default(),
            (&mut clock, &NoProgress),
            |session, _| {
                let question = Question {
                    without,
                    only: None,
                };
                let matrix = session.matrix(vocabulary, Rules::builtin());
                session.generic_uses(&session.uses(), matrix, (&question, &NoProgress))
            },
        )
    }

    #[test]
    fn calls_that_are_kept_change_no_answer() {
        // With any condition taken to be unknown, even one that is nowhere, no call is kept.
        let nowhere = (FnId(0), Span::new(0, 0));
        let without = Without {
            conditions: [nowhere].into_iter().collect(),
            ..Without::default()
        };
        let plain = uses_of_reference(without);
        assert!(plain.len() > 10);
        assert_eq!(uses_of_reference(Without::default()), plain);
    }
}
