//! A request as raw as a test needs it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::gate::OPEN_WEBUI_KEY;
use super::sign::Signature;

/// How a body is framed on HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length,
    Chunked,
    /// By length, with `Expect: 100-continue`: the body follows only after the interim answer.
    Expect,
}

/// A request; headers go out in order and in the case given, repeated ones repeatedly.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub framing: Framing,
    pub trailers: Vec<(String, String)>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
            trailers: Vec::new(),
        }
    }

    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self { body: body.into(), ..Self::new("POST", target) };
        request.header("Content-Type", "application/json")
    }

    /// A chat of the given turns, alternating from the user's first one.
    pub fn chat(turns: &[&str]) -> Self {
        Self::chat_with(turns, false)
    }

    /// The same, answered as a stream.
    pub fn streamed_chat(turns: &[&str]) -> Self {
        Self::chat_with(turns, true)
    }

    fn chat_with(turns: &[&str], stream: bool) -> Self {
        let role = |n: usize| if n.is_multiple_of(2) { "user" } else { "assistant" };
        let messages: Vec<Value> = turns.iter().enumerate().map(|(n, text)| json!({"role": role(n), "content": text})).collect();
        Self::post("/v1/chat/completions", json!({"model": "m", "stream": stream, "messages": messages}).to_string())
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn headers<N: AsRef<str>, V: AsRef<[u8]>>(self, headers: impl IntoIterator<Item = (N, V)>) -> Self {
        headers.into_iter().fold(self, |request, (name, value)| request.header(name.as_ref(), value))
    }

    pub fn bearer(self, key: &str) -> Self {
        self.header("Authorization", format!("Bearer {key}"))
    }

    /// As Open WebUI sends it for one of its users: the client's key and a plain header, hence vouched.
    pub fn vouched(self, user: &str) -> Self {
        self.bearer(OPEN_WEBUI_KEY.1).header("X-OpenWebUI-User-Id", user)
    }

    /// Signed by memgate's own headers.
    pub fn signed(self, user: &str) -> Self {
        let headers = Signature::of(user, &self.method, &self.target, &self.body).headers();
        self.headers(headers)
    }

    pub fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// The head for HTTP/1.1; `Host` comes first.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: memgate.test\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        let mut tail = String::new();
        match self.framing {
            Framing::Chunked => tail.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::Length if self.method == "GET" && self.body.is_empty() => {}
            Framing::Length | Framing::Expect => write!(tail, "Content-Length: {}\r\n", self.body.len()).unwrap(),
        }
        if self.framing == Framing::Expect {
            tail.push_str("Expect: 100-continue\r\n");
        }
        tail.push_str("\r\n");
        head.extend_from_slice(tail.as_bytes());
        head
    }

    /// The body as HTTP/1.1 frames it. Chunks are of several sizes, so that borders fall everywhere.
    pub fn framed_body(&self) -> Vec<u8> {
        if self.framing != Framing::Chunked {
            return self.body.clone();
        }
        let mut out = Vec::with_capacity(self.body.len() + self.body.len() / 64);
        let mut rest = &self.body[..];
        for size in [1, 7, 100, 4096, 65_536].into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, more) = rest.split_at(rest.len().min(size));
            out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
            rest = more;
        }
        out.extend_from_slice(b"0\r\n");
        for (name, value) in &self.trailers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}
