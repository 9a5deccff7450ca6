//! Types of expressions, as far as declarations and structure definitions tell.

use crate::program::{Body, ExprId, ExprKind, FileId, Function, Symbol, TypeRef};

use super::Program;

impl Program {
    /// The static type of an expression; [`TypeRef::unknown`] where a declaration was not parsed.
    pub fn type_of(&self, function: &Function, body: &Body, expr: ExprId) -> TypeRef {
        // A path of members is as deep as the source nests it; the front end bounds that.
        match &body.expr(expr).kind {
            ExprKind::Local(local) => function
                .locals
                .get(local.0 as usize)
                .map_or_else(TypeRef::unknown, |local| local.ty),
            ExprKind::Member { base, field, .. } => {
                let base = self.type_of(function, body, *base);
                self.field_type(base.base, *field, function.file)
            }
            ExprKind::Index { base, .. } | ExprKind::Deref(base) => {
                let mut ty = self.type_of(function, body, *base);
                ty.pointers = ty.pointers.saturating_sub(1);
                ty
            }
            ExprKind::AddrOf(place) => {
                let mut ty = self.type_of(function, body, *place);
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
                self.resolve(name, function.file)
                    .first()
                    .map_or_else(TypeRef::unknown, |&id| self.function(id).result)
            }
            _ => TypeRef::unknown(),
        }
    }

    /// The type of a member of a structure, as seen from `file`.
    pub fn field_type(&self, struct_name: Symbol, field: Symbol, file: FileId) -> TypeRef {
        let directory = |path: &str| path.rfind('/').map_or(0, |at| at);
        let here = &self.file(file).path;
        self.structs_named(struct_name)
            .filter_map(|(its_file, def)| {
                let ty = def.fields.iter().find(|f| f.name == field)?.ty;
                let there = &self.file(its_file).path;
                let distance = if its_file == file {
                    0
                } else if here[..directory(here)] == there[..directory(there)] {
                    1
                } else {
                    2
                };
                Some((distance, ty))
            })
            .min_by_key(|(distance, _)| *distance)
            .map_or_else(TypeRef::unknown, |(_, ty)| ty)
    }
}
