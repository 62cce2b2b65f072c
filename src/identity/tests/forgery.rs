//! Whatever a stranger sends, it is no evidence of a user whose secret was not used.

use proptest::prelude::*;

use super::*;

/// Header names: every one with a meaning, aliases, and a plain one.
fn name() -> impl Strategy<Value = String> {
    let mut names: Vec<String> = header::USER_IDS.iter().chain(header::CREDENTIALS).map(ToString::to_string).collect();
    names.extend(
        [
            "x-memgate-timestamp",
            "x-memgate-nonce",
            "x-memgate-key-id",
            "x-memgate-signature",
            "x-memgate-session",
            "signature",
            "signature-input",
            "content-digest",
            "connection",
            "trailer",
            "cookie",
            "x-staff-id",
            "x-openwebui-chat-id",
            "x_memgate_user",
            "x.memgate.user",
            "accept",
        ]
        .map(str::to_owned),
    );
    prop::sample::select(names)
}

/// Header values: the victim's name, keys of nobody, tokens and signatures under wrong secrets, names of headers, noise.
fn value() -> impl Strategy<Value = String> {
    let forged_token = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &serde_json::json!({"sub": "alice", "iss": "open-webui", "iat": NOW, "exp": NOW + 300}),
        &jsonwebtoken::EncodingKey::from_secret(b"a secret that the server does not have"),
    )
    .unwrap();
    let unsigned = format!("{}.", forged_token.rsplit_once('.').unwrap().0);
    let mallory = signing_key("k1", b"a secret that the server does not have");
    let mut known = vec![forged_token, unsigned];
    known.extend(sign(&mallory, "alice", "POST", TARGET, BODY, NOW, NONCE).into_iter().map(|(_, value)| value));
    known.extend(sign_message(&mallory, "alice", "POST", TARGET, BODY, NOW, NONCE).into_iter().map(|(_, value)| value));
    known.extend(
        [
            "default:alice",
            "Bearer mgk_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
            "Bearer ",
            "Bearer alice",
            "k1",
            "k2",
            "x-memgate-user, x-memgate-signature",
            "x-openwebui-user-jwt",
            "authorization",
            "1750000000",
            "{{USER_ID}}",
            "v1=",
        ]
        .map(str::to_owned),
    );
    prop_oneof![4 => prop::sample::select(known), 1 => "[ -~]{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_stranger_proves_nothing(
        pairs in prop::collection::vec((name(), value()), 0..12),
        peer in prop::sample::select(vec![STRANGER, LAN, "2001:db8::1"]),
    ) {
        let found = resolver(settings()).resolve(&arrival(peer, &headers(&pairs), NOW), Some(BODY), &keys());
        prop_assert!(!matches!(found.finding, Finding::Valid(_)), "{:?}", found.finding);
        prop_assert!(!found.client_authenticated);
    }

    /// With a secret of his own, Bob is Bob or nobody, whatever else he sends.
    #[test]
    fn one_users_secret_proves_no_other(
        pairs in prop::collection::vec((name(), value()), 0..8),
        how in 0_u8..3,
    ) {
        const BOB_KEY: &str = "mgk_CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
        let mut keys = keys();
        keys.0.insert(hash_key(BOB_KEY.as_bytes()), KeyOwner { id: KeyId::fresh(), user: user("bob") });
        let mut pairs = pairs;
        let own = match how {
            0 => sign(&k2(), "bob", "POST", TARGET, BODY, NOW, NONCE),
            1 => sign_message(&k2(), "bob", "POST", TARGET, BODY, NOW, NONCE),
            _ => vec![("authorization", format!("Bearer {BOB_KEY}"))],
        };
        pairs.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let found = resolver(settings()).resolve(&arrival(STRANGER, &headers(&pairs), NOW), Some(BODY), &keys);
        if let Finding::Valid(evidence) = &found.finding {
            prop_assert_eq!(&evidence.user, &user("bob"));
        }
    }
}
