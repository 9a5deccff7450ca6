//! Small made-up trees.

use super::*;

/// A tree with the architectures `hot` and `cold`, each with a symbol of its own, one driver
/// directory `drivers/bus/`, and what is given. `Kconfig` and `drivers/bus/Makefile` are given.
fn tree(files: &[(&str, &str)]) -> Tree {
    let common = [
        ("Kbuild", "obj-y += drivers/\nobj-y += arch/$(SRCARCH)/\n"),
        ("drivers/Makefile", "obj-y += bus/\n"),
        (
            "arch/hot/Kconfig",
            "config HOT\n\tdef_bool y\n\tselect HAS_BUS\n",
        ),
        (
            "arch/cold/Kconfig",
            "config COLD\n\tbool\n\tdefault y\n\nconfig COLD_64\n\tbool \"wide\"\n",
        ),
        ("arch/hot/Kbuild", "obj-y += mm.o\n"),
        ("arch/cold/Kbuild", "obj-y += mm.o\n"),
        ("arch/hot/mm.c", ""),
        ("arch/cold/mm.c", ""),
        ("drivers/bus/a.c", ""),
        ("drivers/bus/b.c", ""),
        ("drivers/bus/deep/c.c", ""),
    ];
    let files = common.iter().chain(files);
    Tree::in_memory(
        files
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect(),
    )
}

/// For `hot` and `cold`: `-` for no, `?` for maybe, `+` for yes.
fn built(tree: &Tree, file: &str) -> String {
    let availability = Availability::new(tree);
    let mark = |arch| match availability.of(file, arch) {
        Built::No(_) => '-',
        Built::Maybe => '?',
        Built::Yes => '+',
    };
    [mark("hot"), mark("cold")].into_iter().collect()
}

/// Whether `drivers/bus/a.c` is built, which `BUS` decides, by what else Kconfig says.
fn by_symbol(kconfig: &str) -> String {
    let kconfig = format!(
        "source \"arch/$(SRCARCH)/Kconfig\"\nconfig HAS_BUS\n\tbool\n\
         config FREE\n\ttristate \"free\"\n{kconfig}"
    );
    let files = [
        ("Kconfig", &*kconfig),
        ("drivers/bus/Makefile", "obj-$(CONFIG_BUS) += a.o\n"),
    ];
    built(&tree(&files), "drivers/bus/a.c")
}

/// Whether `drivers/bus/a.c` is built by what its Makefile says. `FREE` is the user's choice.
fn by_makefile(makefile: &str) -> String {
    let kconfig = "source \"arch/$(SRCARCH)/Kconfig\"\nconfig FREE\n\ttristate \"free\"\n";
    let files = [("Kconfig", kconfig), ("drivers/bus/Makefile", makefile)];
    built(&tree(&files), "drivers/bus/a.c")
}

#[test]
fn conditions_of_symbols() {
    for (attributes, expected) in [
        ("bool \"bus\"", "??"),
        ("bool \"bus\"\n\tdepends on HOT", "?-"),
        ("bool \"bus\" if COLD", "-?"),
        ("tristate \"bus\"\n\tdepends on !HOT", "-?"),
        ("bool \"bus\"\n\tdepends on HOT || COLD_64", "??"),
        ("bool \"bus\"\n\tdepends on HOT && COLD_64", "--"),
        ("bool \"bus\"\n\tdepends on HOT && (COLD || FREE)", "?-"),
        ("bool \"bus\"\n\tdepends on !(COLD && !HOT)", "?-"),
        ("bool \"bus\"\n\tdepends on HOT=y", "?-"),
        ("bool \"bus\"\n\tdepends on HOT != y", "-?"),
        // What is not defined is not `n`.
        ("bool \"bus\"\n\tdepends on HOT = n", "-?"),
        ("bool \"bus\"\n\tdepends on HOT != n", "??"),
        ("bool \"bus\"\n\tdepends on COLD = n && HOT != n", "?-"),
        ("bool \"bus\"\n\tdepends on FREE = m", "??"),
        ("bool \"bus\"\n\tdepends on !FREE", "??"),
        ("bool \"bus\"\n\tdepends on m && HOT", "?-"),
        ("bool \"bus\"\n\tdepends on HOT if FREE", "??"),
        ("bool \"bus\"\n\tdepends on HOT \\\n\t\t&& COLD", "--"),
        ("bool \"bus\"\n\tdepends on COMPILE_TEST || HOT", "?-"),
        ("bool \"bus\"\n\tdepends on 64BIT", "--"),
        ("bool \"bus\"\n\tdepends on SIZE = 64", "??"),
        ("def_bool HOT", "+-"),
        ("def_bool y if HOT", "+-"),
        ("def_tristate m\n\tdepends on COLD", "-?"),
        ("bool\n\tdefault FREE\n\tdepends on HOT", "?-"),
        ("bool", "--"),
        ("bool\n\tdepends on NOWHERE\n\tdefault y", "--"),
        ("bool \"bus\"\n\tdepends on $(shell,uname) && HOT", "?-"),
        ("bool \"bus\"\n\tdepends on \"$(ARCH)\" = \"hot\"", "??"),
        ("bool \"bus\"\n\tdepends on HOT &&", "??"),
        ("bool \"bus\"\n\tdepends on HOT\n\tbrand_new_word", "??"),
    ] {
        let kconfig = format!("config BUS\n\t{attributes}\n");
        assert_eq!(by_symbol(&kconfig), expected, "{attributes}");
    }
}

#[test]
fn selects_reach_over_dependencies() {
    let bus = "config BUS\n\tbool\n\tdepends on NOWHERE\n";
    for (other, expected) in [
        ("config X\n\tbool \"x\"\n\tselect BUS\n", "??"),
        ("config X\n\tbool \"x\"\n\tselect BUS if HOT\n", "?-"),
        ("config X\n\tdef_bool COLD\n\tselect BUS\n", "-+"),
        (
            "config X\n\tbool \"x\"\n\tdepends on HOT\n\tselect BUS\n",
            "?-",
        ),
        ("config X\n\tbool \"x\"\n\timply BUS\n", "--"),
    ] {
        assert_eq!(by_symbol(&format!("{bus}{other}")), expected, "{other}");
    }
    let implied = "config BUS\n\tbool\nconfig X\n\tbool \"x\"\n\timply BUS if HOT\n";
    assert_eq!(by_symbol(implied), "?-");
}

#[test]
fn blocks_have_conditions() {
    let bus = "config BUS\n\tbool \"bus\"\n";
    for (before, after, expected) in [
        ("if HOT\n", "endif\n", "?-"),
        (
            "if HOT\nmenu \"m\"\n\tdepends on FREE\n",
            "endmenu\nendif\n",
            "?-",
        ),
        ("menu \"m\"\n\tdepends on COLD\n", "endmenu\n", "-?"),
        ("menu \"m\"\n\tvisible if COLD\n", "endmenu\n", "-?"),
        (
            "choice\n\tprompt \"c\"\n\tdefault BUS\n\tdepends on HOT\n",
            "endchoice\n",
            "?-",
        ),
        ("comment \"c\"\n\tdepends on HOT\n", "", "??"),
        ("if HOT\nendif\n", "", "??"),
        ("if HOT\n", "", "??"),
        ("if HOT\n", "endmenu\n", "??"),
    ] {
        let kconfig = format!("{before}{bus}{after}");
        assert_eq!(by_symbol(&kconfig), expected, "{kconfig}");
    }
}

#[test]
fn help_is_no_statement() {
    let help = "config X\n\tbool \"x\"\n\thelp\n\t  Words \\\n\n\t  config BUS\n\t\tdef_bool y\n";
    let bus = "config BUS\n\tbool \"bus\"\n\tdepends on HOT\n";
    assert_eq!(by_symbol(&format!("{help}{bus}")), "?-");
    // Help that is indented less ends.
    let short = "config BUS\n\tbool \"bus\"\n\thelp\n\t  Words.\n\tdepends on HOT\n";
    assert_eq!(by_symbol(short), "?-");
}

#[test]
fn circles_end() {
    for (kconfig, expected) in [
        ("config BUS\n\tbool \"b\"\n\tdepends on BUS\n", "--"),
        (
            "config BUS\n\tbool\n\tselect X\nconfig X\n\tbool\n\tselect BUS\n",
            "??",
        ),
        ("config BUS\n\tdef_bool !BUS\n", "??"),
        (
            "config BUS\n\tdef_bool !X\nconfig X\n\tdef_bool !BUS\n",
            "??",
        ),
    ] {
        assert_eq!(by_symbol(kconfig), expected, "{kconfig}");
    }
    let files = [
        ("Kconfig", "source \"Kconfig\"\nconfig BUS\n\tbool \"b\"\n"),
        ("drivers/bus/Makefile", "obj-$(CONFIG_BUS) += a.o\n"),
    ];
    assert_eq!(built(&tree(&files), "drivers/bus/a.c"), "??");
}

#[test]
fn a_missing_file_leaves_everything_open() {
    let bus = "config BUS\n\tbool \"bus\"\n\tdepends on HOT\n";
    assert_eq!(by_symbol(&format!("{bus}source \"gone\"\n")), "??");
    assert_eq!(by_symbol(&format!("{bus}osource \"gone\"\n")), "?-");
    assert_eq!(
        by_symbol(&format!("{bus}if HOT\nsource \"gone\"\nendif\n")),
        "?-"
    );
    let files = [("drivers/bus/Makefile", "obj-$(CONFIG_HOT) += a.o\n")];
    assert_eq!(built(&tree(&files), "drivers/bus/a.c"), "??");
}

#[test]
fn without_makefiles_only_the_path_tells() {
    let files = ["drivers/a.c", "arch/hot/a.c", "arch/cold/a.c"];
    let files = files.map(|path| (path.to_owned(), Vec::new()));
    let tree = Tree::in_memory(files.to_vec());
    assert_eq!(built(&tree, "drivers/a.c"), "??");
    assert_eq!(built(&tree, "arch/hot/a.c"), "?-");
    assert_eq!(built(&tree, "arch/cold/a.c"), "-?");
    assert_eq!(built(&tree, "no/such/file.c"), "??");
}

#[test]
fn ways_to_name_an_object() {
    for (makefile, expected) in [
        ("obj-y := a.o\n", "++"),
        ("obj-y := b.o \\\n\ta.o # and no more\n", "++"),
        ("obj-$(CONFIG_HOT) += a.o\n", "+-"),
        ("obj-$(CONFIG_HOT) += $(obj)/a.o\n", "+-"),
        ("obj-$(CONFIG_HOT:m=y) += a.o\n", "+-"),
        ("obj-$(subst m,y,$(CONFIG_HOT)) += a.o\n", "+-"),
        ("obj-$(CONFIG_HOT) += b.o\nb-y := a.o\n", "+-"),
        ("obj-$(CONFIG_HOT) += b.o\nb-objs := a.o\n", "+-"),
        ("obj-y += b.o\nb-$(CONFIG_COLD) += a.o\n", "-+"),
        ("obj-$(CONFIG_HOT)+=b.o\nb-$(CONFIG_FREE)+=a.o\n", "?-"),
        (
            "obj-$(CONFIG_HOT) += a.o\nobj-$(CONFIG_COLD) += a.o\n",
            "++",
        ),
        ("parts := a.o\nobj-$(CONFIG_HOT) += $(parts)\n", "??"),
        ("obj-$(CONFIG_HOT) += $(call pick,a.o)\n", "?-"),
        ("obj-$(CONFIG_HOT) += $(ELSE)/a.o\n", "?-"),
        ("obj-$(CONFIG_HOT) += $(addprefix ../bus/, a.o)\n", "+-"),
        ("obj-$(CONFIG_HOT) += $(patsubst %,%.o,$(X))\n", "?-"),
        ("obj-$(WHO_KNOWS) += a.o\n", "??"),
        ("obj-n += a.o\n", "??"),
        ("CFLAGS_a.o := -DX\n", "??"),
        (
            "hostprogs := b\nb-objs := a.o\nobj-$(CONFIG_HOT) += a.o\n",
            "+-",
        ),
        ("include $(WHERE)/more.mk\nobj-$(CONFIG_HOT) += a.o\n", "+?"),
        ("$(obj)/a.o: $(obj)/b.h\nobj-$(CONFIG_HOT) += a.o\n", "+-"),
    ] {
        assert_eq!(by_makefile(makefile), expected, "{makefile}");
    }
}

#[test]
fn conditional_lines() {
    for (makefile, expected) in [
        ("ifdef CONFIG_HOT\nobj-y += a.o\nendif\n", "+-"),
        ("ifndef CONFIG_HOT\nobj-y += a.o\nendif\n", "-+"),
        ("ifeq ($(CONFIG_HOT),y)\nobj-y += a.o\nendif\n", "+-"),
        ("ifneq ($(CONFIG_HOT),)\nobj-y += a.o\nendif\n", "+-"),
        ("ifeq ($(CONFIG_HOT),)\nobj-y += a.o\nendif\n", "-+"),
        (
            "ifneq ($(CONFIG_HOT)$(CONFIG_COLD),)\nobj-y += a.o\nendif\n",
            "++",
        ),
        ("ifeq \"$(CONFIG_HOT)\" \"y\"\nobj-y += a.o\nendif\n", "+-"),
        ("ifdef CONFIG_HOT\nelse\nobj-y += a.o\nendif\n", "-+"),
        (
            "ifdef CONFIG_HOT\nelse ifdef CONFIG_COLD\nobj-y += a.o\nelse\nendif\n",
            "-+",
        ),
        ("ifeq ($(shell date),)\nobj-y += a.o\nendif\n", "??"),
        ("endif\nelse\nobj-$(CONFIG_HOT) += a.o\n", "+-"),
    ] {
        assert_eq!(by_makefile(makefile), expected, "{makefile}");
    }
}

#[test]
fn directories_have_conditions() {
    let kconfig = "source \"arch/$(SRCARCH)/Kconfig\"\n";
    let with = |bus: &'static str, deep: &'static str| {
        let files = [
            ("Kconfig", kconfig),
            ("drivers/bus/Makefile", bus),
            ("drivers/bus/deep/Makefile", deep),
        ];
        built(&tree(&files), "drivers/bus/deep/c.c")
    };
    assert_eq!(with("obj-$(CONFIG_HOT) += deep/\n", "obj-y += c.o\n"), "+-");
    assert_eq!(
        with("obj-y += deep/\n", "obj-$(CONFIG_COLD) += c.o\n"),
        "-+"
    );
    assert_eq!(
        with("subdir-$(CONFIG_HOT) += deep\n", "obj-y += c.o\n"),
        "+-"
    );
    // Nothing leads there, so that something not understood does.
    assert_eq!(with("", "obj-$(CONFIG_HOT) += c.o\n"), "?-");
    // The parts of an object in a directory below, by a file that is included, and that might be
    // read for itself.
    let bus = "obj-$(CONFIG_HOT) += bus.o\nbus-y := a.o\ninclude $(src)/deep/Makefile\n";
    assert_eq!(with(bus, "bus-y += deep/c.o\n"), "+?");
}

#[test]
fn an_architecture_may_use_files_of_another() {
    let kconfig = "source \"arch/$(SRCARCH)/Kconfig\"\n";
    let shared = ("arch/cold/Makefile", "libs-y += arch/hot/shared/\n");
    let files = [
        ("Kconfig", kconfig),
        ("arch/hot/shared/s.c", ""),
        ("arch/hot/shared/Makefile", "lib-y += s.o\n"),
        shared,
    ];
    let tree = tree(&files);
    assert_eq!(built(&tree, "arch/hot/shared/s.c"), "-+");
    assert_eq!(built(&tree, "arch/hot/mm.c"), "+-");
    assert_eq!(built(&tree, "arch/hot/include/x.h"), "?-");
}

#[test]
fn a_reason_names_the_symbol() {
    let files = [
        (
            "Kconfig",
            "source \"arch/$(SRCARCH)/Kconfig\"\nconfig BUS\n\tbool \"b\"\n\tdepends on HOT\n",
        ),
        ("drivers/bus/Makefile", "obj-$(CONFIG_BUS) += a.o\n"),
    ];
    let tree = tree(&files);
    let availability = Availability::new(&tree);
    let reason = |file, arch| match availability.of(file, arch) {
        Built::No(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reason("drivers/bus/a.c", "cold"),
        "CONFIG_BUS is not possible on cold"
    );
    assert_eq!(reason("arch/hot/mm.c", "cold"), "arch/hot is not cold");
}

#[test]
fn hostile_files_do_no_harm() {
    let n = 50_000;
    let kconfigs = [
        format!(
            "config BUS\n\tbool \"b\"\n\tdepends on {}HOT",
            "(".repeat(n)
        ),
        format!(
            "config BUS\n\tbool \"b\"\n\tdepends on {}HOT",
            "!".repeat(n)
        ),
        format!(
            "config BUS\n\tbool \"b\"\n\tdepends on HOT{}",
            " && HOT".repeat(n)
        ),
        format!(
            "config BUS\n\tbool \"b\"\n\tdepends on {}",
            "$(a,".repeat(n)
        ),
        "if HOT\n".repeat(n),
        "endif\n".repeat(n),
        "menu \"".repeat(n),
        "config BUS\n\tselect BUS\n".repeat(n),
        "\\\n".repeat(n),
        "source \"$(\"\nsource \"../../x\"\nsource \"/etc/passwd\"\nsource \"arch/$A$B/x\"\n"
            .into(),
        "config\nconfig \nconfig \"\"\nconfig \u{e4}\n\thelp\n\thelp".into(),
    ];
    let makefiles = [
        "ifdef CONFIG_HOT\n".repeat(n),
        "else\nendif\n".repeat(n),
        format!("obj-y := {}a.o", "$(".repeat(n)),
        format!("obj-y := {}", "../".repeat(n)),
        "include $(src)/Makefile\n".repeat(100),
        "obj-y += a.o\\".into(),
        "a-y += a.o\nobj-y += a.o\n= \n:=\n-y = a.o\nobj-$( += a.o\n".into(),
        "\u{e4}-y += \u{e4}.o $(\u{e4})\u{e4}.o/ -$(\u{e4}\n".into(),
    ];
    for (i, kconfig) in kconfigs.iter().enumerate() {
        let files = [("Kconfig", &**kconfig), ("drivers/bus/Makefile", "")];
        built(&tree(&files), "drivers/bus/a.c");
        let makefile = &makefiles[i % makefiles.len()];
        let files = [("Kconfig", ""), ("drivers/bus/Makefile", &**makefile)];
        built(&tree(&files), "drivers/bus/a.c");
    }
    let noise: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let paths = ["Kconfig", "Kbuild", "Makefile", "arch/hot/Kconfig", "a.c"];
    let tree = Tree::in_memory(paths.map(|path| (path.to_owned(), noise.clone())).to_vec());
    assert_eq!(built(&tree, "a.c"), "??");
}
