//! `Open WebUI`'s token: the documented vector, forged and stale ones, the recorded requests, and the downgrade.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;

/// Made by `PyJWT`: secret [`JWT_SECRET`], iat [`NOW`], exp 300 s later.
const VECTOR: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwNDA1MzljOC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJlbWFpbCI6Im1hcmlcdTAxMDdAZXhhbXBsZS5jb20iLCJuYW1lIjoiQW5hIE1hcmlcdTAxMDciLCJyb2xlIjoidXNlciIsImlzcyI6Im9wZW4td2VidWkiLCJpYXQiOjE3NTAwMDAwMDAsImV4cCI6MTc1MDAwMDMwMH0.mwnVZD_knnLgWQjB3jDkdJONlrK8Ev2xSWjc3F60xZI";
const SUB: &str = "040539c8-0000-4000-8000-000000000001";
const KEY: (&str, &str) = ("authorization", "Bearer signing-ui-key-01234567");

/// Independent of the library that checks it.
pub(super) fn token(header: &Value, claims: &Value, secret: impl AsRef<[u8]>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_ref()).unwrap().chain_update(&signed).finalize();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({"sub": SUB, "email": "a@b.c", "iss": "open-webui", "iat": NOW, "exp": NOW + 300});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn present(token: &str, now: i64) -> Resolution {
    let map = headers(&[KEY, ("X-OpenWebUI-User-Jwt", token)]);
    resolver(settings()).resolve(&arrival(STRANGER, &map, now), None, &keys())
}

#[test]
fn the_documented_vector_is_verified_and_expires_with_the_skew() {
    let verified = valid(SUB, Assurance::Verified, "open_webui_jwt");
    for now in [NOW, NOW - 60, NOW + 300, NOW + 359] {
        let found = present(VECTOR, now);
        assert_eq!(found.finding, verified, "{}", now - NOW);
        assert_eq!((found.client.as_str(), found.ignored_headers), ("signing-ui", 0));
    }
    assert_eq!(code_of(&present(VECTOR, NOW + 360)), code::JWT_EXPIRED);
    assert_eq!(code_of(&present(VECTOR, NOW - 61)), code::JWT_PREMATURE);
    // Honest traffic repeats a token.
    let resolver = resolver(settings());
    let map = headers(&[KEY, ("X-OpenWebUI-User-Jwt", VECTOR)]);
    for _ in 0..3 {
        assert_eq!(resolver.resolve(&arrival(STRANGER, &map, NOW), None, &keys()).finding, verified);
    }
}

#[test]
fn forged_and_odd_tokens_are_refused() {
    let hs256 = json!({"alg": "HS256", "typ": "JWT"});
    let good = token(&hs256, &claims(&json!({})), JWT_SECRET);
    assert!(matches!(present(&good, NOW).finding, Finding::Valid(_)));
    let bare = good.rsplit_once('.').unwrap().0;
    let refused = [
        ("wrong secret", token(&hs256, &claims(&json!({})), "another-secret-at-least-32-bytes!!!"), code::JWT_INVALID),
        ("alg none, signed", token(&json!({"alg": "none"}), &claims(&json!({})), JWT_SECRET), code::JWT_INVALID),
        (
            "alg none, bare",
            format!("{}.", token(&json!({"alg": "none"}), &claims(&json!({})), "").rsplit_once('.').unwrap().0),
            code::JWT_INVALID,
        ),
        ("alg HS512", token(&json!({"alg": "HS512"}), &claims(&json!({})), JWT_SECRET), code::JWT_INVALID),
        ("alg RS256", token(&json!({"alg": "RS256"}), &claims(&json!({})), JWT_SECRET), code::JWT_INVALID),
        (
            "critical extension",
            token(&json!({"alg": "HS256", "crit": ["b64"], "b64": true}), &claims(&json!({})), JWT_SECRET),
            code::JWT_INVALID,
        ),
        ("no signature", format!("{bare}."), code::JWT_INVALID),
        ("two parts", bare.to_owned(), code::JWT_INVALID),
        ("four parts", format!("{good}.x"), code::JWT_INVALID),
        ("bearer prefix", format!("Bearer {good}"), code::JWT_INVALID),
        ("empty", String::new(), code::JWT_INVALID),
        ("no exp", token(&hs256, &claims(&json!({"exp": null})), JWT_SECRET), code::JWT_INVALID),
        ("exp as text", token(&hs256, &claims(&json!({"exp": "1750000300"})), JWT_SECRET), code::JWT_INVALID),
        ("no sub", token(&hs256, &claims(&json!({"sub": null})), JWT_SECRET), code::JWT_INVALID),
        ("no iss", token(&hs256, &claims(&json!({"iss": null})), JWT_SECRET), code::JWT_INVALID),
        ("other iss", token(&hs256, &claims(&json!({"iss": "open-webui2"})), JWT_SECRET), code::JWT_INVALID),
        ("several iss", token(&hs256, &claims(&json!({"iss": ["open-webui", "x"]})), JWT_SECRET), code::JWT_INVALID),
        ("other aud", token(&hs256, &claims(&json!({"aud": "elsewhere"})), JWT_SECRET), code::JWT_INVALID),
        ("future iat", token(&hs256, &claims(&json!({"iat": NOW + 61})), JWT_SECRET), code::JWT_PREMATURE),
        ("future nbf", token(&hs256, &claims(&json!({"nbf": NOW + 61})), JWT_SECRET), code::JWT_PREMATURE),
        ("expired", token(&hs256, &claims(&json!({"exp": NOW - 60})), JWT_SECRET), code::JWT_EXPIRED),
        ("empty sub", token(&hs256, &claims(&json!({"sub": ""})), JWT_SECRET), code::IDENTITY_MALFORMED),
        ("template sub", token(&hs256, &claims(&json!({"sub": "{{USER_ID}}"})), JWT_SECRET), code::IDENTITY_MALFORMED),
    ];
    for (what, token, code) in refused {
        assert_eq!(code_of(&present(&token, NOW)), code, "{what}");
    }
    let changed = good.replace(
        &URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string()),
        &URL_SAFE_NO_PAD.encode(claims(&json!({"sub": "bob"})).to_string()),
    );
    assert_ne!(changed, good);
    assert_eq!(code_of(&present(&changed, NOW)), code::JWT_INVALID);
}

#[test]
fn a_token_cannot_choose_its_tenant() {
    let sub = token(&json!({"alg": "HS256"}), &claims(&json!({"sub": "acme:bob"})), JWT_SECRET);
    let Finding::Valid(evidence) = present(&sub, NOW).finding else { panic!() };
    assert_eq!((evidence.user.tenant().as_str(), evidence.user.name()), ("default", "acme:bob"));
}

#[test]
fn a_token_proves_nothing_to_a_client_that_is_not_configured_for_it() {
    let found = ask(STRANGER, &[("authorization", "Bearer ui-key-0123456789abcdef"), ("x-openwebui-user-jwt", VECTOR)]);
    assert!(is_none(&found));
    assert_eq!(found.ignored_headers, 1);
    let two = vec![client("other", Some(UI_KEY), None, vec![owui("the-secret-of-another-open-webui!!")])];
    let other = resolver(IdentitySettings { clients: two, ..settings() });
    let map = headers(&[("authorization", "Bearer ui-key-0123456789abcdef"), ("x-openwebui-user-jwt", VECTOR)]);
    assert_eq!(code_of(&other.resolve(&arrival(STRANGER, &map, NOW), None, &keys())), code::JWT_INVALID);
}

#[test]
fn the_fallback_to_plain_headers_is_refused() {
    let found = ask(TRUSTED, &[KEY, ("x-openwebui-user-id", "alice")]);
    assert_eq!((code_of(&found), found.user_named), (code::SIGNATURE_MISSING, true));
    let found = ask(TRUSTED, &[KEY, ("connection", "x-openwebui-user-jwt"), ("x-openwebui-user-jwt", VECTOR)]);
    assert_eq!((code_of(&found), found.user_named, found.ignored_headers), (code::SIGNATURE_MISSING, true, 1));
    // Nobody named at all: still invalid, but told apart.
    let found = ask(TRUSTED, &[KEY]);
    assert_eq!((code_of(&found), found.user_named, found.client_authenticated), (code::SIGNATURE_MISSING, false, true));
    // Any verified source will do.
    let key = format!("Bearer {ALICE_KEY}");
    let found = ask(TRUSTED, &[("x-api-key", "signing-ui-key-01234567"), ("authorization", &key)]);
    assert_eq!(found.finding, valid("alice", Assurance::Verified, "user_key"));
    // An open client cannot be shed by dropping its token.
    let open = vec![client("owui", None, None, vec![owui(JWT_SECRET)])];
    let open = resolver(IdentitySettings { clients: open, ..settings() });
    let map = headers(&[("x-openwebui-user-id", "alice")]);
    let found = open.resolve(&arrival(TRUSTED, &map, NOW), None, &keys());
    assert_eq!((found.client.as_str(), code_of(&found)), ("owui", code::SIGNATURE_MISSING));
}

#[test]
fn recorded_requests_come_out_right() {
    let owui = Client {
        key_hashes: ["sk-DUMMY-owui-to-backend", "sk-DUMMY-owui-rag", "sk-DUMMY-owui-custom"]
            .map(|key| hash_key(key.as_bytes()))
            .into(),
        ..client("open-webui", None, None, vec![owui("DUMMY-JWT-SECRET-DUMMY-JWT-SECRET-0123456789")])
    };
    let resolver = resolver(IdentitySettings { clients: vec![owui], trusted_peers: vec![], ..settings() });
    let replay = |recorded: &str| {
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pairs: Vec<_> = recorded["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        resolver.resolve(&arrival(STRANGER, &headers(&pairs), 1_795_315_310), None, &keys())
    };
    macro_rules! capture {
        ($name:literal) => {
            replay(include_str!(concat!("../../../tests/fixtures/captures/", $name, ".json")))
        };
    }
    let alice = valid("00000000-0000-4000-8000-000000000001", Assurance::Verified, "open_webui_jwt");
    assert_eq!(capture!("open-webui-126-models-list-jwt-mode-models").finding, alice);
    assert_eq!(capture!("open-webui-128-models-list-jwt-mode-models").finding, alice);
    assert_eq!(capture!("open-webui-130-chat-jwt-mode-chat").finding, alice);
    assert_eq!(capture!("open-webui-132-embeddings-jwt-mode-embedding").finding, alice);
    let task = capture!("open-webui-131-task-title-generation-jwt-mode-title-task");
    assert_eq!((task.finding, task.session.as_ref().map(SessionId::as_str)), (alice, Some("c1")));
    // To Ollama, Open WebUI sends no key: without one, nobody here knows whose secret the token would need.
    for keyless in
        [capture!("open-webui-127-ollama-api-tags-jwt-mode-models"), capture!("open-webui-129-ollama-api-ps-jwt-mode-models")]
    {
        assert!(is_none(&keyless));
        assert_eq!((keyless.client.as_str(), keyless.ignored_headers), ("unknown", 1));
    }
    // Plain headers from a client that signs.
    let plain = capture!("open-webui-011-task-follow-up-generation-page-chat-alice-1");
    assert_eq!((code_of(&plain), plain.user_named), (code::SIGNATURE_MISSING, true));
    // At start it asks for the models with nobody signed in.
    let start = capture!("open-webui-122-models-list-startup-with-base-models-cache");
    assert_eq!((code_of(&start), start.user_named, start.client_authenticated), (code::SIGNATURE_MISSING, false, true));
    // SillyTavern without a key sends an empty bearer, and with one the upstream's.
    for none in [capture!("sillytavern-002-chat-chat-no-key"), capture!("sillytavern-003-chat-chat-nonstream-alice")] {
        assert!(is_none(&none) && !none.user_named);
    }
}

#[test]
fn a_secret_is_replaced_by_having_two_for_a_while() {
    let name = HeaderName::from_static(header::OPEN_WEBUI_JWT);
    let two = ["the-next-secret-of-open-webui!!", JWT_SECRET].map(|secret| Secret::new(secret.as_bytes()));
    let source = Source::OpenWebuiJwt(Box::new(OpenWebuiJwt::new(name, two.to_vec())));
    let clients = vec![client("owui", Some("signing-ui-key-01234567"), None, vec![source])];
    let resolver = resolver(IdentitySettings { clients, ..settings() });
    let ask = |token: &str| {
        let map = headers(&[KEY, ("X-OpenWebUI-User-Jwt", token)]);
        resolver.resolve(&arrival(STRANGER, &map, NOW), None, &keys())
    };
    assert_eq!(ask(VECTOR).finding, valid(SUB, Assurance::Verified, "open_webui_jwt"));
    let by = |secret: &str| token(&json!({"alg": "HS256", "typ": "JWT"}), &claims(&json!({})), secret);
    assert!(matches!(ask(&by("the-next-secret-of-open-webui!!")).finding, Finding::Valid(_)));
    assert_eq!(code_of(&ask(&by("a-secret-of-long-ago-or-another"))), code::JWT_INVALID);
}
