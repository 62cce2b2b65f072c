//! A token as it stands in a header: compact serialisation of a signed JWT (RFC 7515, 7.1; RFC 7519).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Fault;

/// Largest token in bytes.
pub(super) const MAX_TOKEN: usize = 16 << 10;

/// A token whose form is sound. Nothing in it may be believed before its signature was checked.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub algorithm: String,
    pub key_id: Option<String>,
    /// What the signature covers.
    pub signed: &'a [u8],
    pub signature: Vec<u8>,
    claims: Vec<u8>,
}

/// The members that count. `jwk`, `jku` and `x5c` are the sender's word and never looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Whatever it lists, it is unknown here.
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        if text.len() > MAX_TOKEN {
            return Err(Fault::TooLarge);
        }
        let mut parts = text.split(|byte| *byte == b'.');
        let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(Fault::Form);
        };
        let decode = |part: &[u8]| URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Form);
        let signed = &text[..header.len() + 1 + claims.len()];
        let (header, claims, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        let Header { alg, kid, crit } = serde_json::from_slice(&header).map_err(|_| Fault::Form)?;
        if crit {
            return Err(Fault::Critical);
        }
        Ok(Self { algorithm: alg, key_id: kid, signed, signature, claims })
    }

    /// The claims, of a token whose signature was checked.
    pub(super) fn claims(&self) -> Result<Map<String, Value>, Fault> {
        serde_json::from_slice(&self.claims).map_err(|_| Fault::Form)
    }

    /// The issuer that the token names, unchecked: good for nothing but to choose who is to check it.
    pub(super) fn claimed_issuer(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Issuer {
            iss: String,
        }
        serde_json::from_slice::<Issuer>(&self.claims).ok().map(|claims| claims.iss)
    }
}

/// Whether a bearer credential sets out to be a token, or is a placeholder that stands where one was to be.
pub(super) fn is_tokenlike(bearer: &[u8]) -> bool {
    let in_parts = bearer.split(|byte| *byte == b'.').nth(2).is_some();
    let plain = bearer.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    bearer.starts_with(b"eyJ") || (in_parts && plain) || is_placeholder(bearer)
}

/// Whether the chat UI left a template unresolved: the same text for all its people.
pub(in crate::identity) fn is_placeholder(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair == b"{{")
}
