//! Whose key and whose client: rotation, tags, downgrades, others' signatures; and that no byte may be another.

use proptest::prelude::*;

use super::*;

#[test]
fn keys_rotate_by_id_and_secrets_by_several_signatures() {
    let resolver = resolver(with_signer());
    let new = Draft::new("alice").key("k2", k2().secret.expose());
    assert!(is_valid(&ask_with(&resolver, &new.sign(), BODY, NOW)));
    let old = Draft::new("alice").key("k1", b"the secret of last year");
    assert_eq!(code_of(&ask_with(&resolver, &old.sign(), BODY, NOW)), code::SIGNATURE_INVALID);
    // A caller that does not know which secret of k1 the server has by now sends both, and a gateway adds its own.
    let both =
        [old.signature("old"), Draft::new("alice").signature("new"), Draft::new("alice").key("gateway", b"x").signature("gw")];
    let mut pairs = Draft::new("alice").headers;
    pairs.push(("signature-input", both.iter().map(|(input, _)| input.as_str()).collect::<Vec<_>>().join(", ").into()));
    for (_, signature) in &both {
        pairs.push(("signature", signature.clone().into()));
    }
    assert!(is_valid(&ask_with(&resolver, &pairs, BODY, NOW)), "in one line or several");
    // As many as one likes to try are too many.
    let five: Vec<_> = (0..5).map(|n| old.signature(&format!("s{n}"))).collect();
    let mut pairs = Draft::new("alice").headers;
    pairs.push(("signature-input", five.iter().map(|pair| pair.0.as_str()).collect::<Vec<_>>().join(", ").into()));
    pairs.push(("signature", five.iter().map(|pair| pair.1.as_str()).collect::<Vec<_>>().join(", ").into()));
    pairs.push((KEY.0, KEY.1.into()));
    let spec = HttpSignature { user: HeaderName::from_static(header::USER), tag: None };
    let signer = client("signer", Some("signer-key-0123456789"), None, vec![Source::HttpSignature(Box::new(spec))]);
    let strict = super::resolver(IdentitySettings { clients: vec![signer], ..settings() });
    assert!(message_of(&ask_with(&strict, &pairs, BODY, NOW)).contains("more than 4"));
}

/// The client `signer` names its staff in a header of its own, and tags its signatures.
fn staff(user: &str, tag: &str) -> Draft {
    let parameters = format!("{}{tag}", parameters(NOW, NONCE, "k1"));
    let draft = Draft::new(user).without("x-memgate-user").uncover("\"x-memgate-user\"").header(KEY.0, KEY.1);
    draft.header("x-staff-id", user).cover("\"x-staff-id\"", user).parameters(&parameters)
}

#[test]
fn the_users_header_and_the_tag_are_the_configured_ones() {
    let found = ask(&staff("alice", ";tag=\"memgate\""));
    assert_eq!(found.finding, valid("alice", Assurance::Verified, "http_signature"));
    assert_eq!((found.client.as_str(), found.ignored_headers), ("signer", 0));
    for other in [staff("alice", ""), staff("alice", ";tag=\"other\""), staff("alice", ";tag=memgate")] {
        assert_eq!(code_of(&ask(&other)), code::SIGNATURE_KEY_UNKNOWN);
    }
    // memgate's own header must not say otherwise, signed or not.
    let twice = staff("alice", ";tag=\"memgate\"").header("x-memgate-user", "bob");
    assert_eq!(code_of(&ask(&twice)), code::IDENTITY_CONFLICT);
    let usual = Draft::new("alice").header(KEY.0, KEY.1);
    assert_eq!(
        code_of(&ask(&usual.parameters(&format!("{};tag=\"memgate\"", parameters(NOW, NONCE, "k1"))))),
        code::SIGNATURE_INCOMPLETE
    );
    assert!(resolver(with_signer()).is_inbound_only("X_Staff_Id"));
}

#[test]
fn a_client_for_signatures_gets_nowhere_without() {
    let unsigned = [(KEY.0, Vec::from(KEY.1)), ("x-staff-id", b"alice".to_vec())];
    let found = ask_with(&resolver(with_signer()), &unsigned, BODY, NOW);
    assert_eq!((code_of(&found), found.user_named, found.ignored_headers), (code::SIGNATURE_MISSING, true, 1));
    let signed = staff("alice", ";tag=\"memgate\"");
    for (what, draft, code) in [
        ("hidden", signed.clone().header("connection", "Signature, Signature-Input"), code::SIGNATURE_MISSING),
        ("half hidden", signed.clone().header("connection", "signature"), code::SIGNATURE_INCOMPLETE),
        ("user hidden", signed.clone().header("connection", "x-staff-id"), code::SIGNATURE_INCOMPLETE),
        ("digest hidden", signed.clone().header("connection", "content-digest"), code::SIGNATURE_INCOMPLETE),
    ] {
        assert_eq!(code_of(&ask(&draft)), code, "{what}");
    }
    for (name, value) in [
        ("signature-input", "a=("),
        ("signature", "sig1=x:"),
        ("signature", "other=:AA==:"),
        ("signature", "sig1=(1 2)"),
        ("signature", "sig1=1"),
    ] {
        let mut pairs = signed.sign();
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value.into()));
        let found = ask_with(&resolver(with_signer()), &pairs, BODY, NOW);
        assert!([code::SIGNATURE_INVALID, code::SIGNATURE_INCOMPLETE].contains(&code_of(&found)), "{name}: {value}");
    }
}

#[test]
fn signatures_of_others_are_nothing_where_none_is_expected() {
    let foreign = Draft::new("alice").key("somebody-elses", b"key");
    for pairs in [
        foreign.sign(),
        vec![("signature", b"sig1=:AA==:".to_vec())],
        vec![("signature-input", b"not a dictionary (".to_vec()), ("signature", b"keyId=\"a\"".to_vec())],
    ] {
        let found = ask_with(&resolver(with_signer()), &pairs, BODY, NOW);
        assert!(is_none(&found), "{:?}", found.finding);
    }
    // By a key of this server it is an attempt, and a wrong one is refused.
    assert_eq!(code_of(&ask(&Draft::new("alice").key("k1", b"another secret"))), code::SIGNATURE_INVALID);
}

#[test]
fn two_ways_of_signing_at_once_are_refused() {
    let mut pairs = Draft::new("alice").sign();
    let own = sign(&k2(), "alice", "POST", TARGET, BODY, NOW, NONCE);
    pairs.extend(own.into_iter().skip(1).map(|(name, value)| (name, value.into_bytes())));
    assert_eq!(code_of(&ask_with(&resolver(with_signer()), &pairs, BODY, NOW)), code::IDENTITY_CONFLICT);
}

#[test]
fn a_signature_must_agree_with_other_evidence() {
    let bearer = format!("Bearer {ALICE_KEY}");
    assert_eq!(code_of(&ask(&Draft::new("bob").header("authorization", &bearer))), code::IDENTITY_CONFLICT);
    assert!(is_valid(&ask(&Draft::new("alice").header("authorization", &bearer))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whichever byte of a signed request is another, it is refused.
    #[test]
    fn any_changed_byte_is_refused(part in 0_usize..7, at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let mut pairs = Draft::new("alice").sign();
        let (mut method, mut target, mut body) = ("POST".to_owned(), TARGET.to_owned(), BODY.to_vec());
        let mut last_of_signature = false;
        let change = |bytes: &mut Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            at
        };
        match part {
            0..=3 => {
                let length = pairs[part].1.len();
                let at = change(&mut pairs[part].1);
                // The last digit of the Base64 holds two bits that mean nothing.
                last_of_signature = pairs[part].0 == "signature" && at == length - 3;
                prop_assume!(HeaderValue::from_bytes(&pairs[part].1).is_ok());
            }
            4 => drop(change(&mut body)),
            _ => {
                let text = if part == 5 { &mut method } else { &mut target };
                let mut bytes = std::mem::take(text).into_bytes();
                change(&mut bytes);
                let changed = String::from_utf8(bytes);
                prop_assume!(changed.is_ok());
                *text = changed.unwrap();
            }
        }
        let map = headers(&pairs);
        let request = Arrival { method: &method, target: &target, ..arrival(STRANGER, &map, NOW) };
        let found = resolver(with_signer()).resolve(&request, Some(&body), &keys());
        prop_assert!(!is_valid(&found) || last_of_signature, "{:?} {:?}", found.finding, pairs);
    }
}
