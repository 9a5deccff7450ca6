//! What a parsed function refers to, and an answer therefore depends on.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::program::{Body, ExprKind, FileId, Function, FunctionKind, StructDef, Symbol, TypeRef};
use crate::vocabulary::Vocabulary;

/// What parsed functions refer to.
#[derive(Default)]
pub struct Needs {
    /// Structures whose members are accessed.
    pub structs: BTreeSet<Symbol>,
    /// Members through which a call goes that carries a VMA, and members that lead to a VMA's
    /// operations, with the structure they are in.
    pub members: BTreeSet<(Symbol, Symbol)>,
    /// Names of other things.
    pub names: BTreeSet<Symbol>,
    /// What is called by name with a VMA.
    pub called_with_vma: BTreeSet<Symbol>,
}

impl Needs {
    /// Takes in what something else needs.
    pub fn add(&mut self, other: Needs) {
        self.structs.extend(other.structs);
        self.members.extend(other.members);
        self.names.extend(other.names);
        self.called_with_vma.extend(other.called_with_vma);
    }
}

/// One thing a function refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// The definition of a structure.
    Struct(Symbol),
    /// What is stored to a member.
    Member(Symbol),
    /// The value of a flag.
    Flag(Symbol),
    /// A function-like macro.
    Macro(Symbol),
}

/// How many functions refer to what.
pub type Counts = FxHashMap<Need, u32>;

/// What functions need of which it matters whether anybody needs it.
pub fn each_need<'n>(
    needs: &'n Needs,
    vocabulary: &'n Vocabulary,
) -> impl Iterator<Item = Need> + 'n {
    let flags = needs.names.iter();
    let flags = flags.filter(|name| is_flag(vocabulary, name.as_str()));
    let members: BTreeSet<Symbol> = needs.members.iter().map(|(_, member)| *member).collect();
    let structs = needs.structs.iter().map(|name| Need::Struct(*name));
    structs
        .chain(members.into_iter().map(Need::Member))
        .chain(flags.map(|name| Need::Flag(*name)))
        .chain(needs.called_with_vma.iter().map(|name| Need::Macro(*name)))
}

/// True for the name of a flag of a VMA, or of another family.
pub fn is_flag(vocabulary: &Vocabulary, name: &str) -> bool {
    let families = &vocabulary.flag_family;
    name.starts_with("VM_")
        || families
            .iter()
            .any(|family| name.starts_with(&family.prefix))
}

/// The types of members, by the structure and the member.
pub type Fields = FxHashMap<(Symbol, Symbol), TypeRef>;

/// Takes in the members of more structures: of definitions with the same name the first counts.
pub fn add_fields(fields: &mut Fields, structs: &[(FileId, StructDef)]) {
    for (_, def) in structs {
        for field in &def.fields {
            fields.entry((def.name, field.name)).or_insert(field.ty);
        }
    }
}

/// What is known of the tree.
pub struct Context<'a> {
    /// The types of members.
    pub fields: &'a Fields,
    /// The vocabulary.
    pub vocabulary: &'a Vocabulary,
}

impl Context<'_> {
    /// What a function refers to.
    pub fn needs_of(&self, function: &Function) -> Needs {
        let mut needs = Needs::default();
        for body in &function.bodies {
            let types = self.types(function, body);
            for (i, expr) in body.exprs.iter().enumerate() {
                match &expr.kind {
                    ExprKind::Global(name) => {
                        needs.names.insert(*name);
                    }
                    ExprKind::Member { base, field, .. } => {
                        let base = types[base.0 as usize].base;
                        if is_aggregate(base) {
                            needs.structs.insert(base);
                        }
                        if types[i].base == "struct vm_operations_struct" {
                            needs.members.insert((base, *field));
                        }
                    }
                    ExprKind::Call { callee, args } => {
                        let carries_vma = args.iter().any(|arg| {
                            let ty = types[arg.0 as usize];
                            ty.pointers == 1 && self.leads_to_vma(ty.base)
                        });
                        if !carries_vma {
                            continue;
                        }
                        match body.expr(*callee).kind {
                            ExprKind::Global(name) => {
                                needs.called_with_vma.insert(name);
                            }
                            ExprKind::Member { base, field, .. } => {
                                let base = types[base.0 as usize].base;
                                needs.members.insert((base, field));
                            }
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
        }
        // A macro has no types: what it accesses may be anything the tree calls so.
        if function.kind == FunctionKind::Macro {
            needs.called_with_vma.clear();
        }
        needs
    }

    fn leads_to_vma(&self, base: Symbol) -> bool {
        base == "struct vm_fault"
            || self
                .vocabulary
                .vma
                .iter()
                .any(|vma| base == vma.name.as_str())
    }

    /// The types of a body's expressions; operands precede what uses them.
    fn types(&self, function: &Function, body: &Body) -> Vec<TypeRef> {
        let mut types: Vec<TypeRef> = Vec::with_capacity(body.exprs.len());
        for expr in &body.exprs {
            let of = |id: crate::program::ExprId| {
                types
                    .get(id.0 as usize)
                    .copied()
                    .unwrap_or_else(TypeRef::unknown)
            };
            let ty = match &expr.kind {
                ExprKind::Local(local) => function
                    .locals
                    .get(local.0 as usize)
                    .map_or_else(TypeRef::unknown, |local| local.ty),
                ExprKind::Member { base, field, .. } => self
                    .fields
                    .get(&(of(*base).base, *field))
                    .copied()
                    .unwrap_or_else(TypeRef::unknown),
                ExprKind::Index { base, .. } | ExprKind::Deref(base) => {
                    let mut ty = of(*base);
                    ty.pointers = ty.pointers.saturating_sub(1);
                    ty
                }
                ExprKind::AddrOf(base) => {
                    let mut ty = of(*base);
                    ty.pointers = ty.pointers.saturating_add(1);
                    ty
                }
                ExprKind::Cast(ty, _) => *ty,
                _ => TypeRef::unknown(),
            };
            types.push(ty);
        }
        types
    }
}

fn is_aggregate(name: Symbol) -> bool {
    !name.as_str().is_empty() && !matches!(name.as_str(), "void" | "int" | "char" | "unsigned long")
}
