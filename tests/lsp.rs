//! `ptelint lsp`, spoken to as editors do.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use support::editor::{Editor, position, position_at, range, small_tree};
use support::session::{Session, replay};
use support::text;

const GUARD: &str = "\tif (is_ordinary(vma))\n";

/// A client that knows most of what there is.
fn capable() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "codeAction": { "codeActionLiteralSupport": {} }
        },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } }
    })
}

fn start_of(diagnostic: &Value) -> &Value {
    &diagnostic["range"]["start"]
}

fn has_rule(list: &[Value], rule: &str) -> bool {
    list.iter().any(|one| one["code"] == rule)
}

#[test]
fn what_check_finds_is_published() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("drivers/video/first_fb.c");
    let found = editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let one = &found["diagnostics"][0];
    assert_eq!(one["code"], "prot-constant");
    assert_eq!(one["source"], "ptelint");
    assert_eq!(one["severity"], 1);
    assert_eq!(one["range"], range(&text, "PAGE_SHARED"));
    let related = one["relatedInformation"].as_array().unwrap();
    let places: Vec<&Value> = related.iter().map(|it| &it["location"]["range"]).collect();
    assert!(
        places.contains(&&range(&text, "first_fb_mmap")),
        "{places:?}"
    );
    assert!(
        places.contains(&&range(&text, ".mmap = first_fb_mmap,")),
        "{places:?}"
    );
    let page = one["codeDescription"]["href"].as_str().unwrap();
    let page = fs::read_to_string(page.strip_prefix("file://").unwrap()).unwrap();
    assert_eq!(page, include_str!("../rules/prot-constant.md"));
    assert!(editor.close().success());
}

#[test]
fn diagnostics_appear_move_and_vanish_with_edits() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("mm/remake.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    editor.change("mm/remake.c", 2, range(&text, GUARD), "");
    let found = editor.diagnostics("mm/remake.c", |list| has_rule(list, "generic-rebuild"));
    assert_eq!(found["version"], 2);
    let here = position(&text, "mk_pte(");
    assert_eq!(start_of(&found["diagnostics"][0]), &here);
    // A line above moves it at once, and the analysis agrees.
    let top = json!({ "start": position(&text, "//"), "end": position(&text, "//") });
    editor.change("mm/remake.c", 3, top, "/* new */\n");
    let moved = editor.diagnostics("mm/remake.c", |list| {
        list.iter()
            .any(|one| start_of(one)["line"] == here["line"].as_u64().unwrap() + 1)
    });
    assert_eq!(moved["version"], 3);
    // The call that the guard was for has moved up and down by a line.
    let call = position(&text, GUARD);
    editor.change(
        "mm/remake.c",
        4,
        json!({ "start": {
            "line": call["line"].as_u64().unwrap() + 1, "character": 0
        }, "end": {
            "line": call["line"].as_u64().unwrap() + 1, "character": 0
        }}),
        GUARD,
    );
    let gone = editor.diagnostics("mm/remake.c", <[Value]>::is_empty);
    assert_eq!(gone["version"], 4);
    assert!(editor.close().success());
}

#[test]
fn an_unsaved_change_of_one_file_shows_in_another() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("mm/ordinary.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let guard = "\tif (vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP))\n\t\treturn false;\n";
    editor.change("mm/ordinary.c", 2, range(&text, guard), "");
    let found = editor.diagnostics("mm/remake.c", |list| has_rule(list, "generic-rebuild"));
    assert!(found.get("version").is_none(), "it is not open");
    // Closed without being saved: the disk counts.
    let document = json!({ "uri": editor.uri("mm/ordinary.c") });
    editor.notify("textDocument/didClose", json!({ "textDocument": document }));
    editor.diagnostics("mm/remake.c", <[Value]>::is_empty);
    assert!(editor.close().success());
}

/// The text of a hover.
fn hover(editor: &mut Editor, path: &str, place: &Value) -> String {
    let params = editor.at(path, place);
    let hover = editor.request("textDocument/hover", params);
    hover["contents"]["value"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn hover_tells_the_proof_its_guards_and_what_rests_on_them() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let remake = editor.open_file("mm/remake.c");
    let first_fb = editor.open_file("drivers/video/first_fb.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let proof = hover(&mut editor, "mm/remake.c", &position(&remake, "mk_pte("));
    for part in [
        "**safe**: `remake` constructs a pte",
        "because *flags*",
        "/mm/remake.c#L20)",
        "`if (is_ordinary(vma))`",
    ] {
        assert!(proof.contains(part), "{part} in {proof}");
    }
    let guard = hover(
        &mut editor,
        "mm/remake.c",
        &position(&remake, "is_ordinary(vma))"),
    );
    assert!(guard.contains("One proof rests on it"), "{guard}");
    assert!(guard.contains("/mm/remake.c#L11)"), "{guard}");
    let insertion = position(&first_fb, "remap_pfn_range");
    let insertion = hover(&mut editor, "drivers/video/first_fb.c", &insertion);
    assert!(
        insertion.contains("`remap_pfn_range` inserts entries"),
        "{insertion}"
    );
    assert!(insertion.contains("`override-constant`"), "{insertion}");
    // Between two edits, places are those of now.
    let top = json!({ "start": { "line": 0, "character": 0 },
                      "end": { "line": 0, "character": 0 } });
    editor.change("mm/remake.c", 2, top, "\n");
    let mut place = position(&remake, "mk_pte(");
    place["line"] = json!(place["line"].as_u64().unwrap() + 1);
    let proof = hover(&mut editor, "mm/remake.c", &place);
    assert!(proof.contains("/mm/remake.c#L21)"), "{proof}");
    assert!(editor.close().success());
}

#[test]
fn from_use_to_guard_and_back() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("mm/remake.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let params = editor.at("mm/remake.c", &position(&text, "mk_pte("));
    let guards = editor.request("textDocument/definition", params.clone());
    assert_eq!(
        guards[0]["range"]["start"],
        position(&text, "is_ordinary(vma))")
    );
    assert_eq!(editor.request("textDocument/references", params), guards);
    let params = editor.at("mm/remake.c", &guards[0]["range"]["start"]);
    let uses = editor.request("textDocument/references", params);
    assert_eq!(uses[0]["range"]["start"], position(&text, "mk_pte("));
    let params = editor.at("mm/remake.c", &position(&text, "count"));
    assert_eq!(editor.request("textDocument/definition", params), json!([]));
    assert!(editor.close().success());
}

#[test]
fn lenses_and_hints_tell_verdicts() {
    let tree = small_tree();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("mm/remake.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let document = json!({ "textDocument": { "uri": editor.uri("mm/remake.c") } });
    let lenses = editor.request("textDocument/codeLens", document.clone());
    assert_eq!(lenses[0]["command"]["title"], "safe: flags");
    assert_eq!(lenses[0]["range"]["start"], position(&text, "mk_pte("));
    let mut all = document.clone();
    all["range"] = json!({ "start": { "line": 0, "character": 0 },
                           "end": { "line": 99, "character": 0 } });
    assert_eq!(
        editor.request("textDocument/inlayHint", all.clone()),
        json!([])
    );
    let settings = json!({ "settings": { "ptelint": { "inlayHints": true } } });
    editor.notify("workspace/didChangeConfiguration", settings);
    let hints = editor.request("textDocument/inlayHint", all);
    assert_eq!(hints[0]["label"], "safe: flags");
    assert_eq!(
        hints[0]["position"]["line"],
        position(&text, "mk_pte(")["line"]
    );
    // A lens shows what it stands for.
    let lens = lenses[0]["command"].clone();
    let params = json!({ "command": lens["command"], "arguments": lens["arguments"] });
    let shown = editor.request("workspace/executeCommand", params);
    assert!(
        shown.as_str().unwrap().contains("What keeps it away"),
        "{shown}"
    );
    assert!(editor.close().success());
}

#[test]
fn a_helper_counts_the_overrides_that_go_through_it() {
    let tree = small_tree();
    let helper = "#include <linux/mm.h>\n\
                  int remap_pfn_range(struct vm_area_struct *vma, unsigned long address,\n\
                  \t\tunsigned long pfn, unsigned long size, pgprot_t prot)\n\
                  {\n\treturn 0;\n}\n";
    fs::write(tree.path().join("mm/remap.c"), helper).unwrap();
    let mut editor = Editor::open(tree.path(), capable());
    editor.open_file("mm/remap.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let document = json!({ "textDocument": { "uri": editor.uri("mm/remap.c") } });
    let lenses = editor.request("textDocument/codeLens", document);
    let titles: Vec<&Value> = lenses
        .as_array()
        .unwrap()
        .iter()
        .map(|lens| &lens["command"]["title"])
        .collect();
    assert!(
        titles
            .iter()
            .any(|title| title.as_str().unwrap().contains("override mapping")),
        "{titles:?}"
    );
    assert!(editor.close().success());
}

#[test]
fn a_finding_is_allowed_by_an_action_and_a_reason() {
    let tree = small_tree();
    let path = "drivers/video/first_fb.c";
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file(path);
    editor.diagnostics(path, |list| !list.is_empty());
    let mut params = json!({
        "textDocument": { "uri": editor.uri(path) }, "range": range(&text, "PAGE_SHARED")
    });
    params["context"] = json!({ "diagnostics": [] });
    let actions = editor.request("textDocument/codeAction", params);
    let titled = |title: &str| {
        let list = actions.as_array().unwrap();
        let found = list
            .iter()
            .find(|one| one["title"].as_str().unwrap().starts_with(title));
        found
            .unwrap_or_else(|| panic!("{title} in {actions}"))
            .clone()
    };
    let edit = &titled("Allow")["edit"]["changes"][editor.uri(path)][0];
    let comment = edit["newText"].as_str().unwrap();
    assert_eq!(comment, "\t/* ptelint: allow(prot-constant): */\n");
    editor.change(path, 2, edit["range"].clone(), comment);
    // Nothing is allowed without a reason.
    editor.diagnostics(path, |list| {
        has_rule(list, "allow-comment") && has_rule(list, "prot-constant")
    });
    let mut reason = edit["range"]["start"].clone();
    reason["character"] = json!(comment.find(" */").unwrap());
    let reason = json!({ "start": reason, "end": reason });
    editor.change(path, 3, reason, " the device is for root");
    editor.diagnostics(path, <[Value]>::is_empty);

    let explain = titled("Explain")["command"].clone();
    let params = json!({ "command": explain["command"], "arguments": explain["arguments"] });
    let page = editor.request("workspace/executeCommand", params);
    assert_eq!(page, include_str!("../rules/prot-constant.md"));
    let copy = &titled("Copy")["command"];
    let proof = copy["arguments"][0].as_str().unwrap();
    assert!(proof.contains("From the driver's operation"), "{proof}");
    assert!(editor.close().success());
}

/// A tree with a call through a table of operations.
fn tree_with_faults() -> tempfile::TempDir {
    let tree = small_tree();
    let fault = "#include <linux/mm.h>\n\
                 vm_fault_t ask_driver(struct vm_fault *vmf)\n{\n\
                 \treturn vmf->vma->vm_ops->fault(vmf);\n}\n";
    let driver = "#include <linux/mm.h>\n\
                  static vm_fault_t box_fault(struct vm_fault *vmf)\n{\n\treturn 0;\n}\n\
                  static const struct vm_operations_struct box_ops = {\n\
                  \t.fault = box_fault,\n};\n";
    fs::write(tree.path().join("mm/fault.c"), fault).unwrap();
    fs::write(tree.path().join("drivers/video/box.c"), driver).unwrap();
    tree
}

#[test]
fn calls_go_through_tables_of_operations() {
    let tree = tree_with_faults();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("drivers/video/box.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let params = editor.at("drivers/video/box.c", &position(&text, "box_fault(struct"));
    let items = editor.request("textDocument/prepareCallHierarchy", params);
    assert_eq!(items[0]["name"], "box_fault");
    assert_eq!(items[0]["selectionRange"], range(&text, "box_fault"));
    let incoming = json!({ "item": items[0] });
    let callers = editor.request("callHierarchy/incomingCalls", incoming);
    assert_eq!(callers[0]["from"]["name"], "ask_driver", "{callers}");
    assert_eq!(callers[0]["from"]["uri"], editor.uri("mm/fault.c"));
    assert!(
        callers[0]["from"]["detail"]
            .as_str()
            .unwrap()
            .contains("vm_operations_struct")
    );
    assert_eq!(callers[0]["fromRanges"].as_array().unwrap().len(), 1);
    let outgoing = json!({ "item": callers[0]["from"] });
    let callees = editor.request("callHierarchy/outgoingCalls", outgoing);
    let names: Vec<&Value> = callees
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["to"]["name"])
        .collect();
    assert!(names.contains(&&json!("box_fault")), "{names:?}");
    assert!(editor.close().success());
}

#[test]
fn a_client_that_asks_for_diagnostics_gets_them_when_it_asks() {
    let tree = small_tree();
    let mut capabilities = capable();
    capabilities["textDocument"]["diagnostic"] = json!({});
    capabilities["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    let mut editor = Editor::open(tree.path(), capabilities);
    let path = "drivers/video/first_fb.c";
    let text = editor.open_file(path);
    editor.wait_for("workspace/diagnostic/refresh", |_| true);
    let mut params = json!({ "textDocument": { "uri": editor.uri(path) } });
    let report = editor.request("textDocument/diagnostic", params.clone());
    assert_eq!(report["kind"], "full");
    assert_eq!(report["items"][0]["range"], range(&text, "PAGE_SHARED"));
    params["previousResultId"] = report["resultId"].clone();
    let again = editor.request("textDocument/diagnostic", params);
    assert_eq!(
        again,
        json!({ "kind": "unchanged", "resultId": report["resultId"] })
    );
    let all = editor.request("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let uris: Vec<&Value> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["uri"])
        .collect();
    assert!(uris.contains(&&json!(editor.uri(path))), "{all}");
    // What is known and gone is taken back.
    editor.change(path, 2, range(&text, "PAGE_SHARED"), "vma->vm_page_prot");
    editor.wait_for("workspace/diagnostic/refresh", |_| true);
    let known = json!([{ "uri": editor.uri(path), "value": report["resultId"] }]);
    let all = editor.request(
        "workspace/diagnostic",
        json!({ "previousResultIds": known }),
    );
    let items = all["items"].as_array().unwrap();
    let item = items
        .iter()
        .find(|it| it["uri"] == editor.uri(path).as_str());
    assert_eq!(item.unwrap()["items"], json!([]));
    assert!(
        editor
            .heard
            .iter()
            .all(|it| it["method"] != "textDocument/publishDiagnostics")
    );
    assert!(editor.close().success());
}

#[test]
fn columns_count_what_was_agreed() {
    let tree = small_tree();
    let path = "drivers/video/first_fb.c";
    let text = fs::read_to_string(tree.path().join(path)).unwrap();
    let text = text.replace("\treturn remap", "\t/* \u{1f427}\u{e4} */ return remap");
    fs::write(tree.path().join(path), &text).unwrap();
    let at = text.find("PAGE_SHARED").unwrap();
    let start = text[..at].rfind('\n').unwrap() + 1;
    let n_bytes = at - start;
    for (encodings, named, column) in [
        (json!(["utf-8", "utf-16"]), "utf-8", n_bytes),
        // The penguin has four bytes and two units, the umlaut two and one.
        (json!(["utf-16"]), "utf-16", n_bytes - 3),
        (Value::Null, "utf-16", n_bytes - 3),
    ] {
        let mut capabilities = capable();
        capabilities["general"]["positionEncodings"] = encodings;
        let mut editor = Editor::start(tree.path(), &[]);
        let uri = editor.uri("");
        let can = editor.initialize(json!({
            "processId": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": uri, "name": "tree" }],
        }));
        assert_eq!(can["capabilities"]["positionEncoding"], named);
        let found = editor.diagnostics(path, |list| !list.is_empty());
        assert_eq!(
            start_of(&found["diagnostics"][0])["character"],
            column,
            "{named}"
        );
        assert!(editor.close().success());
    }
}

#[test]
fn line_ends_and_bytes_of_other_systems_are_no_obstacle() {
    let tree = small_tree();
    let path = "drivers/video/first_fb.c";
    let text = fs::read_to_string(tree.path().join(path)).unwrap();
    let dos = text.replace('\n', "\r\n");
    fs::write(tree.path().join(path), &dos).unwrap();
    // A byte that is not UTF-8, in front of a finding.
    let latin = text
        .replace("\treturn", "\t/* X */ return")
        .replace("first_fb", "latin_fb");
    let bytes: Vec<u8> = latin
        .bytes()
        .map(|b| if b == b'X' { 0xe4 } else { b })
        .collect();
    fs::write(tree.path().join("drivers/video/latin.c"), bytes).unwrap();
    let mut editor = Editor::open(tree.path(), capable());
    let found = editor.diagnostics("drivers/video/latin.c", |list| !list.is_empty());
    assert_eq!(
        found["diagnostics"][0]["range"],
        range(&latin, "PAGE_SHARED")
    );
    editor.open_text(path, &dos);
    editor.change(path, 2, range(&dos, "PAGE_SHARED"), "vma->vm_page_prot");
    editor.diagnostics(path, <[Value]>::is_empty);
    let now = dos.replace("PAGE_SHARED", "vma->vm_page_prot");
    editor.change(path, 3, range(&now, "vma->vm_page_prot);"), "PAGE_SHARED);");
    let found = editor.diagnostics(path, |list| !list.is_empty());
    assert_eq!(found["diagnostics"][0]["range"], range(&dos, "PAGE_SHARED"));
    assert!(editor.close().success());
}

#[test]
fn a_huge_document_is_edited_like_a_small_one() {
    let tree = small_tree();
    let path = "drivers/video/first_fb.c";
    let mut text = fs::read_to_string(tree.path().join(path)).unwrap();
    for i in 0..300_000 {
        text.push_str(&format!("extern int sample_of_many_{i};\n"));
    }
    let mut editor = Editor::open(tree.path(), capable());
    editor.open_text(path, &text);
    editor.diagnostics(path, |list| !list.is_empty());
    editor.change(path, 2, range(&text, "PAGE_SHARED"), "vma->vm_page_prot");
    editor.diagnostics(path, <[Value]>::is_empty);
    let end = position_at(&text, text.len());
    let end = json!({ "start": end, "end": end });
    editor.change(path, 3, end, "/* ptelint: allow */");
    editor.diagnostics(path, |list| has_rule(list, "allow-comment"));
    assert!(editor.close().success());
}

#[test]
fn what_is_in_no_source_tree_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let source = "int f(struct vm_area_struct *vma)\n{\n\
                  \treturn remap_pfn_range(vma, 0, 0, 1, PAGE_SHARED);\n}\n";
    fs::write(folder.path().join("a.c"), source).unwrap();
    let mut editor = Editor::open(folder.path(), capable());
    editor.open_file("a.c");
    let params = editor.at("a.c", &position(source, "remap"));
    assert_eq!(editor.request("textDocument/hover", params), Value::Null);
    let document = json!({ "textDocument": { "uri": editor.uri("a.c") } });
    assert_eq!(editor.request("textDocument/codeLens", document), json!([]));
    editor.change("a.c", 2, range(source, "PAGE_SHARED"), "x");
    while let Some(message) = editor.next_within(Duration::from_millis(300)) {
        assert_ne!(message["method"], "textDocument/publishDiagnostics");
        assert_ne!(message["method"], "window/showMessage");
    }
    assert!(editor.close().success());
}

#[test]
fn settings_and_comments_count_as_in_check() {
    let tree = small_tree();
    let path = "drivers/video/first_fb.c";
    let file = tree.path().join(path);
    let mut editor = Editor::open(tree.path(), capable());
    editor.diagnostics(path, |list| list.len() == 1 && list[0]["severity"] == 1);
    let changed = |editor: &mut Editor, path: &str| {
        let change = json!({ "uri": editor.uri(path), "type": 2 });
        editor.notify(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": [change] }),
        );
    };
    fs::write(
        tree.path().join("ptelint.toml"),
        "rules = { prot-constant = \"warning\" }\n",
    )
    .unwrap();
    changed(&mut editor, "ptelint.toml");
    editor.diagnostics(path, |list| list.len() == 1 && list[0]["severity"] == 2);
    let text = fs::read_to_string(&file).unwrap();
    let allowed = "\t/* ptelint: allow(prot-constant): root only */\n\treturn remap";
    fs::write(&file, text.replace("\treturn remap", allowed)).unwrap();
    changed(&mut editor, path);
    editor.diagnostics(path, <[Value]>::is_empty);
    fs::write(tree.path().join("ptelint.toml"), "rule = 3\n").unwrap();
    changed(&mut editor, "ptelint.toml");
    let told = editor.wait_for("window/showMessage", |_| true);
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("unknown key `rule`"),
        "{told}"
    );
    assert!(editor.close().success());
}

#[test]
fn files_come_go_and_change_their_names() {
    let tree = small_tree();
    let driver = fs::read_to_string(tree.path().join("drivers/video/first_fb.c")).unwrap();
    let mut editor = Editor::open(tree.path(), capable());
    let registered = editor.wait_for("client/registerCapability", |_| true);
    assert_eq!(
        registered["registrations"][0]["method"],
        "workspace/didChangeWatchedFiles"
    );
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    fs::write(
        tree.path().join("drivers/video/new.c"),
        driver.replace("first", "second"),
    )
    .unwrap();
    let change =
        |editor: &Editor, path: &str, kind: u8| json!({ "uri": editor.uri(path), "type": kind });
    let changes = vec![change(&editor, "drivers/video/new.c", 1)];
    editor.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": changes }),
    );
    editor.diagnostics("drivers/video/new.c", |list| !list.is_empty());
    let names = ["drivers/video/new.c", "drivers/video/newer.c"].map(|it| tree.path().join(it));
    fs::rename(&names[0], &names[1]).unwrap();
    let file = json!({
        "oldUri": editor.uri("drivers/video/new.c"), "newUri": editor.uri("drivers/video/newer.c")
    });
    editor.notify("workspace/didRenameFiles", json!({ "files": [file] }));
    // They come in the order of their names, in one go.
    editor.diagnostics("drivers/video/new.c", <[Value]>::is_empty);
    editor.diagnostics("drivers/video/newer.c", |list| !list.is_empty());
    fs::remove_file(&names[1]).unwrap();
    let changes = vec![change(&editor, "drivers/video/newer.c", 3)];
    editor.notify(
        "workspace/didChangeWatchedFiles",
        json!({ "changes": changes }),
    );
    editor.diagnostics("drivers/video/newer.c", <[Value]>::is_empty);
    assert!(editor.close().success());
}

/// Runs git in a tree.
fn git(tree: &Path, args: &[&str]) {
    let output = support::git(tree, args);
    assert!(output.status.success(), "git {args:?}: {output:?}");
}

#[test]
fn a_branch_with_thousands_of_other_files_is_followed() {
    let tree = small_tree();
    let driver = fs::read_to_string(tree.path().join("drivers/video/first_fb.c")).unwrap();
    git(tree.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(tree.path(), &["add", "--all"]);
    git(tree.path(), &["commit", "--quiet", "--message=first"]);
    git(tree.path(), &["checkout", "--quiet", "-b", "other"]);
    for i in 0..3000 {
        let file = tree.path().join(format!("drivers/video/more_{i}.c"));
        fs::write(file, format!("int more_{i};\n")).unwrap();
    }
    fs::write(
        tree.path().join("drivers/video/other.c"),
        driver.replace("first", "other"),
    )
    .unwrap();
    git(tree.path(), &["add", "--all"]);
    git(tree.path(), &["commit", "--quiet", "--message=other"]);
    git(tree.path(), &["checkout", "--quiet", "main"]);
    // Once with a client that tells of every file, and once with one that watches none.
    for watches in [true, false] {
        let mut capabilities = capable();
        capabilities["workspace"]["didChangeWatchedFiles"] =
            json!({ "dynamicRegistration": watches });
        let mut editor = Editor::open(tree.path(), capabilities);
        let text = editor.open_file("mm/remake.c");
        editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
        for (branch, version) in [("other", 2), ("main", 3)] {
            git(tree.path(), &["checkout", "--quiet", branch]);
            if watches {
                let paths = (0..3000).map(|i| format!("drivers/video/more_{i}.c"));
                let paths = paths.chain(["drivers/video/other.c".to_owned()]);
                let changes: Vec<Value> = paths
                    .map(|path| json!({ "uri": editor.uri(&path), "type": 1 }))
                    .collect();
                editor.notify(
                    "workspace/didChangeWatchedFiles",
                    json!({ "changes": changes }),
                );
            } else {
                // Noticed with the next edit.
                let end = position_at(&text, text.len());
                let end = json!({ "start": end, "end": end });
                editor.change("mm/remake.c", version, end, "\n");
            }
            let is_there = branch == "other";
            editor.diagnostics("drivers/video/other.c", |list| list.is_empty() != is_there);
        }
        assert!(editor.close().success());
    }
}

#[test]
fn the_protocol_is_kept() {
    let tree = small_tree();
    let mut editor = Editor::start(tree.path(), &[]);
    let code = |response: Value| response["error"]["code"].as_i64();
    let id = editor.ask("textDocument/hover", json!({}));
    assert_eq!(code(editor.response(id)), Some(-32002));
    editor.notify("textDocument/didOpen", json!({ "nonsense": true }));
    editor.initialize(json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    let id = editor.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(code(editor.response(id)), Some(-32600));
    let id = editor.ask("textDocument/nonsense", json!({}));
    assert_eq!(code(editor.response(id)), Some(-32601));
    let id = editor.ask("textDocument/hover", json!({ "position": "here" }));
    assert_eq!(code(editor.response(id)), Some(-32602));
    editor.notify("nonsense", json!([1, 2]));
    editor.notify("$/cancelRequest", json!({ "id": 99 }));
    editor.notify("textDocument/didChange", json!({ "textDocument": 3 }));
    for (raw, expected) in [
        ("Content-Length: 3\r\n\r\n{{{", -32700),
        ("Content-Length: 2\r\n\r\n[]", -32600),
        (
            "nonsense\r\nContent-Length: 4\r\nX: y\r\n\r\n\"\u{e4}\"",
            -32600,
        ),
    ] {
        editor.send_raw(raw.as_bytes());
        let answer = editor.next();
        assert_eq!(answer["id"], Value::Null, "{raw}");
        assert_eq!(code(answer), Some(expected), "{raw}");
    }
    assert_eq!(editor.request("shutdown", Value::Null), Value::Null);
    let id = editor.ask("textDocument/hover", json!({}));
    assert_eq!(code(editor.response(id)), Some(-32600));
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait().code(), Some(0));
    // Without a word of goodbye.
    let editor = Editor::open(tree.path(), json!({}));
    assert_eq!(editor.hang_up().code(), Some(1));
    let mut editor = Editor::open(tree.path(), json!({}));
    editor.notify("exit", Value::Null);
    assert_eq!(editor.wait().code(), Some(1));
}

#[test]
fn a_request_is_cancelled() {
    let tree = tree_with_faults();
    let mut editor = Editor::open(tree.path(), capable());
    let text = editor.open_file("drivers/video/box.c");
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let params = editor.at("drivers/video/box.c", &position(&text, "box_fault(struct"));
    // Whichever comes first: the answer, or word that nobody wants it. Never both, never none.
    for _ in 0..20 {
        let id = editor.ask("textDocument/prepareCallHierarchy", params.clone());
        editor.notify("$/cancelRequest", json!({ "id": id }));
        let response = editor.response(id);
        let is_cancelled = response["error"]["code"] == -32800;
        assert!(
            is_cancelled || response["result"][0]["name"] == "box_fault",
            "{response}"
        );
    }
    let id = editor.ask("textDocument/hover", params);
    assert!(editor.response(id).get("error").is_none());
    assert!(editor.close().success());
}

#[test]
fn the_first_analysis_shows_its_progress() {
    let tree = small_tree();
    let mut capabilities = capable();
    capabilities["window"] = json!({ "workDoneProgress": true });
    let mut editor = Editor::open(tree.path(), capabilities);
    editor.diagnostics("drivers/video/first_fb.c", |list| !list.is_empty());
    let created = editor
        .heard
        .iter()
        .find(|message| message["method"] == "window/workDoneProgress/create")
        .expect("progress is announced");
    let token = created["params"]["token"].clone();
    let kinds: Vec<&Value> = editor
        .heard
        .iter()
        .filter(|message| message["method"] == "$/progress")
        .inspect(|message| assert_eq!(message["params"]["token"], token))
        .map(|message| &message["params"]["value"]["kind"])
        .collect();
    assert_eq!(kinds.first(), Some(&&json!("begin")));
    assert!(kinds.contains(&&json!("report")));
    assert_eq!(kinds.last(), Some(&&json!("end")));
    assert!(editor.close().success());
}

#[cfg(unix)]
#[test]
fn a_tree_is_called_as_the_client_calls_it() {
    let tree = small_tree();
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("linux");
    std::os::unix::fs::symlink(tree.path(), &link).unwrap();
    let mut editor = Editor::open(&link, capable());
    let found = editor.wait_for("textDocument/publishDiagnostics", |_| true);
    let uri = found["uri"].as_str().unwrap();
    assert!(uri.starts_with(&editor.uri("")), "{uri}");
    assert!(editor.close().success());
}

const SESSION: &str = r#"
file "mm/remake.c"
group "typing"
at "static void remake"
type "/* anew */\n"
group "the guard goes and comes back"
replace "if (is_ordinary(vma))" "if (vma)"
undo
group "a function"
at "int count"
paste "pte_t again(struct vm_area_struct *vma, pte_t pte)\n{\n\treturn mk_pte(pte_page(pte), vma->vm_page_prot);\n}\n\n"
undo
"#;

/// What `benches/editing.rs` plays on a whole kernel.
#[test]
fn a_recorded_session_is_followed_edit_by_edit() {
    let tree = small_tree();
    let session = Session::parse(SESSION);
    let replayed = replay(&session, tree.path());
    assert_eq!(replayed.rules.len(), session.n_edits() + 1);
    let n_times: usize = replayed.times.iter().map(|(_, times)| times.len()).sum();
    assert_eq!(n_times, session.n_edits());
    let n = session.n_edits();
    let rules = |edit: usize| replayed.rules[edit].join(" ");
    assert_eq!(rules(n - 4), "", "after the comment");
    assert_eq!(rules(n - 3), "generic-rebuild", "without the guard");
    assert_eq!(rules(n - 2), "", "with the guard");
    assert_eq!(rules(n), "");
}

#[test]
fn what_an_editor_needs_is_printed_or_written_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &str| support::run(folder.path(), args);
    for (editor, file) in [
        ("neovim", include_str!("../docs/editors/neovim.lua")),
        ("emacs", include_str!("../docs/editors/emacs.el")),
        ("helix", include_str!("../docs/editors/helix.toml")),
    ] {
        let printed = run(&format!("init --editor {editor}"));
        assert_eq!(text(&printed.stdout), file);
        let to_file = format!("init --editor {editor} --output conf/{editor}");
        assert!(run(&to_file).status.success());
        let written = folder.path().join("conf").join(editor);
        assert_eq!(fs::read_to_string(&written).unwrap(), file);
        fs::write(&written, "mine").unwrap();
        let refused = run(&to_file);
        assert_eq!(refused.status.code(), Some(2));
        assert!(text(&refused.stderr).contains("is there already"));
        assert_eq!(fs::read_to_string(&written).unwrap(), "mine");
        assert!(run(&format!("{to_file} --force")).status.success());
        assert_eq!(fs::read_to_string(&written).unwrap(), file);
    }
    toml::from_str::<toml::Table>(include_str!("../docs/editors/helix.toml")).unwrap();
    assert!(run("init --editor vscode --output ext").status.success());
    let package = fs::read(folder.path().join("ext/package.json")).unwrap();
    let package: Value = serde_json::from_slice(&package).unwrap();
    let main = package["main"].as_str().unwrap();
    assert!(folder.path().join("ext").join(main).is_file());
    assert!(package["dependencies"]["vscode-languageclient"].is_string());
}
