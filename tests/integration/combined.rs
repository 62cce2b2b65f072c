//! Proofs of several kinds in one request, at the running memgate: whatever is put together, nobody's memory opens but that of the one whom
//! all of it names.

use serde_json::json;

use crate::harness::gate::{OPEN_WEBUI_KEY, SIGNING_KEY};
use crate::harness::request::Request;
use crate::harness::sign::{hmac, now};
use crate::harness::world::World;

const FIRST: &str = "https://first.example";
const SECOND: &str = "https://second.example";
const SECRETS: [(&str, &str); 2] = [(FIRST, "first-secret-of-at-least-32-bytes"), (SECOND, "second-secret-of-at-least-32-bytes")];
const FACT: &str = "Remember that the code of my locker is quagga.";
const QUESTION: &str = "What is the code of my locker?";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn token(issuer: &str, user: &str) -> String {
    let (_, secret) = SECRETS.iter().find(|(known, _)| *known == issuer).unwrap();
    let claims = json!({"iss": issuer, "sub": user, "iat": now(), "exp": now() + 300});
    let text = format!("{}.{}", encode(br#"{"alg":"HS256"}"#), encode(claims.to_string()));
    format!("{text}.{}", encode(hmac(secret.as_bytes(), text.as_bytes())))
}

/// A client whose people may come with a token of either issuer, with another of Open WebUI's, or behind a forward-auth proxy.
async fn world(mode: &str) -> (World, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let secrets = SECRETS.map(|(issuer, secret)| {
        let path = dir.path().join(issuer.replace(['/', ':'], "-"));
        std::fs::write(&path, secret).unwrap();
        json!({"file": path})
    });
    let [first, second] = secrets;
    let world = World::start(|file| {
        file["trust"]["mode"] = mode.into();
        file["trust"]["trusted_peers"] = json!([]);
        file["clients"][0]["identity"] = json!([
            {"jwt": {"secret": first, "issuer": FIRST, "fixed_tenant": "default"}},
            {"jwt": {"secret": second, "issuer": SECOND, "fixed_tenant": "default"}},
            {"jwt": {"secret": second, "issuer": SECOND, "fixed_tenant": "default", "header": "X-Token"}},
            "http_signature",
            "forward_auth",
            "muxi",
        ]);
    })
    .await;
    let key = |user: &str| {
        let output = world.gate.run(&["user", "key", "add", user]);
        String::from_utf8(output.stdout).unwrap().split_whitespace().find(|word| word.starts_with("mgk_")).unwrap().to_owned()
    };
    let (ana, bert) = (key("ana"), key("bert"));
    (world, ana, bert)
}

fn chat() -> Request {
    Request::chat(&[QUESTION])
}

#[tokio::test]
async fn nothing_that_disagrees_opens_a_memory() {
    let api_key = OPEN_WEBUI_KEY.1;
    let bearer = |issuer: &str, user: &str| format!("Bearer {}", token(issuer, user));
    for mode in ["strict", "required", "quarantine", "legacy"] {
        let (world, anas, berts) = world(mode).await;
        let credentials = [anas.as_str(), berts.as_str(), "eyJ", api_key, SIGNING_KEY.1];
        let by_client = || chat().header("x-api-key", api_key);
        let mut teaching = by_client().header("Authorization", bearer(FIRST, "ana"));
        teaching.body = Request::chat(&[FACT]).body;
        world.teach(&teaching).await;
        let agreeing = [
            by_client().header("Authorization", bearer(SECOND, "ana")),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Token", token(SECOND, "ana")),
            chat().header("Authorization", bearer(FIRST, "ana")).header("x-api-key", &anas).header("api-key", api_key),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("Remote-User", "ana"),
            by_client().bearer(&anas),
            chat().bearer(&anas),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Forwarded-Email", "bert"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Muxi-User-Id", "0"),
        ];
        // In legacy mode MUXI's name for nobody is a user's, last in the list.
        let agreeing = &agreeing[..agreeing.len() - usize::from(mode == "legacy")];
        for (n, request) in agreeing.iter().enumerate() {
            assert!(world.forwarded(request).await.mentions("quagga"), "{mode} {n}");
        }
        let disagreeing = [
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Token", token(SECOND, "bert")),
            by_client().header("Authorization", bearer(FIRST, "bert")).header("X-Token", token(SECOND, "ana")),
            chat().header("Authorization", bearer(FIRST, "ana")).header("x-api-key", &berts).header("api-key", api_key),
            chat().header("Authorization", bearer(FIRST, "bert")).header("x-api-key", &anas).header("api-key", api_key),
            chat().bearer(&berts).header("x-api-key", &anas),
            by_client().header("Authorization", bearer(FIRST, "bert")).header("Remote-User", "ana"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("Remote-User", "bert"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Memgate-User", "bert"),
            by_client().header("Authorization", bearer(FIRST, "bert")).header("X-Memgate-User", "ana"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Muxi-User-Id", "acme:ana"),
            by_client()
                .header("Authorization", bearer(FIRST, "ana"))
                .header("X-Muxi-User-Id", "ana")
                .header("X-Muxi-Tenant-Id", "acme"),
            by_client().header("Authorization", bearer(FIRST, "bert")).signed("ana"),
            by_client().header("Authorization", bearer(FIRST, "ana")).signed("bert"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Token", "no-token"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X-Token", token(FIRST, "ana")),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("authorization", bearer(FIRST, "ana")),
            chat().bearer(&anas).header("x-api-key", "mgk_nobodys"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("Signature-Input", "sig1=()"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("X_Memgate_User", "ana"),
            // The client's word alone, where proof is demanded.
            by_client().header("Remote-User", "ana"),
            by_client().header("X-Memgate-User", "ana"),
            by_client().header("X-Forwarded-Email", "ana"),
            by_client().header("Authorization", bearer(FIRST, "ana")).header("Connection", "Authorization"),
            by_client().header("X-Token", token(SECOND, "ana")).header("Connection", "X-Token").header("Remote-User", "ana"),
            // A proof without its client, by which a token means nothing.
            chat().header("Authorization", bearer(FIRST, "ana")),
            chat().header("X-Token", token(SECOND, "ana")),
            chat().header("Authorization", bearer(FIRST, "ana")).header("x-api-key", "unknown-key-0123456789"),
        ];
        world.upstream.take();
        for (n, request) in disagreeing.iter().enumerate() {
            let answer = world.send(request).await;
            match mode {
                "strict" | "required" => assert!(matches!(answer.status, 400 | 401), "{mode} {n}: {}", answer.text()),
                _ => answer.assert_ok(),
            }
            for seen in world.upstream.take() {
                assert!(!seen.mentions("quagga"), "{mode} {n}: {}", seen.text());
                assert!(
                    credentials.iter().chain(&["remote-user", "x-token"]).all(|text| !seen.mentions(text)),
                    "{mode} {n}: {seen:?}"
                );
            }
            assert!(credentials.iter().all(|text| !answer.text().contains(text)), "{mode} {n}: {}", answer.text());
        }
        for told in [world.gate.log(), format!("{:?}", world.audit())] {
            assert!(credentials.iter().chain(&["quagga"]).all(|text| !told.contains(text)), "{mode}: {told}");
        }
    }
}
