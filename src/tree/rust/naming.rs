//! What things of Rust are called in the program model, so that the index and the front end agree
//! with each other and with C.

use crate::program::Symbol;

/// The name of what a path leads to. A module in front says where a name is from and is dropped,
/// as C has none: `bindings::vm_insert_page` is `vm_insert_page`. A type in front is part of the
/// name: `Page::new`.
pub fn path_name(before: Option<&str>, last: &str) -> Symbol {
    match before.filter(|before| is_type(before)) {
        Some(before) => Symbol::new(&format!("{before}::{last}")),
        // A variant of an enumeration that is called like a C type.
        None if starts_capital(last) && !is_capitals(last) => match before {
            Some(before) if !is_module(before) => Symbol::new(&format!("{before}::{last}")),
            _ => Symbol::new(last),
        },
        None => Symbol::new(last),
    }
}

/// The name of a structure as C has it: a type whose name ends in `_t` is a typedef there, all
/// others are structures.
pub fn struct_name(name: &str) -> Symbol {
    match name.ends_with("_t") {
        true => Symbol::new(name),
        false => Symbol::new(&format!("struct {name}")),
    }
}

/// True for a name in capitals, as constants have.
pub fn is_capitals(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn starts_capital(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// True for what is a type by its looks: modules have no capitals.
fn is_type(name: &str) -> bool {
    starts_capital(name) || name.ends_with("_t")
}

fn is_module(name: &str) -> bool {
    matches!(
        name,
        "self" | "super" | "crate" | "bindings" | "kernel" | "core" | "std" | "alloc"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_dropped_and_types_kept() {
        let name = |before, last| path_name(Some(before), last).as_str();
        assert_eq!(name("bindings", "vm_insert_page"), "vm_insert_page");
        assert_eq!(name("flags", "VM_IO"), "VM_IO");
        assert_eq!(name("Page", "new"), "Page::new");
        assert_eq!(name("pte_t", "new"), "pte_t::new");
        assert_eq!(name("mapped_by", "Pte"), "mapped_by::Pte");
        assert_eq!(name("kernel", "Page"), "Page");
        assert_eq!(path_name(None, "find_vma"), "find_vma");
    }

    #[test]
    fn structures_are_called_as_in_c() {
        assert_eq!(struct_name("vm_area_struct"), "struct vm_area_struct");
        assert_eq!(struct_name("pgprot_t"), "pgprot_t");
    }
}
