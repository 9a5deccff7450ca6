//! VMAs on the stack.

use syn::Expr;

use super::guard::one_line;
use super::{Find, Operator};
use crate::validate::mutant::Change;
use crate::validate::source::{Function, range};

pub const ON_STACK: Operator = Operator {
    name: "copy-vma",
    about: "hand a protection to an insertion in a copy of the VMA",
    find: Find::Function(on_stack),
};

/// `insert(vma, …, prot)`: the way TTM went before there was an argument for it.
fn on_stack(function: &Function<'_>) -> Vec<Change> {
    let has_type = |expr: &Expr, ty: &str| function.type_of(expr).is_some_and(|found| found == ty);
    function
        .calls()
        .filter_map(|(name, call)| {
            let (vma, prot) = (call.args.first()?, call.args.last()?);
            let inserts = name.contains("insert_pfn") || name.contains("insert_mixed");
            let hands_over = has_type(vma, "&vm_area_struct") && has_type(prot, "pgprot_t");
            if !inserts || !hands_over || !matches!(prot, Expr::Path(_)) {
                return None;
            }
            let between: Vec<&str> = call
                .args
                .iter()
                .skip(1)
                .take(call.args.len() - 2)
                .map(|argument| function.text(argument))
                .collect();
            let text = format!(
                "{{\nlet mut cvma = *{};\ncvma.vm_page_prot = {};\n\
                 {}(&cvma, {}, cvma.vm_page_prot)\n}}",
                function.text(vma),
                function.text(prot),
                function.text(&*call.func),
                between.join(", ")
            );
            let what = format!("copy the VMA for `{}`", one_line(function.text(call)));
            Some(Change::new(what, range(call), text))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::mutate;
    use super::*;

    #[test]
    fn the_protection_travels_in_a_copy() {
        let text = "
fn fault(vma: &vm_area_struct, prot: pgprot_t) -> vm_fault_t {
    vmf_insert_pfn_prot(vma, 0, 1, prot)
}
";
        assert_eq!(
            mutate(&ON_STACK, text),
            ["{ let mut cvma = *vma; cvma.vm_page_prot = prot; \
              vmf_insert_pfn_prot(&cvma, 0, 1, cvma.vm_page_prot) }"]
        );
    }
}
