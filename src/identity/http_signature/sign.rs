//! Signing, for `memgate sign`: the same components that the verifier demands.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use sha2::{Digest, Sha256};

use super::super::signature::{SigningKey, keyed};
use super::ALGORITHM;
use super::message::divide;

/// The headers that sign a request after RFC 9421. `user` is `tenant:name` or `name`, `target` the path with query, `now` Unix seconds;
/// `nonce` and the key's id hold neither quotes nor backslashes.
#[must_use]
pub fn sign_message(
    key: &SigningKey,
    user: &str,
    method: &str,
    target: &str,
    body: &[u8],
    now: i64,
    nonce: &str,
) -> Vec<(&'static str, String)> {
    let digest = format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
    let (path, query) = divide(target);
    let query = query.map(|query| format!("?{query}"));
    let mut covered = vec![("@method", method), ("@path", if path.is_empty() { "/" } else { path })];
    covered.extend(query.as_deref().map(|query| ("@query", query)));
    covered.push(("x-memgate-user", user));
    if !body.is_empty() {
        covered.push(("content-digest", &digest));
    }
    let names: Vec<_> = covered.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let parameters = format!("({});created={now};nonce=\"{nonce}\";alg=\"{ALGORITHM}\";keyid=\"{}\"", names.join(" "), key.id);
    let mut mac = keyed(key.secret.expose());
    for (name, value) in &covered {
        mac.update(format!("\"{name}\": {value}\n").as_bytes());
    }
    mac.update(format!("\"@signature-params\": {parameters}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut headers = vec![("X-Memgate-User", user.to_owned())];
    if !body.is_empty() {
        headers.push(("Content-Digest", digest));
    }
    headers.push(("Signature-Input", format!("memgate={parameters}")));
    headers.push(("Signature", format!("memgate=:{signature}:")));
    headers
}
