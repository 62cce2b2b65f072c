//! Signatures as a caller makes them. Written from the wire formats, not from the product's code.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::gate::SIGNING_KEY;

/// Seconds since the Unix epoch.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub fn random_hex() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).unwrap();
    hex::encode(bytes)
}

pub fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// What memgate's own signature covers; every part may be falsified before it is signed or sent.
#[derive(Debug, Clone)]
pub struct Signature {
    pub key_id: String,
    pub key: String,
    pub timestamp: String,
    pub nonce: String,
    pub method: String,
    pub target: String,
    pub user: String,
    pub digest: String,
}

impl Signature {
    pub fn of(user: &str, method: &str, target: &str, body: &[u8]) -> Self {
        Self {
            key_id: "k1".to_owned(),
            key: SIGNING_KEY.1.to_owned(),
            timestamp: now().to_string(),
            nonce: random_hex(),
            method: method.to_owned(),
            target: target.to_owned(),
            user: user.to_owned(),
            digest: hex::encode(Sha256::digest(body)),
        }
    }

    /// The five headers.
    pub fn headers(&self) -> Vec<(String, String)> {
        let Self { key_id, key, timestamp, nonce, method, target, user, digest } = self;
        let text = ["memgate-v1", key_id, timestamp, nonce, method, target, user, digest].join("\n");
        let signature = format!("v1={}", hex::encode(hmac(key.as_bytes(), text.as_bytes())));
        [
            ("X-Memgate-User", user.clone()),
            ("X-Memgate-Timestamp", timestamp.clone()),
            ("X-Memgate-Nonce", nonce.clone()),
            ("X-Memgate-Key-Id", key_id.clone()),
            ("X-Memgate-Signature", signature),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// A JWT by HS256.
pub fn jwt(secret: &str, claims: &Value) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let text = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(claims.to_string().as_bytes()));
    let signature = encode(&hmac(secret.as_bytes(), text.as_bytes()));
    format!("{text}.{signature}")
}

#[test]
fn the_recorded_token_of_open_webui_is_reproduced() {
    let claims = r#"{"sub":"040539c8-0000-4000-8000-000000000001","email":"mari\u0107@example.com","name":"Ana Mari\u0107","role":"user","iss":"open-webui","iat":1750000000,"exp":1750000300}"#;
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let text = format!("{}.{}", encode(br#"{"alg":"HS256","typ":"JWT"}"#), encode(claims.as_bytes()));
    let signature = encode(&hmac(b"owui-test-secret-at-least-32-bytes!!", text.as_bytes()));
    assert_eq!(signature, "mwnVZD_knnLgWQjB3jDkdJONlrK8Ev2xSWjc3F60xZI");
}
