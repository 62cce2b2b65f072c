//! What a token must say.

use super::*;

/// What a source with these settings finds in Alice's changed claims.
fn found(settings: &Value, change: &Value) -> Resolution {
    let files = Files::new();
    let signer = Signer::es256("k1");
    let source = files.jwt(&published(&[&signer]), settings);
    present(&source, &signer.sign(&claims(change)))
}

fn claimed(resolution: &Resolution) -> Option<&str> {
    match &resolution.finding {
        Finding::Invalid(invalid) => invalid.claimed.as_deref(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_count_within_the_skew() {
    for sound in [
        json!({"exp": NOW - 59, "iat": NOW - 999}),
        json!({"iat": NOW + 60, "nbf": NOW + 60}),
        json!({"iat": null}),
        json!({"iat": null, "nbf": null}),
        json!({"exp": 1_750_000_100.75}),
        json!({"nbf": -1}),
    ] {
        assert_user(&found(&json!({}), &sound), "alice");
    }
    for (change, code) in [
        (json!({"exp": NOW - 60}), code::JWT_EXPIRED),
        (json!({"exp": 0}), code::JWT_EXPIRED),
        (json!({"iat": NOW + 61}), code::JWT_PREMATURE),
        (json!({"nbf": NOW + 61}), code::JWT_PREMATURE),
        (json!({"nbf": 1.0e300}), code::JWT_PREMATURE),
        (json!({"exp": null}), code::JWT_INVALID),
        (json!({"exp": "1750000300"}), code::JWT_INVALID),
        (json!({"exp": [NOW + 300]}), code::JWT_INVALID),
        (json!({"iat": "now"}), code::JWT_INVALID),
        (json!({"nbf": true}), code::JWT_INVALID),
    ] {
        let found = found(&json!({}), &change);
        assert_eq!((code_of(&found), claimed(&found)), (code, Some("default:alice")), "{change}");
    }
}

#[test]
fn only_the_configured_issuer_and_audience_are_taken() {
    let several = json!({"audience": ["a", "memgate"]});
    for (settings, change) in [
        (json!({}), json!({"aud": ["other", "memgate"]})),
        (several.clone(), json!({})),
        (several.clone(), json!({"aud": ["a"]})),
        (json!({"audience": "any"}), json!({"aud": "other"})),
        (json!({"audience": "any"}), json!({"aud": null})),
        (json!({"audience": ["any"]}), json!({"aud": "any"})),
    ] {
        assert_user(&found(&settings, &change), "alice");
    }
    for (settings, change) in [
        (json!({}), json!({"iss": "https://id.example.com/realms/home/"})),
        (json!({}), json!({"iss": "https://ID.example.com/realms/home"})),
        (json!({}), json!({"iss": [ISSUER]})),
        (json!({}), json!({"iss": null})),
        (json!({"audience": "any"}), json!({"iss": "https://evil.example"})),
        (json!({}), json!({"aud": "other"})),
        (json!({}), json!({"aud": ["other"]})),
        (json!({}), json!({"aud": []})),
        (json!({}), json!({"aud": {"memgate": true}})),
        (json!({}), json!({"aud": "Memgate"})),
        (json!({}), json!({"aud": null})),
        (several, json!({"aud": "b"})),
        (json!({"audience": ["any"]}), json!({"aud": "other"})),
    ] {
        let found = found(&settings, &change);
        assert_eq!((code_of(&found), claimed(&found)), (code::JWT_INVALID, None), "{settings} {change}");
    }
    // By a secret without an audience, a token for somebody is for somebody else.
    let files = Files::new();
    let source = read("jwt", &json!({"secret": files.secret("s", SECRET)})).unwrap();
    let token = |change: Value| hs256(&json!({"alg": "HS256"}), &claims(&change), SECRET.as_bytes());
    assert_user(&present(&source, &token(json!({"aud": null}))), "alice");
    assert_eq!(code_of(&present(&source, &token(json!({})))), code::JWT_INVALID);
}

#[test]
fn the_user_stands_where_the_configuration_says() {
    let id = json!({"realm": {"user": "bob", "x": {"y.z": "deep"}}, "https://x.example/claims.id": "carol", "n": 42,
        "email": "alice@example.com", "realm.flat": "dave", "a.b": {"c": "erin"}, "a": {"b": {"c": "frank"}}});
    for (path, name) in [
        ("sub", "alice"),
        ("realm.user", "bob"),
        ("realm.x.y.z", "deep"),
        ("https://x.example/claims.id", "carol"),
        ("n", "42"),
        ("email", "alice@example.com"),
        ("realm.flat", "dave"),
        // Of several ways the one with the longest name first.
        ("a.b.c", "erin"),
    ] {
        assert_user(&found(&json!({"user": path}), &id), name);
    }
    for (path, change) in [
        ("realm.user", json!({})),
        ("realm.user", json!({"realm": "bob"})),
        ("realm.user", json!({"realm": {"user": null}})),
        ("user", json!({"user": ["bob"]})),
        ("user", json!({"user": {"name": "bob"}})),
        ("user", json!({"user": true})),
        ("user", json!({"user": 1.5})),
        ("sub", json!({"sub": null})),
    ] {
        assert_eq!(code_of(&found(&json!({"user": path}), &change)), code::JWT_INVALID, "{path} {change}");
    }
    for sub in ["", " alice", "{{USER_ID}}", "a\u{202e}b", &"x".repeat(257)] {
        assert_eq!(code_of(&found(&json!({}), &json!({"sub": sub}))), code::IDENTITY_MALFORMED, "{sub:?}");
    }
}

#[test]
fn an_address_that_is_not_verified_is_nobodys() {
    let settings = json!({"user": "email"});
    let with = |verified: Value| json!({"email": "alice@example.com", "email_verified": verified});
    for verified in [json!(true), json!("true"), json!(null)] {
        assert_user(&found(&settings, &with(verified)), "alice@example.com");
    }
    for verified in [json!(false), json!("false"), json!(0), json!("yes")] {
        assert_eq!(code_of(&found(&settings, &with(verified))), code::JWT_INVALID);
    }
    // It matters to nobody whose name is another claim.
    assert_user(&found(&json!({}), &with(json!(false))), "alice");
}

#[test]
fn tenants_come_from_their_claim_alone() {
    let settings = json!({"tenant": "org.id"});
    let acme = found(&settings, &json!({"org": {"id": "acme"}}));
    assert_eq!(acme.finding, valid("acme:alice", Assurance::Verified, "jwt"));
    assert_ne!(acme.finding, found(&json!({}), &json!({})).finding);
    // A name does not choose a tenant.
    let Finding::Valid(evidence) = found(&json!({}), &json!({"sub": "acme:alice"})).finding else { panic!() };
    assert_eq!((evidence.user.tenant().as_str(), evidence.user.name()), ("default", "acme:alice"));
    for (change, code) in [
        (json!({}), code::JWT_INVALID),
        (json!({"org": {"id": ["acme"]}}), code::JWT_INVALID),
        (json!({"org": {"id": ""}}), code::IDENTITY_MALFORMED),
        (json!({"org": {"id": "acme:x"}}), code::IDENTITY_MALFORMED),
        (json!({"org": {"id": "~sandbox"}}), code::IDENTITY_MALFORMED),
        (json!({"org": {"id": "Acme"}}), code::IDENTITY_MALFORMED),
    ] {
        assert_eq!(code_of(&found(&settings, &change)), code, "{change}");
    }
}

#[test]
fn required_claims_have_their_values() {
    let settings = json!({"require": {"hd": "example.com", "roles": ["chat", "admin"], "mfa": true, "level": [2, 3]}});
    let sound = json!({"hd": "example.com", "roles": ["staff", "chat"], "mfa": true, "level": 3});
    assert_user(&found(&settings, &sound), "alice");
    for (name, value) in [
        ("hd", json!("evil.example")),
        ("hd", json!(null)),
        ("hd", json!({"example.com": true})),
        ("roles", json!(["staff"])),
        ("roles", json!([])),
        ("mfa", json!(false)),
        ("level", json!(1)),
    ] {
        let mut change = sound.clone();
        change[name] = value;
        assert_eq!(code_of(&found(&settings, &change)), code::JWT_INVALID, "{change}");
    }
}

#[test]
fn cloudflare_names_people_and_no_programs() {
    let signer = Signer::rsa("cf", Algorithm::RS256);
    let keys = published(&[&signer]).to_string().into_bytes();
    let team = "https://example.cloudflareaccess.com";
    let source = |user: &str| {
        let Source::Jwt(jwt) =
            read("cloudflare_access", &json!({"team": "example", "audience": "aud-tag", "user": user})).unwrap()
        else {
            panic!()
        };
        jwt.keyring().unwrap().hold(KeySet::parse(&keys).unwrap());
        Source::Jwt(jwt)
    };
    let ask = |source: &Source, change: Value| {
        let sound = json!({"iss": team, "aud": ["aud-tag"], "email": "alice@example.com", "type": "app"});
        let mut all = sound.as_object().unwrap().clone();
        all.extend(change.as_object().unwrap().clone());
        let token = signer.sign(&claims(&Value::Object(all)));
        ask_with(std::slice::from_ref(source), &[("Cf-Access-Jwt-Assertion", token)])
    };
    let by_sub = source("sub");
    assert_eq!(ask(&by_sub, json!({})).finding, valid("alice", Assurance::Verified, "cloudflare_access"));
    let by_email = source("email");
    assert_eq!(ask(&by_email, json!({})).finding, valid("alice@example.com", Assurance::Verified, "cloudflare_access"));
    for source in [&by_sub, &by_email, &source("common_name")] {
        for sub in [json!(""), json!(null)] {
            let found = ask(source, json!({"sub": sub, "common_name": "e367826f93b8d71185e03fe518aff3b4.access"}));
            assert_eq!(code_of(&found), code::JWT_INVALID);
        }
    }
    assert_eq!(code_of(&ask(&by_sub, json!({"aud": ["another-app"]}))), code::JWT_INVALID);
    assert_eq!(code_of(&ask(&by_sub, json!({"iss": "https://evil.cloudflareaccess.com"}))), code::JWT_INVALID);
    for team in ["", "a/b", "a.b", "exa mple", "http://team.example", "https://user@team.example", "https://team.example/x"] {
        assert_eq!(
            read("cloudflare_access", &json!({"team": team, "audience": "a"})).unwrap_err(),
            ["p.cloudflare_access.team"],
            "{team}"
        );
    }
    for team in ["https://team.example", "https://team.example/", "http://127.0.0.1:9000"] {
        assert!(read("cloudflare_access", &json!({"team": team, "audience": "a"})).is_ok(), "{team}");
    }
}

/// What is claimed keeps the sandboxes of people apart: those of one name in two tenants must not share one.
#[test]
fn a_refused_token_claims_its_user_with_the_tenant_or_nobody() {
    let settings = json!({"tenant": "org"});
    for tenant in ["acme", "globex"] {
        let found = found(&settings, &json!({"org": tenant, "exp": 1}));
        assert_eq!((code_of(&found), claimed(&found)), (code::JWT_EXPIRED, Some(format!("{tenant}:alice").as_str())));
    }
    for tenant in [json!("Acme"), json!(null), json!(["acme"])] {
        let found = found(&settings, &json!({"org": tenant, "exp": 1}));
        assert_eq!(claimed(&found), None, "{tenant}");
    }
}
