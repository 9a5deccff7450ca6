//! The inventory of generic uses of protections.

use std::collections::{BTreeMap, BTreeSet};

use crate::callgraph::{FnId, Program};
use crate::program::{ExprId, ExprKind, FileId, Function, Span, Symbol};
use crate::vocabulary::{Level, ProtectionEffect};

use super::dictionary::{Dictionary, Word};
use super::dropped::dropped;
use super::facts::World;
use super::machine::{Event, EventKind};
use super::places::Places;
use super::reach::{self, GuardKind, Judgement, Reason};
use super::result::{Evidence, Reader, Role, Source, UseLevel, Verdict};
use super::term::{Base, Terms};
use super::uses::{Uses, called_name};

/// Everything needed to judge a use.
struct Judge<'a> {
    program: &'a Program,
    dictionary: &'a Dictionary<'a>,
    places: &'a Places<'a>,
    uses: &'a Uses,
    /// Functions that insert on behalf of drivers: the insertion APIs, and what they hand their
    /// protection to.
    inserters: BTreeSet<FnId>,
    /// What keeps override mappings away from constructs and modifies.
    proofs: BTreeMap<reach::Use, Judgement>,
    /// On which architectures a function that modifies an entry loses attributes.
    losing: &'a (dyn Fn(&str) -> Option<BTreeSet<String>> + Sync),
    /// Which overrides there can be, by level.
    overrides: BTreeMap<Level, Overrides>,
}

/// A use before it is written out.
struct Use {
    function: FnId,
    span: Span,
    role: Role,
    level: UseLevel,
    source: Source,
    verdict: Verdict,
    reasons: BTreeSet<Reason>,
    evidence: Vec<(String, FileId, u32)>,
    arches: BTreeSet<String>,
    helper: Option<Symbol>,
}

/// A generic use with what its row does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GenericUse {
    /// Its row.
    pub reader: Reader,
    /// The function it stands in.
    pub function: FnId,
    /// Its place.
    pub span: Span,
    /// What constructs or modifies the entry.
    pub helper: Option<Symbol>,
    /// True if it stands in an insertion API, or in what only such APIs call.
    pub is_inserter: bool,
    /// What was found out about a construct or modify.
    pub judgement: Option<Judgement>,
}

/// What generic uses are asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// What to leave out.
    pub without: reach::Without,
    /// The one construct or modify to judge; the others are left unproven.
    pub only: Option<reach::Use>,
}

/// Lists the generic uses. `is_override_table` tells whether mappings with a table of operations,
/// by its name, hold overrides; `losing`, on which architectures a function that modifies an entry
/// loses attributes; `None` where the tree does not show it; `is_page_returned`, whether a fault
/// handler returns a page beside overrides; once `is_cancelled`, what is not judged yet is left
/// unproven.
pub fn readers(
    world: World<'_>,
    places: &Places<'_>,
    uses: &Uses,
    is_override_table: &(dyn Fn(Symbol) -> bool + Sync),
    losing: &(dyn Fn(&str) -> Option<BTreeSet<String>> + Sync),
    is_page_returned: bool,
    (question, memory, is_cancelled): (&Question, &mut reach::Memory, &(dyn Fn() -> bool + Sync)),
) -> Vec<GenericUse> {
    let World {
        program,
        dictionary,
        ..
    } = world;
    let mut judge = Judge {
        program,
        dictionary,
        places,
        uses,
        inserters: inserters(world, places, uses),
        proofs: BTreeMap::new(),
        losing,
        overrides: [Level::Pte, Level::Pmd, Level::Pud]
            .into_iter()
            .map(|level| (level, overrides_at(world, places, level)))
            .collect(),
    };
    let entry_uses: BTreeSet<reach::Use> = uses
        .events
        .iter()
        .filter(|(id, _)| {
            let function = program.function(**id);
            places.is_generic(function.file) && !dictionary.is_entry_helper(function.name)
        })
        .flat_map(|(&id, events)| judge.uses_of(id, events))
        .filter(|one| {
            matches!(one.role, Role::Construct | Role::Modify) && one.verdict != Verdict::Insertion
        })
        .map(|one| reach::Use {
            function: one.function,
            span: one.span,
        })
        .filter(|one| question.only.is_none_or(|only| only == *one))
        .collect();
    judge.proofs = reach::prove(
        world,
        &entry_uses,
        is_override_table,
        is_page_returned,
        &question.without,
        (memory, is_cancelled),
    );
    let mut found: BTreeMap<(FileId, u32, Role), Use> = BTreeMap::new();
    for (&id, events) in &uses.events {
        let function = program.function(id);
        if !places.is_generic(function.file) || dictionary.is_entry_helper(function.name) {
            continue;
        }
        for one in judge.uses_of(id, events) {
            let key = (function.file, one.span.start, one.role);
            match found.entry(key) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(one);
                }
                std::collections::btree_map::Entry::Occupied(mut slot) => {
                    let known = slot.get_mut();
                    known.verdict = known.verdict.max(one.verdict);
                    known.source = known.source.min(one.source);
                    for evidence in one.evidence {
                        if !known.evidence.contains(&evidence) {
                            known.evidence.push(evidence);
                        }
                    }
                    known.reasons.extend(one.reasons);
                    known.arches.extend(one.arches);
                }
            }
        }
    }
    let uses = found.into_values().map(|one| judge.generic_use(one));
    let mut uses: Vec<GenericUse> = uses.collect();
    uses.sort();
    uses.dedup_by(|a, b| {
        let (a, b) = (&a.reader, &b.reader);
        (&a.file, a.line, &a.function, a.role, a.level)
            == (&b.file, b.line, &b.function, b.role, b.level)
            && a.role != Role::Construct
            && a.role != Role::Modify
    });
    uses
}

/// Overrides that can be made at a level.
#[derive(Debug, Default)]
struct Overrides {
    /// True if an API takes a protection from its caller.
    are_anywhere: bool,
    /// Where an API makes them by itself.
    arches: BTreeSet<String>,
}

/// What the insertion APIs of the tree make of one level. A tree that defines none is part of one
/// that does: anything is possible.
fn overrides_at(world: World<'_>, places: &Places<'_>, level: Level) -> Overrides {
    let mut found = Overrides::default();
    let mut is_defined = false;
    for insert in world.dictionary.inserts() {
        let definitions = world
            .program
            .functions_named(Symbol::new(&insert.name))
            .iter()
            .map(|&id| (id, world.program.function(id)))
            .filter(|(_, function)| {
                function.params().len() > insert.target && places.is_generic(function.file)
            });
        for (id, function) in definitions {
            is_defined = true;
            if insert.level != level || computes_and_drops(world.dictionary, function) {
                continue;
            }
            found.are_anywhere |= insert.protection.is_some();
            for adjust in &insert.adjusts {
                let name = Symbol::new(&adjust.function);
                let callees = world.program.functions_named(name);
                if callees
                    .iter()
                    .any(|&callee| calls(world.program, id, callee))
                {
                    found
                        .arches
                        .extend(places.arches_defining(&adjust.function));
                }
            }
        }
    }
    found.are_anywhere |= !is_defined;
    found
}

/// True if a function names another.
fn calls(program: &Program, caller: FnId, callee: FnId) -> bool {
    let name = program.function(callee).name;
    program.function(caller).bodies.iter().any(|body| {
        body.exprs
            .iter()
            .any(|expr| matches!(expr.kind, ExprKind::Global(called) if called == name))
    })
}

/// True if a function has a protection changed for it, by a function that is given its address,
/// and then does not use it.
fn computes_and_drops(dictionary: &Dictionary<'_>, function: &Function) -> bool {
    dropped(dictionary, function)
        .iter()
        .any(|one| one.by.is_some())
}

/// The insertion APIs that are generic functions, and every function that only inserters call.
fn inserters(world: World<'_>, places: &Places<'_>, uses: &Uses) -> BTreeSet<FnId> {
    let mut inserters: BTreeSet<FnId> = world
        .program
        .functions()
        .filter(|(_, function)| {
            world.dictionary.is_insert(function.name) && places.is_generic(function.file)
        })
        .map(|(id, _)| id)
        .collect();
    loop {
        let more: Vec<FnId> = uses
            .events
            .keys()
            .copied()
            .filter(|&id| {
                let mut callers = world
                    .facts
                    .callers(id)
                    .filter(|caller| *caller != id)
                    .peekable();
                !inserters.contains(&id)
                    && callers.peek().is_some()
                    && callers.all(|caller| inserters.contains(&caller))
            })
            .collect();
        if more.is_empty() {
            return inserters;
        }
        inserters.extend(more);
    }
}

impl Judge<'_> {
    fn uses_of(&self, id: FnId, events: &[Event]) -> Vec<Use> {
        let mut found = Vec::new();
        let mut covered: BTreeSet<Span> = BTreeSet::new();
        for event in events {
            match &event.kind {
                EventKind::Entry { protection } => {
                    covered.extend(&protection.reads);
                    found.extend(self.entry_use(id, event, protection));
                }
                EventKind::StoreProtection {
                    protection,
                    is_copy: false,
                    ..
                } => {
                    covered.extend(&protection.reads);
                    found.push(self.store_use(id, event, protection));
                }
                _ => {}
            }
        }
        let reads: BTreeSet<Span> = events
            .iter()
            .filter(|event| event.kind == EventKind::ReadProtection)
            .map(|event| event.span)
            .collect();
        for read in reads {
            found.extend(self.read_use(id, events, read, covered.contains(&read)));
        }
        found
    }

    /// An entry is constructed or modified.
    fn entry_use(&self, id: FnId, event: &Event, protection: &Terms) -> Option<Use> {
        let (role, level) = self.entry_word(event)?;
        let bases = self.uses.bases(id, protection);
        let source = source_of(&bases);
        if source != Source::VmPageProt && !self.is_user_entry(id, event, &bases) {
            return None;
        }
        let function = self.program.function(id);
        let from_caller = protection
            .set
            .iter()
            .any(|term| matches!(term.base, Base::Parameter(_)));
        let is_inserter = self.inserters.contains(&id);
        let mut evidence: Vec<(String, FileId, u32)> = protection
            .reads
            .iter()
            .map(|read| {
                (
                    "vm_page_prot is read here".to_owned(),
                    function.file,
                    read.start,
                )
            })
            .collect();
        for caller in self.uses.passed_by.get(&id).into_iter().flatten() {
            if from_caller {
                let caller = self.program.function(*caller);
                evidence.push((
                    format!("{} passes the protection", caller.name),
                    caller.file,
                    caller.name_span.start,
                ));
            }
        }
        let mut one = Use {
            function: id,
            span: event.span,
            role,
            level: level.into(),
            source,
            verdict: Verdict::Unproven,
            reasons: BTreeSet::new(),
            evidence,
            arches: BTreeSet::new(),
            helper: called_name(self.program, event),
        };
        if is_inserter {
            one.verdict = match from_caller || !self.drops_override(id) {
                true => Verdict::Insertion,
                false => Verdict::Violation,
            };
        } else if !bases.is_empty() && bases.iter().all(|base| *base == Base::Entry) {
            one.verdict = Verdict::Safe;
            one.reasons.insert(Reason::Preserve);
        } else {
            self.judge(&mut one, event, level);
        }
        Some(one)
    }

    /// Gives a construct or modify the verdict that the engine found.
    fn judge(&self, one: &mut Use, event: &Event, level: Level) {
        let key = reach::Use {
            function: one.function,
            span: one.span,
        };
        let Some(judgement) = self.proofs.get(&key) else {
            return;
        };
        one.verdict = match (judgement.is_reached, one.role) {
            (true, Role::Modify) => Verdict::ArchDependent,
            (true, _) => Verdict::Violation,
            _ if !judgement.doubts.is_empty() => Verdict::Unproven,
            _ => Verdict::Safe,
        };
        if one.verdict == Verdict::Safe {
            one.reasons.clone_from(&judgement.reasons);
        }
        if one.verdict == Verdict::ArchDependent {
            self.judge_by_arch(one, event, level);
        }
        for guard in &judgement.guards {
            let function = self.program.function(guard.function);
            let text = match guard.kind {
                GuardKind::Condition => format!("{} turns override mappings away", function.name),
                GuardKind::Entry => {
                    format!("{} tells that the entry is no override", function.name)
                }
                GuardKind::Tables => format!(
                    "{} is only entered for mappings whose operations insert no overrides",
                    function.name
                ),
            };
            one.evidence.push((text, function.file, guard.span.start));
        }
        for step in &judgement.trace {
            let function = self.program.function(step.function);
            let text = format!("an override mapping gets here, in {}", function.name);
            one.evidence.push((text, function.file, step.span.start));
        }
    }

    /// An override is modified: whether it loses its attributes is up to the architecture, and to
    /// whether there can be overrides of this level at all.
    fn judge_by_arch(&self, one: &mut Use, event: &Event, level: Level) {
        let level = match level {
            Level::Huge => Level::Pte,
            other => other,
        };
        let Some(overrides) = self.overrides.get(&level) else {
            return;
        };
        if !overrides.are_anywhere && overrides.arches.is_empty() {
            one.verdict = Verdict::Safe;
            one.reasons.insert(Reason::Level);
            return;
        }
        let name = called_name(self.program, event);
        let Some(mut losing) = name.and_then(|name| (self.losing)(name.as_str())) else {
            return;
        };
        if !overrides.are_anywhere {
            losing.retain(|arch| overrides.arches.contains(arch));
        }
        if losing.is_empty() {
            one.verdict = Verdict::Safe;
            one.reasons.insert(Reason::Preserve);
            if !overrides.are_anywhere {
                one.reasons.insert(Reason::Level);
            }
            return;
        }
        one.arches = losing;
    }

    /// True if an insertion API computes a protection for what a function constructs, and the
    /// function does not use it.
    fn drops_override(&self, id: FnId) -> bool {
        self.inserters.iter().any(|&caller| {
            let function = self.program.function(caller);
            self.dictionary.is_insert(function.name)
                && computes_and_drops(self.dictionary, function)
                && self.uses.events.contains_key(&id)
                && calls(self.program, caller, id)
        })
    }

    fn entry_word(&self, event: &Event) -> Option<(Role, Level)> {
        let name = called_name(self.program, event)?;
        let body = &self.program.function(event.function).bodies[event.body];
        let ExprKind::Call { args, .. } = &body.expr(event.expr).kind else {
            return None;
        };
        match self.dictionary.word(name, args.len())? {
            Word::Construct(construct) => Some((Role::Construct, construct.level)),
            Word::Modify(modify) => Some((Role::Modify, modify.level)),
            _ => None,
        }
    }

    /// True if an entry made here goes into the page table of a process: the function, or one that
    /// hands it the protection, deals with a VMA.
    fn is_user_entry(&self, id: FnId, event: &Event, bases: &BTreeSet<Base>) -> bool {
        let is_kernel = |base: &Base| match base {
            Base::Constant(name) => self
                .dictionary
                .constant(*name)
                .is_some_and(|constant| constant.kernel),
            _ => false,
        };
        if bases.iter().any(is_kernel) {
            return false;
        }
        if !self.goes_to_a_process(event) {
            return false;
        }
        let knows_vma = |id: FnId| {
            self.program.function(id).locals.iter().any(|local| {
                self.dictionary.is_vma_type(local.ty.base) || local.ty.base == "struct vm_fault"
            })
        };
        knows_vma(id)
            || self
                .uses
                .passed_by
                .get(&id)
                .is_some_and(|callers| callers.iter().any(|&caller| knows_vma(caller)))
    }

    /// False for an entry that is handed, as it is made, to a function that is told neither an
    /// address space nor where in a page table to put it: one of the kernel's own.
    fn goes_to_a_process(&self, event: &Event) -> bool {
        let Some((Some(name), _)) = self.call_around(event) else {
            return true;
        };
        let file = self.program.function(event.function).file;
        let takers = self.program.resolve(name, file);
        let is_place = |base: Symbol| {
            self.dictionary.is_vma_type(base)
                || matches!(
                    base.as_str(),
                    "struct mm_struct" | "struct vm_fault" | "pte_t" | "pmd_t" | "pud_t"
                )
        };
        let is_told = |taker: &FnId| {
            let function = self.program.function(*taker);
            // An entry that comes back has not been put anywhere yet.
            function.result.base != "void"
                || function
                    .params()
                    .iter()
                    .any(|param| param.ty.pointers == 1 && is_place(param.ty.base))
        };
        takers.is_empty() || takers.iter().any(is_told)
    }

    /// `vm_page_prot` is stored to.
    fn store_use(&self, id: FnId, event: &Event, protection: &Terms) -> Use {
        let is_recomputed = protection.set.iter().all(|term| match term.base {
            Base::Recomputed => term.steps.is_empty(),
            _ => term.steps.iter().any(|step| self.is_merge_word(step.by)),
        });
        Use {
            function: id,
            span: event.span,
            role: if is_recomputed {
                Role::Recompute
            } else {
                Role::Other
            },
            level: UseLevel::None,
            source: Source::VmPageProt,
            verdict: Verdict::NoEntry,
            reasons: BTreeSet::new(),
            evidence: Vec::new(),
            arches: BTreeSet::new(),
            helper: None,
        }
    }

    /// `vm_page_prot` is read, and what becomes of it is not an entry made here.
    fn read_use(&self, id: FnId, events: &[Event], read: Span, is_covered: bool) -> Option<Use> {
        let one = |role, verdict| Use {
            function: id,
            span: read,
            role,
            level: UseLevel::None,
            source: Source::VmPageProt,
            verdict,
            reasons: BTreeSet::new(),
            evidence: Vec::new(),
            arches: BTreeSet::new(),
            helper: None,
        };
        let mut forwarded: Option<Verdict> = None;
        let mut arches = BTreeSet::new();
        let mut role = None;
        for event in events {
            let (new_role, verdict) = match &event.kind {
                EventKind::Pass {
                    targets,
                    argument,
                    protection,
                } if protection.reads.contains(&read) => {
                    if self.is_merged(protection) || self.comes_back(targets) {
                        continue;
                    } else if self.is_printed(event) {
                        (Role::Print, None)
                    } else if self.is_merge(event) {
                        (Role::Recompute, None)
                    } else {
                        let (verdict, its_arches) = self.sinks(targets, *argument);
                        arches.extend(its_arches);
                        (Role::Forward, Some(verdict))
                    }
                }
                EventKind::Insert {
                    protection: Some(protection),
                    ..
                } if protection.reads.contains(&read) => (Role::Forward, Some(Verdict::Insertion)),
                EventKind::Compare { protection } if protection.reads.contains(&read) => {
                    (Role::Compare, None)
                }
                EventKind::Derive { from } if from.reads.contains(&read) => {
                    if self.is_merge(event) {
                        (Role::Recompute, None)
                    } else {
                        continue;
                    }
                }
                _ => continue,
            };
            if let Some(verdict) = verdict {
                forwarded = Some(forwarded.map_or(verdict, |known| known.max(verdict)));
            }
            let rank = |role: Role| match role {
                Role::Forward => 0,
                Role::Recompute => 1,
                Role::Print => 2,
                _ => 3,
            };
            if role.is_none_or(|known| rank(new_role) < rank(known)) {
                role = Some(new_role);
            }
        }
        match (role, forwarded) {
            (_, Some(verdict)) => Some(Use {
                arches,
                ..one(Role::Forward, verdict)
            }),
            (role, None) if is_covered && role != Some(Role::Recompute) => None,
            (Some(role), None) => Some(one(role, Verdict::NoEntry)),
            (None, None) => Some(one(Role::Other, Verdict::NoEntry)),
        }
    }

    /// True if the functions a protection goes to give one back: it has not left, its result is
    /// followed.
    fn comes_back(&self, targets: &[FnId]) -> bool {
        !targets.is_empty()
            && targets
                .iter()
                .all(|&target| self.program.function(target).result.base == "pgprot_t")
    }

    /// True if a protection was given other permissions before: what is passed on is not what was
    /// read.
    fn is_merged(&self, protection: &Terms) -> bool {
        protection
            .set
            .iter()
            .all(|term| term.steps.iter().any(|step| self.is_merge_word(step.by)))
    }

    /// True if the call an argument goes to has a format string.
    fn is_printed(&self, event: &Event) -> bool {
        self.call_around(event).is_some_and(|(_, args)| {
            let body = &self.program.function(event.function).bodies[event.body];
            args.iter()
                .any(|arg| matches!(body.expr(*arg).kind, ExprKind::Str))
        })
    }

    fn is_merge(&self, event: &Event) -> bool {
        let name = called_name(self.program, event)
            .or_else(|| self.call_around(event).and_then(|(name, _)| name));
        name.is_some_and(|name| self.is_merge_word(name))
    }

    fn is_merge_word(&self, name: Symbol) -> bool {
        matches!(
            self.dictionary.word(name, 2),
            Some(Word::Protection(word)) if word.effect == ProtectionEffect::Merge
        )
    }

    /// The call that has the event's expression as an argument.
    fn call_around(&self, event: &Event) -> Option<(Option<Symbol>, &[ExprId])> {
        let body = &self.program.function(event.function).bodies[event.body];
        body.exprs.iter().find_map(|expr| match &expr.kind {
            ExprKind::Call { callee, args } if args.contains(&event.expr) => {
                let name = match body.expr(*callee).kind {
                    ExprKind::Global(name) => Some(name),
                    _ => None,
                };
                Some((name, args.as_slice()))
            }
            _ => None,
        })
    }

    /// The worst that can happen to a protection passed to one of `targets`, and on which
    /// architectures.
    fn sinks(&self, targets: &[FnId], argument: usize) -> (Verdict, BTreeSet<String>) {
        let mut arches = BTreeSet::new();
        if targets.is_empty() {
            return (Verdict::Unproven, arches);
        }
        let mut worst = Verdict::NoEntry;
        let mut seen: BTreeSet<(FnId, usize)> = BTreeSet::new();
        let mut pending: Vec<(FnId, usize)> =
            targets.iter().map(|target| (*target, argument)).collect();
        while let Some((id, argument)) = pending.pop() {
            if !seen.insert((id, argument)) {
                continue;
            }
            let name = self.program.function(id).name;
            if self.dictionary.is_insert(name) {
                worst = rank_max(worst, Verdict::Insertion);
                continue;
            }
            let has = |terms: &Terms| {
                terms.set.iter().any(
                    |term| matches!(term.base, Base::Parameter(i) if usize::from(i) == argument),
                )
            };
            for event in self.uses.events.get(&id).into_iter().flatten() {
                match &event.kind {
                    EventKind::Entry { protection } if has(protection) => {
                        if let Some(found) = self.entry_use(id, event, protection) {
                            worst = rank_max(worst, found.verdict);
                            arches.extend(found.arches);
                        }
                    }
                    EventKind::Insert {
                        protection: Some(protection),
                        ..
                    } if has(protection) => worst = rank_max(worst, Verdict::Insertion),
                    EventKind::Pass {
                        targets,
                        argument,
                        protection,
                    } if has(protection) => {
                        pending.extend(targets.iter().map(|target| (*target, *argument)));
                    }
                    _ => {}
                }
            }
        }
        (worst, arches)
    }

    fn generic_use(&self, one: Use) -> GenericUse {
        let key = reach::Use {
            function: one.function,
            span: one.span,
        };
        let function = self.program.function(one.function);
        let (line, column) = self.places.line_column(function.file, one.span.start);
        let reader = Reader {
            file: self.places.path(function.file).to_owned(),
            line,
            column,
            function: function.name.to_string(),
            role: one.role,
            level: one.level,
            source: one.source,
            verdict: one.verdict,
            reasons: one
                .reasons
                .iter()
                .map(|reason| reason.name().to_owned())
                .collect(),
            evidence: one
                .evidence
                .into_iter()
                .map(|(text, file, offset)| Evidence {
                    text,
                    file: self.places.path(file).to_owned(),
                    line: self.places.line_column(file, offset).0,
                })
                .collect(),
            arches: match one.arches.is_empty() {
                true => self.places.arch(function.file).into_iter().collect(),
                false => one.arches,
            },
            condition: self.places.condition(function.file, one.span.start),
        };
        GenericUse {
            judgement: self.proofs.get(&key).cloned(),
            function: one.function,
            span: one.span,
            helper: one.helper,
            is_inserter: self.inserters.contains(&one.function),
            reader,
        }
    }
}

/// `violation > unproven > arch-dependent > insertion > safe > no-entry`
fn rank_max(a: Verdict, b: Verdict) -> Verdict {
    let rank = |verdict: Verdict| match verdict {
        Verdict::NoEntry => 0,
        Verdict::Safe => 1,
        Verdict::Insertion => 2,
        Verdict::ArchDependent => 3,
        Verdict::Unproven => 4,
        Verdict::Violation => 5,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// True for a protection that has nothing to do with the mapping.
fn is_fixed(base: &Base) -> bool {
    matches!(base, Base::Constant(_) | Base::OfFlags(..))
}

fn source_of(bases: &BTreeSet<Base>) -> Source {
    if bases.iter().any(|base| matches!(base, Base::Own { .. })) {
        Source::VmPageProt
    } else if !bases.is_empty() && bases.iter().all(is_fixed) {
        Source::Constant
    } else {
        Source::Other
    }
}
