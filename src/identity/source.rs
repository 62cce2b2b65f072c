//! Where evidence may come from, as the configuration says it and as requests are read.

use std::sync::Arc;

use http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::header::{self, View};
use super::jwt::{CloudflareAccessFile, JwtFile, JwtSource, OpenWebuiJwt, OpenWebuiJwtFile};
use super::signature::{self, SigningKey, is_token};
use crate::setting::{Faults, Secret, SecretRef};

/// Shortest secret or key in bytes.
pub(super) const MIN_SECRET: usize = 16;

/// One place where a client names its users.
#[derive(Debug, Clone)]
pub enum Source {
    /// A per-user key as bearer token.
    UserKey,
    /// A plain header: the client's word, or the peer's.
    Header(HeaderName),
    OpenWebuiJwt(Box<OpenWebuiJwt>),
    /// A token of an issuer.
    Jwt(Arc<JwtSource>),
    /// memgate's own signed headers.
    MemgateSignature,
}

impl Source {
    /// The source's evidence is signed: once a client is configured for it, unsigned requests are a downgrade.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::OpenWebuiJwt(_) | Self::Jwt(_) | Self::MemgateSignature)
    }

    /// Whether the request bears a trace of this source, be it a downgraded one.
    pub(super) fn leaves_trace(&self, view: &View<'_>, user_key: bool) -> bool {
        match self {
            Self::UserKey => user_key,
            Self::Header(name) => view.carries(name.as_str()),
            // Where minting the token fails, Open WebUI sends its plain headers instead.
            Self::OpenWebuiJwt(jwt) => view.carries(jwt.header.as_str()) || view.carries(header::OPEN_WEBUI_USER_ID),
            Self::Jwt(jwt) => jwt.leaves_trace(view),
            Self::MemgateSignature => view.carries(header::USER) || signature::is_attempted(view),
        }
    }

    /// What a caller would send, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::UserKey => "a personal key (`Authorization: Bearer mgk_…`)".to_owned(),
            Self::Header(name) => format!("the header {name}"),
            Self::OpenWebuiJwt(jwt) => format!("Open WebUI's signed header {}", jwt.header),
            Self::Jwt(jwt) => jwt.describe(),
            Self::MemgateSignature => "memgate's signed headers (X-Memgate-User with X-Memgate-Signature)".to_owned(),
        }
    }
}

/// A source as written in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceFile {
    /// A per-user key, made by `memgate user key`, as bearer token. Verified.
    UserKey,
    /// A plain header that holds the user's id. Vouched from a client that sends its key, asserted from a trusted peer.
    Header(String),
    /// `Open WebUI`'s signed token (`FORWARD_USER_INFO_HEADER_JWT_SECRET`). Verified; its absence is refused.
    OpenWebuiJwt(OpenWebuiJwtFile),
    /// A token (JWT) of an issuer, by its secret or its published keys. Verified; its absence is refused.
    Jwt(Box<JwtFile>),
    /// The token of Cloudflare Access. Verified; its absence is refused.
    CloudflareAccess(CloudflareAccessFile),
    /// memgate's own HMAC headers, by one of `trust.signing_keys`. Verified; their absence is refused.
    MemgateSignature,
}

impl SourceFile {
    /// The source, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<Source> {
        match self {
            Self::UserKey => Some(Source::UserKey),
            Self::MemgateSignature => Some(Source::MemgateSignature),
            Self::Header(name) => header_name(name, &format!("{path}.header"), faults).map(Source::Header),
            Self::OpenWebuiJwt(jwt) => {
                jwt.resolve(&format!("{path}.open_webui_jwt"), faults).map(|jwt| Source::OpenWebuiJwt(Box::new(jwt)))
            }
            Self::Jwt(jwt) => jwt.resolve(&format!("{path}.jwt"), faults).map(|jwt| Source::Jwt(Arc::new(jwt))),
            Self::CloudflareAccess(access) => {
                access.resolve(&format!("{path}.cloudflare_access"), faults).map(|jwt| Source::Jwt(Arc::new(jwt)))
            }
        }
    }
}

/// A signing key as written in the configuration. Two at a time allow rotation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyFile {
    /// What `X-Memgate-Key-Id` names: 1 to 64 letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// At least 16 bytes; 32 random ones are better.
    pub secret: SecretRef,
}

impl SigningKeyFile {
    /// The key, or faults at `path`.
    pub fn resolve(&self, path: &str, faults: &mut Faults) -> Option<SigningKey> {
        let sound = (1..=64).contains(&self.id.len()) && self.id.bytes().all(is_token);
        if !sound {
            faults.add(format!("{path}.id"), "is no key id", "use 1 to 64 letters, digits, `-`, `_`, `.`, such as k1");
        }
        let secret = long_secret(&self.secret, &format!("{path}.secret"), faults)?;
        sound.then(|| SigningKey { id: self.id.as_str().into(), secret })
    }
}

/// A secret that is long enough to be one, or a fault at `path`.
pub fn long_secret(secret: &SecretRef, path: &str, faults: &mut Faults) -> Option<Secret> {
    secret_of(secret, MIN_SECRET, path, faults)
}

/// A secret of at least `min` bytes, or a fault at `path`.
pub(super) fn secret_of(secret: &SecretRef, min: usize, path: &str, faults: &mut Faults) -> Option<Secret> {
    let secret = secret.resolve(path, faults)?;
    if secret.expose().len() < min {
        let reason = format!("the secret is shorter than {min} bytes");
        faults.add(path, reason, "make one with `openssl rand -hex 32`, and set it on both sides");
        return None;
    }
    Some(secret)
}

/// A header name fit to carry identity, or a fault at `path`.
pub(super) fn header_name(name: &str, path: &str, faults: &mut Faults) -> Option<HeaderName> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let Some(parsed) = name.parse::<HeaderName>().ok().filter(|_| plain) else {
        let reason = format!("`{name}` is no header name for identity");
        faults.add(path, reason, "use letters, digits and hyphens, such as X-Staff-Id");
        return None;
    };
    let ours = parsed.as_str().starts_with("x-memgate-") && parsed != header::USER;
    let framing = ["connection", "trailer", "transfer-encoding", "content-length", "content-type", "host", "te", "upgrade"];
    if ours || header::CREDENTIALS.contains(&parsed.as_str()) || framing.contains(&parsed.as_str()) {
        let reason = format!("`{name}` has another meaning and cannot name a user");
        faults.add(path, reason, "use a header of its own, such as X-Staff-Id");
        return None;
    }
    Some(parsed)
}
