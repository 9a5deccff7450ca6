//! Pages behind raw entries, which core mm must not see.

use syn::{Expr, Stmt};

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, Source, range, type_text};

pub const LOOK_BEHIND: Operator = Operator {
    name: "look-behind",
    about: "take the page behind any entry, where vm_normal_page() hides that of a raw one",
    find: Find::Function(look_behind),
};

pub const RETURN_PAGE: Operator = Operator {
    name: "return-page",
    about: "return a page from a fault handler that has inserted an entry for it",
    find: Find::Function(return_page),
};

fn look_behind(function: &Function<'_>) -> Vec<Change> {
    function
        .calls()
        .filter_map(|(name, call)| {
            let pfn = match name.as_str() {
                "vm_normal_page" => "pte_pfn",
                "vm_normal_page_pmd" => "pmd_pfn",
                _ => return None,
            };
            let entry = function.text(call.args.last()?);
            let what = format!("take the page behind `{entry}` even if it is raw");
            let text = format!("pfn_to_online_page({pfn}({entry}))");
            Some(Change::new(what, range(call), text))
        })
        .collect()
}

/// A fault handler of a driver ends with an insertion: what it inserted has a page, if the place has.
fn return_page(function: &Function<'_>) -> Vec<Change> {
    let is_handler =
        function.source.path.starts_with("drivers/") || function.source.path.starts_with("mm/test");
    let vmf = function.variables.get("vmf").map(String::as_str);
    if !is_handler || vmf != Some("&mutvm_fault") {
        return Vec::new();
    }
    let Some(pfn) = pfn_function(function.source) else {
        return Vec::new();
    };
    let Some(Stmt::Expr(tail @ Expr::Call(call), None)) = function.item.block.stmts.last() else {
        return Vec::new();
    };
    let inserts =
        crate::validate::source::callee(&call.func).is_some_and(|name| name.contains("insert"));
    if !inserts {
        return Vec::new();
    }
    let insertion = function.text(tail);
    let what = format!("return a page after `{}`", one_line(insertion));
    let text = format!(
        "let ret = {insertion};\nif ret & VM_FAULT_ERROR != 0 {{\nreturn ret;\n}}\n\
         vmf.page = Some(super::super::mm::pgtable::pfn_to_page({pfn}(vmf.pgoff)));\n0"
    );
    vec![Change::new(what, range(tail), text)]
}

/// The driver's function from an offset to a page frame.
fn pfn_function(source: &Source) -> Option<String> {
    let found = source.functions().find(|function| {
        let signature = &function.sig;
        let takes_a_number = signature.inputs.len() == 1
            && matches!(&signature.inputs[0], syn::FnArg::Typed(typed) if type_text(&typed.ty) == "u64");
        let gives_a_number = matches!(&signature.output,
            syn::ReturnType::Type(_, ty) if type_text(ty) == "u64");
        takes_a_number && gives_a_number && signature.ident.to_string().ends_with("pfn")
    })?;
    Some(found.sig.ident.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    #[test]
    fn a_raw_entry_shows_its_page() {
        let text = "
fn scan(vma: &vm_area_struct, addr: u64, pte: pte_t) {
    let page = vm_normal_page(vma, addr, pte);
}
";
        let mutants = mutate(&LOOK_BEHIND, text);
        assert_eq!(mutants, ["let page = pfn_to_online_page(pte_pfn(pte));"]);
    }

    #[test]
    fn a_handler_returns_a_page_too() {
        let text = "
fn bo_pfn(pgoff: u64) -> u64 {
    pgoff
}
fn fault(vmf: &mut vm_fault) -> vm_fault_t {
    vmf_insert_pfn_prot(vmf.vma, vmf.address, bo_pfn(vmf.pgoff), prot())
}
";
        let mutants = mutate(&RETURN_PAGE, text);
        assert_eq!(mutants.len(), 1);
        assert!(mutants[0].contains("pfn_to_page(bo_pfn(vmf.pgoff))"));
    }
}
