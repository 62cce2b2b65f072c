//! Tokens of an issuer that publishes its keys, at the running memgate.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::gate::OPEN_WEBUI_KEY;
use crate::harness::request::Request;
use crate::harness::sign::now;
use crate::harness::upstream::{FakeUpstream, Script};
use crate::harness::world::World;

const ISSUER: &str = "https://id.example.com";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of the issuer, made from its number.
struct Signer {
    id: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    fn new(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self { id: id.to_owned(), pair: Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap() }
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "use": "sig", "x": encode(self.pair.public_key())})
    }

    /// A token for a user, with claims changed.
    fn token(&self, user: &str, change: &Value) -> String {
        let mut claims = json!({"iss": ISSUER, "aud": "memgate", "sub": user, "iat": now(), "exp": now() + 300});
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let header = json!({"alg": "EdDSA", "kid": self.id});
        let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        format!("{text}.{}", encode(self.pair.sign(text.as_bytes())))
    }

    fn bearer(&self, user: &str) -> String {
        format!("Bearer {}", self.token(user, &json!({})))
    }
}

/// An issuer at loopback that publishes these keys.
async fn issuer(signers: &[&Signer]) -> FakeUpstream {
    let keys = json!({"keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>()});
    FakeUpstream::start(move |_| Script::json(200, &keys)).await
}

/// memgate with one client whose people come with tokens of the issuer.
async fn world(issuer: &FakeUpstream, mode: &str) -> World {
    let url = format!("http://{}/keys", issuer.address);
    World::start(|file| {
        file["trust"]["mode"] = mode.into();
        file["clients"][0]["identity"] =
            json!([{"jwt": {"jwks": {"url": url, "cool_down": "1s"}, "issuer": ISSUER, "audience": "memgate"}}]);
    })
    .await
}

/// A chat with the client's key beside a token.
fn chat(text: &str, authorization: &str) -> Request {
    Request::chat(&[text]).header("x-api-key", OPEN_WEBUI_KEY.1).header("Authorization", authorization)
}

#[tokio::test]
async fn each_person_has_a_memory_and_the_token_stays_here() {
    let signer = Signer::new("k1");
    let issuer = issuer(&[&signer]).await;
    let world = world(&issuer, "strict").await;
    world.teach(&chat("I live in Oslo.", &signer.bearer("ana"))).await;
    let seen = world.forwarded(&chat("Where do I live?", &signer.bearer("ana"))).await;
    assert!(seen.mentions("Oslo"), "{}", seen.text());
    for part in signer.bearer("ana").trim_start_matches("Bearer ").split('.').take(1) {
        assert!(!seen.mentions(part));
    }
    assert_eq!(seen.header("authorization"), Some("Bearer sk-upstream-own-key"));
    let seen = world.forwarded(&chat("Where do I live?", &signer.bearer("bob"))).await;
    assert!(!seen.mentions("Oslo"), "{}", seen.text());
    let records = world.requests_on_record(3).await;
    for (record, user) in records.iter().zip(["default:ana", "default:ana", "default:bob"]) {
        assert_eq!(record["user"], user);
        assert_eq!((&record["source"], &record["assurance"]), (&json!("jwt"), &json!("verified")));
    }
    assert_eq!(issuer.take().len(), 1);
    assert_eq!(world.metric("memgate_jwks_fetches_total", &["result=\"ok\""]).await, 1);
}

#[tokio::test]
async fn each_mode_deals_with_bad_tokens_in_its_way() {
    let (signer, stranger) = (Signer::new("k1"), Signer::new("k2"));
    let issuer = issuer(&[&signer]).await;
    let bad = [
        (format!("Bearer {}", signer.token("ana", &json!({"exp": 1}))), "jwt_expired"),
        (format!("Bearer {}", signer.token("ana", &json!({"iat": now() + 999}))), "jwt_premature"),
        (format!("Bearer {}", signer.token("ana", &json!({"aud": "another"}))), "jwt_invalid"),
        (format!("Bearer {}", stranger.token("ana", &json!({}))), "jwt_key_unknown"),
        ("Bearer {{LIBRECHAT_OPENID_ID_TOKEN}}".to_owned(), "jwt_invalid"),
        ("Bearer ".to_owned(), "signature_missing"),
    ];
    for mode in ["strict", "required", "quarantine", "legacy"] {
        let world = world(&issuer, mode).await;
        world.teach(&chat("I live in Oslo.", &signer.bearer("ana"))).await;
        for (authorization, code) in &bad {
            let answer = world.send(&chat("Where do I live?", authorization)).await;
            if matches!(mode, "strict" | "required") {
                answer.assert_refused(401, code);
            } else {
                answer.assert_ok();
                let seen = world.upstream.last();
                assert!(!seen.mentions("Oslo"), "{mode} {code}: {}", seen.text());
            }
        }
        let records = world.requests_on_record(bad.len() + 1).await;
        // A record is written behind its answer, so two may change places.
        let mut reasons: Vec<_> = records[1..].iter().map(|record| record["reason"].as_str().unwrap()).collect();
        let mut expected: Vec<_> = bad.iter().map(|(_, code)| *code).collect();
        reasons.sort_unstable();
        expected.sort_unstable();
        assert_eq!(reasons, expected, "{mode}");
        assert!(records[1..].iter().all(|record| record["user"] != "default:ana"), "{mode}");
        // What was said of a bad token did not reach her memory, nor harm it.
        let seen = world.forwarded(&chat("Where do I live, again?", &signer.bearer("ana"))).await;
        assert!(seen.mentions("Oslo"), "{mode}: {}", seen.text());
        assert!(!world.gate.log().contains("eyJ"), "{}", world.gate.log());
    }
}

#[tokio::test]
async fn a_rotation_needs_no_restart_and_a_reload_no_fetch() {
    let (old, new) = (Signer::new("k1"), Signer::new("k2"));
    let both = json!({"keys": [old.jwk(), new.jwk()]});
    let first = json!({"keys": [old.jwk()]});
    let rotated = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now_both = std::sync::Arc::clone(&rotated);
    let issuer = FakeUpstream::start(move |_| {
        let keys = if now_both.load(std::sync::atomic::Ordering::SeqCst) { &both } else { &first };
        Script::json(200, keys)
    })
    .await;
    let world = world(&issuer, "required").await;
    world.send(&chat("Hello", &old.bearer("ana"))).await.assert_ok();
    world.send(&chat("Hello", &new.bearer("ana"))).await.assert_refused(401, "jwt_key_unknown");
    rotated.store(true, std::sync::atomic::Ordering::SeqCst);
    eventually("the new key", async || (world.send(&chat("Hello", &new.bearer("ana"))).await.status == 200).then_some(())).await;
    world.send(&chat("Hello", &old.bearer("ana"))).await.assert_ok();
    let fetches = issuer.take().len();
    assert!((2..=4).contains(&fetches), "{fetches}");
    let done = world.gate.run(&["reload"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    world.send(&chat("Hello", &new.bearer("ana"))).await.assert_ok();
    assert_eq!(issuer.take().len(), 0);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_admits_nobody_and_stops_nothing_else() {
    let signer = Signer::new("k1");
    let issuer = FakeUpstream::start(|_| Script::json(503, &json!({}))).await;
    let world = world(&issuer, "required").await;
    world.send(&chat("Hello", &signer.bearer("ana"))).await.assert_refused(401, "jwt_keys_unavailable");
    world.send(&Request::chat(&["Hello"]).signed("ana")).await.assert_ok();
    // The client may ask for the models by itself.
    world.send(&Request::new("GET", "/v1/models").bearer(OPEN_WEBUI_KEY.1)).await.assert_ok();
    assert!(world.metric("memgate_jwks_fetches_total", &["result=\"status\""]).await >= 1);
    assert!(world.gate.log().contains("keys cannot be had"), "{}", world.gate.log());
}

/// Late tokens come from everybody at once where two clocks differ. People of one name in two tenants stay two.
#[tokio::test]
async fn sandboxes_of_late_tokens_are_apart_by_tenant() {
    let signer = Signer::new("k1");
    let issuer = issuer(&[&signer]).await;
    let url = format!("http://{}/keys", issuer.address);
    let world = World::start(|file| {
        file["trust"]["mode"] = "quarantine".into();
        file["clients"][0]["identity"] =
            json!([{"jwt": {"jwks": {"url": url}, "issuer": ISSUER, "audience": "memgate", "tenant": "org", "header": "X-Token"}}]);
    })
    .await;
    let late = |text: &str, tenant: &str| {
        let token = signer.token("ana", &json!({"org": tenant, "exp": 1}));
        Request::chat(&[text]).bearer(OPEN_WEBUI_KEY.1).header("X-Token", token)
    };
    world.teach(&late("I live in Oslo.", "acme")).await;
    assert!(world.forwarded(&late("Where do I live?", "acme")).await.mentions("Oslo"));
    let seen = world.forwarded(&late("Where do I live?", "globex")).await;
    assert!(!seen.mentions("Oslo"), "{}", seen.text());
}
