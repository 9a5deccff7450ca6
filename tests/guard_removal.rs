//! Proofs stand on the guards: one is taken out of a copy of a part of a real tree, and exactly the
//! uses that depend on it lose their verdict. The other way round, a guard put into a way that is
//! open closes it.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use support::kernel::LINUX_6_12;
use support::{copy_tree, ptelint};

/// What is copied: the memory management with what calls into it, and one architecture.
const PART: &[&str] = &[
    "include",
    "mm",
    "kernel/sched/fair.c",
    "kernel/events/uprobes.c",
    "kernel/fork.c",
    "fs/userfaultfd.c",
    "fs/proc/task_mmu.c",
    "fs/dax.c",
    "fs/exec.c",
    "fs/ext4/file.c",
    "fs/ext4/inode.c",
    "fs/hugetlbfs",
    "arch/arm64/include",
    "arch/arm64/mm",
];

/// A condition that is taken out, or put in.
struct Edit {
    name: &'static str,
    file: &'static str,
    /// How the definition of the function begins.
    function: &'static str,
    /// The first of these in the function is replaced.
    old: &'static str,
    new: &'static str,
    /// Functions with a use whose verdict changes.
    changed: &'static [&'static str],
}

/// Uses that are safe because an override is never replaced by an entry that remembers its page.
const NEVER_ENCODED: [&str; 7] = [
    "do_swap_page",
    "remove_migration_pmd",
    "remove_migration_pte",
    "replace_page",
    "restore_exclusive_pte",
    "try_to_map_unused_to_zeropage",
    "unuse_pte",
];
const NUMA: &[&str] = &[
    "do_numa_page",
    "numa_rebuild_large_mapping",
    "numa_rebuild_single_mapping",
];

const EDITS: &[Edit] = &[
    Edit {
        name: "numa_scanner_mixedmap",
        file: "kernel/sched/fair.c",
        function: "static void task_numa_work(",
        old: " || (vma->vm_flags & VM_MIXEDMAP)",
        new: "",
        changed: NUMA,
    },
    Edit {
        name: "numa_scanner_migratable",
        file: "kernel/sched/fair.c",
        function: "static void task_numa_work(",
        old: "!vma_migratable(vma) || ",
        new: "",
        changed: NUMA,
    },
    Edit {
        name: "pfnmap_is_not_migratable",
        file: "mm/mempolicy.c",
        function: "bool vma_migratable(",
        old: "vma->vm_flags & (VM_IO | VM_PFNMAP)",
        new: "0",
        changed: NUMA,
    },
    Edit {
        name: "anonymous_fault",
        file: "mm/memory.c",
        function: "static vm_fault_t do_pte_missing(",
        old: "vma_is_anonymous(vmf->vma)",
        new: "1",
        changed: &["do_anonymous_page"],
    },
    Edit {
        name: "anonymous_huge_fault",
        file: "mm/memory.c",
        function: "static inline vm_fault_t create_huge_pmd(",
        old: "vma_is_anonymous(vma)",
        new: "1",
        changed: &["set_huge_zero_folio"],
    },
    Edit {
        name: "huge_zero_page",
        file: "mm/huge_memory.c",
        function: "static void __split_huge_pmd_locked(",
        old: "is_huge_zero_pmd(*pmd)",
        new: "0",
        changed: &["__split_huge_zero_page_pmd"],
    },
    Edit {
        name: "absent_entry_in_fault",
        file: "mm/memory.c",
        function: "static vm_fault_t handle_pte_fault(",
        old: "!pte_present(vmf->orig_pte)",
        new: "1",
        changed: &[
            "do_numa_page",
            "do_swap_page",
            "numa_rebuild_large_mapping",
            "numa_rebuild_single_mapping",
            "restore_exclusive_pte",
        ],
    },
    Edit {
        name: "hugetlb_fault",
        file: "mm/memory.c",
        function: "vm_fault_t handle_mm_fault(",
        old: "unlikely(is_vm_hugetlb_page(vma))",
        new: "1",
        changed: &["make_huge_pte"],
    },
    Edit {
        name: "hugetlb_mprotect",
        file: "mm/mprotect.c",
        function: "long change_protection(",
        old: "is_vm_hugetlb_page(vma)",
        new: "1",
        changed: &[
            "change_huge_pmd",
            "change_huge_pud",
            "change_pte_range",
            "hugetlb_change_protection",
        ],
    },
    Edit {
        name: "userfault_kinds",
        file: "mm/userfaultfd.c",
        function: "static __always_inline ssize_t mfill_atomic(",
        old: "!vma_is_anonymous(dst_vma) && !vma_is_shmem(dst_vma)",
        new: "0",
        changed: &["mfill_atomic_install_pte", "mfill_atomic_pte_zeropage"],
    },
    Edit {
        name: "userfault_hugetlb",
        file: "mm/userfaultfd.c",
        function: "static __always_inline ssize_t mfill_atomic(",
        old: "is_vm_hugetlb_page(dst_vma)",
        new: "1",
        changed: &["make_huge_pte", "mfill_atomic_pte_zeropage"],
    },
    Edit {
        name: "collapse_order",
        file: "mm/khugepaged.c",
        function: "int collapse_pte_mapped_thp(",
        old: "!thp_vma_allowable_order(vma, vma->vm_flags, 0, PMD_ORDER)",
        new: "0",
        changed: &["do_set_pmd"],
    },
    // With the missing guard in place the flagged use is safe.
    Edit {
        name: "guard_added_to_mprotect",
        file: "mm/mprotect.c",
        function: "long change_protection(",
        old: "BUG_ON(",
        new: "if (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))\n\t\treturn 0;\n\tBUG_ON(",
        changed: &["change_pte_range"],
    },
];

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let mut trials: Vec<libtest_mimic::Trial> = EDITS
        .iter()
        .map(|edit| LINUX_6_12.trial(edit.name, move |tree| check(tree, edit)))
        .collect();
    trials.push(LINUX_6_12.trial("split_of_huge_entries", split_of_huge_entries));
    libtest_mimic::run(&args, trials).exit_code()
}

fn check(tree: &Path, edit: &Edit) {
    let expected: BTreeSet<String> = edit.changed.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(changed(tree, edit), expected);
}

/// Without its guard the split reaches overrides, and puts migration entries in their place: with
/// that, everything falls that rests on there being none.
fn split_of_huge_entries(tree: &Path) {
    let edit = Edit {
        name: "",
        file: "mm/huge_memory.c",
        function: "static void __split_huge_pmd_locked(",
        old: "!vma_is_anonymous(vma)",
        new: "0",
        changed: &["__split_huge_pmd_locked", "__split_huge_zero_page_pmd"],
    };
    let names = edit.changed.iter().chain(&NEVER_ENCODED);
    let expected: BTreeSet<String> = names.map(|&name| name.to_owned()).collect();
    assert_eq!(changed(tree, &edit), expected);
}

/// The functions with a use whose verdict an edit changes.
fn changed(tree: &Path, edit: &Edit) -> BTreeSet<String> {
    let folder = tempfile::tempdir().expect("a folder");
    copy_tree(tree, folder.path(), PART);
    let before = verdicts(folder.path());
    let path = folder.path().join(edit.file);
    let source = fs::read(&path).expect("a file of the tree");
    let source = String::from_utf8_lossy(&source).into_owned();
    let at = definition(&source, edit.function) + {
        let body = &source[definition(&source, edit.function)..];
        body.find(edit.old).expect("the condition in the function")
    };
    let edited = format!(
        "{}{}{}",
        &source[..at],
        edit.new,
        &source[at + edit.old.len()..]
    );
    fs::write(&path, edited).expect("the copy can be written");
    let after = verdicts(folder.path());
    assert_eq!(before.len(), after.len(), "the same uses");
    before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .map(|((function, _), _)| function.clone())
        .collect()
}

/// Where the definition of a function begins: behind declarations of it.
fn definition(source: &str, head: &str) -> usize {
    let mut starts = source.match_indices(head).map(|(at, _)| at);
    starts
        .find(|&at| {
            let rest = &source[at..];
            rest.find('{') < rest.find(';').or(Some(usize::MAX))
        })
        .expect("the function is defined")
}

/// Function and verdict of every construct and modify, in order.
fn verdicts(tree: &Path) -> Vec<(String, String)> {
    let output = ptelint(tree)
        .args(["readers", "--format", "json"])
        .arg(tree)
        .output()
        .expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let rows = answer["readers"].as_array().expect("a list").iter();
    rows.filter(|row| matches!(row["role"].as_str(), Some("construct" | "modify")))
        .map(|row| (text(row, "function"), text(row, "verdict")))
        .collect()
}
