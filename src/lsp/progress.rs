//! How far an analysis is, where the client shows it.

use std::time::{Duration, Instant};

use lsp_server::{Notification, Request, RequestId};
use serde_json::{Value, json};

use super::transport::Client;

/// What is done sooner is not worth showing.
const PATIENCE: Duration = Duration::from_millis(400);

/// What the client shows of a run.
#[derive(Debug, Default)]
pub struct Shown {
    started: Option<Instant>,
    token: Option<String>,
}

impl Shown {
    /// A run is in a stage. The first run of a tree is shown at once. `token` is one that was not
    /// used before.
    pub fn stage(
        &mut self,
        client: &Client,
        (name, steps): (&str, Option<(u64, u64)>),
        is_first: bool,
        token: &dyn Fn() -> String,
    ) {
        let started = *self.started.get_or_insert_with(Instant::now);
        if self.token.is_none() {
            if !is_first && started.elapsed() < PATIENCE {
                return;
            }
            let token = token();
            client.send(Request {
                id: RequestId::from(token.clone()),
                method: "window/workDoneProgress/create".to_owned(),
                params: json!({ "token": token }),
            });
            let begin = json!({ "kind": "begin", "title": "ptelint", "cancellable": true });
            send(client, &token, begin);
            self.token = Some(token);
        }
        let message = match steps {
            Some((done, all)) if all > 0 => format!("{name} {} %", done * 100 / all),
            _ => name.to_owned(),
        };
        if let Some(token) = &self.token {
            send(
                client,
                token,
                json!({ "kind": "report", "message": message }),
            );
        }
    }

    /// No run is under way any more.
    pub fn end(&mut self, client: &Client, message: &str) {
        self.started = None;
        if let Some(token) = self.token.take() {
            send(client, &token, json!({ "kind": "end", "message": message }));
        }
    }

    /// True if the client means this run by a token.
    pub fn is(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token)
    }
}

fn send(client: &Client, token: &str, value: Value) {
    client.send(Notification {
        method: "$/progress".to_owned(),
        params: json!({ "token": token, "value": value }),
    });
}
