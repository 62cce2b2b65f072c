//! Evidence as requests carry it. The cases share one configuration: [`settings`].

mod clients;
mod forgery;
mod groups;
mod jwt;
mod message_signature;
mod open_webui;
mod presets;
mod signed;
mod tenants;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::setting::Secret;

const NOW: i64 = 1_750_000_000;
const BODY: &[u8] = br#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
const TARGET: &str = "/v1/chat/completions?x=1";
const NONCE: &str = "nonce-0123456789abcdef";

/// Nobody trusts this one.
const STRANGER: &str = "203.0.113.9";
/// One of `trusted_peers`.
const TRUSTED: &str = "127.0.0.1";
/// Address of the client `lan`.
const LAN: &str = "192.168.7.20";

const UI_KEY: &str = "ui-key-0123456789abcdef";
const JWT_SECRET: &str = "owui-test-secret-at-least-32-bytes!!";
const ALICE_KEY: &str = "mgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

struct Keys(HashMap<KeyHash, KeyOwner>);

impl UserKeys for Keys {
    fn owner(&self, hash: &KeyHash) -> Option<KeyOwner> {
        self.0.get(hash).cloned()
    }
}

fn keys() -> Keys {
    let owner = KeyOwner { id: KeyId::fresh(), user: user("alice") };
    Keys([(hash_key(ALICE_KEY.as_bytes()), owner)].into())
}

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn signing_key(id: &str, secret: &[u8]) -> SigningKey {
    SigningKey { id: id.into(), secret: Secret::new(secret) }
}

fn k1() -> SigningKey {
    signing_key("k1", b"0123456789abcdef0123456789abcdef")
}

fn k2() -> SigningKey {
    signing_key("k2", b"fedcba9876543210fedcba9876543210")
}

fn owui(secret: &str) -> Source {
    let name = HeaderName::from_static(header::OPEN_WEBUI_JWT);
    Source::OpenWebuiJwt(Box::new(OpenWebuiJwt::new(name, vec![Secret::new(secret.as_bytes())])))
}

fn plain(name: &'static str) -> Source {
    HeaderSource::new(HeaderName::from_static(name)).into()
}

fn client(name: &str, key: Option<&str>, peer: Option<&str>, sources: Vec<Source>) -> Client {
    Client {
        name: ClientName::parse(name).unwrap(),
        key_hashes: key.iter().map(|key| hash_key(key.as_bytes())).collect(),
        certificates: Vec::new(),
        peers: peer.iter().map(|peer| peer.parse().unwrap()).collect(),
        sources,
        cues: Cues::default(),
        tenant: None,
        groups: Vec::new(),
        key_headers: Vec::new(),
    }
}

/// A UI that vouches by its key, one that signs, one known by its address, one open; a trusted peer; two signing keys.
fn settings() -> IdentitySettings {
    IdentitySettings {
        trusted_peers: vec!["127.0.0.1/32".parse().unwrap()],
        signing_keys: vec![k1(), k2()],
        clients: vec![
            client("ui", Some(UI_KEY), None, vec![plain(header::OPEN_WEBUI_USER_ID)]),
            client(
                "signing-ui",
                Some("signing-ui-key-01234567"),
                None,
                vec![owui(JWT_SECRET), plain(header::OPEN_WEBUI_USER_ID)],
            ),
            client("lan", None, Some("192.168.7.0/24"), vec![plain(header::SILLY_TAVERN_USER)]),
            client("staff", None, None, vec![plain("x-staff-id")]),
        ],
        ..IdentitySettings::default()
    }
}

fn resolver(settings: IdentitySettings) -> Resolver {
    Resolver::new(settings, Arc::new(ReplayGuard::new(NOW - 3600)))
}

fn headers<N: AsRef<str>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> HeaderMap {
    let parse = |(name, value): &(N, V)| {
        let name: HeaderName = name.as_ref().parse().unwrap();
        (name, HeaderValue::from_bytes(value.as_ref()).unwrap())
    };
    pairs.iter().map(parse).collect()
}

fn arrival<'a>(peer: &str, headers: &'a HeaderMap, now: i64) -> Arrival<'a> {
    Arrival { method: "POST", target: TARGET, authority: None, headers, peer: peer.parse().unwrap(), certificate: None, now }
}

fn ask<N: AsRef<str>, V: AsRef<[u8]>>(peer: &str, pairs: &[(N, V)]) -> Resolution {
    resolver(settings()).resolve(&arrival(peer, &headers(pairs), NOW), None, &keys())
}

fn valid(name: &str, assurance: Assurance, source: &'static str) -> Finding {
    Finding::Valid(Evidence { user: user(name), assurance, source, groups: Vec::new() })
}

fn code_of(resolution: &Resolution) -> &'static str {
    match &resolution.finding {
        Finding::Invalid(invalid) => invalid.code,
        other => panic!("expected something invalid, found {other:?}"),
    }
}

fn is_none(resolution: &Resolution) -> bool {
    matches!(resolution.finding, Finding::None { .. })
}
