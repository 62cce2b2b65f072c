//! Request heads signed ahead of time, so that signing costs the measurement nothing.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::body::{Corpus, USER};

/// Id and secret of the signing key that the measured memgate is configured with.
pub const KEY_ID: &str = "bench";
pub const KEY: &str = "bench-signing-key-of-thirty-two-bytes!";

const TARGET: &str = "/v1/chat/completions";

/// The hex SHA-256 of a body.
pub fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// `count` heads for the bodies of `corpus` in turn, each with its own nonce.
pub fn heads(corpus: &Corpus, to: SocketAddr, count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| {
            let at = n % corpus.bodies.len();
            head(to, corpus.bodies[at].len(), &corpus.digests[at])
        })
        .collect()
}

/// The head of one signed chat request.
pub fn head(to: SocketAddr, length: usize, digest: &str) -> Vec<u8> {
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let mut random = [0_u8; 16];
    // Without randomness the nonces repeat, and the replay guard says so.
    let _ = getrandom::fill(&mut random);
    let nonce = hex::encode(random);
    let text = ["memgate-v1", KEY_ID, &timestamp.to_string(), &nonce, "POST", TARGET, USER, digest].join("\n");
    let mut head = format!(
        "POST {TARGET} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: memgate-bench\r\n\
         X-Memgate-User: {USER}\r\nX-Memgate-Timestamp: {timestamp}\r\nX-Memgate-Nonce: {nonce}\r\nX-Memgate-Key-Id: {KEY_ID}\r\n"
    );
    // A key of any length suits HMAC; the type says that it might not.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()) {
        mac.update(text.as_bytes());
        let _ = write!(head, "X-Memgate-Signature: v1={}\r\n", hex::encode(mac.finalize().into_bytes()));
    }
    let _ = write!(head, "Content-Length: {length}\r\n\r\n");
    head.into_bytes()
}
