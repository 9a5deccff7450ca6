//! What a function names of the objects it is handed: members it does not name it need not be told.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::dictionary::Word;
use crate::analysis::facts::World;
use crate::callgraph::FnId;
use crate::program::{Body, ExprId, ExprKind, Symbol, TypeRef};

use super::call::{MAX_TARGETS, entry_type, type_name};
use super::state::State;
use super::value::{Known, Value};
use super::words::{Meaning, Words};

/// What is named in a function.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Members by the type they are of; `None` where that is not known.
    members: FxHashSet<(Option<Symbol>, Symbol)>,
    /// The types of entries it makes: what is in hand of the same type decides what that does.
    entries: FxHashSet<Symbol>,
    /// True if it calls through a pointer to more functions than are looked at.
    is_anything: bool,
}

/// What is named in a function and in all that are followed from there.
pub struct Sight<'p> {
    all: Vec<&'p Mentions>,
    /// Whether members were found to be named, by their type.
    known: RefCell<FxHashMap<(Symbol, Symbol), bool>>,
}

impl<'p> Sight<'p> {
    /// What is named in some functions.
    pub fn new(all: Vec<&'p Mentions>) -> Sight<'p> {
        Sight {
            all,
            known: RefCell::default(),
        }
    }

    /// True unless what is known of a member of an object of type `ty`, and what that leads to in
    /// `state`, makes no difference.
    pub fn concerns(&self, ty: Symbol, member: Symbol, known: &Known, state: &State) -> bool {
        let is_made = |entry: &u8| {
            let entry = state.entries.get(entry);
            entry.is_some_and(|entry| self.all.iter().any(|one| one.entries.contains(&entry.ty)))
        };
        self.names(ty, member)
            || match &known.value {
                // That the override mapping is in view makes a difference to everything.
                Value::Vma | Value::OtherVma | Value::Ops => true,
                Value::Slot(slot) => {
                    let slot = state.slots.get(slot);
                    slot.and_then(|slot| slot.entry)
                        .as_ref()
                        .is_some_and(is_made)
                }
                Value::Entry(entry) | Value::NormalPage(entry) | Value::EntryPage(entry) => {
                    is_made(entry)
                }
                _ => false,
            }
    }

    /// True if a member of objects of type `ty` may be named.
    fn names(&self, ty: Symbol, member: Symbol) -> bool {
        *self
            .known
            .borrow_mut()
            .entry((ty, member))
            .or_insert_with(|| {
                self.all.iter().any(|one| {
                    one.is_anything
                        || one.members.contains(&(Some(ty), member))
                        || one.members.contains(&(None, member))
                })
            })
    }
}

impl Mentions {
    /// What is named in one function.
    pub fn new(world: World<'_>, words: &Words, id: FnId) -> Mentions {
        let mut own = Mentions::default();
        for (index, body) in world.program.function(id).bodies.iter().enumerate() {
            let facts = world.facts.body(id, index);
            let types = &facts.types;
            for (i, expr) in body.exprs.iter().enumerate() {
                match &expr.kind {
                    ExprKind::Member { base, field, .. } => {
                        let ty = types[base.0 as usize];
                        own.members
                            .insert(((!ty.is_unknown()).then_some(ty.base), *field));
                    }
                    ExprKind::Call { callee, .. } => {
                        own.call((world, words), body, ExprId(i as u32), types[i]);
                        let targets = facts.functions(body.called(*callee));
                        own.is_anything |= targets.len() > MAX_TARGETS;
                    }
                    _ => {}
                }
            }
        }
        own
    }

    fn call(
        &mut self,
        (world, words): (World<'_>, &Words),
        body: &Body,
        call: ExprId,
        ty: TypeRef,
    ) {
        let Some((name, args)) = body.call_by_name(call) else {
            return;
        };
        if let Some(Meaning::Encode) = words.meaning(name) {
            self.entries.insert(entry_type(body, call, ty).base);
        }
        match world.dictionary.word(name, args.len()) {
            Some(Word::Construct(construct)) => {
                self.entries.insert(Symbol::new(type_name(construct.level)));
            }
            Some(Word::Modify(modify)) => {
                self.entries.insert(Symbol::new(type_name(modify.level)));
            }
            Some(Word::MemberAccess(access)) => {
                let member = args.get(access.member).map(|&arg| &body.expr(arg).kind);
                if let Some(ExprKind::Global(member)) = member {
                    self.members.insert((None, *member));
                }
            }
            _ => {}
        }
    }
}
