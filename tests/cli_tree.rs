//! The program on whole kernel trees. What the answers have to be is tested elsewhere; this tests
//! that they come, in the promised form, and the same every time.

mod support;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use support::kernel::{LINUX_6_1, LINUX_6_12};
use support::{ptelint, text};

fn main() -> ExitCode {
    let args = libtest_mimic::Arguments::from_args();
    let trials = [LINUX_6_12, LINUX_6_1]
        .into_iter()
        .flat_map(|kernel| {
            [
                kernel.trial("answers_come_in_the_promised_form", move |tree| {
                    answers_come_in_the_promised_form(tree, kernel.version);
                }),
                kernel.trial("threads_do_not_change_a_byte", threads_do_not_change_a_byte),
                kernel.trial(
                    "the_current_directory_is_found",
                    the_current_directory_is_found,
                ),
            ]
        })
        .chain([
            LINUX_6_12.trial("call_paths", call_paths),
            LINUX_6_12.trial("callers_and_callees", callers_and_callees),
            LINUX_6_12.trial(
                "an_unknown_function_is_an_error_with_advice",
                an_unknown_function_is_an_error_with_advice,
            ),
        ])
        .collect();
    libtest_mimic::run(&args, trials).exit_code()
}

fn json(tree: &Path, command: &str, args: &[&str]) -> (Vec<u8>, Value) {
    let output = ptelint(tree)
        .args([command, "--format", "json"])
        .args(args)
        .arg(tree)
        .output()
        .expect("the program starts");
    let status = output.status.code();
    assert!(
        matches!(status, Some(0 | 1)),
        "{command}: {status:?} {}",
        text(&output.stderr)
    );
    let value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    (output.stdout, value)
}

fn answers_come_in_the_promised_form(tree: &Path, version: &str) {
    for (command, list) in [
        ("check", "findings"),
        ("mappings", "mappings"),
        ("readers", "readers"),
    ] {
        let (_, answer) = json(tree, command, &[]);
        assert_eq!(answer["tree"]["kind"], "linux");
        let found = answer["tree"]["version"].as_str().expect("a version");
        assert!(found.starts_with(&format!("{version}.")), "{found}");
        let rows = answer[list].as_array().expect("a list");
        if command != "check" {
            assert!(rows.len() > 50, "{command}: {} rows", rows.len());
        }
        let places: Vec<_> = rows
            .iter()
            .map(|row| {
                let file = row["file"].as_str().expect("a file").to_owned();
                assert!(tree.join(&file).is_file(), "{file}");
                (file, row["line"].as_u64(), row["column"].as_u64())
            })
            .collect();
        assert!(places.is_sorted(), "{command} is not sorted");
    }
}

fn threads_do_not_change_a_byte(tree: &Path) {
    for command in ["check", "mappings", "readers"] {
        let (one, _) = json(tree, command, &["-j", "1", "--no-cache"]);
        let (many, _) = json(tree, command, &["-j", "7", "--no-cache"]);
        assert!(
            one == many,
            "{command} differs between one thread and seven"
        );
    }
}

fn the_current_directory_is_found(tree: &Path) {
    let output = ptelint(tree)
        .args(["mappings", "--format", "json"])
        .output();
    let output = output.expect("the program starts");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    assert_eq!(answer["tree"]["kind"], "linux");
}

fn graph(tree: &Path, args: &[&str]) -> Value {
    let output = ptelint(tree)
        .args(["graph", "--format", "json"])
        .args(args)
        .arg(tree)
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
    assert_eq!(answer["truncated"], false);
    calls_stand_where_the_answer_says(tree, &answer);
    answer
}

/// Every function is named, and every call mentions the function or the member it goes through,
/// on the line given for it.
fn calls_stand_where_the_answer_says(tree: &Path, answer: &Value) {
    let line_of = |place: &Value| {
        let file = place["file"].as_str().expect("a file");
        let content = std::fs::read(tree.join(file)).expect("the file is there");
        let line = place["line"].as_u64().expect("a line") as usize;
        let line = content.split(|&byte| byte == b'\n').nth(line - 1);
        String::from_utf8_lossy(line.expect("the line is there")).into_owned()
    };
    let nodes = answer["nodes"].as_array().expect("a list");
    for node in nodes {
        let name = node["name"].as_str().expect("a name");
        let name = name.strip_prefix("sys_").unwrap_or(name);
        assert!(line_of(node).contains(name), "{node}");
    }
    for edge in answer["edges"].as_array().expect("a list") {
        let label = edge["label"].as_str().expect("a label");
        let callee = &nodes[edge["to"].as_u64().expect("a position") as usize]["name"];
        let wanted = match edge["kind"].as_str() {
            Some("ops") => label.rsplit('.').next().expect("a member"),
            // `page_to_pfn` stands for `__page_to_pfn`.
            _ => callee.as_str().expect("a name").trim_start_matches('_'),
        };
        let line = line_of(edge);
        assert!(line.contains(wanted), "{edge}: {line}");
    }
}

/// The functions on a path, with the label of the call in front of each that is not direct.
fn path(tree: &Path, from: &str, to: &str) -> Vec<String> {
    let answer = graph(tree, &["--from", from, "--to", to]);
    let nodes = answer["nodes"].as_array().expect("a list");
    let edges = answer["edges"].as_array().expect("a list");
    assert_eq!(edges.len() + 1, nodes.len(), "one path from {from} to {to}");
    let mut steps = vec![from.to_owned()];
    for (i, edge) in edges.iter().enumerate() {
        assert_eq!(edge["from"], i);
        let callee = nodes[i + 1]["name"].as_str().expect("a name");
        let label = edge["label"].as_str().expect("a label");
        steps.push(match edge["kind"].as_str() {
            Some("direct") => callee.to_owned(),
            _ => format!("{label}> {callee}"),
        });
    }
    steps
}

fn call_paths(tree: &Path) {
    assert_eq!(
        path(tree, "do_user_addr_fault", "ttm_bo_vm_fault"),
        [
            "do_user_addr_fault",
            "handle_mm_fault",
            "__handle_mm_fault",
            "handle_pte_fault",
            "do_pte_missing",
            "do_fault",
            "do_shared_fault",
            "__do_fault",
            "struct vm_operations_struct.fault> ttm_bo_vm_fault",
        ]
    );
    assert_eq!(
        path(tree, "ttm_bo_vm_fault", "insert_pfn"),
        [
            "ttm_bo_vm_fault",
            "ttm_bo_vm_dummy_page",
            "vmf_insert_pfn_prot",
            "insert_pfn"
        ]
    );
    let to_insertion = path(tree, "handle_mm_fault", "vmf_insert_pfn_prot");
    assert_eq!(to_insertion.len(), 6, "{to_insertion:?}");
    let ops: Vec<_> = to_insertion
        .iter()
        .filter(|step| step.contains("struct vm_operations_struct."))
        .collect();
    assert_eq!(ops.len(), 1, "{to_insertion:?}");

    let mmap = path(tree, "do_mmap", "hisi_qm_uacce_mmap");
    let ops: Vec<_> = mmap.iter().filter(|step| step.contains('>')).collect();
    assert_eq!(
        ops,
        [
            "struct file_operations.mmap> uacce_fops_mmap",
            "struct uacce_ops.mmap> hisi_qm_uacce_mmap"
        ]
    );
    let mprotect = path(tree, "sys_mprotect", "pte_modify");
    assert!(mprotect.iter().any(|step| step == "change_protection"));
    assert!(mprotect.iter().all(|step| !step.contains('>')));
}

fn callers_and_callees(tree: &Path) {
    let answer = graph(tree, &["--to", "__split_huge_pmd_locked"]);
    let nodes = answer["nodes"].as_array().expect("a list");
    let edges = answer["edges"].as_array().expect("a list");
    let centre = nodes
        .iter()
        .position(|node| node["name"] == "__split_huge_pmd_locked");
    let of = |from: &str, to: &str| -> Vec<&str> {
        edges
            .iter()
            .filter(|edge| edge[to].as_u64() == centre.map(|at| at as u64))
            .map(|edge| &nodes[edge[from].as_u64().expect("a position") as usize])
            .map(|node| node["name"].as_str().expect("a name"))
            .collect()
    };
    assert_eq!(of("from", "to"), ["split_huge_pmd_locked"]);
    let callees = of("to", "from");
    for callee in ["mk_pte", "set_ptes", "pgtable_trans_huge_withdraw"] {
        assert!(callees.contains(&callee), "{callee}");
    }
}

fn an_unknown_function_is_an_error_with_advice(tree: &Path) {
    let output = ptelint(tree)
        .args(["graph", "--from", "hnadle_mm_fault"])
        .arg(tree)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("did you mean `handle_mm_fault`?"), "{error}");
}
