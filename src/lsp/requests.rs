//! Requests and their answers.

use std::sync::Arc;

use gen_lsp_types::{
    CallHierarchyIncomingCallsParams, CallHierarchyItem, CallHierarchyOutgoingCallsParams,
    CodeActionParams, CodeLensParams, Diagnostic, ExecuteCommandParams, InlayHintParams, Position,
    Range, TextDocumentPositionParams, Uri,
};
use lsp_server::{ErrorCode, Request};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::pipeline::{Calls, GraphAnswer, GraphNode};
use crate::rules;

use super::calls::{self, Function};
use super::commands;
use super::diagnostics;
use super::documents::Document;
use super::hover::hover;
use super::lenses;
use super::navigation;
use super::server::{Failure, Server};
use super::view::View;

impl Server {
    /// The answer to a request; `None` if it comes later.
    pub(super) fn answer(&mut self, request: Request) -> Result<Option<Value>, Failure> {
        let Request { id, method, params } = request;
        let value = match method.as_str() {
            "textDocument/hover" => {
                let markdown = self.facts.markdown;
                self.at(params, |view, path, at| {
                    json!(hover(view, path, at, markdown))
                })?
            }
            "textDocument/definition" => self.at(params, |view, path, at| {
                json!(navigation::definitions(view, path, at))
            })?,
            "textDocument/references" => self.at(params, |view, path, at| {
                json!(navigation::references(view, path, at))
            })?,
            "textDocument/codeLens" => {
                let params: CodeLensParams = read(params)?;
                match self.seen(&params.text_document.uri) {
                    Some((view, path, _)) => json!(lenses::lenses(view, path)),
                    None => json!([]),
                }
            }
            "textDocument/inlayHint" => {
                let params: InlayHintParams = read(params)?;
                match self.seen(&params.text_document.uri) {
                    Some((view, path, _)) if self.has_hints => {
                        json!(lenses::hints(view, path, params.range))
                    }
                    _ => json!([]),
                }
            }
            "textDocument/codeAction" => self.actions(read(params)?),
            "textDocument/diagnostic" => self.pulled(&params),
            "workspace/diagnostic" => self.all_pulled(&params),
            "workspace/executeCommand" => self.execute(read(params)?)?,
            "textDocument/prepareCallHierarchy" => {
                let params: TextDocumentPositionParams = read(params)?;
                let Some((tree, calls, name)) = self.function_at(&params) else {
                    return Ok(Some(Value::Null));
                };
                self.start(id, Slow::Definitions { tree, calls, name });
                return Ok(None);
            }
            "callHierarchy/incomingCalls" => {
                let params: CallHierarchyIncomingCallsParams = read(params)?;
                return self.calls(id, &params.item, true);
            }
            "callHierarchy/outgoingCalls" => {
                let params: CallHierarchyOutgoingCallsParams = read(params)?;
                return self.calls(id, &params.item, false);
            }
            method => {
                let text = format!("there is no request `{method}`");
                return Err(Failure(ErrorCode::MethodNotFound, text));
            }
        };
        Ok(Some(value))
    }

    /// The last answer on the tree of an open document.
    fn seen(&self, uri: &Uri) -> Option<(View<'_>, &str, &Document)> {
        let document = self.documents.get(uri.as_ref())?;
        let file = document.file.as_ref()?;
        Some((self.view(file.tree)?, &file.path, document))
    }

    /// Answers from what is known of a position; `null` if that is nothing.
    fn at(
        &self,
        params: Value,
        answer: impl FnOnce(View<'_>, &str, usize) -> Value,
    ) -> Result<Value, Failure> {
        let params: TextDocumentPositionParams = read(params)?;
        let seen = self.seen(&params.text_document.uri);
        let known = seen.and_then(|(view, path, document)| {
            let at = view.origin(document, params.position)?;
            Some(answer(view, path, at))
        });
        Ok(known.unwrap_or_default())
    }

    fn actions(&self, params: CodeActionParams) -> Value {
        let Some((view, path, _)) = self.seen(&params.text_document.uri) else {
            return json!([]);
        };
        let known = diagnostics::of_file(view, path, &self.facts, &self.pages);
        let mut actions = commands::actions(view, path, params.range, &known);
        if let Some(only) = &params.context.only {
            actions.retain(|action| action.kind.as_ref().is_some_and(|kind| only.contains(kind)));
        }
        match self.facts.action_literals {
            true => json!(actions),
            // Such a client knows commands only.
            false => json!(
                actions
                    .into_iter()
                    .filter_map(|action| action.command)
                    .collect::<Vec<_>>()
            ),
        }
    }

    /// The diagnostics of one document.
    fn pulled(&self, params: &Value) -> Value {
        let uri = Uri::from(params["textDocument"]["uri"].as_str().unwrap_or_default());
        let found = match self.seen(&uri) {
            Some((view, path, _)) => diagnostics::of_file(view, path, &self.facts, &self.pages),
            None => Vec::new(),
        };
        report(&found, params["previousResultId"].as_str())
    }

    /// Those of all files: with findings, or of which the client knows some.
    fn all_pulled(&self, params: &Value) -> Value {
        let known = params["previousResultIds"].as_array();
        let mut known: std::collections::BTreeMap<&str, &str> = known
            .into_iter()
            .flatten()
            .filter_map(|one| Some((one["uri"].as_str()?, one["value"].as_str()?)))
            .collect();
        let mut items = Vec::new();
        let mut add = |uri: &Uri, version: Option<i32>, found: &[Diagnostic], before| {
            let mut item = report(found, before);
            item["uri"] = json!(uri);
            item["version"] = json!(version);
            items.push(item);
        };
        for &tree in self.trees.keys() {
            let Some(view) = self.view(tree) else {
                // Nothing is known yet, and nothing is taken back.
                continue;
            };
            for path in diagnostics::files(view.snapshot) {
                let uri = view.uri(&path);
                let version = view.document(&path).map(|document| document.version);
                let found = diagnostics::of_file(view, &path, &self.facts, &self.pages);
                let before = known.remove(uri.as_ref());
                add(&uri, version, &found, before);
            }
        }
        for (uri, before) in known {
            add(&Uri::from(uri), None, &[], Some(before));
        }
        json!({ "items": items })
    }

    fn execute(&mut self, params: ExecuteCommandParams) -> Result<Value, Failure> {
        let arguments = params.arguments.unwrap_or_default();
        let wrong = |text: &str| Failure(ErrorCode::InvalidParams, text.to_owned());
        let text_at = |i: usize| arguments.get(i).and_then(Value::as_str);
        match params.command.as_str() {
            commands::EXPLAIN_RULE => {
                let id = text_at(0).ok_or_else(|| wrong("the name of a rule is missing"))?;
                let rule = rules::ALL.iter().find(|rule| rule.id == id);
                let rule = rule.ok_or_else(|| wrong("there is no such rule"))?;
                self.show(self.pages.rule(id), rule.page);
                Ok(json!(rule.page))
            }
            commands::COPY_PROOF => {
                let text = text_at(0).ok_or_else(|| wrong("the text is missing"))?;
                self.show(self.pages.text(text), text);
                Ok(json!(text))
            }
            commands::SHOW_PROOF => {
                let uri = Uri::from(text_at(0).ok_or_else(|| wrong("the URI is missing"))?);
                let start: Position = read(arguments.get(1).cloned().unwrap_or_default())?;
                let range = Range { start, end: start };
                let seen = self.seen(&uri);
                let text = seen.and_then(|(view, path, _)| commands::proof(view, path, range));
                if let Some(text) = &text {
                    self.show(self.pages.text(text), text);
                }
                Ok(json!(text))
            }
            name => Err(wrong(&format!("there is no command `{name}`"))),
        }
    }

    fn function_at(
        &self,
        params: &TextDocumentPositionParams,
    ) -> Option<(usize, Arc<Calls>, String)> {
        let (view, _, document) = self.seen(&params.text_document.uri)?;
        let calls = view.snapshot.calls.clone()?;
        let at = document.text.offset(params.position, view.encoding);
        let name = document.text.name_at(at)?;
        Some((view.tree, calls, document.text.slice(name)))
    }

    fn calls(
        &mut self,
        id: lsp_server::RequestId,
        item: &CallHierarchyItem,
        is_incoming: bool,
    ) -> Result<Option<Value>, Failure> {
        let function = Function::of(item);
        let known = function.and_then(|function| {
            let calls = self.view(function.tree)?.snapshot.calls.clone()?;
            Some((function, calls))
        });
        let Some((function, calls)) = known else {
            return Ok(Some(Value::Null));
        };
        let slow = Slow::Around {
            function,
            calls,
            is_incoming,
        };
        self.start(id, slow);
        Ok(None)
    }
}

/// What takes too long for the server's own thread.
pub enum Slow {
    /// Where a function is defined.
    Definitions {
        tree: usize,
        calls: Arc<Calls>,
        name: String,
    },
    /// Who calls it, or whom it calls.
    Around {
        function: Function,
        calls: Arc<Calls>,
        is_incoming: bool,
    },
}

impl Slow {
    /// Finds it out.
    pub fn find(self) -> Found {
        match self {
            Slow::Definitions { tree, calls, name } => Found::Definitions {
                nodes: calls.definitions(&name),
                tree,
            },
            Slow::Around {
                function,
                calls,
                is_incoming,
            } => Found::Around {
                answer: calls.around(&function.name).unwrap_or_default(),
                function,
                is_incoming,
            },
        }
    }
}

/// What was found out.
pub enum Found {
    /// Where a function is defined.
    Definitions {
        /// The number of the tree.
        tree: usize,
        /// The definitions.
        nodes: Vec<GraphNode>,
    },
    /// The calls around a function.
    Around {
        /// The function.
        function: Function,
        /// All of them.
        answer: GraphAnswer,
        /// True for those that lead to it.
        is_incoming: bool,
    },
}

impl Found {
    /// The answer for the client, in places as they are now.
    pub fn value(self, server: &Server) -> Value {
        match self {
            Found::Definitions { tree, nodes } => {
                let Some(view) = server.view(tree) else {
                    return Value::Null;
                };
                let items = nodes.iter().map(|node| calls::item(view, node, None));
                json!(items.collect::<Vec<_>>())
            }
            Found::Around {
                function,
                answer,
                is_incoming,
            } => match server.view(function.tree) {
                None => Value::Null,
                Some(view) if is_incoming => json!(calls::incoming(view, &function, &answer)),
                Some(view) => json!(calls::outgoing(view, &function, &answer)),
            },
        }
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, Failure> {
    Ok(serde_json::from_value(params)?)
}

/// Diagnostics as the answer to a question for them.
fn report(found: &[Diagnostic], before: Option<&str>) -> Value {
    let id = diagnostics::result_id(found);
    match before == Some(id.as_str()) {
        true => json!({ "kind": "unchanged", "resultId": id }),
        false => json!({ "kind": "full", "resultId": id, "items": found }),
    }
}
