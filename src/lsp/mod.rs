//! `ptelint lsp`: a language server over stdio.
//!
//! One thread reads messages, one writes them, and one, the *server* (`server.rs`), answers. Each
//! open tree is analysed on a thread of its own (`worker.rs`), behind [`Workspace`], which knows
//! nothing of the protocol. What an analysis found out is a *snapshot*; every request is answered
//! from the last one, through a *view* that moves places to where they are by now.
//!
//! **Invariant:** the server's own thread never waits for an analysis.
//!
//! **Invariant:** nothing here decides what a finding or a proof is; it is all in the report.
//!
//! [`Workspace`]: crate::pipeline::Workspace

mod calls;
mod commands;
mod diagnostics;
mod documents;
mod facts;
mod files;
mod hover;
mod lenses;
mod markdown;
mod navigation;
mod pages;
mod progress;
mod requests;
mod server;
mod snapshot;
mod text;
mod transport;
mod tree;
mod uri;
mod view;
mod worker;

use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;

use crate::pipeline::Options;

use pages::Pages;
use server::{Event, Server};
use transport::Client;

/// What the server is started with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The one tree to look at; absent for those that the client opens.
    pub path: Option<PathBuf>,
    /// How trees are analysed. Which code is generic, each tree's settings say.
    pub options: Options,
}

/// Serves a client on stdin and stdout until it says `exit` or goes away. True if it had asked for
/// `shutdown` before.
pub fn serve(start: Start) -> io::Result<bool> {
    let (events, incoming) = channel();
    let (outgoing, to_write) = channel();
    let reader = events.clone();
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        // A stream that cannot be read has ended.
        while let Ok(Some(message)) = transport::read(&mut input) {
            if reader.send(Event::Client(message)).is_err() {
                return;
            }
        }
        let _ = reader.send(Event::End);
    });
    let writer =
        thread::spawn(move || transport::write(&to_write, &mut BufWriter::new(io::stdout())));
    let server = Server::new(start, Client(outgoing), events, Pages::in_cache());
    let was_shut_down = server.run(&incoming);
    match writer.join() {
        Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(was_shut_down),
    }
}
