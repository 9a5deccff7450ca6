//! Structures and enumerations.

use syn::{Fields, Item};

use crate::program::{Field, Span, StructDef, Symbol};
use crate::tree::rust::{Outline, struct_name};

use super::nesting::{MAX_NESTING, nesting};
use super::types::{Scope, generics};
use super::{text_of, with_stack};

/// Reads the structure at `span`. The members of a tuple structure are called `0`, `1` …
pub fn read(source: &[u8], outline: &Outline, span: Span) -> Option<StructDef> {
    parsed(source, outline, span, |item| {
        let (name, parameters, fields) = match item {
            Item::Struct(item) => (&item.ident, &item.generics, item.fields.clone()),
            Item::Union(item) => (
                &item.ident,
                &item.generics,
                Fields::Named(item.fields.clone()),
            ),
            _ => return None,
        };
        let parameters = generics(parameters, None);
        let name = name.to_string();
        let scope = Scope {
            owner: Some(Symbol::new(&name)),
            generics: &parameters,
        };
        let fields = fields.iter().enumerate().map(|(i, field)| Field {
            name: match &field.ident {
                Some(name) => Symbol::new(name.to_string().trim_start_matches("r#")),
                None => Symbol::new(&i.to_string()),
            },
            ty: scope.lower(&field.ty),
        });
        Some(StructDef {
            name: struct_name(&name),
            fields: fields.collect(),
        })
    })?
}

/// The variants that carry nothing, as `Type::Variant`, with their values.
pub fn enumerators(source: &[u8], outline: &Outline) -> Vec<(String, Option<i128>)> {
    let enums = outline.structs.iter().filter(|item| item.is_enum);
    let found = enums.filter_map(|item| {
        parsed(source, outline, item.span, |parsed| {
            let Item::Enum(parsed) = parsed else {
                return Vec::new();
            };
            // A number means something only if no variant carries a value: else there is none.
            let is_plain = parsed.variants.iter().all(|v| v.fields.is_empty());
            let mut next = is_plain.then_some(0);
            let mut variants = Vec::new();
            for variant in &parsed.variants {
                if let Some((_, value)) = &variant.discriminant {
                    next = number(value).filter(|_| is_plain);
                }
                variants.push((format!("{}::{}", parsed.ident, variant.ident), next));
                next = next.and_then(|value| value.checked_add(1));
            }
            variants
        })
    });
    found.flatten().collect()
}

fn number(value: &syn::Expr) -> Option<i128> {
    match value {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        syn::Expr::Unary(syn::ExprUnary {
            op: syn::UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|value| -value),
        _ => None,
    }
}

/// Parses the item at `span` and reads from it.
fn parsed<T: Send>(
    source: &[u8],
    outline: &Outline,
    span: Span,
    read: impl FnOnce(&Item) -> T + Send,
) -> Option<T> {
    let depth = nesting(&outline.tokens.list[outline.tokens_in(span)]);
    if depth > MAX_NESTING {
        return None;
    }
    with_stack(depth, || {
        let item = syn::parse_str::<Item>(&text_of(source, span));
        let found = item.as_ref().ok().map(read);
        drop(item);
        proc_macro2::extra::invalidate_current_thread_spans();
        found
    })?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::TypeRef;

    #[test]
    fn members_have_types() {
        let source =
            b"pub struct vm_fault<'a> { pub vma: &'a vm_area_struct, pub pte: Option<u64> }
            struct Wrapper(pte_t);";
        let outline = Outline::new(source);
        let def = |at: usize| read(source, &outline, outline.structs[at].span).expect("structure");
        let fault = def(0);
        assert_eq!(fault.name, "struct vm_fault");
        assert_eq!(
            fault.fields[0].ty,
            TypeRef::named("struct vm_area_struct", 1)
        );
        assert_eq!(def(1).fields[0].name, "0");
    }

    #[test]
    fn plain_variants_are_numbered() {
        let source = b"enum A { B = 3, C, D } enum E { F, G(u8) }";
        let found = enumerators(source, &Outline::new(source));
        let expected = [
            ("A::B", Some(3)),
            ("A::C", Some(4)),
            ("A::D", Some(5)),
            ("E::F", None),
            ("E::G", None),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(found, expected);
    }
}
