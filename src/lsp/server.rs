//! The loop that hears clients and analyses, and what it knows.

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use gen_lsp_types::{
    InitializeResult, MessageType, PublishDiagnosticsParams, ServerInfo, ShowDocumentParams,
    ShowMessageParams, Uri,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::pipeline::Options;

use super::Start;
use super::diagnostics;
use super::documents::{Documents, File};
use super::facts::{self, Facts};
use super::pages::Pages;
use super::requests::{Found, Slow};
use super::transport::{Client, Incoming};
use super::tree::OpenTree;
use super::uri;
use super::view::View;
use super::worker::News;

/// What the server hears.
pub enum Event {
    /// Something from the client.
    Client(Incoming),
    /// The client has gone.
    End,
    /// Something from the analysis of a tree.
    Tree(usize, News),
    /// The answer to a request that took its time.
    Found(RequestId, Option<Found>),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Start,
    Running,
    ShutDown,
}

/// Everything the server knows.
pub struct Server {
    pub(super) client: Client,
    pub(super) facts: Facts,
    pub(super) pages: Pages,
    pub(super) documents: Documents,
    /// Open trees by number; a number is not used again.
    pub(super) trees: BTreeMap<usize, OpenTree>,
    /// Inlay hints are wanted.
    pub(super) has_hints: bool,
    pub(super) events: Sender<Event>,
    /// The one tree to look at, if it was named.
    pub(super) only: Option<PathBuf>,
    pub(super) options: Options,
    phase: Phase,
    /// Requests that are worked on elsewhere.
    running: HashSet<RequestId>,
    /// Questions to the client whose answer matters.
    asked_settings: HashSet<RequestId>,
    n_sent: u64,
    pub(super) n_trees: usize,
    pub(super) revision: u64,
}

/// Why a request is not answered.
pub struct Failure(pub ErrorCode, pub String);

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Failure {
        Failure(ErrorCode::InvalidParams, error.to_string())
    }
}

impl Server {
    /// A server that has heard nothing.
    pub fn new(start: Start, client: Client, events: Sender<Event>, pages: Pages) -> Server {
        Server {
            client,
            facts: Facts::default(),
            pages,
            documents: Documents::new(),
            trees: BTreeMap::new(),
            has_hints: false,
            events,
            only: start.path,
            options: start.options,
            phase: Phase::Start,
            running: HashSet::new(),
            asked_settings: HashSet::new(),
            n_sent: 0,
            n_trees: 0,
            revision: 0,
        }
    }

    /// Answers until the client says `exit` or is gone. True if it had asked for `shutdown`.
    pub fn run(mut self, events: &Receiver<Event>) -> bool {
        for event in events {
            match event {
                Event::End => break,
                Event::Client(Incoming::Malformed(code, text)) => {
                    self.client.send_unaddressed(code, text);
                }
                Event::Client(Incoming::Message(Message::Notification(one)))
                    if one.method == "exit" =>
                {
                    break;
                }
                event => {
                    // A mistake of ours must not take the editor's server away.
                    let result = catch_unwind(AssertUnwindSafe(|| self.hear(event)));
                    if result.is_err() {
                        self.show_message(MessageType::Error, "ptelint made a mistake; see stderr");
                    }
                }
            }
        }
        self.phase == Phase::ShutDown
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Client(Incoming::Message(Message::Request(request))) => self.request(request),
            Event::Client(Incoming::Message(Message::Notification(notification))) => {
                if self.phase == Phase::Running {
                    self.notification(notification);
                }
            }
            Event::Client(Incoming::Message(Message::Response(response))) => {
                self.response(response);
            }
            Event::Tree(tree, news) => self.news(tree, news),
            Event::Found(id, found) => {
                if self.running.remove(&id) {
                    let value = found.map(|found| found.value(self));
                    self.client.send(match value {
                        Some(value) => Response::new_ok(id, value),
                        None => internal_error(id),
                    });
                }
            }
            Event::Client(Incoming::Malformed(..)) | Event::End => {}
        }
    }

    fn request(&mut self, request: Request) {
        let id = request.id.clone();
        let refused = match (self.phase, request.method.as_str()) {
            (Phase::Start, "initialize") | (Phase::Running, _) => None,
            (Phase::Start, _) => {
                Some((ErrorCode::ServerNotInitialized, "`initialize` comes first"))
            }
            (Phase::ShutDown, _) => Some((ErrorCode::InvalidRequest, "after `shutdown`")),
        };
        if let Some((code, text)) = refused {
            let response = Response::new_err(id, code as i32, text.to_owned());
            return self.client.send(response);
        }
        let result = catch_unwind(AssertUnwindSafe(|| match request.method.as_str() {
            "initialize" => self.initialize(&request.params).map(Some),
            "shutdown" => {
                self.phase = Phase::ShutDown;
                for tree in self.trees.values() {
                    tree.worker.cancel();
                }
                Ok(Some(Value::Null))
            }
            _ => self.answer(request),
        }));
        match result {
            Ok(Ok(Some(value))) => self.client.send(Response::new_ok(id, value)),
            Ok(Ok(None)) => {}
            Ok(Err(Failure(code, text))) => {
                self.client.send(Response::new_err(id, code as i32, text));
            }
            Err(_) => self.client.send(internal_error(id)),
        }
    }

    fn initialize(&mut self, params: &Value) -> Result<Value, Failure> {
        if self.phase != Phase::Start {
            let text = "`initialize` was asked before".to_owned();
            return Err(Failure(ErrorCode::InvalidRequest, text));
        }
        self.facts = Facts::new(params);
        self.set(&params["initializationOptions"]);
        let folders: Vec<Uri> = match params["workspaceFolders"].as_array() {
            Some(folders) if !folders.is_empty() => folders.iter().filter_map(folder).collect(),
            _ => {
                let root = params["rootUri"].as_str().map(Uri::from);
                let path = params["rootPath"].as_str();
                let path = path.map(|path| uri::of(Path::new(path)));
                root.or(path).into_iter().collect()
            }
        };
        self.phase = Phase::Running;
        match self.only.clone() {
            Some(path) => {
                self.tree_of(&path, true);
            }
            None => folders.iter().for_each(|folder| self.open_folder(folder)),
        }
        let result = InitializeResult {
            capabilities: facts::capabilities(&self.facts),
            server_info: Some(ServerInfo {
                name: "ptelint".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        };
        Ok(serde_json::to_value(result)?)
    }

    fn initialized(&mut self) {
        if self.facts.watches {
            let registration = json!({
                "id": "ptelint-files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": facts::watchers(),
            });
            self.ask(
                "client/registerCapability",
                json!({ "registrations": [registration] }),
            );
        }
        self.ask_settings();
    }

    fn notification(&mut self, notification: Notification) {
        let Notification { method, params } = notification;
        // What cannot be read is left alone: nobody waits for an answer.
        match method.as_str() {
            "initialized" => self.initialized(),
            "textDocument/didOpen" => self.with(params, Server::opened),
            "textDocument/didChange" => self.with(params, Server::changed),
            "textDocument/didClose" => self.with(params, Server::closed),
            "textDocument/didSave" => self.with(params, Server::saved),
            "workspace/didChangeWatchedFiles" => {
                let changes = params["changes"].as_array();
                let uris = changes.into_iter().flatten();
                self.on_disk(uris.filter_map(|change| change["uri"].as_str()).collect());
            }
            "workspace/didCreateFiles"
            | "workspace/didDeleteFiles"
            | "workspace/didRenameFiles" => {
                let files = params["files"].as_array().into_iter().flatten();
                let names = ["uri", "oldUri", "newUri"];
                let uris = files.flat_map(|file| names.map(|name| file[name].as_str()));
                self.on_disk(uris.flatten().collect());
            }
            "workspace/didChangeWorkspaceFolders" => {
                let list = |name: &str| -> Vec<Uri> {
                    let folders = params["event"][name].as_array();
                    folders.into_iter().flatten().filter_map(folder).collect()
                };
                list("removed").iter().for_each(|it| self.close_folder(it));
                if self.only.is_none() {
                    list("added").iter().for_each(|it| self.open_folder(it));
                }
            }
            "workspace/didChangeConfiguration" => {
                self.set(&params["settings"]["ptelint"]);
                self.ask_settings();
            }
            "window/workDoneProgress/cancel" => {
                let token = params["token"].as_str().unwrap_or_default();
                for tree in self.trees.values().filter(|tree| tree.progress.is(token)) {
                    tree.worker.cancel();
                }
            }
            "$/cancelRequest" => {
                if let Ok(id) = serde_json::from_value::<RequestId>(params["id"].clone())
                    && self.running.remove(&id)
                {
                    let code = ErrorCode::RequestCanceled as i32;
                    self.client
                        .send(Response::new_err(id, code, "cancelled".to_owned()));
                }
            }
            _ => {}
        }
    }

    fn with<T: DeserializeOwned>(&mut self, params: Value, f: fn(&mut Server, T)) {
        if let Ok(params) = serde_json::from_value(params) {
            f(self, params);
        }
    }

    fn response(&mut self, response: Response) {
        if self.asked_settings.remove(&response.id)
            && let Ok(Value::Array(sections)) = response.response_result
        {
            self.set(sections.first().unwrap_or(&Value::Null));
        }
    }

    fn ask_settings(&mut self) {
        if self.facts.configuration {
            let id = self.ask(
                "workspace/configuration",
                json!({ "items": [{ "section": "ptelint" }] }),
            );
            self.asked_settings.insert(id);
        }
    }

    /// Takes over what settings say; what they do not say stays.
    fn set(&mut self, settings: &Value) {
        if let Some(has_hints) = settings["inlayHints"].as_bool()
            && has_hints != self.has_hints
        {
            self.has_hints = has_hints;
            if self.facts.refreshes_hints && self.phase == Phase::Running {
                self.ask("workspace/inlayHint/refresh", Value::Null);
            }
        }
    }

    fn news(&mut self, number: usize, news: News) {
        let token_number = self.n_sent;
        let Some(tree) = self.trees.get_mut(&number) else {
            return;
        };
        match news {
            News::Stage(name, steps) => {
                if self.facts.progress {
                    let is_first = tree.snapshot.is_none();
                    let token = || format!("ptelint-{number}-{token_number}");
                    tree.progress
                        .stage(&self.client, (name, steps), is_first, &token);
                    self.n_sent += 1;
                }
            }
            News::Analysed(snapshot) => {
                tree.progress.end(&self.client, "done");
                tree.told = None;
                for document in self.documents.values_mut() {
                    if let Some(file) = &document.file
                        && file.tree == number
                        && let Some((revision, text)) = snapshot.buffers.get(&file.path)
                    {
                        document.analysed(*revision, text.clone());
                    }
                }
                let mut files = diagnostics::files(&snapshot);
                files.extend(tree.sent.files());
                tree.snapshot = Some(Arc::new(*snapshot));
                self.publish(number, files);
                self.refresh();
            }
            News::Cancelled(true) => {}
            News::Cancelled(false) => tree.progress.end(&self.client, "cancelled"),
            News::Failed(text) => {
                tree.progress.end(&self.client, "failed");
                let text = format!("ptelint cannot analyse {}: {text}", tree.root.display());
                self.tell_once(number, text);
            }
            News::Crashed(text) => {
                tree.progress.end(&self.client, "crashed");
                let text = format!(
                    "ptelint's analysis of {} has crashed ({text}); its last answers stay",
                    tree.root.display()
                );
                self.tell_once(number, text);
            }
        }
    }

    fn tell_once(&mut self, number: usize, text: String) {
        if let Some(tree) = self.trees.get_mut(&number)
            && tree.told.as_ref() != Some(&text)
        {
            tree.told = Some(text.clone());
            self.show_message(MessageType::Error, &text);
        }
    }

    /// Sends the diagnostics of files, where the client does not ask for them, and does not have
    /// them.
    pub(super) fn publish(&mut self, number: usize, paths: impl IntoIterator<Item = String>) {
        if self.facts.pulls {
            return;
        }
        for path in paths {
            let Some(view) = self.view(number) else {
                return;
            };
            let found = diagnostics::of_file(view, &path, &self.facts, &self.pages);
            let document = view.document(&path);
            let version = document.map(|document| document.version);
            let uri = view.uri(&path);
            if let Some(tree) = self.trees.get_mut(&number)
                && tree.sent.renew(&path, &found)
            {
                self.send_diagnostics(uri, version, found);
            }
        }
    }

    /// A file goes by another name from now on: the client's for a document that it has opened or
    /// closed.
    pub(super) fn publish_as_called(&mut self, file: &File, called: &Uri) {
        let Some(tree) = self.trees.get_mut(&file.tree) else {
            return;
        };
        let usual = uri::of(&tree.shown_root.join(&file.path));
        if usual != *called && tree.sent.renew(&file.path, &[]) {
            let before = match self.documents.contains_key(&called.to_string()) {
                true => usual,
                false => called.clone(),
            };
            self.send_diagnostics(before, None, Vec::new());
        }
        self.publish(file.tree, [file.path.clone()]);
    }

    pub(super) fn send_diagnostics(
        &self,
        uri: Uri,
        version: Option<i32>,
        diagnostics: Vec<gen_lsp_types::Diagnostic>,
    ) {
        let version = version.filter(|_| self.facts.versions);
        let params = PublishDiagnosticsParams {
            uri,
            version,
            diagnostics,
        };
        self.notify("textDocument/publishDiagnostics", params);
    }

    /// Asks the client to ask again.
    fn refresh(&mut self) {
        for (can, method) in [
            (self.facts.pulls, "workspace/diagnostic/refresh"),
            (self.facts.refreshes_lenses, "workspace/codeLens/refresh"),
            (
                self.facts.refreshes_hints && self.has_hints,
                "workspace/inlayHint/refresh",
            ),
        ] {
            if can {
                self.ask(method, Value::Null);
            }
        }
    }

    /// The last answer on a tree, as the editor sees it.
    pub(super) fn view(&self, number: usize) -> Option<View<'_>> {
        let tree = self.trees.get(&number)?;
        Some(View {
            snapshot: tree.snapshot.as_deref()?,
            root: &tree.shown_root,
            tree: number,
            documents: &self.documents,
            encoding: self.facts.encoding,
        })
    }

    /// Works on a request on another thread; the answer comes as an event.
    pub(super) fn start(&mut self, id: RequestId, slow: Slow) {
        self.running.insert(id.clone());
        let events = self.events.clone();
        std::thread::spawn(move || {
            let found = catch_unwind(AssertUnwindSafe(|| slow.find())).ok();
            // A server that has ended needs no answer.
            let _ = events.send(Event::Found(id, found));
        });
    }

    /// Shows a text: as a page if the client can, else as a message.
    pub(super) fn show(&mut self, page: Option<Uri>, text: &str) {
        match page.filter(|_| self.facts.shows_documents) {
            Some(uri) => {
                let params = ShowDocumentParams {
                    uri,
                    external: None,
                    take_focus: Some(true),
                    selection: None,
                };
                self.ask("window/showDocument", json!(params));
            }
            None => self.show_message(MessageType::Info, text),
        }
    }

    fn show_message(&self, kind: MessageType, message: &str) {
        let params = ShowMessageParams {
            kind,
            message: message.to_owned(),
        };
        self.notify("window/showMessage", params);
    }

    fn notify(&self, method: &str, params: impl serde::Serialize) {
        self.client.send(Notification {
            method: method.to_owned(),
            params: json!(params),
        });
    }

    fn ask(&mut self, method: &str, params: Value) -> RequestId {
        self.n_sent += 1;
        let id = RequestId::from(format!("ptelint-{}", self.n_sent));
        self.client.send(Request {
            id: id.clone(),
            method: method.to_owned(),
            params,
        });
        id
    }
}

fn folder(folder: &Value) -> Option<Uri> {
    folder["uri"].as_str().map(Uri::from)
}

fn internal_error(id: RequestId) -> Response {
    let code = ErrorCode::InternalError as i32;
    Response::new_err(id, code, "ptelint made a mistake; see stderr".to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::channel;

    use super::super::transport::Outgoing;
    use super::*;

    /// What a server says to messages and news, the last of which is `exit`.
    fn said(events: Vec<Event>) -> Vec<Value> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.c"), "int a;\n").expect("a file");
        let (sender, heard) = channel();
        let (outgoing, said) = channel();
        for event in events {
            sender.send(event).expect("it is listened to");
        }
        let start = Start {
            path: Some(folder.path().to_owned()),
            ..Start::default()
        };
        let client = Client(outgoing);
        let server = Server::new(start, client, sender, Pages::in_folder(None));
        server.run(&heard);
        said.iter()
            .map(|one| match one {
                Outgoing::Message(message) => json!(message),
                Outgoing::Unaddressed(..) => Value::Null,
            })
            .collect()
    }

    fn message(message: Value) -> Event {
        let message = serde_json::from_value(message).expect("a message");
        Event::Client(Incoming::Message(message))
    }

    #[test]
    fn a_crash_is_one_error_message_and_the_server_lives_on() {
        let crash = || Event::Tree(0, News::Crashed("on purpose".to_owned()));
        let said = said(vec![
            message(json!({ "id": 1, "method": "initialize", "params": {} })),
            crash(),
            crash(),
            message(json!({ "id": 2, "method": "shutdown" })),
            message(json!({ "method": "exit" })),
        ]);
        let told: Vec<&str> = said
            .iter()
            .filter(|one| one["method"] == "window/showMessage")
            .filter_map(|one| one["params"]["message"].as_str())
            .collect();
        assert_eq!(told.len(), 1, "{said:?}");
        assert!(told[0].contains("on purpose"), "{told:?}");
        assert!(
            said.iter()
                .any(|one| one["id"] == 2 && one.get("error").is_none())
        );
    }
}
