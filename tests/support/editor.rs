//! A small client of `ptelint lsp`: what an editor does, and nothing around it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing the server does takes that long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the program keeps what it may, apart from the user's own.
pub const CACHE_FOLDER: (&str, &str) = (
    "PTELINT_CACHE_DIR",
    concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
);

/// A running server, and what was heard of it.
pub struct Editor {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// All notifications and requests of the server, in order.
    pub heard: Vec<Value>,
    root: PathBuf,
    n_requests: u64,
}

impl Editor {
    /// Starts the server, initialised for a tree. `capabilities` are the client's.
    pub fn open(root: &Path, capabilities: Value) -> Editor {
        let mut editor = Editor::start(root, &[]);
        editor.initialize(json!({
            "processId": null,
            "rootUri": uri(root),
            "capabilities": capabilities,
        }));
        editor
    }

    /// Starts the server, and says nothing yet.
    pub fn start(root: &Path, args: &[&str]) -> Editor {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ptelint"))
            .arg("lsp")
            .args(args)
            .current_dir(root)
            // Rule pages are written there.
            .envs([CACHE_FOLDER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Editor {
            input: child.stdin.take(),
            child,
            messages,
            heard: Vec::new(),
            root: root.to_owned(),
            n_requests: 0,
        }
    }

    /// The first two messages. Returns what the server can do.
    pub fn initialize(&mut self, params: Value) -> Value {
        let result = self.request("initialize", params);
        self.notify("initialized", json!({}));
        result
    }

    /// The URI of a file of the tree.
    pub fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    /// The process of the server.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("an open pipe");
        input.write_all(bytes).expect("the server reads");
        input.flush().expect("the server reads");
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request, and returns its id.
    pub fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.n_requests += 1;
        let id = self.n_requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Waits for the response to a request.
    pub fn response(&mut self, id: u64) -> Value {
        loop {
            let message = self.next();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// Sends a request and waits for its result.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let mut response = self.response(id);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// The next message. Requests of the server are answered with nothing.
    pub fn next(&mut self) -> Value {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => self.take(message),
            Err(RecvTimeoutError::Timeout) => panic!("no message; heard before: {:?}", self.heard),
            Err(RecvTimeoutError::Disconnected) => panic!("the server has gone"),
        }
    }

    /// The next message, if one comes in a while.
    pub fn next_within(&mut self, time: Duration) -> Option<Value> {
        let message = self.messages.recv_timeout(time).ok()?;
        Some(self.take(message))
    }

    fn take(&mut self, message: Value) -> Value {
        if let (Some(id), true) = (message.get("id"), message.get("method").is_some()) {
            let is_list = message["method"] == "workspace/configuration";
            let result = if is_list { json!([null]) } else { Value::Null };
            let answer = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            self.send(&answer);
        }
        if message.get("method").is_some() {
            self.heard.push(message.clone());
        }
        message
    }

    /// Waits for a message of a kind of which something holds.
    pub fn wait_for(&mut self, method: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let mut message = self.next();
            if message["method"] == method && holds(&message["params"]) {
                return message["params"].take();
            }
            assert!(begin.elapsed() < PATIENCE, "{method} never holds");
        }
    }

    /// Opens a document as it is on disk. Returns its text.
    pub fn open_file(&mut self, path: &str) -> String {
        let text = std::fs::read_to_string(self.root.join(path)).expect("a text");
        self.open_text(path, &text);
        text
    }

    /// Opens a document with a text.
    pub fn open_text(&mut self, path: &str, text: &str) {
        let item = json!({
            "uri": self.uri(path), "languageId": "c", "version": 1, "text": text
        });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Replaces a part of a document.
    pub fn change(&mut self, path: &str, version: u64, range: Value, text: &str) {
        let document = json!({ "uri": self.uri(path), "version": version });
        let change = json!({ "range": range, "text": text });
        self.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
    }

    /// The parameters that name a position in a document.
    pub fn at(&self, path: &str, position: &Value) -> Value {
        json!({ "textDocument": { "uri": self.uri(path) }, "position": position })
    }

    /// Waits for diagnostics of a file of which something holds.
    pub fn diagnostics(&mut self, path: &str, holds: impl Fn(&[Value]) -> bool) -> Value {
        let uri = self.uri(path);
        self.wait_for("textDocument/publishDiagnostics", |params| {
            let list = params["diagnostics"].as_array();
            params["uri"] == uri.as_str() && holds(list.map_or(&[], Vec::as_slice))
        })
    }

    /// Ends the server as the protocol says.
    pub fn close(mut self) -> ExitStatus {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.wait()
    }

    /// Goes away without a word.
    pub fn hang_up(mut self) -> ExitStatus {
        self.input = None;
        self.wait()
    }

    /// Waits for the end of the server.
    pub fn wait(mut self) -> ExitStatus {
        let status = self.child.wait().expect("the server ends");
        self.input = None;
        status
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut n_bytes = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", n)) => n_bytes = n.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; n_bytes];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The URI of a path without odd characters.
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Where something stands in a text, columns counted in UTF-16.
pub fn position(text: &str, anchor: &str) -> Value {
    let at = text
        .find(anchor)
        .unwrap_or_else(|| panic!("no {anchor:?} in the text"));
    position_at(text, at)
}

/// The position of an offset.
pub fn position_at(text: &str, at: usize) -> Value {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[..at].matches('\n').count();
    json!({ "line": line, "character": text[start..at].encode_utf16().count() })
}

/// Where all of something is in a text.
pub fn range(text: &str, anchor: &str) -> Value {
    let start = text
        .find(anchor)
        .unwrap_or_else(|| panic!("no {anchor:?} in the text"));
    let end = position_at(text, start + anchor.len());
    json!({ "start": position_at(text, start), "end": end })
}

/// A small Linux tree to edit: `mm/remake.c` makes entries anew, and `is_ordinary` keeps override
/// mappings away from it.
pub fn small_tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // Without the links that the system puts into the name of its folder.
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for (path, source) in [
        ("Makefile", "change/Makefile"),
        ("mm/ordinary.c", "change/mm/ordinary.c"),
        ("mm/remake.c", "change/mm/remake.c"),
        ("mm/protect.c", "sample/mm/sample_protect.c"),
        (
            "drivers/video/first_fb.c",
            "change/drivers/video/first_fb.c",
        ),
        ("drivers/gpu/gem.c", "sample/drivers/gpu/sample_gem.c"),
        ("include/linux/mm.h", "include/linux/mm.h"),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::copy(testdata.join(source), path).expect("a file");
    }
    folder
}
