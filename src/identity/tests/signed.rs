//! memgate's own signature and the replay guard behind it.

use super::*;

fn signed(key: &SigningKey, user: &str, now: i64, nonce: &str) -> Vec<(&'static str, String)> {
    sign(key, user, "POST", TARGET, BODY, now, nonce)
}

fn with(mut pairs: Vec<(&'static str, String)>, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    pairs.retain(|(known, _)| *known != name);
    if value != "absent" {
        pairs.push((name, value.to_owned()));
    }
    pairs
}

fn verify(resolver: &Resolver, pairs: &[(&str, String)], body: &[u8], now: i64) -> Resolution {
    resolver.resolve(&arrival(STRANGER, &headers(pairs), now), Some(body), &keys())
}

#[test]
fn the_signature_is_the_documented_one() {
    // Computed with Python's hmac and with `openssl dgst -sha256 -hmac`, not with this code.
    let value =
        |pairs: Vec<(&'static str, String)>| pairs.into_iter().find(|(name, _)| *name == "X-Memgate-Signature").unwrap().1;
    assert_eq!(
        value(signed(&k1(), "acme:Marić", NOW, NONCE)),
        "v1=5e679b9e201d5ffce52918b8088cda61f8e91e1aef476d388bdbe16be1582897"
    );
    assert_eq!(
        value(sign(&k1(), "alice", "GET", "/v1/models", b"", NOW, NONCE)),
        "v1=3207ff8abf576e5eea087e961f5420f26f0cded07b633b6b6c51299dd4229905"
    );
}

#[test]
fn a_good_signature_is_verified_evidence_once() {
    let guard = Arc::new(ReplayGuard::new(NOW - 3600));
    let resolver = Resolver::new(settings(), Arc::clone(&guard));
    let pairs = signed(&k1(), "acme:Marić", NOW, NONCE);
    let found = verify(&resolver, &pairs, BODY, NOW);
    assert_eq!(found.finding, valid("acme:Marić", Assurance::Verified, "memgate_signature"));
    assert_eq!(found.ignored_headers, 0);
    assert_eq!(code_of(&verify(&resolver, &pairs, BODY, NOW + 30)), code::SIGNATURE_REPLAYED);
    // The guard outlives a change of configuration.
    let reloaded = Resolver::new(settings(), guard);
    assert_eq!(code_of(&verify(&reloaded, &pairs, BODY, NOW + 30)), code::SIGNATURE_REPLAYED);
}

#[test]
fn the_body_is_needed_and_without_it_nothing_is_valid() {
    let resolver = resolver(settings());
    let map = headers(&signed(&k1(), "alice", NOW, NONCE));
    let request = arrival(STRANGER, &map, NOW);
    assert!(matches!(resolver.read(&request, &keys()), Reading::AwaitsBody(_)));
    assert_eq!(code_of(&resolver.resolve(&request, None, &keys())), code::SIGNATURE_INCOMPLETE);
    // Neither reading nor giving up took the nonce.
    assert_eq!(resolver.resolve(&request, Some(BODY), &keys()).finding, valid("alice", Assurance::Verified, "memgate_signature"));
}

#[test]
fn whatever_the_signature_covers_cannot_change() {
    let resolver = resolver(settings());
    let pairs = signed(&k1(), "alice", NOW, NONCE);
    for (name, value) in [
        ("X-Memgate-User", "bob"),
        ("X-Memgate-User", "default:alice"),
        ("X-Memgate-Timestamp", "1750000001"),
        ("X-Memgate-Nonce", "nonce-0123456789abcdeg"),
        ("X-Memgate-Key-Id", "k2"),
    ] {
        let changed = with(pairs.clone(), name, value);
        assert_eq!(code_of(&verify(&resolver, &changed, BODY, NOW)), code::SIGNATURE_INVALID, "{name}");
    }
    let map = headers(&pairs);
    let request = arrival(STRANGER, &map, NOW);
    for changed in [Arrival { method: "PUT", ..request }, Arrival { target: "/v1/chat/completions?x=2", ..request }] {
        let found = resolver.resolve(&changed, Some(BODY), &keys());
        assert_eq!(code_of(&found), code::SIGNATURE_INVALID, "{} {}", changed.method, changed.target);
    }
    assert_eq!(code_of(&verify(&resolver, &pairs, b"{}", NOW)), code::SIGNATURE_INVALID);
    // A bad signature takes no nonce.
    assert!(matches!(verify(&resolver, &pairs, BODY, NOW).finding, Finding::Valid(_)));
}

#[test]
fn broken_headers_are_named_before_the_body_is_read() {
    let resolver = resolver(settings());
    let pairs = signed(&k1(), "alice", NOW, NONCE);
    let long = "n".repeat(129);
    let many = ["v1=00"; 5].join(" ");
    let cases = [
        ("X-Memgate-User", "absent", code::SIGNATURE_INCOMPLETE),
        ("X-Memgate-Timestamp", "absent", code::SIGNATURE_INCOMPLETE),
        ("X-Memgate-Nonce", "absent", code::SIGNATURE_INCOMPLETE),
        ("X-Memgate-Key-Id", "absent", code::SIGNATURE_INCOMPLETE),
        ("X-Memgate-Signature", "absent", code::SIGNATURE_INCOMPLETE),
        ("X-Memgate-Key-Id", "k9", code::SIGNATURE_KEY_UNKNOWN),
        ("X-Memgate-Timestamp", "+1750000000", code::SIGNATURE_INVALID),
        ("X-Memgate-Timestamp", "", code::SIGNATURE_INVALID),
        ("X-Memgate-Timestamp", "99999999999999999999", code::SIGNATURE_INVALID),
        ("X-Memgate-Timestamp", "1749999939", code::SIGNATURE_EXPIRED),
        ("X-Memgate-Timestamp", "1750000061", code::SIGNATURE_EXPIRED),
        ("X-Memgate-Nonce", "too-short-nonce", code::SIGNATURE_INVALID),
        ("X-Memgate-Nonce", &long, code::SIGNATURE_INVALID),
        ("X-Memgate-Nonce", "nonce with spaces in it", code::SIGNATURE_INVALID),
        ("X-Memgate-Signature", "v2=00", code::SIGNATURE_INVALID),
        ("X-Memgate-Signature", "v1=", code::SIGNATURE_INVALID),
        ("X-Memgate-Signature", "v1=zz", code::SIGNATURE_INVALID),
        ("X-Memgate-Signature", &many, code::SIGNATURE_INVALID),
        ("X-Memgate-User", "{{USER_ID}}", code::IDENTITY_MALFORMED),
    ];
    for (name, value, code) in cases {
        let map = headers(&with(pairs.clone(), name, value));
        match resolver.read(&arrival(STRANGER, &map, NOW), &keys()) {
            Reading::Complete(found) => assert_eq!(code_of(&found), code, "{name}: {value}"),
            Reading::AwaitsBody(_) => panic!("{name}: {value} should not get as far as the body"),
        }
    }
}

#[test]
fn the_clock_may_differ_by_the_skew() {
    for shift in [-60, 60] {
        let pairs = signed(&k1(), "alice", NOW + shift, NONCE);
        assert!(matches!(verify(&resolver(settings()), &pairs, BODY, NOW).finding, Finding::Valid(_)), "{shift}");
    }
}

#[test]
fn keys_rotate_by_id_and_secrets_by_several_signatures() {
    for key in [k1(), k2()] {
        let found = verify(&resolver(settings()), &signed(&key, "alice", NOW, NONCE), BODY, NOW);
        assert_eq!(found.finding, valid("alice", Assurance::Verified, "memgate_signature"), "{}", key.id);
    }
    // A caller that does not know which secret of k1 the server has by now sends both.
    let old = signed(&signing_key("k1", b"the secret of last year"), "alice", NOW, NONCE);
    let new = signed(&k1(), "alice", NOW, NONCE);
    let both = format!("{} v2=later {}", old[4].1, new[4].1);
    assert_eq!(code_of(&verify(&resolver(settings()), &old, BODY, NOW)), code::SIGNATURE_INVALID);
    let found = verify(&resolver(settings()), &with(new, "X-Memgate-Signature", &both), BODY, NOW);
    assert_eq!(found.finding, valid("alice", Assurance::Verified, "memgate_signature"));
}

#[test]
fn a_full_guard_refuses() {
    let resolver = resolver(IdentitySettings { replay_capacity: 2, ..settings() });
    for n in 0..2 {
        let pairs = signed(&k1(), "alice", NOW, &format!("{NONCE}{n}"));
        assert!(matches!(verify(&resolver, &pairs, BODY, NOW).finding, Finding::Valid(_)));
    }
    let third = signed(&k1(), "alice", NOW, &format!("{NONCE}2"));
    assert_eq!(code_of(&verify(&resolver, &third, BODY, NOW)), code::REPLAY_GUARD_FULL);
}

#[test]
fn without_signing_keys_no_signature_is_known() {
    let resolver = resolver(IdentitySettings { signing_keys: vec![], ..settings() });
    assert_eq!(code_of(&verify(&resolver, &signed(&k1(), "alice", NOW, NONCE), BODY, NOW)), code::SIGNATURE_KEY_UNKNOWN);
}

#[test]
fn a_signature_must_agree_with_other_evidence() {
    let mut pairs = signed(&k1(), "bob", NOW, NONCE);
    pairs.push(("Authorization", format!("Bearer {ALICE_KEY}")));
    assert_eq!(code_of(&verify(&resolver(settings()), &pairs, BODY, NOW)), code::IDENTITY_CONFLICT);
}

#[test]
fn hiding_part_of_a_signature_does_not_turn_it_into_a_plain_header() {
    let mut pairs = signed(&k1(), "alice", NOW, NONCE);
    pairs.push(("Connection", "x-memgate-signature".to_owned()));
    let found = resolver(settings()).resolve(&arrival(TRUSTED, &headers(&pairs), NOW), Some(BODY), &keys());
    assert_eq!(code_of(&found), code::SIGNATURE_INCOMPLETE);
}

#[test]
fn a_client_for_signatures_gets_nowhere_without() {
    let open = vec![client("cli", None, None, vec![Source::MemgateSignature, plain(header::USER)])];
    let resolver = resolver(IdentitySettings { clients: open, ..settings() });
    let map = headers(&[("x-memgate-user", "alice")]);
    let found = resolver.resolve(&arrival(TRUSTED, &map, NOW), None, &keys());
    assert_eq!((found.client.as_str(), code_of(&found)), ("cli", code::SIGNATURE_MISSING));
    let Finding::Invalid(invalid) = found.finding else { panic!() };
    assert_eq!(invalid.claimed.as_deref(), Some("default:alice"));
    assert!(!invalid.message.contains("Open WebUI"));
}
