//! Taking a request in: framing checks, and its whole body within a size and a deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT, HOST};
use http::{HeaderMap, Version};
use pingora::http::RequestHeader;
use pingora::proxy::Session;

use super::settings::Limits;

/// Most bytes of an unwanted body that are read so that the connection can be kept.
const DRAIN: usize = 64 << 10;
/// How long the rest of an unwanted body is read after the answer, so that the client sees the answer and not a reset.
const LINGER: Duration = Duration::from_secs(2);

/// Why a request cannot be taken in. Each has its status and code in `respond::refuse_unreceivable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreceivable {
    /// HTTP/1.1 without `Host` (RFC 9112, section 3.2).
    NoHost,
    HeaderTooLarge {
        limit: usize,
    },
    BodyTooLarge {
        limit: usize,
    },
    BodyTimeout,
    /// `Connection` lists a header that every hop needs, or no name of one (RFC 9110, section 7.6.1).
    ConnectionHeader,
    /// A line of the header ends without a carriage return.
    BareLineFeed,
    /// The client left or broke the framing.
    BodyBroken,
}

/// Checks what the server layer lets through.
pub fn check_head(request: &RequestHeader, limits: &Limits) -> Result<(), Unreceivable> {
    if request.version == Version::HTTP_11 && request.headers.get_all(HOST).iter().count() != 1 {
        return Err(Unreceivable::NoHost);
    }
    let raw: usize = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if raw + request.raw_path().len() > limits.header {
        return Err(Unreceivable::HeaderTooLarge { limit: limits.header });
    }
    match announced_length(&request.headers) {
        Some(length) if length > limits.body as u64 => Err(Unreceivable::BodyTooLarge { limit: limits.body }),
        _ => Ok(()),
    }
}

/// Refuses a header with a line that ends in a bare line feed. The server layer takes it for a line's end (RFC 9112, section 2.2, lets it);
/// a front that passes one inside a value would let its caller write headers of their own, identity among them.
pub fn check_lines(session: &mut Session) -> Result<(), Unreceivable> {
    // HTTP/2 has no lines, and its server layer refuses both characters in a value (RFC 9113, section 8.2.1).
    if session.is_http2() || !has_bare_line_feed(&session.to_h1_raw()) {
        return Ok(());
    }
    // Where the next request begins is as doubtful.
    session.set_keepalive(None);
    Err(Unreceivable::BareLineFeed)
}

fn has_bare_line_feed(raw: &[u8]) -> bool {
    let mut previous = 0;
    raw.iter().any(|&byte| std::mem::replace(&mut previous, byte) != b'\r' && byte == b'\n')
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Tells a client that waits for it (`Expect: 100-continue`, RFC 9110, section 10.1.1) to send its body.
pub async fn invite_body(session: &mut Session) -> Result<(), Unreceivable> {
    if session.req_header().headers.contains_key(EXPECT) && !session.is_body_done() {
        let keepalive = session.get_keepalive();
        session.write_continue_response().await.map_err(|_| Unreceivable::BodyBroken)?;
        // pingora takes the interim answer for an answer before the body's end, which costs the connection.
        session.set_keepalive(keepalive);
    }
    Ok(())
}

/// Reads the whole body. Bodies up to one read pass without a copy.
pub async fn read_body(session: &mut Session, limits: &Limits) -> Result<Bytes, Unreceivable> {
    invite_body(session).await?;
    match tokio::time::timeout(limits.body_timeout, collect_body(session, limits.body)).await {
        Ok(read) => read,
        Err(_) => Err(Unreceivable::BodyTimeout),
    }
}

async fn collect_body(session: &mut Session, limit: usize) -> Result<Bytes, Unreceivable> {
    let announced = announced_length(&session.req_header().headers).and_then(|n| usize::try_from(n).ok());
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = session.read_request_body().await.map_err(|_| Unreceivable::BodyBroken)? {
        if first.len() + all.len() + chunk.len() > limit {
            return Err(Unreceivable::BodyTooLarge { limit });
        }
        if first.is_empty() && all.is_empty() {
            first = chunk;
            continue;
        }
        if all.is_empty() {
            all.reserve(announced.unwrap_or(first.len() * 4).min(limit));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Before an early answer: reads a small rest of the body so that the connection lives on, else gives the connection up.
/// Returns whether [`linger`] is due after the answer.
pub async fn settle_body(session: &mut Session) -> bool {
    if session.is_body_done() {
        return false;
    }
    let small = announced_length(&session.req_header().headers).is_none_or(|n| n <= DRAIN as u64);
    let waits = session.req_header().headers.contains_key(EXPECT);
    if small && !waits && tokio::time::timeout(Duration::from_millis(500), discard(session, DRAIN)).await.is_ok_and(|done| done) {
        return false;
    }
    session.set_keepalive(None);
    !waits
}

/// After an early answer: reads on for a moment and throws away.
pub async fn linger(session: &mut Session) {
    let _ = tokio::time::timeout(LINGER, discard(session, usize::MAX)).await;
}

/// Reads up to `most` bytes; true when the body ended within them.
async fn discard(session: &mut Session, most: usize) -> bool {
    let mut read = 0;
    while let Ok(chunk) = session.read_request_body().await {
        match chunk {
            None => return true,
            Some(chunk) => read += chunk.len(),
        }
        if read > most {
            break;
        }
    }
    false
}
