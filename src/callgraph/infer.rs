//! What Rust leaves to its compiler: the types of variables, and which method a call means.
//!
//! A front end sees one function; the types of members and results stand elsewhere. So this is
//! done once the functions, structures and tables of a tree are there. C says the type of every
//! variable, and nothing of it is touched.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::program::{
    Body, ExprId, ExprKind, Function, Initializer, Instr, LocalId, StructDef, Symbol, Table,
    TypeRef,
};
use crate::syntax::rust::{OPTIONAL_NUMBER, RECEIVER, is_number};
use crate::tree::Language;
use crate::tree::rust::struct_name;
use crate::vocabulary::{EntryWord, Lookup, RustType};

use super::Parts;

/// Types settle in so many rounds, or stay unknown: each round follows one assignment more.
const N_ROUNDS: usize = 6;

/// Gives types of the kernel the names they have in C. To be done before anything is looked up.
pub fn rename_types(names: &[RustType], parts: &mut Parts) {
    let names: FxHashMap<Symbol, (Symbol, u8)> = names
        .iter()
        .map(|name| {
            let to = (Symbol::new(&name.is), name.pointers.min(8) as u8);
            (struct_name(&name.name), to)
        })
        .collect();
    let rename = |ty: &mut TypeRef| {
        if let Some(&(base, pointers)) = names.get(&ty.base) {
            ty.base = base;
            ty.pointers = ty.pointers.saturating_add(pointers);
        }
    };
    let files = &parts.files;
    let is_rust =
        |file: crate::program::FileId| files[file.0 as usize].language() == Language::Rust;
    for function in parts
        .functions
        .iter_mut()
        .filter(|function| is_rust(function.file))
    {
        rename(&mut function.result);
        for local in &mut function.locals {
            rename(&mut local.ty);
        }
    }
    for (_, def) in parts.structs.iter_mut().filter(|(file, _)| is_rust(*file)) {
        for field in &mut def.fields {
            rename(&mut field.ty);
        }
    }
    for table in parts.tables.iter_mut().filter(|table| is_rust(table.file)) {
        if let Some(&(base, _)) = names.get(&table.struct_name) {
            table.struct_name = base;
        }
    }
}

/// Takes what is only there to be wrong out of the Rust functions among `parts`: the functions
/// `names` say whether it is wanted, and it is not.
pub fn drop_injections(names: &[EntryWord], parts: &mut Parts) {
    let names: FxHashSet<Symbol> = names.iter().map(|word| Symbol::new(&word.name)).collect();
    let files = &parts.files;
    let is_rust =
        |function: &&mut Function| files[function.file.0 as usize].language() == Language::Rust;
    let rust = parts.functions.iter_mut().filter(is_rust);
    for body in rust.flat_map(|function| &mut function.bodies) {
        for i in 0..body.exprs.len() {
            if let ExprKind::Call { callee, .. } = &body.exprs[i].kind
                && matches!(&body.expr(*callee).kind, ExprKind::Global(name) if names.contains(name))
            {
                body.exprs[i].kind = ExprKind::Int(Some(0));
            }
        }
    }
}

/// Finds out types and methods in the Rust functions among `parts`; `lookups` find a VMA.
pub fn infer(lookups: &[Lookup], parts: &mut Parts) {
    let files = &parts.files;
    let is_rust =
        |function: &Function| files[function.file.0 as usize].language() == Language::Rust;
    if !parts.functions.iter().any(is_rust) {
        return;
    }
    let known = Known::new(&parts.functions, &parts.structs, &parts.tables, lookups);
    let mut functions = std::mem::take(&mut parts.functions);
    for function in functions.iter_mut().filter(|function| is_rust(function)) {
        known.infer(function);
    }
    parts.functions = functions;
}

/// What types depend on outside of a function.
struct Known {
    results: FxHashMap<Symbol, TypeRef>,
    /// The parameters of functions of which there is one of the name.
    params: FxHashMap<Symbol, Option<Vec<TypeRef>>>,
    fields: FxHashMap<(Symbol, Symbol), TypeRef>,
    /// The one function that is the method of a type.
    methods: FxHashMap<(Symbol, Symbol), Option<Symbol>>,
}

impl Known {
    fn new(
        functions: &[Function],
        structs: &[(crate::program::FileId, StructDef)],
        tables: &[Table],
        lookups: &[Lookup],
    ) -> Known {
        // What finds a VMA gives one, whether or not the tree shows it.
        let vma = TypeRef::named("struct vm_area_struct", 1);
        let lookups = lookups
            .iter()
            .map(|lookup| (Symbol::new(&lookup.name), vma));
        let found: FxHashMap<Symbol, TypeRef> = lookups.collect();
        let mut results: FxHashMap<Symbol, TypeRef> = FxHashMap::default();
        let mut params: FxHashMap<Symbol, Option<Vec<TypeRef>>> = FxHashMap::default();
        for function in functions {
            let types = function.params().iter().map(|param| param.ty).collect();
            params
                .entry(function.name)
                .and_modify(|known| *known = None)
                .or_insert(Some(types));
            let unclear = TypeRef::unknown();
            results
                .entry(function.name)
                .and_modify(|known| {
                    if *known != function.result {
                        *known = unclear;
                    }
                })
                .or_insert(function.result);
        }
        for (name, ty) in found {
            results.entry(name).or_insert(ty);
        }
        let mut fields = FxHashMap::default();
        for (_, def) in structs {
            for field in &def.fields {
                fields.entry((def.name, field.name)).or_insert(field.ty);
            }
        }
        let mut methods: FxHashMap<(Symbol, Symbol), Option<Symbol>> = FxHashMap::default();
        for table in tables {
            for entry in &table.entries {
                let Initializer::Name(name) = entry.value else {
                    continue;
                };
                // The methods of a type, not the functions of a table.
                if !name.as_str().contains("::") {
                    continue;
                }
                methods
                    .entry((table.struct_name, entry.member))
                    .and_modify(|known| *known = known.filter(|known| *known == name))
                    .or_insert(Some(name));
            }
        }
        Known {
            results,
            params,
            fields,
            methods,
        }
    }

    fn infer(&self, function: &mut Function) {
        for index in 0..function.bodies.len() {
            let mut body = std::mem::take(&mut function.bodies[index]);
            for _ in 0..N_ROUNDS {
                let types = self.types(function, &mut body);
                if !self.spread(function, &body, &types) {
                    break;
                }
            }
            let types = self.types(function, &mut body);
            unknown_numbers(function, &mut body, &types);
            function.bodies[index] = body;
        }
    }

    /// The types of all expressions; methods whose type is known become calls by name.
    fn types(&self, function: &Function, body: &mut Body) -> Vec<TypeRef> {
        let mut types: Vec<TypeRef> = Vec::with_capacity(body.exprs.len());
        let mut direct: Vec<(ExprId, Symbol)> = Vec::new();
        for expr in &body.exprs {
            let of = |id: &ExprId| types[id.0 as usize];
            let ty = match &expr.kind {
                ExprKind::Local(local) => function.locals[local.0 as usize].ty,
                ExprKind::Member { base, field, .. } => {
                    let known = self.fields.get(&(of(base).base, *field)).copied();
                    known.unwrap_or_else(TypeRef::unknown)
                }
                ExprKind::Index { base, .. } | ExprKind::Deref(base) => {
                    let mut ty = of(base);
                    ty.pointers = ty.pointers.saturating_sub(1);
                    ty
                }
                ExprKind::AddrOf(base) => {
                    let mut ty = of(base);
                    if !ty.is_unknown() && !ty.function {
                        ty.pointers = ty.pointers.saturating_add(1);
                    }
                    ty
                }
                ExprKind::Cast(ty, inner) if ty.base == RECEIVER => {
                    let mut ty = of(inner);
                    if !ty.is_unknown() {
                        ty.pointers = ty.pointers.max(1);
                    }
                    ty
                }
                // `Some(value)`
                ExprKind::Cast(ty, inner) if ty.is_unknown() => of(inner),
                ExprKind::Cast(ty, _) | ExprKind::Init { ty: Some(ty), .. } => *ty,
                ExprKind::Call { callee, .. } => match &body.expr(*callee).kind {
                    ExprKind::Global(name) => self.result(*name),
                    ExprKind::Member { base, field, .. } => {
                        let method = self.methods.get(&(of(base).base, *field));
                        match method.copied().flatten() {
                            Some(name) => {
                                direct.push((*callee, name));
                                self.result(name)
                            }
                            None => TypeRef::unknown(),
                        }
                    }
                    _ => TypeRef::unknown(),
                },
                _ => TypeRef::unknown(),
            };
            types.push(ty);
        }
        for (callee, name) in direct {
            body.exprs[callee.0 as usize].kind = ExprKind::Global(name);
        }
        types
    }

    fn result(&self, name: Symbol) -> TypeRef {
        self.results
            .get(&name)
            .copied()
            .unwrap_or_else(TypeRef::unknown)
    }

    /// Gives variables the type of what is assigned to them; true if there was one to give.
    fn spread(&self, function: &mut Function, body: &Body, types: &[TypeRef]) -> bool {
        let mut is_new = false;
        let mut unclear: FxHashSet<LocalId> = FxHashSet::default();
        let mut found: FxHashMap<LocalId, TypeRef> = FxHashMap::default();
        for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
            let Instr::Assign { target, value, .. } = instr else {
                continue;
            };
            let ExprKind::Local(local) = body.expr(*target).kind else {
                continue;
            };
            let ty = types[value.0 as usize];
            if ty.is_unknown() || !function.locals[local.0 as usize].ty.is_unknown() {
                continue;
            }
            if *found.entry(local).or_insert(ty) != ty {
                unclear.insert(local);
            }
        }
        // A variable that is handed over is what the function takes.
        for expr in &body.exprs {
            let ExprKind::Call { callee, args } = &expr.kind else {
                continue;
            };
            let ExprKind::Global(name) = body.expr(*callee).kind else {
                continue;
            };
            let Some(Some(params)) = self.params.get(&name) else {
                continue;
            };
            for (arg, ty) in args.iter().zip(params) {
                if let ExprKind::Local(local) = body.expr(*arg).kind
                    && function.locals[local.0 as usize].ty.is_unknown()
                    && !ty.is_unknown()
                {
                    found.entry(local).or_insert(*ty);
                }
            }
        }
        for (local, ty) in found {
            if !unclear.contains(&local) {
                function.locals[local.0 as usize].ty = ty;
                is_new = true;
            }
        }
        is_new
    }
}

/// A number that may be missing has no value that says so: nothing is known of it.
fn unknown_numbers(function: &Function, body: &mut Body, types: &[TypeRef]) {
    let mut targets: FxHashSet<ExprId> = FxHashSet::default();
    for instr in body.blocks.iter().flat_map(|block| &block.instrs) {
        if let Instr::Assign { target, .. } = instr {
            targets.insert(*target);
        }
    }
    let mut number = TypeRef::unknown();
    number.base = Symbol::new(OPTIONAL_NUMBER);
    for i in 0..body.exprs.len() {
        let id = ExprId(i as u32);
        let is_unknown = match &body.exprs[i].kind {
            ExprKind::Local(local) => {
                function.locals[local.0 as usize].ty == number && !targets.contains(&id)
            }
            ExprKind::Member { .. } => types[i] == number && !targets.contains(&id),
            ExprKind::Cast(ty, inner) if ty.base == RECEIVER => {
                let inner = *inner;
                let ty = types[inner.0 as usize];
                if !ty.is_unknown() {
                    body.exprs[i].kind = match ty.pointers > 0 || is_number(ty) {
                        true => ExprKind::Cast(ty, inner),
                        false => ExprKind::AddrOf(inner),
                    };
                }
                false
            }
            ExprKind::Cast(ty, inner) if ty.is_unknown() => {
                let inner_ty = types[inner.0 as usize];
                if is_number(inner_ty) {
                    // Evaluated for what it does, and not for its value.
                    body.exprs[i].kind = ExprKind::Init {
                        ty: None,
                        fields: vec![crate::program::FieldInit {
                            field: None,
                            value: *inner,
                        }],
                    };
                } else if !inner_ty.is_unknown() {
                    body.exprs[i].kind = ExprKind::Cast(inner_ty, *inner);
                }
                false
            }
            _ => false,
        };
        if is_unknown {
            body.exprs[i].kind = ExprKind::Unknown;
        }
    }
}
