//! Messages in and out. What is no message is answered as the protocol says, and the next one read.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, Sender};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// What the client sent.
#[derive(Debug)]
pub enum Incoming {
    /// A message.
    Message(Message),
    /// Something else, with what to answer: a code and a text.
    Malformed(ErrorCode, String),
}

/// What goes to the client.
#[derive(Debug)]
pub enum Outgoing {
    /// A message.
    Message(Message),
    /// An answer to something that had no readable id.
    Unaddressed(ErrorCode, String),
}

/// Longer messages are read and thrown away. The largest source file that is read has 64 MiB, and
/// each of its bytes can take six in JSON.
const MAX_BYTES: u64 = 512 << 20;

/// A line of a header is not longer.
const MAX_HEADER_BYTES: u64 = 4 << 10;

/// Reads the next message; `None` at the end of the input.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(n_bytes) = read_header(input)? else {
        return Ok(None);
    };
    if n_bytes > MAX_BYTES {
        io::copy(&mut input.take(n_bytes), &mut io::sink())?;
        let text = format!("a message of {n_bytes} bytes is too long");
        return Ok(Some(Incoming::Malformed(ErrorCode::InvalidRequest, text)));
    }
    let mut body = Vec::new();
    // Memory is taken as bytes arrive, not as a header promises.
    input.take(n_bytes).read_to_end(&mut body)?;
    if (body.len() as u64) < n_bytes {
        return Ok(None);
    }
    let malformed = |code, error: serde_json::Error| Incoming::Malformed(code, error.to_string());
    Ok(Some(match serde_json::from_slice::<Value>(&body) {
        Err(error) => malformed(ErrorCode::ParseError, error),
        Ok(value) => match serde_json::from_value(value) {
            Err(error) => malformed(ErrorCode::InvalidRequest, error),
            Ok(message) => Incoming::Message(message),
        },
    }))
}

/// The length that the next header tells. Lines that are no header are skipped.
fn read_header(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut n_bytes = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.take(MAX_HEADER_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(line.trim_ascii_end());
        match text.split_once(':') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("Content-Length") => {
                n_bytes = value.trim().parse().ok();
            }
            _ if text.is_empty() && n_bytes.is_some() => return Ok(n_bytes),
            _ => {}
        }
    }
}

/// Writes messages until nobody can send one any more.
pub fn write(receiver: &Receiver<Outgoing>, output: &mut impl Write) -> io::Result<()> {
    for one in receiver {
        match one {
            Outgoing::Message(message) => message.write(output)?,
            Outgoing::Unaddressed(code, message) => {
                let error = json!({ "code": code as i32, "message": message });
                let text = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
                write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
                output.flush()?;
            }
        }
    }
    Ok(())
}

/// Sends messages; a client that has gone hears nothing.
#[derive(Clone)]
pub struct Client(pub Sender<Outgoing>);

impl Client {
    /// Sends a message.
    pub fn send(&self, message: impl Into<Message>) {
        // The reader notices that nobody is there.
        let _ = self.0.send(Outgoing::Message(message.into()));
    }

    /// Answers what had no readable id.
    pub fn send_unaddressed(&self, code: ErrorCode, message: String) {
        let _ = self.0.send(Outgoing::Unaddressed(code, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_does_not_end_the_input() {
        let message = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let mut input = String::from("garbage\r\n\r\n");
        for body in ["{", "[]", r#"{"id":1.5,"method":"x"}"#, message] {
            input.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        }
        let mut input = input.as_bytes();
        let mut kinds = Vec::new();
        while let Some(one) = read(&mut input).unwrap() {
            kinds.push(match one {
                Incoming::Message(Message::Notification(one)) => one.method,
                Incoming::Message(other) => format!("{other:?}"),
                Incoming::Malformed(code, _) => format!("{code:?}"),
            });
        }
        assert_eq!(kinds[0], "ParseError");
        assert_eq!(kinds[1], "InvalidRequest");
        assert_eq!(kinds[3], "exit");
    }

    #[test]
    fn a_promise_of_many_bytes_takes_no_memory() {
        let mut input = &b"Content-Length: 400000000\r\n\r\n{}"[..];
        assert!(read(&mut input).unwrap().is_none());
        let mut input = &b"Content-Length: 99999999999999\r\n\r\n{}"[..];
        assert!(matches!(
            read(&mut input).unwrap(),
            Some(Incoming::Malformed(ErrorCode::InvalidRequest, _))
        ));
    }
}
