//! The call graph of small trees.

use super::{CallEdge, CallGraph, CallKind, Contents, FileFacts, neighbours, shortest_path};
use crate::program::{FileId, Symbol};
use crate::tree::{Tree, Words};

struct Files<'t>(&'t Tree);

impl Contents for Files<'_> {
    fn read(&self, file: FileId) -> Vec<u8> {
        self.0.read(file).unwrap()
    }
}

/// Calls `test` with the graph of a tree given by paths and contents.
fn with_graph<T>(files: &[(&str, &str)], test: impl FnOnce(&CallGraph<'_>) -> T) -> T {
    with_mut_graph(files, |graph| test(graph))
}

fn with_mut_graph<T>(files: &[(&str, &str)], test: impl FnOnce(&mut CallGraph<'_>) -> T) -> T {
    let linux = ("Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\n");
    let files = files.iter().chain([&linux]);
    let files = files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let tree = Tree::in_memory(files.collect());
    let index = tree.index(&Words::new(&[]), &|_| {});
    let facts: Vec<FileFacts> = tree
        .files
        .iter()
        .zip(&index.files)
        .map(|(file, index)| FileFacts {
            path: file.path.to_string(),
            is_generic: true,
            arch: file.arch,
            includes: index
                .includes
                .iter()
                .map(|include| {
                    let path = include.as_str();
                    Symbol::new(path.rsplit('/').next().unwrap_or(path))
                })
                .collect(),
        })
        .collect();
    test(&mut CallGraph::new(&index, &facts, &Files(&tree)))
}

/// The path between two functions as text: `a > b`, `a =struct ops.f> b`, `a ~walk> b`.
fn path(files: &[(&str, &str)], from: &str, to: &str) -> String {
    with_graph(files, |graph| {
        let from = graph.nodes_named(from);
        let to = graph.nodes_named(to);
        assert!(!from.is_empty() && !to.is_empty(), "no such function");
        let steps = shortest_path(graph, &from, &to, 1000).answer;
        let steps = steps.unwrap_or_default();
        let mut text = String::new();
        for (node, edge) in steps {
            text.push_str(graph.name(node));
            if let Some(edge) = edge {
                text.push_str(&arrow(&edge));
            }
        }
        text
    })
}

fn arrow(edge: &CallEdge) -> String {
    match edge.kind {
        CallKind::Direct => " > ".to_owned(),
        CallKind::Ops => format!(" ={}> ", edge.label),
        CallKind::Callback => format!(" ~{}> ", edge.label),
    }
}

/// All calls around a function, `caller > callee`.
fn around(files: &[(&str, &str)], name: &str) -> Vec<String> {
    with_graph(files, |graph| {
        let nodes = graph.nodes_named(name);
        let calls = neighbours(graph, &nodes, 1000).answer;
        calls
            .iter()
            .map(|(caller, edge)| {
                let (from, to) = (graph.name(*caller), graph.name(edge.to));
                format!("{from}{}{to}", arrow(edge))
            })
            .collect()
    })
}

const OPS: &str = "
struct file;
struct ops {
	int (*open)(struct file *file);
	int (*close)(struct file *file);
};
struct other_ops {
	int (*open)(struct file *file);
};
struct file {
	const struct ops *ops;
};
";

#[test]
fn direct_calls_and_macros() {
    let files = [(
        "a.c",
        "#define twice(x) do { c(x); c(x); } while (0)\n\
         void c(int x) { }\n\
         void b(int x) { twice(x); }\n\
         void a(void) { b(1); }\n",
    )];
    assert_eq!(path(&files, "a", "c"), "a > b > twice > c");
    assert_eq!(path(&files, "c", "a"), "");
    assert_eq!(path(&files, "a", "a"), "a");
}

#[test]
fn a_macro_can_stand_for_a_name() {
    let files = [
        ("include/linux/a.h", "#define short_name long_name\n"),
        ("a.c", "void long_name(void) { }\n"),
        (
            "b.c",
            "#include <linux/a.h>\nvoid b(void) { short_name(); }\n",
        ),
    ];
    assert_eq!(path(&files, "b", "long_name"), "b > long_name");
}

#[test]
fn the_shortest_path_is_found() {
    let files = [(
        "a.c",
        "void e(void) { }\n\
         void d(void) { e(); }\n\
         void c(void) { d(); }\n\
         void b(void) { c(); }\n\
         void a(void) { b(); d(); }\n",
    )];
    assert_eq!(path(&files, "a", "e"), "a > d > e");
}

#[test]
fn members_are_followed_by_type() {
    let files = [
        ("include/linux/ops.h", OPS),
        (
            "driver.c",
            "int right(struct file *file) { return 0; }\n\
             int wrong(struct file *file) { return 0; }\n\
             static const struct ops my_ops = { .open = right };\n\
             static const struct other_ops their_ops = { .open = wrong };\n",
        ),
        (
            "core.c",
            "int do_open(struct file *file) { return file->ops->open(file); }\n",
        ),
    ];
    assert_eq!(
        path(&files, "do_open", "right"),
        "do_open =struct ops.open> right"
    );
    assert_eq!(path(&files, "do_open", "wrong"), "");
}

#[test]
fn members_that_are_stored_to_are_followed_by_type() {
    let files = [
        ("include/linux/ops.h", OPS),
        (
            "driver.c",
            "int right(struct file *file) { return 0; }\n\
             int wrong(struct file *file) { return 0; }\n\
             void setup(struct ops *ops, struct other_ops *other)\n\
             {\n\tops->open = right;\n\tother->open = wrong;\n}\n",
        ),
        (
            "core.c",
            "int do_open(struct file *file) { return (*file->ops->open)(file); }\n",
        ),
    ];
    assert_eq!(
        path(&files, "do_open", "right"),
        "do_open =struct ops.open> right"
    );
    assert_eq!(path(&files, "do_open", "wrong"), "");
}

#[test]
fn nested_initialisers_belong_to_the_inner_structure() {
    let files = [
        ("include/linux/ops.h", OPS),
        (
            "driver.c",
            "struct wrapper { int x; struct ops base; };\n\
             int fn(struct file *file) { return 0; }\n\
             static const struct wrapper w = { .base = { .open = fn } };\n",
        ),
        (
            "core.c",
            "int do_open(struct file *file) { return file->ops->open(file); }\n",
        ),
    ];
    assert_eq!(
        path(&files, "do_open", "fn"),
        "do_open =struct ops.open> fn"
    );
}

#[test]
fn structures_of_one_name_are_told_apart_by_place() {
    let driver = |name: &str| {
        format!(
            "struct priv {{ int (*run)(int x); }};\n\
             static int {name}_fn(int x) {{ return x; }}\n\
             static struct priv {name}_priv = {{ .run = {name}_fn }};\n\
             int {name}(struct priv *p) {{ return p->run(1); }}\n"
        )
    };
    let (one, two) = (driver("one"), driver("two"));
    let files = [("drivers/one/a.c", &*one), ("drivers/two/a.c", &*two)];
    assert_eq!(
        path(&files, "one", "one_fn"),
        "one =struct priv.run> one_fn"
    );
    assert_eq!(path(&files, "one", "two_fn"), "");
}

#[test]
fn an_unknown_structure_is_said_to_be_one() {
    let files = [(
        "a.c",
        "int one(int x) { return x; }\n\
         int two(int x, int y) { return x; }\n\
         static struct somewhere_else s = { .run = one };\n\
         static struct somewhere_else t = { .run = two };\n\
         int caller(void) { return get_it()->run(1); }\n",
    )];
    assert_eq!(
        path(&files, "caller", "one"),
        "caller =(unknown structure).run> one"
    );
    assert_eq!(path(&files, "caller", "two"), "");
}

#[test]
fn results_of_functions_and_macros_have_types() {
    let files = [
        ("include/linux/ops.h", OPS),
        (
            "a.c",
            "struct ops *get_ops(struct file *file) { return 0; }\n\
             #define to_ops(p) container_of(p, struct ops, open)\n\
             int fn(struct file *file) { return 0; }\n\
             static const struct ops my_ops = { .open = fn };\n\
             int by_function(struct file *file) { return get_ops(file)->open(file); }\n\
             int by_macro(struct file *file) { return to_ops(file)->open(file); }\n",
        ),
    ];
    for caller in ["by_function", "by_macro"] {
        assert_eq!(
            path(&files, caller, "fn"),
            format!("{caller} =struct ops.open> fn")
        );
    }
}

#[test]
fn callbacks_are_names_of_functions_that_are_passed() {
    let files = [(
        "a.c",
        "int fn(int x) { return x; }\n\
         int walk(int (*callback)(int x)) { return callback(1); }\n\
         int caller(void) { return walk(fn); }\n\
         int shadowed(int (*fn)(int x)) { return walk(fn); }\n",
    )];
    assert_eq!(path(&files, "caller", "fn"), "caller ~walk> fn");
    assert_eq!(path(&files, "shadowed", "fn"), "");
}

#[test]
fn a_local_that_holds_a_function_is_followed() {
    let files = [(
        "a.c",
        "int fn(int x) { return x; }\n\
         int caller(void)\n{\n\tint (*call)(int x) = fn;\n\n\treturn call(1);\n}\n",
    )];
    assert_eq!(around(&files, "caller"), ["caller > fn"]);
}

#[test]
fn static_functions_belong_to_their_file() {
    let files = [
        (
            "a.c",
            "static void helper(void) { goal(); }\nvoid goal(void) { }\n",
        ),
        (
            "b.c",
            "static void helper(void) { }\nvoid b(void) { helper(); }\n",
        ),
        ("c.c", "void c(void) { helper(); }\n"),
    ];
    assert_eq!(path(&files, "b", "goal"), "");
    assert_eq!(path(&files, "c", "goal"), "");
}

#[test]
fn a_path_stays_in_one_architecture() {
    let files = [
        ("arch/x86/a.c", "void start(void) { generic(); hook(); }\n"),
        ("arch/arm/a.c", "void hook(void) { goal(); }\n"),
        ("arch/x86/b.c", "void hook(void) { }\n"),
        (
            "mm/a.c",
            "void generic(void) { hook(); }\nvoid goal(void) { }\n",
        ),
    ];
    assert_eq!(path(&files, "start", "goal"), "");
    assert_eq!(path(&files, "generic", "goal"), "generic > hook > goal");
}

#[test]
fn programs_beside_the_kernel_are_not_part_of_it() {
    let files = [
        ("mm/a.c", "void a(void) { helper(); }\n"),
        ("mm/b.c", "void helper(void) { }\n"),
        (
            "tools/b.c",
            "void helper(void) { goal(); }\nvoid goal(void) { }\n",
        ),
        ("tools/c.c", "void c(void) { helper(); }\n"),
    ];
    assert_eq!(path(&files, "a", "goal"), "");
    assert_eq!(path(&files, "c", "goal"), "c > helper > goal");
}

#[test]
fn neighbours_in_both_directions() {
    let files = [
        ("include/linux/ops.h", OPS),
        (
            "a.c",
            "int helper(void) { return 0; }\n\
             int fn(struct file *file) { return helper(); }\n\
             static const struct ops my_ops = { .open = fn };\n\
             int direct(struct file *file) { return fn(file); }\n\
             int opens(struct file *file) { return file->ops->open(file); }\n\
             int closes(struct file *file) { return file->ops->close(file); }\n",
        ),
    ];
    assert_eq!(
        around(&files, "fn"),
        ["fn > helper", "direct > fn", "opens =struct ops.open> fn"]
    );
}

#[test]
fn fuel_bounds_the_search() {
    let files = [(
        "a.c",
        "void c(void) { }\nvoid b(void) { c(); }\nvoid a(void) { b(); }\n",
    )];
    with_graph(&files, |graph| {
        let (a, c) = (graph.nodes_named("a"), graph.nodes_named("c"));
        let found = shortest_path(graph, &a, &c, 1);
        assert!(found.is_truncated && found.answer.is_none());
    });
}

#[test]
fn a_function_can_be_declared_only() {
    let files = [
        ("include/linux/a.h", "void elsewhere(void);\n"),
        (
            "a.c",
            "#include <linux/a.h>\nvoid a(void) { elsewhere(); }\n",
        ),
    ];
    with_graph(&files, |graph| {
        assert!(graph.nodes_named("elsewhere").is_empty());
    });
    let steps = with_mut_graph(&files, |graph| {
        let to = graph.declare("elsewhere", FileId(1));
        let steps = shortest_path(graph, &graph.nodes_named("a"), &[to], 1000).answer;
        steps.map(|steps| steps.len())
    });
    assert_eq!(steps, Some(2));
}
