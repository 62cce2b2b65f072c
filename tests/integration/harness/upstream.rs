//! A model backend that records what reaches it, byte for byte, and answers as a script says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::{find, h2c, within};

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub method: String,
    pub target: String,
    /// In order and in the case on the wire; bytes above ASCII as Latin-1.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection, counted from zero.
    pub connection: usize,
}

impl Recorded {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }

    /// Whether a text stands anywhere in the request.
    pub fn mentions(&self, text: &str) -> bool {
        let in_headers = self.headers.iter().any(|(name, value)| name.contains(text) || value.contains(text));
        in_headers || self.target.contains(text) || find(&self.body, text.as_bytes()).is_some()
    }
}

/// One move of a scripted stream.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Goes on when the test says so.
    Await(Arc<Notify>),
    /// Breaks the connection off without ending the body.
    Cut,
}

/// What the upstream does with a request.
#[derive(Debug, Clone)]
pub enum Script {
    /// A body by length.
    Reply { status: u16, content_type: &'static str, body: Vec<u8> },
    /// Server-sent events, chunked; ends properly after the last step.
    Stream(Vec<Step>),
    /// These very bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// Closes without a byte.
    Close,
    /// Says nothing until the caller leaves.
    Never,
}

impl Script {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Reply { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    /// A chat completion that says `text`.
    pub fn says(text: &str) -> Self {
        Self::json(
            200,
            &json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}}),
        )
    }

    /// The same as a stream, one event a word.
    pub fn streams(text: &str) -> Self {
        let words = text.split_inclusive(' ').map(|word| Step::Send(event(word)));
        Self::Stream(words.chain([Step::Send(last_event()), Step::Send(DONE.to_vec())]).collect())
    }

    /// Streamed or not, as the request asks; JSON for what is no chat.
    pub fn fitting(request: &Recorded) -> Self {
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) if body["stream"] == json!(true) => Self::streams("All right then."),
            Ok(body) if body.get("messages").is_some() => Self::says("All right then."),
            _ if request.target.ends_with("/models") => {
                Self::json(200, &json!({"object": "list", "data": [{"id": "m", "object": "model"}]}))
            }
            _ => Self::json(200, &json!({"object": "list", "data": []})),
        }
    }
}

pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// One event with a piece of text.
pub fn event(text: &str) -> Vec<u8> {
    chunk(&json!({"index": 0, "delta": {"content": text}, "finish_reason": null}))
}

/// The event that says why the answer ends.
pub fn last_event() -> Vec<u8> {
    chunk(&json!({"index": 0, "delta": {}, "finish_reason": "stop"}))
}

fn chunk(choice: &Value) -> Vec<u8> {
    let body = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]});
    format!("data: {body}\n\n").into_bytes()
}

pub(super) type Answering = dyn Fn(&Recorded) -> Script + Send + Sync;

/// What the connections of one upstream share.
pub(super) struct Shared {
    answer: Box<Answering>,
    seen: Mutex<Vec<Recorded>>,
    /// Requests seen, and callers that left before their answer had ended.
    counts: watch::Sender<(usize, usize)>,
}

impl Shared {
    pub(super) fn record(&self, request: Recorded) -> Script {
        let script = (self.answer)(&request);
        self.seen().push(request);
        self.counts.send_modify(|counts| counts.0 += 1);
        script
    }

    pub(super) fn count_leaver(&self) {
        self.counts.send_modify(|counts| counts.1 += 1);
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.seen.lock().unwrap()
    }
}

/// The running upstream.
pub struct FakeUpstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl FakeUpstream {
    pub async fn start(answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), answer).await
    }

    /// At an address where one was before.
    pub async fn start_at(address: SocketAddr, answer: impl Fn(&Recorded) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { answer: Box::new(answer), seen: Mutex::default(), counts: watch::Sender::default() });
        let for_task = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // They end with it.
            let mut connections = JoinSet::new();
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let shared = Arc::clone(&for_task);
                connections.spawn(async move { serve(stream, connection, &shared).await });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, shared, task }
    }

    /// Ends at once, with all connections.
    pub fn kill(&self) {
        self.task.abort();
    }

    /// Everything recorded since this was last called.
    pub fn take(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.shared.seen())
    }

    /// The latest request.
    #[track_caller]
    pub fn last(&self) -> Recorded {
        self.shared.seen().last().cloned().expect("nothing reached the upstream")
    }

    /// Waits until `count` requests have come in all.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut counts = self.shared.counts.subscribe();
        within("a request at the upstream", counts.wait_for(|c| c.0 >= count)).await.unwrap();
    }

    /// Waits until `count` callers have left before the end of their answers.
    pub async fn wait_for_leavers(&self, count: usize) {
        let mut counts = self.shared.counts.subscribe();
        within("the proxy to leave the upstream", counts.wait_for(|c| c.1 >= count)).await.unwrap();
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, connection: usize, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut front = [0_u8; 3];
    if stream.peek(&mut front).await? == 3 && &front == b"PRI" {
        return h2c::serve(stream, connection, shared).await;
    }
    let mut buffer = Vec::new();
    while let Some(mut request) = read_request(&mut stream, &mut buffer).await? {
        request.connection = connection;
        let script = shared.record(request);
        if !answer(&mut stream, script, shared).await? {
            break;
        }
    }
    Ok(())
}

/// Plays a script; false when the connection is done with.
async fn answer(stream: &mut TcpStream, script: Script, shared: &Shared) -> io::Result<bool> {
    let steps = match script {
        Script::Reply { status, content_type, body } => {
            let head =
                format!("HTTP/1.1 {status} Scripted\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await?;
            return Ok(true);
        }
        Script::Close => return Ok(false),
        Script::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            return Ok(false);
        }
        Script::Never => {
            left(stream).await;
            shared.count_leaver();
            return Ok(false);
        }
        Script::Stream(steps) => steps,
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    for step in steps {
        match step {
            Step::Send(bytes) => {
                let frame = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                if stream.write_all(&frame).await.is_err() {
                    shared.count_leaver();
                    return Ok(false);
                }
            }
            Step::Cut => return Ok(false),
            Step::Await(_) => {
                let gone = tokio::select! {
                    () = wait(&step) => false,
                    () = left(stream) => true,
                };
                if gone {
                    shared.count_leaver();
                    return Ok(false);
                }
            }
        }
    }
    stream.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}

pub(super) async fn wait(step: &Step) {
    match step {
        Step::Await(notify) => notify.notified().await,
        Step::Send(_) | Step::Cut => {}
    }
}

/// Returns when the peer has closed its side.
async fn left(stream: &mut TcpStream) {
    let mut byte = [0_u8; 1];
    while matches!(stream.read(&mut byte).await, Ok(n) if n > 0) {}
}

/// Reads one request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Recorded>> {
    let end = loop {
        if let Some(at) = find(buffer, b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = buffer.drain(..end).collect();
    let text: String = head.iter().map(|b| char::from(*b)).collect();
    let mut lines = text.trim_end_matches("\r\n").split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let mut part = || first.next().unwrap_or_default().to_owned();
    let (method, target) = (part(), part());
    let headers =
        lines.filter_map(|line| line.split_once(':')).map(|(n, v)| (n.to_owned(), v.trim().to_owned())).collect::<Vec<_>>();
    let mut request = Recorded { method, target, headers, ..Recorded::default() };
    if request.header("transfer-encoding").is_some() {
        loop {
            let Some(line) = find(buffer, b"\r\n") else {
                if stream.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
                continue;
            };
            let size = usize::from_str_radix(&String::from_utf8_lossy(&buffer[..line]), 16).map_err(io::Error::other)?;
            while buffer.len() < line + 2 + size + 2 {
                if stream.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
            }
            request.body.extend_from_slice(&buffer[line + 2..line + 2 + size]);
            buffer.drain(..line + 2 + size + 2);
            if size == 0 {
                return Ok(Some(request));
            }
        }
    }
    let length = request.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    request.body = buffer.drain(..length).collect();
    Ok(Some(request))
}
