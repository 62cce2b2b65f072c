//! HTTP/2 frames by hand, for header fields that no sound client library would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::within;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field as HPACK writes it without index and without Huffman coding (RFC 7541, section 6.2.2).
fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let length = |text: &[u8]| u8::try_from(text.len()).ok().filter(|n| *n < 127).expect("a short text");
    [&[0, length(name)], name, &[length(value)], value].concat()
}

/// How the server took a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Reaction {
    /// A header block came back: the request was answered.
    Answered,
    /// The stream or the connection was ended.
    Refused,
}

/// Sends a GET without a body whose fields, pseudo-headers too, are exactly `fields`.
pub async fn send(to: SocketAddr, fields: &[(&[u8], &[u8])]) -> Reaction {
    let mut stream = within("connecting", TcpStream::connect(to)).await.unwrap();
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    let request = frame(HEADERS, END_STREAM | END_HEADERS, 1, &block);
    // A server that dislikes the frames may close before all are written; what it did is seen when reading.
    let _ = stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &request].concat()).await;
    within("a reaction by HTTP/2", read_reaction(&mut stream)).await
}

async fn read_reaction(stream: &mut TcpStream) -> Reaction {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Reaction::Refused;
        }
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap()];
        if stream.read_exact(&mut payload).await.is_err() {
            return Reaction::Refused;
        }
        match head[3] {
            HEADERS => return Reaction::Answered,
            RST_STREAM | GOAWAY => return Reaction::Refused,
            _ => {}
        }
    }
}
