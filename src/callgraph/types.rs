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
    /// The static types of all expressions of a body, by their position in it;
    /// [`TypeRef::unknown`] where a declaration was not parsed.
    pub fn types(&self, function: &Function, body: &Body) -> Vec<TypeRef> {
        // Operands precede what uses them, so every type is found in one step.
        let mut types: Vec<TypeRef> = Vec::with_capacity(body.exprs.len());
        for i in 0..body.exprs.len() {
            let known = |expr: ExprId| {
                types
                    .get(expr.0 as usize)
                    .copied()
                    .unwrap_or_else(TypeRef::unknown)
            };
            types.push(type_from(self, function, body, ExprId(i as u32), &known));
        }
        types
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

/// The static type of an expression; [`TypeRef::unknown`] where a declaration is not known.
pub(super) fn type_of(
    definitions: &dyn Definitions,
    function: &Function,
    body: &Body,
    expr: ExprId,
) -> TypeRef {
    // A path of members is as deep as the source nests it; the front end bounds that.
    let inner = |expr| type_of(definitions, function, body, expr);
    type_from(definitions, function, body, expr, &inner)
}

/// The static type of an expression, from the types of its operands.
fn type_from(
    definitions: &dyn Definitions,
    function: &Function,
    body: &Body,
    expr: ExprId,
    inner: &dyn Fn(ExprId) -> TypeRef,
) -> TypeRef {
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
