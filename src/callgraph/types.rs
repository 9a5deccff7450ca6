//! Types of expressions, as far as declarations and structure definitions tell.

use crate::program::{Body, ExprId, ExprKind, FileId, Function, StructDef, Symbol, TypeRef};

use super::{FileFacts, Program};

/// What the types of expressions depend on outside of the function they are in.
pub(super) trait Definitions {
    /// The type of a member of a structure, as seen from `file`.
    fn field_type(&self, struct_name: Symbol, field: Symbol, file: FileId) -> TypeRef;
    /// The type of the result of what is called `name` in `file`.
    fn result_type(&self, name: Symbol, file: FileId) -> TypeRef;
}

impl Program {
    /// The static type of an expression; [`TypeRef::unknown`] where a declaration was not parsed.
    pub fn type_of(&self, function: &Function, body: &Body, expr: ExprId) -> TypeRef {
        type_of(self, function, body, expr)
    }

    /// The type of a member of a structure, as seen from `file`.
    pub fn field_type(&self, struct_name: Symbol, field: Symbol, file: FileId) -> TypeRef {
        let structs = self.structs_named(struct_name);
        nearest_field(self.files(), file, structs, field)
    }
}

impl Definitions for Program {
    fn field_type(&self, struct_name: Symbol, field: Symbol, file: FileId) -> TypeRef {
        Program::field_type(self, struct_name, field, file)
    }

    fn result_type(&self, name: Symbol, file: FileId) -> TypeRef {
        self.resolve(name, file)
            .first()
            .map_or_else(TypeRef::unknown, |&id| self.function(id).result)
    }
}

/// Expressions nested deeper than this have no type: no path of members in real code comes close,
/// and asking for the type of every part of a hostile one would take quadratic time.
const MAX_DEPTH: u8 = 64;

/// The static type of an expression; [`TypeRef::unknown`] where a declaration is not known.
pub(super) fn type_of(
    definitions: &dyn Definitions,
    function: &Function,
    body: &Body,
    expr: ExprId,
) -> TypeRef {
    type_at(definitions, function, body, expr, 0)
}

fn type_at(
    definitions: &dyn Definitions,
    function: &Function,
    body: &Body,
    expr: ExprId,
    depth: u8,
) -> TypeRef {
    if depth == MAX_DEPTH {
        return TypeRef::unknown();
    }
    let inner = |expr| type_at(definitions, function, body, expr, depth + 1);
    match &body.expr(expr).kind {
        ExprKind::Local(local) => function
            .locals
            .get(local.0 as usize)
            .map_or_else(TypeRef::unknown, |local| local.ty),
        ExprKind::Member { base, field, .. } => {
            definitions.field_type(inner(*base).base, *field, function.file)
        }
        ExprKind::Index { base, .. } | ExprKind::Deref(base) => {
            let mut ty = inner(*base);
            ty.pointers = ty.pointers.saturating_sub(1);
            ty
        }
        ExprKind::AddrOf(place) => {
            let mut ty = inner(*place);
            if !ty.is_unknown() {
                ty.pointers = ty.pointers.saturating_add(1);
            }
            ty
        }
        ExprKind::Cast(ty, _) => *ty,
        ExprKind::Init { ty: Some(ty), .. } => *ty,
        ExprKind::Call { callee, args } => {
            let ExprKind::Global(name) = body.expr(*callee).kind else {
                return TypeRef::unknown();
            };
            // `container_of(p, struct s, member)` and its kin name the type they return.
            let named = args.iter().find_map(|arg| match &body.expr(*arg).kind {
                ExprKind::Type(ty) if args.len() == 3 => Some(*ty),
                _ => None,
            });
            if let Some(mut ty) = named {
                ty.pointers = ty.pointers.saturating_add(1);
                return ty;
            }
            definitions.result_type(name, function.file)
        }
        _ => TypeRef::unknown(),
    }
}

/// The type of a member in the definition of its structure that is nearest to `from`.
pub(super) fn nearest_field<'d>(
    files: &[FileFacts],
    from: FileId,
    structs: impl Iterator<Item = (FileId, &'d StructDef)>,
    field: Symbol,
) -> TypeRef {
    structs
        .filter_map(|(file, def)| {
            let ty = def.fields.iter().find(|f| f.name == field)?.ty;
            Some((distance(files, from, file), ty))
        })
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(TypeRef::unknown, |(_, ty)| ty)
}

/// How far the definition of a structure is from where it is used: in the same file, in the same
/// directory, elsewhere.
pub(super) fn distance(files: &[FileFacts], from: FileId, to: FileId) -> u8 {
    let directory = |file: FileId| {
        let path = &files[file.0 as usize].path;
        &path[..path.rfind('/').unwrap_or(0)]
    };
    if from == to {
        0
    } else if directory(from) == directory(to) {
        1
    } else {
        2
    }
}
