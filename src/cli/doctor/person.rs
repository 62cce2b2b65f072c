//! Throw-away people, and the proofs that a client would send for them: good ones, and such as must not pass.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::identity::{SigningKey, sign, sign_message};
use crate::ids::UserId;
use crate::setting::Secret;

/// How far in the past what is stale was made: more than any clock skew that can be configured.
const STALE: i64 = 24 * 60 * 60;

/// How a client says for whom it asks.
#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// A plain header, and perhaps another one for the tenant.
    Header { name: String, tenant: Option<String> },
    /// `Open WebUI`'s token.
    OpenWebuiJwt { header: String, secret: Secret },
    /// memgate's own signed headers.
    Signature(SigningKey),
    /// HTTP message signatures (RFC 9421).
    MessageSignature(SigningKey),
    /// A per-user key, made for the purpose.
    UserKey,
}

impl Proof {
    /// What it is, for people.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Header { .. } => "a plain header",
            Self::OpenWebuiJwt { .. } => "Open WebUI's token",
            Self::Signature(_) => "memgate's signature",
            Self::MessageSignature(_) => "an HTTP message signature",
            Self::UserKey => "a personal key",
        }
    }

    /// It is made anew for each request, and can be no other's.
    pub(super) fn is_signed(&self) -> bool {
        matches!(self, Self::OpenWebuiJwt { .. } | Self::Signature(_) | Self::MessageSignature(_))
    }

    /// It passes once alone.
    pub(super) fn is_single_use(&self) -> bool {
        matches!(self, Self::Signature(_) | Self::MessageSignature(_))
    }
}

/// A throw-away person of one client.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub user: UserId,
    /// The client's own key.
    pub client_key: Option<Secret>,
    pub proof: Proof,
    /// The key that stands for the person, where the proof is one.
    pub user_key: Option<Secret>,
}

/// What is wrong with a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// Signed with another secret, or a key that nobody has.
    Forged,
    /// Made a day ago.
    Stale,
    /// Nobody is named.
    Missing,
    /// The client's key is another.
    WrongClient,
}

/// What a request consists of, as far as it is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub method: &'a str,
    /// With its query.
    pub path: &'a str,
    pub body: &'a [u8],
    /// Seconds since the Unix epoch.
    pub now: i64,
    pub nonce: &'a str,
}

impl Person {
    /// The headers by which the client would ask for this person. Those that are secret are not to be shown.
    pub(super) fn headers(&self, target: Target<'_>, flaw: Flaw) -> Vec<(String, Vec<u8>)> {
        let mut headers = Vec::new();
        if let Some(key) = &self.client_key {
            // A personal key stands where clients usually have theirs.
            let name = if self.user_key.is_some() { "x-api-key" } else { "authorization" };
            let scheme: &[u8] = if self.user_key.is_some() { b"" } else { b"Bearer " };
            let key = if flaw == Flaw::WrongClient { b"memgate-doctor-wrong-client-key".as_slice() } else { key.expose() };
            headers.push((name.to_owned(), [scheme, key].concat()));
        }
        if flaw != Flaw::Missing {
            headers.extend(self.evidence(target, flaw));
        }
        headers
    }

    fn evidence(&self, target: Target<'_>, flaw: Flaw) -> Vec<(String, Vec<u8>)> {
        let user = self.user.name();
        let made = if flaw == Flaw::Stale { target.now - STALE } else { target.now };
        let Target { method, path, body, nonce, .. } = target;
        let text = |headers: Vec<(&str, String)>| {
            headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect::<Vec<_>>()
        };
        match &self.proof {
            Proof::Header { name, tenant } => {
                let tenant = tenant.as_ref().map(|name| (name.clone(), self.user.tenant().as_str().as_bytes().to_vec()));
                [(name.clone(), user.as_bytes().to_vec())].into_iter().chain(tenant).collect()
            }
            Proof::OpenWebuiJwt { header, secret } => {
                let token = token(user, made, spoiled(secret, flaw).expose());
                vec![(header.clone(), token.into_bytes())]
            }
            Proof::Signature(key) => text(sign(&spoiled_key(key, flaw), user, method, path, body, made, nonce)),
            Proof::MessageSignature(key) => text(sign_message(&spoiled_key(key, flaw), user, method, path, body, made, nonce)),
            Proof::UserKey => {
                let key = self.user_key.as_ref().map_or(b"".as_slice(), Secret::expose);
                let key = if flaw == Flaw::Forged { b"mgk_memgateDoctorMadeThisKeyUpItIsNobodys0000".as_slice() } else { key };
                vec![("authorization".to_owned(), [b"Bearer ", key].concat())]
            }
        }
    }
}

fn spoiled(secret: &Secret, flaw: Flaw) -> Secret {
    if flaw == Flaw::Forged { Secret::new(&[secret.expose(), b"-forged"].concat()) } else { secret.clone() }
}

fn spoiled_key(key: &SigningKey, flaw: Flaw) -> SigningKey {
    SigningKey { id: key.id.clone(), secret: spoiled(&key.secret, flaw) }
}

/// A token as `Open WebUI` mints it: HS256, five minutes long.
fn token(user: &str, made: i64, secret: &[u8]) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(json!({"iss": "open-webui", "sub": user, "iat": made, "exp": made + 300}));
    let signed = format!("{head}.{claims}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}
