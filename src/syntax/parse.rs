//! tree-sitter's tree, copied into a flat arena: cheap to walk, with nothing recursive about it.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use tree_sitter::{Language, ParseOptions, Parser};

use super::compact::Compact;

/// Index into [`Ast::nodes`].
pub(crate) type NodeId = u32;

/// No node.
pub(crate) const NO_NODE: NodeId = u32::MAX;

/// The tree of a piece of code. Punctuation without a field name is left out.
#[derive(Default)]
pub(crate) struct Ast {
    /// In preorder; node 0 is the root.
    pub nodes: Vec<Node>,
    /// Places tree-sitter had to skip or invent something at.
    pub errors: Vec<(u32, u32)>,
}

/// A node; offsets are relative to the parsed text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    pub field: Field,
    /// True if evaluating it needs control flow or stores: `&&`, `?:`, `=`, `++`, `({ })` …
    pub has_control: bool,
    /// True if it contains a call.
    pub has_call: bool,
    pub start: u32,
    pub end: u32,
    pub first_child: NodeId,
    pub next: NodeId,
}

macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $($variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $type { Other, $($variant,)* }
        impl $type {
            fn of_name(name: &str) -> $type {
                match name { $($name => $type::$variant,)* _ => $type::Other }
            }
        }
    };
}

names! {
    /// The kinds of nodes that matter.
    Kind {
        AbstractArray = "abstract_array_declarator",
        AbstractFunction = "abstract_function_declarator",
        AbstractParenthesized = "abstract_parenthesized_declarator",
        AbstractPointer = "abstract_pointer_declarator",
        AlignOf = "alignof_expression",
        AndAnd = "&&",
        OrOr = "||",
        ArgumentList = "argument_list",
        ArrayDeclarator = "array_declarator",
        Assignment = "assignment_expression",
        AttributedStatement = "attributed_statement",
        Binary = "binary_expression",
        Break = "break_statement",
        Call = "call_expression",
        Case = "case_statement",
        Cast = "cast_expression",
        Char = "char_literal",
        Comma = "comma_expression",
        Compound = "compound_statement",
        CompoundLiteral = "compound_literal_expression",
        ConcatenatedString = "concatenated_string",
        Conditional = "conditional_expression",
        Continue = "continue_statement",
        Declaration = "declaration",
        Do = "do_statement",
        Error = "ERROR",
        ElseClause = "else_clause",
        EnumSpecifier = "enum_specifier",
        ExpressionStatement = "expression_statement",
        Extension = "extension_expression",
        False = "false",
        FieldDesignator = "field_designator",
        FieldExpression = "field_expression",
        FieldIdentifier = "field_identifier",
        For = "for_statement",
        FunctionDeclarator = "function_declarator",
        Generic = "generic_expression",
        Goto = "goto_statement",
        Identifier = "identifier",
        If = "if_statement",
        InitDeclarator = "init_declarator",
        InitializerList = "initializer_list",
        InitializerPair = "initializer_pair",
        Labeled = "labeled_statement",
        MacroType = "macro_type_specifier",
        Null = "null",
        Number = "number_literal",
        OffsetOf = "offsetof_expression",
        Parenthesized = "parenthesized_expression",
        ParenthesizedDeclarator = "parenthesized_declarator",
        PointerDeclarator = "pointer_declarator",
        PointerExpression = "pointer_expression",
        PrimitiveType = "primitive_type",
        Return = "return_statement",
        SizeOf = "sizeof_expression",
        SizedType = "sized_type_specifier",
        StatementIdentifier = "statement_identifier",
        StorageClass = "storage_class_specifier",
        String = "string_literal",
        StructSpecifier = "struct_specifier",
        Subscript = "subscript_expression",
        Switch = "switch_statement",
        True = "true",
        TypeDefinition = "type_definition",
        TypeDescriptor = "type_descriptor",
        TypeIdentifier = "type_identifier",
        Unary = "unary_expression",
        UnionSpecifier = "union_specifier",
        Update = "update_expression",
        While = "while_statement",
    }
}

names! {
    /// The field names that matter.
    Field {
        Alternative = "alternative",
        Argument = "argument",
        Arguments = "arguments",
        Body = "body",
        Condition = "condition",
        Consequence = "consequence",
        Declarator = "declarator",
        Designator = "designator",
        Member = "field",
        Function = "function",
        Index = "index",
        Initializer = "initializer",
        Label = "label",
        Left = "left",
        Name = "name",
        Operator = "operator",
        Parameters = "parameters",
        Right = "right",
        Size = "size",
        Type = "type",
        Update = "update",
        Value = "value",
    }
}

struct Grammar {
    language: Language,
    /// By symbol id: the kind, and whether the node is named.
    kinds: Vec<(Kind, bool)>,
    fields: Vec<Field>,
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let language: Language = tree_sitter_c::LANGUAGE.into();
    let kinds = (0..language.node_kind_count() as u16)
        .map(|id| {
            let name = language.node_kind_for_id(id).unwrap_or_default();
            (Kind::of_name(name), language.node_kind_is_named(id))
        })
        .collect();
    let fields = (0..=language.field_count() as u16)
        .map(|id| Field::of_name(language.field_name_for_id(id).unwrap_or_default()))
        .collect();
    Grammar {
        language,
        kinds,
        fields,
    }
});

thread_local! {
    static PARSER: RefCell<Option<(Parser, Compact)>> = const { RefCell::new(None) };
}

/// Parses `text` as items of a file: a function's body in its braces, say. `None` when the parser
/// used up its fuel.
pub(crate) fn parse(text: &[u8]) -> Option<Ast> {
    PARSER.with_borrow_mut(|slot| {
        let (parser, compact) = slot.get_or_insert_with(|| {
            let mut parser = Parser::new();
            // Fails only for a grammar of another ABI, which the crates' versions exclude.
            let _ = parser.set_language(&GRAMMAR.language);
            (parser, Compact::default())
        });
        compact.fill(text);
        let text = &compact.text[..];
        // One unit is a hundred steps of the parser; ordinary code takes a unit for some 20 bytes.
        let mut fuel = text.len() / 2 + 1000;
        let mut progress = |_: &tree_sitter::ParseState| {
            fuel = fuel.saturating_sub(1);
            if fuel == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let mut read = |offset: usize, _| text.get(offset..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            parser.reset();
        }
        tree.map(|tree| flatten(&tree, compact))
    })
}

fn flatten(tree: &tree_sitter::Tree, compact: &Compact) -> Ast {
    let grammar = &*GRAMMAR;
    let has_error = tree.root_node().has_error();
    let mut ast = Ast {
        nodes: Vec::with_capacity(compact.text.len() / 3 + 8),
        errors: Vec::new(),
    };
    let mut cursor = tree.walk();
    // Of each open level: the node, and its last child so far.
    let mut levels: Vec<(NodeId, NodeId)> = Vec::new();
    loop {
        let node = cursor.node();
        let id = node.kind_id();
        let (mut kind, is_named) = grammar
            .kinds
            .get(id as usize)
            .copied()
            .unwrap_or((Kind::Other, true));
        if has_error && (node.is_error() || node.is_missing()) {
            kind = Kind::Error;
            ast.errors.push((
                compact.start(node.start_byte()),
                compact.end(node.end_byte()),
            ));
        }
        let field = cursor
            .field_id()
            .and_then(|id| grammar.fields.get(usize::from(id.get())).copied())
            .unwrap_or(Field::Other);
        let is_kept = is_named || field != Field::Other || kind == Kind::Error;
        let this = ast.nodes.len() as NodeId;
        if is_kept {
            if let Some((parent, last)) = levels.last_mut() {
                if *last == NO_NODE {
                    ast.nodes[*parent as usize].first_child = this;
                } else {
                    ast.nodes[*last as usize].next = this;
                }
                *last = this;
            }
            ast.nodes.push(Node {
                kind,
                field,
                has_control: false,
                has_call: false,
                start: compact.start(node.start_byte()),
                end: compact.end(node.end_byte()),
                first_child: NO_NODE,
                next: NO_NODE,
            });
            // Nothing inside literals matters.
            let is_leaf = matches!(
                kind,
                Kind::String | Kind::Char | Kind::ConcatenatedString | Kind::Number
            );
            if (!is_leaf || has_error) && cursor.goto_first_child() {
                levels.push((this, NO_NODE));
                continue;
            }
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                summarise(&mut ast);
                return ast;
            }
            levels.pop();
        }
    }
}

/// Fills in [`Node::has_control`] and [`Node::has_call`], children first.
fn summarise(ast: &mut Ast) {
    for i in (0..ast.nodes.len()).rev() {
        let node = ast.nodes[i];
        let mut has_control = matches!(
            node.kind,
            Kind::Assignment
                | Kind::Update
                | Kind::Conditional
                | Kind::Comma
                | Kind::Compound
                | Kind::Generic
        );
        let mut has_call = node.kind == Kind::Call;
        let mut child = node.first_child;
        while child != NO_NODE {
            let c = &ast.nodes[child as usize];
            has_control |= c.has_control;
            has_call |= c.has_call;
            child = c.next;
        }
        if node.kind == Kind::Binary {
            has_control |= ast.is_logical(i as NodeId);
        }
        ast.nodes[i].has_control = has_control;
        ast.nodes[i].has_call = has_call;
    }
}

impl Ast {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children {
            ast: self,
            next: self.node(id).first_child,
        }
    }

    pub fn field(&self, id: NodeId, field: Field) -> Option<NodeId> {
        self.children(id).find(|&c| self.node(c).field == field)
    }

    pub fn child_of_kind(&self, id: NodeId, kind: Kind) -> Option<NodeId> {
        self.children(id).find(|&c| self.node(c).kind == kind)
    }

    /// The first child that is no operator and no error.
    pub fn first_operand(&self, id: NodeId) -> Option<NodeId> {
        self.children(id)
            .find(|&c| self.node(c).field != Field::Operator && self.node(c).kind != Kind::Error)
    }

    /// True for `a && b` and `a || b`.
    pub fn is_logical(&self, id: NodeId) -> bool {
        self.field(id, Field::Operator)
            .is_some_and(|op| matches!(self.node(op).kind, Kind::AndAnd | Kind::OrOr))
    }
}

/// The children of a node.
pub(crate) struct Children<'a> {
    ast: &'a Ast,
    next: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        if self.next == NO_NODE {
            return None;
        }
        let this = self.next;
        self.next = self.ast.node(this).next;
        Some(this)
    }
}
