//! Rust types as the program model has them: the name at the base, and how many pointers.
//!
//! References, raw pointers and owning pointers count as pointers, as do slices, arrays and
//! iterators, as arrays do in C. `Option` and `Result` are seen through: `None` is a null pointer,
//! an error a negative number, as they are where Rust meets C.

use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, ReturnType, Type, TypeParamBound,
};

use crate::program::{Symbol, TypeRef};
use crate::tree::rust::struct_name;

/// What an optional number is called: unlike a pointer, it has no value to spare for `None`.
pub const OPTIONAL_NUMBER: &str = "Option of a number";

/// What the object of a method is cast to as long as its type is not known: if it is no pointer, its
/// address is meant.
pub const RECEIVER: &str = "self";

/// Types that hold one other and are looked through.
const TRANSPARENT: [&str; 16] = [
    "Option",
    "Result",
    "Opaque",
    "UnsafeCell",
    "Cell",
    "RefCell",
    "ManuallyDrop",
    "MaybeUninit",
    "Wrapping",
    "Volatile",
    "Mutex",
    "SpinLock",
    "Locked",
    "Reverse",
    "UniqueArc",
    "ScopeGuard",
];

/// Types that point to another, or hold several of it.
const POINTERS: [&str; 14] = [
    "Box",
    "KBox",
    "VBox",
    "KVBox",
    "Arc",
    "ArcBorrow",
    "ARef",
    "Rc",
    "NonNull",
    "Vec",
    "KVec",
    "VecDeque",
    "Devres",
    "AtomicPtr",
];

/// What names mean where a type stands.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// What `Self` is.
    pub owner: Option<Symbol>,
    /// Parameters in `<…>`, each with the first trait it is bound by.
    pub generics: &'a [(String, Option<TypeRef>)],
}

impl Scope<'_> {
    /// The type in the program model.
    pub fn lower(&self, ty: &Type) -> TypeRef {
        self.nested(ty, 0)
    }

    /// What a function returns; unknown for nothing.
    pub fn result(&self, output: &ReturnType) -> TypeRef {
        match output {
            ReturnType::Default => TypeRef::named("void", 0),
            ReturnType::Type(_, ty) => self.lower(ty),
        }
    }

    fn nested(&self, ty: &Type, depth: usize) -> TypeRef {
        if depth > MAX_DEPTH {
            return TypeRef::unknown();
        }
        let inner = |ty: &Type| self.nested(ty, depth + 1);
        match ty {
            Type::Reference(reference) => match &*reference.elem {
                // A slice is a pointer already.
                Type::Slice(slice) => pointer_to(inner(&slice.elem)),
                elem => pointer_to(inner(elem)),
            },
            Type::Ptr(pointer) => pointer_to(inner(&pointer.elem)),
            Type::Array(array) => pointer_to(inner(&array.elem)),
            Type::Slice(slice) => pointer_to(inner(&slice.elem)),
            Type::Paren(paren) => inner(&paren.elem),
            Type::Group(group) => inner(&group.elem),
            Type::Tuple(tuple) if tuple.elems.is_empty() => TypeRef::named("void", 0),
            Type::Never(_) => TypeRef::named("void", 0),
            Type::FnPtr(function) => {
                let mut ty = self.result(&function.output);
                ty.function = true;
                ty
            }
            Type::TraitObject(object) => self.bound(object.bounds.iter(), depth),
            Type::ImplTrait(object) => self.bound(object.bounds.iter(), depth),
            Type::Path(path) => match path.path.segments.last() {
                Some(segment) => self.named(segment, path.qself.is_some(), depth),
                None => TypeRef::unknown(),
            },
            _ => TypeRef::unknown(),
        }
    }

    fn named(&self, segment: &syn::PathSegment, is_qualified: bool, depth: usize) -> TypeRef {
        let name = segment.ident.to_string();
        let name = name.trim_start_matches("r#");
        let arguments = match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => {
                let mut types = arguments.args.iter();
                types.find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(self.nested(ty, depth + 1)),
                    _ => None,
                })
            }
            _ => None,
        };
        if TRANSPARENT.contains(&name) {
            let ty = match (name, arguments) {
                ("Result", None) => TypeRef::named("int", 0),
                (_, None) => TypeRef::unknown(),
                ("Result", Some(ty)) if ty.base == "void" && ty.pointers == 0 => {
                    TypeRef::named("int", 0)
                }
                ("Option", Some(ty)) if is_number(ty) => TypeRef::named(OPTIONAL_NUMBER, 0),
                (_, Some(ty)) => ty,
            };
            return ty;
        }
        if name == "Pin" {
            return arguments.unwrap_or_else(TypeRef::unknown);
        }
        if POINTERS.contains(&name) {
            return pointer_to(arguments.unwrap_or_else(TypeRef::unknown));
        }
        if name == "Self" {
            return match self.owner {
                Some(owner) => TypeRef::named(struct_name(owner.as_str()).as_str(), 0),
                None => TypeRef::unknown(),
            };
        }
        if let Some((_, bound)) = self.generics.iter().find(|(known, _)| known == name) {
            return bound.unwrap_or_else(TypeRef::unknown);
        }
        // An associated type can be anything.
        if is_qualified {
            return TypeRef::unknown();
        }
        match number(name) {
            Some(number) => TypeRef::named(number, 0),
            None => TypeRef::named(struct_name(name).as_str(), 0),
        }
    }

    /// `dyn Trait`, `impl Trait`: the trait is the type its methods are found in. An iterator is
    /// an array of its items, a closure a function.
    fn bound<'b>(&self, bounds: impl Iterator<Item = &'b TypeParamBound>, depth: usize) -> TypeRef {
        let mut paths = bounds.filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last(),
            _ => None,
        });
        let Some(segment) = paths.next() else {
            return TypeRef::unknown();
        };
        match &segment.arguments {
            PathArguments::Parenthesized(arguments) => {
                let mut ty = match &arguments.output {
                    ReturnType::Default => TypeRef::named("void", 0),
                    ReturnType::Type(_, ty) => self.nested(ty, depth + 1),
                };
                ty.function = true;
                ty
            }
            PathArguments::AngleBracketed(arguments) => {
                let item = arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
                    _ => None,
                });
                match item {
                    Some(item) => pointer_to(self.nested(item, depth + 1)),
                    None => self.named(segment, false, depth + 1),
                }
            }
            PathArguments::None => self.named(segment, false, depth + 1),
        }
    }
}

/// The parameters in `<…>`, with what they are bound by there or behind `where`.
pub fn generics(generics: &Generics, owner: Option<Symbol>) -> Vec<(String, Option<TypeRef>)> {
    let scope = Scope {
        owner,
        generics: &[],
    };
    let mut found: Vec<(String, Option<TypeRef>)> = Vec::new();
    for param in &generics.params {
        if let GenericParam::Type(param) = param {
            let bound = (!param.bounds.is_empty()).then(|| scope.bound(param.bounds.iter(), 0));
            found.push((param.ident.to_string(), bound));
        }
    }
    for predicate in generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates)
    {
        if let syn::WherePredicate::Type(predicate) = predicate
            && let Type::Path(path) = &predicate.bounded_ty
            && let Some(name) = path.path.get_ident()
            && let Some((_, bound)) = found.iter_mut().find(|(known, _)| name == known)
        {
            *bound = Some(scope.bound(predicate.bounds.iter(), 0));
        }
    }
    found
}

/// Types nested deeper than this are unknown.
const MAX_DEPTH: usize = 64;

fn pointer_to(mut ty: TypeRef) -> TypeRef {
    if !ty.is_unknown() && !ty.function {
        ty.pointers = ty.pointers.saturating_add(1);
    }
    ty
}

/// True for a number.
pub fn is_number(ty: TypeRef) -> bool {
    ty.pointers == 0 && !ty.function && NUMBERS.iter().any(|(_, c)| ty.base == *c)
}

/// True for the name of a type of numbers.
pub fn is_number_name(name: &str) -> bool {
    number(name).is_some()
}

fn number(name: &str) -> Option<&'static str> {
    let known = NUMBERS.iter().find(|(rust, _)| *rust == name);
    known.map(|(_, c)| *c)
}

const NUMBERS: [(&str, &str); 24] = [
    ("u8", "u8"),
    ("u16", "u16"),
    ("u32", "u32"),
    ("u64", "u64"),
    ("u128", "u128"),
    ("usize", "unsigned long"),
    ("i8", "s8"),
    ("i16", "s16"),
    ("i32", "int"),
    ("i64", "s64"),
    ("i128", "s128"),
    ("isize", "long"),
    ("bool", "bool"),
    ("char", "u32"),
    ("c_int", "int"),
    ("c_uint", "unsigned int"),
    ("c_long", "long"),
    ("c_ulong", "unsigned long"),
    ("c_longlong", "long long"),
    ("c_ulonglong", "unsigned long long"),
    ("c_char", "char"),
    ("c_uchar", "u8"),
    ("c_short", "short"),
    ("c_void", "void"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        let ty: Type = syn::parse_str(source).expect(source);
        let scope = Scope {
            owner: Some(Symbol::new("Page")),
            generics: &[("T".to_owned(), Some(TypeRef::named("struct Ops", 0)))],
        };
        let ty = scope.lower(&ty);
        let function = if ty.function { "()" } else { "" };
        format!("{}{}{function}", ty.base, "*".repeat(ty.pointers.into()))
    }

    #[test]
    fn references_are_pointers() {
        assert_eq!(text("&mut vm_area_struct"), "struct vm_area_struct*");
        assert_eq!(
            text("*mut bindings::vm_area_struct"),
            "struct vm_area_struct*"
        );
        assert_eq!(
            text("Option<&'static vm_operations_struct>"),
            "struct vm_operations_struct*"
        );
        assert_eq!(text("Pin<&mut Self>"), "struct Page*");
        assert_eq!(text("Arc<Mutex<Page>>"), "struct Page*");
    }

    #[test]
    fn typedefs_and_numbers_have_the_names_of_c() {
        assert_eq!(text("pgprot_t"), "pgprot_t");
        assert_eq!(text("usize"), "unsigned long");
        assert_eq!(text("core::ffi::c_int"), "int");
        assert_eq!(text("Result"), "int");
        assert_eq!(text("Result<()>"), "int");
    }

    #[test]
    fn lists_are_arrays() {
        assert_eq!(text("&[pte_t]"), "pte_t*");
        assert_eq!(text("[pte_t; 4]"), "pte_t*");
        assert_eq!(
            text("impl Iterator<Item = vm_area_struct>"),
            "struct vm_area_struct*"
        );
    }

    #[test]
    fn traits_are_the_type_of_their_methods() {
        assert_eq!(text("&dyn Ops"), "struct Ops*");
        assert_eq!(text("&T"), "struct Ops*");
        assert_eq!(text("impl FnOnce(u8) -> pte_t"), "pte_t()");
        assert_eq!(text("fn(&mut vm_fault) -> u32"), "u32()");
        assert_eq!(text("T::Item"), "struct Item");
    }

    #[test]
    fn optional_numbers_are_no_pointers() {
        assert_eq!(text("Option<u64>"), OPTIONAL_NUMBER);
    }
}
