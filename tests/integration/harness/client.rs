//! A raw HTTP/1.1 client: what it sends and what it sees are the bytes on the wire.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::request::{Framing, Request};
use super::{find, within};

/// An answer, whole or as far as it came.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The framing came to its proper end.
    pub complete: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }

    /// The error code of a refusal in the shape of the chat dialect.
    #[track_caller]
    pub fn code(&self) -> String {
        let body = self.json();
        let error = &body["error"];
        for field in ["message", "type"] {
            assert!(error[field].is_string(), "no {field} in {body}");
        }
        assert!(body["error"].get("param").is_some(), "no param in {body}");
        error["code"].as_str().unwrap_or_else(|| panic!("no code in {body}")).to_owned()
    }

    #[track_caller]
    pub fn assert_ok(&self) {
        assert_eq!(self.status, 200, "{}", self.text());
        assert!(self.complete, "the answer broke off: {}", self.text());
    }

    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        assert!(self.complete, "the answer broke off: {}", self.text());
    }
}

/// What a connection may run over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// One connection.
pub struct Client {
    stream: Box<dyn Wire>,
    buffer: Vec<u8>,
}

/// Sends one request on a connection of its own and reads the answer.
pub async fn send(to: SocketAddr, request: &Request) -> Answer {
    Client::connect(to).await.exchange(request).await
}

impl Client {
    pub async fn connect(to: SocketAddr) -> Self {
        let stream = within("connecting", TcpStream::connect(to)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// A client on a connection that is open already.
    pub fn over(stream: impl Wire + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: Vec::new() }
    }

    /// Sends raw bytes. A peer that has closed is seen when reading.
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = within("sending", self.stream.write_all(bytes)).await;
    }

    pub async fn send_request(&mut self, request: &Request) {
        self.send(&request.head()).await;
        if request.framing == Framing::Expect {
            let head = self.read_head().await;
            if head.status != 100 {
                // Refused without the body: the answer is for whoever reads next.
                let mut head_again = raw_head(&head);
                head_again.append(&mut self.buffer);
                self.buffer = head_again;
                return;
            }
        }
        self.send(&request.framed_body()).await;
    }

    /// Sends a request and reads its answer, past interim ones.
    pub async fn exchange(&mut self, request: &Request) -> Answer {
        self.send_request(request).await;
        self.read_answer().await
    }

    /// Reads more; false at the end of the connection.
    async fn fill(&mut self) -> bool {
        matches!(within("reading", self.stream.read_buf(&mut self.buffer)).await, Ok(n) if n > 0)
    }

    /// Status and headers of the next answer. A connection that ends gives status 0.
    pub async fn read_head(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if !self.fill().await {
                return Answer::default();
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("no header: {line:?}")))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Answer { status, headers, ..Answer::default() }
    }

    /// The next answer, with its body as far as it comes.
    pub async fn read_answer(&mut self) -> Answer {
        let mut answer = self.read_head().await;
        while answer.status == 100 {
            answer = self.read_head().await;
        }
        if answer.status == 0 {
            return answer;
        }
        if answer.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            answer.complete = loop {
                match self.read_chunk().await {
                    Some(chunk) if chunk.is_empty() => break true,
                    Some(chunk) => answer.body.extend(chunk),
                    None => break false,
                }
            };
        } else if let Some(length) = answer.header("content-length").map(|v| v.parse::<usize>().unwrap()) {
            while self.buffer.len() < length && self.fill().await {}
            answer.complete = self.buffer.len() >= length;
            answer.body = self.buffer.drain(..length.min(self.buffer.len())).collect();
        } else if answer.status == 204 || answer.status == 304 {
            answer.complete = true;
        } else {
            while self.fill().await {}
            answer.body = std::mem::take(&mut self.buffer);
            answer.complete = true;
        }
        answer
    }

    /// The next chunk of a chunked body: empty at its proper end, `None` where it breaks off.
    pub async fn read_chunk(&mut self) -> Option<Vec<u8>> {
        let line = loop {
            if let Some(at) = find(&self.buffer, b"\r\n") {
                break at;
            }
            if !self.fill().await {
                return None;
            }
        };
        let digits = std::str::from_utf8(&self.buffer[..line]).unwrap();
        let size = usize::from_str_radix(digits.trim(), 16).unwrap_or_else(|_| panic!("no chunk size: {digits:?}"));
        let end = line + 2 + size + 2;
        while self.buffer.len() < end {
            if !self.fill().await {
                return None;
            }
        }
        let chunk = self.buffer[line + 2..line + 2 + size].to_vec();
        assert_eq!(&self.buffer[line + 2 + size..end], b"\r\n", "a chunk without its end");
        self.buffer.drain(..end);
        Some(chunk)
    }
}

fn raw_head(answer: &Answer) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} -\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    head.into_bytes()
}
