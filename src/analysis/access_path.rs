//! Access paths: a variable or object, and members on the way from it.

use tinyvec::ArrayVec;

use crate::program::Symbol;

/// A place that can be read and written: a base and at most [`MAX_FIELDS`] members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccessPath<B> {
    /// The variable or object.
    pub base: B,
    /// Members, outermost first. Pointers on the way count as part of the path: `a->b.c` and
    /// `a.b->c` are the same place of different types.
    pub fields: Fields,
}

/// Members of an [`AccessPath`].
pub type Fields = ArrayVec<[Symbol; MAX_FIELDS]>;

/// Longer access paths are not told apart from anything.
pub const MAX_FIELDS: usize = 3;

impl<B: Copy + PartialEq> AccessPath<B> {
    /// A whole variable or object.
    pub fn whole(base: B) -> AccessPath<B> {
        AccessPath {
            base,
            fields: Fields::new(),
        }
    }

    /// A member of the place; `None` when the path gets too long.
    pub fn field(&self, field: Symbol) -> Option<AccessPath<B>> {
        self.join(&[field])
    }

    /// A member of a member, and so on; `None` when the path gets too long.
    pub fn join(&self, fields: &[Symbol]) -> Option<AccessPath<B>> {
        if self.fields.len() + fields.len() > MAX_FIELDS {
            return None;
        }
        let mut place = *self;
        place.fields.extend_from_slice(fields);
        Some(place)
    }

    /// True if `other` is this place or a part of it.
    pub fn covers(&self, other: &AccessPath<B>) -> bool {
        self.base == other.base && other.fields.starts_with(&self.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_covers_itself_and_its_parts() {
        let whole = AccessPath::whole(1);
        let part = whole.field(Symbol::new("vma")).unwrap();
        assert!(whole.covers(&part) && part.covers(&part));
        assert!(!part.covers(&whole));
        assert!(!AccessPath::whole(2).covers(&part));
    }

    #[test]
    fn long_paths_are_no_places() {
        let member = Symbol::new("next");
        let deepest = AccessPath::whole(1).join(&[member; MAX_FIELDS]).unwrap();
        assert_eq!(deepest.field(member), None);
    }
}
