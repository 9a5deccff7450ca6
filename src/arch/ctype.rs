//! Types of C, as far as values of bits go.

use std::rc::Rc;

use crate::program::Symbol;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `void`
    Void,
    /// `bool`
    Bool,
    /// Any other integer, and enumerations.
    Integer(Integer),
    /// A structure or union.
    Struct(Rc<Layout>),
    /// A pointer.
    Pointer(Rc<Type>),
    /// An array.
    Array(Rc<Type>, u32),
}

/// Width and sign of an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// In bits.
    pub width: u8,
    /// True for types with a sign.
    pub signed: bool,
}

/// Where the members of a structure are; the members of a union all start at 0.
///
/// Bits count from the lowest of the first member, on machines of either byte order: an entry
/// that is split into words lists the lower one first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Members in order; anonymous ones without a name.
    pub members: Vec<Member>,
    /// In bits.
    pub width: u32,
}

/// A member of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, unless it is an anonymous structure.
    pub name: Option<Symbol>,
    /// Its type.
    pub of: Type,
    /// Where it starts, in bits.
    pub offset: u32,
}

impl Integer {
    /// An integer type.
    pub fn new(width: u8, signed: bool) -> Integer {
        Integer { width, signed }
    }

    /// The type two operands are converted to.
    pub fn common(self, other: Integer) -> Integer {
        let promoted = |integer: Integer| match integer.width < 32 {
            true => Integer::new(32, true),
            false => integer,
        };
        let (a, b) = (promoted(self), promoted(other));
        match a.width.cmp(&b.width) {
            std::cmp::Ordering::Less => b,
            std::cmp::Ordering::Greater => a,
            std::cmp::Ordering::Equal => Integer::new(a.width, a.signed && b.signed),
        }
    }
}

impl Type {
    /// An integer type.
    pub fn integer(width: u8, signed: bool) -> Type {
        Type::Integer(Integer::new(width, signed))
    }

    /// The size in bits, where pointers have `pointer_width`.
    pub fn width(&self, pointer_width: u8) -> usize {
        match self {
            Type::Void => 0,
            Type::Bool => 8,
            Type::Integer(integer) => integer.width.into(),
            Type::Struct(layout) => layout.width as usize,
            Type::Pointer(_) => pointer_width.into(),
            Type::Array(of, n) => of.width(pointer_width).saturating_mul(*n as usize),
        }
    }

    /// What an expression of this type computes with.
    pub fn as_integer(&self) -> Option<Integer> {
        match self {
            Type::Bool => Some(Integer::new(8, false)),
            Type::Integer(integer) => Some(*integer),
            _ => None,
        }
    }
}

impl Layout {
    /// A member and its place, looked for in anonymous members too.
    pub fn member(&self, name: Symbol) -> Option<(Type, u32)> {
        self.members.iter().find_map(|member| match member.name {
            Some(known) => (known == name).then(|| (member.of.clone(), member.offset)),
            None => {
                let Type::Struct(inner) = &member.of else {
                    return None;
                };
                let (of, offset) = inner.member(name)?;
                Some((of, offset + member.offset))
            }
        })
    }
}
