//! memgate's own signature: HMAC-SHA256 over who, when, what and the body, in headers that a shell can make.
//!
//! The signed text is these lines, joined by `\n` without a trailing one: `memgate-v1`, key id, timestamp, nonce,
//! method, path with query, user as sent, hex SHA-256 of the body.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::header::{self, View};
use super::{Arrival, Invalid, code};
use crate::ids::{TenantId, UserId};
use crate::setting::Secret;

/// Signatures of one request that are tried: a rotation needs two.
const MAX_SIGNATURES: usize = 4;

/// A secret shared with callers that sign their requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// What `X-Memgate-Key-Id` names: 1 to 64 of `A-Z a-z 0-9 _ - .`.
    pub id: Box<str>,
    pub secret: Secret,
}

/// The headers that sign a request. `user` is `tenant:name` or `name`, `target` the path with query, `now` Unix seconds.
pub fn sign(
    key: &SigningKey,
    user: &str,
    method: &str,
    target: &str,
    body: &[u8],
    now: i64,
    nonce: &str,
) -> Vec<(&'static str, String)> {
    let now = now.to_string();
    let mut mac = begin(key, [&now, nonce, method, target, user]);
    mac.update(hex::encode(Sha256::digest(body)).as_bytes());
    vec![
        ("X-Memgate-User", user.to_owned()),
        ("X-Memgate-Timestamp", now),
        ("X-Memgate-Nonce", nonce.to_owned()),
        ("X-Memgate-Key-Id", key.id.to_string()),
        ("X-Memgate-Signature", format!("v1={}", hex::encode(mac.finalize().into_bytes()))),
    ]
}

/// The MAC over every line but the last, which is the body's digest.
fn begin(key: &SigningKey, lines: [&str; 5]) -> Hmac<Sha256> {
    let mut mac = keyed(key.secret.expose());
    mac.update(b"memgate-v1\n");
    mac.update(key.id.as_bytes());
    for line in lines {
        mac.update(b"\n");
        mac.update(line.as_bytes());
    }
    mac.update(b"\n");
    mac
}

/// Whether `tag` is the whole HMAC-SHA256 of `message`. Takes the same time wherever they differ.
pub(super) fn is_mac(secret: &[u8], message: &[u8], tag: &[u8]) -> bool {
    keyed(secret).chain_update(message).verify_slice(tag).is_ok()
}

pub(super) fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    // RFC 2104 keys may have any length: longer than a block, they are hashed first.
    Hmac::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"))
}

/// A signature whose headers are sound and which awaits the body's digest.
pub(super) struct Unverified {
    pub user: UserId,
    pub timestamp: i64,
    pub nonce: Box<str>,
    pub key_id: Box<str>,
    mac: Hmac<Sha256>,
    candidates: Vec<[u8; 32]>,
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").field("key_id", &self.key_id).field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

impl Unverified {
    /// Whether one of the request's signatures is over this body. Takes the same time wherever they differ.
    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), Invalid> {
        let mut mac = self.mac.clone();
        mac.update(hex::encode(Sha256::digest(body)).as_bytes());
        let expected: [u8; 32] = mac.finalize().into_bytes().into();
        let hits = self.candidates.iter().map(|candidate| candidate.ct_eq(&expected));
        if hits.fold(subtle::Choice::from(0), |any, hit| any | hit).into() {
            return Ok(());
        }
        let message = "X-Memgate-Signature does not fit this request. Sign the method, the path with its query, the user and the body \
                       exactly as they are sent; `memgate sign` does.";
        Err(Invalid::new(code::SIGNATURE_INVALID, message))
    }
}

/// Whether the request sets out to be signed, were it by one header of the four.
pub(super) fn is_attempted(view: &View<'_>) -> bool {
    [header::SIGNATURE, header::TIMESTAMP, header::NONCE, header::KEY_ID].iter().any(|name| view.has(name))
}

/// Checks everything that can be checked before the body is read. A bare name is one of the tenant `home`.
pub(super) fn prepare(
    view: &View<'_>,
    arrival: &Arrival<'_>,
    keys: &[SigningKey],
    skew: i64,
    home: &TenantId,
) -> Result<Unverified, Invalid> {
    let claimed = view.get(header::USER).map(|value| header::text(value).into_owned());
    parse(view, arrival, keys, skew, home).map_err(|invalid| Invalid { claimed, ..invalid })
}

fn parse(view: &View<'_>, arrival: &Arrival<'_>, keys: &[SigningKey], skew: i64, home: &TenantId) -> Result<Unverified, Invalid> {
    let user = ascii_or_utf8(view, header::USER)?;
    let stamp = ascii_or_utf8(view, header::TIMESTAMP)?;
    let nonce = ascii_or_utf8(view, header::NONCE)?;
    let key_id = ascii_or_utf8(view, header::KEY_ID)?;
    let candidates = signatures(ascii_or_utf8(view, header::SIGNATURE)?)?;

    let bad = |message: &str| Invalid::new(code::SIGNATURE_INVALID, message);
    let digits = !stamp.is_empty() && stamp.bytes().all(|b| b.is_ascii_digit());
    let timestamp: i64 = stamp.parse().ok().filter(|_| digits).ok_or_else(|| bad("X-Memgate-Timestamp is not Unix seconds."))?;
    if !(16..=128).contains(&nonce.len()) || !nonce.bytes().all(is_token) {
        return Err(bad("X-Memgate-Nonce must be 16 to 128 letters, digits, `-`, `_` or `.`."));
    }
    let key = keys.iter().find(|key| *key.id == *key_id).ok_or_else(|| {
        Invalid::new(code::SIGNATURE_KEY_UNKNOWN, "X-Memgate-Key-Id names no key of this server; see trust.signing_keys.")
    })?;
    if arrival.now.saturating_sub(timestamp).unsigned_abs() > skew.unsigned_abs() {
        let message = format!(
            "The signature's timestamp is more than {skew} s away from this server's clock, which reads {}. Sign again.",
            arrival.now
        );
        return Err(Invalid::new(code::SIGNATURE_EXPIRED, message));
    }
    let parsed = UserId::parse_at(user, home).map_err(|reason| Invalid::malformed("X-Memgate-User", &reason))?;
    Ok(Unverified {
        user: parsed,
        timestamp,
        nonce: nonce.into(),
        key_id: key_id.into(),
        mac: begin(key, [stamp, nonce, arrival.method, arrival.target, user]),
        candidates,
    })
}

fn ascii_or_utf8<'a>(view: &View<'a>, name: &str) -> Result<&'a str, Invalid> {
    let value = view.get(name).ok_or_else(|| {
        let message = format!("The request is signed in part: {name} is missing. `memgate sign` prints all the headers.");
        Invalid::new(code::SIGNATURE_INCOMPLETE, message)
    })?;
    std::str::from_utf8(value).map_err(|_| Invalid::new(code::SIGNATURE_INVALID, format!("The header {name} is not UTF-8.")))
}

/// Every `v1=` value. Other versions are passed over, so that a caller may send a newer one beside it.
fn signatures(text: &str) -> Result<Vec<[u8; 32]>, Invalid> {
    let bad =
        || Invalid::new(code::SIGNATURE_INVALID, "X-Memgate-Signature must be `v1=` and 64 hex digits, or a few such, spaced.");
    let values = text.split(' ').filter_map(|token| token.strip_prefix("v1="));
    let mut found = Vec::with_capacity(1);
    for value in values {
        let mut mac = [0; 32];
        hex::decode_to_slice(value, &mut mac).map_err(|_| bad())?;
        found.push(mac);
    }
    if found.is_empty() || found.len() > MAX_SIGNATURES { Err(bad()) } else { Ok(found) }
}

/// Characters of nonces and key ids: none of them is a line break.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
