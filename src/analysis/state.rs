//! The abstract state at one point of a program.

use std::collections::BTreeSet;
use std::sync::Arc;

use litemap::LiteMap;

use crate::callgraph::{FnId, TableId};
use crate::program::{Span, Symbol};
use crate::vocabulary::VmaType;

use super::bits::Bits;
use super::term::Terms;
use super::value::{Place, PlaceBase, Value};

/// What is known of the VMAs and variables in play.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State {
    /// The VMAs; index 0 is the one the analysed operation was entered with.
    pub vmas: Vec<VmaState>,
    /// Places with a known value. What is not listed is unknown.
    pub store: LiteMap<Place, Value>,
}

/// What is known of one VMA.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VmaState {
    /// Its `vm_page_prot`.
    pub prot: Arc<Terms>,
    /// Its `vm_flags`.
    pub flags: Bits,
    /// Its `vm_ops`: tables, null, or unknown.
    pub ops: Value,
    /// True if the analysed operation has stored to `vm_page_prot` on some path to here.
    pub is_updated: bool,
    /// The calls of insertion APIs that were passed on the way here.
    pub inserted: Arc<BTreeSet<(FnId, Span)>>,
    /// The places that set the page of its fault (`vmf->page`) on the way here, unless it was
    /// taken back.
    pub pages: Arc<BTreeSet<(FnId, Span)>>,
}

impl VmaState {
    /// A VMA of which nothing is known; its protection is its own.
    pub fn new(vma: u8) -> VmaState {
        VmaState {
            prot: Arc::new(Terms::one(super::term::Base::Own { vma })),
            flags: Bits::unknown(),
            ops: Value::Unknown,
            is_updated: false,
            inserted: Arc::default(),
            pages: Arc::default(),
        }
    }

    /// The tables its operations can be.
    pub fn tables(&self) -> impl Iterator<Item = TableId> + '_ {
        let tables = match &self.ops {
            Value::Tables(tables) => Some(tables.iter().copied()),
            _ => None,
        };
        tables.into_iter().flatten()
    }

    fn join(&self, other: &VmaState) -> VmaState {
        VmaState {
            prot: if self.prot == other.prot {
                self.prot.clone()
            } else {
                Arc::new(self.prot.union(&other.prot))
            },
            flags: self.flags.join(other.flags),
            ops: self.ops.join(&other.ops),
            is_updated: self.is_updated || other.is_updated,
            inserted: union(&self.inserted, &other.inserted),
            pages: union(&self.pages, &other.pages),
        }
    }
}

fn union<T: Copy + Ord>(a: &Arc<BTreeSet<T>>, b: &Arc<BTreeSet<T>>) -> Arc<BTreeSet<T>> {
    match a == b {
        true => a.clone(),
        false => Arc::new(a.union(b).copied().collect()),
    }
}

/// Which member of a VMA a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmaMember {
    /// `vm_page_prot`
    Protection,
    /// `vm_flags`
    Flags,
    /// `vm_ops`
    Ops,
}

/// Finds out which member of a VMA `field` is. `vmas` is the vocabulary's list of structures that
/// stand for a VMA.
pub fn vma_member(vmas: &[VmaType], field: Symbol) -> Option<VmaMember> {
    vmas.iter().find_map(|vma| {
        if vma.protection.iter().any(|name| field == name.as_str()) {
            Some(VmaMember::Protection)
        } else if vma.flags.iter().any(|name| field == name.as_str()) {
            Some(VmaMember::Flags)
        } else if field == vma.ops.as_str() {
            Some(VmaMember::Ops)
        } else {
            None
        }
    })
}

impl State {
    /// A VMA's state; VMAs the state has never heard of know nothing.
    pub fn vma(&self, vma: u8) -> VmaState {
        self.vmas
            .get(vma as usize)
            .cloned()
            .unwrap_or_else(|| VmaState::new(vma))
    }

    /// A VMA's state for changing.
    pub fn vma_mut(&mut self, vma: u8) -> &mut VmaState {
        while self.vmas.len() <= vma as usize {
            self.vmas.push(VmaState::new(self.vmas.len() as u8));
        }
        &mut self.vmas[vma as usize]
    }

    /// Reads a place.
    pub fn load(&self, place: &Place, vmas: &[VmaType]) -> Value {
        if let (PlaceBase::Vma(vma), [field, ..]) = (place.base, place.fields.as_slice()) {
            match vma_member(vmas, *field) {
                Some(VmaMember::Protection) => return Value::Prot(self.vma(vma).prot),
                Some(VmaMember::Flags) => return Value::Bits(self.vma(vma).flags),
                Some(VmaMember::Ops) if place.fields.len() == 1 => return self.vma(vma).ops,
                _ => {}
            }
        }
        self.store.get(place).cloned().unwrap_or_default()
    }

    /// Writes a place; what was known of its parts is forgotten.
    pub fn store(&mut self, place: &Place, value: Value, vmas: &[VmaType]) {
        if let (PlaceBase::Vma(vma), [field, ..]) = (place.base, place.fields.as_slice()) {
            match vma_member(vmas, *field) {
                Some(VmaMember::Protection) => {
                    let state = self.vma_mut(vma);
                    state.is_updated = true;
                    state.prot = match value {
                        Value::Prot(terms) => terms,
                        _ => Arc::new(Terms::one(super::term::Base::Unknown(Symbol::new(
                            "stored value",
                        )))),
                    };
                    return;
                }
                Some(VmaMember::Flags) => {
                    self.vma_mut(vma).flags = match value {
                        Value::Bits(bits) => bits,
                        Value::Int(0) => Bits::exactly(0),
                        _ => Bits::unknown(),
                    };
                    return;
                }
                Some(VmaMember::Ops) => {
                    self.vma_mut(vma).ops = value;
                    return;
                }
                None => {}
            }
        }
        self.forget(place);
        if value != Value::Unknown {
            self.store.insert(*place, value);
        }
    }

    /// Forgets what is known of a place and its parts.
    pub fn forget(&mut self, place: &Place) {
        self.store.retain(|known, _| !place.covers(known));
    }

    /// Forgets the variables of call depth `frame` and deeper.
    pub fn leave_frame(&mut self, frame: u8) {
        self.store.retain(|place, _| {
            !matches!(
                place.base,
                PlaceBase::Local { frame: f, .. } | PlaceBase::Result { frame: f, .. } if f >= frame
            )
        });
    }

    /// What holds on both of two paths.
    pub fn join(&self, other: &State) -> State {
        let n_vmas = self.vmas.len().max(other.vmas.len());
        let vmas = (0..n_vmas)
            .map(|i| match (self.vmas.get(i), other.vmas.get(i)) {
                (Some(a), Some(b)) => a.join(b),
                (Some(only), None) | (None, Some(only)) => only.clone(),
                (None, None) => VmaState::new(i as u8),
            })
            .collect();
        let store = self
            .store
            .iter()
            .filter_map(|(place, a)| {
                let joined = match other.store.get(place) {
                    Some(b) => a.join(b),
                    // A protection that is known on one path only is still one that can arrive.
                    None if matches!(a, Value::Prot(_)) => a.clone(),
                    None => return None,
                };
                (joined != Value::Unknown).then_some((*place, joined))
            })
            .chain(
                other
                    .store
                    .iter()
                    .filter(|(place, b)| {
                        !self.store.contains_key(*place) && matches!(b, Value::Prot(_))
                    })
                    .map(|(place, b)| (*place, b.clone())),
            )
            .collect();
        State { vmas, store }
    }
}
