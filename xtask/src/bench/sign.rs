//! Request heads signed ahead of time, so that signing costs the measurement nothing.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::body::{Corpus, USERS};

/// Id and secret of the signing key that the measured memgate is configured with.
pub const KEY_ID: &str = "bench";
pub const KEY: &str = "bench-signing-key-of-thirty-two-bytes!";

const TARGET: &str = "/v1/chat/completions";

/// The `n`th person.
pub fn user(n: usize) -> String {
    format!("bench:person-{}", n % USERS)
}

/// One signed request, but for the front of its body, which is the corpus's.
pub struct Signed {
    pub head: Vec<u8>,
    pub tail: Vec<u8>,
}

/// `count` requests from number `first` on, each with its own question and nonce.
pub fn requests(corpus: &Corpus, to: SocketAddr, first: usize, count: usize) -> Vec<Signed> {
    (first..first + count)
        .map(|n| {
            let (tail, digest) = corpus.tail(n);
            Signed { head: head(to, &user(n), corpus.front.len() + tail.len(), &digest), tail }
        })
        .collect()
}

/// The head of one signed chat request.
pub fn head(to: SocketAddr, user: &str, length: usize, digest: &str) -> Vec<u8> {
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let mut random = [0_u8; 16];
    // Without randomness the nonces repeat, and the replay guard says so.
    let _ = getrandom::fill(&mut random);
    let nonce = hex::encode(random);
    let text = ["memgate-v1", KEY_ID, &timestamp.to_string(), &nonce, "POST", TARGET, user, digest].join("\n");
    let mut head = format!(
        "POST {TARGET} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nAccept: */*\r\nUser-Agent: memgate-bench\r\n\
         X-Memgate-User: {user}\r\nX-Memgate-Timestamp: {timestamp}\r\nX-Memgate-Nonce: {nonce}\r\nX-Memgate-Key-Id: {KEY_ID}\r\n"
    );
    // A key of any length suits HMAC; the type says that it might not.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()) {
        mac.update(text.as_bytes());
        let _ = write!(head, "X-Memgate-Signature: v1={}\r\n", hex::encode(mac.finalize().into_bytes()));
    }
    let _ = write!(head, "Content-Length: {length}\r\n\r\n");
    head.into_bytes()
}
