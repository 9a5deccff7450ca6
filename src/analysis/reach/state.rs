//! What is known at a point of a path.

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use crate::analysis::bits::Bits;
use crate::callgraph::FnId;
use crate::program::{ExprId, Symbol};
use crate::vocabulary::EntryState;

use super::because::Because;
use super::value::{Base, Known, Place, Value};

/// What is known at a point of a path under the hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// True if the override mapping is in view: something here or in a caller leads to it.
    pub is_bound: bool,
    /// Its `vm_flags`.
    pub flags: Bits,
    /// True if the override mapping allows some access.
    pub is_accessible: bool,
    /// Flags known because of something about override mappings beyond the hypothesis' own.
    pub learnt: Vec<(u128, Because)>,
    /// The types of the caller's objects, by number; the empty name where the caller does not know.
    pub objects: Vec<Symbol>,
    /// Values of places; an absent one is unknown.
    pub store: LiteMap<Place, Known>,
    /// Pointers to entries: what each is known to point to.
    pub slots: LiteMap<u8, Slot>,
    /// Entries that were read.
    pub entries: LiteMap<u8, Entry>,
}

/// A pointer to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// Type of the entry: `pte_t`, `pmd_t`, `pud_t`.
    pub ty: Symbol,
    /// The entry it holds, while that cannot have changed.
    pub entry: Option<u8>,
}

/// An entry that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entry {
    /// Its type.
    pub ty: Symbol,
    /// What it can be.
    pub states: States,
    /// True if it was made to remember a page, not read.
    pub is_encoded: bool,
    /// True if that page may be the one of an override: nothing in hand said otherwise.
    pub encodes_override: bool,
    /// Why it cannot be an override any more.
    pub cleared_by: Option<Cleared>,
}

/// Why an entry cannot be an override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cleared {
    /// The function with the condition after which it cannot.
    pub function: FnId,
    /// Which of its bodies.
    pub body: usize,
    /// The condition.
    pub condition: ExprId,
    /// The facts it rests on.
    pub because: Because,
}

/// A set of states of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct States(u8);

impl States {
    /// The states of an override.
    pub const OVERRIDE: States = States(0b1111);
    /// Every state.
    pub const ALL: States = States(0xff);

    /// The set of some states.
    pub fn of(states: &[EntryState]) -> States {
        States(states.iter().fold(0, |all, state| all | bit(*state)))
    }

    /// States in both.
    pub fn and(self, other: States) -> States {
        States(self.0 & other.0)
    }

    /// States in one.
    pub fn or(self, other: States) -> States {
        States(self.0 | other.0)
    }

    /// States that are not in `other`.
    pub fn without(self, other: States) -> States {
        States(self.0 & !other.0)
    }

    /// True if there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if the entry may be an override.
    pub fn is_override(self) -> bool {
        !self.and(States::OVERRIDE).is_empty()
    }
}

fn bit(state: EntryState) -> u8 {
    match state {
        EntryState::Raw => 1,
        EntryState::Inaccessible => 1 << 1,
        EntryState::Hinted => 1 << 2,
        EntryState::Encoded => 1 << 3,
        EntryState::None => 1 << 4,
        EntryState::Present => 1 << 5,
        EntryState::Absent => 1 << 6,
        EntryState::Table => 1 << 7,
    }
}

/// More pointers or entries than this are not told apart.
const MAX_NUMBERED: u8 = 24;

impl State {
    /// Nothing is in view.
    pub fn new(flags: Bits) -> State {
        State {
            is_bound: false,
            is_accessible: false,
            flags,
            learnt: Vec::new(),
            objects: Vec::new(),
            store: LiteMap::new_vec(),
            slots: LiteMap::new_vec(),
            entries: LiteMap::new_vec(),
        }
    }

    /// The value of a place. What an initialiser does not mention is 0.
    pub fn load(&self, place: &Place) -> Known {
        if let Some(known) = self.store.get(place) {
            return known.clone();
        }
        let mut outer = *place;
        while outer.fields.pop().is_some() {
            match self.store.get(&outer).map(|known| &known.value) {
                Some(Value::Zeroed) => return Known::plain(Value::Int(0)),
                Some(_) => break,
                None => {}
            }
        }
        Known::default()
    }

    /// Stores that the value of a place is not known, where what surrounds it is.
    pub fn lose(&mut self, place: Place) {
        self.forget(&place);
        if self.is_zeroed_around(place) {
            self.store.insert(place, Known::plain(Value::Lost));
        }
    }

    /// Stores a value; what was known of the place's parts is gone.
    pub fn set(&mut self, place: Place, known: Known) {
        if known.value == Value::Unknown {
            self.lose(place);
        } else {
            self.forget(&place);
            self.store.insert(place, known);
        }
    }

    /// Forgets a place and its parts.
    pub fn forget(&mut self, place: &Place) {
        if self.parts(place).next().is_some() {
            self.store.retain(|other, _| !place.covers(other));
        }
    }

    /// What is known of a place and its parts, which stand together in the order of places.
    pub fn parts(&self, place: &Place) -> impl Iterator<Item = &(Place, Known)> {
        let first = self.store.find_index(place).unwrap_or_else(|at| at);
        let store = &self.store.as_slice()[first..];
        store.iter().take_while(|(other, _)| place.covers(other))
    }

    /// A pointer to an entry nothing is known of.
    pub fn new_slot(&mut self, ty: Symbol) -> Value {
        match (0..MAX_NUMBERED).find(|number| !self.slots.contains_key(number)) {
            Some(number) => {
                self.slots.insert(number, Slot { ty, entry: None });
                Value::Slot(number)
            }
            None => Value::Unknown,
        }
    }

    /// An entry in one of `states`.
    pub fn new_entry(&mut self, ty: Symbol, states: States) -> Value {
        match (0..MAX_NUMBERED).find(|number| !self.entries.contains_key(number)) {
            Some(number) => {
                let entry = Entry {
                    ty,
                    states,
                    is_encoded: false,
                    encodes_override: false,
                    cleared_by: None,
                };
                self.entries.insert(number, entry);
                Value::Entry(number)
            }
            None => Value::Unknown,
        }
    }

    /// The entry a pointer points to.
    pub fn read(&mut self, slot: u8, states: States) -> Value {
        let Some(known) = self.slots.get(&slot).copied() else {
            return Value::Unknown;
        };
        if let Some(entry) = known.entry {
            return Value::Entry(entry);
        }
        let value = self.new_entry(known.ty, states);
        if let (Value::Entry(entry), Some(slot)) = (&value, self.slots.get_mut(&slot)) {
            slot.entry = Some(*entry);
        }
        value
    }

    /// Nothing is known any more but which VMA is which, and the places that `stays` names.
    pub fn lose_track(&mut self, stays: impl Fn(&Place, &Known) -> bool) {
        self.store.retain(|place, known| {
            matches!(known.value, Value::Vma | Value::OtherVma) || stays(place, known)
        });
        self.unlock();
    }

    /// Others may have changed every entry.
    pub fn unlock(&mut self) {
        for slot in self.slots.iter_mut().map(|(_, slot)| slot) {
            slot.entry = None;
        }
    }

    /// Drops pointers and entries that nothing leads to any more, but for the first ones, which
    /// are a caller's, and numbers the others in the order in which places lead to them: states
    /// that mean the same are the same.
    pub fn collect(&mut self, (given_slots, given_entries): (u8, u8)) {
        if self.is_collected((given_slots, given_entries)) {
            return;
        }
        let mut slots: LiteMap<u8, u8> = (0..given_slots).map(|number| (number, number)).collect();
        let mut entries: LiteMap<u8, u8> =
            (0..given_entries).map(|number| (number, number)).collect();
        let number = |numbers: &mut LiteMap<u8, u8>, old: u8| {
            let next = numbers.len() as u8;
            *numbers.entry(old).or_insert(next)
        };
        for known in self.store.iter_mut().map(|(_, known)| known) {
            match &mut known.value {
                Value::Slot(slot) => {
                    if let Some(entry) = self.slots.get(slot).and_then(|slot| slot.entry) {
                        number(&mut entries, entry);
                    }
                    *slot = number(&mut slots, *slot);
                }
                Value::Entry(entry) | Value::NormalPage(entry) | Value::EntryPage(entry) => {
                    *entry = number(&mut entries, *entry);
                }
                _ => {}
            }
        }
        for slot in (0..given_slots).filter_map(|slot| self.slots.get(&slot)) {
            if let Some(entry) = slot.entry {
                number(&mut entries, entry);
            }
        }
        let renumbered = |slot: &Slot| Slot {
            ty: slot.ty,
            entry: slot.entry.and_then(|entry| entries.get(&entry).copied()),
        };
        self.slots = slots
            .iter()
            .filter_map(|(old, new)| Some((*new, renumbered(self.slots.get(old)?))))
            .collect();
        self.entries = entries
            .iter()
            .filter_map(|(old, new)| Some((*new, *self.entries.get(old)?)))
            .collect();
    }

    /// True if all pointers and entries are numbered as [`State::collect`] would do it.
    fn is_collected(&self, (given_slots, given_entries): (u8, u8)) -> bool {
        let (mut n_slots, mut n_entries) = (given_slots, given_entries);
        let is_next = |number: u8, n_numbers: &mut u8| {
            *n_numbers += u8::from(number == *n_numbers);
            number < *n_numbers
        };
        for known in self.store.values() {
            let is_in_order = match &known.value {
                Value::Slot(slot) => {
                    let entry = self.slots.get(slot).and_then(|slot| slot.entry);
                    entry.is_none_or(|entry| is_next(entry, &mut n_entries))
                        && is_next(*slot, &mut n_slots)
                }
                Value::Entry(entry) | Value::NormalPage(entry) | Value::EntryPage(entry) => {
                    is_next(*entry, &mut n_entries)
                }
                _ => true,
            };
            if !is_in_order {
                return false;
            }
        }
        for slot in (0..given_slots).filter_map(|slot| self.slots.get(&slot)) {
            if slot
                .entry
                .is_some_and(|entry| !is_next(entry, &mut n_entries))
            {
                return false;
            }
        }
        let is_all = |len: usize, last: Option<u8>, n_numbers: u8| {
            len == usize::from(n_numbers) && last.is_none_or(|last| last < n_numbers)
        };
        let last_slot = self.slots.last().map(|(number, _)| *number);
        let last_entry = self.entries.last().map(|(number, _)| *number);
        is_all(self.slots.len(), last_slot, n_slots)
            && is_all(self.entries.len(), last_entry, n_entries)
    }

    /// True if something here leads to the override mapping, or is what it is because of it.
    pub fn leads_to_vma(&self) -> bool {
        self.store.values().any(|known| {
            matches!(known.value, Value::Vma | Value::Ops) || !known.because.is_nothing()
        })
    }

    /// What holds on both of two paths.
    pub fn join(&self, other: &State) -> State {
        let mut joined = State::new(self.flags.join(other.flags));
        joined.is_bound = self.is_bound || other.is_bound;
        joined.is_accessible = self.is_accessible && other.is_accessible;
        joined.objects.clone_from(&self.objects);
        joined.learnt.clone_from(&self.learnt);
        joined.learnt.extend(other.learnt.iter().copied());
        joined.learnt.sort();
        joined.learnt.dedup();
        let mut others = other.store.iter().peekable();
        for (place, a) in &self.store {
            while let Some((place, b)) = others.next_if(|(other, _)| *other < place) {
                joined.meet(*place, &self.load(place), b);
            }
            match others.next_if(|(other, _)| *other == place) {
                Some((_, b)) => joined.meet(*place, a, b),
                None => joined.meet(*place, a, &other.load(place)),
            }
        }
        for (place, b) in others {
            joined.meet(*place, &self.load(place), b);
        }
        for (number, a) in &self.entries {
            if let Some(b) = other.entries.get(number)
                && a.ty == b.ty
            {
                let entry = Entry {
                    ty: a.ty,
                    states: a.states.or(b.states),
                    is_encoded: a.is_encoded || b.is_encoded,
                    encodes_override: a.encodes_override || b.encodes_override,
                    cleared_by: a.cleared_by.or(b.cleared_by),
                };
                joined.entries.insert(*number, entry);
            }
        }
        for (number, a) in &self.slots {
            if let Some(b) = other.slots.get(number)
                && a.ty == b.ty
            {
                let entry = a
                    .entry
                    .filter(|entry| Some(*entry) == b.entry && joined.entries.contains_key(entry));
                joined.slots.insert(*number, Slot { ty: a.ty, entry });
            }
        }
        let State {
            store,
            slots,
            entries,
            ..
        } = &mut joined;
        store.retain(|_, known| match known.value {
            Value::Slot(slot) => slots.contains_key(&slot),
            Value::Entry(entry) | Value::NormalPage(entry) | Value::EntryPage(entry) => {
                entries.contains_key(&entry)
            }
            _ => true,
        });
        joined
    }

    /// Stores what holds on both of two paths at a place that comes behind all that are known.
    fn meet(&mut self, place: Place, a: &Known, b: &Known) {
        let known = a.join(b);
        if known.value != Value::Unknown {
            self.store.insert(place, known);
        } else if self.is_zeroed_around(place) {
            self.store.insert(place, Known::plain(Value::Lost));
        }
    }

    /// True if a place that is not known would be 0.
    fn is_zeroed_around(&self, place: Place) -> bool {
        let mut outer = place;
        while outer.fields.pop().is_some() {
            if let Some(known) = self.store.get(&outer) {
                return known.value == Value::Zeroed;
            }
        }
        false
    }

    /// Forgets the results of calls: the instruction they are part of is done.
    pub fn forget_results(&mut self) {
        self.store
            .retain(|place, _| !matches!(place.base, Base::Result(_)));
    }
}
