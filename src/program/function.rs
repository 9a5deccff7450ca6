//! Functions, their parameters and types.

use super::{Body, ExprKind, FileId, Span, Symbol};

/// A function, a function-like macro, or a system call definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name. `SYSCALL_DEFINE3(mprotect, …)` is named `sys_mprotect`.
    pub name: Symbol,
    /// What it was written as.
    pub kind: FunctionKind,
    /// The file it stands in.
    pub file: FileId,
    /// The whole definition.
    pub span: Span,
    /// The name inside the definition.
    pub name_span: Span,
    /// True if only its own file can call it by name.
    pub is_static: bool,
    /// True if it is written in Rust, and C cannot call it by name.
    pub is_rust_only: bool,
    /// The type of its result; [`TypeRef::unknown`] for macros.
    pub result: TypeRef,
    /// How many of [`Function::locals`] are parameters.
    pub n_params: usize,
    /// Parameters in order, then local variables; names shadowed in inner scopes are separate
    /// entries, temporaries of the front end have an empty name.
    pub locals: Vec<Local>,
    /// One per alternative of the function's `#if` groups; the first takes the first branch of
    /// each. Never empty.
    pub bodies: Vec<Body>,
    /// Places the front end could not understand; their effects are unknown.
    pub not_understood: Vec<Span>,
}

impl Function {
    /// The parameters in order.
    pub fn params(&self) -> &[Local] {
        &self.locals[..self.n_params]
    }

    /// The names it mentions that are no variables of its own, once for each mention.
    pub fn names(&self) -> impl Iterator<Item = Symbol> + '_ {
        let exprs = self.bodies.iter().flat_map(|body| &body.exprs);
        exprs.filter_map(|expr| match expr.kind {
            ExprKind::Global(name) => Some(name),
            _ => None,
        })
    }

    /// The function as if it stood nowhere: equal for the same code, however it is laid out.
    pub fn without_places(&self) -> Function {
        let mut function = self.clone();
        function.each_place(|span| *span = Span::default());
        function
    }

    /// The function `by` bytes further on in its file.
    pub fn moved(&self, by: i32) -> Function {
        let mut function = self.clone();
        function.each_place(|span| *span = span.moved(by));
        function
    }

    /// Calls `see` with every place in it.
    fn each_place(&mut self, mut see: impl FnMut(&mut Span)) {
        let locals = self.locals.iter_mut().map(|local| &mut local.span);
        let own = [&mut self.span, &mut self.name_span];
        own.into_iter()
            .chain(locals)
            .chain(&mut self.not_understood)
            .for_each(&mut see);
        for body in &mut self.bodies {
            body.each_place(&mut see);
        }
    }
}

/// What a [`Function`] was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// A function definition.
    Function,
    /// A function-like macro; its parameters have no types.
    Macro,
}

/// A parameter or local variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name; empty for a temporary.
    pub name: Symbol,
    /// Its type.
    pub ty: TypeRef,
    /// Its declaration.
    pub span: Span,
}

/// A type as far as the analysis needs it: the name at its base and how many pointers stand
/// between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeRef {
    /// `struct vm_area_struct`, `pgprot_t`, `unsigned long`; qualifiers removed. Empty if unknown.
    pub base: Symbol,
    /// Number of `*`; an array counts as one.
    pub pointers: u8,
    /// True for a function or a pointer to one; `base` is then the result's type.
    pub function: bool,
}

impl TypeRef {
    /// A type the front end does not know.
    pub fn unknown() -> TypeRef {
        TypeRef {
            base: Symbol::new(""),
            pointers: 0,
            function: false,
        }
    }

    /// The named type behind `pointers` pointers.
    pub fn named(base: &str, pointers: u8) -> TypeRef {
        TypeRef {
            base: Symbol::new(base),
            pointers,
            function: false,
        }
    }

    /// True if nothing is known of it.
    pub fn is_unknown(self) -> bool {
        self.base.as_str().is_empty()
    }
}
