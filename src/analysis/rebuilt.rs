//! Entries that are replaced by new ones: which state of the old entry is taken along.
//!
//! Forward over the control-flow graph of one function, with what can hold at each block: whether
//! the old entry has been taken out, and which of its states somebody has asked for or settled
//! since.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::callgraph::{FnId, Program};
use crate::program::{Body, ExprId, ExprKind, Instr, LocalId, Span, Symbol};
use crate::vocabulary::Level;

use super::dictionary::{Dictionary, Word};
use super::machine::{Event, EventKind};
use super::uses::{Uses, called_name};

/// A new entry, made from `vm_page_prot`, in the place of one whose state is left behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rebuilt {
    /// The function that installs it.
    pub function: FnId,
    /// Where it does.
    pub install: Span,
    /// Where the old entry is taken out, or read to be copied.
    pub old: (FnId, Span),
    /// For a copy: where the function that has the old entry calls the one that installs.
    pub call: Option<(FnId, Span)>,
    /// The states that are left behind, by name.
    pub lost: BTreeSet<String>,
}

/// Finds them all.
pub fn rebuilt(program: &Program, dictionary: &Dictionary<'_>, uses: &Uses) -> Vec<Rebuilt> {
    let finder = Finder::new(program, dictionary, uses);
    let functions: Vec<FnId> = program.functions().map(|(id, _)| id).collect();
    let replacements = functions.par_iter();
    let replacements = replacements.flat_map_iter(|&function| finder.replacements(function));
    let mut found: BTreeSet<Rebuilt> = replacements.collect();
    for caller in finder.callers() {
        finder.copies(caller, &mut found);
    }
    found.into_iter().collect()
}

/// Which states are settled, one bit each; the highest bit says that the old entry is out.
type Settled = u8;
const TAKEN: Settled = 0x80;

struct Finder<'a> {
    program: &'a Program,
    dictionary: &'a Dictionary<'a>,
    uses: &'a Uses,
    /// Functions that return an entry made from `vm_page_prot`.
    makers: BTreeSet<FnId>,
    /// What a call by name settles.
    settles: BTreeMap<Symbol, Settled>,
    /// Functions that read an entry: the position of the slot, and whether they take it out.
    reads: BTreeMap<Symbol, (usize, bool)>,
    /// Functions that take a non-present entry apart.
    decodes: BTreeSet<Symbol>,
}

/// An installation of a new entry.
struct Install {
    slot: String,
    span: Span,
    level: Level,
    /// What can be settled there.
    settled: BTreeSet<Settled>,
}

impl<'a> Finder<'a> {
    fn new(program: &'a Program, dictionary: &'a Dictionary<'a>, uses: &'a Uses) -> Finder<'a> {
        let makers = uses.events.iter().filter(|(id, events)| {
            let function = program.function(**id);
            is_entry_type(function.result.base)
                && function.result.pointers == 0
                && !dictionary.is_entry_helper(function.name)
                && events
                    .iter()
                    .any(|event| is_new_entry(program, dictionary, event))
        });
        let mut settles: BTreeMap<Symbol, Settled> = BTreeMap::new();
        for (i, bit) in dictionary.vocabulary().state_bit.iter().enumerate().take(7) {
            for name in bit.sets.iter().chain(&bit.tells).chain(&bit.settled_by) {
                *settles.entry(Symbol::new(name)).or_default() |= 1 << i;
            }
        }
        let reads = dictionary.vocabulary().entry_read.iter();
        let decodes = dictionary.vocabulary().entry_decode.iter();
        Finder {
            decodes: decodes.map(|word| Symbol::new(&word.name)).collect(),
            reads: reads
                .map(|word| (Symbol::new(&word.name), (word.slot, word.takes)))
                .collect(),
            program,
            dictionary,
            uses,
            makers: makers.map(|(id, _)| *id).collect(),
            settles,
        }
    }

    /// New entries in the slot of one that the function itself has taken out.
    fn replacements(&self, id: FnId) -> Vec<Rebuilt> {
        let mut found = Vec::new();
        let function = self.program.function(id);
        for (i, body) in function.bodies.iter().enumerate() {
            let taken = self.taken(body);
            if taken.is_empty() {
                continue;
            }
            let fresh = self.fresh(id, i);
            for install in self.installs(body, &fresh, 0) {
                let Some(&old) = taken.get(&install.slot) else {
                    continue;
                };
                let lost = self.lost(&install, |settled| settled & TAKEN != 0);
                if !lost.is_empty() {
                    found.push(Rebuilt {
                        function: id,
                        install: install.span,
                        old: (id, old),
                        call: None,
                        lost,
                    });
                }
            }
        }
        found
    }

    /// Functions that call one which installs new entries.
    fn callers(&self) -> BTreeSet<FnId> {
        let installers: BTreeSet<Symbol> = self
            .uses
            .events
            .keys()
            .chain(&self.makers)
            .map(|&id| self.program.function(id).name)
            .collect();
        let maker_names: BTreeSet<Symbol> = self
            .makers
            .iter()
            .map(|&id| self.program.function(id).name)
            .collect();
        let mut second: BTreeSet<Symbol> = installers;
        for (_, function) in self.program.functions() {
            if function.names().any(|name| maker_names.contains(&name)) {
                second.insert(function.name);
            }
        }
        let functions = self.program.functions();
        functions
            .filter(|(_, function)| {
                function.names().any(|name| second.contains(&name))
                    && function.bodies.iter().any(|body| self.has_copy(body))
            })
            .map(|(id, _)| id)
            .collect()
    }

    fn has_copy(&self, body: &Body) -> bool {
        !self.copied(body).is_empty()
    }

    /// Slots that a body fills with an entry it has read from another slot: the slot, and where
    /// that entry was read.
    fn copied(&self, body: &Body) -> BTreeMap<String, Span> {
        let mut read: BTreeMap<LocalId, (String, Span)> = BTreeMap::new();
        for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
            if let Instr::Assign { target, value, .. } = *instr
                && let ExprKind::Local(local) = body.expr(target).kind
                && let Some(slot) = self.read_slot(body, value)
            {
                read.entry(local).or_insert((slot, body.expr(value).span));
            }
        }
        let mut copied = BTreeMap::new();
        if read.is_empty() {
            return copied;
        }
        for expr in &body.exprs {
            if let Some((slot, entry, _)) = self.install_word(body, &expr.kind)
                && let ExprKind::Local(local) = body.expr(entry).kind
                && let Some((from, span)) = read.get(&local)
                && *from != slot
            {
                copied.entry(slot).or_insert(*span);
            }
        }
        copied
    }

    /// The slot whose entry an expression reads.
    fn read_slot(&self, body: &Body, value: ExprId) -> Option<String> {
        match &body.expr(value).kind {
            ExprKind::Deref(slot) => text(body, *slot),
            ExprKind::Call { callee, args } => {
                let ExprKind::Global(name) = body.expr(*callee).kind else {
                    return None;
                };
                let &(slot, takes) = self.reads.get(&name)?;
                // Before 6.12 huge_ptep_get() took the slot alone.
                let slot = args.get(slot).or(args.first()).filter(|_| !takes)?;
                text(body, *slot)
            }
            _ => None,
        }
    }

    /// Calls that install a new entry in a slot which otherwise gets a copy of an old one.
    fn copies(&self, id: FnId, found: &mut BTreeSet<Rebuilt>) {
        let function = self.program.function(id);
        for body in &function.bodies {
            let copied = self.copied(body);
            if copied.is_empty() {
                continue;
            }
            for (call, target, slot, parameter, settled) in self.calls_with(id, body, &copied) {
                for (i, callee) in self.program.function(target).bodies.iter().enumerate() {
                    let fresh = self.fresh(target, i);
                    for mut install in self.installs(callee, &fresh, TAKEN) {
                        if install.slot != format!("#{parameter}") {
                            continue;
                        }
                        let both = install
                            .settled
                            .iter()
                            .flat_map(|&inner| settled.iter().map(move |&outer| inner | outer));
                        install.settled = both.collect();
                        let lost = self.lost(&install, |_| true);
                        if !lost.is_empty() {
                            found.insert(Rebuilt {
                                function: target,
                                install: install.span,
                                old: (id, copied[&slot]),
                                call: Some((id, call)),
                                lost,
                            });
                        }
                    }
                }
            }
        }
    }

    /// Calls that are given one of the slots: place, function, slot, parameter, and what is settled
    /// by then.
    #[allow(clippy::type_complexity)]
    fn calls_with(
        &self,
        id: FnId,
        body: &Body,
        slots: &BTreeMap<String, Span>,
    ) -> Vec<(Span, FnId, String, usize, BTreeSet<Settled>)> {
        let file = self.program.function(id).file;
        let mut found = Vec::new();
        self.walk(body, 0, &mut |expr, settled| {
            let ExprKind::Call { callee, args } = &body.expr(expr).kind else {
                return;
            };
            let ExprKind::Global(name) = body.expr(*callee).kind else {
                return;
            };
            if self.dictionary.is_entry_helper(name) {
                return;
            }
            for (position, &arg) in args.iter().enumerate() {
                let Some(slot) = text(body, arg).filter(|slot| slots.contains_key(slot)) else {
                    continue;
                };
                for target in self.program.resolve(name, file) {
                    let function = self.program.function(target);
                    if function.params().len() == args.len() {
                        let span = body.expr(expr).span;
                        found.push((span, target, slot.clone(), position, settled.clone()));
                    }
                }
            }
        });
        found
    }

    /// The states that can be unsettled at an installation.
    fn lost(&self, install: &Install, counts: impl Fn(Settled) -> bool) -> BTreeSet<String> {
        let bits = self.dictionary.vocabulary().state_bit.iter().enumerate();
        bits.take(7)
            .filter(|(i, bit)| {
                self.exists(bit, install.level)
                    && install
                        .settled
                        .iter()
                        .any(|&settled| counts(settled) && settled & (1 << i) == 0)
            })
            .map(|(_, bit)| bit.name.clone())
            .collect()
    }

    /// True if the tree has a state at a level.
    fn exists(&self, bit: &crate::vocabulary::StateBit, level: Level) -> bool {
        let prefix = match level {
            Level::Pte => "pte_",
            Level::Pmd => "pmd_",
            Level::Pud => "pud_",
            Level::Huge => "huge_pte_",
        };
        bit.sets.iter().any(|name| {
            name.starts_with(prefix) && !self.program.functions_named(Symbol::new(name)).is_empty()
        })
    }

    /// The slots that a body takes entries out of, and where.
    fn taken(&self, body: &Body) -> BTreeMap<String, Span> {
        let mut taken = BTreeMap::new();
        for expr in &body.exprs {
            if let Some(slot) = self.takes(body, &expr.kind) {
                taken.entry(slot).or_insert(expr.span);
            }
        }
        taken
    }

    /// The slot whose entry a call takes out. One that is found to remember a page elsewhere is out
    /// already: what is put in its place is that page's.
    fn takes(&self, body: &Body, expr: &ExprKind) -> Option<String> {
        let ExprKind::Call { callee, args } = expr else {
            return None;
        };
        let ExprKind::Global(name) = body.expr(*callee).kind else {
            return None;
        };
        if self.decodes.contains(&name) {
            let ExprKind::Local(old) = body.expr(*args.first()?).kind else {
                return None;
            };
            let instrs = body.blocks.iter().flat_map(|block| &block.instrs);
            return instrs
                .filter_map(|instr| match *instr {
                    Instr::Assign { target, value, .. } => Some((target, value)),
                    _ => None,
                })
                .filter(|(target, _)| {
                    matches!(body.expr(*target).kind, ExprKind::Local(local) if local == old)
                })
                .find_map(|(_, value)| self.read_slot(body, value));
        }
        match self.reads.get(&name)? {
            (slot, true) => text(body, *args.get(*slot)?),
            _ => None,
        }
    }

    /// The slot, entry and level of an installation.
    fn install_word(&self, body: &Body, expr: &ExprKind) -> Option<(String, ExprId, Level)> {
        let ExprKind::Call { callee, args } = expr else {
            return None;
        };
        let ExprKind::Global(name) = body.expr(*callee).kind else {
            return None;
        };
        match self.dictionary.word(name, args.len())? {
            Word::Install(word) => {
                let entry = *args.get(word.entry)?;
                let slot = *args.get(word.entry.checked_sub(1)?)?;
                Some((text(body, slot)?, entry, word.level))
            }
            _ => None,
        }
    }

    /// Installations of new entries, with what can be settled at each.
    fn installs(&self, body: &Body, fresh: &Fresh, start: Settled) -> Vec<Install> {
        let mut found = Vec::new();
        self.walk(body, start, &mut |expr, settled| {
            if let Some((slot, entry, level)) = self.install_word(body, &body.expr(expr).kind)
                && fresh.is(body, entry)
            {
                found.push(Install {
                    slot,
                    span: body.expr(expr).span,
                    level,
                    settled: settled.clone(),
                });
            }
        });
        found
    }

    /// Tells of every call in a body what can be settled before it.
    fn walk(&self, body: &Body, start: Settled, see: &mut dyn FnMut(ExprId, &BTreeSet<Settled>)) {
        let mut before: Vec<BTreeSet<Settled>> = vec![BTreeSet::new(); body.blocks.len()];
        let Some(first) = before.first_mut() else {
            return;
        };
        first.insert(start);
        let mut pending: BTreeSet<usize> = BTreeSet::from([0]);
        while let Some(block) = pending.pop_first() {
            let after = self.through(body, block, before[block].clone(), &mut |_, _| {});
            for next in body.blocks[block].terminator.successors() {
                let known = &mut before[next.0 as usize];
                let n_before = known.len();
                known.extend(&after);
                if known.len() != n_before {
                    pending.insert(next.0 as usize);
                }
            }
        }
        for (block, settled) in before.into_iter().enumerate() {
            if !settled.is_empty() {
                self.through(body, block, settled, see);
            }
        }
    }

    fn through(
        &self,
        body: &Body,
        block: usize,
        mut settled: BTreeSet<Settled>,
        see: &mut dyn FnMut(ExprId, &BTreeSet<Settled>),
    ) -> BTreeSet<Settled> {
        let block = &body.blocks[block];
        for expr in block.evaluated() {
            body.visit(expr, &mut |id| {
                let ExprKind::Call { callee, .. } = &body.expr(id).kind else {
                    return;
                };
                see(id, &settled);
                let ExprKind::Global(name) = body.expr(*callee).kind else {
                    return;
                };
                let mut sets = self.settles.get(&name).copied().unwrap_or_default();
                if self.takes(body, &body.expr(id).kind).is_some() {
                    sets |= TAKEN;
                }
                if sets != 0 {
                    settled = settled.iter().map(|known| known | sets).collect();
                }
            });
        }
        settled
    }

    /// What is a new entry in a body: made from `vm_page_prot` there, or by a function that makes
    /// one.
    fn fresh(&self, id: FnId, body_index: usize) -> Fresh {
        let function = self.program.function(id);
        let body = &function.bodies[body_index];
        let mut fresh = Fresh::default();
        for event in self.uses.events.get(&id).into_iter().flatten() {
            if event.body == body_index && is_new_entry(self.program, self.dictionary, event) {
                fresh.calls.insert(event.expr);
            }
        }
        for (i, expr) in body.exprs.iter().enumerate() {
            if let ExprKind::Call { callee, .. } = &expr.kind
                && let ExprKind::Global(name) = body.expr(*callee).kind
            {
                let targets = self.program.resolve(name, function.file);
                if targets.iter().any(|target| self.makers.contains(target)) {
                    fresh.calls.insert(ExprId(i as u32));
                }
            }
        }
        if fresh.calls.is_empty() {
            return fresh;
        }
        loop {
            let n_before = fresh.locals.len();
            for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
                if let Instr::Assign { target, value, .. } = *instr
                    && let ExprKind::Local(local) = body.expr(target).kind
                    && is_entry_type(function.locals[local.0 as usize].ty.base)
                    && fresh.is(body, value)
                {
                    fresh.locals.insert(local);
                }
            }
            if fresh.locals.len() == n_before {
                return fresh;
            }
        }
    }
}

/// The calls and variables of a body that are new entries.
#[derive(Default)]
struct Fresh {
    calls: BTreeSet<ExprId>,
    locals: BTreeSet<LocalId>,
}

impl Fresh {
    fn is(&self, body: &Body, expr: ExprId) -> bool {
        let mut found = false;
        body.visit(expr, &mut |id| {
            found |= self.calls.contains(&id)
                || matches!(body.expr(id).kind, ExprKind::Local(local) if self.locals.contains(&local));
        });
        found
    }
}

/// True if an entry is constructed, not modified, from `vm_page_prot`.
fn is_new_entry(program: &Program, dictionary: &Dictionary<'_>, event: &Event) -> bool {
    let is_own = matches!(&event.kind, EventKind::Entry { protection } if protection.has_own());
    let constructs = |name| matches!(dictionary.word(name, 2), Some(Word::Construct(_)));
    is_own && called_name(program, event).is_some_and(constructs)
}

/// True for the name of a type of entries.
pub(super) fn is_entry_type(base: Symbol) -> bool {
    matches!(base.as_str(), "pte_t" | "pmd_t" | "pud_t")
}

/// A pointer as text, to tell slots apart: a variable or a member of one.
fn text(body: &Body, expr: ExprId) -> Option<String> {
    match &body.expr(expr).kind {
        ExprKind::Local(local) => Some(format!("#{}", local.0)),
        ExprKind::Global(name) => Some(name.to_string()),
        ExprKind::Member { base, field, .. } => Some(format!("{}.{field}", text(body, *base)?)),
        ExprKind::Cast(_, inner) => text(body, *inner),
        _ => None,
    }
}
