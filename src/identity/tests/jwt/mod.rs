//! Tokens of issuers. They are signed by other code than what checks them.

mod claims;
mod fetching;
mod forms;
mod keys;
mod places;
mod rfc;
mod wycheproof;

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

use super::*;
use crate::identity::jwt::KeySet;
use crate::identity::signature::is_mac;
use crate::setting::Faults;

const ISSUER: &str = "https://id.example.com/realms/home";
const AUDIENCE: &str = "memgate";
const SECRET: &str = "an-hs256-secret-of-at-least-32-bytes!";
const RSA: &[u8] = include_bytes!("../../../../tests/fixtures/jwt/rsa-2048.pkcs1.der");

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of an issuer.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    /// The public part.
    jwk: Value,
}

impl Signer {
    fn rsa(id: &'static str, algorithm: Algorithm) -> Self {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(RsaKeyPair::from_der(RSA).unwrap().public());
        let jwk = json!({"kty": "RSA", "kid": id, "use": "sig", "n": encode(public.n), "e": encode(public.e)});
        Self { id, algorithm, key: EncodingKey::from_rsa_der(RSA), jwk }
    }

    fn ec(id: &'static str, algorithm: Algorithm) -> Self {
        let (kind, curve): (&EcdsaSigningAlgorithm, _) = match algorithm {
            Algorithm::ES256 => (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            _ => (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
        };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(pair.public_key().as_ref().len() / 2);
        let jwk = json!({"kty": "EC", "kid": id, "crv": curve, "x": encode(x), "y": encode(y)});
        Self { id, algorithm, key: EncodingKey::from_ec_der(document.as_ref()), jwk }
    }

    fn es256(id: &'static str) -> Self {
        Self::ec(id, Algorithm::ES256)
    }

    fn ed25519(id: &'static str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let jwk = json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": encode(pair.public_key())});
        Self { id, algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_der(document.as_ref()), jwk }
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(self.id), claims)
    }

    fn sign_as(&self, id: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

/// A token by HMAC, with any header.
fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
    super::open_webui::token(header, claims, secret)
}

fn published(signers: &[&Signer]) -> Value {
    json!({"keys": signers.iter().map(|signer| signer.jwk.clone()).collect::<Vec<_>>()})
}

/// Sound claims of Alice, changed; null takes one away.
fn claims(change: &Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": NOW, "exp": NOW + 300});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// Files of one test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A secret as the configuration names it.
    fn secret(&self, name: &str, text: &str) -> Value {
        json!({"file": self.put(name, text)})
    }

    /// A `jwt` source with these keys in a file.
    fn jwt(&self, keys: &Value, change: &Value) -> Source {
        let file = self.put("jwks.json", &keys.to_string());
        let mut source = json!({"jwks": {"file": file}, "issuer": ISSUER, "audience": AUDIENCE});
        source.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        source.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        read("jwt", &source).unwrap()
    }
}

/// A source as the configuration has it, or the paths of its faults.
fn read(kind: &str, source: &Value) -> Result<Source, Vec<String>> {
    let file: SourceFile = serde_json::from_value(json!({kind: source})).unwrap();
    let mut faults = Faults::default();
    let mut plan = Plan::default();
    file.resolve("p", &mut plan, &mut faults);
    let source = plan.sources.pop();
    let faults: Vec<_> = faults.into_vec().into_iter().map(|fault| fault.path).collect();
    source.filter(|_| faults.is_empty()).ok_or(faults)
}

/// What a client with these sources, known by the address [`LAN`], is found to say.
fn ask_with<N: AsRef<str>, V: AsRef<[u8]>>(sources: &[Source], pairs: &[(N, V)]) -> Resolution {
    let resolver = for_client(client("idp", None, Some("192.168.7.0/24"), sources.to_vec()));
    resolver.resolve(&arrival(LAN, &headers(pairs), NOW), None, &keys())
}

fn for_client(client: Client) -> Resolver {
    resolver(IdentitySettings { clients: vec![client], ..settings() })
}

/// What a bearer token is found to say.
fn present(source: &Source, token: &str) -> Resolution {
    ask_with(std::slice::from_ref(source), &[("authorization", format!("Bearer {token}"))])
}

#[track_caller]
fn assert_user(found: &Resolution, name: &str) {
    assert_eq!(found.finding, valid(name, Assurance::Verified, "jwt"));
}
