//! Where a token stands, who sent it, and what is made of its absence.

use super::*;

const UI: &str = "a-key-of-the-chat-ui-0123";

fn source() -> (Files, Signer, Source) {
    let (files, signer) = (Files::new(), Signer::es256("k1"));
    let source = files.jwt(&published(&[&signer]), &json!({}));
    (files, signer, source)
}

#[test]
fn a_client_is_known_by_key_address_or_openness_beside_its_token() {
    let (_files, signer, source) = source();
    let bearer = format!("Bearer {}", signer.sign(&claims(&json!({}))));
    let ask = |client: Client, peer: &str, pairs: &[(&str, &str)]| {
        for_client(client).resolve(&arrival(peer, &headers(pairs), NOW), None, &keys())
    };
    let keyed = client("ui", Some(UI), None, vec![source.clone()]);
    for name in ["x-api-key", "api-key"] {
        let found = ask(keyed.clone(), STRANGER, &[("authorization", &bearer), (name, UI)]);
        assert_user(&found, "alice");
        assert_eq!((found.client.as_str(), found.client_authenticated, found.user_named), ("ui", true, true));
    }
    let by_address =
        ask(client("ui", None, Some("203.0.113.0/24"), vec![source.clone()]), STRANGER, &[("authorization", &bearer)]);
    assert_user(&by_address, "alice");
    let open = client("ui", None, None, vec![source]);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let bearer = bearer.replace("Bearer", scheme);
        let found = ask(open.clone(), STRANGER, &[("authorization", &bearer)]);
        assert_user(&found, "alice");
        assert_eq!((found.client.as_str(), found.client_authenticated), ("ui", false));
    }
    // Other credentials are no trace of it, nor is the token one for a client that is not configured for it.
    for other in ["Bearer sk-something", "Basic dTpw", "Bearer ", "Bearer a.b"] {
        let found = ask(open.clone(), STRANGER, &[("authorization", other)]);
        assert_eq!(found.client.as_str(), "unknown", "{other}");
        assert!(is_none(&found));
    }
    let found = ask(keyed, STRANGER, &[("authorization", &bearer)]);
    assert!(is_none(&found) && found.client.as_str() == "unknown");
}

#[test]
fn the_absence_of_a_token_is_a_downgrade() {
    let (_files, signer, source) = source();
    let ask = |pairs: &[(&str, &str)]| {
        let ui = client("ui", Some(UI), None, vec![source.clone(), plain(header::OPEN_WEBUI_USER_ID)]);
        for_client(ui).resolve(&arrival(TRUSTED, &headers(pairs), NOW), None, &keys())
    };
    let bearer = format!("Bearer {}", signer.sign(&claims(&json!({}))));
    let key = ("x-api-key", UI);
    // Nobody named: the client for itself.
    let found = ask(&[key]);
    assert_eq!((code_of(&found), found.user_named), (code::SIGNATURE_MISSING, false));
    let found = ask(&[("authorization", &format!("Bearer {UI}"))]);
    assert_eq!((code_of(&found), found.client_authenticated), (code::SIGNATURE_MISSING, true));
    // A plain word in its stead, or a token that a proxy is told to drop.
    let found = ask(&[key, ("x-openwebui-user-id", "alice")]);
    assert_eq!((code_of(&found), found.user_named), (code::SIGNATURE_MISSING, true));
    let found = ask(&[key, ("authorization", &bearer), ("connection", "authorization")]);
    assert_eq!(code_of(&found), code::SIGNATURE_MISSING);
    for scheme in ["Basic", "Token", "JWT"] {
        assert_eq!(code_of(&ask(&[key, ("authorization", &bearer.replace("Bearer", scheme))])), code::SIGNATURE_MISSING);
    }
    assert_eq!(code_of(&ask(&[key, ("authorization", &bearer), ("authorization", &bearer)])), code::DUPLICATE_HEADER);
    // Other proofs will do; one that says otherwise will not.
    let personal = format!("Bearer {ALICE_KEY}");
    assert_eq!(ask(&[key, ("authorization", &personal)]).finding, valid("alice", Assurance::Verified, "user_key"));
    let found = ask(&[key, ("authorization", &bearer), ("api-key", ALICE_KEY)]);
    assert_user_of_either(&found);
    let of_bob = format!("Bearer {}", signer.sign(&claims(&json!({"sub": "bob"}))));
    assert_eq!(code_of(&ask(&[key, ("authorization", &of_bob), ("api-key", ALICE_KEY)])), code::IDENTITY_CONFLICT);
    assert_eq!(code_of(&ask(&[key, ("authorization", &of_bob), ("x-openwebui-user-id", "alice")])), code::IDENTITY_CONFLICT);
}

#[track_caller]
fn assert_user_of_either(found: &Resolution) {
    let Finding::Valid(evidence) = &found.finding else { panic!("{:?}", found.finding) };
    assert_eq!((evidence.user.name(), evidence.assurance), ("alice", Assurance::Verified));
}

#[test]
fn an_unresolved_placeholder_is_invalid_and_tells_nobody_apart() {
    let (_files, _, source) = source();
    for value in ["{{LIBRECHAT_OPENID_ID_TOKEN}}", "{{ token }}"] {
        let found = present(&source, value);
        let Finding::Invalid(invalid) = &found.finding else { panic!() };
        assert_eq!((invalid.code, invalid.claimed.as_deref()), (code::JWT_INVALID, None), "{value}");
        assert!(invalid.message.contains("placeholder"), "{}", invalid.message);
        assert!(!invalid.message.contains("{{"));
        assert_eq!(found.stray_credential, None, "{value}");
    }
    // For a client of another kind it is as good as no credential.
    assert_eq!(ask(STRANGER, &[("authorization", "Bearer {{TOKEN}}")]).stray_credential, None);
    // A token that does not count is still that caller's own.
    assert!(present(&source, "eyJhbGciOiJub25lIn0.e30.").stray_credential.is_some());
}

#[test]
fn in_a_header_of_its_own_the_token_stands_alone() {
    let (files, signer) = (Files::new(), Signer::es256("k1"));
    let source = files.jwt(&published(&[&signer]), &json!({"header": "X-Id-Token"}));
    let token = signer.sign(&claims(&json!({})));
    assert_user(&ask_with(std::slice::from_ref(&source), &[("x-id-token", &token)]), "alice");
    for bad in [format!("Bearer {token}"), String::new(), "{{TOKEN}}".to_owned()] {
        let found = ask_with(std::slice::from_ref(&source), &[("x-id-token", &bad)]);
        assert_eq!((code_of(&found), found.user_named), (code::JWT_INVALID, true), "{bad}");
    }
    // Elsewhere it is no evidence.
    assert_eq!(code_of(&present(&source, &token)), code::SIGNATURE_MISSING);
    let resolver = for_client(client("idp", None, None, vec![source]));
    for name in ["x-id-token", "X_Id_Token", "authorization"] {
        assert!(resolver.is_inbound_only(name), "{name}");
    }
}

#[test]
fn of_two_issuers_each_checks_its_own() {
    let (one, other) = (Signer::es256("k1"), Signer::es256("k1"));
    let (a, b) = (Files::new(), Files::new());
    let far = "https://far.example";
    let sources =
        [a.jwt(&published(&[&one]), &json!({})), b.jwt(&published(&[&other]), &json!({"issuer": far, "user": "email"}))];
    let ask = |token: String| ask_with(&sources, &[("authorization", format!("Bearer {token}"))]);
    let abroad = json!({"iss": far, "email": "bob@far.example"});
    assert_user(&ask(one.sign(&claims(&json!({})))), "alice");
    assert_user(&ask(other.sign(&claims(&abroad))), "bob@far.example");
    // Neither can speak for the other, and a third for nobody.
    assert_eq!(code_of(&ask(one.sign(&claims(&abroad)))), code::JWT_INVALID);
    assert_eq!(code_of(&ask(other.sign(&claims(&json!({}))))), code::JWT_INVALID);
    for signer in [&one, &other] {
        assert_eq!(code_of(&ask(signer.sign(&claims(&json!({"iss": "https://third.example"}))))), code::JWT_INVALID);
        assert_eq!(code_of(&ask(signer.sign(&claims(&json!({"iss": null}))))), code::JWT_INVALID);
    }
}

#[test]
fn nothing_of_a_token_is_told() {
    let (_files, signer, source) = source();
    for change in [json!({"sub": ["marker"]}), json!({"iss": "marker"}), json!({"aud": "marker"}), json!({"exp": "marker"})] {
        let found = present(&source, &signer.sign_as(Some("marker"), &claims(&change)));
        let Finding::Invalid(invalid) = &found.finding else { panic!() };
        assert!(!invalid.message.contains("marker"), "{}", invalid.message);
    }
    let text = format!("{source:?}");
    assert!(!text.contains(signer.jwk["x"].as_str().unwrap()) && text.contains("P256"), "{text}");
}

#[test]
fn faults_of_the_configuration_are_named() {
    let files = Files::new();
    let (secret, short) = (files.secret("s", SECRET), files.secret("short", "only-31-bytes-are-in-this-secret")["file"].clone());
    let short = json!({"file": files.put("31", &std::fs::read_to_string(short.as_str().unwrap()).unwrap()[..31])});
    let url = json!({"url": "https://id.example.com/keys"});
    let sound = json!({"jwks": url, "issuer": ISSUER, "audience": AUDIENCE});
    let changed = |change: &Value| {
        let mut source = sound.clone();
        source.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        source.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        read("jwt", &source).map(|_| ()).map_err(|faults| faults.join(" "))
    };
    assert_eq!(changed(&json!({})), Ok(()));
    assert_eq!(changed(&json!({"jwks": null, "secret": secret, "issuer": null, "audience": null})), Ok(()));
    for (change, paths) in [
        (json!({"jwks": null}), "p.jwt"),
        (json!({"secret": secret}), "p.jwt"),
        (json!({"secrets": [secret]}), "p.jwt"),
        (json!({"jwks": null, "secret": short}), "p.jwt.secret"),
        (json!({"jwks": null, "secrets": [secret, secret, secret]}), "p.jwt.secrets"),
        (json!({"jwks": null, "secret": secret, "algorithms": ["RS256"]}), "p.jwt.algorithms"),
        (json!({"algorithms": []}), "p.jwt.algorithms"),
        (json!({"issuer": null}), "p.jwt.issuer"),
        (json!({"issuer": ""}), "p.jwt.issuer"),
        (json!({"audience": null}), "p.jwt.audience"),
        (json!({"audience": []}), "p.jwt.audience"),
        (json!({"audience": ""}), "p.jwt.audience"),
        (json!({"user": ""}), "p.jwt.user"),
        (json!({"user": "a.b.c.d.e.f.g.h.i.j"}), "p.jwt.user"),
        (json!({"tenant": ""}), "p.jwt.tenant"),
        (json!({"require": {"": "x"}}), "p.jwt.require"),
        (json!({"require": {"hd": []}}), "p.jwt.require"),
        (json!({"header": "x-api-key"}), "p.jwt.header"),
        (json!({"header": "X-Memgate-User"}), "p.jwt.header"),
        (json!({"header": "a b"}), "p.jwt.header"),
        (json!({"jwks": {}}), "p.jwt.jwks"),
        (json!({"jwks": {"url": "https://a.example/k", "file": "k"}}), "p.jwt.jwks"),
        (json!({"jwks": {"url": "http://id.example.com/keys"}}), "p.jwt.jwks.url"),
        (json!({"jwks": {"file": "/nowhere/at/all"}}), "p.jwt.jwks.file"),
        (json!({"jwks": {"url": "https://a.example/k", "refresh": "1s"}}), "p.jwt.jwks.refresh"),
        (json!({"jwks": {"url": "https://a.example/k", "cool_down": "0s"}}), "p.jwt.jwks.cool_down"),
        (json!({"jwks": {"url": "https://a.example/k", "max_stale": "1m"}}), "p.jwt.jwks.max_stale"),
        (json!({"issuer": null, "audience": null, "user": ""}), "p.jwt.issuer p.jwt.audience p.jwt.user"),
    ] {
        assert_eq!(changed(&change), Err(paths.to_owned()), "{change}");
    }
    // Unknown algorithms and keys are no part of the file's shape.
    for bad in [json!({"algorithms": ["HS256"]}), json!({"algorithms": ["none"]}), json!({"leeway": "5s"}), json!({"keys": []})] {
        assert!(serde_json::from_value::<JwtFile>(bad.clone()).is_err(), "{bad}");
    }
}
