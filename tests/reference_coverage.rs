//! The coverage of the generic code is measured in full: every condition in it
//! goes through `branch()` or `branch_some()`, and no two share a counter.

use ptelint::reference::cover::{FILES, Point, points, slot};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

#[test]
fn every_condition_of_the_generic_code_is_counted() {
    let mut found = BTreeSet::new();
    for (file, (name, text)) in FILES.iter().enumerate() {
        let tree = syn::parse_file(text).expect(name);
        let mut conditions = Conditions {
            file,
            name,
            counted: BTreeSet::new(),
        };
        conditions.visit_file(&tree);
        found.extend(conditions.counted);
    }
    let listed: BTreeSet<Point> = points().into_iter().collect();
    assert_eq!(found, listed);
}

#[test]
fn no_two_conditions_share_a_counter() {
    let points = points();
    let slots: BTreeSet<usize> = points
        .iter()
        .map(|point| slot(point.file, point.line, point.column))
        .collect();
    assert_eq!(slots.len(), points.len());
    assert!(FILES.iter().all(|(_, text)| text.lines().count() < 512));
}

#[test]
fn every_file_of_the_generic_code_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/reference/mm");
    for entry in std::fs::read_dir(folder).expect("mm") {
        let name = entry
            .expect("entry")
            .file_name()
            .into_string()
            .expect("name");
        let listed = FILES
            .iter()
            .any(|(listed, _)| *listed == format!("mm/{name}"));
        assert!(listed || name == "mod.rs", "{name}");
    }
}

/// Collects calls of `branch` and `branch_some`, and insists on them.
struct Conditions<'a> {
    file: usize,
    name: &'a str,
    counted: BTreeSet<Point>,
}

impl Conditions<'_> {
    /// A condition, or an operand of one.
    fn check(&self, condition: &syn::Expr) {
        let counted = match condition {
            syn::Expr::Binary(binary) if is_lazy(&binary.op) => {
                self.check(&binary.left);
                self.check(&binary.right);
                true
            }
            syn::Expr::Unary(unary) => {
                self.check(&unary.expr);
                true
            }
            syn::Expr::Paren(paren) => {
                self.check(&paren.expr);
                true
            }
            syn::Expr::Let(binding) => is_call(&binding.expr, &["branch_some"]),
            // A deliberate fault is not a branch of the model.
            other => is_call(other, &["branch", "is_injected"]),
        };
        let line = condition.span().start().line;
        assert!(counted, "{}:{line}: a condition is not counted", self.name);
    }
}

impl<'ast> Visit<'ast> for Conditions<'_> {
    fn visit_expr_if(&mut self, node: &'ast syn::ExprIf) {
        self.check(&node.cond);
        visit::visit_expr_if(self, node);
    }

    fn visit_expr_while(&mut self, node: &'ast syn::ExprWhile) {
        self.check(&node.cond);
        visit::visit_expr_while(self, node);
    }

    fn visit_expr_match(&mut self, node: &'ast syn::ExprMatch) {
        let line = node.span().start().line;
        panic!("{}:{line}: a match is not counted", self.name);
    }

    /// The last operand of a lazy operator outside of a condition is the value
    /// of the whole, which its user counts; the first decides.
    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        if is_lazy(&node.op) {
            self.check(&node.left);
        }
        visit::visit_expr_binary(self, node);
    }

    fn visit_local(&mut self, node: &'ast syn::Local) {
        if let Some(init) = &node.init
            && init.diverge.is_some()
        {
            let line = node.span().start().line;
            let counted = is_call(&init.expr, &["branch_some"]);
            assert!(counted, "{}:{line}: a let-else is not counted", self.name);
        }
        visit::visit_local(self, node);
    }

    fn visit_expr_try(&mut self, node: &'ast syn::ExprTry) {
        let line = node.span().start().line;
        let counted = is_call(&node.expr, &["branch_some"]);
        let in_allocator = self.name == "page.rs";
        assert!(
            counted || in_allocator,
            "{}:{line}: a ? is not counted",
            self.name
        );
        visit::visit_expr_try(self, node);
    }

    fn visit_expr_call(&mut self, node: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*node.func
            && (path.path.is_ident("branch") || path.path.is_ident("branch_some"))
        {
            let start = node.span().start();
            self.counted.insert(Point {
                file: self.file,
                line: start.line as u32,
                column: start.column as u32 + 1,
            });
        }
        visit::visit_expr_call(self, node);
    }
}

fn is_lazy(op: &syn::BinOp) -> bool {
    matches!(op, syn::BinOp::And(_) | syn::BinOp::Or(_))
}

fn is_call(expr: &syn::Expr, names: &[&str]) -> bool {
    let syn::Expr::Call(call) = expr else {
        return false;
    };
    let syn::Expr::Path(path) = &*call.func else {
        return false;
    };
    names.iter().any(|name| path.path.is_ident(name))
}
