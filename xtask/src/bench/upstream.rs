//! The model backend of the comparison: reads a request, answers at once, or with timed events where streaming is asked for.

use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Pause between two events of a stream.
const EVENT_PAUSE: Duration = Duration::from_millis(5);
/// The zero of the times written into events; sender and receiver are one process.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Nanoseconds since the first call.
pub fn now_ns() -> u64 {
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Starts the upstream in a thread of its own and says where it listens.
pub fn start(events: usize) -> io::Result<SocketAddr> {
    now_ns();
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("upstream".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that breaks is the proxy's affair; the load side reports what it loses by it.
                tokio::spawn(async move { serve(stream, events).await });
            }
        });
    })?;
    Ok(address)
}

fn answer() -> Vec<u8> {
    let text = "A plain answer of a few sentences, as models give them. ".repeat(8);
    let body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1750000000,"model":"bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":900,"completion_tokens":100,"total_tokens":1000}}}}"#
    );
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn serve(mut stream: TcpStream, events: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let answer = answer();
    let mut buffer = Vec::with_capacity(256 * 1024);
    while let Some(streamed) = read_request(&mut stream, &mut buffer).await? {
        if streamed {
            send_events(&mut stream, events).await?;
        } else {
            stream.write_all(&answer).await?;
        }
    }
    Ok(())
}

/// Reads one request; `None` at the end of the connection, else whether it asks for a stream.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<bool>> {
    buffer.clear();
    loop {
        if let Some(end) = find(buffer, b"\r\n\r\n").map(|at| at + 4) {
            let length = super::load::content_length(&buffer[..end]).unwrap_or(0);
            while buffer.len() < end + length {
                if stream.read_buf(buffer).await? == 0 {
                    return Ok(None);
                }
            }
            let front = &buffer[end..buffer.len().min(end + 64)];
            return Ok(Some(find(front, br#""stream":true"#).is_some()));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

async fn send_events(stream: &mut TcpStream, events: usize) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    for _ in 0..events {
        tokio::time::sleep(EVENT_PAUSE).await;
        let event = format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"bench\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word\"}},\"finish_reason\":null}}],\"sent_ns\":{}}}\n\n",
            now_ns()
        );
        stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await?;
    }
    let done = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    stream.write_all(format!("{:x}\r\n{done}\r\n0\r\n\r\n", done.len()).as_bytes()).await
}

/// Where `needle` first stands in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}
