//! Which protection is handed on.

use syn::Expr;

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, callee, range};

pub const REREAD: Operator = Operator {
    name: "re-read",
    about: "read vm_page_prot again instead of using the protection that was handed in",
    find: Find::Function(reread),
};

pub const RECOMPUTE: Operator = Operator {
    name: "recompute",
    about: "compute the protection from the flags instead of reading vm_page_prot",
    find: Find::Function(recompute),
};

pub const CONSTANT: Operator = Operator {
    name: "constant",
    about: "use a fixed protection instead of vm_page_prot",
    find: Find::Function(constant),
};

pub const DROP_ATTRIBUTE: Operator = Operator {
    name: "drop-attribute",
    about: "leave the protection as it was before its attributes are changed",
    find: Find::Function(drop_attribute),
};

/// Arguments that are a variable with a protection.
fn reread(function: &Function<'_>) -> Vec<Change> {
    let Some(vma) = function.vma() else {
        return Vec::new();
    };
    let arguments = function.calls().flat_map(|(_, call)| &call.args);
    arguments
        .filter(|argument| matches!(argument, Expr::Path(_)))
        .filter(|argument| {
            function
                .type_of(argument)
                .is_some_and(|ty| ty == "pgprot_t")
        })
        .map(|argument| {
            let name = function.text(argument);
            let what = format!("read {vma}.vm_page_prot again instead of using `{name}`");
            Change::new(what, range(argument), format!("{vma}.vm_page_prot"))
        })
        .collect()
}

fn recompute(function: &Function<'_>) -> Vec<Change> {
    of_vma(function, |vma| format!("vm_get_page_prot({vma}.vm_flags)"))
}

fn constant(function: &Function<'_>) -> Vec<Change> {
    of_vma(function, |_| {
        "vm_get_page_prot(VM_READ | VM_WRITE | VM_SHARED)".to_owned()
    })
}

/// Puts something in the place of `vma.vm_page_prot` where that is handed to a function.
fn of_vma(function: &Function<'_>, make: impl Fn(&str) -> String) -> Vec<Change> {
    let arguments = function.calls().flat_map(|(_, call)| &call.args);
    arguments
        .filter_map(|argument| match argument {
            Expr::Field(field) => Some((argument, field)),
            _ => None,
        })
        .filter(|(argument, _)| {
            function
                .type_of(argument)
                .is_some_and(|ty| ty == "pgprot_t")
        })
        .map(|(argument, field)| {
            let text = make(function.text(&field.base));
            let what = format!("use `{text}` instead of `{}`", function.text(argument));
            Change::new(what, range(argument), text)
        })
        .collect()
}

/// Calls that make a protection of a protection: the one that goes in stays.
fn drop_attribute(function: &Function<'_>) -> Vec<Change> {
    let is_prot = |expr: &Expr| function.type_of(expr).is_some_and(|ty| ty == "pgprot_t");
    function
        .calls()
        .filter_map(|(_, call)| {
            let types = function.signatures.get(&callee(&call.func)?)?;
            let first = call.args.first()?;
            if types.result != "pgprot_t" || !is_prot(first) {
                return None;
            }
            let what = format!("leave `{}` out", one_line(function.text(call)));
            Some(Change::new(what, range(call), function.text(first)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    const TEXT: &str = "
fn pgprot_decrypted(prot: pgprot_t) -> pgprot_t {
    prot
}
fn insert(vma: &vm_area_struct, pfn: u64, prot: pgprot_t) {
    install(pfn, prot);
    install(pfn, vma.vm_page_prot);
    let prot = pgprot_decrypted(vma.vm_page_prot);
}
";

    #[test]
    fn what_was_handed_in_is_read_again() {
        let mutants = mutate(&REREAD, TEXT);
        assert_eq!(mutants, ["install(pfn, vma.vm_page_prot);"]);
    }

    #[test]
    fn the_default_is_recomputed_or_constant() {
        assert_eq!(
            mutate(&RECOMPUTE, TEXT),
            [
                "install(pfn, vm_get_page_prot(vma.vm_flags));",
                "let prot = pgprot_decrypted(vm_get_page_prot(vma.vm_flags));",
            ]
        );
        assert_eq!(mutate(&CONSTANT, TEXT).len(), 2);
    }

    #[test]
    fn an_attribute_is_not_changed() {
        let mutants = mutate(&DROP_ATTRIBUTE, TEXT);
        assert_eq!(mutants, ["let prot = vma.vm_page_prot;"]);
    }
}
