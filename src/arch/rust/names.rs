//! What names mean: types, constants and functions.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Fields, FnArg, Item, Pat, ReturnType, Type};

/// A type of values that are words of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// `bool`
    Bool,
    /// An integer, by its width in bits and its sign.
    Int(u8, bool),
    /// A structure around one integer, or an enumeration without data.
    Named(String),
}

/// The items of an architecture's files.
#[derive(Default)]
pub struct Names {
    /// Structures around one word: the word.
    pub newtypes: BTreeMap<String, Ty>,
    /// Enumerations without data.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Constants.
    pub constants: BTreeMap<String, Ty>,
    /// Functions: parameters and result.
    pub functions: BTreeMap<String, Signature>,
    aliases: BTreeMap<String, Ty>,
    declared: BTreeSet<String>,
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Names and types.
    pub parameters: Vec<(String, Ty)>,
    /// The result.
    pub result: Ty,
}

impl Names {
    /// Adds a file's items; returns those that no file before has. Types come first, for others
    /// speak of them.
    pub fn declare(&mut self, items: Vec<Item>) -> Vec<Item> {
        let is_new = |names: &Names, item: &Item| match name_of(item) {
            Some(name) => !names.declared.contains(&name),
            None => false,
        };
        let own: Vec<Item> = items
            .into_iter()
            .filter(|item| is_new(self, item))
            .collect();
        self.declared.extend(own.iter().filter_map(name_of));
        // An alias can speak of one further down.
        for _ in 0..4 {
            own.iter().for_each(|item| self.declare_type(item));
        }
        own
    }

    fn declare_type(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => {
                let Fields::Unnamed(fields) = &item.fields else {
                    return;
                };
                let mut fields = fields.unnamed.iter();
                if let (Some(field), None) = (fields.next(), fields.next())
                    && let Some(inner @ (Ty::Int(..) | Ty::Bool)) = self.ty(&field.ty)
                {
                    self.newtypes.insert(item.ident.to_string(), inner);
                }
            }
            Item::Enum(item) => {
                let is_plain = |fields: &Fields| matches!(fields, Fields::Unit);
                let variants = item.variants.iter();
                if variants.clone().all(|variant| is_plain(&variant.fields)) {
                    let names = variants.map(|variant| variant.ident.to_string()).collect();
                    self.enums.insert(item.ident.to_string(), names);
                }
            }
            Item::Type(item) => {
                if let Some(ty) = self.ty(&item.ty) {
                    self.aliases.insert(item.ident.to_string(), ty);
                }
            }
            _ => {}
        }
    }

    /// Adds what speaks of types; all files are known by now.
    pub fn declare_values(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Const(item) => {
                    if let Some(ty) = self.ty(&item.ty) {
                        self.constants.insert(item.ident.to_string(), ty);
                    }
                }
                Item::Fn(item) => {
                    if let Some(signature) = self.signature(&item.sig) {
                        self.functions.insert(item.sig.ident.to_string(), signature);
                    }
                }
                _ => {}
            }
        }
    }

    fn signature(&self, signature: &syn::Signature) -> Option<Signature> {
        let parameter = |argument: &FnArg| match argument {
            FnArg::Typed(argument) => {
                let name = match &*argument.pat {
                    Pat::Ident(pat) if pat.by_ref.is_none() => pat.ident.to_string(),
                    Pat::Wild(_) => "_".to_owned(),
                    _ => return None,
                };
                Some((name, self.ty(&argument.ty)?))
            }
            FnArg::Receiver(_) => None,
        };
        let ReturnType::Type(_, result) = &signature.output else {
            return None;
        };
        Some(Signature {
            parameters: signature
                .inputs
                .iter()
                .map(parameter)
                .collect::<Option<_>>()?,
            result: self.ty(result)?,
        })
    }

    /// The type, if its values are words.
    pub fn ty(&self, ty: &Type) -> Option<Ty> {
        let Type::Path(path) = ty else {
            return None;
        };
        let name = path.path.segments.last()?.ident.to_string();
        Some(match name.as_str() {
            "bool" => Ty::Bool,
            "usize" => Ty::Int(64, false),
            "isize" => Ty::Int(64, true),
            "u8" | "u16" | "u32" | "u64" => Ty::Int(name[1..].parse().ok()?, false),
            "i8" | "i16" | "i32" | "i64" => Ty::Int(name[1..].parse().ok()?, true),
            _ => match self.aliases.get(&name) {
                Some(ty) => ty.clone(),
                None if self.newtypes.contains_key(&name) || self.enums.contains_key(&name) => {
                    Ty::Named(name)
                }
                None => return None,
            },
        })
    }
}

impl Ty {
    /// Whether C keeps the type where it computes with it, rather than take `int`.
    pub fn is_kept(&self) -> bool {
        matches!(self, Ty::Int(32.., _))
    }

    /// What C calls it.
    pub fn in_c(&self) -> String {
        match self {
            Ty::Bool => "_Bool".to_owned(),
            Ty::Int(width, signed) => format!("{}{width}", if *signed { 's' } else { 'u' }),
            Ty::Named(name) => name.clone(),
        }
    }
}

/// The name an item defines.
fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}
