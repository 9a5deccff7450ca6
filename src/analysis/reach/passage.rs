//! Into a callee and back: what it can see of its caller's state, by names of its own.

use std::collections::BTreeMap;

use crate::analysis::bits::Bits;
use crate::program::Symbol;

use super::mentions::Sight;
use super::run::Exit;
use super::state::State;
use super::value::{Base, Known, Place, Value};

/// Objects of a caller that a callee can see.
const MAX_OBJECTS: usize = 8;

/// How places, pointers and entries of a caller are called in a callee.
#[derive(Default)]
pub struct Passage {
    /// The caller's places; the position is the number of the object in the callee.
    objects: Vec<Place>,
    slots: BTreeMap<u8, u8>,
    entries: BTreeMap<u8, u8>,
}

impl Passage {
    /// A value as the callee sees it.
    pub fn hand_in(&mut self, state: &State, known: &Known) -> Known {
        let value = match &known.value {
            Value::Pointer(place) => self.object(place).map_or(Value::NonZero, Value::Pointer),
            Value::Slot(slot) => Value::Slot(self.slot(state, *slot)),
            Value::Entry(entry) => Value::Entry(self.entry(*entry)),
            Value::NormalPage(entry) => Value::NormalPage(self.entry(*entry)),
            Value::EntryPage(entry) => Value::EntryPage(self.entry(*entry)),
            // That a pointer is not NULL hardly ever decides anything in a callee.
            Value::NonZero | Value::Negative => return Known::default(),
            other => other.clone(),
        };
        Known::new(value, known.because)
    }

    fn slot(&mut self, state: &State, slot: u8) -> u8 {
        if let Some(Some(entry)) = state.slots.get(&slot).map(|slot| slot.entry) {
            self.entry(entry);
        }
        let next = self.slots.len() as u8;
        *self.slots.entry(slot).or_insert(next)
    }

    fn entry(&mut self, entry: u8) -> u8 {
        let next = self.entries.len() as u8;
        *self.entries.entry(entry).or_insert(next)
    }

    /// The callee's name for a place of the caller's.
    fn object(&mut self, place: &Place) -> Option<Place> {
        if let Some(known) = self.rename(place) {
            return Some(known);
        }
        if self.objects.len() >= MAX_OBJECTS {
            return None;
        }
        self.objects.push(*place);
        Some(Place::whole(Base::Object((self.objects.len() - 1) as u8)))
    }

    fn rename(&self, place: &Place) -> Option<Place> {
        let number = self
            .objects
            .iter()
            .position(|object| object.covers(place))?;
        let inner = &place.fields[self.objects[number].fields.len()..];
        Place::whole(Base::Object(number as u8)).join(inner)
    }

    /// What the callee can see, or what it has in sight, if that is known. `type_of` tells the type
    /// of a place of the caller's.
    pub fn inner(
        &mut self,
        state: &State,
        flags: Bits,
        sight: Option<&Sight<'_>>,
        type_of: impl Fn(&Place) -> Option<Symbol>,
    ) -> State {
        let mut inner = State::new(flags);
        inner.is_bound = state.is_bound;
        inner.is_accessible = state.is_accessible;
        inner.flags = state.flags;
        inner.learnt.clone_from(&state.learnt);
        // Whom it calls through a function in an object is not in sight.
        let sight = sight.filter(|_| !state.store.values().any(|known| known.value.is_code()));
        // Objects lead to further objects.
        let mut done = 0;
        while done < self.objects.len() {
            let object = self.objects[done];
            // Of an object whose type is not known, everything is told.
            let ty = type_of(&object);
            inner.objects.push(ty.unwrap_or_default());
            let sight = sight.zip(ty);
            for (place, known) in &state.store {
                if object.covers(place)
                    && let Some(renamed) = self.rename(place)
                {
                    let member = place.fields.get(object.fields.len());
                    let is_told = match (sight, member) {
                        (Some((sight, ty)), Some(member)) => {
                            sight.concerns(ty, *member, known, state)
                        }
                        _ => true,
                    };
                    let known = match is_told {
                        true => self.hand_in(state, known),
                        false => Known::plain(Value::Untold),
                    };
                    inner.store.insert(renamed, known);
                }
            }
            done += 1;
        }
        for (old, new) in &self.slots {
            if let Some(slot) = state.slots.get(old) {
                let mut slot = *slot;
                slot.entry = slot
                    .entry
                    .and_then(|entry| self.entries.get(&entry).copied());
                inner.slots.insert(*new, slot);
            }
        }
        for (old, new) in &self.entries {
            if let Some(entry) = state.entries.get(old) {
                inner.entries.insert(*new, *entry);
            }
        }
        inner
    }

    /// The caller's state after the callee ended, and the result.
    pub fn back(&self, state: &State, exit: &Exit) -> (Known, State) {
        let mut after = state.clone();
        after.is_bound = exit.state.is_bound;
        after.is_accessible = exit.state.is_accessible;
        after.flags = exit.state.flags;
        after.learnt.clone_from(&exit.state.learnt);
        for object in &self.objects {
            after.forget(object);
        }
        let mut entries: BTreeMap<u8, u8> =
            self.entries.iter().map(|(old, new)| (*new, *old)).collect();
        let mut slots: BTreeMap<u8, u8> =
            self.slots.iter().map(|(old, new)| (*new, *old)).collect();
        for (number, entry) in &exit.state.entries {
            match entries.get(number) {
                Some(old) => {
                    after.entries.insert(*old, *entry);
                }
                None => {
                    if let Value::Entry(new) = after.new_entry(entry.ty, entry.states) {
                        after.entries.insert(new, *entry);
                        entries.insert(*number, new);
                    }
                }
            }
        }
        for (number, slot) in &exit.state.slots {
            let mut slot = *slot;
            slot.entry = slot.entry.and_then(|entry| entries.get(&entry).copied());
            match slots.get(number) {
                Some(old) => {
                    after.slots.insert(*old, slot);
                }
                None => {
                    if let Value::Slot(new) = after.new_slot(slot.ty) {
                        after.slots.insert(new, slot);
                        slots.insert(*number, new);
                    }
                }
            }
        }
        let outward = |known: &Known| {
            let entry = |number: &u8| entries.get(number).copied();
            let value = match &known.value {
                Value::Pointer(place) => self.outer(place).map_or(Value::NonZero, Value::Pointer),
                Value::Slot(number) => slots
                    .get(number)
                    .map_or(Value::Unknown, |number| Value::Slot(*number)),
                Value::Entry(number) => entry(number).map_or(Value::Unknown, Value::Entry),
                Value::NormalPage(number) => {
                    entry(number).map_or(Value::Unknown, Value::NormalPage)
                }
                Value::EntryPage(number) => entry(number).map_or(Value::Unknown, Value::EntryPage),
                Value::Untold => Value::Unknown,
                other => other.clone(),
            };
            Known::new(value, known.because)
        };
        for (place, known) in &exit.state.store {
            let Some(place) = self.outer(place) else {
                continue;
            };
            if known.value != Value::Untold {
                after.set(place, outward(known));
            } else {
                // The place holds what it held; what that leads to may be different.
                let known = state.load(&place);
                if let Value::Slot(slot) = &known.value
                    && !self.slots.contains_key(slot)
                    && let Some(slot) = after.slots.get_mut(slot)
                {
                    slot.entry = None;
                }
                after.set(place, known);
            }
        }
        (outward(&exit.value), after)
    }

    fn outer(&self, place: &Place) -> Option<Place> {
        let Base::Object(number) = place.base else {
            return None;
        };
        let outer = self.objects.get(usize::from(number))?;
        outer.join(&place.fields)
    }
}
