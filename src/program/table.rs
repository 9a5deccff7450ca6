//! Structure definitions and initialised objects, above all tables of operations.

use super::{FileId, Span, Symbol, TypeRef};

/// A structure or union definition, as far as types of members are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructDef {
    /// `struct vm_operations_struct`; for a typedef of an unnamed structure the typedef's name.
    pub name: Symbol,
    /// Its members; members of unnamed inner structures and unions are listed as its own.
    pub fields: Vec<Field>,
}

/// A member of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub ty: TypeRef,
}

/// An object of structure type with a designated initialiser, e.g. a table of operations.
#[derive(Clone, Debug)]
pub struct Table {
    /// The variable's name.
    pub name: Symbol,
    /// `struct vm_operations_struct`.
    pub struct_name: Symbol,
    /// The file it stands in.
    pub file: FileId,
    /// The whole definition.
    pub span: Span,
    /// Its designated members in source order.
    pub entries: Vec<TableEntry>,
}

impl Table {
    /// Puts the table `by` bytes further on in its file.
    pub fn move_by(&mut self, by: i32) {
        let entries = self.entries.iter_mut().map(|entry| &mut entry.span);
        [&mut self.span]
            .into_iter()
            .chain(entries)
            .for_each(|span| *span = span.moved(by));
    }
}

/// One `.member = value` of a [`Table`]. Members of nested initialisers carry the path:
/// `.base.fault`.
#[derive(Clone, Debug)]
pub struct TableEntry {
    /// The member's name; for a nested one the last name of its path.
    pub member: Symbol,
    /// The value.
    pub value: Initializer,
    /// The place of the value.
    pub span: Span,
}

/// What a table's member is initialised with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initializer {
    /// The name of a function, or of another object: `fault`, `&fault_ops`.
    Name(Symbol),
    /// `NULL` or `0`.
    Null,
    /// Anything else.
    Other,
}
